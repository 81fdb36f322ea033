//! What can happen to the store's file: a full disk, a file that may not be written, is damaged, moved, deleted or taken.
//! Whatever it is, a lead with 202 is kept, every other one is refused and can be sent again, and when the cause is
//! gone the daemon goes on by itself.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::config::Config;
use crate::daemon::{Daemon, LOOK_EVERY, PATIENCE, until};
use crate::sender::{customer, lead_with_id};

/// Room for the store of a few leads.
pub(crate) const SMALL: &str = "2m";
/// More leads than a journal has room for when no more can be added to it.
const LEADS_MAX: usize = 2_000;
const GARBAGE: u8 = 0xA5;
const PAGE: u64 = 4_096;

/// What happens to the store, how it ends, and what is told of it meanwhile.
struct Fault<'f> {
    begins: &'f dyn Fn(),
    ends: &'f dyn Fn(),
    /// By `/readyz`, in a word.
    why: &'static str,
    /// In the log.
    says: &'static str,
}

/// The leads of one source, and what it was answered.
#[derive(Default)]
pub(crate) struct Source {
    count: usize,
    pub(crate) accepted: BTreeSet<String>,
    refused: Vec<Value>,
}

impl Source {
    /// Sends another lead. Whether it was accepted.
    pub(crate) async fn sends(&mut self, daemon: &Daemon) -> bool {
        let (phone, id) = (customer(self.count), format!("web-{}", self.count));
        self.count += 1;
        self.sends_this(daemon, lead_with_id(&phone, &id)).await
    }

    async fn sends_this(&mut self, daemon: &Daemon, lead: Value) -> bool {
        match daemon.sender.try_send("website", &lead).await {
            Ok(answer) if answer.status == 202 => {
                self.accepted.insert(answer.text("lead").to_owned());
                return true;
            }
            Ok(answer) => {
                answer.is_a_problem(503);
                assert!(answer.again_after_s.is_some(), "{answer:?}");
            }
            // Nothing was acknowledged.
            Err(_) => {}
        }
        self.refused.push(lead);
        false
    }

    /// Sends until one is refused; a few may yet find room.
    async fn sends_until_refused(&mut self, daemon: &Daemon) {
        while self.sends(daemon).await {
            assert!(self.count < LEADS_MAX, "{} leads, none refused", self.count);
        }
    }

    pub(crate) async fn sends_until_accepted(&mut self, daemon: &Daemon) {
        let began = Instant::now();
        while !self.sends(daemon).await {
            assert!(began.elapsed() < PATIENCE, "still refused");
            sleep(LOOK_EVERY * 10).await;
        }
    }

    pub(crate) async fn sends_what_was_refused_again(&mut self, daemon: &Daemon) {
        for lead in std::mem::take(&mut self.refused) {
            assert!(self.sends_this(daemon, lead).await);
        }
    }

    /// Every lead that was accepted is there, whole, and no other.
    pub(crate) async fn finds_its_leads(&self, daemon: &Daemon) {
        let there = daemon.sender.list().await;
        let there = there.iter().map(|lead| lead["lead"].as_str().unwrap());
        let there: BTreeSet<_> = there.map(str::to_owned).collect();
        assert_eq!(there, self.accepted);
        for id in &self.accepted {
            let lead = daemon.lead(id).await;
            assert_eq!(lead["timeline"][0]["what"], "lead-received", "{lead:#}");
        }
    }
}

/// The whole story of a fault.
async fn comes_and_goes(daemon: &Daemon, fault: Fault<'_>) {
    let mut source = Source::default();
    for _ in 0..3 {
        assert!(source.sends(daemon).await);
    }
    (fault.begins)();
    source.sends_until_refused(daemon).await;
    for _ in 0..3 {
        source.sends(daemon).await;
    }
    until("it says why it is not ready", || async {
        let answer = daemon.sender.get("/readyz").await;
        answer.status == 503 && answer.body["store"] == "away" && answer.body["why"] == fault.why
    })
    .await;
    let log = daemon.log();
    assert!(log.contains(fault.says), "{log}");
    (fault.ends)();
    source.sends_until_accepted(daemon).await;
    until("it is ready again", || async {
        daemon.sender.get("/readyz").await.status == 200
    })
    .await;
    source.sends_what_was_refused_again(daemon).await;
    source.finds_its_leads(daemon).await;
    daemon.kill();
    daemon.serve().await;
    source.finds_its_leads(daemon).await;
}

async fn daemon() -> Daemon {
    Daemon::start(Config::of(&["an"], "")).await
}

/// Where a file of its data is.
fn data(daemon: &Daemon, name: &str) -> PathBuf {
    daemon.folder.path().join("data").join(name)
}

#[tokio::test]
async fn a_full_disk_refuses_leads_until_there_is_room() {
    let daemon = Daemon::on_disk(SMALL, Config::of(&["an"], "")).await;
    let disk = daemon.disk.as_ref().unwrap();
    let fault = Fault {
        begins: &|| disk.fill(),
        ends: &|| disk.make_room(),
        why: "disk-full",
        says: "the disk of the store is full; make room",
    };
    comes_and_goes(&daemon, fault).await;
}

#[tokio::test]
async fn a_journal_that_may_not_be_written_refuses_leads_until_it_may() {
    let daemon = daemon().await;
    let journal = data(&daemon, "leadbridge.db-wal");
    let fault = Fault {
        begins: &|| change_attributes("+i", &journal),
        ends: &|| change_attributes("-i", &journal),
        why: "failing",
        says: "its disk refuses to be read or written",
    };
    comes_and_goes(&daemon, fault).await;
}

/// A right that is taken away does not concern a file that is open, nor root; this does.
fn change_attributes(how: &str, path: &Path) {
    let changed = Command::new("chattr").arg(how).arg(path).status();
    assert!(
        changed.is_ok_and(|changed| changed.success()),
        "this test makes a file immutable: install Debian's e2fsprogs, be root, and let TMPDIR name a folder on a \
         file system that can (ext4, xfs, btrfs)"
    );
}

#[tokio::test]
async fn another_program_that_locks_the_store_is_waited_for() {
    let daemon = daemon().await;
    let other = rusqlite::Connection::open(data(&daemon, "leadbridge.db")).unwrap();
    let fault = Fault {
        begins: &|| other.execute_batch("BEGIN IMMEDIATE").unwrap(),
        ends: &|| other.execute_batch("ROLLBACK").unwrap(),
        why: "locked",
        says: "another program has locked the store",
    };
    comes_and_goes(&daemon, fault).await;
}

#[tokio::test]
async fn a_store_that_was_moved_refuses_leads_until_it_is_back() {
    let daemon = daemon().await;
    let (here, elsewhere) = (
        data(&daemon, "leadbridge.db"),
        data(&daemon, "elsewhere.db"),
    );
    let fault = Fault {
        begins: &|| fs::rename(&here, &elsewhere).unwrap(),
        ends: &|| fs::rename(&elsewhere, &here).unwrap(),
        why: "moved",
        says: "leadbridge.db was moved, deleted or replaced while in use; put it back",
    };
    comes_and_goes(&daemon, fault).await;
}

#[tokio::test]
async fn a_store_that_another_file_replaced_refuses_leads_until_it_is_back() {
    let daemon = daemon().await;
    let (here, elsewhere) = (
        data(&daemon, "leadbridge.db"),
        data(&daemon, "elsewhere.db"),
    );
    let replace = || {
        fs::rename(&here, &elsewhere).unwrap();
        fs::copy(&elsewhere, &here).unwrap();
    };
    let fault = Fault {
        begins: &replace,
        ends: &|| fs::rename(&elsewhere, &here).unwrap(),
        why: "moved",
        says: "leadbridge.db was moved, deleted or replaced while in use; put it back",
    };
    comes_and_goes(&daemon, fault).await;
}

#[tokio::test]
async fn what_a_deleted_journal_held_is_saved_for_the_next_process() {
    for part in ["leadbridge.db-wal", "leadbridge.db-shm"] {
        let daemon = daemon().await;
        let again = || {
            daemon.kill();
            daemon.starts();
        };
        let fault = Fault {
            begins: &|| fs::remove_file(data(&daemon, part)).unwrap(),
            ends: &again,
            why: "moved",
            says: "was moved or deleted while in use, what it held is saved; start leadbridge again",
        };
        comes_and_goes(&daemon, fault).await;
    }
}

#[tokio::test]
async fn a_deleted_store_is_kept_open_and_can_be_copied_back() {
    let daemon = daemon().await;
    let mut source = Source::default();
    assert!(source.sends(&daemon).await);
    let (store, journal) = (
        data(&daemon, "leadbridge.db"),
        data(&daemon, "leadbridge.db-wal"),
    );
    fs::remove_file(&store).unwrap();
    source.sends_until_refused(&daemon).await;
    let (store_left, journal_left) = (daemon.open_file(&store), daemon.open_file(&journal));
    fs::copy(store_left, &store).unwrap();
    let copied = fs::read(journal_left).unwrap();
    assert!(!source.sends(&daemon).await, "it is not the same file");
    daemon.kill();
    fs::write(&journal, copied).unwrap();
    daemon.serve().await;
    source.sends_what_was_refused_again(&daemon).await;
    source.finds_its_leads(&daemon).await;
}

#[tokio::test]
async fn a_daemon_whose_lock_was_taken_leaves_the_store_to_the_other() {
    let daemon = daemon().await;
    let lock = data(&daemon, "leadbridge.db.lock");
    let other = std::cell::RefCell::new(None);
    let take = || {
        fs::remove_file(&lock).unwrap();
        let taken = File::create(&lock).unwrap();
        taken.try_lock().unwrap();
        other.replace(Some(taken));
    };
    let fault = Fault {
        begins: &take,
        ends: &|| drop(other.take()),
        why: "locked",
        says: "leadbridge.db is in use by another leadbridge; stop that one first",
    };
    comes_and_goes(&daemon, fault).await;
}

#[tokio::test]
async fn a_lock_that_was_deleted_still_keeps_a_second_daemon_away() {
    let daemon = daemon().await;
    let mut source = Source::default();
    fs::remove_file(data(&daemon, "leadbridge.db.lock")).unwrap();
    assert!(source.sends(&daemon).await);
    let said = does_not_start(&daemon).await;
    assert!(said.contains("in use by another leadbridge"), "{said}");
    assert!(source.sends(&daemon).await);
    source.finds_its_leads(&daemon).await;
}

#[tokio::test]
async fn a_damaged_store_is_not_started_on_and_the_sentence_names_it() {
    let daemon = daemon().await;
    let mut source = Source::default();
    assert!(source.sends(&daemon).await);
    stop(&daemon).await;
    let store = data(&daemon, "leadbridge.db");
    let copy = fs::read(&store).unwrap();
    let end = copy.len() as u64;
    for (from, to) in [(0, 100), (PAGE, end), (100, PAGE), (0, end)] {
        overwrite(&store, from, to);
        let said = does_not_start(&daemon).await;
        assert!(said.contains("leadbridge.db"), "{from}..{to}: {said}");
        assert!(said.contains("from a copy"), "{from}..{to}: {said}");
        fs::write(&store, &copy).unwrap();
    }
    File::options()
        .write(true)
        .open(&store)
        .unwrap()
        .set_len(end / 2)
        .unwrap();
    let said = does_not_start(&daemon).await;
    assert!(said.contains("from a copy"), "cut in half: {said}");
    fs::write(&store, &copy).unwrap();
    daemon.serve().await;
    source.finds_its_leads(&daemon).await;
}

#[tokio::test]
async fn pages_overwritten_under_a_running_daemon_never_take_a_lead() {
    let daemon = daemon().await;
    let mut source = Source::default();
    for _ in 0..20 {
        assert!(source.sends(&daemon).await);
    }
    stop(&daemon).await;
    // What a process has not yet read, it has to read from the disk.
    daemon.serve().await;
    let store = data(&daemon, "leadbridge.db");
    let copy = fs::read(&store).unwrap();
    overwrite(&store, PAGE, copy.len() as u64);
    let before = source.accepted.len();
    for _ in 0..20 {
        source.sends(&daemon).await;
    }
    assert_eq!(source.accepted.len(), before);
    let log = daemon.log();
    assert!(log.contains("the store is damaged"), "{log}");
    daemon.kill();
    fs::write(&store, &copy).unwrap();
    daemon.serve().await;
    source.sends_what_was_refused_again(&daemon).await;
    source.finds_its_leads(&daemon).await;
}

#[tokio::test]
async fn what_was_read_before_others_wrote_is_read_anew() {
    let daemon = daemon().await;
    let mut source = Source::default();
    for _ in 0..20 {
        assert!(source.sends(&daemon).await);
    }
    fold(&daemon).await;
    // Sent again: the store reads of it and writes nothing.
    let known = lead_with_id(&customer(0), "web-0");
    assert!(source.sends_this(&daemon, known.clone()).await);
    let store = data(&daemon, "leadbridge.db");
    let copy = fs::read(&store).unwrap();
    overwrite(&store, PAGE, copy.len() as u64);
    assert!(!source.sends_this(&daemon, known).await);
    let file = File::options().write(true).open(&store).unwrap();
    file.write_all_at(&copy, 0).unwrap();
    source.sends_until_accepted(&daemon).await;
    source.sends_what_was_refused_again(&daemon).await;
    source.finds_its_leads(&daemon).await;
    daemon.kill();
    daemon.serve().await;
    source.finds_its_leads(&daemon).await;
}

#[tokio::test]
async fn systemd_leaves_a_daemon_alone_whose_disk_is_full() {
    let daemon = Daemon::on_disk(SMALL, Config::of(&["an"], "")).await;
    let disk = daemon.disk.as_ref().unwrap();
    daemon.kill();
    let socket = daemon.folder.path().join("notify");
    let systemd = UnixDatagram::bind(&socket).unwrap();
    systemd.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut watched = daemon.command(&daemon.folder.path().join("watched.log"));
    let watched = watched
        .env("NOTIFY_SOCKET", &socket)
        .env("WATCHDOG_USEC", "600000");
    let mut watched = Stopped(watched.spawn().unwrap());
    hears(&systemd, "READY=1");
    disk.fill();
    let mut source = Source::default();
    source.sends_until_refused(&daemon).await;
    // More than were under way.
    for _ in 0..5 {
        hears(&systemd, "WATCHDOG=1");
    }
    assert!(watched.0.try_wait().unwrap().is_none());
}

/// Waits until systemd hears this word, and says what was said with it.
pub(crate) fn hears(systemd: &UnixDatagram, word: &str) -> String {
    let mut said = [0; 500];
    loop {
        let length = systemd.recv(&mut said).unwrap();
        let said = String::from_utf8_lossy(&said[..length]);
        if said.contains(word) {
            return said.into_owned();
        }
    }
}

/// A process that ends with the test.
pub(crate) struct Stopped(pub(crate) Child);

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Ends it by order, and leaves all that is stored in the one file.
async fn stop(daemon: &Daemon) {
    daemon.signal("TERM");
    let status = daemon.exited_within(PATIENCE).await;
    assert_eq!(status.code(), Some(0));
    fold(daemon).await;
}

/// Brings all that is stored into the one file.
async fn fold(daemon: &Daemon) {
    let db = rusqlite::Connection::open(data(daemon, "leadbridge.db")).unwrap();
    until("nobody is in the way", || async {
        let fold = "PRAGMA wal_checkpoint(TRUNCATE)";
        db.query_row(fold, [], |row| row.get::<_, i64>(0)).unwrap() == 0
    })
    .await;
}

/// What a process says that ends by itself, as one that cannot start.
pub(crate) async fn does_not_start(daemon: &Daemon) -> String {
    let log = daemon.folder.path().join("refused.log");
    let _ = fs::remove_file(&log);
    // Its address is the running daemon's; it does not get so far.
    let status = ends(Stopped(daemon.spawn(&log))).await;
    let said = fs::read_to_string(&log).unwrap();
    assert_eq!(status.code(), Some(1), "{said}");
    said
}

async fn ends(mut process: Stopped) -> ExitStatus {
    let began = Instant::now();
    loop {
        if let Some(status) = process.0.try_wait().unwrap() {
            return status;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "it started");
        sleep(LOOK_EVERY).await;
    }
}

fn overwrite(path: &Path, from: u64, to: u64) {
    let file = File::options().write(true).open(path).unwrap();
    let length = usize::try_from(to - from).unwrap();
    file.write_all_at(&vec![GARBAGE; length], from).unwrap();
}
