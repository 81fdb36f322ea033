//! What the figures and the board ask, and what the dealer's own system tells: which leads became customers.

use std::sync::Arc;

use jiff::Timestamp;
use leadbridge_providers::LeadId;
use rusqlite::{Connection, params};

use super::Store;
use super::error::{Answer, StoreError};
use super::reads::{Reads, Record, record};
use super::rows::{self, from_json, nanoseconds};
use crate::flow::shown::Stage;
use crate::flow::{Flow, Outcome, word};
use crate::report::{By, Draft, LeadFigures, OpenTimes, Period, Report};
use crate::rotation::Rules;

/// Which leads became customers. A store of an earlier day gets it when it is opened.
pub(super) const TABLE: &str = "CREATE TABLE IF NOT EXISTS conversion \
    (lead TEXT PRIMARY KEY, told_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;";

/// The leads of a period by the index on t1, so that no other row is read.
const OF_PERIOD: &str = "SELECT flow.flow, conversion.lead IS NOT NULL FROM flow \
    LEFT JOIN conversion ON conversion.lead = flow.lead WHERE flow.t1 >= ?1 AND flow.t1 < ?2";

impl Store {
    /// The dealer's system says whether a lead became a customer. `false`: there is no such lead.
    pub async fn convert(
        &self,
        lead: LeadId,
        converted: bool,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let verb = move |db: &_| convert(db, lead, converted, now);
        self.writer.write(Some(lead), verb).await
    }
}

impl Reads {
    /// The figures of a period; one lead at a time is held in memory.
    pub async fn report(
        &self,
        by: By,
        period: Period,
        rules: Arc<Rules>,
    ) -> Result<Report, StoreError> {
        self.ask(move |db| report(db, by, period, &rules)).await
    }

    /// Whether a lead became a customer, as far as the dealer's system told.
    pub async fn converted(&self, lead: LeadId) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM conversion WHERE lead = ?)";
        let asked = move |db: &Connection| {
            let mut statement = db.prepare_cached(sql)?;
            Ok(statement.query_row([lead.to_string()], |row| row.get(0))?)
        };
        self.ask(asked).await
    }

    /// The latest leads of every state that is not over, `limit` of each at most.
    pub async fn board(&self, limit: u32) -> Result<Vec<Record>, StoreError> {
        self.ask(move |db| board(db, limit)).await
    }
}

fn convert(db: &Connection, lead: LeadId, converted: bool, now: Timestamp) -> Answer<bool> {
    let is_there = rows::flow(db, lead)?.is_some();
    let id = lead.to_string();
    if is_there && converted {
        let sql = "INSERT OR IGNORE INTO conversion (lead, told_at) VALUES (?, ?)";
        db.prepare_cached(sql)?
            .execute(params![id, nanoseconds(now)])?;
    } else if is_there {
        db.prepare_cached("DELETE FROM conversion WHERE lead = ?")?
            .execute([id])?;
    }
    Ok(is_there)
}

fn report(db: &Connection, by: By, period: Period, rules: &Rules) -> Answer<Report> {
    let mut open = OpenTimes::new(rules, period.starts, period.ends);
    let mut draft = Draft::new(by);
    let mut statement = db.prepare_cached(OF_PERIOD)?;
    let range = params![nanoseconds(period.starts), nanoseconds(period.ends)];
    let mut found = statement.query(range)?;
    while let Some(row) = found.next()? {
        let text = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        let flow: Flow = from_json(text, "a flow")?;
        let joined_to = joined_to(db, &flow)?;
        let converted = row.get(1)?;
        draft.add(&LeadFigures::of(
            &flow,
            joined_to.as_ref(),
            converted,
            &mut open,
        ));
    }
    Ok(draft.finish(period, rules.measure.target_percent))
}

/// The flow that a joined lead counts with.
fn joined_to(db: &Connection, flow: &Flow) -> Answer<Option<Flow>> {
    let joined = |closed: &crate::flow::Closed| closed.outcome == Outcome::Joined;
    if !flow.outcome().is_some_and(joined) {
        return Ok(None);
    }
    let sql =
        "SELECT flow.flow FROM lead JOIN flow ON flow.lead = lead.joined_to WHERE lead.id = ?";
    rows::one_json(db, sql, &flow.lead.to_string(), "a flow")
}

fn board(db: &Connection, limit: u32) -> Answer<Vec<Record>> {
    let sql = "SELECT lead FROM flow WHERE open AND stage = ? ORDER BY lead DESC LIMIT ?";
    let mut statement = db.prepare_cached(sql)?;
    let mut records = Vec::new();
    for stage in Stage::OPEN {
        let found = statement.query_map(params![word(stage), limit], |row| row.get(0))?;
        for lead in found {
            let lead: String = lead?;
            records.extend(record(db, rows::parsed(&lead, "a lead's name")?)?);
        }
    }
    Ok(records)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::io::store::sqlite;

    #[test]
    fn a_report_reads_the_rows_of_its_period_only() {
        let folder = tempfile::tempdir().unwrap();
        let (db, _) = sqlite::open(&folder.path().join("a.db")).unwrap();
        let plan = |sql: &str| {
            let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let details = statement.query_map([0, 1], |row| row.get::<_, String>(3));
            details.unwrap().map(Result::unwrap).collect::<Vec<_>>()
        };
        let lines = plan(OF_PERIOD);
        let searched = "SEARCH flow USING INDEX flow_listed (t1>? AND t1<?)";
        assert_eq!(lines[0], searched, "{lines:?}");
        assert!(lines.iter().all(|line| !line.contains("SCAN")), "{lines:?}");
    }
}
