//! Leadbridge.

pub mod lead;
pub mod phone;
pub mod rotation;
pub mod hours;
pub mod intake;
pub mod guard;
pub mod io;
pub mod source;
