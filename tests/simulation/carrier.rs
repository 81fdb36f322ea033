//! The carrier and the phones it rings: calls that live by their own clock, refuse, get lost, and do what the
//! script says. It knows nothing of flows.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use leadbridge::flow::errand::{CarrierErrand, LookUp};
use leadbridge::flow::{Cue, Hears};
use leadbridge::phone::PhoneNumber;
use leadbridge_providers::{
    Asked, Candidate, CarrierCallId, End, Found, LegId, Ordered, Phase, Place, Placing, Side, Turn,
};

use crate::callbacks::Callback;
use crate::group;
use crate::outbox::{Answer, silence};
use crate::persona::{Does, Persona};
use crate::world::{Happening, World};

/// A request that nobody answers is given up by then.
const TIME_OUT_MS: i64 = 5000;
/// After its real end a call keeps its phone no longer, and what two requests take.
const FREE_MS: i64 = 61_000 + 1000;
/// So much longer where callbacks are not only lost but late.
const LATE_MS: i64 = 180_000;
/// Silence after a prompt.
const PROMPT_MS: i64 = 9000;

/// What a leg is to hear, with the number that only the lead's row holds.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) cue: Option<Cue>,
    /// Of a customer's leg that came in.
    pub(crate) hears: Option<Hears>,
    pub(crate) turn: Turn,
    pub(crate) dial: Option<String>,
    pub(crate) dial_s: u32,
    pub(crate) talk_s: u32,
    /// Which question it answers.
    pub(crate) generation: u32,
}

/// One call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) id: CarrierCallId,
    pub(crate) leg: LegId,
    pub(crate) to: String,
    from: String,
    pub(crate) created_at: Timestamp,
    pub(crate) timeout_s: u32,
    /// The longest talk.
    talk_s: u32,
    pub(crate) phase: Phase,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) answered_at: Option<Timestamp>,
    turn: Turn,
    persona: Persona,
    /// Changes whenever what goes on in this call does.
    pub(crate) generation: u32,
    parent: Option<usize>,
    child: Option<usize>,
    /// The room it is in, by the customer's leg.
    pub(crate) room: Option<LegId>,
}

/// What somebody at the other end does.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Rings,
    PicksUp,
    Presses(Option<char>),
    Ends(End),
}

/// How the carrier behaves for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// 429, connection refused.
    NotSent,
    /// 401: nobody's phone can ring.
    OurSetUp,
    /// Takes requests, answers none.
    Deaf,
    /// Neither answers nor calls back.
    Mute,
}

#[derive(Debug)]
pub(crate) struct Carrier {
    pub(crate) calls: Vec<Call>,
    /// How many calls came in.
    pub(crate) calls_in: u32,
    /// Callbacks that may be played again.
    pub(crate) kept: Vec<Callback>,
    /// Calls that ring us and have heard nothing yet.
    pub(crate) coming_in: BTreeSet<CarrierCallId>,
    /// Legs of which one was: an old question may pass for a new one.
    pub(crate) replayed: BTreeSet<LegId>,
    faults: Vec<(Timestamp, Timestamp, Fault)>,
    /// One create in so many goes wrong.
    refuses_once_in: u32,
    /// One callback in so many is lost, doubled, late.
    pub(crate) callbacks: [u32; 3],
    /// No final callback ever arrives.
    pub(crate) loses_ends: bool,
    /// It knows a call no more once it is over, as a PBX does.
    forgets: bool,
    /// When requests last went unanswered or the daemon was away.
    pub(crate) trouble_at: Timestamp,
}

impl Carrier {
    pub(crate) fn random(now: Timestamp, rng: &mut fastrand::Rng) -> Carrier {
        let kinds = [Fault::NotSent, Fault::OurSetUp, Fault::Deaf, Fault::Mute];
        let outages = if rng.u8(..3) == 0 {
            rng.usize(1..=3)
        } else {
            0
        };
        let mut faults: Vec<_> = (0..outages)
            .map(|_| {
                let from = now + SignedDuration::from_secs(rng.i64(0..7200));
                let until = from + SignedDuration::from_secs(*group::pick(rng, &[20, 180, 3600]));
                (from, until, *group::pick(rng, &kinds))
            })
            .collect();
        if rng.u8(..200) == 0 {
            let from = now + SignedDuration::from_secs(rng.i64(0..20_000));
            faults.push((
                from,
                from + SignedDuration::from_hours(24 * 30),
                Fault::Mute,
            ));
        }
        Carrier {
            calls: Vec::new(),
            calls_in: 0,
            kept: Vec::new(),
            coming_in: BTreeSet::new(),
            replayed: BTreeSet::new(),
            faults,
            refuses_once_in: *group::pick(rng, &[0, 0, 4, 12]),
            callbacks: *group::pick(
                rng,
                &[[0, 0, 0], [3, 3, 0], [6, 4, 4], [2, 3, 2], [30, 30, 30]],
            ),
            loses_ends: rng.u8(..5) == 0,
            forgets: rng.u8(..6) == 0,
            trouble_at: now - SignedDuration::from_hours(1),
        }
    }

    fn fault(&self, now: Timestamp) -> Option<Fault> {
        let mut faults = self.faults.iter();
        faults
            .find(|(from, until, _)| (*from..*until).contains(&now))
            .map(|(_, _, fault)| *fault)
    }

    pub(crate) fn is_mute(&self, now: Timestamp) -> bool {
        self.fault(now) == Some(Fault::Mute)
    }

    /// What it says of a call when it is asked.
    fn knows(&self, call: &Call) -> Found {
        let forgotten = self.forgets && !call.live();
        let (phase, ended_at) = if forgotten {
            (Phase::Ended(End::Lost), None)
        } else {
            (call.phase.clone(), call.ended_at)
        };
        Found::Call {
            call: call.id.clone(),
            phase,
            ended_at,
        }
    }

    fn live(&self, call: &CarrierCallId) -> Option<usize> {
        self.calls
            .iter()
            .position(|one| one.id == *call && one.live())
    }
}

impl Call {
    pub(crate) fn live(&self) -> bool {
        !matches!(self.phase, Phase::Ended(_))
    }

    pub(crate) fn turn(&self) -> Turn {
        self.turn
    }

    pub(crate) fn up(&self) -> bool {
        self.phase == Phase::Answered
    }

    fn candidate(&self) -> Candidate {
        Candidate {
            call: self.id.clone(),
            created_at: Some(self.created_at),
            phase: self.phase.clone(),
            ended_at: self.ended_at,
        }
    }
}

impl World<'_> {
    /// A request arrives.
    pub(crate) fn reaches(&mut self, epoch: u32, item: u64, errand: CarrierErrand) {
        let fault = self.carrier.fault(self.now);
        let quiet = silence(&errand);
        let answer = match (errand, fault) {
            (CarrierErrand::Place(place), fault) => self.place(place, fault),
            (_, Some(_)) => None,
            (CarrierErrand::Interrupt(call, _, turn), None) => Some(self.interrupt(&call, turn)),
            (CarrierErrand::Cancel(call), None) => Some(self.end(&call, false)),
            (CarrierErrand::HangUp(call), None) => Some(self.end(&call, true)),
            (CarrierErrand::LookUp(leg, how), None) => Some(self.look_up(leg, &how)),
        };
        let (answer, ms) = match answer.filter(|_| !self.once_in(60)) {
            Some(answer) => (answer, self.rng.i64(20..500)),
            None => {
                self.carrier.trouble_at = self.now;
                (quiet, TIME_OUT_MS)
            }
        };
        self.in_ms(
            ms,
            Happening::Answers {
                epoch,
                item,
                answer,
            },
        );
    }

    /// `None`: nobody knows, and it may have started a call all the same.
    fn place(&mut self, place: Place, fault: Option<Fault>) -> Option<Answer> {
        let refused = match fault {
            Some(Fault::NotSent) => Some(Placing::NotSent),
            Some(Fault::OurSetUp) => Some(Placing::OurSetUp { code: 401 }),
            Some(Fault::Deaf | Fault::Mute) => None,
            None => self.refusal(),
        };
        match refused {
            Some(Placing::Unknown) => None,
            Some(refused) => Some(Answer::Placing(refused)),
            None if fault.is_some() && self.rng.bool() => None,
            None => {
                let (timeout_s, turn) = (place.timeout_s, place.turn);
                let call = self.create(place.leg, place.to, place.from, timeout_s, turn, None);
                let id = self.carrier.calls[call].id.clone();
                let known = fault.is_none() && !self.once_in(25);
                known.then_some(Answer::Placing(Placing::Placed(id)))
            }
        }
    }

    fn refusal(&mut self) -> Option<Placing> {
        let chance = self.carrier.refuses_once_in;
        self.once_in(chance).then(|| match self.rng.u8(..4) {
            0 => Placing::NotSent,
            1 => Placing::BadNumber { code: 21211 },
            2 => Placing::Failed { code: 21215 },
            _ => Placing::Unknown,
        })
    }

    fn create(
        &mut self,
        leg: LegId,
        to: String,
        from: String,
        timeout_s: u32,
        turn: Turn,
        parent: Option<usize>,
    ) -> usize {
        let index = self.carrier.calls.len();
        let persona = Persona::random(&mut self.rng);
        self.carrier.calls.push(Call {
            id: CarrierCallId(format!("CA{index}")),
            leg,
            to,
            from,
            created_at: self.now,
            timeout_s,
            talk_s: 0,
            phase: Phase::Queued,
            ended_at: None,
            answered_at: None,
            turn,
            persona,
            generation: 0,
            parent,
            child: None,
            room: None,
        });
        self.tell(|| format!("CA{index} is {leg}, {persona:?}"));
        self.a_call_begins(index);
        let ms = self.rng.i64(100..3000);
        self.acts(index, ms, Act::Rings);
        let out = i64::from(timeout_s) * 1000 + self.rng.i64(0..4000);
        self.acts(index, out, Act::Ends(End::NoAnswer));
        index
    }

    /// A call that a phone made by itself, and that is up.
    pub(crate) fn comes_in(&mut self, leg: LegId, id: CarrierCallId, from: &PhoneNumber) -> usize {
        let index = self.carrier.calls.len();
        self.carrier.calls.push(Call {
            id,
            leg,
            to: from.as_str().to_owned(),
            from: String::new(),
            created_at: self.now,
            timeout_s: 0,
            talk_s: 0,
            phase: Phase::Answered,
            ended_at: None,
            answered_at: Some(self.now),
            turn: 1,
            persona: Persona::Person(0),
            generation: 0,
            parent: None,
            child: None,
            room: None,
        });
        index
    }

    fn acts(&mut self, call: usize, ms: i64, act: Act) {
        let generation = self.carrier.calls[call].generation;
        self.in_ms(
            ms,
            Happening::Does {
                call,
                generation,
                act,
            },
        );
    }

    pub(crate) fn rings_out(&mut self, call: usize) {
        self.acts(call, 20_000, Act::Ends(End::NoAnswer));
    }

    pub(crate) fn does(&mut self, call: usize, generation: u32, act: Act) {
        let now = self.carrier.calls[call].generation;
        if generation != now || !self.carrier.calls[call].live() {
            return;
        }
        self.tell(|| format!("CA{call} {act:?}"));
        match act {
            Act::Rings => self.rings(call),
            Act::PicksUp => self.picks_up(call),
            Act::Presses(key) => {
                self.presses(call, key);
                let turn = self.carrier.calls[call].turn;
                self.carrier.calls[call].generation += 1;
                self.asks(call, turn, Asked::Digits(key));
            }
            Act::Ends(end) => self.ends(call, end),
        }
    }

    fn rings(&mut self, call: usize) {
        self.carrier.calls[call].phase = Phase::Ringing;
        self.reports(call);
        match self.carrier.calls[call].persona {
            Persona::Nobody => {}
            Persona::Refuses(end, ms) => self.acts(call, ms, Act::Ends(end)),
            Persona::Voicemail(ms) | Persona::Person(ms) => self.acts(call, ms, Act::PicksUp),
        }
    }

    fn picks_up(&mut self, call: usize) {
        let one = &mut self.carrier.calls[call];
        one.phase = Phase::Answered;
        one.answered_at = Some(self.now);
        one.generation += 1;
        let (turn, parent) = (one.turn, one.parent);
        self.reports(call);
        if let Some(parent) = parent {
            self.bridged(call);
            self.talks(parent, call);
        } else {
            self.asks(call, turn, Asked::Answer);
        }
    }

    /// Two are joined; one of them hangs up some time.
    fn talks(&mut self, parent: usize, child: usize) {
        let longest_ms = 1000 * i64::from(self.carrier.calls[child].talk_s.max(1));
        let ms = *group::pick(&mut self.rng, &[500, 5000, 40_000, 200_000, 4_000_000]);
        let ms = self.rng.i64(0..ms);
        let who = if self.rng.bool() || ms > longest_ms {
            child
        } else {
            parent
        };
        self.acts(
            who,
            ms.min(longest_ms),
            Act::Ends(End::Completed { up_s: None }),
        );
    }

    fn ends(&mut self, call: usize, end: End) {
        let now = self.now;
        let one = &mut self.carrier.calls[call];
        if !one.live() {
            return;
        }
        let up_s = one.answered_at.map(|at| now.duration_since(at).as_secs());
        let end = match (up_s, end) {
            (Some(up_s), _) => End::Completed {
                up_s: u32::try_from(up_s).ok(),
            },
            (None, End::Completed { .. }) => End::Canceled,
            (None, _) => end,
        };
        one.phase = Phase::Ended(end);
        one.ended_at = Some(now);
        one.generation += 1;
        let (child, parent) = (one.child, one.parent);
        self.reports(call);
        if let Some(child) = child {
            self.ends(child, End::Completed { up_s: None });
        }
        self.leaves_room(call);
        match parent {
            Some(parent) => self.dial_ends(parent, call, end),
            None => {
                let [_, _, late] = self.carrier.callbacks;
                let free_ms = if late == 0 {
                    FREE_MS
                } else {
                    FREE_MS + LATE_MS
                };
                self.in_ms(free_ms, Happening::MustBeFree { call });
            }
        }
    }

    fn dial_ends(&mut self, parent: usize, child: usize, end: End) {
        let one = &mut self.carrier.calls[parent];
        if one.child != Some(child) {
            return;
        }
        one.child = None;
        let still_up = one.live();
        let turn = one.turn;
        if still_up {
            one.generation += 1;
        }
        if still_up || self.rng.bool() {
            self.asks(parent, turn, Asked::Dial { end, still_up });
        }
    }

    /// A call hears the answer to its question.
    pub(crate) fn hears(&mut self, call: usize, script: &Script) {
        let one = &mut self.carrier.calls[call];
        if !one.up() || one.generation != script.generation {
            return;
        }
        one.generation += 1;
        one.turn = script.turn;
        let persona = one.persona;
        self.tell(|| format!("CA{call} hears {:?} {:?}", script.cue, script.hears));
        if let Some(hears) = script.hears {
            return self.customer_hears(call, hears);
        }
        match &script.cue {
            Some(cue @ (Cue::Whisper { .. } | Cue::Menu | Cue::Unreached { .. })) => {
                match persona.hears(cue, &mut self.rng) {
                    Does::Key(key, ms) => self.acts(call, ms, Act::Presses(Some(key))),
                    Does::Nothing => self.acts(call, PROMPT_MS, Act::Presses(None)),
                    Does::HangsUp(ms) => self.hangs_up(call, ms),
                }
            }
            Some(Cue::Customer { leg, .. }) => self.dials(call, *leg, script),
            Some(Cue::Room { leg, .. }) => {
                let ms = self.rng.i64(500..60_000);
                self.hangs_up(call, ms);
                self.enters(call, *leg);
            }
            Some(
                Cue::Taken { .. }
                | Cue::DealtWith
                | Cue::Passed
                | Cue::Paused
                | Cue::NoKey
                | Cue::Suspicious
                | Cue::TestPassed
                | Cue::Thanks,
            )
            | None => self.hangs_up(call, 2500),
        }
    }

    pub(crate) fn hangs_up(&mut self, call: usize, ms: i64) {
        self.acts(call, ms, Act::Ends(End::Completed { up_s: None }));
    }

    fn dials(&mut self, call: usize, leg: LegId, script: &Script) {
        let Some(to) = script.dial.clone() else {
            return self.hangs_up(call, 0);
        };
        let from = self.carrier.calls[call].from.clone();
        let child = self.create(leg, to, from, script.dial_s, 0, Some(call));
        self.carrier.calls[call].child = Some(child);
        self.carrier.calls[child].talk_s = script.talk_s;
        if self.once_in(7) {
            let ms = self.rng.i64(100..40_000);
            self.hangs_up(call, ms);
        }
    }

    fn interrupt(&mut self, call: &CarrierCallId, turn: Turn) -> Answer {
        let Some(index) = self
            .carrier
            .live(call)
            .filter(|one| self.carrier.calls[*one].up())
        else {
            return Answer::Ordered(Ordered::Gone);
        };
        let one = &mut self.carrier.calls[index];
        one.generation += 1;
        one.turn = turn;
        if let Some(child) = one.child.take() {
            self.ends(child, End::Completed { up_s: None });
        }
        self.leaves_room(index);
        self.carrier.calls[index].turn = turn;
        self.asks(index, turn, Asked::Answer);
        Answer::Ordered(Ordered::Done)
    }

    fn end(&mut self, call: &CarrierCallId, even_if_up: bool) -> Answer {
        let live = self.carrier.live(call);
        match live.filter(|one| even_if_up || !self.carrier.calls[*one].up()) {
            Some(index) => {
                self.ends(index, End::Canceled);
                Answer::Ordered(Ordered::Done)
            }
            None => Answer::Ordered(Ordered::Gone),
        }
    }

    fn look_up(&mut self, leg: LegId, how: &LookUp) -> Answer {
        let calls = &self.carrier.calls;
        match how {
            LookUp::Call(id) => {
                let found = calls
                    .iter()
                    .find(|call| call.id == *id)
                    .map(|call| self.carrier.knows(call));
                let coming = || Found::Call {
                    call: id.clone(),
                    phase: Phase::Ringing,
                    ended_at: None,
                };
                let coming = self.carrier.coming_in.contains(id).then(coming);
                Answer::Found(Some(found.or(coming).unwrap_or(Found::Nothing)))
            }
            LookUp::Search { to, from, within } => {
                let same = calls.iter().filter(|call| {
                    call.to == *to && call.from == *from && within.holds(call.created_at)
                });
                Answer::Candidates(same.map(Call::candidate).collect())
            }
            LookUp::Child { parent, within } => {
                debug_assert_eq!(leg.side, Side::Customer);
                let parent = calls.iter().position(|call| call.id == *parent);
                let children = calls.iter().filter(|call| call.parent == parent);
                let children =
                    children.filter(|call| parent.is_some() && within.holds(call.created_at));
                Answer::Candidates(children.map(Call::candidate).collect())
            }
        }
    }
}
