//! One lead under way between real phones, in a house with neighbours who talk, and things that go wrong meanwhile.

use reqwest::Method;
use serde_json::Value;

use crate::config::{AN, BART, Config};
use crate::daemon::{CUSTOMER, lead, until};
use crate::house::{House, accepts, talk};
use crate::neighbours::{NEIGHBOURS, Neighbours, only_they_are_left};
use crate::phones::{Behaviour, Phone};
use crate::wire::Wire;

const TERMS: &str = "ring_s = 15; customer_s = 15";

/// A house with neighbours who talk, and one lead under way in it.
pub(crate) struct Story {
    pub(crate) house: House,
    pub(crate) wire: Wire,
    pub(crate) neighbours: Neighbours,
    pub(crate) an: Phone,
    pub(crate) bart: Phone,
    pub(crate) customer: Phone,
    pub(crate) lead: String,
}

impl Story {
    /// An's phone rings first, then Bart's, who accepts.
    pub(crate) async fn begins(an: Behaviour, customer: Behaviour) -> Self {
        Self::with_terms(TERMS, an, customer).await
    }

    pub(crate) async fn with_terms(terms: &str, an: Behaviour, customer: Behaviour) -> Self {
        let config = Config::of(&["an", "bart"], terms);
        let (house, wire) = House::behind_a_wire(config, &NEIGHBOURS).await;
        let neighbours = Neighbours::talk(&house).await;
        Self::of(house, wire, neighbours, an, customer).await
    }

    pub(crate) async fn of(
        house: House,
        wire: Wire,
        neighbours: Neighbours,
        an: Behaviour,
        customer: Behaviour,
    ) -> Self {
        let an = house.rep(AN, an).await;
        let bart = house.rep(BART, accepts()).await;
        let customer = house.outside(CUSTOMER, customer).await;
        let lead = house.daemon.sends(&lead(CUSTOMER)).await;
        an.next("incoming").await;
        Self {
            house,
            wire,
            neighbours,
            an,
            bart,
            customer,
            lead,
        }
    }

    pub(crate) async fn is_killed_and_comes_back(&self) {
        self.house.daemon.kill();
        self.house.daemon.serve(&self.house.asterisk).await;
    }

    /// The lead, once this stands in its timeline.
    pub(crate) async fn tells(&self, entry: &str) -> Value {
        self.house.daemon.lead_with(&self.lead, entry).await
    }

    /// They talk, hang up, and each phone has rung this often.
    pub(crate) async fn ends_well(&self, rep: &Phone, rings: [usize; 3]) -> Value {
        self.customer.next("answered").await;
        self.are_joined().await;
        talk(rep, &self.customer).await;
        rep.hangs_up();
        self.customer.next("ended").await;
        let lead = self.house.daemon.ends(&self.lead, "unconfirmed").await;
        self.rang(rings);
        only_they_are_left(&self.house).await;
        self.neighbours.talk_on().await;
        lead
    }

    /// Two are in a bridge of ours.
    async fn are_joined(&self) {
        until("two are in a bridge of ours", || async {
            let asked = self.house.asterisk.ask(Method::GET, "/bridges").await;
            let (_, bridges) = asked.unwrap();
            let full = |bridge: &Value| {
                let ours = bridge["id"].as_str().unwrap().starts_with("lb-");
                ours && bridge["channels"].as_array().unwrap().len() == 2
            };
            bridges.as_array().unwrap().iter().any(full)
        })
        .await;
    }

    /// How often An's, Bart's and the customer's phones have rung.
    pub(crate) fn rang(&self, rings: [usize; 3]) {
        let rung = [&self.an, &self.bart, &self.customer].map(|phone| phone.all("incoming").len());
        assert_eq!(rung, rings);
    }
}

/// How an attempt ended.
pub(crate) fn result(lead: &Value, attempt: usize) -> &str {
    lead["attempts"][attempt]["result"].as_str().unwrap()
}
