//! One transaction on PostgreSQL. What is asked together and what was written before is sent at once, without waiting for
//! each answer, and the commit with the last writes.

use std::error::Error;

use deadpool_postgres::Object;
use futures_util::TryStreamExt;
use futures_util::future::join_all;
use jiff::Timestamp;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use super::error::{at_fault, unreached};
use crate::io::store::db::{Row, Statement, Value, misshapen};
use crate::io::store::error::Answer;

/// The server's clock, in milliseconds since 1970: behind all locks, so that time never goes back for a row.
const CLOCK: &str = "SELECT CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS BIGINT)";

/// A transaction; it is given up unless it is committed.
pub(in crate::io::store) struct Transaction {
    client: Option<Object>,
    begin: Option<&'static str>,
    later: Vec<Statement>,
}

impl Transaction {
    pub(super) fn new(client: Object, begin: &'static str) -> Transaction {
        Transaction {
            client: Some(client),
            begin: Some(begin),
            later: Vec::new(),
        }
    }

    /// The rows of several questions; with the first of them, what time it is.
    pub(in crate::io::store) async fn ask(
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
            let ms = clock.ok_or_else(misshapen)?.int(0)?;
            *now = Timestamp::from_millisecond(ms).ok();
        }
        Ok(answers)
    }

    /// Shows each row of a question that finds many, one at a time.
    pub(in crate::io::store) async fn each(
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
    pub(in crate::io::store) async fn change(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Answer<u64> {
        self.send(Vec::new()).await?;
        let client = self.client()?;
        let statement = client.prepare_cached(sql).await.map_err(at_fault)?;
        let changed = client.execute_raw(&statement, &values).await;
        changed.map_err(at_fault)
    }

    /// Writes with the next question, or the commit.
    pub(in crate::io::store) fn later(&mut self, sql: &'static str, values: Vec<Value>) {
        self.later.push((sql, values));
    }

    pub(super) async fn commit(&mut self) -> Answer<()> {
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
