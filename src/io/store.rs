//! What is kept, and the one way to change it: a decision is made and written down in one transaction, on one
//! thread, so that two can never be made of the same rows (P2, P4). A verb answers after its commit (P1).
//!
//! `store/sqlite.rs` opens the file and knows its tables, `store/writer.rs` commits in groups, `store/decide.rs`
//! runs one decision, `store/rows.rs` reads and writes single rows, `store/messages.rs` keeps what was written to
//! people, `store/reads.rs` answers questions, `store/figures.rs` those of the figures and the board,
//! `store/person.rs` forgets,
//! `store/place.rs` sees whether the file is still there. Nothing of SQLite's shows in this file.
//!
//! What holds anything personal has no `Debug`, so that it cannot slip into a log.
//!
//! A verb whose future is dropped may still happen: what it left in the outbox and its wakes are found again by
//! [`Reads::outbox`] and [`Reads::pending`].

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use leadbridge_providers::{CarrierCallId, LeadId, LegId};

use crate::decision::Arrival;
use crate::flow::errand::Errand;
use crate::flow::{Command, Entry, Event, Flow};
use crate::lead::Lead;
use crate::phone::{HashKey, PhoneNumber};
use crate::rotation::{CarrierId, Rules};

mod called_in;
mod decide;
mod error;
mod figures;
mod messages;
mod person;
mod place;
mod reads;
mod rows;
mod sqlite;
mod writer;

pub use error::StoreError;
pub use messages::{Fate, Letter, Message, MessageState, Posting, Written};
pub use reads::{Counts, Filter, Item, Page, Raw, Reads, Record};

use place::Place;
use writer::Writer;

/// The store of a daemon that may write: one per file.
#[derive(Clone, Debug)]
pub struct Store {
    writer: Writer,
    reads: Reads,
    key: HashKey,
    path: PathBuf,
}

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

impl Stepped {
    /// Whether anything is to be done now that it is written.
    pub fn leaves_something(&self) -> bool {
        self.flow != self.before || !self.effects.is_empty() || !self.wakes.is_empty()
    }
}

impl Store {
    /// Opens the file, or makes it. A second daemon on the same file is refused. `on_commit` hears how long each
    /// commit took.
    pub fn open(
        path: &Path,
        on_commit: impl Fn(Duration) + Send + 'static,
    ) -> Result<Store, StoreError> {
        let lock = sqlite::lock(path)?;
        let (connection, key) = sqlite::open(path).map_err(|error| error.of_file(path))?;
        Ok(Store {
            writer: Writer::start(connection, Place::of(path, lock)?, on_commit)?,
            reads: Reads::new(path),
            key,
            path: path.to_owned(),
        })
    }

    /// Opens a file for questions only, beside a daemon that has it.
    pub fn open_read_only(path: &Path) -> Result<Reads, StoreError> {
        sqlite::open_to_read(path).map_err(|error| error.of_file(path))?;
        Ok(Reads::new(path))
    }

    /// The questions that can be asked.
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    /// The secret that turns this store's numbers into keys.
    pub fn hash_key(&self) -> &HashKey {
        &self.key
    }

    /// A lead comes in. The same id of the same source is the same lead.
    pub async fn receive(
        &self,
        new: New,
        rules: Arc<Rules>,
        now: Timestamp,
    ) -> Result<Received, StoreError> {
        let (about, key) = (new.arrival.lead, self.key.clone());
        let verb = move |db: &_| decide::receive(db, new, &rules, &key, now);
        self.writer.write(Some(about), verb).await
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
        let verb = move |db: &_| decide::step(db, lead, event, answers, &rules, now);
        self.writer.write(Some(lead), verb).await
    }

    /// The same, told by this carrier: nobody's event if the leg is another carrier's.
    pub async fn step_by(
        &self,
        carrier: CarrierId,
        leg: LegId,
        event: Event,
        rules: Arc<Rules>,
        now: Timestamp,
    ) -> Result<Option<Stepped>, StoreError> {
        let verb = move |db: &_| decide::step_by(db, &carrier, leg, event, &rules, now);
        self.writer.write(Some(leg.lead), verb).await
    }

    /// A lead to which nothing happens. `None`: no such lead.
    pub async fn as_it_stands(&self, lead: LeadId) -> Result<Option<Stepped>, StoreError> {
        let verb = move |db: &_| decide::as_it_stands(db, lead);
        self.writer.write(Some(lead), verb).await
    }

    /// A phone rings the lead line. The same call again is the same leg.
    pub async fn called_in(
        &self,
        call: CallIn,
        rules: Arc<Rules>,
        now: Timestamp,
    ) -> Result<TakenIn, StoreError> {
        let key = self.key.clone();
        let verb = move |db: &_| called_in::called_in(db, &call, &rules, &key, now);
        self.writer.write(None, verb).await
    }

    /// Frees the phones whose claim or rest is over.
    pub async fn expire(&self, now: Timestamp) -> Result<Vec<Wake>, StoreError> {
        let verb = move |db: &_| decide::expire(db, now);
        self.writer.write(None, verb).await
    }

    /// An item of the outbox has left, and no event answers it.
    pub async fn done(&self, id: OutboxId) -> Result<(), StoreError> {
        self.writer
            .write(None, move |db| rows::delete_item(db, id))
            .await
    }

    /// Empties these leads of all that is personal, also in the file's own leftovers.
    pub async fn erase(&self, leads: Vec<LeadId>) -> Result<(), StoreError> {
        let verb = move |db: &_| leads.iter().try_for_each(|lead| person::erase(db, *lead));
        self.writer.write(None, verb).await?;
        let path = self.path.clone();
        let folding = tokio::task::spawn_blocking(move || sqlite::fold_journal(&path));
        folding.await.map_err(|_| StoreError::Panicked)?
    }

    /// Whether anything can be written now.
    pub async fn writable(&self) -> Result<(), StoreError> {
        self.writer.write(None, sqlite::touch).await
    }
}
