//! What came of it: the menu after the call, and the outcome (BEHAVIOUR 4).

use jiff::{SignedDuration, Timestamp};

use super::leg::{Life, Rank, s};
use super::{
    Command, Cue, CustomerResult, Engaged, Entry, Flow, Kind, Moment, Outcome, Part, State, Text,
    Unreached, What, word,
};
use crate::desk::Last;

/// How long the menu waits for a key, in seconds.
const MENU_S: i64 = 20;

impl Flow {
    /// A key in the menu: what came of it, or once more.
    pub(super) fn menu_key(&mut self, index: usize, key: Option<char>, m: &mut Moment<'_>) {
        let State::Engaged(Engaged {
            part: Part::Menu { again, .. },
            ..
        }) = &self.state
        else {
            return;
        };
        let again = *again;
        let Some(key) = key.filter(|key| matches!(key, '0'..='4')) else {
            return self.cue(index, Cue::Thanks);
        };
        m.tell(
            Entry::new(m.now, What::MenuKey)
                .of(&self.attempts[index])
                .because(key.to_string()),
        );
        if key == '1' && again {
            return self.ring_customer(index, true, m);
        }
        self.menu_key = Some(key);
        self.cue(index, Cue::Thanks);
    }

    pub(super) fn unreached(&mut self, index: usize, reason: Unreached, m: &mut Moment<'_>) {
        let second = matches!(self.attempts[index].cue, Cue::Customer { again: true, .. });
        let again = match reason {
            Unreached::NoAnswer | Unreached::Busy | Unreached::Failed => {
                let may = !m.number.at_cap(m.rules.customer_rings_per_day, m.now);
                may && !second && !self.talked_with_customer()
            }
            Unreached::Rejected
            | Unreached::InvalidNumber
            | Unreached::Voicemail
            | Unreached::WrongNumber
            | Unreached::Cap => false,
        };
        self.menu(index, Cue::Unreached { reason, again }, again, m);
    }

    pub(super) fn menu(&mut self, index: usize, cue: Cue, again: bool, m: &mut Moment<'_>) {
        self.cue(index, cue);
        let until = m.now + SignedDuration::from_secs(MENU_S);
        self.part(Part::Menu { until, again });
        if let State::Engaged(engaged) = &mut self.state {
            engaged.asked_again = false;
        }
        self.keep_phone(index, until, m);
    }

    /// The flow is over; its outcome is computed from what the legs did.
    pub(super) fn conclude(&mut self, index: usize, m: &mut Moment<'_>) {
        let (outcome, reason) = self.result(m.now);
        self.conclude_as(index, outcome, reason, m);
    }

    /// The same with an outcome that the legs do not tell.
    pub(super) fn conclude_as(
        &mut self,
        index: usize,
        outcome: Outcome,
        reason: Option<Unreached>,
        m: &mut Moment<'_>,
    ) {
        if outcome == Outcome::CustomerUnreached && reason.is_none_or(is_theirs) {
            self.text_customer(Text::CustomerTried, m);
        }
        let rep = self.attempts[index].seat.rep.clone();
        if matches!(&self.state, State::Engaged(engaged) if engaged.asked_again) {
            m.order(Command::Text(Text::RepAskedAgain(rep.clone())));
        }
        m.number.last = Some(Last {
            rooftop: self.facts.rooftop.clone(),
            rep,
            at: m.now,
        });
        self.end_menu(index, m);
        if self.facts.kind != Kind::Real {
            return self.close(Outcome::Test, Some(word(outcome)), m);
        }
        self.close(outcome, reason.map(word), m);
    }

    /// A rep's leg that outlives its flow keeps its phone until the carrier says it is over, or is asked.
    fn end_menu(&mut self, index: usize, m: &mut Moment<'_>) {
        let life = &mut self.attempts[index].life;
        if life.live() {
            life.check_at = Some(m.now + SignedDuration::from_secs(MENU_S));
            life.unheard = 1;
            self.keep_phone(index, m.now + SignedDuration::from_secs(2 * MENU_S), m);
            self.cue(index, Cue::Thanks);
        }
    }

    fn result(&self, now: Timestamp) -> (Outcome, Option<Unreached>) {
        let longest = self
            .customer
            .iter()
            .filter_map(|customer| talked(&customer.life, now))
            .max();
        let sure = s(self.terms().sure_s);
        let missed = self
            .customer
            .iter()
            .rev()
            .find_map(|customer| match customer.result {
                Some(CustomerResult::Missed(reason)) => Some(reason),
                Some(CustomerResult::Answered | CustomerResult::Canceled) | None => None,
            });
        match (self.menu_key, longest) {
            (Some('2'), _) => (Outcome::CustomerUnreached, Some(Unreached::Voicemail)),
            (Some('3'), _) => (Outcome::CustomerUnreached, Some(Unreached::WrongNumber)),
            (Some('1'), Some(_)) => (Outcome::Connected, None),
            (_, Some(longest)) if longest >= sure => (Outcome::Connected, None),
            (_, Some(_)) => (Outcome::Unconfirmed, None),
            (_, None) => (
                Outcome::CustomerUnreached,
                Some(missed.unwrap_or(Unreached::Cap)),
            ),
        }
    }

    pub(super) fn talked_with_customer(&self) -> bool {
        self.customer
            .iter()
            .any(|customer| customer.life.answered_at.is_some())
    }
}

/// Whether the number is the customer's for all we know: a stranger is not told what a customer asked.
fn is_theirs(reason: Unreached) -> bool {
    !matches!(reason, Unreached::WrongNumber | Unreached::InvalidNumber)
}

/// How long a customer's leg was up.
fn talked(life: &Life, now: Timestamp) -> Option<SignedDuration> {
    let from = life.answered_at?;
    let to = if life.rank == Rank::Ended {
        life.ended_at.unwrap_or(now)
    } else {
        now
    };
    Some(to.duration_since(from))
}
