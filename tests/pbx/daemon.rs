//! The real program: `leadbridge serve` as a process of its own, between a source (the test) and the house's PBX.
//! When it goes, its log must not hold anybody's number or name, nor a secret.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use leadbridge::source::Auth;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::asterisk::{Asterisk, LOOK_EVERY, PATIENCE, free_port};
use super::config::{API_TOKEN, Config, STAFF, WEBSITE_SECRET, secrets};

pub(crate) const CUSTOMER: &str = "+32470123456";
/// What is personal in every lead of these tests.
const NAMES: [&str; 4] = ["Xandrine", "Quellinck", "elektrisch", "quellinck@"];

/// A daemon with its folder.
pub(crate) struct Daemon {
    pub(crate) folder: TempDir,
    /// Where it listens on this machine.
    pub(crate) port: u16,
    url: String,
    client: Client,
    secrets: [(&'static str, String); 3],
    child: Mutex<Option<Child>>,
}

/// A lead of a customer with this number.
pub(crate) fn lead(phone: &str) -> Value {
    json!({
        "first_name": "Xandrine", "last_name": "Quellinck", "phone": phone, "email": "x.quellinck@example.org",
        "language": "nl", "message": "Rijdt die zeker elektrisch?", "consent": { "call": true },
        "vehicle": { "make": "VW", "model": "Golf", "interest": "test-drive" },
        "requested_at": now().to_string(),
    })
}

impl Daemon {
    /// Starts one and waits until it hears what happens on the PBX.
    pub(crate) async fn start(asterisk: &Asterisk, config: Config) -> Self {
        Self::reaching(asterisk, &asterisk.url, config).await
    }

    /// The same with something else between the two, at this address.
    pub(crate) async fn reaching(asterisk: &Asterisk, address: &str, config: Config) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        config.write(folder.path(), port, address);
        let daemon = Self {
            folder,
            port,
            url: format!("http://127.0.0.1:{port}"),
            client: Client::builder().no_proxy().build().unwrap(),
            secrets: secrets(asterisk),
            child: Mutex::default(),
        };
        daemon.serve(asterisk).await;
        daemon
    }

    /// Starts the process, again after [`Daemon::kill`], on the same data and port.
    pub(crate) async fn serve(&self, asterisk: &Asterisk) {
        *self.child.lock().unwrap() = Some(self.spawn());
        until("the daemon is alive", || async {
            assert!(self.is_running(), "the daemon did not start");
            self.get("/healthz").await.is_some()
        })
        .await;
        self.hears(asterisk).await;
    }

    /// Waits until it hears what happens on the PBX.
    pub(crate) async fn hears(&self, asterisk: &Asterisk) {
        until("it hears the PBX", || async {
            let asked = asterisk.ask(Method::GET, "/applications/leadbridge").await;
            asked.is_ok_and(|(status, _)| status == 200)
        })
        .await;
    }

    /// `kill -9`.
    pub(crate) fn kill(&self) {
        if let Some(mut child) = self.child.lock().unwrap().take() {
            let _ = child.kill();
            child.wait().unwrap();
        }
    }

    /// Sends a lead that rings, and returns its id.
    pub(crate) async fn sends(&self, lead: &Value) -> String {
        let signing = Auth::Sha256 {
            header: "x-signature-256".to_owned(),
            secret: WEBSITE_SECRET.into(),
        };
        let signed = signing.sign("", now(), lead.to_string().as_bytes());
        let url = format!("{}/leads/website", self.url);
        let request = signed
            .headers
            .iter()
            .fold(self.client.post(url), |request, (name, value)| {
                request.header(name, value)
            });
        let answer = request.body(signed.body).send().await.unwrap();
        assert_eq!(answer.status(), 202);
        let told: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        told["lead"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn lead(&self, id: &str) -> Value {
        let path = format!("/api/v1/leads/{id}");
        self.get(&path).await.expect("it knows the lead")
    }

    /// The lead once this is true of it.
    pub(crate) async fn lead_when(
        &self,
        id: &str,
        what: &str,
        true_of: impl Fn(&Value) -> bool,
    ) -> Value {
        let began = Instant::now();
        loop {
            let lead = self.lead(id).await;
            if true_of(&lead) {
                return lead;
            }
            assert!(began.elapsed() < PATIENCE * 2, "not {what}: {lead:#}");
            sleep(LOOK_EVERY).await;
        }
    }

    /// The lead once this stands in its timeline.
    pub(crate) async fn lead_with(&self, id: &str, entry: &str) -> Value {
        self.lead_when(id, entry, |lead| told(lead).contains(&entry))
            .await
    }

    pub(crate) async fn in_state(&self, id: &str, state: &str) -> Value {
        self.lead_when(id, state, |lead| lead["state"] == state)
            .await
    }

    /// The lead once it is closed, which must be with this outcome.
    pub(crate) async fn ends(&self, id: &str, outcome: &str) -> Value {
        let lead = self.in_state(id, "closed").await;
        assert_eq!(lead["outcome"], outcome, "{lead:#}");
        lead
    }

    /// What the daemon has said so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    async fn get(&self, path: &str) -> Option<Value> {
        let request = self.client.get(format!("{}{path}", self.url));
        let answer = request.bearer_auth(API_TOKEN).send().await.ok()?;
        if answer.status() != 200 {
            return None;
        }
        let body = answer.bytes().await.ok()?;
        Some(serde_json::from_slice(&body).unwrap_or_default())
    }

    fn is_running(&self) -> bool {
        let mut child = self.child.lock().unwrap();
        child
            .as_mut()
            .is_some_and(|child| child.try_wait().unwrap().is_none())
    }

    fn spawn(&self) -> Child {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log_path())
            .unwrap();
        Command::new(env!("CARGO_BIN_EXE_leadbridge"))
            .args(["serve", "--config"])
            .arg(self.folder.path().join("leadbridge.toml"))
            .envs(self.secrets.iter().cloned())
            .env("RUST_LOG", "trace")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
        let log = self.log();
        if std::thread::panicking() {
            let _ = writeln!(std::io::stderr(), "---- the daemon said:\n{log}");
        } else {
            let secrets = self.secrets.iter().map(|(_, secret)| secret.as_str());
            assert_is_discreet(&log, secrets);
        }
    }
}

/// What the timeline of a lead tells, in order.
pub(crate) fn told(lead: &Value) -> Vec<&str> {
    let timeline = lead["timeline"].as_array().unwrap().iter();
    timeline
        .map(|entry| entry["what"].as_str().unwrap())
        .collect()
}

/// Waits until this is true.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut is_true: impl FnMut() -> F) {
    let began = Instant::now();
    while !is_true().await {
        assert!(began.elapsed() < PATIENCE, "waited in vain until {what}");
        sleep(LOOK_EVERY).await;
    }
}

/// What no line of a log may hold.
fn assert_is_discreet<'a>(log: &str, secrets: impl Iterator<Item = &'a str>) {
    let family = STAFF.map(|(_, name, ..)| name.split(' ').next_back().unwrap());
    let family = family.into_iter().filter(|name| *name != "Peeters");
    for told in secrets.chain(NAMES).chain(family) {
        let line = log.lines().find(|line| line.contains(told));
        assert!(line.is_none(), "the log tells `{told}`: {line:?}");
    }
    let words = log.split(|letter: char| !letter.is_ascii_alphanumeric());
    let number = words
        .map(|word| word.strip_prefix("2B").unwrap_or(word))
        .find(|word| is_phone_number(word));
    assert!(number.is_none(), "the log tells a phone number: {number:?}");
}

/// As long as one with or without its country is; the parts of ids are longer or shorter.
fn is_phone_number(word: &str) -> bool {
    (9..=11).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the source has a clock of its own"
)]
fn now() -> Timestamp {
    Timestamp::now()
}

/// A span in milliseconds.
pub(crate) const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
