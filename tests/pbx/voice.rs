//! What a rep hears before they press, and when it begins.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

use crate::asterisk::free_port;
use crate::config::{AN, BART, CHLOE, Config, PAUL};
use crate::daemon::{CUSTOMER, lead, ms};
use crate::house::{House, accepts, heard_since, picks_up, talk};
use crate::phones::Phone;
use crate::sound::Sound;

/// What is heard when nothing can be said.
const TONE_HZ: u32 = 880;

#[tokio::test]
async fn without_a_voice_a_tone_is_heard_and_the_key_works() {
    let mute = Config::of(&["an"], "").spoken_by("[\"false\"]");
    let house = House::open(mute).await;
    let an = house.rep(AN, accepts()).await;
    let customer = house.outside(CUSTOMER, picks_up()).await;
    let id = house.daemon.sends(&lead(CUSTOMER)).await;
    let answered = an.next("answered").await.at;
    let heard = heard_since(&an, answered, ms(700)).await;
    assert!(heard.begins() < Some(ms(300)), "{:?}", heard.begins());
    // Its beeps begin and end within windows.
    let shares = heard.shares(TONE_HZ);
    assert!(shares.iter().all(|share| *share > 0.4), "{shares:?}");
    customer.next("answered").await;
    talk(&an, &customer).await;
    an.hangs_up();
    customer.next("ended").await;
    house.daemon.ends(&id, "unconfirmed").await;
    house.is_quiet().await;
}

#[tokio::test]
async fn what_the_pbx_could_not_fetch_at_once_is_said_all_the_same() {
    let port = free_port();
    let house = House::open(Config::of(&["an"], "").heard_at(port)).await;
    fails_twice(port, house.daemon.port).await;
    let an = house.rep(AN, picks_up()).await;
    house.daemon.sends(&lead(CUSTOMER)).await;
    let answered = an.next("answered").await.at;
    assert!(heard_since(&an, answered, ms(3000)).await.is_speech());
}

/// The way from the PBX to the daemon: the first two who take it are cut off.
async fn fails_twice(from: u16, to: u16) {
    let way = TcpListener::bind(("127.0.0.1", from)).await.unwrap();
    tokio::spawn(async move {
        for _ in 0..2 {
            drop(way.accept().await);
        }
        while let Ok((mut pbx, _)) = way.accept().await {
            tokio::spawn(async move {
                let mut daemon = TcpStream::connect(("127.0.0.1", to)).await.unwrap();
                let _ = copy_bidirectional(&mut pbx, &mut daemon).await;
            });
        }
    });
}

/// From the pick-up to the first sound.
const SOON: Duration = ms(300);
/// A whisper is shorter, and a prompt after it begins later.
const WHISPER_MAX: Duration = ms(9000);
/// What the edges of a sound differ by after the way through two codecs.
const ABOUT: Duration = ms(100);

#[tokio::test]
async fn each_rep_hears_their_own_language_as_soon_as_they_pick_up() {
    let written = tempfile::tempdir().unwrap();
    let all = Config::of(&["an", "bart", "chloe"], "strategy = \"ring-all\"");
    let house = House::open(all.spoken_by(&writing_voice(written.path()))).await;
    let mut phones = vec![];
    for number in [AN, BART, CHLOE, PAUL] {
        phones.push(
            house
                .rep(number, picks_up().hangs_up(WHISPER_MAX + ms(500)))
                .await,
        );
    }
    let id = house.daemon.sends(&lead(CUSTOMER)).await;
    let asks = [
        ("nl", "Druk 1"),
        ("fr", "Tapez 1"),
        ("de", "Drücken Sie 1"),
        ("en", "Press 1"),
    ];
    let mut spans = vec![];
    for (phone, (language, asks)) in phones.iter().zip(asks) {
        let heard = whisper_heard(phone).await;
        let said = fs::read_to_string(written.path().join(language)).unwrap();
        let said = said.lines().next().unwrap();
        assert!(said.contains(asks), "{said}");
        let right = length(&espeak(language, said));
        let differ = length(&heard).abs_diff(right);
        assert!(differ < ABOUT, "{language}: {differ:?} of {right:?}");
        spans.push(right);
    }
    spans.sort_unstable();
    let differ = spans.windows(2).map(|two| two[1] - two[0]);
    assert!(
        differ.min() > Some(ABOUT),
        "one could be taken for another: {spans:?}"
    );
    house.daemon.in_state(&id, "closed").await;
    house.is_quiet().await;
}

/// A command that speaks as the usual one does, and writes down what it says, in a file for each language.
fn writing_voice(folder: &Path) -> String {
    let folder = folder.to_str().unwrap();
    let command = format!("tee -a {folder}/{{language}} | espeak-ng -v {{language}} --stdout");
    format!("[\"sh\", \"-c\", \"{command}\"]")
}

/// The first of what this phone hears.
async fn whisper_heard(phone: &Phone) -> Sound {
    let answered = phone.next("answered").await.at;
    let heard = heard_since(phone, answered, WHISPER_MAX).await;
    let begins = heard.begins();
    eprintln!("{}: speech {begins:?} after the pick-up", phone.number);
    assert!(begins < Some(SOON), "{begins:?}");
    let whisper = begins.unwrap()..heard.ends().unwrap();
    assert!(heard.part(whisper).is_speech());
    heard
}

fn length(sound: &Sound) -> Duration {
    sound.ends().unwrap() - sound.begins().unwrap()
}

fn espeak(voice: &str, said: &str) -> Sound {
    let spoken = Command::new("espeak-ng")
        .args(["-v", voice, "--stdout", said])
        .output();
    Sound::parse(&spoken.unwrap().stdout)
}
