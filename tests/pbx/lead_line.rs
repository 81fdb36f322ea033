//! The lead line on a real PBX: who rings it comes to Leadbridge through the dial plan.

use std::time::Duration;

use tokio::time::sleep;

use crate::asterisk::LEAD_LINE;
use crate::config::{AN, Config, RECEPTION};
use crate::daemon::{CUSTOMER, lead, ms, told};
use crate::house::{
    House, INSIDE_HZ, OUTSIDE_HZ, accepts, heard_since, picks_up, seconds_now, talk,
};
use crate::phones::{Behaviour, Phone};

/// The phones ring in vain once, and again after ten minutes: a test is long over then.
const PATIENT: &str = "ring_s = 1; rounds_min = [0, 10]";
/// The ring tone.
const RING_HZ: u32 = 425;
const STRANGER: &str = "+32470777777";

/// An has missed a lead.
async fn missed() -> (House, Phone, String) {
    let house = House::open(Config::of(&["an"], PATIENT)).await;
    let an = house.rep(AN, Behaviour::rings()).await;
    let id = house.daemon.sends(&lead(CUSTOMER)).await;
    house.daemon.in_state(&id, "waiting").await;
    (house, an, id)
}

/// An has rung this customer, who does not answer, and hears so.
async fn unreached() -> (House, Phone, Phone, String) {
    let house = House::open(Config::of(&["an"], "customer_s = 4")).await;
    let an = house.rep(AN, accepts()).await;
    let customer = house.outside(CUSTOMER, Behaviour::rings()).await;
    let id = house.daemon.sends(&lead(CUSTOMER)).await;
    customer.next("ended").await;
    house.daemon.lead_with(&id, "customer-missed").await;
    (house, an, customer, id)
}

#[tokio::test]
async fn a_rep_who_rang_back_talks_on_through_a_kill() {
    let (house, an, id) = missed().await;
    let customer = house.outside(CUSTOMER, picks_up()).await;
    an.calls(LEAD_LINE);
    an.next("answered").await;
    sleep(ms(800)).await;
    an.presses("1");
    customer.next("answered").await;
    house.daemon.lead_with(&id, "bridged").await;
    talk(&an, &customer).await;
    house.daemon.kill();
    house.daemon.serve(&house.asterisk).await;
    talk(&an, &customer).await;
    an.hangs_up();
    customer.next("ended").await;
    house.daemon.ends(&id, "unconfirmed").await;
    assert_eq!(customer.all("incoming").len(), 1);
    house.is_quiet().await;
}

#[tokio::test]
async fn a_rep_who_rings_back_takes_the_lead_that_they_missed() {
    let (house, an, id) = missed().await;
    let customer = house.outside(CUSTOMER, picks_up()).await;
    an.calls(LEAD_LINE);
    let answered = an.next("answered").await.at;
    let whisper = heard_since(&an, answered, ms(1500)).await;
    assert!(whisper.is_speech());
    let limits = house.asterisk.time_limits().await;
    assert!(limits.iter().all(|limit| *limit > 0), "{limits:?}");
    an.presses("1");
    assert_eq!(customer.next("incoming").await.told["shown"], LEAD_LINE);
    customer.next("answered").await;
    talk(&an, &customer).await;
    customer.hangs_up();
    house.daemon.lead_with(&id, "hung-up").await;
    an.presses("1");
    let lead = house.daemon.ends(&id, "connected").await;
    assert!(told(&lead).contains(&"rep-called-in"));
    an.next("ended").await;
    house.is_quiet().await;
}

#[tokio::test]
async fn a_customer_who_rings_hears_a_ring_tone_and_meets_the_rep_who_presses_1() {
    let (house, an, id) = missed().await;
    an.does(accepts().says(INSIDE_HZ)).await;
    let customer = house.outside(CUSTOMER, Behaviour::rings()).await;
    customer.calls(LEAD_LINE);
    let answered = customer.next("answered").await.at;
    let tone = heard_since(&customer, answered, ms(800)).await;
    assert!(tone.is_tone(RING_HZ), "{:?}", tone.shares(RING_HZ));
    house.daemon.lead_with(&id, "bridged").await;
    house.joined().await;
    talk(&an, &customer).await;
    customer.hangs_up();
    house.daemon.lead_with(&id, "hung-up").await;
    an.presses("1");
    let lead = house.daemon.ends(&id, "connected").await;
    assert!(told(&lead).contains(&"customer-called-in"));
    assert_eq!(
        customer.all("incoming").len(),
        0,
        "nobody rang the customer"
    );
    house.is_quiet().await;
}

#[tokio::test]
async fn a_customer_who_rang_talks_on_through_a_kill() {
    let (house, an, id) = missed().await;
    an.does(accepts().says(INSIDE_HZ)).await;
    let customer = house.outside(CUSTOMER, Behaviour::rings()).await;
    customer.calls(LEAD_LINE);
    house.daemon.lead_with(&id, "bridged").await;
    house.joined().await;
    talk(&an, &customer).await;
    house.daemon.kill();
    house.daemon.serve(&house.asterisk).await;
    talk(&an, &customer).await;
    customer.hangs_up();
    house.daemon.lead_with(&id, "hung-up").await;
    an.presses("1");
    house.daemon.ends(&id, "connected").await;
    house.is_quiet().await;
}

#[tokio::test]
async fn a_customer_who_rings_back_at_once_is_joined_with_the_rep_who_is_on_the_line() {
    let (house, an, customer, id) = unreached().await;
    customer.calls(LEAD_LINE);
    house.daemon.lead_with(&id, "bridged").await;
    house.joined().await;
    talk(&an, &customer).await;
    an.hangs_up();
    customer.next("ended").await;
    house.daemon.ends(&id, "unconfirmed").await;
    house.is_quiet().await;
}

#[tokio::test]
async fn a_customer_who_rings_while_their_own_phone_rings_meets_the_rep() {
    let house = House::open(Config::of(&["an"], "customer_s = 15")).await;
    let an = house.rep(AN, accepts()).await;
    let customer = house.outside(CUSTOMER, Behaviour::rings()).await;
    let id = house.daemon.sends(&lead(CUSTOMER)).await;
    house.daemon.lead_with(&id, "customer-ringing").await;
    customer.calls(LEAD_LINE);
    house.daemon.lead_with(&id, "bridged").await;
    house.joined().await;
    talk(&an, &customer).await;
    customer.hangs_up();
    house.daemon.lead_with(&id, "hung-up").await;
    an.hangs_up();
    house.daemon.in_state(&id, "closed").await;
    house.is_quiet().await;
}

#[tokio::test]
async fn a_stranger_is_put_through_to_the_reception() {
    let house = House::open(Config::of(&["an"], "")).await;
    let reception = picks_up().says(INSIDE_HZ);
    let reception = house.phones.phone(RECEPTION, reception).await;
    let stranger = Behaviour::rings().says(OUTSIDE_HZ);
    let stranger = house.phones.phone(STRANGER, stranger).await;
    stranger.calls(LEAD_LINE);
    assert_eq!(reception.next("incoming").await.told["shown"], LEAD_LINE);
    reception.next("answered").await;
    talk(&reception, &stranger).await;
    reception.hangs_up();
    stranger.next("ended").await;
    house.is_quiet().await;
}

#[tokio::test]
async fn who_talks_with_the_reception_talks_on_through_a_kill() {
    let house = House::open(Config::of(&["an"], "")).await;
    let reception = house.phones.phone(RECEPTION, picks_up().says(INSIDE_HZ));
    let reception = reception.await;
    let stranger = Behaviour::rings().says(OUTSIDE_HZ);
    let stranger = house.phones.phone(STRANGER, stranger).await;
    stranger.calls(LEAD_LINE);
    reception.next("answered").await;
    talk(&reception, &stranger).await;
    house.daemon.kill();
    house.daemon.serve(&house.asterisk).await;
    talk(&reception, &stranger).await;
    stranger.hangs_up();
    reception.next("ended").await;
    assert_eq!(reception.all("incoming").len(), 1);
    house.is_quiet().await;
}

#[tokio::test]
async fn a_rep_without_a_missed_lead_is_put_through_to_the_reception() {
    let house = House::open(Config::of(&["an"], "")).await;
    let reception = house.outside(RECEPTION, picks_up()).await;
    let an = house.rep(AN, Behaviour::rings()).await;
    an.calls(LEAD_LINE);
    reception.next("answered").await;
    talk(&an, &reception).await;
    let at = seconds_now();
    an.hangs_up();
    let span = reception.next("ended").await.at - at;
    assert!(span < Duration::from_millis(500).as_secs_f64(), "{span}");
    house.is_quiet().await;
}
