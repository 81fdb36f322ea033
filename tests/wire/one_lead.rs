//! One lead, one rep: every step of its way, as the phones hear it and as the interface shows it.

use leadbridge::phones::{End, Event, What};
use serde_json::Value;
use tokio::sync::broadcast::Receiver;

use crate::config::{AN, Config, SHOWN};
use crate::daemon::Daemon;
use crate::people::{accepts_after, ms, talks};
use crate::sender::{COMMENT, CUSTOMER, LAST_NAME, NAMES, lead};

const TIMELINE: [&str; 14] = [
    "lead-received",
    "plan-made",
    "rep-rung",
    "rep-ringing",
    "rep-answered",
    "rep-accepted",
    "customer-rung",
    "customer-ringing",
    "customer-answered",
    "bridged",
    "talked",
    "hung-up",
    "menu-key",
    "closed",
];

#[tokio::test]
async fn a_lead_is_rung_whispered_accepted_bridged_and_counted() {
    let daemon = Daemon::start(Config::of(&["an"], "")).await;
    daemon
        .on_phone(AN, accepts_after(ms(300)))
        .on_phone(CUSTOMER, talks(ms(300)));
    let heard = daemon.network.watch();
    let mut sent = lead(CUSTOMER);
    sent["requested_at"] = crate::sender::now().to_string().into();
    let answer = daemon.sender.send(&sent).await;
    assert_eq!((answer.status, answer.text("status")), (202, "ringing"));
    let lead = daemon.ends(answer.text("lead"), "connected").await;
    the_phones_heard_it(&daemon, heard);
    the_interface_shows_it(&lead);
    the_figures_count_it(&daemon).await;
}

fn the_phones_heard_it(daemon: &Daemon, mut heard: Receiver<Event>) {
    let (rep, customer) = (daemon.call_to(AN), daemon.call_to(CUSTOMER));
    assert_eq!((rep.from.as_str(), customer.from.as_str()), (SHOWN, SHOWN));
    assert_eq!(customer.parent.as_ref(), Some(&rep.sid));
    assert_eq!(customer.bridged_with, Some(rep.sid.clone()));
    assert_eq!((rep.keys.as_str(), customer.end), ("11", Some(End::HungUp)));
    assert_eq!(rep.errors, [] as [u32; 0]);
    let (mut before, mut after, mut keys) = (vec![], vec![], 0);
    while let Ok(event) = heard.try_recv() {
        match event.what {
            What::Key { .. } => keys += 1,
            What::Heard { text } if keys == 0 => before.push(text),
            What::Heard { text } if keys == 1 => after.push(text),
            What::Heard { .. }
            | What::Ringing
            | What::Answered
            | What::Bridged { .. }
            | What::Ended { .. }
            | What::Text { .. } => {}
        }
    }
    let (before, after) = (before.join(" "), after.join(" "));
    assert!(
        before.contains("Garage Peeters Gent")
            && before.contains("Golf")
            && before.contains("Druk 1"),
        "{before}"
    );
    assert!(
        NAMES.iter().all(|name| !before.contains(name)),
        "a voicemail would hear: {before}"
    );
    assert!(
        after.contains(LAST_NAME) && after.contains(COMMENT),
        "{after}"
    );
}

fn the_interface_shows_it(lead: &Value) {
    let marks = lead["marks"].as_object().unwrap();
    let names: Vec<_> = marks.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9"]
    );
    let times: Vec<_> = marks.values().map(|at| at.as_str().unwrap()).collect();
    assert!(times.is_sorted(), "{marks:#?}");
    let timeline = lead["timeline"].as_array().unwrap();
    let what: Vec<_> = timeline
        .iter()
        .map(|entry| entry["what"].as_str().unwrap())
        .collect();
    assert_eq!(what, TIMELINE);
    assert!(
        timeline
            .iter()
            .map(|entry| entry["at"].as_str().unwrap())
            .is_sorted(),
        "{timeline:#?}"
    );
    assert_eq!(timeline[11]["by"], "customer");
    let attempt = &lead["attempts"][0];
    assert_eq!(lead["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&attempt["rep"], &attempt["result"]),
        (&"an".into(), &"accepted".into())
    );
    assert_eq!(lead["customer"][0]["result"], "answered");
    let speeds = &lead["speeds"];
    let speed = |name: &str| speeds[name].as_i64().unwrap();
    let (ring, accept, connect) = (
        speed("time_to_ring_ms"),
        speed("time_to_accept_ms"),
        speed("time_to_connect_ms"),
    );
    assert!((40..2000).contains(&ring), "{speeds}");
    assert!(ring + 290 <= accept && accept + 100 <= connect, "{speeds}");
}

async fn the_figures_count_it(daemon: &Daemon) {
    for figure in [
        "leadbridge_leads_total{source=\"website\",status=\"ringing\"}",
        "leadbridge_attempts_total{rooftop=\"gent\",result=\"accepted\"}",
        "leadbridge_outcomes_total{rooftop=\"gent\",outcome=\"connected\"}",
        "leadbridge_time_to_connect_seconds_count",
        "leadbridge_carrier_up{carrier=\"main\"}",
    ] {
        assert_eq!(daemon.sender.figure(figure).await, Some(1.0), "{figure}");
    }
}

#[tokio::test]
async fn the_log_says_which_lead_can_t_be_read() {
    let daemon = Daemon::start(Config::of(&["an"], "")).await;
    let unread = daemon.sends(&serde_json::json!([lead(CUSTOMER)])).await;
    let log = daemon.log();
    let mut lines = log.lines();
    let line = lines.find(|line| line.contains("a lead can't be read"));
    assert!(line.is_some_and(|line| line.contains(&unread)), "{log}");
}
