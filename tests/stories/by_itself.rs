//! What happens on the telephone network unasked: prompts run out, phones ring out, good-byes end, and people act by
//! themselves in stories with many leads:
//! `Everybody picks up after 4 s, presses 1 after 6 s; customers pick up after 5 s and talk 40 s`.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use leadbridge::flow::{Attempt, Cue, Hears};
use leadbridge_providers::{End, LegId, Phase, Turn};

use crate::carrier::Carrier;
use crate::world::Next;

/// How long a prompt and the wait for a key after it last.
const PROMPT: SignedDuration = SignedDuration::from_secs(10);
/// How long a good-bye lasts.
const GOOD_BYE: SignedDuration = SignedDuration::from_secs(2);

/// How quick people are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bots {
    pub(crate) picks_up: SignedDuration,
    pub(crate) presses: SignedDuration,
    pub(crate) customer_picks_up: SignedDuration,
    pub(crate) talks: SignedDuration,
}

impl Bots {
    /// Reads the line; `None` if it is another.
    pub(crate) fn parse(line: &str) -> Option<Bots> {
        let line = line.strip_prefix("Everybody picks up after ")?;
        let mut seconds = line
            .split(' ')
            .filter_map(|word| word.parse().ok())
            .filter(|second| *second != 1);
        let mut next = || seconds.next().map(SignedDuration::from_secs);
        Some(Bots {
            picks_up: next()?,
            presses: next()?,
            customer_picks_up: next()?,
            talks: next()?,
        })
    }
}

/// What the carrier does by itself.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Happening {
    RingsOut(LegId),
    PromptOver(LegId, Turn),
    GoodByeOver(LegId, Turn),
    PicksUp(LegId),
    Presses(LegId, Turn),
    HangsUp(LegId),
}

impl Carrier {
    /// What follows from what a leg hears.
    pub(crate) fn plays(
        &mut self,
        attempt: &Attempt,
        turn: Turn,
        customer_s: u32,
        now: Timestamp,
        queue: &mut VecDeque<Next>,
    ) {
        let leg = attempt.leg;
        let bots = self.bots;
        match &attempt.cue {
            Cue::Whisper { .. } | Cue::Menu | Cue::Unreached { .. } => {
                if let Some(bots) = bots {
                    self.by_itself
                        .push((now + bots.presses, Happening::Presses(leg, turn)));
                } else if matches!(attempt.cue, Cue::Whisper { .. }) {
                    self.by_itself
                        .push((now + PROMPT, Happening::PromptOver(leg, turn)));
                }
            }
            Cue::Customer { leg: customer, .. } => {
                let out = now + SignedDuration::from_secs(i64::from(customer_s));
                self.line(
                    *customer,
                    "the customer",
                    None,
                    Phase::Ringing,
                    Some((leg, turn)),
                    false,
                );
                self.by_itself.push((out, Happening::RingsOut(*customer)));
                if let Some(bots) = bots {
                    self.by_itself
                        .push((now + bots.customer_picks_up, Happening::PicksUp(*customer)));
                    let over = now + bots.customer_picks_up + bots.talks;
                    self.by_itself.push((over, Happening::HangsUp(*customer)));
                }
                queue.extend(self.says(*customer, Phase::Ringing));
            }
            Cue::Room { leg: room, .. } => {
                if let Some(line) = self.lines.get_mut(&leg) {
                    line.room = Some(*room);
                }
            }
            Cue::Taken { .. }
            | Cue::DealtWith
            | Cue::Passed
            | Cue::Paused
            | Cue::NoKey
            | Cue::Suspicious
            | Cue::TestPassed
            | Cue::Thanks => {
                self.by_itself
                    .push((now + GOOD_BYE, Happening::GoodByeOver(leg, turn)));
            }
        }
    }

    /// What follows from what a customer hears who rang.
    pub(crate) fn customer_plays(&mut self, leg: LegId, turn: Turn, hears: Hears, now: Timestamp) {
        let room = (hears == Hears::Room).then_some(leg);
        if let Some(line) = self.lines.get_mut(&leg) {
            line.room = room;
        }
        if hears == Hears::GoodBye {
            self.by_itself
                .push((now + GOOD_BYE, Happening::GoodByeOver(leg, turn)));
        }
    }

    /// What is due by now, in order.
    pub(crate) fn fall_due(&mut self, now: Timestamp) -> Vec<Happening> {
        let (due, later) = std::mem::take(&mut self.by_itself)
            .into_iter()
            .partition(|(at, _)| *at <= now);
        self.by_itself = later;
        let mut due: Vec<(Timestamp, Happening)> = due;
        due.sort_by_key(|(at, _)| *at);
        due.into_iter().map(|(_, happening)| happening).collect()
    }

    /// When something happens by itself.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        self.by_itself
            .iter()
            .filter(|(_, happening)| self.still(*happening))
            .map(|(at, _)| *at)
            .min()
    }

    pub(crate) fn happens(
        &mut self,
        happening: Happening,
        now: Timestamp,
        queue: &mut VecDeque<Next>,
    ) {
        if !self.still(happening) {
            return;
        }
        match happening {
            Happening::RingsOut(leg) => queue.extend(self.ends(leg, End::NoAnswer, now)),
            Happening::PromptOver(leg, _) => queue.extend(self.presses(leg, None)),
            Happening::GoodByeOver(leg, _) | Happening::HangsUp(leg) => {
                queue.extend(self.ends(leg, End::Completed { up_s: None }, now));
            }
            Happening::PicksUp(leg) => queue.extend(self.picks_up(leg, now)),
            Happening::Presses(leg, _) => queue.extend(self.presses(leg, Some('1'))),
        }
    }

    fn still(&self, happening: Happening) -> bool {
        let reads = |leg: LegId, turn| self.is_up(leg) && self.lines[&leg].turn == turn;
        match happening {
            Happening::RingsOut(leg) | Happening::PicksUp(leg) => {
                let line = self.lines.get(&leg);
                line.is_some_and(|line| matches!(line.phase, Phase::Queued | Phase::Ringing))
            }
            Happening::PromptOver(leg, turn)
            | Happening::GoodByeOver(leg, turn)
            | Happening::Presses(leg, turn) => reads(leg, turn),
            Happening::HangsUp(leg) => self.is_up(leg),
        }
    }
}
