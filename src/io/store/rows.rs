//! Single rows: read into the core's types, and written back.
//!
//! A function that ends in `to_change` keeps the row from everybody else until the commit. They are called in this
//! order, so that two nodes never wait for each other: the flow, the number, the desk.

use jiff::Timestamp;
use leadbridge_providers::{CarrierCallId, LeadId, LegId};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::db::{Db, Row, Statement, Value, with};
use super::error::{Answer, StoreError};
use super::{New, OutboxId, Wake};
use crate::decision::Arrival;
use crate::desk::{Desk, Number, Phone};
use crate::flow::shown::Stage;
use crate::flow::{Command, Entry, Event, Flow, word};
use crate::lead::Lead;
use crate::phone::{PhoneKey, PhoneNumber};
use crate::report::LeadFigures;

/// A flow, kept from everybody else.
pub(super) const FLOW: &str = "SELECT flow FROM flow WHERE lead = $1 FOR UPDATE";
const FLOW_DUE: &str = "SELECT flow FROM flow WHERE lead = $1 AND due <= $2 FOR UPDATE SKIP LOCKED";
const NUMBER_OF_FLOW: &str = "SELECT number_row FROM number \
    WHERE number = (SELECT number FROM flow WHERE lead = $1) FOR UPDATE";
/// Of a flow that another node may have: its number would be waited for. One that is not found is asked for by itself.
const NUMBER_OF_FLOW_DUE: &str = "SELECT number_row FROM number \
    WHERE number = (SELECT number FROM flow WHERE lead = $1) FOR UPDATE SKIP LOCKED";
const NUMBER: &str = "SELECT number_row FROM number WHERE number = $1 FOR UPDATE";
/// So many phones are asked for at once; their rows are locked in the order of their keys.
const PHONES_AT_ONCE: usize = 16;
const PHONES: &str = "SELECT phone, phone_row FROM desk \
    WHERE phone IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
    ORDER BY phone FOR UPDATE";
const OF_SOURCE: &str = "SELECT id FROM lead WHERE source = $1 AND source_id = $2";
const TOLD: &str = "SELECT told, phone FROM lead WHERE id = $1";
const DELETE_ITEM: &str = "DELETE FROM outbox WHERE id = $1 AND node = $2";
const IN_HAND: &str = "SELECT id FROM outbox WHERE id = $1 AND node = $2 FOR UPDATE";

/// Keeps what the figures need of a flow that is over.
pub(super) const SAVE_FIGURES: &str = "INSERT INTO figures (t1, lead, joined_to, figures_row) \
    VALUES ($1, $2, (SELECT joined_to FROM lead WHERE id = $2), $3) \
    ON CONFLICT (t1, lead) DO UPDATE SET figures_row = excluded.figures_row";

/// A flow with all that is read along with it, to be changed.
pub(super) struct Opened {
    /// The flow.
    pub(super) flow: Flow,
    /// Its customer's number.
    pub(super) number: Number,
    /// What the customer told.
    pub(super) told: Option<Lead>,
    /// The number to ring.
    pub(super) phone: Option<PhoneNumber>,
    /// Whether the item that is answered is in this node's hand; true when none is.
    pub(super) in_hand: bool,
}

/// When a flow is opened.
#[derive(Clone, Copy)]
pub(super) enum When {
    /// Whatever its deadline.
    Always,
    /// Only when its deadline has passed and no other node has it.
    Due,
}

/// Opens a flow to change it.
pub(super) async fn open(
    db: &mut Db<'_>,
    lead: LeadId,
    when: When,
    answers: Option<OutboxId>,
) -> Answer<Option<Opened>> {
    let (flow, number) = match when {
        When::Always => ((FLOW, with![lead]), NUMBER_OF_FLOW),
        When::Due => {
            let now = nanoseconds(db.now().await?);
            ((FLOW_DUE, with![lead, now]), NUMBER_OF_FLOW_DUE)
        }
    };
    let mut asked = vec![flow, (number, with![lead]), (TOLD, with![lead])];
    asked.extend(answers.map(|id| (IN_HAND, with![id.0, db.node().id()])));
    let mut found = db.ask_all(asked).await?.into_iter();
    let mut next = || found.next().unwrap_or_default().into_iter().next();
    let (flow, number, lead_row, item) = (next(), next(), next(), next());
    let Some(flow) = flow else {
        return Ok(None);
    };
    let flow: Flow = json_of(&flow, "a flow")?;
    let number = match (number, &flow.facts.number) {
        (None, Some(key)) => number_to_change(db, Some(key)).await?,
        (found, _) => number_of(found.as_ref())?,
    };
    let (told, phone) = told_of(lead_row.as_ref())?;
    Ok(Some(Opened {
        flow,
        number,
        told,
        phone,
        in_hand: answers.is_none() || item.is_some(),
    }))
}

/// The flow of a lead, to look at.
pub(super) async fn flow(db: &mut Db<'_>, lead: LeadId) -> Answer<Option<Flow>> {
    let sql = "SELECT flow FROM flow WHERE lead = $1";
    one_json(db, sql, lead, "a flow").await
}

/// Writes a flow, one version up.
pub(super) fn save_flow(db: &mut Db<'_>, flow: &Flow) -> Answer<()> {
    let sql = "INSERT INTO flow (lead, version, flow, number, due, open, t1, stage, source, rooftop, node) \
               VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
               ON CONFLICT (lead) DO UPDATE SET version = flow.version + 1, \
               flow = excluded.flow, due = excluded.due, open = excluded.open, stage = excluded.stage, \
               node = excluded.node";
    let mut row = with![flow.lead, json(flow)?];
    row.extend(searched(flow));
    row.push(db.node().id().into());
    db.write(sql, row)?;
    match is_open(flow) {
        true => Ok(()),
        false => db.write(SAVE_FIGURES, figures(flow)?),
    }
}

/// Writes a flow anew of which only the reason of its end was emptied, and what the figures keep of it.
pub(super) fn rewrite_flow(db: &mut Db<'_>, flow: &Flow) -> Answer<()> {
    let sql = "UPDATE flow SET flow = $1, version = version + 1 WHERE lead = $2";
    db.write(sql, with![json(flow)?, flow.lead])?;
    let sql = "UPDATE figures SET figures_row = $1 WHERE t1 = $2 AND lead = $3";
    let row = json(&LeadFigures::alone(flow))?;
    db.write(sql, with![row, nanoseconds(flow.facts.t1), flow.lead])
}

/// What the columns from `number` to `rooftop` repeat of a flow, to be searched.
pub(super) fn searched(flow: &Flow) -> Vec<Value> {
    with![
        flow.facts.number.as_ref().map(PhoneKey::as_str),
        flow.deadline().map(nanoseconds),
        is_open(flow),
        nanoseconds(flow.facts.t1),
        word(flow.stage()),
        flow.facts.source.0.as_str(),
        flow.facts.rooftop.0.as_str(),
    ]
}

/// Whether anything can still happen to a flow: a closed one may have legs to end.
fn is_open(flow: &Flow) -> bool {
    flow.deadline().is_some() || flow.stage() != Stage::Closed
}

/// What [`SAVE_FIGURES`] writes of a flow.
pub(super) fn figures(flow: &Flow) -> Answer<Vec<Value>> {
    let figures = json(&LeadFigures::alone(flow))?;
    Ok(with![nanoseconds(flow.facts.t1), flow.lead, figures])
}

/// The rows of these phones; one without a row is as new.
pub(super) async fn desk_to_change(db: &mut Db<'_>, phones: &[PhoneKey]) -> Answer<Desk> {
    if phones.is_empty() {
        return Ok(Desk::default());
    }
    let mut desk = desk_found(db.ask_all(phones_asked(phones)).await?)?;
    if db.is_shared() && desk.0.len() < phones.len() {
        // Nobody can be kept from a row that is not there.
        let mut phones = phones.to_vec();
        phones.sort();
        for phone in &phones {
            let sql = "INSERT INTO desk (phone, phone_row) VALUES ($1, $2) ON CONFLICT (phone) DO NOTHING";
            db.write(sql, with![phone.as_str(), json(&Phone::default())?])?;
        }
        desk = desk_found(db.ask_all(phones_asked(&phones)).await?)?;
    }
    for phone in phones {
        desk.0.entry(phone.clone()).or_default();
    }
    Ok(desk)
}

fn phones_asked(phones: &[PhoneKey]) -> Vec<Statement> {
    let mut phones: Vec<_> = phones.iter().map(PhoneKey::as_str).collect();
    phones.sort_unstable();
    let asked = phones.chunks(PHONES_AT_ONCE).map(|keys| {
        let mut keys: Vec<_> = keys.iter().copied().map(Value::from).collect();
        keys.resize(PHONES_AT_ONCE, Value::Null);
        (PHONES, keys)
    });
    asked.collect()
}

fn desk_found(found: Vec<Vec<Row>>) -> Answer<Desk> {
    let phone = |row: Row| {
        let key = parsed(row.text(0)?, "a phone's key")?;
        Ok((key, from_json(row.text(1)?, "a phone's row")?))
    };
    let phones: Answer<_> = found.into_iter().flatten().map(phone).collect();
    phones.map(Desk)
}

/// Writes the row of a phone.
pub(super) fn save_phone(db: &mut Db<'_>, key: &PhoneKey, phone: &Phone) -> Answer<()> {
    let sql = "INSERT INTO desk (phone, due, phone_row) VALUES ($1, $2, $3) \
               ON CONFLICT (phone) DO UPDATE SET due = excluded.due, phone_row = excluded.phone_row";
    let due = phone.due().map(nanoseconds);
    db.write(sql, with![key.as_str(), due, json(phone)?])
}

/// The row of a customer's number, to look at.
pub(super) async fn number(db: &mut Db<'_>, key: &PhoneKey) -> Answer<Number> {
    let sql = "SELECT number_row FROM number WHERE number = $1";
    number_of(db.ask_one(sql, with![key.as_str()]).await?.as_ref())
}

/// The row of a customer's number; without one it is as new.
pub(super) async fn number_to_change(db: &mut Db<'_>, key: Option<&PhoneKey>) -> Answer<Number> {
    let Some(key) = key else {
        return Ok(Number::default());
    };
    provide_number(db, key)?;
    number_of(db.ask_one(NUMBER, with![key.as_str()]).await?.as_ref())
}

/// Nobody can be kept from a row that is not there.
fn provide_number(db: &mut Db<'_>, key: &PhoneKey) -> Answer<()> {
    if !db.is_shared() {
        return Ok(());
    }
    let sql =
        "INSERT INTO number (number, number_row) VALUES ($1, $2) ON CONFLICT (number) DO NOTHING";
    db.write(sql, with![key.as_str(), json(&Number::default())?])
}

fn number_of(row: Option<&Row>) -> Answer<Number> {
    let number = row.map(|row| json_of(row, "a number's row"));
    Ok(number.transpose()?.unwrap_or_default())
}

/// Writes the row of a customer's number.
pub(super) fn save_number(db: &mut Db<'_>, key: &PhoneKey, number: &Number) -> Answer<()> {
    let sql = "INSERT INTO number (number, number_row) VALUES ($1, $2) \
               ON CONFLICT (number) DO UPDATE SET number_row = excluded.number_row";
    db.write(sql, with![key.as_str(), json(number)?])
}

/// What is read of a lead that comes in, all to be changed.
pub(super) struct Arriving {
    /// The lead that its source sent before under the same id.
    pub(super) known: Option<LeadId>,
    /// The row of the customer's number.
    pub(super) number: Number,
    /// Those rows of the phones that are there.
    pub(super) desk: Desk,
}

/// Reads for a lead that comes in.
pub(super) async fn arriving(
    db: &mut Db<'_>,
    arrival: &Arrival,
    key: Option<&PhoneKey>,
    phones: &[PhoneKey],
) -> Answer<Arriving> {
    let id = arrival.told.as_ref().and_then(|told| told.id.clone());
    if let Some(key) = key {
        provide_number(db, key)?;
    }
    let mut asked = vec![
        (OF_SOURCE, with![arrival.source.0.as_str(), id]),
        (NUMBER, with![key.map(PhoneKey::as_str)]),
    ];
    asked.extend(phones_asked(phones));
    let mut found = db.ask_all(asked).await?;
    let desk = desk_found(found.split_off(2))?;
    let mut found = found.into_iter();
    let mut next = || found.next().unwrap_or_default().into_iter().next();
    let (known, number) = (next(), next());
    Ok(Arriving {
        known: known.map(|row| lead_id(&row, 0)).transpose()?,
        number: number_of(number.as_ref())?,
        desk,
    })
}

/// The latest lead with this number.
pub(super) async fn latest_of(db: &mut Db<'_>, phone: &PhoneNumber) -> Answer<Option<LeadId>> {
    let sql = "SELECT id FROM lead WHERE phone = $1 ORDER BY id DESC LIMIT 1";
    let row = db.ask_one(sql, with![phone.as_str()]).await?;
    row.map(|row| lead_id(&row, 0)).transpose()
}

/// Writes a lead and its raw body: all that is personal.
pub(super) fn insert_lead(
    db: &mut Db<'_>,
    new: &New,
    phone: Option<&PhoneNumber>,
    joined_to: Option<LeadId>,
) -> Answer<()> {
    let arrival = &new.arrival;
    let told = arrival.told.as_ref();
    let sql = "INSERT INTO lead (id, source, source_id, joined_to, told, phone, mail, content_type, body) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let mail = told.and_then(|told| told.email.as_ref());
    let row = with![
        arrival.lead,
        arrival.source.0.as_str(),
        told.and_then(|told| told.id.clone()),
        joined_to,
        told.map(json).transpose()?,
        phone.map(PhoneNumber::as_str),
        mail.map(|mail| mail.to_lowercase()),
        new.content_type.as_str(),
        new.body.clone(),
    ];
    db.write(sql, row)
}

/// What the customer told, and the number to ring. Both are empty once they were erased.
pub(super) async fn told(
    db: &mut Db<'_>,
    lead: LeadId,
) -> Answer<(Option<Lead>, Option<PhoneNumber>)> {
    told_of(db.ask_one(TOLD, with![lead]).await?.as_ref())
}

pub(super) fn told_of(row: Option<&Row>) -> Answer<(Option<Lead>, Option<PhoneNumber>)> {
    let Some(row) = row else {
        return Ok((None, None));
    };
    let told = row.text_or_null(0)?.map(|told| from_json(told, "a lead"));
    let phone = row.text_or_null(1)?.map(|phone| {
        PhoneNumber::try_from(phone.to_owned())
            .map_err(|_| StoreError::Corrupt("a lead's number".to_owned()))
    });
    Ok((told.transpose()?, phone.transpose()?))
}

/// Adds to the timeline of a lead.
pub(super) fn append(db: &mut Db<'_>, lead: LeadId, entries: &[Entry]) -> Answer<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO timeline (lead, seq, entries) \
               VALUES ($1, (SELECT 1 + coalesce(max(seq), 0) FROM timeline WHERE lead = $1), $2)";
    db.write(sql, with![lead, json(&entries)?])
}

/// Puts a command into the outbox, into the hand of this node.
pub(super) fn insert_item(
    db: &mut Db<'_>,
    lead: LeadId,
    command: &Command,
    now: Timestamp,
) -> Answer<OutboxId> {
    let sql = "INSERT INTO outbox (id, lead, command, parked, born_at, node) \
               VALUES ($1, $2, $3, 0, $4, $5)";
    let (id, node) = (db.node().next_id(), db.node().id());
    db.write(sql, with![id, lead, json(command)?, nanoseconds(now), node])?;
    Ok(OutboxId(id))
}

/// Takes an item out of the outbox, if this node has it in hand.
pub(super) fn delete_item(db: &mut Db<'_>, id: OutboxId) -> Answer<()> {
    let node = db.node().id();
    db.write(DELETE_ITEM, with![id.0, node])
}

/// The same. `false`: this node does not have it in hand.
pub(super) async fn take_out(db: &mut Db<'_>, id: OutboxId) -> Answer<bool> {
    let node = db.node().id();
    Ok(db.change(DELETE_ITEM, with![id.0, node]).await? == 1)
}

/// Marks whether an item waits. `false`: this node does not have it in hand.
pub(super) async fn park(db: &mut Db<'_>, id: OutboxId, parked: bool) -> Answer<bool> {
    let node = db.node().id();
    let sql = "UPDATE outbox SET parked = $1 WHERE id = $2 AND node = $3";
    Ok(db.change(sql, with![parked, id.0, node]).await? == 1)
}

/// Leaves an event to another flow. `joined` is the lead whose customer is the same.
pub(super) fn insert_wake(db: &mut Db<'_>, lead: LeadId, joined: Option<LeadId>) -> Answer<Wake> {
    let cause = joined.map_or_else(String::new, |lead| lead.to_string());
    let left = wake(lead, &cause);
    let sql = "INSERT INTO wake (id, lead, cause) VALUES ($1, $2, $3)";
    let id = db.node().next_id();
    db.write(sql, with![id, lead, cause])?;
    Ok(left)
}

/// Takes out what was left to this flow. `false`: nothing of the kind was.
pub(super) async fn delete_wake(db: &mut Db<'_>, lead: LeadId, event: &Event) -> Answer<bool> {
    // Of those that joined it, the first; each is told by an event of its own.
    let sql = if *event == Event::Joined {
        "DELETE FROM wake WHERE id = (SELECT min(id) FROM wake WHERE lead = $1 AND cause <> '')"
    } else {
        "DELETE FROM wake WHERE lead = $1 AND cause = ''"
    };
    Ok(db.change(sql, with![lead]).await? > 0)
}

/// The event that a row of `wake` stands for.
pub(super) fn wake(lead: LeadId, cause: &str) -> Wake {
    let event = if cause.is_empty() {
        Event::Woken
    } else {
        Event::Joined
    };
    Wake { lead, event }
}

/// Remembers which leg a carrier's call is.
pub(super) fn bind(db: &mut Db<'_>, call: &CarrierCallId, leg: LegId) -> Answer<()> {
    let sql = "INSERT INTO call (call, leg) VALUES ($1, $2) ON CONFLICT (call) DO NOTHING";
    db.write(sql, with![call.0.as_str(), leg.to_string()])
}

/// A moment as the tables keep it.
pub(super) fn nanoseconds(at: Timestamp) -> i64 {
    let far = if at.as_nanosecond() < 0 {
        i64::MIN
    } else {
        i64::MAX
    };
    i64::try_from(at.as_nanosecond()).unwrap_or(far)
}

/// A moment that the tables kept.
pub(super) fn moment(nanoseconds: i64) -> Answer<Timestamp> {
    let at = Timestamp::from_nanosecond(i128::from(nanoseconds));
    at.map_err(|_| StoreError::Corrupt("a moment".to_owned()))
}

/// The one row of a query about a lead, read from its JSON.
pub(super) async fn one_json<T: DeserializeOwned>(
    db: &mut Db<'_>,
    sql: &'static str,
    lead: LeadId,
    what: &str,
) -> Answer<Option<T>> {
    let row = db.ask_one(sql, with![lead]).await?;
    row.map(|row| json_of(&row, what)).transpose()
}

fn json_of<T: DeserializeOwned>(row: &Row, what: &str) -> Answer<T> {
    from_json(row.text(0)?, what)
}

/// Reads a column of JSON. What is wrong with it is not quoted: it could be personal.
pub(super) fn from_json<T: DeserializeOwned>(text: &str, what: &str) -> Answer<T> {
    serde_json::from_str(text).map_err(|_| StoreError::Corrupt(what.to_owned()))
}

/// A column with the name of a lead.
pub(super) fn lead_id(row: &Row, column: usize) -> Answer<LeadId> {
    parsed(row.text(column)?, "a lead's name")
}

/// Reads a name.
pub(super) fn parsed<T: std::str::FromStr>(text: &str, what: &str) -> Answer<T> {
    text.parse()
        .map_err(|_| StoreError::Corrupt(what.to_owned()))
}

/// A column of JSON.
pub(super) fn json<T: Serialize>(value: &T) -> Answer<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Unavailable(error.to_string()))
}
