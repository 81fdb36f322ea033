//! Leadbridge.

pub mod decision;
pub mod desk;
pub mod flow;
pub mod guard;
pub mod hours;
pub mod intake;
pub mod io;
pub mod lead;
pub mod pacer;
pub mod phone;
pub mod phrases;
pub mod plan;
pub mod rotation;
pub mod script;
pub mod source;
