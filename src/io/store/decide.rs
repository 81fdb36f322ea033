//! One decision as part of a transaction: the rows it needs are read, it is made, and what it changed is written.
//! There is one writer, so the rows cannot change meanwhile.

use jiff::Timestamp;
use leadbridge_providers::{CarrierCallId, LeadId, LegId, Placing};
use rusqlite::Connection;

use super::error::{Answer, StoreError};
use super::reads;
use super::rows;
use super::{Effect, New, OutboxId, Received, Stepped, Wake};
use crate::decision::{self, Decision, Outset, Rows};
use crate::desk::Phone;
use crate::flow::{Command, Entry, Event, Flow, State};
use crate::phone::HashKey;
use crate::rotation::{CarrierId, Rules};

/// What a decision leaves behind, once it is written.
pub(super) struct Left {
    pub(super) flow: Flow,
    pub(super) timeline: Vec<Entry>,
    pub(super) effects: Vec<Effect>,
    pub(super) wakes: Vec<Wake>,
}

/// A lead comes in: known, held, joined to another, or on its way.
pub(super) fn receive(
    db: &Connection,
    new: New,
    rules: &Rules,
    key: &HashKey,
    now: Timestamp,
) -> Answer<Received> {
    if let Some(known) = known(db, &new)? {
        return Ok(known);
    }
    let lead = new.arrival.lead;
    let met = decision::meet(&new.arrival, rules, key, now);
    let phone = met.phone.clone();
    let number = rows::number(db, met.facts.number.as_ref())?;
    let left = match decision::set_out(lead, met, &number, rules, now) {
        Outset::Own(flow, timeline, commands) => {
            rows::insert_lead(db, &new, phone.as_ref(), None)?;
            set_out(db, *flow, timeline, commands, rules, now)?
        }
        Outset::Joined(flow, timeline, to) => {
            rows::insert_lead(db, &new, phone.as_ref(), Some(to))?;
            let mut born = bear(db, *flow, timeline, &[], now)?;
            born.wakes.push(rows::insert_wake(db, to, Some(lead))?);
            born
        }
    };
    Ok(Received {
        lead,
        known: false,
        flow: left.flow,
        timeline: left.timeline,
        effects: left.effects,
        wakes: left.wakes,
    })
}

/// An event of a lead.
pub(super) fn step(
    db: &Connection,
    lead: LeadId,
    event: Event,
    answers: Option<OutboxId>,
    rules: &Rules,
    now: Timestamp,
) -> Answer<Option<Stepped>> {
    let Some(before) = rows::flow(db, lead)? else {
        rows::delete_wake(db, lead, &event)?;
        if let Some(id) = answers {
            rows::delete_item(db, id)?;
        }
        return Ok(None);
    };
    advance(db, before, event, answers, rules, now).map(Some)
}

/// An event of a flow that is read.
fn advance(
    db: &Connection,
    before: Flow,
    event: Event,
    answers: Option<OutboxId>,
    rules: &Rules,
    now: Timestamp,
) -> Answer<Stepped> {
    let lead = before.lead;
    let mut left = if is_old(db, lead, &event)? {
        Left::nothing(before.clone())
    } else {
        change(db, before.clone(), event.clone(), rules, now)?
    };
    if let Some(id) = answers {
        left.effects.extend(answer(db, id, &event, &left.flow)?);
    }
    stepped(db, before, left)
}

fn stepped(db: &Connection, before: Flow, left: Left) -> Answer<Stepped> {
    let (told, phone) = rows::told(db, before.lead)?;
    Ok(Stepped {
        before,
        flow: left.flow,
        told: told.unwrap_or_default(),
        phone,
        timeline: left.timeline,
        effects: left.effects,
        wakes: left.wakes,
    })
}

/// An event that a carrier tells: of a leg of another carrier's it is no event.
pub(super) fn step_by(
    db: &Connection,
    carrier: &CarrierId,
    leg: LegId,
    event: Event,
    rules: &Rules,
    now: Timestamp,
) -> Answer<Option<Stepped>> {
    let flow = rows::flow(db, leg.lead)?.filter(|flow| flow.is_at(leg, carrier));
    flow.map(|flow| advance(db, flow, event, None, rules, now))
        .transpose()
}

/// A lead to which nothing happens now.
pub(super) fn as_it_stands(db: &Connection, lead: LeadId) -> Answer<Option<Stepped>> {
    let Some(flow) = rows::flow(db, lead)? else {
        return Ok(None);
    };
    stepped(db, flow.clone(), Left::nothing(flow)).map(Some)
}

/// Frees the phones whose claim or rest is over, and tells who is first in line for them.
pub(super) fn expire(db: &Connection, now: Timestamp) -> Answer<Vec<Wake>> {
    let due = reads::phones_due(db, now)?;
    let mut wakes = Vec::new();
    for (key, mut phone) in rows::desk(db, &due)?.0 {
        let first = phone.expire(now).then(|| phone.first_in_line(now));
        rows::save_phone(db, &key, &phone)?;
        if let Some(lead) = first.flatten() {
            wakes.push(rows::insert_wake(db, lead, None)?);
        }
    }
    wakes.sort_by_key(|wake| wake.lead);
    wakes.dedup();
    Ok(wakes)
}

impl Left {
    fn nothing(flow: Flow) -> Left {
        Left {
            flow,
            timeline: Vec::new(),
            effects: Vec::new(),
            wakes: Vec::new(),
        }
    }
}

/// The lead that its source sent before, as it stands.
fn known(db: &Connection, new: &New) -> Answer<Option<Received>> {
    let told = new.arrival.told.as_ref();
    let Some(id) = told.and_then(|told| told.id.as_ref()) else {
        return Ok(None);
    };
    let Some(lead) = rows::lead_of_source(db, &new.arrival.source.0, id)? else {
        return Ok(None);
    };
    let flow = rows::flow(db, lead)?
        .ok_or_else(|| StoreError::Corrupt("a lead without a flow".to_owned()))?;
    Ok(Some(Received {
        lead,
        known: true,
        flow,
        timeline: Vec::new(),
        effects: Vec::new(),
        wakes: Vec::new(),
    }))
}

/// Writes a flow for the first time.
pub(super) fn bear(
    db: &Connection,
    flow: Flow,
    timeline: Vec<Entry>,
    commands: &[Command],
    now: Timestamp,
) -> Answer<Left> {
    rows::save_flow(db, &flow)?;
    rows::append(db, flow.lead, &timeline)?;
    let effects = order(db, &flow, commands, now)?;
    Ok(Left {
        timeline,
        effects,
        ..Left::nothing(flow)
    })
}

/// Writes a flow for the first time, begun already unless a person must look at it first.
fn set_out(
    db: &Connection,
    flow: Flow,
    timeline: Vec<Entry>,
    commands: Vec<Command>,
    rules: &Rules,
    now: Timestamp,
) -> Answer<Left> {
    if matches!(flow.state, State::Held(_)) {
        return bear(db, flow, timeline, &commands, now);
    }
    let (before, mut begun) = decide(db, flow, &Event::Begin, rules, now)?;
    if begun.rows.flow == before.flow {
        rows::save_flow(db, &before.flow)?;
    }
    begun.timeline.splice(0..0, timeline);
    begun.commands.splice(0..0, commands);
    keep(db, &before, begun, now)
}

/// Whether an event that another flow left was stepped before.
fn is_old(db: &Connection, lead: LeadId, event: &Event) -> Answer<bool> {
    if !matches!(event, Event::Woken | Event::Joined) {
        return Ok(false);
    }
    let pending = rows::delete_wake(db, lead, event)?;
    Ok(!pending && *event == Event::Joined)
}

/// Decides, and writes it.
fn change(
    db: &Connection,
    flow: Flow,
    event: Event,
    rules: &Rules,
    now: Timestamp,
) -> Answer<Left> {
    let (before, decision) = decide(db, flow, &event, rules, now)?;
    keep(db, &before, decision, now)
}

/// Writes what a decision changed.
fn keep(db: &Connection, before: &Rows, decision: Decision, now: Timestamp) -> Answer<Left> {
    let Decision {
        rows: after,
        commands,
        timeline,
        wakes,
    } = decision;
    save(db, before, &after)?;
    rows::append(db, after.flow.lead, &timeline)?;
    let wakes = wakes
        .into_iter()
        .map(|lead| rows::insert_wake(db, lead, None));
    Ok(Left {
        effects: order(db, &after.flow, &commands, now)?,
        wakes: wakes.collect::<Answer<_>>()?,
        flow: after.flow,
        timeline,
    })
}

/// Decides over the rows it needs, which are known for sure only when it is done: a decision that touched a phone
/// whose row was not read is made again with it.
fn decide(
    db: &Connection,
    flow: Flow,
    event: &Event,
    rules: &Rules,
    now: Timestamp,
) -> Answer<(Rows, Decision)> {
    let number = rows::number(db, flow.facts.number.as_ref())?;
    let mut phones = decision::phones(&flow, &number, rules);
    loop {
        let before = Rows {
            flow: flow.clone(),
            desk: rows::desk(db, &phones)?,
            number: number.clone(),
        };
        let decision = decision::decide(before.clone(), event.clone(), rules, now);
        let touched = decision.rows.desk.0.keys();
        let unread = touched.filter(|key| !before.desk.0.contains_key(*key));
        let unread: Vec<_> = unread.cloned().collect();
        if unread.is_empty() {
            return Ok((before, decision));
        }
        phones.extend(unread);
    }
}

fn save(db: &Connection, before: &Rows, after: &Rows) -> Answer<()> {
    if after.flow != before.flow {
        rows::save_flow(db, &after.flow)?;
        let known = calls(&before.flow);
        for (leg, call) in calls(&after.flow) {
            if !known.contains(&(leg, call)) {
                rows::bind(db, call, leg)?;
            }
        }
    }
    for (key, phone) in &after.desk.0 {
        if !before.desk.0.get(key).is_some_and(|was| same(was, phone)) {
            rows::save_phone(db, key, phone)?;
        }
    }
    match &after.flow.facts.number {
        Some(key) if after.number != before.number => rows::save_number(db, key, &after.number),
        Some(_) | None => Ok(()),
    }
}

/// The legs whose carrier's name is known.
fn calls(flow: &Flow) -> Vec<(LegId, &CarrierCallId)> {
    let reps = flow.attempts.iter().map(|rep| (rep.leg, &rep.life));
    let customers = flow.customer.iter().map(|leg| (leg.leg, &leg.life));
    reps.chain(customers)
        .filter_map(|(leg, life)| Some((leg, life.call.as_ref()?)))
        .collect()
}

/// Whether two rows of a phone say the same: its line has no order.
fn same(one: &Phone, other: &Phone) -> bool {
    let sorted = |phone: &Phone| {
        let mut phone = phone.clone();
        phone.line.sort_by_key(|waiting| waiting.lead);
        phone
    };
    one == other || sorted(one) == sorted(other)
}

/// Puts commands into the outbox. One that has nothing left to do is dropped here.
fn order(
    db: &Connection,
    flow: &Flow,
    commands: &[Command],
    now: Timestamp,
) -> Answer<Vec<Effect>> {
    let lead = flow.lead;
    let errands = commands
        .iter()
        .filter_map(|command| Some((command, flow.errand(command)?)));
    errands
        .map(|(command, errand)| {
            Ok(Effect {
                id: rows::insert_item(db, lead, command, now)?,
                lead,
                command: command.clone(),
                errand,
            })
        })
        .collect()
}

/// What an event means for the item that it answers: it waits on, it leaves now, or it is done.
fn answer(db: &Connection, id: OutboxId, event: &Event, flow: &Flow) -> Answer<Option<Effect>> {
    if let Event::Leaving(leg) = event
        && flow.wants(*leg)
    {
        return leave(db, id, *leg, flow);
    }
    let waits = waiting(event).and_then(|leg| flow.attempt(leg));
    if waits.is_some_and(|ring| ring.result.is_none() && ring.life.waits()) {
        rows::park(db, id, true)?;
    } else {
        rows::delete_item(db, id)?;
    }
    Ok(None)
}

/// A ring that waited leaves now, if its item is still there.
fn leave(db: &Connection, id: OutboxId, leg: LegId, flow: &Flow) -> Answer<Option<Effect>> {
    let command = Command::Ring(leg);
    let errand = flow.errand(&command);
    if !rows::park(db, id, false)? {
        return Ok(None);
    }
    Ok(errand.map(|errand| Effect {
        id,
        lead: flow.lead,
        command,
        errand,
    }))
}

/// The ring that an event leaves waiting here.
fn waiting(event: &Event) -> Option<LegId> {
    if let Event::Parked { leg, .. }
    | Event::Placing(leg, Placing::NotSent | Placing::OurSetUp { .. }) = event
    {
        Some(*leg)
    } else {
        None
    }
}
