//! Leads a second with one call each, two commits a lead, beside a relay that stores nothing: as fast as 64 senders
//! get them taken, until the carrier has every ring and its answers are on disk.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::carrier::Carrier;
use crate::daemon::{Daemon, Group, lead};
use crate::relay::Relay;
use crate::sender::flood;
use crate::table::{Row, Target, Unit};
use crate::{Extent, progress};

/// A phone for each lead of a run: the carrier calls nobody back, so none gets free.
const GROUP: Group = Group {
    rooftops: 400,
    reps: 10,
    closed: 0,
    calls_per_s: 0,
};

pub(crate) async fn rows(extent: Extent) -> Vec<Row> {
    let (runs, leads) = (
        extent.of(1, 5),
        extent.of(2_000, GROUP.rooftops * GROUP.reps),
    );
    let (mut daemons, mut relays) = (Vec::new(), Vec::new());
    for run in 1..=runs {
        progress(&format!("sustained: run {run} of {runs}"));
        relays.push(relay(leads).await);
        daemons.push(daemon(leads).await);
    }
    let row = |what: &str, unit, of: fn(&Run) -> f64, target| Row {
        what: format!("{what} (floor: a bare relay)"),
        unit,
        measured: daemons.iter().map(of).collect(),
        floor: relays.iter().map(of).collect(),
        target,
    };
    vec![
        row(
            "leads sustained, one call each",
            Unit::PerS,
            |run| run.leads_per_s,
            Target::AtLeast(0.5),
        ),
        row(
            "processor time of a lead",
            Unit::Ms,
            |run| run.busy_ms,
            Target::None,
        ),
    ]
}

/// What one run came to.
struct Run {
    leads_per_s: f64,
    /// How long one lead kept processors busy, the sender's and the carrier's share left out.
    busy_ms: f64,
}

impl Run {
    fn of(leads: usize, took: Duration, spent: Duration) -> Self {
        Self {
            leads_per_s: leads as f64 / took.as_secs_f64(),
            busy_ms: spent.as_secs_f64() * 1e3 / leads as f64,
        }
    }
}

async fn relay(leads: usize) -> Run {
    let carrier = Carrier::start().await;
    let relay = Relay::start(&carrier).await;
    let before = relay.spent();
    let took = until_all_rang(&carrier, relay.address, leads)
        .await
        .elapsed();
    Run::of(leads, took, relay.spent() - before)
}

async fn daemon(leads: usize) -> Run {
    let carrier = Carrier::start().await;
    let daemon = Daemon::start(&GROUP, &carrier.url()).await;
    let before = daemon.spent();
    let began = until_all_rang(&carrier, daemon.address, leads).await;
    daemon.settled().await;
    Run::of(leads, began.elapsed(), daemon.spent() - before)
}

/// When it began.
async fn until_all_rang(carrier: &Carrier, address: SocketAddr, leads: usize) -> Instant {
    let requests = (0..leads)
        .map(|count| lead(count % GROUP.rooftops, count))
        .collect();
    let began = Instant::now();
    let answers = flood(address, requests).await;
    assert!(answers.iter().all(|answer| answer.status == 202));
    carrier.rings(leads).await;
    began
}
