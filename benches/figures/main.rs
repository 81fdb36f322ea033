//! The figures (DESIGN 5): what a lead, a callback, a burst and a restart cost, each beside a floor of the same run.
//!
//! Everything is measured from outside: the daemon is a process, HTTP goes over loopback, the store is on disk. The
//! machine decides the milliseconds, so the ratios are what counts. Nothing here fails for being slow.
//!
//!     cargo bench                      all of it, in a few minutes
//!     cargo bench -- --quick           the same with few samples
//!     cargo bench -- speed burst       only these cases
//!     LEADBRIDGE_MILLION=100000 cargo bench -- million
//!                                      with so many leads instead of a million
#![allow(
    clippy::unwrap_used,
    reason = "what can't be measured has no figure: the run ends there"
)]

use clap::{Parser, ValueEnum};

mod burst;
mod carrier;
mod daemon;
mod floor;
mod million;
mod open;
mod pbx;
mod postgres;
mod relay;
mod sender;
mod speed;
mod sustained;
mod table;
mod wire;

#[allow(dead_code, reason = "the tests of several nodes use the rest of it")]
#[path = "../../tests/postgres/server.rs"]
mod server;

use table::Row;

/// Measures the daemon that `cargo bench` has built.
#[derive(Parser)]
struct Options {
    /// What to measure; nothing: everything.
    cases: Vec<Case>,
    /// Few samples and one run of each.
    #[arg(long)]
    quick: bool,
    /// Cargo says so to every bench.
    #[arg(long, hide = true)]
    bench: bool,
    /// Be the relay between this address and this carrier.
    #[arg(long, hide = true, num_args = 2)]
    relay: Option<Vec<String>>,
    /// Be a node on this database: its number, whether phones are shared, for how many seconds.
    #[arg(long, hide = true, num_args = 5)]
    node: Option<Vec<String>>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Case {
    /// A lead's way to the carrier at 100 leads a second.
    Speed,
    /// Leads a second, one call each, beside a relay that stores nothing.
    Sustained,
    /// Callbacks, memory and a restart with 20,000 open flows.
    Open,
    /// 40 leads at the same moment, on phones with people.
    Burst,
    /// A lead's way to a phone on a real Asterisk.
    Pbx,
    /// A lead's way to the carrier, and steps of several nodes, on PostgreSQL.
    Postgres,
    /// Lists, reports and start-up with a million leads, on both stores.
    Million,
}

/// How much is measured.
#[derive(Clone, Copy)]
struct Extent {
    quick: bool,
}

impl Extent {
    /// One number for a quick look, another for figures to keep.
    fn of<T>(self, quick: T, whole: T) -> T {
        if self.quick { quick } else { whole }
    }
}

#[tokio::main]
async fn main() {
    // The relay and the simulated phones ask over HTTP, as the daemon does.
    rustls::crypto::ring::default_provider()
        .install_default()
        .unwrap();
    let options = Options::parse();
    if let Some([listen, carrier]) = options.relay.as_deref() {
        return relay::serve(listen, carrier).await;
    }
    if let Some([database, number, lanes, shared, seconds]) = options.node.as_deref() {
        return postgres::node::serve([database, number, lanes, shared, seconds]).await;
    }
    // On a worker like everything else: the first task of a runtime is woken another way.
    let rows = tokio::spawn(measure(options)).await.unwrap();
    println!("\n{}", table::table(&rows));
}

async fn measure(options: Options) -> Vec<Row> {
    let extent = Extent {
        quick: options.quick,
    };
    let mut rows = Vec::new();
    for case in Case::value_variants() {
        if !options.cases.is_empty() && !options.cases.contains(case) {
            continue;
        }
        rows.extend(match case {
            Case::Speed => speed::rows(extent).await,
            Case::Sustained => sustained::rows(extent).await,
            Case::Open => open::rows(extent).await,
            Case::Burst => burst::rows(extent).await,
            Case::Pbx => pbx_rows(extent).await,
            Case::Postgres => postgres::rows(extent).await,
            Case::Million => million::rows(extent),
        });
    }
    rows
}

/// Without an Asterisk the other figures still count.
async fn pbx_rows(extent: Extent) -> Vec<Row> {
    let measured = tokio::spawn(pbx::rows(extent)).await;
    measured.unwrap_or_else(|_| {
        eprintln!("pbx FAILED: see above");
        Vec::new()
    })
}

/// Says what is going on, for whoever waits.
fn progress(what: &str) {
    eprintln!("  {what} ...");
}
