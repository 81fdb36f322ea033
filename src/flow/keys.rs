//! What a rep presses: the table of keys, and the claim of the lead (BEHAVIOUR 3, P3, P4).

use leadbridge_providers::{Asked, LegId, Side};

use super::noted::NINE;
use super::{AttemptResult, Cue, Entry, Flow, Kind, Missed, Moment, Outcome, State, What};
use crate::lead::HeldReason;

/// The whisper is said so many times.
const PROMPTS: u8 = 2;
/// Key 3 repeats it so many times at most.
const REPEATS_MAX: u8 = 3;

impl Flow {
    /// A question of the carrier's on a rep's leg. An answer to an earlier prompt changes nothing.
    pub(super) fn asked(&mut self, leg: LegId, turn: u32, asked: &Asked, m: &mut Moment<'_>) {
        if leg.side == Side::In {
            let dial = matches!(asked, Asked::Dial { still_up: true, .. });
            return self.customer_asks(leg, turn, dial, m);
        }
        let Some(index) = self
            .index(leg)
            .filter(|index| self.attempts[*index].turn == turn)
        else {
            return;
        };
        match (self.attempts[index].cue.clone(), asked) {
            // The end has overtaken the key: there is nobody to join.
            (_, Asked::Digits(_)) if !self.attempts[index].life.up() => {}
            (Cue::Whisper { prompt, repeats }, Asked::Digits(key)) => {
                self.key(index, *key, prompt, repeats, m)
            }
            (Cue::Customer { leg, .. }, Asked::Dial { end, still_up }) => {
                self.dial_ended(index, leg, (*end, *still_up), m)
            }
            (Cue::Room { .. }, Asked::Answer) => self.enters_the_room(index, m),
            (Cue::Room { leg, .. }, Asked::Dial { still_up, .. }) => {
                self.room_ended(index, leg, *still_up, m)
            }
            (Cue::Menu | Cue::Unreached { .. }, Asked::Digits(key)) => {
                self.menu_key(index, *key, m)
            }
            (
                Cue::Whisper { .. }
                | Cue::Customer { .. }
                | Cue::Room { .. }
                | Cue::Menu
                | Cue::Unreached { .. }
                | Cue::Taken { .. }
                | Cue::DealtWith
                | Cue::Passed
                | Cue::Paused
                | Cue::NoKey
                | Cue::Suspicious
                | Cue::TestPassed
                | Cue::Thanks,
                Asked::Answer | Asked::Digits(_) | Asked::Dial { .. },
            ) => {}
        }
    }

    fn key(
        &mut self,
        index: usize,
        key: Option<char>,
        prompt: u8,
        repeats: u8,
        m: &mut Moment<'_>,
    ) {
        let open = matches!(
            self.attempts[index].result,
            None | Some(AttemptResult::Missed(_) | AttemptResult::Lost | AttemptResult::Canceled)
        );
        match key {
            _ if !open || !self.to_be_had() => self.too_late(index),
            Some('1') => self.accept(index, m),
            Some('2') => self.pass(index, Cue::Passed, None, m),
            Some('3') if repeats < REPEATS_MAX => {
                self.cue(
                    index,
                    Cue::Whisper {
                        prompt: 1,
                        repeats: repeats + 1,
                    },
                );
            }
            Some('7') => {
                let owner = self.is_last_owner(index, m);
                let cue = if owner { Cue::Passed } else { Cue::Paused };
                self.pass(index, cue, None, m);
                let now = m.now;
                self.tally(index, m, |phone| phone.pause(now));
            }
            Some('9') => self.suspect(index, m),
            Some(_) | None if prompt < PROMPTS => self.cue(
                index,
                Cue::Whisper {
                    prompt: prompt + 1,
                    repeats,
                },
            ),
            Some(_) | None => {
                self.cue(index, Cue::NoKey);
                if self.attempts[index].result.is_none() {
                    self.miss(index, Missed::NoKey, m);
                }
            }
        }
    }

    /// Key 1: the lead is this rep's from this commit on. A late key wins while the lead is to be had.
    fn accept(&mut self, index: usize, m: &mut Moment<'_>) {
        let attempt = &self.attempts[index];
        let (leg, phone) = (attempt.leg, attempt.seat.phone.clone());
        let row = m.desk.phone_mut(&phone);
        if row.taken(m.now) && !row.held_by(leg) {
            return self.too_late(index);
        }
        row.accepted();
        self.finish(index, AttemptResult::Accepted, m);
        m.tell(Entry::new(m.now, What::RepAccepted).of(&self.attempts[index]));
        if self.facts.kind != Kind::Real && self.facts.number.is_none() {
            self.cue(index, Cue::TestPassed);
            return self.close(Outcome::Test, None, m);
        }
        self.retire_others(leg, m);
        self.engage(index, m);
    }

    fn pass(&mut self, index: usize, cue: Cue, why: Option<&str>, m: &mut Moment<'_>) {
        self.cue(index, cue);
        if self.attempts[index].result.is_some() {
            return;
        }
        self.finish(index, AttemptResult::Passed, m);
        let entry = Entry::new(m.now, What::RepPassed).of(&self.attempts[index]);
        m.tell(match why {
            Some(why) => entry.because(why),
            None => entry,
        });
        let (passes_max, now) = (self.terms().passes_max, m.now);
        self.tally(index, m, |phone| phone.passed(passes_max, now));
    }

    /// Key 9. A second one from another phone, or the owner's, leaves the lead to a person.
    fn suspect(&mut self, index: usize, m: &mut Moment<'_>) {
        self.pass(index, Cue::Suspicious, Some(NINE), m);
        let seat = &self.attempts[index].seat;
        let second = self
            .suspected_by
            .as_ref()
            .is_some_and(|phone| *phone != seat.phone);
        if second || seat.owner {
            self.hold(HeldReason::Suspicious, m);
        } else {
            self.suspected_by = Some(seat.phone.clone());
        }
    }

    fn too_late(&mut self, index: usize) {
        let by = match &self.state {
            State::Engaged(engaged) => self
                .attempt(engaged.leg)
                .map(|winner| winner.seat.rep.clone()),
            State::Held(_)
            | State::Waiting { .. }
            | State::Sleeping { .. }
            | State::Round(_)
            | State::Closed(_) => None,
        };
        self.cue(index, by.map_or(Cue::DealtWith, |by| Cue::Taken { by }));
    }
}
