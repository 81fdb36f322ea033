//! Fifty leads at the same moment, and fifty reps who pick up and press 1.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::Value;

use crate::asterisk::Asterisk;
use crate::config::{Config, one_of_the_crowd};
use crate::daemon::{lead, ms, until};
use crate::house::House;
use crate::phones::Behaviour;

const MANY: usize = 50;

#[tokio::test]
async fn fifty_customers_talk_with_fifty_reps() {
    let house = House::alone(Config::crowd(MANY, "ring_s = 20; customer_s = 20")).await;
    let (mut reps, mut customers) = (vec![], vec![]);
    for count in 0..MANY {
        reps.push(
            house
                .phones
                .phone(&one_of_the_crowd(count), insists())
                .await,
        );
        let picks_up = Behaviour::answers(ms(500));
        customers.push(house.phones.phone(&customer(count), picks_up).await);
    }
    let leads: Vec<_> = customers.iter().map(|phone| lead(&phone.number)).collect();
    let ids = join_all(leads.iter().map(|lead| house.daemon.sends(lead))).await;
    for id in &ids {
        house.daemon.lead_with(id, "bridged").await;
    }
    until("all are joined", || async {
        pairs(&house.asterisk).await == MANY
    })
    .await;
    for rep in &reps {
        rep.hangs_up();
    }
    for id in &ids {
        let lead = house.daemon.ends(id, "unconfirmed").await;
        assert_eq!(who_hung_up(&lead), "rep", "{lead:#}");
    }
    for phone in reps.iter().chain(&customers) {
        assert_eq!(phone.all("incoming").len(), 1, "{}", phone.number);
    }
    house.is_quiet().await;
    let refused = house.asterisk.log().contains("session count exceeded");
    assert!(!refused, "it was asked too much at a time");
}

/// Presses 1 again when nothing comes of it: a busy PBX may swallow a key.
fn insists() -> Behaviour {
    let presses = (0..3).map(|again| ms(800 + 4_000 * again));
    presses.fold(Behaviour::answers(ms(200)), |rep, after| {
        rep.presses(after, "1")
    })
}

fn who_hung_up(lead: &Value) -> &str {
    let mut timeline = lead["timeline"].as_array().unwrap().iter();
    let hung_up = timeline.find(|entry| entry["what"] == "hung-up");
    hung_up.unwrap()["by"].as_str().unwrap()
}

fn customer(count: usize) -> String {
    format!("+3247300{count:04}")
}

/// How many bridges hold two.
async fn pairs(asterisk: &Asterisk) -> usize {
    let (_, bridges) = asterisk.ask(Method::GET, "/bridges").await.unwrap();
    let two = |bridge: &&Value| bridge["channels"].as_array().unwrap().len() == 2;
    bridges.as_array().unwrap().iter().filter(two).count()
}
