//! What flows share: one row per phone (who is on it, who stands in line for it) and one per customer's
//! number. A step reads and changes the rows it was given; the store writes back those that changed, in the
//! same transaction, which is how P4 holds.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use leadbridge_providers::{LeadId, LegId};
use serde::{Deserialize, Serialize};

use crate::phone::PhoneKey;
use crate::rotation::{RepId, RooftopId};

/// Misses in a row, on different leads, that pause a phone.
const MISSES_MAX: usize = 3;
/// Creates in a row that were never seen ringing before we say that a phone is not reachable.
const UNSEEN_MAX: u32 = 3;
/// How long a pause lasts, in minutes.
pub const PAUSE_MIN: i64 = 60;
/// A customer's rings are counted over this many hours.
const CAP_HOURS: i64 = 24;

/// The phones that one decision may touch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Desk(pub BTreeMap<PhoneKey, Phone>);

impl Desk {
    /// The row of a phone; a phone without a row is free and has no history.
    pub fn phone(&self, key: &PhoneKey) -> Phone {
        self.0.get(key).cloned().unwrap_or_default()
    }

    /// The row of a phone, to change.
    pub fn phone_mut(&mut self, key: &PhoneKey) -> &mut Phone {
        self.0.entry(key.clone()).or_default()
    }

    /// Leads that stand first in line for a phone that is free: they must be told.
    pub fn wakes(&self, now: Timestamp) -> Vec<LeadId> {
        let mut leads: Vec<_> = self
            .0
            .values()
            .filter_map(|phone| phone.wakes(now))
            .collect();
        leads.sort();
        leads.dedup();
        leads
    }
}

/// One phone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Phone {
    /// The lead call on it.
    pub hold: Option<Hold>,
    /// Rests after a talk until.
    pub rests_until: Option<Timestamp>,
    /// Leads that want it, in no order: [`Phone::first_in_line`] knows the order.
    pub line: Vec<InLine>,
    /// When it was last rung for any lead.
    pub last_rung: Option<Timestamp>,
    /// When it was last rung first for a lead by rotation.
    pub last_rung_first: Option<Timestamp>,
    /// Leads missed in a row, each once.
    pub unanswered: Vec<LeadId>,
    /// Rings in a row that were never seen ringing.
    pub unseen: u32,
    /// Passes in a row.
    pub passes: u32,
    /// Left out of plans until.
    pub paused_until: Option<Timestamp>,
    /// Leads that rang here in vain and are still to be had, with their t1: ringing back takes the oldest.
    pub missed: Vec<(LeadId, Timestamp)>,
}

/// A lead call on a phone, and when that claim ends by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hold {
    /// Which leg.
    pub leg: LegId,
    /// Freed at this time whatever happens.
    pub until: Timestamp,
}

/// A lead that stands in line for a phone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InLine {
    /// Which lead.
    pub lead: LeadId,
    /// t1.
    pub since: Timestamp,
    /// Fresh leads come first, while they are.
    pub fresh_until: Timestamp,
    /// It already has a phone ringing, so it comes after all who have none.
    pub rings: bool,
}

/// What a missed or passed ring did to a phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tally {
    /// Nothing to tell.
    Counted,
    /// The phone is paused now.
    Paused,
    /// The phone has not been seen ringing lately: its rep is told, not punished.
    NotReachable,
}

impl Phone {
    /// Whether a lead rings or talks on it, or it rests.
    pub fn taken(&self, now: Timestamp) -> bool {
        self.hold.as_ref().is_some_and(|hold| hold.until > now)
            || self.rests_until.is_some_and(|until| until > now)
    }

    /// Whether `me` may ring it: nobody is on it and nobody in line comes before.
    pub fn free_for(&self, me: &InLine, now: Timestamp) -> bool {
        !self.taken(now)
            && self
                .line
                .iter()
                .filter(|other| other.lead != me.lead)
                .all(|other| me.order(now) < other.order(now))
    }

    /// Who gets it next.
    pub fn first_in_line(&self, now: Timestamp) -> Option<LeadId> {
        self.line
            .iter()
            .min_by_key(|waiting| waiting.order(now))
            .map(|waiting| waiting.lead)
    }

    /// Takes or extends the claim of a leg.
    pub fn claim(&mut self, leg: LegId, until: Timestamp) {
        self.line.retain(|waiting| waiting.lead != leg.lead);
        self.hold = Some(Hold { leg, until });
    }

    /// Makes the claim of a leg that has it last, also one whose time has just run out.
    pub fn keep(&mut self, leg: LegId, until: Timestamp) {
        if let Some(hold) = self.hold.as_mut().filter(|hold| hold.leg == leg) {
            hold.until = hold.until.max(until);
        }
    }

    /// Whether this leg holds it.
    pub fn held_by(&self, leg: LegId) -> bool {
        self.hold.as_ref().is_some_and(|hold| hold.leg == leg)
    }

    /// Ends a leg's claim, if it has it; then rests until.
    pub fn release(&mut self, leg: LegId, rests_until: Option<Timestamp>) {
        if self.held_by(leg) {
            self.hold = None;
            self.rests_until = rests_until;
        }
    }

    /// Frees what is over. `true` when somebody must be told.
    pub fn expire(&mut self, now: Timestamp) -> bool {
        if self.hold.as_ref().is_some_and(|hold| hold.until <= now) {
            self.hold = None;
        }
        if self.rests_until.is_some_and(|until| until <= now) {
            self.rests_until = None;
        }
        self.wakes(now).is_some()
    }

    /// When [`Phone::expire`] has something to do.
    pub fn due(&self) -> Option<Timestamp> {
        let hold = self.hold.as_ref().map(|hold| hold.until);
        hold.into_iter().chain(self.rests_until).min()
    }

    /// Whether it is left out of plans.
    pub fn paused(&self, now: Timestamp) -> Option<Timestamp> {
        self.paused_until.filter(|until| *until > now)
    }

    /// Whether a lead's call is on it; a phone that only rests can ring us.
    pub fn on_a_call(&self, now: Timestamp) -> bool {
        self.hold.as_ref().is_some_and(|hold| hold.until > now)
    }

    /// Its person rang the lead line: they are there, and want to be rung.
    pub fn rang_in(&mut self) {
        self.paused_until = None;
        self.unseen = 0;
    }

    /// Writes down whether this lead can be had by ringing back.
    pub fn note_missed(&mut self, lead: LeadId, t1: Timestamp, missed: bool) {
        let known = self.missed.iter().any(|(other, _)| *other == lead);
        if missed && !known {
            self.missed.push((lead, t1));
        } else if known && !missed {
            self.missed.retain(|(other, _)| *other != lead);
        }
    }

    /// The leads that ringing back may take, the oldest first.
    pub fn to_ring_back(&self) -> Vec<LeadId> {
        let mut missed = self.missed.clone();
        missed.sort_by_key(|(lead, t1)| (*t1, *lead));
        missed.into_iter().map(|(lead, _)| lead).collect()
    }

    /// Its person accepted: all counters start anew.
    pub fn accepted(&mut self) {
        self.unanswered.clear();
        self.passes = 0;
        self.unseen = 0;
        self.paused_until = None;
    }

    /// Its person passed; `passes_max` in a row pause it (0: never).
    pub fn passed(&mut self, passes_max: u32, now: Timestamp) -> Tally {
        self.passes += 1;
        if passes_max > 0 && self.passes >= passes_max {
            self.pause(now)
        } else {
            Tally::Counted
        }
    }

    /// A ring on it was missed.
    pub fn missed(&mut self, lead: LeadId, seen_ringing: bool, now: Timestamp) -> Tally {
        if !seen_ringing {
            self.unseen += 1;
            if self.unseen < UNSEEN_MAX {
                return Tally::Counted;
            }
            self.unseen = 0;
            return Tally::NotReachable;
        }
        self.unseen = 0;
        if !self.unanswered.contains(&lead) {
            self.unanswered.push(lead);
        }
        if self.unanswered.len() >= MISSES_MAX {
            self.pause(now)
        } else {
            Tally::Counted
        }
    }

    /// Leaves it out of plans for an hour.
    pub fn pause(&mut self, now: Timestamp) -> Tally {
        self.unanswered.clear();
        self.passes = 0;
        self.paused_until = Some(now + SignedDuration::from_mins(PAUSE_MIN));
        Tally::Paused
    }

    fn wakes(&self, now: Timestamp) -> Option<LeadId> {
        if self.taken(now) {
            None
        } else {
            self.first_in_line(now)
        }
    }
}

impl InLine {
    /// Without a ringing phone first, fresh first, then by arrival.
    fn order(&self, now: Timestamp) -> (bool, bool, Timestamp, LeadId) {
        (self.rings, self.fresh_until <= now, self.since, self.lead)
    }
}

/// One customer's number.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Number {
    /// Flows that are open for it.
    pub flows: Vec<OpenFlow>,
    /// When it was rung, the last 24 h.
    pub rung: Vec<Timestamp>,
    /// How its last flow ended.
    pub last: Option<Last>,
    /// Its person wants no texts, since then: holds for the whole group, also for later leads.
    pub no_texts_since: Option<Timestamp>,
}

/// An open flow of a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenFlow {
    /// Which lead.
    pub lead: LeadId,
    /// Where.
    pub rooftop: RooftopId,
    /// A phone rings or talks for it.
    pub live: bool,
    /// It waits until no other flow of this number is live.
    pub waits: bool,
}

/// The flow of a number that closed last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Last {
    /// Where.
    pub rooftop: RooftopId,
    /// Who had it.
    pub rep: RepId,
    /// When it closed.
    pub at: Timestamp,
}

impl Number {
    /// Whether its person may be sent texts.
    pub fn takes_texts(&self) -> bool {
        self.no_texts_since.is_none()
    }

    /// Its person wants texts, or no more.
    pub fn wish_texts(&mut self, wanted: bool, now: Timestamp) {
        self.no_texts_since = match (wanted, self.no_texts_since) {
            (true, _) => None,
            (false, since) => since.or(Some(now)),
        };
    }

    /// The open flow in this rooftop.
    pub fn open_in(&self, rooftop: &RooftopId) -> Option<LeadId> {
        self.flows
            .iter()
            .find(|flow| flow.rooftop == *rooftop)
            .map(|flow| flow.lead)
    }

    /// Another rooftop in which this number's flow has a live leg now.
    pub fn live_elsewhere(&self, me: LeadId) -> Option<&RooftopId> {
        self.flows
            .iter()
            .find(|flow| flow.lead != me && flow.live)
            .map(|flow| &flow.rooftop)
    }

    /// Another rooftop in which this number has an open flow.
    pub fn open_elsewhere(&self, me: LeadId) -> Option<&RooftopId> {
        self.flows
            .iter()
            .find(|flow| flow.lead != me)
            .map(|flow| &flow.rooftop)
    }

    /// Writes down how a flow stands.
    pub fn note(&mut self, mine: OpenFlow) {
        match self.flows.iter_mut().find(|flow| flow.lead == mine.lead) {
            Some(flow) => *flow = mine,
            None => self.flows.push(mine),
        }
    }

    /// Takes a flow out.
    pub fn forget(&mut self, lead: LeadId) {
        self.flows.retain(|flow| flow.lead != lead);
    }

    /// Whether its rings of the last 24 h have reached the cap (0: no cap).
    pub fn at_cap(&self, cap: u32, now: Timestamp) -> bool {
        let since = now - SignedDuration::from_hours(CAP_HOURS);
        let rings = self.rung.iter().filter(|at| **at > since).count();
        cap > 0 && rings >= cap as usize
    }

    /// Counts a ring.
    pub fn ring(&mut self, now: Timestamp) {
        let since = now - SignedDuration::from_hours(CAP_HOURS);
        self.rung.retain(|at| *at > since);
        self.rung.push(now);
    }

    /// Flows that waited for the number and may go on.
    pub fn wakes(&self) -> Vec<LeadId> {
        let waiting = self
            .flows
            .iter()
            .filter(|flow| flow.waits && self.live_elsewhere(flow.lead).is_none());
        waiting.map(|flow| flow.lead).collect()
    }
}
