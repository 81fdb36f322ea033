//! Real telephony: a real Asterisk and real SIP phones on loopback, with what is heard in them.
#![allow(clippy::unwrap_used, missing_docs)]

mod asterisk;
mod check;
mod phones;
mod sound;

mod outsiders;
mod speech;
