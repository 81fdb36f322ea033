//! What carriers do wrong with one call (carriers.md, section 11), and what people do on theirs: each ends well.

use std::time::Duration;

use leadbridge::phones::{Act, Behaviour, CallbackFault, CreateFault, End, Misbehaviour};
use serde_json::Value;

use crate::config::{AN, BART, CHLOE, Config};
use crate::crowd::assert_nothing_doubled;
use crate::daemon::{Daemon, until};
use crate::ladder::results;
use crate::people::{accepts, accepts_after, ms, picks_up, talks};
use crate::sender::{CUSTOMER, lead};

/// A daemon whose first rep and customer are willing.
async fn willing(reps: &[&str], terms: &str) -> Daemon {
    let daemon = Daemon::start(Config::of(reps, terms)).await;
    for rep in [AN, BART, CHLOE] {
        daemon.on_phone(rep, accepts());
    }
    daemon.on_phone(CUSTOMER, talks(ms(200)));
    daemon
}

/// The way of a lead whose first create goes wrong so. The rep takes long enough for a second create to be seen.
async fn after_create_fault(how: CreateFault, rep: Duration) -> (Daemon, Value) {
    let daemon = willing(&["an", "bart"], "ring_s = 9; next_after_s = 0").await;
    daemon.on_phone(AN, accepts_after(rep));
    daemon
        .misbehave(Misbehaviour::Creates { how, times: 1 })
        .await;
    let id = daemon.sends(&lead(CUSTOMER)).await;
    let lead = daemon.ends(&id, "connected").await;
    assert_nothing_doubled(&daemon);
    daemon.call_to(CUSTOMER);
    (daemon, lead)
}

/// The same where the phone rings all the same: once.
async fn rings_once_after(how: CreateFault, rep: Duration) {
    let (daemon, lead) = after_create_fault(how, rep).await;
    assert_eq!(results(&lead), ["an accepted"]);
    daemon.call_to(AN);
}

#[tokio::test]
async fn a_create_answered_500_without_a_call_is_no_miss_and_the_next_rep_rings() {
    let (daemon, lead) = after_create_fault(CreateFault::FailsBefore, ms(0)).await;
    assert_eq!(results(&lead)[..2], ["an lost", "bart accepted"]);
    assert!(daemon.calls_to(AN).is_empty());
}

#[tokio::test]
async fn a_call_whose_create_was_answered_500_rings_once() {
    rings_once_after(CreateFault::FailsAfter, ms(3000)).await;
}

#[tokio::test]
async fn a_call_whose_create_was_answered_with_nonsense_rings_once() {
    rings_once_after(CreateFault::AnswersNonsense, ms(3000)).await;
}

#[tokio::test]
async fn a_call_whose_create_was_answered_too_late_rings_once() {
    let late = CreateFault::AnswersAfter(Duration::from_secs(7));
    rings_once_after(late, ms(8000)).await;
}

#[tokio::test]
async fn a_create_answered_after_the_first_callback_is_as_good_as_any() {
    rings_once_after(CreateFault::AnswersAfterCallback, ms(300)).await;
}

/// Nothing is told of it either: only the look-up knows that it rings.
#[tokio::test]
async fn a_call_of_which_nothing_was_told_is_found() {
    let daemon = willing(&["an", "bart"], "ring_s = 9; next_after_s = 0").await;
    daemon.on_phone(AN, Behaviour::Manual);
    let silent = CallbackFault::Dropped {
        event: None,
        percent: 100,
    };
    daemon.misbehave(Misbehaviour::Callbacks(silent)).await;
    let (how, times) = (CreateFault::FailsAfter, 1);
    daemon.misbehave(Misbehaviour::Creates { how, times }).await;
    let id = daemon.sends(&lead(CUSTOMER)).await;
    daemon
        .lead_when(&id, "found", |lead| lead["marks"]["t2"].is_string())
        .await;
    assert_eq!(results(&daemon.lead(&id).await), ["an"]);
    daemon.call_to(AN);
}

#[tokio::test]
async fn too_many_requests_means_the_same_ring_a_moment_later() {
    let (daemon, lead) = after_create_fault(CreateFault::TooMany, ms(300)).await;
    assert_eq!(results(&lead), ["an accepted"]);
    daemon.call_to(AN);
}

#[tokio::test]
async fn a_number_that_does_not_exist_is_missed_and_the_next_rings_at_once() {
    let daemon = willing(&["an", "bart"], "ring_s = 20; next_after_s = 20").await;
    daemon
        .misbehave(Misbehaviour::RefusesNumber {
            number: AN.into(),
            code: 21211,
        })
        .await;
    let id = daemon.sends(&lead(CUSTOMER)).await;
    let lead = daemon.ends(&id, "connected").await;
    assert_eq!(
        results(&lead),
        ["an missed invalid-number", "bart accepted"]
    );
}

#[tokio::test]
async fn the_same_refusal_for_three_numbers_is_our_own_set_up() {
    let daemon = willing(&["an", "bart", "chloe"], "").await;
    for number in [AN, BART, CHLOE] {
        daemon
            .misbehave(Misbehaviour::RefusesNumber {
                number: number.into(),
                code: 21219,
            })
            .await;
    }
    let id = daemon.sends(&lead(CUSTOMER)).await;
    let lead = daemon.in_state(&id, "stalled").await;
    assert_eq!(
        results(&lead),
        ["an missed failed", "bart missed failed", "chloe"]
    );
    until("it is told", || async {
        daemon.sender.get("/readyz").await.status == 503
    })
    .await;
    daemon.network.behave();
    daemon.signal("HUP");
    let lead = daemon.ends(&id, "connected").await;
    assert_eq!(results(&lead).last().unwrap(), "chloe accepted");
}

#[tokio::test]
async fn why_a_phone_was_not_picked_up_is_told() {
    let daemon = Daemon::start(Config::of(
        &["an", "bart", "chloe"],
        "ring_s = 1; next_after_s = 0",
    ))
    .await;
    daemon
        .on_phone(AN, Behaviour::Busy)
        .on_phone(BART, Behaviour::Declines { after: ms(100) });
    daemon
        .on_phone(CHLOE, Behaviour::Unreachable)
        .on_phone(crate::config::PAUL, Behaviour::NoSuchNumber);
    let id = daemon.sends(&lead(CUSTOMER)).await;
    let lead = daemon.ends(&id, "nobody-accepted").await;
    let expected = [
        "an missed busy",
        "bart missed rejected",
        "chloe missed no-answer",
        "paul missed invalid-number",
    ];
    assert_eq!(results(&lead), expected);
    assert_nothing_doubled(&daemon);
}

/// A rep who tries the customer's phone once more when told that it was not picked up.
fn tries_twice() -> Behaviour {
    let talk = Act::Talk(Duration::from_secs(60));
    picks_up(
        ms(100),
        vec![Act::Press('1'), Act::Press('1'), talk, Act::Press('1')],
    )
}

#[tokio::test]
async fn a_customer_who_was_busy_is_tried_once_more() {
    let daemon = willing(&["an"], "").await;
    daemon.on_phone(AN, tries_twice());
    daemon
        .phone(CUSTOMER)
        .does_in_turn(vec![Behaviour::Busy, talks(ms(200))]);
    let id = daemon.sends(&lead(CUSTOMER)).await;
    let lead = daemon.ends(&id, "connected").await;
    assert_eq!(
        (
            &lead["customer"][0]["reason"],
            &lead["customer"][1]["result"]
        ),
        (&"busy".into(), &"answered".into())
    );
    assert!(
        daemon
            .call_to(AN)
            .heard
            .iter()
            .any(|line| line.contains("in gesprek")),
        "{:?}",
        daemon.call_to(AN).heard
    );
    assert_eq!(daemon.calls_to(CUSTOMER).len(), 2);
}

#[tokio::test]
async fn a_customer_is_tried_twice_and_not_a_third_time() {
    let daemon = willing(&["an"], "customer_s = 1").await;
    daemon
        .on_phone(AN, picks_up(ms(100), vec![Act::Press('1'); 4]))
        .on_phone(CUSTOMER, Behaviour::RingsOut);
    let id = daemon.sends(&lead(CUSTOMER)).await;
    let lead = daemon.ends(&id, "customer-unreached").await;
    assert_eq!(lead["reason"], "no-answer");
    assert_eq!(daemon.calls_to(CUSTOMER).len(), 2);
}

/// The carrier asks the fallback what the rep hears now, and nobody has told us that the ring is over: the rep is not
/// joined to the same ring once more.
#[tokio::test]
async fn a_ring_whose_end_was_lost_on_its_way_is_not_rung_again() {
    let daemon = willing(&["an"], "customer_s = 1").await;
    daemon
        .on_phone(AN, picks_up(ms(100), vec![Act::Press('1')]))
        .on_phone(CUSTOMER, Behaviour::RingsOut);
    let lost = CallbackFault::Dropped {
        event: Some("completed".into()),
        percent: 100,
    };
    daemon.misbehave(Misbehaviour::Callbacks(lost)).await;
    let path = "/dial".to_owned();
    daemon.misbehave(Misbehaviour::LosesQuestion { path }).await;
    let id = daemon.sends(&lead(CUSTOMER)).await;
    let lead = daemon.ends(&id, "customer-unreached").await;
    assert_nothing_doubled(&daemon);
    daemon.call_to(CUSTOMER);
    assert_eq!(lead["customer"][0]["reason"], "failed", "{lead:#}");
}

/// A rep who would try again, and a customer's phone that does this. The carrier tells the end twice and only once it
/// says why: whichever comes first, the phone is not rung again.
async fn is_not_tried_again(behaviour: Behaviour, why_is_told_late: bool, reason: &str) {
    let daemon = willing(&["an"], "customer_s = 10").await;
    if why_is_told_late {
        let late = CallbackFault::Delayed(ms(500));
        daemon.misbehave(Misbehaviour::Callbacks(late)).await;
    }
    daemon
        .on_phone(AN, Behaviour::Manual)
        .on_phone(CUSTOMER, behaviour);
    let id = daemon.sends(&lead(CUSTOMER)).await;
    until("it rings", || async { daemon.phone(AN).answer() }).await;
    daemon
        .call_when(AN, "asked", |call| !call.heard.is_empty())
        .await;
    daemon.phone(AN).press('1');
    let told = format!("{id}-c1/status");
    until("both have told it", || async {
        let sent = daemon.network.deliveries();
        sent.iter()
            .any(|sent| sent.kind == "completed" && sent.url.ends_with(&told))
    })
    .await;
    // Who was told at once is off the phone by now.
    let still_there = daemon.phone(AN).press('1');
    assert!(still_there || !why_is_told_late);
    let lead = daemon.ends(&id, "customer-unreached").await;
    assert_eq!(lead["reason"], reason, "{lead:#}");
    daemon.call_to(CUSTOMER);
}

#[tokio::test]
async fn a_customer_who_declined_is_not_tried_again() {
    let declines = |span| Behaviour::Declines { after: ms(span) };
    is_not_tried_again(declines(100), false, "rejected").await;
    is_not_tried_again(declines(100), true, "rejected").await;
    is_not_tried_again(declines(4000), true, "rejected").await;
}

#[tokio::test]
async fn a_customer_whose_number_does_not_exist_is_not_tried_again() {
    is_not_tried_again(Behaviour::NoSuchNumber, false, "invalid-number").await;
    is_not_tried_again(Behaviour::NoSuchNumber, true, "invalid-number").await;
}

#[tokio::test]
async fn who_hangs_up_first_is_told() {
    let daemon = willing(&["an"], "sure_s = 0").await;
    let brief = Act::Talk(ms(300));
    daemon
        .on_phone(
            AN,
            picks_up(ms(100), vec![Act::Press('1'), brief, Act::HangUp]),
        )
        .on_phone(CUSTOMER, talks(ms(60_000)));
    let id = daemon.sends(&lead(CUSTOMER)).await;
    let lead = daemon.ends(&id, "connected").await;
    let timeline = lead["timeline"].as_array().unwrap();
    let hung_up = timeline
        .iter()
        .find(|entry| entry["what"] == "hung-up")
        .unwrap();
    assert_eq!(hung_up["by"], "rep");
    assert_eq!(daemon.call_to(CUSTOMER).end, Some(End::OtherHungUp));
}

#[tokio::test]
async fn a_short_talk_without_a_key_is_unconfirmed() {
    let daemon = willing(&["an"], "").await;
    daemon.on_phone(
        AN,
        picks_up(
            ms(100),
            vec![Act::Press('1'), Act::Talk(ms(300)), Act::HangUp],
        ),
    );
    let id = daemon.sends(&lead(CUSTOMER)).await;
    daemon.ends(&id, "unconfirmed").await;
}

#[tokio::test]
async fn a_rep_who_is_gone_before_the_customer_answers_leaves_the_lead_to_the_next() {
    let daemon = willing(&["an", "bart"], "").await;
    let leaves = vec![Act::Press('1'), Act::Wait(ms(600)), Act::HangUp];
    daemon.on_phone(AN, picks_up(ms(100), leaves));
    daemon
        .phone(CUSTOMER)
        .does_in_turn(vec![Behaviour::RingsOut, talks(ms(200))]);
    let id = daemon.sends(&lead(CUSTOMER)).await;
    let lead = daemon.ends(&id, "connected").await;
    assert_eq!(results(&lead).last().unwrap(), "bart accepted");
    let ends: Vec<_> = daemon
        .calls_to(CUSTOMER)
        .iter()
        .map(|call| call.end)
        .collect();
    assert_eq!(ends, [Some(End::Canceled), Some(End::HungUp)]);
    assert_nothing_doubled(&daemon);
}

#[tokio::test]
async fn a_late_key_wins_while_the_lead_is_still_to_be_had() {
    let daemon = willing(&["an", "bart"], "ring_s = 1; next_after_s = 1").await;
    daemon
        .on_phone(AN, Behaviour::Manual)
        .on_phone(BART, Behaviour::RingsOut);
    let id = daemon.sends(&lead(CUSTOMER)).await;
    daemon
        .call_when(AN, "ringing", |call| call.ringing.is_some())
        .await;
    daemon.phone(AN).answer();
    daemon
        .call_when(BART, "ringing", |call| call.ringing.is_some())
        .await;
    daemon.phone(AN).press('1');
    let lead = daemon.in_state(&id, "wrapping-up").await;
    assert_eq!(results(&lead)[0], "an accepted");
    until("the other stops ringing", || async {
        daemon.call_to(BART).end == Some(End::Canceled)
    })
    .await;
}
