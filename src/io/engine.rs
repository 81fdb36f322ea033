//! What happens, one event at a time: an event becomes a decision in one transaction, and its effects leave after
//! the commit. Everything that comes in (leads, callbacks, look-ups, people, deadlines) passes through
//! [`Engine::happen`] or [`Engine::receive`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use leadbridge_providers::{Callback, Carrier, LeadId, LegId, Placing, Script, Turn};
use tokio::task::JoinSet;
use tracing::{Instrument, error, info_span, warn};

use crate::decision::Arrival;
use crate::flow::errand::Errand;
use crate::flow::{Command, Event, Flow};
use crate::io::carrier::Trunk;
use crate::io::clock::Clock;
use crate::io::due::Look;
use crate::io::metrics::Metrics;
use crate::io::nodes;
use crate::io::notice;
use crate::io::store::{
    Effect, Inheritance, Item, New, OutboxId, Received, Stepped, Store, StoreError, Wake,
};
use crate::lead::Lead;
use crate::phrases::Phrases;
use crate::rotation::{CarrierId, Rules};
use crate::script::{self, Scripts};
use crate::source::{Source, Sources};

/// How many overdue flows are stepped before others get a turn.
const BATCH: usize = 256;
/// The longest sleep between two looks for what is due: a net under the exact one.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The shortest, so that nothing can make the loop spin.
const LOOK_AT_MOST_EVERY: Duration = Duration::from_millis(5);

/// The running daemon, as all its parts see it.
#[derive(Clone)]
pub struct Engine(Arc<Parts>);

/// What an engine is made of.
pub struct Parts {
    /// The rows.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// The rules in force.
    pub rules: ArcSwap<Rules>,
    /// The sources in force.
    pub sources: ArcSwap<Sources>,
    /// The sentences.
    pub phrases: Phrases,
    /// One per carrier.
    pub trunks: BTreeMap<CarrierId, Arc<Trunk>>,
    /// How our own people are told.
    pub post: notice::Post,
    /// The figures for operating.
    pub metrics: Metrics,
    /// When it is looked for what is due.
    pub due: Look,
}

impl std::ops::Deref for Engine {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Engine {
    /// An engine at rest; [`Engine::run`] makes it move.
    pub fn new(parts: Parts) -> Engine {
        Engine(Arc::new(parts))
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The rules in force.
    pub fn rules(&self) -> Arc<Rules> {
        self.rules.load_full()
    }

    /// A lead that is authentic and within its size: on disk when this answers (P1).
    pub async fn receive(
        &self,
        source: &Source,
        content_type: &str,
        body: Vec<u8>,
        told: Option<Lead>,
        over_rate: bool,
    ) -> Result<Received, StoreError> {
        let arrival = Arrival {
            lead: self.clock.lead_id(),
            source: source.id.clone(),
            rooftop: source.rooftop.clone(),
            told,
            over_rate,
            unproven: source.auth.proves_nothing(),
        };
        let new = New {
            arrival,
            content_type: content_type.to_owned(),
            body,
        };
        let received = self.write_down(new).await?;
        self.leave(&received.flow, &received.effects);
        self.wake(&received.wakes);
        self.metrics.lead_received(&received);
        self.due.no_later_than(received.flow.deadline());
        Ok(received)
    }

    /// A lead over which the first decision falls is kept as one that nobody could read, for a person (P1).
    async fn write_down(&self, new: New) -> Result<Received, StoreError> {
        let mut unread = new.clone();
        unread.arrival.told = None;
        match self.store.receive(new, self.rules(), self.now()).await {
            Err(StoreError::Panicked) => self.store.receive(unread, self.rules(), self.now()).await,
            received => received,
        }
    }

    /// One event of one lead. `None`: no such lead.
    pub async fn happen(
        &self,
        lead: LeadId,
        event: Event,
        answers: Option<OutboxId>,
    ) -> Result<Option<Stepped>, StoreError> {
        let stepped = self
            .store
            .step(lead, event, answers, self.rules(), self.now())
            .await?;
        if let Some(stepped) = &stepped {
            self.follow_up(stepped);
        }
        Ok(stepped)
    }

    /// What a step leaves to be done, once it is written.
    pub(super) fn follow_up(&self, stepped: &Stepped) {
        self.leave(&stepped.flow, &stepped.effects);
        self.wake(&stepped.wakes);
        self.metrics.stepped(stepped);
        let due = stepped.flow.deadline();
        if due != stepped.before.deadline() {
            self.due.no_later_than(due);
        }
    }

    /// A callback: the event it is, and what the leg hears now. `None` where the route asks nothing.
    pub async fn callback(
        &self,
        carrier: &CarrierId,
        leg: LegId,
        turn: Option<Turn>,
        callback: Callback,
    ) -> Result<Option<Script>, StoreError> {
        let Callback { call, phase, asked } = callback;
        let event = match (turn, asked, phase) {
            (Some(turn), Some(asked), phase) => Event::Asked {
                leg,
                turn,
                call,
                phase,
                asked,
            },
            (None, _, Some(phase)) | (_, None, Some(phase)) => Event::Progress { leg, call, phase },
            (None, _, None) | (_, None, None) => return Ok(None),
        };
        let asks = matches!(event, Event::Asked { .. });
        let (carrier, rules) = (carrier.clone(), self.rules());
        let told = self.store.step_by(carrier, leg, event, rules, self.now());
        let stepped = told.await?;
        if let Some(stepped) = &stepped {
            self.follow_up(stepped);
        }
        Ok(asks.then(|| self.script(stepped.as_ref(), leg)))
    }

    /// Steps a flow from a part that has nobody to answer to; what failed is found again by what is due.
    pub fn happen_soon(&self, lead: LeadId, event: Event, answers: Option<OutboxId>) {
        let engine = self.clone();
        // One lead wakes the next, and that one another: they do not stand in each other's lines.
        let span = info_span!(parent: None, "lead", lead = %lead);
        let step = async move {
            if let Err(error) = engine.happen(lead, event, answers).await {
                warn!(%error, "a step was not written down; it is tried again when it is due");
            }
        };
        tokio::spawn(step.instrument(span));
    }

    /// Runs what is due until the process ends. It returns only when a carrier's line has panicked.
    pub async fn run(self) {
        let mut trunks = JoinSet::new();
        for trunk in self.trunks.values() {
            trunks.spawn(trunk.clone().run(self.clone()));
        }
        tokio::select! {
            () = self.run_deadlines() => {}
            () = notice::daily::run(self.clone()) => {}
            () = nodes::run(self.clone()), if self.store.is_shared() => {}
            Some(_) = trunks.join_next() => {}
        }
    }

    async fn run_deadlines(&self) {
        loop {
            let pause = self.run_due().await.unwrap_or_else(|error| {
                warn!(%error, "what is due can't be run; trying again");
                LOOK_EVERY
            });
            tokio::time::sleep(LOOK_AT_MOST_EVERY).await;
            self.due.sleep(pause, self.now()).await;
        }
    }

    /// What a leg hears now; a leg that nobody knows is told so.
    pub(super) fn script(&self, stepped: Option<&Stepped>, leg: LegId) -> Script {
        let rules = self.rules();
        let Some(stepped) = stepped else {
            return script::dealt_with(&self.phrases, &rules);
        };
        let scripts = Scripts {
            phrases: &self.phrases,
            rules: &rules,
            told: &stepped.told,
            phone: stepped.phone.as_ref(),
        };
        scripts.now(&stepped.flow, leg, self.now())
    }

    /// What a script says while the store is away.
    pub fn hold_script(&self, again: String) -> Script {
        script::hold(&self.phrases, &self.rules(), again)
    }

    /// What a leg hears now, when nothing happens to it.
    pub async fn script_now(&self, leg: LegId) -> Result<Script, StoreError> {
        let stepped = self.store.as_it_stands(leg.lead).await?;
        Ok(self.script(stepped.as_ref(), leg))
    }

    /// The carrier of an id, to check and read its callbacks.
    pub fn carrier(&self, id: &CarrierId) -> Option<&Carrier> {
        self.trunks.get(id).map(|trunk| &trunk.carrier)
    }

    /// The commit is done: its effects leave.
    fn leave(&self, flow: &Flow, effects: &[Effect]) {
        for effect in effects {
            match &effect.errand {
                Errand::Carrier(carrier, _) => match self.trunks.get(carrier) {
                    Some(trunk) => trunk.take(self, flow, effect),
                    None => self.no_carrier(carrier, effect),
                },
                Errand::Text(_) | Errand::Notice(_) => notice::send(self, flow, effect),
            }
        }
    }

    /// An admin took the carrier out of the settings: its rings give their phones back, other orders are moot.
    fn no_carrier(&self, carrier: &CarrierId, effect: &Effect) {
        warn!(lead = %effect.lead, carrier = carrier.0, "this carrier is no longer configured");
        if let Command::Ring(leg) = effect.command {
            return self.happen_soon(effect.lead, Event::NoCarrier(leg), Some(effect.id));
        }
        let (engine, id) = (self.clone(), effect.id);
        tokio::spawn(async move {
            if let Err(error) = engine.store.done(id).await {
                warn!(%error, "an order without a carrier stays in the outbox");
            }
        });
    }

    fn wake(&self, wakes: &[Wake]) {
        for wake in wakes {
            self.happen_soon(wake.lead, wake.event.clone(), None);
        }
    }

    /// What the last process left. Nothing is served before this is done.
    pub async fn recover(&self) -> Result<(), StoreError> {
        match self.store.take_over(true, self.now()).await? {
            Some(left) => self.settle(left).await,
            None => Ok(()),
        }
    }

    /// What a process left that is no more: live legs to look up, creates whose fate is unknown, orders to repeat.
    /// Every leg has its phone again before anything else happens (P4), and all of it is written before anything
    /// leaves: where the store fails in the middle, all is found again as after a crash (P2).
    pub(super) async fn settle(&self, left: Inheritance) -> Result<(), StoreError> {
        let mut steps = self.restarted(&left.flows).await?;
        let messages = notice::recover(self, left.messages).await?;
        let mut orders = Vec::new();
        for item in left.items {
            match (&item.command, &item.errand) {
                (Command::Ring(leg), _) if !item.parked => {
                    let unknown = Event::Placing(*leg, Placing::Unknown);
                    steps.extend(self.step_of_item(&item, unknown).await?);
                }
                (Command::Text(_), _) | (_, None) => self.store.done(item.id).await?,
                (
                    Command::Ring(_)
                    | Command::Interrupt(_)
                    | Command::Cancel(_)
                    | Command::HangUp(_)
                    | Command::LookUp(_)
                    | Command::Notice(_),
                    Some(errand),
                ) => orders.extend(self.order_again(&item, errand).await?),
            }
        }
        self.store.settled(left.of).await?;
        steps.iter().for_each(|stepped| self.follow_up(stepped));
        notice::repeat(self, messages);
        for (flow, order) in orders {
            self.leave(&flow, &[order]);
        }
        Ok(())
    }

    async fn step_of_item(&self, item: &Item, event: Event) -> Result<Option<Stepped>, StoreError> {
        let (lead, answers) = (item.lead, Some(item.id));
        let step = self
            .store
            .step(lead, event, answers, self.rules(), self.now());
        Ok(alone(lead, step.await)?.flatten())
    }

    async fn order_again(
        &self,
        item: &Item,
        errand: &Errand,
    ) -> Result<Option<(Flow, Effect)>, StoreError> {
        let Item {
            id,
            node,
            lead,
            command,
            ..
        } = item.clone();
        let record = self.store.reads().lead(lead).await?;
        Ok(record.map(|record| {
            let errand = errand.clone();
            let order = Effect {
                id,
                node,
                lead,
                command,
                errand,
            };
            (record.flow, order)
        }))
    }

    /// After any span in which nothing was heard.
    pub(super) async fn restart_flows(&self) -> Result<(), StoreError> {
        let flows = self.store.reads().flows_with_legs().await?;
        let restarted = self.restarted(&flows).await?;
        restarted.iter().for_each(|stepped| self.follow_up(stepped));
        Ok(())
    }

    /// All flows claim their phones again before the first of them wakes another or asks the carrier (P4).
    async fn restarted(&self, flows: &[LeadId]) -> Result<Vec<Stepped>, StoreError> {
        let mut restarted = Vec::new();
        for leads in flows.chunks(BATCH) {
            let steps = leads.iter().map(|lead| {
                let rules = self.rules();
                self.store
                    .step(*lead, Event::Restarted, None, rules, self.now())
            });
            for (lead, stepped) in leads.iter().zip(join_all(steps).await) {
                let stepped = alone(*lead, stepped)?.flatten();
                restarted.extend(stepped.filter(Stepped::leaves_something));
            }
        }
        Ok(restarted)
    }

    /// The deadlines of many leads, written down in this order and in few commits. Whether all could go on.
    async fn pass_deadlines(&self, leads: &[LeadId]) -> Result<bool, StoreError> {
        let steps = leads.iter().map(|lead| self.pass_deadline(*lead));
        let mut all = true;
        for (lead, stepped) in leads.iter().zip(join_all(steps).await) {
            all &= alone(*lead, stepped)?.is_some();
        }
        Ok(all)
    }

    async fn pass_deadline(&self, lead: LeadId) -> Result<(), StoreError> {
        let stepped = self.store.step_due(lead, self.rules(), self.now()).await?;
        if let Some(stepped) = &stepped {
            self.follow_up(stepped);
        }
        Ok(())
    }

    /// Everything that is due now; how long until the next.
    async fn run_due(&self) -> Result<Duration, StoreError> {
        if self.clock.jumped() {
            self.restart_flows().await?;
        }
        let reads = self.store.reads();
        for wake in reads.pending().await? {
            let woken = self.happen(wake.lead, wake.event, None).await;
            alone(wake.lead, woken)?;
        }
        let due = reads.due(self.now(), BATCH).await?;
        let all = self.pass_deadlines(&due).await?;
        let mut next = reads.next_due(self.now()).await?;
        if next.is_some_and(|span| span <= SignedDuration::ZERO) {
            self.wake(&self.store.expire(self.now()).await?);
            next = reads.next_due(self.now()).await?;
        }
        if !all {
            // What could not go on is still due: it must not make the loop spin.
            return Ok(LOOK_EVERY);
        }
        let pause = next
            .and_then(|span| Duration::try_from(span).ok())
            .unwrap_or(LOOK_EVERY);
        Ok(pause.min(LOOK_EVERY))
    }
}

/// A lead whose own rows or decision fail stands still alone: all others go on (P6).
fn alone<T>(lead: LeadId, answer: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match answer {
        Ok(done) => Ok(Some(done)),
        Err(error) if error.is_of_one_lead() => {
            error!(%lead, %error, "this lead can't go on; a person must look after it");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
