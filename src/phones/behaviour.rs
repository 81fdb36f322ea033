//! What a phone does when it is rung, and what its person does once it is picked up.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a phone does with a call.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Behaviour {
    /// It rings until the caller gives up.
    #[default]
    RingsOut,
    /// It is busy with somebody we do not know (486, never rings).
    Busy,
    /// It rings, then the person declines (603).
    Declines {
        /// How long it rings first.
        #[serde(rename = "after_ms", with = "millis", default)]
        after: Duration,
    },
    /// It is switched off (480, never rings).
    Unreachable,
    /// Nobody has this number (404, never rings).
    NoSuchNumber,
    /// A person picks up.
    PicksUp {
        /// How long it rings first.
        #[serde(rename = "after_ms", with = "millis", default)]
        after: Duration,
        /// What the person does then; afterwards they stay until somebody else ends the call.
        #[serde(default)]
        then: Vec<Act>,
    },
    /// A machine answers, presses nothing and hangs up after a while.
    Voicemail {
        /// How long it rings first.
        #[serde(rename = "after_ms", with = "millis", default)]
        after: Duration,
        /// How long it records.
        #[serde(rename = "lasts_ms", with = "millis")]
        lasts: Duration,
    },
    /// A person picks up, talks once joined to somebody, and hangs up.
    Talks {
        /// How long it rings first.
        #[serde(rename = "after_ms", with = "millis", default)]
        after: Duration,
        /// How long they talk.
        #[serde(rename = "for_ms", with = "millis")]
        span: Duration,
    },
    /// Somebody decides by hand: `Phone::answer`, `decline`, `press`, `hang_up`.
    Manual,
}

/// One thing a person does on the phone.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// Presses a key as soon as one is asked for.
    Press(char),
    /// Presses a key at once, whether it is asked for or not.
    PressAtOnce(char),
    /// Does nothing for a while.
    #[serde(rename = "wait-ms")]
    Wait(#[serde(with = "millis")] Duration),
    /// Listens until the next prompt that was not yet listened to has been said to its end.
    Listen,
    /// Waits until joined to the other phone, then talks this long or until the other is gone.
    #[serde(rename = "talk-ms")]
    Talk(#[serde(with = "millis")] Duration),
    /// Hangs up.
    HangUp,
}

/// A behaviour taken apart in the order in which things happen.
pub(super) enum Plan {
    /// The network reports at once that it cannot be rung.
    Refused(super::End),
    /// The phone rings.
    Rings {
        decides: Option<(Duration, Decision)>,
        then: Vec<Act>,
    },
}

/// What ends the ringing from the phone's side.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Decision {
    PickUp,
    Decline,
}

impl Behaviour {
    pub(super) fn plan(self) -> Plan {
        use super::End;
        let picks = |after, then| Plan::Rings {
            decides: Some((after, Decision::PickUp)),
            then,
        };
        match self {
            Self::Busy => Plan::Refused(End::Busy),
            Self::Unreachable => Plan::Refused(End::Unreachable),
            Self::NoSuchNumber => Plan::Refused(End::NoSuchNumber),
            Self::RingsOut | Self::Manual => Plan::Rings {
                decides: None,
                then: vec![],
            },
            Self::Declines { after } => Plan::Rings {
                decides: Some((after, Decision::Decline)),
                then: vec![],
            },
            Self::PicksUp { after, then } => picks(after, then),
            Self::Voicemail { after, lasts } => picks(after, vec![Act::Wait(lasts), Act::HangUp]),
            Self::Talks { after, span } => picks(after, vec![Act::Talk(span), Act::HangUp]),
        }
    }
}

/// Durations as whole milliseconds in JSON.
pub(super) mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(span: &Duration, to: S) -> Result<S::Ok, S::Error> {
        (span.as_millis() as u64).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}
