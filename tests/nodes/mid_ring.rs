//! A node is killed while a phone rings for its lead: another goes on, and the next phone rings in time.

use std::time::Duration;

use jiff::SignedDuration;
use leadbridge::phones::{Behaviour, CallRecord, CreateFault, Misbehaviour};
use tokio::time::sleep;

use crate::config::{AN, BART, Config};
use crate::crowd::assert_nothing_doubled;
use crate::daemon::until;
use crate::house::{House, Plan, database, is_ready};
use crate::people::{accepts, ms, talks};
use crate::sender::{customer, lead, now};

const NODES: usize = 3;
const ROUNDS: usize = 6;
const NEXT_AFTER: SignedDuration = SignedDuration::from_secs(2);
/// How late the next phone may ring, which is to be five seconds on a machine that does nothing else.
const LATE_MAX: SignedDuration = SignedDuration::from_secs(10);
/// Longer than a node lives after it: it is killed before it knows what became of its request.
const ANSWERED_LATE: Duration = Duration::from_secs(3);

#[tokio::test]
async fn the_flow_of_a_node_killed_in_mid_ring_goes_on_at_another() {
    let mut config = Config::of(&["an", "bart"], "ring_s = 12; next_after_s = 2");
    config.store = Some(database().await);
    let house = Plan::of(NODES, &config).await.opens().await;
    house
        .front
        .on_phone(AN, Behaviour::RingsOut)
        .on_phone(BART, accepts());
    let mut latest = SignedDuration::ZERO;
    for round in 0..ROUNDS {
        latest = latest.max(is_killed_in_mid_ring(&house, round).await);
    }
    assert_nothing_doubled(&house.front);
    eprintln!("the next phone rang at most {latest:#} late");
    assert!(latest <= LATE_MAX, "{latest:#}");
}

/// How late the next phone rang. In every other round the carrier has not answered yet when the node is killed.
async fn is_killed_in_mid_ring(house: &House, round: usize) -> SignedDuration {
    let (node, front) = (&house.nodes[round % NODES], &house.front);
    if round % 2 == 1 {
        let how = CreateFault::AnswersAfter(ANSWERED_LATE);
        front
            .misbehave(Misbehaviour::Creates { how, times: 1 })
            .await;
    }
    front.on_phone(&customer(round), talks(ms(100)));
    let id = node.sends(&lead(&customer(round))).await;
    let first = rings(house, AN, round).await;
    sleep(ms(fastrand::u64(..1500))).await;
    let killed = now();
    node.kill();
    let next = rings(house, BART, round).await;
    front.ends(&id, "connected").await;
    node.serve().await;
    is_ready(node).await;
    let due = killed.max(first.ringing.unwrap() + NEXT_AFTER);
    next.ringing.unwrap().duration_since(due)
}

/// The call of this round to this phone, once it rings.
async fn rings(house: &House, number: &str, round: usize) -> CallRecord {
    let call = || house.front.calls_to(number).get(round).cloned();
    until("the phone rings", || async {
        call().is_some_and(|call| call.ringing.is_some())
    })
    .await;
    call().unwrap()
}
