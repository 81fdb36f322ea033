//! A phone as the one who holds it sees and hears it: who rings, what is said, whether keys are asked for.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    End,
    world::{Call, State},
};

/// How many of the last lines a phone shows.
const LINES_SHOWN: usize = 4;

/// The call that a phone is on or, when it is on none, had last.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Handset {
    /// The call's name at the carrier.
    pub sid: String,
    /// Our leg id, where the call has one.
    pub leg: Option<String>,
    /// The number on the display.
    pub shows: String,
    /// When it began to ring, or to call.
    pub ringing: Timestamp,
    /// When it was picked up.
    pub answered: Option<Timestamp>,
    /// How it ended, once it has.
    pub end: Option<End>,
    /// The last lines heard, in order.
    pub heard: Vec<String>,
    /// How many lines were heard in all.
    pub lines: usize,
    /// The keys pressed, in order.
    pub keys: String,
    /// A key is asked for now.
    pub wants_key: bool,
    /// A machine has answered it.
    pub is_machine: bool,
    /// The number it is joined to now.
    pub with: Option<String>,
}

impl State {
    /// What the phone with this number shows; nothing while it never rang.
    pub(super) fn handset(&self, number: &str) -> Option<Handset> {
        let rang = |call: &&Call| call.record.phone() == number && since(call).is_some();
        let call = self.calls.iter().rev().find(rang)?;
        let record = &call.record;
        let hearing = *call.hearing.borrow();
        let skipped = record.heard.len().saturating_sub(LINES_SHOWN);
        Some(Handset {
            sid: record.sid.clone(),
            leg: record.leg.clone(),
            shows: other_end(call).to_owned(),
            ringing: since(call)?,
            answered: record.answered,
            end: record.end,
            heard: record.heard[skipped..].to_vec(),
            lines: record.heard.len(),
            keys: record.keys.clone(),
            wants_key: hearing.asked_for_keys && record.end.is_none(),
            is_machine: call.is_machine,
            with: self.other_of(call).filter(|_| hearing.bridged),
        })
    }

    fn other_of(&self, call: &Call) -> Option<String> {
        let other = call.record.bridged_with.as_ref()?;
        let other = self
            .calls
            .iter()
            .rev()
            .find(|call| call.record.sid == *other)?;
        Some(other.record.phone().to_owned())
    }
}

/// When the phone began to have something to do with the call.
fn since(call: &Call) -> Option<Timestamp> {
    let record = &call.record;
    record.ringing.or(record.inbound.then_some(record.created))
}

fn other_end(call: &Call) -> &str {
    let record = &call.record;
    if record.inbound {
        &record.to
    } else {
        &record.from
    }
}
