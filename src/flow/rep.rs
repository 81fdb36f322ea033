//! What a rep's phone did: it rings, is picked up, is missed, and is told when another has the lead (BEHAVIOUR 3).

use jiff::{SignedDuration, Timestamp};
use leadbridge_providers::{CarrierCallId, End, Found, LegId, Phase, Side};

use super::leg::{Wish, s};
use super::overdue::{UP_CHECK_S, UP_MAX_S};
use super::{
    AttemptResult, By, Command, Cue, Entry, Flow, Missed, Moment, Notice, Text, What, word,
};
use crate::desk::{Phone, Tally};

impl Flow {
    /// The carrier says how far a leg is: a rank that does not rise is old news.
    pub(super) fn progress(
        &mut self,
        leg: LegId,
        call: Option<&CarrierCallId>,
        phase: &Phase,
        m: &mut Moment<'_>,
    ) {
        match leg.side {
            Side::Rep => {
                let Some(index) = self.index(leg) else { return };
                if let Some(call) = call {
                    self.bind(index, call, m);
                }
                self.rise(index, phase, None, m);
            }
            Side::Customer => self.customer_progress(leg, call, phase, m),
            Side::In => {
                if matches!(phase, Phase::Ended(_)) {
                    self.came_in_over(leg, m);
                }
            }
        }
    }

    pub(super) fn found(&mut self, leg: LegId, found: &Found, m: &mut Moment<'_>) {
        match leg.side {
            Side::Customer => return self.customer_found(leg, found, m),
            Side::In => return self.came_in_found(leg, found, m),
            Side::Rep => {}
        }
        let Some(index) = self.index(leg) else { return };
        match found {
            Found::Call {
                call,
                phase,
                ended_at,
            } => {
                self.attempts[index].life.hold_off = None;
                self.bind(index, call, m);
                self.rise(index, phase, *ended_at, m);
                self.still_up(index, phase, m.now);
            }
            Found::Nothing if self.attempts[index].life.up() => {
                self.rise(index, &Phase::Ended(End::Completed { up_s: None }), None, m);
            }
            Found::Nothing => {}
        }
    }

    /// The others are told, or their phones stop ringing.
    pub(super) fn retire_others(&mut self, winner: LegId, m: &mut Moment<'_>) {
        let by = self.attempt(winner).map(|attempt| attempt.seat.rep.clone());
        let Some(by) = by else { return };
        for index in 0..self.attempts.len() {
            if self.attempts[index].leg != winner {
                self.retire(index, Cue::Taken { by: by.clone() }, m);
            }
        }
    }

    /// Everybody is told, and every phone stops ringing.
    pub(super) fn retire_all(&mut self, m: &mut Moment<'_>) {
        self.lets_the_customer_go(m);
        for index in 0..self.attempts.len() {
            let cue = match self.attempts[index].cue {
                Cue::Suspicious
                | Cue::Passed
                | Cue::Paused
                | Cue::NoKey
                | Cue::Thanks
                | Cue::TestPassed => {
                    continue;
                }
                Cue::Whisper { .. }
                | Cue::Customer { .. }
                | Cue::Room { .. }
                | Cue::Unreached { .. }
                | Cue::Menu
                | Cue::Taken { .. }
                | Cue::DealtWith => Cue::DealtWith,
            };
            self.retire(index, cue, m);
        }
    }

    /// What a leg hears from now on.
    pub(super) fn cue(&mut self, index: usize, cue: Cue) {
        self.attempts[index].cue = cue;
        self.attempts[index].turn += 1;
    }

    pub(super) fn release_phone(
        &mut self,
        index: usize,
        rests_until: Option<Timestamp>,
        m: &mut Moment<'_>,
    ) {
        let attempt = &self.attempts[index];
        m.desk
            .phone_mut(&attempt.seat.phone)
            .release(attempt.leg, rests_until);
    }

    pub(super) fn rise(
        &mut self,
        index: usize,
        phase: &Phase,
        ended_at: Option<Timestamp>,
        m: &mut Moment<'_>,
    ) {
        if self.another_has_the_phone(index, phase, m)
            || !self.attempts[index].life.rise(phase, m.now)
        {
            return;
        }
        let attempt = &mut self.attempts[index];
        match phase {
            Phase::Queued => {}
            Phase::Ringing => m.tell(Entry::new(m.now, What::RepRinging).of(attempt)),
            Phase::Answered => {
                attempt.life.check_at = Some(m.now + SignedDuration::from_secs(UP_CHECK_S));
                let until = m.now + SignedDuration::from_secs(UP_MAX_S + UP_CHECK_S);
                let phone = m.desk.phone_mut(&attempt.seat.phone);
                if phone.held_by(attempt.leg) || !phone.taken(m.now) {
                    phone.claim(attempt.leg, until);
                }
                m.tell(Entry::new(m.now, What::RepAnswered).of(attempt));
            }
            Phase::Ended(end) => self.ended(index, *end, ended_at, m),
        }
    }

    /// A leg that was over by the clock can't have been up all the time that another lead is on its phone: such a
    /// word is old (P4, P7).
    fn another_has_the_phone(&self, index: usize, phase: &Phase, m: &Moment<'_>) -> bool {
        let attempt = &self.attempts[index];
        let phone = m.desk.phone(&attempt.seat.phone);
        let comes_back = *phase == Phase::Answered && attempt.life.presumed;
        comes_back && phone.taken(m.now) && !phone.held_by(attempt.leg)
    }

    /// A look-up that says "still up" puts the next one off.
    fn still_up(&mut self, index: usize, phase: &Phase, now: Timestamp) {
        let life = &mut self.attempts[index].life;
        if *phase == Phase::Answered && life.up() {
            life.seen_up(now);
            life.check_at = life
                .check_at
                .map(|at| at.max(now + SignedDuration::from_secs(UP_CHECK_S)));
        }
    }

    fn ended(&mut self, index: usize, end: End, ended_at: Option<Timestamp>, m: &mut Moment<'_>) {
        let attempt = &self.attempts[index];
        let answered = attempt.life.answered_at.is_some();
        if self.has(attempt.leg) {
            return self.rep_gone(index, ended_at, By::Rep, m);
        }
        let rests_until = self.rests_until(index, ended_at, m.now);
        self.release_phone(index, rests_until, m);
        if self.attempts[index].result.is_some() {
            return;
        }
        if end == End::Lost {
            return self.lost(index, m);
        }
        if answered {
            m.tell(
                Entry::new(m.now, What::HungUp)
                    .of(&self.attempts[index])
                    .by(By::Rep),
            );
        }
        self.miss(
            index,
            if answered {
                Missed::HungUp
            } else {
                missed(end)
            },
            m,
        );
    }

    fn retire(&mut self, index: usize, cue: Cue, m: &mut Moment<'_>) {
        let attempt = &self.attempts[index];
        if !attempt.life.live() {
            return;
        }
        if attempt.life.waits() {
            return self.drop_unsent(index, m);
        }
        let (leg, up, open) = (attempt.leg, attempt.life.up(), attempt.result.is_none());
        // Who rang out has been cancelled already.
        let rang_out = attempt.result == Some(AttemptResult::Missed(Missed::NoAnswer));
        let taken = up && matches!(cue, Cue::Taken { .. });
        self.cue(index, cue);
        if up {
            m.order(Command::Interrupt(leg));
        } else if !rang_out {
            self.send_or_keep(index, Wish::Cancel, m);
        }
        if open {
            let (result, what) = if taken {
                (AttemptResult::Taken, What::RepTaken)
            } else {
                (AttemptResult::Canceled, What::RepCanceled)
            };
            self.finish(index, result, m);
            m.tell(Entry::new(m.now, what).of(&self.attempts[index]));
        }
    }

    pub(super) fn send_or_keep(&mut self, index: usize, wish: Wish, m: &mut Moment<'_>) {
        let attempt = &mut self.attempts[index];
        if attempt.life.call.is_none() {
            attempt.life.wish = Some(wish);
            return;
        }
        m.order(match wish {
            Wish::Cancel => Command::Cancel(attempt.leg),
            Wish::HangUp => Command::HangUp(attempt.leg),
        });
    }

    pub(super) fn miss(&mut self, index: usize, why: Missed, m: &mut Moment<'_>) {
        self.finish(index, AttemptResult::Missed(why), m);
        let attempt = &self.attempts[index];
        m.tell(
            Entry::new(m.now, What::RepMissed)
                .of(attempt)
                .because(word(why)),
        );
        let seen = attempt.life.ringing_at.is_some() || attempt.life.answered_at.is_some();
        m.order(Command::Text(Text::RepMissed(attempt.seat.rep.clone())));
        let (lead, now) = (self.lead, m.now);
        self.tally(index, m, |phone| phone.missed(lead, seen, now));
    }

    /// Counts on the phone what its person did. The last owner is never paused.
    pub(super) fn tally(
        &mut self,
        index: usize,
        m: &mut Moment<'_>,
        count: impl FnOnce(&mut Phone) -> Tally,
    ) {
        let last_owner = self.is_last_owner(index, m);
        let phone = m.desk.phone_mut(&self.attempts[index].seat.phone);
        let paused_until = phone.paused_until;
        let tally = count(phone);
        if last_owner && tally == Tally::Paused {
            phone.paused_until = paused_until;
        } else {
            self.tell_tally(index, tally, m);
        }
    }

    pub(super) fn is_last_owner(&self, index: usize, m: &Moment<'_>) -> bool {
        let rooftop = m.rules.rooftops.get(&self.facts.rooftop);
        let last = rooftop.and_then(|rooftop| rooftop.owner.last());
        last == Some(&self.attempts[index].seat.rep)
    }

    fn tell_tally(&self, index: usize, tally: Tally, m: &mut Moment<'_>) {
        let rep = self.attempts[index].seat.rep.clone();
        match tally {
            Tally::Counted => {}
            Tally::Paused => {
                m.tell(Entry::new(m.now, What::RepPaused).of(&self.attempts[index]));
                m.order(Command::Text(Text::RepPaused(rep.clone())));
                m.order(Command::Notice(Notice::RepPaused(rep)));
            }
            Tally::NotReachable => {
                m.order(Command::Text(Text::RepNotReachable(rep.clone())));
                m.order(Command::Notice(Notice::RepNotReachable(rep)));
            }
        }
    }

    pub(super) fn finish(&mut self, index: usize, result: AttemptResult, m: &mut Moment<'_>) {
        self.attempts[index].result = Some(result);
        self.attempts[index].settled_at = Some(m.now);
    }

    /// The rest that a phone gets after a talk, counted from its real end as far as the carrier knows it.
    pub(super) fn rests_until(
        &self,
        index: usize,
        ended_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let seen_at = self.attempts[index].life.seen_at.unwrap_or(now).min(now);
        let end = ended_at.unwrap_or(now).clamp(seen_at, now);
        let until = end + s(self.terms().wrap_up_s);
        let accepted = self.attempts[index].result == Some(AttemptResult::Accepted);
        let talked = accepted && self.talked_with_customer();
        Some(until).filter(|until| talked && *until > now)
    }
}

/// What a leg that nobody picked up counts as.
pub(super) fn missed(end: End) -> Missed {
    match end {
        End::Completed { .. } => Missed::HungUp,
        End::Busy => Missed::Busy,
        End::Rejected => Missed::Rejected,
        End::NoAnswer | End::Canceled => Missed::NoAnswer,
        End::InvalidNumber => Missed::InvalidNumber,
        End::Failed | End::Lost => Missed::Failed,
    }
}
