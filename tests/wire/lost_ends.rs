//! Every final callback is lost: no phone is taken for longer than 61 s after its call has really ended.

use std::time::Duration;

use leadbridge::phones::{Act, Behaviour, CallbackFault, Misbehaviour};
use tokio::time::{Instant, sleep};

use crate::config::{AN, Config};
use crate::crowd::assert_nothing_doubled;
use crate::daemon::{Daemon, LOOK_EVERY};
use crate::people::{accepts, ms, picks_up, talks};
use crate::sender::{customer, lead};

/// BEHAVIOUR 8.
const FREE_WITHIN_S: f64 = 61.0;
const PATIENCE: Duration = Duration::from_secs(80);

#[tokio::test]
async fn a_phone_whose_end_was_never_told_is_free_within_61_s() {
    let hour = Act::Talk(Duration::from_secs(3600));
    tokio::join!(
        the_next_lead_rings_after(Behaviour::RingsOut),
        the_next_lead_rings_after(Behaviour::Declines { after: ms(300) }),
        the_next_lead_rings_after(picks_up(ms(300), vec![Act::Wait(ms(400)), Act::HangUp])),
        the_next_lead_rings_after(picks_up(
            ms(300),
            vec![Act::Press('1'), Act::Talk(ms(300)), Act::HangUp]
        )),
        the_next_lead_rings_after(picks_up(
            ms(300),
            vec![Act::Press('1'), hour, Act::Wait(ms(500)), Act::HangUp]
        )),
    );
}

/// One rep does this with the first lead, while a second one stands in line.
async fn the_next_lead_rings_after(first: Behaviour) {
    let daemon = Daemon::start(Config::owned_by("an", &["an"], "")).await;
    let lost = CallbackFault::Dropped {
        event: Some("completed".into()),
        percent: 100,
    };
    daemon.misbehave(Misbehaviour::Callbacks(lost)).await;
    daemon
        .phone(AN)
        .does_in_turn(vec![first.clone(), accepts()]);
    daemon
        .on_phone(&customer(0), talks(ms(800)))
        .on_phone(&customer(1), talks(ms(100)));
    daemon.sends(&lead(&customer(0))).await;
    daemon
        .call_when(AN, "ringing", |call| call.ringing.is_some())
        .await;
    let answer = daemon.sender.send(&lead(&customer(1))).await;
    assert_eq!(answer.text("status"), "in-line");
    let began = Instant::now();
    while daemon.calls_to(AN).len() < 2 {
        assert!(
            began.elapsed() < PATIENCE,
            "{first:?}: {:#}",
            daemon.lead(answer.text("lead")).await
        );
        sleep(LOOK_EVERY).await;
    }
    let calls = daemon.calls_to(AN);
    let held = calls[1]
        .created
        .duration_since(calls[0].ended.unwrap())
        .as_secs_f64();
    assert!(held <= FREE_WITHIN_S, "{first:?}: held for {held} s");
    daemon
        .lead_when(answer.text("lead"), "connected", |lead| {
            lead["marks"]["t8"].is_string()
        })
        .await;
    assert_nothing_doubled(&daemon);
}
