//! One lead from arrival to outcome: the state machine that the rest of the daemon serves (P8: pure).
//!
//! [`Flow::step`] takes one event, changes the flow and the rows it shares with other flows, and says what must
//! leave. [`Flow::deadline`] says when to come back if nobody else does. [`Attempt::cue`] says what a leg hears now.
//! Nothing here knows a customer's name or number (P9).
//!
//! Its parts are files of `flow/`:
//! - what it is: `state` where it is, `event` what can happen and what is ordered, `attempt` one ring, `leg` one
//!   connection's life, `slots` one round's phones, `timeline` what is told, `moment` what a decision sees;
//! - how it decides: `round` whom to ring next, `placing` the request that rings, `rep` what a rep's phone did, `keys`
//!   what was pressed, `overdue` what happens by itself, `customer` the customer's phone, `gone` a rep who hung up
//!   meanwhile, `called_in` calls that come in, `outcome` what came of it, `when` whether anybody may be rung now;
//! - for others: `errand` what an order means at a carrier, `shown` how it looks from outside, `noted` what it
//!   remembers for the figures, `intervention` what a person does with one.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use leadbridge_providers::{LeadId, LegId, Phase, Side};
use serde::{Deserialize, Serialize};

use crate::desk::{InLine, OpenFlow};
use crate::lead::HeldReason;
use crate::phone::PhoneKey;
use crate::plan::First;
use crate::rotation::{RepId, RooftopId, SourceId, Terms};

mod attempt;
mod called_in;
mod customer;
pub mod errand;
mod event;
mod gone;
mod intervention;
mod keys;
mod leg;
mod moment;
mod noted;
mod outcome;
mod overdue;
mod placing;
mod rep;
mod round;
pub mod shown;
mod slots;
mod state;
mod timeline;
mod when;

pub use attempt::{
    Attempt, AttemptResult, CameIn, Cue, CustomerLeg, CustomerResult, Hears, Missed, Unreached,
};
pub use called_in::CalledIn;
pub use event::{Command, Event, Notice, Text};
pub use intervention::{ERASED, Intervention};
pub use leg::{Create, Life, Rank, Wish};
pub use moment::Moment;
pub use noted::{Noted, is_nine};
pub use round::Ladder;
pub use slots::{Round, Slot, SlotState};
pub use state::{Closed, Engaged, Outcome, Part, State};
pub use timeline::{By, Entry, What, word};

/// A flow without a bridge closes so many days after t1, whatever its state.
const OPEN_DAYS: i64 = 7;
/// So many texts a customer gets for one lead at most.
const CUSTOMER_TEXTS_MAX: u8 = 2;

/// One lead on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// Which lead.
    pub lead: LeadId,
    /// What was known at arrival.
    pub facts: Facts,
    /// Where it is.
    pub state: State,
    /// Every ring of a rep, in order: the number in the leg id minus one is the index.
    pub attempts: Vec<Attempt>,
    /// Every ring of the customer, in order.
    pub customer: Vec<CustomerLeg>,
    /// How far up the ladder of rounds it is.
    pub ladder: Ladder,
    /// The numbers of the latest plan.
    pub terms: Option<Terms>,
    /// When it was received or released: seven days later it gives up.
    pub open_since: Timestamp,
    /// The request is fresh until: customers may be rung outside their hours.
    pub fresh_until: Timestamp,
    /// How often the customer asked again meanwhile.
    pub asked_again: u32,
    /// The phone whose person pressed 9.
    pub suspected_by: Option<PhoneKey>,
    /// The key pressed in the after-call menu.
    pub menu_key: Option<char>,
    /// Another rooftop has an open flow for this customer.
    pub elsewhere: bool,
    /// The customer was told once that we call later.
    #[serde(default)]
    pub told_to_wait: bool,
    /// How many texts the customer got.
    #[serde(default)]
    pub texted: u8,
    /// The admin was told that the rooftop is gone.
    #[serde(default)]
    pub told_gone: bool,
    /// For the figures.
    #[serde(default)]
    pub noted: Noted,
}

/// What was known of a lead at arrival, without anything personal. Only who comes first changes: a customer who rings
/// wants whoever took the lead before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Where.
    pub rooftop: RooftopId,
    /// Where it came from.
    pub source: SourceId,
    /// The keyed hash of the customer's number; `None` when there is no number to ring.
    pub number: Option<PhoneKey>,
    /// t0.
    pub t0: Option<Timestamp>,
    /// t1.
    pub t1: Timestamp,
    /// Who comes before the rotation.
    pub first: Option<First>,
    /// Real, or a test.
    pub kind: Kind,
    /// The source proves nothing: never rung outside the customer's hours.
    pub unproven: bool,
    /// The customer agreed to texts.
    pub texts: bool,
}

/// Real, or a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A customer.
    Real,
    /// A test that rings nobody.
    Silent,
    /// A test that rings this rep alone, by a source that proves itself; where the lead has a number, key 1 rings that one too.
    RingsBack(RepId),
}

impl State {
    /// How a flow in this state ended.
    pub fn closed(&self) -> Option<&Closed> {
        match self {
            State::Closed(closed) => Some(closed),
            State::Held(_)
            | State::Waiting { .. }
            | State::Sleeping { .. }
            | State::Round(_)
            | State::Engaged(_) => None,
        }
    }
}

impl Flow {
    /// A flow at its arrival; [`Event::Begin`] starts it.
    pub fn new(lead: LeadId, facts: Facts, state: State, fresh_until: Timestamp) -> Flow {
        Flow {
            lead,
            open_since: facts.t1,
            facts,
            state,
            attempts: Vec::new(),
            customer: Vec::new(),
            ladder: Ladder::default(),
            terms: None,
            fresh_until,
            asked_again: 0,
            suspected_by: None,
            menu_key: None,
            elsewhere: false,
            told_to_wait: false,
            texted: 0,
            told_gone: false,
            noted: Noted::default(),
        }
    }

    /// One event, one decision.
    pub fn step(&mut self, event: Event, moment: &mut Moment<'_>) {
        let (asks, calls_in) = event.asks();
        match event {
            Event::Begin => self.begin(moment),
            Event::Joined => self.joined(moment),
            Event::Parked { leg, refused } => self.parked(leg, refused, moment),
            Event::Leaving(leg) => self.leaving(leg, moment),
            Event::NoCarrier(leg) => self.no_carrier(leg, moment),
            Event::Placing(leg, placing) => self.placing(leg, &placing, moment),
            Event::Progress { leg, call, phase } => {
                self.progress(leg, call.as_ref(), &phase, moment)
            }
            Event::Asked {
                leg,
                turn,
                call,
                phase,
                asked,
            } => {
                // A question proves that the leg is there, whatever turn it is of.
                self.progress(
                    leg,
                    call.as_ref(),
                    &phase.unwrap_or(Phase::Answered),
                    moment,
                );
                self.asked(leg, turn, &asked, moment);
            }
            Event::CalledIn(call) => self.called_in(&call, moment),
            Event::Found(leg, found) => self.found(leg, &found, moment),
            Event::Woken => {}
            Event::Clock => self.clock(moment),
            // Nothing else happens before every flow has claimed its phones again (P4).
            Event::Restarted => return self.restarted(moment),
            Event::Release { reason } => self.release(reason, moment),
            Event::Discard { reason } => self.discard(reason, moment),
            Event::Cancel { reason } => self.cancel(reason, moment),
        }
        self.follow(moment);
        self.mind_the_waiting(moment);
        let came_in = asks.or_else(|| self.leg_of_call(calls_in.as_ref()?));
        came_in.into_iter().for_each(|leg| self.has_its_script(leg));
        self.settle(moment);
    }

    /// When this flow wants to be stepped with [`Event::Clock`]. It may change with every step; an extra step is
    /// harmless.
    pub fn deadline(&self) -> Option<Timestamp> {
        let legs = self
            .attempts
            .iter()
            .filter_map(|attempt| self.attempt_due(attempt));
        let state = match &self.state {
            State::Held(_) | State::Closed(_) => None,
            State::Waiting { until } | State::Sleeping { until } => Some(*until),
            State::Round(round) => self.round_due(round),
            State::Engaged(engaged) => self.engaged_due(engaged),
        };
        let last = self.gives_up_at().filter(|_| self.to_be_had());
        let waiting = self.waits_until();
        legs.chain(state).chain(last).chain(waiting).min()
    }

    /// The attempt of a rep's leg.
    pub fn attempt(&self, leg: LegId) -> Option<&Attempt> {
        self.index(leg).map(|index| &self.attempts[index])
    }

    /// A leg of the customer.
    pub fn customer_leg(&self, leg: LegId) -> Option<&CustomerLeg> {
        self.customer.iter().find(|customer| customer.leg == leg)
    }

    /// Whether a leg of it may be up.
    pub fn has_live_leg(&self) -> bool {
        let reps = self.attempts.iter().map(|attempt| &attempt.life);
        let customers = self.customer.iter().map(|leg| &leg.life);
        reps.chain(customers).any(Life::live)
    }

    /// Whether a ring is (still) to leave: read again as the last act before its bytes do.
    pub fn wants(&self, leg: LegId) -> bool {
        self.attempt(leg).is_some_and(|attempt| {
            attempt.result.is_none()
                && attempt.life.create == Create::Leaving
                && attempt.life.live()
        })
    }

    /// The phones whose desk rows a step may need, besides those of its rooftop's people: also those that rang long
    /// ago, because a late word about them may come.
    pub fn phones(&self) -> Vec<PhoneKey> {
        let attempts = self.attempts.iter().map(|attempt| &attempt.seat.phone);
        let slots = self
            .state
            .round()
            .into_iter()
            .flat_map(|round| &round.slots);
        let keys: BTreeSet<_> = attempts.chain(slots.map(|slot| &slot.seat.phone)).collect();
        keys.into_iter().cloned().collect()
    }

    /// Open, and nobody has it yet.
    pub fn to_be_had(&self) -> bool {
        matches!(
            self.state,
            State::Waiting { .. } | State::Sleeping { .. } | State::Round(_)
        )
    }

    /// A phone of ours rings, is up or is about to ring.
    pub fn live(&self) -> bool {
        let live = |attempt: &Attempt| attempt.life.live() && !attempt.life.refused();
        let mut attempts = self.attempts.iter();
        attempts.any(|attempt| live(attempt) && !self.is_told(attempt))
            || matches!(self.state, State::Engaged(_))
    }

    /// How the flow ended.
    pub fn outcome(&self) -> Option<&Closed> {
        self.state.closed()
    }

    /// The rep's leg that has the lead.
    fn has(&self, leg: LegId) -> bool {
        matches!(&self.state, State::Engaged(engaged) if engaged.leg == leg)
    }

    /// A leg that only hears a good-bye: it keeps its phone, not the lead.
    fn is_told(&self, attempt: &Attempt) -> bool {
        attempt.result.is_some() && !self.has(attempt.leg)
    }

    fn index(&self, leg: LegId) -> Option<usize> {
        let index = usize::from(leg.number).checked_sub(1)?;
        (leg.side == Side::Rep && leg.lead == self.lead && index < self.attempts.len())
            .then_some(index)
    }

    fn begin(&mut self, m: &mut Moment<'_>) {
        match &self.facts.kind {
            Kind::Silent => self.close(Outcome::Test, None, m),
            Kind::Real | Kind::RingsBack(_) => self.state = State::Waiting { until: m.now },
        }
    }

    /// The customer asked again: without a live leg the rounds start anew now.
    fn joined(&mut self, m: &mut Moment<'_>) {
        self.asked_again += 1;
        self.wants_to_talk_now(m);
        // Told in the next menu; without one, by a text.
        if let State::Engaged(engaged) = &mut self.state {
            engaged.asked_again = true;
        }
        match &self.state {
            // It closed while this was on its way: nobody reached the customer, who is there now.
            State::Closed(closed)
                if matches!(
                    closed.outcome,
                    Outcome::NobodyAccepted | Outcome::CustomerUnreached
                ) =>
            {
                self.open_since = m.now;
                self.menu_key = None;
                self.begin_anew(m.now);
            }
            State::Waiting { .. } | State::Sleeping { .. } if !self.live() => {
                self.begin_anew(m.now);
            }
            // In line: this round is the first of a new set.
            State::Round(_) if !self.live() => {
                self.ladder = Ladder {
                    rounds: self.ladder.rounds,
                    used: 1,
                    ..Ladder::default()
                };
            }
            State::Waiting { .. }
            | State::Sleeping { .. }
            | State::Round(_)
            | State::Engaged(_)
            | State::Held(_)
            | State::Closed(_) => {}
        }
    }

    /// The customer wants to talk now, whatever their hours say.
    fn wants_to_talk_now(&mut self, m: &Moment<'_>) {
        let rooftop = m.rules.rooftops.get(&self.facts.rooftop);
        let fresh = rooftop.map(|rooftop| rooftop.terms.fresh_min);
        if let Some(fresh) = fresh.filter(|_| !self.facts.unproven) {
            self.fresh_until = self.fresh_until.max(m.now + leg::s(fresh * 60));
        }
    }

    /// A person lets a held lead go, if there is anything to ring.
    fn release(&mut self, reason: Option<String>, m: &mut Moment<'_>) {
        if matches!(self.state, State::Held(_)) && self.facts.number.is_some() {
            let mut entry = Entry::new(m.now, What::LeadReleased);
            entry.reason = reason;
            m.tell(entry);
            self.suspected_by = None;
            self.open_since = m.now;
            self.begin_anew(m.now);
        }
    }

    /// All rounds from the first on.
    fn begin_anew(&mut self, now: Timestamp) {
        self.ladder = Ladder {
            rounds: self.ladder.rounds,
            ..Ladder::default()
        };
        self.state = State::Waiting { until: now };
    }

    fn discard(&mut self, reason: Option<String>, m: &mut Moment<'_>) {
        if matches!(self.state, State::Held(_)) {
            self.close(Outcome::Discarded, reason, m);
        }
    }

    /// A person ends it; two who are talking are left alone.
    fn cancel(&mut self, reason: Option<String>, m: &mut Moment<'_>) {
        let talking = matches!(
            &self.state,
            State::Engaged(Engaged {
                part: Part::Talking { .. } | Part::Menu { .. },
                ..
            })
        );
        if !talking && self.outcome().is_none() {
            self.close(Outcome::Canceled, reason, m);
        }
    }

    /// Ends all that is under way and leaves the lead to a person.
    fn hold(&mut self, reason: HeldReason, m: &mut Moment<'_>) {
        self.retire_all(m);
        m.tell(Entry::new(m.now, What::LeadHeld).because(word(reason)));
        m.order(Command::Notice(Notice::Held(reason)));
        self.state = State::Held(reason);
    }

    fn close(&mut self, outcome: Outcome, reason: Option<String>, m: &mut Moment<'_>) {
        self.retire_all(m);
        let mut entry = Entry::new(m.now, What::Closed);
        entry.reason = Some(reason.as_ref().map_or(word(outcome), |reason| {
            format!("{}: {reason}", word(outcome))
        }));
        m.tell(entry);
        self.state = State::Closed(Closed {
            outcome,
            reason,
            at: m.now,
        });
    }

    /// A text to a customer who agreed to texts and has not refused them since, a few times at most.
    fn text_customer(&mut self, text: Text, m: &mut Moment<'_>) {
        let welcome = self.facts.texts && m.number.takes_texts();
        if welcome && self.texted < CUSTOMER_TEXTS_MAX {
            self.texted += 1;
            m.order(Command::Text(text));
        }
    }

    /// What follows by itself from the time and the state: the next start, the next step, the end.
    fn follow(&mut self, m: &mut Moment<'_>) {
        if self.to_be_had() && self.gives_up_at().is_some_and(|at| at <= m.now) {
            m.order(Command::Notice(Notice::NobodyAccepted));
            self.close(Outcome::NobodyAccepted, None, m);
        }
        self.advance(m);
        while self.start_is_due(m.now) {
            self.start(m);
            self.advance(m);
        }
    }

    fn gives_up_at(&self) -> Option<Timestamp> {
        self.open_since
            .checked_add(SignedDuration::from_hours(24 * OPEN_DAYS))
            .ok()
    }

    /// Leaves the shared rows as this flow now stands.
    fn settle(&mut self, m: &mut Moment<'_>) {
        self.elsewhere = m.number.open_elsewhere(self.lead).is_some();
        let me = self.in_line();
        let wanted = self.wanted();
        for (key, phone) in &mut m.desk.0 {
            phone.line.retain(|waiting| waiting.lead != self.lead);
            if wanted.contains(key) {
                phone.line.push(me.clone());
            }
            phone.note_missed(self.lead, self.facts.t1, self.missed_by(key));
        }
        if self.facts.number.is_none() || matches!(self.state, State::Closed(_) | State::Held(_)) {
            m.number.forget(self.lead);
        } else {
            m.number.note(OpenFlow {
                lead: self.lead,
                rooftop: self.facts.rooftop.clone(),
                live: self.live(),
                waits: matches!(&self.state, State::Round(round) if round.blocked),
            });
        }
    }

    fn in_line(&self) -> InLine {
        InLine {
            lead: self.lead,
            since: self.facts.t1,
            fresh_until: self.fresh_until,
            rings: self.rings(),
        }
    }

    /// A phone rings for this flow and nobody has picked up.
    fn rings(&self) -> bool {
        let ringing = |attempt: &Attempt| {
            let life = &attempt.life;
            attempt.result.is_none() && life.rank < Rank::Answered && !life.refused()
        };
        self.attempts.iter().any(ringing)
    }
}
