//! A call test: the program asks the running daemon, a phone rings for real, the timeline is printed.

use std::process::{Command, Output};

use leadbridge::phones::Behaviour;

use crate::config::{AN, BART, CHLOE, Config, SECRETS};
use crate::daemon::Daemon;
use crate::people::{accepts, ms, talks};
use crate::sender::CUSTOMER;

/// What `leadbridge call-test` says: its exit code, standard output and standard error.
async fn call_test(daemon: &Daemon, arguments: &str) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leadbridge"));
    command
        .args(["call-test", "--config"])
        .arg(daemon.folder.path().join("leadbridge.toml"))
        .args(arguments.split(' '))
        // Nothing else is needed to ask the daemon.
        .env_clear()
        .envs(
            SECRETS
                .iter()
                .filter(|(name, _)| *name == "API_TOKEN")
                .copied(),
        );
    let ran = tokio::task::spawn_blocking(move || command.output().unwrap());
    let Output {
        status,
        stdout,
        stderr,
    } = ran.await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[tokio::test]
async fn a_rep_who_presses_1_has_passed_and_nobody_else_is_rung() {
    let daemon = Daemon::start(Config::of(&["an", "bart"], "")).await;
    daemon.on_phone(AN, accepts());
    let (code, out, err) = call_test(&daemon, "--rep an").await;
    assert_eq!(code, Some(0), "{out}{err}");
    for told in [
        "lead-received",
        "an  rep-rung",
        "an  rep-answered",
        "an  rep-accepted",
        "closed  (test)",
    ] {
        assert!(out.contains(told), "no {told:?} in {out}");
    }
    let call = daemon.call_to(AN);
    assert!(call.heard[0].starts_with("Test, "), "{:?}", call.heard);
    assert!(
        call.heard.concat().contains("Test geslaagd"),
        "{:?}",
        call.heard
    );
    assert_eq!(daemon.network.calls().len(), 1);
}

#[tokio::test]
async fn with_a_customer_key_1_rings_that_phone_of_the_group_and_joins_both() {
    let daemon = Daemon::start(Config::of(&["an", "bart"], "")).await;
    daemon
        .on_phone(AN, accepts())
        .on_phone(BART, talks(ms(300)));
    let (code, out, err) = call_test(&daemon, &format!("--rep an --customer {BART}")).await;
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(
        out.contains("bridged") && out.contains("closed  (test: connected)"),
        "{out}"
    );
    assert!(daemon.call_to(BART).bridged_with.is_some());
    assert!(daemon.calls_to(CHLOE).is_empty());
}

#[tokio::test]
async fn a_test_that_nobody_takes_says_so_and_rings_nobody_again() {
    let daemon = Daemon::start(Config::of(&["an", "bart"], "")).await;
    daemon.on_phone(AN, Behaviour::Declines { after: ms(50) });
    let (code, out, err) = call_test(&daemon, "--rep an").await;
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(
        out.contains("rep-missed") && out.contains("closed  (test)"),
        "{out}"
    );
    assert!(err.contains("nobody pressed 1"), "{err}");
    daemon.call_to(AN);
}

#[tokio::test]
async fn a_stranger_is_refused_with_a_sentence_and_never_rung() {
    let daemon = Daemon::start(Config::of(&["an", "bart"], "")).await;
    for (arguments, told) in [
        (
            format!("--rep an --customer {CUSTOMER}"),
            "only numbers of rotation.toml",
        ),
        (format!("--rep an --customer {AN}"), "the rep's own phone"),
        ("--rep ann".to_owned(), "there is no rep `ann`"),
    ] {
        let (code, out, err) = call_test(&daemon, &arguments).await;
        assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
        assert!(err.contains(told), "{err}");
    }
    assert!(daemon.network.calls().is_empty());
    assert!(daemon.sender.list().await.is_empty());
}
