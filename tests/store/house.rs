//! A store with a group of three phones, on either database; and the stories that are told on both.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use leadbridge::flow::Event;
use leadbridge::io::store::{Inheritance, OutboxId, Received, Stepped, Store, StoreError};
use leadbridge::rotation::{Rules, Strategy};
use leadbridge_providers::LeadId;
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use crate::group::{self, arrival, now};
use crate::server::Server;

/// The server's clock shows what the test says: it is asked for before PostgreSQL's own.
const CLOCK: &str = "
create schema test;
create table test.clock (now timestamptz not null);
insert into test.clock values ('2026-11-22T09:00:00Z');
create function test.clock_timestamp() returns timestamptz volatile language sql as 'select now from test.clock';
alter role leadbridge set search_path = public, test, pg_catalog;
";

/// Each story is a test on SQLite and one on PostgreSQL.
macro_rules! on_both_databases {
    ($($story:ident: $strategy:ident,)*) => {
        mod on_sqlite {
            use crate::house::House;
            use leadbridge::rotation::Strategy;
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $story() {
                    super::$story(House::of_file(Strategy::$strategy)).await;
                }
            )*
        }

        mod on_postgres {
            use crate::house::House;
            use leadbridge::rotation::Strategy;
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $story() {
                    super::$story(House::of_server(Strategy::$strategy).await).await;
                }
            )*
        }
    };
}
pub(crate) use on_both_databases;

/// A store of its own, and a group of three phones.
pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) rules: Arc<Rules>,
    database: Database,
    now: Cell<Timestamp>,
}

enum Database {
    File(TempDir),
    Server(Postgres),
}

/// A database of the PostgreSQL that these tests share.
pub(crate) struct Postgres {
    pub(crate) url: String,
    /// Beside all nodes.
    pub(crate) client: Client,
}

impl House {
    pub(crate) fn of_file(strategy: Strategy) -> House {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("leads.db"), |_| ()).unwrap();
        House::of(store, strategy, Database::File(folder))
    }

    pub(crate) async fn of_server(strategy: Strategy) -> House {
        let postgres = Postgres::new().await;
        let store = Store::connect(&postgres.url, |_| ()).await.unwrap();
        House::of(store, strategy, Database::Server(postgres))
    }

    fn of(store: Store, strategy: Strategy, database: Database) -> House {
        House {
            rules: group::rules(strategy, store.hash_key()),
            store,
            database,
            now: Cell::new(now()),
        }
    }

    /// The file of SQLite.
    pub(crate) fn path(&self) -> PathBuf {
        match &self.database {
            Database::File(folder) => folder.path().join("leads.db"),
            Database::Server(_) => panic!("there is no file"),
        }
    }

    /// The database of PostgreSQL.
    pub(crate) fn postgres(&self) -> &Postgres {
        match &self.database {
            Database::File(_) => panic!("there is no server"),
            Database::Server(postgres) => postgres,
        }
    }

    /// One node more on the same database.
    pub(crate) async fn neighbour(&self) -> Store {
        let url = &self.postgres().url;
        Store::connect(url, |_| ()).await.unwrap()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now.get()
    }

    /// From now on it is then.
    pub(crate) async fn it_is(&self, now: Timestamp) {
        self.now.set(now);
        if let Database::Server(postgres) = &self.database {
            let set = format!("update test.clock set now = '{now}'");
            postgres.client.batch_execute(&set).await.unwrap();
        }
    }

    /// The daemon is stopped and started: with what it took over.
    pub(crate) async fn reopened(self) -> (House, Inheritance) {
        let House {
            store,
            rules,
            database,
            now,
        } = self;
        store.leave().await.unwrap();
        drop(store);
        let store = match &database {
            Database::File(folder) => of_file_again(&folder.path().join("leads.db")),
            Database::Server(postgres) => Store::connect(&postgres.url, |_| ()).await.unwrap(),
        };
        let house = House {
            store,
            rules,
            database,
            now,
        };
        let left = house.store.take_over(true, house.now()).await;
        let left = left.unwrap().unwrap();
        house.store.settled(left.of.clone()).await.unwrap();
        (house, left)
    }

    pub(crate) async fn receive(&self, number: u128, source_id: Option<&str>) -> Received {
        let (new, rules) = (arrival(number, source_id), self.rules.clone());
        self.store.receive(new, rules, self.now()).await.unwrap()
    }

    pub(crate) async fn step(
        &self,
        lead: LeadId,
        event: Event,
        answers: Option<OutboxId>,
    ) -> Stepped {
        let rules = self.rules.clone();
        let stepped = self.store.step(lead, event, answers, rules, self.now());
        stepped.await.unwrap().unwrap()
    }

    /// Somebody meddles.
    pub(crate) async fn does(&self, sql: &str) {
        match &self.database {
            Database::File(_) => {
                let db = rusqlite::Connection::open(self.path()).unwrap();
                db.execute_batch(sql).unwrap();
            }
            Database::Server(postgres) => postgres.client.batch_execute(sql).await.unwrap(),
        }
    }

    /// Every word in this table.
    pub(crate) async fn words(&self, table: &str) -> String {
        match &self.database {
            Database::File(_) => words_of_file(&self.path(), table),
            Database::Server(postgres) => {
                postgres
                    .ask(&format!("select cast(kept as text) from {table} kept"))
                    .await
            }
        }
    }
}

impl Postgres {
    /// A new database.
    pub(crate) async fn new() -> Postgres {
        let url = tokio::task::spawn_blocking(|| shared().database());
        let url = url.await.unwrap();
        let client = connect(&url).await;
        Postgres { url, client }
    }

    /// What a statement gives: a line a row.
    pub(crate) async fn ask(&self, statement: &str) -> String {
        let mut lines = String::new();
        for answer in self.client.simple_query(statement).await.unwrap() {
            if let SimpleQueryMessage::Row(row) = answer {
                lines += row.get(0).unwrap_or_default();
                lines.push('\n');
            }
        }
        lines
    }
}

/// A connection that keeps no rule of ours.
pub(crate) async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

fn shared() -> &'static Server {
    static SHARED: OnceLock<Server> = OnceLock::new();
    SHARED.get_or_init(|| {
        let server = Server::start_unflushed();
        let any = server.database();
        let (host, _) = any.rsplit_once('/').unwrap();
        server.ask(&format!("{host}/template1"), CLOCK);
        server
    })
}

fn words_of_file(path: &std::path::Path, table: &str) -> String {
    use rusqlite::types::ValueRef;
    let db = rusqlite::Connection::open(path).unwrap();
    let mut rows = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let columns = rows.column_count();
    let mut rows = rows.query([]).unwrap();
    let mut words = String::new();
    while let Some(row) = rows.next().unwrap() {
        for column in 0..columns {
            match row.get_ref(column).unwrap() {
                ValueRef::Text(text) | ValueRef::Blob(text) => {
                    words += &String::from_utf8_lossy(text);
                }
                ValueRef::Integer(number) => words += &number.to_string(),
                ValueRef::Real(_) | ValueRef::Null => {}
            }
            words.push(' ');
        }
    }
    words
}

/// A program that another test starts at this instant bears a copy of the lock until it has become itself.
fn of_file_again(path: &Path) -> Store {
    let give_up = Instant::now() + Duration::from_secs(10);
    loop {
        match Store::open(path, |_| ()) {
            Err(StoreError::InUse(_)) if Instant::now() < give_up => std::thread::yield_now(),
            opened => return opened.unwrap(),
        }
    }
}
