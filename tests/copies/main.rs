//! The store as a whole, on both databases: copied from one into the other and back, checked, backed up, and rid of what
//! grew old.
#![allow(missing_docs, clippy::unwrap_used)]

mod backup;
mod check;
mod copy;
#[path = "../store/group.rs"]
mod group;
mod house;
mod retention;
#[allow(dead_code, reason = "its own tests use more of it")]
#[path = "../postgres/server.rs"]
mod server;
