//! Everything a carrier is known to do wrong.

use std::time::Duration;

use leadbridge::phones::{Act, Behaviour, CallbackFault, CreateFault, End, Misbehaviour};

use crate::caller::{Caller, REP};

const SOON: Duration = Duration::from_millis(150);

async fn caller_of_somebody() -> Caller {
    let caller = Caller::new().await;
    caller.network.phone(REP).does(Behaviour::PicksUp {
        after: Duration::ZERO,
        then: vec![],
    });
    caller.answers("/carriers/main/x-r1/0/answer", "<Say>Hallo</Say>");
    caller
}

async fn with(fault: CallbackFault) -> Caller {
    let caller = caller_of_somebody().await;
    caller
        .network
        .misbehave(Misbehaviour::Callbacks(fault))
        .await;
    caller.rings("x-r1", REP).await;
    caller
        .until(|| {
            caller
                .record("x-r1")
                .is_some_and(|record| record.end.is_some())
        })
        .await;
    caller
}

fn creates(how: CreateFault) -> Misbehaviour {
    Misbehaviour::Creates { how, times: 1 }
}

#[tokio::test]
async fn connections_are_refused_for_a_while_and_then_accepted_at_the_same_address() {
    let caller = caller_of_somebody().await;
    assert_eq!(caller.get("").await.0, 200);
    caller
        .network
        .misbehave(Misbehaviour::RefusesConnections { span: SOON })
        .await;
    let form = caller.form("x-r1", REP);
    let early = caller.form("early", "+32470000777");
    let refused = |answer: Result<_, reqwest::Error>| answer.is_err_and(|error| error.is_connect());
    while !refused(caller.try_post("Calls.json", &early).await) {
        tokio::task::yield_now().await;
    }
    let status = loop {
        if let Ok((status, _)) = caller.try_post("Calls.json", &form).await {
            break status;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert_eq!(status, 201);
    caller.ended("x-r1").await;
}

#[tokio::test]
async fn the_account_is_refused_for_a_while() {
    let caller = caller_of_somebody().await;
    caller
        .network
        .misbehave(Misbehaviour::Unauthorized { span: SOON })
        .await;
    let (status, error) = caller.post("Calls.json", &caller.form("x-r1", REP)).await;
    assert_eq!((status, &error["code"]), (401, &20003.into()));
    while caller.post("Calls.json", &caller.form("x-r1", REP)).await.0 != 201 {}
    assert_eq!(caller.network.calls().len(), 1);
}

#[tokio::test]
async fn the_api_is_down_for_a_while() {
    let caller = caller_of_somebody().await;
    caller
        .network
        .misbehave(Misbehaviour::Down { span: SOON })
        .await;
    assert_eq!(caller.get("Calls.json").await.0, 500);
    while caller.get("Calls.json").await.0 != 200 {}
}

#[tokio::test]
async fn a_500_before_the_call_makes_none() {
    let caller = caller_of_somebody().await;
    caller
        .network
        .misbehave(creates(CreateFault::FailsBefore))
        .await;
    assert_eq!(
        caller.post("Calls.json", &caller.form("x-r1", REP)).await.0,
        500
    );
    assert_eq!(caller.network.calls().len(), 0);
    caller.rings("x-r1", REP).await;
}

#[tokio::test]
async fn a_500_after_the_call_hides_that_it_rings() {
    let caller = caller_of_somebody().await;
    caller
        .network
        .misbehave(creates(CreateFault::FailsAfter))
        .await;
    assert_eq!(
        caller.post("Calls.json", &caller.form("x-r1", REP)).await.0,
        500
    );
    assert_eq!(caller.ended("x-r1").await.heard, ["Hallo"]);
}

#[tokio::test]
async fn a_201_may_hold_something_that_is_no_call() {
    let caller = caller_of_somebody().await;
    caller
        .network
        .misbehave(creates(CreateFault::AnswersNonsense))
        .await;
    let (status, body) = caller.post("Calls.json", &caller.form("x-r1", REP)).await;
    assert_eq!((status, body), (201, serde_json::Value::Null));
    assert_eq!(caller.ended("x-r1").await.heard, ["Hallo"]);
}

#[tokio::test]
async fn a_caller_who_gave_up_on_the_create_is_called_back_all_the_same() {
    let caller = caller_of_somebody().await;
    let long = CreateFault::AnswersAfter(Duration::from_secs(60));
    caller.network.misbehave(creates(long)).await;
    let form = caller.form("x-r1", REP);
    let answer = tokio::time::timeout(SOON, caller.try_post("Calls.json", &form)).await;
    assert!(answer.is_err());
    assert_eq!(caller.ended("x-r1").await.heard, ["Hallo"]);
}

#[tokio::test]
async fn the_answer_to_a_create_may_come_long_after_the_call() {
    let caller = caller_of_somebody().await;
    caller
        .network
        .misbehave(creates(CreateFault::AnswersAfter(SOON)))
        .await;
    let asked = tokio::time::Instant::now();
    caller.rings("x-r1", REP).await;
    assert!(asked.elapsed() >= SOON);
    assert_eq!(caller.ended("x-r1").await.end, Some(End::ScriptEnded));
}

#[tokio::test]
async fn a_429_is_followed_by_a_201() {
    let caller = caller_of_somebody().await;
    caller
        .network
        .misbehave(Misbehaviour::Creates {
            how: CreateFault::TooMany,
            times: 2,
        })
        .await;
    for _ in 0..2 {
        let (status, error) = caller.post("Calls.json", &caller.form("x-r1", REP)).await;
        assert_eq!((status, &error["code"]), (429, &20429.into()));
    }
    caller.rings("x-r1", REP).await;
    assert_eq!(caller.network.calls().len(), 1);
}

#[tokio::test]
async fn the_first_callback_may_come_before_the_answer_to_the_create() {
    let caller = caller_of_somebody().await;
    caller
        .network
        .misbehave(creates(CreateFault::AnswersAfterCallback))
        .await;
    let sid = caller.rings("x-r1", REP).await;
    assert_eq!(
        caller.received("/carriers/main/x-r1/status")[0].value("CallSid"),
        sid
    );
}

#[tokio::test]
async fn a_number_is_refused_with_the_code_that_was_asked_for() {
    let caller = caller_of_somebody().await;
    for code in [21211, 21214, 21215] {
        caller
            .network
            .misbehave(Misbehaviour::RefusesNumber {
                number: REP.to_owned(),
                code,
            })
            .await;
        let (status, error) = caller.post("Calls.json", &caller.form("x-r1", REP)).await;
        assert_eq!((status, &error["code"]), (400, &code.into()));
    }
    caller.network.behave();
    caller.rings("x-r1", REP).await;
}

#[tokio::test]
async fn callbacks_of_one_event_or_of_all_are_lost() {
    let caller = with(CallbackFault::Dropped {
        event: Some("ringing".to_owned()),
        percent: 100,
    })
    .await;
    caller.ended("x-r1").await;
    assert_eq!(
        caller.reported("x-r1"),
        ["initiated", "in-progress", "completed"]
    );
    let caller = with(CallbackFault::Dropped {
        event: None,
        percent: 100,
    })
    .await;
    assert_eq!(caller.reported("x-r1"), [""; 0]);
}

#[tokio::test]
async fn a_repeated_callback_has_the_same_token() {
    let caller = with(CallbackFault::Repeated(2)).await;
    caller.until(|| caller.reported("x-r1").len() == 12).await;
    for three in caller.received("/carriers/main/x-r1/status").chunks(3) {
        assert!(three.iter().all(|one| one.token == three[0].token));
    }
}

#[tokio::test]
async fn the_end_may_be_reported_first() {
    let caller = with(CallbackFault::Reversed).await;
    caller.until(|| caller.reported("x-r1").len() == 4).await;
    assert_eq!(
        caller.reported("x-r1"),
        ["completed", "in-progress", "ringing", "initiated"]
    );
}

#[tokio::test]
async fn callbacks_may_be_late() {
    let caller = with(CallbackFault::Delayed(SOON)).await;
    assert_eq!(caller.reported("x-r1"), [""; 0]);
    caller.ended("x-r1").await;
    assert_eq!(caller.reported("x-r1").len(), 4);
}

#[tokio::test]
async fn a_forged_callback_lies_and_has_a_wrong_signature() {
    let caller = with(CallbackFault::Forged).await;
    caller.until(|| caller.reported("x-r1").len() == 8).await;
    for pair in caller.received("/carriers/main/x-r1/status").chunks(2) {
        assert!(!pair[0].authentic && pair[1].authentic);
        assert_eq!(pair[0].value("CallStatus"), "completed");
    }
    let deliveries = caller.network.deliveries();
    let forged: Vec<_> = deliveries
        .iter()
        .filter(|delivery| delivery.kind.ends_with("-forged"))
        .collect();
    assert_eq!(forged.len(), 4);
    assert!(forged.iter().all(|delivery| delivery.result == 403));
}

#[tokio::test]
async fn a_json_body_comes_without_its_hash() {
    let caller = with(CallbackFault::Json).await;
    caller
        .until(|| caller.received("/carriers/main/x-r1/status").len() == 8)
        .await;
    for pair in caller.received("/carriers/main/x-r1/status").chunks(2) {
        assert!(pair[0].json && !pair[1].json && !pair[0].form.contains_key("bodySHA256"));
    }
}

#[tokio::test]
async fn unknown_statuses_and_parameters_are_signed_all_the_same() {
    let caller = with(CallbackFault::UnknownStatus).await;
    caller.until(|| caller.reported("x-r1").len() == 8).await;
    assert_eq!(caller.reported("x-r1")[1], "pondering");
    let caller = with(CallbackFault::UnknownParameters).await;
    caller.ended("x-r1").await;
    for callback in caller.received("/carriers/main/x-r1/status") {
        assert!(callback.authentic && callback.form.contains_key("StirMoonPhase"));
    }
}

#[tokio::test]
async fn a_key_after_the_cancel_still_wins_when_the_call_was_answered() {
    let caller = caller_of_somebody().await;
    let then = vec![Act::Wait(SOON), Act::Press('1')];
    caller.network.phone(REP).does(Behaviour::PicksUp {
        after: Duration::ZERO,
        then,
    });
    caller.answers(
        "/carriers/main/late/0/answer",
        "<Gather numDigits=\"1\" timeout=\"60\" action=\"/keys\"/>",
    );
    let sid = caller.rings("late", REP).await;
    caller
        .until(|| {
            caller
                .record("late")
                .is_some_and(|record| record.answered.is_some())
        })
        .await;
    assert_eq!(caller.update(&sid, "Status", "canceled").await.0, 200);
    caller.ended("late").await;
    assert_eq!(caller.received("/keys")[0].value("Digits"), "1");
}
