//! The customer's phone: the ring and the talk (BEHAVIOUR 4). `gone.rs` has the rep who hung up meanwhile, `outcome.rs`
//! what follows.

use jiff::{SignedDuration, Timestamp};
use leadbridge_providers::{CarrierCallId, End, Found, LegId, Phase, Side};

use super::called_in::{ROOM_CHECK_S, ROOM_CHECKS};
use super::leg::{Life, Wish, s};
use super::{
    By, Command, Cue, CustomerLeg, CustomerResult, Engaged, Entry, Flow, Moment, Part, State,
    Unreached, What, word,
};

/// While the customer's phone rings, both legs are looked up this long after it should have ended.
const DIAL_CHECK_S: u32 = 20;
/// How often in all; after that the ring counts as failed.
const DIAL_CHECKS: u32 = 2;
/// How often a talk is looked up, in seconds.
pub(super) const TALK_CHECK_S: i64 = 60;
/// A busy tone this soon after the phone rang is somebody who declined, in seconds.
const DECLINED_S: i64 = 3;

impl Flow {
    /// The rep of this attempt has the lead: who the customer is, and then their phone rings.
    pub(super) fn engage(&mut self, index: usize, m: &mut Moment<'_>) {
        let back = std::mem::replace(&mut self.state, State::Waiting { until: m.now });
        let leg = self.attempts[index].leg;
        let check_at = m.now;
        self.state = State::Engaged(Engaged {
            leg,
            part: Part::Dialling {
                check_at,
                checks: 0,
            },
            asked_again: false,
            back: Box::new(back),
        });
        self.ring_customer(index, false, m);
    }

    /// When something happens by itself to a lead that a rep has.
    pub(super) fn engaged_due(&self, engaged: &Engaged) -> Option<Timestamp> {
        let rep = self.attempt(engaged.leg).map(|attempt| &attempt.life)?;
        let at = match &engaged.part {
            Part::Dialling { check_at, .. } => Some(*check_at),
            Part::Gone { since, checks } => Some(self.gone_due(*since, *checks)),
            Part::Talking { check_at, since } => {
                let proven = self
                    .customer
                    .last()
                    .filter(|customer| customer.talked_at.is_none());
                let t9 = proven.map(|_| *since + s(self.terms().talk_s));
                t9.into_iter().chain([*check_at]).min()
            }
            Part::Menu { until, .. } => Some(*until),
        };
        at.map(|at| rep.due(at))
    }

    /// The deadlines of a lead that a rep has.
    pub(super) fn engaged_clock(&mut self, m: &mut Moment<'_>) {
        while let State::Engaged(engaged) = &self.state {
            if self.engaged_due(engaged).is_none_or(|at| at > m.now) {
                return;
            }
            let Some(index) = self.index(engaged.leg) else {
                return;
            };
            self.attempts[index].life.hold_off = None;
            match engaged.part.clone() {
                Part::Dialling { checks, .. } => self.dialling_clock(index, checks, m),
                Part::Gone { since, checks } => self.gone_clock(since, checks, m),
                Part::Talking { since, check_at } => self.talking_clock(index, since, check_at, m),
                Part::Menu { .. } => {
                    self.send_or_keep(index, Wish::HangUp, m);
                    self.conclude(index, m);
                }
            }
        }
    }

    /// The carrier says how far the customer's leg is.
    pub(super) fn customer_progress(
        &mut self,
        leg: LegId,
        call: Option<&CarrierCallId>,
        phase: &Phase,
        m: &mut Moment<'_>,
    ) {
        let Some(customer) = self
            .customer
            .iter_mut()
            .find(|customer| customer.leg == leg)
        else {
            return;
        };
        if let Some(call) = call {
            customer.life.bind(call, m.now);
        }
        let was_up = customer.life.up();
        if !customer.life.rise(phase, m.now) {
            return self.customer_told_again(leg, phase);
        }
        match phase {
            Phase::Queued => {}
            Phase::Ringing => m.tell(Entry::new(m.now, What::CustomerRinging).leg(leg)),
            Phase::Answered => self.customer_answered(leg, m.now, m),
            Phase::Ended(_) => self.customer_ended(leg, was_up, m),
        }
    }

    /// The carrier tells the end of a ring twice, on both legs, and only on the customer's own it says why. Whichever
    /// comes first, a customer who declined, or whose number does not exist, is not rung again (P10).
    fn customer_told_again(&mut self, leg: LegId, phase: &Phase) {
        let reason = match phase {
            Phase::Ended(End::Rejected) => Unreached::Rejected,
            Phase::Ended(End::InvalidNumber) => Unreached::InvalidNumber,
            Phase::Ended(
                End::Busy
                | End::NoAnswer
                | End::Failed
                | End::Lost
                | End::Canceled
                | End::Completed { .. },
            )
            | Phase::Queued
            | Phase::Ringing
            | Phase::Answered => return,
        };
        let customer = self.customer.last_mut().filter(|last| last.leg == leg);
        let (Some(customer), State::Engaged(engaged)) = (customer, &mut self.state) else {
            return;
        };
        let Part::Menu { again, .. } = &mut engaged.part else {
            return;
        };
        if !std::mem::replace(again, false) {
            return;
        }
        customer.result = Some(CustomerResult::Missed(reason));
        let rep = engaged.leg;
        if let Some(index) = self.index(rep) {
            let again = false;
            self.cue(index, Cue::Unreached { reason, again });
        }
    }

    /// The carrier's word, on the rep's leg, that the customer's ring or talk is over.
    pub(super) fn dial_ended(
        &mut self,
        index: usize,
        leg: LegId,
        (end, still_up): (End, bool),
        m: &mut Moment<'_>,
    ) {
        self.customer_progress(leg, None, &Phase::Ended(end), m);
        // Late news of a rep who had the lead before says nothing of the one who has it now.
        if !still_up && self.has(self.attempts[index].leg) {
            self.rep_leg_over(index, By::Rep, m);
            // The carrier has said so itself: a late "answered" proves nothing.
            self.attempts[index].life.presumed = false;
        }
    }

    pub(super) fn customer_found(&mut self, leg: LegId, found: &Found, m: &mut Moment<'_>) {
        match found {
            Found::Call { call, phase, .. } => self.customer_progress(leg, Some(call), phase, m),
            Found::Nothing => self.customer_not_found(leg, m),
        }
    }

    pub(super) fn customer_restarted(&mut self, m: &mut Moment<'_>) {
        let engaged = matches!(self.state, State::Engaged(_)) || self.customer_waits();
        if engaged
            && let Some(customer) = self.customer.last().filter(|customer| customer.life.live())
        {
            m.order(Command::LookUp(customer.leg));
        }
    }

    /// The rep who has the lead hung up, or was cut off.
    pub(super) fn rep_gone(
        &mut self,
        index: usize,
        ended_at: Option<Timestamp>,
        by: By,
        m: &mut Moment<'_>,
    ) {
        let State::Engaged(engaged) = &self.state else {
            return;
        };
        let part = engaged.part.clone();
        let rests_until = self.rests_until(index, ended_at, m.now);
        self.release_phone(index, rests_until, m);
        match part {
            Part::Dialling { .. } => {
                if let Cue::Room { leg, .. } = self.attempts[index].cue {
                    self.rep_left_the_room(index, leg, m);
                } else {
                    self.rep_gone_while_dialling(index, m);
                }
            }
            Part::Talking { since, .. } => {
                m.tell(
                    Entry::new(m.now, What::HungUp)
                        .of(&self.attempts[index])
                        .by(by),
                );
                self.tell_talked(since, m.now, m);
                self.conclude(index, m);
            }
            Part::Menu { .. } => self.conclude(index, m),
            Part::Gone { .. } => {}
        }
    }

    /// `again`: this rep has heard the name, and asks for the second and last ring.
    pub(super) fn ring_customer(&mut self, index: usize, again: bool, m: &mut Moment<'_>) {
        if self.meets_the_waiting(index, m) {
            return;
        }
        if m.number.at_cap(m.rules.customer_rings_per_day, m.now) {
            return self.unreached(index, Unreached::Cap, m);
        }
        m.number.ring(m.now);
        let number = u16::try_from(self.customer.len() + 1).unwrap_or(u16::MAX);
        let leg = LegId {
            lead: self.lead,
            side: Side::Customer,
            number,
        };
        self.customer.push(CustomerLeg {
            leg,
            life: Life::new(m.now),
            result: None,
            talked_at: None,
            came_in: None,
        });
        self.cue(index, Cue::Customer { leg, again });
        let check_at = m.now + s(self.terms().customer_s + DIAL_CHECK_S);
        self.part(Part::Dialling {
            check_at,
            checks: 0,
        });
        self.keep_phone(index, check_at, m);
        m.tell(Entry::new(m.now, What::CustomerRung).leg(leg));
    }

    pub(super) fn customer_answered(&mut self, leg: LegId, since: Timestamp, m: &mut Moment<'_>) {
        if leg.side == Side::Customer {
            m.tell(Entry::new(since, What::CustomerAnswered).leg(leg));
        }
        self.set_customer(leg, CustomerResult::Answered);
        let State::Engaged(Engaged {
            part: Part::Dialling { .. } | Part::Gone { .. },
            leg: rep,
            ..
        }) = &self.state
        else {
            return;
        };
        let rep = *rep;
        let counts = self.is_last(leg) || self.rep_is_gone();
        let Some(index) = self.index(rep).filter(|_| counts) else {
            return;
        };
        m.tell(Entry::new(since, What::Bridged).leg(leg));
        let check_at = m.now + SignedDuration::from_secs(TALK_CHECK_S);
        self.part(Part::Talking { since, check_at });
        self.keep_phone(index, since + self.talk_ends(), m);
        if !self.attempts[index].life.live() {
            // The rep's end was heard, and told, before.
            self.tell_talked(since, m.now, m);
            self.conclude(index, m);
        }
    }

    fn customer_ended(&mut self, leg: LegId, was_up: bool, m: &mut Moment<'_>) {
        let Some(customer) = self.customer_leg(leg) else {
            return;
        };
        let (answered_at, ringing_at, end) = (
            customer.life.answered_at,
            customer.life.ringing_at,
            customer.life.end,
        );
        if let (Some(since), false) = (answered_at, was_up) {
            self.customer_answered(leg, since, m);
        }
        let State::Engaged(engaged) = &self.state else {
            return;
        };
        let (part, rep) = (engaged.part.clone(), engaged.leg);
        let counts = self.is_last(leg) || self.rep_is_gone();
        let Some(index) = self.index(rep).filter(|_| counts) else {
            return;
        };
        match part {
            Part::Talking { since, .. } => self.talk_ended(index, since, m),
            // A ring is canceled only when whoever dialled it is gone: their own end is on its way.
            Part::Dialling { .. } if end == Some(End::Canceled) => {
                self.rep_leg_over(index, By::Rep, m);
            }
            Part::Dialling { .. } => {
                let soon =
                    ringing_at.is_some_and(|at| m.now < at + SignedDuration::from_secs(DECLINED_S));
                let reason = unreached(end, soon);
                self.set_customer(leg, CustomerResult::Missed(reason));
                m.tell(
                    Entry::new(m.now, What::CustomerMissed)
                        .leg(leg)
                        .because(word(reason)),
                );
                self.unreached(index, reason, m);
            }
            Part::Gone { .. } => {
                self.set_customer(leg, CustomerResult::Canceled);
                self.go_on_unless_in_doubt(m);
            }
            Part::Menu { .. } => {}
        }
    }

    /// The customer hung up: the rep is still there and says what came of it.
    pub(super) fn talk_ended(&mut self, index: usize, since: Timestamp, m: &mut Moment<'_>) {
        let leg = self.customer.last().map(|customer| customer.leg);
        let entry = Entry::new(m.now, What::HungUp).by(By::Customer);
        m.tell(leg.map_or(entry.clone(), |leg| entry.leg(leg)));
        self.tell_talked(since, m.now, m);
        self.menu(index, Cue::Menu, false, m);
    }

    fn dialling_clock(&mut self, index: usize, checks: u32, m: &mut Moment<'_>) {
        let Some(customer) = self.customer.last().map(|customer| customer.leg) else {
            return;
        };
        let room = matches!(self.attempts[index].cue, Cue::Room { .. });
        let on_the_way = room && !self.attempts[index].in_the_room();
        if checks < if on_the_way { ROOM_CHECKS } else { DIAL_CHECKS } {
            m.order(Command::LookUp(self.attempts[index].leg));
            m.order(Command::LookUp(customer));
            let check_at = m.now + s(if room { ROOM_CHECK_S } else { DIAL_CHECK_S });
            self.keep_phone(index, check_at, m);
            return self.part(Part::Dialling {
                check_at,
                checks: checks + 1,
            });
        }
        if room && self.room_clock(index, customer, m) {
            return;
        }
        self.send_or_keep(index, Wish::HangUp, m);
        if !room {
            self.customer_progress(customer, None, &Phase::Ended(End::Failed), m);
        }
        self.rep_leg_over(index, By::Us, m);
    }

    fn talking_clock(
        &mut self,
        index: usize,
        since: Timestamp,
        check_at: Timestamp,
        m: &mut Moment<'_>,
    ) {
        if since + s(self.terms().talk_s) <= m.now {
            self.tell_talked(since, m.now, m);
        }
        if check_at > m.now {
            return;
        }
        if since + self.talk_ends() <= m.now {
            self.send_or_keep(index, Wish::HangUp, m);
            return self.rep_leg_over(index, By::Us, m);
        }
        m.order(Command::LookUp(self.attempts[index].leg));
        let next = m.now + SignedDuration::from_secs(TALK_CHECK_S);
        self.part(Part::Talking {
            since,
            check_at: next.min(since + self.talk_ends()),
        });
    }

    /// The rep's leg must be over, whatever the carrier has not told us.
    pub(super) fn rep_leg_over(&mut self, index: usize, by: By, m: &mut Moment<'_>) {
        self.attempts[index].life.presume_over(m.now);
        self.rep_gone(index, None, by, m);
    }

    /// t9, once.
    pub(super) fn tell_talked(&mut self, since: Timestamp, now: Timestamp, m: &mut Moment<'_>) {
        let at = since + s(self.terms().talk_s);
        if let Some(customer) = self
            .customer
            .last_mut()
            .filter(|customer| customer.talked_at.is_none() && at <= now)
        {
            customer.talked_at = Some(at);
            m.tell(Entry::new(at, What::Talked).leg(customer.leg));
        }
    }

    fn talk_ends(&self) -> SignedDuration {
        s(self.terms().talk_max_s) + SignedDuration::from_secs(TALK_CHECK_S)
    }

    pub(super) fn is_last(&self, leg: LegId) -> bool {
        self.customer
            .last()
            .is_some_and(|customer| customer.leg == leg)
    }

    pub(super) fn set_customer(&mut self, leg: LegId, result: CustomerResult) {
        if let Some(customer) = self
            .customer
            .iter_mut()
            .find(|customer| customer.leg == leg)
        {
            customer.result.get_or_insert(result);
        }
    }

    pub(super) fn part(&mut self, part: Part) {
        if let State::Engaged(engaged) = &mut self.state {
            engaged.part = part;
        }
    }

    /// The rep's phone is theirs until a little after the next thing that happens by itself.
    pub(super) fn keep_phone(&mut self, index: usize, next: Timestamp, m: &mut Moment<'_>) {
        let attempt = &self.attempts[index];
        let phone = m.desk.phone_mut(&attempt.seat.phone);
        if attempt.life.live() && (phone.held_by(attempt.leg) || !phone.taken(m.now)) {
            phone.claim(attempt.leg, next + s(DIAL_CHECK_S));
        }
    }
}

fn unreached(end: Option<End>, soon: bool) -> Unreached {
    match end {
        Some(End::Busy) if soon => Unreached::Rejected,
        Some(End::Busy) => Unreached::Busy,
        Some(End::Rejected) => Unreached::Rejected,
        Some(End::InvalidNumber) => Unreached::InvalidNumber,
        Some(End::Failed | End::Lost) => Unreached::Failed,
        Some(End::NoAnswer | End::Canceled | End::Completed { .. }) | None => Unreached::NoAnswer,
    }
}
