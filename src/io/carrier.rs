//! One carrier's line out: rings leave at its pace and one at a time while it is down, everything else at once.
//! What left and what became of it is the flow's to know; here is only what can be lost (P2 rests on the store).
//!
//! `carrier/errands.rs` is everything else: interrupts, cancels, hang-ups and look-ups.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use leadbridge_providers::{Carrier, LegId, Place, Placing, Response, TextMessage, Texting};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tracing::{Instrument, error, info, info_span, warn};

use crate::flow::errand::{CarrierErrand, Errand};
use crate::flow::{Event, Flow};
use crate::io::asking::{Asking, Heard, Line};
use crate::io::engine::Engine;
use crate::io::notice;
use crate::io::pbx::Pbx;
use crate::io::speech::Speech;
use crate::io::store::{Effect, NodeId, OutboxId, StoreError};
use crate::message::Turned;
use crate::pacer::{Answer, Next, Pacer, Ring, Urgency};
use crate::rotation::CarrierId;

mod errands;

pub(super) use errands::ORDER_AGAIN_S;

/// So many look-ups are under way at the same time: a restart has one for each live leg, and rings need lines too.
const LOOK_UPS_MAX: usize = 16;
/// What a text gets where the carrier has no texts: HTTP's "not implemented".
const NO_TEXTS: u32 = 501;

/// A carrier, and the rings that wait for it.
pub struct Trunk {
    /// Its dialect.
    pub carrier: Carrier,
    id: CarrierId,
    asking: Asking,
    /// Who performs what its legs hear, where it does not do so itself.
    pbx: Option<Arc<Pbx>>,
    rings: Mutex<Rings>,
    changed: Notify,
    told_down: AtomicBool,
    look_ups: Semaphore,
}

struct Rings {
    pacer: Pacer,
    waiting: HashMap<LegId, Waiting>,
}

/// A ring that has not been answered by the carrier.
#[derive(Clone)]
struct Waiting {
    effect: Effect,
    /// The store knows that it has not left.
    parked: bool,
}

impl Trunk {
    /// A line to a carrier at `calls_per_s` (0: no pacing). `speech` is for one that is told what a leg hears; it
    /// fetches the sound from below `public_url`.
    pub fn new(
        id: CarrierId,
        carrier: Carrier,
        calls_per_s: f64,
        speech: Option<Speech>,
        public_url: &str,
    ) -> Result<Trunk, reqwest::Error> {
        let asking = Asking::at(&carrier.account().url)?;
        let pbx = carrier.asterisk().zip(speech).map(|(ari, speech)| {
            Pbx::new(id.clone(), ari.clone(), asking.clone(), speech, public_url)
        });
        let rings = Rings {
            pacer: Pacer::new(calls_per_s),
            waiting: HashMap::new(),
        };
        Ok(Trunk {
            carrier,
            id,
            asking,
            pbx: pbx.map(Arc::new),
            rings: Mutex::new(rings),
            changed: Notify::new(),
            told_down: AtomicBool::new(false),
            look_ups: Semaphore::new(LOOK_UPS_MAX),
        })
    }

    /// An effect for this carrier leaves: a ring at its turn, anything else at once.
    pub fn take(self: &Arc<Self>, engine: &Engine, flow: &Flow, effect: &Effect) {
        let Errand::Carrier(_, errand) = &effect.errand else {
            return;
        };
        match errand {
            CarrierErrand::Place(place) => self.queue(flow, place, effect, engine.now()),
            CarrierErrand::Interrupt(..)
            | CarrierErrand::Cancel(_)
            | CarrierErrand::HangUp(_)
            | CarrierErrand::LookUp(..) => {
                let (trunk, engine, effect) = (self.clone(), engine.clone(), effect.clone());
                let span = info_span!("lead", lead = %effect.lead);
                tokio::spawn(
                    async move { errands::run(&trunk, &engine, &effect).await }.instrument(span),
                );
            }
        }
    }

    /// Lets rings leave, as long as the process lives.
    pub async fn run(self: Arc<Self>, engine: Engine) {
        match self.pbx.clone() {
            Some(pbx) => tokio::select! {
                () = self.run_rings(&engine) => {}
                () = pbx.run(engine.clone()) => {}
            },
            None => self.run_rings(&engine).await,
        }
    }

    async fn run_rings(self: &Arc<Self>, engine: &Engine) {
        loop {
            let (leaving, next_at) = self.leaving(engine.now());
            for waiting in leaving {
                let span = info_span!("lead", lead = %waiting.effect.lead);
                let (trunk, engine) = (self.clone(), engine.clone());
                tokio::spawn(async move { trunk.send(&engine, waiting).await }.instrument(span));
            }
            self.park_the_rest(engine).await;
            engine.metrics.carrier_up(&self.id, !self.is_down());
            match next_at {
                None => self.changed.notified().await,
                Some(at) => {
                    let pause = Duration::try_from(at.duration_since(engine.now()))
                        .unwrap_or(Duration::ZERO);
                    let _ = tokio::time::timeout(pause, self.changed.notified()).await;
                }
            }
        }
    }

    /// Asks for a text message. It waits for no ring's turn: the carrier has a line of its own for texts.
    pub async fn text(&self, message: &TextMessage) -> Texting {
        let Some(carrier) = self.carrier.twilio() else {
            return Texting::Failed { code: NO_TEXTS };
        };
        match self.asking.ask(carrier.text(message)).await {
            Heard::Answer { status, body } => carrier.texting(Response {
                status,
                body: &body,
            }),
            Heard::NotSent => Texting::NotSent,
            Heard::Silence => Texting::Unknown,
        }
    }

    /// Whether it has texts at all.
    pub fn sends_texts(&self) -> bool {
        self.carrier.twilio().is_some()
    }

    /// Who speaks on it, where it has no voice of its own.
    pub fn speech(&self) -> Option<&Speech> {
        self.pbx.as_ref().map(|pbx| pbx.speech())
    }

    /// Whether it refuses everything.
    pub fn is_down(&self) -> bool {
        self.rings().pacer.is_down()
    }

    /// The admin changed something, or the carrier is there again: what waits is tried at once.
    pub fn retry_now(&self, now: Timestamp) {
        self.rings().pacer.retry_now(now);
        self.changed.notify_one();
    }

    fn rings(&self) -> MutexGuard<'_, Rings> {
        self.rings
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn queue(&self, flow: &Flow, place: &Place, effect: &Effect, now: Timestamp) {
        let ring = Ring {
            leg: place.leg,
            urgency: urgency(flow, place.leg),
            since: flow.facts.t1,
        };
        let parked = flow
            .attempt(place.leg)
            .is_some_and(|attempt| attempt.life.waits());
        let mut rings = self.rings();
        // A ring that is let go after it had waited is already under way here.
        if let Some(waiting) = rings.waiting.get_mut(&place.leg) {
            waiting.effect = effect.clone();
            return;
        }
        // One that its flow does not want never leaves (P2).
        if !(parked || flow.wants(place.leg)) {
            return;
        }
        rings.waiting.insert(
            place.leg,
            Waiting {
                effect: effect.clone(),
                parked,
            },
        );
        rings.pacer.wants(ring, now);
        drop(rings);
        self.changed.notify_one();
    }

    fn leaving(&self, now: Timestamp) -> (Vec<Waiting>, Option<Timestamp>) {
        let mut rings = self.rings();
        let mut leaving = Vec::new();
        loop {
            match rings.pacer.next(now) {
                Next::Leaves(leg) => leaving.extend(rings.waiting.get(&leg).cloned()),
                Next::At(at) => return (leaving, Some(at)),
                Next::Nothing => return (leaving, None),
            }
        }
    }

    /// A ring that can't leave at once is written down as not sent: after a crash it is known to be harmless.
    /// Nothing leaves before that is on disk, or a ring could be sent first and be taken for unsent afterwards.
    async fn park_the_rest(&self, engine: &Engine) {
        let (rings, refused) = self.unparked();
        let mut parking = JoinSet::new();
        for (leg, id) in rings {
            let engine = engine.clone();
            let event = Event::Parked { leg, refused };
            parking.spawn(async move {
                keep_trying(|| engine.happen(leg.lead, event.clone(), Some(id))).await
            });
        }
        parking.join_all().await;
    }

    fn unparked(&self) -> (Vec<(LegId, OutboxId)>, bool) {
        let mut rings = self.rings();
        let mut unparked = Vec::new();
        for leg in rings.pacer.waiting() {
            if let Some(waiting) = rings
                .waiting
                .get_mut(&leg)
                .filter(|waiting| !waiting.parked)
            {
                waiting.parked = true;
                unparked.push((leg, waiting.effect.id));
            }
        }
        (unparked, rings.pacer.is_down())
    }

    async fn send(&self, engine: &Engine, waiting: Waiting) {
        let Errand::Carrier(_, CarrierErrand::Place(place)) = &waiting.effect.errand else {
            return;
        };
        if let Some(pause) = self.pause(engine).await {
            return self.wait_until(place.leg, engine.now() + pause);
        }
        let node = match waiting.parked {
            true => {
                self.still_wanted(engine, place.leg, waiting.effect.id)
                    .await
            }
            false => Some(waiting.effect.node),
        };
        let line = self.asking.line().await;
        // The last act before bytes leave. Another node asks what became of a ring whose node was lost.
        if !node.is_some_and(|node| engine.store.may_leave(node)) {
            return self.let_go(place.leg, waiting.effect.node);
        }
        let (placing, reached) = self.place(place, line).await;
        engine.metrics.carrier_request(&self.id, &placing);
        let answer =
            self.rings()
                .pacer
                .answered(place.leg, placing, &place.to, reached, engine.now());
        self.tell_if_changed(engine);
        match answer {
            Answer::Theirs(placing) => {
                self.forget(place.leg);
                let event = Event::Placing(place.leg, placing);
                let answers = Some(waiting.effect.id);
                keep_trying(|| engine.happen(place.leg.lead, event.clone(), answers)).await;
                // While the phone rings: before, it would take the time of the ring itself.
                if let Some(pbx) = &self.pbx {
                    pbx.prepare(engine, place.leg);
                }
            }
            Answer::Again => {
                self.parked(place.leg);
                let event = Event::Parked {
                    leg: place.leg,
                    refused: true,
                };
                keep_trying(|| {
                    engine.happen(place.leg.lead, event.clone(), Some(waiting.effect.id))
                })
                .await;
                self.rings().pacer.back(place.leg);
                self.changed.notify_one();
            }
        }
    }

    /// Nodes share a carrier's pace: how long until the next ring may leave, if it is not now.
    async fn pause(&self, engine: &Engine) -> Option<SignedDuration> {
        let between = self.rings().pacer.between();
        if !engine.store.is_shared() || between.is_zero() {
            return None;
        }
        keep_trying(|| engine.store.turn(self.id.clone(), between))
            .await
            .flatten()
    }

    fn wait_until(&self, leg: LegId, at: Timestamp) {
        let mut rings = self.rings();
        rings.pacer.not_before(at);
        rings.pacer.back(leg);
        drop(rings);
        self.changed.notify_one();
    }

    /// The flow of a ring that waited is asked whether it still wants it, and says so on disk: in whose hand it is.
    async fn still_wanted(&self, engine: &Engine, leg: LegId, id: OutboxId) -> Option<NodeId> {
        let stepped = keep_trying(|| engine.happen(leg.lead, Event::Leaving(leg), Some(id))).await;
        let effects = stepped.flatten()?.effects;
        let leaves = effects.iter().find(|effect| effect.id == id)?;
        Some(leaves.node)
    }

    fn parked(&self, leg: LegId) {
        if let Some(waiting) = self.rings().waiting.get_mut(&leg) {
            waiting.parked = true;
        }
    }

    /// It does not leave under this node. What this process took over meanwhile, as the next one, waits for its turn.
    fn let_go(&self, leg: LegId, of: NodeId) {
        let mut rings = self.rings();
        let now = rings.waiting.get(&leg).map(|waiting| waiting.effect.node);
        if now == Some(of) {
            drop(rings);
            return self.forget(leg);
        }
        rings.pacer.back(leg);
        drop(rings);
        self.changed.notify_one();
    }

    fn forget(&self, leg: LegId) {
        let mut rings = self.rings();
        rings.waiting.remove(&leg);
        rings.pacer.drop_ring(leg);
        drop(rings);
        self.changed.notify_one();
    }

    /// Whoever is concerned is told once of each change, by another way than this carrier.
    fn tell_if_changed(&self, engine: &Engine) {
        let (down, code) = {
            let rings = self.rings();
            (rings.pacer.is_down(), rings.pacer.down_code())
        };
        if self.told_down.swap(down, Ordering::Relaxed) == down {
            return;
        }
        let turned = if down {
            error!(
                carrier = self.id.0,
                code, "the carrier refuses all rings; leads wait, check its settings"
            );
            Turned::Down(code)
        } else {
            info!(carrier = self.id.0, "the carrier takes rings again");
            Turned::Back
        };
        notice::carrier_turned(engine, &self.id, turned);
    }

    /// The create's end in one of five ways, and whether the carrier said anything at all.
    async fn place(&self, place: &Place, line: Line) -> (Placing, bool) {
        if self.pbx.as_ref().is_some_and(|pbx| !pbx.is_connected()) {
            return (Placing::NotSent, false);
        }
        let request = self.carrier.place(place);
        match self.asking.ask_on(line, request).await {
            Heard::Answer { status, body } => {
                let response = Response {
                    status,
                    body: &body,
                };
                (self.carrier.placing(place, response), true)
            }
            Heard::NotSent => (Placing::NotSent, false),
            Heard::Silence => (Placing::Unknown, false),
        }
    }
}

/// A customer without a ringing phone first, then second phones, then later rounds.
fn urgency(flow: &Flow, leg: LegId) -> Urgency {
    let others = flow
        .attempts
        .iter()
        .any(|other| other.leg != leg && other.result.is_none() && other.life.live());
    match flow.attempt(leg) {
        Some(attempt) if attempt.round > 1 => Urgency::LaterRound,
        Some(_) | None if others => Urgency::SecondPhone,
        Some(_) | None => Urgency::FirstPhone,
    }
}

/// What a carrier said must be written down: while the store is away it is said again. `None`: this lead's decision
/// fails, and would again; its item stays in the outbox as it is, and the line goes on for the others.
pub(super) async fn keep_trying<T, F>(attempt: impl Fn() -> F) -> Option<T>
where
    F: Future<Output = Result<T, StoreError>>,
{
    loop {
        match attempt().await {
            Ok(done) => return Some(done),
            Err(error) if error.is_of_one_lead() => {
                error!(%error, "what the carrier said of this lead can't be written down");
                return None;
            }
            Err(error) => {
                warn!(%error, "the store can't be written; trying again");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
    }
}
