//! Real telephony: a real Asterisk and real SIP phones on loopback, with what is heard in them.
#![allow(clippy::unwrap_used, missing_docs)]

mod asterisk;
mod check;
mod config;
mod daemon;
mod house;
mod neighbours;
mod phones;
mod sound;
mod story;
mod wire;

mod cuts;
mod kills;
mod lead_line;
mod misses;
mod one_lead;
mod outsiders;
mod rush;
mod speech;
mod talks;
mod voice;
