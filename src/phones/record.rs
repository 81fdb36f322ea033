//! What the network remembers of every call, and what it tells those who watch.

use jiff::Timestamp;
use serde::Serialize;

/// How a call ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// The person on this phone hung up.
    HungUp,
    /// The other side of the bridge hung up.
    OtherHungUp,
    /// The caller ended it through the API.
    ByApi,
    /// The script said so, or ran out.
    ScriptEnded,
    /// The script could not be fetched or read.
    ScriptBroken,
    /// The longest allowed talk was over.
    TimeLimit,
    /// Busy.
    Busy,
    /// Rang and was declined.
    Declined,
    /// Rang until the caller's time was up.
    NoAnswer,
    /// Switched off.
    Unreachable,
    /// No such number.
    NoSuchNumber,
    /// Given up by the caller before it was answered.
    Canceled,
}

impl End {
    /// The carrier's word for it.
    pub fn status(self) -> &'static str {
        match self {
            Self::HungUp | Self::OtherHungUp | Self::ByApi => "completed",
            Self::ScriptEnded | Self::ScriptBroken | Self::TimeLimit => "completed",
            Self::Busy | Self::Declined => "busy",
            Self::NoAnswer => "no-answer",
            Self::Unreachable | Self::NoSuchNumber => "failed",
            Self::Canceled => "canceled",
        }
    }

    /// The last SIP answer of the leg.
    pub fn sip(self) -> u16 {
        match self {
            Self::HungUp | Self::OtherHungUp | Self::ByApi => 200,
            Self::ScriptEnded | Self::ScriptBroken | Self::TimeLimit => 200,
            Self::Busy => 486,
            Self::Declined => 603,
            Self::NoAnswer | Self::Canceled => 487,
            Self::Unreachable => 480,
            Self::NoSuchNumber => 404,
        }
    }
}

/// One call, from its request to its end.
#[derive(Clone, Debug, Serialize)]
pub struct CallRecord {
    /// The carrier's name for it.
    pub sid: String,
    /// Our leg id, taken from the path of the status callback; that of a call that came in, from its first script.
    pub leg: Option<String>,
    /// The phone that is rung, or the line.
    pub to: String,
    /// The number it shows.
    pub from: String,
    /// A phone rang a line of the caller's.
    pub inbound: bool,
    /// The call whose script dialled this one.
    pub parent: Option<String>,
    /// When it was asked for.
    pub created: Timestamp,
    /// When the network began with it.
    pub dialled: Option<Timestamp>,
    /// When the phone began to ring.
    pub ringing: Option<Timestamp>,
    /// When it was picked up.
    pub answered: Option<Timestamp>,
    /// When it was over.
    pub ended: Option<Timestamp>,
    /// How it ended.
    pub end: Option<End>,
    /// The call it was last joined to.
    pub bridged_with: Option<String>,
    /// Every line heard, in order.
    pub heard: Vec<String>,
    /// Every key pressed, in order.
    pub keys: String,
    /// What the carrier's debugger would show: its error codes.
    pub errors: Vec<u32>,
    /// It met a phone that another call of this network already held.
    pub collided: bool,
}

impl CallRecord {
    /// The phone of the network that the call is on.
    pub fn phone(&self) -> &str {
        if self.inbound { &self.from } else { &self.to }
    }

    /// The carrier's word for its present state.
    pub fn status(&self) -> &'static str {
        match (self.end, self.answered, self.ringing) {
            (Some(end), _, _) => end.status(),
            (None, Some(_), _) => "in-progress",
            (None, None, Some(_)) => "ringing",
            (None, None, None) => "queued",
        }
    }

    /// Whether whoever has this phone cannot be rung for another lead: a customer who rang the line by themselves can,
    /// and is busy.
    pub(super) fn is_a_lead_call(&self) -> bool {
        let reps = self.leg.as_ref().is_some_and(|leg| leg.contains("-r"));
        !self.inbound || reps
    }

    /// Whole seconds from the answer to the end, or to now.
    pub(super) fn talked_s(&self, now: Timestamp) -> i64 {
        let until = self.ended.unwrap_or(now);
        self.answered
            .map_or(0, |answered| until.duration_since(answered).as_secs())
    }
}

/// Something that happened on a phone.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// The phone's number.
    pub number: String,
    /// The call's name at the carrier.
    pub sid: String,
    /// Our leg id, where the call has one.
    pub leg: Option<String>,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What can happen on a phone.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "what")]
pub enum What {
    /// It rings.
    Ringing,
    /// It was picked up.
    Answered,
    /// A line is being said.
    Heard {
        /// The line.
        text: String,
    },
    /// A key was pressed.
    Key {
        /// The key.
        key: char,
    },
    /// It was joined to another phone.
    Bridged {
        /// That phone's number.
        with: String,
    },
    /// The call is over.
    Ended {
        /// How.
        how: End,
    },
    /// A text message came.
    Text {
        /// From whom.
        from: String,
        /// The words.
        text: String,
    },
}

/// One request of the network to the caller's server, with all its retries.
#[derive(Clone, Debug, Serialize)]
pub struct Delivery {
    /// The call it is about.
    pub sid: String,
    /// The event it reports, or `script`.
    pub kind: String,
    /// The address, without its fragment.
    pub url: String,
    /// How often it was sent.
    pub tries: u32,
    /// The last HTTP status, or the carrier's error code where there was no answer.
    pub result: u32,
}
