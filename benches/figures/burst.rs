//! Forty leads at the same moment, on phones with people: when each customer's rep is rung, and when a person has
//! accepted. The carrier may be asked for one call a second, which is what new accounts get, or for any number.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use leadbridge::phones::{Act, Behaviour, Network, Settings, What};
use tokio::net::TcpListener;
use tokio::sync::broadcast::Receiver;

use crate::daemon::{ACCOUNT, Daemon, Group, TOKEN, lead, named, phone};
use crate::sender::flood;
use crate::table::{Row, Target, Times, Unit};
use crate::wire::Answer;
use crate::{Extent, progress};

const REPS: usize = 10;
/// How long a phone rings before somebody has it at the ear.
const PICKED_UP_AFTER: Duration = Duration::from_secs(4);

/// When the phones rang and when somebody pressed 1, by lead.
#[derive(Default)]
struct Heard {
    ringing: HashMap<String, Instant>,
    accepted: HashMap<String, Instant>,
}

pub(crate) async fn rows(extent: Extent) -> Vec<Row> {
    let leads = extent.of(10, 40);
    let mut rows = Vec::new();
    for (calls_per_s, pace) in [(1, "at 1 call/s"), (0, "no pacing")] {
        progress(&format!("burst: {leads} leads, {pace}"));
        let (to_ring, to_accept) = burst(leads, calls_per_s).await;
        for (what, times) in [("to ring", &to_ring), ("to accept", &to_accept)] {
            rows.extend([50, 99].map(|percent| {
                let floor_s = (what == "to ring").then(|| ideal_s(leads, calls_per_s, percent));
                row(
                    &format!("burst of {leads}, {pace}, lead {what}, p{percent}"),
                    times,
                    percent,
                    floor_s,
                )
            }));
        }
    }
    rows
}

/// When so many of a hundred phones can ring at the earliest: the carrier's pace, and the time that it takes.
fn ideal_s(leads: usize, calls_per_s: u32, percent: usize) -> f64 {
    let paced_s = |place: usize| match calls_per_s {
        0 => 0.0,
        calls_per_s => place as f64 / f64::from(calls_per_s),
    };
    let delay_s = settings().ring_delay.as_secs_f64();
    paced_s((leads * percent).div_ceil(100) - 1) + delay_s
}

fn row(what: &str, times: &Times, percent: usize, floor_s: Option<f64>) -> Row {
    Row {
        what: what.to_owned(),
        unit: Unit::S,
        measured: vec![times.percentile_ms(percent) / 1e3],
        floor: floor_s.into_iter().collect(),
        target: Target::None,
    }
}

/// The network is as slow as a real one, but leaves the pace to the daemon.
fn settings() -> Settings {
    Settings {
        calls_per_s: 0,
        ..Settings::lifelike(ACCOUNT, TOKEN)
    }
}

async fn burst(leads: usize, calls_per_s: u32) -> (Times, Times) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let network = Network::start(listener, settings());
    let group = Group {
        rooftops: leads / REPS,
        reps: REPS,
        closed: 0,
        calls_per_s,
    };
    for (rooftop, rep) in (0..leads).map(|count| (count % group.rooftops, count / group.rooftops)) {
        network
            .phone(&phone(rooftop, rep))
            .does(Behaviour::PicksUp {
                after: PICKED_UP_AFTER,
                then: vec![Act::Listen, Act::Press('1')],
            });
    }
    let daemon = Daemon::start(&group, &network.url()).await;
    let listening = tokio::spawn(heard(network.watch(), leads));
    let requests = (0..leads)
        .map(|count| lead(count % group.rooftops, count))
        .collect();
    let answers = flood(daemon.address, requests).await;
    let heard = listening.await.unwrap();
    (
        since(&answers, &heard.ringing),
        since(&answers, &heard.accepted),
    )
}

/// Listens until as many have accepted as there are leads.
async fn heard(mut events: Receiver<leadbridge::phones::Event>, leads: usize) -> Heard {
    let mut heard = Heard::default();
    while heard.accepted.len() < leads {
        let event = events.recv().await.unwrap();
        let at = Instant::now();
        let leg = event.leg.as_deref().and_then(|leg| leg.rsplit_once("-r"));
        match (leg, event.what) {
            (Some((lead, _)), What::Ringing) => heard.ringing.entry(lead.to_owned()).or_insert(at),
            (Some((lead, _)), What::Key { .. }) => {
                heard.accepted.entry(lead.to_owned()).or_insert(at)
            }
            (_, _) => continue,
        };
    }
    heard
}

fn since(answers: &[Answer], then: &HashMap<String, Instant>) -> Times {
    let since = answers
        .iter()
        .map(|answer| then[&named(&answer.body)].duration_since(answer.sent));
    Times::new(since.collect())
}
