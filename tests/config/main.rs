//! The three files: what is shipped loads, every mistake is told where it is with its cure, and nothing that
//! anybody may write makes the reader fall over.
#![allow(clippy::unwrap_used)]

mod files;
mod mistakes;
mod mutations;
mod secrets;
mod values;
