//! How a flow looks from outside: its state in one word, its clock, and "a lead as shown" (INTERFACE).

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use leadbridge_providers::{LeadId, LegId};
use serde::{Deserialize, Serialize};

use super::leg::Rank;
use super::{
    Attempt, AttemptResult, Cue, CustomerLeg, CustomerResult, Entry, Flow, Missed, Outcome, Part,
    State, Unreached, word,
};
use crate::lead::{HeldReason, Typed};
use crate::rotation::{RepId, RooftopId, SourceId};

/// A flow's state in one word (INTERFACE, closed vocabulary): that of its most advanced live leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(
    missing_docs,
    reason = "the words of INTERFACE's closed vocabulary, explained there"
)]
pub enum Stage {
    Held,
    InLine,
    Waiting,
    Ringing,
    Whispering,
    Dialling,
    Talking,
    WrappingUp,
    Sleeping,
    Stalled,
    Closed,
}

/// A lead as shown: ids and facts, nothing personal.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(
    missing_docs,
    reason = "the names of INTERFACE's JSON, explained there"
)]
pub struct Shown {
    pub lead: LeadId,
    pub source: SourceId,
    pub source_id: Option<String>,
    pub rooftop: RooftopId,
    pub state: Stage,
    pub outcome: Option<Outcome>,
    pub reason: Option<String>,
    pub held_reason: Option<HeldReason>,
    pub joined_to: Option<LeadId>,
    pub attempts: Vec<ShownAttempt>,
    pub customer: Vec<ShownCustomer>,
    pub marks: BTreeMap<&'static str, String>,
    pub speeds: Speeds,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub timeline: Vec<ShownEntry>,
}

/// One lead, where it is asked for alone: whoever must ring it by hand sees what was typed.
#[derive(Clone, PartialEq, Serialize)]
pub struct Whole {
    /// The lead as shown.
    #[serde(flatten)]
    pub shown: Shown,
    /// What was typed, of one that no release can ring.
    #[serde(flatten)]
    pub typed: Option<Typed>,
}

/// One ring of a rep as shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(
    missing_docs,
    reason = "the names of INTERFACE's JSON, explained there"
)]
pub struct ShownAttempt {
    pub leg: LegId,
    pub rep: RepId,
    pub round: u16,
    pub result: Option<&'static str>,
    pub reason: Option<Missed>,
    pub rung_s: Option<i64>,
}

/// One ring of the customer as shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(
    missing_docs,
    reason = "the names of INTERFACE's JSON, explained there"
)]
pub struct ShownCustomer {
    pub leg: LegId,
    pub result: Option<&'static str>,
    pub reason: Option<Unreached>,
}

/// One line of the timeline as shown: its time has the rooftop's zone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShownEntry {
    /// RFC 3339 with zone and milliseconds.
    pub at: String,
    /// The rest of the line.
    #[serde(flatten)]
    pub rest: serde_json::Map<String, serde_json::Value>,
}

/// The speeds of a lead, `None` when a mark is not reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Speeds {
    /// t3 - t1, or t2 - t1 where no ringing was reported.
    pub time_to_ring_ms: Option<i64>,
    /// t5 - t1.
    pub time_to_accept_ms: Option<i64>,
    /// t8 - t1.
    pub time_to_connect_ms: Option<i64>,
}

/// A lead's clock (DESIGN 2): t2 and t3 are the first attempt's, t4 and t5 the accepting one's, t6 to t9 the last
/// customer leg's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks(pub [Option<Timestamp>; 10]);

impl Flow {
    /// The state in one word.
    pub fn stage(&self) -> Stage {
        match &self.state {
            State::Held(_) => Stage::Held,
            State::Closed(_) => Stage::Closed,
            State::Engaged(engaged) => match engaged.part {
                Part::Dialling { .. } | Part::Gone { .. } => Stage::Dialling,
                Part::Talking { .. } => Stage::Talking,
                Part::Menu { .. } => Stage::WrappingUp,
            },
            State::Waiting { .. } => self.live_stage().unwrap_or(Stage::Waiting),
            State::Sleeping { .. } => self.live_stage().unwrap_or(Stage::Sleeping),
            State::Round(_) => self.live_stage().unwrap_or(Stage::InLine),
        }
    }

    /// The lead's clock.
    pub fn marks(&self) -> Marks {
        let first = self.attempts.first().map(|attempt| &attempt.life);
        let took = self
            .attempts
            .iter()
            .rev()
            .find(|attempt| attempt.result == Some(AttemptResult::Accepted));
        let customer = self.customer.last();
        let call = first.filter(|life| life.call.is_some());
        Marks([
            self.facts.t0,
            Some(self.facts.t1),
            call.and_then(|life| life.bound_at),
            first.and_then(|life| life.ringing_at),
            took.and_then(|attempt| attempt.life.answered_at),
            took.and_then(|attempt| attempt.settled_at),
            customer.map(|customer| customer.life.created_at),
            customer.and_then(|customer| customer.life.ringing_at),
            customer.and_then(|customer| customer.life.answered_at),
            customer.and_then(|customer| customer.talked_at),
        ])
    }

    /// The lead as shown, without what only the store knows (`source_id`, `joined_to`).
    pub fn shown(&self, zone: &TimeZone, timeline: &[Entry]) -> Shown {
        let closed = self.outcome();
        let marks = self.marks();
        Shown {
            lead: self.lead,
            source: self.facts.source.clone(),
            source_id: None,
            rooftop: self.facts.rooftop.clone(),
            state: self.stage(),
            outcome: closed.map(|closed| closed.outcome),
            reason: closed.and_then(|closed| closed.reason.clone()),
            held_reason: self.held_reason(),
            joined_to: None,
            attempts: self.attempts.iter().map(shown_attempt).collect(),
            customer: self.customer.iter().map(shown_customer).collect(),
            marks: marks.shown(zone),
            speeds: marks.speeds(),
            timeline: timeline
                .iter()
                .map(|entry| shown_entry(entry, zone))
                .collect(),
        }
    }

    /// It is held, and no release can ring it: there is no number that may be rung.
    pub fn is_for_hands(&self) -> bool {
        self.held_reason().is_some() && self.facts.number.is_none()
    }

    /// Why it is held.
    pub fn held_reason(&self) -> Option<HeldReason> {
        match self.state {
            State::Held(reason) => Some(reason),
            State::Waiting { .. }
            | State::Sleeping { .. }
            | State::Round(_)
            | State::Engaged(_)
            | State::Closed(_) => None,
        }
    }

    fn live_stage(&self) -> Option<Stage> {
        let hears_whisper =
            |attempt: &&Attempt| attempt.life.up() && matches!(attempt.cue, Cue::Whisper { .. });
        let rings = |attempt: &&Attempt| attempt.result.is_none() && attempt.life.live();
        if self.attempts.iter().any(|attempt| hears_whisper(&attempt)) {
            Some(Stage::Whispering)
        } else if self.stalled() {
            Some(Stage::Stalled)
        } else {
            self.attempts.iter().find(rings).map(|_| Stage::Ringing)
        }
    }
}

impl Marks {
    /// From reception to the first phone ringing, to the key, to the customer's answer.
    pub fn speeds(&self) -> Speeds {
        let since_t1 =
            |mark: Option<Timestamp>| Some(mark?.duration_since(self.0[1]?).as_millis() as i64);
        Speeds {
            time_to_ring_ms: since_t1(self.0[3].or(self.0[2])),
            time_to_accept_ms: since_t1(self.0[5]),
            time_to_connect_ms: since_t1(self.0[8]),
        }
    }

    fn shown(&self, zone: &TimeZone) -> BTreeMap<&'static str, String> {
        let names = ["t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9"];
        let marks = names.into_iter().zip(self.0);
        marks
            .filter_map(|(name, at)| Some((name, shown_at(at?, zone))))
            .collect()
    }
}

/// RFC 3339 with the zone's offset and milliseconds.
pub fn shown_at(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone())
        .strftime("%Y-%m-%dT%H:%M:%S%.3f%:z")
        .to_string()
}

fn shown_attempt(attempt: &Attempt) -> ShownAttempt {
    let life = &attempt.life;
    let from = life.ringing_at.unwrap_or(life.created_at);
    let to = life.answered_at.or(life.ended_at);
    let (result, reason) = match attempt.result {
        None => (None, None),
        Some(AttemptResult::Accepted) => (Some("accepted"), None),
        Some(AttemptResult::Passed) => (Some("passed"), None),
        Some(AttemptResult::Missed(reason)) => (Some("missed"), Some(reason)),
        Some(AttemptResult::Taken) => (Some("taken"), None),
        Some(AttemptResult::Lost) => (Some("lost"), None),
        Some(AttemptResult::Canceled) => (Some("canceled"), None),
    };
    let rung_s = to.map(|to| to.duration_since(from).as_secs().max(0));
    ShownAttempt {
        leg: attempt.leg,
        rep: attempt.seat.rep.clone(),
        round: attempt.round,
        result,
        reason,
        rung_s,
    }
}

fn shown_customer(customer: &CustomerLeg) -> ShownCustomer {
    let (result, reason) = match customer.result {
        None if customer.life.rank == Rank::Ended => (Some("canceled"), None),
        None => (None, None),
        Some(CustomerResult::Answered) => (Some("answered"), None),
        Some(CustomerResult::Missed(reason)) => (Some("missed"), Some(reason)),
        Some(CustomerResult::Canceled) => (Some("canceled"), None),
    };
    ShownCustomer {
        leg: customer.leg,
        result,
        reason,
    }
}

fn shown_entry(entry: &Entry, zone: &TimeZone) -> ShownEntry {
    let mut rest = match serde_json::to_value(entry) {
        Ok(serde_json::Value::Object(fields)) => fields,
        Ok(_) | Err(_) => serde_json::Map::new(),
    };
    rest.remove("at");
    ShownEntry {
        at: shown_at(entry.at, zone),
        rest,
    }
}

impl Stage {
    /// The states of a lead that is not over, in the order in which a person looks at them.
    pub const OPEN: [Stage; 10] = [
        Stage::Held,
        Stage::InLine,
        Stage::Waiting,
        Stage::Ringing,
        Stage::Whispering,
        Stage::Dialling,
        Stage::Talking,
        Stage::WrappingUp,
        Stage::Sleeping,
        Stage::Stalled,
    ];

    /// The word that a source gets in its 202.
    pub fn told(self, outcome: Option<Outcome>) -> String {
        match (self, outcome) {
            (Stage::Closed, Some(Outcome::Joined)) => "joined".to_owned(),
            (Stage::Closed, Some(Outcome::Test)) => "test".to_owned(),
            (
                Stage::Ringing
                | Stage::Whispering
                | Stage::Dialling
                | Stage::Talking
                | Stage::WrappingUp,
                _,
            ) => "ringing".to_owned(),
            (Stage::Waiting | Stage::Sleeping | Stage::Stalled, _) => "waiting".to_owned(),
            (Stage::Held | Stage::InLine | Stage::Closed, _) => word(self),
        }
    }
}
