//! With 20,000 open flows: how fast a callback gets its script, how much memory is held, how long a restart takes.
//!
//! 2,000 of them ring, on every phone there is; 2,000 stand in line for those; the others wait for the morning.

use crate::carrier::{Carrier, Ring};
use crate::daemon::{Daemon, Group, body, callback, lead};
use crate::floor::Floor;
use crate::sender::{PER_S, flood, steadily};
use crate::table::{Row, Target, Times, Unit};
use crate::{Extent, progress};

const FLOWS: usize = 20_000;
const GROUP: Group = Group {
    rooftops: 200,
    reps: 10,
    closed: 40,
    calls_per_s: 0,
};
const PHONES: usize = GROUP.rooftops * GROUP.reps;

pub(crate) async fn rows(extent: Extent) -> Vec<Row> {
    progress("open: start");
    let carrier = Carrier::start().await;
    let mut daemon = Daemon::start(&GROUP, &carrier.url()).await;
    let mut rows = vec![memory(
        "memory after start",
        vec![daemon.memory_mb()],
        Target::AtMost(40.0),
    )];
    progress(&format!("open: {FLOWS} leads come in"));
    let rings = fill(&daemon, &carrier).await;
    let full = daemon.memory_mb();
    rows.extend(callbacks(extent, &daemon, &carrier, &rings).await);
    rows.push(memory(
        &format!("memory with {FLOWS} open flows"),
        vec![full],
        Target::None,
    ));
    rows.extend(restarts(extent, &mut daemon).await);
    rows
}

/// Opens the flows, and gives the rings of those that ring.
async fn fill(daemon: &Daemon, carrier: &Carrier) -> Vec<Ring> {
    let open = |count| lead(count % GROUP.rooftops, count);
    let closed = |count| lead(GROUP.rooftops + count % GROUP.closed, count);
    send_all(daemon, (0..PHONES).map(open).collect()).await;
    let rings = carrier.rings(PHONES).await;
    send_all(daemon, (PHONES..2 * PHONES).map(open).collect()).await;
    send_all(daemon, (2 * PHONES..FLOWS).map(closed).collect()).await;
    daemon.settled().await;
    for (state, count) in [
        ("ringing", PHONES),
        ("in-line", PHONES),
        ("waiting", FLOWS - 2 * PHONES),
    ] {
        assert_eq!(daemon.flows(state).await, count, "{state}");
    }
    rings
}

async fn send_all(daemon: &Daemon, leads: Vec<Vec<u8>>) {
    let answers = flood(daemon.address, leads).await;
    assert!(answers.iter().all(|answer| answer.status == 202));
}

/// Reps pick up, hear the whisper, and press 1: two callbacks each.
async fn callbacks(extent: Extent, daemon: &Daemon, carrier: &Carrier, rings: &[Ring]) -> [Row; 2] {
    let (runs, legs) = (extent.of(1, 3), extent.of(150, 400));
    let mut measured = Vec::new();
    let mut floor = Floor::new(carrier, &body(0)).await;
    for (run, rings) in (1..=runs).zip(rings.chunks(legs)) {
        progress(&format!("open: callbacks, run {run} of {runs}"));
        let picked_up = rings
            .iter()
            .map(|ring| asks(daemon, ring, &ring.path(), &[]))
            .collect();
        let (whispers, mut floors, back) = steadily(daemon.address, picked_up, floor).await;
        let pressed = rings.iter().zip(&whispers).map(|(ring, whisper)| {
            asks(
                daemon,
                ring,
                &gather(daemon, &whisper.body),
                &[("Digits", "1")],
            )
        });
        let (joins, more, back) = steadily(daemon.address, pressed.collect(), back).await;
        assert!(joins.iter().all(|answer| answer.body.contains("<Dial")));
        floors.extend(more);
        let times = whispers.iter().chain(&joins).map(|answer| answer.took);
        measured.push((Times::new(times.collect()), Times::new(floors)));
        floor = back;
    }
    let what = format!("callback to its script, {FLOWS} open flows, {PER_S}/s");
    let [median, slowest] = Row::of_times(&what, &measured, 3.0, 3.0);
    let median = Row {
        target: Target::None,
        ..median
    };
    [median, slowest]
}

fn asks(daemon: &Daemon, ring: &Ring, path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let params = [
        ("CallSid", ring.call.as_str()),
        ("CallStatus", "in-progress"),
    ];
    callback(daemon.address, path, &[&params, more].concat())
}

/// Where a whisper's keys go.
fn gather(daemon: &Daemon, script: &str) -> String {
    let address = format!("action=\"http://{}", daemon.address);
    let (_, rest) = script.split_once(&address).unwrap();
    rest.split('#').next().unwrap().to_owned()
}

async fn restarts(extent: Extent, daemon: &mut Daemon) -> [Row; 2] {
    let runs = extent.of(2, 5);
    let (mut took, mut held) = (Vec::new(), Vec::new());
    for run in 1..=runs {
        progress(&format!("open: restart {run} of {runs}"));
        let one_more = lead(GROUP.rooftops, FLOWS + run);
        took.push(daemon.restart(&one_more).await.as_secs_f64());
        daemon.settled().await;
        held.push(daemon.memory_mb());
    }
    let restart = Row {
        what: format!("kill -9 and start to the first 202, {FLOWS} open flows"),
        unit: Unit::S,
        measured: took,
        floor: Vec::new(),
        target: Target::AtMost(1.0),
    };
    [
        restart,
        memory("memory after such a restart", held, Target::None),
    ]
}

fn memory(what: &str, measured: Vec<f64>, target: Target) -> Row {
    Row {
        what: what.to_owned(),
        unit: Unit::Mb,
        measured,
        floor: Vec::new(),
        target,
    }
}
