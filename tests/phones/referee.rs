//! Twilio's own Python library as referee: its client drives the network, its validator judges the callbacks.

use std::{path::PathBuf, process::Stdio, time::Duration};

use leadbridge::phones::{Act, Behaviour};
use tokio::time::timeout;

use crate::caller::{ACCOUNT, CUSTOMER, Caller, REP, TOKEN};

const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn twilios_own_library_cannot_tell_the_difference() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let python = std::env::var_os("LEADBRIDGE_TEST_PYTHON").map(PathBuf::from);
    let python = python.unwrap_or_else(|| root.join("target/venv/bin/python"));
    assert!(
        python.exists(),
        "no Python with Twilio's library: run tests/run once: it makes target/venv"
    );
    let caller = Caller::new().await;
    let then = vec![Act::Press('1')];
    caller.network.phone(REP).does(Behaviour::PicksUp {
        after: Duration::ZERO,
        then,
    });
    let then = vec![Act::Wait(Duration::from_millis(1100)), Act::HangUp];
    caller.network.phone(CUSTOMER).does(Behaviour::PicksUp {
        after: Duration::ZERO,
        then,
    });
    let referee = tokio::task::spawn_blocking(move || {
        std::process::Command::new(python)
            .arg(root.join("tests/twilio/referee.py"))
            .env("LEADBRIDGE_PHONES_URL", caller.network.url())
            .env("LEADBRIDGE_ACCOUNT", ACCOUNT)
            .env("LEADBRIDGE_TOKEN", TOKEN)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    });
    let output = timeout(PATIENCE, referee)
        .await
        .expect("the referee comes to an end")
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
