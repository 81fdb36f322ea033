//! The questions themselves, each in one look at the store as it is at one instant, and the answers.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use leadbridge_providers::{CarrierCallId, LeadId, LegId};
use serde::Deserialize;

use super::db::{Db, Row, Value, with};
use super::error::Answer;
use super::rows::{self, from_json, lead_id, moment, nanoseconds, parsed};
use super::{NodeId, OutboxId, Wake};
use crate::desk::{Desk, Phone};
use crate::flow::errand::Errand;
use crate::flow::shown::Stage;
use crate::flow::{Command, Entry, Flow, Rank, word};
use crate::lead::Lead;
use crate::phone::{PhoneKey, PhoneNumber};
use crate::rotation::{RooftopId, SourceId};

const FLOW: &str = "SELECT flow FROM flow WHERE lead = $1";
const TOLD: &str = "SELECT told, phone, source_id, joined_to FROM lead WHERE id = $1";
const TIMELINE: &str = "SELECT entries FROM timeline WHERE lead = $1 ORDER BY seq";

/// A page of the list. What is not asked for is NULL; by which index the rows are met is told by `$by`, because a plan
/// that is made once for all values can't depend on them.
macro_rules! list {
    ($by:literal) => {
        concat!(
            "SELECT lead FROM flow WHERE (t1, lead) < ($1, $2) AND t1 >= $3 ",
            "AND (CAST($4 AS TEXT) IS NULL OR stage = $4) ",
            "AND (CAST($5 AS TEXT) IS NULL OR source = $5) ",
            "AND (CAST($6 AS TEXT) IS NULL OR rooftop = $6) ",
            $by,
            "ORDER BY t1 DESC, lead DESC LIMIT $7"
        )
    };
}
const LIST: &str = list!("");
const LIST_OPEN: &str = list!("AND open = 1 AND stage = $4 ");
const LIST_SOURCE: &str = list!("AND source = $5 ");
const LIST_ROOFTOP: &str = list!("AND rooftop = $6 ");

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
    /// Who has it in hand.
    pub node: NodeId,
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

pub(super) async fn due(db: &mut Db<'_>, limit: usize) -> Answer<Vec<LeadId>> {
    let sql = "SELECT lead FROM flow WHERE due <= $1 ORDER BY due, t1 LIMIT $2";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let now = nanoseconds(db.now().await?);
    leads(db, sql, with![now, limit]).await
}

/// Phones whose claim or rest is over.
pub(super) async fn phones_due(db: &mut Db<'_>, now: Timestamp) -> Answer<Vec<PhoneKey>> {
    let sql = "SELECT phone FROM desk WHERE due <= $1 ORDER BY phone FOR UPDATE SKIP LOCKED";
    let found = db.ask(sql, with![nanoseconds(now)]).await?;
    let key = |row: &Row| parsed(row.text(0)?, "a phone's key");
    found.iter().map(key).collect()
}

pub(super) async fn record(db: &mut Db<'_>, lead: LeadId) -> Answer<Option<Record>> {
    Ok(records(db, &[lead]).await?.pop())
}

/// All that is kept of these leads; one that is not there is left out.
pub(super) async fn records(db: &mut Db<'_>, leads: &[LeadId]) -> Answer<Vec<Record>> {
    let asked = leads
        .iter()
        .flat_map(|lead| [FLOW, TOLD, TIMELINE].map(|sql| (sql, with![*lead])));
    let found = db.ask_all(asked.collect()).await?;
    let mut records = Vec::new();
    for found in found.chunks(3) {
        let [flow, told, timeline] = found else {
            continue;
        };
        if let Some(flow) = flow.first() {
            records.push(read(flow, told.first(), timeline)?);
        }
    }
    Ok(records)
}

fn read(flow: &Row, told: Option<&Row>, timeline: &[Row]) -> Answer<Record> {
    let (source_id, joined_to) = match told {
        Some(row) => (row.text_or_null(2)?, row.text_or_null(3)?),
        None => (None, None),
    };
    let joined_to = joined_to.map(|lead| parsed(lead, "a lead's name"));
    let source_id = source_id.map(ToOwned::to_owned);
    let (told, phone) = rows::told_of(told)?;
    let mut lines = Vec::new();
    for row in timeline {
        let entries: Vec<Entry> = from_json(row.text(0)?, "a line of a timeline")?;
        lines.extend(entries);
    }
    Ok(Record {
        flow: from_json(flow.text(0)?, "a flow")?,
        told,
        phone,
        source_id,
        joined_to: joined_to.transpose()?,
        timeline: lines,
    })
}

pub(super) async fn raw(db: &mut Db<'_>, lead: LeadId) -> Answer<Option<Raw>> {
    let sql = "SELECT content_type, body FROM lead WHERE id = $1 AND body IS NOT NULL";
    let Some(row) = db.ask_one(sql, with![lead]).await? else {
        return Ok(None);
    };
    Ok(Some(Raw {
        content_type: row.text(0)?.to_owned(),
        body: row.bytes_or_null(1)?.unwrap_or_default().to_vec(),
    }))
}

pub(super) async fn list(
    db: &mut Db<'_>,
    filter: &Filter,
    after: Option<LeadId>,
    limit: usize,
) -> Answer<Page> {
    let Some((before, behind)) = place(db, after).await? else {
        return Ok(Page {
            leads: Vec::new(),
            next: None,
        });
    };
    // One more than asked for tells whether there is a next page.
    let more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let asked = with![
        before,
        behind,
        filter.since.map_or(i64::MIN, nanoseconds),
        filter.state.map(word),
        filter.source.as_ref().map(|source| source.0.as_str()),
        filter.rooftop.as_ref().map(|rooftop| rooftop.0.as_str()),
        more,
    ];
    let mut found = leads(db, listing(filter), asked).await?;
    let is_last = found.len() <= limit;
    found.truncate(limit);
    let next = found.last().copied().filter(|_| !is_last);
    let leads = records(db, &found).await?;
    Ok(Page { leads, next })
}

/// The statement that meets the fewest rows: few leads are open, and a source has one rooftop.
fn listing(filter: &Filter) -> &'static str {
    match filter.state {
        Some(stage) if stage != Stage::Closed => LIST_OPEN,
        _ if filter.source.is_some() => LIST_SOURCE,
        _ if filter.rooftop.is_some() => LIST_ROOFTOP,
        _ => LIST,
    }
}

/// Where a page begins, by the time and name of the lead before. `None`: that lead is not there.
async fn place(db: &mut Db<'_>, after: Option<LeadId>) -> Answer<Option<(i64, String)>> {
    let Some(after) = after else {
        return Ok(Some((i64::MAX, String::new())));
    };
    let row = db
        .ask_one("SELECT t1 FROM flow WHERE lead = $1", with![after])
        .await?;
    let t1 = row.map(|row| row.int(0)).transpose()?;
    Ok(t1.map(|t1| (t1, after.to_string())))
}

pub(super) async fn desk(db: &mut Db<'_>) -> Answer<Desk> {
    let mut desk = Desk::default();
    for row in db.ask("SELECT phone, phone_row FROM desk", with![]).await? {
        let phone: Phone = from_json(row.text(1)?, "a phone's row")?;
        desk.0.insert(parsed(row.text(0)?, "a phone's key")?, phone);
    }
    Ok(desk)
}

pub(super) async fn counts(db: &mut Db<'_>) -> Answer<Counts> {
    let sql = "SELECT stage, count(*) FROM flow WHERE open = 1 GROUP BY stage";
    let number =
        |row: &Row, column| Answer::Ok(u32::try_from(row.int(column)?).unwrap_or(u32::MAX));
    let mut counts = Counts::default();
    for row in db.ask(sql, with![]).await? {
        let stage = from_json(&format!("\"{}\"", row.text(0)?), "a state")?;
        counts.flows.insert(stage, number(&row, 1)?);
    }
    counts.flows.remove(&Stage::Closed);
    let outbox = db.ask_one("SELECT count(*) FROM outbox", with![]).await?;
    counts.outbox = outbox.map(|row| number(&row, 0)).transpose()?.unwrap_or(0);
    Ok(counts)
}

pub(super) async fn bound(db: &mut Db<'_>, call: &CarrierCallId) -> Answer<Option<LegId>> {
    let sql = "SELECT leg FROM call WHERE call = $1";
    let row = db.ask_one(sql, with![call.0.as_str()]).await?;
    row.map(|row| parsed(row.text(0)?, "a leg's name"))
        .transpose()
}

pub(super) async fn next_due(db: &mut Db<'_>) -> Answer<Option<SignedDuration>> {
    let sql = "SELECT min(due) FROM (SELECT min(due) AS due FROM flow WHERE due IS NOT NULL \
               UNION ALL SELECT min(due) FROM desk WHERE due IS NOT NULL) AS soonest";
    let row = db.ask_one(sql, with![]).await?;
    let due = row.map(|row| row.int_or_null(0)).transpose()?.flatten();
    let (due, now) = (due.map(moment).transpose()?, db.now().await?);
    Ok(due.map(|due| due.duration_since(now)))
}

pub(super) async fn pending(db: &mut Db<'_>) -> Answer<Vec<Wake>> {
    let sql = "SELECT DISTINCT lead, cause FROM wake ORDER BY lead, cause";
    let found = db.ask(sql, with![]).await?;
    found
        .iter()
        .map(|row| Ok(rows::wake(lead_id(row, 0)?, row.text(1)?)))
        .collect()
}

/// The outbox; of this lead, and in the hand of this node, where they are given.
pub(super) async fn items(
    db: &mut Db<'_>,
    lead: Option<LeadId>,
    node: Option<NodeId>,
) -> Answer<Vec<Item>> {
    let sql = "SELECT outbox.id, command, parked, flow, outbox.node FROM outbox JOIN flow USING (lead) \
               WHERE (CAST($1 AS TEXT) IS NULL OR lead = $1) \
               AND (CAST($2 AS BIGINT) IS NULL OR outbox.node = $2) ORDER BY outbox.id";
    let mut items = Vec::new();
    db.each(sql, with![lead, node.map(|node| node.0)], |row| {
        let command = from_json(row.text(1)?, "a command")?;
        let flow: Flow = from_json(row.text(3)?, "a flow")?;
        items.push(Item {
            id: OutboxId(row.int(0)?),
            node: NodeId(row.int(4)?),
            lead: flow.lead,
            parked: row.int(2)? != 0,
            errand: flow.errand(&command),
            command,
        });
        Ok(())
    })
    .await?;
    Ok(items)
}

pub(super) async fn flows_with_legs(db: &mut Db<'_>) -> Answer<Vec<LeadId>> {
    let sql =
        "SELECT lead, flow, t1 FROM flow WHERE open = 1 AND (stage <> 'held' OR due IS NOT NULL)";
    with_legs(db, sql, with![]).await
}

/// Of the flows that a question finds (their leads, themselves, and their t1), those with a leg that may be up, the
/// oldest first. Those that only wait for a person are not to be among them: there may be very many. One that can't be read is among them: whoever steps it is told.
pub(super) async fn with_legs(
    db: &mut Db<'_>,
    sql: &'static str,
    asked: Vec<Value>,
) -> Answer<Vec<LeadId>> {
    let mut found = Vec::new();
    db.each(sql, asked, |row| {
        let legs: Answer<Legs> = from_json(row.text(1)?, "a flow");
        if legs.map_or(true, |legs| legs.may_be_up()) {
            found.push((row.int(2)?, lead_id(&row, 0)?));
        }
        Ok(())
    })
    .await?;
    found.sort_unstable();
    Ok(found.into_iter().map(|(_, lead)| lead).collect())
}

/// How far the legs of a flow are, and nothing else of it: a start looks at all open flows, and most of them wait.
#[derive(Deserialize)]
struct Legs {
    attempts: Vec<Leg>,
    customer: Vec<Leg>,
}

#[derive(Deserialize)]
struct Leg {
    life: Reached,
}

#[derive(Deserialize)]
struct Reached {
    rank: Rank,
}

impl Legs {
    fn may_be_up(&self) -> bool {
        let mut legs = self.attempts.iter().chain(&self.customer);
        legs.any(|leg| leg.life.rank < Rank::Ended)
    }
}

async fn leads(db: &mut Db<'_>, sql: &'static str, asked: Vec<Value>) -> Answer<Vec<LeadId>> {
    let found = db.ask(sql, asked).await?;
    found.iter().map(|row| lead_id(row, 0)).collect()
}
