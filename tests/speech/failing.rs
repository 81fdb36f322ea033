//! A voice that fails is heard as a tone, soon, and speaks again when it is well.

use std::time::{Duration, Instant};

use leadbridge::io::speech::{CannotSpeak, Speech};

use crate::sound::{Heard, heard, script, voice};

/// Who waits hears the tone after two seconds, on a busy machine some more; it is not the five that a voice may take.
const IN_TIME: Duration = Duration::from_secs(4);

async fn tells(speech: &Speech) -> CannotSpeak {
    speech.try_out().await.unwrap_err().1
}

fn is_the_tone(heard: &Heard) -> bool {
    heard.share_of(880.0) > 0.4 && heard.lasts() < Duration::from_secs(1)
}

async fn is_heard_as_the_tone(speech: &Speech, within: Duration) {
    let begun = Instant::now();
    let heard = heard(speech, "nl-BE", &["Jan Peeters"]).await;
    assert!(is_the_tone(&heard));
    assert!(begun.elapsed() < within, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_voice_that_gives_no_speech_is_heard_as_a_tone() {
    let header = "printf 'RIFF\\44\\0\\0\\0WAVEfmt '";
    let failing = [
        ("exit 1", CannotSpeak::Ended),
        ("espeak-ng -v en --stdout; exit 1", CannotSpeak::Ended),
        ("kill -9 $$", CannotSpeak::Ended),
        ("true", CannotSpeak::NoSound),
        ("echo I am no sound", CannotSpeak::NoSound),
        (header, CannotSpeak::NoSound),
        ("head -c 100000 /dev/urandom", CannotSpeak::NoSound),
        ("espeak-ng -a 0 -v en --stdout", CannotSpeak::NoSound),
    ];
    for (failing, why) in failing {
        let speech = script(failing);
        is_heard_as_the_tone(&speech, Duration::from_millis(1_500)).await;
        assert_eq!(tells(&speech).await, why, "{failing}");
    }
}

#[tokio::test]
async fn a_voice_that_is_not_installed_is_heard_as_a_tone() {
    let speech = voice(|_| vec!["/nowhere/a-voice".to_owned()]);
    is_heard_as_the_tone(&speech, Duration::from_millis(500)).await;
    let why = tells(&speech).await;
    assert_eq!(why, CannotSpeak::NotStarted(std::io::ErrorKind::NotFound));
    assert!(why.to_string().contains("apt-get install espeak-ng"));
}

#[tokio::test]
async fn sound_without_an_end_is_not_taken() {
    let speech = script("exec cat /dev/zero");
    is_heard_as_the_tone(&speech, Duration::from_secs(3)).await;
    assert_eq!(tells(&speech).await, CannotSpeak::Endless);
}

#[tokio::test]
async fn a_voice_that_never_ends_is_ended_with_all_that_it_began() {
    let folder = tempfile::tempdir().unwrap();
    let begun = folder.path().join("begun");
    let speech = script(&format!(
        "sleep 600 & echo $$ $! > {}; wait",
        begun.display()
    ));
    is_heard_as_the_tone(&speech, IN_TIME).await;
    let ids = std::fs::read_to_string(&begun).unwrap();
    let until = Instant::now() + Duration::from_secs(6);
    for id in ids.split_whitespace() {
        while is_running(id) {
            assert!(Instant::now() < until, "{id} still runs");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// One that has ended and waits for whoever began it runs no more.
fn is_running(id: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").map(|(_, rest)| rest.chars().next());
    state.is_some_and(|state| state != Some('Z'))
}

#[tokio::test]
async fn what_came_too_late_is_ready_the_next_time() {
    let speech = script("sleep 2.5; exec espeak-ng -v nl --stdout");
    is_heard_as_the_tone(&speech, IN_TIME).await;
    let until = Instant::now() + Duration::from_secs(3);
    while is_the_tone(&heard(&speech, "nl-BE", &["Jan Peeters"]).await) {
        assert!(Instant::now() < until, "never ready");
    }
}

#[tokio::test]
async fn the_voice_speaks_again_when_it_is_well() {
    let folder = tempfile::tempdir().unwrap();
    let well = folder.path().join("well");
    let speech = script(&format!(
        "[ -e {} ] && exec espeak-ng -v nl --stdout; exit 1",
        well.display()
    ));
    is_heard_as_the_tone(&speech, Duration::from_secs(1)).await;
    std::fs::write(&well, "").unwrap();
    let other = heard(&speech, "nl-BE", &["Een andere zin"]).await;
    assert!(!is_the_tone(&other), "another sentence at once");
    let until = Instant::now() + Duration::from_secs(7);
    while is_the_tone(&heard(&speech, "nl-BE", &["Jan Peeters"]).await) {
        assert!(Instant::now() < until, "the same within seconds");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn the_log_tells_each_change_once_and_nobody_s_name() {
    let folder = tempfile::tempdir().unwrap();
    let (well, log) = (folder.path().join("well"), folder.path().join("log"));
    let file = std::fs::File::create(&log).unwrap();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(file);
    let _logged = tracing::subscriber::set_default(subscriber.finish());
    let speech = script(&format!(
        "[ -e {} ] && exec espeak-ng -v nl --stdout; cat >&2; exit 1",
        well.display()
    ));
    for line in ["Jan Peeters", "An Claes", "+32470000001"] {
        heard(&speech, "nl-BE", &[line]).await;
    }
    std::fs::write(&well, "").unwrap();
    for line in ["Jan Peeters vraagt", "An Claes vraagt"] {
        heard(&speech, "nl-BE", &[line]).await;
    }
    let log = std::fs::read_to_string(&log).unwrap();
    let told: Vec<&str> = log.lines().collect();
    assert_eq!(told.len(), 2, "{log}");
    assert!(told[0].contains("ERROR") && told[0].contains("ended with an error"));
    assert!(told[1].contains("INFO") && told[1].contains("speaks again"));
    for word in ["Jan", "Claes", "0470", "32470"] {
        assert!(!log.contains(word), "{log}");
    }
}

#[tokio::test]
async fn many_who_wait_for_a_voice_that_hangs_hear_the_tone_in_time() {
    let speech = script("exec sleep 600");
    let begun = Instant::now();
    let waiting = (0..50).map(|number| {
        let speech = speech.clone();
        tokio::spawn(async move { speech.say("nl-BE", &[format!("{number}")]).await })
    });
    let waiting: Vec<_> = waiting.collect();
    for one in waiting {
        assert_eq!(one.await.unwrap().unwrap().to_string(), "tone");
    }
    assert!(begun.elapsed() < IN_TIME);
}
