//! What picks up a phone, and what it does with what it hears. Only a person presses keys.

use leadbridge::flow::Cue;
use leadbridge_providers::End;

use crate::group::pick;

/// What is at the other end of one ring.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Persona {
    /// It rings out.
    Nobody,
    /// The network says so after some milliseconds.
    Refuses(End, i64),
    /// Picks up after so many milliseconds and never presses a key.
    Voicemail(i64),
    /// Picks up after so many milliseconds.
    Person(i64),
}

/// What somebody who hears something does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Does {
    /// After so many milliseconds.
    Key(char, i64),
    /// Waits until the prompt runs out.
    Nothing,
    /// After so many milliseconds.
    HangsUp(i64),
}

impl Persona {
    pub(crate) fn random(rng: &mut fastrand::Rng) -> Persona {
        match rng.u8(..20) {
            0..4 => Persona::Nobody,
            4 => Persona::Refuses(End::Busy, rng.i64(200..6000)),
            5 => Persona::Refuses(End::Rejected, rng.i64(200..9000)),
            6 => Persona::Refuses(
                *pick(rng, &[End::Failed, End::InvalidNumber]),
                rng.i64(0..3000),
            ),
            7..10 => Persona::Voicemail(rng.i64(0..31_000)),
            _ => Persona::Person(rng.i64(300..33_000)),
        }
    }

    /// What it does with a prompt that asks for a key.
    pub(crate) fn hears(self, cue: &Cue, rng: &mut fastrand::Rng) -> Does {
        match self {
            Persona::Person(_) => Persona::presses(cue, rng),
            Persona::Voicemail(_) | Persona::Nobody | Persona::Refuses(..) => Does::Nothing,
        }
    }

    fn presses(cue: &Cue, rng: &mut fastrand::Rng) -> Does {
        let after = rng.i64(300..12_000);
        let keys: &[char] = match cue {
            Cue::Whisper { .. } => &['1', '1', '1', '1', '1', '2', '3', '7', '9', '5'],
            Cue::Unreached { .. } => &['1', '1', '0', '4'],
            Cue::Menu => &['1', '2', '3', '4', '0', '8'],
            Cue::Customer { .. }
            | Cue::Room { .. }
            | Cue::Taken { .. }
            | Cue::DealtWith
            | Cue::Passed
            | Cue::Paused
            | Cue::NoKey
            | Cue::Suspicious
            | Cue::TestPassed
            | Cue::Thanks => return Does::Nothing,
        };
        match rng.u8(..10) {
            0 => Does::HangsUp(after),
            1 => Does::Nothing,
            _ => Does::Key(*pick(rng, keys), after),
        }
    }
}
