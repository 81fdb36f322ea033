//! On PostgreSQL: a lead's way to the carrier beside one commit on the same server and one exchange over loopback, and
//! the steps a second that one, two and three nodes commit beside what pgbench commits with as many connections.
//!
//! The server, the nodes and whoever measures share this machine: more nodes do not have more processors.

use crate::carrier::Carrier;
use crate::daemon::{Daemon, body};
use crate::floor::Floor;
use crate::sender::PER_S;
use crate::speed;
use crate::table::{Row, Target, Unit};
use crate::{Extent, progress};

use pgbench::{SCRIPTS, Script};
use server::Server;

pub(crate) mod node;
mod pgbench;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/postgres/server.rs"]
mod server;

const NODES: [usize; 3] = [1, 2, 3];

pub(crate) async fn rows(extent: Extent) -> Vec<Row> {
    let server = tokio::task::spawn_blocking(Server::start).await.unwrap();
    let mut rows = create_call(extent, &server).await;
    rows.extend(steps(extent, &server).await);
    rows
}

async fn create_call(extent: Extent, server: &Server) -> Vec<Row> {
    let (runs, leads) = speed::extent(extent);
    let mut measured = Vec::new();
    for run in 1..=runs {
        progress(&format!(
            "postgres: lead to create-call, run {run} of {runs}"
        ));
        let carrier = Carrier::start().await;
        let daemon = Daemon::start_on(&server.database(), &speed::GROUP, &carrier.url()).await;
        let floor = Floor::of_server(&server.database(), &carrier, &body(0)).await;
        measured.push(speed::run(leads, &carrier, &daemon, floor).await);
    }
    let what = format!("lead to create-call at {PER_S} leads/s, PostgreSQL");
    let [median, slowest] = Row::of_times(&what, &measured, 2.0, f64::INFINITY);
    let slowest = Row {
        target: Target::None,
        ..slowest
    };
    vec![median, slowest]
}

/// What was committed each second, in all runs.
#[derive(Default, Clone)]
struct Committed {
    own_phones: Vec<f64>,
    shared_phones: Vec<f64>,
    pgbench: [Vec<f64>; SCRIPTS.len()],
}

async fn steps(extent: Extent, server: &Server) -> Vec<Row> {
    let runs = extent.of(1, 5);
    let mut committed = vec![Committed::default(); NODES.len()];
    for run in 1..=runs {
        for (nodes, committed) in NODES.into_iter().zip(&mut committed) {
            progress(&format!("postgres: {nodes} nodes, run {run} of {runs}"));
            for (script, per_s) in SCRIPTS.iter().zip(&mut committed.pgbench) {
                per_s.push(beside(extent, server, script, nodes).await);
            }
            for (shared, per_s) in [
                (false, &mut committed.own_phones),
                (true, &mut committed.shared_phones),
            ] {
                let database = server.database();
                per_s.push(node::steps_per_s(&database, nodes, shared, extent).await);
            }
        }
    }
    let one = committed[0].clone();
    let mut rows: Vec<Row> = NODES
        .into_iter()
        .zip(&committed)
        .flat_map(|(nodes, committed)| of_nodes(nodes, committed))
        .collect();
    let most = committed.swap_remove(NODES.len() - 1);
    rows.extend([
        row("3 nodes beside 1", most.own_phones, one.own_phones, 1.0),
        row(
            "3 nodes beside 1, shared phones",
            most.shared_phones,
            one.shared_phones,
            1.0,
        ),
    ]);
    rows
}

/// The rows of so many nodes, beside each script of pgbench.
fn of_nodes(nodes: usize, committed: &Committed) -> Vec<Row> {
    let connections = nodes * node::LANES;
    let beside = SCRIPTS.iter().zip(&committed.pgbench);
    beside
        .flat_map(|(script, per_s)| {
            let name = script.name;
            let what = |more: &str| {
                format!("steps, {nodes} nodes, {connections} connections{more} (pgbench {name})")
            };
            let [own, shared] = [
                (what(""), &committed.own_phones),
                (what(", shared phones"), &committed.shared_phones),
            ]
            .map(|(what, steps)| row(&what, steps.clone(), per_s.clone(), 0.33));
            [own, shared]
        })
        .collect()
}

fn row(what: &str, measured: Vec<f64>, floor: Vec<f64>, at_least: f64) -> Row {
    Row {
        what: what.to_owned(),
        unit: Unit::PerS,
        measured,
        floor,
        target: Target::AtLeast(at_least),
    }
}

async fn beside(extent: Extent, server: &Server, script: &Script, nodes: usize) -> f64 {
    let (database, seconds) = (server.database(), node::seconds(extent));
    script
        .commits_per_s(&database, nodes * node::LANES, seconds)
        .await
}
