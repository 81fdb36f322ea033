//! Phones that ring a line of the caller's, and rooms in which calls meet.

use std::time::Duration;

use leadbridge::phones::{Act, CallRecord, End};

use crate::caller::{CUSTOMER, Caller, REP, SHOWN};

const LINE: &str = "/carriers/main/inbound";
const OTHER: &str = "+3292000009";

async fn with_a_line() -> Caller {
    let caller = Caller::new().await;
    let url = format!("{}{LINE}", caller.url);
    caller.network.answers_at(SHOWN, &url);
    caller
}

fn room(starts: bool) -> String {
    format!(
        "<Dial action=\"/left\"><Conference startConferenceOnEnter=\"{starts}\" endConferenceOnExit=\"true\" \
         waitUrl=\"tone.wav\">room</Conference></Dial>"
    )
}

async fn over(caller: &Caller, sid: &str) -> CallRecord {
    let find = || {
        let calls = caller.network.calls().into_iter();
        calls
            .filter(|call| call.sid == sid)
            .find(|call| call.end.is_some())
    };
    caller.until(|| find().is_some()).await;
    find().unwrap()
}

#[tokio::test]
async fn a_phone_rings_a_line_and_is_asked_for_a_key() {
    let caller = with_a_line().await;
    let leg = "0190b1f0-7b3c-7000-8000-000000000001-r1";
    let keys = format!("/carriers/main/{leg}/1/digits");
    caller.answers(
        LINE,
        &format!("<Gather numDigits=\"1\" action=\"{keys}\"><Say>Druk 1.</Say></Gather>"),
    );
    caller.answers(&keys, "<Say>dank</Say>");
    let sid = caller
        .network
        .phone(REP)
        .calls_and(SHOWN, vec![Act::Press('1')])
        .unwrap();
    let call = over(&caller, &sid).await;
    assert_eq!(call.heard, ["Druk 1.", "dank"]);
    assert_eq!(
        (call.inbound, call.phone(), call.leg.as_deref()),
        (true, REP, Some(leg))
    );
    caller.until(|| caller.received(LINE).len() == 2).await;
    let [asked, told] = &caller.received(LINE)[..] else {
        panic!("two requests")
    };
    assert!(asked.authentic && told.authentic);
    let said = |key| (asked.value(key), told.value(key));
    assert_eq!(said("Direction"), ("inbound", "inbound"));
    assert_eq!(said("CallStatus"), ("ringing", "completed"));
    assert_eq!((asked.value("From"), asked.value("To")), (REP, SHOWN));
    let (status, shown) = caller.get(&format!("Calls/{sid}.json")).await;
    assert_eq!((status, &shown["direction"]), (200, &"inbound".into()));
}

#[tokio::test]
async fn a_phone_that_is_on_a_call_or_knows_no_line_rings_nobody() {
    let caller = with_a_line().await;
    caller.answers(LINE, "<Pause length=\"60\"/>");
    let phone = caller.network.phone(REP);
    assert!(phone.calls(OTHER).is_none(), "nobody has this number");
    assert!(phone.calls(SHOWN).is_some());
    assert!(phone.calls(SHOWN).is_none(), "it is on a call");
    caller.until(|| phone.hang_up()).await;
}

#[tokio::test]
async fn two_calls_meet_in_a_room_and_who_leaves_ends_it() {
    let caller = with_a_line().await;
    caller.answers(LINE, &room(false));
    caller.answers(LINE, &room(true));
    caller.answers("/left", "<Say>weg</Say>");
    let talk = Act::Talk(Duration::from_secs(60));
    let first = caller
        .network
        .phone(CUSTOMER)
        .calls_and(SHOWN, vec![talk])
        .unwrap();
    let waits = || {
        let calls = caller.network.calls();
        calls
            .iter()
            .any(|call| call.sid == first && call.heard == ["tone.wav"])
    };
    caller.until(waits).await;
    let then = vec![Act::Talk(Duration::from_millis(50)), Act::HangUp];
    let second = caller.network.phone(REP).calls_and(SHOWN, then).unwrap();
    let (first, second) = (over(&caller, &first).await, over(&caller, &second).await);
    assert_eq!(first.bridged_with, Some(second.sid.clone()));
    assert_eq!(second.bridged_with, Some(first.sid));
    assert_eq!(
        (first.heard.last().unwrap().as_str(), second.end),
        ("weg", Some(End::HungUp))
    );
    assert_eq!(second.heard, [] as [&str; 0]);
    caller.until(|| caller.received("/left").len() == 2).await;
    for left in caller.received("/left") {
        assert_eq!(left.value("DialCallStatus"), "answered");
    }
}

#[tokio::test]
async fn a_call_that_is_told_to_ask_again_leaves_its_room() {
    let caller = with_a_line().await;
    caller.answers(LINE, &room(false));
    caller.answers("/elsewhere", "<Say>elders</Say>");
    let sid = caller.network.phone(CUSTOMER).calls(SHOWN).unwrap();
    let waits = || {
        let calls = caller.network.calls();
        calls
            .iter()
            .any(|call| call.sid == sid && !call.heard.is_empty())
    };
    caller.until(waits).await;
    let (status, _) = caller
        .update(&sid, "Url", &format!("{}/elsewhere", caller.url))
        .await;
    assert_eq!(status, 200);
    let call = over(&caller, &sid).await;
    assert_eq!(call.heard, ["tone.wav", "elders"]);
    assert!(caller.received("/left").is_empty());
}

#[tokio::test]
async fn lines_and_calls_can_be_asked_for_from_other_languages() {
    let caller = Caller::new().await;
    let url = format!("{}{LINE}", caller.url);
    caller.answers(LINE, "<Say>hallo</Say>");
    assert_eq!(caller.control(&format!("{REP}/call"), SHOWN).await, 409);
    assert_eq!(caller.control(&format!("{SHOWN}/line"), &url).await, 204);
    assert_eq!(caller.control(&format!("{REP}/call"), SHOWN).await, 204);
    caller
        .until(|| {
            caller
                .network
                .calls()
                .iter()
                .any(|call| call.heard == ["hallo"])
        })
        .await;
}
