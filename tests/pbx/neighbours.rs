//! Two phones of the house in a call that is none of Leadbridge's business: whatever we and the PBX go through, they talk on.

use std::time::Duration;

use tokio::time::sleep;

use crate::daemon::{ms, until};
use crate::house::{House, heard_since, hears, seconds_now};
use crate::phones::{Behaviour, Phone};

const ELS: &str = "+32470000098";
const FONS: &str = "+32470000099";
pub(crate) const NEIGHBOURS: [&str; 2] = [ELS, FONS];
const ELS_HZ: u32 = 660;
const FONS_HZ: u32 = 1100;

/// They are in a call.
pub(crate) struct Neighbours {
    els: Phone,
    fons: Phone,
    since: f64,
}

impl Neighbours {
    /// In a house that was opened with their phones.
    pub(crate) async fn talk(house: &House) -> Self {
        let phones = &house.phones;
        let els = phones
            .registered(ELS, Behaviour::rings().says(ELS_HZ))
            .await;
        let answers = Behaviour::answers(ms(100)).says(FONS_HZ);
        let fons = phones.registered(FONS, answers).await;
        els.calls(FONS);
        els.next("answered").await;
        sleep(ms(500)).await;
        let since = seconds_now();
        Self { els, fons, since }
    }

    /// They have heard each other all the time, and still do.
    pub(crate) async fn talk_on(&self) {
        let span = Duration::from_secs_f64(seconds_now() - self.since);
        for (phone, other, own) in [(&self.els, FONS_HZ, ELS_HZ), (&self.fons, ELS_HZ, FONS_HZ)] {
            hears(phone, other, own).await;
            let all = heard_since(phone, self.since, span).await;
            assert!(all.is_tone(other), "{:?}", all.shares(other));
            assert!(all.lacks(own), "{:?}", all.shares(own));
            assert!(all.is_whole(), "there is a gap in it");
            assert!(phone.all("ended").is_empty());
        }
    }
}

/// Nothing on the PBX is ours any more; their channels and their bridge are.
pub(crate) async fn only_they_are_left(house: &House) {
    until("only the neighbours are left on the PBX", || async {
        let (channels, bridges) = (
            house.asterisk.ids("channels").await,
            house.asterisk.ids("bridges").await,
        );
        (channels.len(), bridges.len()) == (2, 1)
    })
    .await;
}
