//! PostgreSQL is away when a node starts, or can't take what was left: the node asks everybody to come again, and begins by
//! itself afterwards.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::Instant;

use crate::config::{AN, Config};
use crate::daemon::{Daemon, network, until};
use crate::house::{database, is_ready, readiness, with};
use crate::people::{accepts, accepts_after, ms, talks};
use crate::sender::{CUSTOMER, lead};
use crate::server::Server;

/// Until the lease of a node that was killed is surely over.
const LEASE_OVER: Duration = Duration::from_millis(3_500);
/// How soon a node that waits ends when it is told to.
const ENDS_WITHIN: Duration = Duration::from_secs(2);
/// Nodes that are lost can't be forgotten, so that what they left is not settled.
const REFUSES: &str = "create function refuses() returns trigger language plpgsql as \
     $$ begin raise exception 'no'; end $$; \
     create trigger refuses before delete on node execute function refuses();";

/// A node on this store, with one rep.
async fn node(store: &str) -> Daemon {
    let mut config = Config::of(&["an"], "ring_s = 20");
    config.store = Some(store.to_owned());
    let network = network().await;
    Daemon::prepared(&network, &network.url(), &config)
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
    let node = node(&with(&server, Server::database).await).await;
    with(&server, Server::stop_immediate).await;
    waits(&node, "why=the store is unavailable: PostgreSQL: ").await;
    node.signal("TERM");
    let status = node.exited_within(ENDS_WITHIN).await;
    assert_eq!(status.code(), Some(0));

    waits(&node, "why=the store is unavailable: PostgreSQL: ").await;
    assert!(!node.log().contains("ready listen="));
    with(&server, Server::start_again).await;
    is_ready(&node).await;
    node.on_phone(AN, accepts())
        .on_phone(CUSTOMER, talks(ms(100)));
    let id = node.sends(&lead(CUSTOMER)).await;
    node.ends(&id, "connected").await;
}

#[tokio::test]
async fn what_a_lost_node_left_goes_on_once_when_it_can_be_settled() {
    let store = database().await;
    let node = node(&store).await;
    node.serve().await;
    is_ready(&node).await;
    node.on_phone(AN, accepts_after(ms(10_000)))
        .on_phone(CUSTOMER, talks(ms(100)));
    let id = node.sends(&lead(CUSTOMER)).await;
    let rings = |call: &leadbridge::phones::CallRecord| call.ringing.is_some();
    node.call_when(AN, "ringing", rings).await;
    node.kill();
    let killed = Instant::now();
    let asks = |statement: &'static str| {
        let store = store.clone();
        spawn_blocking(move || Server::shared().ask(&store, statement))
    };
    asks(REFUSES).await.unwrap();
    until("its lease is over", || async {
        killed.elapsed() > LEASE_OVER
    })
    .await;
    waits(&node, "why=the store is unavailable: PostgreSQL: ").await;
    let lost = "select count(*) >= 3 from node where lease_until = 0";
    until("it was tried several times", || async {
        asks(lost).await.unwrap() == "t"
    })
    .await;
    asks("drop trigger refuses on node").await.unwrap();
    is_ready(&node).await;
    node.ends(&id, "connected").await;
    node.call_to(AN);
    node.call_to(CUSTOMER);
}

#[tokio::test]
async fn an_address_that_is_not_right_is_told_and_nobody_waits() {
    let store = database().await;
    let (server, _) = store.rsplit_once('/').unwrap();
    let nowhere = format!("{server}/nowhere");
    for (address, says) in [
        (nowhere.as_str(), "it has no such database; make it"),
        ("postgres://127.0.0.1:port/leads", "store.url can't be read"),
    ] {
        let node = node(address).await;
        node.starts();
        let status = node.exited_within(crate::daemon::PATIENCE).await;
        assert_eq!(status.code(), Some(1));
        let log = node.log();
        assert!(log.contains(says), "{log}");
    }
}
