//! What these tests stand on, with one node and its own file.

use tokio::net::TcpListener;
use tokio::time::{Duration, timeout};

use crate::balancer::Balancer;
use crate::config::{AN, Config};
use crate::daemon::{Daemon, until};
use crate::house::{Plan, address};
use crate::people::{accepts, ms, talks};
use crate::sender::{CUSTOMER, Sender, lead};

#[tokio::test]
async fn a_lead_and_what_the_carrier_asks_come_in_through_the_balancer() {
    let plan = Plan::of(1, &Config::of(&["an"], "")).await;
    let house = plan.opens().await;
    house
        .front
        .on_phone(AN, accepts())
        .on_phone(CUSTOMER, talks(ms(100)));
    let id = house.front.sends(&lead(CUSTOMER)).await;
    house.front.ends(&id, "connected").await;
    let deliveries = house.front.network.deliveries();
    assert!(!deliveries.is_empty());
    for delivery in deliveries {
        assert!(delivery.url.starts_with(&house.front.url), "{delivery:?}");
    }
}

#[tokio::test]
async fn the_balancer_goes_round_those_who_do_not_answer() {
    let daemon = Daemon::start(Config::of(&["an"], "")).await;
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = gone.local_addr().unwrap();
    drop(gone);
    let balancer = Balancer::new().await;
    let url = balancer.url.clone();
    balancer.stands_before(vec![
        mute.local_addr().unwrap(),
        nobody,
        address(&daemon.url),
    ]);
    until("it knows one", || async { Sender::new(&url).alive().await }).await;
    for _ in 0..10 {
        let sender = Sender::new(&url);
        let alive = timeout(Duration::from_secs(2), sender.alive());
        assert!(alive.await.unwrap());
    }
}
