//! What these tests stand on: the balancer with one node and its own file, and a cable.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Duration, timeout};

use crate::balancer::Balancer;
use crate::config::{AN, Config};
use crate::daemon::{Daemon, until};
use crate::house::{Plan, address};
use crate::link::{Link, Passage};
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

#[tokio::test]
async fn a_silent_cable_passes_on_later_and_a_cut_one_ends_what_is_on_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let link = Link::to(listener.local_addr().unwrap()).await;
    let mut here = TcpStream::connect(link.address).await.unwrap();
    let (mut there, _) = listener.accept().await.unwrap();
    let mut byte = [0];
    here.write_all(b"a").await.unwrap();
    there.read_exact(&mut byte).await.unwrap();
    link.is(Passage::Silent);
    let before = link.last_sent();
    here.write_all(b"b").await.unwrap();
    let heard = timeout(ms(300), there.read_exact(&mut byte)).await;
    assert!(heard.is_err() && link.last_sent() == before);
    link.is(Passage::Slow);
    there.read_exact(&mut byte).await.unwrap();
    assert_eq!(&byte, b"b");
    link.is(Passage::Cut);
    assert_eq!(here.read(&mut byte).await.unwrap_or(0), 0);
    let mut anew = TcpStream::connect(link.address).await.unwrap();
    assert_eq!(anew.read(&mut byte).await.unwrap_or(0), 0);
}
