//! What grew old goes, a few leads at a time: the body as it came, what is personal, or the whole lead. Only what is
//! closed, with nothing left to end or to send.

use jiff::{SignedDuration, Timestamp};
use leadbridge_providers::LeadId;

use super::db::{Db, Row, with};
use super::error::Answer;
use super::rows::{from_json, lead_id, moment, nanoseconds};
use super::{Store, StoreError, decide, person};
use crate::flow::Flow;
use crate::lead::HeldReason;

/// When somebody last looked for what grew old, in nanoseconds.
const LOOKED_AT: &str = "aged-at";

const WITH_BODY: &str = "SELECT flow.t1, flow.lead FROM flow JOIN lead ON lead.id = flow.lead \
    WHERE (flow.t1, flow.lead) > ($1, $2) AND flow.t1 < $3 AND flow.open = 0 AND lead.body IS NOT NULL \
    ORDER BY flow.t1, flow.lead LIMIT 200";
const WITH_PERSON: &str = "SELECT flow.t1, flow.lead FROM flow JOIN lead ON lead.id = flow.lead \
    WHERE (flow.t1, flow.lead) > ($1, $2) AND flow.t1 < $3 AND flow.open = 0 \
    AND (lead.told IS NOT NULL OR lead.phone IS NOT NULL OR lead.body IS NOT NULL \
    OR EXISTS (SELECT 1 FROM message WHERE message.lead = flow.lead)) \
    ORDER BY flow.t1, flow.lead LIMIT 200";
const WHOLE: &str = "SELECT t1, lead FROM flow \
    WHERE (t1, lead) > ($1, $2) AND t1 < $3 AND open = 0 ORDER BY t1, lead LIMIT 200";

/// What goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aged {
    /// The body as it came; with that of a lead nobody could read, the reasons that people typed about it.
    Body,
    /// All that is personal, as when a person is erased; the figures stay.
    Person,
    /// The lead, also from the figures. What refuses texts goes on to.
    Lead,
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pruned {
    /// So many leads were concerned.
    pub leads: usize,
    /// Where the next step begins; `None`: this was the last one.
    pub next: Option<(Timestamp, LeadId)>,
}

impl Store {
    /// A turn to look for what grew old, one in `every` for all nodes together: `Some` is now. A turn begins anew where
    /// a process ends in the middle.
    pub async fn pruning_turn(
        &self,
        every: SignedDuration,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.run(None, now, async move |db| turn(db, every).await)
            .await
    }

    /// One step: of the leads that came in before, those behind `after`.
    pub async fn prune(
        &self,
        what: Aged,
        before: Timestamp,
        after: Option<(Timestamp, LeadId)>,
    ) -> Result<Pruned, StoreError> {
        let found = self
            .reads()
            .ask(async move |db| aged(db, what, before, after).await);
        let found = found.await?;
        let next = found.last().copied();
        let leads: Vec<LeadId> = found.into_iter().map(|(_, lead)| lead).collect();
        if leads.is_empty() {
            return Ok(Pruned { leads: 0, next });
        }
        let prune = self.run(None, Timestamp::UNIX_EPOCH, async move |db| {
            prune(db, what, &leads).await
        });
        let leads = prune.await?;
        Ok(Pruned { leads, next })
    }
}

/// A word in `meta`, which only one node can change at a time.
async fn turn(db: &mut Db<'_>, every: SignedDuration) -> Answer<Option<Timestamp>> {
    let now = db.now().await?;
    let sql = "INSERT INTO meta (key, value) VALUES ($1, CAST(CAST($2 AS BIGINT) AS TEXT)) \
               ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE CAST(meta.value AS BIGINT) <= $3";
    let asked = with![LOOKED_AT, nanoseconds(now), nanoseconds(now - every)];
    Ok((db.change(sql, asked).await? == 1).then_some(now))
}

async fn aged(
    db: &mut Db<'_>,
    what: Aged,
    before: Timestamp,
    after: Option<(Timestamp, LeadId)>,
) -> Answer<Vec<(Timestamp, LeadId)>> {
    let sql = match what {
        Aged::Body => WITH_BODY,
        Aged::Person => WITH_PERSON,
        Aged::Lead => WHOLE,
    };
    let (since, lead) = match after {
        Some((since, lead)) => (nanoseconds(since), lead.to_string()),
        None => (i64::MIN, String::new()),
    };
    let found = db.ask(sql, with![since, lead, nanoseconds(before)]).await?;
    let place = |row: &Row| Ok((moment(row.int(0)?)?, lead_id(row, 1)?));
    found.iter().map(place).collect()
}

/// So many of these leads were still at rest.
async fn prune(db: &mut Db<'_>, what: Aged, leads: &[LeadId]) -> Answer<usize> {
    let mut flows = Vec::new();
    for lead in leads {
        flows.extend(at_rest(db, *lead).await?);
    }
    let named = |flows: &[Flow]| -> Vec<LeadId> { flows.iter().map(|flow| flow.lead).collect() };
    let pruned = flows.len();
    match what {
        Aged::Body => {
            named(&flows)
                .iter()
                .try_for_each(|lead| empty_body(db, *lead))?;
            // Of these nothing personal is left but that, so that nobody looks for them again.
            flows.retain(|flow| flow.noted.held.contains(&HeldReason::Unreadable));
            person::forget_reasons(db, &named(&flows)).await?;
        }
        Aged::Person => person::erase(db, &named(&flows)).await?,
        Aged::Lead => flows.iter().try_for_each(|flow| delete(db, flow))?,
    }
    Ok(pruned)
}

/// A flow that is closed and left alone by everybody: nothing is to be sent for it, nothing left to it.
async fn at_rest(db: &mut Db<'_>, lead: LeadId) -> Answer<Option<Flow>> {
    let sql = "SELECT flow FROM flow WHERE lead = $1 AND open = 0 \
               AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.lead = flow.lead) \
               AND NOT EXISTS (SELECT 1 FROM wake WHERE wake.lead = flow.lead) \
               AND NOT EXISTS (SELECT 1 FROM message WHERE message.lead = flow.lead AND state = 'leaving') \
               FOR UPDATE SKIP LOCKED";
    let row = db.ask_one(sql, with![lead]).await?;
    row.map(|row| from_json(row.text(0)?, "a flow")).transpose()
}

fn empty_body(db: &mut Db<'_>, lead: LeadId) -> Answer<()> {
    let sql = "UPDATE lead SET content_type = '', body = NULL WHERE id = $1";
    db.write(sql, with![lead])
}

fn delete(db: &mut Db<'_>, flow: &Flow) -> Answer<()> {
    for (_, call) in decide::calls(flow) {
        db.write("DELETE FROM call WHERE call = $1", with![call.0.as_str()])?;
    }
    for sql in [
        "DELETE FROM message WHERE lead = $1",
        "DELETE FROM timeline WHERE lead = $1",
        "DELETE FROM conversion WHERE lead = $1",
        "DELETE FROM lead WHERE id = $1",
        "DELETE FROM flow WHERE lead = $1",
    ] {
        db.write(sql, with![flow.lead])?;
    }
    let sql = "DELETE FROM figures WHERE t1 = $1 AND lead = $2";
    db.write(sql, with![nanoseconds(flow.facts.t1), flow.lead])
}
