//! The API itself: creating, fetching, listing, updating, refusing.

use std::time::Duration;

use leadbridge::phones::{Behaviour, End, Settings};
use serde_json::Value;
use tokio::net::TcpStream;

use crate::caller::{ACCOUNT, CUSTOMER, Caller, REP, SHOWN, TOKEN};

#[tokio::test]
async fn a_new_call_is_queued_and_its_figures_are_strings() {
    let caller = Caller::new().await;
    let (status, call) = caller.post("Calls.json", &caller.form("x-r1", REP)).await;
    assert_eq!(status, 201);
    assert_eq!(call["status"], "queued");
    assert_eq!(call["direction"], "outbound-api");
    assert_eq!(call["queue_time"], "0");
    assert_eq!((&call["to"], &call["from"]), (&REP.into(), &SHOWN.into()));
    assert_eq!(
        (&call["duration"], &call["start_time"]),
        (&Value::Null, &Value::Null)
    );
    let created = call["date_created"].as_str().unwrap();
    assert!(
        created.ends_with(" +0000") && created.contains(','),
        "{created}"
    );
    let sid = call["sid"].as_str().unwrap();
    assert!(sid.len() == 34 && sid.starts_with("CA"));
}

#[tokio::test]
async fn a_request_without_the_secret_learns_nothing() {
    let caller = Caller::new().await;
    let (status, error) = caller.get_as("Calls.json", "guessed").await;
    assert_eq!(
        (status, &error["code"], &error["status"]),
        (401, &20003.into(), &401.into())
    );
    assert_eq!(
        error["more_info"],
        "https://www.twilio.com/docs/errors/20003"
    );
    assert_eq!(caller.get("").await.1["status"], "active");
}

#[tokio::test]
async fn a_create_with_a_mistake_names_it() {
    let settings = Settings {
        caller_ids: vec![SHOWN.to_owned()],
        ..Settings::quick(ACCOUNT, TOKEN)
    };
    let caller = Caller::with(settings).await;
    let mistakes = [
        ("To", Some("0470"), 21211),
        ("To", None, 21201),
        ("From", Some("+32479999999"), 21210),
        ("From", Some("me"), 21212),
        ("Url", None, 21205),
        ("Url", Some("bridge.example/answer"), 21205),
        ("StatusCallback", Some("nowhere"), 21609),
        ("StatusCallbackEvent", Some("initiated ringing"), 21626),
    ];
    for (key, value, code) in mistakes {
        let mut form = caller.form("x-r1", REP);
        form.retain(|(given, _)| given != key);
        form.extend(value.map(|value| (key.to_owned(), value.to_owned())));
        let (status, error) = caller.post("Calls.json", &form).await;
        assert_eq!(
            (status, &error["code"]),
            (400, &code.into()),
            "{key} {value:?}"
        );
    }
    assert_eq!(caller.network.calls().len(), 0);
}

#[tokio::test]
async fn cancel_ends_a_ringing_call_and_changes_nothing_once_answered() {
    let caller = Caller::new().await;
    caller.answers("/carriers/main/x-r2/0/answer", "<Pause length=\"60\"/>");
    let ringing = caller.rings("x-r1", REP).await;
    caller.until(|| caller.reported("x-r1").len() == 2).await;
    assert_eq!(
        caller.update(&ringing, "Status", "canceled").await.1["status"],
        "canceled"
    );
    assert_eq!(caller.ended("x-r1").await.end, Some(End::Canceled));

    caller.network.phone(REP).does(Behaviour::PicksUp {
        after: Duration::ZERO,
        then: vec![],
    });
    let answered = caller.rings("x-r2", REP).await;
    caller.until(|| caller.reported("x-r2").len() == 3).await;
    assert_eq!(
        caller.update(&answered, "Status", "canceled").await.1["status"],
        "in-progress"
    );
    assert_eq!(
        caller.update(&answered, "Status", "completed").await.1["status"],
        "completed"
    );
    assert_eq!(caller.ended("x-r2").await.end, Some(End::ByApi));
}

#[tokio::test]
async fn a_call_that_is_over_cannot_be_updated() {
    let caller = Caller::new().await;
    caller.network.phone(REP).does(Behaviour::Busy);
    let sid = caller.rings("x-r1", REP).await;
    caller.ended("x-r1").await;
    for (key, value) in [
        ("Status", "completed"),
        ("Status", "canceled"),
        ("Url", "http://127.0.0.1:1/x"),
    ] {
        let (status, error) = caller.update(&sid, key, value).await;
        assert_eq!((status, &error["code"]), (400, &21220.into()));
    }
    let (status, error) = caller
        .update("CA00000000000000000000000000000000", "Status", "completed")
        .await;
    assert_eq!((status, &error["code"]), (404, &20404.into()));
}

#[tokio::test]
async fn a_live_call_can_be_sent_to_another_script() {
    let caller = Caller::new().await;
    caller.network.phone(REP).does(Behaviour::PicksUp {
        after: Duration::ZERO,
        then: vec![],
    });
    caller.answers("/carriers/main/x-r1/0/answer", "<Pause length=\"60\"/>");
    caller.answers("/taken", "<Say>An heeft hem</Say>");
    let sid = caller.rings("x-r1", REP).await;
    caller
        .until(|| caller.received("/carriers/main/x-r1/0/answer").len() == 1)
        .await;
    let (status, _) = caller
        .update(&sid, "Url", &format!("{}/taken", caller.url))
        .await;
    assert_eq!(status, 200);
    let record = caller.ended("x-r1").await;
    assert_eq!(
        (record.heard, record.end),
        (vec!["An heeft hem".to_owned()], Some(End::ScriptEnded))
    );
}

#[tokio::test]
async fn calls_are_listed_newest_first_by_filters_and_pages() {
    let caller = Caller::new().await;
    caller.network.phone(CUSTOMER).does(Behaviour::Busy);
    for leg in ["x-r1", "x-r2", "x-r3"] {
        caller.rings(leg, CUSTOMER).await;
        caller.ended(leg).await;
    }
    caller.rings("x-r4", REP).await;
    let query = format!(
        "Calls.json?To={}&Status=busy&PageSize=2",
        CUSTOMER.replace('+', "%2B")
    );
    let (_, first) = caller.get(&query).await;
    let (_, second) = caller.get(first["next_page_uri"].as_str().unwrap()).await;
    let sids = |page: &Value| -> Vec<String> {
        page["calls"]
            .as_array()
            .unwrap()
            .iter()
            .map(|call| call["sid"].as_str().unwrap().to_owned())
            .collect()
    };
    let listed = [sids(&first), sids(&second)].concat();
    let created: Vec<_> = ["x-r3", "x-r2", "x-r1"]
        .map(|leg| caller.record(leg).unwrap().sid)
        .into();
    assert_eq!(listed, created);
    assert_eq!(second["next_page_uri"], Value::Null);
    let (_, none) = caller.get("Calls.json?StartTime%3E=2099-01-01").await;
    assert_eq!(sids(&none).len(), 0);
    caller
        .until(|| {
            caller
                .record("x-r4")
                .is_some_and(|record| record.dialled.is_some())
        })
        .await;
    let (_, today) = caller
        .get("Calls.json?StartTime%3E=2020-01-01&StartTime%3C=2099-01-01")
        .await;
    assert_eq!(sids(&today).len(), 4);
}

#[tokio::test]
async fn calls_over_the_rate_wait_and_say_how_long() {
    let caller = Caller::with(Settings {
        calls_per_s: 10,
        ..Settings::quick(ACCOUNT, TOKEN)
    })
    .await;
    caller.network.phone(REP).does(Behaviour::Busy);
    let mut waits = vec![];
    for leg in ["x-r1", "x-r2", "x-r3"] {
        let (_, call) = caller.post("Calls.json", &caller.form(leg, REP)).await;
        waits.push(call["queue_time"].as_str().unwrap().parse::<u64>().unwrap());
    }
    assert_eq!(waits[0], 0);
    assert!(waits[1] > 40 && waits[2] > waits[1] + 40, "{waits:?}");
    caller.ended("x-r3").await;
    let dialled = |leg| caller.record(leg).unwrap().dialled.unwrap();
    assert!(dialled("x-r3").duration_since(dialled("x-r1")).as_millis() >= 190);
}

#[tokio::test]
async fn two_hundred_calls_at_once_all_end_well() {
    let caller = Caller::new().await;
    for number in 0..200 {
        let phone = caller.network.phone(&format!("+32470000{number:03}"));
        phone.does(Behaviour::PicksUp {
            after: Duration::from_millis(20),
            then: vec![],
        });
        caller.answers(
            &format!("/carriers/main/n{number}/0/answer"),
            "<Say>Hallo</Say>",
        );
    }
    let calls = (0..200).map(|number| {
        let caller = caller.clone();
        tokio::spawn(async move {
            caller
                .rings(&format!("n{number}"), &format!("+32470000{number:03}"))
                .await
        })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
    for number in 0..200 {
        let leg = format!("n{number}");
        assert_eq!(caller.ended(&leg).await.heard, ["Hallo"]);
        assert_eq!(
            caller.reported(&leg),
            ["initiated", "ringing", "in-progress", "completed"]
        );
    }
    assert_eq!(caller.network.collisions(), 0);
}

#[tokio::test]
async fn the_control_routes_do_what_the_rust_interface_does() {
    let caller = Caller::new().await;
    caller.answers(
        "/carriers/main/x-r1/0/answer",
        "<Gather numDigits=\"1\" action=\"/pressed\"/>",
    );
    assert_eq!(caller.control(REP, "\"manual\"").await, 204);
    assert_eq!(caller.control(REP, "\"sings\"").await, 400);
    assert_eq!(caller.control(&format!("{REP}/answer"), "").await, 409);
    caller.rings("x-r1", REP).await;
    caller
        .until(|| {
            caller
                .record("x-r1")
                .is_some_and(|record| record.ringing.is_some())
        })
        .await;
    assert_eq!(caller.control(&format!("{REP}/answer"), "").await, 204);
    caller
        .until(|| caller.received("/carriers/main/x-r1/0/answer").len() == 1)
        .await;
    caller
        .until(|| {
            caller
                .record("x-r1")
                .is_some_and(|record| record.answered.is_some())
        })
        .await;
    assert_eq!(caller.control(&format!("{REP}/press"), "7").await, 204);
    caller
        .until(|| {
            caller
                .record("x-r1")
                .is_some_and(|record| record.keys == "7")
        })
        .await;
    caller.control(&format!("{REP}/hang-up"), "").await;
    let calls = caller.get("/_phones/calls").await.1;
    assert_eq!(calls[0]["leg"], "x-r1");
}

#[tokio::test]
async fn a_network_ends_with_its_last_handle() {
    let caller = Caller::new().await;
    caller.rings("x-r1", REP).await;
    let address = caller.network.url().replace("http://", "");
    let other = caller.network.clone();
    drop(caller);
    assert!(TcpStream::connect(&address).await.is_ok());
    drop(other);
    while TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}
