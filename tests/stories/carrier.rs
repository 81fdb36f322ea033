//! The telephone network of a story: the phones as they really are, whatever the daemon has been told.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use leadbridge::flow::{Attempt, Cue, Event, Flow};
use leadbridge::phone::PhoneKey;
use leadbridge_providers::{Asked, CarrierCallId, End, Found, LegId, Phase, Placing, Side, Turn};

use crate::bots::Bots;
use crate::world::Next;

/// How long a prompt and the wait for a key after it last.
const PROMPT: SignedDuration = SignedDuration::from_secs(10);
/// How long a good-bye lasts.
const GOOD_BYE: SignedDuration = SignedDuration::from_secs(2);
/// How often a carrier that refuses everything is tried.
const STALLED: SignedDuration = SignedDuration::from_secs(30);

/// What becomes of a create that is not simply placed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mood {
    /// Placed, and nothing more is heard until somebody picks up.
    Silent,
    /// No answer, but the phone rings; nothing is heard of it before it is looked up.
    UnknownFound,
    /// No answer, and no call either.
    UnknownLost,
    /// Refused for the number.
    BadNumber(u32),
    /// Refused for a reason of the carrier's.
    Failed(u32),
    /// Too many requests.
    NotSent,
    /// Waits here for its turn, in seconds.
    Paced(u32),
    /// The phone rings, and the daemon dies before the answer is read.
    Dies,
}

/// What the carrier does by itself.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Happening {
    RingsOut(LegId),
    PromptOver(LegId, Turn),
    GoodByeOver(LegId, Turn),
    PicksUp(LegId),
    Presses(LegId, Turn),
    HangsUp(LegId),
}

/// One real call.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) who: String,
    phone: Option<PhoneKey>,
    pub(crate) call: CarrierCallId,
    pub(crate) phase: Phase,
    answered_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    /// The turn it reads its script of.
    pub(crate) turn: Turn,
    /// What happens to it is not told.
    deaf: bool,
    /// The rep's leg that a customer's hangs on.
    parent: Option<(LegId, Turn)>,
}

impl Line {
    pub(crate) fn live(&self) -> bool {
        !matches!(self.phase, Phase::Ended(_))
    }
}

#[derive(Debug)]
struct Stalled {
    t1: Timestamp,
    at: Timestamp,
    wait: SignedDuration,
    down: bool,
}

/// All phones.
#[derive(Debug, Default)]
pub(crate) struct Carrier {
    pub(crate) lines: BTreeMap<LegId, Line>,
    /// Legs in the order of their creates.
    pub(crate) order: Vec<LegId>,
    pub(crate) moods: Vec<(String, Mood)>,
    /// It refuses everything.
    pub(crate) down: bool,
    /// Look-ups get no answer.
    pub(crate) mute: bool,
    /// Cancels and hang-ups do nothing.
    pub(crate) stubborn: bool,
    /// How often a word is said now.
    pub(crate) words: Option<usize>,
    pub(crate) bots: Option<Bots>,
    stalled: BTreeMap<LegId, Stalled>,
    by_itself: Vec<(Timestamp, Happening)>,
    kill: bool,
}

impl Carrier {
    /// A create arrives.
    pub(crate) fn rings(
        &mut self,
        leg: LegId,
        who: &str,
        phone: PhoneKey,
        t1: Timestamp,
        gives_up: Timestamp,
        now: Timestamp,
    ) -> Vec<Next> {
        if self.down {
            self.stall(leg, t1, true, now);
            return vec![placing(leg, Placing::OurSetUp { code: 20003 })];
        }
        let mood = self
            .moods
            .iter()
            .position(|(whom, _)| whom == who)
            .map(|at| self.moods.remove(at).1);
        match mood {
            Some(Mood::Paced(seconds)) => {
                self.stall(leg, t1, false, now);
                if let Some(stalled) = self.stalled.get_mut(&leg) {
                    stalled.at = now + SignedDuration::from_secs(seconds.into());
                }
                let parked = Event::Parked {
                    leg,
                    refused: false,
                };
                return vec![Next::Step(leg.lead, parked)];
            }
            Some(Mood::NotSent) => {
                self.stall(leg, t1, false, now);
                return vec![placing(leg, Placing::NotSent)];
            }
            Some(Mood::BadNumber(code)) => return vec![placing(leg, Placing::BadNumber { code })],
            Some(Mood::Failed(code)) => return vec![placing(leg, Placing::Failed { code })],
            Some(Mood::UnknownLost) => return vec![placing(leg, Placing::Unknown)],
            Some(Mood::UnknownFound | Mood::Silent | Mood::Dies) | None => {}
        }
        self.placed(leg, now);
        let call = CarrierCallId(format!("CA{}{}", leg.lead, leg.number));
        let silent = matches!(mood, Some(Mood::Silent));
        let deaf = matches!(mood, Some(Mood::UnknownFound | Mood::Dies));
        let phase = if silent {
            Phase::Queued
        } else {
            Phase::Ringing
        };
        self.line(leg, who, Some(phone), phase.clone(), None, deaf);
        self.by_itself.push((gives_up, Happening::RingsOut(leg)));
        if let Some(bots) = self.bots {
            self.by_itself
                .push((now + bots.picks_up, Happening::PicksUp(leg)));
        }
        match mood {
            Some(Mood::Dies) => {
                self.kill = true;
                Vec::new()
            }
            Some(Mood::UnknownFound) => vec![placing(leg, Placing::Unknown)],
            Some(_) | None => vec![
                placing(leg, Placing::Placed(call.clone())),
                Next::Step(
                    leg.lead,
                    Event::Progress {
                        leg,
                        call: Some(call),
                        phase,
                    },
                ),
            ],
        }
    }

    pub(crate) fn kills(&mut self) -> bool {
        std::mem::take(&mut self.kill)
    }

    pub(crate) fn is_up(&self, leg: LegId) -> bool {
        self.lines
            .get(&leg)
            .is_some_and(|line| line.phase == Phase::Answered)
    }

    pub(crate) fn has_live(&self, phone: &PhoneKey) -> bool {
        self.lines
            .values()
            .any(|line| line.live() && line.phone.as_ref() == Some(phone))
    }

    /// The leg reads the script of this turn; `false` if it has it already.
    pub(crate) fn reads(&mut self, leg: LegId, turn: Turn) -> bool {
        let line = self.lines.get_mut(&leg).expect("a leg that is up is there");
        std::mem::replace(&mut line.turn, turn) != turn
    }

    /// What follows from what a leg hears.
    pub(crate) fn plays(
        &mut self,
        attempt: &Attempt,
        turn: Turn,
        customer_s: u32,
        now: Timestamp,
        queue: &mut VecDeque<Next>,
    ) {
        let leg = attempt.leg;
        let bots = self.bots;
        match &attempt.cue {
            Cue::Whisper { .. } | Cue::Menu | Cue::Unreached { .. } => {
                if let Some(bots) = bots {
                    self.by_itself
                        .push((now + bots.presses, Happening::Presses(leg, turn)));
                } else if matches!(attempt.cue, Cue::Whisper { .. }) {
                    self.by_itself
                        .push((now + PROMPT, Happening::PromptOver(leg, turn)));
                }
            }
            Cue::Customer { leg: customer, .. } => {
                let out = now + SignedDuration::from_secs(i64::from(customer_s));
                self.line(
                    *customer,
                    "the customer",
                    None,
                    Phase::Ringing,
                    Some((leg, turn)),
                    false,
                );
                self.by_itself.push((out, Happening::RingsOut(*customer)));
                if let Some(bots) = bots {
                    self.by_itself
                        .push((now + bots.customer_picks_up, Happening::PicksUp(*customer)));
                    let over = now + bots.customer_picks_up + bots.talks;
                    self.by_itself.push((over, Happening::HangsUp(*customer)));
                }
                queue.extend(self.says(*customer, Phase::Ringing));
            }
            Cue::Taken { .. }
            | Cue::DealtWith
            | Cue::Passed
            | Cue::Paused
            | Cue::NoKey
            | Cue::Suspicious
            | Cue::TestPassed
            | Cue::Thanks => {
                self.by_itself
                    .push((now + GOOD_BYE, Happening::GoodByeOver(leg, turn)));
            }
        }
    }

    /// What is due by now, in order.
    pub(crate) fn fall_due(&mut self, now: Timestamp) -> Vec<Happening> {
        let (due, later) = std::mem::take(&mut self.by_itself)
            .into_iter()
            .partition(|(at, _)| *at <= now);
        self.by_itself = later;
        let mut due: Vec<(Timestamp, Happening)> = due;
        due.sort_by_key(|(at, _)| *at);
        due.into_iter().map(|(_, happening)| happening).collect()
    }

    /// When something happens by itself.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        self.by_itself
            .iter()
            .filter(|(_, happening)| self.still(*happening))
            .map(|(at, _)| *at)
            .min()
    }

    pub(crate) fn happens(
        &mut self,
        happening: Happening,
        now: Timestamp,
        queue: &mut VecDeque<Next>,
    ) {
        if !self.still(happening) {
            return;
        }
        match happening {
            Happening::RingsOut(leg) => queue.extend(self.ends(leg, End::NoAnswer, now)),
            Happening::PromptOver(leg, _) => queue.extend(self.presses(leg, None)),
            Happening::GoodByeOver(leg, _) | Happening::HangsUp(leg) => {
                queue.extend(self.ends(leg, End::Completed { up_s: None }, now));
            }
            Happening::PicksUp(leg) => queue.extend(self.picks_up(leg, now)),
            Happening::Presses(leg, _) => queue.extend(self.presses(leg, Some('1'))),
        }
    }

    /// A phone is picked up.
    pub(crate) fn picks_up(&mut self, leg: LegId, now: Timestamp) -> Vec<Next> {
        let Some(line) = self.lines.get_mut(&leg) else {
            return Vec::new();
        };
        line.phase = Phase::Answered;
        line.answered_at = Some(now);
        if leg.side == Side::Customer {
            return self.says(leg, Phase::Answered);
        }
        self.asks(leg, 1, Asked::Answer)
    }

    /// A key is pressed on a leg that is up, or none to the end of the prompt.
    pub(crate) fn presses(&mut self, leg: LegId, key: Option<char>) -> Vec<Next> {
        let turn = self.lines.get(&leg).map_or(1, |line| line.turn.max(1));
        self.asks(leg, turn, Asked::Digits(key))
    }

    /// A phone's call ends: a customer's brings the rep's leg on, a rep's ends the customer's.
    pub(crate) fn ends(&mut self, leg: LegId, end: End, now: Timestamp) -> Vec<Next> {
        let end = self.over(leg, end, now);
        let mut next = self.says(leg, Phase::Ended(end));
        if let Some((rep, turn)) = self.lines.get(&leg).and_then(|line| line.parent)
            && self.is_up(rep)
        {
            next.extend(self.asks(
                rep,
                turn,
                Asked::Dial {
                    end,
                    still_up: true,
                },
            ));
        }
        next.extend(self.customers_of(leg).into_iter().flat_map(|customer| {
            let up = self.is_up(customer);
            let end = if up {
                End::Completed { up_s: None }
            } else {
                End::Canceled
            };
            let end = self.over(customer, end, now);
            self.says(customer, Phase::Ended(end))
        }));
        next
    }

    /// The real call is over, whoever is told.
    pub(crate) fn over(&mut self, leg: LegId, end: End, now: Timestamp) -> End {
        let Some(line) = self.lines.get_mut(&leg) else {
            return end;
        };
        let up_s = line
            .answered_at
            .map(|at| u32::try_from(now.duration_since(at).as_secs()).unwrap_or(0));
        let end = if matches!(end, End::Completed { .. }) {
            End::Completed { up_s }
        } else {
            end
        };
        line.phase = Phase::Ended(end);
        line.ended_at = Some(now);
        end
    }

    /// The carrier says how far a leg is.
    pub(crate) fn says(&self, leg: LegId, phase: Phase) -> Vec<Next> {
        let Some(line) = self.lines.get(&leg) else {
            return Vec::new();
        };
        let event = Event::Progress {
            leg,
            call: Some(line.call.clone()),
            phase,
        };
        self.times(leg)
            .map(|_| Next::Step(leg.lead, event.clone()))
            .collect()
    }

    /// The carrier asks what a leg hears, with what was pressed or dialled.
    pub(crate) fn asks(&self, leg: LegId, turn: Turn, asked: Asked) -> Vec<Next> {
        let Some(line) = self.lines.get(&leg) else {
            return Vec::new();
        };
        let phase = Some(if line.live() {
            Phase::Answered
        } else {
            line.phase.clone()
        });
        let call = Some(line.call.clone());
        let event = Event::Asked {
            leg,
            turn,
            call,
            phase,
            asked,
        };
        let both = |_| [Next::Step(leg.lead, event.clone()), Next::Read(leg)];
        self.times(leg).flat_map(both).collect()
    }

    pub(crate) fn interrupted(&self, flow: &Flow, leg: LegId) -> Vec<Next> {
        let turn = flow.attempt(leg).map_or(1, |attempt| attempt.turn);
        if self.is_up(leg) {
            self.asks(leg, turn, Asked::Answer)
        } else {
            Vec::new()
        }
    }

    pub(crate) fn cancels(&mut self, leg: LegId, now: Timestamp) -> Vec<Next> {
        let rings = self
            .lines
            .get(&leg)
            .is_some_and(|line| matches!(line.phase, Phase::Queued | Phase::Ringing));
        if rings && !self.stubborn {
            self.ends(leg, End::Canceled, now)
        } else {
            Vec::new()
        }
    }

    pub(crate) fn hangs_up(&mut self, leg: LegId, now: Timestamp) -> Vec<Next> {
        let live = self.lines.get(&leg).is_some_and(Line::live);
        if live && !self.stubborn {
            self.ends(leg, End::Completed { up_s: None }, now)
        } else {
            Vec::new()
        }
    }

    pub(crate) fn looks_up(&mut self, leg: LegId) -> Option<Next> {
        if self.mute {
            return None;
        }
        let found = self.lines.get_mut(&leg).map_or(Found::Nothing, |line| {
            line.deaf = false;
            Found::Call {
                call: line.call.clone(),
                phase: line.phase.clone(),
                ended_at: line.ended_at,
            }
        });
        Some(Next::Step(leg.lead, Event::Found(leg, found)))
    }

    /// From now on what happens to a leg is told.
    pub(crate) fn is_heard_again(&mut self, leg: LegId) {
        if let Some(line) = self.lines.get_mut(&leg) {
            line.deaf = false;
        }
    }

    /// The leg of this person that is live, or was last.
    pub(crate) fn leg_of(&self, who: &str) -> Option<LegId> {
        let theirs = |leg: &&LegId| self.lines[leg].who == who;
        let live = self
            .order
            .iter()
            .rev()
            .filter(theirs)
            .find(|leg| self.lines[leg].live());
        live.or_else(|| self.order.iter().rev().find(theirs))
            .copied()
    }

    /// The latest leg to this lead's customer.
    pub(crate) fn customer_of(&self, lead: leadbridge_providers::LeadId) -> Option<LegId> {
        let theirs = |leg: &&LegId| leg.lead == lead && leg.side == Side::Customer;
        self.order.iter().rev().find(theirs).copied()
    }

    pub(crate) fn stalled_due(&self) -> Option<Timestamp> {
        self.stalled.values().map(|stalled| stalled.at).min()
    }

    /// Rings that waited and are tried now: while the carrier is down only the oldest lead's.
    pub(crate) fn try_now(&mut self, now: Timestamp) -> Vec<LegId> {
        let due = self.stalled.iter().filter(|(_, stalled)| stalled.at <= now);
        let mut due: Vec<_> = due
            .map(|(leg, stalled)| (stalled.down, stalled.t1, *leg))
            .collect();
        due.sort_by_key(|(down, t1, leg)| (!*down, *t1, *leg));
        let oldest = due.iter().position(|(down, ..)| *down);
        let tried =
            |(at, (down, ..)): &(usize, &(bool, Timestamp, LegId))| !down || Some(*at) == oldest;
        let legs: Vec<_> = due
            .iter()
            .enumerate()
            .filter(tried)
            .map(|(_, (_, _, leg))| *leg)
            .collect();
        for stalled in self
            .stalled
            .values_mut()
            .filter(|stalled| stalled.down && stalled.at <= now)
        {
            stalled.at = now + STALLED;
        }
        legs
    }

    pub(crate) fn forget_stalled(&mut self, leg: LegId) {
        self.stalled.remove(&leg);
    }

    fn stall(&mut self, leg: LegId, t1: Timestamp, down: bool, now: Timestamp) {
        let wait = self
            .stalled
            .get(&leg)
            .map_or(SignedDuration::from_secs(1), |before| {
                (before.wait * 2).min(STALLED)
            });
        let next = self
            .stalled
            .values()
            .filter(|stalled| stalled.down)
            .map(|stalled| stalled.at)
            .min();
        let at = if down {
            next.unwrap_or(now + STALLED)
        } else {
            now + wait
        };
        let at = if at <= now { now + STALLED } else { at };
        self.stalled.insert(leg, Stalled { t1, at, wait, down });
    }

    /// It takes rings again: all that waited for that leave now.
    fn placed(&mut self, leg: LegId, now: Timestamp) {
        self.stalled.remove(&leg);
        for stalled in self.stalled.values_mut().filter(|stalled| stalled.down) {
            stalled.at = now;
            stalled.down = false;
        }
    }

    fn line(
        &mut self,
        leg: LegId,
        who: &str,
        phone: Option<PhoneKey>,
        phase: Phase,
        parent: Option<(LegId, Turn)>,
        deaf: bool,
    ) {
        let side = if leg.side == Side::Customer { "c" } else { "" };
        let call = CarrierCallId(format!("CA{}{side}{}", leg.lead, leg.number));
        let who = who.to_owned();
        let line = Line {
            who,
            phone,
            call,
            phase,
            answered_at: None,
            ended_at: None,
            turn: 0,
            deaf,
            parent,
        };
        self.lines.insert(leg, line);
        self.order.push(leg);
    }

    fn customers_of(&self, rep: LegId) -> Vec<LegId> {
        let theirs =
            |line: &Line| line.live() && line.parent.is_some_and(|(parent, _)| parent == rep);
        self.lines
            .iter()
            .filter(|(_, line)| theirs(line))
            .map(|(leg, _)| *leg)
            .collect()
    }

    fn times(&self, leg: LegId) -> std::ops::Range<usize> {
        let deaf = self.lines.get(&leg).is_some_and(|line| line.deaf);
        0..if deaf { 0 } else { self.words.unwrap_or(1) }
    }

    fn still(&self, happening: Happening) -> bool {
        let reads = |leg: LegId, turn| self.is_up(leg) && self.lines[&leg].turn == turn;
        match happening {
            Happening::RingsOut(leg) | Happening::PicksUp(leg) => {
                let line = self.lines.get(&leg);
                line.is_some_and(|line| matches!(line.phase, Phase::Queued | Phase::Ringing))
            }
            Happening::PromptOver(leg, turn)
            | Happening::GoodByeOver(leg, turn)
            | Happening::Presses(leg, turn) => reads(leg, turn),
            Happening::HangsUp(leg) => self.is_up(leg),
        }
    }
}

fn placing(leg: LegId, placing: Placing) -> Next {
    Next::Step(leg.lead, Event::Placing(leg, placing))
}
