//! `kill -9` of the daemon at every stage of a lead, on real phones: nobody is rung twice, nobody is cut off who talks, nothing
//! stays behind, and a call between two neighbours does not notice.

use std::time::Duration;

use serde_json::Value;

use crate::config::{AN, BART, Config};
use crate::daemon::{CUSTOMER, lead, ms, told};
use crate::house::{House, accepts, heard_since, picks_up, seconds_now, talk};
use crate::neighbours::{NEIGHBOURS, Neighbours, only_they_are_left};
use crate::phones::{Behaviour, Phone};

const TERMS: &str = "ring_s = 15; customer_s = 15";

/// A house with neighbours who talk, and one lead under way in it.
struct Story {
    house: House,
    neighbours: Neighbours,
    an: Phone,
    bart: Phone,
    customer: Phone,
    lead: String,
}

impl Story {
    async fn begins(an: Behaviour, customer: Behaviour) -> Self {
        let house = House::with_phones(Config::of(&["an", "bart"], TERMS), &NEIGHBOURS).await;
        let neighbours = Neighbours::talk(&house).await;
        let an = house.rep(AN, an).await;
        let bart = house.rep(BART, accepts()).await;
        let customer = house.outside(CUSTOMER, customer).await;
        let lead = house.daemon.sends(&lead(CUSTOMER)).await;
        an.next("incoming").await;
        Self {
            house,
            neighbours,
            an,
            bart,
            customer,
            lead,
        }
    }

    async fn is_killed_and_comes_back(&self) {
        self.house.daemon.kill();
        self.house.daemon.serve(&self.house.asterisk).await;
    }

    /// They talk, hang up, and each phone has rung this often.
    async fn ends_well(&self, rep: &Phone, rings: [usize; 3]) -> Value {
        self.customer.next("answered").await;
        talk(rep, &self.customer).await;
        rep.hangs_up();
        self.customer.next("ended").await;
        let lead = self.house.daemon.ends(&self.lead, "unconfirmed").await;
        let rung = [&self.an, &self.bart, &self.customer].map(|phone| phone.all("incoming").len());
        assert_eq!(rung, rings, "{:?}", told(&lead));
        only_they_are_left(&self.house).await;
        self.neighbours.talk_on().await;
        lead
    }
}

/// How an attempt ended.
fn result(lead: &Value, attempt: usize) -> &str {
    lead["attempts"][attempt]["result"].as_str().unwrap()
}

#[tokio::test]
async fn a_phone_that_rings_rings_on_and_its_key_works() {
    let an = Behaviour::answers(Duration::from_secs(4)).presses(ms(800), "1");
    let story = Story::begins(an, picks_up()).await;
    story.is_killed_and_comes_back().await;
    let lead = story.ends_well(&story.an, [1, 0, 1]).await;
    assert_eq!(result(&lead, 0), "accepted");
}

#[tokio::test]
async fn a_phone_picked_up_while_nobody_hears_is_lost_and_not_missed() {
    let story = Story::begins(Behaviour::answers(ms(1000)), picks_up()).await;
    story.house.daemon.kill();
    story.an.next("ended").await;
    story.house.daemon.serve(&story.house.asterisk).await;
    let lead = story.ends_well(&story.bart, [1, 1, 1]).await;
    assert_eq!(
        [result(&lead, 0), result(&lead, 1)],
        ["lost", "accepted"],
        "{lead:#}"
    );
    assert!(!told(&lead).contains(&"rep-missed"), "{:?}", told(&lead));
}

#[tokio::test]
async fn a_rep_who_listens_hears_it_again_and_the_key_works() {
    let story = Story::begins(picks_up(), picks_up()).await;
    story
        .house
        .daemon
        .lead_with(&story.lead, "rep-answered")
        .await;
    story.is_killed_and_comes_back().await;
    let heard = heard_since(&story.an, seconds_now() + 0.5, ms(1500)).await;
    assert!(heard.is_speech());
    story.an.presses("1");
    let lead = story.ends_well(&story.an, [1, 0, 1]).await;
    assert_eq!(result(&lead, 0), "accepted");
}

#[tokio::test]
async fn a_customers_phone_that_rings_rings_on_and_they_talk() {
    let customer = Behaviour::answers(Duration::from_secs(5));
    let story = Story::begins(accepts(), customer).await;
    story.customer.next("incoming").await;
    story.is_killed_and_comes_back().await;
    story.ends_well(&story.an, [1, 0, 1]).await;
}

#[tokio::test]
async fn two_who_talk_talk_on_and_the_rep_says_what_came_of_it() {
    let story = Story::begins(accepts(), picks_up()).await;
    story.customer.next("answered").await;
    story.house.daemon.lead_with(&story.lead, "bridged").await;
    talk(&story.an, &story.customer).await;
    story.house.daemon.kill();
    talk(&story.an, &story.customer).await;
    story.house.daemon.serve(&story.house.asterisk).await;
    talk(&story.an, &story.customer).await;
    story.customer.hangs_up();
    story.house.daemon.lead_with(&story.lead, "hung-up").await;
    story.an.presses("1");
    let lead = story.house.daemon.ends(&story.lead, "connected").await;
    assert_eq!(story.an.all("incoming").len(), 1, "{:?}", told(&lead));
    assert_eq!(story.customer.all("incoming").len(), 1);
    only_they_are_left(&story.house).await;
    story.neighbours.talk_on().await;
}

#[tokio::test]
async fn a_talk_that_ends_while_nobody_hears_is_over_afterwards() {
    let story = Story::begins(accepts(), picks_up()).await;
    story.customer.next("answered").await;
    story.house.daemon.lead_with(&story.lead, "bridged").await;
    story.house.daemon.kill();
    story.an.hangs_up();
    story.an.next("ended").await;
    story.house.daemon.serve(&story.house.asterisk).await;
    story.customer.next("ended").await;
    story
        .house
        .daemon
        .ends(&story.lead, "unconfirmed")
        .await;
    only_they_are_left(&story.house).await;
    story.neighbours.talk_on().await;
}
