//! The usual voice.

use std::time::{Duration, Instant};

use crate::sound::{heard, script, voice};
use leadbridge::io::speech::Speech;

const SAID: [(&str, &str); 4] = [
    ("nl-BE", "Gent, website: Volkswagen Golf, inruil. Druk 1."),
    (
        "fr-BE",
        "Gand, site web: Volkswagen Golf, reprise. Tapez 1.",
    ),
    (
        "de-DE",
        "Gent, Website: Volkswagen Golf, Inzahlungnahme. Drücken Sie die 1.",
    ),
    (
        "en-GB",
        "Ghent, website: Volkswagen Golf, trade-in. Press 1.",
    ),
];

fn espeak() -> Speech {
    voice(|language| {
        ["espeak-ng", "-v", language, "--stdout"]
            .map(str::to_owned)
            .to_vec()
    })
}

#[tokio::test]
async fn every_language_is_spoken_and_at_once() {
    let speech = espeak();
    speech.try_out().await.unwrap();
    for (locale, line) in SAID {
        let heard = heard(&speech, locale, &[line]).await;
        let lasts = heard.lasts().as_secs_f64();
        assert!((2.0..8.0).contains(&lasts), "{locale}: {lasts} s");
        let loudness = heard.loudness();
        assert!(
            (700.0..12_000.0).contains(&loudness),
            "{locale}: {loudness}"
        );
        assert!(heard.share_of(880.0) < 0.2, "{locale}: a tone");
        assert!(
            heard.begins_after() < Duration::from_millis(150),
            "{locale}"
        );
    }
}

#[tokio::test]
async fn the_language_is_heard() {
    let speech = espeak();
    let mut sounds = Vec::new();
    for (locale, _) in SAID {
        let key = speech.say(locale, &["1, 2, 3".to_owned()]).await.unwrap();
        sounds.push(speech.wav(&key.to_string()).await.unwrap());
    }
    sounds.sort();
    sounds.dedup();
    assert_eq!(sounds.len(), 4);
}

#[tokio::test]
async fn sentences_follow_each_other_after_a_short_pause() {
    let speech = espeak();
    let one = heard(&speech, "nl-BE", &["Jan Peeters"]).await;
    let other = heard(&speech, "nl-BE", &["Het rinkelt"]).await;
    let both = heard(&speech, "nl-BE", &["Jan Peeters", " \n", "Het rinkelt"]).await;
    let pause = both.lasts() - one.lasts() - other.lasts();
    assert_eq!(pause, Duration::from_millis(300));
    let silent = both.longest_pause();
    assert!(silent >= pause && silent < pause * 2, "{silent:?}");
}

#[tokio::test]
async fn nothing_is_no_sound() {
    let speech = espeak();
    assert_eq!(speech.say("nl-BE", &[]).await, None);
    assert_eq!(speech.say("nl-BE", &[" \n".to_owned()]).await, None);
}

#[tokio::test]
async fn the_same_sentence_is_rendered_once_also_for_two_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("runs");
    let speech = script(&format!(
        "echo run >> {}; exec espeak-ng -v en --stdout",
        runs.display()
    ));
    let lines = ["Press 1.".to_owned()];
    speech.prepare("en-GB", &lines);
    let (one, other) = tokio::join!(speech.say("en-GB", &lines), speech.say("en-GB", &lines));
    assert_eq!(one, other);
    let begun = Instant::now();
    assert_eq!(speech.say("en-GB", &lines).await, one);
    assert!(begun.elapsed() < Duration::from_millis(50), "from memory");
    assert_eq!(std::fs::read_to_string(&runs).unwrap(), "run\n");
    assert_ne!(speech.say("nl-BE", &lines).await, one, "another voice");
    assert_eq!(std::fs::read_to_string(&runs).unwrap(), "run\nrun\n");
}

#[tokio::test]
async fn the_text_is_no_argument_and_our_secrets_stay_ours() {
    let folder = tempfile::tempdir().unwrap();
    let seen = folder.path().join("seen");
    let speech = script(&format!(
        "{{ tr '\\0' ' ' < /proc/$$/cmdline; env; }} > {}; exec espeak-ng -v en --stdout",
        seen.display()
    ));
    assert!(std::env::var("CARGO_MANIFEST_DIR").is_ok(), "in ours");
    heard(&speech, "en-GB", &["--version Jan Peeters"]).await;
    let seen = std::fs::read_to_string(&seen).unwrap();
    assert!(seen.contains("PATH="), "{seen}");
    assert!(!seen.contains("Jan"), "{seen}");
    assert!(!seen.contains("CARGO_MANIFEST_DIR"), "{seen}");
}

#[tokio::test]
async fn a_voice_may_give_any_wav_file() {
    let folder = tempfile::tempdir().unwrap();
    let shapes = [
        (8_000, 1, 16, hound::SampleFormat::Int),
        (22_050, 1, 16, hound::SampleFormat::Int),
        (44_100, 2, 16, hound::SampleFormat::Int),
        (11_025, 1, 8, hound::SampleFormat::Int),
        (48_000, 2, 24, hound::SampleFormat::Int),
        (24_000, 1, 32, hound::SampleFormat::Float),
    ];
    for (index, (sample_rate, channels, bits_per_sample, sample_format)) in
        shapes.into_iter().enumerate()
    {
        let spec = hound::WavSpec {
            channels,
            sample_rate,
            bits_per_sample,
            sample_format,
        };
        let file = folder.path().join(format!("{index}.wav"));
        write_tone(&file, spec);
        // A length that a pipe can't know, as some programs write it: none, or as much as there can be.
        let lengths = [None, Some(0), Some(u32::MAX)];
        for length in lengths {
            let bytes = with_length(std::fs::read(&file).unwrap(), length);
            std::fs::write(&file, bytes).unwrap();
            let speech = script(&format!("cat >/dev/null; cat {}", file.display()));
            let heard = heard(&speech, "en-GB", &["tone"]).await;
            let lasts = heard.lasts().as_secs_f64();
            assert!(
                (0.95..1.05).contains(&lasts),
                "{spec:?} {length:?}: {lasts}"
            );
            let share = heard.share_of(600.0);
            assert!(share > 0.97, "{spec:?} {length:?}: {share}");
            let loudness = heard.loudness();
            assert!(
                (7_000.0..9_000.0).contains(&loudness),
                "{spec:?}: {loudness}"
            );
        }
    }
}

/// 600 Hz for a second, and as loud at 11 kHz where the file can hold it: a telephone can't, and must not fold it down.
fn write_tone(file: &std::path::Path, spec: hound::WavSpec) {
    let mut writer = hound::WavWriter::create(file, spec).unwrap();
    let rate = f64::from(spec.sample_rate);
    for index in 0..spec.sample_rate {
        let at = f64::from(index) / rate * std::f64::consts::TAU;
        let above = if rate > 24_000.0 {
            (at * 11_000.0).sin()
        } else {
            0.0
        };
        let height = ((at * 600.0).sin() + above) * 0.35;
        for _ in 0..spec.channels {
            match spec.sample_format {
                hound::SampleFormat::Float => writer.write_sample(height as f32).unwrap(),
                hound::SampleFormat::Int => {
                    let full = f64::from((1u32 << (spec.bits_per_sample - 1)) - 1);
                    writer.write_sample((height * full) as i32).unwrap();
                }
            }
        }
    }
    writer.finalize().unwrap();
}

fn with_length(mut file: Vec<u8>, length: Option<u32>) -> Vec<u8> {
    let data = file.windows(4).position(|word| word == b"data").unwrap();
    if let Some(length) = length {
        file[data + 4..data + 8].copy_from_slice(&length.to_le_bytes());
    }
    file
}
