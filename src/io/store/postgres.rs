//! PostgreSQL: connections, and how a transaction is run on one of them. Rows are locked by the statements themselves; a
//! transaction that meets another's on its way is run again. One that hangs is ended by the server, so that a process
//! that stands still keeps no row from the others.
//!
//! `postgres/transaction.rs` is the transaction, `postgres/error.rs` says what an error means.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool::managed::QueueMode;
use deadpool_postgres::{Manager, ManagerConfig, Object, PoolError, RecyclingMethod, Runtime};
use futures_util::FutureExt;
use rustls::RootCertStore;
use tokio::time::timeout;
use tokio_postgres_rustls::MakeRustlsConnect;

use self::error::{at_fault, misaddressed, store_error, unreached};
use super::db::Db;
use super::error::{Answer, StoreError};
use super::meta;
use super::node::{Lease, Node};
use super::tables::{self, SCHEMA};

mod error;
mod transaction;

pub(super) use transaction::Transaction;

/// So many transactions of a node are under way at the same time.
const CONNECTIONS: usize = 12;
/// So many are kept for the lease of the node, which must not wait for any lead.
const FOR_THE_LEASE: usize = 2;
/// How long a connection may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(1);
/// How long a transaction may take: less than a lease lasts, and than a carrier waits for an answer.
const DONE_WITHIN: Duration = Duration::from_millis(2_500);
/// How long a question of a person may take.
const ASKED_WITHIN: Duration = Duration::from_secs(30);
/// How long a step may take that goes through whole tables, where no lead waits for it.
const WALKED_WITHIN: Duration = Duration::from_secs(6 * 3600);
/// So often a transaction is run again that met another's.
const TRIES: usize = 6;
/// What the server does with our sessions: a process that stands still keeps its rows for a second at most, and a
/// commit is on disk when it is told, whatever the server's own settings say.
const SESSION: &str =
    "-c idle_in_transaction_session_timeout=1s -c lock_timeout=2s -c synchronous_commit=on";
/// The lock of whoever makes the tables ("Lead" in ASCII).
const MAKING: &str = "SELECT pg_advisory_xact_lock(1281712484)";
const CHANGES: &str = "BEGIN";
const LOOKS: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Connections to one database.
#[derive(Clone)]
pub(super) struct Pool {
    connections: deadpool_postgres::Pool,
    for_the_lease: deadpool_postgres::Pool,
    /// For errors: where, without a password.
    name: Arc<str>,
    done_within: Duration,
    asked_within: Duration,
}

/// What a transaction is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// Leads, as all that is not the other.
    Leads,
    /// The lease of this node.
    Lease,
}

impl Pool {
    /// Connects, and makes the tables if there are none.
    pub(super) async fn open(url: &str) -> Answer<Pool> {
        let pool = Pool::at(url)?;
        pool.make().await?;
        Ok(pool)
    }

    /// Connects to ask only.
    pub(super) async fn open_to_read(url: &str) -> Answer<Pool> {
        let pool = Pool::at(url)?;
        let client = pool.client().await?;
        match pool.schema(&client).await? {
            0 => Err(StoreError::NotAStore(pool.name.to_string())),
            SCHEMA => Ok(pool),
            _ => Err(StoreError::NotYetUpgraded(pool.name.to_string())),
        }
    }

    /// The same for who goes through whole tables.
    pub(super) fn unhurried(self) -> Pool {
        Pool {
            done_within: WALKED_WITHIN,
            asked_within: WALKED_WITHIN,
            ..self
        }
    }

    /// What errors call it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Runs `verb` in a transaction, and answers after its commit. Whoever does not hear of a commit gives the lease
    /// up: what it left in the outbox is found again by whoever takes it over.
    pub(super) async fn run<T>(
        &self,
        about: About,
        lease: &Lease,
        verb: impl AsyncFn(&mut Db<'_>) -> Answer<T>,
    ) -> Answer<T> {
        let mut tries = 1;
        loop {
            let committing = AtomicBool::new(false);
            let node = lease.node();
            let done = self.once(about, &node, &verb, &committing);
            let done = timeout(self.done_within, done).await;
            let done = done.unwrap_or_else(|_| Err(unreached("it does not answer")));
            match done {
                Err(StoreError::Conflict) if tries < TRIES => tries += 1,
                Err(StoreError::Unavailable(why)) => {
                    if committing.load(Ordering::Relaxed) {
                        lease.given_up();
                    }
                    return Err(StoreError::Unavailable(why));
                }
                done => return done,
            }
        }
    }

    /// Answers a question that changes nothing.
    pub(super) async fn ask<T>(
        &self,
        question: impl AsyncFn(&mut Db<'_>) -> Answer<T>,
    ) -> Answer<T> {
        let nobody = Node::new(0);
        let asked = async {
            let mut transaction = Transaction::new(self.client().await?, LOOKS);
            let answer = question(&mut Db::postgres(&mut transaction, &nobody)).await?;
            transaction.commit().await?;
            Ok(answer)
        };
        let answer = timeout(self.asked_within, asked).await;
        answer.unwrap_or_else(|_| Err(unreached("it does not answer")))
    }

    async fn once<T>(
        &self,
        about: About,
        node: &Node,
        verb: &impl AsyncFn(&mut Db<'_>) -> Answer<T>,
        committing: &AtomicBool,
    ) -> Answer<T> {
        let client = match about {
            About::Leads => self.client().await?,
            About::Lease => client(&self.for_the_lease).await?,
        };
        let mut transaction = Transaction::new(client, CHANGES);
        let mut db = Db::postgres(&mut transaction, node);
        let answer = AssertUnwindSafe(verb(&mut db)).catch_unwind().await;
        let answer = answer.unwrap_or_else(|_| {
            tracing::error!("a decision panicked; nothing of it was written");
            Err(StoreError::Panicked)
        })?;
        committing.store(true, Ordering::Relaxed);
        transaction.commit().await?;
        Ok(answer)
    }

    fn at(url: &str) -> Answer<Pool> {
        let mut config: tokio_postgres::Config = url
            .parse()
            .map_err(|error| misaddressed(&format!("store.url can't be read: {error}")))?;
        let options = config
            .get_options()
            .map_or(SESSION.to_owned(), |own| format!("{own} {SESSION}"));
        config
            .options(options)
            .application_name("leadbridge")
            .connect_timeout(CONNECT_WITHIN)
            .tcp_user_timeout(DONE_WITHIN)
            .keepalives_idle(DONE_WITHIN);
        let name = config
            .get_dbname()
            .or(config.get_user())
            .unwrap_or("postgres");
        Ok(Pool {
            name: format!("the database {name}").into(),
            connections: connections(&config, CONNECTIONS)?,
            for_the_lease: connections(&config, FOR_THE_LEASE)?,
            done_within: DONE_WITHIN,
            asked_within: ASKED_WITHIN,
        })
    }

    async fn client(&self) -> Answer<Object> {
        client(&self.connections).await
    }

    /// The schema of a database; 0: it is empty.
    async fn schema(&self, client: &Object) -> Answer<i64> {
        let tables = "SELECT count(*), coalesce(sum(CAST(table_name = 'meta' AS INTEGER)), 0) \
                      FROM information_schema.tables WHERE table_schema = current_schema()";
        let row = client.query_one(tables, &[]).await.map_err(at_fault)?;
        match (row.get::<_, i64>(0), row.get::<_, i64>(1)) {
            (0, _) => return Ok(0),
            (_, 0) => return Err(StoreError::NotAStore(self.name.to_string())),
            (_, _) => {}
        }
        let row = client
            .query_opt(meta::SELECT, &[&meta::SCHEMA])
            .await
            .map_err(at_fault)?;
        let found = row.and_then(|row| row.get::<_, String>(0).parse::<i64>().ok());
        match found {
            None => Err(StoreError::NotAStore(self.name.to_string())),
            Some(found) if found > SCHEMA => Err(StoreError::NewerSchema {
                store: self.name.to_string(),
                found,
                known: SCHEMA,
            }),
            Some(found) => Ok(found),
        }
    }

    /// Makes the tables and the secret, all or nothing, and one node at a time.
    async fn make(&self) -> Answer<()> {
        let client = self.client().await?;
        client.batch_execute(CHANGES).await.map_err(at_fault)?;
        let made = self.make_within(&client).await;
        let end = if made.is_ok() { "COMMIT" } else { "ROLLBACK" };
        client.batch_execute(end).await.map_err(at_fault)?;
        made
    }

    async fn make_within(&self, client: &Object) -> Answer<()> {
        client.batch_execute(MAKING).await.map_err(at_fault)?;
        if self.schema(client).await? == SCHEMA {
            return Ok(());
        }
        let made = client.batch_execute(&tables::in_postgres()).await;
        made.map_err(at_fault)?;
        for (key, value) in [
            (meta::HASH_KEY, meta::new_secret()?),
            (meta::SCHEMA, SCHEMA.to_string()),
        ] {
            let inserted = client.execute(meta::INSERT, &[&key, &value]).await;
            inserted.map_err(at_fault)?;
        }
        Ok(())
    }

    /// A number that no process had before.
    pub(super) async fn new_number(&self) -> Answer<i64> {
        let numbered = async {
            let client = client(&self.for_the_lease).await?;
            let row = client.query_one("SELECT nextval('node_number')", &[]).await;
            Ok(row.map_err(at_fault)?.get(0))
        };
        let number = timeout(DONE_WITHIN, numbered).await;
        number.unwrap_or_else(|_| Err(unreached("it does not answer")))
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

fn connections(config: &tokio_postgres::Config, size: usize) -> Answer<deadpool_postgres::Pool> {
    let recycling = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    let manager = Manager::from_config(config.clone(), tls(), recycling);
    deadpool_postgres::Pool::builder(manager)
        .max_size(size)
        // Whoever was busy last knows the statements, and is in the processor's memory.
        .queue_mode(QueueMode::Lifo)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(DONE_WITHIN))
        .create_timeout(Some(DONE_WITHIN))
        .build()
        .map_err(|error| unreached(&error.to_string()))
}

async fn client(connections: &deadpool_postgres::Pool) -> Answer<Object> {
    let client = connections.get().await;
    client.map_err(|error| {
        if let PoolError::Backend(error) = &error {
            return store_error(error);
        }
        unreached(&error.to_string())
    })
}

/// The system's own roots say whom to trust.
fn tls() -> MakeRustlsConnect {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = rustls::ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    MakeRustlsConnect::new(config)
}
