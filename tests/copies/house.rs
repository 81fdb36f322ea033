//! A store on either database, with leads that have come to different ends.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use leadbridge::flow::{Command, Event};
use leadbridge::io::config;
use leadbridge::io::store::{Copied, Effect, Filter, Letter, Record, Store};
use leadbridge::phone::PhoneNumber;
use leadbridge::rotation::{Rules, Strategy};
use leadbridge_providers::{CarrierCallId, End, LegId, Phase, Placing};
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;

use crate::group::{self, arrival, lead, now};
use crate::server::Server;

/// A place for a store: a file in a folder of its own, or a database.
pub(crate) struct Place {
    pub(crate) address: config::Store,
    _folder: Option<TempDir>,
}

/// A story on both databases.
macro_rules! on_both_databases {
    ($($story:ident,)*) => {
        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $story() {
                    super::$story(crate::house::Place::file()).await;
                }
            )*
        }

        mod on_postgres {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $story() {
                    super::$story(crate::house::Place::database()).await;
                }
            )*
        }
    };
}
pub(crate) use on_both_databases;

impl Place {
    pub(crate) fn file() -> Place {
        let folder = tempfile::tempdir().unwrap();
        Place {
            address: config::Store::Sqlite(folder.path().join("leads.db")),
            _folder: Some(folder),
        }
    }

    pub(crate) fn database() -> Place {
        let url = tokio::task::block_in_place(|| Server::shared().database());
        Place {
            address: config::Store::Postgres(SecretString::from(url)),
            _folder: None,
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        match &self.address {
            config::Store::Sqlite(path) => path.clone(),
            config::Store::Postgres(_) => panic!("there is no file"),
        }
    }

    /// The daemon's way in.
    pub(crate) async fn open(&self) -> Store {
        match &self.address {
            config::Store::Sqlite(path) => Store::open(path, |_| ()),
            config::Store::Postgres(url) => Store::connect(url.expose_secret(), |_| ()).await,
        }
        .unwrap()
    }

    /// Somebody meddles.
    pub(crate) fn does(&self, sql: &str) {
        match &self.address {
            config::Store::Sqlite(path) => {
                let db = rusqlite::Connection::open(path).unwrap();
                db.execute_batch(sql).unwrap();
            }
            config::Store::Postgres(url) => {
                let url = url.expose_secret();
                tokio::task::block_in_place(|| Server::shared().ask(url, sql));
            }
        }
    }
}

/// The store of a daemon that runs, and its group.
pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) rules: Arc<Rules>,
}

impl House {
    pub(crate) async fn at(place: &Place) -> House {
        let store = place.open().await;
        let rules = group::rules(Strategy::InOrder, store.hash_key());
        House { store, rules }
    }

    /// The first lead rings, the second is canceled while its phone rings, of the third nobody could read anything; who
    /// sent the first wrote back.
    pub(crate) async fn with_leads(place: &Place) -> House {
        let house = House::at(place).await;
        house.receive(1).await;
        house.closed(2).await;
        let mut unread = arrival(3, None);
        unread.arrival.told = None;
        house.take(unread).await;
        house.writes(1).await;
        house
    }

    pub(crate) async fn receive(&self, number: u128) -> Vec<Effect> {
        self.take(arrival(number, Some(&format!("web-{number}"))))
            .await
    }

    pub(crate) async fn take(&self, new: leadbridge::io::store::New) -> Vec<Effect> {
        let received = self.store.receive(new, self.rules.clone(), now()).await;
        received.unwrap().effects
    }

    /// A lead that is over: nothing of it is left to be done.
    pub(crate) async fn closed(&self, number: u128) {
        let effects = self.receive(number).await;
        let ring = effects
            .iter()
            .find(|effect| matches!(effect.command, Command::Ring(_)));
        if let Some(leg) = ring.and_then(|ring| ring.command.leg()) {
            let call = CarrierCallId(format!("CA-{leg}"));
            let id = ring.map(|ring| ring.id);
            self.step(number, Event::Placing(leg, Placing::Placed(call)), id)
                .await;
            self.step(number, Event::Cancel { reason: None }, None)
                .await;
            self.step(number, ended(leg), None).await;
        } else {
            self.step(number, Event::Cancel { reason: None }, None)
                .await;
        }
        for item in self.store.reads().outbox_of(lead(number)).await.unwrap() {
            self.store.done(item.id).await.unwrap();
        }
    }

    pub(crate) async fn step(
        &self,
        number: u128,
        event: Event,
        answers: Option<leadbridge::io::store::OutboxId>,
    ) {
        let step = self
            .store
            .step(lead(number), event, answers, self.rules.clone(), now());
        step.await.unwrap().unwrap();
    }

    /// The customer of this lead texts STOP.
    pub(crate) async fn writes(&self, number: u128) {
        let from = PhoneNumber::parse(&format!("+3247112{number:04}"), "BE").unwrap();
        let letter = Letter {
            key: self.store.hash_key().of(&from),
            from,
            carrier_id: format!("SM-{number}"),
            body: "STOP".to_owned(),
            wants_texts: Some(false),
        };
        let of = self.store.letter(letter, now()).await.unwrap();
        assert_eq!(of, Some(lead(number)));
    }

    pub(crate) async fn records(&self) -> Vec<Record> {
        let list = self.store.reads().list(Filter::default(), None, 100).await;
        list.unwrap().leads
    }

    /// The daemon ends.
    pub(crate) async fn ends(self) {
        self.store.leave().await.unwrap();
    }
}

pub(crate) fn ended(leg: LegId) -> Event {
    Event::Progress {
        leg,
        call: None,
        phase: Phase::Ended(End::NoAnswer),
    }
}

/// Copies one into the other.
pub(crate) async fn copy(from: &Place, to: &Place) -> Result<Vec<Copied>, String> {
    let copied = Store::copy(&from.address, &to.address, &mut |_| ()).await;
    copied.map_err(|error| error.to_string())
}

pub(crate) fn rows(copied: &[Copied], table: &str) -> u64 {
    copied
        .iter()
        .find(|copied| copied.table == table)
        .unwrap()
        .rows
}

pub(crate) fn changed(copied: &[Copied]) -> u64 {
    copied.iter().map(|copied| copied.changed).sum()
}

/// A file below the folder of another.
pub(crate) fn beside(path: &Path, name: &str) -> PathBuf {
    path.with_file_name(name)
}
