//! What happens to a rep's leg by itself: the ring clock, the span, look-ups, and legs of which nothing is heard
//! (BEHAVIOUR 8, P6).

use jiff::{SignedDuration, Timestamp};

use super::leg::{Rank, Wish};
use super::{Attempt, AttemptResult, Command, Entry, Flow, Missed, Moment, What};

/// A leg that is up without having the lead is looked up after so many seconds, and again.
pub(super) const UP_CHECK_S: i64 = 30;
/// No prompt lasts so long: a leg that is up without a key is ended after so many seconds.
pub(super) const UP_MAX_S: i64 = 120;
/// After so many unanswered look-ups it counts as gone.
const UNHEARD_MAX: u32 = 2;

impl Flow {
    /// When something happens to this attempt by itself.
    pub(super) fn attempt_due(&self, attempt: &Attempt) -> Option<Timestamp> {
        let life = &attempt.life;
        if !life.live() || life.waits() || self.has(attempt.leg) {
            return None;
        }
        let at = match (life.rank, attempt.result) {
            (Rank::Answered, _) => life.check_at,
            (Rank::Created | Rank::Queued | Rank::Ringing, None) => life
                .unknown_due()
                .or_else(|| life.ring_ends(attempt.ring_s))
                .or_else(|| life.span_ends(attempt.ring_s)),
            (Rank::Created | Rank::Queued | Rank::Ringing, Some(_)) => life
                .unknown_due()
                .or_else(|| life.span_ends(attempt.ring_s)),
            (Rank::Ended, _) => None,
        };
        at.map(|at| life.due(at))
    }

    /// Every deadline that has passed.
    pub(super) fn clock(&mut self, m: &mut Moment<'_>) {
        for index in 0..self.attempts.len() {
            while self
                .attempt_due(&self.attempts[index])
                .is_some_and(|at| at <= m.now)
            {
                self.attempt_clock(index, m);
            }
        }
        self.engaged_clock(m);
    }

    /// Live legs are looked up before anything overdue happens to them, and keep their phones until it has.
    pub(super) fn restarted(&mut self, m: &mut Moment<'_>) {
        let until = m.now + SignedDuration::from_secs(UP_MAX_S);
        for attempt in &mut self.attempts {
            if !attempt.life.live() || attempt.life.waits() {
                continue;
            }
            m.desk
                .phone_mut(&attempt.seat.phone)
                .keep(attempt.leg, until);
            if attempt.life.call.is_some() {
                attempt.life.restarted(m.now);
                m.commands.push(Command::LookUp(attempt.leg));
            }
        }
        self.customer_restarted(m);
    }

    /// One deadline of one attempt.
    fn attempt_clock(&mut self, index: usize, m: &mut Moment<'_>) {
        let attempt = &mut self.attempts[index];
        attempt.life.hold_off = None;
        if attempt.life.up() {
            return self.up_clock(index, m);
        }
        if attempt.life.unknown_due().is_some() {
            return self.unknown_clock(index, m);
        }
        let span_over = attempt
            .life
            .span_ends(attempt.ring_s)
            .is_none_or(|at| at <= m.now);
        if attempt.result.is_none() {
            self.end_ring(index, m);
        }
        if span_over {
            self.presume_over(index, m);
        }
    }

    /// A create whose fate nobody knows: looked up three times, then lost, which is no miss.
    pub(super) fn unknown_clock(&mut self, index: usize, m: &mut Moment<'_>) {
        let leg = self.attempts[index].leg;
        if self.attempts[index]
            .life
            .unknown_due()
            .is_some_and(|at| at > m.now)
        {
            return;
        }
        if self.attempts[index].life.ask_again() {
            m.order(Command::LookUp(leg));
        } else if self.attempts[index].result.is_none() {
            self.lost(index, m);
        }
    }

    /// Nobody knows what became of a ring: no miss, and the rep comes again.
    pub(super) fn lost(&mut self, index: usize, m: &mut Moment<'_>) {
        self.finish(index, AttemptResult::Lost, m);
        m.tell(Entry::new(m.now, What::RepLost).of(&self.attempts[index]));
        self.again_after_lost(self.attempts[index].leg);
    }

    /// The ring clock ran out: cancelled at the carrier, and a miss. A key pressed all the same still wins.
    fn end_ring(&mut self, index: usize, m: &mut Moment<'_>) {
        self.send_or_keep(index, Wish::Cancel, m);
        self.miss(index, Missed::NoAnswer, m);
    }

    /// A leg that is up without having the lead: looked up, and ended when nothing is heard of it.
    fn up_clock(&mut self, index: usize, m: &mut Moment<'_>) {
        let life = &mut self.attempts[index].life;
        let too_long = life
            .answered_at
            .is_some_and(|at| at + SignedDuration::from_secs(UP_MAX_S) <= m.now);
        if life.unheard < UNHEARD_MAX && !too_long {
            life.unheard += 1;
            life.check_at = Some(m.now + SignedDuration::from_secs(UP_CHECK_S));
            m.order(Command::LookUp(self.attempts[index].leg));
            return;
        }
        self.send_or_keep(index, Wish::HangUp, m);
        if self.attempts[index].result.is_none() {
            self.miss(
                index,
                if too_long {
                    Missed::NoKey
                } else {
                    Missed::HungUp
                },
                m,
            );
        }
        self.presume_over(index, m);
    }

    /// By now the carrier has ended it, whatever we were told.
    pub(super) fn presume_over(&mut self, index: usize, m: &mut Moment<'_>) {
        self.attempts[index].life.presume_over(m.now);
        self.release_phone(index, None, m);
    }
}
