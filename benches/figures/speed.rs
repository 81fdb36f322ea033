//! From a lead's request to its create-call at the carrier, durable, at a steady 100 leads a second.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::carrier::Carrier;
use crate::daemon::{Daemon, Group, body, lead, named};
use crate::floor::Floor;
use crate::sender::{PER_S, steadily};
use crate::table::{Row, Times};
use crate::wire::Answer;
use crate::{Extent, progress};

/// A phone for each lead of a run.
pub(crate) const GROUP: Group = Group {
    rooftops: 200,
    reps: 10,
    closed: 0,
    calls_per_s: 0,
};
/// The first ones find nothing warm and are not counted.
const WARM_UP: usize = 100;

pub(crate) async fn rows(extent: Extent) -> Vec<Row> {
    let (runs, leads) = self::extent(extent);
    let mut measured = Vec::new();
    for run in 1..=runs {
        progress(&format!("speed: run {run} of {runs}"));
        let carrier = Carrier::start().await;
        let daemon = Daemon::start(&GROUP, &carrier.url()).await;
        let floor = Floor::new(&carrier, &body(0)).await;
        measured.push(self::run(leads, &carrier, &daemon, floor).await);
    }
    Row::of_times(
        &format!("lead to create-call at {PER_S} leads/s"),
        &measured,
        2.0,
        3.0,
    )
    .into()
}

/// How often is measured, and how many leads each time.
pub(crate) fn extent(extent: Extent) -> (usize, usize) {
    (extent.of(1, 5), extent.of(500, 1_100))
}

/// The times of so many leads on an empty store, and of their floor.
pub(crate) async fn run(
    leads: usize,
    carrier: &Carrier,
    daemon: &Daemon,
    floor: Floor,
) -> (Times, Times) {
    let requests = (0..leads)
        .map(|count| lead(count % GROUP.rooftops, count))
        .collect();
    let (answers, mut floors, _) = steadily(daemon.address, requests, floor).await;
    let rings = carrier.rings(leads).await;
    let arrived = rings.iter().map(|ring| (ring.lead(), ring.at)).collect();
    let times = answers[WARM_UP..]
        .iter()
        .map(|answer| time(answer, &arrived))
        .collect();
    (Times::new(times), Times::new(floors.split_off(WARM_UP)))
}

fn time(answer: &Answer, arrived: &HashMap<String, Instant>) -> Duration {
    assert_eq!(answer.status, 202, "{}", answer.body);
    arrived[&named(&answer.body)].duration_since(answer.sent)
}
