//! Telephone carriers as values: what leaves is a request, what comes in is bytes that become the common
//! vocabulary below. Nothing here opens a socket, reads a clock or awaits; `src/io/carrier.rs` does.
//!
//! One file per carrier. [`Carrier`] is an enum and not a trait object: the set is closed and small, and a
//! reader can follow a call to its code.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub mod asterisk;
mod carrier;
mod message;
pub mod twilio;

pub use carrier::Carrier;
pub use message::{MessageId, TextIn, TextMessage, TextPhase, TextReport, Texting};

/// A lead's name: a UUID of version 7, so that names sort by arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LeadId(pub Uuid);

impl fmt::Display for LeadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for LeadId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::try_parse(text).map(LeadId)
    }
}

/// Whose phone a leg connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// A rep whom we ring: `r`.
    Rep,
    /// The customer whom we ring: `c`.
    Customer,
    /// Somebody who rings the lead line: `i`.
    In,
}

/// Our name for one phone connection, written `<lead>-r3`, `<lead>-c1` or `<lead>-i1`. It travels in every
/// callback's URL, because a callback may arrive before the create's answer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegId {
    /// The lead this leg belongs to.
    pub lead: LeadId,
    /// Whose phone.
    pub side: Side,
    /// Counts from 1 within the lead and side.
    pub number: u16,
}

impl fmt::Display for LegId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = match self.side {
            Side::Rep => 'r',
            Side::Customer => 'c',
            Side::In => 'i',
        };
        write!(f, "{}-{side}{}", self.lead, self.number)
    }
}

/// A text that is no leg id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotALegId;

impl fmt::Display for NotALegId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a leg id reads <lead>-r1, <lead>-c1 or <lead>-i1")
    }
}

impl FromStr for LegId {
    type Err = NotALegId;

    fn from_str(text: &str) -> Result<Self, NotALegId> {
        let (lead, end) = text.rsplit_once('-').ok_or(NotALegId)?;
        let side = match end.get(..1) {
            Some("r") => Side::Rep,
            Some("c") => Side::Customer,
            Some("i") => Side::In,
            Some(_) | None => return Err(NotALegId),
        };
        Ok(LegId {
            lead: lead.parse().map_err(|_| NotALegId)?,
            side,
            number: end[1..].parse().map_err(|_| NotALegId)?,
        })
    }
}

impl Serialize for LegId {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for LegId {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The carrier's own name for a leg (Twilio's CallSid).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CarrierCallId(pub String);

/// Which script of a leg: counts up whenever what the leg hears changes, so that an answer to an earlier
/// prompt is not taken for an answer to this one.
pub type Turn = u32;

/// A language that we speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Dutch.
    Nl,
    /// French.
    Fr,
    /// German.
    De,
    /// English.
    En,
}

/// How far a leg has come: a monotone rank, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The carrier has it, no phone rings yet.
    Queued,
    /// The phone rings.
    Ringing,
    /// Somebody or something picked up: a person, a voicemail, a screening robot.
    Answered,
    /// Over.
    Ended(End),
}

/// How a leg ended, in the common words of all carriers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// It had been answered; seconds it was up, where the carrier says.
    Completed {
        /// Seconds from answer to end.
        up_s: Option<u32>,
    },
    /// The busy tone.
    Busy,
    /// The person declined (SIP 603, 607, 403).
    Rejected,
    /// Rang out.
    NoAnswer,
    /// There is no such number.
    InvalidNumber,
    /// Any other failure on the way.
    Failed,
    /// Ended by us before an answer.
    Canceled,
}

/// A phone to ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Our leg.
    pub leg: LegId,
    /// E.164.
    pub to: String,
    /// E.164, a number the group holds at the carrier.
    pub from: String,
    /// Seconds the carrier lets it ring.
    pub timeout_s: u32,
    /// Seconds after which the carrier ends the call whatever happens.
    pub time_limit_s: u32,
    /// Which script is asked for at the answer.
    pub turn: Turn,
}

/// How a placing ended (DESIGN 3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Placing {
    /// The carrier took it.
    Placed(CarrierCallId),
    /// No such number: a miss, the next phone at once.
    BadNumber {
        /// The carrier's code.
        code: u32,
    },
    /// Refused for a reason of its own (geography, trial account, an unknown 4xx): a miss, the admin is told.
    Failed {
        /// The carrier's code, or the HTTP status where it gave none.
        code: u32,
    },
    /// Provably not processed: the same attempt again later.
    NotSent,
    /// Credentials, caller id, permissions: nobody's phone can ring until the admin mends it.
    OurSetUp {
        /// The carrier's code, or the HTTP status where it gave none.
        code: u32,
    },
    /// Bytes were sent and no sense came back: looked up, never repeated.
    Unknown,
}

/// What became of an interrupt, a cancel or a hang-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ordered {
    /// The carrier did it.
    Done,
    /// The call is over or unknown, or an interrupted one not answered yet: nothing is left to do. It is no
    /// proof that the call ended.
    Gone,
    /// Not done, or nobody knows: the same order again later.
    Again,
    /// Credentials or URLs: not before the admin mends it.
    OurSetUp,
}

/// What a look-up said of a leg.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Found {
    /// The carrier knows it.
    Call {
        /// The carrier's name for it.
        call: CarrierCallId,
        /// How far it is.
        phase: Phase,
        /// When it ended by the carrier's clock, where it says.
        ended_at: Option<Timestamp>,
    },
    /// The carrier answered, and has no such call.
    Nothing,
}

/// One call in the answer to a search, to be told apart by who owns it already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The carrier's name for it.
    pub call: CarrierCallId,
    /// When the carrier created it (whole seconds).
    pub created_at: Option<Timestamp>,
    /// How far it is.
    pub phase: Phase,
    /// When it ended by the carrier's clock.
    pub ended_at: Option<Timestamp>,
}

/// What a carrier asks on a leg's behalf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// The leg was answered, or was told to ask again: what does it hear?
    Answer,
    /// A key was pressed, or none in time.
    Digits(Option<char>),
    /// The ring of the customer that the script held is over.
    Dial {
        /// How the customer's leg ended.
        end: End,
        /// Whether the leg that asks is still up.
        still_up: bool,
    },
}

/// A callback, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// The carrier's name for the leg in the URL.
    pub call: Option<CarrierCallId>,
    /// How far that leg is, where the request says and we know the word.
    pub phase: Option<Phase>,
    /// The question, for the routes that have one.
    pub asked: Option<Asked>,
}

/// A call that rings one of our own numbers, or news of one.
#[derive(Clone, PartialEq, Eq)]
pub struct Inbound {
    /// The carrier's name for it.
    pub call: Option<CarrierCallId>,
    /// Who rings, as the carrier writes it; `None` when it is withheld.
    pub from: Option<String>,
    /// Which number is rung.
    pub to: Option<String>,
    /// How far it is.
    pub phase: Option<Phase>,
    /// It was put through, and that ended so.
    pub put_through: Option<End>,
}

impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbound")
            .field("call", &self.call)
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}

/// Which callback route was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// `.../{turn}/answer`
    Answer,
    /// `.../{turn}/digits`
    Digits,
    /// `.../{turn}/dial`
    Dial,
    /// `.../status`
    Status,
}

/// What a leg hears now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// Which one of this leg's.
    pub turn: Turn,
    /// The language and country of the voice, as BCP 47 (`nl-BE`).
    pub locale: String,
    /// Sentences, spoken in order.
    pub lines: Vec<String>,
    /// And then?
    pub then: Then,
}

/// What follows the lines of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    /// One key is awaited from the first word on; none in time is reported too (`Digits(None)`).
    Ask {
        /// Seconds of silence after the last word.
        wait_s: u32,
    },
    /// The customer's phone is rung and joined to this leg.
    Dial {
        /// The customer's leg.
        leg: LegId,
        /// E.164.
        to: String,
        /// E.164, the rooftop's number.
        from: String,
        /// Seconds it rings.
        timeout_s: u32,
        /// Seconds the two may talk.
        time_limit_s: u32,
    },
    /// This leg meets another in a room of its own; who is alone there hears a ring tone. The two may talk as soon as
    /// one of them has entered who does not wait; whoever leaves ends it for both.
    Room {
        /// Its name: that of the leg which came in.
        name: LegId,
        /// It waits for the other.
        waits: bool,
        /// Seconds it may be there.
        time_limit_s: u32,
    },
    /// A call that came in is put through, and no news of it is awaited.
    PutThrough {
        /// E.164.
        to: String,
        /// E.164, the number that was rung.
        from: String,
        /// Seconds it rings.
        timeout_s: u32,
    },
    /// The store is away: wait and ask the same again.
    Hold {
        /// Seconds.
        pause_s: u32,
        /// Path and query to ask again, below the public URL.
        again: String,
    },
    /// Good-bye.
    HangUp,
}

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
    /// DELETE
    Delete,
}

/// An HTTP request as a value.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The whole URL.
    pub url: String,
    /// The value of `Authorization`. A secret: `Debug` leaves it out.
    pub authorization: String,
    /// What the body is written in.
    pub content_type: &'static str,
    /// May be empty.
    pub body: String,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// The answer to a [`Request`].
#[derive(Clone, Copy, Debug)]
pub struct Response<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: &'a [u8],
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const LEAD: &str = "0190b1f0-7b3c-7000-8000-000000000001";

    #[test]
    fn a_leg_id_is_read_as_it_is_written() {
        for (side, letter) in [(Side::Rep, 'r'), (Side::Customer, 'c'), (Side::In, 'i')] {
            let leg = LegId {
                lead: LEAD.parse().unwrap(),
                side,
                number: 12,
            };
            assert_eq!(leg.to_string(), format!("{LEAD}-{letter}12"));
            assert_eq!(leg.to_string().parse(), Ok(leg));
        }
    }

    #[test]
    fn what_is_no_leg_id_is_refused() {
        for end in ["", "-", "-r", "-x1", "-r1x", "-r99999", "-r-1", "-é1", "r1"] {
            assert_eq!(
                format!("{LEAD}{end}").parse::<LegId>(),
                Err(NotALegId),
                "{end}"
            );
        }
        assert_eq!("-r1".parse::<LegId>(), Err(NotALegId));
        assert_eq!("not-a-uuid-r1".parse::<LegId>(), Err(NotALegId));
    }
}
