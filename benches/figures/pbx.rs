//! A lead's way to a real phone on a real PBX, beside what the PBX takes when it is just told to ring that phone.

use std::time::Duration;

use reqwest::Method;

use crate::table::{Row, Times};
use crate::{Extent, progress};

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/pbx/asterisk.rs"]
mod asterisk;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/pbx/config.rs"]
mod config;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/pbx/daemon.rs"]
mod daemon;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/pbx/phones.rs"]
mod phones;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/pbx/sound.rs"]
mod sound;

use asterisk::Asterisk;
use config::{Config, PAUL};
use daemon::{Daemon, lead};
use phones::{Behaviour, Phone, Phones};

/// A phone takes 32 calls in its life.
const CALLS: usize = 15;

pub(crate) async fn rows(extent: Extent) -> Vec<Row> {
    let mut measured = Vec::new();
    for run in 1..=extent.of(1, 3) {
        progress(&format!("pbx: run {run}"));
        let (mut leads, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..extent.of(1, 5) {
            in_a_house(&mut leads, &mut bare).await;
        }
        measured.push((Times::new(leads), Times::new(bare)));
    }
    let what = "lead to the rep's phone on a PBX, beside an originate";
    Row::of_times(what, &measured, 1.5, 1.5).into()
}

/// One after the other, in turn. Paul is the last owner: nobody pauses his phone, however often he declines.
async fn in_a_house(leads: &mut Vec<Duration>, bare: &mut Vec<Duration>) {
    let asterisk = Asterisk::start(&[PAUL]).await;
    let phones = Phones::start(&asterisk).await;
    let declines = Behaviour::refuses(486, Duration::ZERO);
    let paul = phones.registered(PAUL, declines).await;
    let daemon = Daemon::start(&asterisk, Config::of(&["paul"], "")).await;
    for count in 0..CALLS {
        bare.push(originate(&asterisk, &paul).await);
        leads.push(one_lead(&daemon, &paul, count).await);
    }
}

async fn one_lead(daemon: &Daemon, phone: &Phone, count: usize) -> Duration {
    let lead = lead(&format!("+3247400{count:04}"));
    let sent = now();
    let id = daemon.sends(&lead).await;
    let took = rang(phone, sent).await;
    daemon.in_state(&id, "closed").await;
    took
}

async fn originate(asterisk: &Asterisk, phone: &Phone) -> Duration {
    let number = phone.number.replace('+', "%2B");
    let path = format!("/channels?endpoint=PJSIP/{number}&app=leadbridge&timeout=5");
    let sent = now();
    let (status, _) = asterisk.ask(Method::POST, &path).await.unwrap();
    assert_eq!(status, 200);
    rang(phone, sent).await
}

/// From then until the INVITE was at the phone, which then declines.
async fn rang(phone: &Phone, sent: f64) -> Duration {
    let at = phone.next("incoming").await.at;
    phone.next("ended").await;
    Duration::from_secs_f64((at - sent).max(0.0))
}

/// Seconds since 1970, as the phones tell them.
fn now() -> f64 {
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed();
    now.unwrap().as_secs_f64()
}
