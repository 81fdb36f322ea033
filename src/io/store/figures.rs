//! What the figures and the board ask, and what the dealer's own system tells: which leads became customers.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use leadbridge_providers::LeadId;
use serde::Deserialize;

use super::Store;
use super::db::{Db, Row, with};
use super::error::{Answer, StoreError};
use super::questions::{Record, records};
use super::reads::Reads;
use super::rows::{self, from_json, lead_id, nanoseconds};
use crate::flow::shown::Stage;
use crate::flow::{Flow, Outcome, State, word};
use crate::report::{By, Draft, LeadFigures, OpenTimes, Period, Report};
use crate::rotation::Rules;

/// The leads of a period that are over, with the flow that a joined one counts with.
const OVER: &str = "SELECT figures_row, conversion.lead, flow.flow, figures.lead FROM figures \
    LEFT JOIN conversion ON conversion.lead = figures.lead LEFT JOIN flow ON flow.lead = figures.joined_to \
    WHERE figures.t1 >= $1 AND figures.t1 < $2";
/// Those that are open. The plus keeps the databases from reading all that came in then: few are open.
const OPEN: &str = "SELECT flow.flow, conversion.lead, other.flow, flow.lead FROM flow \
    LEFT JOIN conversion ON conversion.lead = flow.lead LEFT JOIN lead ON lead.id = flow.lead \
    LEFT JOIN flow AS other ON other.lead = lead.joined_to \
    WHERE flow.open = 1 AND +flow.t1 >= $1 AND +flow.t1 < $2";

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

/// Whatever is over and opens again, or the other way round, while this is asked is counted once: what was found open
/// first is not counted as over.
async fn report(db: &mut Db<'_>, by: By, period: &Period, rules: &Rules) -> Answer<Report> {
    let mut open = OpenTimes::new(rules, period.starts, period.ends);
    let mut draft = Draft::new(by);
    let mut counted = HashSet::new();
    let range = with![nanoseconds(period.starts), nanoseconds(period.ends)];
    db.each(OPEN, range.clone(), |row| {
        let flow: Flow = from_json(row.text(0)?, "a flow")?;
        count(&mut draft, LeadFigures::alone(&flow), &row, &mut open)?;
        counted.insert(row.text(3)?.to_owned());
        Ok(())
    })
    .await?;
    db.each(OVER, range, |row| {
        if counted.contains(row.text(3)?) {
            return Ok(());
        }
        let figures = from_json(row.text(0)?, "the figures of a lead")?;
        count(&mut draft, figures, &row, &mut open)
    })
    .await?;
    Ok(draft.finish(period.clone(), rules.measure.target_percent))
}

/// Counts a lead, with what its row tells besides: whether it became a customer, and the flow of the lead it joined.
fn count(
    draft: &mut Draft,
    mut figures: LeadFigures,
    row: &Row,
    open: &mut OpenTimes<'_>,
) -> Answer<()> {
    figures.converted = row.text_or_null(1)?.is_some();
    if let Some(other) = row.text_or_null(2)?.filter(|_| is_joined(&figures)) {
        let Ended { state } = from_json(other, "a flow")?;
        figures.counts_with(state.closed().cloned());
    }
    figures.by_the_clock_of_its_rooftop(open);
    draft.add(&figures);
    Ok(())
}

/// All that is read of a flow that another lead joined.
#[derive(Deserialize)]
struct Ended {
    state: State,
}

fn is_joined(figures: &LeadFigures) -> bool {
    let joined = |closed: &crate::flow::Closed| closed.outcome == Outcome::Joined;
    figures.closed.as_ref().is_some_and(joined)
}

async fn board(db: &mut Db<'_>, limit: u32) -> Answer<Vec<Record>> {
    let sql = "SELECT lead FROM flow WHERE open = 1 AND stage = $1 ORDER BY lead DESC LIMIT $2";
    let asked = Stage::OPEN.map(|stage| (sql, with![word(stage), i64::from(limit)]));
    let found = db.ask_all(asked.into()).await?;
    let leads: Answer<Vec<LeadId>> = found.iter().flatten().map(|row| lead_id(row, 0)).collect();
    records(db, &leads?).await
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
        for (sql, searched) in [
            (OVER, "SEARCH figures USING PRIMARY KEY (t1>? AND t1<?)"),
            (OPEN, "SCAN flow USING INDEX flow_open"),
        ] {
            let lines = plan(sql);
            assert_eq!(lines[0], searched, "{lines:?}");
            let rest = &lines[1..];
            assert!(rest.iter().all(|line| !line.contains("SCAN")), "{lines:?}");
        }
    }
}
