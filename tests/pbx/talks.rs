//! Two who talk or nearly do: who hangs up when, and what the other hears.

use std::time::Duration;

use crate::config::{AN, BART, Config};
use crate::daemon::{CUSTOMER, lead, ms, told, until};
use crate::house::{House, OUTSIDE_HZ, accepts, heard_since, picks_up, seconds_now, talk};
use crate::phones::{Behaviour, Phone};

/// The ring tone.
const RING_HZ: u32 = 425;
/// From one side's hanging up to the other's.
const SOON_S: f64 = 0.5;

/// An has accepted, and this customer's phone rings.
async fn customer_rings(terms: &str, behaviour: Behaviour) -> (House, Phone, Phone, String) {
    let house = House::open(Config::of(&["an"], terms)).await;
    let an = house.rep(AN, accepts()).await;
    let customer = house.outside(CUSTOMER, behaviour).await;
    let id = house.daemon.sends(&lead(CUSTOMER)).await;
    customer.next("incoming").await;
    (house, an, customer, id)
}

#[tokio::test]
async fn a_rep_who_hangs_up_first_ends_the_talk() {
    let (house, an, customer, id) = customer_rings("", picks_up()).await;
    customer.next("answered").await;
    talk(&an, &customer).await;
    let at = seconds_now();
    an.hangs_up();
    assert!(customer.next("ended").await.at - at < SOON_S);
    let lead = house.daemon.ends(&id, "unconfirmed").await;
    let timeline = lead["timeline"].as_array().unwrap();
    let hung_up = timeline.iter().find(|entry| entry["what"] == "hung-up");
    assert_eq!(hung_up.unwrap()["by"], "rep");
    house.is_quiet().await;
}

#[tokio::test]
async fn a_rep_who_hangs_up_while_the_customers_phone_rings_stops_it() {
    let (house, an, customer, id) = customer_rings("customer_s = 15", Behaviour::rings()).await;
    house.daemon.lead_with(&id, "customer-ringing").await;
    let at = seconds_now();
    an.hangs_up();
    assert!(customer.next("ended").await.at - at < SOON_S);
    let lead = house.daemon.in_state(&id, "closed").await;
    assert_eq!(customer.all("incoming").len(), 1, "{:?}", told(&lead));
    house.is_quiet().await;
}

#[tokio::test]
async fn a_rep_hears_the_ring_tone_while_the_customers_phone_rings() {
    let (house, an, customer, id) = customer_rings("customer_s = 15", Behaviour::rings()).await;
    let at = seconds_now();
    let heard = heard_since(&an, at, Duration::from_secs(5)).await;
    assert!(heard.is_tone(RING_HZ), "{:?}", heard.shares(RING_HZ));
    customer.hangs_up();
    house.daemon.lead_with(&id, "customer-missed").await;
    an.hangs_up();
    house.daemon.in_state(&id, "closed").await;
    house.is_quiet().await;
}

#[tokio::test]
async fn a_busy_customer_is_rung_once_more_when_the_rep_presses_1() {
    let busy = Behaviour::refuses(486, Duration::from_millis(3500));
    let (house, an, customer, id) = customer_rings("", busy).await;
    customer.next("ended").await;
    customer.does(picks_up().says(OUTSIDE_HZ)).await;
    house.daemon.lead_with(&id, "customer-missed").await;
    let heard = heard_since(&an, seconds_now(), ms(1500)).await;
    assert!(heard.is_speech());
    an.presses("1");
    customer.next("answered").await;
    talk(&an, &customer).await;
    customer.hangs_up();
    house.daemon.lead_with(&id, "hung-up").await;
    an.presses("1");
    let lead = house.daemon.ends(&id, "connected").await;
    assert_eq!(lead["customer"].as_array().unwrap().len(), 2);
    assert_eq!(customer.all("incoming").len(), 2);
    house.is_quiet().await;
}

#[tokio::test]
async fn whoever_whispers_hears_that_another_has_it_and_who_rings_stops() {
    let all = Config::of(
        &["an", "bart", "chloe"],
        "strategy = \"ring-all\"; ring_s = 15",
    );
    let house = House::open(all).await;
    let an = house.rep(AN, picks_up()).await;
    let bart = house
        .rep(BART, Behaviour::answers(ms(2500)).presses(ms(800), "1"))
        .await;
    let chloe = house.rep(crate::config::CHLOE, Behaviour::rings()).await;
    let customer = house.outside(CUSTOMER, picks_up()).await;
    let id = house.daemon.sends(&lead(CUSTOMER)).await;
    let at = chloe.next("ended").await.at;
    let over = an.next("ended").await;
    assert!(over.told["code"] == 200 && over.at - at < 3.0, "{over:?}");
    let told = heard_since(&an, at, Duration::from_secs_f64(over.at - at - 0.1)).await;
    let begins = told.begins().unwrap();
    assert!(begins < ms(300), "{begins:?}");
    assert!(told.part(begins..told.ends().unwrap()).is_speech());
    customer.next("answered").await;
    talk(&bart, &customer).await;
    bart.hangs_up();
    let lead = house.daemon.ends(&id, "unconfirmed").await;
    let mut results: Vec<_> = lead["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["result"].as_str().unwrap())
        .collect();
    results.sort_unstable();
    assert_eq!(results, ["accepted", "canceled", "taken"]);
    house.is_quiet().await;
}

#[tokio::test]
async fn the_pbx_ends_every_leg_of_ours_in_time_even_when_we_are_dead() {
    let terms = "customer_s = 3; talk_max_s = 4";
    let (house, an, customer, id) = customer_rings(terms, picks_up()).await;
    let rang = customer.all("incoming")[0].at;
    house.daemon.lead_with(&id, "bridged").await;
    let limits = house.asterisk.time_limits().await;
    assert!(
        limits.len() == 2 && limits.iter().all(|limit_s| *limit_s > 0),
        "{limits:?}"
    );
    house.daemon.kill();
    let span = customer.next("ended").await.at - rang;
    assert!((6.0..8.5).contains(&span), "{span}");
    an.hangs_up();
    an.next("ended").await;
    until("no channel is left", || async {
        house.asterisk.ids("channels").await.is_empty()
    })
    .await;
}

#[tokio::test]
async fn a_talk_goes_on_when_we_are_killed_and_come_back() {
    let (house, an, customer, id) = customer_rings("", picks_up()).await;
    customer.next("answered").await;
    house.daemon.lead_with(&id, "bridged").await;
    house.daemon.kill();
    talk(&an, &customer).await;
    house.daemon.serve(&house.asterisk).await;
    talk(&an, &customer).await;
    customer.hangs_up();
    house.daemon.lead_with(&id, "hung-up").await;
    an.presses("1");
    house.daemon.ends(&id, "connected").await;
    for phone in [&an, &customer] {
        assert_eq!(phone.all("incoming").len(), 1);
    }
    house.is_quiet().await;
}

#[tokio::test]
async fn a_rep_who_was_whispered_to_when_we_were_killed_hears_it_again_and_accepts() {
    let house = House::open(Config::of(&["an"], "")).await;
    let an = house.rep(AN, picks_up()).await;
    let customer = house.outside(CUSTOMER, picks_up()).await;
    let id = house.daemon.sends(&lead(CUSTOMER)).await;
    an.next("answered").await;
    house.daemon.lead_with(&id, "rep-answered").await;
    house.daemon.kill();
    house.daemon.serve(&house.asterisk).await;
    let again = heard_since(&an, seconds_now() + 1.0, ms(1500)).await;
    assert!(again.is_speech());
    an.presses("1");
    customer.next("answered").await;
    talk(&an, &customer).await;
    an.hangs_up();
    house.daemon.ends(&id, "unconfirmed").await;
    assert_eq!(an.all("incoming").len(), 1);
    house.is_quiet().await;
}
