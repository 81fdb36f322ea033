//! The ear of these tests knows a voice when it hears one.

use std::process::Command;

use crate::sound::Sound;

#[test]
fn a_voice_is_speech_and_no_tone() {
    for (voice, words) in [
        (
            "nl",
            "Nieuwe lead voor garage Peeters. Druk op één om terug te bellen.",
        ),
        (
            "fr-be",
            "Nouvelle demande pour le garage. Appuyez sur un pour rappeler.",
        ),
        ("de", "Neue Anfrage für das Autohaus. Drücken Sie die Eins."),
        ("en-gb", "New lead. Press one to call back."),
    ] {
        let spoken = Command::new("espeak-ng")
            .args(["-v", voice, "--stdout", words])
            .output();
        let spoken =
            spoken.expect("this test needs espeak-ng: run tests/run, or apt-get install espeak-ng");
        let sound = Sound::parse(&spoken.stdout);
        assert!(sound.is_speech(), "{voice}");
        assert!(!sound.is_tone(440) && !sound.is_tone(425), "{voice}");
        assert!(sound.begins().unwrap() < sound.ends().unwrap());
    }
}
