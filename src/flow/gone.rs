//! A rep hung up while the customer's phone rang: nobody rings the customer again before the carrier has said that the
//! first ring is over (P4).

use jiff::{SignedDuration, Timestamp};
use leadbridge_providers::{End, LegId, Side};

use super::customer::TALK_CHECK_S;
use super::{
    By, Command, CustomerLeg, CustomerResult, Entry, Flow, Moment, Outcome, Part, State, What,
};

/// A customer's leg whose rep is gone is looked up after so many seconds, and then as often as a talk.
const CHECKS_S: [i64; 3] = [2, 6, 10];
/// A carrier that finds no such leg is believed after so many seconds: the dial may only just have begun.
const SURE_S: i64 = 6;

impl Flow {
    /// A rep hung up before the customer's phone had done its work. It stops by itself; whether it was picked up
    /// in the same moment is asked before the next rep is rung, so that no customer is joined twice.
    pub(super) fn rep_gone_while_dialling(&mut self, index: usize, m: &mut Moment<'_>) {
        m.tell(
            Entry::new(m.now, What::HungUp)
                .of(&self.attempts[index])
                .by(By::Rep),
        );
        self.ask_before_going_on(m);
    }

    /// Nobody has the lead any more: what became of the customer's ring is asked, and then the ladder goes on.
    pub(super) fn ask_before_going_on(&mut self, m: &mut Moment<'_>) {
        if !self.rep_is_gone() {
            self.part(Part::Gone {
                since: m.now,
                checks: 0,
            });
        }
        match self.in_doubt() {
            Some(leg) => m.order(Command::LookUp(leg)),
            None => self.back_on_the_ladder(m),
        }
    }

    /// A carrier that does not answer may have joined the customer already: nobody rings them before it does, or
    /// before the flow gives up.
    pub(super) fn gone_clock(&mut self, since: Timestamp, checks: usize, m: &mut Moment<'_>) {
        match self.in_doubt() {
            Some(leg) if self.gone_until(since) > m.now => {
                m.order(Command::LookUp(leg));
                self.part(Part::Gone {
                    since,
                    checks: checks + 1,
                });
                self.keep_phone_of_the_gone(self.gone_due(since, checks + 1), m);
            }
            Some(leg) => self.gone_for_good(leg, m),
            None => self.back_on_the_ladder(m),
        }
    }

    /// A rep who is taken for gone may be on the line all the same, while the carrier does not answer.
    fn keep_phone_of_the_gone(&mut self, next: Timestamp, m: &mut Moment<'_>) {
        if let State::Engaged(engaged) = &self.state
            && let Some(index) = self.index(engaged.leg)
        {
            self.keep_phone(index, next, m);
        }
    }

    /// When the carrier is asked next.
    pub(super) fn gone_due(&self, since: Timestamp, checks: usize) -> Timestamp {
        (since + check(checks)).min(self.gone_until(since))
    }

    /// The carrier knows of no leg of the customer.
    pub(super) fn customer_not_found(&mut self, leg: LegId, m: &mut Moment<'_>) {
        let State::Engaged(engaged) = &self.state else {
            return;
        };
        let sure = SignedDuration::from_secs(SURE_S);
        if matches!(engaged.part, Part::Gone { since, .. } if since + sure <= m.now)
            && self.in_doubt() == Some(leg)
        {
            self.gone_for_good(leg, m);
        }
    }

    /// Whoever had the lead hung up, and what became of the customer's ring is being asked.
    pub(super) fn rep_is_gone(&self) -> bool {
        matches!(&self.state, State::Engaged(engaged) if matches!(engaged.part, Part::Gone { .. }))
    }

    pub(super) fn go_on_unless_in_doubt(&mut self, m: &mut Moment<'_>) {
        if self.in_doubt().is_none() {
            self.back_on_the_ladder(m);
        }
    }

    /// A ring of the customer whose end the carrier has not told.
    fn in_doubt(&self) -> Option<LegId> {
        let mut rings = self.customer.iter();
        let open = |ring: &&CustomerLeg| {
            ring.leg.side == Side::Customer && (ring.life.live() || ring.life.presumed)
        };
        rings.rfind(open).map(|ring| ring.leg)
    }

    /// The carrier knows a ring of the customer no more, and no rep was there to be told so.
    fn lost_unheard(&self) -> bool {
        let told = |ring: &CustomerLeg| matches!(ring.result, Some(CustomerResult::Missed(_)));
        let mut rings = self.customer.iter();
        rings.any(|ring| ring.life.end == Some(End::Lost) && !told(ring))
    }

    fn gone_until(&self, since: Timestamp) -> Timestamp {
        let [.., last] = CHECKS_S;
        let asked = since + SignedDuration::from_secs(last);
        self.gives_up_at().unwrap_or(asked).max(asked)
    }

    fn gone_for_good(&mut self, leg: LegId, m: &mut Moment<'_>) {
        if let Some(customer) = self.customer.iter_mut().find(|ring| ring.leg == leg) {
            customer.life.over_for_us(m.now);
        }
        self.set_customer(leg, CustomerResult::Canceled);
        self.go_on_unless_in_doubt(m);
    }

    /// The next rep is rung, unless nobody heard whether the last one was joined with the customer: then nobody rings
    /// this customer again by themselves (P4).
    fn back_on_the_ladder(&mut self, m: &mut Moment<'_>) {
        if let State::Engaged(engaged) = &self.state
            && let Some(index) = self.index(engaged.leg)
            && self.lost_unheard()
        {
            return self.conclude_as(index, Outcome::Unconfirmed, None, m);
        }
        let engaged = std::mem::replace(&mut self.state, State::Waiting { until: m.now });
        if let State::Engaged(engaged) = engaged {
            self.state = *engaged.back;
        }
        if let State::Round(round) = &mut self.state {
            round.since = m.now;
        }
        if self.customer_waits() {
            self.rings_for_the_customer(m);
        }
    }
}

/// How long after the rep's end the look-up with this number leaves.
fn check(checks: usize) -> SignedDuration {
    let [.., last] = CHECKS_S;
    let later = i64::try_from((checks + 1).saturating_sub(CHECKS_S.len())).unwrap_or(1);
    SignedDuration::from_secs(
        CHECKS_S
            .get(checks)
            .copied()
            .unwrap_or(last + TALK_CHECK_S * later),
    )
}
