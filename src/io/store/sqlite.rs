//! The file of SQLite: who may open it, and how a statement runs on it.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, params_from_iter};

use super::db::{Row, Value};
use super::error::{Answer, StoreError};
use super::meta;
use super::rows;
use super::tables::{self, SCHEMA};
use crate::phone::HashKey;

/// The oldest schema that is brought up to this release's.
const OLDEST: i64 = 2;
/// Marks a database file as ours ("Lead" in ASCII).
const APPLICATION: i64 = 0x4c65_6164;
/// A lock of another program's is waited for so long: a callback is answered within 3 s whatever happens.
const LOCKED_MAX: Duration = Duration::from_secs(1);
/// So many pages may wait in the journal before the writer itself brings them into the file: 16 MiB.
const JOURNAL_MAX: i64 = 4_096;
/// What the writer keeps in memory of the file: the phones of a large group, so that not every decision reads them anew.
const CACHE_KIB: i64 = 16_384;
/// So many statements are kept prepared: more than there are.
const STATEMENTS: usize = 64;

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

/// Opens the file to write, and makes it if there is none: with the store's secret and the number of this opening.
pub(super) fn open(path: &Path) -> Result<(Connection, HashKey, i64), StoreError> {
    let mut connection = connect(path, OpenFlags::default())?;
    let schema = schema(&connection, path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", JOURNAL_MAX)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    // What a savepoint may have to put back stays in memory instead of a file.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // Always: a row that is moved inside its page leaves a copy, which an erasure later does not find (P9).
    connection.pragma_update(None, "secure_delete", true)?;
    match schema {
        0 => make(&mut connection)?,
        SCHEMA => {}
        _ => upgrade(&mut connection)?,
    }
    let key = hash_key(&connection)?;
    let opening = count_opening(&connection)?;
    Ok((connection, key, opening))
}

/// Opens the file to ask.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, StoreError> {
    match open_as_it_is(path)? {
        (connection, SCHEMA) => Ok(connection),
        (_, _) => Err(StoreError::NotYetUpgraded(path.display().to_string())),
    }
}

/// The same for a file that an older release may have left: with its schema.
pub(super) fn open_as_it_is(path: &Path) -> Result<(Connection, i64), StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = connect(path, flags)?;
    match schema(&connection, path)? {
        0 => Err(StoreError::NotAStore(path.display().to_string())),
        schema => Ok((connection, schema)),
    }
}

/// Refuses a file into which a copy has not ended.
pub(super) fn refuse_half_copied(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let mut statement = connection.prepare(meta::SELECT)?;
    match statement.exists([meta::COPYING])? {
        true => Err(StoreError::HalfCopied(path.display().to_string())),
        false => Ok(()),
    }
}

/// Opens the file to bring its journal into it; where it is gone, none is made.
pub(super) fn open_to_fold(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    connect(path, flags)
}

/// Brings what was written into the file itself, and empties the journal beside it. `false`: somebody reads or writes
/// there now. They are not waited for, because no lead could be written meanwhile.
pub(super) fn fold_journal(path: &Path) -> Result<bool, StoreError> {
    let connection = open_to_fold(path)?;
    connection.busy_timeout(Duration::ZERO)?;
    let fold = "PRAGMA wal_checkpoint(TRUNCATE)";
    let is_busy: bool = connection.query_row(fold, [], |row| row.get(0))?;
    Ok(!is_busy)
}

/// The rows that a question finds.
pub(super) fn ask(connection: &Connection, sql: &str, values: &[Value]) -> Answer<Vec<Row>> {
    let mut found = Vec::new();
    each(connection, sql, values, &mut |row| {
        found.push(row);
        Ok(())
    })?;
    Ok(found)
}

/// Shows each row that a question finds.
pub(super) fn each(
    connection: &Connection,
    sql: &str,
    values: &[Value],
    show: &mut dyn FnMut(Row) -> Answer<()>,
) -> Answer<()> {
    let sql = without_lock(sql);
    let mut statement = connection.prepare_cached(sql)?;
    let columns = statement.column_count();
    let mut rows = statement.query(params_from_iter(values))?;
    while let Some(row) = rows.next()? {
        let values = (0..columns).map(|column| row.get(column));
        show(Row(values.collect::<rusqlite::Result<_>>()?))?;
    }
    Ok(())
}

/// Writes, and tells how many rows it met.
pub(super) fn change(connection: &Connection, sql: &str, values: &[Value]) -> Answer<u64> {
    let mut statement = connection.prepare_cached(sql)?;
    let met = statement.execute(params_from_iter(values))?;
    Ok(u64::try_from(met).unwrap_or(u64::MAX))
}

/// There is one writer: nothing needs to be kept from another.
fn without_lock(sql: &str) -> &str {
    sql.split(" FOR UPDATE").next().unwrap_or(sql)
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match self {
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        };
        Ok(ToSqlOutput::Borrowed(value))
    }
}

impl FromSql for Value {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Value> {
        Ok(match value {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::Int(number),
            ValueRef::Text(_) => Value::Text(value.as_str()?.to_owned()),
            ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
            ValueRef::Real(_) => return Err(rusqlite::types::FromSqlError::InvalidType),
        })
    }
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
            store: path.display().to_string(),
            found,
            known: SCHEMA,
        }),
        (_, APPLICATION) if found >= OLDEST => Ok(found),
        (_, APPLICATION) => Err(StoreError::OlderSchema(path.display().to_string())),
        (_, _) => Err(StoreError::NotAStore(path.display().to_string())),
    }
}

/// Makes the tables and the secret, all or nothing.
fn make(connection: &mut Connection) -> Result<(), StoreError> {
    let making = connection.transaction()?;
    making.execute_batch(&tables::in_sqlite())?;
    making.execute(meta::INSERT, [meta::HASH_KEY, &meta::new_secret()?])?;
    making.pragma_update(None, "application_id", APPLICATION)?;
    making.pragma_update(None, "user_version", SCHEMA)?;
    Ok(making.commit()?)
}

/// Brings the tables of an earlier release up to now's, all or nothing.
fn upgrade(connection: &mut Connection) -> Result<(), StoreError> {
    let making = connection.transaction()?;
    let [aside, fill] = tables::FROM_SCHEMA_2;
    making.execute_batch(aside)?;
    making.execute_batch(&tables::in_sqlite())?;
    making.execute_batch(fill)?;
    fill_figures(&making)?;
    making.pragma_update(None, "user_version", SCHEMA)?;
    Ok(making.commit()?)
}

/// Schema 2 kept no figures beside its flows.
fn fill_figures(making: &Connection) -> Result<(), StoreError> {
    let over = "SELECT flow FROM flow WHERE open = 0";
    each(making, over, &[], &mut |row| {
        let flow = rows::from_json(row.text(0)?, "a flow")?;
        change(making, rows::SAVE_FIGURES, &rows::figures(&flow)?).map(|_| ())
    })
}

/// The store's secret.
fn hash_key(connection: &Connection) -> Result<HashKey, StoreError> {
    let text: String = connection.query_row(meta::SELECT, [meta::HASH_KEY], |row| row.get(0))?;
    meta::secret(&text)
}

/// Gives this opening a number that none had before.
fn count_opening(connection: &Connection) -> Result<i64, StoreError> {
    let sql = "INSERT INTO meta (key, value) VALUES ($1, '1') \
               ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + 1 \
               RETURNING CAST(value AS INTEGER)";
    Ok(connection.query_row(sql, [meta::OPENINGS], |row| row.get(0))?)
}

fn cannot_open(path: &Path, error: &dyn std::fmt::Display) -> StoreError {
    StoreError::CannotOpen {
        path: path.to_owned(),
        why: error.to_string(),
    }
}
