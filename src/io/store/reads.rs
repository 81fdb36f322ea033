//! Questions. They are asked on connections of their own, which can only read, beside the one that writes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use leadbridge_providers::{CarrierCallId, LeadId, LegId};
use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::Semaphore;

use super::error::{Answer, StoreError};
use super::rows::{self, from_json, nanoseconds, parsed};
use super::{OutboxId, Wake, person, sqlite};
use crate::desk::{Desk, Phone};
use crate::flow::errand::Errand;
use crate::flow::shown::Stage;
use crate::flow::{Command, Entry, Flow, word};
use crate::lead::{Lead, Person};
use crate::phone::{HashKey, PhoneKey, PhoneNumber};
use crate::rotation::{RooftopId, SourceId};

/// So many questions are answered at the same time.
const AT_ONCE: usize = 4;

/// The questions that can be asked of a store.
#[derive(Clone, Debug)]
pub struct Reads(Arc<Pool>);

#[derive(Debug)]
struct Pool {
    path: PathBuf,
    turns: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

/// All that is kept of one lead, but for its raw body.
#[derive(Clone, PartialEq)]
pub struct Record {
    /// Its flow.
    pub flow: Flow,
    /// What the customer told; `None` when it could not be read, or is erased.
    pub told: Option<Lead>,
    /// The number to ring.
    pub phone: Option<PhoneNumber>,
    /// The source's own id.
    pub source_id: Option<String>,
    /// The lead that has this customer.
    pub joined_to: Option<LeadId>,
    /// What happened, in order.
    pub timeline: Vec<Entry>,
}

/// A body as it came.
#[derive(Clone, PartialEq, Eq)]
pub struct Raw {
    /// How it called itself.
    pub content_type: String,
    /// Its bytes.
    pub body: Vec<u8>,
}

/// Which leads are listed; `None` is all of them.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// In this state.
    pub state: Option<Stage>,
    /// From there.
    pub source: Option<SourceId>,
    /// For there.
    pub rooftop: Option<RooftopId>,
    /// Received then or later.
    pub since: Option<Timestamp>,
}

/// A part of a list, the latest lead first.
#[derive(Clone, PartialEq)]
pub struct Page {
    /// The leads.
    pub leads: Vec<Record>,
    /// After which lead the next page starts; `None`: there is no more.
    pub next: Option<LeadId>,
}

/// A command that has not left, or was not answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Its place in the outbox.
    pub id: OutboxId,
    /// Whose.
    pub lead: LeadId,
    /// What.
    pub command: Command,
    /// A ring that waits here: it has not left.
    pub parked: bool,
    /// The command filled in anew; `None`: nothing is left to do.
    pub errand: Option<Errand>,
}

/// How much there is of what is under way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Flows that are not closed.
    pub flows: BTreeMap<Stage, u32>,
    /// Items of the outbox.
    pub outbox: u32,
}

impl Reads {
    pub(super) fn new(path: &Path) -> Reads {
        Reads(Arc::new(Pool {
            path: path.to_owned(),
            turns: Semaphore::new(AT_ONCE),
            idle: Mutex::default(),
        }))
    }

    /// The secret that turns this store's numbers into keys.
    pub async fn hash_key(&self) -> Result<HashKey, StoreError> {
        self.ask(sqlite::hash_key).await
    }

    /// All that is kept of a lead.
    pub async fn lead(&self, lead: LeadId) -> Result<Option<Record>, StoreError> {
        self.ask(move |db| record(db, lead)).await
    }

    /// The body that a lead came in.
    pub async fn raw(&self, lead: LeadId) -> Result<Option<Raw>, StoreError> {
        self.ask(move |db| raw(db, lead)).await
    }

    /// Leads, the latest first, `limit` at most, from behind `after`.
    pub async fn list(
        &self,
        filter: Filter,
        after: Option<LeadId>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.ask(move |db| list(db, &filter, after, limit)).await
    }

    /// The leads of a person, the earliest first.
    pub async fn leads_of(&self, whom: Person) -> Result<Vec<LeadId>, StoreError> {
        self.ask(move |db| person::leads(db, &whom)).await
    }

    /// The rows of all phones.
    pub async fn desk(&self) -> Result<Desk, StoreError> {
        self.ask(desk).await
    }

    /// How much is under way.
    pub async fn counts(&self) -> Result<Counts, StoreError> {
        self.ask(counts).await
    }

    /// Which leg a carrier's call is.
    pub async fn bound(&self, call: CarrierCallId) -> Result<Option<LegId>, StoreError> {
        self.ask(move |db| bound(db, &call)).await
    }

    /// Flows whose deadline has passed, the earliest first, those of one instant by t1.
    pub async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<LeadId>, StoreError> {
        let sql = "SELECT lead FROM flow WHERE due <= ? ORDER BY due, t1 LIMIT ?";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.ask(move |db| leads(db, sql, params![nanoseconds(now), limit]))
            .await
    }

    /// When the next flow or phone is due.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.ask(next_due).await
    }

    /// Flows with a leg that may be up: all that a restart may have left behind. Most open flows wait, and a restart
    /// must be over soon.
    pub async fn flows_with_legs(&self) -> Result<Vec<LeadId>, StoreError> {
        self.ask(flows_with_legs).await
    }

    /// Events left to flows that were not stepped with them.
    pub async fn pending(&self) -> Result<Vec<Wake>, StoreError> {
        self.ask(pending).await
    }

    /// The outbox, the oldest first.
    pub async fn outbox(&self) -> Result<Vec<Item>, StoreError> {
        self.ask(|db| items(db, None)).await
    }

    /// What of one lead is in the outbox.
    pub async fn outbox_of(&self, lead: LeadId) -> Result<Vec<Item>, StoreError> {
        self.ask(move |db| items(db, Some(lead))).await
    }

    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> Answer<T> + Send + 'static,
    ) -> Answer<T> {
        let pool = self.0.clone();
        let _turn = self.0.turns.acquire().await.map_err(unavailable)?;
        tokio::task::spawn_blocking(move || pool.answer(question))
            .await
            .map_err(unavailable)?
    }
}

impl Pool {
    fn answer<T>(&self, question: impl FnOnce(&Connection) -> Answer<T>) -> Answer<T> {
        let idle = self.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => sqlite::open_to_read(&self.path)?,
        };
        let answer = question(&connection)?;
        // A connection that failed is not asked again.
        self.idle().push(connection);
        Ok(answer)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Phones whose claim or rest is over.
pub(super) fn phones_due(db: &Connection, now: Timestamp) -> Answer<Vec<PhoneKey>> {
    let mut statement = db.prepare_cached("SELECT phone FROM desk WHERE due <= ?")?;
    let keys = statement.query_map([nanoseconds(now)], |row| row.get::<_, String>(0))?;
    keys.map(|key| parsed(&key?, "a phone's key")).collect()
}

pub(super) fn record(db: &Connection, lead: LeadId) -> Answer<Option<Record>> {
    let Some(flow) = rows::flow(db, lead)? else {
        return Ok(None);
    };
    let (told, phone) = rows::told(db, lead)?;
    let (source_id, joined_to) = origin(db, lead)?;
    Ok(Some(Record {
        flow,
        told,
        phone,
        source_id,
        joined_to,
        timeline: timeline(db, lead)?,
    }))
}

fn origin(db: &Connection, lead: LeadId) -> Answer<(Option<String>, Option<LeadId>)> {
    let sql = "SELECT source_id, joined_to FROM lead WHERE id = ?";
    let row: Option<(Option<String>, Option<String>)> = db
        .prepare_cached(sql)?
        .query_row([lead.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (source_id, joined_to) = row.unwrap_or_default();
    let joined_to = joined_to.map(|lead| parsed(&lead, "a lead's name"));
    Ok((source_id, joined_to.transpose()?))
}

fn timeline(db: &Connection, lead: LeadId) -> Answer<Vec<Entry>> {
    let sql = "SELECT entry FROM timeline WHERE lead = ? ORDER BY seq";
    let mut statement = db.prepare_cached(sql)?;
    let entries = statement.query_map([lead.to_string()], |row| row.get::<_, String>(0))?;
    entries
        .map(|entry| from_json(&entry?, "a line of a timeline"))
        .collect()
}

fn raw(db: &Connection, lead: LeadId) -> Answer<Option<Raw>> {
    let sql = "SELECT content_type, body FROM raw WHERE lead = ?";
    let raw = db
        .prepare_cached(sql)?
        .query_row([lead.to_string()], |row| {
            Ok(Raw {
                content_type: row.get(0)?,
                body: row.get(1)?,
            })
        });
    Ok(raw.optional()?)
}

fn list(db: &Connection, filter: &Filter, after: Option<LeadId>, limit: usize) -> Answer<Page> {
    let sql = "SELECT lead FROM flow WHERE (?1 IS NULL OR stage = ?1) \
               AND (?2 IS NULL OR source = ?2) AND (?3 IS NULL OR rooftop = ?3) \
               AND (?4 IS NULL OR t1 >= ?4) \
               AND (?5 IS NULL OR (t1, lead) < (SELECT t1, lead FROM flow WHERE lead = ?5)) \
               ORDER BY t1 DESC, lead DESC LIMIT ?6";
    // One more than asked for tells whether there is a next page.
    let more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let asked = params![
        filter.state.map(word),
        filter.source.as_ref().map(|source| &source.0),
        filter.rooftop.as_ref().map(|rooftop| &rooftop.0),
        filter.since.map(nanoseconds),
        after.map(|lead| lead.to_string()),
        more,
    ];
    let mut found = leads(db, sql, asked)?;
    let is_last = found.len() <= limit;
    found.truncate(limit);
    let next = found.last().copied().filter(|_| !is_last);
    let records = found.into_iter().map(|lead| record(db, lead));
    let leads: Answer<Vec<_>> = records.filter_map(Result::transpose).collect();
    Ok(Page {
        leads: leads?,
        next,
    })
}

fn desk(db: &Connection) -> Answer<Desk> {
    let mut statement = db.prepare_cached("SELECT phone, phone_row FROM desk")?;
    let found = statement.query_map([], |row| Ok((rows::text(row, 0)?, rows::text(row, 1)?)))?;
    let mut desk = Desk::default();
    for row in found {
        let (key, phone) = row?;
        let phone: Phone = from_json(&phone, "a phone's row")?;
        desk.0.insert(parsed(&key, "a phone's key")?, phone);
    }
    Ok(desk)
}

fn counts(db: &Connection) -> Answer<Counts> {
    let sql = "SELECT stage, count(*) FROM flow WHERE open GROUP BY stage";
    let mut statement = db.prepare_cached(sql)?;
    let found = statement.query_map([], |row| Ok((rows::text(row, 0)?, row.get::<_, u32>(1)?)))?;
    let mut counts = Counts::default();
    for row in found {
        let (stage, count) = row?;
        let stage = from_json(&format!("\"{stage}\""), "a state")?;
        counts.flows.insert(stage, count);
    }
    counts.flows.remove(&Stage::Closed);
    let outbox = "SELECT count(*) FROM outbox";
    counts.outbox = db.prepare_cached(outbox)?.query_row([], |row| row.get(0))?;
    Ok(counts)
}

pub(super) fn bound(db: &Connection, call: &CarrierCallId) -> Answer<Option<LegId>> {
    let leg: Option<String> = db
        .prepare_cached("SELECT leg FROM call WHERE call = ?")?
        .query_row([&call.0], |row| row.get(0))
        .optional()?;
    leg.map(|leg| parsed(&leg, "a leg's name")).transpose()
}

fn next_due(db: &Connection) -> Answer<Option<Timestamp>> {
    let sql = "SELECT min(due) FROM (SELECT min(due) AS due FROM flow WHERE due IS NOT NULL \
               UNION ALL SELECT min(due) FROM desk WHERE due IS NOT NULL)";
    let due: Option<i64> = db.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    let moment = due.map(|due| Timestamp::from_nanosecond(i128::from(due)));
    moment
        .transpose()
        .map_err(|_| StoreError::Corrupt("a deadline".to_owned()))
}

fn pending(db: &Connection) -> Answer<Vec<Wake>> {
    let mut statement = db.prepare_cached("SELECT lead, cause FROM wake ORDER BY lead, cause")?;
    let found = statement.query_map([], |row| Ok((rows::text(row, 0)?, rows::text(row, 1)?)))?;
    found
        .map(|row| {
            let (lead, cause) = row?;
            Ok(rows::wake(parsed(&lead, "a lead's name")?, &cause))
        })
        .collect()
}

fn items(db: &Connection, lead: Option<LeadId>) -> Answer<Vec<Item>> {
    let sql = "SELECT outbox.id, command, parked, flow FROM outbox JOIN flow USING (lead) \
               WHERE ?1 IS NULL OR lead = ?1 ORDER BY outbox.id";
    let mut statement = db.prepare_cached(sql)?;
    let mut found = statement.query([lead.map(|lead| lead.to_string())])?;
    let mut items = Vec::new();
    while let Some(row) = found.next()? {
        let command = from_json(&rows::text(row, 1)?, "a command")?;
        let flow: Flow = from_json(&rows::text(row, 3)?, "a flow")?;
        items.push(Item {
            id: OutboxId(row.get(0)?),
            lead: flow.lead,
            parked: row.get(2)?,
            errand: flow.errand(&command),
            command,
        });
    }
    Ok(items)
}

/// One that can't be read is among them: whoever steps it is told.
fn flows_with_legs(db: &Connection) -> Answer<Vec<LeadId>> {
    let sql = "SELECT lead, flow FROM flow WHERE open ORDER BY t1";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let flow = row.get_ref(1)?.as_str().map_err(unavailable)?;
        let flow: Answer<Flow> = from_json(flow, "a flow");
        if !flow.is_ok_and(|flow| !flow.has_live_leg()) {
            found.push(parsed(&rows::text(row, 0)?, "a lead's name")?);
        }
    }
    Ok(found)
}

fn leads(db: &Connection, sql: &str, asked: impl rusqlite::Params) -> Answer<Vec<LeadId>> {
    let mut statement = db.prepare_cached(sql)?;
    let found = statement.query_map(asked, |row| row.get::<_, String>(0))?;
    found.map(|lead| parsed(&lead?, "a lead's name")).collect()
}

fn unavailable(error: impl std::fmt::Display) -> StoreError {
    StoreError::Unavailable(error.to_string())
}
