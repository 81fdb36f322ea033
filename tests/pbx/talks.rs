//! Two who talk or nearly do: who hangs up when, and what the other hears.

use std::time::Duration;

use crate::config::{AN, BART, Config};
use crate::daemon::{CUSTOMER, lead, ms, told};
use crate::house::{House, accepts, heard_since, picks_up, seconds_now, talk};
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
    customer.does(picks_up()).await;
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
    customer.next("incoming").await;
    let at = seconds_now();
    assert!(chloe.next("ended").await.at - at < SOON_S);
    let told = heard_since(&an, at, ms(1000)).await;
    assert!(told.is_speech());
    assert_eq!(an.next("ended").await.told["code"], 200);
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
    let (house, an, customer, id) =
        customer_rings("ring_s = 1; customer_s = 2; talk_max_s = 3", picks_up()).await;
    customer.next("answered").await;
    house.daemon.lead_with(&id, "bridged").await;
    house.daemon.kill();
    an.next("ended").await;
    customer.next("ended").await;
    house.is_quiet().await;
}
