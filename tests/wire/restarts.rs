//! The socket outlives the process: the daemon is started anew twenty times while fifty leads a second come in. This
//! test owns the listening socket and hands it over as systemd does.

use std::cell::Cell;
use std::collections::HashMap;
use std::fs::File;
use std::net::TcpListener as Socket;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use leadbridge::phones::{Behaviour, Network, Settings};
use leadbridge::source::Signed;
use reqwest::Client;
use serde_json::Value;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep};

use crate::config::{ACCOUNT, Config, GROUP, SECRETS, TOKEN, WEBSITE_SECRET, source};
use crate::daemon::{LOOK_EVERY, PATIENCE};
use crate::people::{accepts_after, ms, talks};
use crate::sender::{Sender, customer, lead_with_id, now, signing};

const RESTARTS: usize = 20;
/// Fifty a second.
const SEND_EVERY: Duration = Duration::from_millis(20);
/// So many that a phone is free again before its next lead comes.
const REPS: usize = 100;
/// One phone in so many takes its leads; the others decline.
const TAKES_ONE_IN: usize = 10;
/// As many as systemd lets wait.
const BACKLOG: u32 = 4096;
/// How long the longest lead may take to its end.
const SETTLED_WITHIN: Duration = Duration::from_secs(90);

/// The parent of all the processes: it keeps the socket.
struct Parent {
    socket: Socket,
    folder: tempfile::TempDir,
    sender: Sender,
    url: String,
}

impl Parent {
    fn new(network: &Network) -> Parent {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let socket = socket.listen(BACKLOG).unwrap().into_std().unwrap();
        let port = socket.local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        config().write(folder.path(), port, &network.url());
        let url = format!("http://127.0.0.1:{port}");
        Parent {
            sender: Sender::new(&url),
            socket,
            folder,
            url,
        }
    }

    /// A new process with the same socket as its file 3, told so in its environment.
    fn spawn(&self) -> Child {
        let hand_over =
            "exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" serve --config \"$1\"";
        let log = self.folder.path().join("log");
        let log = File::options().create(true).append(true).open(log).unwrap();
        Command::new("sh")
            .args(["-c", hand_over, env!("CARGO_BIN_EXE_leadbridge")])
            .arg(self.folder.path().join("leadbridge.toml"))
            .envs(SECRETS)
            .stdin(Stdio::from(OwnedFd::from(self.socket.try_clone().unwrap())))
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    /// Terminated and started anew, again and again; the longest time without a process that answers.
    async fn restart_often(&self, mut child: Child) -> (Child, Duration) {
        let mut longest = Duration::ZERO;
        for _ in 0..RESTARTS {
            sleep(ms(200 + fastrand::u64(..500))).await;
            let began = Instant::now();
            terminate(&child);
            while child.try_wait().unwrap().is_none() {
                assert!(
                    began.elapsed() < PATIENCE,
                    "it does not end: {}",
                    self.log()
                );
                sleep(LOOK_EVERY).await;
            }
            let status = child.wait().unwrap();
            assert!(status.success(), "{status}: {}", self.log());
            child = self.spawn();
            // A connection kept from the process before is told only now that it is over.
            while !self.sender.alive().await {
                assert!(
                    began.elapsed() < PATIENCE,
                    "it does not answer: {}",
                    self.log()
                );
                sleep(LOOK_EVERY).await;
            }
            longest = longest.max(began.elapsed());
        }
        (child, longest)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

/// A garage and a source for each rep alone.
fn config() -> Config {
    let mut rotation = GROUP.to_owned();
    let mut sources = String::new();
    for rep in 0..REPS {
        rotation += &format!(
            "[[rep]]\nid = \"r{rep}\"\nname = \"Rep {rep}\"\nphone = \"{}\"\n",
            phone(rep)
        );
    }
    for rep in 0..REPS {
        rotation += &format!(
            "[[rooftop]]\nid = \"g{rep}\"\nname = \"Garage {rep}\"\ncarrier = \"main\"\ncaller_id = \"+32920001{rep:02}\"\n\
             hours = \"24/7\"\nreps = [\"r{rep}\"]\nowner = [\"r{rep}\"]\n"
        );
        sources += &source(&format!("s{rep}"), "json", &format!("g{rep}"));
    }
    rotation += "[[rooftop]]\nid = \"gent\"\nname = \"Garage Gent\"\ncarrier = \"main\"\ncaller_id = \"+3292000000\"\n\
                 hours = \"24/7\"\nreps = [\"r0\"]\nowner = [\"r0\"]\n";
    let mut config = Config::with_rotation(rotation);
    config.sources = sources;
    config
}

fn phone(rep: usize) -> String {
    format!("+324790000{rep:02}")
}

fn terminate(child: &Child) {
    let kill = format!("kill -TERM {}", child.id());
    assert!(
        Command::new("sh")
            .args(["-c", &kill])
            .status()
            .unwrap()
            .success()
    );
}

#[tokio::test]
async fn twenty_restarts_under_fifty_leads_a_second_refuse_nobody_and_ring_everybody_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let network = Network::start(listener, Settings::quick(ACCOUNT, TOKEN));
    for rep in 0..REPS {
        let declines = Behaviour::Declines { after: ms(50) };
        let takes = rep.is_multiple_of(TAKES_ONE_IN);
        network.phone(&phone(rep)).does(if takes {
            accepts_after(ms(50))
        } else {
            declines
        });
    }
    let parent = Parent::new(&network);
    let first = parent.spawn();
    assert!(parent.sender.alive().await, "{}", parent.log());
    let over = Cell::new(false);
    let restarting = async {
        let ended = parent.restart_often(first).await;
        over.set(true);
        ended
    };
    let ((mut child, longest), leads) =
        tokio::join!(restarting, keeps_sending(&parent, &network, &over));
    assert!(
        leads.len() > 50 * RESTARTS / 4,
        "only {} leads came in",
        leads.len()
    );
    all_are_closed(&parent, leads.len()).await;
    every_lead_was_rung_once(&network, &leads);
    eprintln!(
        "{} leads, the longest restart took {longest:?}",
        leads.len()
    );
    terminate(&child);
    child.wait().unwrap();
}

/// A lead every 20 ms, each once and on a connection of its own; the ids they got.
async fn keeps_sending(parent: &Parent, network: &Network, over: &Cell<bool>) -> Vec<String> {
    let http = Client::builder()
        .no_proxy()
        .pool_max_idle_per_host(0)
        .build()
        .unwrap();
    let mut sending = JoinSet::new();
    let mut tick = interval(SEND_EVERY);
    let mut count = 0;
    while !over.get() {
        tick.tick().await;
        network.phone(&customer(count)).does(talks(ms(100)));
        sending.spawn(send(http.clone(), parent.url.clone(), count));
        count += 1;
    }
    sending.join_all().await
}

async fn send(http: Client, url: String, count: usize) -> String {
    let lead = lead_with_id(&customer(count), &format!("web-{count}")).to_string();
    let Signed { headers, body, .. } = signing(WEBSITE_SECRET).sign("", now(), lead.as_bytes());
    let mut posting = http
        .post(format!("{url}/leads/s{}", count % REPS))
        .body(body);
    for (name, value) in headers {
        posting = posting.header(name, value);
    }
    let answer = posting
        .send()
        .await
        .unwrap_or_else(|error| panic!("lead {count} was refused: {error:?}"));
    assert_eq!(answer.status(), 202, "lead {count}");
    let told: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    told["lead"].as_str().unwrap().to_owned()
}

async fn all_are_closed(parent: &Parent, count: usize) {
    let began = Instant::now();
    loop {
        let leads = parent.sender.list().await;
        let open = leads.iter().find(|lead| lead["state"] != "closed");
        let Some(open) = open else {
            assert_eq!(leads.len(), count, "each lead is kept once");
            return;
        };
        assert!(
            began.elapsed() < SETTLED_WITHIN.max(PATIENCE),
            "open: {open:#}"
        );
        sleep(LOOK_EVERY * 20).await;
    }
}

fn every_lead_was_rung_once(network: &Network, leads: &[String]) {
    let mut rings: HashMap<String, usize> = HashMap::new();
    for call in network.calls() {
        let leg = call.leg.unwrap();
        if leg.contains("-r") {
            *rings
                .entry(leg.rsplit_once('-').unwrap().0.to_owned())
                .or_default() += 1;
        }
    }
    for lead in leads {
        assert_eq!(rings.remove(lead), Some(1), "rings of {lead}");
    }
    assert!(rings.is_empty(), "rung for nobody: {rings:?}");
}
