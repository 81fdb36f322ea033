//! Sound as telephones carry it: 8 kHz, one channel, 16 bits. A voice may give any other WAV file.

use std::f32::consts::TAU;
use std::io::Cursor;

use axum::body::Bytes;
use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Async, FixedAsync, Resampler, SincInterpolationParameters, WindowFunction};

/// Samples in a second: what the telephone network has.
pub(in crate::io) const RATE: u32 = 8000;
/// Rates that voices have.
const RATES: std::ops::RangeInclusive<u32> = 4_000..=192_000;
/// Samples that are resampled at a time.
const CHUNK: usize = 1024;
/// What is softer than this, of 1, is silence.
const SILENCE: f32 = 0.01;
/// Silence that is left before and after a sentence, in samples: 20 ms.
const MARGIN: usize = 160;
/// Between two sentences: 300 ms.
const PAUSE: usize = 2_400;
/// The tone: twice 880 Hz.
const TONE_HERTZ: f32 = 880.0;
/// A beep of the tone and the pause after it, in samples: 150 ms each.
const BEEP: usize = 1_200;
/// Of 1: loud enough to be heard, not to hurt.
const LOUDNESS: f32 = 0.25;

/// Any WAV file as a telephone carries it, without the silence around; `None` when it is none or nothing is heard.
pub(super) fn telephone(file: Vec<u8>) -> Option<Vec<i16>> {
    let (rate, samples) = decoded(mended(file))?;
    let samples = trimmed(&resampled(rate, samples)?)?;
    let height = |sample: f32| (sample.clamp(-1.0, 1.0) * f32::from(i16::MAX)) as i16;
    Some(samples.into_iter().map(height).collect())
}

/// These samples as a file.
pub(in crate::io) fn wav(samples: &[i16]) -> Bytes {
    let spec = WavSpec {
        channels: 1,
        sample_rate: RATE,
        bits_per_sample: 16,
        sample_format: SampleFormat::Int,
    };
    let mut file = Cursor::new(Vec::with_capacity(samples.len() * 2 + 44));
    let written = WavWriter::new(&mut file, spec).and_then(|mut writer| {
        let mut block = writer.get_i16_writer(u32::try_from(samples.len()).unwrap_or(u32::MAX));
        samples
            .iter()
            .for_each(|sample| block.write_sample(*sample));
        block.flush()?;
        writer.finalize()
    });
    written.expect("memory can be written to");
    file.into_inner().into()
}

/// What is still between two sentences.
pub(super) fn pause() -> impl Iterator<Item = i16> {
    std::iter::repeat_n(0, PAUSE)
}

/// What is heard when nothing can be said: two beeps.
pub(super) fn tone() -> Vec<i16> {
    let sample = |index: usize| {
        if index % (2 * BEEP) >= BEEP {
            return 0;
        }
        let height = (TAU * TONE_HERTZ * index as f32 / RATE as f32).sin() * LOUDNESS;
        (height * f32::from(i16::MAX)) as i16
    };
    (0..4 * BEEP).map(sample).collect()
}

/// A command that writes to a pipe can't know how long the sound will be, and says nothing or far too much in front of
/// it: the file's end counts.
fn mended(mut file: Vec<u8>) -> Vec<u8> {
    let (mut at, mut frame) = (12, 1);
    while let Some(size) = number(&file, at + 4) {
        let left = u32::try_from(file.len() - (at + 8)).unwrap_or(u32::MAX);
        match file.get(at..at + 4) {
            Some(b"fmt ") => frame = number(&file, at + 20).map_or(1, |both| both & 0xffff),
            Some(b"data") => {
                let size = if size == 0 { left } else { size.min(left) };
                let whole_frames = size - size % frame.max(1);
                file[at + 4..at + 8].copy_from_slice(&whole_frames.to_le_bytes());
                break;
            }
            Some(_) | None => (),
        }
        at += 8 + size.saturating_add(size % 2).min(left) as usize;
    }
    file
}

fn number(file: &[u8], at: usize) -> Option<u32> {
    let bytes = file.get(at..at + 4)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

/// The file's rate and its sound, all channels in one.
fn decoded(file: Vec<u8>) -> Option<(u32, Vec<f32>)> {
    let mut reader = WavReader::new(Cursor::new(file)).ok()?;
    let spec = reader.spec();
    let samples: Vec<f32> = match spec.sample_format {
        SampleFormat::Float => reader.samples::<f32>().collect::<Result<_, _>>().ok()?,
        SampleFormat::Int => {
            let full = (1u64 << (spec.bits_per_sample - 1)) as f32;
            let samples = reader.samples::<i32>();
            let heights = samples.map(|sample| sample.map(|sample| sample as f32 / full));
            heights.collect::<Result<_, _>>().ok()?
        }
    };
    let channels = usize::from(spec.channels);
    let one = |frame: &[f32]| frame.iter().sum::<f32>() / channels as f32;
    let mixed = samples.chunks_exact(channels).map(one).collect();
    RATES
        .contains(&spec.sample_rate)
        .then_some((spec.sample_rate, mixed))
}

fn resampled(rate: u32, samples: Vec<f32>) -> Option<Vec<f32>> {
    if rate == RATE || samples.is_empty() {
        return Some(samples);
    }
    let filter = SincInterpolationParameters::new(128, WindowFunction::BlackmanHarris2);
    let ratio = f64::from(RATE) / f64::from(rate);
    let fixed = FixedAsync::Input;
    let mut resampler = Async::new_sinc(ratio, 1.0, &filter, CHUNK, 1, fixed).ok()?;
    let input = InterleavedSlice::new(&samples, 1, samples.len()).ok()?;
    let output = resampler.process_all(&input, samples.len(), None).ok()?;
    Some(output.take_data())
}

fn trimmed(samples: &[f32]) -> Option<Vec<f32>> {
    let is_heard = |sample: &f32| sample.abs() > SILENCE;
    let first = samples.iter().position(is_heard)?;
    let last = samples.iter().rposition(is_heard)?;
    let end = samples.len().min(last + MARGIN);
    Some(samples[first.saturating_sub(MARGIN)..end].to_vec())
}
