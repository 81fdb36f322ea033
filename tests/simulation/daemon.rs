//! The daemon: durable rows that one decision changes in one transaction, and a process that can die at any
//! instant. What it knows besides the rows is gone then.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use leadbridge::decision::{self, Arrival, Outset, Rows};
use leadbridge::desk::{Desk, Number, Phone};
use leadbridge::flow::{Command, Entry, Event, Flow};
use leadbridge::lead::Lead;
use leadbridge::phone::{PhoneKey, PhoneNumber};
use leadbridge_providers::{LeadId, Placing};

use crate::group;
use crate::outbox::{Item, Pacer};
use crate::promises::Before;
use crate::world::{Happening, World};

/// What survives.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) flows: BTreeMap<LeadId, Flow>,
    pub(crate) desk: BTreeMap<PhoneKey, Phone>,
    pub(crate) numbers: BTreeMap<PhoneKey, Number>,
    pub(crate) timeline: BTreeMap<LeadId, Vec<Entry>>,
    /// Whose customer it was already.
    pub(crate) joined: BTreeMap<LeadId, LeadId>,
    pub(crate) outbox: BTreeMap<u64, Item>,
    /// What each lead told, and the customer's number: the lead's own row (P9).
    pub(crate) told: BTreeMap<LeadId, Lead>,
    pub(crate) customers: BTreeMap<LeadId, PhoneNumber>,
    /// Each flow's due, as its row holds it.
    due: BTreeMap<LeadId, Timestamp>,
    wakes: BTreeSet<LeadId>,
    items: u64,
}

#[derive(Debug)]
pub(crate) struct Daemon {
    pub(crate) store: Store,
    pub(crate) up: bool,
    /// Counts the lives of the process: what an earlier one had in hand is nobody's.
    pub(crate) epoch: u32,
    pub(crate) pacer: Pacer,
    /// It dies after one commit in so many; 0: never.
    crashes_after_commits: u32,
    due_at: Option<Timestamp>,
}

/// What happens to an outbox item in the transaction of a decision.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ItemChange {
    Done(u64),
    /// It waits in the outbox, not before.
    Parked(u64, Timestamp),
    /// It is in hand again.
    Taken(u64),
}

impl Daemon {
    pub(crate) fn random(rng: &mut fastrand::Rng) -> Daemon {
        Daemon {
            store: Store::default(),
            up: true,
            epoch: 0,
            pacer: Pacer::random(rng),
            crashes_after_commits: *group::pick(rng, &[0, 0, 0, 300, 40]),
            due_at: None,
        }
    }
}

impl World<'_> {
    /// 202 is answered after the commit; a source that gets none sends again.
    pub(crate) fn arrives(&mut self, arrival: Arrival) {
        if !self.daemon.up {
            let again = self.rng.i64(1000..60_000);
            return self.in_ms(again, Happening::Arrives(Box::new(arrival)));
        }
        let lead = arrival.lead;
        if self.daemon.store.flows.contains_key(&lead) {
            return;
        }
        self.daemon
            .store
            .told
            .extend(arrival.told.clone().map(|told| (lead, told)));
        let met = decision::meet(&arrival, &self.rules, &group::pool().key);
        self.daemon
            .store
            .customers
            .extend(met.phone.clone().map(|phone| (lead, phone)));
        let row = met
            .number
            .as_ref()
            .and_then(|key| self.daemon.store.numbers.get(key));
        let number = row.cloned().unwrap_or_default();
        let held = met.held.is_some();
        match decision::set_out(&arrival, met, &number, &self.rules, self.now) {
            Outset::Own(flow, timeline, commands) => {
                self.tell(|| format!("{lead} sets out, {:?} {:?}", flow.state, flow.facts));
                self.insert(*flow, timeline, commands);
                if !held && self.daemon.store.flows[&lead].outcome().is_none() {
                    self.decide(lead, Event::Begin, None);
                }
            }
            Outset::Joined(flow, timeline, to) => {
                self.tell(|| format!("{lead} joins {to}"));
                self.insert(*flow, timeline, Vec::new());
                self.daemon.store.joined.insert(lead, to);
                self.decide(to, Event::Joined, None);
            }
        }
        self.work();
    }

    /// One event of one flow: rows, outbox, timeline and wakes in one transaction. `false`: the process died.
    pub(crate) fn decide(&mut self, lead: LeadId, event: Event, item: Option<ItemChange>) -> bool {
        let Some(rows) = self.load(lead) else {
            self.change(item);
            return true;
        };
        self.tell(|| format!("{lead} <- {event:?}"));
        self.witness.steps(self.now);
        let before = Before::of(&rows.flow);
        let decision = decision::decide(rows, event.clone(), &self.rules, self.now);
        self.tell(|| format!("    {:?} {:?}", decision.commands, decision.wakes));
        self.keeps_promises(&before, &event, &decision);
        self.tell(|| holds(&decision.rows.desk));
        self.save(decision.rows);
        self.daemon
            .store
            .timeline
            .entry(lead)
            .or_default()
            .extend(decision.timeline);
        self.daemon.store.wakes.extend(decision.wakes);
        if matches!(event, Event::Woken) {
            self.daemon.store.wakes.remove(&lead);
        }
        self.change(item);
        let items = self.enclose(lead, decision.commands);
        let crashes = self.daemon.crashes_after_commits;
        if self.once_in(crashes) {
            self.crash();
            return false;
        }
        self.take(&items);
        true
    }

    /// All that is due now; then the next look at the clock.
    pub(crate) fn work(&mut self) {
        while self.daemon.up {
            if let Some(lead) = self.daemon.store.wakes.first().copied() {
                self.wake(lead);
            } else if let Some(lead) = self.next_due() {
                self.decide(lead, Event::Clock, None);
                self.clock_has_passed(lead);
            } else if !self.expire() && !self.unpark() {
                break;
            }
        }
        if self.daemon.up {
            self.nobody_waits_for_a_free_phone();
            self.set_alarm();
        }
    }

    /// An alarm that was set before an earlier one is not rung: each would set another, for ever.
    pub(crate) fn due(&mut self, epoch: u32) {
        if self.daemon.up && epoch == self.daemon.epoch && self.daemon.due_at == Some(self.now) {
            self.daemon.due_at = None;
            self.work();
        }
    }

    pub(crate) fn crash(&mut self) {
        if !self.daemon.up {
            return;
        }
        self.tell(|| "the daemon dies".to_owned());
        self.carrier.trouble_at = self.now;
        self.daemon.up = false;
        self.daemon.epoch += 1;
        self.daemon.due_at = None;
        self.daemon.pacer.forget();
        let away_ms = *group::pick(
            &mut self.rng,
            &[500, 3000, 20_000, 60_000, 900_000, 7_200_000],
        );
        let away_ms = self.rng.i64(100..away_ms);
        self.in_ms(away_ms, Happening::Restarts);
    }

    /// Live legs are looked up and keep their phones before anything else happens; then unfinished creates are
    /// unknown, and what may be repeated is repeated.
    pub(crate) fn restart(&mut self) {
        if self.daemon.up {
            return;
        }
        self.tell(|| "the daemon is back".to_owned());
        self.carrier.trouble_at = self.now;
        self.daemon.up = true;
        let leads: Vec<_> = self.daemon.store.flows.keys().copied().collect();
        for lead in leads {
            let flow = &self.daemon.store.flows[&lead];
            let matters = flow.outcome().is_none() || flow.deadline().is_some();
            if matters && !self.decide(lead, Event::Restarted, None) {
                return;
            }
        }
        let items: Vec<_> = self.daemon.store.outbox.keys().copied().collect();
        for id in items {
            if !self.resume(id) {
                return;
            }
        }
        self.work();
    }

    /// One item that the last life left. `false`: the process died again.
    fn resume(&mut self, id: u64) -> bool {
        let Some(item) = self.daemon.store.outbox.get(&id) else {
            return true;
        };
        let (lead, command) = (item.lead, item.command.clone());
        match command {
            Command::Ring(_) if item.parked.is_some() => true,
            Command::Ring(leg) => {
                let unknown = Event::Placing(leg, Placing::Unknown);
                self.decide(lead, unknown, Some(ItemChange::Done(id)))
            }
            Command::Text(_) => {
                self.change(Some(ItemChange::Done(id)));
                true
            }
            Command::Interrupt(_)
            | Command::Cancel(_)
            | Command::HangUp(_)
            | Command::LookUp(_)
            | Command::Notice(_) => {
                self.take(&[id]);
                true
            }
        }
    }

    fn load(&mut self, lead: LeadId) -> Option<Rows> {
        let store = &mut self.daemon.store;
        let flow = store.flows.remove(&lead)?;
        let number = flow.facts.number.as_ref();
        let number = number.and_then(|key| store.numbers.get(key)).cloned();
        let number = number.unwrap_or_default();
        let keys = decision::phones(&flow, &number, &self.rules);
        let row = |key: PhoneKey| store.desk.get(&key).cloned().map(|phone| (key, phone));
        let desk = Desk(keys.into_iter().filter_map(row).collect());
        Some(Rows { desk, number, flow })
    }

    pub(crate) fn rows(&self, lead: LeadId) -> Option<Rows> {
        let store = &self.daemon.store;
        let flow = store.flows.get(&lead)?.clone();
        let number = flow.facts.number.as_ref();
        let number = number.and_then(|key| store.numbers.get(key)).cloned();
        let number = number.unwrap_or_default();
        let keys = decision::phones(&flow, &number, &self.rules);
        let row = |key: PhoneKey| store.desk.get(&key).cloned().map(|phone| (key, phone));
        let desk = Desk(keys.into_iter().filter_map(row).collect());
        Some(Rows { desk, number, flow })
    }

    fn save(&mut self, rows: Rows) {
        let store = &mut self.daemon.store;
        let lead = rows.flow.lead;
        store.desk.extend(rows.desk.0);
        store
            .numbers
            .extend(rows.flow.facts.number.clone().map(|key| (key, rows.number)));
        match rows.flow.deadline() {
            Some(at) => drop(store.due.insert(lead, at)),
            None => drop(store.due.remove(&lead)),
        }
        store.flows.insert(lead, rows.flow);
    }

    pub(crate) fn insert(&mut self, flow: Flow, timeline: Vec<Entry>, commands: Vec<Command>) {
        let lead = flow.lead;
        self.witness.receives(lead);
        self.daemon.store.flows.insert(lead, flow);
        self.daemon.store.timeline.insert(lead, timeline);
        let items = self.enclose(lead, commands);
        self.take(&items);
    }

    fn enclose(&mut self, lead: LeadId, commands: Vec<Command>) -> Vec<u64> {
        let store = &mut self.daemon.store;
        let first = store.items + 1;
        for command in commands {
            store.items += 1;
            let item = Item {
                lead,
                command,
                parked: None,
                tries: 0,
            };
            store.outbox.insert(store.items, item);
        }
        (first..=store.items).collect()
    }

    /// The effects of a commit leave a moment later, if the process still lives then.
    pub(crate) fn take(&mut self, items: &[u64]) {
        let epoch = self.daemon.epoch;
        for item in items {
            let ms = self.rng.i64(0..30);
            self.in_ms(ms, Happening::Leaves { epoch, item: *item });
        }
    }

    pub(crate) fn change(&mut self, change: Option<ItemChange>) {
        let outbox = &mut self.daemon.store.outbox;
        let (id, parked) = match change {
            None => return,
            Some(ItemChange::Done(id)) => return drop(outbox.remove(&id)),
            Some(ItemChange::Parked(id, not_before)) => (id, Some(not_before)),
            Some(ItemChange::Taken(id)) => (id, None),
        };
        if let Some(item) = outbox.get_mut(&id) {
            item.parked = parked;
        }
    }

    fn wake(&mut self, lead: LeadId) {
        if self.daemon.store.flows.contains_key(&lead) {
            self.decide(lead, Event::Woken, None);
        } else {
            self.daemon.store.wakes.remove(&lead);
        }
    }

    /// The flow whose deadline has passed; the oldest lead first.
    fn next_due(&self) -> Option<LeadId> {
        let store = &self.daemon.store;
        let due = store
            .due
            .iter()
            .filter(|(_, at)| **at <= self.now)
            .map(|(lead, _)| *lead);
        due.min_by_key(|lead| (store.flows[lead].facts.t1, *lead))
    }

    /// Frees one phone whose claim or rest is over.
    fn expire(&mut self) -> bool {
        let now = self.now;
        let mut due = self.daemon.store.desk.iter_mut();
        let Some((key, phone)) = due.find(|(_, phone)| phone.due().is_some_and(|at| at <= now))
        else {
            return false;
        };
        phone.expire(now);
        let desk = Desk([(key.clone(), phone.clone())].into());
        self.daemon.store.wakes.extend(desk.wakes(now));
        true
    }

    fn set_alarm(&mut self) {
        let store = &self.daemon.store;
        let desk = store.desk.values().filter_map(Phone::due).min();
        let flows = store.due.values().copied().min();
        let next = [desk, flows, self.unpark_at()].into_iter().flatten().min();
        if let Some(at) = next
            && self.daemon.due_at.is_none_or(|set| at < set)
        {
            let at = at.max(self.now + SignedDuration::from_millis(1));
            self.daemon.due_at = Some(at);
            self.at(
                at,
                Happening::Due {
                    epoch: self.daemon.epoch,
                },
            );
        }
    }
}

/// Who is on which phone, for the trace.
fn holds(desk: &Desk) -> String {
    let held = desk.0.values().filter_map(|phone| phone.hold.as_ref());
    let held = held.map(|hold| format!("{} until {:.0}", hold.leg, hold.until));
    format!("    held: {}", held.collect::<Vec<_>>().join(", "))
}
