//! The WebSocket is cut, silent or somebody else's, ARI is slow, the PBX itself dies: the ladder goes on, nobody is rung twice, and
//! a call between two neighbours notices only the death of the PBX.

use std::time::Duration;

use reqwest::Method;
use tokio::time::sleep;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::asterisk::{Asterisk, LEAD_LINE, USER};
use crate::config::Config;
use crate::daemon::{CUSTOMER, lead, ms, told, until};
use crate::house::{House, accepts, heard_since, picks_up, seconds_now, talk};
use crate::neighbours::{NEIGHBOURS, Neighbours, only_they_are_left};
use crate::phones::Behaviour;
use crate::story::{Story, result};
use crate::wire::Fault;

/// The daemon hears the PBX no more, until this is over.
async fn is_cut(story: &Story) {
    story.wire.is(Fault::Cut);
    until("the application is gone", || async {
        let asked = story
            .house
            .asterisk
            .ask(Method::GET, "/applications/leadbridge");
        asked.await.unwrap().0 == 404 || story.house.daemon.log().contains("is not heard")
    })
    .await;
}

async fn is_whole_again(story: &Story) {
    story.wire.is(Fault::Nothing);
    until("it hears the PBX again", || async {
        story
            .house
            .daemon
            .log()
            .matches("we hear what happens")
            .count()
            == 2
    })
    .await;
}

#[tokio::test]
async fn a_phone_picked_up_in_a_cut_is_lost_and_not_missed() {
    let story = Story::begins(Behaviour::answers(ms(3000)), picks_up()).await;
    story.tells("rep-rung").await;
    is_cut(&story).await;
    story.an.next("ended").await;
    is_whole_again(&story).await;
    let lead = story.ends_well(&story.bart, [2, 1, 1]).await;
    assert_eq!(result(&lead, 0), "lost");
    assert!(!told(&lead).contains(&"rep-missed"), "{:?}", told(&lead));
}

#[tokio::test]
async fn a_phone_that_rings_through_a_cut_is_answered_after_it() {
    let an = Behaviour::answers(Duration::from_secs(4)).presses(ms(800), "1");
    let story = Story::begins(an, picks_up()).await;
    is_cut(&story).await;
    is_whole_again(&story).await;
    story.ends_well(&story.an, [1, 0, 1]).await;
}

#[tokio::test]
async fn a_key_lost_in_a_cut_is_asked_for_again() {
    let story = Story::begins(picks_up(), picks_up()).await;
    story.tells("rep-answered").await;
    is_cut(&story).await;
    story.an.presses("1");
    sleep(ms(500)).await;
    is_whole_again(&story).await;
    let heard = heard_since(&story.an, seconds_now() + 0.5, ms(1500)).await;
    assert!(heard.is_speech());
    story.an.presses("1");
    story.ends_well(&story.an, [1, 0, 1]).await;
}

#[tokio::test]
async fn two_who_talk_do_not_notice_a_cut() {
    let story = Story::begins(accepts(), picks_up()).await;
    story.customer.next("answered").await;
    story.tells("bridged").await;
    is_cut(&story).await;
    talk(&story.an, &story.customer).await;
    is_whole_again(&story).await;
    talk(&story.an, &story.customer).await;
    story.customer.hangs_up();
    story.tells("hung-up").await;
    story.an.presses("1");
    story.house.daemon.ends(&story.lead, "connected").await;
    story.rang([1, 0, 1]);
    only_they_are_left(&story.house).await;
    story.neighbours.talk_on().await;
}

#[tokio::test]
async fn a_silent_socket_is_left_for_another() {
    let an = Behaviour::answers(ms(3000));
    let story = Story::with_terms("ring_s = 60; customer_s = 15", an, picks_up()).await;
    story.tells("rep-rung").await;
    story.wire.is(Fault::Stalled);
    story.an.next("answered").await;
    until("the silent socket is left", || async {
        story.house.daemon.log().contains("is silent")
    })
    .await;
    is_whole_again(&story).await;
    let heard = heard_since(&story.an, seconds_now() + 0.5, ms(1500)).await;
    assert!(heard.is_speech());
    story.an.presses("1");
    story.ends_well(&story.an, [1, 0, 1]).await;
}

#[tokio::test]
async fn a_slow_pbx_rings_nobody_twice() {
    let story = Story::with_terms(
        "ring_s = 3; customer_s = 15",
        Behaviour::rings(),
        picks_up(),
    )
    .await;
    story.wire.is(Fault::Slow);
    story.an.next("ended").await;
    let lead = story.ends_well(&story.bart, [1, 1, 1]).await;
    assert_eq!([result(&lead, 0), result(&lead, 1)], ["missed", "accepted"]);
}

#[tokio::test]
async fn a_pbx_that_is_slow_from_the_start_rings_nobody_twice() {
    let (house, wire) =
        House::behind_a_wire(Config::of(&["an", "bart"], "customer_s = 15"), &NEIGHBOURS).await;
    wire.is(Fault::Slow);
    let neighbours = Neighbours::talk(&house).await;
    let story = Story::of(house, wire, neighbours, accepts(), picks_up()).await;
    story.ends_well(&story.an, [1, 0, 1]).await;
}

#[tokio::test]
async fn a_customers_ring_that_the_pbx_carries_out_late_is_waited_for() {
    let story = Story::begins(accepts(), picks_up()).await;
    story.wire.is(Fault::LateRings(Duration::from_secs(7)));
    story.ends_well(&story.an, [1, 0, 1]).await;
}

#[tokio::test]
async fn a_customer_who_did_not_pick_up_is_not_rung_by_itself_again_whatever_the_end_is_called() {
    let terms = "customer_s = 2";
    let story = Story::with_terms(terms, accepts(), Behaviour::rings()).await;
    story.wire.is(Fault::NormalEnds);
    let lead = story.tells("customer-missed").await;
    assert!(!told(&lead).contains(&"hung-up"), "{:?}", told(&lead));
    let heard = heard_since(&story.an, seconds_now(), ms(1500)).await;
    assert!(heard.is_speech());
    story.an.hangs_up();
    story.house.daemon.in_state(&story.lead, "closed").await;
    story.rang([1, 0, 1]);
    only_they_are_left(&story.house).await;
}

#[tokio::test]
async fn a_customers_ring_that_nobody_waits_for_any_more_is_ended() {
    let terms = "customer_s = 90";
    let story = Story::with_terms(terms, accepts(), Behaviour::rings()).await;
    story.wire.is(Fault::LateRings(Duration::from_secs(20)));
    story.tells("customer-missed").await;
    assert!(story.customer.all("incoming").is_empty());
    story.customer.next("ended").await;
    story.an.hangs_up();
    story.house.daemon.in_state(&story.lead, "closed").await;
    story.rang([1, 0, 1]);
    only_they_are_left(&story.house).await;
    story.neighbours.talk_on().await;
}

#[tokio::test]
async fn phones_that_rang_when_the_pbx_died_are_lost_and_rung_again() {
    let story = Story::begins(Behaviour::rings(), picks_up()).await;
    story.tells("rep-ringing").await;
    the_pbx_dies(&story).await;
    story.customer.next("answered").await;
    talk(&story.bart, &story.customer).await;
    story.bart.hangs_up();
    let lead = story.house.daemon.ends(&story.lead, "unconfirmed").await;
    assert_eq!(result(&lead, 0), "lost");
    assert!(!told(&lead).contains(&"rep-missed"), "{:?}", told(&lead));
    story.house.is_quiet().await;
}

#[tokio::test]
async fn a_talk_that_died_with_the_pbx_is_over() {
    let story = Story::begins(accepts(), picks_up()).await;
    story.customer.next("answered").await;
    story.tells("bridged").await;
    the_pbx_dies(&story).await;
    story.house.daemon.ends(&story.lead, "unconfirmed").await;
    story.rang([1, 0, 1]);
    story.house.is_quiet().await;
}

async fn the_pbx_dies(story: &Story) {
    story.house.asterisk.kill();
    sleep(ms(500)).await;
    story.house.asterisk.serve().await;
    story.an.registers().await;
    story.bart.registers().await;
    is_whole_again(story).await;
}

#[tokio::test]
async fn whoever_takes_the_application_over_is_told_of_and_outlived() {
    let house = House::open(Config::of(&["an"], "")).await;
    let an = house.rep(crate::config::AN, accepts()).await;
    let customer = house.outside(CUSTOMER, picks_up()).await;
    let other = another_client(&house, "leadbridge").await;
    until("it is told", || async {
        house
            .daemon
            .log()
            .contains("ERROR another client has taken over our application")
    })
    .await;
    let id = house.daemon.sends(&lead(CUSTOMER)).await;
    sleep(ms(1500)).await;
    assert!(an.all("incoming").is_empty());
    drop(other);
    customer.next("answered").await;
    talk(&an, &customer).await;
    an.hangs_up();
    house.daemon.ends(&id, "unconfirmed").await;
    house.is_quiet().await;
}

#[tokio::test]
async fn an_orphan_is_hung_up_and_anybody_elses_channel_is_not() {
    let (house, wire) = House::behind_a_wire(Config::of(&["an"], ""), &NEIGHBOURS).await;
    let neighbours = Neighbours::talk(&house).await;
    let phone = house.outside(CUSTOMER, Behaviour::rings()).await;
    let other_phone = house.outside("+32470123457", Behaviour::rings()).await;
    let _other = another_client(&house, "another").await;
    let orphan = "lb-0198a000-0000-7000-8000-000000000001-r1";
    let not_ours = "lb-0198a000-0000-7000-8000-000000000002-r1";
    places(&house, CUSTOMER, "leadbridge", orphan).await;
    places(&house, "+32470123457", "another", not_ours).await;
    phone.next("incoming").await;
    other_phone.next("incoming").await;
    wire.is(Fault::Cut);
    until("it is cut", || async {
        house.daemon.log().contains("is not heard")
    })
    .await;
    wire.is(Fault::Nothing);
    phone.next("ended").await;
    sleep(ms(1000)).await;
    let channels = house.asterisk.ids("channels").await;
    assert!(
        !channels.contains(&orphan.to_owned()) && channels.contains(&not_ours.to_owned()),
        "{channels:?}"
    );
    other_phone.hangs_up();
    only_they_are_left(&house).await;
    neighbours.talk_on().await;
}

/// A WebSocket of an application; it is gone when this is dropped.
async fn another_client(house: &House, app: &str) -> impl Sized {
    let Asterisk { url, password, .. } = &house.asterisk;
    let url = format!(
        "{}/ari/events?app={app}&api_key={USER}:{password}",
        url.replacen("http", "ws", 1)
    );
    let (socket, _) = connect_async(url.into_client_request().unwrap())
        .await
        .unwrap();
    socket
}

async fn places(house: &House, number: &str, app: &str, id: &str) {
    let endpoint = format!("PJSIP/{number}@trunk").replace('+', "%2B");
    let from = LEAD_LINE.replace('+', "%2B");
    let path = format!(
        "/channels?endpoint={endpoint}&app={app}&channelId={id}&callerId={from}&timeout=30"
    );
    let (status, said) = house.asterisk.ask(Method::POST, &path).await.unwrap();
    assert_eq!(status, 200, "{said}");
}
