//! What can happen to a flow, and what it orders.

use leadbridge_providers::{Asked, CarrierCallId, Found, LegId, Phase, Placing, Turn};
use serde::{Deserialize, Serialize};

use super::called_in::CalledIn;
use crate::lead::HeldReason;
use crate::rotation::RepId;

/// What can happen to a flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// It starts.
    Begin,
    /// The same number asked again in this rooftop.
    Joined,
    /// A ring waits here: for its turn, or because the carrier refuses everything.
    Parked {
        /// Which.
        leg: LegId,
        /// The carrier did not take it.
        refused: bool,
    },
    /// A ring that waited here is about to leave, if it is still wanted.
    Leaving(LegId),
    /// A ring's carrier is not configured any more: it has not left, and never will.
    NoCarrier(LegId),
    /// How a create ended. `NotSent` and `OurSetUp` are `Parked` to a flow.
    Placing(LegId, Placing),
    /// The carrier says how far a leg is.
    Progress {
        /// Which.
        leg: LegId,
        /// The carrier's name for it.
        call: Option<CarrierCallId>,
        /// How far.
        phase: Phase,
    },
    /// The carrier asks on a leg's behalf.
    Asked {
        /// Which.
        leg: LegId,
        /// What it answers to.
        turn: Turn,
        /// The carrier's name for it.
        call: Option<CarrierCallId>,
        /// How far the leg is, where the request says.
        phase: Option<Phase>,
        /// The question.
        asked: Asked,
    },
    /// A phone rings the lead line for this lead.
    CalledIn(CalledIn),
    /// A look-up's answer.
    Found(LegId, Found),
    /// A phone or number it stands in line for is free.
    Woken,
    /// A deadline may have passed.
    Clock,
    /// The daemon was away, or the clock jumped.
    Restarted,
    /// A person lets a held lead go.
    Release {
        /// As given.
        reason: Option<String>,
    },
    /// A person puts a held lead away.
    Discard {
        /// As given.
        reason: Option<String>,
    },
    /// A person ends it.
    Cancel {
        /// As given.
        reason: Option<String>,
    },
}

impl Event {
    /// Whether the answer to it is the script of a leg: which, or of which call that comes in.
    pub(super) fn asks(&self) -> (Option<LegId>, Option<CarrierCallId>) {
        match self {
            Event::Asked { leg, .. } => (Some(*leg), None),
            Event::CalledIn(call) => (None, Some(call.call.clone())),
            Event::Begin
            | Event::Joined
            | Event::Parked { .. }
            | Event::Leaving(_)
            | Event::NoCarrier(_)
            | Event::Placing(..)
            | Event::Progress { .. }
            | Event::Found(..)
            | Event::Woken
            | Event::Clock
            | Event::Restarted
            | Event::Release { .. }
            | Event::Discard { .. }
            | Event::Cancel { .. } => (None, None),
        }
    }
}

/// What must leave, in the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Ring a rep's phone.
    Ring(LegId),
    /// Make a leg ask for its script now.
    Interrupt(LegId),
    /// End a leg if nobody has picked up.
    Cancel(LegId),
    /// End a leg.
    HangUp(LegId),
    /// Ask the carrier what became of a leg.
    LookUp(LegId),
    /// A text message.
    Text(Text),
    /// A message to our own people.
    Notice(Notice),
}

impl Command {
    /// The leg it is about.
    pub fn leg(&self) -> Option<LegId> {
        match self {
            Command::Ring(leg)
            | Command::Interrupt(leg)
            | Command::Cancel(leg)
            | Command::HangUp(leg)
            | Command::LookUp(leg) => Some(*leg),
            Command::Text(_) | Command::Notice(_) => None,
        }
    }
}

/// A text message; numbers and names are filled in when it leaves (P9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Text {
    /// To a rep: what it was, and that ringing back takes it.
    RepMissed(RepId),
    /// To a rep: your phone is paused.
    RepPaused(RepId),
    /// To a rep: your phone is not reachable.
    RepNotReachable(RepId),
    /// To a rep: your customer asked again.
    RepAskedAgain(RepId),
    /// To the customer: when we call, and from which number.
    CustomerWaits,
    /// To the customer: we tried, and the number to ring.
    CustomerTried,
}

/// A message to our own people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notice {
    /// A phone is paused.
    RepPaused(RepId),
    /// A phone is not reachable.
    RepNotReachable(RepId),
    /// The carrier refused one number with this code.
    CarrierRefused {
        /// The carrier's code.
        code: u32,
    },
    /// The last round is over and nobody accepted.
    RoundsOver,
    /// Nobody accepted, finally.
    NobodyAccepted,
    /// A lead is held.
    Held(HeldReason),
    /// The rooftop is no longer in the rotation file.
    RooftopGone,
}
