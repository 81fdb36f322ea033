//! What was heard, as numbers: how much of it is one tone, whether it is speech, when it begins.

use std::f64::consts::TAU;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

/// A tone is looked for in windows this long: over longer ones the clocks of two phones slip.
const WINDOW: Duration = Duration::from_millis(100);
/// The start of a sound is looked for in these.
const STEP: Duration = Duration::from_millis(10);
/// Root mean square below which nothing is heard; the tones of our phones have 5600, speech some 1000 to 4000.
const AUDIBLE: f64 = 200.0;
/// A window's share of one tone above which it is that tone.
pub(crate) const CLEAR: f64 = 0.6;
/// And below which the tone is not in it.
pub(crate) const ABSENT: f64 = 0.05;

/// Samples of one channel.
pub(crate) struct Sound {
    rate: usize,
    samples: Vec<f64>,
}

impl Sound {
    /// A WAV of 16 bits and one channel, also one that is still being written.
    pub(crate) fn read(path: impl AsRef<Path>) -> Self {
        Self::parse(&fs::read(path).unwrap())
    }

    /// The same from memory.
    pub(crate) fn parse(wav: &[u8]) -> Self {
        let rate = wav
            .get(24..28)
            .map_or(8000, |rate| u32::from_le_bytes(rate.try_into().unwrap()));
        let data = wav
            .windows(4)
            .position(|name| name == b"data")
            .map_or(wav.len(), |at| at + 8);
        let sample = |pair: &[u8]| f64::from(i16::from_le_bytes([pair[0], pair[1]]));
        Self {
            rate: rate as usize,
            samples: wav
                .get(data..)
                .unwrap_or_default()
                .chunks_exact(2)
                .map(sample)
                .collect(),
        }
    }

    pub(crate) fn lasts(&self) -> Duration {
        Duration::from_secs_f64(self.samples.len() as f64 / self.rate as f64)
    }

    /// The part between these two, as far as there is one.
    pub(crate) fn part(&self, part: Range<Duration>) -> Self {
        let at = |when: Duration| self.count(when).min(self.samples.len());
        Self {
            rate: self.rate,
            samples: self.samples[at(part.start)..at(part.end)].to_vec(),
        }
    }

    /// When something is heard first.
    pub(crate) fn begins(&self) -> Option<Duration> {
        let mut steps = self.samples.chunks_exact(self.count(STEP));
        let first = steps.position(|step| level(step) > AUDIBLE)?;
        Some(STEP * first as u32)
    }

    /// When something is heard last.
    pub(crate) fn ends(&self) -> Option<Duration> {
        let mut steps = self.samples.chunks_exact(self.count(STEP));
        let last = steps.rposition(|step| level(step) > AUDIBLE)?;
        Some(STEP * (last as u32 + 1))
    }

    /// Each window's share of this tone in all that is heard in it; windows in which nothing is heard are left out.
    pub(crate) fn shares(&self, hertz: u32) -> Vec<f64> {
        self.audible()
            .map(|window| self.share(window, f64::from(hertz)))
            .collect()
    }

    /// Whether this tone is what is heard: it makes up nearly every window.
    pub(crate) fn is_tone(&self, hertz: u32) -> bool {
        let shares = self.shares(hertz);
        let clear = shares.iter().filter(|share| **share > CLEAR).count();
        !shares.is_empty() && clear * 10 >= shares.len() * 8
    }

    /// Whether this tone is nowhere in it, but for single windows that a gap in the sound spoils.
    pub(crate) fn lacks(&self, hertz: u32) -> bool {
        let shares = self.shares(hertz);
        let spoilt = shares.iter().filter(|share| **share >= ABSENT).count();
        spoilt * 20 <= shares.len()
    }

    /// Whether somebody speaks: it is audible half of the time, and its strongest frequency changes all the time.
    pub(crate) fn is_speech(&self) -> bool {
        let mut strongest: Vec<_> = self
            .audible()
            .map(|window| self.strongest(window))
            .collect();
        let windows = self.samples.len() / self.count(WINDOW);
        let audible = strongest.len();
        strongest.sort_unstable();
        strongest.dedup();
        audible >= 5 && audible * 2 >= windows && strongest.len() * 3 >= audible
    }

    fn audible(&self) -> impl Iterator<Item = &[f64]> {
        let windows = self.samples.chunks_exact(self.count(WINDOW));
        windows.filter(|window| level(window) > AUDIBLE)
    }

    /// The frequency of speech that has most of a window, in steps that a window can tell apart.
    fn strongest(&self, window: &[f64]) -> u32 {
        let steps = (80..1500).step_by(10);
        let by_share = |a: &u32, b: &u32| {
            let share = |hertz: u32| self.share(window, f64::from(hertz));
            share(*a).total_cmp(&share(*b))
        };
        steps.max_by(by_share).unwrap()
    }

    /// Goertzel's algorithm: one line of the spectrum.
    fn share(&self, window: &[f64], hertz: f64) -> f64 {
        let turn = 2.0 * (TAU * hertz / self.rate as f64).cos();
        let (before, last) = window.iter().fold((0.0, 0.0), |(before, last), sample| {
            (last, sample + turn * last - before)
        });
        let power = last * last + before * before - turn * last * before;
        let all: f64 = window.iter().map(|sample| sample * sample).sum();
        2.0 * power / (window.len() as f64 * all)
    }

    fn count(&self, span: Duration) -> usize {
        (span.as_secs_f64() * self.rate as f64).round() as usize
    }
}

/// Root mean square.
fn level(samples: &[f64]) -> f64 {
    let all: f64 = samples.iter().map(|sample| sample * sample).sum();
    (all / samples.len() as f64).sqrt()
}
