//! What a WAV file sounds like.

use std::io::Cursor;
use std::time::Duration;

use leadbridge::io::speech::{Speech, Voice};
use leadbridge_providers::Language;

/// Eight kilohertz, one channel, 16 bits.
pub(crate) struct Heard(Vec<i16>);

impl Heard {
    pub(crate) fn in_file(file: &[u8]) -> Heard {
        let mut reader = hound::WavReader::new(Cursor::new(file)).unwrap();
        let spec = reader.spec();
        assert_eq!(
            (spec.sample_rate, spec.channels, spec.bits_per_sample),
            (8000, 1, 16)
        );
        Heard(reader.samples().map(Result::unwrap).collect())
    }

    pub(crate) fn lasts(&self) -> Duration {
        Duration::from_secs_f64(self.0.len() as f64 / 8000.0)
    }

    /// The mean height of its samples.
    pub(crate) fn loudness(&self) -> f64 {
        let squares = self.0.iter().map(|sample| f64::from(*sample).powi(2));
        (squares.sum::<f64>() / self.0.len() as f64).sqrt()
    }

    /// The share of its energy at this frequency: near 1 for a tone alone, near 0 for speech.
    pub(crate) fn share_of(&self, hertz: f64) -> f64 {
        let turn = std::f64::consts::TAU * hertz / 8000.0;
        let (mut along, mut across, mut all) = (0.0, 0.0, 0.0);
        for (index, sample) in self.0.iter().enumerate() {
            let height = f64::from(*sample);
            along += height * (turn * index as f64).cos();
            across += height * (turn * index as f64).sin();
            all += height * height;
        }
        2.0 * (along * along + across * across) / (all * self.0.len() as f64)
    }

    /// How long nothing is heard before the first word.
    pub(crate) fn begins_after(&self) -> Duration {
        let silent = self.0.iter().take_while(|sample| sample.abs() < 1000);
        Duration::from_secs_f64(silent.count() as f64 / 8000.0)
    }

    /// The longest time within it in which nothing is heard.
    pub(crate) fn longest_pause(&self) -> Duration {
        let runs = self.0.split(|sample| sample.abs() > 100);
        let longest = runs.map(<[i16]>::len).max().unwrap();
        Duration::from_secs_f64(longest as f64 / 8000.0)
    }
}

/// A voice that runs this shell script for every language.
pub(crate) fn script(script: &str) -> Speech {
    voice(|_| ["sh", "-c", script].map(str::to_owned).to_vec())
}

/// What is first logged where nobody listens may stay silent for whoever listens later: `tracing` remembers it.
fn somebody_listens() {
    let nobody = tracing_subscriber::fmt().with_writer(std::io::sink);
    let _already = nobody.try_init();
}

pub(crate) fn voice(command: impl Fn(&str) -> Vec<String>) -> Speech {
    somebody_listens();
    let languages = [
        (Language::Nl, "nl"),
        (Language::Fr, "fr"),
        (Language::De, "de"),
        (Language::En, "en"),
    ];
    let commands = languages.map(|(language, word)| (language, command(word)));
    Speech::new(Voice(commands.into()))
}

pub(crate) async fn heard(speech: &Speech, locale: &str, lines: &[&str]) -> Heard {
    let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    let key = speech.say(locale, &lines).await.unwrap();
    Heard::in_file(&speech.wav(&key.to_string()).await.unwrap())
}
