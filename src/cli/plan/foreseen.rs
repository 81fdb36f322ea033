//! What a lead would meet, asked of the same functions that decide about real ones.

use std::collections::BTreeSet;

use jiff::Timestamp;
use leadbridge_providers::LeadId;
use uuid::Uuid;

use crate::cli::Failure;
use crate::decision::{self, Arrival, Outset, Rows};
use crate::desk::{Desk, Number};
use crate::flow::{Event, Flow, Kind, State, word};
use crate::lead::Lead;
use crate::phone::HashKey;
use crate::plan::{self, First, Plan};
use crate::rotation::{AfterHours, RepId, Rooftop, Rules, SourceId};

/// The first round of a lead, foreseen.
pub(super) struct Foreseen {
    /// When the lead comes in.
    pub(super) at: Timestamp,
    /// Whether the rooftop is open then.
    pub(super) open: bool,
    /// When the first phone rings; `None`: not within a year.
    pub(super) starts_at: Option<Timestamp>,
    /// The phones in order.
    pub(super) rings: Vec<Ring>,
    /// Everybody else of the group.
    pub(super) not: Vec<(RepId, String)>,
    /// The lead asks for somebody whom nobody here knows.
    pub(super) stranger: bool,
}

/// One phone.
pub(super) struct Ring {
    /// Seconds after the first ring, if nobody answers.
    pub(super) after_s: u32,
    /// Whose.
    pub(super) rep: RepId,
    /// How it came into the plan.
    pub(super) why: String,
}

/// Foresees the first round of a lead that comes in at `at`; without a lead, of any that may be rung.
pub(super) fn foresee(
    rules: &Rules,
    rooftop: &Rooftop,
    desk: Desk,
    key: &HashKey,
    lead: Option<Lead>,
    at: Timestamp,
) -> Result<Foreseen, Failure> {
    let flow = begun(rules, rooftop, &desk, key, lead, at)?;
    let starts_at = match &flow.state {
        State::Waiting { .. } | State::Sleeping { .. } if never_opens(rooftop, at) => None,
        State::Waiting { until } | State::Sleeping { until } => Some(*until),
        State::Held(_) | State::Round(_) | State::Engaged(_) | State::Closed(_) => Some(at),
    };
    let then = starts_at.unwrap_or(at);
    let first = flow.facts.first.as_ref();
    let plan = match &flow.facts.kind {
        Kind::RingsBack(rep) => plan::test(rules, rep),
        Kind::Real | Kind::Silent => plan::make(rules, rooftop, &desk, first, &[], then),
    };
    Ok(Foreseen {
        at,
        open: rooftop.hours.is_open(at),
        starts_at,
        rings: match starts_at {
            Some(starts_at) => rings(&plan, rooftop, &desk, starts_at),
            None => Vec::new(),
        },
        not: not(&plan, &flow.facts.kind, rules, rooftop),
        stranger: first == Some(&First::Stranger),
    })
}

/// Whether the hours let nobody be rung for a year: the flow then looks again each day, and ends unrung.
fn never_opens(rooftop: &Rooftop, at: Timestamp) -> bool {
    let waits = rooftop.after_hours == AfterHours::Wait;
    (waits && rooftop.hours.never_opens(at)) || rooftop.customer_hours.never_opens(at)
}

/// The lead's flow after its first decision: it rings, or it knows until when it waits.
fn begun(
    rules: &Rules,
    rooftop: &Rooftop,
    desk: &Desk,
    key: &HashKey,
    lead: Option<Lead>,
    at: Timestamp,
) -> Result<Flow, Failure> {
    let any = lead.is_none();
    let arrival = Arrival {
        lead: LeadId(Uuid::nil()),
        source: SourceId(String::new()),
        rooftop: rooftop.id.clone(),
        told: Some(lead.unwrap_or_default()),
        over_rate: false,
        unproven: false,
    };
    let mut met = decision::meet(&arrival, rules, key);
    met.held = met.held.filter(|_| !any);
    let nobody = |why| Err(Failure::No(format!("nobody would be rung: {why}")));
    if let Some(reason) = met.held {
        return nobody(format!("the lead would be held, {}", word(reason)));
    }
    if met.kind == Kind::Silent {
        return nobody("the lead is a test, and not from a rep's own phone".to_owned());
    }
    match decision::set_out(&arrival, met, &Number::default(), rules, at) {
        Outset::Joined(flow, ..) => Ok(*flow),
        Outset::Own(flow, ..) => {
            let rows = Rows {
                flow: *flow,
                desk: desk.clone(),
                number: Number::default(),
            };
            Ok(decision::decide(rows, Event::Begin, rules, at).rows.flow)
        }
    }
}

fn rings(plan: &Plan, rooftop: &Rooftop, desk: &Desk, starts_at: Timestamp) -> Vec<Ring> {
    let terms = &rooftop.terms;
    let apart_s = match terms.next_after_s {
        0 => terms.ring_s,
        next_after_s => next_after_s,
    };
    let starts = (0..).map(|step: u32| step.saturating_mul(apart_s));
    let steps = starts.zip(&plan.steps);
    steps
        .flat_map(|(after_s, step)| step.iter().map(move |seat| (after_s, seat)))
        .map(|(after_s, seat)| Ring {
            after_s,
            rep: seat.rep.clone(),
            why: match desk.phone(&seat.phone).taken(starts_at) {
                true => format!("{}; on another lead's call now", seat.why),
                false => seat.why.to_string(),
            },
        })
        .collect()
}

/// Those whom the plan leaves out with a reason, then all others.
fn not(plan: &Plan, kind: &Kind, rules: &Rules, rooftop: &Rooftop) -> Vec<(RepId, String)> {
    let rung = plan.steps.iter().flatten().map(|seat| &seat.rep);
    let mut told: BTreeSet<&RepId> = rung.collect();
    let mut not = Vec::new();
    for (rep, why) in &plan.not {
        if told.insert(rep) {
            not.push((rep.clone(), why.to_string()));
        }
    }
    for rep in rules.reps.keys().filter(|rep| !told.contains(rep)) {
        let why = match kind {
            Kind::RingsBack(_) => "a test rings only the phone that it came from",
            Kind::Real | Kind::Silent if rooftop.duty.contains(rep) => "on duty after hours only",
            Kind::Real | Kind::Silent => "not in this rooftop's rotation",
        };
        not.push((rep.clone(), why.to_owned()));
    }
    not
}
