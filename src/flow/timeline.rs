//! What is told of a lead, line by line: written with each decision, never read to decide.

use jiff::Timestamp;
use leadbridge_providers::LegId;
use serde::{Deserialize, Serialize};

use super::attempt::Attempt;
use crate::rotation::RepId;

/// One line of the timeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: What,
    /// Who.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rep: Option<RepId>,
    /// Which leg.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub leg: Option<LegId>,
    /// Why, in one word or sentence.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Who hung up.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub by: Option<By>,
}

/// Who hung up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// The rep.
    Rep,
    /// The customer.
    Customer,
    /// We did.
    Us,
}

/// What a line of the timeline tells (INTERFACE, closed vocabulary).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(
    missing_docs,
    reason = "the words of INTERFACE's closed vocabulary, explained there"
)]
pub enum What {
    LeadReceived,
    LeadHeld,
    LeadJoined,
    LeadReleased,
    PlanMade,
    InLine,
    RepRung,
    RepRinging,
    RepAnswered,
    RepAccepted,
    RepPassed,
    RepMissed,
    RepTaken,
    RepCanceled,
    RepLost,
    RepPaused,
    RepTold,
    RepCalledIn,
    CustomerCalledIn,
    CustomerRung,
    CustomerRinging,
    CustomerAnswered,
    CustomerMissed,
    Bridged,
    Talked,
    HungUp,
    MenuKey,
    TextSent,
    Waiting,
    Stalled,
    Slept,
    Closed,
}

impl Entry {
    /// A line with nothing but its word.
    pub fn new(at: Timestamp, what: What) -> Entry {
        Entry {
            at,
            what,
            rep: None,
            leg: None,
            reason: None,
            by: None,
        }
    }

    pub(super) fn of(mut self, attempt: &Attempt) -> Entry {
        self.rep = Some(attempt.seat.rep.clone());
        self.leg = Some(attempt.leg);
        self
    }

    pub(super) fn leg(mut self, leg: LegId) -> Entry {
        self.leg = Some(leg);
        self
    }

    /// With its reason.
    pub fn because(mut self, reason: impl Into<String>) -> Entry {
        self.reason = Some(reason.into());
        self
    }

    pub(super) fn by(mut self, by: By) -> Entry {
        self.by = Some(by);
        self
    }
}

/// The one word that serde gives a value of a closed vocabulary.
pub fn word<T: Serialize>(value: T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(_) | Err(_) => String::new(),
    }
}
