//! The telephone network of a story: the phones as they really are, whatever the daemon has been told.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use leadbridge::flow::{Event, Flow};
use leadbridge::phone::PhoneKey;
use leadbridge::rotation::CarrierId;
use leadbridge_providers::{Asked, CarrierCallId, End, Found, LegId, Phase, Placing, Side, Turn};

use crate::by_itself::{Bots, Happening};
use crate::refused::{Mood, Refused};
use crate::world::Next;

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
    /// The room it is in, by the customer's leg.
    pub(crate) room: Option<LegId>,
}

impl Line {
    pub(crate) fn live(&self) -> bool {
        !matches!(self.phase, Phase::Ended(_))
    }
}

/// A create as it arrives.
pub(crate) struct Ring {
    pub(crate) leg: LegId,
    pub(crate) who: String,
    pub(crate) phone: PhoneKey,
    /// Who is asked for it.
    pub(crate) carrier: CarrierId,
    pub(crate) t1: Timestamp,
    /// When the carrier gives it up.
    pub(crate) gives_up: Timestamp,
}

/// All phones.
#[derive(Debug, Default)]
pub(crate) struct Carrier {
    pub(crate) lines: BTreeMap<LegId, Line>,
    /// Legs in the order of their creates.
    pub(crate) order: Vec<LegId>,
    pub(crate) moods: Vec<(String, Mood)>,
    /// These refuse everything.
    pub(crate) down: BTreeSet<CarrierId>,
    /// Look-ups get no answer.
    pub(crate) mute: bool,
    /// Cancels and hang-ups do nothing.
    pub(crate) stubborn: bool,
    /// How often a word is said now.
    pub(crate) words: Option<usize>,
    pub(crate) bots: Option<Bots>,
    /// Rings that wait because of theirs.
    pub(crate) refused: BTreeMap<CarrierId, Refused>,
    pub(crate) by_itself: Vec<(Timestamp, Happening)>,
    kill: bool,
}

impl Carrier {
    /// A create arrives.
    pub(crate) fn rings(&mut self, ring: Ring, now: Timestamp) -> Vec<Next> {
        let Ring { leg, t1, .. } = ring;
        let refused = self.refused.entry(ring.carrier.clone()).or_default();
        if self.down.contains(&ring.carrier) {
            refused.stall(leg, t1, true, now);
            return vec![placing(leg, Placing::OurSetUp { code: 20003 })];
        }
        let mut moods = self.moods.iter();
        let mood = moods.position(|(whom, _)| *whom == ring.who);
        match mood.map(|at| self.moods.remove(at).1) {
            Some(Mood::Paced(seconds)) => {
                let at = now + SignedDuration::from_secs(seconds.into());
                refused.paced(leg, t1, at);
                let parked = Event::Parked {
                    leg,
                    refused: false,
                };
                vec![Next::Step(leg.lead, parked)]
            }
            Some(Mood::NotSent) => {
                refused.stall(leg, t1, false, now);
                vec![placing(leg, Placing::NotSent)]
            }
            Some(Mood::BadNumber(code)) => vec![placing(leg, Placing::BadNumber { code })],
            Some(Mood::Failed(code)) => vec![placing(leg, Placing::Failed { code })],
            Some(Mood::UnknownLost) => vec![placing(leg, Placing::Unknown)],
            Some(Mood::UnknownFound) => {
                self.connects(&ring, Phase::Ringing, true, now);
                vec![placing(leg, Placing::Unknown)]
            }
            Some(Mood::Dies) => {
                self.connects(&ring, Phase::Ringing, true, now);
                self.kill = true;
                Vec::new()
            }
            Some(Mood::Silent) => self.connects(&ring, Phase::Queued, false, now),
            None => self.connects(&ring, Phase::Ringing, false, now),
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
        next.extend(self.leaves(leg, now));
        next
    }

    /// A leg leaves what its script had joined it to: that ends for the other as well.
    fn leaves(&mut self, leg: LegId, now: Timestamp) -> Vec<Next> {
        let mut next = Vec::new();
        for customer in self.customers_of(leg) {
            let up = self.is_up(customer);
            let end = if up {
                End::Completed { up_s: None }
            } else {
                End::Canceled
            };
            let end = self.over(customer, end, now);
            next.extend(self.says(customer, Phase::Ended(end)));
        }
        let room = self.lines.get_mut(&leg).and_then(|line| line.room.take());
        let there = |line: &Line| room.is_some() && line.room == room && line.live();
        let other = self.lines.iter_mut().find(|(_, line)| there(line));
        if let Some((other, line)) = other {
            line.room = None;
            let (other, turn) = (*other, line.turn);
            let end = End::Completed { up_s: None };
            let still_up = true;
            next.extend(self.asks(other, turn, Asked::Dial { end, still_up }));
        }
        next
    }

    /// A phone rings the lead line.
    pub(crate) fn comes_in(
        &mut self,
        leg: LegId,
        who: &str,
        phone: Option<PhoneKey>,
        call: CarrierCallId,
        now: Timestamp,
    ) {
        if self.lines.contains_key(&leg) {
            return;
        }
        self.line(leg, who, phone, Phase::Answered, None, false);
        if let Some(line) = self.lines.get_mut(&leg) {
            (line.call, line.answered_at) = (call, Some(now));
        }
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

    pub(crate) fn interrupted(&mut self, flow: &Flow, leg: LegId, now: Timestamp) -> Vec<Next> {
        let turn = crate::lead_line::script(flow, leg).map_or(1, |(_, turn)| turn);
        if !self.is_up(leg) {
            return Vec::new();
        }
        let mut next = self.leaves(leg, now);
        next.extend(self.asks(leg, turn, Asked::Answer));
        next
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
        let theirs = |leg: &&LegId| leg.lead == lead && leg.side != Side::Rep;
        self.order.iter().rev().find(theirs).copied()
    }

    /// The real call begins; what the carrier says of it if all is well.
    fn connects(&mut self, ring: &Ring, phase: Phase, deaf: bool, now: Timestamp) -> Vec<Next> {
        let leg = ring.leg;
        let refused = self.refused.entry(ring.carrier.clone()).or_default();
        refused.placed(leg, now);
        let phone = Some(ring.phone.clone());
        self.line(leg, &ring.who, phone, phase.clone(), None, deaf);
        self.by_itself
            .push((ring.gives_up, Happening::RingsOut(leg)));
        if let Some(bots) = self.bots {
            self.by_itself
                .push((now + bots.picks_up, Happening::PicksUp(leg)));
        }
        let call = self.lines[&leg].call.clone();
        let placed = placing(leg, Placing::Placed(call));
        std::iter::once(placed)
            .chain(self.says(leg, phase))
            .collect()
    }

    pub(crate) fn line(
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
            room: None,
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
}

fn placing(leg: LegId, placing: Placing) -> Next {
    Next::Step(leg.lead, Event::Placing(leg, placing))
}
