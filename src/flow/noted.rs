//! What a flow remembers for the figures alone: nothing is ever decided by it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Entry, What};
use crate::lead::HeldReason;
use crate::rotation::RepId;

/// The reason that key 9 leaves with a pass.
pub(super) const NINE: &str = "suspicious";

/// What the lines of the timeline have told that the flow's state does not keep.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Noted {
    /// Who pressed 9, once for each time.
    pub nines: Vec<RepId>,
    /// Why a person had to look at it, once for each time.
    pub held: Vec<HeldReason>,
    /// How long it stood in line so far; `None`: it never did.
    pub in_line_ms: Option<i64>,
    /// Since when it stands in line now.
    pub in_line_since: Option<Timestamp>,
}

impl Noted {
    /// Takes note of what one decision tells.
    pub fn note(&mut self, told: &[Entry]) {
        for entry in told {
            match &entry.rep {
                Some(rep) if is_nine(entry) => self.nines.push(rep.clone()),
                Some(_) | None => {}
            }
            if entry.what == What::LeadHeld {
                let reason = entry.reason.clone().map(serde_json::Value::String);
                let reason = reason.and_then(|reason| serde_json::from_value(reason).ok());
                self.held.extend::<Option<HeldReason>>(reason);
            }
            if entry.what == What::InLine {
                self.in_line_ms.get_or_insert(0);
                self.in_line_since.get_or_insert(entry.at);
            } else if ends_the_line(entry.what)
                && let Some(since) = self.in_line_since.take()
            {
                let stood_ms = i64::try_from(entry.at.duration_since(since).as_millis());
                *self.in_line_ms.get_or_insert(0) += stood_ms.unwrap_or(0).max(0);
            }
        }
    }
}

/// A pass by key 9.
pub fn is_nine(entry: &Entry) -> bool {
    entry.what == What::RepPassed && entry.reason.as_deref() == Some(NINE)
}

/// A lead stands in line until a phone is rung for it, or none will be for a while.
fn ends_the_line(what: What) -> bool {
    matches!(
        what,
        What::RepRung
            | What::RepAccepted
            | What::Waiting
            | What::Slept
            | What::Stalled
            | What::LeadHeld
            | What::Closed
    )
}
