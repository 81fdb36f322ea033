//! The carrier allows so many calls a second, however many nodes there are.

use std::time::Duration;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};

use crate::crowd::{REPS, all_end_well, config, phone};
use crate::house::{Plan, database};
use crate::people::{accepts_after, ms, talks};
use crate::sender::{customer, lead_with_id};

const NODES: usize = 3;
const LEADS: usize = 30;
const CALLS_PER_S: u32 = 2;
/// One more within a second than allowed may come of the wire: it left in the second before and took longer.
const LATE_ON_THE_WIRE: usize = 1;
/// What nodes may lose by sharing.
const TIMES_AS_LONG_MAX: f64 = 2.5;

#[tokio::test]
async fn three_nodes_share_the_calls_of_each_second() {
    let mut config = config();
    config.calls_per_s = CALLS_PER_S;
    config.store = Some(database().await);
    let house = Plan::of(NODES, &config).await.opens().await;
    for rep in 0..REPS {
        house.front.on_phone(&phone(rep), accepts_after(ms(50)));
    }
    let leads = (0..LEADS).map(async |count| {
        let node = &house.nodes[count % NODES];
        node.on_phone(&customer(count), talks(ms(100)));
        let lead = lead_with_id(&customer(count), &format!("web-{count}"));
        let source = format!("only{}", count % REPS);
        let answer = node.sender.try_send(&source, &lead).await.unwrap();
        assert_eq!(answer.status, 202, "{answer:?}");
        answer.text("lead").to_owned()
    });
    let leads = join_all(leads).await;
    all_end_well(&house.front, &leads).await;
    let calls = house.front.network.calls().into_iter();
    let begun = calls.filter(|call| call.parent.is_none());
    are_spread(&begun.map(|call| call.created).collect::<Vec<_>>());
}

fn are_spread(begun: &[Timestamp]) {
    let allowed = CALLS_PER_S as usize + LATE_ON_THE_WIRE;
    for some in begun.windows(allowed + 1) {
        let span = some[allowed].duration_since(some[0]);
        assert!(span >= SignedDuration::from_secs(1), "{some:#?}");
    }
    let first = &begun[..LEADS];
    let took = first[LEADS - 1].duration_since(first[0]);
    let least = Duration::from_secs((LEADS - allowed) as u64) / CALLS_PER_S;
    eprintln!("{LEADS} calls were begun within {took:#}, which is to be {least:?} at least");
    assert!(took.as_secs_f64() >= least.as_secs_f64());
    assert!(took.as_secs_f64() <= least.as_secs_f64() * TIMES_AS_LONG_MAX);
}
