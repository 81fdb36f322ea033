//! A house with everything in it: its PBX, its phones, and Leadbridge, which rings them.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep};

use crate::asterisk::{Asterisk, LOOK_EVERY, PATIENCE};
use crate::config::{Config, STAFF};
use crate::daemon::{Daemon, ms, until};
use crate::phones::{Behaviour, Phone, Phones};
use crate::sound::Sound;
use crate::wire::Wire;

/// From the pick-up to a key that comes while the whisper is spoken.
const THINKS: Duration = ms(800);
/// What everybody from outside says.
pub(crate) const OUTSIDE_HZ: u32 = 880;
/// What everybody of the house says.
pub(crate) const INSIDE_HZ: u32 = 440;

/// A clear sound of this length is a talk.
const CLEARLY: Duration = Duration::from_secs(1);
/// More houses than this are never open. A rush takes the place of all: while a hundred phones ring, two processors break
/// the sound that is listened to elsewhere.
const HOUSES: u32 = 64;
static PLACES: Semaphore = Semaphore::const_new(HOUSES as usize);

/// They end in this order.
pub(crate) struct House {
    pub(crate) daemon: Daemon,
    pub(crate) phones: Phones,
    pub(crate) asterisk: Asterisk,
    _place: SemaphorePermit<'static>,
}

impl House {
    pub(crate) async fn open(config: Config) -> Self {
        Self::taking(1, config).await
    }

    /// While no other house is open.
    pub(crate) async fn alone(config: Config) -> Self {
        Self::taking(HOUSES, config).await
    }

    async fn taking(places: u32, config: Config) -> Self {
        let place = PLACES.acquire_many(places).await.unwrap();
        let asterisk = Self::pbx(&[]).await;
        let phones = Phones::start(&asterisk).await;
        let daemon = Daemon::start(&asterisk, config).await;
        Self {
            daemon,
            phones,
            asterisk,
            _place: place,
        }
    }

    /// The same with a wire between the two that can fail, and with phones on the PBX that have nothing to do with
    /// Leadbridge.
    pub(crate) async fn behind_a_wire(config: Config, others: &[&str]) -> (Self, Wire) {
        let place = PLACES.acquire().await.unwrap();
        let asterisk = Self::pbx(others).await;
        let phones = Phones::start(&asterisk).await;
        let wire = Wire::to(&asterisk).await;
        let daemon = Daemon::reaching(&asterisk, &wire.address, config).await;
        let house = Self {
            daemon,
            phones,
            asterisk,
            _place: place,
        };
        (house, wire)
    }

    async fn pbx(others: &[&str]) -> Asterisk {
        let staff = STAFF.iter().map(|(_, _, phone, _)| *phone);
        let numbers: Vec<&str> = staff.chain(others.iter().copied()).collect();
        Asterisk::start(&numbers).await
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

/// From now on both hear the other and not themselves.
pub(crate) async fn talk(rep: &Phone, customer: &Phone) {
    sleep(ms(500)).await;
    tokio::join!(
        hears(rep, OUTSIDE_HZ, INSIDE_HZ),
        hears(customer, INSIDE_HZ, OUTSIDE_HZ)
    );
}

/// From now on it hears this tone, and nothing of its own: clearly, in one of the next seconds, since a busy machine
/// spoils some.
pub(crate) async fn hears(phone: &Phone, other: u32, own: u32) {
    let asked = Instant::now();
    loop {
        let heard = heard_since(phone, seconds_now(), CLEARLY).await;
        if heard.is_tone(other) && heard.lacks(own) {
            return;
        }
        let (others, owns) = (heard.shares(other), heard.shares(own));
        assert!(
            asked.elapsed() < PATIENCE,
            "{}: {others:?} of the other's tone, {owns:?} of its own",
            phone.number
        );
    }
}

/// Now, in seconds since 1970.
pub(crate) fn seconds_now() -> f64 {
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed();
    now.unwrap().as_secs_f64()
}
