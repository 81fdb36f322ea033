//! The process: it stops when told, it is alone on its data, it goes on after `kill -9` where it was.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use leadbridge::source::Signed;
use rustix::fs::Mode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::config::{AN, Config, WEBSITE_SECRET};
use crate::daemon::{Daemon, LOOK_EVERY, PATIENCE};
use crate::people::{accepts_after, ms, talks};
use crate::sender::{CUSTOMER, lead, now, signing};

#[tokio::test]
async fn a_terminated_daemon_finishes_the_request_in_hand_and_exits_0() {
    let daemon = Daemon::start(Config::of(&["an"], "")).await;
    let body = lead(CUSTOMER).to_string();
    let (mut stream, rest) = half_a_lead(&daemon, &body).await;
    daemon.signal("TERM");
    refuses_connections(&daemon).await;
    stream.write_all(&rest).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    let status = daemon.exited_within(Duration::from_secs(6)).await;
    assert_eq!(status.code(), Some(0));
    // The ring may have left before the end: An picks up when the next process surely answers.
    daemon
        .on_phone(AN, accepts_after(ms(1500)))
        .on_phone(CUSTOMER, talks(ms(100)));
    daemon.serve().await;
    let leads = daemon.sender.list().await;
    daemon
        .ends(leads[0]["lead"].as_str().unwrap(), "connected")
        .await;
}

/// A connection on which the first half of a lead was sent, and the other half.
async fn half_a_lead(daemon: &Daemon, body: &str) -> (TcpStream, Vec<u8>) {
    let Signed { headers, body, .. } = signing(WEBSITE_SECRET).sign("", now(), body.as_bytes());
    let (name, value) = &headers[0];
    let host = daemon.url.strip_prefix("http://").unwrap();
    let head = format!(
        "POST /leads/website HTTP/1.1\r\nHost: {host}\r\n{name}: {value}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let (first, rest) = body.split_at(body.len() / 2);
    stream.write_all(first).await.unwrap();
    // A second connection answered after it proves that the first half has been read.
    assert!(daemon.sender.alive().await);
    (stream, rest.to_vec())
}

async fn refuses_connections(daemon: &Daemon) {
    let host = daemon.url.strip_prefix("http://").unwrap();
    crate::daemon::until("it takes no new connection", || async {
        TcpStream::connect(host).await.is_err()
    })
    .await;
}

#[tokio::test]
async fn a_terminated_daemon_does_not_wait_for_a_request_that_never_ends() {
    let daemon = Daemon::start(Config::of(&["an"], "")).await;
    let (_stream, _) = half_a_lead(&daemon, &lead(CUSTOMER).to_string()).await;
    daemon.signal("TERM");
    let status = daemon.exited_within(Duration::from_secs(6)).await;
    assert_eq!(status.code(), Some(0));
}

#[tokio::test]
async fn a_second_daemon_on_the_same_data_is_refused_with_a_sentence() {
    let daemon = Daemon::start(Config::of(&["an"], "")).await;
    let settings = daemon.folder.path().join("leadbridge.toml");
    let text = std::fs::read_to_string(&settings).unwrap();
    let port = daemon.url.rsplit(':').next().unwrap();
    std::fs::write(
        &settings,
        text.replace(
            &format!("listen = \"127.0.0.1:{port}\""),
            "listen = \"127.0.0.1:0\"",
        ),
    )
    .unwrap();
    let log = daemon.folder.path().join("second.log");
    let mut second = daemon.spawn(&log);
    let began = tokio::time::Instant::now();
    let status = loop {
        if let Some(status) = second.try_wait().unwrap() {
            break status;
        }
        if began.elapsed() > PATIENCE {
            second.kill().unwrap();
        }
        tokio::time::sleep(LOOK_EVERY).await;
    };
    let said = std::fs::read_to_string(&log).unwrap();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(
        said.contains("another") && said.contains("leadbridge"),
        "{said}"
    );
    assert!(daemon.sender.alive().await);
}

#[tokio::test]
async fn what_it_keeps_is_for_its_owner_s_eyes_whatever_the_umask() {
    rustix::process::umask(Mode::from_raw_mode(0o022));
    let daemon = Daemon::start(Config::of(&["an"], "")).await;
    let data = daemon.folder.path().join("data");
    let rights = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(rights(&data), 0o700);
    let mut files: Vec<_> = fs::read_dir(&data).unwrap().map(Result::unwrap).collect();
    files.sort_by_key(fs::DirEntry::file_name);
    let names: Vec<_> = files.iter().map(fs::DirEntry::file_name).collect();
    for name in ["leadbridge.db", "leadbridge.db-shm", "leadbridge.db-wal"] {
        assert!(names.contains(&name.into()), "{names:?}");
    }
    for file in files {
        assert_eq!(rights(&file.path()), 0o600, "{file:?}");
    }
}

#[tokio::test]
async fn a_level_that_nobody_understands_is_told_and_not_taken() {
    let mut daemon = Daemon::start(Config::of(&["an"], "")).await;
    daemon.kill();
    daemon.env = vec![
        ("RUST_LOG", "verbose".into()),
        ("LEADBRIDGE_LOG", "xml".into()),
    ];
    let before = daemon.log().len();
    daemon.serve().await;
    let log = daemon.log()[before..].to_owned();
    for told in [
        "RUST_LOG is not understood",
        "LEADBRIDGE_LOG is not understood",
        "ready",
    ] {
        assert_eq!(log.matches(told).count(), 1, "{told}: {log}");
    }
}
