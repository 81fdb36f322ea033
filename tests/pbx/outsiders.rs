//! Two phones of the house that have nothing to do with Leadbridge: what the other tests see happen happens to them too.

use std::time::Duration;

use crate::asterisk::Asterisk;
use crate::phones::{Behaviour, Phones};
use crate::sound::Sound;

const ELS: &str = "+32470000098";
const FONS: &str = "+32470000099";

#[tokio::test]
async fn two_phones_of_the_house_hear_each_other_and_not_themselves() {
    let asterisk = Asterisk::start(&[ELS, FONS]).await;
    let phones = Phones::start(&asterisk).await;
    let soon = Duration::from_millis(200);
    let els = phones.registered(ELS, Behaviour::rings().says(440)).await;
    let fons = phones
        .registered(FONS, Behaviour::answers(soon).says(880))
        .await;
    els.calls(FONS);
    assert_eq!(fons.next("incoming").await.told["shown"], ELS);
    els.next("answered").await;
    let talk = heard_for(Duration::from_secs(2), || els.heard().1).await;
    els.hangs_up();
    fons.next("ended").await;
    assert_eq!(fons.all("incoming").len(), 1);
    assert!(talk.is_tone(880), "{:?}", talk.shares(880));
    assert!(talk.lacks(440), "{:?}", talk.shares(440));
    let talk = fons.heard().1;
    assert!(talk.is_tone(440), "{:?}", talk.shares(440));
    assert!(talk.lacks(880), "{:?}", talk.shares(880));
    assert!(!talk.is_speech());
}

#[tokio::test]
async fn an_asterisk_that_was_killed_comes_back_with_its_phones() {
    let asterisk = Asterisk::start(&[ELS, FONS]).await;
    let phones = Phones::start(&asterisk).await;
    let els = phones.registered(ELS, Behaviour::rings()).await;
    let fons = phones.registered(FONS, Behaviour::rings()).await;
    els.calls(FONS);
    fons.next("incoming").await;
    assert_eq!(asterisk.ids("channels").await.len(), 2);
    asterisk.kill();
    asterisk.serve().await;
    assert_eq!(asterisk.ids("channels").await.len(), 0);
    fons.does(Behaviour::refuses(486, Duration::ZERO)).await;
    els.calls(FONS);
    fons.next("incoming").await;
    assert_eq!(els.next("ended").await.told["code"], 486);
}

/// What is heard once it lasts this long.
async fn heard_for(span: Duration, heard: impl Fn() -> Sound) -> Sound {
    loop {
        let sound = heard();
        if sound.lasts() >= span {
            return sound;
        }
        tokio::time::sleep(crate::asterisk::LOOK_EVERY).await;
    }
}
