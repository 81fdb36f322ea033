//! Leadbridge.

pub mod decision;
pub mod desk;
pub mod flow;
pub mod guard;
pub mod hours;
pub mod intake;
pub mod lead;
pub mod phone;
pub mod phones;
pub mod plan;
pub mod rotation;
