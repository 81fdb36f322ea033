//! One lead from arrival to outcome: the state machine that the rest of the daemon serves (P8: pure).
//!
//! [`Flow::step`] takes one event, changes the flow and the rows it shares with other flows, and says what must
//! leave. [`Flow::deadline`] says when to come back if nobody else does. [`Flow::hears`] says what a leg is told
//! now. Nothing here knows a customer's name or number (P9).
//!
//! `flow/round.rs` decides whom to ring next, `flow/rep.rs` what a rep's phone did, `flow/customer.rs` what came
//! of the customer's, `flow/when.rs` whether anybody may be rung now, `flow/leg.rs` is one connection's life and
//! `flow/shown.rs` how a flow looks from outside.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use leadbridge_providers::{
    Asked, CarrierCallId, Found, LeadId, LegId, Phase, Placing, Side, Turn,
};
use serde::{Deserialize, Serialize};

use crate::desk::{Desk, InLine, Number, OpenFlow};
use crate::lead::HeldReason;
use crate::phone::{PhoneKey, PhoneNumber};
use crate::plan::{First, Seat};
use crate::rotation::{CarrierId, RepId, RooftopId, Rules, SourceId};

mod customer;
pub mod errand;
mod leg;
mod rep;
mod round;
pub mod shown;
mod when;

pub use leg::{Create, Life, Rank, Wish};
pub use round::{Ladder, Round, Slot, SlotState};

/// A flow without a bridge closes so many days after t1, whatever its state.
const OPEN_DAYS: i64 = 7;

/// One lead on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// Which lead.
    pub lead: LeadId,
    /// What was known at arrival and never changes.
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
}

/// What was known of a lead at arrival, without anything personal.
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
    /// A test that rings the rep it came from.
    RingsBack(RepId),
}

/// Where a flow is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// A person must look at it first.
    Held(HeldReason),
    /// Nobody may be rung before.
    Waiting {
        /// The next start.
        until: Timestamp,
    },
    /// All rounds are used up until the next opening.
    Sleeping {
        /// The next opening.
        until: Timestamp,
    },
    /// A plan is being rung.
    Round(Round),
    /// A rep has it.
    Engaged(Engaged),
    /// Over.
    Closed(Closed),
}

/// A rep accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Engaged {
    /// The rep's leg.
    pub leg: LegId,
    /// What is going on.
    pub part: Part,
    /// Where the flow goes on if the rep is gone before the customer's phone has done its work.
    pub back: Box<State>,
}

/// What an engaged rep is doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The customer's phone rings.
    Dialling {
        /// When both legs are looked up.
        check_at: Timestamp,
        /// Look-ups so far.
        checks: u32,
    },
    /// The rep hung up while it rang; the carrier is asked what became of the customer's leg.
    Gone,
    /// Both are up.
    Talking {
        /// Since when.
        since: Timestamp,
        /// When the carrier is asked next whether the rep's leg lives.
        check_at: Timestamp,
    },
    /// The rep hears what came of it and may press a key.
    Menu {
        /// It closes then.
        until: Timestamp,
        /// One more ring of the customer may be asked for.
        again: bool,
    },
}

impl State {
    /// The round that is rung, or that a rep's acceptance has put aside.
    fn round_mut(&mut self) -> Option<&mut Round> {
        match self {
            State::Round(round) => Some(round),
            State::Engaged(engaged) => engaged.back.round_mut(),
            State::Held(_) | State::Waiting { .. } | State::Sleeping { .. } | State::Closed(_) => {
                None
            }
        }
    }

    /// The same, to read.
    fn round(&self) -> Option<&Round> {
        match self {
            State::Round(round) => Some(round),
            State::Engaged(engaged) => engaged.back.round(),
            State::Held(_) | State::Waiting { .. } | State::Sleeping { .. } | State::Closed(_) => {
                None
            }
        }
    }
}

/// How a flow ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Closed {
    /// Ours, not the carrier's word.
    pub outcome: Outcome,
    /// One word of the vocabulary, or what a person gave.
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// How a flow ended (INTERFACE, closed vocabulary).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Spoken with: the rep said so, or the talk was long.
    Connected,
    /// Joined, and nobody said with whom.
    Unconfirmed,
    /// A rep took it, the customer was not reached.
    CustomerUnreached,
    /// No rep took it.
    NobodyAccepted,
    /// By a person.
    Canceled,
    /// A held lead that a person put away.
    Discarded,
    /// The same number's open flow has it.
    Joined,
    /// A test.
    Test,
}

/// One ring of a rep's phone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Its leg.
    pub leg: LegId,
    /// Whose phone.
    pub seat: Seat,
    /// In which round, from 1.
    pub round: u16,
    /// In which step of the plan.
    pub step: u16,
    /// Who places it.
    pub carrier: CarrierId,
    /// The caller id it shows.
    pub from: PhoneNumber,
    /// Seconds it rings.
    pub ring_s: u32,
    /// The connection.
    pub life: Life,
    /// What came of it.
    pub result: Option<AttemptResult>,
    /// When that was clear.
    pub settled_at: Option<Timestamp>,
    /// What it hears.
    pub cue: Cue,
    /// Which script that is.
    pub turn: Turn,
}

/// What came of ringing a rep once. `Missed` and `Lost` change only to `Accepted`, by a late key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttemptResult {
    /// Key 1.
    Accepted,
    /// Key 2, 7 or 9.
    Passed,
    /// Not taken, and why.
    Missed(Missed),
    /// Was up when another accepted.
    Taken,
    /// Never found at the carrier.
    Lost,
    /// Was not up when another accepted, or no longer wanted.
    Canceled,
}

/// Why a rep's ring was missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missed {
    /// Rang out.
    NoAnswer,
    /// Busy tone.
    Busy,
    /// Declined.
    Rejected,
    /// Picked up, and no key to the end of the last prompt.
    NoKey,
    /// Picked up, and hung up without a key.
    HungUp,
    /// The network failed.
    Failed,
    /// No such number.
    InvalidNumber,
}

/// One ring of the customer's phone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CustomerLeg {
    /// Its leg.
    pub leg: LegId,
    /// The connection.
    pub life: Life,
    /// What came of it.
    pub result: Option<CustomerResult>,
    /// t9 was reached.
    pub talked_at: Option<Timestamp>,
}

/// What came of ringing the customer once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CustomerResult {
    /// Picked up.
    Answered,
    /// Not reached, and why.
    Missed(Unreached),
    /// The rep was gone before.
    Canceled,
}

/// Why a customer was not reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unreached {
    /// Rang out.
    NoAnswer,
    /// Busy tone.
    Busy,
    /// Declined.
    Rejected,
    /// The network failed.
    Failed,
    /// No such number.
    InvalidNumber,
    /// Key 2 in the menu.
    Voicemail,
    /// Key 3 in the menu.
    WrongNumber,
    /// Rung often enough today.
    Cap,
}

/// What a rep's leg hears: `script.rs` gives it words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cue {
    /// What the lead is about, and "press 1".
    Whisper {
        /// First or second time.
        prompt: u8,
        /// How often key 3 asked for it again.
        repeats: u8,
    },
    /// Who the customer is, then the customer's phone rings.
    Customer {
        /// The customer's leg.
        leg: LegId,
        /// The second ring: nobody needs to hear the name again.
        again: bool,
    },
    /// The customer was not reached; `again`: press 1 to ring once more.
    Unreached {
        /// Why.
        reason: Unreached,
        /// Whether 1 rings again.
        again: bool,
    },
    /// What came of the talk?
    Menu,
    /// Somebody else has it.
    Taken {
        /// Who.
        by: RepId,
    },
    /// It is closed.
    DealtWith,
    /// Passed on.
    Passed,
    /// No key.
    NoKey,
    /// Key 9.
    Suspicious,
    /// A test, and it worked.
    TestPassed,
    /// The menu is done.
    Thanks,
}

/// The numbers of the latest plan, as the flow keeps them (BEHAVIOUR's brackets).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(
    missing_docs,
    reason = "the same words as rotation::Terms, where each is explained"
)]
pub struct Terms {
    pub carrier: CarrierId,
    pub caller_id: PhoneNumber,
    pub ring_s: u32,
    pub next_after_s: u32,
    pub rounds_s: Vec<u32>,
    pub mornings: u32,
    pub in_line_s: u32,
    pub wrap_up_s: u32,
    pub customer_s: u32,
    pub talk_s: u32,
    pub sure_s: u32,
    pub talk_max_s: u32,
    pub passes_max: u32,
}

/// What can happen to a flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// It starts.
    Begin,
    /// The same number asked again in this rooftop.
    Joined,
    /// A ring waits here: for its turn, or because the carrier refuses everything.
    Parked {
        /// Which.
        leg: LegId,
        /// The carrier did not take it.
        refused: bool,
    },
    /// A ring that waited here is about to leave, if it is still wanted.
    Leaving(LegId),
    /// How a create ended. `NotSent` and `OurSetUp` are `Parked` to a flow.
    Placing(LegId, Placing),
    /// The carrier says how far a leg is.
    Progress {
        /// Which.
        leg: LegId,
        /// The carrier's name for it.
        call: Option<CarrierCallId>,
        /// How far.
        phase: Phase,
    },
    /// The carrier asks on a leg's behalf.
    Asked {
        /// Which.
        leg: LegId,
        /// What it answers to.
        turn: Turn,
        /// The carrier's name for it.
        call: Option<CarrierCallId>,
        /// How far the leg is, where the request says.
        phase: Option<Phase>,
        /// The question.
        asked: Asked,
    },
    /// A look-up's answer.
    Found(LegId, Found),
    /// A phone or number it stands in line for is free.
    Woken,
    /// A deadline may have passed.
    Clock,
    /// The daemon was away, or the clock jumped.
    Restarted,
    /// A person lets a held lead go.
    Release,
    /// A person puts a held lead away.
    Discard {
        /// As given.
        reason: Option<String>,
    },
    /// A person ends it.
    Cancel {
        /// As given.
        reason: Option<String>,
    },
}

/// What must leave, in the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Ring a rep's phone.
    Ring(LegId),
    /// Make a leg ask for its script now.
    Interrupt(LegId),
    /// End a leg if nobody has picked up.
    Cancel(LegId),
    /// End a leg.
    HangUp(LegId),
    /// Ask the carrier what became of a leg.
    LookUp(LegId),
    /// A text message.
    Text(Text),
    /// A message to our own people.
    Notice(Notice),
}

impl Command {
    /// The leg it is about.
    pub fn leg(&self) -> Option<LegId> {
        match self {
            Command::Ring(leg)
            | Command::Interrupt(leg)
            | Command::Cancel(leg)
            | Command::HangUp(leg)
            | Command::LookUp(leg) => Some(*leg),
            Command::Text(_) | Command::Notice(_) => None,
        }
    }
}

/// A text message; numbers and names are filled in when it leaves (P9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Text {
    /// To a rep: what it was, and that ringing back takes it.
    RepMissed(RepId),
    /// To a rep: your phone is paused.
    RepPaused(RepId),
    /// To a rep: your phone is not reachable.
    RepNotReachable(RepId),
    /// To a rep: your customer asked again.
    RepAskedAgain(RepId),
    /// To the customer: when we call, and from which number.
    CustomerWaits,
    /// To the customer: we tried, and the number to ring.
    CustomerTried,
}

/// A message to our own people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notice {
    /// A phone is paused.
    RepPaused(RepId),
    /// A phone is not reachable.
    RepNotReachable(RepId),
    /// The carrier refused one number with this code.
    CarrierRefused {
        /// The carrier's code.
        code: u32,
    },
    /// The last round is over and nobody accepted.
    RoundsOver,
    /// Nobody accepted, finally.
    NobodyAccepted,
    /// A lead is held.
    Held(HeldReason),
    /// The rooftop is no longer in the rotation file.
    RooftopGone,
}

/// One line of the timeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: What,
    /// Who.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rep: Option<RepId>,
    /// Which leg.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub leg: Option<LegId>,
    /// Why, in one word or sentence.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Who hung up.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub by: Option<By>,
}

/// Who hung up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// The rep.
    Rep,
    /// The customer.
    Customer,
    /// We did.
    Us,
}

/// What a line of the timeline tells (INTERFACE, closed vocabulary).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(
    missing_docs,
    reason = "the words of INTERFACE's closed vocabulary, explained there"
)]
pub enum What {
    LeadReceived,
    LeadHeld,
    LeadJoined,
    LeadReleased,
    PlanMade,
    InLine,
    RepRung,
    RepRinging,
    RepAnswered,
    RepAccepted,
    RepPassed,
    RepMissed,
    RepTaken,
    RepCanceled,
    RepLost,
    RepPaused,
    RepTold,
    RepCalledIn,
    CustomerCalledIn,
    CustomerRung,
    CustomerRinging,
    CustomerAnswered,
    CustomerMissed,
    Bridged,
    Talked,
    HungUp,
    MenuKey,
    TextSent,
    Waiting,
    Stalled,
    Slept,
    Closed,
}

/// The moment in which a flow decides: what it sees, may change, and leaves behind.
#[derive(Debug)]
pub struct Moment<'a> {
    /// The engine's time: never goes back.
    pub now: Timestamp,
    /// The rules in force.
    pub rules: &'a Rules,
    /// The phones it may ring.
    pub desk: &'a mut Desk,
    /// The customer's number.
    pub number: &'a mut Number,
    /// What must leave after the commit.
    pub commands: Vec<Command>,
    /// What is told.
    pub timeline: Vec<Entry>,
}

impl<'a> Moment<'a> {
    /// A moment in which nothing has been decided yet.
    pub fn new(
        now: Timestamp,
        rules: &'a Rules,
        desk: &'a mut Desk,
        number: &'a mut Number,
    ) -> Moment<'a> {
        Moment {
            now,
            rules,
            desk,
            number,
            commands: Vec::new(),
            timeline: Vec::new(),
        }
    }

    fn order(&mut self, command: Command) {
        self.commands.push(command);
    }

    fn tell(&mut self, entry: Entry) {
        self.timeline.push(entry);
    }
}

impl Entry {
    /// A line with nothing but its word.
    pub fn new(at: Timestamp, what: What) -> Entry {
        Entry {
            at,
            what,
            rep: None,
            leg: None,
            reason: None,
            by: None,
        }
    }

    fn of(mut self, attempt: &Attempt) -> Entry {
        self.rep = Some(attempt.seat.rep.clone());
        self.leg = Some(attempt.leg);
        self
    }

    fn leg(mut self, leg: LegId) -> Entry {
        self.leg = Some(leg);
        self
    }

    /// With its reason.
    pub fn because(mut self, reason: impl Into<String>) -> Entry {
        self.reason = Some(reason.into());
        self
    }

    fn by(mut self, by: By) -> Entry {
        self.by = Some(by);
        self
    }
}

/// The one word that serde gives a value of a closed vocabulary.
pub fn word<T: Serialize>(value: T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(_) | Err(_) => String::new(),
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
        }
    }

    /// One event, one decision.
    pub fn step(&mut self, event: Event, moment: &mut Moment<'_>) {
        self.mark_ringing(moment.now);
        match event {
            Event::Begin => self.begin(moment),
            Event::Joined => self.joined(moment),
            Event::Parked { leg, refused } => self.parked(leg, refused, moment),
            Event::Leaving(leg) => self.leaving(leg, moment),
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
            Event::Found(leg, found) => self.found(leg, &found, moment),
            Event::Woken => {}
            Event::Clock => self.clock(moment),
            // Nothing else happens before every flow has claimed its phones again (P4).
            Event::Restarted => return self.restarted(moment),
            Event::Release => self.release(moment),
            Event::Discard { reason } => self.discard(reason, moment),
            Event::Cancel { reason } => self.cancel(reason, moment),
        }
        self.follow(moment);
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
        legs.chain(state).chain(last).min()
    }

    /// What a leg hears now; `None` for a leg that this flow does not know.
    pub fn hears(&self, leg: LegId) -> Option<(&Attempt, Turn)> {
        self.attempt(leg).map(|attempt| (attempt, attempt.turn))
    }

    /// The attempt of a rep's leg.
    pub fn attempt(&self, leg: LegId) -> Option<&Attempt> {
        self.index(leg).map(|index| &self.attempts[index])
    }

    /// A leg of the customer.
    pub fn customer_leg(&self, leg: LegId) -> Option<&CustomerLeg> {
        self.customer.iter().find(|customer| customer.leg == leg)
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
        self.attempts
            .iter()
            .any(|attempt| attempt.life.live() && !self.is_told(attempt))
            || matches!(self.state, State::Engaged(_))
    }

    /// How the flow ended.
    pub fn outcome(&self) -> Option<&Closed> {
        match &self.state {
            State::Closed(closed) => Some(closed),
            State::Held(_)
            | State::Waiting { .. }
            | State::Sleeping { .. }
            | State::Round(_)
            | State::Engaged(_) => None,
        }
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
        if let Some(fresh) = m
            .rules
            .rooftops
            .get(&self.facts.rooftop)
            .map(|rooftop| rooftop.terms.fresh_min)
            && !self.facts.unproven
        {
            self.fresh_until = self.fresh_until.max(m.now + leg::s(fresh * 60));
        }
        match &self.state {
            State::Engaged(engaged) => {
                // Told in the after-call menu at the latest; a rep past it gets a text.
                let past = matches!(engaged.part, Part::Menu { .. });
                let rep = self
                    .attempt(engaged.leg)
                    .filter(|_| past)
                    .map(|attempt| attempt.seat.rep.clone());
                m.commands
                    .extend(rep.map(|rep| Command::Text(Text::RepAskedAgain(rep))));
            }
            State::Waiting { .. } | State::Sleeping { .. } if !self.live() => {
                self.ladder = Ladder {
                    rounds: self.ladder.rounds,
                    ..Ladder::default()
                };
                self.state = State::Waiting { until: m.now };
            }
            State::Waiting { .. }
            | State::Sleeping { .. }
            | State::Round(_)
            | State::Held(_)
            | State::Closed(_) => {}
        }
    }

    fn release(&mut self, m: &mut Moment<'_>) {
        if matches!(self.state, State::Held(_)) {
            m.tell(Entry::new(m.now, What::LeadReleased));
            self.suspected_by = None;
            self.open_since = m.now;
            self.ladder = Ladder {
                rounds: self.ladder.rounds,
                ..Ladder::default()
            };
            self.state = State::Waiting { until: m.now };
        }
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
        self.mark_ringing(m.now);
        let me = self.in_line();
        let wanted = self.wanted();
        for (key, phone) in &mut m.desk.0 {
            phone.line.retain(|waiting| waiting.lead != self.lead);
            if wanted.contains(key) {
                phone.line.push(me.clone());
            }
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

    /// While a phone rings nobody has waited in vain: the owner's wait counts from its end.
    fn mark_ringing(&mut self, now: Timestamp) {
        if self.rings()
            && let State::Round(round) = &mut self.state
        {
            round.quiet_since = now;
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
        let ringing =
            |attempt: &Attempt| attempt.result.is_none() && attempt.life.rank < Rank::Answered;
        self.attempts.iter().any(ringing)
    }
}
