//! The wire: the real program over real HTTP, between sources and the simulated phone network.
#![allow(clippy::unwrap_used, missing_docs)]

mod config;
mod crowd;
mod daemon;
mod disk;
mod mailbox;
mod people;
mod sender;

mod away;
mod call_test;
mod carrier_down;
mod carrier_wrong;
mod check;
mod edits;
mod faults;
mod forgery;
mod kills;
mod ladder;
mod lead_line;
mod lost_ends;
mod messages;
mod one_lead;
mod process;
mod restarts;
mod rush;
mod scripts;
mod slow;
