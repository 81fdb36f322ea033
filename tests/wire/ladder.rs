//! Whom a lead rings when nobody picks up: the next rep, and last of all the owner.

use leadbridge::phones::{Act, Behaviour, End};
use serde_json::Value;

use crate::config::{AN, BART, CHLOE, Config, PAUL};
use crate::daemon::Daemon;
use crate::people::{accepts, accepts_after, ms, picks_up, talks};
use crate::sender::{CUSTOMER, customer, lead};

/// What became of each ring, such as `an missed no-answer`.
pub(crate) fn results(lead: &Value) -> Vec<String> {
    let attempts = lead["attempts"].as_array().unwrap().iter();
    let word = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let line = |attempt: &Value| {
        format!(
            "{} {} {}",
            word(&attempt["rep"]),
            word(&attempt["result"]),
            word(&attempt["reason"])
        )
    };
    attempts
        .map(|attempt| line(attempt).trim().to_owned())
        .collect()
}

#[tokio::test]
async fn the_third_rep_takes_what_the_first_two_do_not_pick_up() {
    let daemon = Daemon::start(Config::of(
        &["an", "bart", "chloe"],
        "ring_s = 2; next_after_s = 1",
    ))
    .await;
    let voicemail = Behaviour::Voicemail {
        after: ms(200),
        lasts: ms(500),
    };
    daemon
        .on_phone(BART, voicemail)
        .on_phone(CHLOE, accepts_after(ms(600)))
        .on_phone(CUSTOMER, talks(ms(100)));
    let id = daemon.sends(&lead(CUSTOMER)).await;
    let lead = daemon.ends(&id, "connected").await;
    assert_eq!(
        results(&lead),
        [
            "an missed no-answer",
            "bart missed hung-up",
            "chloe accepted"
        ]
    );
    let (an, bart, chloe) = (
        daemon.call_to(AN),
        daemon.call_to(BART),
        daemon.call_to(CHLOE),
    );
    assert_eq!(an.end, Some(End::Canceled));
    let gap = bart.created.duration_since(an.created).as_millis();
    assert!(
        (1000..2500).contains(&gap),
        "the next rings {gap} ms after the first"
    );
    let gap = chloe
        .created
        .duration_since(bart.ended.unwrap())
        .as_millis();
    assert!(
        (0..1500).contains(&gap),
        "the third rings {gap} ms after the second hung up"
    );
    assert!(
        daemon.call_to(CUSTOMER).created >= chloe.answered.unwrap(),
        "a human first"
    );
    assert!(daemon.calls_to(PAUL).is_empty());
}

#[tokio::test]
async fn the_owner_is_last_and_a_phone_without_a_key_is_no_person() {
    let terms = "ring_s = 1; next_after_s = 0";
    let daemon = Daemon::start(Config::of(&["an", "bart"], terms)).await;
    let voicemail = Behaviour::Voicemail {
        after: ms(100),
        lasts: ms(60_000),
    };
    daemon
        .on_phone(BART, voicemail)
        .on_phone(PAUL, accepts())
        .on_phone(CUSTOMER, talks(ms(100)));
    let id = daemon.sends(&lead(CUSTOMER)).await;
    let lead = daemon.ends(&id, "connected").await;
    assert_eq!(
        results(&lead),
        ["an missed no-answer", "bart missed no-key", "paul accepted"]
    );
    let heard = daemon.call_to(BART).heard.concat();
    assert_eq!(heard.matches("Druk 1").count(), 2, "{heard}");
    assert_eq!(daemon.calls_to(CUSTOMER).len(), 1);
}

#[tokio::test]
async fn a_lead_that_nobody_takes_waits_for_the_next_round_and_rings_again() {
    let terms = "ring_s = 1; next_after_s = 1; rounds_min = [0, 0.1]";
    let daemon = Daemon::start(Config::of(&["an", "bart"], terms)).await;
    let id = daemon.sends(&lead(CUSTOMER)).await;
    let lead = daemon.in_state(&id, "waiting").await;
    assert_eq!(
        results(&lead),
        [
            "an missed no-answer",
            "bart missed no-answer",
            "paul missed no-answer"
        ]
    );
    assert_eq!(lead["outcome"], Value::Null);
    daemon
        .on_phone(PAUL, accepts())
        .on_phone(CUSTOMER, talks(ms(100)));
    let lead = daemon.ends(&id, "connected").await;
    assert_eq!(results(&lead).last().unwrap(), "paul accepted");
    assert_eq!(lead["attempts"][5]["round"], 2);
}

#[tokio::test]
async fn the_last_round_without_anybody_is_the_end() {
    let daemon = Daemon::start(Config::of(&["an"], "ring_s = 1; next_after_s = 1")).await;
    let id = daemon.sends(&lead(CUSTOMER)).await;
    let lead = daemon.ends(&id, "nobody-accepted").await;
    assert_eq!(
        results(&lead),
        ["an missed no-answer", "paul missed no-answer"]
    );
    assert!(daemon.calls_to(CUSTOMER).is_empty());
}

#[tokio::test]
async fn who_passes_on_is_not_asked_again_and_the_next_rings_at_once() {
    let daemon = Daemon::start(Config::of(
        &["an", "bart"],
        "next_after_s = 30; ring_s = 30",
    ))
    .await;
    daemon
        .on_phone(AN, picks_up(ms(100), vec![Act::Press('2')]))
        .on_phone(BART, accepts());
    daemon.on_phone(&customer(1), talks(ms(100)));
    let id = daemon.sends(&lead(&customer(1))).await;
    let lead = daemon.ends(&id, "connected").await;
    assert_eq!(results(&lead), ["an passed", "bart accepted"]);
}
