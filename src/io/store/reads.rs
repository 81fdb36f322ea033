//! Questions. They are asked on connections of their own, which can only read, beside those that write.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use leadbridge_providers::{CarrierCallId, LeadId, LegId};
use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::db::Db;
use super::error::{Answer, StoreError};
use super::node::Node;
use super::questions::{Counts, Filter, Item, Page, Raw, Record};
use super::writer::at_once;
use super::{Wake, meta, person, postgres, questions, sqlite};
use crate::desk::Desk;
use crate::intake;
use crate::lead::{Person, Typed};
use crate::phone::HashKey;

/// So many questions are answered at the same time.
const AT_ONCE: usize = 4;

/// The questions that can be asked of a store.
#[derive(Clone, Debug)]
pub struct Reads(Source);

#[derive(Clone, Debug)]
enum Source {
    Sqlite(Arc<Pool>),
    Postgres(postgres::Pool),
}

/// Connections to SQLite's file.
#[derive(Debug)]
struct Pool {
    path: PathBuf,
    turns: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

impl Reads {
    pub(super) fn of_file(path: &Path) -> Reads {
        Reads(Source::Sqlite(Arc::new(Pool {
            path: path.to_owned(),
            turns: Semaphore::new(AT_ONCE),
            idle: Mutex::default(),
        })))
    }

    pub(super) fn of_server(pool: postgres::Pool) -> Reads {
        Reads(Source::Postgres(pool))
    }

    /// The same for who goes through whole tables: PostgreSQL may take hours for an answer.
    pub(super) fn unhurried(&self) -> Reads {
        Reads(match self.0.clone() {
            Source::Postgres(pool) => Source::Postgres(pool.unhurried()),
            file @ Source::Sqlite(_) => file,
        })
    }

    /// The secret that turns this store's numbers into keys.
    pub async fn hash_key(&self) -> Result<HashKey, StoreError> {
        self.ask(meta::hash_key).await
    }

    /// All that is kept of a lead.
    pub async fn lead(&self, lead: LeadId) -> Result<Option<Record>, StoreError> {
        self.ask(async move |db| questions::record(db, lead).await)
            .await
    }

    /// The body that a lead came in.
    pub async fn raw(&self, lead: LeadId) -> Result<Option<Raw>, StoreError> {
        self.ask(async move |db| questions::raw(db, lead).await)
            .await
    }

    /// What was typed of a lead that no release can ring; `None` of any other.
    pub async fn typed(&self, record: &Record) -> Result<Option<Typed>, StoreError> {
        if !record.flow.is_for_hands() {
            return Ok(None);
        }
        if let Some(told) = &record.told {
            return Ok(Some(Typed::of(told)));
        }
        let raw = self.raw(record.flow.lead).await?;
        Ok(raw.map(|raw| Typed::of_raw(&intake::as_text(&raw.body))))
    }

    /// Leads, the latest first, `limit` at most, from behind `after`.
    pub async fn list(
        &self,
        filter: Filter,
        after: Option<LeadId>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.ask(async move |db| questions::list(db, &filter, after, limit).await)
            .await
    }

    /// The leads of a person, the earliest first.
    pub async fn leads_of(&self, whom: Person) -> Result<Vec<LeadId>, StoreError> {
        self.ask(async move |db| person::leads(db, &whom).await)
            .await
    }

    /// The rows of all phones.
    pub async fn desk(&self) -> Result<Desk, StoreError> {
        self.ask(questions::desk).await
    }

    /// How much is under way.
    pub async fn counts(&self) -> Result<Counts, StoreError> {
        self.ask(questions::counts).await
    }

    /// Which leg a carrier's call is.
    pub async fn bound(&self, call: CarrierCallId) -> Result<Option<LegId>, StoreError> {
        self.ask(async move |db| questions::bound(db, &call).await)
            .await
    }

    /// Flows whose deadline has passed, the earliest first, those of one instant by t1. `now` is for a store without a
    /// clock of its own.
    pub async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<LeadId>, StoreError> {
        self.ask_at(now, async move |db| questions::due(db, limit).await)
            .await
    }

    /// How long until the next flow or phone is due, by the store's own clock where it has one; less than nothing when one
    /// is overdue.
    pub async fn next_due(&self, now: Timestamp) -> Result<Option<SignedDuration>, StoreError> {
        self.ask_at(now, questions::next_due).await
    }

    /// Flows with a leg that may be up.
    pub async fn flows_with_legs(&self) -> Result<Vec<LeadId>, StoreError> {
        self.ask(questions::flows_with_legs).await
    }

    /// Events left to flows that were not stepped with them.
    pub async fn pending(&self) -> Result<Vec<Wake>, StoreError> {
        self.ask(questions::pending).await
    }

    /// The outbox, the oldest first.
    pub async fn outbox(&self) -> Result<Vec<Item>, StoreError> {
        self.ask(async |db| questions::items(db, None, None).await)
            .await
    }

    /// What of one lead is in the outbox.
    pub async fn outbox_of(&self, lead: LeadId) -> Result<Vec<Item>, StoreError> {
        self.ask(async move |db| questions::items(db, Some(lead), None).await)
            .await
    }

    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl AsyncFn(&mut Db<'_>) -> Answer<T> + Send + Sync + 'static,
    ) -> Answer<T> {
        self.ask_at(Timestamp::UNIX_EPOCH, question).await
    }

    async fn ask_at<T: Send + 'static>(
        &self,
        now: Timestamp,
        question: impl AsyncFn(&mut Db<'_>) -> Answer<T> + Send + Sync + 'static,
    ) -> Answer<T> {
        match &self.0 {
            Source::Sqlite(pool) => {
                let _turn = pool.turns.acquire().await.map_err(unavailable)?;
                let pool = pool.clone();
                tokio::task::spawn_blocking(move || pool.answer(now, question))
                    .await
                    .map_err(unavailable)?
            }
            Source::Postgres(pool) => pool.ask(question).await,
        }
    }
}

impl Pool {
    fn answer<T>(
        &self,
        now: Timestamp,
        question: impl AsyncFn(&mut Db<'_>) -> Answer<T>,
    ) -> Answer<T> {
        let idle = self.idle().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => sqlite::open_to_read(&self.path)?,
        };
        let nobody = Node::new(0);
        let mut db = Db::sqlite(&mut connection, &nobody, now);
        let answer = at_once(question(&mut db))?;
        // A connection that failed is not asked again.
        self.idle().push(connection);
        Ok(answer)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unavailable(error: impl std::fmt::Display) -> StoreError {
    StoreError::Unavailable(error.to_string())
}
