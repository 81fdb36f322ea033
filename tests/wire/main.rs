//! The wire: the real program over real HTTP, between sources and the simulated phone network.
#![allow(clippy::unwrap_used, missing_docs)]

mod config;
mod daemon;
mod people;
mod sender;

mod ladder;
mod one_lead;
mod rush;
