//! The figures of one group of leads.

use std::collections::BTreeMap;

use serde::Serialize;

use super::speed::{Quantiles, Speed, Times};
use super::{LeadFigures, Ring};
use crate::flow::{AttemptResult, Outcome, word};
use crate::rotation::RepId;

/// The figures of one group of leads.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    /// All but tests: the n of every share below.
    pub leads: u64,
    /// Of these, how many joined another lead.
    pub joined: u64,
    /// Neither over nor held.
    pub open: u64,
    /// The carrier accepted a ring of a rep.
    pub called: u64,
    /// Rings of reps that the carrier accepted.
    pub attempts: u64,
    /// A rep pressed 1.
    pub accepted: u64,
    /// From t1 to the first phone ringing.
    pub time_to_ring: Speed,
    /// From t1 to key 1.
    pub time_to_accept: Speed,
    /// From t1 to the customer's answer.
    pub time_to_connect: Speed,
    /// Spoken with: the only contact there is.
    pub connected: u64,
    /// Joined, and nobody said with whom.
    pub unconfirmed: u64,
    /// A rep took it, the customer was not reached.
    pub unreached: u64,
    /// Why not.
    pub unreached_reasons: BTreeMap<String, u64>,
    /// No rep took it.
    pub nobody_accepted: u64,
    /// Ended by a person.
    pub canceled: u64,
    /// Held, and put away by a person.
    pub discarded: u64,
    /// Rings that a rep passed on.
    pub passed: u64,
    /// Rings that were missed.
    pub missed: u64,
    /// Why.
    pub missed_reasons: BTreeMap<String, u64>,
    /// Times that 9 was pressed.
    pub nines: u64,
    /// Leads for which an owner was rung.
    pub owner_rung: u64,
    /// Leads that an owner took.
    pub owner_accepted: u64,
    /// Standing in line; not known of one rep.
    pub in_line: Option<Line>,
    /// Leads that a person had to look at; not known of one rep.
    pub held: Option<Held>,
    /// Leads that became customers, as far as the dealer's system told.
    pub converted: u64,
}

/// Leads that stood in line for a phone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Line {
    /// How many.
    pub leads: u64,
    /// How long, together.
    pub total_ms: i64,
    /// How long each.
    #[serde(flatten)]
    pub each: Quantiles,
}

/// Leads that a person had to look at.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Held {
    /// How many, ever.
    pub leads: u64,
    /// How many still.
    pub now: u64,
    /// Why, each time.
    pub reasons: BTreeMap<String, u64>,
}

/// Figures while their leads come in.
#[derive(Debug, Default)]
pub(super) struct Tally {
    figures: Figures,
    ring: Times,
    accept: Times,
    connect: Times,
    in_line_ms: Vec<i64>,
}

impl Tally {
    /// Counts a lead; with a `rep`, only that rep's part in it.
    pub(super) fn add(&mut self, lead: &LeadFigures, rep: Option<&RepId>) {
        let figures = &mut self.figures;
        figures.leads += 1;
        figures.joined += u64::from(lead.joined);
        figures.converted += u64::from(lead.converted);
        let is_his = |one: &RepId| rep.is_none_or(|rep| rep == one);
        let rings: Vec<_> = lead.rings.iter().filter(|ring| is_his(&ring.rep)).collect();
        figures.called += u64::from(rings.iter().any(|ring| ring.called));
        figures.nines += count(lead.nines.iter().filter(|nine| is_his(nine)));
        figures.rang(&rings);
        let was_first = lead.rings.first().is_some_and(|ring| is_his(&ring.rep));
        let took = lead.taken_by().is_none_or(is_his);
        figures.ended(lead, took);
        if was_first {
            self.ring.add(lead, |speeds| speeds.time_to_ring_ms);
        }
        if took {
            self.accept.add(lead, |speeds| speeds.time_to_accept_ms);
            self.connect.add(lead, |speeds| speeds.time_to_connect_ms);
        }
        if rep.is_none() {
            self.waited(lead);
        }
    }

    pub(super) fn finish(mut self) -> Figures {
        self.figures.time_to_ring = self.ring.finish();
        self.figures.time_to_accept = self.accept.finish();
        self.figures.time_to_connect = self.connect.finish();
        if let Some(line) = &mut self.figures.in_line {
            line.total_ms = self.in_line_ms.iter().sum();
            line.each = Quantiles::of(self.in_line_ms);
        }
        self.figures
    }

    /// What belongs to a lead and to no rep: standing in line, being held.
    fn waited(&mut self, lead: &LeadFigures) {
        let line = self.figures.in_line.get_or_insert_default();
        line.leads += u64::from(lead.in_line_ms.is_some());
        self.in_line_ms.extend(lead.in_line_ms);
        let held = self.figures.held.get_or_insert_default();
        held.leads += u64::from(!lead.held.is_empty());
        held.now += u64::from(lead.is_held);
        for reason in &lead.held {
            *held.reasons.entry(word(reason)).or_default() += 1;
        }
    }
}

impl Figures {
    fn rang(&mut self, rings: &[&Ring]) {
        for ring in rings {
            self.attempts += u64::from(ring.called);
            match ring.result {
                Some(AttemptResult::Passed) => self.passed += 1,
                Some(AttemptResult::Missed(reason)) => {
                    self.missed += 1;
                    *self.missed_reasons.entry(word(reason)).or_default() += 1;
                }
                Some(
                    AttemptResult::Accepted
                    | AttemptResult::Taken
                    | AttemptResult::Lost
                    | AttemptResult::Canceled,
                )
                | None => {}
            }
        }
        let accepted = |ring: &&&Ring| ring.result == Some(AttemptResult::Accepted);
        self.accepted += u64::from(rings.iter().any(|ring| accepted(&ring)));
        let mut owners = rings.iter().filter(|ring| ring.owner);
        self.owner_rung += u64::from(owners.clone().any(|ring| ring.called));
        self.owner_accepted += u64::from(owners.any(|ring| accepted(&ring)));
    }

    /// `took`: the outcome is this group's, unless nobody has it.
    fn ended(&mut self, lead: &LeadFigures, took: bool) {
        let Some(closed) = &lead.closed else {
            self.open += u64::from(!lead.is_held);
            return;
        };
        if !took {
            return;
        }
        match closed.outcome {
            Outcome::Connected => self.connected += 1,
            Outcome::Unconfirmed => self.unconfirmed += 1,
            Outcome::CustomerUnreached => {
                self.unreached += 1;
                let reason = closed.reason.clone().unwrap_or_default();
                *self.unreached_reasons.entry(reason).or_default() += 1;
            }
            Outcome::NobodyAccepted => self.nobody_accepted += 1,
            Outcome::Canceled => self.canceled += 1,
            Outcome::Discarded => self.discarded += 1,
            // A joined lead has the other's outcome, a test is left out.
            Outcome::Joined | Outcome::Test => {}
        }
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> u64 {
    items.fold(0, |count, _| count + 1)
}
