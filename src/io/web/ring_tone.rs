//! The ring tone of Europe, made: 425 Hz, one second on and three off. The carrier plays it again and again.

use std::f64::consts::TAU;
use std::sync::LazyLock;

use axum::body::Bytes;

use crate::io::speech::sound::{self, RATE};

const HERTZ: f64 = 425.0;
const ON_S: u32 = 1;
const OFF_S: u32 = 3;
/// Of 1: loud enough to be heard, not to hurt.
const LOUDNESS: f64 = 0.2;

static WAV: LazyLock<Bytes> = LazyLock::new(made);

/// The sound as a file.
pub(super) fn wav() -> &'static [u8] {
    &WAV
}

fn made() -> Bytes {
    let samples = (0..RATE * (ON_S + OFF_S)).map(sample);
    sound::wav(&samples.collect::<Vec<_>>())
}

fn sample(index: u32) -> i16 {
    if index >= RATE * ON_S {
        return 0;
    }
    let at = f64::from(index) / f64::from(RATE);
    let height = (TAU * HERTZ * at).sin() * LOUDNESS * f64::from(i16::MAX);
    height as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_sounds_for_a_second_and_is_still_for_three() {
        let sound = &wav()[44..];
        assert_eq!(wav().len(), 44 + 4 * 16_000);
        let loudest = |part: &[u8]| {
            let samples = part
                .chunks(2)
                .map(|two| i16::from_le_bytes([two[0], two[1]]));
            samples.map(|sample| sample.unsigned_abs()).max()
        };
        assert!(loudest(&sound[..16_000]) > Some(6000));
        assert_eq!(loudest(&sound[16_000..]), Some(0));
    }
}
