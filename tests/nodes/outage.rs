//! PostgreSQL ends at once under load and is started again: who got a 202 comes to an end, and who comes meanwhile gets
//! a 503.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout};

use crate::crowd::{
    a_hundred_are_under_way, all_end_well, config, keeps_sending, people_do_what_people_do,
};
use crate::daemon::Daemon;
use crate::house::{House, Plan, is_ready, with};
use crate::people::ms;
use crate::sender::{customer, lead_with_id};
use crate::server::Server;

const NODES: usize = 3;
const OUTAGES: usize = 4;
/// How long it is away at most, beside what it takes to end and to begin.
const AWAY_MAX_MS: u64 = 4000;
/// How long a source may have to wait for its 503.
const REFUSED_WITHIN: Duration = Duration::from_secs(10);

#[tokio::test]
async fn postgres_ended_at_once_under_load_loses_nothing() {
    let server = Arc::new(spawn_blocking(Server::start).await.unwrap());
    let mut config = config();
    config.store = Some(with(&server, Server::database).await);
    let house = Plan::of(NODES, &config).await.opens().await;
    people_do_what_people_do(&house.front).await;
    let over = Cell::new(false);
    let trouble = async {
        for outage in 0..OUTAGES {
            a_hundred_are_under_way(&house.front).await;
            sleep(ms(fastrand::u64(..1000))).await;
            is_away_for_a_while(&server, &house, outage).await;
        }
        over.set(true);
    };
    let ((), sent) = tokio::join!(trouble, keeps_sending(&house.front, &over));
    all_end_well(&house.front, &sent).await;
}

async fn is_away_for_a_while(server: &Arc<Server>, house: &House, outage: usize) {
    with(server, Server::stop_immediate).await;
    let asked = house.nodes.iter().enumerate();
    join_all(asked.map(|(count, node)| refuses_leads(node, outage * NODES + count))).await;
    sleep(ms(fastrand::u64(..AWAY_MAX_MS))).await;
    with(server, Server::start_again).await;
    let began = Instant::now();
    join_all(house.nodes.iter().map(is_ready)).await;
    eprintln!(
        "outage {outage}: all nodes were ready again after {:?}",
        began.elapsed()
    );
}

async fn refuses_leads(node: &Daemon, count: usize) {
    let lead = lead_with_id(&customer(900_000 + count), &format!("refused-{count}"));
    let answer = timeout(REFUSED_WITHIN, node.sender.send(&lead)).await;
    answer.unwrap().is_a_problem(503);
}
