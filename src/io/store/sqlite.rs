//! The file: who may open it, and its tables. Only `lead`, `raw` and `message` hold anything personal (P9).

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::error::StoreError;
use super::{figures, messages};
use crate::phone::HashKey;

/// The schema that this release writes.
const SCHEMA: i64 = 2;
/// Marks a database file as ours ("Lead" in ASCII).
const APPLICATION: i64 = 0x4c65_6164;
/// A lock of another program's is waited for so long: a callback is answered within 3 s whatever happens.
const LOCKED_MAX: Duration = Duration::from_secs(1);
/// So many statements are kept prepared: more than there are.
const STATEMENTS: usize = 64;

const TABLES: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT;

CREATE TABLE lead (
    id TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    source_id TEXT,
    joined_to TEXT,
    told TEXT,
    phone TEXT
) STRICT;
CREATE INDEX lead_phone ON lead (phone) WHERE phone IS NOT NULL;
CREATE UNIQUE INDEX lead_source ON lead (source, source_id) WHERE source_id IS NOT NULL;

CREATE TABLE raw (lead TEXT PRIMARY KEY, content_type TEXT NOT NULL, body BLOB NOT NULL) STRICT;

-- `due`, `open` and the columns below repeat what stands in `flow`, to be searched.
CREATE TABLE flow (
    lead TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    flow TEXT NOT NULL,
    due INTEGER,
    open INTEGER NOT NULL,
    t1 INTEGER NOT NULL,
    stage TEXT NOT NULL,
    source TEXT NOT NULL,
    rooftop TEXT NOT NULL
) STRICT;
CREATE INDEX flow_due ON flow (due, t1) WHERE due IS NOT NULL;
CREATE INDEX flow_open ON flow (stage, lead) WHERE open;
CREATE INDEX flow_listed ON flow (t1 DESC, lead DESC);

CREATE TABLE timeline (
    lead TEXT NOT NULL,
    seq INTEGER NOT NULL,
    entry TEXT NOT NULL,
    PRIMARY KEY (lead, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE desk (phone TEXT PRIMARY KEY, due INTEGER, phone_row TEXT NOT NULL) STRICT;
CREATE INDEX desk_due ON desk (due) WHERE due IS NOT NULL;

CREATE TABLE number (number TEXT PRIMARY KEY, number_row TEXT NOT NULL) STRICT;

-- An event left to another flow; `cause` is the lead that joined it, or empty when it is only woken.
CREATE TABLE wake (
    lead TEXT NOT NULL,
    cause TEXT NOT NULL,
    PRIMARY KEY (lead, cause)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    lead TEXT NOT NULL,
    command TEXT NOT NULL,
    parked INTEGER NOT NULL DEFAULT 0,
    born_at INTEGER NOT NULL
) STRICT;

CREATE TABLE call (call TEXT PRIMARY KEY, leg TEXT NOT NULL) STRICT, WITHOUT ROWID;
";

/// Keeps every other daemon away from the file for as long as the answer lives.
pub(super) fn lock(path: &Path) -> Result<File, StoreError> {
    let file = File::create(lock_path(path)).map_err(|error| cannot_open(path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(cannot_open(path, &error)),
    }
}

/// The file that bears the lock: beside the store's own file, whatever link leads there.
pub(super) fn lock_path(path: &Path) -> PathBuf {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut beside = OsString::from(path);
    beside.push(".lock");
    PathBuf::from(beside)
}

/// Opens the file to write, and makes it if there is none.
pub(super) fn open(path: &Path) -> Result<(Connection, HashKey), StoreError> {
    let mut connection = connect(path, OpenFlags::default())?;
    let schema = schema(&connection, path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // What a savepoint may have to put back stays in memory instead of a file.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // Always: a row that is moved inside its page leaves a copy, which an erasure later does not find (P9).
    connection.pragma_update(None, "secure_delete", true)?;
    match schema {
        0 => make(&mut connection)?,
        1 => upgrade(&mut connection)?,
        _ => {}
    }
    connection.execute_batch(figures::TABLE)?;
    let key = hash_key(&connection)?;
    Ok((connection, key))
}

/// Opens the file to ask.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = connect(path, flags)?;
    match schema(&connection, path)? {
        0 => Err(StoreError::NotAStore(path.to_owned())),
        _ => Ok(connection),
    }
}

/// Brings what was written into the file itself, and empties the journal beside it. A reader in the way is waited for;
/// one that stays leaves it to the next time.
pub(super) fn fold_journal(path: &Path) -> Result<(), StoreError> {
    let connection = connect(path, OpenFlags::default())?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

/// Writes something, to see whether it can be done.
pub(super) fn touch(connection: &Connection) -> Result<(), StoreError> {
    let sql = "INSERT INTO meta VALUES ('touched', 1) \
               ON CONFLICT (key) DO UPDATE SET value = value + 1";
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}

/// The store's secret.
pub(super) fn hash_key(connection: &Connection) -> Result<HashKey, StoreError> {
    let sql = "SELECT value FROM meta WHERE key = 'hash-key'";
    Ok(HashKey(connection.query_row(sql, [], |row| row.get(0))?))
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let connection =
        Connection::open_with_flags(path, flags).map_err(|error| cannot_open(path, &error))?;
    connection.busy_timeout(LOCKED_MAX)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Else a statement is compiled anew for each value that is bound to it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

/// The schema of a file; 0: it is empty.
fn schema(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let tables = "SELECT count(*) FROM sqlite_schema";
    let tables: i64 = connection.query_row(tables, [], |row| row.get(0))?;
    let (application, found) = (pragma("application_id")?, pragma("user_version")?);
    match (tables, application) {
        (0, _) => Ok(0),
        (_, APPLICATION) if found > SCHEMA => Err(StoreError::NewerSchema {
            path: path.to_owned(),
            found,
            known: SCHEMA,
        }),
        (_, APPLICATION) => Ok(found),
        (_, _) => Err(StoreError::NotAStore(path.to_owned())),
    }
}

/// Makes the tables and the secret, all or nothing.
fn make(connection: &mut Connection) -> Result<(), StoreError> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| StoreError::Unavailable(error.to_string()))?;
    let making = connection.transaction()?;
    making.execute_batch(TABLES)?;
    making.execute_batch(messages::TABLE)?;
    making.execute("INSERT INTO meta VALUES ('hash-key', ?)", [secret])?;
    making.pragma_update(None, "application_id", APPLICATION)?;
    making.pragma_update(None, "user_version", SCHEMA)?;
    Ok(making.commit()?)
}

/// Makes what a file of the first schema lacks.
fn upgrade(connection: &mut Connection) -> Result<(), StoreError> {
    let making = connection.transaction()?;
    making.execute_batch(messages::TABLE)?;
    making.pragma_update(None, "user_version", SCHEMA)?;
    Ok(making.commit()?)
}

fn cannot_open(path: &Path, error: &dyn std::fmt::Display) -> StoreError {
    StoreError::CannotOpen {
        path: path.to_owned(),
        why: error.to_string(),
    }
}
