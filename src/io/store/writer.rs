//! The one thread that writes. Requests that wait together are committed together: the disk is flushed once for
//! all of them, and each stands in a savepoint of its own, so that one that fails does not take its neighbours
//! along.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use leadbridge_providers::LeadId;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::error::StoreError;

/// So many requests wait for the writer; more wait outside.
const WAITING_MAX: usize = 4_096;
/// So many requests share one commit.
const GROUP_MAX: usize = 1_024;

/// The way to the writing thread. When the last one is gone, all that was asked is written and the file is free.
#[derive(Clone, Debug)]
pub(super) struct Writer(Arc<Thread>);

#[derive(Debug)]
struct Thread {
    requests: Option<mpsc::Sender<Box<dyn Request>>>,
    thread: Option<JoinHandle<()>>,
}

/// Something to be written, and somebody who waits for it.
trait Request: Send {
    /// Runs it, and keeps what came of it.
    fn run(&mut self, connection: &Connection) -> Result<(), StoreError>;
    /// Tells what came of it and of the commit.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
    /// Whose it is, for the log.
    fn about(&self) -> Option<LeadId>;
}

struct Asked<T, V> {
    about: Option<LeadId>,
    verb: Option<V>,
    outcome: Result<T, StoreError>,
    tell: oneshot::Sender<Result<T, StoreError>>,
}

impl Writer {
    /// Starts the thread. It keeps `lock` for as long as it may write.
    pub(super) fn start(
        connection: Connection,
        lock: File,
        on_commit: impl Fn(Duration) + Send + 'static,
    ) -> Result<Writer, StoreError> {
        let (requests, waiting) = mpsc::channel(WAITING_MAX);
        let write = move || {
            write_all(&connection, waiting, on_commit);
            drop(connection);
            drop(lock);
        };
        let thread = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(write)
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(Writer(Arc::new(Thread {
            requests: Some(requests),
            thread: Some(thread),
        })))
    }

    /// Runs `verb` in the next commit and answers after it.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        about: Option<LeadId>,
        verb: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (tell, told) = oneshot::channel();
        let request = Box::new(Asked {
            about,
            verb: Some(verb),
            outcome: Err(StoreError::Panicked),
            tell,
        });
        let requests = self.0.requests.as_ref().ok_or_else(closing)?;
        requests.send(request).await.map_err(|_| closing())?;
        told.await.map_err(|_| closing())?
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so itself, and there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

impl<T, V> Request for Asked<T, V>
where
    T: Send,
    V: FnOnce(&Connection) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, connection: &Connection) -> Result<(), StoreError> {
        if let Some(verb) = self.verb.take() {
            self.outcome = verb(connection);
        }
        self.outcome.as_ref().map(|_| ()).map_err(Clone::clone)
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let outcome = committed.and(self.outcome);
        // Whoever asked may have gone; what was written stands all the same.
        let _ = self.tell.send(outcome);
    }

    fn about(&self) -> Option<LeadId> {
        self.about
    }
}

fn write_all(
    connection: &Connection,
    mut waiting: mpsc::Receiver<Box<dyn Request>>,
    on_commit: impl Fn(Duration),
) {
    while let Some(first) = waiting.blocking_recv() {
        let mut group = vec![first];
        while group.len() < GROUP_MAX
            && let Ok(request) = waiting.try_recv()
        {
            group.push(request);
        }
        let since = Instant::now();
        let committed = commit(connection, &mut group);
        if let Err(error) = &committed {
            tracing::error!(requests = group.len(), %error, "nothing could be committed");
            give_up(connection);
        }
        on_commit(since.elapsed());
        for request in group {
            request.answer(committed.clone());
        }
    }
}

fn commit(connection: &Connection, group: &mut [Box<dyn Request>]) -> Result<(), StoreError> {
    execute(connection, "BEGIN IMMEDIATE")?;
    for request in group {
        in_savepoint(connection, request.as_mut())?;
    }
    execute(connection, "COMMIT")
}

/// Runs one request. An error here is the whole group's; the request keeps its own.
fn in_savepoint(connection: &Connection, request: &mut dyn Request) -> Result<(), StoreError> {
    execute(connection, "SAVEPOINT request")?;
    let ran = catch_unwind(AssertUnwindSafe(|| request.run(connection)));
    let ran = ran.unwrap_or_else(|_| {
        let lead = request.about().map(tracing::field::display);
        tracing::error!(lead, "a decision panicked; nothing of it was written");
        Err(StoreError::Panicked)
    });
    match ran {
        Ok(()) => execute(connection, "RELEASE request"),
        // SQLite gives a whole transaction up when the disk fails it.
        Err(error) if connection.is_autocommit() => Err(error),
        Err(_) => {
            execute(connection, "ROLLBACK TO request")?;
            execute(connection, "RELEASE request")
        }
    }
}

fn give_up(connection: &Connection) {
    if !connection.is_autocommit()
        && let Err(error) = execute(connection, "ROLLBACK")
    {
        tracing::error!(%error, "a transaction could not be given up");
    }
}

fn execute(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}

fn closing() -> StoreError {
    StoreError::Unavailable("it is closing".to_owned())
}
