//! The ring tone of Europe, made: 425 Hz, one second on and three off. The carrier plays it again and again.

use std::f64::consts::TAU;
use std::sync::LazyLock;

/// Samples in a second: what the telephone network has.
const RATE: u32 = 8000;
const HERTZ: f64 = 425.0;
const ON_S: u32 = 1;
const OFF_S: u32 = 3;
/// Of 1: loud enough to be heard, not to hurt.
const LOUDNESS: f64 = 0.2;

static WAV: LazyLock<Vec<u8>> = LazyLock::new(made);

/// The sound as a file.
pub(super) fn wav() -> &'static [u8] {
    &WAV
}

/// One channel of 16 bits.
fn made() -> Vec<u8> {
    let samples = RATE * (ON_S + OFF_S);
    let bytes = samples * 2;
    let mut file = Vec::new();
    file.extend(b"RIFF");
    file.extend((36 + bytes).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16u32.to_le_bytes());
    file.extend(1u16.to_le_bytes());
    file.extend(1u16.to_le_bytes());
    file.extend(RATE.to_le_bytes());
    file.extend((RATE * 2).to_le_bytes());
    file.extend(2u16.to_le_bytes());
    file.extend(16u16.to_le_bytes());
    file.extend(b"data");
    file.extend(bytes.to_le_bytes());
    file.extend((0..samples).flat_map(|index| sample(index).to_le_bytes()));
    file
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
