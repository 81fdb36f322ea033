//! PostgreSQL is away when a node starts, or can't take what was left: the node asks everybody to come again, and begins by
//! itself afterwards.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use leadbridge::phones::Network;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use crate::config::{AN, Config};
use crate::daemon::{Daemon, PATIENCE, network, until};
use crate::house::{address, database, is_ready, readiness, with};
use crate::link::{Link, Passage};
use crate::people::{accepts, ms, talks};
use crate::sender::{CUSTOMER, lead};
use crate::server::Server;

/// Until the lease of a node that was killed is surely over.
const LEASE_OVER: Duration = Duration::from_millis(3_500);
/// How soon a node that waits ends when it is told to.
const ENDS_WITHIN: Duration = Duration::from_secs(2);
/// What has not left, or was not answered.
const IN_HAND: &str = "select count(*) from outbox";

/// A node on this store with one rep, whose carrier is at this address.
fn node(store: &str, network: &Network, carrier: &str) -> Daemon {
    let mut config = Config::of(&["an"], "");
    config.store = Some(store.to_owned());
    Daemon::prepared(network, carrier, &config)
}

/// Starts it, and waits until it says that it can't take leads.
async fn waits(node: &Daemon, says: &str) {
    node.serve().await;
    until("it says that it waits", || async {
        readiness(node).await == Some(503)
    })
    .await;
    let answer = node.sender.send(&lead(CUSTOMER)).await;
    answer.is_a_problem(503);
    assert!(answer.again_after_s.is_some(), "{answer:?}");
    let log = node.log();
    assert!(log.contains(says), "{log}");
}

#[tokio::test]
async fn a_node_that_starts_before_its_postgres_takes_leads_when_it_is_there() {
    let server = Arc::new(spawn_blocking(Server::start).await.unwrap());
    let (store, network) = (with(&server, Server::database).await, network().await);
    let node = node(&store, &network, &network.url());
    with(&server, Server::stop_immediate).await;
    waits(&node, "why=the store is unavailable: PostgreSQL: ").await;
    node.signal("TERM");
    let status = node.exited_within(ENDS_WITHIN).await;
    assert_eq!(status.code(), Some(0), "{status}: {}", node.log());

    waits(&node, "why=the store is unavailable: PostgreSQL: ").await;
    assert!(!node.log().contains("ready listen="));
    with(&server, Server::start_again).await;
    is_ready(&node).await;
    node.on_phone(AN, accepts())
        .on_phone(CUSTOMER, talks(ms(100)));
    let id = node.sends(&lead(CUSTOMER)).await;
    node.ends(&id, "connected").await;
}

/// The store can be opened and what was left can't be settled; the ring that was in hand is settled all the same.
#[tokio::test]
async fn what_a_lost_node_left_goes_on_when_it_can_be_settled() {
    let store = database().await;
    let asks = |statement: &'static str| {
        let store = store.clone();
        spawn_blocking(move || Server::shared().ask(&store, statement))
    };
    let network = network().await;
    let carrier = Link::to(address(&network.url())).await;
    let node = node(&store, &network, &format!("http://{}", carrier.address));
    node.serve().await;
    is_ready(&node).await;
    node.on_phone(AN, accepts())
        .on_phone(CUSTOMER, talks(ms(100)));
    carrier.is(Passage::Silent);
    let id = node.sends(&lead(CUSTOMER)).await;
    node.kill();
    let killed = Instant::now();
    carrier.is(Passage::Cut);
    assert_eq!(asks(IN_HAND).await.unwrap(), "1");
    asks("alter table desk rename to away").await.unwrap();
    until("its lease is over", || async {
        killed.elapsed() > LEASE_OVER
    })
    .await;
    waits(&node, "why=the store is unavailable: PostgreSQL: ").await;
    until("it was tried several times", || async {
        killed.elapsed() > 2 * LEASE_OVER
    })
    .await;
    carrier.is(Passage::Open);
    asks("alter table away rename to desk").await.unwrap();
    is_ready(&node).await;
    until("nothing is in hand", || async {
        asks(IN_HAND).await.unwrap() == "0"
    })
    .await;
    node.ends(&id, "connected").await;
    let calls = node.calls_to(AN);
    let legs: BTreeSet<_> = calls.iter().map(|call| &call.leg).collect();
    assert_eq!(legs.len(), calls.len(), "{calls:#?}");
}

#[tokio::test]
async fn an_address_that_is_not_right_is_told_and_nobody_waits() {
    let store = database().await;
    let (server, _) = store.rsplit_once('/').unwrap();
    let nowhere = format!("{server}/nowhere");
    for (store, says) in [
        (nowhere.as_str(), "it has no such database; make it"),
        ("postgres://127.0.0.1:port/leads", "store.url can't be read"),
    ] {
        let network = network().await;
        let node = node(store, &network, &network.url());
        node.starts();
        let status = node.exited_within(PATIENCE).await;
        assert_eq!(status.code(), Some(1));
        let log = node.log();
        assert!(log.contains(says), "{log}");
    }
}
