//! `leadbridge demo`: everything with nothing to configure. The daemon is the real one; only the carrier and its
//! phones are simulated, over real HTTP on this machine.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use leadbridge_providers::LeadId;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{Failure, send};
use crate::flow::Outcome;
use crate::io::config::{self, Environment};
use crate::io::daemon::Daemon;
use crate::io::engine::Engine;
use crate::io::private;
use crate::io::web;
use crate::phones::{Act, Behaviour, Network, Settings, What};

mod live;
mod page;
mod told;

const ROTATION: &str = include_str!("../../config/demo/rotation.toml");
const SOURCES: &str = include_str!("../../config/demo/sources.toml");
const LEAD: &str = include_str!("../../config/demo/lead.json");

const ACCOUNT: &str = "AC00000000000000000000000000000000";
/// Of the simulated carrier on the loopback, which lives as long as this process.
const TOKEN: &str = "demo-token";
const AN: &str = "+32470000001";
const BART: &str = "+32470000002";
const CHLOE: &str = "+32470000003";
const PAUL: &str = "+32470000009";
const CUSTOMER: &str = "+32470123456";

/// Where the page is unless said or taken.
const PORT: u16 = 8095;
/// `--once` must be over by then.
const ONCE_WITHIN: Duration = Duration::from_secs(60);
/// How often the timeline is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What the demo may be told.
#[derive(Debug, Clone)]
pub struct DemoOptions {
    /// Play one lead and end.
    pub once: bool,
    /// Where to listen; this machine alone unless said.
    pub listen: Option<SocketAddr>,
    /// Where to keep the data; a folder that is removed at the end unless said.
    pub data: Option<PathBuf>,
}

/// Plays the demo: on a page until somebody ends it, or by itself. `--once` fails unless the lead ended `connected`.
pub async fn demo(options: DemoOptions) -> Result<(), Failure> {
    let folder = Folder::new(options.data)?;
    let listener = listener(options.listen)
        .await
        .map_err(|error| no("listen", &error))?;
    let network = network().await?;
    let address = listener
        .local_addr()
        .map_err(|error| no("listen", &error))?;
    let daemon = daemon(folder.path(), address, &network.url()).await?;
    let engine = daemon.engine.clone();
    let page = page::Page::new(&engine, &network, format!("http://{address}"));
    daemon.recover().await?;
    let router = page::routes(daemon.router(), page);
    let served = web::serve(listener, router, std::future::pending());
    let serving = tokio::spawn(daemon.run(served));
    let played = if options.once {
        behave(&network);
        play(&engine, &network, address).await
    } else {
        println!("Leadbridge's demo is at  http://{address}/");
        println!("Open it in a browser, send a lead, and pick up the phones. Ctrl-C ends it.");
        ended().await.map_err(|error| no("wait", &error))
    };
    serving.abort();
    played
}

/// Somebody ends the demo, or closes its terminal.
async fn ended() -> std::io::Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut hung_up = signal(SignalKind::hangup())?;
    tokio::select! {
        ended = tokio::signal::ctrl_c() => ended,
        _ = terminated.recv() => Ok(()),
        _ = hung_up.recv() => Ok(()),
    }
}

/// A tab finds a demo that was started again, so its port is the same each time if it is free.
async fn listener(listen: Option<SocketAddr>) -> std::io::Result<TcpListener> {
    let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
    match listen {
        Some(listen) => TcpListener::bind(listen).await,
        None => match TcpListener::bind(loopback(PORT)).await {
            Ok(listener) => Ok(listener),
            Err(_) => TcpListener::bind(loopback(0)).await,
        },
    }
}

async fn play(engine: &Engine, network: &Network, address: SocketAddr) -> Result<(), Failure> {
    println!("A lead comes in from the website: Jan Peeters, VW Golf, test drive.\n");
    let url = format!("http://{address}");
    let lead = send::post(engine, "website", LEAD.as_bytes(), &url).await?;
    let told = tell(engine, network, lead);
    let outcome = tokio::time::timeout(ONCE_WITHIN, told).await;
    let outcome =
        outcome.map_err(|_| Failure::No("the lead was not done within 60 s".to_owned()))??;
    if outcome == Outcome::Connected {
        return Ok(());
    }
    Err(Failure::No(format!(
        "the lead ended {}, not connected",
        crate::flow::word(outcome)
    )))
}

/// Prints the timeline as it grows and what the phones hear, until the lead is closed.
async fn tell(engine: &Engine, network: &Network, lead: LeadId) -> Result<Outcome, Failure> {
    let mut heard = network.watch();
    let mut printed = 0;
    loop {
        let record = engine
            .store
            .reads()
            .lead(lead)
            .await
            .map_err(|error| Failure::No(error.to_string()))?;
        let Some(record) = record else {
            return Err(Failure::No("the lead is gone".to_owned()));
        };
        for entry in &record.timeline[printed..] {
            println!("{}", told::line(entry, record.flow.facts.t1));
        }
        printed = record.timeline.len();
        while let Ok(event) = heard.try_recv() {
            if let What::Heard { text } = &event.what {
                println!(
                    "{:12}{:<9} hears: \u{201c}{text}\u{201d}",
                    "",
                    told::person(&event.number)
                );
            }
        }
        if let Some(closed) = record.flow.outcome() {
            println!("\n{}", told::figures(&record.flow));
            return Ok(closed.outcome);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Phones that do nothing by themselves.
async fn network() -> Result<Network, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .map_err(|error| no("listen", &error))?;
    Ok(Network::start(listener, Settings::lifelike(ACCOUNT, TOKEN)))
}

/// An doesn't pick up, Bart's phone is a voicemail, Chloé accepts, the customer answers and talks.
fn behave(network: &Network) {
    let s = Duration::from_secs;
    let voicemail = Behaviour::Voicemail {
        after: s(6),
        lasts: s(20),
    };
    let accepts = vec![
        Act::Wait(s(2)),
        Act::Press('1'),
        Act::Talk(s(60)),
        Act::Wait(s(2)),
        Act::Press('1'),
    ];
    network.phone(AN).does(Behaviour::RingsOut);
    network.phone(BART).does(voicemail);
    network.phone(CHLOE).does(Behaviour::PicksUp {
        after: s(2),
        then: accepts,
    });
    network.phone(PAUL).does(Behaviour::RingsOut);
    network.phone(CUSTOMER).does(Behaviour::Talks {
        after: s(3),
        span: s(6),
    });
}

async fn daemon(folder: &Path, address: SocketAddr, carrier_url: &str) -> Result<Daemon, Failure> {
    let settings = format!(
        "[server]\nlisten = \"{address}\"\npublic_url = \"http://{address}\"\ndata_dir = \".\"\n\
         api_token = {{ env = \"DEMO_SECRET\" }}\n[[carrier]]\nid = \"main\"\nkind = \"twilio\"\naccount = \"{ACCOUNT}\"\n\
         token = {{ env = \"DEMO_TOKEN\" }}\nbase_url = \"{carrier_url}\"\ncalls_per_s = 1\n"
    );
    for (name, text) in [
        ("leadbridge.toml", settings.as_str()),
        ("rotation.toml", ROTATION),
        ("sources.toml", SOURCES),
    ] {
        std::fs::write(folder.join(name), text)
            .map_err(|error| no("write the demo's files", &error))?;
    }
    let secret = crate::io::clock::Clock::start().lead_id().to_string();
    let env = Environment::from_iter([("DEMO_SECRET", secret.as_str()), ("DEMO_TOKEN", TOKEN)]);
    let shown = |reports: &[config::Report]| {
        reports
            .iter()
            .map(|report| report.render(false))
            .collect::<String>()
    };
    let settings = config::load_settings(&folder.join("leadbridge.toml"), &env);
    let settings = settings.map_err(|reports| Failure::No(shown(&reports)))?;
    Ok(Daemon::open(settings.value, &env).await?)
}

/// The demo's data, removed at the end unless somebody said where it belongs.
enum Folder {
    Kept(PathBuf),
    Ours(PathBuf),
}

impl Folder {
    fn new(kept: Option<PathBuf>) -> Result<Folder, Failure> {
        let folder = match kept {
            Some(path) => Folder::Kept(path),
            None => Folder::Ours(
                std::env::temp_dir().join(format!("leadbridge-demo-{}", std::process::id())),
            ),
        };
        private::folder(folder.path()).map_err(|error| no("make the demo's folder", &error))?;
        Ok(folder)
    }

    fn path(&self) -> &Path {
        match self {
            Folder::Kept(path) | Folder::Ours(path) => path,
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Folder::Ours(path) = self {
            // What can't be removed is only left behind.
            let _ = std::fs::remove_dir_all(path);
        }
    }
}

fn no(what: &str, error: &std::io::Error) -> Failure {
    Failure::No(format!("can't {what}: {error}"))
}
