//! What is kept, and the one way to change it: a decision is made and written down in one transaction, which keeps
//! its rows from all others, so that two can never be made of the same rows (P2, P4). A verb answers after its commit
//! (P1).
//!
//! There are two databases and one set of statements. `store/tables.rs` are the tables, `store/db.rs` is a transaction
//! as the statements see it; `store/sqlite.rs`, `store/writer.rs` (which commits in groups), `store/journal.rs` (which
//! brings what is committed into the file) and `store/place.rs` (which sees whether the file is still there) are one kind
//! of it, `store/postgres.rs` the other. `store/decide.rs` runs one decision, `store/rows.rs` reads and writes single
//! rows, `store/messages.rs` keeps what was written to people, `store/node.rs` knows which process has what in hand,
//! `store/rules.rs` keeps the rules in use and all before them. `store/reads.rs` answers `store/questions.rs`, and
//! `store/figures.rs` those of the figures and the board, `store/person.rs` forgets, `store/retention.rs` also what grew old.
//! `store/walk.rs` goes through whole tables, for `store/copy.rs` and `store/check.rs`; `store/backup.rs` copies SQLite's
//! file.
//!
//! What holds anything personal has no `Debug`, so that it cannot slip into a log.
//!
//! A verb whose future is dropped may still happen: what it left in the outbox and its wakes are found again by
//! [`Store::take_over`] and [`Reads::pending`].

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use leadbridge_providers::{CarrierCallId, LeadId, LegId};

use crate::decision::{self, Arrival};
use crate::flow::errand::Errand;
use crate::flow::{Command, Entry, Event, Flow};
use crate::lead::Lead;
use crate::phone::{HashKey, PhoneNumber};
use crate::rotation::{CarrierId, Rules};

mod backup;
mod called_in;
mod check;
mod copy;
mod db;
mod decide;
mod error;
mod figures;
mod journal;
mod messages;
mod meta;
mod node;
mod person;
mod place;
mod postgres;
mod questions;
mod reads;
mod retention;
mod rows;
mod rules;
mod sqlite;
mod tables;
mod walk;
mod writer;

pub use backup::{Backup, CannotBackUp};
pub use check::Checked;
pub use copy::{CannotCopy, Copied, Doing};
pub use error::StoreError;
pub use messages::{Fate, Letter, Message, MessageState, Posting, Written};
pub use node::{Inheritance, LEASE, RENEW_EVERY};
pub use questions::{Counts, Filter, Item, Page, Raw, Record};
pub use reads::Reads;
pub use retention::{Aged, Pruned};
pub use rules::{Both, Hash, InUse, Origin, RulesFile, Version};

use db::Db;
use error::Answer;
use node::Lease;
use place::Place;
use postgres::{About, Pool};
use writer::Writer;

/// How long somebody who reads the file is waited for when something was erased.
const FOLDED_WITHIN: Duration = Duration::from_secs(2);

/// The store of a daemon that may write: one per file of SQLite, one per node of PostgreSQL.
#[derive(Clone)]
pub struct Store {
    database: Database,
    reads: Reads,
    lease: Arc<Lease>,
    key: HashKey,
}

#[derive(Clone)]
enum Database {
    Sqlite(Writer, PathBuf),
    Postgres(Pool, Arc<dyn Fn(Duration) + Send + Sync>),
}

/// A process, under a number that is never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub i64);

/// An item of the outbox. A name is never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutboxId(pub i64);

/// A lead as it came in.
#[derive(Clone)]
pub struct New {
    /// What was made of it.
    pub arrival: Arrival,
    /// How the body calls itself.
    pub content_type: String,
    /// The body as it came.
    pub body: Vec<u8>,
}

/// What became of a lead that came in.
#[derive(Clone, Debug)]
pub struct Received {
    /// Its name: the one it had when its source sent it before.
    pub lead: LeadId,
    /// It was here before; nothing was written.
    pub known: bool,
    /// Its flow, as it stands.
    pub flow: Flow,
    /// What is told of it.
    pub timeline: Vec<Entry>,
    /// What must leave now.
    pub effects: Vec<Effect>,
    /// What must be stepped next.
    pub wakes: Vec<Wake>,
}

/// What an event did to a flow.
#[derive(Clone)]
pub struct Stepped {
    /// The flow before.
    pub before: Flow,
    /// The flow now.
    pub flow: Flow,
    /// What the customer told, for what a rep hears and reads.
    pub told: Lead,
    /// The customer's number.
    pub phone: Option<PhoneNumber>,
    /// What is told of it.
    pub timeline: Vec<Entry>,
    /// What must leave now; also the ring that waited and leaves now.
    pub effects: Vec<Effect>,
    /// What must be stepped next.
    pub wakes: Vec<Wake>,
}

/// A command that must leave, with all that the world outside must know.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// Its place in the outbox.
    pub id: OutboxId,
    /// Who has it in hand.
    pub node: NodeId,
    /// Whose.
    pub lead: LeadId,
    /// What.
    pub command: Command,
    /// The same, filled in.
    pub errand: Errand,
}

/// An event that one flow leaves to another: to be stepped next, once.
#[derive(Clone, Debug, PartialEq)]
pub struct Wake {
    /// Whom it is for.
    pub lead: LeadId,
    /// `Woken` or `Joined`.
    pub event: Event,
}

/// A call that comes in.
#[derive(Clone)]
pub struct CallIn {
    /// The name of the lead that may come of it.
    pub lead: LeadId,
    /// Who brought it.
    pub carrier: CarrierId,
    /// The carrier's name for it.
    pub call: CarrierCallId,
    /// Who rings; `None` when it is withheld.
    pub from: Option<PhoneNumber>,
    /// The number that is rung.
    pub line: PhoneNumber,
}

/// What became of a call that came in.
#[derive(Clone)]
pub enum TakenIn {
    /// It is a leg of a lead, perhaps of a new one.
    Leg {
        /// Which.
        leg: LegId,
        /// What it did to the lead.
        stepped: Box<Stepped>,
        /// The lead that came of it.
        new: Option<Box<Received>>,
    },
    /// No lead's: for the reception.
    Nobodys,
    /// The group rings itself.
    Ourselves,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("reads", &self.reads).finish()
    }
}

impl Stepped {
    /// Whether anything is to be done now that it is written.
    pub fn leaves_something(&self) -> bool {
        self.flow != self.before || !self.effects.is_empty() || !self.wakes.is_empty()
    }
}

impl Store {
    /// Opens SQLite's file, or makes it. A second daemon on the same file is refused. `on_commit` hears how long each
    /// commit took.
    pub fn open(
        path: &Path,
        on_commit: impl Fn(Duration) + Send + Sync + 'static,
    ) -> Result<Store, StoreError> {
        let lock = sqlite::lock(path)?;
        let (connection, key, opening) = sqlite::open(path).map_err(|error| error.of_file(path))?;
        sqlite::refuse_half_copied(&connection, path)?;
        let writer = Writer::start(connection, Place::of(path, lock)?, on_commit)?;
        Ok(Store {
            database: Database::Sqlite(writer, path.to_owned()),
            reads: Reads::of_file(path),
            lease: Arc::new(Lease::forever(opening)),
            key,
        })
    }

    /// Connects to PostgreSQL as one node more, and makes the tables if there are none.
    pub async fn connect(
        url: &str,
        on_commit: impl Fn(Duration) + Send + Sync + 'static,
    ) -> Result<Store, StoreError> {
        let pool = Pool::open(url).await?;
        let reads = Reads::of_server(pool.clone());
        let (number, asked_at) = (pool.new_number().await?, node::boot_time());
        let name = pool.name().to_owned();
        let store = Store {
            key: reads.hash_key().await?,
            database: Database::Postgres(pool, Arc::new(on_commit)),
            reads,
            lease: Arc::new(Lease::since(number, asked_at)),
        };
        store.of_the_lease(node::register).await?;
        // In this order: whoever copies says so, and then looks whether there are nodes.
        if store.of_the_lease(meta::is_half_copied).await? {
            store.leave().await?;
            return Err(StoreError::HalfCopied(name));
        }
        Ok(store)
    }

    /// Opens a file for questions only, beside a daemon that has it.
    pub fn open_read_only(path: &Path) -> Result<Reads, StoreError> {
        sqlite::open_to_read(path).map_err(|error| error.of_file(path))?;
        Ok(Reads::of_file(path))
    }

    /// Connects to PostgreSQL for questions only.
    pub async fn connect_read_only(url: &str) -> Result<Reads, StoreError> {
        Pool::open_to_read(url).await.map(Reads::of_server)
    }

    /// The questions that can be asked.
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    /// The secret that turns this store's numbers into keys.
    pub fn hash_key(&self) -> &HashKey {
        &self.key
    }

    /// Whether other nodes write beside this one.
    pub fn is_shared(&self) -> bool {
        matches!(self.database, Database::Postgres(..))
    }

    /// Whether what this node has in hand may leave now: asked as the last act before bytes leave. Who hears that it
    /// may not forgets it, so the node begins anew: then it is looked up like all that a lost node left.
    pub fn may_leave(&self, node: NodeId) -> bool {
        let holds = self.lease.holds(node);
        if !holds && self.lease.node().id() == node.0 {
            self.lease.given_up();
        }
        holds
    }

    /// A lead comes in. The same id of the same source is the same lead. `now`, here and below, is for a store without
    /// a clock of its own: PostgreSQL's counts for all nodes.
    pub async fn receive(
        &self,
        new: New,
        rules: Arc<Rules>,
        now: Timestamp,
    ) -> Result<Received, StoreError> {
        let about = new.arrival.lead;
        let meet = AssertUnwindSafe(|| decision::meet(&new.arrival, &rules, &self.key));
        let met = catch_unwind(meet).map_err(|_| StoreError::Panicked)?;
        self.run(Some(about), now, async move |db| {
            decide::receive(db, &new, &met, &rules).await
        })
        .await
    }

    /// An event of a lead; `answers` is the item of the outbox that it answers. `None`: no such lead.
    pub async fn step(
        &self,
        lead: LeadId,
        event: Event,
        answers: Option<OutboxId>,
        rules: Arc<Rules>,
        now: Timestamp,
    ) -> Result<Option<Stepped>, StoreError> {
        self.run(Some(lead), now, async move |db| {
            decide::step(db, lead, &event, answers, &rules).await
        })
        .await
    }

    /// The deadline of a lead. `None`: it has not passed, or another node has the lead in hand.
    pub async fn step_due(
        &self,
        lead: LeadId,
        rules: Arc<Rules>,
        now: Timestamp,
    ) -> Result<Option<Stepped>, StoreError> {
        self.run(Some(lead), now, async move |db| {
            decide::step_due(db, lead, &rules).await
        })
        .await
    }

    /// An event that this carrier tells: nobody's if the leg is another carrier's.
    pub async fn step_by(
        &self,
        carrier: CarrierId,
        leg: LegId,
        event: Event,
        rules: Arc<Rules>,
        now: Timestamp,
    ) -> Result<Option<Stepped>, StoreError> {
        self.run(Some(leg.lead), now, async move |db| {
            decide::step_by(db, &carrier, leg, &event, &rules).await
        })
        .await
    }

    /// A lead to which nothing happens. `None`: no such lead.
    pub async fn as_it_stands(&self, lead: LeadId) -> Result<Option<Stepped>, StoreError> {
        self.run(Some(lead), Timestamp::UNIX_EPOCH, async move |db| {
            decide::as_it_stands(db, lead).await
        })
        .await
    }

    /// A phone rings the lead line. The same call again is the same leg.
    pub async fn called_in(
        &self,
        call: CallIn,
        rules: Arc<Rules>,
        now: Timestamp,
    ) -> Result<TakenIn, StoreError> {
        let key = self.key.clone();
        self.run(None, now, async move |db| {
            called_in::called_in(db, &call, &rules, &key).await
        })
        .await
    }

    /// Frees the phones whose claim or rest is over.
    pub async fn expire(&self, now: Timestamp) -> Result<Vec<Wake>, StoreError> {
        self.run(None, now, decide::expire).await
    }

    /// An item of the outbox has left, and no event answers it.
    pub async fn done(&self, id: OutboxId) -> Result<(), StoreError> {
        self.run(None, Timestamp::UNIX_EPOCH, async move |db| {
            rows::delete_item(db, id)
        })
        .await
    }

    /// Empties these leads of all that is personal, also in the file's own leftovers: `false` as for
    /// [`Store::fold_journal`].
    pub async fn erase(&self, leads: Vec<LeadId>) -> Result<bool, StoreError> {
        self.run(None, Timestamp::UNIX_EPOCH, async move |db| {
            person::erase(db, &leads).await
        })
        .await?;
        self.fold_journal().await
    }

    /// Overwrites what SQLite's journal still holds of what was emptied or deleted. `false`: another program reads the
    /// file as it was before; it is done when that one has ended, by this process or the next.
    pub async fn fold_journal(&self) -> Result<bool, StoreError> {
        let Database::Sqlite(_, path) = &self.database else {
            return Ok(true);
        };
        let folding = tokio::spawn(journal::fold_all(path.clone()));
        match tokio::time::timeout(FOLDED_WITHIN, folding).await {
            Ok(folded) => folded.map_err(|_| StoreError::Panicked)?.map(|()| true),
            Err(_) => Ok(false),
        }
    }

    /// Whether anything can be written now.
    pub async fn writable(&self) -> Result<(), StoreError> {
        self.run(None, Timestamp::UNIX_EPOCH, meta::touch).await
    }

    /// Renews this node's lease, or begins another; to be done every [`RENEW_EVERY`].
    pub async fn renew(&self) -> Result<(), StoreError> {
        let Database::Postgres(pool, _) = &self.database else {
            return Ok(());
        };
        let (before, asked_at) = (self.lease.node(), node::boot_time());
        if !self.lease.is_given_up() && self.of_the_lease(node::renew).await? {
            self.lease.renewed(&before, asked_at);
            return Ok(());
        }
        // The database counts, also where its clock was put forward.
        self.lease.given_up();
        tracing::warn!(
            "the lease of this node is over: it begins anew, and what it had in hand is looked up"
        );
        self.of_the_lease(node::release).await?;
        let (number, asked_at) = (pool.new_number().await?, node::boot_time());
        // Whoever is not registered is taken for lost: nothing is done under the number before it is.
        let next = Lease::since(number, asked_at);
        pool.run(About::Lease, &next, node::register).await?;
        // A copy may have begun while this node hung: as in `connect`, in this order.
        if self.of_the_lease(meta::is_half_copied).await? {
            pool.run(About::Lease, &next, node::release).await?;
            return Err(StoreError::HalfCopied(pool.name().to_owned()));
        }
        self.lease.renewed(&next.node(), asked_at);
        Ok(())
    }

    /// What this node has in hand may not be what the database says: it begins anew with its next renewal.
    pub fn give_up(&self) {
        self.lease.given_up();
    }

    /// This node ends: whatever it has in hand may be taken over at once.
    pub async fn leave(&self) -> Result<(), StoreError> {
        if !self.is_shared() {
            return Ok(());
        }
        self.lease.given_up();
        self.of_the_lease(node::release).await
    }

    /// How many other nodes there are now.
    pub async fn others(&self) -> Result<usize, StoreError> {
        self.run(None, Timestamp::UNIX_EPOCH, node::others).await
    }

    /// Takes over what processes left behind that are no more; `starts` when this one begins, which also empties the
    /// journal of what the one before could not overwrite. `None`: nothing.
    pub async fn take_over(
        &self,
        starts: bool,
        now: Timestamp,
    ) -> Result<Option<Inheritance>, StoreError> {
        if self.lease.is_given_up() && !starts {
            // Whatever it took would be left to its next number.
            return Ok(None);
        }
        let taken = self.run(None, now, async move |db| node::take_over(db, starts).await);
        let Some(taken) = taken.await? else {
            return Ok(None);
        };
        if starts {
            self.fold_journal().await?;
        }
        let asked = self
            .reads
            .ask(async move |db| node::inheritance(db, &taken).await);
        let left = asked.await;
        if left.is_err() && self.is_shared() {
            // It is in this node's hand by now: so that all of it is found again, this node begins anew.
            self.give_up();
        }
        left.map(Some)
    }

    /// What these processes left is settled.
    pub async fn settled(&self, of: Vec<NodeId>) -> Result<(), StoreError> {
        self.run(None, Timestamp::UNIX_EPOCH, async move |db| {
            node::settled(db, &of)
        })
        .await
    }

    /// A turn of a carrier that takes one ring in `between` from all nodes together. `Some`: how long until the next.
    pub async fn turn(
        &self,
        carrier: CarrierId,
        between: SignedDuration,
    ) -> Result<Option<SignedDuration>, StoreError> {
        self.run(None, Timestamp::UNIX_EPOCH, async move |db| {
            node::turn(db, &carrier.0, between).await
        })
        .await
    }

    /// A word about this node's own lease.
    async fn of_the_lease<T: Send + 'static>(
        &self,
        verb: impl AsyncFn(&mut Db<'_>) -> Answer<T> + Send + Sync + 'static,
    ) -> Answer<T> {
        match &self.database {
            Database::Sqlite(..) => self.run(None, Timestamp::UNIX_EPOCH, verb).await,
            Database::Postgres(pool, _) => pool.run(About::Lease, &self.lease, verb).await,
        }
    }

    /// One decision: read, made and written in one transaction, and answered after its commit.
    async fn run<T: Send + 'static>(
        &self,
        about: Option<LeadId>,
        now: Timestamp,
        verb: impl AsyncFn(&mut Db<'_>) -> Answer<T> + Send + Sync + 'static,
    ) -> Answer<T> {
        match &self.database {
            Database::Sqlite(writer, _) => writer.write(about, self.lease.node(), now, verb).await,
            Database::Postgres(pool, on_commit) => {
                let since = Instant::now();
                let done = pool.run(About::Leads, &self.lease, verb).await;
                on_commit(since.elapsed());
                done
            }
        }
    }
}
