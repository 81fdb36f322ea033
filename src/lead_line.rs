//! The lead line: whose call a call that comes in is (BEHAVIOUR 5). What then happens to a lead is the flow's to
//! decide; here is only which lead, if any, and where everybody else is put through (P10: to a number of the rotation
//! file, and no other).

use jiff::{SignedDuration, Timestamp};
use leadbridge_providers::LeadId;

use crate::decision::{self, Arrival};
use crate::desk::{Number, Phone};
use crate::flow::{Entry, Flow, Kind, State, What};
use crate::guard;
use crate::lead::Lead;
use crate::phone::{HashKey, PhoneKey, PhoneNumber};
use crate::plan::First;
use crate::rotation::{CarrierId, Rep, Rooftop, Rules, SourceId};

/// The source of leads that come of a customer's own call; no source of the settings may have its name.
pub const SOURCE: &str = "lead-line";

/// Who rings.
#[derive(Debug)]
pub enum Caller<'r> {
    /// One of our own people.
    Rep(&'r Rep),
    /// Somebody who may be a customer.
    Number(PhoneKey),
    /// A reception, or a number of the group that was sent on to us: put through, it would come back again.
    Ourselves,
    /// A number that is withheld.
    Nobody,
}

/// Reads who rings.
pub fn caller<'r>(rules: &'r Rules, key: &HashKey, from: Option<&PhoneNumber>) -> Caller<'r> {
    let Some(from) = from else {
        return Caller::Nobody;
    };
    match guard::rep_of_number(rules, from) {
        Some(rep) => Caller::Rep(rep),
        None if guard::is_our_own(rules, from) => Caller::Ourselves,
        None => Caller::Number(key.of(from)),
    }
}

/// The rooftops whose number this is at this carrier.
pub fn rooftops<'r>(rules: &'r Rules, carrier: &CarrierId, line: &PhoneNumber) -> Vec<&'r Rooftop> {
    let shows = |rooftop: &&Rooftop| rooftop.caller_id == *line && rooftop.carrier == *carrier;
    rules.rooftops.values().filter(shows).collect()
}

/// Where callers of this number are put through to.
pub fn reception<'r>(rules: &'r Rules, line: &PhoneNumber) -> Option<&'r PhoneNumber> {
    let rooftops = rules.rooftops.values();
    let theirs = rooftops.filter(|rooftop| rooftop.caller_id == *line);
    theirs
        .filter_map(|rooftop| rooftop.reception.as_ref())
        .next()
}

/// The lead that a rep gets who rings from this phone: the oldest that it missed. `flow` reads one.
pub fn for_rep<E>(
    phone: &Phone,
    key: &PhoneKey,
    rules: &Rules,
    now: Timestamp,
    mut flow: impl FnMut(LeadId) -> Result<Option<Flow>, E>,
) -> Result<Option<Flow>, E> {
    if phone.on_a_call(now) {
        return Ok(None);
    }
    for lead in phone.to_ring_back() {
        let found = flow(lead)?.filter(|flow| flow.offers(key, rules, now));
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// The open lead of a customer who rings one of these rooftops: theirs, else any.
pub fn for_customer(number: &Number, rooftops: &[&Rooftop]) -> Option<LeadId> {
    let here = rooftops
        .iter()
        .find_map(|rooftop| number.open_in(&rooftop.id));
    here.or(number.flows.first().map(|flow| flow.lead))
}

/// A customer whose lead is closed rings again.
#[derive(Debug)]
pub struct Again {
    /// The new lead's name.
    pub lead: LeadId,
    /// What they told before; only the lead's row keeps it (P9).
    pub told: Lead,
    /// The flow that knew it.
    pub before: Flow,
}

/// A new lead of a known customer, if they may be rung: with it, what was told, and where it goes.
pub fn new_lead(
    again: Again,
    number: &Number,
    rooftops: &[&Rooftop],
    rules: &Rules,
    key: &HashKey,
    now: Timestamp,
) -> Option<(Arrival, Flow, Vec<Entry>)> {
    let Again { lead, told, before } = again;
    let known = before.facts.kind == Kind::Real && !matches!(before.state, State::Held(_));
    let same = rooftops
        .iter()
        .find(|rooftop| rooftop.id == before.facts.rooftop);
    let rooftop = same.or(rooftops.first()).filter(|_| known)?;
    let arrival = Arrival {
        lead,
        source: SourceId(SOURCE.to_owned()),
        rooftop: rooftop.id.clone(),
        told: Some(Lead {
            id: None,
            requested_at: Some(now),
            ..told
        }),
        over_rate: false,
        unproven: false,
    };
    let met = decision::meet(&arrival, rules, key);
    if met.held.is_some() || met.number.is_none() {
        return None;
    }
    let mut facts = met.facts(&arrival, now);
    if let Some(last) = &number.last {
        facts.first = Some(First::HadIt(last.rep.clone()));
    }
    let fresh = SignedDuration::from_mins(i64::from(rooftop.terms.fresh_min));
    let flow = Flow::new(lead, facts, State::Waiting { until: now }, now + fresh);
    Some((arrival, flow, vec![Entry::new(now, What::LeadReceived)]))
}
