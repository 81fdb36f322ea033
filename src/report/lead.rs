//! One lead as the figures see it: read off its flow, without anything personal but the reason that a person typed for its
//! end, which is emptied with that flow's (P9).

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::OpenTimes;
use crate::flow::shown::Speeds;
use crate::flow::{Attempt, AttemptResult, Closed, Flow, Kind};
use crate::lead::HeldReason;
use crate::rotation::{RepId, RooftopId, SourceId};

/// One lead as the figures see it. It is kept without what is known only when they are asked for: whom it joined, the
/// business clock, and whether it became a customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeadFigures {
    /// When it came in.
    pub t1: Timestamp,
    /// Where it came from.
    pub source: SourceId,
    /// Where it went.
    pub rooftop: RooftopId,
    /// A test: left out of all figures.
    pub test: bool,
    /// It joined another lead and counts with that one's outcome.
    #[serde(skip)]
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
    #[serde(skip)]
    pub business: Speeds,
    /// It became a customer, says the dealer's system.
    #[serde(skip)]
    pub converted: bool,
}

/// One ring of a rep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
        let mut figures = LeadFigures::alone(flow);
        if let Some(other) = joined_to {
            figures.counts_with(other.outcome().cloned());
        }
        figures.converted = converted;
        figures.by_the_clock_of_its_rooftop(open);
        figures
    }

    /// What its flow alone tells.
    pub fn alone(flow: &Flow) -> LeadFigures {
        let facts = &flow.facts;
        LeadFigures {
            t1: facts.t1,
            source: facts.source.clone(),
            rooftop: facts.rooftop.clone(),
            test: facts.kind != Kind::Real,
            joined: false,
            closed: flow.outcome().cloned(),
            rings: flow.attempts.iter().map(ring).collect(),
            nines: flow.noted.nines.clone(),
            held: flow.noted.held.clone(),
            is_held: flow.held_reason().is_some(),
            in_line_ms: flow.noted.in_line_ms,
            wall: flow.marks().speeds(),
            business: Speeds::default(),
            converted: false,
        }
    }

    /// It joined another lead, which ended so.
    pub fn counts_with(&mut self, closed: Option<Closed>) {
        self.joined = true;
        self.closed = closed;
    }

    /// How fast it was by the hours now in force.
    pub fn by_the_clock_of_its_rooftop(&mut self, open: &mut OpenTimes<'_>) {
        let mut business = |wall_ms: Option<i64>| {
            let to = later(self.t1, wall_ms?)?;
            open.elapsed_ms(&self.rooftop, self.t1, to)
        };
        self.business = Speeds {
            time_to_ring_ms: business(self.wall.time_to_ring_ms),
            time_to_accept_ms: business(self.wall.time_to_accept_ms),
            time_to_connect_ms: business(self.wall.time_to_connect_ms),
        };
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
