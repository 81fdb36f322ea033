//! `check --live` against the simulated network: which numbers may be shown, told without a ring.

use std::process::{Command, Output};

use leadbridge::phones::{Network, Settings};
use tokio::net::TcpListener;

use crate::config::{ACCOUNT, Config, SECRETS, SHOWN, TOKEN};

/// The network knows one number; the program's exit code, standard output and standard error.
async fn check_live(rotation: impl Fn(String) -> String) -> (Option<i32>, String, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = Settings {
        caller_ids: vec![SHOWN.to_owned()],
        ..Settings::quick(ACCOUNT, TOKEN)
    };
    let network = Network::start(listener, settings);
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::of(&["an"], "");
    config.rotation = rotation(config.rotation);
    config.write(folder.path(), 1, &network.url());
    let mut command = Command::new(env!("CARGO_BIN_EXE_leadbridge"));
    command
        .args(["check", "--live", "--config", "leadbridge.toml"])
        .current_dir(folder.path())
        .envs(SECRETS)
        // A proxy is for the way out; the carrier of this test is on this machine.
        .env("http_proxy", "http://127.0.0.1:9")
        .env("HTTP_PROXY", "http://127.0.0.1:9");
    let ran = tokio::task::spawn_blocking(move || command.output().unwrap());
    let Output {
        status,
        stdout,
        stderr,
    } = ran.await.unwrap();
    assert!(network.calls().is_empty(), "nobody is rung");
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[tokio::test]
async fn a_number_of_the_account_may_be_shown() {
    let (code, out, err) = check_live(|rotation| rotation).await;
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(
        out.ends_with(
            "carrier main takes our credentials\ncarrier main shows the caller_id of gent\n"
        ),
        "{out}"
    );
}

#[tokio::test]
async fn a_number_that_is_not_the_account_s_is_told_with_its_line_and_its_cure() {
    let (code, _, err) = check_live(|rotation| rotation.replace(SHOWN, "+3292000777")).await;
    assert_eq!(code, Some(1), "{err}");
    for told in [
        "error: the carrier does not let this account show +3292000777",
        "--> rotation.toml:34:13",
        "caller_id = \"+3292000777\"",
        "rent this number at the carrier or have it verified",
    ] {
        assert!(err.contains(told), "no {told:?} in {err}");
    }
}
