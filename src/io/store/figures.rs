//! What the figures and the board ask, and what the dealer's own system tells: which leads became customers.

use std::sync::Arc;

use jiff::Timestamp;
use leadbridge_providers::LeadId;

use super::Store;
use super::db::{Db, with};
use super::error::{Answer, StoreError};
use super::reads::{Reads, Record, record};
use super::rows::{self, from_json, lead_id, nanoseconds};
use crate::flow::shown::Stage;
use crate::flow::{Flow, Outcome, word};
use crate::report::{By, Draft, LeadFigures, OpenTimes, Period, Report};
use crate::rotation::Rules;

/// The leads of a period by the index on t1, so that no other row is read; of a joined one also the flow that it counts
/// with.
const OF_PERIOD: &str = "SELECT flow.flow, conversion.lead, lead.joined_to FROM flow \
    LEFT JOIN conversion ON conversion.lead = flow.lead JOIN lead ON lead.id = flow.lead \
    WHERE flow.t1 >= $1 AND flow.t1 < $2";

impl Store {
    /// The dealer's system says whether a lead became a customer. `false`: there is no such lead.
    pub async fn convert(
        &self,
        lead: LeadId,
        converted: bool,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.run(Some(lead), now, async move |db| {
            convert(db, lead, converted).await
        })
        .await
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
        self.ask(async move |db| report(db, by, &period, &rules).await)
            .await
    }

    /// Whether a lead became a customer, as far as the dealer's system told.
    pub async fn converted(&self, lead: LeadId) -> Result<bool, StoreError> {
        self.ask(async move |db| converted(db, lead).await).await
    }

    /// The latest leads of every state that is not over, `limit` of each at most.
    pub async fn board(&self, limit: u32) -> Result<Vec<Record>, StoreError> {
        self.ask(async move |db| board(db, limit).await).await
    }
}

async fn convert(db: &mut Db<'_>, lead: LeadId, converted: bool) -> Answer<bool> {
    let is_there = rows::flow(db, lead).await?.is_some();
    if is_there && converted {
        let now = nanoseconds(db.now().await?);
        let sql =
            "INSERT INTO conversion (lead, told_at) VALUES ($1, $2) ON CONFLICT (lead) DO NOTHING";
        db.write(sql, with![lead, now])?;
    } else if is_there {
        db.write("DELETE FROM conversion WHERE lead = $1", with![lead])?;
    }
    Ok(is_there)
}

async fn converted(db: &mut Db<'_>, lead: LeadId) -> Answer<bool> {
    let sql = "SELECT told_at FROM conversion WHERE lead = $1";
    Ok(db.ask_one(sql, with![lead]).await?.is_some())
}

async fn report(db: &mut Db<'_>, by: By, period: &Period, rules: &Rules) -> Answer<Report> {
    let mut open = OpenTimes::new(rules, period.starts, period.ends);
    let mut draft = Draft::new(by);
    let mut joined = Vec::new();
    let range = with![nanoseconds(period.starts), nanoseconds(period.ends)];
    db.each(OF_PERIOD, range, |row| {
        let flow: Flow = from_json(row.text(0)?, "a flow")?;
        let converted = row.text_or_null(1)?.is_some();
        match row.text_or_null(2)?.filter(|_| is_joined(&flow)) {
            Some(_) => joined.push((flow, converted, lead_id(&row, 2)?)),
            None => draft.add(&LeadFigures::of(&flow, None, converted, &mut open)),
        }
        Ok(())
    })
    .await?;
    for (flow, converted, to) in joined {
        let to = rows::flow(db, to).await?;
        draft.add(&LeadFigures::of(&flow, to.as_ref(), converted, &mut open));
    }
    Ok(draft.finish(period.clone(), rules.measure.target_percent))
}

fn is_joined(flow: &Flow) -> bool {
    let joined = |closed: &crate::flow::Closed| closed.outcome == Outcome::Joined;
    flow.outcome().is_some_and(joined)
}

async fn board(db: &mut Db<'_>, limit: u32) -> Answer<Vec<Record>> {
    let sql = "SELECT lead FROM flow WHERE open = 1 AND stage = $1 ORDER BY lead DESC LIMIT $2";
    let mut records = Vec::new();
    for stage in Stage::OPEN {
        for row in db.ask(sql, with![word(stage), i64::from(limit)]).await? {
            records.extend(record(db, lead_id(&row, 0)?).await?);
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
        let (db, ..) = sqlite::open(&folder.path().join("a.db")).unwrap();
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
