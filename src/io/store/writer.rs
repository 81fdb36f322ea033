//! The one thread that writes. Requests that wait together are committed together: the disk is flushed once for
//! all of them, and each stands in a savepoint of its own, so that one that fails does not take its neighbours
//! along.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use jiff::Timestamp;
use leadbridge_providers::LeadId;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::db::Db;
use super::error::{Answer, StoreError};
use super::journal::Journal;
use super::node::Node;
use super::place::Place;

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
    fn run(&mut self, connection: &mut Connection) -> Result<(), StoreError>;
    /// Tells what came of it and of the commit.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
    /// Whose it is, for the log.
    fn about(&self) -> Option<LeadId>;
}

struct Asked<T, V> {
    about: Option<LeadId>,
    node: Arc<Node>,
    now: Timestamp,
    verb: V,
    outcome: Result<T, StoreError>,
    tell: oneshot::Sender<Result<T, StoreError>>,
}

impl Writer {
    /// Starts the thread. It keeps `place` for as long as it may write.
    pub(super) fn start(
        connection: Connection,
        mut place: Place,
        on_commit: impl Fn(Duration) + Send + 'static,
    ) -> Result<Writer, StoreError> {
        let journal = Journal::start(&place)?;
        let (requests, waiting) = mpsc::channel(WAITING_MAX);
        let mut connection = connection;
        let write = move || {
            write_all(&mut connection, &mut place, &journal, waiting, on_commit);
            drop(journal);
            drop(connection);
            drop(place);
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
        node: Arc<Node>,
        now: Timestamp,
        verb: impl AsyncFn(&mut Db<'_>) -> Answer<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (tell, told) = oneshot::channel();
        let request = Box::new(Asked {
            about,
            node,
            now,
            verb,
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
    V: AsyncFn(&mut Db<'_>) -> Answer<T> + Send,
{
    fn run(&mut self, connection: &mut Connection) -> Result<(), StoreError> {
        let mut db = Db::sqlite(connection, &self.node, self.now);
        self.outcome = at_once((self.verb)(&mut db));
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

/// Nothing that is asked of SQLite has to be waited for.
pub(super) fn at_once<T>(asked: impl Future<Output = Answer<T>>) -> Answer<T> {
    let waits = || StoreError::Unavailable("a decision waited for something".to_owned());
    asked.now_or_never().unwrap_or_else(|| Err(waits()))
}

fn write_all(
    connection: &mut Connection,
    place: &mut Place,
    journal: &Journal,
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
        let committed = place
            .check(connection)
            .and_then(|()| commit(connection, &mut group))
            .and_then(|()| place.check_again(connection));
        match &committed {
            Ok(()) => journal.grew(),
            Err(error) => {
                tracing::error!(requests = group.len(), %error, "nothing could be committed");
                give_up(connection);
            }
        }
        on_commit(since.elapsed());
        for request in group {
            request.answer(committed.clone());
        }
    }
}

fn commit(connection: &mut Connection, group: &mut [Box<dyn Request>]) -> Result<(), StoreError> {
    execute(connection, "BEGIN IMMEDIATE")?;
    for request in group {
        in_savepoint(connection, request.as_mut())?;
    }
    execute(connection, "COMMIT")
}

/// Runs one request. An error here is the whole group's; the request keeps its own.
fn in_savepoint(connection: &mut Connection, request: &mut dyn Request) -> Result<(), StoreError> {
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs::File;

    use super::*;
    use crate::io::store::db::with;

    /// A writer whose disk holds `pages`, its way of telling of commits, and the folder of its file.
    fn writer(
        pages: u32,
    ) -> (
        Writer,
        std::sync::mpsc::Receiver<Duration>,
        tempfile::TempDir,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.db");
        let connection = Connection::open(&path).unwrap();
        let tables = "PRAGMA journal_mode = WAL; CREATE TABLE word (word TEXT UNIQUE);";
        connection.execute_batch(tables).unwrap();
        resize(&connection, pages).unwrap();
        let lock = File::create(folder.path().join("w.db.lock")).unwrap();
        let place = Place::of(&path, lock).unwrap();
        let (commits, heard) = std::sync::mpsc::channel();
        let on_commit = move |took| commits.send(took).unwrap();
        let writer = Writer::start(connection, place, on_commit).unwrap();
        (writer, heard, folder)
    }

    fn resize(connection: &Connection, pages: u32) -> Result<(), StoreError> {
        let resize = format!("PRAGMA max_page_count = {pages}");
        Ok(connection.query_row(&resize, [], |_| Ok(()))?)
    }

    async fn write<T: Send + 'static>(
        writer: &Writer,
        verb: impl AsyncFn(&mut Db<'_>) -> Answer<T> + Send + 'static,
    ) -> Answer<T> {
        let node = Arc::new(Node::new(1));
        writer.write(None, node, Timestamp::UNIX_EPOCH, verb).await
    }

    async fn say(writer: &Writer, word: String) -> Result<(), StoreError> {
        let insert = async move |db: &mut Db<'_>| {
            db.write("INSERT INTO word VALUES ($1)", with![word.as_str()])?;
            assert!(word != "panic");
            Ok(())
        };
        write(writer, insert).await
    }

    async fn words(writer: &Writer) -> i64 {
        let count = async |db: &mut Db<'_>| {
            let row = db.ask_one("SELECT count(*) FROM word", with![]).await?;
            row.unwrap().int(0)
        };
        write(writer, count).await.unwrap()
    }

    #[tokio::test]
    async fn a_full_disk_refuses_and_goes_on_when_there_is_room() {
        let (writer, _heard, _folder) = writer(8);
        let refused = say(&writer, "x".repeat(100_000)).await;
        assert_eq!(refused, Err(StoreError::DiskFull));
        assert_eq!(say(&writer, "short".to_owned()).await, Ok(()));

        let room = async |db: &mut Db<'_>| db.ask("PRAGMA max_page_count = 1000", with![]).await;
        assert!(write(&writer, room).await.is_ok());
        assert_eq!(say(&writer, "x".repeat(100_000)).await, Ok(()));
        assert_eq!(words(&writer).await, 2);
    }

    #[tokio::test]
    async fn who_waits_together_is_committed_together_and_fails_alone() {
        let (writer, heard, _folder) = writer(1_000);
        let (hold, held) = std::sync::mpsc::channel::<()>();
        let slow = write(&writer, async move |_: &mut Db<'_>| {
            held.recv().unwrap();
            Ok(())
        });
        let all = async {
            let said = tokio::join!(
                say(&writer, "one".to_owned()),
                say(&writer, "one".to_owned()),
                say(&writer, "panic".to_owned()),
                say(&writer, "two".to_owned()),
                async { hold.send(()).unwrap() },
            );
            (said.0, said.1.is_err(), said.2, said.3)
        };
        let (_, said) = tokio::join!(slow, all);
        assert_eq!(said, (Ok(()), true, Err(StoreError::Panicked), Ok(())));
        assert_eq!(words(&writer).await, 2);
        drop(writer);
        // The one that held the thread, those that waited for it, and the count.
        assert!(heard.iter().count() <= 3);
    }

    #[tokio::test]
    async fn what_was_asked_is_written_though_nobody_waits_for_the_answer() {
        let (writer, _heard, folder) = writer(1_000);
        let (hold, held) = std::sync::mpsc::channel::<()>();
        let slow = write(&writer, async move |_: &mut Db<'_>| {
            held.recv().unwrap();
            Ok(())
        });
        let impatient = async {
            tokio::select! {
                biased;
                _ = say(&writer, "left".to_owned()) => {}
                () = std::future::ready(()) => {}
            }
            hold.send(()).unwrap();
        };
        let _ = tokio::join!(slow, impatient);
        drop(writer);
        let db = Connection::open(folder.path().join("w.db")).unwrap();
        let count = "SELECT count(*) FROM word WHERE word = 'left'";
        let count: u32 = db.query_row(count, [], |row| row.get(0)).unwrap();
        assert_eq!(count, 1);
    }
}
