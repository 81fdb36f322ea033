//! The rows that a store would keep, the clock, and what is due: the core's functions are called here and
//! nowhere else.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use leadbridge::decision::{self, Arrival, Outset, Rows};
use leadbridge::desk::{Desk, Number};
use leadbridge::flow::{Attempt, Command, Entry, Event, Flow, State};
use leadbridge::lead::Lead;
use leadbridge::phone::{PhoneKey, PhoneNumber};
use leadbridge::phrases::Phrases;
use leadbridge::rotation::Rules;
use leadbridge::script::Scripts;
use leadbridge_providers::{LeadId, LegId, Side};

use crate::carrier::{Carrier, Ring};
use crate::refused::Refused;
use crate::{lead_line, setup, words};

/// More events than any one moment of a story has: the flow spins.
const EVENTS_MAX: usize = 5_000;

/// All that there is.
pub(crate) struct World {
    pub(crate) now: Timestamp,
    pub(crate) rules: Rules,
    pub(crate) flows: BTreeMap<LeadId, Flow>,
    /// The leads' names, in order of arrival.
    pub(crate) names: Vec<(LeadId, String)>,
    pub(crate) desk: Desk,
    pub(crate) numbers: BTreeMap<PhoneKey, Number>,
    pub(crate) carrier: Carrier,
    /// What happens next in this moment.
    pub(crate) queue: VecDeque<Next>,
    /// The daemon does not run.
    pub(crate) dead: bool,
    /// What each lead told, and the customer's number: the lead's own row.
    pub(crate) told: BTreeMap<LeadId, Lead>,
    pub(crate) customers: BTreeMap<LeadId, PhoneNumber>,
    /// What is about no lead.
    pub(crate) asides: Vec<String>,
    moment: Vec<(LeadId, Tells)>,
    shown: BTreeMap<LeadId, String>,
    /// What must never be.
    pub(crate) broken: Vec<String>,
    /// Lines say which lead they are about.
    pub(crate) several: bool,
}

/// What happens next in a moment.
pub(crate) enum Next {
    /// A flow hears of something.
    Step(LeadId, Event),
    /// A leg that is up reads what it hears now.
    Read(LegId),
}

/// What came of a moment for one lead.
#[derive(Default)]
struct Tells {
    left: Vec<String>,
    told: Vec<String>,
}

impl World {
    pub(crate) fn new(now: Timestamp) -> World {
        World {
            now,
            rules: setup::rules(),
            flows: BTreeMap::new(),
            names: Vec::new(),
            desk: Desk::default(),
            numbers: BTreeMap::new(),
            carrier: Carrier::default(),
            queue: VecDeque::new(),
            dead: false,
            told: BTreeMap::new(),
            customers: BTreeMap::new(),
            asides: Vec::new(),
            moment: Vec::new(),
            shown: BTreeMap::new(),
            broken: Vec::new(),
            several: false,
        }
    }

    /// A lead comes in.
    pub(crate) fn arrive(&mut self, arrival: &Arrival, name: String) {
        let lead = arrival.lead;
        self.names.push((lead, name));
        self.told
            .extend(arrival.told.clone().map(|told| (lead, told)));
        let met = decision::meet(arrival, &self.rules, &setup::KEY);
        self.customers
            .extend(met.phone.clone().map(|phone| (lead, phone)));
        let number = met
            .number
            .as_ref()
            .and_then(|key| self.numbers.get(key))
            .cloned()
            .unwrap_or_default();
        match decision::set_out(arrival, met, &number, &self.rules, self.now) {
            Outset::Own(flow, timeline, commands) => {
                let held = matches!(flow.state, State::Held(_));
                self.flows.insert(lead, *flow);
                self.note(lead, &timeline, commands);
                if !held {
                    self.queue.push_back(Next::Step(lead, Event::Begin));
                }
            }
            Outset::Joined(flow, timeline, to) => {
                self.flows.insert(lead, *flow);
                self.note(lead, &timeline, Vec::new());
                self.queue.push_back(Next::Step(to, Event::Joined));
            }
        }
        self.drain();
    }

    /// Everything that is due before `until`, or at it; a moment in which something came out is `tell`-ed.
    pub(crate) fn pass(&mut self, until: Timestamp, tell: &mut dyn FnMut(&mut World)) {
        while let Some(at) = self.due().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.fall_due();
            tell(self);
            if !self.broken.is_empty() {
                return;
            }
        }
        self.now = self.now.max(until);
    }

    /// When something happens by itself.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        let flows = self.flows.values().filter_map(Flow::deadline);
        let desk = self
            .desk
            .0
            .values()
            .filter_map(leadbridge::desk::Phone::due);
        let ours = flows
            .chain(desk)
            .chain(self.carrier.refused.values().filter_map(Refused::due))
            .filter(|_| !self.dead);
        ours.chain(self.carrier.due()).min()
    }

    /// Steps what this moment holds until nothing is left.
    pub(crate) fn drain(&mut self) {
        let mut left = EVENTS_MAX;
        while let Some(next) = self.queue.pop_front() {
            match next {
                Next::Step(..) | Next::Read(_) if self.dead => {}
                Next::Step(lead, event) => self.step(lead, event),
                Next::Read(leg) => self.read(leg),
            }
            left -= 1;
            if left == 0 {
                self.broken
                    .push(format!("too much happens at {}", self.now));
                self.queue.clear();
            }
        }
    }

    /// The lines of this moment, for a story.
    pub(crate) fn lines(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        for (lead, flow) in &self.flows {
            let state = words::place(flow);
            let told = matches!(flow.state, State::Held(_) | State::Closed(_));
            if self.shown.insert(*lead, state.clone()).as_ref() != Some(&state) && !told {
                match self.moment.iter_mut().find(|(whose, _)| whose == lead) {
                    Some((_, tells)) => tells.told.push(format!("now {state}")),
                    None => self.moment.push((
                        *lead,
                        Tells {
                            left: Vec::new(),
                            told: vec![format!("now {state}")],
                        },
                    )),
                }
            }
        }
        for (lead, tells) in std::mem::take(&mut self.moment) {
            let prefix = if self.several {
                format!("{}: ", self.name(lead))
            } else {
                String::new()
            };
            if !tells.left.is_empty() {
                lines.push(format!("-> {prefix}{}", tells.left.join(", ")));
            }
            if !tells.told.is_empty() {
                lines.push(format!("{prefix}{}", tells.told.join("; ")));
            }
        }
        let asides = std::mem::take(&mut self.asides);
        lines.extend((!asides.is_empty()).then(|| asides.join("; ")));
        lines
    }

    pub(crate) fn name(&self, lead: LeadId) -> &str {
        let found = self.names.iter().find(|(whose, _)| *whose == lead);
        found.map_or("", |(_, name)| name)
    }

    /// A leg that is up reads its script: what it hears is told once, and the carrier does what follows.
    fn read(&mut self, leg: LegId) {
        let Some(flow) = self.flows.get(&leg.lead) else {
            return;
        };
        let up = self.carrier.is_up(leg);
        let Some((told, turn)) = lead_line::script(flow, leg).filter(|_| up) else {
            return;
        };
        if !self.carrier.reads(leg, turn) {
            return;
        }
        let customer_s = flow.terms.as_ref().map_or(25, |terms| terms.customer_s);
        let attempt = flow.attempt(leg).cloned();
        let came_in = flow.customer_leg(leg).and_then(|leg| leg.came_in.as_ref());
        let hears = came_in.map(|came_in| came_in.hears);
        self.tells(leg.lead).told.push(told);
        if let Some(attempt) = attempt {
            self.voice_says_as_told(&attempt);
            self.carrier
                .plays(&attempt, turn, customer_s, self.now, &mut self.queue);
        } else if let Some(hears) = hears {
            self.carrier.customer_plays(leg, turn, hears, self.now);
        }
    }

    /// A story's words are its own; the line that a rep must not miss is looked for in what the voice says.
    fn voice_says_as_told(&mut self, attempt: &Attempt) {
        let lead = attempt.leg.lead;
        let flow = &self.flows[&lead];
        let phrases = Phrases::shipped();
        let scripts = Scripts {
            phrases: &phrases,
            rules: &self.rules,
            told: &self.told[&lead],
            phone: self.customers.get(&lead),
        };
        let line = phrases.say(attempt.seat.language, "asked-again", &[]);
        let said = scripts.for_leg(flow, attempt, self.now).lines;
        if said.contains(&line) != words::hears(flow, attempt).contains("who asked again") {
            let who = words::name(&attempt.seat.rep);
            self.broken
                .push(format!("the voice says to {who}: {said:?}"));
        }
    }

    fn fall_due(&mut self) {
        for happening in self.carrier.fall_due(self.now) {
            self.carrier.happens(happening, self.now, &mut self.queue);
            self.drain();
        }
        if self.dead {
            return;
        }
        self.try_stalled();
        let mut due: Vec<_> = self
            .flows
            .values()
            .filter(|flow| flow.deadline().is_some_and(|at| at <= self.now))
            .collect();
        due.sort_by_key(|flow| (flow.facts.t1, flow.lead));
        let due: Vec<_> = due.iter().map(|flow| flow.lead).collect();
        for lead in due {
            self.queue.push_back(Next::Step(lead, Event::Clock));
            self.drain();
            if self.flows[&lead]
                .deadline()
                .is_some_and(|at| at <= self.now)
            {
                self.broken.push(format!(
                    "{} does not get over its deadline at {}",
                    self.name(lead),
                    self.now
                ));
            }
        }
        self.free_phones();
    }

    /// Desk rows whose time has come are freed, and the first in line is told.
    fn free_phones(&mut self) {
        let now = self.now;
        let mut woken = Vec::new();
        for phone in self
            .desk
            .0
            .values_mut()
            .filter(|phone| phone.due().is_some_and(|at| at <= now))
        {
            if phone.expire(now) {
                woken.extend(phone.first_in_line(now));
            }
        }
        self.queue
            .extend(woken.into_iter().map(|lead| Next::Step(lead, Event::Woken)));
        self.drain();
    }

    /// Rings that wait because the carrier refuses them: the oldest lead's is tried first.
    fn try_stalled(&mut self) {
        let (now, refused) = (self.now, self.carrier.refused.values_mut());
        let tried: Vec<_> = refused.flat_map(|waiting| waiting.try_now(now)).collect();
        for leg in tried {
            self.step(leg.lead, Event::Leaving(leg));
            if self.flows[&leg.lead].wants(leg) {
                self.carrier_rings(leg);
            } else {
                let refused = self.carrier.refused.values_mut();
                refused.for_each(|waiting| waiting.forget(leg));
            }
            self.drain();
        }
    }

    pub(crate) fn step(&mut self, lead: LeadId, event: Event) {
        let Some(flow) = self.flows.get(&lead).cloned() else {
            return;
        };
        let number = flow.facts.number.as_ref();
        let number = number.and_then(|key| self.numbers.get(key)).cloned();
        let number = number.unwrap_or_default();
        let keys = decision::phones(&flow, &number, &self.rules);
        let rows = keys
            .iter()
            .filter_map(|key| self.desk.0.get(key).map(|row| (key.clone(), row.clone())));
        let desk = Desk(rows.collect());
        let rows = Rows { desk, number, flow };
        let decided = decision::decide(rows, event, &self.rules, self.now);
        if let Some(key) = decided.rows.flow.facts.number.clone() {
            self.numbers.insert(key, decided.rows.number);
        }
        self.desk.0.extend(decided.rows.desk.0);
        self.flows.insert(lead, decided.rows.flow);
        self.note(lead, &decided.timeline, decided.commands);
        self.queue.extend(
            decided
                .wakes
                .into_iter()
                .map(|other| Next::Step(other, Event::Woken)),
        );
    }

    pub(crate) fn note(&mut self, lead: LeadId, timeline: &[Entry], commands: Vec<Command>) {
        let flow = self.flows[&lead].clone();
        let left: Vec<_> = commands
            .iter()
            .map(|command| words::command(&flow, command))
            .collect();
        let told: Vec<_> = timeline.iter().filter_map(words::told).collect();
        if !left.is_empty() || !told.is_empty() {
            let tells = self.tells(lead);
            tells.left.extend(left);
            tells.told.extend(told);
        }
        for command in commands {
            self.leaves(&flow, &command);
        }
    }

    /// A command reaches the carrier.
    fn leaves(&mut self, flow: &Flow, command: &Command) {
        match command {
            Command::Ring(leg) => self.carrier_rings(*leg),
            Command::Interrupt(leg) => {
                let next = self.carrier.interrupted(flow, *leg, self.now);
                self.queue.extend(next);
            }
            Command::Cancel(leg) => self.queue.extend(self.carrier.cancels(*leg, self.now)),
            Command::HangUp(leg) => self.queue.extend(self.carrier.hangs_up(*leg, self.now)),
            Command::LookUp(leg) => self.queue.extend(self.carrier.looks_up(*leg)),
            Command::Text(_) | Command::Notice(_) => {}
        }
    }

    fn carrier_rings(&mut self, leg: LegId) {
        let flow = &self.flows[&leg.lead];
        let Some(attempt) = flow.attempt(leg).filter(|_| leg.side == Side::Rep) else {
            return;
        };
        let who = words::name(&attempt.seat.rep);
        if self.carrier.has_live(&attempt.seat.phone) {
            self.broken
                .push(format!("two lead calls on {who}'s phone at {}", self.now));
        }
        let ring = Ring {
            leg,
            who,
            phone: attempt.seat.phone.clone(),
            carrier: attempt.carrier.clone(),
            t1: flow.facts.t1,
            gives_up: self.now + SignedDuration::from_secs(i64::from(attempt.ring_s) + 12),
        };
        let next = self.carrier.rings(ring, self.now);
        self.dead |= self.carrier.kills();
        self.queue.extend(next);
    }

    fn tells(&mut self, lead: LeadId) -> &mut Tells {
        let at = self.moment.iter().position(|(whose, _)| *whose == lead);
        let at = at.unwrap_or_else(|| {
            self.moment.push((lead, Tells::default()));
            self.moment.len() - 1
        });
        &mut self.moment[at].1
    }
}
