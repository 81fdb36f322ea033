//! The command line, by running the real program.
#![allow(clippy::unwrap_used)]

mod check;
mod lead;
mod pbx;
mod peer;
mod plan;
mod program;
mod secrets;
mod send;
mod store;
mod usage;
