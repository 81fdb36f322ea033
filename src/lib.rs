//! Leadbridge calls a car dealer group's customers back within seconds. A lead arrives as a webhook; at once the
//! assigned rep's phone rings; a voice says what the lead is about; pressing 1 rings the customer and joins the two.
//! Nobody there? The next rep, and last of all the owner.
//!
//! # The promises
//! Code and tests cite them by number.
//!
//! - **P1 Nothing is lost.** 202 means on disk; every lead ends in exactly one outcome or waits where a person sees it.
//! - **P2 Nothing is doubled.** An attempt is durable before its request leaves, and is never sent twice unless the
//!   first was provably not processed. `kill -9` at any instant keeps P1 and P2.
//! - **P3 A human first.** The customer's phone rings only after a person pressed the accept key.
//! - **P4 One at a time.** A phone has at most one live lead call, a lead at most one bridge.
//! - **P5 Nobody is skipped for being busy, and the owner is last.**
//! - **P6 Everything ends.** Every open state has a deadline.
//! - **P7 Outsiders repeat, reorder, lose and lie.** The answer to a callback is a function of the present state.
//! - **P8 Deciding is pure**: no clock, randomness, disk, network or `await`.
//! - **P9 Personal data has one home**: the store's `lead` and `message` rows.
//! - **P10 No surprise on the bill, no harassment.**
//!
//! # The way of a lead
//! `io/web/leads.rs` authenticates the bytes and [`intake`] reads them. `io/engine.rs` hands the arrival to the store,
//! which makes one [`decision`] in one transaction: [`guard`] says whether it may be rung at all, [`plan`] whom to ring
//! and in which order, [`flow`] what happens next, [`desk`] who is on which phone. The commands it leaves are in the
//! outbox; after the commit `io/carrier.rs` lets them leave at the pace of [`pacer`], in the carrier's dialect
//! (`providers/`). What the carrier calls back comes in through `io/web/callbacks.rs` as the next event of the same
//! flow, and is answered with the leg's present [`script`]. A PBX calls nothing back: `io/pbx.rs` hears what happens there
//! and performs the script step by step, with the sentences as `io/speech.rs` has them spoken. A phone that rings us is
//! [`lead_line`]'s to tell whose lead it is.
//! What people are told in writing is worded by [`message`] and leaves through `io/notice.rs`.
//! Who is rung stands in files that people edit, at any node: `io/rules.rs` says which version of them is in force.
//!
//! # The layers
//! Pure, and kept so by `tests/tidy.rs`: everything but [`io`], [`phones`] and [`cli`]. There is deliberately no trait
//! for stores or carriers, no mock, and no clock or name made outside `io/clock.rs`.

pub mod cli;
pub mod decision;
pub mod desk;
pub mod flow;
pub mod guard;
pub mod hours;
pub mod intake;
pub mod io;
pub mod lead;
pub mod lead_line;
pub mod message;
pub mod pacer;
pub mod pages;
pub mod phone;
pub mod phones;
pub mod phrases;
pub mod plan;
pub mod report;
pub mod rotation;
pub mod script;
pub mod source;
pub mod why;
