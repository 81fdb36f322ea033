//! An Asterisk of the test's own, on free ports: the PBX of a dealer group with its phones, its trunk and its lead line.

use std::fs::{self, File};
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// Whoever of the house or from outside dials this comes to Leadbridge.
pub(crate) const LEAD_LINE: &str = "+3232010000";
/// The user of ARI, and the application.
pub(crate) const USER: &str = "leadbridge";
/// How long anything may take that is to happen soon.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);
/// How often it is looked for.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(5);

/// What is missing, and how to get it.
const INSTALL: &str = "needs an Asterisk: run tests/run once, or tests/pbx/get target/pbx";
/// What it asks for and may find empty.
const EMPTY: [&str; 13] = [
    "acl",
    "ccss",
    "cdr",
    "cel",
    "codecs",
    "dnsmgr",
    "features",
    "pjproject",
    "res_http_media_cache",
    "sorcery",
    "stasis",
    "udptl",
    "websocket_client",
];

/// The sound of calls stays on this machine.
const SOUND_HERE: &str =
    "direct_media = no\nmedia_address = 127.0.0.1\nbind_rtp_to_media_address = yes";

/// It runs as long as this lives.
pub(crate) struct Asterisk {
    /// Where its interface is, without a slash at the end.
    pub(crate) url: String,
    pub(crate) password: String,
    /// Where phones register.
    pub(crate) sip: u16,
    /// Where its trunk ends.
    pub(crate) outside: u16,
    folder: TempDir,
    client: Client,
    process: Mutex<Option<Child>>,
}

impl Asterisk {
    /// Starts one that knows these numbers as phones of the house, and waits until it answers.
    pub(crate) async fn start(house: &[&str]) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = free_port();
        let asterisk = Self {
            url: format!("http://127.0.0.1:{http}"),
            password: format!("{:032x}", fastrand::u128(..)),
            sip: free_port(),
            outside: free_port(),
            folder: folder(),
            client: Client::new(),
            process: Mutex::default(),
        };
        asterisk.write_settings(http, house);
        asterisk.serve().await;
        asterisk
    }

    /// Starts the process, again after [`Asterisk::kill`]; who had registered in the second before it must do so again.
    pub(crate) async fn serve(&self) {
        *self.process.lock().unwrap() = Some(self.spawn());
        let began = Instant::now();
        while !self.is_alive().await {
            let ended = self.process.lock().unwrap().as_mut().unwrap().try_wait();
            let late = began.elapsed() > PATIENCE;
            assert!(
                ended.unwrap().is_none() && !late,
                "Asterisk did not start:\n{}",
                self.log()
            );
            sleep(LOOK_EVERY).await;
        }
    }

    /// `kill -9`.
    pub(crate) fn kill(&self) {
        if let Some(mut process) = self.process.lock().unwrap().take() {
            let _ = process.kill();
            process.wait().unwrap();
        }
    }

    /// Asks its interface, such as `GET` of `/channels`.
    pub(crate) async fn ask(&self, method: Method, path: &str) -> reqwest::Result<(u16, Value)> {
        let url = format!("{}/ari{path}", self.url);
        let request = self.client.request(method, url);
        let answer = request
            .basic_auth(USER, Some(&self.password))
            .send()
            .await?;
        let status = answer.status().as_u16();
        let body = answer.bytes().await?;
        Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
    }

    /// The ids of all channels, or of all bridges.
    pub(crate) async fn ids(&self, what: &str) -> Vec<String> {
        let (_, found) = self.ask(Method::GET, &format!("/{what}")).await.unwrap();
        let id = |one: &Value| one["id"].as_str().unwrap().to_owned();
        found.as_array().unwrap().iter().map(id).collect()
    }

    /// Each channel's time limit, in seconds; 0 is none.
    pub(crate) async fn time_limits(&self) -> Vec<u32> {
        let mut limits = vec![];
        for channel in self.ids("channels").await {
            let path = format!("/channels/{channel}/variable?variable=TIMEOUT(absolute)");
            let (_, variable) = self.ask(Method::GET, &path).await.unwrap();
            limits.push(variable["value"].as_str().unwrap().parse::<f64>().unwrap() as u32);
        }
        limits
    }

    /// What it has said so far.
    pub(crate) fn log(&self) -> String {
        let said = fs::read_to_string(self.folder.path().join("said")).unwrap_or_default();
        let kept = fs::read_to_string(self.folder.path().join("log/messages")).unwrap_or_default();
        said + &kept
    }

    /// Another process that has the port does not know the password.
    async fn is_alive(&self) -> bool {
        let asked = self.ask(Method::GET, "/asterisk/info?only=system").await;
        asked.is_ok_and(|(status, _)| status == 200)
    }

    fn spawn(&self) -> Child {
        let root = root();
        let libraries = ["usr/lib/x86_64-linux-gnu", "usr/lib"].map(|folder| root.join(folder));
        let libraries = std::env::join_paths(libraries).unwrap();
        let path = self.folder.path().join("said");
        let said = File::options()
            .create(true)
            .append(true)
            .open(path)
            .unwrap();
        Command::new(root.join("lib64/ld-linux-x86-64.so.2"))
            .arg("--library-path")
            .arg(libraries)
            .arg(root.join("usr/sbin/asterisk"))
            .args(["-f", "-C"])
            .arg(self.folder.path().join("etc/asterisk.conf"))
            .stdin(Stdio::null())
            .stdout(said.try_clone().unwrap())
            .stderr(said)
            .spawn()
            .unwrap_or_else(|_| panic!("this test {INSTALL}"))
    }

    fn write_settings(&self, http: u16, house: &[&str]) {
        for folder in ["etc", "lib", "spool/recording", "run", "log", "cache"] {
            fs::create_dir_all(self.folder.path().join(folder)).unwrap();
        }
        let etc = self.folder.path().join("etc");
        for name in EMPTY {
            fs::write(etc.join(format!("{name}.conf")), "").unwrap();
        }
        write_all(&templates(), &etc, |text| self.filled(text));
        fs::create_dir(etc.join("leadbridge")).unwrap();
        write_all(&guide(), &etc.join("leadbridge"), |text| {
            self.as_guided(text, http)
        });
        let phone = fs::read_to_string(templates().join("phone.conf")).unwrap();
        let mut pjsip = fs::read_to_string(etc.join("pjsip.conf")).unwrap();
        pjsip.extend(house.iter().map(|number| phone.replace("@NUMBER@", number)));
        fs::write(etc.join("pjsip.conf"), pjsip).unwrap();
    }

    /// What the guide tells an admin to write, with what is this test's own in the places that are an admin's own.
    fn as_guided(&self, text: &str, http: u16) -> String {
        let own = [
            (
                "password = change-me",
                format!("password = {}", self.password),
            ),
            ("bindport = 8088", format!("bindport = {http}")),
            ("+3292000000", LEAD_LINE.to_owned()),
            (
                "sip:sip.operator.example",
                format!("sip:127.0.0.1:{}", self.outside),
            ),
            (
                "match = sip.operator.example",
                "match = 127.0.0.1".to_owned(),
            ),
            ("direct_media = no", SOUND_HERE.to_owned()),
        ];
        own.iter().fold(text.to_owned(), |text, (guided, own)| {
            text.replace(guided, own)
        })
    }

    fn filled(&self, template: &str) -> String {
        template
            .replace("@DIR@", self.folder.path().to_str().unwrap())
            .replace("@ROOT@", root().to_str().unwrap())
            .replace("@MODULES@", modules().to_str().unwrap())
            .replace("@SIP@", &self.sip.to_string())
    }
}

impl Drop for Asterisk {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("---- Asterisk said:\n{}", self.log());
        }
    }
}

fn write_all(from: &Path, to: &Path, write: impl Fn(&str) -> String) {
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap().path();
        if file.extension().is_some_and(|end| end == "conf") {
            let text = fs::read_to_string(&file).unwrap();
            fs::write(to.join(file.file_name().unwrap()), write(&text)).unwrap();
        }
    }
}

/// Without a dot in its path: with one, Asterisk gives no sound that it fetches its format's ending and plays none.
fn folder() -> TempDir {
    tempfile::Builder::new().prefix("pbx").tempdir().unwrap()
}

fn templates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pbx/etc")
}

/// The files that the admin of a PBX is told to include.
fn guide() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config/asterisk")
}

/// Where it was unpacked.
fn root() -> PathBuf {
    let named = std::env::var_os("LEADBRIDGE_TEST_ASTERISK").map(PathBuf::from);
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/pbx/root");
    let root = named.unwrap_or(usual);
    assert!(
        root.join("usr/sbin/asterisk").exists(),
        "this test {INSTALL}"
    );
    root
}

/// Version 22 keeps them with the machine's kind, 16 does not.
fn modules() -> PathBuf {
    let new = root().join("usr/lib/x86_64-linux-gnu/asterisk/modules");
    if new.exists() {
        new
    } else {
        root().join("usr/lib/asterisk/modules")
    }
}

/// A port that no connection of this machine takes by chance, nor the sound of a call: it is come back to after a kill.
pub(crate) fn free_port() -> u16 {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    let first = 10_000 + (std::process::id() % 40) as u16 * 100;
    loop {
        let port = first + TAKEN.fetch_add(1, Ordering::Relaxed) % 100;
        let address = ("127.0.0.1", port);
        if TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok() {
            return port;
        }
    }
}
