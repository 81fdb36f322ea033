//! What DESIGN 1 promises, asserted of every decision (P1, P4, P5, P9), of every quiet moment (P6) and of the end
//! of time (P1, P6). What must be true at the carrier stands in `bill.rs`, P7 in `callbacks.rs`, P8 in `main.rs`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use leadbridge::decision::Decision;
use leadbridge::flow::{
    Attempt, AttemptResult, Closed, Event, Flow, Outcome, Rank, Round, Slot, SlotState, State, What,
};
use leadbridge::plan::{Seat, Why};
use leadbridge::rotation::AfterHours;
use leadbridge_providers::{End, LeadId, LegId};

use crate::group::SECRETS;
use crate::world::World;

/// More decisions than these in a minute are a loop (P6).
const STEPS_PER_MIN: u32 = 3000;
/// Rows are searched for personal data after one decision in so many.
const SEARCHED_ONCE_IN: u32 = 32;
/// A flow that a mute carrier has made long is not searched: that would take longer than all the rest.
const SEARCHED_UP_TO: usize = 50;
/// All customers of the simulation have these digits in their number.
const CUSTOMER_DIGITS: &str = "47999120";
const OPEN_DAYS: i64 = 7;

/// What was seen so far.
#[derive(Debug, Default)]
pub(crate) struct Witness {
    received: BTreeSet<LeadId>,
    minute: i64,
    steps: u32,
    /// When a phone last rang for a lead, or its round began.
    rung_at: BTreeMap<LeadId, Timestamp>,
}

/// A flow before a decision, as far as promises need it.
pub(crate) struct Before {
    closed: Option<Closed>,
    round: Option<Round>,
    rings: bool,
    attempts: usize,
    /// Rings that had not left.
    waiting: Vec<LegId>,
    used: usize,
    in_line_s: u32,
    owner_came: bool,
}

impl Before {
    pub(crate) fn of(flow: &Flow) -> Before {
        Before {
            closed: flow.outcome().cloned(),
            round: round(flow).cloned(),
            rings: rings(flow),
            attempts: flow.attempts.len(),
            waiting: waiting(flow),
            used: flow.ladder.used,
            in_line_s: flow.terms.as_ref().map_or(0, |terms| terms.in_line_s),
            owner_came: put_aside(&flow.state).is_some_and(owner_came),
        }
    }
}

/// The round that is rung, or that a rep's acceptance has put aside.
fn put_aside(state: &State) -> Option<&Round> {
    match state {
        State::Round(round) => Some(round),
        State::Engaged(engaged) => put_aside(&engaged.back),
        State::Held(_) | State::Waiting { .. } | State::Sleeping { .. } | State::Closed(_) => None,
    }
}

/// An owner whose step has come already may have been taken then, or lost.
fn owner_came(round: &Round) -> bool {
    let mut owners = round.slots.iter().filter(|slot| slot.seat.owner);
    owners.any(|slot| slot.state != SlotState::Todo)
}

impl Witness {
    pub(crate) fn receives(&mut self, lead: LeadId) {
        self.received.insert(lead);
    }

    pub(crate) fn steps(&mut self, now: Timestamp) {
        let minute = now.as_second() / 60;
        self.steps = if minute == self.minute {
            self.steps + 1
        } else {
            1
        };
        self.minute = minute;
        assert!(
            self.steps < STEPS_PER_MIN,
            "P6: {} decisions in one minute",
            self.steps
        );
    }
}

impl World<'_> {
    pub(crate) fn keeps_promises(&mut self, before: &Before, event: &Event, decision: &Decision) {
        let flow = &decision.rows.flow;
        if let Some(closed) = &before.closed {
            assert_eq!(
                Some(closed),
                flow.outcome(),
                "P1: {event:?} changed an outcome"
            );
        }
        assert!(
            flow.held_reason().is_none() || !flow.has_live_leg() || flow.deadline().is_some(),
            "P4: whoever starts anew looks at no held lead without a deadline: {flow:#?}"
        );
        self.winner_holds_the_phone(decision);
        self.new_rings_find_free_phones(before, flow);
        self.owner_comes_last(before, flow);
        self.paused_phones_are_left_alone(before, decision);
        self.rounds_end_in_order(before, decision);
        if flow.attempts.len() < SEARCHED_UP_TO && self.once_in(SEARCHED_ONCE_IN) {
            nothing_personal(decision);
        }
    }

    pub(crate) fn clock_has_passed(&self, lead: LeadId) {
        let Some(flow) = self.daemon.store.flows.get(&lead) else {
            return;
        };
        if let Some(at) = flow.deadline() {
            assert!(
                at > self.now || !self.daemon.up,
                "P6: {at} is due again at once: {flow:#?}"
            );
        }
    }

    pub(crate) fn nobody_waits_for_a_free_phone(&self) {
        for phone in self.daemon.store.desk.values() {
            assert!(
                phone.taken(self.now) || phone.line.is_empty(),
                "P6: {:?} wait for a phone that is free",
                phone.line
            );
        }
    }

    /// A call that was over 61 s ago keeps nobody's phone, whatever callback was lost.
    pub(crate) fn must_be_free(&mut self, call: usize) {
        let call = &self.carrier.calls[call];
        let trouble = self.carrier.trouble_at >= call.created_at - SignedDuration::from_secs(10);
        let trouble = trouble || self.carrier.replayed.contains(&call.leg);
        if trouble || !self.daemon.up || self.carrier.is_mute(self.now) {
            return;
        }
        let Some(flow) = self.daemon.store.flows.get(&call.leg.lead) else {
            return;
        };
        let (Some(attempt), Some(terms)) = (flow.attempt(call.leg), &flow.terms) else {
            return;
        };
        let phone = self
            .daemon
            .store
            .desk
            .get(&attempt.seat.phone)
            .cloned()
            .unwrap_or_default();
        assert!(
            !phone.held_by(call.leg),
            "P4: {} is over and holds a phone: {flow:#?}",
            call.leg
        );
        let wrap_up = SignedDuration::from_secs(i64::from(terms.wrap_up_s.max(62)));
        let rested = call.ended_at.is_none_or(|at| at + wrap_up <= self.now);
        // An end that only the clock or a question told is later than the real one, and so is the rest after it.
        let late = attempt.life.presumed || attempt.life.end == Some(End::Lost);
        let rests = phone.rests_until.is_some_and(|until| until > self.now) && !late;
        let other = self.carrier.calls.iter().any(|other| {
            other.to == call.to && other.leg != call.leg && other.ended_at > call.ended_at
        });
        assert!(
            other || !rested || !rests,
            "P4: a phone rests after its wrap-up"
        );
    }

    pub(crate) fn everything_has_ended(&mut self) {
        self.daemon_is_back();
        let store = &self.daemon.store;
        for lead in &self.witness.received {
            let flow = store
                .flows
                .get(lead)
                .expect("P1: every lead that got 202 is there");
            let closed = store.timeline[lead]
                .iter()
                .filter(|one| one.what == What::Closed)
                .count();
            match &flow.state {
                State::Held(_) => assert_eq!(closed, 0, "P1: held and closed"),
                State::Closed(Closed {
                    outcome: Outcome::Joined,
                    ..
                }) => assert_eq!(closed, 0),
                State::Closed(_) => assert_eq!(closed, 1, "P1: exactly one outcome"),
                State::Waiting { .. }
                | State::Sleeping { .. }
                | State::Round(_)
                | State::Engaged(_) => panic!("P6: never ended: {flow:#?}"),
            }
            let live = flow.attempts.iter().find(|attempt| attempt.life.live());
            assert!(live.is_none(), "P6: a leg that never ends: {live:?}");
        }
        for phone in store.desk.values() {
            let free = phone.hold.is_none() && phone.rests_until.is_none();
            assert!(
                free && phone.line.is_empty(),
                "P6: a phone that never gets free: {phone:?}"
            );
        }
        let parked = store.outbox.values().find(|item| item.parked.is_some());
        assert!(
            parked.is_none(),
            "P6: a ring that waits for ever: {parked:?}"
        );
    }

    fn daemon_is_back(&mut self) {
        for _ in 0..100 {
            self.restart();
            self.work();
        }
    }

    /// P4: whoever has the lead has the phone.
    fn winner_holds_the_phone(&self, decision: &Decision) {
        let flow = &decision.rows.flow;
        let State::Engaged(engaged) = &flow.state else {
            return;
        };
        let Some(attempt) = flow.attempt(engaged.leg).filter(|one| one.life.live()) else {
            return;
        };
        let phone = decision.rows.desk.phone(&attempt.seat.phone);
        assert!(
            phone.held_by(attempt.leg),
            "P4: {} talks on {phone:?}",
            attempt.leg
        );
    }

    /// P2, P4: no phone is rung while an earlier ring of it may be alive, for any lead.
    fn new_rings_find_free_phones(&self, before: &Before, flow: &Flow) {
        let leaves = |one: &&Attempt| before.waiting.contains(&one.leg) && flow.wants(one.leg);
        let waited = flow.attempts.iter().filter(leaves);
        for new in flow.attempts[before.attempts..].iter().chain(waited) {
            let flows = self.daemon.store.flows.values().chain([flow]);
            let mut all = flows.flat_map(|flow| &flow.attempts);
            let alive = all.find(|old| {
                let span_over = old
                    .life
                    .span_ends(old.ring_s)
                    .is_some_and(|at| at <= self.now);
                // What has not left asks for the phone when it does.
                let unsent = old.life.waits();
                let over = !old.life.live() || (span_over && !old.life.up()) || unsent;
                old.leg != new.leg && old.seat.phone == new.seat.phone && !over
            });
            assert!(
                alive.is_none(),
                "P4: {} rings while {alive:?} may be alive",
                new.leg
            );
        }
    }

    /// P5: the owner rings when the others have, or could not for a long time.
    fn owner_comes_last(&mut self, before: &Before, flow: &Flow) {
        let begins =
            round(flow).map(|one| one.number) != before.round.as_ref().map(|one| one.number);
        let now = self.now;
        let rung_at = self.witness.rung_at.entry(flow.lead).or_insert(now);
        if begins {
            *rung_at = now;
        } else if before.rings {
            // A ring that the carrier says was picked up earlier has been over since then.
            let over = |one: &Attempt| one.life.answered_at.or(one.settled_at).unwrap_or(now);
            let last = flow
                .attempts
                .iter()
                .filter(|one| !one.life.waits() && one.round > 0)
                .map(over);
            *rung_at = last.max().unwrap_or(now);
        }
        let in_line_s = flow.terms.as_ref().map_or(0, |terms| terms.in_line_s);
        let waited = *rung_at + SignedDuration::from_secs(i64::from(in_line_s)) <= now;
        if rings(flow) {
            *rung_at = now;
        }
        let mut new = flow.attempts[before.attempts..].iter();
        // An owner who rings us has not been rung.
        let rung = |one: &Attempt| one.seat.owner && one.round > 0;
        let anew = begins && before.round.is_some();
        let owner_rings = new.any(rung) && (!before.owner_came || anew);
        if let Some(round) = round(flow).filter(|_| owner_rings && !waited) {
            let mut others = round
                .slots
                .iter()
                .filter(|slot| !slot.seat.owner && !slot.again);
            let early = others.find(|slot| !matches!(slot.state, SlotState::Rung(_)));
            assert!(early.is_none(), "P5: the owner rings before {early:?}");
        }
    }

    /// Whoever wants no leads for a while is rung by none, also not by one that stood in line before.
    fn paused_phones_are_left_alone(&self, before: &Before, decision: &Decision) {
        for attempt in &decision.rows.flow.attempts[before.attempts..] {
            assert!(
                attempt.round == 0 || !self.is_left_alone(&attempt.seat, decision),
                "a paused phone is rung: {}",
                attempt.leg
            );
        }
    }

    /// Paused, and neither the last owner's nor one that sent a test.
    fn is_left_alone(&self, seat: &Seat, decision: &Decision) -> bool {
        let flow = &decision.rows.flow;
        let rooftop = self.rules.rooftops.get(&flow.facts.rooftop);
        let last_owner = rooftop.and_then(|rooftop| rooftop.owner.last());
        let paused = decision.rows.desk.phone(&seat.phone).paused(self.now);
        paused.is_some() && last_owner != Some(&seat.rep) && seat.why != Why::Test
    }

    /// P5: a round ends when every phone of its plan has rung or could not, or is taken long after the owner rang.
    fn rounds_end_in_order(&self, before: &Before, decision: &Decision) {
        let flow = &decision.rows.flow;
        let Some(round) = before
            .round
            .as_ref()
            .filter(|before| has_ended(before, flow, self.now))
        else {
            return;
        };
        if !self.callable(flow) {
            return;
        }
        self.everybody_was_rung(round, before.in_line_s, decision);
        let mut rung = flow.attempts.iter().filter(|one| one.round == round.number);
        let counts = rung.any(|one| one.result != Some(AttemptResult::Lost));
        let set_goes_on = matches!(flow.state, State::Waiting { .. }) && before.used > 0;
        if set_goes_on && !counts {
            assert!(
                flow.ladder.used < before.used,
                "P5: a round of lost rings used up a start"
            );
        }
    }

    fn everybody_was_rung(&self, round: &Round, in_line_s: u32, decision: &Decision) {
        let flow = &decision.rows.flow;
        let in_line = SignedDuration::from_secs(i64::from(in_line_s));
        let there = |slot: &&Slot| !self.is_left_alone(&slot.seat, decision);
        let owners = round
            .slots
            .iter()
            .filter(|slot| slot.seat.owner && !slot.again)
            .filter(|slot| there(slot) || rung(slot, flow).is_some());
        let settled = owners.map(|slot| rung(slot, flow).and_then(|one| one.settled_at));
        let owner = settled
            .collect::<Option<Vec<_>>>()
            .and_then(|all| all.into_iter().max());
        for slot in &round.slots {
            if let Some(attempt) = rung(slot, flow) {
                let settled = attempt.result.is_some();
                assert!(settled, "P5: a round ended while {} rang", attempt.leg);
                continue;
            }
            if !there(&slot) {
                continue;
            }
            let phone = decision.rows.desk.phone(&slot.seat.phone);
            let waited = owner.is_some_and(|at| at + in_line <= self.now);
            let taken = phone.taken(self.now) || !phone.line.is_empty();
            assert!(
                waited && taken,
                "P5: a round ended without {slot:?}; owner {owner:?}"
            );
        }
    }

    fn callable(&self, flow: &Flow) -> bool {
        let Some(rooftop) = self.rules.rooftops.get(&flow.facts.rooftop) else {
            return false;
        };
        let staffed = rooftop.after_hours != AfterHours::Wait || rooftop.hours.is_open(self.now);
        let fresh = self.now < flow.fresh_until;
        staffed && (fresh || rooftop.customer_hours.is_open(self.now))
    }
}

fn has_ended(before: &Round, flow: &Flow, now: Timestamp) -> bool {
    match &flow.state {
        State::Round(after) => after.number != before.number,
        State::Waiting { .. } | State::Sleeping { .. } => true,
        State::Closed(closed) => closed.outcome == Outcome::NobodyAccepted && !gives_up(flow, now),
        State::Held(_) | State::Engaged(_) => false,
    }
}

fn waiting(flow: &Flow) -> Vec<LegId> {
    let rings = flow.attempts.iter().filter(|one| one.life.waits());
    rings.map(|one| one.leg).collect()
}

/// Its seven days are over, whether it has heard so or not.
fn gives_up(flow: &Flow, now: Timestamp) -> bool {
    flow.open_since + SignedDuration::from_hours(24 * OPEN_DAYS) <= now
}

fn rung<'a>(slot: &Slot, flow: &'a Flow) -> Option<&'a Attempt> {
    match slot.state {
        SlotState::Rung(leg) => flow.attempt(leg),
        SlotState::Todo | SlotState::InLine => None,
    }
}

fn round(flow: &Flow) -> Option<&Round> {
    match &flow.state {
        State::Round(round) => Some(round),
        State::Held(_)
        | State::Waiting { .. }
        | State::Sleeping { .. }
        | State::Engaged(_)
        | State::Closed(_) => None,
    }
}

fn rings(flow: &Flow) -> bool {
    let mut attempts = flow.attempts.iter();
    attempts.any(|one| one.result.is_none() && !one.life.waits() && one.life.rank < Rank::Answered)
}

/// P9: nothing of the customer is in a row that outlives their erasure.
fn nothing_personal(decision: &Decision) {
    let rows = &decision.rows;
    let desk: Vec<_> = rows.desk.0.iter().collect();
    let all = (
        &rows.flow,
        desk,
        &rows.number,
        &decision.commands,
        &decision.timeline,
    );
    let text = serde_json::to_string(&all).expect("rows can be written");
    let found = SECRETS
        .iter()
        .chain([&CUSTOMER_DIGITS])
        .find(|secret| text.contains(**secret));
    assert!(found.is_none(), "P9: {found:?} in {text}");
}
