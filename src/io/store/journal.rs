//! What is committed stands in SQLite's journal first. A thread of its own brings it into the file: if the one that
//! writes did it, every thirtieth lead would wait ten milliseconds longer. What was erased is emptied out of it at once.

use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::error::{Answer, StoreError};
use super::place::{Known, Place, written};
use super::sqlite;

/// How long commits are gathered.
const EVERY: Duration = Duration::from_millis(500);

/// So often it is tried again to empty it.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// The thread, for as long as it is needed.
#[derive(Debug)]
pub(super) struct Journal {
    commits: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Journal {
    /// Starts the thread beside the one that writes there.
    pub(super) fn start(place: &Place) -> Answer<Journal> {
        let (path, known) = place.known();
        let connection = sqlite::open_to_fold(&path)?;
        // Reading opens the journal that is there now, not another that bears its name later.
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        let (commits, committed) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || run(&connection, &path, &known, &committed))
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(Journal {
            commits: Some(commits),
            thread: Some(thread),
        })
    }

    /// Something was committed.
    pub(super) fn grew(&self) {
        if let Some(commits) = &self.commits {
            // One that is told already is enough.
            let _ = commits.try_send(());
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.commits = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so itself.
            let _ = thread.join();
        }
    }
}

/// Empties the journal, however long others read in it.
pub(super) async fn fold_all(path: PathBuf) -> Answer<()> {
    loop {
        let file = path.clone();
        let folding = tokio::task::spawn_blocking(move || sqlite::fold_journal(&file));
        let folded = folding.await.map_err(|_| StoreError::Panicked)?;
        if let Err(error) = &folded {
            tracing::warn!(%error, "what was erased can't be overwritten before the next start or erasure");
        }
        if folded? {
            return Ok(());
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    }
}

fn run(connection: &Connection, path: &Path, known: &Known, committed: &Receiver<()>) {
    while committed.recv().is_ok() && gather(committed) {
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        // What fails here is tried again, and the writer is told by its own commits that the disk fails.
        let _ = fold(connection);
        *known = written(path);
    }
}

/// Lets time pass. `false`: nobody will commit any more.
fn gather(committed: &Receiver<()>) -> bool {
    let until = Instant::now() + EVERY;
    loop {
        match committed.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout) => return true,
            Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
}

/// As far as nobody reads or writes there.
fn fold(connection: &Connection) -> Answer<()> {
    Ok(connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?)
}
