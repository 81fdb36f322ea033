//! Whatever happens in whatever order, both databases answer as the model does and keep the same rows.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use leadbridge::desk::{Desk, Phone};
use leadbridge::flow::shown::Stage;
use leadbridge::flow::{Command, Entry, Event, Flow};
use leadbridge::io::store::{
    CallIn, Effect, Fate, Filter, Inheritance, MessageState, New, OutboxId, Posting, Record,
    Stepped, TakenIn, Wake,
};
use leadbridge::message::{Draft, Kind, Recipient, Way};
use leadbridge::phone::PhoneNumber;
use leadbridge::report::{By, Period};
use leadbridge::rotation::{CarrierId, RepId, RooftopId, Strategy};
use leadbridge_providers::{
    Asked, CarrierCallId, End, Found, LeadId, LegId, MessageId, Phase, Placing,
};

use crate::group::{arrival, lead};
use crate::house::House;
use crate::model::{Decided, Left, Model, event_of};

const SEQUENCES: u64 = 60;
const VERBS: usize = 60;
const STATES: [MessageState; 6] = [
    MessageState::Unknown,
    MessageState::Taken,
    MessageState::Sent,
    MessageState::Delivered,
    MessageState::Undelivered,
    MessageState::Failed,
];

/// A store and the model, to which the same happens.
struct Both {
    house: House,
    model: Model,
    rng: Rng,
    /// What happens now, for whoever reads that it went wrong.
    what: String,
    leads: u128,
    /// The items of the outbox, as the store calls those of the model.
    items: BTreeMap<usize, OutboxId>,
    /// The same of messages, in the model's order.
    texts: Vec<MessageId>,
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_does_as_the_model() {
    for seed in seeds() {
        let strategy = strategy(seed);
        all_happens(House::of_file(strategy), seed).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_does_as_the_model() {
    for seed in seeds() {
        let strategy = strategy(seed);
        all_happens(House::of_server(strategy).await, seed).await;
    }
}

/// Others every time.
fn seeds() -> std::ops::Range<u64> {
    let first = u64::from(Rng::new().u32(..));
    println!("seeds {first} and on");
    first..first + SEQUENCES
}

fn strategy(seed: u64) -> Strategy {
    if seed.is_multiple_of(2) {
        Strategy::InOrder
    } else {
        Strategy::RingAll
    }
}

async fn all_happens(house: House, seed: u64) {
    let key = house.store.hash_key().clone();
    let model = Model::new(house.rules.clone(), key, house.now());
    let mut both = Both {
        house,
        model,
        rng: Rng::with_seed(seed),
        what: String::new(),
        leads: 0,
        items: BTreeMap::new(),
        texts: Vec::new(),
    };
    for verb in 0..VERBS {
        both.what = format!("seed {seed}, verb {verb}");
        if both.rng.u8(..) < 6 {
            let (house, left) = both.house.reopened().await;
            both.house = house;
            both.inherits(&left);
        } else {
            both.time_goes_by().await;
            both.something_happens().await;
        }
    }
    both.keep_the_same().await;
}

impl Both {
    async fn time_goes_by(&mut self) {
        let ms = [0, 0, 40, 1_000, 20_000, 130_000, 3_600_000][self.rng.usize(..7)];
        self.model.now += SignedDuration::from_millis(ms);
        self.house.it_is(self.model.now).await;
    }

    async fn something_happens(&mut self) {
        match self.rng.u8(..20) {
            0..4 => self.receives().await,
            4..8 => self.item_is_answered().await,
            8..12 => self.leg_goes_on().await,
            12 => self.person_decides().await,
            13 => self.is_due().await,
            14 => self.expires().await,
            15 => self.wake_is_stepped().await,
            16 => self.calls_in().await,
            17 => self.is_written().await,
            18 => self.message_goes_on().await,
            _ => self.is_told_or_erased().await,
        }
    }

    async fn receives(&mut self) {
        self.leads += 1;
        let id = self.rng.u8(..4);
        let id = (id > 0).then(|| format!("web-{}", u128::from(id) * self.leads / 3));
        let mut new = arrival(self.leads, id.as_deref());
        if let Some(told) = new.arrival.told.as_mut() {
            told.phone = Some(format!("+3247112000{}", self.rng.u8(1..6)));
            told.test = self.rng.u8(..20) == 0;
            told.email = Some("Els@Example.com".to_owned());
        }
        if self.rng.u8(..15) == 0 {
            new.arrival.told = None;
        }
        new.arrival.over_rate = self.rng.u8(..15) == 0;
        self.comes_in(new).await;
    }

    async fn comes_in(&mut self, new: New) {
        self.what += " receive";
        let expected = self.model.receive(&new);
        let (rules, now) = (self.house.rules.clone(), self.model.now);
        let received = self.house.store.receive(new, rules, now).await.unwrap();
        assert_eq!(received.known, expected.is_err(), "{}", self.what);
        match expected {
            Err(flow) => assert_eq!(received.flow, *flow, "{}", self.what),
            Ok(expected) => {
                let wakes = received.wakes;
                let left = left(received.flow, received.timeline, &received.effects, wakes);
                self.same(left, &received.effects, expected);
            }
        }
    }

    /// The carrier or somebody else tells what became of a command.
    async fn item_is_answered(&mut self) {
        let Some(id) = self.any_item() else {
            return self.receives().await;
        };
        let item = &self.model.outbox[&id];
        let (lead, command) = (item.lead, item.command.clone());
        let Command::Ring(leg) = command else {
            self.what += &format!(" done {command:?}");
            self.model.outbox.remove(&id);
            return self.house.store.done(self.items[&id]).await.unwrap();
        };
        let event = match self.rng.u8(..12) {
            _ if item.parked && self.rng.bool() => Event::Leaving(leg),
            0..6 => Event::Placing(leg, Placing::Placed(call_of(leg))),
            6 => Event::Placing(leg, Placing::NotSent),
            7 => Event::Placing(leg, Placing::BadNumber { code: 21_211 }),
            8 => Event::Placing(leg, Placing::Unknown),
            9 => Event::NoCarrier(leg),
            _ => Event::Parked {
                leg,
                refused: self.rng.bool(),
            },
        };
        self.steps(lead, event, Some(id)).await;
    }

    /// The carrier tells of a leg, or somebody presses a key on it.
    async fn leg_goes_on(&mut self) {
        let flows = self.model.flows.values();
        let legs: Vec<LegId> = flows.flat_map(legs).collect();
        let Some(leg) = self.any(&legs) else {
            return self.receives().await;
        };
        let ends = [
            End::Busy,
            End::NoAnswer,
            End::Completed { up_s: Some(61) },
            End::Failed,
        ];
        let (call, end) = (call_of(leg), ends[self.rng.usize(..4)]);
        let phases = [Phase::Ringing, Phase::Answered, Phase::Ended(end)];
        let phase = phases[self.rng.usize(..3)].clone();
        let event = match self.rng.u8(..6) {
            0..3 => Event::Progress {
                leg,
                call: Some(call),
                phase,
            },
            3 => Event::Found(leg, self.found(call, phase)),
            _ => Event::Asked {
                leg,
                turn: self.rng.u8(1..3).into(),
                call: Some(call),
                phase: None,
                asked: self.asked(end),
            },
        };
        self.steps(leg.lead, event, None).await;
    }

    fn found(&mut self, call: CarrierCallId, phase: Phase) -> Found {
        if self.rng.bool() {
            return Found::Nothing;
        }
        Found::Call {
            call,
            phase,
            ended_at: None,
        }
    }

    fn asked(&mut self, end: End) -> Asked {
        match self.rng.u8(..6) {
            0 => Asked::Answer,
            1 => Asked::Dial {
                end,
                still_up: self.rng.bool(),
            },
            2 => Asked::Digits(Some('7')),
            _ => Asked::Digits(Some('1')),
        }
    }

    async fn person_decides(&mut self) {
        let reason = Some("as typed".to_owned());
        let event = match self.rng.u8(..4) {
            0 => Event::Release { reason },
            1 => Event::Discard { reason },
            2 => Event::Cancel { reason },
            _ => Event::Restarted,
        };
        let lead = self.any_lead();
        self.steps(lead, event, None).await;
    }

    async fn steps(&mut self, lead: LeadId, event: Event, answers: Option<usize>) {
        self.what += &format!(" {lead} {event:?}");
        let expected = self.model.step(lead, &event, answers);
        let answers = answers.map(|id| self.items[&id]);
        let (rules, now) = (self.house.rules.clone(), self.model.now);
        let stepped = self.house.store.step(lead, event, answers, rules, now);
        let stepped = stepped.await.unwrap();
        self.same_step(stepped, expected);
    }

    async fn is_due(&mut self) {
        let due = self.house.store.reads().due(self.model.now, 1).await;
        let lead = due.unwrap().pop().unwrap_or_else(|| self.any_lead());
        self.what += &format!(" due {lead}");
        let expected = self.model.step_due(lead);
        let (rules, now) = (self.house.rules.clone(), self.model.now);
        let stepped = self.house.store.step_due(lead, rules, now).await.unwrap();
        self.same_step(stepped, expected);
    }

    async fn expires(&mut self) {
        self.what += " expire";
        let expected = self.model.expire();
        let wakes = self.house.store.expire(self.model.now).await.unwrap();
        assert_eq!(plain(wakes), expected, "{}", self.what);
    }

    async fn wake_is_stepped(&mut self) {
        let wakes: Vec<_> = self.model.wakes.clone();
        match self.any(&wakes) {
            Some((lead, cause)) => self.steps(lead, event_of(cause), None).await,
            None => self.receives().await,
        }
    }

    async fn calls_in(&mut self) {
        self.leads += 1;
        let from = match self.rng.u8(..4) {
            0 => format!("+3247000000{}", self.rng.u8(1..3)),
            _ => format!("+3247112000{}", self.rng.u8(1..6)),
        };
        let call = CallIn {
            lead: lead(self.leads),
            carrier: CarrierId("main".to_owned()),
            call: CarrierCallId(format!("IN-{}", self.rng.u128(..self.leads))),
            from: Some(PhoneNumber::parse(&from, "BE").unwrap()),
            line: PhoneNumber::parse("+3292330000", "BE").unwrap(),
        };
        self.what += &format!(" {} from {from}", call.call.0);
        let expected = self.model.called_in(&call);
        let (rules, now) = (self.house.rules.clone(), self.model.now);
        let taken = self.house.store.called_in(call, rules, now).await.unwrap();
        match (taken, expected) {
            (TakenIn::Leg { leg, stepped, .. }, Some((expected, decided))) => {
                assert_eq!(leg, expected, "{}", self.what);
                self.same_step(Some(*stepped), Some(decided));
            }
            (TakenIn::Nobodys, None) => {}
            (_, expected) => panic!("{}: {expected:?}", self.what),
        }
    }

    async fn is_written(&mut self) {
        let (lead, item) = (self.any_lead(), self.any_item());
        let item = item.filter(|_| self.rng.bool());
        let draft = self.draft(lead);
        self.what += &format!(" post {:?}", draft.kind);
        let expected = self.model.post(item, lead, &draft);
        let posting = Posting {
            item: item.map(|id| self.items[&id]),
            lead: Some(lead),
            drafts: vec![draft],
            day: None,
        };
        let posted = self.house.store.post(posting, self.model.now).await;
        let posted = posted.unwrap();
        assert_eq!(posted.len(), usize::from(expected), "{}", self.what);
        self.texts.extend(posted.iter().map(|message| message.id));
    }

    fn draft(&mut self, lead: LeadId) -> Draft {
        let kinds = [Kind::RepMissed, Kind::CustomerWaits, Kind::NobodyAccepted];
        let kind = kinds[self.rng.usize(..3)];
        let to_customer = kind == Kind::CustomerWaits;
        let flow = self.model.flows.get(&lead).filter(|_| to_customer);
        Draft {
            to: if to_customer {
                Recipient::Customer
            } else {
                Recipient::Rep(RepId("an".to_owned()))
            },
            number: flow.and_then(|flow| flow.facts.number.clone()),
            way: [Way::Text, Way::Mail][self.rng.usize(..2)],
            kind,
            rooftop: RooftopId("gent".to_owned()),
            subject: "Sleutel".to_owned(),
            body: "We bellen u".to_owned(),
        }
    }

    async fn message_goes_on(&mut self) {
        if self.texts.is_empty() {
            return self.is_written().await;
        }
        let at = self.rng.usize(..self.texts.len());
        let (state, refused) = (STATES[self.rng.usize(..6)], self.rng.u8(..5) == 0);
        self.what += &format!(" message {state:?}, refused {refused}");
        let fate = Fate {
            state,
            carrier_id: Some("SM1".to_owned()),
            code: None,
            refused,
        };
        let expected = self.model.went(at, state, refused);
        let (id, now) = (self.texts[at], self.model.now);
        let went = self.house.store.message_went(id, fate, now).await;
        assert_eq!(went.unwrap(), expected, "{}", self.what);
    }

    async fn is_told_or_erased(&mut self) {
        let (lead, yes) = (self.any_lead(), self.rng.u8(..3) > 0);
        if self.rng.bool() {
            self.what += &format!(" {lead} converted {yes}");
            let expected = self.model.convert(lead, yes);
            let told = self.house.store.convert(lead, yes, self.model.now).await;
            return assert_eq!(told.unwrap(), expected, "{}", self.what);
        }
        self.what += &format!(" {lead} is erased");
        self.model.erase(lead);
        self.house.store.erase(vec![lead]).await.unwrap();
    }

    /// The process ended, and the next one takes over what it left.
    fn inherits(&self, left: &Inheritance) {
        let items = left.items.iter().map(|item| item.id);
        let expected = self.model.outbox.keys().map(|id| self.items[id]);
        assert!(items.eq(expected), "{} takes over", self.what);
        let flows: BTreeSet<_> = left.flows.iter().copied().collect();
        assert_eq!(flows, self.model.with_legs(), "{} takes over", self.what);
        let leaving = self.model.texts.iter().zip(&self.texts);
        let leaving = leaving.filter(|(text, _)| {
            let state = text.as_ref().map(|text| text.state);
            state == Some(MessageState::Leaving)
        });
        let messages = left.messages.iter().map(|message| message.id);
        assert!(messages.eq(leaving.map(|(_, id)| *id)), "{}", self.what);
    }

    fn same_step(&mut self, stepped: Option<Stepped>, expected: Option<Decided>) {
        let (Some(stepped), Some(expected)) = (&stepped, expected) else {
            return assert!(stepped.is_none(), "{}: it was stepped", self.what);
        };
        let kept = &self.model.leads[&stepped.flow.lead];
        assert_eq!(stepped.phone, kept.phone, "{}", self.what);
        assert!(stepped.told == kept.told.clone().unwrap_or_default());
        let (flow, timeline) = (stepped.flow.clone(), stepped.timeline.clone());
        let left = left(flow, timeline, &stepped.effects, stepped.wakes.clone());
        self.same(left, &stepped.effects, expected);
    }

    /// The same was decided; from now on an item is known under both names.
    fn same(&mut self, left: Left, effects: &[Effect], (expected, items): Decided) {
        assert_eq!(left, expected, "{}", self.what);
        let names = effects.iter().map(|effect| effect.id);
        self.items.extend(items.into_iter().zip(names));
    }

    /// The same rows, when all is over.
    async fn keep_the_same(&self) {
        let (reads, model) = (self.house.store.reads(), &self.model);
        self.keep_the_same_leads().await;
        assert_eq!(rows(reads.desk().await.unwrap()), rows(model.desk.clone()));
        assert_eq!(reads.counts().await.unwrap(), model.counts());
        let due = model.next_due().map(|due| due.duration_since(model.now));
        assert_eq!(reads.next_due(model.now).await.unwrap(), due);
        let with_legs = reads.flows_with_legs().await.unwrap();
        assert!(with_legs.into_iter().collect::<BTreeSet<_>>() == model.with_legs());

        let outbox = reads.outbox().await.unwrap().into_iter();
        let outbox =
            outbox.map(|item| (item.id, item.lead, item.command, item.parked, item.errand));
        let expected = model.outbox.iter().map(|(id, item)| {
            let errand = model.flows[&item.lead].errand(&item.command);
            (
                self.items[id],
                item.lead,
                item.command.clone(),
                item.parked,
                errand,
            )
        });
        assert_eq!(outbox.collect::<Vec<_>>(), expected.collect::<Vec<_>>());

        let pending = plain(reads.pending().await.unwrap());
        let wakes: BTreeSet<_> = model.wakes.iter().copied().collect();
        let expected = wakes
            .into_iter()
            .map(|(lead, cause)| (lead, event_of(cause)));
        assert_eq!(pending, expected.collect::<Vec<_>>(), "{}", self.what);

        let days = (Some("2026-11-22"), Some("2026-11-23"));
        let period = Period::read(days.0, days.1, &TimeZone::UTC, model.now).unwrap();
        let rules = self.house.rules.clone();
        let report = reads.report(By::Rooftop, period.clone(), rules).await;
        assert_eq!(report.unwrap(), model.report(period), "{}", self.what);
    }

    async fn keep_the_same_leads(&self) {
        let (reads, model) = (self.house.store.reads(), &self.model);
        let listed = reads.list(Filter::default(), None, 1_000).await.unwrap();
        let mut flows: Vec<_> = model.flows.values().collect();
        flows.sort_by_key(|flow| std::cmp::Reverse((flow.facts.t1, flow.lead)));
        let names = |leads: &[Record]| leads.iter().map(|record| record.flow.lead).collect();
        let listed_names: Vec<LeadId> = names(&listed.leads);
        let expected: Vec<_> = flows.iter().map(|flow| flow.lead).collect();
        assert_eq!(listed_names, expected, "{}", self.what);
        for record in &listed.leads {
            self.keep_the_same_lead(record).await;
        }
        let ringing = Filter {
            state: Some(Stage::Ringing),
            ..Filter::default()
        };
        let ringing = reads.list(ringing, None, 1_000).await.unwrap().leads;
        flows.retain(|flow| flow.stage() == Stage::Ringing);
        assert_eq!(ringing.len(), flows.len(), "{}", self.what);
    }

    async fn keep_the_same_lead(&self, record: &Record) {
        let (reads, model) = (self.house.store.reads(), &self.model);
        let lead = record.flow.lead;
        let (kept, told) = (&model.leads[&lead], &model.timeline[&lead]);
        assert_eq!(record.flow, model.flows[&lead], "{}", self.what);
        assert_eq!(record.timeline, *told, "{}", self.what);
        assert!(record.told == kept.told, "{} {lead}", self.what);
        assert_eq!(record.phone, kept.phone, "{}", self.what);
        assert_eq!(record.joined_to, kept.joined_to, "{}", self.what);
        let source_id = kept
            .new
            .arrival
            .told
            .as_ref()
            .and_then(|told| told.id.clone());
        assert_eq!(record.source_id, source_id, "{}", self.what);
        let converted = reads.converted(lead).await.unwrap();
        assert_eq!(converted, model.customers.contains(&lead));
        let written = reads.messages_of(lead).await.unwrap();
        let written: Vec<_> = written.iter().map(|one| (one.way, one.state)).collect();
        let texts = model
            .texts
            .iter()
            .flatten()
            .filter(|text| text.lead == lead);
        let texts: Vec<_> = texts.map(|text| (text.draft.way, text.state)).collect();
        assert_eq!(written, texts, "{}", self.what);
    }

    fn any<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        let at = self.rng.usize(..of.len().max(1));
        of.get(at).cloned()
    }

    fn any_item(&mut self) -> Option<usize> {
        let items: Vec<_> = self.model.outbox.keys().copied().collect();
        self.any(&items)
    }

    /// Perhaps one that is not there.
    fn any_lead(&mut self) -> LeadId {
        let leads: Vec<_> = self.model.flows.keys().copied().collect();
        self.any(&leads).unwrap_or(lead(9_999))
    }
}

/// What a decision left, without the names that the store gave.
fn left(flow: Flow, timeline: Vec<Entry>, effects: &[Effect], wakes: Vec<Wake>) -> Left {
    let effects = effects
        .iter()
        .map(|effect| (effect.lead, effect.command.clone(), effect.errand.clone()));
    Left {
        flow,
        timeline,
        effects: effects.collect(),
        wakes: plain(wakes),
    }
}

fn plain(wakes: Vec<Wake>) -> Vec<(LeadId, Event)> {
    wakes
        .into_iter()
        .map(|wake| (wake.lead, wake.event))
        .collect()
}

/// The rows that say anything; a line has no order.
fn rows(desk: Desk) -> Desk {
    let mut rows = desk.0;
    rows.retain(|_, phone| *phone != Phone::default());
    for phone in rows.values_mut() {
        phone.line.sort_by_key(|waiting| waiting.lead);
    }
    Desk(rows)
}

fn legs(flow: &Flow) -> Vec<LegId> {
    let reps = flow.attempts.iter().map(|rep| rep.leg);
    reps.chain(flow.customer.iter().map(|leg| leg.leg))
        .collect()
}

fn call_of(leg: LegId) -> CarrierCallId {
    CarrierCallId(format!("CA-{leg}"))
}
