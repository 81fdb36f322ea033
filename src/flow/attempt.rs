//! One ring of one phone, rep's or customer's: whose, what came of it, and what a rep's leg hears.

use jiff::Timestamp;
use leadbridge_providers::{LegId, Turn};
use serde::{Deserialize, Serialize};

use super::leg::Life;
use crate::phone::PhoneNumber;
use crate::plan::Seat;
use crate::rotation::{CarrierId, RepId};

/// One ring of a rep's phone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Its leg.
    pub leg: LegId,
    /// Whose phone.
    pub seat: Seat,
    /// In which round, from 1.
    pub round: u16,
    /// In which step of the plan.
    pub step: u16,
    /// Who places it.
    pub carrier: CarrierId,
    /// The caller id it shows.
    pub from: PhoneNumber,
    /// Seconds it rings.
    pub ring_s: u32,
    /// The connection.
    pub life: Life,
    /// What came of it.
    pub result: Option<AttemptResult>,
    /// When that was clear.
    pub settled_at: Option<Timestamp>,
    /// What it hears.
    pub cue: Cue,
    /// Which script that is.
    pub turn: Turn,
    /// The script that it asked for last.
    #[serde(default)]
    pub has: Turn,
}

impl Attempt {
    /// Whether it hears the room in which it meets the customer: it came into it, or asked for whatever it hears now.
    pub(super) fn in_the_room(&self) -> bool {
        matches!(self.cue, Cue::Room { there, .. } if there || self.has == self.turn)
    }
}

/// What came of ringing a rep once. `Missed` and `Lost` change only to `Accepted`, by a late key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttemptResult {
    /// Key 1.
    Accepted,
    /// Key 2, 7 or 9.
    Passed,
    /// Not taken, and why.
    Missed(Missed),
    /// Was up when another accepted.
    Taken,
    /// Never found at the carrier.
    Lost,
    /// Was not up when another accepted, or no longer wanted.
    Canceled,
}

/// Why a rep's ring was missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missed {
    /// Rang out.
    NoAnswer,
    /// Busy tone.
    Busy,
    /// Declined.
    Rejected,
    /// Picked up, and no key to the end of the last prompt.
    NoKey,
    /// Picked up, and hung up without a key.
    HungUp,
    /// The network failed.
    Failed,
    /// No such number.
    InvalidNumber,
}

/// One call with the customer: a ring of their phone, or theirs of the lead line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CustomerLeg {
    /// Its leg.
    pub leg: LegId,
    /// The connection.
    pub life: Life,
    /// What came of it.
    pub result: Option<CustomerResult>,
    /// t9 was reached.
    pub talked_at: Option<Timestamp>,
    /// It was not rung: the customer rang the lead line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub came_in: Option<CameIn>,
}

/// A customer's leg that came in: from where, and what it hears.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CameIn {
    /// Who brought it.
    pub carrier: CarrierId,
    /// The number that was rung.
    pub line: PhoneNumber,
    /// What it hears.
    pub hears: Hears,
    /// Which script that is.
    pub turn: Turn,
    /// Without a rep it is put through to the reception then.
    pub waits_until: Timestamp,
    /// The script that it asked for last.
    pub has: Turn,
}

/// What a customer who rang the lead line hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hears {
    /// A ring tone, until a rep comes into the room.
    Room,
    /// The reception's phone.
    Reception,
    /// A good-bye.
    GoodBye,
}

/// What came of ringing the customer once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CustomerResult {
    /// Picked up.
    Answered,
    /// Not reached, and why.
    Missed(Unreached),
    /// The rep was gone before.
    Canceled,
}

/// Why a customer was not reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unreached {
    /// Rang out.
    NoAnswer,
    /// Busy tone.
    Busy,
    /// Declined.
    Rejected,
    /// The network failed.
    Failed,
    /// No such number.
    InvalidNumber,
    /// Key 2 in the menu.
    Voicemail,
    /// Key 3 in the menu.
    WrongNumber,
    /// Rung often enough today.
    Cap,
}

/// What a rep's leg hears: `script.rs` gives it words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cue {
    /// What the lead is about, and "press 1".
    Whisper {
        /// First or second time.
        prompt: u8,
        /// How often key 3 asked for it again.
        repeats: u8,
    },
    /// Who the customer is, then the customer's phone rings.
    Customer {
        /// The customer's leg.
        leg: LegId,
        /// The second ring: nobody needs to hear the name again.
        again: bool,
    },
    /// Who the customer is, and then a room in which the customer waits on the lead line.
    Room {
        /// The customer's leg.
        leg: LegId,
        /// The rep's leg has asked for it.
        there: bool,
    },
    /// The customer was not reached; `again`: press 1 to ring once more.
    Unreached {
        /// Why.
        reason: Unreached,
        /// Whether 1 rings again.
        again: bool,
    },
    /// What came of the talk?
    Menu,
    /// Somebody else has it.
    Taken {
        /// Who.
        by: RepId,
    },
    /// It is closed.
    DealtWith,
    /// Passed on.
    Passed,
    /// Passed on, and this phone has a rest.
    Paused,
    /// No key.
    NoKey,
    /// Key 9.
    Suspicious,
    /// A test, and it worked.
    TestPassed,
    /// The menu is done.
    Thanks,
}
