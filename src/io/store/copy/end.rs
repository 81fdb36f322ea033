//! One of the two stores of a copy, which nobody else may use meanwhile.

use std::fs::File;
use std::path::Path;

use jiff::Timestamp;
use rusqlite::Connection;
use secrecy::ExposeSecret;

use crate::io::config;
use crate::io::store::db::{Db, with};
use crate::io::store::error::Answer;
use crate::io::store::node::{self, LEASE, Lease, Node};
use crate::io::store::postgres::{About, Pool};
use crate::io::store::writer::at_once;
use crate::io::store::{meta, sqlite};

/// A store, and what keeps others away from it.
pub(super) enum End {
    Sqlite {
        connection: Box<Connection>,
        name: String,
        _lock: File,
    },
    Postgres(Pool, Box<Lease>),
}

/// Whether both addresses lead to one store, as far as they say so themselves.
pub(super) fn are_the_same(one: &config::Store, other: &config::Store) -> bool {
    match (one, other) {
        (config::Store::Sqlite(one), config::Store::Sqlite(other)) => {
            let found = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
            found(one) == found(other)
        }
        (config::Store::Postgres(one), config::Store::Postgres(other)) => {
            one.expose_secret() == other.expose_secret()
        }
        (config::Store::Sqlite(_), config::Store::Postgres(_))
        | (config::Store::Postgres(_), config::Store::Sqlite(_)) => false,
    }
}

impl End {
    /// Opens the store that is copied.
    pub(super) async fn to_read(store: &config::Store) -> Answer<End> {
        match store {
            config::Store::Sqlite(path) => {
                let opened = sqlite::open_to_read(path).map_err(|error| error.of_file(path))?;
                Ok(End::sqlite(opened, path, sqlite::lock(path)?))
            }
            config::Store::Postgres(url) => Ok(End::postgres(
                Pool::open_to_read(url.expose_secret()).await?,
            )),
        }
    }

    /// Opens the store that is copied into, and makes it if there is none.
    pub(super) async fn to_write(store: &config::Store) -> Answer<End> {
        match store {
            config::Store::Sqlite(path) => {
                let lock = sqlite::lock(path)?;
                let (opened, ..) = sqlite::open(path).map_err(|error| error.of_file(path))?;
                Ok(End::sqlite(opened, path, lock))
            }
            config::Store::Postgres(url) => {
                Ok(End::postgres(Pool::open(url.expose_secret()).await?))
            }
        }
    }

    /// What errors call it: without a password.
    pub(super) fn name(&self) -> String {
        match self {
            End::Sqlite { name, .. } => name.clone(),
            End::Postgres(pool, _) => pool.name().to_owned(),
        }
    }

    /// Answers a question.
    pub(super) async fn ask<T>(
        &mut self,
        question: impl AsyncFn(&mut Db<'_>) -> Answer<T>,
    ) -> Answer<T> {
        match self {
            End::Sqlite { connection, .. } => on_file(connection, &question),
            End::Postgres(pool, _) => pool.ask(question).await,
        }
    }

    /// Writes, all or nothing.
    pub(super) async fn change<T>(
        &mut self,
        verb: impl AsyncFn(&mut Db<'_>) -> Answer<T>,
    ) -> Answer<T> {
        match self {
            End::Sqlite { connection, .. } => {
                connection.execute_batch("BEGIN IMMEDIATE")?;
                let done = on_file(connection, &verb);
                let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
                connection.execute_batch(end)?;
                done
            }
            End::Postgres(pool, lease) => pool.run(About::Leads, lease, verb).await,
        }
    }

    /// Whether nodes run on it. One that was killed a moment ago is waited for.
    pub(super) async fn is_used(&mut self) -> Answer<bool> {
        let End::Postgres(pool, _) = self else {
            // The lock keeps them away.
            return Ok(false);
        };
        if pool.ask(node::others).await? == 0 {
            return Ok(false);
        }
        tokio::time::sleep(LEASE).await;
        Ok(pool.ask(node::others).await? > 0)
    }

    /// The latest number that a process of this store got.
    pub(super) async fn latest_process(&mut self) -> Answer<i64> {
        let is_file = matches!(self, End::Sqlite { .. });
        self.ask(async |db| {
            if is_file {
                let openings = meta::get(db, meta::OPENINGS).await?;
                return Ok(openings
                    .and_then(|text| text.parse().ok())
                    .unwrap_or_default());
            }
            let row = db
                .ask_one("SELECT last_value FROM node_number", with![])
                .await?;
            row.map_or(Ok(0), |row| row.int(0))
        })
        .await
    }

    /// The next process of this store gets a number behind this one.
    pub(super) async fn begin_processes_after(&mut self, number: i64) -> Answer<()> {
        let number = number.max(self.latest_process().await?);
        let is_file = matches!(self, End::Sqlite { .. });
        self.change(async |db| {
            if is_file {
                return meta::set(db, meta::OPENINGS, &number.to_string());
            }
            let sql = "SELECT setval('node_number', $1)";
            db.ask(sql, with![number.max(1)]).await.map(|_| ())
        })
        .await
    }

    fn sqlite(connection: Connection, path: &Path, lock: File) -> End {
        End::Sqlite {
            connection: Box::new(connection),
            name: path.display().to_string(),
            _lock: lock,
        }
    }

    fn postgres(pool: Pool) -> End {
        End::Postgres(pool.unhurried(), Box::new(Lease::forever(0)))
    }
}

fn on_file<T>(
    connection: &mut Connection,
    asked: &impl AsyncFn(&mut Db<'_>) -> Answer<T>,
) -> Answer<T> {
    let nobody = Node::new(0);
    let mut db = Db::sqlite(connection, &nobody, Timestamp::UNIX_EPOCH);
    at_once(asked(&mut db))
}
