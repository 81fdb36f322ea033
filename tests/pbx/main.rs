//! Real telephony: a real Asterisk and real SIP phones on loopback, with what is heard in them.
#![allow(clippy::unwrap_used, missing_docs)]

mod asterisk;
mod check;
mod config;
mod daemon;
mod house;
mod phones;
mod sound;

mod lead_line;
mod misses;
mod one_lead;
mod outsiders;
mod speech;
mod talks;
mod voice;
