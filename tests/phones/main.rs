//! The simulated phone network over real HTTP: what it answers, what it calls back, what its phones do.
#![allow(clippy::unwrap_used, missing_docs)]

mod behaviours;
mod caller;
mod lines;
mod misbehaviours;
mod referee;
mod rest;
mod verbs;
