//! One store copied into another, of the same kind or the other: leads and all that belongs to them, and the secret that
//! their numbers are hidden by. What is there already is compared and only then written, so that a copy that broke off
//! is done again, and a second one finds nothing to do; which is also how it is proven at the end.
//!
//! Nobody may use either store meanwhile. A target says from the first row to the proof that it is being filled, and no
//! daemon starts on it: half of a store would ring phones that the other half knows to be taken (P2).

use thiserror::Error;

use super::db::{Db, Row, with};
use super::error::StoreError;
use super::meta;
use super::walk::{Key, Page, Table, tables};
use crate::io::config;
use end::End;

mod end;

/// What is about processes of the store that it was written in.
const NOT_COPIED: [&str; 2] = ["node", "pace"];

/// Why nothing was copied, or not all.
#[derive(Debug, Error)]
pub enum CannotCopy {
    /// One of the stores.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Both are the same.
    #[error("both addresses are those of one store; name another one to copy into")]
    SameStore,
    /// Nodes run on it.
    #[error("a leadbridge runs on {0}; stop it first")]
    InUse(String),
    /// It is another group's.
    #[error(
        "{0} has leads that the other store does not have, and would lose them; copy into an empty one"
    )]
    OtherLeads(String),
    /// Something happened there since.
    #[error(
        "in {0} leads went on since they were copied there, and would be set back; copy into an empty one"
    )]
    WentOn(String),
    /// It does not hold what was written.
    #[error("after the copy the table {table} of {store} differs; do it again, and then ask why")]
    Differs {
        /// Which store.
        store: String,
        /// Which table.
        table: String,
    },
}

/// What a copy does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// So many rows are to be gone through, twice.
    Found(u64),
    /// So many more rows were compared, and written where they differed.
    Copied(u64),
    /// So many more rows were compared once more.
    Proven(u64),
}

/// A table after the copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Which.
    pub table: String,
    /// So many rows are the same in both.
    pub rows: u64,
    /// So many of them had to be written or deleted.
    pub changed: u64,
}

/// The two stores, and somebody who is told how far it is.
struct Copy<'a> {
    from: End,
    to: End,
    tell: &'a mut dyn FnMut(Doing),
}

impl super::Store {
    /// Copies a store into another, which is made if there is none.
    pub async fn copy(
        from: &config::Store,
        to: &config::Store,
        tell: &mut dyn FnMut(Doing),
    ) -> Result<Vec<Copied>, CannotCopy> {
        if end::are_the_same(from, to) {
            return Err(CannotCopy::SameStore);
        }
        let (from, to) = (End::to_read(from).await?, End::to_write(to).await?);
        let mut copy = Copy { from, to, tell };
        copy.refuse_what_is_used().await?;
        copy.refuse_other_leads().await?;
        copy.begin().await?;
        let copied = copy.all_tables().await?;
        copy.end().await?;
        Ok(copied)
    }
}

impl Copy<'_> {
    async fn refuse_what_is_used(&mut self) -> Result<(), CannotCopy> {
        if self.from.ask(meta::is_half_copied).await? {
            return Err(StoreError::HalfCopied(self.from.name()).into());
        }
        for end in [&mut self.from, &mut self.to] {
            if end.is_used().await? {
                return Err(CannotCopy::InUse(end.name()));
            }
        }
        Ok(())
    }

    /// What is in the target must have come from this source, and not have gone on.
    async fn refuse_other_leads(&mut self) -> Result<(), CannotCopy> {
        let mut after = String::new();
        loop {
            let known = self.to.ask(async |db| versions(db, &after).await).await?;
            let Some((last, _)) = known.last() else {
                return Ok(());
            };
            let theirs = self
                .from
                .ask(async |db| versions_of(db, &known).await)
                .await?;
            for ((_, here), there) in known.iter().zip(theirs) {
                match there {
                    None => return Err(CannotCopy::OtherLeads(self.to.name())),
                    Some(there) if there < *here => return Err(CannotCopy::WentOn(self.to.name())),
                    Some(_) => {}
                }
            }
            after.clone_from(last);
        }
    }

    /// From now on no daemon starts on the target; one that was quicker is looked for once more.
    async fn begin(&mut self) -> Result<(), CannotCopy> {
        self.to
            .change(async |db| meta::set(db, meta::COPYING, "yes"))
            .await?;
        if self.to.is_used().await? {
            self.to
                .change(async |db| meta::remove(db, meta::COPYING))
                .await?;
            return Err(CannotCopy::InUse(self.to.name()));
        }
        Ok(())
    }

    async fn all_tables(&mut self) -> Result<Vec<Copied>, CannotCopy> {
        let mut rows = 0;
        for table in copied_tables() {
            rows += self.from.ask(async |db| table.count(db).await).await?;
        }
        (self.tell)(Doing::Found(rows));
        let mut copied = Vec::new();
        for table in copied_tables() {
            let changed = self.go_through(table, Doing::Copied).await?.changed;
            copied.push(Copied {
                changed,
                ..Copied::none(table)
            });
        }
        for copied in &mut copied {
            let table = copied_tables().find(|table| table.name == copied.table);
            let Some(table) = table else { continue };
            copied.rows = self.prove(table).await?;
        }
        Ok(copied)
    }

    /// Reads a table of both once more: how many rows are the same.
    async fn prove(&mut self, table: &'static Table) -> Result<u64, CannotCopy> {
        let proof = self.go_through(table, Doing::Proven).await?;
        if proof.changed == 0 {
            return Ok(proof.rows);
        }
        Err(CannotCopy::Differs {
            store: self.to.name(),
            table: table.name.clone(),
        })
    }

    /// Compares a table page by page, and writes what differs. Of both as much is looked at as both have shown.
    async fn go_through(
        &mut self,
        table: &'static Table,
        doing: fn(u64) -> Doing,
    ) -> Result<Copied, StoreError> {
        let mut done = Copied::none(table);
        let mut after = table.start();
        loop {
            let mut there = self
                .from
                .ask(async |db| table.page(db, &after).await)
                .await?;
            let mut here = self.to.ask(async |db| table.page(db, &after).await).await?;
            let last = [&there, &here]
                .into_iter()
                .filter_map(|page| page.last.clone())
                .min();
            cut(&mut there, last.as_ref());
            cut(&mut here, last.as_ref());
            (self.tell)(doing(there.rows.len() as u64));
            leave_out_what_is_not_copied(table, &mut there);
            leave_out_what_is_not_copied(table, &mut here);
            done.rows += there.rows.len() as u64;
            done.changed += self.make_equal(table, &there, &here).await?;
            match last {
                Some(last) => after = last,
                None => return Ok(done),
            }
        }
    }

    /// Makes a page of the target what the source's is: so many rows differed.
    async fn make_equal(
        &mut self,
        table: &'static Table,
        there: &Page,
        here: &Page,
    ) -> Result<u64, StoreError> {
        let gone = here
            .rows
            .keys()
            .filter(|key| !there.rows.contains_key(*key));
        let gone: Vec<&Key> = gone.collect();
        let differs = |(key, row): &(&Key, &Row)| here.rows.get(*key) != Some(row);
        let changed = there.rows.iter().filter(differs).map(|(_, row)| row);
        let changed: Vec<&Row> = changed.collect();
        let count = gone.len() + changed.len();
        if count > 0 {
            let write = async |db: &mut Db<'_>| {
                gone.iter().try_for_each(|key| table.delete(db, key))?;
                changed.iter().try_for_each(|row| table.write(db, row))
            };
            self.to.change(write).await?;
        }
        Ok(count as u64)
    }

    /// What a process of the target names is named by none of the source's; and daemons may start on it, unless one
    /// has begun to write to the source.
    async fn end(&mut self) -> Result<(), CannotCopy> {
        if self.from.is_used().await? {
            return Err(CannotCopy::InUse(self.from.name()));
        }
        let number = self.from.latest_process().await?;
        self.to.begin_processes_after(number).await?;
        let remove = self.to.change(async |db| meta::remove(db, meta::COPYING));
        Ok(remove.await?)
    }
}

impl Copied {
    fn none(table: &Table) -> Copied {
        Copied {
            table: table.name.clone(),
            rows: 0,
            changed: 0,
        }
    }
}

fn copied_tables() -> impl Iterator<Item = &'static Table> {
    let tables = tables().iter();
    tables.filter(|table| !NOT_COPIED.contains(&table.name.as_str()))
}

/// Leaves the rows out that stand behind a key.
fn cut(page: &mut Page, last: Option<&Key>) {
    if let Some(last) = last {
        page.rows.retain(|key, _| key <= last);
    }
}

fn leave_out_what_is_not_copied(table: &Table, page: &mut Page) {
    if table.name == "meta" {
        let own = |row: &Row| row.text(0).is_ok_and(|key| meta::OF_ITSELF.contains(&key));
        page.rows.retain(|_, row| !own(row));
    }
}

/// Leads behind this one, and how often each was changed.
async fn versions(db: &mut Db<'_>, after: &str) -> Result<Vec<(String, i64)>, StoreError> {
    let sql = "SELECT lead, version FROM flow WHERE lead > $1 ORDER BY lead LIMIT 500";
    let found = db.ask(sql, with![after]).await?;
    let version = |row: &Row| Ok((row.text(0)?.to_owned(), row.int(1)?));
    found.iter().map(version).collect()
}

/// How often these leads were changed here; `None`: there is no such lead.
async fn versions_of(
    db: &mut Db<'_>,
    leads: &[(String, i64)],
) -> Result<Vec<Option<i64>>, StoreError> {
    let sql = "SELECT version FROM flow WHERE lead = $1";
    let asked = leads.iter().map(|(lead, _)| (sql, with![lead.as_str()]));
    let found = db.ask_all(asked.collect()).await?;
    let version = |rows: &Vec<Row>| rows.first().map(|row| row.int(0)).transpose();
    found.iter().map(version).collect()
}
