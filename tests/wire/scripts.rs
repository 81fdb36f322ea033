//! Every kind of document that the daemon answers is one that Twilio's own library could have written.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use leadbridge::phones::{Act, Behaviour};

use crate::config::{AN, BART, Config, SHOWN};
use crate::daemon::{Daemon, until};
use crate::people::{ms, picks_up, talks};
use crate::sender::{CUSTOMER, customer, lead};

/// The documents, by what they are.
struct Collected(Vec<(&'static str, String)>);

impl Collected {
    /// Asks once more what a leg hears now: the answer is the same as the carrier got.
    async fn note(&mut self, name: &'static str, daemon: &Daemon, leg: &str, number: &str) {
        let sid = daemon
            .calls_to(number)
            .pop()
            .map_or(String::new(), |call| call.sid);
        let answer = daemon
            .carrier_asks(
                &format!("{leg}/0/answer"),
                &[("CallSid", &sid), ("CallStatus", "in-progress")],
            )
            .await;
        assert_eq!(
            (answer.status, answer.kind.split(';').next()),
            (200, Some("text/xml")),
            "{answer:?}"
        );
        self.0.push((name, answer.raw));
    }
}

#[tokio::test]
async fn twilios_own_library_would_write_the_same_scripts() {
    let daemon = Daemon::start(Config::of(
        &["an", "bart"],
        "strategy = \"ring-all\"; ring_s = 20; customer_s = 1; reception = \"+3292000001\"",
    ))
    .await;
    let mut scripts = Collected(vec![]);
    the_way_to_the_customer(&daemon, &mut scripts).await;
    scripts
        .note(
            "dealt-with",
            &daemon,
            "00000000-0000-7000-8000-000000000000-r1",
            AN,
        )
        .await;
    the_lead_line(&daemon, &mut scripts).await;
    a_locked_store(&daemon, &mut scripts).await;
    let folder = daemon.folder.path().join("scripts");
    fs::create_dir(&folder).unwrap();
    for (name, text) in &scripts.0 {
        fs::write(folder.join(format!("{name}.xml")), text).unwrap();
    }
    assert_eq!(scripts.0.len(), 12);
    let output = Command::new(python())
        .arg(root().join("tests/twilio/scripts.py"))
        .arg(&folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

async fn the_way_to_the_customer(daemon: &Daemon, scripts: &mut Collected) {
    daemon
        .on_phone(AN, Behaviour::Manual)
        .on_phone(BART, Behaviour::Manual);
    daemon
        .phone(CUSTOMER)
        .does_in_turn(vec![Behaviour::RingsOut, talks(ms(500))]);
    let id = daemon.sends(&lead(CUSTOMER)).await;
    let (an, bart) = (format!("{id}-r1"), format!("{id}-r2"));
    for number in [AN, BART] {
        until("it rings", || async { daemon.phone(number).answer() }).await;
        daemon
            .call_when(number, "whispering", |call| !call.heard.is_empty())
            .await;
    }
    scripts.note("whisper", daemon, &an, AN).await;
    daemon.phone(AN).press('3');
    daemon
        .call_when(AN, "repeated", |call| call.heard.len() > 1)
        .await;
    scripts.note("repeated", daemon, &an, AN).await;
    daemon.phone(AN).press('1');
    daemon.in_state(&id, "dialling").await;
    scripts.note("customer", daemon, &an, AN).await;
    scripts.note("taken", daemon, &bart, BART).await;
    daemon.in_state(&id, "wrapping-up").await;
    scripts.note("unreached", daemon, &an, AN).await;
    until("it asks", || async {
        daemon.phone(AN).press('1') && daemon.calls_to(CUSTOMER).len() == 2
    })
    .await;
    daemon.in_state(&id, "talking").await;
    daemon.in_state(&id, "wrapping-up").await;
    scripts.note("menu", daemon, &an, AN).await;
    daemon.phone(AN).press('1');
    daemon.in_state(&id, "closed").await;
    scripts.note("closed", daemon, &an, AN).await;
}

/// A customer waits and is met, and a stranger is put through.
async fn the_lead_line(daemon: &Daemon, scripts: &mut Collected) {
    let line = format!("{}/carriers/main/inbound", daemon.url);
    daemon.network.answers_at(SHOWN, &line);
    let id = daemon.sends(&lead(&customer(7))).await;
    let waiting = daemon.phone(&customer(7));
    waiting.calls(SHOWN).unwrap();
    daemon
        .lead_when(&id, "waited for", |lead| {
            lead["customer"][0]["leg"].is_string()
        })
        .await;
    scripts
        .note("room", daemon, &format!("{id}-i1"), &customer(7))
        .await;
    until("it rings", || async { daemon.phone(AN).answer() }).await;
    daemon
        .call_when(AN, "whispering", |call| !call.heard.is_empty())
        .await;
    daemon.phone(AN).press('1');
    daemon.in_state(&id, "talking").await;
    scripts
        .note("joined", daemon, &format!("{id}-r1"), AN)
        .await;
    waiting.hang_up();
    daemon.phone(AN).hang_up();
    daemon.in_state(&id, "closed").await;
    let stranger = [
        ("CallSid", "CA1"),
        ("CallStatus", "ringing"),
        ("From", "+32470777777"),
        ("To", SHOWN),
    ];
    let answer = daemon.carrier_asks("inbound", &stranger).await;
    scripts.0.push(("reception", answer.raw));
}

/// Somebody else writes to the file, for a while.
async fn a_locked_store(daemon: &Daemon, scripts: &mut Collected) {
    daemon.on_phone(AN, picks_up(ms(100), vec![Act::Press('2')]));
    let file = daemon.folder.path().join("data/leadbridge.db");
    let other = rusqlite::Connection::open(file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    scripts
        .note(
            "hold",
            daemon,
            "00000000-0000-7000-8000-000000000000-r1",
            AN,
        )
        .await;
    assert!(
        scripts.0.last().unwrap().1.contains("hold=1"),
        "{:?}",
        scripts.0.last()
    );
    other.execute_batch("ROLLBACK").unwrap();
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Python with Twilio's library.
fn python() -> PathBuf {
    let python = std::env::var_os("LEADBRIDGE_TEST_PYTHON").map(PathBuf::from);
    let python = python.unwrap_or_else(|| root().join("target/venv/bin/python"));
    assert!(
        python.exists(),
        "no Python with Twilio's library: run tests/run once: it makes target/venv"
    );
    python
}
