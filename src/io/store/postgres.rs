//! PostgreSQL: connections, transactions, and how a statement runs on it. Rows are locked by the statements
//! themselves; a transaction that meets another's on its way is run again.
//!
//! What is asked together and what was written before is sent at once, without waiting for each answer, and the
//! commit with the last writes. A transaction that hangs is ended by the server, so that a process that stands still
//! keeps no row from the others.

use std::error::Error;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool::managed::QueueMode;
use deadpool_postgres::{Manager, ManagerConfig, Object, PoolError, RecyclingMethod, Runtime};
use futures_util::future::join_all;
use futures_util::{FutureExt, TryStreamExt};
use jiff::Timestamp;
use rustls::{CertificateError, RootCertStore};
use tokio::time::timeout;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::db::{Db, Row, Statement, Value};
use super::error::{Answer, StoreError};
use super::meta;
use super::node::{Lease, Node};
use super::tables::{self, SCHEMA};

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
/// The server's clock, in milliseconds since 1970: behind all locks, so that time never goes back for a row.
const CLOCK: &str = "SELECT CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS BIGINT)";

/// Connections to one database.
#[derive(Clone)]
pub(super) struct Pool {
    connections: deadpool_postgres::Pool,
    for_the_lease: deadpool_postgres::Pool,
    /// For errors: where, without a password.
    name: Arc<str>,
}

/// What a transaction is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// Leads, as all that is not the other.
    Leads,
    /// The lease of this node.
    Lease,
}

/// A transaction; it is given up unless it is committed.
pub(super) struct Transaction {
    client: Option<Object>,
    begin: Option<&'static str>,
    later: Vec<Statement>,
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
            let done = timeout(DONE_WITHIN, done).await;
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
        let answer = timeout(ASKED_WITHIN, asked).await;
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

impl Transaction {
    fn new(client: Object, begin: &'static str) -> Transaction {
        Transaction {
            client: Some(client),
            begin: Some(begin),
            later: Vec::new(),
        }
    }

    /// The rows of several questions; with the first of them, what time it is.
    pub(super) async fn ask(
        &mut self,
        mut questions: Vec<Statement>,
        now: &mut Option<Timestamp>,
    ) -> Answer<Vec<Vec<Row>>> {
        if now.is_none() {
            questions.push((CLOCK, Vec::new()));
        }
        let mut answers = self.send(questions).await?;
        if now.is_none() {
            let clock = answers.pop().and_then(|rows| rows.into_iter().next());
            let ms = clock.ok_or_else(super::db::misshapen)?.int(0)?;
            *now = Timestamp::from_millisecond(ms).ok();
        }
        Ok(answers)
    }

    /// Shows each row of a question that finds many, one at a time.
    pub(super) async fn each(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
        show: &mut (dyn FnMut(Row) -> Answer<()> + Send),
    ) -> Answer<()> {
        self.send(Vec::new()).await?;
        let client = self.client()?;
        let statement = client.prepare_cached(sql).await.map_err(at_fault)?;
        let rows = client.query_raw(&statement, &values).await;
        let mut rows = std::pin::pin!(rows.map_err(at_fault)?);
        while let Some(row) = rows.try_next().await.map_err(at_fault)? {
            show(read(&row))?;
        }
        Ok(())
    }

    /// Writes, and tells how many rows it met.
    pub(super) async fn change(&mut self, sql: &'static str, values: Vec<Value>) -> Answer<u64> {
        self.send(Vec::new()).await?;
        let client = self.client()?;
        let statement = client.prepare_cached(sql).await.map_err(at_fault)?;
        let changed = client.execute_raw(&statement, &values).await;
        changed.map_err(at_fault)
    }

    /// Writes with the next question, or the commit.
    pub(super) fn later(&mut self, sql: &'static str, values: Vec<Value>) {
        self.later.push((sql, values));
    }

    async fn commit(&mut self) -> Answer<()> {
        if self.begin.is_none() || !self.later.is_empty() {
            self.exchange(Vec::new(), Some("COMMIT")).await?;
        }
        // It goes back to the others.
        drop(self.client.take());
        Ok(())
    }

    /// Sends what was written before, and the questions.
    async fn send(&mut self, questions: Vec<Statement>) -> Answer<Vec<Vec<Row>>> {
        if self.begin.is_none() && self.later.is_empty() && questions.is_empty() {
            return Ok(Vec::new());
        }
        self.exchange(questions, None).await
    }

    /// All at once: the beginning, what was written before, the questions, the end.
    async fn exchange(
        &mut self,
        questions: Vec<Statement>,
        end: Option<&'static str>,
    ) -> Answer<Vec<Vec<Row>>> {
        let begin = self.begin.take();
        let mut all = std::mem::take(&mut self.later);
        let writes = all.len();
        all.extend(questions);
        let client = self.client()?;
        let mut asked = Vec::new();
        for (sql, values) in all {
            let statement = client.prepare_cached(sql).await.map_err(at_fault)?;
            asked.push(ask(client, statement, values));
        }
        let (begun, answers, ended) = tokio::join!(
            biased;
            order(client, begin),
            join_all(asked),
            order(client, end),
        );
        begun?;
        let answers: Vec<Vec<Row>> = answers.into_iter().collect::<Answer<_>>()?;
        ended?;
        Ok(answers.into_iter().skip(writes).collect())
    }

    fn client(&self) -> Answer<&Object> {
        self.client.as_ref().ok_or_else(|| unreached("it is over"))
    }
}

impl Drop for Transaction {
    /// A connection whose transaction is not over is no use to anybody.
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            drop(Object::take(client));
        }
    }
}

/// Begins or ends a transaction, if it is to be.
async fn order(client: &Object, order: Option<&'static str>) -> Answer<()> {
    match order {
        Some(order) => client.batch_execute(order).await.map_err(at_fault),
        None => Ok(()),
    }
}

async fn ask(
    client: &Object,
    statement: tokio_postgres::Statement,
    values: Vec<Value>,
) -> Answer<Vec<Row>> {
    let rows = client.query_raw(&statement, &values).await;
    let rows: Result<Vec<_>, _> = rows.map_err(at_fault)?.try_collect().await;
    Ok(rows.map_err(at_fault)?.iter().map(read).collect())
}

fn read(row: &tokio_postgres::Row) -> Row {
    Row((0..row.len()).map(|column| row.get(column)).collect())
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(number) => number.to_sql(ty, out),
            Value::Text(text) => text.to_sql(ty, out),
            Value::Bytes(bytes) => bytes.to_sql(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        [Type::INT8, Type::TEXT, Type::BYTEA].contains(ty)
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Value, Box<dyn Error + Sync + Send>> {
        match *ty {
            Type::INT8 => i64::from_sql(ty, raw).map(Value::Int),
            Type::BYTEA => Vec::from_sql(ty, raw).map(Value::Bytes),
            _ => String::from_sql(ty, raw).map(Value::Text),
        }
    }

    fn from_sql_null(_: &Type) -> Result<Value, Box<dyn Error + Sync + Send>> {
        Ok(Value::Null)
    }

    fn accepts(ty: &Type) -> bool {
        <Value as ToSql>::accepts(ty)
    }
}

fn at_fault(error: tokio_postgres::Error) -> StoreError {
    store_error(&error)
}

/// What an error means. The text of one of the server's could quote a row; one of the way there can't.
fn store_error(error: &tokio_postgres::Error) -> StoreError {
    let Some(state) = error.code() else {
        return match (refused_certificate(error), error.source()) {
            (Some(why), _) => unreached(&not_trusted(why)),
            (None, Some(why)) => unreached(&format!("{error} ({why})")),
            (None, None) => unreached(&error.to_string()),
        };
    };
    let code = state.code();
    if [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::UNIQUE_VIOLATION,
        SqlState::LOCK_NOT_AVAILABLE,
    ]
    .contains(state)
    {
        StoreError::Conflict
    } else if *state == SqlState::DISK_FULL {
        StoreError::DiskFull
    } else if *state == SqlState::READ_ONLY_SQL_TRANSACTION {
        StoreError::ReadOnly
    } else if *state == SqlState::INVALID_PASSWORD || code.starts_with("28") {
        misaddressed("it does not let us in; look at the user and the password in store.url")
    } else if *state == SqlState::INVALID_CATALOG_NAME {
        misaddressed("it has no such database; make it, or name another in store.url")
    } else if *state == SqlState::DATA_CORRUPTED || *state == SqlState::INDEX_CORRUPTED {
        StoreError::Corrupt("PostgreSQL says so".to_owned())
    } else {
        unreached(&format!("it answers with error {code}"))
    }
}

fn unreached(why: &str) -> StoreError {
    StoreError::Unavailable(format!("PostgreSQL: {why}"))
}

fn misaddressed(why: &str) -> StoreError {
    StoreError::Misaddressed(why.to_owned())
}

/// What is wrong with the server's certificate, if it is that.
fn refused_certificate(error: &tokio_postgres::Error) -> Option<&CertificateError> {
    let handshake = error.source()?.downcast_ref::<std::io::Error>()?;
    let refusal = handshake.get_ref()?.downcast_ref::<rustls::Error>()?;
    if let rustls::Error::InvalidCertificate(why) = refusal {
        return Some(why);
    }
    None
}

/// What is wrong with a certificate is mended at the server or in what this machine trusts; each connection looks anew.
fn not_trusted(why: &CertificateError) -> String {
    use CertificateError as Why;
    // The signature is bad where the authority has the name of one that is trusted, and another key.
    let is_strange = matches!(why, Why::UnknownIssuer | Why::BadSignature);
    let is_anothers = matches!(
        why,
        Why::NotValidForName | Why::NotValidForNameContext { .. }
    );
    let is_old = matches!(why, Why::Expired | Why::ExpiredContext { .. });
    let sentence = match (is_strange, is_anothers, is_old) {
        (true, _, _) => {
            "its certificate is from an authority that this machine does not trust; add that authority to the system's \
             (update-ca-certificates), or name its file in SSL_CERT_FILE"
        }
        (_, true, _) => {
            "its certificate is for another name than the host in store.url; write the host there as the certificate \
             has it, or give the server one for this name"
        }
        (_, _, true) => "its certificate has expired; give the server a new one",
        (false, false, false) => return format!("its certificate is refused ({why})"),
    };
    sentence.to_owned()
}
