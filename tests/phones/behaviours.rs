//! What phones do with a call, and what is reported of it.

use std::time::Duration;

use leadbridge::phones::{Act, Behaviour, End, Settings, What};

use crate::caller::{ACCOUNT, Caller, REP, TOKEN};

const SOON: Duration = Duration::from_millis(30);

async fn reported_of(behaviour: Behaviour) -> (Vec<String>, String, End) {
    let caller = Caller::new().await;
    caller.network.phone(REP).does(behaviour);
    let mut form = caller.form("x-r1", REP);
    form.push(("Timeout".to_owned(), "1".to_owned()));
    caller.answers("/carriers/main/x-r1/0/answer", "<Pause length=\"60\"/>");
    caller.post("Calls.json", &form).await;
    let record = caller.ended("x-r1").await;
    let last = caller.received("/carriers/main/x-r1/status").pop().unwrap();
    assert!(last.authentic);
    (
        caller.reported("x-r1"),
        last.value("SipResponseCode").to_owned(),
        record.end.unwrap(),
    )
}

#[tokio::test]
async fn every_way_not_to_answer_has_its_own_report() {
    let ways = [
        (
            Behaviour::RingsOut,
            vec!["initiated", "ringing", "no-answer"],
            "487",
            End::NoAnswer,
        ),
        (Behaviour::Busy, vec!["initiated", "busy"], "486", End::Busy),
        (
            Behaviour::Declines { after: SOON },
            vec!["initiated", "ringing", "busy"],
            "603",
            End::Declined,
        ),
        (
            Behaviour::Unreachable,
            vec!["initiated", "failed"],
            "480",
            End::Unreachable,
        ),
        (
            Behaviour::NoSuchNumber,
            vec!["initiated", "failed"],
            "404",
            End::NoSuchNumber,
        ),
    ];
    for (behaviour, statuses, sip, end) in ways {
        let expected = (
            statuses.into_iter().map(str::to_owned).collect(),
            sip.to_owned(),
            end,
        );
        assert_eq!(reported_of(behaviour).await, expected);
    }
}

#[tokio::test]
async fn a_voicemail_answers_presses_nothing_and_hangs_up() {
    let (statuses, sip, end) = reported_of(Behaviour::Voicemail {
        after: SOON,
        lasts: SOON,
    })
    .await;
    assert_eq!(
        statuses,
        ["initiated", "ringing", "in-progress", "completed"]
    );
    assert_eq!((sip.as_str(), end), ("200", End::HungUp));
}

#[tokio::test]
async fn callbacks_come_in_order_numbered_signed_and_dated() {
    let caller = Caller::new().await;
    caller.network.phone(REP).does(Behaviour::PicksUp {
        after: SOON,
        then: vec![Act::Wait(SOON), Act::HangUp],
    });
    caller.answers("/carriers/main/x-r1/0/answer", "<Pause length=\"60\"/>");
    let sid = caller.rings("x-r1", REP).await;
    caller.ended("x-r1").await;
    let callbacks = caller.received("/carriers/main/x-r1/status");
    for (number, callback) in callbacks.iter().enumerate() {
        assert!(callback.authentic);
        assert_eq!(callback.value("SequenceNumber"), number.to_string());
        assert_eq!(callback.value("CallbackSource"), "call-progress-events");
        assert_eq!(callback.value("CallSid"), sid);
        assert!(callback.value("Timestamp").ends_with(" +0000"));
    }
    assert_eq!(callbacks[3].value("CallDuration"), "0");
    assert_eq!(callbacks[0].form.get("CallDuration"), None);
}

#[tokio::test]
async fn only_the_events_asked_for_are_reported() {
    let caller = Caller::new().await;
    caller.network.phone(REP).does(Behaviour::Busy);
    let mut form = caller.form("x-r1", REP);
    form.retain(|(key, _)| key != "StatusCallbackEvent");
    caller.post("Calls.json", &form).await;
    caller.ended("x-r1").await;
    assert_eq!(caller.reported("x-r1"), ["busy"]);
}

#[tokio::test]
async fn a_phone_does_one_thing_after_another_and_repeats_the_last() {
    let caller = Caller::new().await;
    caller
        .network
        .phone(REP)
        .does_in_turn(vec![Behaviour::Busy, Behaviour::NoSuchNumber]);
    let mut ends = vec![];
    for leg in ["x-r1", "x-r2", "x-r3"] {
        caller.rings(leg, REP).await;
        ends.push(caller.ended(leg).await.end.unwrap());
    }
    assert_eq!(ends, [End::Busy, End::NoSuchNumber, End::NoSuchNumber]);
}

#[tokio::test]
async fn a_second_call_to_a_ringing_phone_meets_a_busy_one_and_is_counted() {
    let caller = Caller::new().await;
    let first = caller.rings("x-r1", REP).await;
    caller.until(|| caller.reported("x-r1").len() == 2).await;
    caller.rings("y-r1", REP).await;
    assert_eq!(caller.ended("y-r1").await.end, Some(End::Busy));
    assert_eq!(caller.network.collisions(), 1);
    caller.update(&first, "Status", "canceled").await;
    caller.network.phone(REP).does(Behaviour::Declines {
        after: Duration::ZERO,
    });
    caller.rings("z-r1", REP).await;
    assert_eq!(caller.ended("z-r1").await.end, Some(End::Declined));
    assert_eq!(caller.network.collisions(), 1);
}

#[tokio::test]
async fn a_person_holds_the_phone_by_hand_and_watchers_see_it() {
    let caller = Caller::new().await;
    let phone = caller.network.phone(REP);
    phone.does(Behaviour::Manual);
    let mut events = caller.network.watch();
    caller.answers(
        "/carriers/main/x-r1/0/answer",
        "<Gather numDigits=\"1\" action=\"/keys\"><Say>Druk 1</Say></Gather>",
    );
    caller.answers("/keys", "<Pause length=\"60\"/>");
    assert!(!phone.answer() && !phone.press('1') && !phone.hang_up());
    caller.rings("x-r1", REP).await;
    let mut seen = vec![];
    while !seen
        .last()
        .is_some_and(|what| matches!(what, What::Ended { .. }))
    {
        let event = events.recv().await.unwrap();
        assert_eq!(
            (event.number.as_str(), event.leg.as_deref()),
            (REP, Some("x-r1"))
        );
        match &event.what {
            What::Ringing => assert!(phone.answer()),
            What::Heard { .. } => assert!(phone.press('1')),
            What::Key { .. } => assert!(phone.hang_up()),
            What::Answered | What::Bridged { .. } | What::Ended { .. } | What::Text { .. } => {}
        }
        seen.push(event.what);
    }
    let heard = What::Heard {
        text: "Druk 1".to_owned(),
    };
    let ended = What::Ended { how: End::HungUp };
    assert_eq!(
        seen,
        [
            What::Ringing,
            What::Answered,
            heard,
            What::Key { key: '1' },
            ended
        ]
    );
}

#[tokio::test]
async fn declining_by_hand_is_reported_as_declined() {
    let caller = Caller::new().await;
    let phone = caller.network.phone(REP);
    phone.does(Behaviour::Manual);
    caller.rings("x-r1", REP).await;
    caller.until(|| phone.decline()).await;
    assert_eq!(caller.ended("x-r1").await.end, Some(End::Declined));
}

#[tokio::test]
async fn speech_and_the_first_ring_take_the_time_they_are_told_to() {
    let settings = Settings {
        ring_delay: SOON,
        speech_ms_per_char: 10,
        ..Settings::quick(ACCOUNT, TOKEN)
    };
    let caller = Caller::with(settings).await;
    let then = vec![Act::Listen, Act::HangUp];
    caller.network.phone(REP).does(Behaviour::PicksUp {
        after: Duration::ZERO,
        then,
    });
    caller.answers(
        "/carriers/main/x-r1/0/answer",
        "<Say>tien teken</Say><Pause length=\"60\"/>",
    );
    caller.rings("x-r1", REP).await;
    let record = caller.ended("x-r1").await;
    let ringing = record.ringing.unwrap();
    assert!(ringing.duration_since(record.dialled.unwrap()).as_millis() >= 30);
    assert!(
        record
            .ended
            .unwrap()
            .duration_since(record.answered.unwrap())
            .as_millis()
            >= 100
    );
    assert_eq!(record.end, Some(End::HungUp));
}
