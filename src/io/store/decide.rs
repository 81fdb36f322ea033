//! One decision as part of a transaction: the rows it needs are read, it is made, and what it changed is written.
//! Nobody else can change the rows meanwhile.

use leadbridge_providers::{CarrierCallId, LeadId, LegId, Placing};

use super::db::Db;
use super::error::{Answer, StoreError};
use super::questions;
use super::rows::{self, Opened, When};
use super::{Effect, New, NodeId, OutboxId, Received, Stepped, Wake};
use crate::decision::{self, Decision, Met, Outset, Rows};
use crate::desk::{Desk, Phone};
use crate::flow::{Command, Entry, Event, Flow, State};
use crate::rotation::{CarrierId, Rules};

/// What a decision leaves behind, once it is written.
pub(super) struct Left {
    pub(super) flow: Flow,
    pub(super) timeline: Vec<Entry>,
    pub(super) effects: Vec<Effect>,
    pub(super) wakes: Vec<Wake>,
}

/// A lead comes in: known, held, joined to another, or on its way.
pub(super) async fn receive(
    db: &mut Db<'_>,
    new: &New,
    met: &Met,
    rules: &Rules,
) -> Answer<Received> {
    let phones = decision::phones_at(rules, &new.arrival.rooftop);
    let arriving = rows::arriving(db, &new.arrival, met.number.as_ref(), &phones).await?;
    if let Some(lead) = arriving.known {
        return known(db, lead).await;
    }
    let (lead, now) = (new.arrival.lead, db.now().await?);
    let number = arriving.number;
    let left = match decision::set_out(&new.arrival, met.clone(), &number, rules, now) {
        Outset::Own(flow, timeline, commands) => {
            rows::insert_lead(db, new, met.phone.as_ref(), None)?;
            let rows = Rows {
                flow: *flow,
                desk: arriving.desk,
                number,
            };
            set_out(db, rows, (timeline, commands), rules).await?
        }
        Outset::Joined(flow, timeline, to) => {
            rows::insert_lead(db, new, met.phone.as_ref(), Some(to))?;
            let mut born = bear(db, *flow, timeline, &[]).await?;
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
pub(super) async fn step(
    db: &mut Db<'_>,
    lead: LeadId,
    event: &Event,
    answers: Option<OutboxId>,
    rules: &Rules,
) -> Answer<Option<Stepped>> {
    let Some(before) = rows::open(db, lead, When::Always, answers).await? else {
        rows::delete_wake(db, lead, event).await?;
        if let Some(id) = answers {
            rows::delete_item(db, id)?;
        }
        return Ok(None);
    };
    advance(db, before, event, answers, rules).await.map(Some)
}

/// The deadline of a lead, if it has passed. `None`: it has not, or another node has the lead in hand.
pub(super) async fn step_due(
    db: &mut Db<'_>,
    lead: LeadId,
    rules: &Rules,
) -> Answer<Option<Stepped>> {
    let Some(before) = rows::open(db, lead, When::Due, None).await? else {
        return Ok(None);
    };
    advance(db, before, &Event::Clock, None, rules)
        .await
        .map(Some)
}

/// An event that a carrier tells: of a leg of another carrier's it is no event.
pub(super) async fn step_by(
    db: &mut Db<'_>,
    carrier: &CarrierId,
    leg: LegId,
    event: &Event,
    rules: &Rules,
) -> Answer<Option<Stepped>> {
    let opened = rows::open(db, leg.lead, When::Always, None).await?;
    match opened.filter(|opened| opened.flow.is_at(leg, carrier)) {
        Some(before) => advance(db, before, event, None, rules).await.map(Some),
        None => Ok(None),
    }
}

/// A lead to which nothing happens now.
pub(super) async fn as_it_stands(db: &mut Db<'_>, lead: LeadId) -> Answer<Option<Stepped>> {
    let opened = rows::open(db, lead, When::Always, None).await?;
    Ok(opened.map(|opened| {
        let left = Left::nothing(opened.flow.clone());
        stepped(opened, left)
    }))
}

/// An event of a flow that is open.
async fn advance(
    db: &mut Db<'_>,
    before: Opened,
    event: &Event,
    answers: Option<OutboxId>,
    rules: &Rules,
) -> Answer<Stepped> {
    let lead = before.flow.lead;
    let mut left = if is_late(&before, event) || is_old(db, lead, event).await? {
        Left::nothing(before.flow.clone())
    } else {
        change(db, &before, event, rules).await?
    };
    if let (Some(id), true) = (answers, before.in_hand) {
        left.effects
            .extend(answer(db, id, event, &left.flow).await?);
    }
    Ok(stepped(before, left))
}

/// Another node has taken the item over that this answers, and asks what became of it. That the carrier took it is
/// true all the same.
fn is_late(before: &Opened, event: &Event) -> bool {
    !before.in_hand && !matches!(event, Event::Placing(_, Placing::Placed(_)))
}

fn stepped(before: Opened, left: Left) -> Stepped {
    Stepped {
        before: before.flow,
        flow: left.flow,
        told: before.told.unwrap_or_default(),
        phone: before.phone,
        timeline: left.timeline,
        effects: left.effects,
        wakes: left.wakes,
    }
}

/// Frees the phones whose claim or rest is over, and tells who is first in line for them.
pub(super) async fn expire(db: &mut Db<'_>) -> Answer<Vec<Wake>> {
    let now = db.now().await?;
    let due = questions::phones_due(db, now).await?;
    let mut wakes = Vec::new();
    for (key, mut phone) in rows::desk_to_change(db, &due).await?.0 {
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
async fn known(db: &mut Db<'_>, lead: LeadId) -> Answer<Received> {
    let flow = rows::flow(db, lead)
        .await?
        .ok_or_else(|| StoreError::Corrupt("a lead without a flow".to_owned()))?;
    Ok(Received {
        lead,
        known: true,
        flow,
        timeline: Vec::new(),
        effects: Vec::new(),
        wakes: Vec::new(),
    })
}

/// Writes a flow for the first time.
pub(super) async fn bear(
    db: &mut Db<'_>,
    flow: Flow,
    timeline: Vec<Entry>,
    commands: &[Command],
) -> Answer<Left> {
    rows::save_flow(db, &flow)?;
    rows::append(db, flow.lead, &timeline)?;
    let effects = order(db, &flow, commands).await?;
    Ok(Left {
        timeline,
        effects,
        ..Left::nothing(flow)
    })
}

/// Writes a flow for the first time, begun already unless a person must look at it first.
async fn set_out(
    db: &mut Db<'_>,
    rows: Rows,
    told: (Vec<Entry>, Vec<Command>),
    rules: &Rules,
) -> Answer<Left> {
    let (timeline, commands) = told;
    if matches!(rows.flow.state, State::Held(_)) {
        return bear(db, rows.flow, timeline, &commands).await;
    }
    let (before, mut begun) = decide(db, rows, &Event::Begin, rules).await?;
    if begun.rows.flow == before.flow {
        rows::save_flow(db, &before.flow)?;
    }
    begun.timeline.splice(0..0, timeline);
    begun.commands.splice(0..0, commands);
    keep(db, &before, begun).await
}

/// Whether an event that another flow left was stepped before.
async fn is_old(db: &mut Db<'_>, lead: LeadId, event: &Event) -> Answer<bool> {
    if !matches!(event, Event::Woken | Event::Joined) {
        return Ok(false);
    }
    let pending = rows::delete_wake(db, lead, event).await?;
    Ok(!pending && *event == Event::Joined)
}

/// Decides, and writes it.
async fn change(db: &mut Db<'_>, before: &Opened, event: &Event, rules: &Rules) -> Answer<Left> {
    let rows = Rows {
        flow: before.flow.clone(),
        desk: Desk::default(),
        number: before.number.clone(),
    };
    let (before, decision) = decide(db, rows, event, rules).await?;
    keep(db, &before, decision).await
}

/// Writes what a decision changed.
async fn keep(db: &mut Db<'_>, before: &Rows, decision: Decision) -> Answer<Left> {
    let Decision {
        rows: after,
        commands,
        timeline,
        wakes,
    } = decision;
    save(db, before, &after)?;
    rows::append(db, after.flow.lead, &timeline)?;
    let wakes: Answer<_> = wakes
        .into_iter()
        .map(|lead| rows::insert_wake(db, lead, None))
        .collect();
    Ok(Left {
        wakes: wakes?,
        effects: order(db, &after.flow, &commands).await?,
        flow: after.flow,
        timeline,
    })
}

/// Decides over the rows it needs, some of which may have been read already. Which they are is known for sure only when
/// it is done: a decision that touched a phone whose row was not read is made again with it.
async fn decide(
    db: &mut Db<'_>,
    mut before: Rows,
    event: &Event,
    rules: &Rules,
) -> Answer<(Rows, Decision)> {
    let mut phones = decision::phones(&before.flow, &before.number, rules);
    loop {
        phones.retain(|phone| !before.desk.0.contains_key(phone));
        let read = rows::desk_to_change(db, &phones).await?;
        before.desk.0.extend(read.0);
        let now = db.now().await?;
        let decision = decision::decide(before.clone(), event.clone(), rules, now);
        let touched = decision.rows.desk.0.keys();
        let unread = touched.filter(|key| !before.desk.0.contains_key(*key));
        phones = unread.cloned().collect();
        if phones.is_empty() {
            return Ok((before, decision));
        }
    }
}

fn save(db: &mut Db<'_>, before: &Rows, after: &Rows) -> Answer<()> {
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
pub(super) fn calls(flow: &Flow) -> Vec<(LegId, &CarrierCallId)> {
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
async fn order(db: &mut Db<'_>, flow: &Flow, commands: &[Command]) -> Answer<Vec<Effect>> {
    let (lead, now) = (flow.lead, db.now().await?);
    let errands = commands
        .iter()
        .filter_map(|command| Some((command, flow.errand(command)?)));
    errands
        .map(|(command, errand)| {
            Ok(Effect {
                id: rows::insert_item(db, lead, command, now)?,
                node: NodeId(db.node().id()),
                lead,
                command: command.clone(),
                errand,
            })
        })
        .collect()
}

/// What an event means for the item that it answers: it waits on, it leaves now, or it is done.
async fn answer(
    db: &mut Db<'_>,
    id: OutboxId,
    event: &Event,
    flow: &Flow,
) -> Answer<Option<Effect>> {
    if let Event::Leaving(leg) = event
        && flow.wants(*leg)
    {
        return leave(db, id, *leg, flow).await;
    }
    let waits = waiting(event).and_then(|leg| flow.attempt(leg));
    if waits.is_some_and(|ring| ring.result.is_none() && ring.life.waits()) {
        rows::park(db, id, true).await?;
    } else {
        rows::delete_item(db, id)?;
    }
    Ok(None)
}

/// A ring that waited leaves now, if its item is still there.
async fn leave(db: &mut Db<'_>, id: OutboxId, leg: LegId, flow: &Flow) -> Answer<Option<Effect>> {
    let command = Command::Ring(leg);
    let errand = flow.errand(&command);
    if !rows::park(db, id, false).await? {
        return Ok(None);
    }
    Ok(errand.map(|errand| Effect {
        id,
        node: NodeId(db.node().id()),
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
