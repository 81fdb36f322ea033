//! Everything that touches the world: the only place that awaits, reads a clock, a disk or a socket.

pub mod config;
