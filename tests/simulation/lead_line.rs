//! Phones that ring the lead line: reps and customers at any moment, also while they are being rung, and rooms in which
//! they meet. What must be true of a room at the carrier stands here too (P4).

use leadbridge::flow::{CalledIn, Event, Flow, Hears};
use leadbridge::lead_line::{self, Again, Caller};
use leadbridge::phone::PhoneNumber;
use leadbridge::rotation::{CarrierId, Rooftop};
use leadbridge_providers::{Asked, CarrierCallId, End, LeadId, LegId, Side};
use uuid::Uuid;

use crate::carrier::Script;
use crate::group;
use crate::world::{Happening, World};

/// A carrier that gets no answer asks so often.
const TRIES: u32 = 3;
/// Names of leads that come of a call.
const AGAIN: u128 = 1 << 120;

/// A call on its way in.
#[derive(Clone, Debug)]
pub(crate) struct RingsIn {
    id: CarrierCallId,
    from: PhoneNumber,
    line: PhoneNumber,
    tries: u32,
}

impl World<'_> {
    /// Somebody with a phone that is not in use rings one of the two numbers.
    pub(crate) fn somebody_rings(&mut self) {
        let customers: Vec<_> = self.daemon.store.customers.values().cloned().collect();
        let mut reps: Vec<_> = self.rules_ever().reps.values().cloned().collect();
        let desk = &self.daemon.store.desk;
        let missed = |rep: &leadbridge::rotation::Rep| {
            desk.get(&rep.key)
                .is_some_and(|phone| !phone.missed.is_empty())
        };
        if reps.iter().any(missed) {
            reps.retain(missed);
        }
        let from = if customers.is_empty() || self.rng.bool() {
            group::pick(&mut self.rng, &reps).phone.clone()
        } else {
            group::pick(&mut self.rng, &customers).clone()
        };
        let talks = |call: &crate::carrier::Call| call.up() && call.to == from.as_str();
        if self.carrier.calls.iter().any(talks) {
            return;
        }
        // Whoever rings us picks up nothing that rings on the same phone.
        for index in 0..self.carrier.calls.len() {
            let one = &mut self.carrier.calls[index];
            if one.live() && one.to == from.as_str() {
                one.generation += 1;
                self.rings_out(index);
            }
        }
        let rooftops: Vec<_> = self.rules_ever().rooftops.values().cloned().collect();
        let line = group::pick(&mut self.rng, &rooftops).caller_id.clone();
        let id = CarrierCallId(format!("CAin{}", self.carrier.calls_in));
        self.carrier.calls_in += 1;
        let tries = 0;
        self.rings_in(RingsIn {
            id,
            from,
            line,
            tries,
        });
        if self.once_in(2) {
            let ms = *group::pick(&mut self.rng, &[5000, 60_000, 900_000]);
            let ms = self.rng.i64(1000..ms);
            self.in_ms(ms, Happening::SomebodyRings);
        }
    }

    /// The carrier asks what the call hears; its question or the answer may get lost.
    pub(crate) fn rings_in(&mut self, call: RingsIn) {
        let deaf = !self.daemon.up || self.carrier.is_mute(self.now) || self.once_in(40);
        let answered = !deaf && self.takes_in(&call) && self.daemon.up && !self.once_in(30);
        let tries = call.tries + 1;
        if !answered && tries < TRIES {
            self.carrier.coming_in.insert(call.id.clone());
            let ms = self.rng.i64(1000..4000);
            return self.in_ms(ms, Happening::RingsIn(RingsIn { tries, ..call }));
        }
        self.carrier.coming_in.remove(&call.id);
        if !answered {
            return;
        }
        let flows = self.daemon.store.flows.values();
        let leg = flows.filter_map(|flow| flow.leg_of_call(&call.id)).next();
        if let Some(leg) = leg {
            self.is_put_through(leg, &call);
        }
    }

    /// One decision, as a store makes it. `false`: the process died.
    fn takes_in(&mut self, call: &RingsIn) -> bool {
        let mut flows = self.daemon.store.flows.values();
        if flows.any(|flow| flow.leg_of_call(&call.id).is_some()) {
            return true;
        }
        let rules = self.rules.clone();
        let carrier = CarrierId("main".to_owned());
        let rooftops = lead_line::rooftops(&rules, &carrier, &call.line);
        if rooftops.is_empty() {
            return true;
        }
        let (lead, by) = match lead_line::caller(&rules, &group::pool().key, Some(&call.from)) {
            Caller::Rep(rep) => {
                let phone = self.daemon.store.desk.entry(rep.key.clone()).or_default();
                phone.rang_in();
                let phone = phone.clone();
                let read =
                    |lead| Ok::<Option<Flow>, ()>(self.daemon.store.flows.get(&lead).cloned());
                let found = lead_line::for_rep(&phone, &rep.key, &rules, self.now, read);
                let lead = found.ok().flatten().map(|flow| flow.lead);
                (lead, Some(rep.id.clone()))
            }
            Caller::Number(key) => {
                let number = self.daemon.store.numbers.get(&key).cloned();
                let number = number.unwrap_or_default();
                let open = lead_line::for_customer(&number, &rooftops);
                let lead = open.or_else(|| self.rings_again(call, &number, &rooftops));
                (lead, None)
            }
            Caller::Ourselves | Caller::Nobody => (None, None),
        };
        let Some(lead) = lead else { return true };
        let event = Event::CalledIn(CalledIn {
            by,
            carrier,
            call: call.id.clone(),
            line: call.line.clone(),
        });
        if !self.decide(lead, event, None) {
            return false;
        }
        self.work();
        true
    }

    fn rings_again(
        &mut self,
        call: &RingsIn,
        number: &leadbridge::desk::Number,
        rooftops: &[&Rooftop],
    ) -> Option<LeadId> {
        let customers = self.daemon.store.customers.iter();
        let theirs = customers.filter(|(_, phone)| **phone == call.from);
        let flows = &self.daemon.store.flows;
        let before = theirs.map(|(lead, _)| &flows[lead]);
        let before = before
            .max_by_key(|flow| (flow.facts.t1, flow.lead))?
            .clone();
        let count = self.daemon.store.flows.len() as u128;
        let lead = LeadId(Uuid::from_u128(AGAIN + count));
        let again = Again {
            lead,
            told: self.daemon.store.told.get(&before.lead)?.clone(),
            before,
        };
        let key = &group::pool().key;
        let (arrival, flow, timeline) =
            lead_line::new_lead(again, number, rooftops, &self.rules, key, self.now)?;
        self.tell(|| format!("{lead} comes of a call"));
        let store = &mut self.daemon.store;
        store.customers.insert(lead, call.from.clone());
        store.told.extend(arrival.told.map(|told| (lead, told)));
        self.insert(flow, timeline, Vec::new());
        Some(lead)
    }

    fn is_put_through(&mut self, leg: LegId, call: &RingsIn) {
        if self.carrier.calls.iter().any(|other| other.id == call.id) {
            return;
        }
        let index = self.comes_in(leg, call.id.clone(), &call.from);
        self.tell(|| format!("CA{index} comes in as {leg}"));
        if leg.side == Side::Rep {
            self.a_rep_rings(index);
        }
        let generation = self.carrier.calls[index].generation;
        if let Some(script) = self.script_of(leg, generation) {
            let ms = self.rng.i64(20..300);
            self.in_ms(
                ms,
                Happening::Hears {
                    call: index,
                    script,
                },
            );
        }
    }

    /// A customer who rang hears something.
    pub(crate) fn customer_hears(&mut self, call: usize, hears: Hears) {
        match hears {
            Hears::Room => {
                let leg = self.carrier.calls[call].leg;
                let ms = *group::pick(&mut self.rng, &[2000, 40_000, 300_000]);
                let ms = self.rng.i64(500..ms);
                self.hangs_up(call, ms);
                self.enters(call, leg);
            }
            Hears::Reception => {
                let ms = self.rng.i64(1000..100_000);
                self.hangs_up(call, ms);
            }
            Hears::GoodBye => self.hangs_up(call, 2500),
        }
    }

    /// A call is in the room of this leg: two in it talk, until one of them hangs up.
    pub(crate) fn enters(&mut self, call: usize, room: LegId) {
        self.carrier.calls[call].room = Some(room);
        let mut calls = self.carrier.calls.iter().enumerate();
        let other = calls.find(|(index, one)| *index != call && one.up() && one.room == Some(room));
        let Some((other, _)) = other else {
            return;
        };
        self.one_bridge(room);
        self.tell(|| format!("CA{call} and CA{other} meet"));
        self.carrier.calls[other].generation += 1;
        let ms = *group::pick(&mut self.rng, &[300, 5000, 40_000, 200_000]);
        let ms = self.rng.i64(0..ms).min(self.longest_talk_ms(room));
        let who = if self.rng.bool() { call } else { other };
        // Whoever stays has no more patience of their own to lose.
        self.carrier.calls[call].generation += 1;
        self.hangs_up(who, ms);
    }

    /// The room's own time limit, as the script says it.
    fn longest_talk_ms(&self, room: LegId) -> i64 {
        let terms = self
            .daemon
            .store
            .flows
            .get(&room.lead)
            .and_then(|flow| flow.terms.as_ref());
        terms.map_or(i64::MAX, |terms| 1000 * i64::from(terms.talk_max_s))
    }

    /// A call leaves its room, which is over then for the other as well.
    pub(crate) fn leaves_room(&mut self, call: usize) {
        let Some(room) = self.carrier.calls[call].room.take() else {
            return;
        };
        let end = End::Completed { up_s: None };
        let (turn, live) = (
            self.carrier.calls[call].turn(),
            self.carrier.calls[call].live(),
        );
        if !live && self.rng.bool() {
            let still_up = false;
            self.asks(call, turn, Asked::Dial { end, still_up });
        }
        let mut calls = self.carrier.calls.iter();
        let Some(other) = calls.position(|one| one.live() && one.room == Some(room)) else {
            return;
        };
        let one = &mut self.carrier.calls[other];
        one.room = None;
        one.generation += 1;
        let turn = one.turn();
        let still_up = true;
        self.asks(other, turn, Asked::Dial { end, still_up });
    }

    /// P4: nobody else talks with this customer for this lead.
    fn one_bridge(&self, room: LegId) {
        let calls = &self.carrier.calls;
        let in_rooms = calls.iter().filter(|one| {
            one.up() && one.leg.lead == room.lead && one.leg.side == Side::Rep && one.room.is_some()
        });
        assert!(in_rooms.count() == 1, "P4: {} is bridged twice", room.lead);
        let rung = calls
            .iter()
            .find(|one| one.up() && one.leg.lead == room.lead && one.leg.side == Side::Customer);
        assert!(rung.is_none(), "P4: {room} meets a rep beside {rung:?}");
    }

    pub(crate) fn script_of(&self, leg: LegId, generation: u32) -> Option<Script> {
        let flow = self.daemon.store.flows.get(&leg.lead)?;
        let came_in = flow.customer_leg(leg).and_then(|leg| leg.came_in.as_ref());
        let attempt = flow.attempt(leg);
        let turn = attempt.map(|attempt| attempt.turn);
        Some(Script {
            cue: attempt.map(|attempt| attempt.cue.clone()),
            hears: came_in.map(|came_in| came_in.hears),
            turn: turn.or(came_in.map(|came_in| came_in.turn)).unwrap_or(0),
            dial: None,
            dial_s: 0,
            talk_s: 0,
            generation,
        })
    }
}
