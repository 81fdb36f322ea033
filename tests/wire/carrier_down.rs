//! The carrier is away, or does not let us in: nothing counts as a miss, and every lead rings when it is back.

use std::time::Duration;

use leadbridge::phones::Misbehaviour;
use tokio::time::{Instant, sleep_until};

use crate::config::{AN, Config};
use crate::crowd::assert_nothing_doubled;
use crate::daemon::{Daemon, until};
use crate::ladder::results;
use crate::people::{accepts, ms, talks};
use crate::sender::{customer, lead};

/// When it is looked whether anybody counts as a miss.
const BEFORE_IT_IS_BACK: Duration = Duration::from_secs(3);
/// Leads that wait meanwhile.
const LEADS: usize = 3;

/// How long the carrier is away: `tests/run --long` says ten minutes.
fn outage() -> Duration {
    let seconds =
        std::env::var("LEADBRIDGE_OUTAGE_S").map_or(16, |seconds| seconds.parse().unwrap());
    Duration::from_secs(seconds)
}

async fn sends_leads(daemon: &Daemon) -> Vec<String> {
    daemon.on_phone(AN, accepts());
    let mut ids = vec![];
    for count in 0..LEADS {
        daemon.on_phone(&customer(count), talks(ms(100)));
        ids.push(daemon.sends(&lead(&customer(count))).await);
    }
    ids
}

async fn readiness(daemon: &Daemon) -> u16 {
    daemon.sender.get("/readyz").await.status
}

/// Each lead was taken at the first ring that left: one whose phone another lead had by then was dropped before.
async fn all_are_taken(daemon: &Daemon, ids: &[String]) {
    for id in ids {
        let lead = daemon.ends(id, "connected").await;
        let mut rings = results(&lead);
        rings.retain(|ring| ring != "an canceled");
        assert_eq!(rings, ["an accepted"], "{lead:#}");
    }
    assert_eq!(readiness(daemon).await, 200);
    assert_nothing_doubled(daemon);
}

#[tokio::test]
async fn a_carrier_that_refuses_connections_is_waited_for() {
    let daemon = Daemon::start(Config::owned_by("an", &["an"], "")).await;
    assert_eq!(readiness(&daemon).await, 200);
    daemon
        .misbehave(Misbehaviour::RefusesConnections { span: outage() })
        .await;
    let back_at = Instant::now() + outage();
    let ids = sends_leads(&daemon).await;
    daemon.in_state(&ids[0], "stalled").await;
    until("it is told", || async { readiness(&daemon).await == 503 }).await;
    assert_eq!(
        daemon
            .sender
            .figure("leadbridge_carrier_up{carrier=\"main\"}")
            .await,
        Some(0.0)
    );
    sleep_until(back_at - BEFORE_IT_IS_BACK).await;
    assert!(daemon.network.calls().is_empty());
    nobody_missed(&daemon, &ids).await;
    sleep_until(back_at).await;
    all_are_taken(&daemon, &ids).await;
}

#[tokio::test]
async fn a_wrong_token_that_is_set_right_at_the_carrier_is_tried_again_by_itself() {
    let daemon = Daemon::start(Config::owned_by("an", &["an"], "")).await;
    daemon
        .misbehave(Misbehaviour::Unauthorized { span: outage() })
        .await;
    let back_at = Instant::now() + outage();
    let ids = sends_leads(&daemon).await;
    daemon.in_state(&ids[0], "stalled").await;
    sleep_until(back_at - BEFORE_IT_IS_BACK).await;
    assert!(daemon.network.calls().is_empty());
    nobody_missed(&daemon, &ids).await;
    sleep_until(back_at).await;
    all_are_taken(&daemon, &ids).await;
}

async fn nobody_missed(daemon: &Daemon, ids: &[String]) {
    for id in ids {
        let lead = daemon.lead(id).await;
        let mut rings = results(&lead).into_iter();
        assert!(rings.all(|ring| !ring.contains("missed")), "{lead:#}");
    }
}

#[tokio::test]
async fn a_wrong_token_stalls_everything_and_a_reload_tries_at_once() {
    let daemon = Daemon::start(Config::owned_by("an", &["an"], "")).await;
    daemon
        .misbehave(Misbehaviour::Unauthorized {
            span: Duration::from_secs(3600),
        })
        .await;
    let ids = sends_leads(&daemon).await;
    daemon.in_state(&ids[0], "stalled").await;
    nobody_missed(&daemon, &ids).await;
    until("it is told", || async { readiness(&daemon).await == 503 }).await;
    daemon.network.behave();
    daemon.signal("HUP");
    let began = Instant::now();
    all_are_taken(&daemon, &ids).await;
    assert!(
        began.elapsed() < Duration::from_secs(15),
        "the reload did not make it try"
    );
}
