//! Who sends: at a steady pace with the floor measured in between, or as fast as the other side takes it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::floor::Floor;
use crate::wire::{Answer, Wire};

/// How many requests a second come at a steady pace: a hundred times a large group's busiest hour.
pub(crate) const PER_S: u32 = 100;
/// Over so many connections, so that a slow answer doesn't delay the next request.
const LANES_STEADY: usize = 4;
/// So many senders wait for their answers at the same time.
const LANES_FLOOD: usize = 64;
/// Time for all connections to be there.
const SET_UP: Duration = Duration::from_millis(50);

/// Sends all of these at a steady pace; answers in the same order. A sample of the floor is taken between any two.
pub(crate) async fn steadily(
    address: SocketAddr,
    requests: Vec<Vec<u8>>,
    mut floor: Floor,
) -> (Vec<Answer>, Vec<Duration>, Floor) {
    let (start, every) = (Instant::now() + SET_UP, Duration::from_secs(1) / PER_S);
    let slot = move |count: usize| start + every * u32::try_from(count).unwrap_or(u32::MAX);
    let count = requests.len();
    let floors = tokio::spawn(async move {
        let mut floors = Vec::with_capacity(count);
        for sample in 0..count {
            sleep_until(slot(sample) + every / 2).await;
            floors.push(floor.sample().await);
        }
        (floors, floor)
    });
    let requests = Arc::new(requests);
    let mut lanes = JoinSet::new();
    for lane in 0..LANES_STEADY {
        let requests = requests.clone();
        let mut wire = Wire::connect(address).await.unwrap();
        lanes.spawn(async move {
            let mut answers = Vec::new();
            for number in (lane..requests.len()).step_by(LANES_STEADY) {
                sleep_until(slot(number)).await;
                answers.push((number, wire.exchange(&requests[number]).await.unwrap()));
            }
            answers
        });
    }
    let answers = in_order(lanes.join_all().await);
    let (floors, floor) = floors.await.unwrap();
    (answers, floors, floor)
}

/// Sends all of these as fast as they are taken; answers in the same order.
pub(crate) async fn flood(address: SocketAddr, requests: Vec<Vec<u8>>) -> Vec<Answer> {
    let (requests, next) = (Arc::new(requests), Arc::new(AtomicUsize::new(0)));
    let mut lanes = JoinSet::new();
    for _ in 0..LANES_FLOOD {
        let (requests, next) = (requests.clone(), next.clone());
        let mut wire = Wire::connect(address).await.unwrap();
        lanes.spawn(async move {
            let mut answers = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(request) = requests.get(number) else {
                    return answers;
                };
                answers.push((number, wire.exchange(request).await.unwrap()));
            }
        });
    }
    in_order(lanes.join_all().await)
}

fn in_order(lanes: Vec<Vec<(usize, Answer)>>) -> Vec<Answer> {
    let mut all: Vec<_> = lanes.into_iter().flatten().collect();
    all.sort_by_key(|(number, _)| *number);
    all.into_iter().map(|(_, answer)| answer).collect()
}
