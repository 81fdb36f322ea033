//! Whether the files that are written are still the ones that the next process will find: what is committed into a
//! file that was moved, deleted or replaced under us is lost with this process (P1). Looking costs a few questions to the
//! system a commit.

use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rusqlite::Connection;

use super::error::{Answer, StoreError};
use super::sqlite;

/// Where the files of an open store were found, and the lock that keeps others away.
pub(super) struct Place {
    store: Found,
    /// What was committed and is not yet in the store's own file, and the way through it.
    journal: [Found; 2],
    lock: File,
    lock_path: PathBuf,
    known: Known,
}

/// A file by its name and by what it is. As long as it is open, no other file is the same.
struct Found {
    path: PathBuf,
    what: What,
}

/// Its device and its number there.
type What = (u64, u64);

/// When a file was last written, in seconds and nanoseconds, and how long it is.
pub(super) type Written = Option<(i64, i64, u64)>;

/// How the store's own file looked when one of us had written last; locked while one writes.
pub(super) type Known = Arc<Mutex<Written>>;

impl Place {
    /// Remembers the files of a store that is open.
    pub(super) fn of(path: &Path, lock: File) -> Answer<Place> {
        // SQLite puts its journal beside the file, not beside a link to it.
        let file = path
            .canonicalize()
            .map_err(|_| StoreError::Moved(path.to_owned()))?;
        Ok(Place {
            store: Found::at(path.to_owned())?,
            journal: [
                Found::at(beside(&file, "-wal"))?,
                Found::at(beside(&file, "-shm"))?,
            ],
            lock,
            lock_path: sqlite::lock_path(path),
            known: Arc::new(Mutex::new(written(path))),
        })
    }

    /// The store's own file, for whoever else of us writes into it.
    pub(super) fn known(&self) -> (PathBuf, Known) {
        (self.store.path.clone(), self.known.clone())
    }

    /// Before a commit: is this still the store? Where somebody else wrote into it, what was read before is read anew, so
    /// that nothing is built on pages that are no longer there.
    pub(super) fn check(&mut self, connection: &Connection) -> Answer<()> {
        self.is_ours(connection)?;
        if let Ok(known) = self.known.try_lock()
            && written(&self.store.path) != *known
        {
            connection.execute_batch("PRAGMA shrink_memory")?;
        }
        Ok(())
    }

    /// After a commit: only now it counts.
    pub(super) fn check_again(&mut self, connection: &Connection) -> Answer<()> {
        if let Ok(mut known) = self.known.try_lock() {
            *known = written(&self.store.path);
        }
        self.is_ours(connection)
    }

    /// Refuses when what is written here would not be found again. A lock that was deleted is taken anew; who was
    /// quicker has the store.
    fn is_ours(&mut self, connection: &Connection) -> Answer<()> {
        if !self.store.is_there() {
            return Err(StoreError::Moved(self.store.path.clone()));
        }
        if let Some(lost) = self.journal.iter().find(|file| !file.is_there()) {
            save(connection);
            return Err(StoreError::JournalLost(lost.path.clone()));
        }
        if !self.is_locked() {
            self.lock = sqlite::lock(&self.store.path)?;
        }
        Ok(())
    }

    fn is_locked(&self) -> bool {
        let named = self.lock_path.metadata();
        let held = self.lock.metadata();
        held.is_ok_and(|held| named.is_ok_and(|named| what(&held) == what(&named)))
    }
}

impl Found {
    fn at(path: PathBuf) -> Answer<Found> {
        match path.metadata() {
            Ok(metadata) => Ok(Found {
                what: what(&metadata),
                path,
            }),
            Err(_) => Err(StoreError::Moved(path)),
        }
    }

    fn is_there(&self) -> bool {
        let metadata = self.path.metadata();
        metadata.is_ok_and(|metadata| what(&metadata) == self.what)
    }
}

/// Brings what was committed out of a journal that has lost its name into the file that has one.
fn save(connection: &Connection) {
    let saved = connection.query_row("PRAGMA wal_checkpoint", [], |_| Ok(()));
    if let Err(error) = saved.map_err(StoreError::from) {
        tracing::error!(%error, "what the lost journal held could not be saved");
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

pub(super) fn written(path: &Path) -> Written {
    let metadata = path.metadata().ok()?;
    Some((metadata.mtime(), metadata.mtime_nsec(), metadata.len()))
}

fn what(metadata: &Metadata) -> What {
    (metadata.dev(), metadata.ino())
}
