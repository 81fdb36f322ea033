//! Whether what is kept hangs together: SQLite's own check of its file, rows that name rows which are there, columns that
//! repeat what stands beside them, phones that are held by legs which live. It only reads, beside a daemon that writes:
//! what must fit is looked at at one instant.

use leadbridge_providers::LegId;

use super::db::{Db, with};
use super::error::{Answer, StoreError};
use super::reads::Reads;
use super::rows::{self, from_json};
use super::walk::{Key, tables};
use crate::desk::Phone;
use crate::flow::Flow;

mod columns;

/// Rows that name a lead which is not there; the question tells how many, and one of them.
const RELATIONS: [(&str, &str); 8] = [
    (
        "leads have no flow, so that nothing ever happens to them",
        "SELECT count(*), min(id) FROM lead WHERE NOT EXISTS (SELECT 1 FROM flow WHERE flow.lead = lead.id)",
    ),
    (
        "flows have no lead",
        "SELECT count(*), min(lead) FROM flow WHERE NOT EXISTS (SELECT 1 FROM lead WHERE lead.id = flow.lead)",
    ),
    (
        "lines of the timeline are of no lead",
        "SELECT count(*), min(lead) FROM timeline WHERE NOT EXISTS (SELECT 1 FROM lead WHERE lead.id = timeline.lead)",
    ),
    (
        "orders in the outbox are of no lead",
        "SELECT count(*), min(lead) FROM outbox WHERE NOT EXISTS (SELECT 1 FROM flow WHERE flow.lead = outbox.lead)",
    ),
    (
        "events are left to no lead",
        "SELECT count(*), min(lead) FROM wake WHERE NOT EXISTS (SELECT 1 FROM flow WHERE flow.lead = wake.lead)",
    ),
    (
        "messages are of no lead",
        "SELECT count(*), min(lead) FROM message WHERE lead IS NOT NULL \
         AND NOT EXISTS (SELECT 1 FROM lead WHERE lead.id = message.lead)",
    ),
    (
        "figures are of no lead",
        "SELECT count(*), min(lead) FROM figures WHERE NOT EXISTS (SELECT 1 FROM flow WHERE flow.lead = figures.lead)",
    ),
    (
        "conversions are of no lead",
        "SELECT count(*), min(lead) FROM conversion \
         WHERE NOT EXISTS (SELECT 1 FROM lead WHERE lead.id = conversion.lead)",
    ),
];

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// So many rows were read.
    pub rows: u64,
    /// What is wrong, a sentence each, without anything personal.
    pub findings: Vec<String>,
}

impl Reads {
    /// Looks at everything; `tell` hears of so many more rows, and first how many there are.
    pub async fn check(&self, tell: &mut dyn FnMut(u64)) -> Result<Checked, StoreError> {
        let reads = self.unhurried();
        let rows = reads.ask(count).await?;
        tell(rows);
        let mut findings = reads.ask(pages_of_the_file).await?;
        for number in 0..RELATIONS.len() {
            findings.extend(
                reads
                    .ask(async move |db| relation(db, number).await)
                    .await?,
            );
        }
        for number in 0..tables().len() {
            findings.extend(reads.check_table(number, tell).await?);
        }
        findings.extend(reads.ask(held_phones).await?);
        Ok(Checked { rows, findings })
    }

    /// Each row of a table by itself.
    async fn check_table(
        &self,
        number: usize,
        tell: &mut dyn FnMut(u64),
    ) -> Result<Vec<String>, StoreError> {
        let table = &tables()[number];
        let mut wrong = columns::Wrong::default();
        let mut after = table.start();
        loop {
            let behind = after.clone();
            let page = self
                .ask(async move |db| page(db, number, &behind).await)
                .await?;
            for (key, row) in &page.rows {
                wrong.look_at(table, key, row);
            }
            tell(page.rows.len() as u64);
            match page.last {
                Some(last) => after = last,
                None => return Ok(wrong.sentences(table)),
            }
        }
    }
}

async fn count(db: &mut Db<'_>) -> Answer<u64> {
    let mut rows = 0;
    for table in tables() {
        rows += table.count(db).await?;
    }
    Ok(rows)
}

async fn page(db: &mut Db<'_>, number: usize, after: &Key) -> Answer<super::walk::Page> {
    tables()[number].page(db, after).await
}

/// PostgreSQL looks after its own pages.
async fn pages_of_the_file(db: &mut Db<'_>) -> Answer<Vec<String>> {
    if db.is_shared() {
        return Ok(Vec::new());
    }
    let found = db.ask("PRAGMA integrity_check(3)", with![]).await?;
    let said = found.iter().map(|row| row.text(0));
    let said: Vec<&str> = said.collect::<Answer<_>>()?;
    Ok(match said.as_slice() {
        ["ok"] => Vec::new(),
        _ => vec![format!("SQLite says of its file: {}", said.join("; "))],
    })
}

async fn relation(db: &mut Db<'_>, number: usize) -> Answer<Option<String>> {
    let (what, sql) = RELATIONS[number];
    let Some(row) = db.ask_one(sql, with![]).await? else {
        return Ok(None);
    };
    let example = row.text_or_null(1)?;
    Ok(example.map(|example| sentence(row.int(0).unwrap_or_default(), what, example)))
}

fn sentence(count: impl std::fmt::Display, what: &str, example: &str) -> String {
    format!("{count} {what}; one of them is {example}")
}

/// Phones that are held by a leg which is not there or over: nobody rings them until the claim ends by itself.
async fn held_phones(db: &mut Db<'_>) -> Answer<Option<String>> {
    let of_one_instant = !db.is_shared();
    if of_one_instant {
        db.change("BEGIN", with![]).await?;
    }
    let mut held = Vec::new();
    for row in db.ask("SELECT phone_row FROM desk", with![]).await? {
        // A row that can't be read is told of where the tables are looked at.
        let phone = from_json::<Phone>(row.text(0)?, "a phone's row").ok();
        held.extend(phone.and_then(|phone| phone.hold).map(|hold| hold.leg));
    }
    let mut wrong = Vec::new();
    for leg in held {
        let flow = rows::flow(db, leg.lead).await.ok().flatten();
        if !flow.is_some_and(|flow| is_live(&flow, leg)) {
            wrong.push(leg);
        }
    }
    if of_one_instant {
        db.change("COMMIT", with![]).await?;
    }
    let what = "phones are held by a leg that is over or not there, until the claim ends by itself";
    let example = wrong.first();
    Ok(example.map(|leg| sentence(wrong.len(), what, &leg.to_string())))
}

fn is_live(flow: &Flow, leg: LegId) -> bool {
    let of_rep = flow.attempt(leg).map(|attempt| attempt.life.live());
    let of_customer = flow.customer_leg(leg).map(|leg| leg.life.live());
    of_rep.or(of_customer) == Some(true)
}
