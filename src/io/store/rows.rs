//! Single rows: read into the core's types, and written back.

use jiff::Timestamp;
use leadbridge_providers::{CarrierCallId, LeadId, LegId};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::{Answer, StoreError};
use super::{New, OutboxId, Wake};
use crate::desk::{Desk, Number, Phone};
use crate::flow::shown::Stage;
use crate::flow::{Command, Entry, Event, Flow, word};
use crate::lead::Lead;
use crate::phone::{PhoneKey, PhoneNumber};

/// The flow of a lead.
pub(super) fn flow(db: &Connection, lead: LeadId) -> Answer<Option<Flow>> {
    let sql = "SELECT flow FROM flow WHERE lead = ?";
    one_json(db, sql, &lead.to_string(), "a flow")
}

/// Writes a flow, one version up.
pub(super) fn save_flow(db: &Connection, flow: &Flow) -> Answer<()> {
    let sql = "INSERT INTO flow (lead, version, flow, due, open, t1, stage, source, rooftop) \
               VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
               ON CONFLICT (lead) DO UPDATE SET version = version + 1, \
               flow = ?2, due = ?3, open = ?4, stage = ?6";
    let (due, stage) = (flow.deadline(), flow.stage());
    db.prepare_cached(sql)?.execute(params![
        flow.lead.to_string(),
        json(flow)?,
        due.map(nanoseconds),
        // A closed flow may still have legs to end.
        due.is_some() || stage != Stage::Closed,
        nanoseconds(flow.facts.t1),
        word(stage),
        flow.facts.source.0,
        flow.facts.rooftop.0,
    ])?;
    Ok(())
}

/// The rows of these phones; one without a row is as new.
pub(super) fn desk(db: &Connection, phones: &[PhoneKey]) -> Answer<Desk> {
    let sql = "SELECT phone_row FROM desk WHERE phone = ?";
    let mut desk = Desk::default();
    for key in phones {
        let phone: Option<Phone> = one_json(db, sql, key.as_str(), "a phone's row")?;
        desk.0.insert(key.clone(), phone.unwrap_or_default());
    }
    Ok(desk)
}

/// Writes the row of a phone.
pub(super) fn save_phone(db: &Connection, key: &PhoneKey, phone: &Phone) -> Answer<()> {
    let sql = "INSERT INTO desk (phone, due, phone_row) VALUES (?1, ?2, ?3) \
               ON CONFLICT (phone) DO UPDATE SET due = ?2, phone_row = ?3";
    db.prepare_cached(sql)?.execute(params![
        key.as_str(),
        phone.due().map(nanoseconds),
        json(phone)?
    ])?;
    Ok(())
}

/// The row of a customer's number; without one it is as new.
pub(super) fn number(db: &Connection, key: Option<&PhoneKey>) -> Answer<Number> {
    let sql = "SELECT number_row FROM number WHERE number = ?";
    let number = match key {
        Some(key) => one_json(db, sql, key.as_str(), "a number's row")?,
        None => None,
    };
    Ok(number.unwrap_or_default())
}

/// Writes the row of a customer's number.
pub(super) fn save_number(db: &Connection, key: &PhoneKey, number: &Number) -> Answer<()> {
    let sql = "INSERT INTO number (number, number_row) VALUES (?1, ?2) \
               ON CONFLICT (number) DO UPDATE SET number_row = ?2";
    db.prepare_cached(sql)?
        .execute(params![key.as_str(), json(number)?])?;
    Ok(())
}

/// The lead that this source sent under this id.
pub(super) fn lead_of_source(db: &Connection, source: &str, id: &str) -> Answer<Option<LeadId>> {
    let sql = "SELECT id FROM lead WHERE source = ? AND source_id = ?";
    let mut statement = db.prepare_cached(sql)?;
    let lead: Option<String> = statement
        .query_row(params![source, id], |row| row.get(0))
        .optional()?;
    lead.map(|lead| parsed(&lead, "a lead's name")).transpose()
}

/// The latest lead with this number.
pub(super) fn latest_of(db: &Connection, phone: &PhoneNumber) -> Answer<Option<LeadId>> {
    let sql = "SELECT id FROM lead WHERE phone = ? ORDER BY id DESC LIMIT 1";
    let lead: Option<String> = db
        .prepare_cached(sql)?
        .query_row([phone.as_str()], |row| row.get(0))
        .optional()?;
    lead.map(|lead| parsed(&lead, "a lead's name")).transpose()
}

/// Writes a lead and its raw body: all that is personal.
pub(super) fn insert_lead(
    db: &Connection,
    new: &New,
    phone: Option<&PhoneNumber>,
    joined_to: Option<LeadId>,
) -> Answer<()> {
    let (arrival, id) = (&new.arrival, new.arrival.lead.to_string());
    let told = arrival.told.as_ref();
    let sql = "INSERT INTO lead (id, source, source_id, joined_to, told, phone) \
               VALUES (?, ?, ?, ?, ?, ?)";
    db.prepare_cached(sql)?.execute(params![
        id,
        arrival.source.0,
        told.and_then(|told| told.id.as_ref()),
        joined_to.map(|lead| lead.to_string()),
        told.map(json).transpose()?,
        phone.map(PhoneNumber::as_str),
    ])?;
    let sql = "INSERT INTO raw (lead, content_type, body) VALUES (?, ?, ?)";
    db.prepare_cached(sql)?
        .execute(params![id, new.content_type, new.body])?;
    Ok(())
}

/// What the customer told, and the number to ring. Both are empty once they were erased.
pub(super) fn told(db: &Connection, lead: LeadId) -> Answer<(Option<Lead>, Option<PhoneNumber>)> {
    let sql = "SELECT told, phone FROM lead WHERE id = ?";
    let row = db
        .prepare_cached(sql)?
        .query_row([lead.to_string()], |row| {
            Ok((
                row.get::<_, Option<String>>(0)?,
                row.get::<_, Option<String>>(1)?,
            ))
        })
        .optional()?;
    let (told, phone) = row.unwrap_or_default();
    let told = told.map(|told| from_json(&told, "a lead")).transpose()?;
    let phone = phone.map(|phone| {
        PhoneNumber::try_from(phone).map_err(|_| StoreError::Corrupt("a lead's number".to_owned()))
    });
    Ok((told, phone.transpose()?))
}

/// Adds to the timeline of a lead.
pub(super) fn append(db: &Connection, lead: LeadId, entries: &[Entry]) -> Answer<()> {
    let sql = "INSERT INTO timeline (lead, seq, entry) \
               SELECT ?1, 1 + coalesce(max(seq), 0), ?2 FROM timeline WHERE lead = ?1";
    let mut statement = db.prepare_cached(sql)?;
    for entry in entries {
        statement.execute(params![lead.to_string(), json(entry)?])?;
    }
    Ok(())
}

/// Puts a command into the outbox.
pub(super) fn insert_item(
    db: &Connection,
    lead: LeadId,
    command: &Command,
    now: Timestamp,
) -> Answer<OutboxId> {
    let sql = "INSERT INTO outbox (lead, command, born_at) VALUES (?, ?, ?)";
    let row = params![lead.to_string(), json(command)?, nanoseconds(now)];
    Ok(OutboxId(db.prepare_cached(sql)?.insert(row)?))
}

/// Takes an item out of the outbox.
pub(super) fn delete_item(db: &Connection, id: OutboxId) -> Answer<()> {
    db.prepare_cached("DELETE FROM outbox WHERE id = ?")?
        .execute([id.0])?;
    Ok(())
}

/// Marks whether an item waits. `false`: it is no longer there.
pub(super) fn park(db: &Connection, id: OutboxId, parked: bool) -> Answer<bool> {
    let sql = "UPDATE outbox SET parked = ? WHERE id = ?";
    let found = db.prepare_cached(sql)?.execute(params![parked, id.0])?;
    Ok(found == 1)
}

/// Leaves an event to another flow. `joined` is the lead whose customer is the same.
pub(super) fn insert_wake(db: &Connection, lead: LeadId, joined: Option<LeadId>) -> Answer<Wake> {
    let cause = joined.map_or_else(String::new, |lead| lead.to_string());
    db.prepare_cached("INSERT OR IGNORE INTO wake (lead, cause) VALUES (?, ?)")?
        .execute(params![lead.to_string(), cause])?;
    Ok(wake(lead, &cause))
}

/// Takes out what was left to this flow. `false`: nothing of the kind was.
pub(super) fn delete_wake(db: &Connection, lead: LeadId, event: &Event) -> Answer<bool> {
    // Of those that joined it, the first; each is told by an event of its own.
    let sql = "DELETE FROM wake WHERE lead = ?1 AND cause = \
               (SELECT min(cause) FROM wake WHERE lead = ?1 AND (cause <> '') = ?2)";
    let joined = matches!(event, Event::Joined);
    let found = db
        .prepare_cached(sql)?
        .execute(params![lead.to_string(), joined])?;
    Ok(found == 1)
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
pub(super) fn bind(db: &Connection, call: &CarrierCallId, leg: LegId) -> Answer<()> {
    db.prepare_cached("INSERT OR IGNORE INTO call (call, leg) VALUES (?, ?)")?
        .execute(params![call.0, leg.to_string()])?;
    Ok(())
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

/// The one row of a query, read from its JSON.
pub(super) fn one_json<T: DeserializeOwned>(
    db: &Connection,
    sql: &str,
    key: &str,
    what: &str,
) -> Answer<Option<T>> {
    let text: Option<String> = db
        .prepare_cached(sql)?
        .query_row([key], |row| row.get(0))
        .optional()?;
    text.map(|text| from_json(&text, what)).transpose()
}

/// Reads a column of JSON. What is wrong with it is not quoted: it could be personal.
pub(super) fn from_json<T: DeserializeOwned>(text: &str, what: &str) -> Answer<T> {
    serde_json::from_str(text).map_err(|_| StoreError::Corrupt(what.to_owned()))
}

/// Reads a name.
pub(super) fn parsed<T: std::str::FromStr>(text: &str, what: &str) -> Answer<T> {
    text.parse()
        .map_err(|_| StoreError::Corrupt(what.to_owned()))
}

/// A column of text.
pub(super) fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<String> {
    row.get(column)
}

fn json<T: Serialize>(value: &T) -> Answer<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Unavailable(error.to_string()))
}
