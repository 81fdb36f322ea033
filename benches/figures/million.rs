//! A million leads of two years, with ten lines of timeline each: how long a page, a report, what the daemon asks
//! itself and a start take, on both stores. `million/lives.rs` has the core decide a few hundred leads, `million/mould.rs`
//! and `million/fill.rs` make all others in their image, `million/sink.rs` writes them.
//!
//! Everything is asked through the product's own verbs, and the start is the real daemon's.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use leadbridge::flow::shown::Stage;
use leadbridge::io::store::{Filter, Reads, Store, StoreError};
use leadbridge::lead::Person;
use leadbridge::report::{By, Period};
use leadbridge::rotation::{RooftopId, Rules, SourceId};
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio::time::sleep;

use crate::carrier::Carrier;
use crate::daemon::free_address;
use crate::floor::folder;
use crate::server::Server;
use crate::table::{Row, Target, Unit};
use crate::wire::{self, Wire};
use crate::{Extent, progress};

mod fill;
mod group;
mod lives;
mod mould;
mod sink;

use fill::{Filled, Matter};
use mould::{Mould, People};
use sink::Sink;

const SIZE: &str = "LEADBRIDGE_MILLION";
/// So many fates there are.
const LIVES: usize = 600;
/// A page of the list.
const PAGE: usize = 50;
/// Leads of each state on the board.
const ON_BOARD: u32 = 50;
const SEED: u64 = 5;
const PATIENCE: Duration = Duration::from_secs(120);

/// A store that is full, and how to have it in no memory.
struct Full {
    name: &'static str,
    url: String,
    reads: Reads,
    rules: Arc<Rules>,
    filled: Filled,
    folder: TempDir,
    server: Option<Server>,
}

/// On this thread alone: the server is waited for, and what is asked differs each time.
pub(crate) fn rows(extent: Extent) -> Vec<Row> {
    let here = Handle::current();
    tokio::task::block_in_place(|| here.block_on(of_both(extent)))
}

async fn of_both(extent: Extent) -> Vec<Row> {
    let size = std::env::var(SIZE).ok().map(|size| size.parse().unwrap());
    let size = size.unwrap_or(extent.of(20_000, 1_000_000));
    let mut rows = Vec::new();
    for name in ["sqlite", "postgres"] {
        progress(&format!("million: {size} leads into {name}"));
        let full = Full::of(name, size).await;
        rows.extend(full.questions(extent).await);
        rows.extend(full.starts(extent).await);
    }
    rows
}

impl Full {
    async fn of(name: &'static str, size: usize) -> Self {
        let (folder, since) = (folder(), Instant::now());
        let (url, server) = match name {
            "postgres" => {
                let server = Server::start();
                (server.database(), Some(server))
            }
            _ => ("sqlite:leadbridge.db".to_owned(), None),
        };
        group::write(folder.path(), free_address(), "http://127.0.0.1:9", &url);
        std::fs::create_dir(folder.path().join("data")).unwrap();
        let file = file(folder.path());
        let store = match &server {
            Some(_) => Store::connect(&url, |_| {}).await,
            None => Store::open(&file, |_| {}),
        };
        let store = store.unwrap();
        let rules = group::rules(folder.path(), store.hash_key());
        let key = store.hash_key().clone();
        store.leave().await.unwrap();
        drop(store);
        let mut sink = match &server {
            Some(_) => Sink::postgres(&url).await,
            None => Sink::sqlite(&file),
        };
        let people = People::of(&rules);
        let matter = matter(&rules, &key, &people);
        let filled = fill::fill(size, matter, &mut sink).await;
        progress("million: indexes");
        sink.finish().await;
        let (leads, lines, open) = (filled.leads, filled.lines, filled.open);
        progress(&format!(
            "million: {leads} leads, {lines} lines, {open} open, written in {} s",
            since.elapsed().as_secs()
        ));
        let reads = match &server {
            Some(_) => Store::connect_read_only(&url).await,
            None => Store::open_read_only(&file),
        };
        Full {
            name,
            url,
            reads: reads.unwrap(),
            rules,
            filled,
            folder,
            server,
        }
    }

    async fn questions(&self, extent: Extent) -> Vec<Row> {
        let runs = extent.of(7, 15);
        let mut rows = self.lists(runs).await;
        let reads = &self.reads;
        let leads = &self.filled.names;
        let within = Target::AtMost(50.0);
        let mut at = 0;
        rows.push(
            self.times("a lead", runs, within, async || {
                at += 7;
                reads.lead(leads[at % leads.len()]).await
            })
            .await,
        );
        rows.push(
            self.times("a person's leads", runs, within, async || {
                at += 7;
                reads.leads_of(Person::Phone(fill::phone(at))).await
            })
            .await,
        );
        rows.push(
            self.times("board", runs, within, async || reads.board(ON_BOARD).await)
                .await,
        );
        rows.push(
            self.times("what is under way", runs, within, async || {
                reads.counts().await
            })
            .await,
        );
        let now = now();
        rows.push(
            self.times("what is due", runs, within, async || {
                reads.pending().await?;
                reads.due(now, 256).await?;
                reads.next_due(now).await
            })
            .await,
        );
        rows.extend(self.reports(runs).await);
        rows
    }

    async fn lists(&self, runs: usize) -> Vec<Row> {
        let leads = &self.filled.names;
        let since = Some(now() - jiff::SignedDuration::from_hours(24 * 300));
        let half = leads.get(leads.len() / 2);
        let asked = [
            ("newest", filter(None, None, None), None),
            ("after half of all", filter(None, None, None), half),
            ("the oldest", filter(None, None, None), leads.first()),
            ("of a source", filter(None, Some("s150-1"), None), None),
            (
                "of a source without leads",
                filter(None, Some("none"), None),
                None,
            ),
            ("of a rooftop", filter(None, None, Some("g150")), None),
            (
                "of a rooftop, after half",
                filter(None, None, Some("g150")),
                half,
            ),
            ("held", filter(Some(Stage::Held), None, None), None),
            ("sleeping", filter(Some(Stage::Sleeping), None, None), None),
            (
                "ringing at a rooftop",
                filter(Some(Stage::Ringing), None, Some("g150")),
                None,
            ),
            ("closed", filter(Some(Stage::Closed), None, None), None),
            (
                "closed of a source since",
                Filter {
                    since,
                    ..filter(Some(Stage::Closed), Some("s7-0"), None)
                },
                None,
            ),
            (
                "since",
                Filter {
                    since,
                    ..Filter::default()
                },
                None,
            ),
        ];
        let mut rows = Vec::new();
        for (what, filter, after) in asked {
            let what = format!("list: {what}");
            rows.push(
                self.times(&what, runs, Target::AtMost(50.0), async || {
                    self.reads.list(filter.clone(), after.copied(), PAGE).await
                })
                .await,
            );
        }
        rows
    }

    async fn reports(&self, runs: usize) -> Vec<Row> {
        let zone = &self.rules.measure.zone;
        let mut rows = Vec::new();
        let month = Timestamp::from_second(now().as_second() - 300 * 86_400).unwrap();
        for (what, by, now) in [
            ("this month by source", By::Source, now()),
            ("a month by source", By::Source, month),
            ("a month by rep", By::Rep, month),
            ("a month by rooftop", By::Rooftop, month),
        ] {
            let period = Period::read(None, None, zone, now).unwrap();
            rows.push(
                self.times(
                    &format!("report: {what}"),
                    runs,
                    Target::AtMost(300.0),
                    async || {
                        self.reads
                            .report(by, period.clone(), self.rules.clone())
                            .await
                    },
                )
                .await,
            );
        }
        rows
    }

    /// How long something takes; the first time is not counted.
    async fn times<T>(
        &self,
        what: &str,
        runs: usize,
        target: Target,
        mut ask: impl AsyncFnMut() -> Result<T, StoreError>,
    ) -> Row {
        let mut measured = Vec::new();
        for _ in 0..=runs {
            let since = Instant::now();
            ask().await.unwrap();
            measured.push(since.elapsed().as_secs_f64() * 1e3);
        }
        let row = Row {
            what: format!("{}: {what}", self.name),
            unit: Unit::Ms,
            measured: measured.split_off(1),
            floor: Vec::new(),
            target,
        };
        progress(&format!("million: {row}"));
        row
    }

    /// From the process to the first answer that it is ready: with what the system keeps in memory, and without.
    async fn starts(&self, extent: Extent) -> Vec<Row> {
        let runs = extent.of(2, 5);
        let carrier = Carrier::start().await;
        let mut rows = Vec::new();
        for (what, is_cold) in [("start", false), ("start, nothing in memory", true)] {
            let mut measured = Vec::new();
            for _ in 0..runs {
                if is_cold {
                    self.forget();
                }
                measured.push(self.start(&carrier).await.as_secs_f64());
            }
            let row = Row {
                what: format!("{}: {what}", self.name),
                unit: Unit::S,
                measured,
                floor: Vec::new(),
                target: Target::AtMost(1.0),
            };
            progress(&format!("million: {row}"));
            rows.push(row);
        }
        rows
    }

    async fn start(&self, carrier: &Carrier) -> Duration {
        let address = free_address();
        group::write(self.folder.path(), address, &carrier.url(), &self.url);
        let since = Instant::now();
        let mut child = spawn(self.folder.path());
        while !is_ready(address).await {
            assert!(since.elapsed() < PATIENCE, "it does not get ready");
            sleep(Duration::from_millis(2)).await;
        }
        let took = since.elapsed();
        child.kill().unwrap();
        child.wait().unwrap();
        took
    }

    /// The store's files leave the memory of the system, and of the server.
    fn forget(&self) {
        let folder = match &self.server {
            Some(server) => {
                let folder = server.ask(&self.url, "show data_directory");
                server.restart();
                PathBuf::from(folder)
            }
            None => self.folder.path().join("data"),
        };
        let forget = "find \"$0\" -type f -exec dd if={} iflag=nocache count=0 status=none ';'";
        let mut shell = Command::new("sh");
        shell.args(["-c", forget]).arg(folder);
        assert!(shell.status().unwrap().success());
    }
}

/// The fates of all leads, from a week that ends now: so what is open is due when it would be.
fn matter<'a>(
    rules: &Rules,
    key: &'a leadbridge::phone::HashKey,
    people: &'a People,
) -> Matter<'a> {
    let mut rng = fastrand::Rng::with_seed(SEED);
    let lives = lives::play(LIVES, now(), rules, key, &mut rng);
    let customer = lives::customer(rules, key);
    let mould = |life| Mould::of(life, &customer, people);
    Matter {
        whole: lives.iter().map(|life| mould(&life.whole)).collect(),
        so_far: lives.iter().map(|life| mould(&life.so_far)).collect(),
        rng,
        key,
        people,
    }
}

fn now() -> Timestamp {
    leadbridge::io::clock::Clock::start().now()
}

fn file(folder: &Path) -> PathBuf {
    folder.join("data").join("leadbridge.db")
}

fn spawn(folder: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_leadbridge"))
        .args(["serve", "--config"])
        .arg(folder.join("leadbridge.toml"))
        .envs(group::SECRETS)
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

async fn is_ready(address: std::net::SocketAddr) -> bool {
    let Ok(mut wire) = Wire::connect(address).await else {
        return false;
    };
    let answer = wire.exchange(&wire::get("/readyz", "")).await;
    answer.is_some_and(|answer| answer.status == 200)
}

fn filter(state: Option<Stage>, source: Option<&str>, rooftop: Option<&str>) -> Filter {
    Filter {
        state,
        source: source.map(|source| SourceId(source.to_owned())),
        rooftop: rooftop.map(|rooftop| RooftopId(rooftop.to_owned())),
        since: None,
    }
}
