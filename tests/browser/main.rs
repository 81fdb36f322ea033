//! The demo as a newcomer meets it: the real program, its page in the real Chromium, pressed by clicks and by keys.
//! Each test leaves pictures in `target/browser` for people to look at.
#![allow(clippy::unwrap_used)]

mod chromium;
mod demo;
mod guard;
mod looks;
mod plays;
mod tab;
