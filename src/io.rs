//! Everything that touches the world: the only place that awaits, reads a clock, a disk or a socket.

mod asking;
pub mod away;
pub mod carrier;
pub mod clock;
pub mod config;
pub mod daemon;
pub mod due;
pub mod engine;
pub mod erase;
pub mod lead_line;
pub mod log;
pub mod metrics;
mod nodes;
pub mod notice;
pub mod outgoing;
pub mod pbx;
pub(crate) mod private;
pub mod reload;
mod retention;
pub mod rules;
pub mod speech;
pub mod store;
pub mod web;
