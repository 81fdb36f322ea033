//! Why the store could not do what was asked, in sentences. They hold nothing that was stored (P9).

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// What the store answers.
pub(super) type Answer<T> = Result<T, StoreError>;

/// Why the store could not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another daemon has the file.
    #[error("{} is in use by another leadbridge; stop that one first", .0.display())]
    InUse(PathBuf),
    /// There is no such file, or nobody may read it.
    #[error("{} cannot be opened: {why}", path.display())]
    CannotOpen {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// It is a database of somebody else's.
    #[error("{0} is not a store of leadbridge's; name another one in store.url")]
    NotAStore(String),
    /// A release wrote it that was never given out.
    #[error(
        "{0} was written by a leadbridge of before the first release and can't be read; keep it aside and start anew"
    )]
    OlderSchema(String),
    /// A question came before the daemon of this release was started.
    #[error(
        "{0} was written by an older leadbridge; start `leadbridge serve` once, it brings the store up to this release"
    )]
    NotYetUpgraded(String),
    /// A newer release wrote it.
    #[error(
        "{store} was written by a newer leadbridge (schema {found}, this one knows {known}); install that release again"
    )]
    NewerSchema {
        /// The file, or the database.
        store: String,
        /// Its schema.
        found: i64,
        /// The newest schema that this release knows.
        known: i64,
    },
    /// A copy into it has begun and not ended.
    #[error(
        "{0} is being filled by `leadbridge store copy`, or a copy into it broke off; let that end, or do it again"
    )]
    HalfCopied(String),
    /// The disk is full.
    #[error("the disk of the store is full; make room, it goes on by itself")]
    DiskFull,
    /// Another program holds the file's lock.
    #[error("another program has locked the store; it goes on by itself when that one is done")]
    Locked,
    /// Another node changed the same rows, again and again.
    #[error("other nodes hold the same rows; it goes on by itself")]
    Conflict,
    /// The store may not be written.
    #[error("the store may not be written; give the daemon's user the right to")]
    ReadOnly,
    /// The file is no longer where it was, or another is there.
    #[error("{} was moved, deleted or replaced while in use; put it back, then it goes on by itself", .0.display())]
    Moved(PathBuf),
    /// A part of the journal beside the file is gone, and what was in it saved.
    #[error("{} was moved or deleted while in use, what it held is saved; start leadbridge again", .0.display())]
    JournalLost(PathBuf),
    /// What is in the file makes no sense.
    #[error("the store is damaged ({0}); restore it from a copy")]
    Corrupt(String),
    /// A decision failed where none may.
    #[error("a decision failed; this is a mistake in leadbridge, its log says where")]
    Panicked,
    /// The address of PostgreSQL is not right.
    #[error("PostgreSQL: {0}")]
    Misaddressed(String),
    /// The store is closing, or the disk or the server fails.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
}

impl StoreError {
    /// The same of a file that is being opened, with its name.
    pub(super) fn of_file(self, path: &Path) -> StoreError {
        match self {
            StoreError::Corrupt(what) => StoreError::Corrupt(format!("{}: {what}", path.display())),
            StoreError::ReadOnly | StoreError::Unavailable(_) => StoreError::CannotOpen {
                path: path.to_owned(),
                why: self.to_string(),
            },
            StoreError::DiskFull
            | StoreError::Locked
            | StoreError::InUse(_)
            | StoreError::CannotOpen { .. }
            | StoreError::NotAStore(_)
            | StoreError::OlderSchema(_)
            | StoreError::NotYetUpgraded(_)
            | StoreError::NewerSchema { .. }
            | StoreError::HalfCopied(_)
            | StoreError::Conflict
            | StoreError::Moved(_)
            | StoreError::JournalLost(_)
            | StoreError::Misaddressed(_)
            | StoreError::Panicked => self,
        }
    }

    /// Whether it may end while a daemon waits: somebody makes room, gives a right back, or mends the server. What only
    /// another configuration, another release or another file can mend may not.
    pub fn may_pass(&self) -> bool {
        match self {
            StoreError::CannotOpen { .. }
            | StoreError::DiskFull
            | StoreError::Locked
            | StoreError::Conflict
            | StoreError::ReadOnly
            | StoreError::Unavailable(_) => true,
            StoreError::InUse(_)
            | StoreError::NotAStore(_)
            | StoreError::OlderSchema(_)
            | StoreError::NotYetUpgraded(_)
            | StoreError::NewerSchema { .. }
            | StoreError::HalfCopied(_)
            | StoreError::Moved(_)
            | StoreError::JournalLost(_)
            | StoreError::Corrupt(_)
            | StoreError::Misaddressed(_)
            | StoreError::Panicked => false,
        }
    }

    /// It is about these rows alone: the same again would fail the same way, and others are not concerned.
    pub fn is_of_one_lead(&self) -> bool {
        match self {
            StoreError::Corrupt(_) | StoreError::Panicked => true,
            StoreError::InUse(_)
            | StoreError::CannotOpen { .. }
            | StoreError::NotAStore(_)
            | StoreError::OlderSchema(_)
            | StoreError::NotYetUpgraded(_)
            | StoreError::NewerSchema { .. }
            | StoreError::HalfCopied(_)
            | StoreError::DiskFull
            | StoreError::Locked
            | StoreError::Conflict
            | StoreError::ReadOnly
            | StoreError::Moved(_)
            | StoreError::JournalLost(_)
            | StoreError::Misaddressed(_)
            | StoreError::Unavailable(_) => false,
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> StoreError {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => StoreError::DiskFull,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Locked,
            Some(ErrorCode::ReadOnly) => StoreError::ReadOnly,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                StoreError::Corrupt("SQLite cannot read its pages".to_owned())
            }
            Some(ErrorCode::SystemIoFailure) => {
                let why = "its disk refuses to be read or written; the system's log says why";
                StoreError::Unavailable(why.to_owned())
            }
            Some(code) => StoreError::Unavailable(format!("SQLite says {code:?}")),
            // A row of another shape than ours; the error's own text could quote it.
            None => StoreError::Corrupt("a row has another shape than expected".to_owned()),
        }
    }
}
