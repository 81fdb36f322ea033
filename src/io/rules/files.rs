//! The two files on this machine, and what each last had in common with the store. A file is replaced as a whole, and
//! only if it still says what it said when that was decided.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};

use tracing::{error, info, warn};

use super::step::Step;
use crate::io::config::{self, NoText, Settings};
use crate::io::store::{Both, Hash, InUse, Origin, RulesFile, Version};

/// Which versions the files last had in common with the store, in the folder for data.
const BASES: &str = "rules.base";
/// So many edits that lost are kept beside one file.
const ASIDE_MAX: usize = 100;

/// Where they are.
#[derive(Clone)]
pub(super) struct Files {
    paths: Both<PathBuf>,
    data: PathBuf,
    /// Whether other nodes write into the store; else nothing is ever written here.
    is_shared: bool,
}

/// What a file says.
pub(super) enum Found {
    /// There is none.
    Missing,
    /// Nobody knows, and why.
    Unreadable(NoText),
    /// This.
    Text(Version),
}

impl Found {
    /// The same, as it is read.
    pub(super) fn text(&self) -> Result<String, NoText> {
        match self {
            Found::Missing => Err(NoText::unread(&"there is none")),
            Found::Unreadable(why) => Err(why.clone()),
            Found::Text(version) => Ok(version.text.clone()),
        }
    }
}

impl Files {
    pub(super) fn of(settings: &Settings, is_shared: bool) -> Files {
        Files {
            paths: Both {
                rotation: settings.files.rotation.clone(),
                sources: settings.files.sources.clone(),
            },
            data: settings.server.data_dir.clone(),
            is_shared,
        }
    }

    /// What a file says now.
    pub(super) fn find(&self, file: RulesFile) -> Found {
        find(self.paths.get(file))
    }

    /// The version that a file last had in common with the store, as far as anybody knows.
    pub(super) fn base(&self, file: RulesFile) -> Option<Hash> {
        self.bases().get(file).clone()
    }

    /// Whose edits these are, for people.
    pub(super) fn whose(&self) -> String {
        let machine = hostname::get().unwrap_or_default();
        let folder = self.paths.rotation.parent().unwrap_or(Path::new(""));
        format!("{}:{}", machine.to_string_lossy(), folder.display())
    }

    /// An edit made here is put in place of this. Whoever had the file open since before another node's edit did not see
    /// that one: it is told and kept.
    pub(super) fn keep_theirs(&self, file: RulesFile, before: &Version, origin: &Origin) {
        if !self.is_shared || origin.who == self.whose() {
            return;
        }
        let path = self.paths.get(file);
        let copy = self.copy_of_theirs(path, &before.text);
        let (path, Origin { who, at }) = (path.display(), origin);
        warn!(
            "the edit of {path} here replaces what was edited at {who}, in force since {at:.0}; {copy}: if that was not known when this edit began, see what is missing and edit {path} again"
        );
    }

    /// Brings the files to what is in use. `false`: one was edited meanwhile.
    pub(super) fn settle(&self, found: &Both<Found>, steps: &Both<Step>, in_use: &InUse) -> bool {
        if !self.is_shared {
            return true;
        }
        let before = self.bases();
        let mut bases = before.clone();
        let mut are_settled = true;
        for file in RulesFile::BOTH {
            let Some(last) = in_use.last.get(file) else {
                continue;
            };
            match self.settle_one(file, found.get(file), *steps.get(file), last) {
                Settled::Equal => *bases.get_mut(file) = Some(last.hash.clone()),
                Settled::Differs => {}
                Settled::Edited => are_settled = false,
            }
        }
        if bases != before {
            self.remember(&bases);
        }
        are_settled
    }

    fn settle_one(&self, file: RulesFile, found: &Found, step: Step, last: &Version) -> Settled {
        let path = self.paths.get(file);
        if matches!(found, Found::Text(version) if version.hash == last.hash) {
            if step == Step::Offer {
                info!(file = %path.display(), "what was edited here is in force at all nodes");
            }
            return Settled::Equal;
        }
        let aside = match (step, found) {
            (Step::Nothing | Step::Offer, _) => return Settled::Differs,
            (Step::SetAside, Found::Text(mine)) => set_aside(path, &mine.text).map(Some),
            (Step::Update | Step::SetAside, _) => Ok(None),
        };
        let replaced = aside.and_then(|aside| Ok((replace(path, found, &last.text)?, aside)));
        match replaced {
            Ok((false, _)) => Settled::Edited,
            Ok((true, aside)) => {
                tell_replaced(path, aside.as_deref());
                Settled::Equal
            }
            Err(error) => {
                self.put_elsewhere(path, step, &last.text, &error);
                Settled::Differs
            }
        }
    }

    /// The file can't be written: whoever edits it finds what is in force in the folder for data.
    fn put_elsewhere(&self, path: &Path, step: Step, text: &str, why: &io::Error) {
        let copy = self.copy_of_theirs(path, text);
        let (path, edit) = (path.display(), "copy it over the file and edit that");
        if step == Step::SetAside {
            error!(
                "{path} was edited here, and another version was in force before; that one stays in force, {copy}. The file can't be written ({why}): {edit}"
            );
        } else {
            warn!(
                "{path} is older than what is in force, and it can't be written ({why}); {copy}: before the next edit here, {edit}"
            );
        }
    }

    /// Where what another node has put is, in words.
    fn copy_of_theirs(&self, path: &Path, text: &str) -> String {
        let theirs = self.data.join(path.file_name().unwrap_or(path.as_os_str()));
        let theirs = with_ending(&theirs, ".theirs");
        let written = fs::create_dir_all(&self.data).and_then(|()| write(&theirs, None, text));
        match written {
            Ok(()) => format!("a copy of it is {}", theirs.display()),
            Err(error) => format!("no copy of it can be written ({error})"),
        }
    }

    fn bases(&self) -> Both<Option<Hash>> {
        let text = fs::read_to_string(self.data.join(BASES)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    fn remember(&self, bases: &Both<Option<Hash>>) {
        let path = self.data.join(BASES);
        let text = serde_json::to_string(bases).map_err(io::Error::other);
        let written = text.and_then(|text| {
            fs::create_dir_all(&self.data)?;
            write(&path, None, &text)
        });
        if let Err(error) = written {
            warn!(%error, "{} can't be written: an edit of today may be taken for one of an older version", path.display());
        }
    }
}

/// What became of a file.
enum Settled {
    /// It says what is in use.
    Equal,
    /// It says something else, which was told.
    Differs,
    /// It was edited meanwhile.
    Edited,
}

fn find(path: &Path) -> Found {
    if matches!(fs::metadata(path), Err(error) if error.kind() == ErrorKind::NotFound) {
        return Found::Missing;
    }
    config::text_of(path).map_or_else(Found::Unreadable, |text| Found::Text(Version::of(text)))
}

fn tell_replaced(path: &Path, aside: Option<&Path>) {
    let path = path.display();
    match aside {
        None => info!(file = %path, "what was edited at another node is in the file"),
        Some(aside) => error!(
            "{path} was edited here and at another node at the same time; that one was first, and is in force and in the file. Yours is kept as {}: see what is missing, edit {path} again, and delete it",
            aside.display()
        ),
    }
}

/// Keeps an edit beside its file, under a name that no other has.
fn set_aside(path: &Path, text: &str) -> io::Result<PathBuf> {
    let path = target(path);
    for count in 1..=ASIDE_MAX {
        let ending = match count {
            1 => config::ASIDE.to_owned(),
            more => format!("{}{more}", config::ASIDE),
        };
        let aside = with_ending(&path, &ending);
        match fs::read(&aside) {
            Ok(kept) if kept == text.as_bytes() => return Ok(aside),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {
                write(&aside, Some(&path), text)?;
                return Ok(aside);
            }
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("too many edits are kept beside it"))
}

/// Replaces a file that says what was `found`. `false`: it says something else.
fn replace(path: &Path, found: &Found, text: &str) -> io::Result<bool> {
    let path = target(path);
    write_if(&path, Some(&path), text, || says(&path, found))
}

fn says(path: &Path, found: &Found) -> bool {
    match (found, find(path)) {
        (Found::Missing, Found::Missing) => true,
        (Found::Text(then), Found::Text(now)) => then.hash == now.hash,
        (Found::Text(_) | Found::Missing | Found::Unreadable(_), _) => false,
    }
}

fn write(path: &Path, like: Option<&Path>, text: &str) -> io::Result<()> {
    write_if(path, like, text, || true).map(drop)
}

/// Writes a file as a whole, with the rights of `like`, and its owner as far as this process may. `is_wanted` is asked
/// last, because a disk may take its time and people save meanwhile; whether it was is the answer.
fn write_if(
    path: &Path,
    like: Option<&Path>,
    text: &str,
    is_wanted: impl FnOnce() -> bool,
) -> io::Result<bool> {
    let beside = with_ending(path, ".new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&beside)?;
    let written = (|| {
        file.write_all(text.as_bytes())?;
        if let Some(like) = like.and_then(|like| fs::metadata(like).ok()) {
            // Only root may give a file away; the folder is ours, and the rights are kept.
            let _ = chown(&beside, Some(like.uid()), Some(like.gid()));
            file.set_permissions(like.permissions())?;
        }
        file.sync_all()?;
        let is_wanted = is_wanted();
        if is_wanted {
            fs::rename(&beside, path)?;
        }
        Ok(is_wanted)
    })();
    if !matches!(written, Ok(true)) {
        // What can't be removed is written over the next time.
        let _ = fs::remove_file(&beside);
    }
    written
}

/// The file itself, whatever link leads there.
fn target(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    PathBuf::from(name)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn file(text: &str) -> Found {
        Found::Text(Version::of(text.to_owned()))
    }

    #[test]
    fn a_file_is_replaced_behind_its_link_and_keeps_its_rights() {
        let folder = tempfile::tempdir().unwrap();
        let (link, real) = (folder.path().join("link"), folder.path().join("real"));
        fs::write(&real, "a").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&real, &link).unwrap();
        assert!(replace(&link, &file("a"), "b").unwrap());
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "b");
        let mode = fs::metadata(&real).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_file_that_was_edited_meanwhile_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rotation.toml");
        assert!(replace(&path, &Found::Missing, "a").unwrap());
        assert!(!replace(&path, &Found::Missing, "b").unwrap());
        assert!(!replace(&path, &file("before"), "b").unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "a");
    }

    #[test]
    fn a_file_that_is_saved_while_the_other_text_goes_to_the_disk_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rotation.toml");
        fs::write(&path, "before").unwrap();
        let is_written = write_if(&path, None, "theirs", || {
            let ready = fs::read_to_string(with_ending(&path, ".new"));
            assert_eq!(ready.unwrap(), "theirs");
            fs::write(&path, "mine").unwrap();
            says(&path, &file("before"))
        });
        assert!(!is_written.unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn no_edit_is_lost_to_a_later_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rotation.toml");
        let aside = |text| set_aside(&path, text).unwrap();
        let (first, second) = (aside("first"), aside("second"));
        assert!(first.ends_with("rotation.toml.mine"));
        assert!(second.ends_with("rotation.toml.mine2"));
        assert_eq!(aside("first"), first);
        assert_eq!(fs::read_to_string(&first).unwrap(), "first");
        assert_eq!(fs::read_to_string(&second).unwrap(), "second");
    }

    #[test]
    fn a_link_to_nowhere_and_bytes_that_are_no_text_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rotation.toml");
        assert!(matches!(find(&path), Found::Missing));
        fs::write(&path, [0xff]).unwrap();
        assert!(matches!(find(&path), Found::Unreadable(_)));
    }
}
