//! The rotation is edited, broken and deleted while the daemon runs.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::config::{AN, BART, Config, rotation};
use crate::daemon::{Daemon, until};
use crate::ladder::results;
use crate::people::{accepts, ms, talks};
use crate::sender::{CUSTOMER, customer, lead};

const TERMS: &str = "ring_s = 1; next_after_s = 1; rounds_min = [0, 0.1]";

/// How often the files were read anew, and how often they could not be.
fn reads(daemon: &Daemon) -> (usize, usize) {
    let log = daemon.log();
    (
        log.matches("were read anew").count(),
        log.matches("what was in force stays in force").count(),
    )
}

#[tokio::test]
async fn the_next_round_follows_an_edit_made_under_way() {
    let daemon = Daemon::start(Config::owned_by("an", &["an"], TERMS)).await;
    daemon
        .on_phone(BART, accepts())
        .on_phone(CUSTOMER, talks(ms(100)));
    let id = daemon.sends(&lead(CUSTOMER)).await;
    daemon
        .call_when(AN, "ringing", |call| call.ringing.is_some())
        .await;
    daemon.write("rotation.toml", &rotation("bart", &["bart"], "24/7", TERMS));
    until("it is read", || async { reads(&daemon).0 > 0 }).await;
    let lead = daemon.in_state(&id, "waiting").await;
    assert_eq!(
        results(&lead),
        ["an missed no-answer"],
        "a round that rings is not changed"
    );
    let lead = daemon.ends(&id, "connected").await;
    assert_eq!(results(&lead), ["an missed no-answer", "bart accepted"]);
}

#[tokio::test]
async fn a_broken_or_deleted_file_changes_nothing_and_is_told_with_its_line() {
    let daemon = Daemon::start(Config::owned_by("an", &["an"], TERMS)).await;
    daemon.on_phone(AN, accepts());
    let good = rotation("an", &["an"], "24/7", TERMS);
    let broken = good.replace("ring_s = 3", "ring_s = \"soon\"");
    let line = 1 + broken
        .lines()
        .position(|line| line.contains("soon"))
        .unwrap();
    daemon.write("rotation.toml", &broken);
    // A file may also be read while it is being written, and told as broken otherwise.
    let place = format!("rotation.toml:{line}:");
    until("the mistake is told", || async {
        daemon.log().contains(&place)
    })
    .await;
    let (read, told) = reads(&daemon);
    assert_eq!(read, 0, "nothing of it is in force");
    let log = daemon.log();
    assert!(
        log.contains("ring_s = \"soon\"") && log.contains("help"),
        "{log}"
    );
    rings_as_before(&daemon, 1).await;
    std::fs::remove_file(daemon.folder.path().join("rotation.toml")).unwrap();
    until("the loss is told", || async { reads(&daemon).1 > told }).await;
    rings_as_before(&daemon, 2).await;
    daemon.write("rotation.toml", &good);
    until("it is read", || async { reads(&daemon).0 > 0 }).await;
    rings_as_before(&daemon, 3).await;
}

async fn rings_as_before(daemon: &Daemon, count: usize) {
    daemon.on_phone(&customer(count), talks(ms(100)));
    let id = daemon.sends(&lead(&customer(count))).await;
    daemon.ends(&id, "connected").await;
}

#[tokio::test]
async fn a_hang_up_signal_reads_the_files_again() {
    let daemon = Daemon::start(Config::of(&["an"], "")).await;
    for times in 1..=2 {
        daemon.signal("HUP");
        until("they are read", || async { reads(&daemon).0 == times }).await;
    }
    assert!(daemon.sender.alive().await);
}

#[tokio::test]
async fn a_pipe_in_the_place_of_a_file_is_refused_and_not_waited_for() {
    let daemon = Daemon::start(Config::owned_by("an", &["an"], TERMS)).await;
    daemon.on_phone(AN, accepts());
    let path = daemon.folder.path().join("rotation.toml");
    std::fs::remove_file(&path).unwrap();
    let made = Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    daemon.signal("HUP");
    until("it is told", || async {
        daemon.log().contains("it is a folder, a pipe or a device")
    })
    .await;
    rings_as_before(&daemon, 1).await;
}

#[tokio::test]
async fn a_file_that_hangs_holds_up_nobody_not_even_the_end() {
    let daemon = Daemon::start(Config::owned_by("an", &["an"], TERMS)).await;
    daemon.on_phone(AN, accepts());
    let lease = Lease::on(&daemon.folder.path().join("rotation.toml"));
    daemon.signal("HUP");
    let lease = tokio::task::spawn_blocking(|| lease.until_asked());
    let _lease = lease.await.unwrap();
    rings_as_before(&daemon, 1).await;
    assert_eq!(reads(&daemon), (0, 0), "it still hangs");
    daemon.signal("TERM");
    let status = daemon.exited_within(Duration::from_secs(20)).await;
    assert_eq!(status.code(), Some(0));
}

/// Another program's lease on a file: whoever opens it waits, for 45 s unless the machine says otherwise, as at a server
/// for files that is away.
struct Lease {
    holder: Child,
}

impl Lease {
    const HOLDER: &str = "import fcntl, os, signal, sys, time
signal.signal(signal.SIGIO, lambda *_: print('asked', flush=True))
fcntl.fcntl(os.open(sys.argv[1], os.O_RDWR), fcntl.F_SETLEASE, fcntl.F_WRLCK)
print('held', flush=True)
while True: time.sleep(60)";

    fn on(path: &Path) -> Self {
        let mut python = Command::new("python3");
        python.args(["-c", Self::HOLDER]).arg(path);
        let holder = python.stdout(Stdio::piped()).spawn().unwrap();
        let mut lease = Self { holder };
        lease.says("held");
        lease
    }

    /// Waits until somebody opens the file.
    fn until_asked(mut self) -> Self {
        self.says("asked");
        self
    }

    fn says(&mut self, word: &str) {
        let mut line = String::new();
        let said = self.holder.stdout.as_mut().unwrap();
        BufReader::new(said).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), word);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
