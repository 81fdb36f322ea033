//! One decision: the rows it reads, the event, and all that it leaves to be written in one transaction. Stores
//! and the simulation call these functions and nothing else of the core's machinery.

use jiff::{SignedDuration, Timestamp};
use leadbridge_providers::LeadId;

use crate::desk::{Desk, Number};
use crate::flow::{
    Command, Entry, Event, Facts, Flow, Kind, Moment, Notice, Outcome, State, What, word,
};
use crate::guard;
use crate::lead::{HeldReason, Lead};
use crate::phone::{HashKey, PhoneKey, PhoneNumber};
use crate::plan::{self, First};
use crate::rotation::{RooftopId, Rules, SourceId};

/// The rows of one flow's decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// The flow.
    pub flow: Flow,
    /// The phones named by [`phones`].
    pub desk: Desk,
    /// The customer's number.
    pub number: Number,
}

/// What a decision leaves: rows to be written, commands for the outbox, lines of the timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The rows as they are now.
    pub rows: Rows,
    /// To the outbox.
    pub commands: Vec<Command>,
    /// To the timeline.
    pub timeline: Vec<Entry>,
    /// Other flows to step with [`Event::Woken`].
    pub wakes: Vec<LeadId>,
}

/// Steps a flow.
pub fn decide(rows: Rows, event: Event, rules: &Rules, now: Timestamp) -> Decision {
    let Rows {
        mut flow,
        mut desk,
        mut number,
    } = rows;
    let mut moment = Moment::new(now, rules, &mut desk, &mut number);
    flow.step(event, &mut moment);
    let (commands, timeline) = (moment.commands, moment.timeline);
    flow.noted.note(&timeline);
    let mut wakes = desk.wakes(now);
    wakes.extend(number.wakes());
    wakes.sort();
    wakes.dedup();
    wakes.retain(|lead| *lead != flow.lead);
    Decision {
        rows: Rows { flow, desk, number },
        commands,
        timeline,
        wakes,
    }
}

/// The phones whose rows a decision of this flow needs.
pub fn phones(flow: &Flow, number: &Number, rules: &Rules) -> Vec<PhoneKey> {
    let mut keys = flow.phones();
    // Whoever had the customer last is rung first when they call in.
    let last = number
        .last
        .as_ref()
        .and_then(|last| rules.reps.get(&last.rep));
    keys.extend(last.map(|rep| rep.key.clone()));
    if flow.outcome().is_none() || may_open_again(flow) {
        keys.extend(people(
            rules,
            &flow.facts.rooftop,
            flow.facts.first.as_ref(),
        ));
    }
    if let Kind::RingsBack(rep) = &flow.facts.kind {
        keys.extend(rules.reps.get(rep).map(|rep| rep.key.clone()));
    }
    keys.sort();
    keys.dedup();
    keys
}

/// A lead that comes in, authentic and within its size.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The name it gets if it is new.
    pub lead: LeadId,
    /// Where it came from.
    pub source: SourceId,
    /// Where it goes.
    pub rooftop: RooftopId,
    /// What could be read.
    pub told: Option<Lead>,
    /// Its source is over its rate.
    pub over_rate: bool,
    /// Its source proves nothing (`auth.scheme = "none"`).
    pub unproven: bool,
}

/// How an arrival is met, before any row is read and whatever the time.
#[derive(Clone, Debug, PartialEq)]
pub struct Met {
    /// The keyed hash of the customer's number; `None` when there is no number to ring.
    pub number: Option<PhoneKey>,
    /// When the customer says to have asked.
    pub requested_at: Option<Timestamp>,
    /// Who comes before the rotation.
    pub first: Option<First>,
    /// Real, or a test.
    pub kind: Kind,
    /// The customer agreed to texts.
    pub texts: bool,
    /// Held, and why.
    pub held: Option<HeldReason>,
    /// The number to ring, which only the lead's row keeps.
    pub phone: Option<PhoneNumber>,
}

impl Met {
    /// The facts of its flow. Nobody can have asked after now.
    pub fn facts(self, arrival: &Arrival, now: Timestamp) -> Facts {
        Facts {
            rooftop: arrival.rooftop.clone(),
            source: arrival.source.clone(),
            number: self.number,
            t0: self.requested_at.map(|at| at.min(now)),
            t1: now,
            first: self.first,
            kind: self.kind,
            unproven: arrival.unproven,
            texts: self.texts,
        }
    }
}

/// Reads an arrival against the rules: who is meant, may it be rung at all (BEHAVIOUR 1).
pub fn meet(arrival: &Arrival, rules: &Rules, key: &HashKey) -> Met {
    if arrival.source == SourceId::call_test() {
        return meet_call_test(arrival, rules, key);
    }
    let lead = arrival.told.clone().unwrap_or_default();
    let (phone, held) = match guard::check(&lead, rules) {
        _ if arrival.told.is_none() => (None, Some(HeldReason::Unreadable)),
        Ok(phone) => (Some(phone), None),
        Err(_) if lead.test => (None, None),
        Err(reason) => (
            guard::number_if_released(&lead, rules, reason),
            Some(reason),
        ),
    };
    let tester = phone
        .as_ref()
        .and_then(|phone| guard::rep_of_number(rules, phone));
    let rate = Some(HeldReason::Rate).filter(|_| arrival.over_rate && !lead.test);
    Met {
        number: phone
            .as_ref()
            .filter(|_| !lead.test)
            .map(|phone| key.of(phone)),
        requested_at: lead.requested_at,
        first: lead.rep.as_deref().map(|name| first(rules, name)),
        kind: match (lead.test, tester) {
            (false, _) => Kind::Real,
            // Where nothing is proven, anybody can write a rep's number, at any hour and without end (P10).
            (true, Some(rep)) if !arrival.unproven => Kind::RingsBack(rep.id.clone()),
            (true, Some(_) | None) => Kind::Silent,
        },
        texts: lead.consent.text == Some(true),
        held: held.or(rate),
        phone,
    }
}

/// A test that a person of ours ordered: the rep it names is rung, and after key 1 the number it names, which must be
/// one of the group (P10).
fn meet_call_test(arrival: &Arrival, rules: &Rules, key: &HashKey) -> Met {
    let told = arrival.told.as_ref();
    let rep = told.and_then(|told| plan::rep_named(rules, told.rep.as_deref()?));
    let number =
        told.and_then(|told| PhoneNumber::parse(told.phone.as_deref()?, &rules.country).ok());
    let number = number.filter(|number| guard::is_our_own(rules, number));
    Met {
        number: number.as_ref().map(|number| key.of(number)),
        requested_at: None,
        first: None,
        kind: rep.map_or(Kind::Silent, |rep| Kind::RingsBack(rep.id.clone())),
        texts: false,
        held: None,
        phone: number,
    }
}

/// What becomes of an arrival once its number's row is read: a flow of its own, or another's customer again.
pub enum Outset {
    /// Its own flow, to be stepped with [`Event::Begin`] unless it is held.
    Own(Box<Flow>, Vec<Entry>, Vec<Command>),
    /// Closed at once; the open flow of the same number in the same rooftop is stepped with [`Event::Joined`].
    Joined(Box<Flow>, Vec<Entry>, LeadId),
}

/// Sets out: held, joined, or on its way.
pub fn set_out(
    arrival: &Arrival,
    met: Met,
    number: &Number,
    rules: &Rules,
    now: Timestamp,
) -> Outset {
    let (lead, held) = (arrival.lead, met.held);
    let mut facts = met.facts(arrival, now);
    let received = Entry::new(now, What::LeadReceived);
    let open = number.open_in(&facts.rooftop).filter(|_| held.is_none());
    if let Some(to) = open {
        let closed = crate::flow::Closed {
            outcome: Outcome::Joined,
            reason: None,
            at: now,
        };
        let flow = Flow::new(lead, facts, State::Closed(closed), now);
        return Outset::Joined(
            Box::new(flow),
            vec![received, Entry::new(now, What::LeadJoined)],
            to,
        );
    }
    let cap = number.at_cap(rules.customer_rings_per_day, now) && facts.number.is_some();
    let held = held.or(Some(HeldReason::Cap).filter(|_| cap));
    let rooftop = rules.rooftops.get(&facts.rooftop);
    if facts.first.is_none() {
        facts.first = rooftop.and_then(|rooftop| had_it(number, rooftop.terms.window_min, now));
    }
    let fresh = rooftop
        .filter(|_| !facts.unproven)
        .map(|rooftop| i64::from(rooftop.terms.fresh_min));
    let fresh_until = facts.t0.unwrap_or(now) + SignedDuration::from_mins(fresh.unwrap_or(0));
    let state = held.map_or(State::Waiting { until: now }, State::Held);
    let mut timeline = vec![received];
    let mut commands = Vec::new();
    if let Some(reason) = held {
        timeline.push(Entry::new(now, What::LeadHeld).because(word(reason)));
        commands.push(Command::Notice(Notice::Held(reason)));
    }
    let mut flow = Flow::new(lead, facts, state, fresh_until);
    flow.noted.note(&timeline);
    Outset::Own(Box::new(flow), timeline, commands)
}

/// A customer who asks again makes a new plan of a flow that reached nobody.
fn may_open_again(flow: &Flow) -> bool {
    flow.outcome().is_some_and(|closed| {
        matches!(
            closed.outcome,
            Outcome::NobodyAccepted | Outcome::CustomerUnreached
        )
    })
}

fn first(rules: &Rules, name: &str) -> First {
    plan::rep_named(rules, name).map_or(First::Stranger, |rep| First::Named(rep.id.clone()))
}

/// The rep who had this customer a moment ago.
fn had_it(number: &Number, window_min: u32, now: Timestamp) -> Option<First> {
    let window = SignedDuration::from_mins(i64::from(window_min));
    let last = number.last.as_ref().filter(|last| last.at + window > now)?;
    Some(First::HadIt(last.rep.clone()))
}

/// The phones of a rooftop's people: a lead that comes in there needs their rows.
pub fn phones_at(rules: &Rules, rooftop: &RooftopId) -> Vec<PhoneKey> {
    let mut keys = people(rules, rooftop, None);
    keys.sort();
    keys.dedup();
    keys
}

fn people(rules: &Rules, rooftop: &RooftopId, first: Option<&First>) -> Vec<PhoneKey> {
    let rooftop = rules.rooftops.get(rooftop);
    let ids = rooftop.into_iter().flat_map(|rooftop| {
        rooftop
            .reps
            .iter()
            .chain(&rooftop.duty)
            .chain(&rooftop.owner)
    });
    let first = first.and_then(|first| match first {
        First::Named(id) | First::HadIt(id) => Some(id),
        First::Stranger => None,
    });
    ids.chain(first)
        .filter_map(|id| rules.reps.get(id))
        .map(|rep| rep.key.clone())
        .collect()
}
