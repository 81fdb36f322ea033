//! One lead as the figures see it: read off its flow, without anything personal (P9).

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::OpenTimes;
use crate::flow::shown::Speeds;
use crate::flow::{Attempt, AttemptResult, Closed, Flow, Kind};
use crate::lead::HeldReason;
use crate::rotation::{RepId, RooftopId, SourceId};

/// One lead as the figures see it.
#[derive(Clone, Debug, PartialEq)]
pub struct LeadFigures {
    /// Where it came from.
    pub source: SourceId,
    /// Where it went.
    pub rooftop: RooftopId,
    /// A test: left out of all figures.
    pub test: bool,
    /// It joined another lead and counts with that one's outcome.
    pub joined: bool,
    /// How it ended, or how the one it joined did; `None`: not over.
    pub closed: Option<Closed>,
    /// Every ring of a rep, in order.
    pub rings: Vec<Ring>,
    /// Who pressed 9, once for each time.
    pub nines: Vec<RepId>,
    /// Why a person had to look at it, once for each time.
    pub held: Vec<HeldReason>,
    /// A person must still look at it.
    pub is_held: bool,
    /// How long it stood in line; `None`: it never did.
    pub in_line_ms: Option<i64>,
    /// By the wall clock.
    pub wall: Speeds,
    /// By the rooftop's clock, as far as its hours are known.
    pub business: Speeds,
    /// It became a customer, says the dealer's system.
    pub converted: bool,
}

/// One ring of a rep.
#[derive(Clone, Debug, PartialEq)]
pub struct Ring {
    /// Whose phone.
    pub rep: RepId,
    /// As the owner, last in the plan.
    pub owner: bool,
    /// The carrier accepted it.
    pub called: bool,
    /// What came of it.
    pub result: Option<AttemptResult>,
}

impl LeadFigures {
    /// Reads a flow. `joined_to` is the flow that a joined lead counts with.
    pub fn of(
        flow: &Flow,
        joined_to: Option<&Flow>,
        converted: bool,
        open: &mut OpenTimes<'_>,
    ) -> LeadFigures {
        let facts = &flow.facts;
        let marks = flow.marks();
        let wall = marks.speeds();
        let mut business = |wall_ms: Option<i64>| {
            let to = later(facts.t1, wall_ms?)?;
            open.elapsed_ms(&facts.rooftop, facts.t1, to)
        };
        LeadFigures {
            source: facts.source.clone(),
            rooftop: facts.rooftop.clone(),
            test: facts.kind != Kind::Real,
            joined: joined_to.is_some(),
            closed: joined_to.unwrap_or(flow).outcome().cloned(),
            rings: flow.attempts.iter().map(ring).collect(),
            nines: flow.noted.nines.clone(),
            held: flow.noted.held.clone(),
            is_held: flow.held_reason().is_some(),
            in_line_ms: flow.noted.in_line_ms,
            business: Speeds {
                time_to_ring_ms: business(wall.time_to_ring_ms),
                time_to_accept_ms: business(wall.time_to_accept_ms),
                time_to_connect_ms: business(wall.time_to_connect_ms),
            },
            wall,
            converted,
        }
    }

    /// Whose phones were rung, or could not be, each once; a ring that never left is nobody's.
    pub fn reps(&self) -> BTreeSet<&RepId> {
        let rings = self.rings.iter();
        let was_tried =
            |ring: &&Ring| ring.called || matches!(ring.result, Some(AttemptResult::Missed(_)));
        rings.filter(was_tried).map(|ring| &ring.rep).collect()
    }

    /// The rep who took it; of several the last in the plan's order, as for t4 and t5.
    pub fn taken_by(&self) -> Option<&RepId> {
        let accepted = |ring: &&Ring| ring.result == Some(AttemptResult::Accepted);
        self.rings.iter().rev().find(accepted).map(|ring| &ring.rep)
    }
}

fn ring(attempt: &Attempt) -> Ring {
    Ring {
        rep: attempt.seat.rep.clone(),
        owner: attempt.seat.owner,
        // A rep who rang us was not rung.
        called: attempt.life.bound_at.is_some(),
        result: attempt.result,
    }
}

fn later(from: Timestamp, by_ms: i64) -> Option<Timestamp> {
    let by = jiff::SignedDuration::from_millis(by_ms);
    from.checked_add(by).ok()
}
