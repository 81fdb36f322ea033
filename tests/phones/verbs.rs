//! Every verb that the network acts out, and what ends a script.

use std::time::Duration;

use leadbridge::phones::{Act, Behaviour, CallRecord, End};

use crate::caller::{CUSTOMER, Caller, REP, SHOWN};

const SOON: Duration = Duration::from_millis(30);
const ANSWER: &str = "/carriers/main/x-r1/0/answer";
const DIAL: &str = "<Dial timeout=\"1\" callerId=\"+3292000000\" action=\"/dialled\"><Number statusCallback=\"/carriers/main/x-c1/status\" statusCallbackEvent=\"initiated ringing answered completed\">+32470123456</Number></Dial>";

async fn rep_who(then: Vec<Act>) -> Caller {
    let caller = Caller::new().await;
    caller.network.phone(REP).does(Behaviour::PicksUp {
        after: Duration::ZERO,
        then,
    });
    caller
}

async fn plays(caller: &Caller, verbs: &str) -> CallRecord {
    caller.answers(ANSWER, verbs);
    caller.rings("x-r1", REP).await;
    caller.ended("x-r1").await
}

#[tokio::test]
async fn say_play_and_pause_are_heard_in_order_and_then_the_call_ends() {
    let caller = rep_who(vec![]).await;
    let verbs = "<Say loop=\"2\">Lead &amp; klant</Say><Pause length=\"0\"/><Play>http://a.test/x.mp3</Play><Hangup/><Say>nooit</Say>";
    let record = plays(&caller, verbs).await;
    assert_eq!(
        record.heard,
        ["Lead & klant", "Lead & klant", "http://a.test/x.mp3"]
    );
    assert_eq!(record.end, Some(End::ScriptEnded));
    let asked = &caller.received(ANSWER)[0];
    assert!(asked.authentic);
    assert_eq!(
        (asked.value("CallStatus"), asked.value("Direction")),
        ("in-progress", "outbound-api")
    );
    assert_eq!((asked.value("To"), asked.value("Caller")), (REP, SHOWN));
}

#[tokio::test]
async fn a_key_pressed_during_the_prompt_ends_it() {
    let caller = rep_who(vec![Act::Press('1')]).await;
    caller.answers("/keys", "<Say>dank</Say>");
    let verbs = "<Gather numDigits=\"1\" action=\"/keys\"><Say>een</Say><Pause length=\"60\"/><Say>twee</Say></Gather>";
    let record = plays(&caller, verbs).await;
    assert_eq!(
        (record.heard, record.keys),
        (vec!["een".to_owned(), "dank".to_owned()], "1".to_owned())
    );
    assert_eq!(caller.received("/keys")[0].value("Digits"), "1");
}

#[tokio::test]
async fn several_keys_are_gathered_until_the_finishing_one() {
    let caller = rep_who(vec![
        Act::Press('#'),
        Act::Press('1'),
        Act::Press('2'),
        Act::Press('#'),
    ])
    .await;
    plays(&caller, "<Gather timeout=\"5\" action=\"/keys\"/>").await;
    let keys = &caller.received("/keys")[0];
    assert_eq!(
        (keys.value("Digits"), keys.value("FinishedOnKey")),
        ("12", "#")
    );
}

#[tokio::test]
async fn each_key_meets_the_gather_that_follows_the_last_one() {
    let caller = rep_who(vec![Act::Press('1'), Act::Press('2')]).await;
    caller.answers("/first", "<Gather numDigits=\"1\" action=\"/second\"/>");
    plays(&caller, "<Gather numDigits=\"1\" action=\"/first\"/>").await;
    assert_eq!(caller.received("/first")[0].value("Digits"), "1");
    assert_eq!(caller.received("/second")[0].value("Digits"), "2");
}

#[tokio::test]
async fn a_gather_without_keys_falls_through_unless_it_asks_to_be_told() {
    let caller = rep_who(vec![]).await;
    let verbs = "<Gather timeout=\"0\" action=\"/keys\"/><Say>verder</Say><Gather timeout=\"0\" action=\"/none\" actionOnEmptyResult=\"true\"/>";
    let record = plays(&caller, verbs).await;
    assert_eq!(record.heard[0], "verder");
    assert_eq!(caller.received("/keys").len(), 0);
    assert_eq!(caller.received("/none")[0].form.get("Digits"), None);
}

#[tokio::test]
async fn a_redirect_is_relative_to_its_document_and_may_be_a_get() {
    let caller = rep_who(vec![]).await;
    caller.answers("/carriers/main/x-r1/1/answer", "<Say>daar</Say>");
    let record = plays(
        &caller,
        "<Redirect method=\"GET\">../1/answer?a=b#rc=2</Redirect>",
    )
    .await;
    assert_eq!(record.heard, ["daar"]);
    let asked = &caller.received("/carriers/main/x-r1/1/answer")[0];
    assert!(asked.authentic);
    assert_eq!(
        (asked.value("a"), asked.value("CallSid")),
        ("b", record.sid.as_str())
    );
}

#[tokio::test]
async fn a_dial_joins_the_two_and_reports_the_customers_leg() {
    let caller = rep_who(vec![]).await;
    caller.network.phone(CUSTOMER).does(Behaviour::Talks {
        after: SOON,
        span: SOON,
    });
    caller.answers("/dialled", "<Say>klaar</Say>");
    let rep = plays(&caller, DIAL).await;
    let customer = caller.ended("x-c1").await;
    assert_eq!(rep.bridged_with.as_ref(), Some(&customer.sid));
    assert_eq!(customer.bridged_with.as_ref(), Some(&rep.sid));
    assert_eq!(
        (customer.end, rep.heard[0].as_str()),
        (Some(End::HungUp), "klaar")
    );
    assert_eq!(
        caller.reported("x-c1"),
        ["initiated", "ringing", "in-progress", "completed"]
    );
    let status = &caller.received("/carriers/main/x-c1/status")[0];
    assert_eq!(
        (status.value("ParentCallSid"), status.value("Direction")),
        (rep.sid.as_str(), "outbound-dial")
    );
    assert_eq!(
        (status.value("From"), status.value("To")),
        ("+3292000000", CUSTOMER)
    );
    let dialled = &caller.received("/dialled")[0];
    assert_eq!(
        (
            dialled.value("DialCallStatus"),
            dialled.value("DialBridged")
        ),
        ("completed", "true")
    );
    assert_eq!(
        (dialled.value("DialCallSid"), dialled.value("CallStatus")),
        (customer.sid.as_str(), "in-progress")
    );
    let children = caller
        .get(&format!("Calls.json?ParentCallSid={}", rep.sid))
        .await
        .1;
    assert_eq!(children["calls"][0]["direction"], "outbound-dial");
}

#[tokio::test]
async fn a_customer_who_is_not_reached_is_told_by_the_dial_action() {
    let ways = [
        (Behaviour::Busy, "busy"),
        (Behaviour::Declines { after: SOON }, "busy"),
        (Behaviour::RingsOut, "no-answer"),
        (Behaviour::NoSuchNumber, "failed"),
    ];
    for (behaviour, status) in ways {
        let caller = rep_who(vec![]).await;
        caller.network.phone(CUSTOMER).does(behaviour);
        caller.answers("/dialled", "");
        plays(&caller, DIAL).await;
        let dialled = &caller.received("/dialled")[0];
        assert_eq!(
            (
                dialled.value("DialCallStatus"),
                dialled.value("DialBridged")
            ),
            (status, "false")
        );
    }
}

#[tokio::test]
async fn a_dial_without_action_goes_on_with_the_document() {
    let caller = rep_who(vec![]).await;
    caller.network.phone(CUSTOMER).does(Behaviour::Busy);
    let record = plays(&caller, "<Dial>+32470123456</Dial><Say>verder</Say>").await;
    assert_eq!(record.heard, ["verder"]);
}

#[tokio::test]
async fn the_talk_ends_when_its_time_is_over() {
    let caller = rep_who(vec![]).await;
    caller.network.phone(CUSTOMER).does(Behaviour::PicksUp {
        after: SOON,
        then: vec![],
    });
    caller.answers("/dialled", "");
    plays(&caller, &DIAL.replace("timeout=\"1\"", "timeLimit=\"0\"")).await;
    assert_eq!(caller.ended("x-c1").await.end, Some(End::TimeLimit));
}

#[tokio::test]
async fn a_rep_who_hangs_up_takes_the_customer_along() {
    let caller = rep_who(vec![Act::Talk(SOON), Act::HangUp]).await;
    caller.network.phone(CUSTOMER).does(Behaviour::PicksUp {
        after: SOON,
        then: vec![],
    });
    assert_eq!(plays(&caller, DIAL).await.end, Some(End::HungUp));
    assert_eq!(caller.ended("x-c1").await.end, Some(End::OtherHungUp));
    caller
        .until(|| caller.received("/dialled").len() == 1)
        .await;
    assert_eq!(
        caller.received("/dialled")[0].value("CallStatus"),
        "completed"
    );
}

#[tokio::test]
async fn a_rep_who_hangs_up_while_it_rings_stops_the_ringing() {
    let caller = rep_who(vec![Act::Wait(SOON), Act::HangUp]).await;
    assert_eq!(plays(&caller, DIAL).await.end, Some(End::HungUp));
    assert_eq!(caller.ended("x-c1").await.end, Some(End::Canceled));
    assert_eq!(
        caller.reported("x-c1"),
        ["initiated", "ringing", "canceled"]
    );
}

#[tokio::test]
async fn a_new_script_for_the_rep_ends_the_talk() {
    let caller = rep_who(vec![]).await;
    caller.network.phone(CUSTOMER).does(Behaviour::PicksUp {
        after: SOON,
        then: vec![],
    });
    caller.answers(ANSWER, DIAL);
    caller.answers("/other", "<Say>anders</Say>");
    let sid = caller.rings("x-r1", REP).await;
    caller
        .until(|| {
            caller
                .record("x-c1")
                .is_some_and(|record| record.bridged_with.is_some())
        })
        .await;
    caller
        .update(&sid, "Url", &format!("{}/other", caller.url))
        .await;
    assert_eq!(caller.ended("x-c1").await.end, Some(End::OtherHungUp));
    assert_eq!(caller.ended("x-r1").await.heard, ["anders"]);
    assert_eq!(caller.received("/dialled").len(), 0);
}

#[tokio::test]
async fn a_new_script_for_the_customer_takes_them_out_of_the_talk() {
    let caller = rep_who(vec![]).await;
    caller.network.phone(CUSTOMER).does(Behaviour::PicksUp {
        after: SOON,
        then: vec![],
    });
    caller.answers(ANSWER, DIAL);
    caller.answers("/dialled", "");
    caller.answers("/other", "<Pause length=\"0\"/><Say>tot ziens</Say>");
    caller.rings("x-r1", REP).await;
    caller
        .until(|| {
            caller
                .record("x-c1")
                .is_some_and(|record| record.bridged_with.is_some())
        })
        .await;
    let customer = caller.record("x-c1").unwrap().sid;
    caller
        .update(&customer, "Url", &format!("{}/other", caller.url))
        .await;
    assert_eq!(caller.ended("x-r1").await.end, Some(End::ScriptEnded));
    let customer = caller.ended("x-c1").await;
    assert_eq!(
        (customer.heard, customer.end),
        (vec!["tot ziens".to_owned()], Some(End::ScriptEnded))
    );
}

#[tokio::test]
async fn a_script_that_cannot_be_read_ends_the_call_with_an_apology() {
    for verbs in [
        "<Dance/>",
        "<Say>open",
        "<Gather><Dial>+32470123456</Dial></Gather>",
    ] {
        let caller = rep_who(vec![]).await;
        let record = plays(&caller, verbs).await;
        assert_eq!(
            (record.errors, record.end),
            (vec![12100], Some(End::ScriptBroken))
        );
        assert!(record.heard[0].contains("application error"));
    }
}

#[tokio::test]
async fn the_fallback_is_asked_when_the_script_fails() {
    let caller = rep_who(vec![]).await;
    caller.answers_raw(ANSWER, 500, "");
    caller.answers("/fallback", "<Say>toch</Say>");
    let mut form = caller.form("x-r1", REP);
    form.push(("FallbackUrl".to_owned(), format!("{}/fallback", caller.url)));
    caller.post("Calls.json", &form).await;
    let record = caller.ended("x-r1").await;
    assert_eq!(
        (record.heard, record.errors),
        (vec!["toch".to_owned()], vec![11200])
    );
    assert_eq!(caller.received("/fallback")[0].value("ErrorCode"), "11200");
}

#[tokio::test]
async fn a_failed_script_request_is_repeated_as_its_address_says_with_the_same_token() {
    let caller = rep_who(vec![]).await;
    caller.answers_raw(ANSWER, 503, "");
    caller.answers_raw(ANSWER, 503, "");
    caller.answers(ANSWER, "<Say>eindelijk</Say>");
    let mut form = caller.form("x-r1", REP);
    form.iter_mut()
        .filter(|(key, _)| key == "Url")
        .for_each(|(_, url)| url.push_str("#rc=3&rp=ct,rt,5xx"));
    caller.post("Calls.json", &form).await;
    let record = caller.ended("x-r1").await;
    assert_eq!(
        (record.heard, record.errors),
        (vec!["eindelijk".to_owned()], vec![])
    );
    let asked = caller.received(ANSWER);
    assert_eq!(asked.len(), 3);
    assert!(
        asked
            .iter()
            .all(|one| one.authentic && one.token == asked[0].token)
    );
}

#[tokio::test]
async fn a_slow_answer_counts_as_a_read_timeout() {
    let caller = rep_who(vec![]).await;
    caller.takes(Duration::from_millis(300));
    caller.answers(ANSWER, "<Say>te laat</Say>");
    let mut form = caller.form("x-r1", REP);
    form.iter_mut()
        .filter(|(key, _)| key == "Url")
        .for_each(|(_, url)| url.push_str("#rt=100&rc=1&rp=rt"));
    caller.post("Calls.json", &form).await;
    let record = caller.ended("x-r1").await;
    assert_eq!(
        (record.errors, caller.received(ANSWER).len()),
        (vec![11200], 2)
    );
}
