//! A copy of SQLite's file as it is at one instant, beside the daemon that writes it: without the pages that nothing
//! stands on any more, and for its owner's eyes only.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use thiserror::Error;

use super::error::StoreError;
use super::sqlite;

/// Why there is no copy.
#[derive(Debug, Error)]
pub enum CannotBackUp {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is a file of this name.
    #[error("{} is there already; name another file, or put that one away first", .0.display())]
    IsThere(PathBuf),
    /// The copy can't be written.
    #[error("{} cannot be written: {why}", path.display())]
    CannotWrite {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
}

/// A copy that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backup {
    /// So many leads are in it.
    pub leads: u64,
    /// So large it is.
    pub bytes: u64,
}

impl super::Store {
    /// Copies the file of a store to another, which must not be there. Who reads the copy finds all of it: it gets its
    /// name when it is on disk.
    pub fn back_up(store: &Path, copy: &Path) -> Result<Backup, CannotBackUp> {
        let (connection, _) = sqlite::open_as_it_is(store).map_err(|error| error.of_file(store))?;
        if copy.symlink_metadata().is_ok() {
            return Err(CannotBackUp::IsThere(copy.to_owned()));
        }
        let part = part_of(copy);
        let cannot = |error: io::Error| CannotBackUp::CannotWrite {
            path: part.clone(),
            why: error.to_string(),
        };
        new_file(&part).map_err(cannot)?;
        let made = connection
            .execute("VACUUM INTO $1", [part.to_string_lossy()])
            .map_err(|error| CannotBackUp::CannotWrite {
                path: part.clone(),
                why: StoreError::from(error).to_string(),
            })
            .and_then(|_| {
                finish(&part, copy).map_err(|error| {
                    if error.kind() == io::ErrorKind::AlreadyExists {
                        return CannotBackUp::IsThere(copy.to_owned());
                    }
                    cannot(error)
                })
            });
        if made.is_err() {
            // What is left of it is no use to anybody; that it could not be made is told.
            let _ = fs::remove_file(&part);
        }
        made?;
        Ok(Backup {
            leads: leads(copy)?,
            bytes: copy.metadata().map_err(cannot)?.len(),
        })
    }
}

/// Another process may make a copy of the same name meanwhile: it has a part of its own.
fn part_of(copy: &Path) -> PathBuf {
    let mut name = copy.as_os_str().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    PathBuf::from(name)
}

/// An empty file that only its owner reads, in the place of what an earlier copy left that broke off.
fn new_file(part: &Path) -> io::Result<File> {
    match fs::remove_file(part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(part)
}

/// Brings the copy to disk, and then under its name, which another file may have got meanwhile: that one stays.
fn finish(part: &Path, copy: &Path) -> io::Result<()> {
    File::open(part)?.sync_all()?;
    match renameat_with(CWD, part, CWD, copy, RenameFlags::NOREPLACE) {
        // Not every file system knows this; NFS has links instead.
        Err(Errno::INVAL) => {
            fs::hard_link(part, copy)?;
            fs::remove_file(part)?;
        }
        renamed => renamed?,
    }
    let folder = copy
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn leads(copy: &Path) -> Result<u64, StoreError> {
    let (connection, _) = sqlite::open_as_it_is(copy).map_err(|error| error.of_file(copy))?;
    let count: i64 = connection.query_row("SELECT count(*) FROM lead", [], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_got_the_name_meanwhile_stays() {
        let folder = tempfile::tempdir().unwrap();
        let [part, copy] = ["copy.db.part", "copy.db"].map(|name| folder.path().join(name));
        fs::write(&part, "a copy").unwrap();
        fs::write(&copy, "mine").unwrap();
        let refused = finish(&part, &copy).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&copy).unwrap(), b"mine");
        fs::remove_file(&copy).unwrap();
        finish(&part, &copy).unwrap();
        assert_eq!(fs::read(&copy).unwrap(), b"a copy");
        assert!(!part.exists());
    }
}
