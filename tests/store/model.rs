//! What a store must do, over the same pure core and without a database: maps in memory, and one decision at a time.

mod written;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use leadbridge::decision::{self, Decision, Outset, Rows};
use leadbridge::desk::{Desk, Number, Phone};
use leadbridge::flow::errand::Errand;
use leadbridge::flow::shown::Stage;
use leadbridge::flow::{CalledIn, Command, Entry, Event, Flow, Outcome, State};
use leadbridge::io::store::{CallIn, Counts, New};
use leadbridge::lead::Lead;
use leadbridge::lead_line::{self, Again, Caller};
use leadbridge::phone::{HashKey, PhoneKey, PhoneNumber};
use leadbridge::report::{By, Draft, LeadFigures, OpenTimes, Period, Report};
use leadbridge::rotation::{Rep, Rules};
use leadbridge_providers::{CarrierCallId, LeadId, LegId, Placing};

pub(crate) use written::Text;

/// All that is kept. An item of the outbox and a message have the number here that they were kept under.
pub(crate) struct Model {
    pub(crate) rules: Arc<Rules>,
    pub(crate) key: HashKey,
    pub(crate) now: Timestamp,
    pub(crate) leads: BTreeMap<LeadId, Kept>,
    pub(crate) flows: BTreeMap<LeadId, Flow>,
    pub(crate) timeline: BTreeMap<LeadId, Vec<Entry>>,
    pub(crate) desk: Desk,
    pub(crate) numbers: BTreeMap<PhoneKey, Number>,
    /// To whom, and who joined them.
    pub(crate) wakes: Vec<(LeadId, Option<LeadId>)>,
    pub(crate) outbox: BTreeMap<usize, Item>,
    pub(crate) calls: BTreeMap<CarrierCallId, LegId>,
    pub(crate) customers: BTreeSet<LeadId>,
    /// What was written to people; erased with its lead.
    pub(crate) texts: Vec<Option<Text>>,
    items: usize,
}

/// A lead as it came in.
pub(crate) struct Kept {
    pub(crate) new: New,
    pub(crate) told: Option<Lead>,
    pub(crate) phone: Option<PhoneNumber>,
    pub(crate) joined_to: Option<LeadId>,
}

/// A command that has not left, or was not answered.
pub(crate) struct Item {
    pub(crate) lead: LeadId,
    pub(crate) command: Command,
    pub(crate) parked: bool,
}

/// What a decision leaves.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Left {
    pub(crate) flow: Flow,
    pub(crate) timeline: Vec<Entry>,
    pub(crate) effects: Vec<(LeadId, Command, Errand)>,
    pub(crate) wakes: Vec<(LeadId, Event)>,
}

/// The same, and which items it left.
pub(crate) type Decided = (Left, Vec<usize>);

impl Model {
    pub(crate) fn new(rules: Arc<Rules>, key: HashKey, now: Timestamp) -> Model {
        Model {
            rules,
            key,
            now,
            leads: BTreeMap::new(),
            flows: BTreeMap::new(),
            timeline: BTreeMap::new(),
            desk: Desk::default(),
            numbers: BTreeMap::new(),
            wakes: Vec::new(),
            outbox: BTreeMap::new(),
            calls: BTreeMap::new(),
            customers: BTreeSet::new(),
            texts: Vec::new(),
            items: 0,
        }
    }

    /// `Err`: the lead that its source sent before.
    pub(crate) fn receive(&mut self, new: &New) -> Result<Decided, Box<Flow>> {
        let id = |new: &New| new.arrival.told.as_ref()?.id.clone();
        let same = |kept: &&Kept| kept.new.arrival.source == new.arrival.source;
        let mut before = self.leads.values().filter(same);
        if let Some(known) = before.find(|kept| id(new).is_some() && id(&kept.new) == id(new)) {
            return Err(Box::new(self.flows[&known.new.arrival.lead].clone()));
        }
        let met = decision::meet(&new.arrival, &self.rules, &self.key);
        let number = self.number(met.number.as_ref());
        let phone = met.phone.clone();
        match decision::set_out(&new.arrival, met, &number, &self.rules, self.now) {
            Outset::Own(flow, timeline, commands) => {
                self.keep_lead(new.clone(), phone, None);
                Ok(self.set_out(*flow, timeline, commands))
            }
            Outset::Joined(flow, timeline, to) => {
                self.keep_lead(new.clone(), phone, Some(to));
                let (mut left, items) = self.bear(*flow, timeline, &[]);
                left.wakes.push(self.wake(to, Some(new.arrival.lead)));
                Ok((left, items))
            }
        }
    }

    pub(crate) fn step(
        &mut self,
        lead: LeadId,
        event: &Event,
        answers: Option<usize>,
    ) -> Option<Decided> {
        let Some(before) = self.flows.get(&lead).cloned() else {
            self.take_wake(lead, event);
            answers.map(|id| self.outbox.remove(&id));
            return None;
        };
        let in_hand = answers.is_none_or(|id| self.outbox.contains_key(&id));
        let is_late = !in_hand && !matches!(event, Event::Placing(_, Placing::Placed(_)));
        let (mut left, mut items) = if is_late || self.is_old(lead, event) {
            (Left::nothing(before), Vec::new())
        } else {
            let (before, decision) = self.decide(&before, event);
            self.keep(&before, decision)
        };
        if let (Some(id), true) = (answers, in_hand)
            && let Some(effect) = self.answer(id, event, &left.flow)
        {
            left.effects.push(effect);
            items.push(id);
        }
        Some((left, items))
    }

    pub(crate) fn step_due(&mut self, lead: LeadId) -> Option<Decided> {
        let due = self.flows.get(&lead)?.deadline();
        due.filter(|due| *due <= self.now)?;
        self.step(lead, &Event::Clock, None)
    }

    pub(crate) fn expire(&mut self) -> Vec<(LeadId, Event)> {
        let now = self.now;
        let mut first = BTreeSet::new();
        for phone in self.desk.0.values_mut() {
            let is_due = phone.due().is_some_and(|due| due <= now);
            if is_due && phone.expire(now) {
                first.extend(phone.first_in_line(now));
            }
        }
        let woken = first.into_iter();
        woken.map(|lead| self.wake(lead, None)).collect()
    }

    /// The leg that a call is, and the lead that came of it.
    pub(crate) fn called_in(&mut self, call: &CallIn) -> Option<(LegId, Decided)> {
        if let Some(leg) = self.calls.get(&call.call).copied() {
            let flow = self.flows[&leg.lead].clone();
            return Some((leg, (Left::nothing(flow), Vec::new())));
        }
        let rules = self.rules.clone();
        let rooftops = lead_line::rooftops(&rules, &call.carrier, &call.line);
        if rooftops.is_empty() {
            return None;
        }
        match lead_line::caller(&rules, &self.key, call.from.as_ref()) {
            Caller::Rep(rep) => {
                let phone = self.desk.phone_mut(&rep.key);
                phone.rang_in();
                let flow = |lead: LeadId| Ok::<_, ()>(self.flows.get(&lead).cloned());
                let phone = self.desk.phone(&rep.key);
                let flow = lead_line::for_rep(&phone, &rep.key, &rules, self.now, flow);
                self.take(call, &flow.unwrap()?, Some(rep))
            }
            Caller::Number(key) => {
                let number = self.number(Some(&key));
                if let Some(lead) = lead_line::for_customer(&number, &rooftops) {
                    let flow = self.flows.get(&lead)?.clone();
                    return self.take(call, &flow, None);
                }
                let from = call.from.as_ref()?;
                let same = |kept: &&Kept| kept.phone.as_ref() == Some(from);
                let kept = self.leads.values().rfind(same)?;
                let again = Again {
                    lead: call.lead,
                    told: kept.told.clone()?,
                    before: self.flows[&kept.new.arrival.lead].clone(),
                };
                let new =
                    lead_line::new_lead(again, &number, &rooftops, &rules, &self.key, self.now);
                let (arrival, flow, timeline) = new?;
                let new = New {
                    arrival,
                    content_type: "text/plain".to_owned(),
                    body: Vec::new(),
                };
                self.keep_lead(new, Some(from.clone()), None);
                self.bear(flow.clone(), timeline, &[]);
                self.take(call, &flow, None)
            }
            Caller::Ourselves | Caller::Nobody => None,
        }
    }

    /// Whether there is such a lead.
    pub(crate) fn convert(&mut self, lead: LeadId, converted: bool) -> bool {
        let is_there = self.flows.contains_key(&lead);
        if is_there && converted {
            self.customers.insert(lead);
        } else if is_there {
            self.customers.remove(&lead);
        }
        is_there
    }

    pub(crate) fn erase(&mut self, lead: LeadId) {
        if let Some(kept) = self.leads.get_mut(&lead) {
            (kept.told, kept.phone) = (None, None);
        }
        for text in &mut self.texts {
            text.take_if(|text| text.lead == lead);
        }
        self.flows.get_mut(&lead).map(Flow::forget_reason);
        for entry in self.timeline.get_mut(&lead).into_iter().flatten() {
            entry.forget_reason();
        }
    }

    /// Flows with a leg that may be up.
    pub(crate) fn with_legs(&self) -> BTreeSet<LeadId> {
        let flows = self.flows.values().filter(|flow| is_open(flow));
        let live = flows.filter(|flow| flow.has_live_leg());
        live.map(|flow| flow.lead).collect()
    }

    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts {
            outbox: u32::try_from(self.outbox.len()).unwrap(),
            ..Counts::default()
        };
        let open = self.flows.values().map(Flow::stage);
        for stage in open.filter(|stage| *stage != Stage::Closed) {
            *counts.flows.entry(stage).or_default() += 1;
        }
        counts
    }

    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        let flows = self.flows.values().filter_map(Flow::deadline);
        flows
            .chain(self.desk.0.values().filter_map(Phone::due))
            .min()
    }

    pub(crate) fn report(&self, period: Period) -> Report {
        let mut open = OpenTimes::new(&self.rules, period.starts, period.ends);
        let mut draft = Draft::new(By::Rooftop);
        let of_period = |flow: &&Flow| (period.starts..period.ends).contains(&flow.facts.t1);
        for flow in self.flows.values().filter(of_period) {
            let joined = flow
                .outcome()
                .is_some_and(|it| it.outcome == Outcome::Joined);
            let to = self.leads[&flow.lead].joined_to.filter(|_| joined);
            let to = to.and_then(|to| self.flows.get(&to));
            let converted = self.customers.contains(&flow.lead);
            draft.add(&LeadFigures::of(flow, to, converted, &mut open));
        }
        draft.finish(period.clone(), self.rules.measure.target_percent)
    }

    pub(crate) fn number(&self, key: Option<&PhoneKey>) -> Number {
        let number = key.and_then(|key| self.numbers.get(key));
        number.cloned().unwrap_or_default()
    }

    fn keep_lead(&mut self, new: New, phone: Option<PhoneNumber>, joined_to: Option<LeadId>) {
        let kept = Kept {
            told: new.arrival.told.clone(),
            phone,
            joined_to,
            new,
        };
        self.leads.insert(kept.new.arrival.lead, kept);
    }

    fn set_out(&mut self, flow: Flow, timeline: Vec<Entry>, commands: Vec<Command>) -> Decided {
        if matches!(flow.state, State::Held(_)) {
            return self.bear(flow, timeline, &commands);
        }
        let (before, mut begun) = self.decide(&flow, &Event::Begin);
        begun.timeline.splice(0..0, timeline);
        begun.commands.splice(0..0, commands);
        self.keep(&before, begun)
    }

    fn bear(&mut self, flow: Flow, timeline: Vec<Entry>, commands: &[Command]) -> Decided {
        self.flows.insert(flow.lead, flow.clone());
        self.tell(flow.lead, &timeline);
        let (effects, items) = self.order(&flow, commands);
        let left = Left {
            timeline,
            effects,
            ..Left::nothing(flow)
        };
        (left, items)
    }

    fn take(&mut self, call: &CallIn, flow: &Flow, rep: Option<&Rep>) -> Option<(LegId, Decided)> {
        let event = Event::CalledIn(CalledIn {
            by: rep.map(|rep| rep.id.clone()),
            carrier: call.carrier.clone(),
            call: call.call.clone(),
            line: call.line.clone(),
        });
        let decided = self.step(flow.lead, &event, None)?;
        Some((decided.0.flow.leg_of_call(&call.call)?, decided))
    }

    /// A decision that touched a phone which it was not given is made again with it.
    fn decide(&self, flow: &Flow, event: &Event) -> (Rows, Decision) {
        let number = self.number(flow.facts.number.as_ref());
        let mut phones = decision::phones(flow, &number, &self.rules);
        loop {
            let given = phones.iter().map(|key| (key.clone(), self.desk.phone(key)));
            let before = Rows {
                flow: flow.clone(),
                desk: Desk(given.collect()),
                number: number.clone(),
            };
            let decision = decision::decide(before.clone(), event.clone(), &self.rules, self.now);
            let touched = decision.rows.desk.0.keys();
            let unread = touched.filter(|key| !before.desk.0.contains_key(*key));
            let unread: Vec<_> = unread.cloned().collect();
            if unread.is_empty() {
                return (before, decision);
            }
            phones.extend(unread);
        }
    }

    fn keep(&mut self, before: &Rows, decision: Decision) -> Decided {
        let after = decision.rows;
        let flow = after.flow;
        for (leg, call) in calls(&flow) {
            self.calls.entry(call).or_insert(leg);
        }
        self.desk.0.extend(after.desk.0);
        if let Some(key) = flow
            .facts
            .number
            .clone()
            .filter(|_| after.number != before.number)
        {
            self.numbers.insert(key, after.number);
        }
        self.flows.insert(flow.lead, flow.clone());
        self.tell(flow.lead, &decision.timeline);
        let woken = decision.wakes.into_iter();
        let wakes = woken.map(|lead| self.wake(lead, None)).collect();
        let (effects, items) = self.order(&flow, &decision.commands);
        let left = Left {
            flow,
            timeline: decision.timeline,
            effects,
            wakes,
        };
        (left, items)
    }

    pub(crate) fn tell(&mut self, lead: LeadId, entries: &[Entry]) {
        self.timeline
            .entry(lead)
            .or_default()
            .extend_from_slice(entries);
    }

    fn order(
        &mut self,
        flow: &Flow,
        commands: &[Command],
    ) -> (Vec<(LeadId, Command, Errand)>, Vec<usize>) {
        let lead = flow.lead;
        let mut left = (Vec::new(), Vec::new());
        for command in commands {
            let Some(errand) = flow.errand(command) else {
                continue;
            };
            self.items += 1;
            let item = Item {
                lead,
                command: command.clone(),
                parked: false,
            };
            self.outbox.insert(self.items, item);
            left.0.push((lead, command.clone(), errand));
            left.1.push(self.items);
        }
        left
    }

    fn answer(
        &mut self,
        id: usize,
        event: &Event,
        flow: &Flow,
    ) -> Option<(LeadId, Command, Errand)> {
        if let Event::Leaving(leg) = event
            && flow.wants(*leg)
        {
            let command = Command::Ring(*leg);
            self.outbox.get_mut(&id)?.parked = false;
            return Some((flow.lead, command.clone(), flow.errand(&command)?));
        }
        let waiting = if let Event::Parked { leg, .. }
        | Event::Placing(leg, Placing::NotSent | Placing::OurSetUp { .. }) = event
        {
            flow.attempt(*leg)
        } else {
            None
        };
        if waiting.is_some_and(|ring| ring.result.is_none() && ring.life.waits()) {
            self.outbox.get_mut(&id)?.parked = true;
        } else {
            self.outbox.remove(&id);
        }
        None
    }

    fn is_old(&mut self, lead: LeadId, event: &Event) -> bool {
        let is_left = matches!(event, Event::Woken | Event::Joined);
        is_left && !self.take_wake(lead, event) && *event == Event::Joined
    }

    fn wake(&mut self, lead: LeadId, cause: Option<LeadId>) -> (LeadId, Event) {
        self.wakes.push((lead, cause));
        (lead, event_of(cause))
    }

    fn take_wake(&mut self, lead: LeadId, event: &Event) -> bool {
        let before = self.wakes.len();
        if *event == Event::Joined {
            let first = |wake: &(LeadId, Option<LeadId>)| wake.0 == lead && wake.1.is_some();
            self.wakes
                .iter()
                .position(first)
                .map(|at| self.wakes.remove(at));
        } else {
            self.wakes.retain(|wake| *wake != (lead, None));
        }
        self.wakes.len() < before
    }
}

impl Left {
    fn nothing(flow: Flow) -> Left {
        Left {
            flow,
            timeline: Vec::new(),
            effects: Vec::new(),
            wakes: Vec::new(),
        }
    }
}

pub(crate) fn event_of(cause: Option<LeadId>) -> Event {
    cause.map_or(Event::Woken, |_| Event::Joined)
}

pub(crate) fn is_open(flow: &Flow) -> bool {
    flow.deadline().is_some() || flow.stage() != Stage::Closed
}

fn calls(flow: &Flow) -> Vec<(LegId, CarrierCallId)> {
    let reps = flow.attempts.iter().map(|rep| (rep.leg, &rep.life));
    let customers = flow.customer.iter().map(|leg| (leg.leg, &leg.life));
    let known = reps.chain(customers);
    known
        .filter_map(|(leg, life)| Some((leg, life.call.clone()?)))
        .collect()
}
