//! The daemon as it ships, a process of its own: a group of any size, leads signed by its sources, callbacks signed by
//! its carrier.

use std::fs::{self, File};
use std::io::Write;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use leadbridge::source::Auth;
use leadbridge_providers::twilio::signature;
use tempfile::TempDir;
use tokio::time::sleep;

use crate::floor::folder;
use crate::wire::{self, Wire};

pub(crate) const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
pub(crate) const TOKEN: &str = "the-carriers-token";
const API_TOKEN: &str = "the-interface-token";
const SOURCE_SECRET: &str = "the-source-secret";
const SECRETS: [(&str, &str); 3] = [
    ("API_TOKEN", API_TOKEN),
    ("TWILIO_TOKEN", TOKEN),
    ("SOURCE_SECRET", SOURCE_SECRET),
];
/// How soon after a refused connection it is tried again.
const KNOCK_EVERY: Duration = Duration::from_millis(1);

/// A dealer group. Each rooftop has a source of its own, numbered like it.
pub(crate) struct Group {
    /// Rooftops that are open.
    pub(crate) rooftops: usize,
    /// Reps of each.
    pub(crate) reps: usize,
    /// Rooftops behind those, which are closed and have one rep each.
    pub(crate) closed: usize,
    /// 0: no pacing.
    pub(crate) calls_per_s: u32,
}

/// A daemon and its folder.
pub(crate) struct Daemon {
    pub(crate) address: SocketAddr,
    folder: TempDir,
    child: Child,
}

impl Daemon {
    /// Starts one on an empty store and waits until it serves.
    pub(crate) async fn start(group: &Group, carrier: &str) -> Self {
        Self::start_on("sqlite:leadbridge.db", group, carrier).await
    }

    /// The same, on the store at this address.
    pub(crate) async fn start_on(store: &str, group: &Group, carrier: &str) -> Self {
        let (folder, address) = (folder(), free_address());
        for (name, text) in group.files(address, carrier) {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let mut settings = File::options()
            .append(true)
            .open(folder.path().join("leadbridge.toml"))
            .unwrap();
        writeln!(settings, "[store]\nurl = \"{store}\"").unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        let child = spawn(&folder);
        let daemon = Self {
            address,
            folder,
            child,
        };
        daemon.alive().await;
        daemon
    }

    /// Kills it, starts it again on the same data, and tells how long it took until a lead got its 202.
    pub(crate) async fn restart(&mut self, lead: &[u8]) -> Duration {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let since = Instant::now();
        self.child = spawn(&self.folder);
        let answer = self.knock().await.exchange(lead).await.unwrap();
        assert_eq!(answer.status, 202, "{}", answer.body);
        since.elapsed()
    }

    /// A connection.
    pub(crate) async fn wire(&self) -> Wire {
        Wire::connect(self.address).await.unwrap()
    }

    /// What it holds in memory, in MB.
    pub(crate) fn memory_mb(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: f64 = line
            .and_then(|line| line.trim().strip_suffix(" kB"))
            .and_then(|kib| kib.parse().ok())
            .unwrap();
        kib * 1024.0 / 1e6
    }

    /// How long it has kept processors busy.
    pub(crate) fn spent(&self) -> Duration {
        spent(&self.child)
    }

    /// Waits until everything that was ordered has been answered, and the answer is on disk.
    pub(crate) async fn settled(&self) {
        let mut wire = self.wire().await;
        let figures = wire::get("/metrics", "");
        while !wire
            .exchange(&figures)
            .await
            .unwrap()
            .body
            .contains("leadbridge_outbox 0\n")
        {
            sleep(Duration::from_millis(2)).await;
        }
    }

    /// How many leads are in each state, as `/metrics` tells.
    pub(crate) async fn flows(&self, state: &str) -> usize {
        let figures = wire::get("/metrics", "");
        let told = self.wire().await.exchange(&figures).await.unwrap().body;
        let name = format!("leadbridge_flows{{state=\"{state}\"}} ");
        let line = told.lines().find_map(|line| line.strip_prefix(&name));
        line.and_then(|count| count.parse().ok()).unwrap()
    }

    async fn alive(&self) {
        let alive = wire::get("/healthz", "");
        assert_eq!(
            self.knock().await.exchange(&alive).await.unwrap().status,
            200
        );
    }

    /// The first connection that it takes.
    async fn knock(&self) -> Wire {
        loop {
            match Wire::connect(self.address).await {
                Ok(wire) => return wire,
                Err(_) => sleep(KNOCK_EVERY).await,
            }
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Group {
    fn files(&self, address: SocketAddr, carrier: &str) -> [(&'static str, String); 3] {
        let sources: String = (0..self.rooftops + self.closed).map(source).collect();
        [
            ("leadbridge.toml", self.settings(address, carrier)),
            ("rotation.toml", self.rotation()),
            ("sources.toml", sources),
        ]
    }

    fn settings(&self, address: SocketAddr, carrier: &str) -> String {
        let calls_per_s = self.calls_per_s;
        format!(
            "[server]\nlisten = \"{address}\"\npublic_url = \"http://{address}\"\ndata_dir = \"data\"\n\
             api_token = {{ env = \"API_TOKEN\" }}\nflood_per_s = 0\n\
             [guard]\ncustomer_rings_per_day = 0\n\
             [[carrier]]\nid = \"main\"\nkind = \"twilio\"\naccount = \"{ACCOUNT}\"\n\
             token = {{ env = \"TWILIO_TOKEN\" }}\nbase_url = \"{carrier}\"\ncalls_per_s = {calls_per_s}\n"
        )
    }

    /// Every rooftop has an owner of its own beside its reps. A phone rings on for two minutes and the next one
    /// starts after that, so that a lead has one call.
    fn rotation(&self) -> String {
        let mut text = "[group]\nname = \"Groep Peeters\"\nlanguage = \"nl\"\ntimezone = \"Europe/Brussels\"\n\
                        country = \"BE\"\ncustomer_hours = \"24/7\"\nring_s = 120\nnext_after_s = 0\nin_line_s = 3600\n"
            .to_owned();
        for rooftop in 0..self.rooftops + self.closed {
            let (reps, hours) = if rooftop < self.rooftops {
                (self.reps, "24/7")
            } else {
                (1, "Su 04:00-04:01")
            };
            let ids: Vec<_> = (0..reps).map(|rep| format!("r{rooftop}-{rep}")).collect();
            for (rep, id) in ids.iter().enumerate() {
                text += &person(id, rooftop, rep);
            }
            text += &person(&format!("o{rooftop}"), rooftop, 99);
            text += &format!(
                "[[rooftop]]\nid = \"t{rooftop}\"\nname = \"Garage Peeters {rooftop}\"\ncarrier = \"main\"\n\
                 caller_id = \"+3292{rooftop:06}\"\nhours = \"{hours}\"\nreps = {ids:?}\nowner = [\"o{rooftop}\"]\n"
            );
        }
        text
    }
}

/// The phone of a rep of a rooftop.
pub(crate) fn phone(rooftop: usize, rep: usize) -> String {
    format!("+3247{:07}", rooftop * 100 + rep)
}

/// A customer's phone.
pub(crate) fn customer(count: usize) -> String {
    format!("+3249{count:07}")
}

/// What a website would send to the source of a rooftop.
pub(crate) fn lead(rooftop: usize, count: usize) -> Vec<u8> {
    let body = body(count);
    let auth = Auth::Sha256 {
        header: "x-signature-256".to_owned(),
        secret: SOURCE_SECRET.into(),
    };
    let mut headers = auth
        .sign("", Timestamp::UNIX_EPOCH, body.as_bytes())
        .headers;
    headers.push(("content-type".to_owned(), "application/json".to_owned()));
    wire::post(&format!("/leads/s{rooftop}"), &headers, &body)
}

/// The body of a lead.
pub(crate) fn body(count: usize) -> String {
    let phone = customer(count);
    format!(
        "{{\"id\":\"web-{count}\",\"first_name\":\"An\",\"last_name\":\"Peeters\",\"phone\":\"{phone}\",\
         \"email\":\"an@example.org\",\"language\":\"nl\",\"message\":\"Is hij nog beschikbaar?\",\
         \"vehicle\":{{\"make\":\"VW\",\"model\":\"Golf\",\"year\":2023,\"condition\":\"used\",\"interest\":\"test-drive\"}},\
         \"consent\":{{\"call\":true}}}}"
    )
}

/// The lead that an answer names.
pub(crate) fn named(answer: &str) -> String {
    let told: serde_json::Value = serde_json::from_str(answer).unwrap();
    told["lead"].as_str().unwrap().to_owned()
}

/// What the carrier asks; `path` is an address of the daemon's.
pub(crate) fn callback(address: SocketAddr, path: &str, params: &[(&str, &str)]) -> Vec<u8> {
    let params: Vec<_> = params
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let signed = signature(TOKEN, &format!("http://{address}{path}"), &params);
    let form = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&params)
        .finish();
    let form_type = "application/x-www-form-urlencoded".to_owned();
    let headers = [
        ("x-twilio-signature".to_owned(), signed),
        ("content-type".to_owned(), form_type),
    ];
    wire::post(path, &headers, &form)
}

/// How long a process has kept processors busy, in all its threads.
pub(crate) fn spent(process: &Child) -> Duration {
    let threads = fs::read_dir(format!("/proc/{}/task", process.id())).unwrap();
    let spent_ns = threads.map(|thread| {
        let told = fs::read_to_string(thread.unwrap().path().join("schedstat")).unwrap();
        told.split(' ')
            .next()
            .and_then(|ns| ns.parse::<u64>().ok())
            .unwrap()
    });
    Duration::from_nanos(spent_ns.sum())
}

fn person(id: &str, rooftop: usize, rep: usize) -> String {
    let phone = phone(rooftop, rep);
    format!("[[rep]]\nid = \"{id}\"\nname = \"An Claes {rooftop} {rep}\"\nphone = \"{phone}\"\n")
}

fn source(rooftop: usize) -> String {
    format!(
        "[[source]]\nid = \"s{rooftop}\"\nformat = \"json\"\nrooftop = \"t{rooftop}\"\nrate_per_min = 0\n\
         auth = {{ scheme = \"sha256\", header = \"X-Signature-256\", secret = {{ env = \"SOURCE_SECRET\" }} }}\n"
    )
}

fn spawn(folder: &TempDir) -> Child {
    // Beside the data: the folder of the settings is watched for edits.
    let log = folder.path().join("data").join("log");
    let log = File::options().create(true).append(true).open(log).unwrap();
    Command::new(env!("CARGO_BIN_EXE_leadbridge"))
        .args(["serve", "--config"])
        .arg(folder.path().join("leadbridge.toml"))
        .envs(SECRETS)
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// A port that was free a moment ago.
pub(crate) fn free_address() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}
