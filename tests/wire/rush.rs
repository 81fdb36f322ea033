//! Many leads, or many hands, at the same moment: every lead once, every phone one at a time.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use leadbridge::phones::{Behaviour, End};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::config::{AN, BART, CHLOE, Config, PAUL};
use crate::crowd::assert_nothing_doubled;
use crate::daemon::{Daemon, until};
use crate::ladder::results;
use crate::people::{accepts, accepts_after, ms, talks};
use crate::sender::{Answer, CUSTOMER, customer, lead, lead_with_id};

/// Sends all of these at once.
async fn send_all(daemon: &Daemon, leads: Vec<Value>) -> Vec<Answer> {
    let mut sending = JoinSet::new();
    for lead in leads {
        let sender = daemon.sender.clone();
        sending.spawn(async move { sender.send(&lead).await });
    }
    sending.join_all().await
}

#[tokio::test]
async fn twenty_leads_on_three_phones_are_all_taken_in_order_of_arrival() {
    let daemon = Daemon::start(Config::of(
        &["an", "bart", "chloe"],
        "ring_s = 5; next_after_s = 4",
    ))
    .await;
    for rep in [AN, BART, CHLOE] {
        daemon.on_phone(rep, accepts_after(ms(200)));
    }
    let customers: Vec<_> = (0..20).map(customer).collect();
    for number in &customers {
        daemon.on_phone(number, talks(ms(200)));
    }
    let answers = send_all(
        &daemon,
        customers.iter().map(|number| lead(number)).collect(),
    )
    .await;
    let mut leads = vec![];
    for answer in &answers {
        assert_eq!(answer.status, 202);
        leads.push(daemon.ends(answer.text("lead"), "connected").await);
    }
    customers
        .iter()
        .for_each(|number| drop(daemon.call_to(number)));
    for lead in &leads {
        let results = results(lead);
        let accepted = results
            .iter()
            .filter(|result| result.ends_with(" accepted"))
            .count();
        assert!(
            accepted == 1 && !results.concat().contains("missed"),
            "{lead:#}"
        );
    }
    assert!(daemon.calls_to(PAUL).is_empty(), "nobody was away");
    assert_nothing_doubled(&daemon);
    the_oldest_rang_first(&daemon, &leads);
}

/// Leads that come in so close together have no order between them: each is stamped before it waits for the writer.
const SAME_MOMENT: SignedDuration = SignedDuration::from_millis(3);

fn the_oldest_rang_first(daemon: &Daemon, leads: &[Value]) {
    let arrived: HashMap<_, _> = leads
        .iter()
        .map(|lead| {
            (
                lead["lead"].as_str().unwrap(),
                lead["marks"]["t1"].as_str().unwrap(),
            )
        })
        .collect();
    let calls = daemon.network.calls();
    let first_rings = calls
        .iter()
        .filter_map(|call| call.leg.as_ref()?.strip_suffix("-r1"));
    let order: Vec<Timestamp> = first_rings
        .map(|lead| arrived[lead].parse().unwrap())
        .collect();
    assert_eq!(order.len(), leads.len());
    let mut latest = order[0];
    for at in &order {
        assert!(latest <= *at + SAME_MOMENT, "{order:#?}");
        latest = latest.max(*at);
    }
}

#[tokio::test]
async fn a_webhook_that_comes_twenty_times_at_once_is_one_lead() {
    let daemon = Daemon::start(Config::of(&["an"], "")).await;
    daemon
        .on_phone(AN, accepts())
        .on_phone(CUSTOMER, talks(ms(100)));
    let answers = send_all(&daemon, vec![lead_with_id(CUSTOMER, "web-1"); 20]).await;
    let id = answers[0].text("lead");
    assert!(
        answers
            .iter()
            .all(|answer| answer.status == 202 && answer.text("lead") == id),
        "{answers:?}"
    );
    daemon.ends(id, "connected").await;
    let again = daemon.sender.send(&lead_with_id(CUSTOMER, "web-1")).await;
    assert_eq!((again.text("lead"), again.text("status")), (id, "closed"));
    assert_eq!(daemon.sender.list().await.len(), 1);
    daemon.call_to(AN);
    daemon.call_to(CUSTOMER);
}

#[tokio::test]
async fn one_who_asks_twice_with_two_forms_is_rung_once() {
    let daemon = Daemon::start(Config::of(&["an"], "")).await;
    daemon
        .on_phone(AN, accepts_after(ms(500)))
        .on_phone(CUSTOMER, talks(ms(100)));
    let answers = send_all(
        &daemon,
        vec![lead_with_id(CUSTOMER, "a"), lead_with_id(CUSTOMER, "b")],
    )
    .await;
    let (joined, first): (Vec<_>, Vec<_>) = answers
        .iter()
        .partition(|answer| answer.text("status") == "joined");
    let (joined, first) = (joined[0].text("lead"), first[0].text("lead"));
    let shown = daemon.ends(joined, "joined").await;
    assert_eq!(shown["joined_to"], first);
    daemon.ends(first, "connected").await;
    daemon.call_to(AN);
    daemon.call_to(CUSTOMER);
}

#[tokio::test]
async fn two_who_press_1_at_the_same_instant_get_one_customer() {
    let daemon = Daemon::start(Config::of(
        &["an", "bart"],
        "strategy = \"ring-all\"; ring_s = 8",
    ))
    .await;
    daemon
        .on_phone(AN, Behaviour::Manual)
        .on_phone(BART, Behaviour::Manual);
    for count in 0..8 {
        daemon.on_phone(&customer(count), talks(ms(60_000)));
    }
    for round in 0..4 {
        let id = daemon.sends(&lead(&customer(2 * round))).await;
        both_press(&daemon).await;
        let first = daemon.in_state(&id, "talking").await;
        let (winner, loser) = told_apart(&first);
        let told = daemon
            .call_when(loser, "sent away", |call| {
                call.end == Some(End::ScriptEnded)
            })
            .await;
        assert!(
            told.heard.last().unwrap().contains("heeft hem"),
            "{:?}",
            told.heard
        );
        let next = daemon.sends(&lead(&customer(2 * round + 1))).await;
        until("the other phone rings", || async {
            daemon.phone(loser).answer()
        })
        .await;
        press(&daemon, loser).await;
        daemon.in_state(&next, "talking").await;
        daemon.phone(winner).hang_up();
        daemon.phone(loser).hang_up();
        daemon.in_state(&id, "closed").await;
        daemon.in_state(&next, "closed").await;
    }
    (0..8).for_each(|count| drop(daemon.call_to(&customer(count))));
    assert_nothing_doubled(&daemon);
}

async fn both_press(daemon: &Daemon) {
    for number in [AN, BART] {
        until("it rings", || async { daemon.phone(number).answer() }).await;
    }
    for number in [AN, BART] {
        daemon
            .call_when(number, "whispering", |call| !call.heard.is_empty())
            .await;
    }
    for number in [AN, BART] {
        assert!(daemon.phone(number).press('1'));
    }
}

async fn press(daemon: &Daemon, number: &str) {
    daemon
        .call_when(number, "whispering", |call| !call.heard.is_empty())
        .await;
    assert!(daemon.phone(number).press('1'));
}

/// The phones of who has the lead and of who has not.
fn told_apart(lead: &Value) -> (&'static str, &'static str) {
    let mut results = results(lead);
    results.sort();
    match [results[0].as_str(), results[1].as_str()] {
        ["an accepted", "bart taken"] => (AN, BART),
        ["an taken", "bart accepted"] => (BART, AN),
        other => panic!("{other:?}"),
    }
}
