//! One lead on real phones, from the website to the end of the talk.

use crate::asterisk::LEAD_LINE;
use crate::config::{AN, BART, CHLOE, Config};
use crate::daemon::{CUSTOMER, lead, told};
use crate::house::{House, accepts, picks_up, talk};
use crate::phones::Behaviour;

#[tokio::test]
async fn the_third_rep_accepts_talks_and_says_so() {
    let house = House::open(Config::of(&["an", "bart", "chloe"], "")).await;
    let an = house.rep(AN, Behaviour::rings()).await;
    let bart = house.rep(BART, picks_up()).await;
    let chloe = house.rep(CHLOE, accepts()).await;
    let customer = house.outside(CUSTOMER, picks_up()).await;
    let id = house.daemon.sends(&lead(CUSTOMER)).await;
    house.daemon.lead_with(&id, "customer-rung").await;
    assert_eq!(customer.next("incoming").await.told["shown"], LEAD_LINE);
    customer.next("answered").await;
    talk(&chloe, &customer).await;
    customer.hangs_up();
    house.daemon.lead_with(&id, "hung-up").await;
    chloe.presses("1");
    let lead = house.daemon.ends(&id, "connected").await;
    chloe.next("ended").await;
    for rep in [&an, &bart, &chloe] {
        assert_eq!(rep.all("incoming").len(), 1);
    }
    let results: Vec<_> = lead["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["reason"].as_str().unwrap_or("accepted"))
        .collect();
    assert_eq!(results, ["no-answer", "no-key", "accepted"]);
    let marks: Vec<_> = lead["marks"].as_object().unwrap().keys().collect();
    assert_eq!(marks.len(), 10, "{marks:?}");
    assert!(told(&lead).contains(&"bridged"));
    house.is_quiet().await;
}
