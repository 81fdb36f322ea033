//! Whom to ring next: rounds, steps that overlap, phones that are taken, the owner last (BEHAVIOUR 2, P5).

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::leg::{Create, Life, s};
use super::slots::{Round, Slot, SlotState, slots};
use super::when::When;
use super::{
    Attempt, AttemptResult, Command, Cue, Entry, Flow, Kind, Moment, Notice, Outcome, State, Text,
    What,
};
use crate::phone::PhoneKey;
use crate::plan::{self, First, Plan, Seat, Why};
use crate::rotation::{RepId, Rooftop, Terms};
use leadbridge_providers::{LegId, Side};

/// A round in which nothing rang is made anew after so many seconds at the earliest.
const AGAIN_S: i64 = 10;
/// After so many such rounds in a row the wait is doubled: who had a bad hour waits two or three minutes at most when it
/// is over, and a lead that nothing can ring does not fill seven days with rings.
const DOUBLED_AFTER: u32 = 8;
/// But it is never doubled more often than this: to 43 minutes.
const DOUBLED_MAX: u32 = 8;

/// `talk_max_s = 0` takes the cap off; what carriers do by themselves still ends a talk that nobody ended (P6).
const TALK_UNCAPPED_S: u32 = 4 * 3600;

/// Hours without an end in sight are read again after so long.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// How far up its ladder of rounds a flow is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ladder {
    /// When the first ring of this set of rounds left us: the others are counted from here.
    pub first_ring_at: Option<Timestamp>,
    /// How many starts of the set are used up.
    pub used: usize,
    /// How many rounds there were in all.
    pub rounds: u16,
    /// How many rounds in a row rang nothing.
    pub idle: u32,
    /// How many mornings were given.
    pub mornings: u32,
    /// Phones that were taken for the whole of the last round.
    pub taken: Vec<PhoneKey>,
}

impl Flow {
    /// Whether the next start has come.
    pub(super) fn start_is_due(&self, now: Timestamp) -> bool {
        match self.state {
            State::Waiting { until } | State::Sleeping { until } => until <= now,
            State::Held(_) | State::Round(_) | State::Engaged(_) | State::Closed(_) => false,
        }
    }

    /// Starts a round if anybody may be rung; else waits for the next moment at which somebody may.
    pub(super) fn start(&mut self, m: &mut Moment<'_>) {
        let asleep = matches!(self.state, State::Sleeping { .. });
        match self.when(m) {
            When::Now(_) => {
                if asleep {
                    self.ladder = Ladder {
                        rounds: self.ladder.rounds,
                        mornings: self.ladder.mornings,
                        ..Ladder::default()
                    };
                }
                self.start_round(m);
            }
            When::Later(until) if asleep => self.state = State::Sleeping { until },
            When::Later(until) => self.wait(until, m),
            When::Gone(until) => {
                if !std::mem::replace(&mut self.told_gone, true) {
                    m.order(Command::Notice(Notice::RooftopGone));
                }
                self.state = State::Waiting { until };
            }
        }
    }

    /// Starts what may start and ends the round when it is over.
    pub(super) fn advance(&mut self, m: &mut Moment<'_>) {
        let State::Round(round) = &self.state else {
            return;
        };
        let mut round = round.clone();
        // Hours are slow to read, and an edit of them changes the next round, not this one.
        let there = m.rules.rooftops.contains_key(&self.facts.rooftop);
        if !there || round.closes_at.is_none_or(|at| at <= m.now) {
            match self.when(m) {
                When::Now(at) => round.closes_at = Some(at.unwrap_or(m.now + LOOK_AGAIN)),
                When::Later(_) | When::Gone(_) => return self.interrupt(round, m),
            }
        }
        round.blocked = self.served_elsewhere(m);
        if !round.blocked {
            round.leave_out_paused(m);
            self.ring_freed(&mut round, m);
            while self.step_may_start(&round, m.now) {
                self.start_step(&mut round, m);
            }
        }
        if self.round_is_over(&round, m.now) {
            self.end_round(&round, m);
        } else {
            self.tell_in_line(&round, m);
            self.state = State::Round(round);
        }
    }

    /// When a round must be looked at again.
    pub(super) fn round_due(&self, round: &Round) -> Option<Timestamp> {
        let unsent = self
            .attempts
            .iter()
            .any(|attempt| attempt.result.is_none() && attempt.life.waits());
        let idle = unsent || round.in_line().next().is_some() || round.todo().next().is_some();
        let closing = round.closes_at.filter(|_| idle);
        if round.blocked {
            return closing;
        }
        let step = round.todo().next().and_then(|_| self.step_due(round));
        let end = self.end_gate(round).filter(|_| self.settled(round));
        [closing, step, end].into_iter().flatten().min()
    }

    /// Phones this flow stands in line for.
    pub(super) fn wanted(&self) -> Vec<PhoneKey> {
        match &self.state {
            State::Round(round) if !round.blocked => round
                .in_line()
                .map(|slot| slot.seat.phone.clone())
                .collect(),
            State::Round(_)
            | State::Held(_)
            | State::Waiting { .. }
            | State::Sleeping { .. }
            | State::Engaged(_)
            | State::Closed(_) => Vec::new(),
        }
    }

    /// A rep whose ring was lost comes again at the end of the reps, once, when its span is over.
    pub(super) fn again_after_lost(&mut self, leg: LegId) {
        let Some(round) = self.state.round_mut() else {
            return;
        };
        let lost = round
            .rung()
            .find(|(_, rung)| *rung == leg)
            .map(|(slot, _)| slot.clone());
        if let Some(slot) = lost.filter(|slot| !slot.again) {
            round.slots.push(Slot {
                state: SlotState::InLine,
                again: true,
                ..slot
            });
        }
    }

    /// A ring that has not left, and now can't: another lead has the phone, or the customer. It is waited for, and its
    /// step was passed over.
    pub(super) fn back_in_line(&mut self, index: usize, m: &mut Moment<'_>) {
        let leg = self.attempts[index].leg;
        self.drop_unsent(index, m);
        let Some(round) = self.state.round_mut() else {
            return;
        };
        let mut slots = round.slots.iter_mut();
        if let Some(slot) = slots.find(|slot| slot.state == SlotState::Rung(leg)) {
            slot.state = SlotState::InLine;
            round.latest = round.step_of_the_latest_ring();
            // No clock has run while it waited: the owner does not come at once.
            round.since = m.now;
        }
    }

    /// The same customer is being served by another rooftop, and nobody of this one is on it.
    pub(super) fn served_elsewhere(&self, m: &Moment<'_>) -> bool {
        m.number.live_elsewhere(self.lead).is_some() && !self.live()
    }

    fn start_round(&mut self, m: &mut Moment<'_>) {
        let Some(rooftop) = m.rules.rooftops.get(&self.facts.rooftop) else {
            return;
        };
        let plan = match &self.facts.kind {
            Kind::RingsBack(rep) => plan::test(m.rules, rep),
            Kind::Real | Kind::Silent => {
                let taken = std::mem::take(&mut self.ladder.taken);
                plan::make(
                    m.rules,
                    rooftop,
                    m.desk,
                    self.facts.first.as_ref(),
                    &taken,
                    m.now,
                )
            }
        };
        self.terms = Some(terms(rooftop));
        self.ladder.used += 1;
        self.ladder.rounds += 1;
        tell_plan(&plan, self, m);
        self.state = State::Round(Round {
            number: self.ladder.rounds,
            carrier: rooftop.carrier.clone(),
            caller_id: rooftop.caller_id.clone(),
            slots: slots(plan),
            latest: None,
            since: m.now,
            closes_at: None,
            blocked: false,
        });
    }

    /// Phones that were taken when their step came and are free now.
    fn ring_freed(&mut self, round: &mut Round, m: &mut Moment<'_>) {
        for index in 0..round.slots.len() {
            let slot = &round.slots[index];
            if slot.state == SlotState::InLine && self.may_ring(&slot.seat, m) {
                round.latest = if slot.again {
                    round.latest
                } else {
                    Some(slot.step)
                };
                self.ring(round, index, m);
            }
        }
    }

    fn step_may_start(&self, round: &Round, now: Timestamp) -> bool {
        round.todo().next().is_some() && self.step_due(round).is_some_and(|at| at <= now)
    }

    /// Starts the next step, or passes it over if all its phones are taken.
    fn start_step(&mut self, round: &mut Round, m: &mut Moment<'_>) {
        let Some(step) = round.todo().map(|slot| slot.step).min() else {
            return;
        };
        for index in 0..round.slots.len() {
            if round.slots[index].step != step || round.slots[index].state != SlotState::Todo {
                continue;
            }
            if self.may_ring(&round.slots[index].seat, m) {
                self.ring(round, index, m);
                round.latest = Some(step);
            } else {
                round.slots[index].state = SlotState::InLine;
            }
        }
    }

    /// When the next step may start; `None` while the clock does not run. After a restart the look-ups come first.
    fn step_due(&self, round: &Round) -> Option<Timestamp> {
        let live = self.attempts.iter().filter(|attempt| attempt.life.live());
        let hold_off = live.filter_map(|attempt| attempt.life.hold_off).max();
        let clock = self
            .step_clock(round)
            .map(|at| hold_off.map_or(at, |hold_off| at.max(hold_off)));
        if !round.next_is_owner() || round.others_have_rung() {
            return clock;
        }
        let waited = self.quiet_since(round)? + s(self.terms().in_line_s);
        clock.map(|at| at.max(waited))
    }

    /// When a phone last rang for this round; `None` while one does.
    fn quiet_since(&self, round: &Round) -> Option<Timestamp> {
        let stops = round
            .rung()
            .filter_map(|(_, leg)| self.attempt(leg))
            .map(|attempt| attempt.life.answered_at.or(attempt.settled_at));
        let stops: Option<Vec<_>> = stops.collect();
        stops.map(|stops| stops.into_iter().fold(round.since, Timestamp::max))
    }

    /// `next_after_s` after the latest step's last create left us, or when all its phones have ended.
    fn step_clock(&self, round: &Round) -> Option<Timestamp> {
        let Some(step) = round.latest else {
            return Some(round.since);
        };
        let legs = round
            .rung()
            .filter(|(slot, _)| slot.step == step && !slot.again);
        let latest: Vec<_> = legs.filter_map(|(_, leg)| self.attempt(leg)).collect();
        let ended: Option<Vec<_>> = latest.iter().map(|attempt| attempt.settled_at).collect();
        let placed: Option<Vec<_>> = latest
            .iter()
            .map(|attempt| attempt.life.placed_at)
            .collect();
        let after = self.terms().next_after_s;
        let by_clock = placed
            .filter(|_| after > 0)
            .and_then(|all| all.into_iter().max())
            .map(|at| at + s(after));
        let by_end = ended.and_then(|all| all.into_iter().max());
        by_clock.into_iter().chain(by_end).min()
    }

    fn may_ring(&self, seat: &Seat, m: &Moment<'_>) -> bool {
        m.desk.phone(&seat.phone).free_for(&self.in_line(), m.now)
    }

    /// Rings a phone: the attempt and its claim are durable before the request leaves (P2, P4).
    fn ring(&mut self, round: &mut Round, index: usize, m: &mut Moment<'_>) {
        let terms = self.terms().clone();
        let slot = &mut round.slots[index];
        let number = u16::try_from(self.attempts.len() + 1).unwrap_or(u16::MAX);
        let leg = LegId {
            lead: self.lead,
            side: Side::Rep,
            number,
        };
        slot.state = SlotState::Rung(leg);
        let life = Life::new(m.now);
        let phone = m.desk.phone_mut(&slot.seat.phone);
        phone.claim(leg, life.span_ends(terms.ring_s).unwrap_or(m.now));
        phone.last_rung = Some(m.now);
        if self.attempts.is_empty() && slot.seat.why == Why::Rotation {
            phone.last_rung_first = Some(m.now);
        }
        self.attempts.push(Attempt {
            leg,
            seat: slot.seat.clone(),
            round: round.number,
            step: slot.step,
            carrier: round.carrier.clone(),
            from: round.caller_id.clone(),
            ring_s: terms.ring_s,
            life,
            result: None,
            settled_at: None,
            cue: Cue::Whisper {
                prompt: 1,
                repeats: 0,
            },
            turn: 1,
            has: 0,
        });
        m.order(Command::Ring(leg));
    }

    /// Every phone has rung or could not; or is still taken `in_line_s` after the owner's ring ended.
    fn round_is_over(&self, round: &Round, now: Timestamp) -> bool {
        let waits = round.in_line().next().is_some();
        let waited = self.end_gate(round).is_some_and(|at| at <= now);
        !round.blocked && self.settled(round) && (!waits || waited)
    }

    /// No step is to come, and nobody may still say yes: also not a rep who rang back.
    fn settled(&self, round: &Round) -> bool {
        let mut attempts = self.attempts.iter();
        round.todo().next().is_none() && attempts.all(|attempt| attempt.result.is_some())
    }

    /// When phones that are still taken no longer keep the round open.
    fn end_gate(&self, round: &Round) -> Option<Timestamp> {
        let owners: Vec<_> = round
            .slots
            .iter()
            .filter(|slot| slot.seat.owner && !slot.again)
            .collect();
        let ended = owners.iter().map(|slot| match slot.state {
            SlotState::Rung(leg) => self.attempt(leg).and_then(|attempt| attempt.settled_at),
            SlotState::Todo | SlotState::InLine => None,
        });
        let ended: Option<Vec<_>> = ended.collect();
        let last = ended.and_then(|all| all.into_iter().max());
        last.filter(|_| round.in_line().next().is_some())
            .map(|at| at + s(self.terms().in_line_s))
    }

    /// Nobody may be rung any more: what rings goes on, what waits is dropped.
    fn interrupt(&mut self, mut round: Round, m: &mut Moment<'_>) {
        for index in 0..self.attempts.len() {
            if self.attempts[index].result.is_none() && self.attempts[index].life.waits() {
                self.drop_unsent(index, m);
            }
        }
        if self
            .attempts
            .iter()
            .any(|attempt| attempt.result.is_none() && attempt.life.live())
        {
            round.closes_at = None;
            round
                .slots
                .retain(|slot| matches!(slot.state, SlotState::Rung(_)));
            self.state = State::Round(round);
        } else {
            self.end_round(&round, m);
        }
    }

    fn end_round(&mut self, round: &Round, m: &mut Moment<'_>) {
        if self.facts.kind != Kind::Real {
            return self.close(Outcome::Test, None, m);
        }
        self.ladder.taken = round
            .in_line()
            .filter(|slot| !slot.again)
            .map(|slot| slot.seat.phone.clone())
            .collect();
        let counts = round
            .rung()
            .filter_map(|(_, leg)| self.attempt(leg))
            .any(rang);
        if counts {
            self.ladder.idle = 0;
            return self.after_round(m);
        }
        self.ladder.used = self.ladder.used.saturating_sub(1);
        if self.ladder.used == 0 {
            self.ladder.first_ring_at = None;
        }
        let doubled = (self.ladder.idle / DOUBLED_AFTER).min(DOUBLED_MAX);
        self.ladder.idle += 1;
        self.state = State::Waiting {
            until: m.now + SignedDuration::from_secs(AGAIN_S << doubled),
        };
    }

    /// The next start of the set: one that has passed meanwhile begins now, earlier ones are skipped.
    fn after_round(&mut self, m: &mut Moment<'_>) {
        let first = self.ladder.first_ring_at.unwrap_or(m.now);
        let starts: Vec<_> = self
            .terms()
            .rounds_s
            .iter()
            .map(|start| first + s(*start))
            .collect();
        let left = starts.get(self.ladder.used..).unwrap_or_default();
        let past = left.iter().filter(|start| **start <= m.now).count();
        self.ladder.used += past.saturating_sub(1);
        match left.first() {
            Some(_) if past > 0 => self.state = State::Waiting { until: m.now },
            Some(start) => self.wait(*start, m),
            None => self.rounds_are_over(m),
        }
    }

    fn rounds_are_over(&mut self, m: &mut Moment<'_>) {
        if self.ladder.mornings >= self.terms().mornings {
            m.order(Command::Notice(Notice::NobodyAccepted));
            return self.close(Outcome::NobodyAccepted, None, m);
        }
        m.order(Command::Notice(Notice::RoundsOver));
        self.ladder.mornings += 1;
        m.tell(Entry::new(m.now, What::Slept));
        self.state = State::Sleeping {
            until: self.next_morning(m),
        };
    }

    fn wait(&mut self, until: Timestamp, m: &mut Moment<'_>) {
        if self.attempts.is_empty() && !std::mem::replace(&mut self.told_to_wait, true) {
            self.text_customer(Text::CustomerWaits, m);
        }
        m.tell(Entry::new(m.now, What::Waiting).because(until.to_string()));
        self.state = State::Waiting { until };
    }

    /// The numbers of the latest plan. Every caller is past [`Flow::start_round`].
    pub(super) fn terms(&self) -> &Terms {
        self.terms.as_ref().expect("a round has its terms")
    }

    fn tell_in_line(&self, round: &Round, m: &mut Moment<'_>) {
        let was = matches!(&self.state, State::Round(before) if before.blocked || before.in_line().next().is_some());
        let is = round.blocked || round.in_line().next().is_some();
        if is && !was {
            m.tell(Entry::new(m.now, What::InLine));
        }
    }
}

/// Whether an attempt makes its round count: not if it was never sent, refused for our set-up, or lost.
fn rang(attempt: &Attempt) -> bool {
    attempt.life.create == Create::Settled && attempt.result != Some(AttemptResult::Lost)
}

fn tell_plan(plan: &Plan, flow: &Flow, m: &mut Moment<'_>) {
    let mut entry = Entry::new(m.now, What::PlanMade);
    entry.reason = match &flow.facts.first {
        Some(First::Stranger) => Some("nobody here is the rep asked for".to_owned()),
        Some(First::Named(id) | First::HadIt(id)) => not_first(plan, id),
        None => None,
    };
    m.tell(entry);
}

/// Why the rep who was asked for, or had the customer, does not come first.
fn not_first(plan: &Plan, id: &RepId) -> Option<String> {
    let not = plan.not.iter().find(|(rep, _)| rep == id);
    let mut later = plan.steps.iter().flatten().skip(1);
    let later = later.find(|seat| seat.rep == *id);
    let why = not
        .map(|(_, not)| not.to_string())
        .or(later.map(|seat| seat.why.to_string()));
    why.map(|why| format!("{}: {why}", id.0))
}

fn terms(rooftop: &Rooftop) -> Terms {
    let mut terms = rooftop.terms.clone();
    if terms.talk_max_s == 0 {
        terms.talk_max_s = TALK_UNCAPPED_S;
    }
    terms
}
