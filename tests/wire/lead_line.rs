//! The lead line (BEHAVIOUR 5): phones that ring the number which the group shows, and whom they get.

use leadbridge::phones::{Act, Behaviour, CallRecord};
use serde_json::Value;

use crate::config::{AN, Config, PAUL, SHOWN};
use crate::daemon::{Daemon, until};
use crate::people::{accepts, ms, picks_up};
use crate::sender::{CUSTOMER, lead};

const RECEPTION: &str = "+3292000001";
const STRANGER: &str = "+32470777777";
/// The phones ring in vain once, and again after ten minutes: a test is long over then.
const PATIENT: &str = "ring_s = 1; next_after_s = 1; rounds_min = [0, 10]";

async fn with_a_line(terms: &str) -> Daemon {
    let reception = format!("reception = \"{RECEPTION}\"; {terms}");
    let daemon = Daemon::start(Config::of(&["an"], &reception)).await;
    let url = format!("{}/carriers/main/inbound", daemon.url);
    daemon.network.answers_at(SHOWN, &url);
    daemon.on_phone(RECEPTION, picks_up(ms(50), vec![]));
    daemon
}

/// A lead that everybody has missed.
async fn missed_by_all(daemon: &Daemon) -> String {
    daemon
        .on_phone(AN, Behaviour::RingsOut)
        .on_phone(PAUL, Behaviour::RingsOut);
    let id = daemon.sends(&lead(CUSTOMER)).await;
    daemon.in_state(&id, "waiting").await;
    id
}

fn talk() -> Act {
    Act::Talk(ms(3_600_000))
}

/// What a rep does who rings back and takes it.
fn takes_it() -> Vec<Act> {
    vec![Act::Press('1'), talk(), Act::Press('1')]
}

fn told(lead: &Value) -> Vec<&str> {
    let timeline = lead["timeline"].as_array().unwrap();
    timeline
        .iter()
        .map(|entry| entry["what"].as_str().unwrap())
        .collect()
}

fn calls_from(daemon: &Daemon, number: &str) -> Vec<CallRecord> {
    let calls = daemon.network.calls().into_iter();
    calls
        .filter(|call| call.inbound && call.from == number)
        .collect()
}

async fn is_put_through(daemon: &Daemon, from: &str) {
    until("the reception talks", || async {
        let through = |call: &CallRecord| {
            call.from == SHOWN && call.bridged_with.is_some() && call.end.is_none()
        };
        daemon.calls_to(RECEPTION).iter().any(through)
    })
    .await;
    assert!(daemon.phone(from).hang_up());
    until("it is over", || async {
        calls_from(daemon, from)
            .iter()
            .all(|call| call.end.is_some())
    })
    .await;
}

#[tokio::test]
async fn a_rep_who_rings_back_gets_the_lead_that_they_missed() {
    let daemon = with_a_line(PATIENT).await;
    let id = missed_by_all(&daemon).await;
    daemon.on_phone(CUSTOMER, crate::people::talks(ms(300)));
    assert!(daemon.phone(AN).calls_and(SHOWN, takes_it()).is_some());
    let lead = daemon.ends(&id, "connected").await;
    let told = told(&lead);
    assert!(
        told.contains(&"rep-called-in") && told.contains(&"bridged"),
        "{told:?}"
    );
    let attempt = lead["attempts"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&attempt["rep"], &attempt["round"]),
        (&"an".into(), &0.into())
    );
    let call = calls_from(&daemon, AN).remove(0);
    assert!(call.heard[0].contains("Golf"), "{call:#?}");
    assert_eq!(call.leg.as_deref(), attempt["leg"].as_str());
    assert_eq!(daemon.call_to(CUSTOMER).from, SHOWN);
    assert_eq!(daemon.network.collisions(), 0);
}

#[tokio::test]
async fn a_customer_who_rings_meets_the_rep_who_presses_1() {
    let daemon = with_a_line(PATIENT).await;
    let id = missed_by_all(&daemon).await;
    daemon.on_phone(AN, accepts());
    let then = vec![Act::Talk(ms(400)), Act::HangUp];
    assert!(daemon.phone(CUSTOMER).calls_and(SHOWN, then).is_some());
    let lead = daemon.ends(&id, "connected").await;
    let told = told(&lead);
    assert!(
        told.contains(&"customer-called-in") && told.contains(&"bridged"),
        "{told:?}"
    );
    assert_eq!(lead["customer"][0]["leg"], format!("{id}-i1"));
    assert_eq!(lead["customer"][0]["result"], "answered");
    let (customer, rep) = (
        calls_from(&daemon, CUSTOMER).remove(0),
        daemon.calls_to(AN).pop().unwrap(),
    );
    assert_eq!(customer.bridged_with, Some(rep.sid.clone()));
    assert_eq!(rep.bridged_with, Some(customer.sid));
    assert!(
        customer.heard[0].ends_with("/carriers/ring-tone.wav"),
        "{:?}",
        customer.heard
    );
    assert!(rep.heard[0].contains("aan de lijn"), "{:?}", rep.heard);
    assert!(
        daemon.calls_to(CUSTOMER).is_empty(),
        "nobody rang the customer"
    );
    let tone = daemon.sender.get("/carriers/ring-tone.wav").await;
    assert_eq!((tone.status, tone.kind.as_str()), (200, "audio/wav"));
}

#[tokio::test]
async fn a_customer_who_rings_while_the_rep_hears_that_they_were_busy_is_joined_at_once() {
    let daemon = with_a_line("").await;
    daemon
        .on_phone(
            AN,
            picks_up(ms(50), vec![Act::Press('1'), talk(), Act::Press('1')]),
        )
        .on_phone(CUSTOMER, Behaviour::Busy);
    let id = daemon.sends(&lead(CUSTOMER)).await;
    daemon.in_state(&id, "wrapping-up").await;
    let then = vec![Act::Talk(ms(400)), Act::HangUp];
    assert!(daemon.phone(CUSTOMER).calls_and(SHOWN, then).is_some());
    let lead = daemon.ends(&id, "connected").await;
    assert_eq!(lead["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(lead["customer"][0]["reason"], "busy");
    assert_eq!(lead["customer"][1]["result"], "answered");
}

#[tokio::test]
async fn nobody_takes_the_customer_who_rings_and_after_25_s_the_reception_does() {
    let daemon = with_a_line("ring_s = 60; next_after_s = 50").await;
    daemon.on_phone(AN, Behaviour::RingsOut);
    let id = daemon.sends(&lead(CUSTOMER)).await;
    assert!(daemon.phone(CUSTOMER).calls(SHOWN).is_some());
    is_put_through(&daemon, CUSTOMER).await;
    let lead = daemon.lead(&id).await;
    assert_eq!(
        (&lead["state"], &lead["customer"][0]["result"]),
        (&"ringing".into(), &"canceled".into())
    );
    let call = calls_from(&daemon, CUSTOMER).remove(0);
    assert_eq!(call.errors, [] as [u32; 0]);
}

#[tokio::test]
async fn anybody_else_gets_the_reception() {
    let daemon = with_a_line(PATIENT).await;
    for number in [STRANGER, "+266696687", AN] {
        assert!(daemon.phone(number).calls(SHOWN).is_some());
        is_put_through(&daemon, number).await;
    }
    assert_eq!(daemon.calls_to(RECEPTION).len(), 3);
    assert!(daemon.sender.list().await.is_empty());
}

#[tokio::test]
async fn who_is_not_answered_by_the_reception_hears_so() {
    let daemon = with_a_line(PATIENT).await;
    daemon.on_phone(RECEPTION, Behaviour::Busy);
    daemon.phone(STRANGER).calls(SHOWN).unwrap();
    until("it is over", || async {
        calls_from(&daemon, STRANGER)
            .iter()
            .any(|call| call.end.is_some())
    })
    .await;
    let call = calls_from(&daemon, STRANGER).remove(0);
    assert_eq!(
        call.heard,
        ["Er is nu niemand vrij. Probeert u het later nog eens."]
    );
}

#[tokio::test]
async fn a_customer_who_waits_is_met_although_the_daemon_was_killed_meanwhile() {
    let daemon = with_a_line(PATIENT).await;
    let id = missed_by_all(&daemon).await;
    daemon.on_phone(AN, Behaviour::Manual);
    daemon
        .phone(CUSTOMER)
        .calls_and(SHOWN, vec![talk()])
        .unwrap();
    daemon.in_state(&id, "ringing").await;
    daemon.kill();
    daemon.serve().await;
    until("it rings", || async { daemon.phone(AN).answer() }).await;
    daemon
        .call_when(AN, "whispering", |call| !call.heard.is_empty())
        .await;
    assert!(daemon.phone(AN).press('1'));
    daemon.in_state(&id, "talking").await;
    assert!(daemon.phone(CUSTOMER).hang_up());
    daemon.in_state(&id, "wrapping-up").await;
    assert!(daemon.phone(AN).hang_up());
    let lead = daemon.in_state(&id, "closed").await;
    assert_eq!(lead["outcome"], "unconfirmed", "{lead:#}");
}

#[tokio::test]
async fn a_customer_whose_lead_is_closed_makes_a_new_one() {
    let daemon = with_a_line(PATIENT).await;
    daemon
        .on_phone(AN, accepts())
        .on_phone(CUSTOMER, crate::people::talks(ms(200)));
    let first = daemon.sends(&lead(CUSTOMER)).await;
    daemon.ends(&first, "connected").await;
    let then = vec![Act::Talk(ms(200)), Act::HangUp];
    assert!(daemon.phone(CUSTOMER).calls_and(SHOWN, then).is_some());
    let mut again = String::new();
    until("there is a second lead", || async {
        daemon.sender.list().await.len() == 2
    })
    .await;
    for lead in daemon.sender.list().await {
        if lead["source"] == "lead-line" {
            again = lead["lead"].as_str().unwrap().to_owned();
        }
    }
    let lead = daemon.ends(&again, "connected").await;
    assert_eq!(lead["attempts"][0]["rep"], "an");
    assert_eq!(
        daemon.calls_to(CUSTOMER).len(),
        1,
        "rung for the first lead only"
    );
}

#[tokio::test]
async fn the_carrier_may_ask_twice_and_nobody_else_may_ask() {
    let daemon = with_a_line(PATIENT).await;
    let id = missed_by_all(&daemon).await;
    let form = [
        ("CallSid", "CA00000000000000000000000000000001"),
        ("CallStatus", "ringing"),
        ("Direction", "inbound"),
        ("From", AN),
        ("To", SHOWN),
    ];
    let forged = daemon.carrier_asks_as("a guess", "inbound", &form).await;
    assert_eq!(forged.status, 403);
    assert_eq!(daemon.lead(&id).await["state"], "waiting");
    let (one, two) = (
        daemon.carrier_asks("inbound", &form).await,
        daemon.carrier_asks("inbound", &form).await,
    );
    assert!(one.raw.contains("<Gather"), "{one:?}");
    assert_eq!(one.raw, two.raw);
    let lead = daemon.in_state(&id, "whispering").await;
    assert_eq!(
        told(&lead)
            .iter()
            .filter(|what| **what == "rep-called-in")
            .count(),
        1
    );
    let over = [
        ("CallSid", "CA00000000000000000000000000000001"),
        ("CallStatus", "completed"),
        ("CallDuration", "3"),
        ("From", AN),
        ("To", SHOWN),
    ];
    assert_eq!(daemon.carrier_asks("inbound", &over).await.status, 200);
    let lead = daemon.in_state(&id, "waiting").await;
    let attempt = lead["attempts"].as_array().unwrap().last().unwrap();
    assert_eq!(attempt["reason"], "hung-up");
}
