//! Where rows go in bulk: into SQLite's file without waiting for the disk, into PostgreSQL with COPY. Indexes are made
//! when all rows are there.

use std::io::Cursor;
use std::path::Path;
use std::pin::pin;

use futures_util::SinkExt;
use rusqlite::Connection;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use tokio_postgres::{Client, NoTls};

/// A value of a column.
#[derive(Clone)]
pub(crate) enum Cell {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// The values of a row.
macro_rules! cells {
    ($($value:expr),* $(,)?) => { vec![$(Cell::from($value)),*] };
}
pub(crate) use cells;

/// A store that is filled.
pub(crate) struct Sink {
    to: To,
    indexes: Vec<String>,
}

enum To {
    Sqlite(Connection),
    Postgres(Client),
}

impl Sink {
    /// A file that the product has made and nobody has open.
    pub(crate) fn sqlite(path: &Path) -> Self {
        let file = Connection::open(path).unwrap();
        let fast = "PRAGMA journal_mode = DELETE; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; \
                    PRAGMA secure_delete = OFF; PRAGMA cache_size = -1000000;";
        file.execute_batch(fast).unwrap();
        let found = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL";
        let mut asked = file.prepare(found).unwrap();
        let rows = asked.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        let indexes: Vec<(String, String)> = rows.unwrap().map(Result::unwrap).collect();
        drop(asked);
        for (name, _) in &indexes {
            file.execute_batch(&format!("DROP INDEX {name}")).unwrap();
        }
        file.execute_batch("BEGIN").unwrap();
        Self {
            to: To::Sqlite(file),
            indexes: indexes.into_iter().map(|(_, sql)| sql).collect(),
        }
    }

    /// A database in which the product has made its tables.
    pub(crate) async fn postgres(url: &str) -> Self {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        tokio::spawn(connection);
        let found = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() \
                     AND indexname NOT LIKE '%\\_pkey'";
        let rows = client.query(found, &[]).await.unwrap();
        for row in &rows {
            let name: &str = row.get(0);
            client
                .batch_execute(&format!("DROP INDEX {name}"))
                .await
                .unwrap();
        }
        Self {
            to: To::Postgres(client),
            indexes: rows.iter().map(|row| row.get(1)).collect(),
        }
    }

    /// Adds rows to a table.
    pub(crate) async fn write(&mut self, table: &str, columns: &str, rows: &[Vec<Cell>]) {
        if rows.is_empty() {
            return;
        }
        match &self.to {
            To::Sqlite(file) => {
                let places = vec!["?"; columns.split(',').count()].join(", ");
                let sql = format!("INSERT INTO {table} ({columns}) VALUES ({places})");
                let mut insert = file.prepare_cached(&sql).unwrap();
                for row in rows {
                    insert.execute(rusqlite::params_from_iter(row)).unwrap();
                }
            }
            To::Postgres(client) => {
                let sql = format!("COPY {table} ({columns}) FROM STDIN");
                let mut copy = pin!(client.copy_in::<_, Cursor<Vec<u8>>>(&sql).await.unwrap());
                copy.send(Cursor::new(lines(rows))).await.unwrap();
                copy.finish().await.unwrap();
            }
        }
    }

    /// Makes the indexes, and leaves the store as the product would: PostgreSQL tidies up and counts by itself.
    pub(crate) async fn finish(self) {
        match self.to {
            To::Sqlite(file) => {
                file.execute_batch("COMMIT").unwrap();
                for sql in self.indexes {
                    file.execute_batch(&sql).unwrap();
                }
                let wal = "PRAGMA journal_mode = WAL";
                file.query_row(wal, [], |_| Ok(())).unwrap();
            }
            To::Postgres(client) => {
                for sql in self.indexes {
                    client.batch_execute(&sql).await.unwrap();
                }
                client.batch_execute("VACUUM (ANALYZE)").await.unwrap();
                client.batch_execute("CHECKPOINT").await.unwrap();
            }
        }
    }
}

/// Rows as COPY reads them.
fn lines(rows: &[Vec<Cell>]) -> Vec<u8> {
    let mut lines = Vec::new();
    for row in rows {
        for (nth, cell) in row.iter().enumerate() {
            if nth > 0 {
                lines.push(b'\t');
            }
            match cell {
                Cell::Null => lines.extend(b"\\N"),
                Cell::Int(number) => lines.extend(number.to_string().as_bytes()),
                Cell::Text(text) => escaped(text, &mut lines),
                Cell::Bytes(bytes) => {
                    lines.extend(b"\\\\x");
                    let hex = bytes
                        .iter()
                        .flat_map(|byte| format!("{byte:02x}").into_bytes());
                    lines.extend(hex);
                }
            }
        }
        lines.push(b'\n');
    }
    lines
}

fn escaped(text: &str, lines: &mut Vec<u8>) {
    for byte in text.bytes() {
        match byte {
            b'\\' => lines.extend(b"\\\\"),
            b'\t' => lines.extend(b"\\t"),
            b'\n' => lines.extend(b"\\n"),
            b'\r' => lines.extend(b"\\r"),
            byte => lines.push(byte),
        }
    }
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Cell::Null => ValueRef::Null,
            Cell::Int(number) => ValueRef::Integer(*number),
            Cell::Text(text) => ValueRef::Text(text.as_bytes()),
            Cell::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Cell {
        Cell::Int(number)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell::Text(text)
    }
}

impl From<Vec<u8>> for Cell {
    fn from(bytes: Vec<u8>) -> Cell {
        Cell::Bytes(bytes)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Cell {
        value.map_or(Cell::Null, Into::into)
    }
}
