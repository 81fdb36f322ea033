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
async fn keys_are_heard_and_the_one_who_hangs_up_ends_it() {
    let asterisk = Asterisk::start(&[ELS, FONS]).await;
    let phones = Phones::start(&asterisk).await;
    let soon = Duration::from_millis(100);
    let presses = Behaviour::answers(soon)
        .presses(soon, "1#")
        .hangs_up(Duration::from_secs(2));
    let els = phones.registered(ELS, Behaviour::rings()).await;
    let fons = phones.registered(FONS, presses).await;
    els.calls(FONS);
    let rang = fons.next("incoming").await;
    let answered = fons.next("answered").await;
    assert_eq!(rang.call, answered.call);
    assert!(answered.at - rang.at >= soon.as_secs_f64());
    for key in ["1", "#"] {
        assert_eq!(els.next("heard").await.told["key"], key);
    }
    els.presses("9");
    assert_eq!(fons.next("heard").await.told["key"], "9");
    els.next("ended").await;
    let first = els.heard().1.part(Duration::ZERO..soon);
    assert_eq!(first.begins(), None, "nobody said anything");
}

#[tokio::test]
async fn a_phone_that_unregistered_does_not_ring() {
    let asterisk = Asterisk::start(&[ELS, FONS]).await;
    let phones = Phones::start(&asterisk).await;
    let els = phones.registered(ELS, Behaviour::rings()).await;
    let fons = phones.registered(FONS, Behaviour::rings()).await;
    fons.unregisters().await;
    els.calls(FONS);
    assert_ne!(els.next("ended").await.told["code"], 200);
    assert!(fons.all("incoming").is_empty());
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
    fons.registers().await;
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
