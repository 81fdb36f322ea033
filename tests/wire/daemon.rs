//! The real program: `leadbridge serve` as a process of its own, between a source (the test) and the simulated phones.
//! When it goes, its log must not hold anybody's number or name, nor a secret.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use leadbridge::phones::{Behaviour, CallRecord, Misbehaviour, Network, Phone, Settings};
use leadbridge_providers::twilio::signature;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};

use crate::config::{ACCOUNT, Config, SECRETS, TOKEN};
use crate::disk::Disk;
use crate::sender::{Answer, NAMES, Sender};

/// How long anything may take that is to happen soon.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);
/// How often it is looked for.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(15);
/// From the start of a call to its ringing, so that a create is answered before its phone rings.
const RING_DELAY: Duration = Duration::from_millis(40);

/// A daemon with its folder and its phone network.
pub(crate) struct Daemon {
    pub(crate) network: Network,
    pub(crate) sender: Sender,
    pub(crate) url: String,
    pub(crate) folder: TempDir,
    /// Where its data is, if it is not a folder like another.
    pub(crate) disk: Option<Disk>,
    /// What it finds in its environment beside its secrets.
    pub(crate) env: Vec<(&'static str, PathBuf)>,
    child: Mutex<Option<Child>>,
}

impl Daemon {
    /// Starts one and waits until it answers.
    pub(crate) async fn start(config: Config) -> Self {
        Self::begun(config, None).await
    }

    /// The same with its data on a disk of this size.
    pub(crate) async fn on_disk(size: &str, config: Config) -> Self {
        Self::begun(config, Some(size)).await
    }

    async fn begun(config: Config, disk: Option<&str>) -> Self {
        let network = network().await;
        let mut daemon = Self::prepared(&network, &network.url(), &config);
        daemon.disk = disk.map(|size| Disk::mounted_at(&daemon.folder.path().join("data"), size));
        daemon.serve().await;
        daemon
    }

    /// One with its files and its port, whose carrier is at this address and whose process is still to begin.
    pub(crate) fn prepared(network: &Network, carrier: &str, config: &Config) -> Self {
        let port = free_port();
        let daemon = Self::without_process(network, &format!("http://127.0.0.1:{port}"));
        config.write(daemon.folder.path(), port, carrier);
        daemon
    }

    /// One that is asked at this address and whose processes are somebody else's.
    pub(crate) fn without_process(network: &Network, url: &str) -> Self {
        Self {
            sender: Sender::new(url),
            network: network.clone(),
            url: url.to_owned(),
            folder: tempfile::tempdir().unwrap(),
            disk: None,
            env: vec![],
            child: Mutex::default(),
        }
    }

    /// Starts the process, again after [`Daemon::kill`], on the same data and port.
    pub(crate) async fn serve(&self) {
        self.starts();
        until("the daemon is alive", || async {
            assert!(self.is_running(), "the daemon did not start");
            self.sender.alive().await
        })
        .await;
    }

    /// Starts the process and does not wait for it.
    pub(crate) fn starts(&self) {
        *self.child.lock().unwrap() = Some(self.spawn(&self.log_path()));
    }

    /// A process on this folder that logs to this file.
    pub(crate) fn spawn(&self, log: &std::path::Path) -> Child {
        self.command(log).spawn().unwrap()
    }

    /// How such a process is started.
    pub(crate) fn command(&self, log: &std::path::Path) -> Command {
        let log = File::options().create(true).append(true).open(log).unwrap();
        let program = env!("CARGO_BIN_EXE_leadbridge");
        let disk = self.disk.as_ref();
        let mut command = disk.map_or_else(|| Command::new(program), |disk| disk.runs(program));
        command
            .args(["serve", "--config"])
            .arg(self.folder.path().join("leadbridge.toml"))
            .envs(SECRETS)
            .env("RUST_LOG", "trace")
            .envs(self.env.iter().cloned())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        command
    }

    /// `kill -9`.
    pub(crate) fn kill(&self) {
        if let Some(mut child) = self.child.lock().unwrap().take() {
            let _ = child.kill();
            child.wait().unwrap();
        }
    }

    /// Sends a signal by its name, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.lock().unwrap().as_ref().unwrap().id();
        let kill = format!("kill -{name} {id}");
        assert!(
            Command::new("sh")
                .args(["-c", &kill])
                .status()
                .unwrap()
                .success()
        );
    }

    /// How the process ended by itself, within this span.
    pub(crate) async fn exited_within(&self, span: Duration) -> ExitStatus {
        let began = Instant::now();
        loop {
            let status = self
                .child
                .lock()
                .unwrap()
                .as_mut()
                .unwrap()
                .try_wait()
                .unwrap();
            if let Some(status) = status {
                return status;
            }
            assert!(began.elapsed() < span, "it still runs after {span:?}");
            sleep(LOOK_EVERY).await;
        }
    }

    pub(crate) fn is_running(&self) -> bool {
        let mut child = self.child.lock().unwrap();
        child
            .as_mut()
            .is_some_and(|child| child.try_wait().unwrap().is_none())
    }

    pub(crate) fn phone(&self, number: &str) -> Phone {
        self.network.phone(number)
    }

    /// From now on this phone does this.
    pub(crate) fn on_phone(&self, number: &str, behaviour: Behaviour) -> &Self {
        self.network.phone(number).does(behaviour);
        self
    }

    pub(crate) async fn misbehave(&self, misbehaviour: Misbehaviour) {
        self.network.misbehave(misbehaviour).await;
    }

    /// Sends a lead that rings, and returns its id.
    pub(crate) async fn sends(&self, lead: &Value) -> String {
        let answer = self.sender.send(lead).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        answer.text("lead").to_owned()
    }

    pub(crate) async fn lead(&self, id: &str) -> Value {
        let answer = self.sender.get(&format!("/api/v1/leads/{id}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
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
            let calls = self.network.calls();
            assert!(
                began.elapsed() < PATIENCE,
                "not {what}: {lead:#}\n{calls:#?}"
            );
            sleep(LOOK_EVERY).await;
        }
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

    /// All calls to this phone, in order.
    pub(crate) fn calls_to(&self, number: &str) -> Vec<CallRecord> {
        let calls = self.network.calls().into_iter();
        calls.filter(|call| call.to == number).collect()
    }

    /// The only call to this phone.
    pub(crate) fn call_to(&self, number: &str) -> CallRecord {
        let mut calls = self.calls_to(number);
        assert_eq!(calls.len(), 1, "{calls:#?}");
        calls.remove(0)
    }

    /// The present call to this phone, once this is true of it.
    pub(crate) async fn call_when(
        &self,
        number: &str,
        what: &str,
        true_of: impl Fn(&CallRecord) -> bool,
    ) -> CallRecord {
        let began = Instant::now();
        loop {
            let last = self.calls_to(number).pop();
            if let Some(call) = last.as_ref().filter(|call| true_of(call)) {
                return call.clone();
            }
            assert!(began.elapsed() < PATIENCE, "not {what}: {last:#?}");
            sleep(LOOK_EVERY).await;
        }
    }

    /// Asks what the carrier asks, signed as it signs; `path` is below `/carriers/main/`.
    pub(crate) async fn carrier_asks(&self, path: &str, params: &[(&str, &str)]) -> Answer {
        self.carrier_asks_as(TOKEN, path, params).await
    }

    /// The same signed with another secret.
    pub(crate) async fn carrier_asks_as(
        &self,
        token: &str,
        path: &str,
        params: &[(&str, &str)],
    ) -> Answer {
        let path = format!("/carriers/main/{path}");
        let params: Vec<_> = params
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        let signed = signature(token, &format!("{}{path}", self.url), &params);
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&params)
            .finish();
        let headers = [
            ("X-Twilio-Signature", signed.as_str()),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        self.sender.post(&path, &headers, form.into_bytes()).await
    }

    /// A file that the process has open, whatever became of its name.
    pub(crate) fn open_file(&self, path: &std::path::Path) -> PathBuf {
        let id = self.child.lock().unwrap().as_ref().unwrap().id();
        let open = fs::read_dir(format!("/proc/{id}/fd")).unwrap();
        let mut open = open.map(|entry| entry.unwrap().path());
        let found = open.find(|entry| {
            let target = fs::read_link(entry).unwrap();
            let target = target.to_str().unwrap();
            target.strip_suffix(" (deleted)").unwrap_or(target) == path.to_str().unwrap()
        });
        found.unwrap()
    }

    /// Changes one of the three files.
    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// What the daemon has said so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

/// Phones that ring a little later than at once.
pub(crate) async fn network() -> Network {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = Settings {
        ring_delay: RING_DELAY,
        ..Settings::quick(ACCOUNT, TOKEN)
    };
    Network::start(listener, settings)
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
        let log = self.log();
        if std::thread::panicking() {
            let _ = writeln!(std::io::stderr(), "---- the daemon said:\n{log}");
        } else {
            assert_is_discreet(&log);
        }
    }
}

/// What no line of a log may hold.
fn assert_is_discreet(log: &str) {
    let secrets = SECRETS.iter().map(|(_, secret)| *secret);
    for told in secrets.chain(NAMES).chain(["Claes", "Maes", "Dubois"]) {
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

/// Waits until this is true.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut is_true: impl FnMut() -> F) {
    let began = Instant::now();
    while !is_true().await {
        assert!(began.elapsed() < PATIENCE, "waited in vain until {what}");
        sleep(LOOK_EVERY).await;
    }
}

/// A port that no connection of this machine takes by chance: a daemon comes back to it after a kill.
pub(crate) fn free_port() -> u16 {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    let first = 10_000 + (std::process::id() % 100) as u16 * 200;
    loop {
        let port = first + TAKEN.fetch_add(1, Ordering::Relaxed) % 200;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
