//! Phones that nobody answers, each in its own way: the reason is told, and the next rep's phone rings at once.

use crate::config::{AN, BART, Config};
use crate::daemon::{CUSTOMER, lead, ms};
use crate::house::{House, accepts, picks_up, seconds_now};
use crate::phones::Behaviour;

/// From the end of one ring to the next.
const AT_ONCE_S: f64 = 0.5;

async fn is_missed(behaviour: Behaviour, reason: &str) {
    let house = House::open(Config::of(&["an", "bart"], "")).await;
    let an = house.rep(AN, behaviour).await;
    let bart = house.rep(BART, accepts()).await;
    let customer = house.outside(CUSTOMER, picks_up()).await;
    let id = house.daemon.sends(&lead(CUSTOMER)).await;
    let over = an.next("ended").await.at;
    let next = bart.next("incoming").await.at;
    assert!(next - over < AT_ONCE_S, "{}", next - over);
    customer.next("answered").await;
    assert_eq!(reason_of(&house, &id).await, reason);
    bart.hangs_up();
    house.daemon.ends(&id, "unconfirmed").await;
    assert_eq!(an.all("incoming").len(), 1);
    house.is_quiet().await;
}

async fn reason_of(house: &House, id: &str) -> String {
    let lead = house.daemon.lead(id).await;
    let reason = lead["attempts"][0]["reason"].as_str();
    reason.unwrap_or_else(|| panic!("{lead:#}")).to_owned()
}

#[tokio::test]
async fn a_phone_in_another_call_is_busy() {
    is_missed(Behaviour::refuses(486, ms(200)), "busy").await;
}

#[tokio::test]
async fn a_phone_whose_owner_declines_is_rejected() {
    is_missed(Behaviour::refuses(603, ms(200)), "rejected").await;
}

#[tokio::test]
async fn a_number_that_nobody_has_is_invalid() {
    is_missed(Behaviour::refuses(404, ms(200)), "invalid-number").await;
}

#[tokio::test]
async fn a_phone_that_rings_out_does_not_answer() {
    is_missed(Behaviour::rings(), "no-answer").await;
}

#[tokio::test]
async fn a_rep_who_hangs_up_during_the_whisper_hung_up() {
    is_missed(picks_up().hangs_up(ms(700)), "hung-up").await;
}

#[tokio::test]
async fn a_phone_that_is_not_registered_is_passed_over_at_once() {
    let house = House::open(Config::of(&["an", "bart"], "")).await;
    let bart = house.rep(BART, accepts()).await;
    house.outside(CUSTOMER, picks_up()).await;
    let sent = seconds_now();
    let id = house.daemon.sends(&lead(CUSTOMER)).await;
    let rang = bart.next("incoming").await.at;
    assert!(rang - sent < AT_ONCE_S, "{}", rang - sent);
    assert_eq!(reason_of(&house, &id).await, "invalid-number");
    house.daemon.lead_with(&id, "bridged").await;
    bart.hangs_up();
    house.daemon.ends(&id, "unconfirmed").await;
    house.is_quiet().await;
}
