//! What carriers ask (BEHAVIOUR 7).

use crate::house::{Answer, Ask, House, lead};

const STRANGER: &str = "0190b1f0-7b3c-7000-8000-000000000001-r1";

async fn rung(house: &House) -> String {
    let answer = house.send("website", &lead("web-1", "0470 12 34 56")).await;
    format!("{}-r1", answer.json()["lead"].as_str().unwrap())
}

fn hears(answer: &Answer) -> &str {
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.headers["content-type"], "text/xml");
    &answer.body
}

#[tokio::test]
async fn a_rep_who_picks_up_hears_the_whisper() {
    let house = House::new().await;
    let leg = rung(&house).await;
    let path = format!("/carriers/main/{leg}/1/answer");
    let form = [("CallSid", "CA1"), ("CallStatus", "in-progress")];
    let answer = house.ask(Ask::callback(&path, &form)).await;
    assert!(hears(&answer).contains("<Gather"), "{}", answer.body);
    assert!(
        !answer.body.contains("Wouters"),
        "a voicemail may be listening"
    );
}

#[tokio::test]
async fn a_forged_callback_changes_nothing() {
    let house = House::new().await;
    let leg = rung(&house).await;
    let path = format!("/carriers/main/{leg}/1/answer");
    let form = [("CallSid", "CA1"), ("CallStatus", "in-progress")];
    let forged = Ask::callback("/carriers/main/other", &form).at(&path);
    let detail = house.ask(forged).await.problem(403);
    assert!(detail.contains("public_url"), "{detail}");
    house.ask(Ask::new("POST", path)).await.problem(403);
    let lead = format!("/api/v1/leads/{}", leg.trim_end_matches("-r1"));
    let shown = house.ask(Ask::new("GET", lead).known()).await.json();
    assert_eq!(shown["state"], "ringing");
}

#[tokio::test]
async fn a_leg_that_nobody_knows_is_told_so_if_the_carrier_asks() {
    let house = House::new().await;
    let form = [("CallSid", "CA1"), ("CallStatus", "in-progress")];
    for path in [
        format!("/carriers/main/{STRANGER}/1/answer"),
        format!("/carriers/main/{STRANGER}/first/answer"),
        "/carriers/main/nobody/1/digits".to_owned(),
        "/carriers/main/inbound".to_owned(),
    ] {
        let answer = house.ask(Ask::callback(&path, &form)).await;
        assert!(
            hears(&answer).contains("<Hangup"),
            "{path}: {}",
            answer.body
        );
    }
    let path = format!("/carriers/main/{STRANGER}/1/whistle");
    house.ask(Ask::callback(&path, &form)).await.problem(404);
    house
        .ask(Ask::callback("/carriers/other/inbound", &form))
        .await
        .problem(404);
}

#[tokio::test]
async fn how_far_a_leg_is_is_heard_without_a_word() {
    let house = House::new().await;
    let leg = rung(&house).await;
    let form = [("CallSid", "CA1"), ("CallStatus", "ringing")];
    for leg in [leg.as_str(), STRANGER, "nobody"] {
        let path = format!("/carriers/main/{leg}/status");
        let answer = house.ask(Ask::callback(&path, &form)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.body.as_str()),
            (204, ""),
            "{leg}"
        );
    }
}

#[tokio::test]
async fn while_the_store_is_away_a_leg_waits_and_asks_the_same_again_five_times_at_most() {
    let house = House::new().await;
    let leg = rung(&house).await;
    let _lock = house.lock();
    let path = format!("/carriers/main/{leg}/1/digits");
    let form = [
        ("CallSid", "CA1"),
        ("CallStatus", "in-progress"),
        ("Digits", "1"),
    ];
    let answer = house.ask(Ask::callback(&path, &form)).await;
    assert!(hears(&answer).contains("<Redirect"), "{}", answer.body);
    assert!(
        answer.body.contains(&format!("{path}?hold=1&amp;key=1")),
        "{}",
        answer.body
    );
    let last = house
        .ask(Ask::callback(&format!("{path}?hold=5&key=1"), &form))
        .await;
    assert!(hears(&last).contains("<Hangup"), "{}", last.body);
    let status = format!("/carriers/main/{leg}/status");
    house.ask(Ask::callback(&status, &form)).await.problem(503);
}
