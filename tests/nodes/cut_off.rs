//! A node cut off from PostgreSQL says so and does nothing more, the others do its work, and it comes back by itself.

use std::cell::Cell;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use crate::crowd::{
    REPS, a_hundred_are_under_way, all_end_well, config, keeps_sending, people_do_what_people_do,
    phone,
};
use crate::daemon::{Daemon, until};
use crate::house::{House, Plan, address, database, is_ready, readiness};
use crate::link::{Link, Passage};
use crate::people::{accepts_after, ms, talks};
use crate::sender::{customer, lead_with_id};
use crate::server::Server;

const NODES: usize = 3;
/// So slow that most of the calls are still to be made when the node is cut off.
const CALLS_PER_S: u32 = 2;
/// How often a node vanishes and comes back, before it vanishes for good.
const VANISHES: usize = 2;
const LEASE: Duration = Duration::from_secs(3);
/// What was begun within the lease may still be on its way.
const ON_ITS_WAY: Duration = Duration::from_millis(300);
/// How long a source may have to wait for its 503.
const REFUSED_WITHIN: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_node_whose_connections_to_postgres_are_cut_stops_and_comes_back() {
    is_cut_off(Passage::Cut).await;
}

#[tokio::test]
async fn a_node_that_postgres_no_longer_answers_stops_and_comes_back() {
    is_cut_off(Passage::Silent).await;
}

/// With what it had begun in PostgreSQL, which is not told that its connections are dead.
#[tokio::test]
async fn a_node_that_vanishes_in_the_middle_of_its_work_holds_nobody_up() {
    let (house, cables) = house_with_cables(0).await;
    people_do_what_people_do(&house.front).await;
    let over = Cell::new(false);
    let trouble = async {
        for _ in 0..VANISHES {
            vanishes_at_work(&house, &cables).await;
            sleep(2 * LEASE).await;
            comes_back(&house.nodes[0], &cables).await;
        }
        vanishes_at_work(&house, &cables).await;
        over.set(true);
    };
    let ((), sent) = tokio::join!(trouble, keeps_sending(&house.front, &over));
    all_end_well(&house.front, &sent).await;
}

async fn vanishes_at_work(house: &House, cables: &Cables) {
    cables.store.is(Passage::Slow);
    a_hundred_are_under_way(&house.front).await;
    sleep(ms(500 + fastrand::u64(..1000))).await;
    cables.store.is(Passage::Silent);
}

async fn is_cut_off(how: Passage) {
    let (house, cables) = house_with_cables(CALLS_PER_S).await;
    let alone = &house.nodes[0];
    for rep in 0..REPS {
        house.front.on_phone(&phone(rep), accepts_after(ms(100)));
    }
    let mut leads = vec![];
    for count in 0..REPS {
        leads.push(is_taken(alone, count).await);
    }
    until("its first phone rings", || async {
        !house.front.network.calls().is_empty()
    })
    .await;
    let cut = Instant::now();
    cables.store.is(how);
    refuses_leads(alone).await;
    until("it says so", || async {
        readiness(alone).await == Some(503)
    })
    .await;
    eprintln!("{how:?}: it was known after {:?}", cut.elapsed());
    until("the others made all calls", || async {
        house.front.network.calls().len() >= leads.len()
    })
    .await;
    until("its lease is long over", || async {
        cut.elapsed() > 2 * LEASE
    })
    .await;
    let acted = cables.carrier.last_sent().duration_since(cut);
    eprintln!("{how:?}: it was last heard of by the carrier after {acted:?}");
    assert!(acted <= LEASE + ON_ITS_WAY, "it acted after {acted:?}");
    comes_back(alone, &cables).await;
    leads.push(is_taken(alone, REPS).await);
    all_end_well(&house.front, &leads).await;
}

/// What the first node is alone on.
struct Cables {
    store: Link,
    carrier: Link,
}

async fn house_with_cables(calls_per_s: u32) -> (House, Cables) {
    let mut config = config();
    config.calls_per_s = calls_per_s;
    let database = database().await;
    config.store = Some(database.clone());
    let mut plan = Plan::of(NODES, &config).await;
    let port = Server::shared().port;
    let cables = Cables {
        store: Link::to(SocketAddr::from(([127, 0, 0, 1], port))).await,
        carrier: Link::to(address(&plan.network.url())).await,
    };
    let (alone, carrier) = &mut plan.nodes[0];
    *carrier = format!("http://{}", cables.carrier.address);
    let through = format!(":{}/", cables.store.address.port());
    alone.store = Some(database.replace(&format!(":{port}/"), &through));
    (plan.opens().await, cables)
}

async fn is_taken(node: &Daemon, count: usize) -> String {
    node.on_phone(&customer(count), talks(ms(300)));
    let answer = node.sender.try_send(&source(count), &lead(count)).await;
    let answer = answer.unwrap();
    assert_eq!(answer.status, 202, "{answer:?}");
    answer.text("lead").to_owned()
}

async fn refuses_leads(node: &Daemon) {
    let (source, lead) = (source(0), lead(900_000));
    let answer = timeout(REFUSED_WITHIN, node.sender.try_send(&source, &lead));
    answer.await.unwrap().unwrap().is_a_problem(503);
}

fn source(count: usize) -> String {
    format!("only{}", count % REPS)
}

fn lead(count: usize) -> Value {
    lead_with_id(&customer(count), &format!("web-{count}"))
}

async fn comes_back(node: &Daemon, cables: &Cables) {
    cables.store.is(Passage::Open);
    let opened = Instant::now();
    is_ready(node).await;
    eprintln!("it was back after {:?}", opened.elapsed());
    assert!(node.is_running());
}
