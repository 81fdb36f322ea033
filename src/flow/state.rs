//! Where a flow is, and how it ended.

use jiff::Timestamp;
use leadbridge_providers::LegId;
use serde::{Deserialize, Serialize};

use super::Round;
use crate::lead::HeldReason;

/// Where a flow is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// A person must look at it first.
    Held(HeldReason),
    /// Nobody may be rung before.
    Waiting {
        /// The next start.
        until: Timestamp,
    },
    /// All rounds are used up until the next opening.
    Sleeping {
        /// The next opening.
        until: Timestamp,
    },
    /// A plan is being rung.
    Round(Round),
    /// A rep has it.
    Engaged(Engaged),
    /// Over.
    Closed(Closed),
}

/// A rep accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Engaged {
    /// The rep's leg.
    pub leg: LegId,
    /// What is going on.
    pub part: Part,
    /// The customer asked again, and the rep has not been told.
    #[serde(default)]
    pub asked_again: bool,
    /// Where the flow goes on if the rep is gone before the customer's phone has done its work.
    pub back: Box<State>,
}

/// What an engaged rep is doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The customer's phone rings.
    Dialling {
        /// When both legs are looked up.
        check_at: Timestamp,
        /// Look-ups so far.
        checks: u32,
    },
    /// The rep hung up while it rang; the carrier is asked what became of the customer's leg.
    Gone {
        /// Since when.
        since: Timestamp,
        /// Look-ups so far.
        checks: usize,
    },
    /// Both are up.
    Talking {
        /// Since when.
        since: Timestamp,
        /// When the carrier is asked next whether the rep's leg lives.
        check_at: Timestamp,
    },
    /// The rep hears what came of it and may press a key.
    Menu {
        /// It closes then.
        until: Timestamp,
        /// One more ring of the customer may be asked for.
        again: bool,
    },
}

impl State {
    /// The round that is rung, or that a rep's acceptance has put aside.
    pub(super) fn round_mut(&mut self) -> Option<&mut Round> {
        match self {
            State::Round(round) => Some(round),
            State::Engaged(engaged) => engaged.back.round_mut(),
            State::Held(_) | State::Waiting { .. } | State::Sleeping { .. } | State::Closed(_) => {
                None
            }
        }
    }

    /// The same, to read.
    pub(super) fn round(&self) -> Option<&Round> {
        match self {
            State::Round(round) => Some(round),
            State::Engaged(engaged) => engaged.back.round(),
            State::Held(_) | State::Waiting { .. } | State::Sleeping { .. } | State::Closed(_) => {
                None
            }
        }
    }
}

/// How a flow ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Closed {
    /// Ours, not the carrier's word.
    pub outcome: Outcome,
    /// One word of the vocabulary, or what a person gave.
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// How a flow ended (INTERFACE, closed vocabulary).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Spoken with: the rep said so, or the talk was long.
    Connected,
    /// Joined, and nobody said with whom.
    Unconfirmed,
    /// A rep took it, the customer was not reached.
    CustomerUnreached,
    /// No rep took it.
    NobodyAccepted,
    /// By a person.
    Canceled,
    /// A held lead that a person put away.
    Discarded,
    /// The same number's open flow has it.
    Joined,
    /// A test.
    Test,
}

impl Closed {
    /// Whether two people were joined.
    pub fn bridged(&self) -> bool {
        matches!(self.outcome, Outcome::Connected | Outcome::Unconfirmed)
    }
}
