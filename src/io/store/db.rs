//! One transaction of either database, as the statements see it. They are written once, in the SQL that both take;
//! what differs is here and in `sqlite.rs` and `postgres.rs`.
//!
//! What is asked together travels together, and what is written waits for the next question or the commit: to
//! PostgreSQL each is a way over the network, to SQLite nothing.
//!
//! A question that ends in `FOR UPDATE` keeps its rows from everybody else until the commit. SQLite has one writer,
//! and there it is left out.

use jiff::Timestamp;
use rusqlite::Connection;

use super::error::{Answer, StoreError};
use super::node::Node;
use super::postgres::Transaction;
use super::sqlite;

/// A transaction, or a connection that only reads.
pub(super) struct Db<'a> {
    way: Way<'a>,
    node: &'a Node,
    now: Option<Timestamp>,
}

enum Way<'a> {
    Sqlite(&'a mut Connection),
    Postgres(&'a mut Transaction),
}

/// A value of a column. Personal, perhaps: `Debug` shows nothing.
/// They are in the order in which both databases sort a key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Value {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// A row that was found.
#[derive(Clone, PartialEq)]
pub(super) struct Row(pub(super) Vec<Value>);

/// A statement and its values.
pub(super) type Statement = (&'static str, Vec<Value>);

/// The values of a statement, in order.
macro_rules! with {
    ($($value:expr),* $(,)?) => { vec![$($crate::io::store::db::Value::from($value)),*] };
}
pub(super) use with;

/// What is stored is never shown.
impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Value(..)")
    }
}

impl<'a> Db<'a> {
    /// SQLite's, where `now` is this machine's.
    pub(super) fn sqlite(connection: &'a mut Connection, node: &'a Node, now: Timestamp) -> Self {
        Db {
            way: Way::Sqlite(connection),
            node,
            now: Some(now),
        }
    }

    /// PostgreSQL's, where now is the server's.
    pub(super) fn postgres(transaction: &'a mut Transaction, node: &'a Node) -> Self {
        Db {
            way: Way::Postgres(transaction),
            node,
            now: None,
        }
    }

    /// Whose transaction it is.
    pub(super) fn node(&self) -> &Node {
        self.node
    }

    /// Whether other nodes write beside this one.
    pub(super) fn is_shared(&self) -> bool {
        matches!(self.way, Way::Postgres(_))
    }

    /// Now, as all of this transaction sees it.
    pub(super) async fn now(&mut self) -> Answer<Timestamp> {
        if self.now.is_none() {
            self.ask_all(Vec::new()).await?;
        }
        self.now
            .ok_or_else(|| StoreError::Unavailable("the server does not tell the time".to_owned()))
    }

    /// The rows that a question finds.
    pub(super) async fn ask(&mut self, sql: &'static str, values: Vec<Value>) -> Answer<Vec<Row>> {
        let mut answers = self.ask_all(vec![(sql, values)]).await?;
        Ok(answers.pop().unwrap_or_default())
    }

    /// The first row that a question finds.
    pub(super) async fn ask_one(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Answer<Option<Row>> {
        Ok(self.ask(sql, values).await?.into_iter().next())
    }

    /// The rows of several questions, asked in this order.
    pub(super) async fn ask_all(&mut self, questions: Vec<Statement>) -> Answer<Vec<Vec<Row>>> {
        match &mut self.way {
            Way::Sqlite(connection) => {
                let asked = questions.into_iter();
                asked
                    .map(|(sql, values)| sqlite::ask(connection, sql, &values))
                    .collect()
            }
            Way::Postgres(transaction) => transaction.ask(questions, &mut self.now).await,
        }
    }

    /// Shows each row of a question that finds many.
    pub(super) async fn each(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
        mut show: impl FnMut(Row) -> Answer<()> + Send,
    ) -> Answer<()> {
        match &mut self.way {
            Way::Sqlite(connection) => sqlite::each(connection, sql, &values, &mut show),
            Way::Postgres(transaction) => transaction.each(sql, values, &mut show).await,
        }
    }

    /// Writes, and tells how many rows it met.
    pub(super) async fn change(&mut self, sql: &'static str, values: Vec<Value>) -> Answer<u64> {
        match &mut self.way {
            Way::Sqlite(connection) => sqlite::change(connection, sql, &values),
            Way::Postgres(transaction) => transaction.change(sql, values).await,
        }
    }

    /// Writes, at the latest with the commit.
    pub(super) fn write(&mut self, sql: &'static str, values: Vec<Value>) -> Answer<()> {
        match &mut self.way {
            Way::Sqlite(connection) => sqlite::change(connection, sql, &values).map(|_| ()),
            Way::Postgres(transaction) => {
                transaction.later(sql, values);
                Ok(())
            }
        }
    }
}

impl Row {
    /// A column of text.
    pub(super) fn text(&self, column: usize) -> Answer<&str> {
        self.text_or_null(column)?.ok_or_else(misshapen)
    }

    /// A column of text that may be empty.
    pub(super) fn text_or_null(&self, column: usize) -> Answer<Option<&str>> {
        match self.0.get(column) {
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(Value::Null) => Ok(None),
            Some(Value::Int(_) | Value::Bytes(_)) | None => Err(misshapen()),
        }
    }

    /// A column of a whole number.
    pub(super) fn int(&self, column: usize) -> Answer<i64> {
        self.int_or_null(column)?.ok_or_else(misshapen)
    }

    /// A column of a whole number that may be empty.
    pub(super) fn int_or_null(&self, column: usize) -> Answer<Option<i64>> {
        match self.0.get(column) {
            Some(Value::Int(number)) => Ok(Some(*number)),
            Some(Value::Null) => Ok(None),
            Some(Value::Text(_) | Value::Bytes(_)) | None => Err(misshapen()),
        }
    }

    /// A column of bytes that may be empty.
    pub(super) fn bytes_or_null(&self, column: usize) -> Answer<Option<&[u8]>> {
        match self.0.get(column) {
            Some(Value::Bytes(bytes)) => Ok(Some(bytes)),
            Some(Value::Null) => Ok(None),
            Some(Value::Text(_) | Value::Int(_)) | None => Err(misshapen()),
        }
    }
}

/// A row of another shape than ours.
pub(super) fn misshapen() -> StoreError {
    StoreError::Corrupt("a row has another shape than expected".to_owned())
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Int(number)
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Value {
        Value::Int(i64::from(yes))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Value {
        Value::Bytes(bytes)
    }
}

impl From<leadbridge_providers::LeadId> for Value {
    fn from(lead: leadbridge_providers::LeadId) -> Value {
        Value::Text(lead.to_string())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}
