//! Creates that the carrier does not simply place, and rings that wait because of it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use leadbridge_providers::LegId;

/// How often a carrier that refuses everything is tried, and the longest wait of any ring.
const STALLED: SignedDuration = SignedDuration::from_secs(30);

/// What becomes of a create that is not simply placed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mood {
    /// Placed, and nothing more is heard until somebody picks up.
    Silent,
    /// No answer, but the phone rings; nothing is heard of it before it is looked up.
    UnknownFound,
    /// No answer, and no call either.
    UnknownLost,
    /// Refused for the number.
    BadNumber(u32),
    /// Refused for a reason of the carrier's.
    Failed(u32),
    /// Too many requests.
    NotSent,
    /// Waits here for its turn, in seconds.
    Paced(u32),
    /// The phone rings, and the daemon dies before the answer is read.
    Dies,
}

impl Mood {
    /// Reads the words of a story.
    pub(crate) fn parse(mood: &str) -> Result<Mood, String> {
        let code = || {
            mood.rsplit(' ')
                .find_map(|code| code.parse().ok())
                .unwrap_or(0)
        };
        match mood {
            "placed, but nothing rings" => Ok(Mood::Silent),
            "no answer, but the phone rings" => Ok(Mood::UnknownFound),
            "no answer, and nothing rings" => Ok(Mood::UnknownLost),
            "too many requests" => Ok(Mood::NotSent),
            "the daemon dies before the answer" => Ok(Mood::Dies),
            _ if mood.starts_with("waits for its turn, ") => Ok(Mood::Paced(code())),
            _ if mood.starts_with("no such number, ") => Ok(Mood::BadNumber(code())),
            _ if mood.starts_with("refused with ") => Ok(Mood::Failed(code())),
            _ => Err(format!("no such mood: {mood}")),
        }
    }
}

/// Rings that wait.
#[derive(Debug, Default)]
pub(crate) struct Refused {
    waiting: BTreeMap<LegId, Stalled>,
}

#[derive(Debug)]
struct Stalled {
    t1: Timestamp,
    at: Timestamp,
    wait: SignedDuration,
    down: bool,
}

impl Refused {
    pub(crate) fn due(&self) -> Option<Timestamp> {
        self.waiting.values().map(|stalled| stalled.at).min()
    }

    /// Rings that waited and are tried now: while the carrier is down only the oldest lead's.
    pub(crate) fn try_now(&mut self, now: Timestamp) -> Vec<LegId> {
        let due = self.waiting.iter().filter(|(_, stalled)| stalled.at <= now);
        let mut due: Vec<_> = due
            .map(|(leg, stalled)| (stalled.down, stalled.t1, *leg))
            .collect();
        due.sort_by_key(|(down, t1, leg)| (!*down, *t1, *leg));
        let oldest = due.iter().position(|(down, ..)| *down);
        let tried =
            |(at, (down, ..)): &(usize, &(bool, Timestamp, LegId))| !down || Some(*at) == oldest;
        let legs: Vec<_> = due
            .iter()
            .enumerate()
            .filter(tried)
            .map(|(_, (_, _, leg))| *leg)
            .collect();
        for stalled in self
            .waiting
            .values_mut()
            .filter(|stalled| stalled.down && stalled.at <= now)
        {
            stalled.at = now + STALLED;
        }
        legs
    }

    pub(crate) fn forget(&mut self, leg: LegId) {
        self.waiting.remove(&leg);
    }

    pub(crate) fn stall(&mut self, leg: LegId, t1: Timestamp, down: bool, now: Timestamp) {
        let wait = self
            .waiting
            .get(&leg)
            .map_or(SignedDuration::from_secs(1), |before| {
                (before.wait * 2).min(STALLED)
            });
        let next = self
            .waiting
            .values()
            .filter(|stalled| stalled.down)
            .map(|stalled| stalled.at)
            .min();
        let at = if down {
            next.unwrap_or(now + STALLED)
        } else {
            now + wait
        };
        let at = if at <= now { now + STALLED } else { at };
        self.waiting.insert(leg, Stalled { t1, at, wait, down });
    }

    /// It takes rings again: all that waited for that leave now.
    pub(crate) fn placed(&mut self, leg: LegId, now: Timestamp) {
        self.waiting.remove(&leg);
        for stalled in self.waiting.values_mut().filter(|stalled| stalled.down) {
            stalled.at = now;
            stalled.down = false;
        }
    }

    /// It waits here for its turn, and nothing is wrong.
    pub(crate) fn paced(&mut self, leg: LegId, t1: Timestamp, at: Timestamp) {
        let wait = SignedDuration::from_secs(1);
        let stalled = Stalled {
            t1,
            at,
            wait,
            down: false,
        };
        self.waiting.insert(leg, stalled);
    }
}
