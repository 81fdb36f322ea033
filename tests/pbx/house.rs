//! A house with everything in it: its PBX, its phones, and Leadbridge, which rings them.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::asterisk::{Asterisk, LOOK_EVERY, PATIENCE};
use crate::config::{Config, STAFF};
use crate::daemon::{Daemon, ms, until};
use crate::phones::{Behaviour, Phone, Phones};
use crate::sound::Sound;

/// From the pick-up to a key that comes while the whisper is spoken.
const THINKS: Duration = ms(800);
/// What everybody from outside says.
pub(crate) const OUTSIDE_HZ: u32 = 880;
/// What everybody of the house says.
pub(crate) const INSIDE_HZ: u32 = 440;

/// They end in this order.
pub(crate) struct House {
    pub(crate) daemon: Daemon,
    pub(crate) phones: Phones,
    pub(crate) asterisk: Asterisk,
}

impl House {
    pub(crate) async fn open(config: Config) -> Self {
        Self::with_phones(config, &[]).await
    }

    /// One whose PBX knows these phones, too, that have nothing to do with Leadbridge.
    pub(crate) async fn with_phones(config: Config, others: &[&str]) -> Self {
        let staff = STAFF.iter().map(|(_, _, phone, _)| *phone);
        let numbers: Vec<&str> = staff.chain(others.iter().copied()).collect();
        let asterisk = Asterisk::start(&numbers).await;
        let phones = Phones::start(&asterisk).await;
        let daemon = Daemon::start(&asterisk, config).await;
        Self {
            daemon,
            phones,
            asterisk,
        }
    }

    /// A phone of the house, registered.
    pub(crate) async fn rep(&self, number: &str, behaviour: Behaviour) -> Phone {
        self.phones
            .registered(number, behaviour.says(INSIDE_HZ))
            .await
    }

    /// A phone out there.
    pub(crate) async fn outside(&self, number: &str, behaviour: Behaviour) -> Phone {
        self.phones.phone(number, behaviour.says(OUTSIDE_HZ)).await
    }

    /// Two are in one bridge.
    pub(crate) async fn joined(&self) {
        until("two are in one bridge", || async {
            let (_, bridges) = self.asterisk.ask(Method::GET, "/bridges").await.unwrap();
            let members = |bridge: &Value| bridge["channels"].as_array().unwrap().len();
            bridges
                .as_array()
                .unwrap()
                .iter()
                .any(|bridge| members(bridge) == 2)
        })
        .await;
    }

    /// Nothing of ours is left on the PBX: no channel and no bridge.
    pub(crate) async fn is_quiet(&self) {
        until("nothing of ours is left on the PBX", || async {
            let (channels, bridges) = (
                self.asterisk.ids("channels").await,
                self.asterisk.ids("bridges").await,
            );
            channels.is_empty() && bridges.is_empty()
        })
        .await;
    }
}

/// Picks up and presses 1 while the whisper is spoken.
pub(crate) fn accepts() -> Behaviour {
    Behaviour::answers(ms(200)).presses(THINKS, "1")
}

/// Picks up and does nothing.
pub(crate) fn picks_up() -> Behaviour {
    Behaviour::answers(ms(200))
}

/// What a phone has heard since `from` (seconds since 1970), once it is this long.
pub(crate) async fn heard_since(phone: &Phone, from: f64, span: Duration) -> Sound {
    let asked = Instant::now();
    until("it hears something", || async {
        !phone.all("recording").is_empty()
    })
    .await;
    loop {
        let (began, sound) = phone.heard();
        let start = Duration::from_secs_f64((from - began).max(0.0));
        if sound.lasts() >= start + span {
            return sound.part(start..start + span);
        }
        assert!(asked.elapsed() < PATIENCE, "{}: not heard", phone.number);
        sleep(LOOK_EVERY).await;
    }
}

/// Both hear the other and not themselves, for a second from now on.
pub(crate) async fn talk(rep: &Phone, customer: &Phone) {
    sleep(ms(500)).await;
    let from = seconds_now();
    let (rep, customer) = tokio::join!(
        heard_since(rep, from, ms(1000)),
        heard_since(customer, from, ms(1000))
    );
    for (heard, other, own) in [
        (&rep, OUTSIDE_HZ, INSIDE_HZ),
        (&customer, INSIDE_HZ, OUTSIDE_HZ),
    ] {
        assert!(heard.is_tone(other), "{:?}", heard.shares(other));
        assert!(heard.lacks(own), "{:?}", heard.shares(own));
    }
}

/// Now, in seconds since 1970.
pub(crate) fn seconds_now() -> f64 {
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed();
    now.unwrap().as_secs_f64()
}
