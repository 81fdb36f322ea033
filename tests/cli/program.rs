//! The real program against three small files in a folder of their own.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use leadbridge::decision::Arrival;
use leadbridge::io::clock::Clock;
use leadbridge::io::config::{self, Environment};
use leadbridge::io::store::{New, Store, StoreError};
use leadbridge::lead::Lead;
use leadbridge::rotation::{RooftopId, SourceId};
use leadbridge_providers::LeadId;
use tempfile::TempDir;

const LEADBRIDGE: &str = r#"[server]
listen = "127.0.0.1:PORT"
public_url = "https://bridge.example.be"
data_dir = "data"
api_token = { env = "API" }

[[carrier]]
id = "main"
kind = "twilio"
account = "AC00000000000000000000000000000000"
token = { env = "TOKEN" }
base_url = "http://127.0.0.1:PORT"
"#;

const ROTATION: &str = r#"[group]
name = "Groep Peeters"
language = "nl"
timezone = "Europe/Brussels"
country = "BE"

[[rep]]
id = "an"
name = "An Claes"
phone = "+32470000001"
away = ["2026-12-21/2026-12-31"]

[[rep]]
id = "bart"
name = "Bart Maes"
phone = "+32470000002"
hours = "Mo-Fr 10:00-18:00"

[[rep]]
id = "chloe"
name = "Chloé Dubois"
phone = "+32470000003"

[[rep]]
id = "paul"
name = "Paul Peeters"
phone = "+32470000009"

[[rooftop]]
id = "gent"
name = "Garage Peeters Gent"
carrier = "main"
caller_id = "+3292000000"
hours = "Mo-Fr 09:00-18:30; PH off"
reps = ["an", "bart"]
owner = ["paul"]

[[rooftop]]
id = "aalst"
name = "Garage Peeters Aalst"
carrier = "main"
caller_id = "+3292000005"
hours = "Mo-Fr 09:00-18:30; PH off"
after_hours = "duty"
duty = ["chloe"]
next_after_s = 0
reps = ["bart", "an"]
owner = ["paul"]
"#;

const SOURCES: &str = r#"[[source]]
id = "website"
format = "json"
rooftop = "gent"
auth = { scheme = "bearer", secret = { env = "WEBSITE" } }

[[source]]
id = "portal"
format = "adf"
rooftop = "gent"
auth = { scheme = "url-secret", secret = { env = "PORTAL" } }
"#;

pub(crate) const VARIABLES: [(&str, &str); 4] = [
    ("API", "api-secret"),
    ("TOKEN", "carrier-secret"),
    ("WEBSITE", "website-secret-of-some-length"),
    ("PORTAL", "a-long-and-random-segment-of-a-path"),
];

/// What the program said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) struct Program {
    folder: TempDir,
}

impl Program {
    /// Nobody listens where its daemon would.
    pub(crate) fn new() -> Program {
        Program::listening_at(free_port())
    }

    /// The daemon and the carrier are both at this port.
    pub(crate) fn listening_at(port: u16) -> Program {
        let program = Program {
            folder: tempfile::tempdir().unwrap(),
        };
        let leadbridge = LEADBRIDGE.replace("PORT", &port.to_string());
        program.write("leadbridge.toml", &leadbridge);
        program.write("rotation.toml", ROTATION);
        program.write("sources.toml", SOURCES);
        program
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    pub(crate) fn replace(&self, name: &str, old: &str, new: &str) {
        let text = std::fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(old), "{name} has no {old:?}");
        self.write(name, &text.replacen(old, new, 1));
    }

    /// The program with these arguments, separated by blanks.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_leadbridge"));
        command
            .args(arguments.split_whitespace())
            .env_clear()
            .env("LEADBRIDGE_CONFIG", self.path("leadbridge.toml"))
            .envs(VARIABLES);
        command
    }

    pub(crate) fn run(&self, arguments: &str) -> Said {
        let Output {
            status,
            stdout,
            stderr,
        } = self.command(arguments).output().unwrap();
        let text = |bytes| self.without_folder(&String::from_utf8(bytes).unwrap());
        Said {
            code: status.code(),
            out: text(stdout),
            err: text(stderr),
        }
    }

    pub(crate) fn without_folder(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.folder.path().display()), "")
    }

    /// The store as the daemon would open it. A program that another test starts at this instant bears a copy of the
    /// lock until it has become itself.
    pub(crate) fn store(&self) -> Store {
        std::fs::create_dir_all(self.path("data")).unwrap();
        let give_up = Instant::now() + Duration::from_secs(10);
        loop {
            match Store::open(&self.path("data/leadbridge.db"), |_| {}) {
                Err(StoreError::InUse(_)) if Instant::now() < give_up => std::thread::yield_now(),
                opened => return opened.unwrap(),
            }
        }
    }

    /// A lead comes in, as if a daemon that has gone since had taken it.
    pub(crate) fn receive(&self, lead: Lead) -> LeadId {
        self.receive_told(Some(lead))
    }

    /// The same of a body that nobody could read.
    pub(crate) fn receive_unread(&self) -> LeadId {
        self.receive_told(None)
    }

    fn receive_told(&self, told: Option<Lead>) -> LeadId {
        let env: Environment = VARIABLES.into_iter().collect();
        let settings = config::load_settings(&self.path("leadbridge.toml"), &env).unwrap();
        let store = self.store();
        let rules = config::load_rules(&settings.value, store.hash_key()).unwrap();
        let clock = Clock::start();
        let arrival = Arrival {
            lead: clock.lead_id(),
            source: SourceId("website".to_owned()),
            rooftop: RooftopId("gent".to_owned()),
            told,
            over_rate: false,
            unproven: false,
        };
        let new = New {
            arrival,
            content_type: "application/json".to_owned(),
            body: b"{}".to_vec(),
        };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let received = store.receive(new, rules.value.into(), clock.now());
        runtime.block_on(received).unwrap().lead
    }
}

/// A port that nobody listens at.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
