//! The store is away when the daemon starts: it listens, asks everybody to come again, puts off who is on the phone, and
//! takes leads by itself when the cause is gone.

use std::fs::{self, File};
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use leadbridge::phones::CallRecord;
use tokio::time::Instant;

use crate::config::{AN, Config};
use crate::daemon::{Daemon, PATIENCE, until};
use crate::disk::Disk;
use crate::faults::{SMALL, Source, Stopped, does_not_start, hears};
use crate::people::{accepts_after, ms, talks};
use crate::sender::{CUSTOMER, lead};

/// A leg of a lead that nobody knows.
const LEG: &str = "00000000-0000-7000-8000-000000000000-r1";
/// Long enough for several tries.
const SEVERAL_TRIES: Duration = Duration::from_millis(3_500);
/// How soon a daemon that waits ends when it is told to.
const ENDS_WITHIN: Duration = Duration::from_secs(2);
/// What is logged when leads are taken.
const READY: &str = "ready listen=";

/// Why the store is away.
struct Cause<'c> {
    ends: &'c dyn Fn(),
    /// By `/readyz`, in a word.
    why: &'static str,
    /// In the log.
    says: &'static str,
}

/// A daemon on a small disk of its own, which has taken a lead and was killed.
async fn killed() -> (Daemon, Source) {
    let daemon = Daemon::on_disk(SMALL, Config::of(&["an"], "")).await;
    let mut source = Source::default();
    assert!(source.sends(&daemon).await);
    daemon.kill();
    (daemon, source)
}

/// Deletes the store.
fn leaves_nothing_and_no_room(disk: &Disk) {
    for part in ["", "-wal", "-shm", ".lock"] {
        fs::remove_file(disk.path(&format!("leadbridge.db{part}"))).unwrap();
    }
    disk.fill();
}

/// From the start without the store until leads are taken.
async fn begins_when_it_is_back(daemon: &Daemon, source: &mut Source, cause: Cause<'_>) {
    let before = daemon.log().len();
    daemon.serve().await;
    let began = Instant::now();
    asks_everybody_to_come_again(daemon, source, cause.why).await;
    puts_callers_off(daemon).await;
    until("it was tried several times", || async {
        began.elapsed() > SEVERAL_TRIES
    })
    .await;
    let log = daemon.log()[before..].to_owned();
    assert_eq!(log.matches(cause.says).count(), 1, "{log}");
    assert!(!log.contains(READY), "{log}");
    (cause.ends)();
    source.sends_until_accepted(daemon).await;
    assert!(daemon.log()[before..].contains(READY));
    assert_eq!(daemon.sender.get("/readyz").await.status, 200);
    source.sends_what_was_refused_again(daemon).await;
    source.finds_its_leads(daemon).await;
}

async fn asks_everybody_to_come_again(daemon: &Daemon, source: &mut Source, why: &str) {
    assert!(!source.sends(daemon).await);
    for path in ["/", "/api/v1/leads", "/metrics", "/nowhere"] {
        let answer = daemon.sender.get(path).await;
        answer.is_a_problem(503);
        assert!(answer.again_after_s.is_some(), "{answer:?}");
    }
    let large = vec![b' '; 1 << 20];
    daemon
        .sender
        .send_body("website", large)
        .await
        .is_a_problem(503);
    let readiness = daemon.sender.get("/readyz").await;
    assert_eq!(readiness.status, 503);
    let told = (&readiness.body["store"], &readiness.body["why"]);
    assert_eq!(told, (&"away".into(), &why.into()));
}

/// A carrier's own request is answered with a pause, and another's with nothing.
async fn puts_callers_off(daemon: &Daemon) {
    let answer = format!("{LEG}/0/answer");
    for path in [answer.as_str(), "inbound"] {
        let call = [("CallSid", "CA1"), ("CallStatus", "in-progress")];
        let script = daemon.carrier_asks(path, &call).await;
        assert_eq!(script.status, 200, "{script:?}");
        assert!(script.raw.contains("hold=1"), "{script:?}");
        let forged = daemon.carrier_asks_as("another", path, &call).await;
        forged.is_a_problem(403);
    }
    let text = [("MessageSid", "SM1"), ("From", AN), ("Body", "STOP")];
    daemon
        .carrier_asks("inbound", &text)
        .await
        .is_a_problem(503);
    let status = format!("{LEG}/status");
    let ended = [("CallSid", "CA1"), ("CallStatus", "completed")];
    daemon.carrier_asks(&status, &ended).await.is_a_problem(503);
}

#[tokio::test]
async fn a_daemon_that_starts_on_a_full_disk_takes_leads_when_there_is_room() {
    let (daemon, mut source) = killed().await;
    let disk = daemon.disk.as_ref().unwrap();
    disk.fill();
    let cause = Cause {
        ends: &|| disk.make_room(),
        why: "disk-full",
        says: "why=the disk of the store is full; make room",
    };
    begins_when_it_is_back(&daemon, &mut source, cause).await;
}

#[tokio::test]
async fn a_daemon_whose_disk_is_full_before_there_is_a_store_makes_it_later() {
    let (daemon, _) = killed().await;
    let disk = daemon.disk.as_ref().unwrap();
    leaves_nothing_and_no_room(disk);
    let cause = Cause {
        ends: &|| disk.make_room(),
        why: "disk-full",
        says: "why=the disk of the store is full; make room",
    };
    begins_when_it_is_back(&daemon, &mut Source::default(), cause).await;
}

#[tokio::test]
async fn a_daemon_that_starts_on_a_disk_that_may_not_be_written_takes_leads_when_it_may() {
    let (daemon, mut source) = killed().await;
    let disk = daemon.disk.as_ref().unwrap();
    disk.remount("ro");
    let cause = Cause {
        ends: &|| disk.remount("rw"),
        why: "failing",
        says: "leadbridge.db cannot be opened: Read-only",
    };
    begins_when_it_is_back(&daemon, &mut source, cause).await;
}

#[tokio::test]
async fn a_daemon_whose_store_is_locked_at_the_start_takes_leads_when_it_is_free() {
    let daemon = Daemon::start(Config::of(&["an"], "")).await;
    daemon.kill();
    let other = daemon.folder.path().join("data/leadbridge.db");
    let other = rusqlite::Connection::open(other).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let cause = Cause {
        ends: &|| other.execute_batch("ROLLBACK").unwrap(),
        why: "locked",
        says: "why=another program has locked the store",
    };
    begins_when_it_is_back(&daemon, &mut Source::default(), cause).await;
}

/// The store can be opened and its last rows can't be written.
#[tokio::test]
async fn a_call_that_was_under_way_goes_on_when_what_the_last_process_left_can_be_taken_up() {
    let daemon = Daemon::start(Config::of(&["an"], "ring_s = 20")).await;
    daemon
        .on_phone(AN, accepts_after(ms(2_500)))
        .on_phone(CUSTOMER, talks(ms(300)));
    let id = daemon.sends(&lead(CUSTOMER)).await;
    let rings = |call: &CallRecord| call.ringing.is_some();
    daemon.call_when(AN, "ringing", rings).await;
    daemon.kill();
    let store = daemon.folder.path().join("data/leadbridge.db");
    let store = rusqlite::Connection::open(store).unwrap();
    let refuses =
        "CREATE TRIGGER refuses BEFORE UPDATE ON flow BEGIN SELECT raise(ABORT, 'no'); END";
    store.execute_batch(refuses).unwrap();
    let mut source = Source::default();
    source.accepted.insert(id.clone());
    let cause = Cause {
        ends: &|| store.execute_batch("DROP TRIGGER refuses").unwrap(),
        why: "failing",
        says: "why=the store is unavailable",
    };
    begins_when_it_is_back(&daemon, &mut source, cause).await;
    daemon.ends(&id, "connected").await;
    daemon.call_to(CUSTOMER);
}

#[tokio::test]
async fn a_daemon_that_waits_for_its_store_ends_at_once_when_told_to() {
    let (daemon, _) = killed().await;
    daemon.disk.as_ref().unwrap().fill();
    daemon.serve().await;
    daemon.signal("HUP");
    assert!(daemon.sender.alive().await);
    daemon.signal("TERM");
    let status = daemon.exited_within(ENDS_WITHIN).await;
    assert_eq!(status.code(), Some(0));
}

#[tokio::test]
async fn systemd_hears_of_a_daemon_that_waits_and_leaves_it_alone() {
    let (daemon, mut source) = killed().await;
    let disk = daemon.disk.as_ref().unwrap();
    disk.fill();
    let socket = daemon.folder.path().join("notify");
    let systemd = UnixDatagram::bind(&socket).unwrap();
    systemd.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut watched = daemon.command(&daemon.folder.path().join("watched.log"));
    let watched = watched
        .env("NOTIFY_SOCKET", &socket)
        .env("WATCHDOG_USEC", "600000");
    let _watched = Stopped(watched.spawn().unwrap());
    let up = hears(&systemd, "READY=1");
    assert!(up.contains("STATUS=waits for its store: the disk"), "{up}");
    for _ in 0..10 {
        hears(&systemd, "WATCHDOG=1");
    }
    disk.make_room();
    hears(&systemd, "STATUS=serves");
    hears(&systemd, "WATCHDOG=1");
    source.sends_until_accepted(&daemon).await;
}

#[tokio::test]
async fn a_store_that_another_daemon_takes_meanwhile_ends_the_one_that_waits() {
    let (daemon, _) = killed().await;
    let disk = daemon.disk.as_ref().unwrap();
    leaves_nothing_and_no_room(disk);
    daemon.serve().await;
    let lock = File::create(disk.path("leadbridge.db.lock")).unwrap();
    until("it is another's", || async { lock.try_lock().is_ok() }).await;
    let status = daemon.exited_within(PATIENCE).await;
    assert_eq!(status.code(), Some(1));
    let log = daemon.log();
    assert!(log.contains("in use by another leadbridge; stop"), "{log}");
    let said = does_not_start(&daemon).await;
    assert!(
        said.contains("in use by another leadbridge; stop"),
        "{said}"
    );
}
