//! A rep hung up while the customer's phone rang: nobody rings the customer again before the carrier has said that the
//! first ring is over (P4).

use jiff::{SignedDuration, Timestamp};
use leadbridge_providers::LegId;

use super::customer::TALK_CHECK_S;
use super::{By, Command, CustomerResult, Entry, Flow, Moment, Part, State, What};

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
        self.part(Part::Gone {
            since: m.now,
            checks: 0,
        });
        m.commands.extend(
            self.customer
                .last()
                .map(|customer| Command::LookUp(customer.leg)),
        );
    }

    /// A carrier that does not answer may have joined the customer already: nobody rings them before it does, or
    /// before the flow gives up.
    pub(super) fn gone_clock(&mut self, since: Timestamp, checks: usize, m: &mut Moment<'_>) {
        let Some(leg) = self.customer.last().map(|customer| customer.leg) else {
            return;
        };
        if self.gone_until(since) <= m.now {
            return self.gone_for_good(leg, m);
        }
        m.order(Command::LookUp(leg));
        self.part(Part::Gone {
            since,
            checks: checks + 1,
        });
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
            && self.is_last(leg)
        {
            self.gone_for_good(leg, m);
        }
    }

    fn gone_until(&self, since: Timestamp) -> Timestamp {
        let [.., last] = CHECKS_S;
        let asked = since + SignedDuration::from_secs(last);
        self.gives_up_at().unwrap_or(asked).max(asked)
    }

    fn gone_for_good(&mut self, leg: LegId, m: &mut Moment<'_>) {
        if let Some(customer) = self.customer.last_mut() {
            customer.life.presume_over(m.now);
        }
        self.go_back(leg, m);
    }

    /// Nobody has the lead any more: the ladder goes on where it was.
    pub(super) fn go_back(&mut self, leg: LegId, m: &mut Moment<'_>) {
        self.set_customer(leg, CustomerResult::Canceled);
        self.back_on_the_ladder(m);
    }

    pub(super) fn back_on_the_ladder(&mut self, m: &Moment<'_>) {
        let engaged = std::mem::replace(&mut self.state, State::Waiting { until: m.now });
        if let State::Engaged(engaged) = engaged {
            self.state = *engaged.back;
        }
        if let State::Round(round) = &mut self.state {
            round.since = m.now;
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
