//! One carrier's line out: rings leave at its pace and one at a time while it is down, everything else at once.
//! What left and what became of it is the flow's to know; here is only what can be lost (P2 rests on the store).

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::Timestamp;
use leadbridge_providers::{
    Candidate, Carrier, Found, LegId, Method, Ordered, Place, Placing, Request, Response,
    TextMessage, Texting,
};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tracing::{Instrument, error, info, info_span, warn};

use crate::flow::errand::{CarrierErrand, Errand, LookUp, Within};
use crate::flow::{Event, Flow};
use crate::io::engine::Engine;
use crate::io::notice;
use crate::io::outgoing;
use crate::io::store::{Effect, OutboxId, StoreError};
use crate::message::Turned;
use crate::pacer::{Answer, Next, Pacer, Ring, Urgency};
use crate::rotation::CarrierId;

/// How long a carrier may take for an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// How long a connection may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// After how long an order that the carrier could not take is repeated, each time; then its leg's own deadlines
/// must do.
const ORDER_AGAIN_S: [u64; 5] = [1, 2, 4, 8, 16];
/// So many look-ups are under way at the same time: a restart has one for each live leg.
const LOOK_UPS_MAX: usize = 100;
/// An answer longer than this is no answer.
const ANSWER_MAX_BYTES: usize = 1 << 20;

/// A carrier, and the rings that wait for it.
pub struct Trunk {
    /// Its dialect.
    pub carrier: Carrier,
    id: CarrierId,
    http: reqwest::Client,
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

/// Bytes that came back, or why none did.
enum Heard {
    Answer {
        status: u16,
        body: Vec<u8>,
    },
    /// Provably nothing was sent.
    NotSent,
    /// Something may have been sent.
    Silence,
}

impl Trunk {
    /// A line to a carrier at `calls_per_s` (0: no pacing).
    pub fn new(id: CarrierId, carrier: Carrier, calls_per_s: f64) -> Result<Trunk, reqwest::Error> {
        let http = outgoing::client_for(&carrier.account().url)
            .timeout(ANSWER_WITHIN)
            .connect_timeout(CONNECT_WITHIN)
            .build()?;
        let rings = Rings {
            pacer: Pacer::new(calls_per_s),
            waiting: HashMap::new(),
        };
        Ok(Trunk {
            carrier,
            id,
            http,
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
                    async move { trunk.do_errand(&engine, &effect).await }.instrument(span),
                );
            }
        }
    }

    /// Lets rings leave, as long as the process lives.
    pub async fn run(self: Arc<Self>, engine: Engine) {
        loop {
            let (leaving, next_at) = self.leaving(engine.now());
            for waiting in leaving {
                let span = info_span!("lead", lead = %waiting.effect.lead);
                let (trunk, engine) = (self.clone(), engine.clone());
                tokio::spawn(async move { trunk.send(&engine, waiting).await }.instrument(span));
            }
            self.park_the_rest(&engine).await;
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
        match self.ask(self.carrier.text(message)).await {
            Heard::Answer { status, body } => self.carrier.texting(Response {
                status,
                body: &body,
            }),
            Heard::NotSent => Texting::NotSent,
            Heard::Silence => Texting::Unknown,
        }
    }

    /// Whether it refuses everything.
    pub fn is_down(&self) -> bool {
        self.rings().pacer.is_down()
    }

    /// The admin changed something: a carrier that is down is tried at once.
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
        // A ring that is let go after it had waited is already under way here; one that its flow does not want never
        // leaves (P2).
        if rings.waiting.contains_key(&place.leg) || !(parked || flow.wants(place.leg)) {
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
        if waiting.parked
            && !self
                .still_wanted(engine, place.leg, waiting.effect.id)
                .await
        {
            return self.forget(place.leg);
        }
        let (placing, reached) = self.place(place).await;
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

    /// The last act before bytes leave: the flow is asked whether it still wants this ring, and says so on disk.
    async fn still_wanted(&self, engine: &Engine, leg: LegId, id: OutboxId) -> bool {
        let stepped = keep_trying(|| engine.happen(leg.lead, Event::Leaving(leg), Some(id))).await;
        stepped
            .flatten()
            .is_some_and(|stepped| stepped.flow.wants(leg))
    }

    fn parked(&self, leg: LegId) {
        if let Some(waiting) = self.rings().waiting.get_mut(&leg) {
            waiting.parked = true;
        }
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
    async fn place(&self, place: &Place) -> (Placing, bool) {
        match self.ask(self.carrier.place(place)).await {
            Heard::Answer { status, body } => (
                self.carrier.placing(Response {
                    status,
                    body: &body,
                }),
                true,
            ),
            Heard::NotSent => (Placing::NotSent, false),
            Heard::Silence => (Placing::Unknown, false),
        }
    }

    async fn do_errand(&self, engine: &Engine, effect: &Effect) {
        let Errand::Carrier(_, errand) = &effect.errand else {
            return;
        };
        match errand {
            CarrierErrand::Interrupt(call, leg, turn) => {
                let request = self.carrier.interrupt(call, *leg, *turn);
                self.order(engine, effect, &request).await
            }
            CarrierErrand::Cancel(call) => {
                let request = self.carrier.cancel(call);
                self.order(engine, effect, &request).await
            }
            CarrierErrand::HangUp(call) => {
                let request = self.carrier.hang_up(call);
                self.order(engine, effect, &request).await
            }
            CarrierErrand::LookUp(leg, how) => {
                if let Some(found) = self.look_up(engine, *leg, how).await {
                    let event = Event::Found(*leg, found);
                    keep_trying(|| engine.happen(leg.lead, event.clone(), Some(effect.id))).await;
                    return;
                }
            }
            CarrierErrand::Place(_) => return,
        }
        keep_trying(|| engine.store.done(effect.id)).await;
    }

    /// An interrupt, cancel or hang-up, until the carrier has taken it or a minute has passed.
    async fn order(&self, engine: &Engine, effect: &Effect, request: &Request) {
        for pause_s in ORDER_AGAIN_S.into_iter().map(Some).chain([None]) {
            let ordered = match self.ask(request.clone()).await {
                Heard::Answer { status, body } => self.carrier.ordered(Response {
                    status,
                    body: &body,
                }),
                Heard::NotSent | Heard::Silence => Ordered::Again,
            };
            match (ordered, pause_s) {
                (Ordered::Done | Ordered::Gone, _) => return,
                (Ordered::Again | Ordered::OurSetUp, Some(pause_s)) => {
                    tokio::time::sleep(Duration::from_secs(pause_s)).await;
                    if !still_ordered(engine, effect).await {
                        return;
                    }
                }
                (Ordered::Again | Ordered::OurSetUp, None) => {
                    warn!("the carrier did not take an order about a leg")
                }
            }
        }
    }

    /// What became of a leg; `None` when the carrier made no sense: the leg's deadlines ask again.
    async fn look_up(&self, engine: &Engine, leg: LegId, how: &LookUp) -> Option<Found> {
        let _turn = self.look_ups.acquire().await.ok()?;
        match how {
            LookUp::Call(call) => {
                let (status, body) = self.answer(self.carrier.look_up(call)).await?;
                self.carrier.found(Response {
                    status,
                    body: &body,
                })
            }
            LookUp::Search { to, from, within } => {
                let request = self.carrier.search(to, from);
                self.find(engine, leg, request, within).await
            }
            LookUp::Child { parent, within } => {
                let request = self.carrier.children(parent);
                self.find(engine, leg, request, within).await
            }
        }
    }

    async fn find(
        &self,
        engine: &Engine,
        leg: LegId,
        request: Request,
        within: &Within,
    ) -> Option<Found> {
        let (status, body) = self.answer(request).await?;
        let body = &body;
        let mut calls = self.carrier.candidates(Response { status, body })?;
        calls.retain(|call| call.created_at.is_none_or(|at| within.holds(at)));
        self.ours(engine, leg, calls).await
    }

    /// The call that no other leg owns.
    async fn ours(&self, engine: &Engine, leg: LegId, calls: Vec<Candidate>) -> Option<Found> {
        for call in calls {
            let owner = engine.store.reads().bound(call.call.clone()).await.ok()?;
            if owner.is_none_or(|owner| owner == leg) {
                let Candidate {
                    call,
                    phase,
                    ended_at,
                    ..
                } = call;
                return Some(Found::Call {
                    call,
                    phase,
                    ended_at,
                });
            }
        }
        Some(Found::Nothing)
    }

    async fn answer(&self, request: Request) -> Option<(u16, Vec<u8>)> {
        match self.ask(request).await {
            Heard::Answer { status, body } => Some((status, body)),
            Heard::NotSent | Heard::Silence => None,
        }
    }

    async fn ask(&self, request: Request) -> Heard {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut asking = self
            .http
            .request(method, &request.url)
            .header("authorization", request.authorization);
        if !request.body.is_empty() {
            asking = asking
                .header("content-type", request.content_type)
                .body(request.body);
        }
        match asking.send().await {
            Ok(response) => heard(response).await,
            Err(error) if error.is_connect() || error.is_builder() => Heard::NotSent,
            Err(_) => Heard::Silence,
        }
    }
}

async fn heard(mut response: reqwest::Response) -> Heard {
    let status = response.status().as_u16();
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= ANSWER_MAX_BYTES => {
                body.extend_from_slice(&chunk)
            }
            Ok(None) => return Heard::Answer { status, body },
            Ok(Some(_)) | Err(_) => return Heard::Silence,
        }
    }
}

/// Whether there is still something to do: an order whose answer was lost may have been carried out.
async fn still_ordered(engine: &Engine, effect: &Effect) -> bool {
    match engine.store.reads().lead(effect.lead).await {
        Ok(Some(record)) => record.flow.errand(&effect.command).is_some(),
        Ok(None) => false,
        Err(_) => true,
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
