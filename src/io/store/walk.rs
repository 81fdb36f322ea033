//! Whole tables, a page at a time in the order of their key: what their columns are is asked of an empty database in
//! memory, so that `tables.rs` stays the one place that says it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use rusqlite::Connection;

use super::db::{Db, Row, Value};
use super::error::Answer;
use super::tables;

/// So many rows are held in memory, and written in one transaction.
const PAGE: usize = 500;

static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| {
    described().expect("an empty database with the tables of this release can be made in memory")
});

/// One table of the store, and the statements that go through it.
pub(super) struct Table {
    /// Its name.
    pub(super) name: String,
    columns: Vec<String>,
    /// Where the columns of its key stand.
    key: Vec<usize>,
    /// A key before all others.
    start: Key,
    page: String,
    count: String,
    upsert: String,
    delete: String,
}

/// What names a row.
pub(super) type Key = Vec<Value>;

/// Rows of a table, by their keys.
pub(super) struct Page {
    /// The rows.
    pub(super) rows: BTreeMap<Key, Row>,
    /// The last key of a page that others may follow; `None`: it is the last page.
    pub(super) last: Option<Key>,
}

/// All tables, in the order in which they are made.
pub(super) fn tables() -> &'static [Table] {
    &TABLES
}

impl Table {
    /// Before which key nothing stands.
    pub(super) fn start(&self) -> Key {
        self.start.clone()
    }

    /// The rows behind a key.
    pub(super) async fn page(&'static self, db: &mut Db<'_>, after: &Key) -> Answer<Page> {
        let found = db.ask(&self.page, after.clone()).await?;
        let is_full = found.len() == PAGE;
        let rows: BTreeMap<Key, Row> = found.into_iter().map(|row| (self.key(&row), row)).collect();
        let last = rows.last_key_value().map(|(key, _)| key.clone());
        Ok(Page {
            last: last.filter(|_| is_full),
            rows,
        })
    }

    /// How many rows there are.
    pub(super) async fn count(&'static self, db: &mut Db<'_>) -> Answer<u64> {
        let row = db.ask_one(&self.count, Vec::new()).await?;
        let count = row.map(|row| row.int(0)).transpose()?.unwrap_or_default();
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// Writes a row, in the place of the one with its key.
    pub(super) fn write(&'static self, db: &mut Db<'_>, row: &Row) -> Answer<()> {
        db.write(&self.upsert, row.0.clone())
    }

    /// Deletes the row of a key.
    pub(super) fn delete(&'static self, db: &mut Db<'_>, key: &Key) -> Answer<()> {
        db.write(&self.delete, key.clone())
    }

    /// A column of a row.
    pub(super) fn column<'r>(&self, row: &'r Row, name: &str) -> Option<&'r Value> {
        let place = self.columns.iter().position(|column| column == name)?;
        row.0.get(place)
    }

    fn key(&self, row: &Row) -> Key {
        let columns = self.key.iter();
        columns
            .filter_map(|place| row.0.get(*place).cloned())
            .collect()
    }

    fn of(name: String, found: Vec<(String, String, i64)>) -> Table {
        let columns: Vec<String> = found.iter().map(|(name, ..)| name.clone()).collect();
        let mut key: Vec<usize> = (0..found.len())
            .filter(|place| found[*place].2 > 0)
            .collect();
        key.sort_by_key(|place| found[*place].2);
        let start = key.iter().map(|place| match found[*place].1.as_str() {
            "INTEGER" => Value::Int(i64::MIN),
            _ => Value::Text(String::new()),
        });
        let names: Vec<&str> = key.iter().map(|place| columns[*place].as_str()).collect();
        let (all, keys) = (columns.join(", "), names.join(", "));
        let (values, key_values) = (numbered(columns.len()), numbered(key.len()));
        Table {
            start: start.collect(),
            page: format!(
                "SELECT {all} FROM {name} WHERE ({keys}) > ({key_values}) ORDER BY {keys} LIMIT {PAGE}"
            ),
            count: format!("SELECT count(*) FROM {name}"),
            upsert: format!(
                "INSERT INTO {name} ({all}) VALUES ({values}) ON CONFLICT ({keys}) {}",
                replacing(&columns, &names)
            ),
            delete: format!("DELETE FROM {name} WHERE ({keys}) = ({key_values})"),
            name,
            columns,
            key,
        }
    }
}

fn described() -> rusqlite::Result<Vec<Table>> {
    let db = Connection::open_in_memory()?;
    db.execute_batch(&tables::in_sqlite())?;
    let names = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid";
    let names: Vec<String> = db
        .prepare(names)?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let columns = "SELECT name, type, pk FROM pragma_table_info($1) ORDER BY cid";
    let mut columns = db.prepare(columns)?;
    let mut tables = Vec::new();
    for name in names {
        let found =
            columns.query_map([&name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let found = found.collect::<Result<_, _>>()?;
        tables.push(Table::of(name, found));
    }
    Ok(tables)
}

/// `$1, $2, ..`
fn numbered(count: usize) -> String {
    let values: Vec<String> = (1..=count).map(|number| format!("${number}")).collect();
    values.join(", ")
}

/// What becomes of the row that has the key already.
fn replacing(columns: &[String], key: &[&str]) -> String {
    let others = columns
        .iter()
        .filter(|column| !key.contains(&column.as_str()));
    let changes: Vec<String> = others
        .map(|column| format!("{column} = excluded.{column}"))
        .collect();
    match changes.is_empty() {
        true => "DO NOTHING".to_owned(),
        false => format!("DO UPDATE SET {}", changes.join(", ")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_gone_through_by_its_key() {
        let timeline = tables()
            .iter()
            .find(|table| table.name == "timeline")
            .unwrap();
        assert_eq!(
            timeline.page,
            "SELECT lead, seq, entries FROM timeline WHERE (lead, seq) > ($1, $2) ORDER BY lead, seq LIMIT 500"
        );
        assert_eq!(
            timeline.upsert,
            "INSERT INTO timeline (lead, seq, entries) VALUES ($1, $2, $3) ON CONFLICT (lead, seq) \
             DO UPDATE SET entries = excluded.entries"
        );
        assert!(timeline.start == [Value::Text(String::new()), Value::Int(i64::MIN)]);
    }
    /// Else a page of one database is not what the same page of the other is.
    #[test]
    fn both_databases_sort_every_key_alike() {
        let in_postgres = tables::in_postgres();
        for table in tables() {
            let head = format!("CREATE TABLE {} (", table.name);
            let (_, columns) = in_postgres.split_once(&head).unwrap();
            let (columns, _) = columns.split_once(");\n").unwrap();
            assert!(!table.key.is_empty(), "{} has no key", table.name);
            for place in &table.key {
                let column = &table.columns[*place];
                let sorted =
                    [" TEXT COLLATE \"C\"", " BIGINT"].map(|kind| format!("{column}{kind}"));
                assert!(
                    sorted.iter().any(|kind| columns.contains(kind)),
                    "{} {column}",
                    table.name
                );
            }
        }
    }
}
