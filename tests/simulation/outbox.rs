//! What leaves after a commit: the pacer, the five ways in which a placing ends, retries, and orders that may be
//! repeated.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use leadbridge::flow::errand::{CarrierErrand, Errand, LookUp};
use leadbridge::flow::{Command, Event};
use leadbridge_providers::{
    Candidate, CarrierCallId, Found, LeadId, LegId, Ordered, Placing, Side,
};

use crate::daemon::ItemChange;
use crate::group;
use crate::world::{Happening, World};

const SET_UP_S: i64 = 30;
/// The carrier's clock may be behind by so much.
const CLOCKS_S: i64 = 2;
/// No request is processed later than so long after it left.
const UNDER_WAY_S: i64 = 10;
/// Orders that the carrier does not answer are given up after so many tries: by then every span is over.
const TRIES: u32 = 6;

/// One thing to do, durable.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) lead: LeadId,
    pub(crate) command: Command,
    /// A ring that waits here, not before.
    pub(crate) parked: Option<Timestamp>,
    pub(crate) tries: u32,
}

/// What comes back.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Placing(Placing),
    Ordered(Ordered),
    Found(Option<Found>),
    Candidates(Vec<Candidate>),
}

/// When the next ring may leave.
#[derive(Debug)]
pub(crate) struct Pacer {
    /// Between two rings; 0: no pacing.
    gap_ms: i64,
    free_at: Option<Timestamp>,
    /// The carrier refuses everything: the oldest ring is tried then.
    down_until: Option<Timestamp>,
}

impl Pacer {
    pub(crate) fn random(rng: &mut fastrand::Rng) -> Pacer {
        let gap_ms = *group::pick(rng, &[0, 0, 100, 1000, 1000, 5000]);
        Pacer {
            gap_ms,
            free_at: None,
            down_until: None,
        }
    }

    pub(crate) fn forget(&mut self) {
        self.free_at = None;
        self.down_until = None;
    }

    fn opens_at(&self) -> Option<Timestamp> {
        self.down_until.or(self.free_at)
    }
}

impl World<'_> {
    pub(crate) fn leaves(&mut self, epoch: u32, id: u64) {
        if epoch != self.daemon.epoch || !self.daemon.up {
            return;
        }
        let Some(item) = self.daemon.store.outbox.get(&id) else {
            return;
        };
        let (lead, command) = (item.lead, item.command.clone());
        match command {
            Command::Ring(leg) => self.ring_leaves(id, leg),
            Command::Interrupt(_)
            | Command::Cancel(_)
            | Command::HangUp(_)
            | Command::LookUp(_) => {
                self.order_leaves(id, lead, &command);
            }
            Command::Text(_) | Command::Notice(_) => self.change(Some(ItemChange::Done(id))),
        }
    }

    /// The pacer's last act before bytes leave is to ask whether the ring is still wanted.
    fn ring_leaves(&mut self, id: u64, leg: LegId) {
        if !self.wants(leg) {
            return self.change(Some(ItemChange::Done(id)));
        }
        match self.daemon.pacer.opens_at().filter(|at| *at > self.now) {
            Some(at) => {
                let refused = self.daemon.pacer.down_until.is_some();
                let parked = Event::Parked { leg, refused };
                self.decide(leg.lead, parked, Some(ItemChange::Parked(id, at)));
                self.work();
            }
            None => self.send_ring(id, leg),
        }
    }

    fn send_ring(&mut self, id: u64, leg: LegId) {
        let flow = &self.daemon.store.flows[&leg.lead];
        let Some(Errand::Carrier(_, errand)) = flow.errand(&Command::Ring(leg)) else {
            return self.change(Some(ItemChange::Done(id)));
        };
        let gap = SignedDuration::from_millis(self.daemon.pacer.gap_ms);
        self.daemon.pacer.free_at = Some(self.now + gap);
        self.a_ring_leaves(leg);
        self.goes_out(id, errand);
    }

    fn order_leaves(&mut self, id: u64, lead: LeadId, command: &Command) {
        let flow = &self.daemon.store.flows[&lead];
        match flow.errand(command) {
            Some(Errand::Carrier(_, errand)) => self.goes_out(id, errand),
            Some(Errand::Text(_) | Errand::Notice(_)) | None => {
                self.change(Some(ItemChange::Done(id)));
            }
        }
    }

    fn goes_out(&mut self, item: u64, errand: CarrierErrand) {
        self.tell(|| format!("-> {errand:?}"));
        let ms = self.rng.i64(20..400);
        let epoch = self.daemon.epoch;
        self.in_ms(
            ms,
            Happening::Reaches {
                epoch,
                item,
                errand,
            },
        );
    }

    pub(crate) fn answers(&mut self, epoch: u32, id: u64, answer: Answer) {
        if epoch != self.daemon.epoch || !self.daemon.up {
            return;
        }
        let Some(item) = self
            .daemon
            .store
            .outbox
            .get(&id)
            .filter(|item| item.parked.is_none())
        else {
            return;
        };
        let (lead, command, tries) = (item.lead, item.command.clone(), item.tries);
        self.tell(|| format!("<- {answer:?}"));
        let leg = command.leg();
        match (answer, leg) {
            (Answer::Placing(placing), Some(leg)) => self.placed(id, leg, placing, tries),
            (Answer::Ordered(Ordered::Done | Ordered::Gone), _) => {
                self.change(Some(ItemChange::Done(id)));
            }
            (Answer::Ordered(Ordered::Again | Ordered::OurSetUp), _) => self.again(id),
            // The leg's deadlines ask again.
            (Answer::Found(None), _) => {
                self.carrier.trouble_at = self.now;
                self.change(Some(ItemChange::Done(id)));
            }
            (Answer::Found(Some(found)), Some(leg)) => {
                self.decide(lead, Event::Found(leg, found), Some(ItemChange::Done(id)));
            }
            (Answer::Candidates(candidates), Some(leg)) => {
                let found = self.mine(leg, candidates);
                self.decide(lead, Event::Found(leg, found), Some(ItemChange::Done(id)));
            }
            (Answer::Placing(_) | Answer::Found(_) | Answer::Candidates(_), None) => {}
        }
        self.work();
    }

    fn placed(&mut self, id: u64, leg: LegId, placing: Placing, tries: u32) {
        let wait_s = match placing {
            Placing::NotSent => (1i64 << tries.min(5)).min(30),
            Placing::OurSetUp { .. } => SET_UP_S,
            Placing::Placed(_)
            | Placing::BadNumber { .. }
            | Placing::Failed { .. }
            | Placing::Unknown => {
                self.daemon.pacer.down_until = None;
                let event = Event::Placing(leg, placing);
                self.decide(leg.lead, event, Some(ItemChange::Done(id)));
                return;
            }
        };
        let until = self.now + SignedDuration::from_secs(wait_s);
        if matches!(placing, Placing::OurSetUp { .. }) {
            self.daemon.pacer.down_until = Some(until);
        }
        self.bill.proven_unsent(leg);
        if let Some(item) = self.daemon.store.outbox.get_mut(&id) {
            item.tries += 1;
        }
        let parked = Event::Parked { leg, refused: true };
        self.decide(leg.lead, parked, Some(ItemChange::Parked(id, until)));
    }

    /// The same order once more, later.
    fn again(&mut self, id: u64) {
        self.carrier.trouble_at = self.now;
        let Some(item) = self.daemon.store.outbox.get_mut(&id) else {
            return;
        };
        item.tries += 1;
        let tries = item.tries;
        if tries >= TRIES {
            return self.change(Some(ItemChange::Done(id)));
        }
        let epoch = self.daemon.epoch;
        self.in_ms(1000 << (tries - 1), Happening::Leaves { epoch, item: id });
    }

    /// The one of these calls that is this leg's: made when its request was under way, and not another's.
    fn mine(&self, leg: LegId, candidates: Vec<Candidate>) -> Found {
        let others = self.bound();
        let left_at = self.created_at(leg);
        let from = left_at - SignedDuration::from_secs(CLOCKS_S);
        let until = left_at + SignedDuration::from_secs(UNDER_WAY_S);
        let mine = candidates.into_iter().filter(|candidate| {
            let at = candidate.created_at.unwrap_or(left_at);
            let others = others
                .get(&candidate.call)
                .is_some_and(|owner| *owner != leg);
            !others && at >= from && (at <= until || leg.side == Side::Customer)
        });
        match mine.max_by_key(|candidate| candidate.created_at) {
            Some(candidate) => Found::Call {
                call: candidate.call,
                phase: candidate.phase,
                ended_at: candidate.ended_at,
            },
            None => Found::Nothing,
        }
    }

    fn bound(&self) -> BTreeMap<CarrierCallId, LegId> {
        let flows = self.daemon.store.flows.values();
        let legs = flows.flat_map(|flow| {
            let reps = flow
                .attempts
                .iter()
                .map(|attempt| (attempt.leg, &attempt.life));
            reps.chain(
                flow.customer
                    .iter()
                    .map(|customer| (customer.leg, &customer.life)),
            )
        });
        legs.filter_map(|(leg, life)| Some((life.call.clone()?, leg)))
            .collect()
    }

    fn created_at(&self, leg: LegId) -> Timestamp {
        let flow = &self.daemon.store.flows[&leg.lead];
        let life = match leg.side {
            Side::Customer | Side::In => flow.customer_leg(leg).map(|customer| &customer.life),
            Side::Rep => flow.attempt(leg).map(|attempt| &attempt.life),
        };
        life.map_or(self.now, |life| life.left_at.unwrap_or(life.created_at))
    }

    fn wants(&self, leg: LegId) -> bool {
        self.daemon
            .store
            .flows
            .get(&leg.lead)
            .is_some_and(|flow| flow.wants(leg))
    }

    /// Lets the ring go whose turn it is. `true` when something was done.
    pub(crate) fn unpark(&mut self) -> bool {
        self.drop_unwanted();
        let Some(at) = self.unpark_at().filter(|at| *at <= self.now) else {
            return false;
        };
        let ready = self
            .parked()
            .filter(|(_, _, not_before)| self.is_down() || *not_before <= at);
        let next = ready.min_by_key(|(id, leg, _)| (self.turn(*leg), *id));
        let Some((id, leg, _)) = next else {
            return false;
        };
        self.daemon.pacer.down_until = None;
        let alive = self.decide(leg.lead, Event::Leaving(leg), Some(ItemChange::Taken(id)));
        if alive && self.wants(leg) {
            self.send_ring(id, leg);
        } else if alive {
            self.change(Some(ItemChange::Done(id)));
        }
        true
    }

    /// When a ring that waits may leave.
    pub(crate) fn unpark_at(&self) -> Option<Timestamp> {
        let first = self.parked().map(|(_, _, not_before)| not_before).min()?;
        if let Some(down) = self.daemon.pacer.down_until {
            return Some(down);
        }
        Some(
            self.daemon
                .pacer
                .free_at
                .map_or(first, |free| free.max(first)),
        )
    }

    fn is_down(&self) -> bool {
        self.daemon.pacer.down_until.is_some()
    }

    fn parked(&self) -> impl Iterator<Item = (u64, LegId, Timestamp)> {
        let items = self.daemon.store.outbox.iter();
        items.filter_map(|(id, item)| Some((*id, item.command.leg()?, item.parked?)))
    }

    /// The oldest customer without a ringing phone first, then second phones, then later rounds.
    fn turn(&self, leg: LegId) -> (bool, u16, Timestamp) {
        let flow = &self.daemon.store.flows[&leg.lead];
        let rings = |attempt: &leadbridge::flow::Attempt| {
            attempt.result.is_none() && !attempt.life.waits() && attempt.life.live()
        };
        (
            flow.attempts.iter().any(rings),
            flow.ladder.rounds,
            flow.facts.t1,
        )
    }

    fn drop_unwanted(&mut self) {
        let waits = |leg: LegId| {
            let flow = self.daemon.store.flows.get(&leg.lead);
            let attempt = flow.and_then(|flow| flow.attempt(leg));
            attempt.is_some_and(|attempt| attempt.result.is_none() && attempt.life.waits())
        };
        let unwanted: Vec<_> = self
            .parked()
            .filter(|(_, leg, _)| !waits(*leg))
            .map(|(id, _, _)| id)
            .collect();
        for id in unwanted {
            self.change(Some(ItemChange::Done(id)));
        }
    }
}

/// What an errand of this kind hears when the carrier says nothing.
pub(crate) fn silence(errand: &CarrierErrand) -> Answer {
    match errand {
        CarrierErrand::Place(_) => Answer::Placing(Placing::Unknown),
        CarrierErrand::Interrupt(..) | CarrierErrand::Cancel(_) | CarrierErrand::HangUp(_) => {
            Answer::Ordered(Ordered::Again)
        }
        CarrierErrand::LookUp(
            _,
            LookUp::Call(_) | LookUp::Search { .. } | LookUp::Child { .. },
        ) => Answer::Found(None),
    }
}
