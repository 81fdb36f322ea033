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

use crate::server::Server;
use node::{LANES, Load};
use pgbench::{SCRIPTS, Script};

pub(crate) mod node;
mod pgbench;

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
#[derive(Default)]
struct Committed {
    own_phones: Vec<f64>,
    shared_phones: Vec<f64>,
    one_lead_each: Vec<f64>,
    pgbench: [Vec<f64>; SCRIPTS.len()],
}

async fn steps(extent: Extent, server: &Server) -> Vec<Row> {
    let runs = extent.of(1, 5);
    let mut committed: [Committed; NODES.len()] = Default::default();
    for run in 1..=runs {
        for (nodes, committed) in NODES.into_iter().zip(&mut committed) {
            progress(&format!("postgres: {nodes} nodes, run {run} of {runs}"));
            for (script, per_s) in SCRIPTS.iter().zip(&mut committed.pgbench) {
                per_s.push(beside(extent, server, script, nodes).await);
            }
            for (lanes, shared, per_s) in [
                (LANES, false, &mut committed.own_phones),
                (LANES, true, &mut committed.shared_phones),
                (1, false, &mut committed.one_lead_each),
            ] {
                let load = Load {
                    nodes,
                    lanes,
                    shared,
                };
                per_s.push(node::steps_per_s(&server.database(), load, extent).await);
            }
        }
    }
    let each = NODES.iter().zip(&committed);
    let mut rows: Vec<Row> = each.flat_map(|(nodes, of)| of_nodes(*nodes, of)).collect();
    rows.extend(most_beside_one(&committed));
    rows
}

/// The rows of so many nodes, beside each script of pgbench.
fn of_nodes(nodes: usize, committed: &Committed) -> Vec<Row> {
    let row = |phones: &str, steps: &[f64], (script, floor): (&Script, &Vec<f64>)| Row {
        what: format!(
            "steps, {nodes} x {LANES} connections{phones} ({})",
            script.name
        ),
        unit: Unit::PerS,
        measured: steps.to_vec(),
        floor: floor.clone(),
        target: script.at_least.map_or(Target::None, Target::AtLeast),
    };
    let beside = SCRIPTS.iter().zip(&committed.pgbench);
    beside
        .flat_map(|script| {
            [
                row("", &committed.own_phones, script),
                row(", shared phones", &committed.shared_phones, script),
            ]
        })
        .collect()
}

/// The rows of all nodes beside one. With all its connections one takes all processors that there are; with one lead at a
/// time it leaves some to the others.
fn most_beside_one(committed: &[Committed; NODES.len()]) -> [Row; 3] {
    let [one, .., most] = committed;
    let row = |phones: &str, most: &[f64], one: &[f64]| Row {
        what: format!("steps of {} nodes{phones} (of 1)", NODES.len()),
        unit: Unit::PerS,
        measured: most.to_vec(),
        floor: one.to_vec(),
        target: Target::AtLeast(1.0),
    };
    [
        row("", &most.own_phones, &one.own_phones),
        row(", shared phones", &most.shared_phones, &one.shared_phones),
        row(
            ", one lead at a time each",
            &most.one_lead_each,
            &one.one_lead_each,
        ),
    ]
}

async fn beside(extent: Extent, server: &Server, script: &Script, nodes: usize) -> f64 {
    let (database, seconds) = (server.database(), node::seconds(extent));
    script
        .commits_per_s(&database, nodes * LANES, seconds)
        .await
}
