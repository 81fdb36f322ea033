//! Who is not who they say: refused, with nothing left behind. And bodies that are anything but a lead.

use std::fs;
use std::path::Path;

use fastrand::Rng;
use leadbridge::phones::{Behaviour, CallbackFault, Misbehaviour};
use serde_json::json;
use tokio::task::JoinSet;

use crate::config::{AN, Config, TOKEN, WEBSITE_SECRET, rotation};
use crate::daemon::Daemon;
use crate::ladder::results;
use crate::people::{accepts, ms, talks};
use crate::sender::{Answer, CUSTOMER, Sender, customer, lead};

/// Bodies of each format.
const MUTATIONS: usize = 10_000;
/// Connections that send them, each one after the other.
const SENDERS: usize = 16;

#[tokio::test]
async fn a_lead_of_a_stranger_leaves_nothing_behind() {
    let daemon = Daemon::start(Config::of(&["an"], "")).await;
    let body = lead(CUSTOMER).to_string().into_bytes();
    let sender = &daemon.sender;
    sender
        .send_signed("a guess", "website", body.clone())
        .await
        .is_a_problem(401);
    sender
        .post("/leads/website", &[], body.clone())
        .await
        .is_a_problem(401);
    sender
        .post(
            "/leads/website",
            &[("X-Signature-256", "sha256=00")],
            body.clone(),
        )
        .await
        .is_a_problem(401);
    sender
        .post("/leads/simple/a-guess", &[], body.clone())
        .await
        .is_a_problem(401);
    sender
        .post("/leads/simple", &[], body.clone())
        .await
        .is_a_problem(401);
    sender
        .post(
            &format!("/leads/website/{WEBSITE_SECRET}"),
            &[],
            body.clone(),
        )
        .await
        .is_a_problem(401);
    sender
        .send_body("nobody", body.clone())
        .await
        .is_a_problem(404);
    let large = vec![b' '; 300 * 1024];
    sender.send_body("website", large).await.is_a_problem(413);
    assert_eq!(sender.list().await, Vec::<serde_json::Value>::new());
    assert!(daemon.network.calls().is_empty());
    let right = sender
        .post(&format!("/leads/simple/{WEBSITE_SECRET}"), &[], body)
        .await;
    assert_eq!(right.status, 202);
}

#[tokio::test]
async fn a_flood_is_refused_and_then_over() {
    let config = Config {
        flood_per_s: 3,
        ..Config::of(&["an"], "")
    };
    let daemon = Daemon::start(config).await;
    let mut sending = JoinSet::new();
    for count in 0..30 {
        let sender = daemon.sender.clone();
        sending.spawn(async move { sender.send(&lead(&customer(count))).await });
    }
    let answers = sending.join_all().await;
    let (taken, refused): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == 202);
    assert!(
        (1..20).contains(&taken.len()),
        "{} of 30 were taken",
        taken.len()
    );
    refused.iter().for_each(|answer| answer.is_a_problem(429));
    assert_eq!(daemon.sender.list().await.len(), taken.len());
    crate::daemon::until("the flood is over", || async {
        daemon.sender.send(&lead(CUSTOMER)).await.status == 202
    })
    .await;
}

#[tokio::test]
async fn a_callback_of_a_stranger_changes_nothing() {
    let daemon = Daemon::start(Config::of(&["an"], "ring_s = 20")).await;
    daemon
        .on_phone(AN, Behaviour::Manual)
        .on_phone(CUSTOMER, talks(ms(100)));
    let id = daemon.sends(&lead(CUSTOMER)).await;
    daemon
        .call_when(AN, "ringing", |call| call.ringing.is_some())
        .await;
    let before = daemon.in_state(&id, "ringing").await;
    let sid = daemon.call_to(AN).sid;
    let ended = [("CallSid", sid.as_str()), ("CallStatus", "completed")];
    let key = [
        ("CallSid", sid.as_str()),
        ("CallStatus", "in-progress"),
        ("Digits", "1"),
    ];
    daemon
        .carrier_asks_as("a guess", &format!("{id}-r1/status"), &ended)
        .await
        .is_a_problem(403);
    daemon
        .carrier_asks_as("", &format!("{id}-r1/status"), &ended)
        .await
        .is_a_problem(403);
    for turn in 0..4 {
        daemon
            .carrier_asks_as("a guess", &format!("{id}-r1/{turn}/digits"), &key)
            .await
            .is_a_problem(403);
    }
    let unsigned = daemon
        .sender
        .post(
            &format!("/carriers/main/{id}-r1/status"),
            &[],
            b"CallStatus=completed".to_vec(),
        )
        .await;
    unsigned.is_a_problem(403);
    assert_eq!(daemon.lead(&id).await, before);
    assert_eq!(
        daemon
            .carrier_asks_as(TOKEN, "nobody-r1/status", &ended)
            .await
            .status,
        204
    );
    daemon.phone(AN).answer();
    daemon
        .call_when(AN, "whispering", |call| !call.heard.is_empty())
        .await;
    daemon.phone(AN).press('1');
    daemon.in_state(&id, "wrapping-up").await;
}

#[tokio::test]
async fn a_lead_ends_the_same_whatever_happens_to_its_callbacks() {
    let daemon = Daemon::start(Config::of(&["an"], "")).await;
    daemon.on_phone(AN, accepts());
    let faults = [
        CallbackFault::Repeated(3),
        CallbackFault::Reversed,
        CallbackFault::Delayed(ms(700)),
        CallbackFault::UnknownStatus,
        CallbackFault::UnknownParameters,
        CallbackFault::Forged,
        CallbackFault::Json,
        CallbackFault::Dropped {
            event: Some("ringing".into()),
            percent: 100,
        },
        CallbackFault::Dropped {
            event: Some("answered".into()),
            percent: 100,
        },
    ];
    for (count, fault) in faults.into_iter().enumerate() {
        daemon.on_phone(&customer(count), talks(ms(200)));
        daemon
            .misbehave(Misbehaviour::Callbacks(fault.clone()))
            .await;
        let id = daemon.sends(&lead(&customer(count))).await;
        let lead = daemon.ends(&id, "connected").await;
        assert_eq!(results(&lead), ["an accepted"], "{fault:?}");
        assert_eq!(
            lead["customer"],
            json!([{ "leg": format!("{id}-c1"), "result": "answered", "reason": null }]),
            "{fault:?}"
        );
        daemon.call_to(&customer(count));
        daemon.network.behave();
    }
    let lies = daemon
        .network
        .deliveries()
        .into_iter()
        .filter(|sent| sent.kind.ends_with("-forged") || sent.kind.ends_with("-json"));
    let answers: Vec<_> = lies.map(|lie| lie.result).collect();
    assert!(
        answers.len() >= 8 && answers.iter().all(|status| *status == 403),
        "{answers:?}"
    );
}

#[tokio::test]
async fn ten_thousand_broken_json_bodies_are_taken_or_told_why_not() {
    broken_bodies("website", "json").await;
}

#[tokio::test]
async fn ten_thousand_broken_forms_are_taken_or_told_why_not() {
    broken_bodies("forms", "form").await;
}

#[tokio::test]
async fn ten_thousand_broken_adf_bodies_are_taken_or_told_why_not() {
    broken_bodies("portal", "adf").await;
}

/// The garage opens in years only: what is a lead all the same waits.
async fn broken_bodies(source: &'static str, format: &str) {
    let closed = rotation("paul", &["an"], "2099 Jan 02 10:00-11:00", "");
    let daemon = Daemon::start(Config::with_rotation(closed)).await;
    let bodies = samples(format);
    let mut sending = JoinSet::new();
    for seed in 0..SENDERS {
        let sender = Sender::new(&daemon.url);
        let bodies = bodies.clone();
        sending.spawn(async move {
            let mut random = Rng::with_seed(seed as u64);
            let mut taken = 0;
            for _ in 0..MUTATIONS / SENDERS {
                let answer = sender
                    .send_body(source, damaged(&bodies, &mut random))
                    .await;
                taken += usize::from(is_fine(&answer));
            }
            taken
        });
    }
    let taken: usize = sending.join_all().await.iter().sum();
    assert!(taken > MUTATIONS / 2, "only {taken} were taken");
    assert!(daemon.is_running() && daemon.sender.alive().await);
    assert!(daemon.network.calls().is_empty());
    let log = daemon.log();
    assert!(
        !log.contains("panicked"),
        "{:?}",
        log.lines().find(|line| line.contains("panicked"))
    );
}

/// Taken, or refused with a sentence; anything else is a mistake.
fn is_fine(answer: &Answer) -> bool {
    if answer.status == 202 {
        return true;
    }
    assert!((400..500).contains(&answer.status), "{answer:?}");
    answer.is_a_problem(answer.status);
    false
}

fn samples(format: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/intake/corpus")
        .join(format);
    let paths = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "txt"))
        .collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

fn damaged(whole: &[Vec<u8>], random: &mut Rng) -> Vec<u8> {
    let mut body = whole[random.usize(..whole.len())].clone();
    for _ in 0..random.usize(1..=4) {
        let at = random.usize(..=body.len());
        let end = random.usize(at..=body.len());
        match random.u8(..5) {
            0 => body
                .iter_mut()
                .skip(at)
                .take(3)
                .for_each(|byte| *byte ^= 1 << random.u8(..8)),
            1 => drop(body.drain(at..end.min(at + 40))),
            2 => body.extend_from_within(at..end.min(at + 4096)),
            3 => body.truncate(body.len() - (end - at) / 4),
            _ => {
                let other = &whole[random.usize(..whole.len())];
                let from = random.usize(..=other.len());
                let to = random.usize(from..=other.len());
                drop(body.splice(at..at, other[from..to].iter().copied()));
            }
        }
    }
    body
}
