//! The request that makes a phone ring: waits here, leaves, and ends in one of five ways (DESIGN 3, P2).

use jiff::{SignedDuration, Timestamp};
use leadbridge_providers::{CarrierCallId, End, LegId, Phase, Placing};

use super::leg::{Create, Wish};
use super::rep::missed;
use super::when::When;
use super::{Attempt, AttemptResult, Command, Entry, Flow, Moment, Notice, What};

/// A ring that waits for its turn keeps its phone so long: its carrier may be found to be down meanwhile.
const TURN_S: i64 = 300;

impl Flow {
    /// A ring waits here. What it was rung for does not run meanwhile. One that its carrier does not take leaves the
    /// phone to others: it claims it again when it leaves.
    pub(super) fn parked(&mut self, leg: LegId, refused: bool, m: &mut Moment<'_>) {
        if let Some(index) = self
            .index(leg)
            .filter(|_| !self.wants(leg) && !self.waits(leg))
        {
            return self.never_left(index, m);
        }
        let Some(index) = self
            .index(leg)
            .filter(|_| self.wants(leg) || self.waits(leg))
        else {
            return;
        };
        let stalled = self.stalled();
        let attempt = &mut self.attempts[index];
        attempt.life.create = Create::Waiting { refused };
        attempt.life.left_at = None;
        let phone = m.desk.phone_mut(&attempt.seat.phone);
        if refused {
            phone.release(leg, None);
        } else if phone.taken(m.now) && !phone.held_by(leg) {
            // Its claim has run out while this could not be written down.
            return self.back_in_line(index, m);
        } else {
            phone.claim(leg, m.now + SignedDuration::from_secs(TURN_S));
        }
        if !stalled && self.stalled() {
            m.tell(Entry::new(m.now, What::Stalled));
        }
    }

    /// A ring that waited leaves now: its span and its claim count from here.
    pub(super) fn leaving(&mut self, leg: LegId, m: &mut Moment<'_>) {
        let Some(index) = self.index(leg).filter(|_| self.waits(leg)) else {
            return;
        };
        if !matches!(self.when(m), When::Now(_)) {
            return self.drop_unsent(index, m);
        }
        let elsewhere = self.served_elsewhere(m);
        let attempt = &mut self.attempts[index];
        let phone = m.desk.phone_mut(&attempt.seat.phone);
        if elsewhere || phone.taken(m.now) && !phone.held_by(leg) {
            return self.back_in_line(index, m);
        }
        attempt.life.create = Create::Leaving;
        attempt.life.left_at = Some(m.now);
        phone.claim(leg, attempt.life.span_ends(attempt.ring_s).unwrap_or(m.now));
    }

    /// Nobody was rung and nobody missed it; the next round has the carrier that the rules name then.
    pub(super) fn no_carrier(&mut self, leg: LegId, m: &mut Moment<'_>) {
        if let Some(index) = self
            .index(leg)
            .filter(|_| self.wants(leg) || self.waits(leg))
        {
            self.drop_unsent(index, m);
        }
    }

    pub(super) fn placing(&mut self, leg: LegId, placing: &Placing, m: &mut Moment<'_>) {
        let Some(index) = self.index(leg) else { return };
        match placing {
            Placing::Placed(call) => self.bind(index, call, m),
            Placing::Unknown => {
                self.attempts[index].life.unknown(m.now);
                self.first_ring(m.now);
                if self.attempts[index].life.unknown_due().is_some() {
                    self.unknown_clock(index, m);
                }
            }
            Placing::BadNumber { .. } => self.refused(index, End::InvalidNumber, m),
            Placing::Failed { code } => {
                m.order(Command::Notice(Notice::CarrierRefused { code: *code }));
                self.refused(index, End::Failed, m);
            }
            Placing::NotSent | Placing::OurSetUp { .. } => self.parked(leg, true, m),
        }
    }

    /// A ring that has not left us is dropped.
    pub(super) fn drop_unsent(&mut self, index: usize, m: &mut Moment<'_>) {
        if self.attempts[index].result.is_none() {
            self.finish(index, AttemptResult::Canceled, m);
        }
        self.attempts[index].life.presume_over(m.now);
        self.release_phone(index, None, m);
    }

    /// The carrier refuses everything, and nothing else is under way.
    pub(super) fn stalled(&self) -> bool {
        let waiting = |attempt: &Attempt| {
            attempt.result.is_none() && attempt.life.create == Create::Waiting { refused: true }
        };
        let under_way = |attempt: &Attempt| attempt.result.is_none() && !attempt.life.waits();
        self.attempts.iter().any(waiting) && !self.attempts.iter().any(under_way)
    }

    /// Not wanted any more, and now known never to have left: its phone is free.
    fn never_left(&mut self, index: usize, m: &mut Moment<'_>) {
        let life = &mut self.attempts[index].life;
        if life.create == Create::Leaving && life.live() {
            life.presume_over(m.now);
            self.release_phone(index, None, m);
        }
    }

    pub(super) fn waits(&self, leg: LegId) -> bool {
        self.attempt(leg)
            .is_some_and(|attempt| attempt.result.is_none() && attempt.life.waits())
    }

    /// The carrier's name for a leg: t2, and what we had to tell it about this leg can leave.
    pub(super) fn bind(&mut self, index: usize, call: &CarrierCallId, m: &mut Moment<'_>) {
        let attempt = &mut self.attempts[index];
        if attempt.life.call.is_some() {
            return;
        }
        attempt.life.bind(call, m.now);
        m.tell(Entry::new(m.now, What::RepRung).of(attempt));
        let leg = attempt.leg;
        let command = attempt.life.wish.take().map(|wish| match wish {
            Wish::Cancel => Command::Cancel(leg),
            Wish::HangUp => Command::HangUp(leg),
        });
        m.commands.extend(command);
        self.first_ring(m.now);
    }

    /// The create was refused: nothing rang.
    fn refused(&mut self, index: usize, end: End, m: &mut Moment<'_>) {
        if self.attempts[index].life.rise(&Phase::Ended(end), m.now) {
            self.first_ring(m.now);
            self.release_phone(index, None, m);
            if self.attempts[index].result.is_none() {
                self.miss(index, missed(end), m);
            }
        }
    }

    fn first_ring(&mut self, now: Timestamp) {
        self.ladder.first_ring_at.get_or_insert(now);
    }
}
