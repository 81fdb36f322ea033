//! The group's own PBX. Twilio's cloud fetches a script and performs it; a PBX performs nothing, so each leg that is up
//! has a performer here: a task that asks the flow what Twilio would ask it, and tells the PBX step by step.
//!
//! `pbx/socket.rs` hears what happens there, `pbx/leg.rs` performs for one leg what `pbx/question.rs` is answered,
//! `pbx/joined.rs` for two that talk, `pbx/resume.rs` takes up what lives there after a restart, ours or the PBX's,
//! after a cut of the WebSocket, and when the PBX stalled.
//! Nothing here is on disk: what counts is the flow's, and the PBX knows the rest.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use leadbridge_providers::asterisk::{Asterisk, Cause, Entered, Event, leg_of, leg_of_playback};
use leadbridge_providers::twilio::RING_TONE;
use leadbridge_providers::{
    Callback, CarrierCallId, End, LeadId, LegId, Ordered, Phase, Request, Side, Turn,
};
use tokio::sync::mpsc;
use tokio::time::sleep;
use tracing::{Instrument, info_span, warn};

use crate::io::asking::{Asking, Heard};
use crate::io::carrier::{ORDER_AGAIN_S, keep_trying};
use crate::io::engine::Engine;
use crate::io::speech::Speech;
use crate::rotation::CarrierId;

mod joined;
mod leg;
mod question;
mod resume;
mod socket;

use leg::{News, Performer};

/// How a leg ended that was up. Its flow knows for how long.
const TALK_OVER: End = End::Completed { up_s: None };
/// The number of a leg whose name no lead has: of a call that came in and is nobody's.
const NOBODYS: u16 = 0;

/// A PBX and what we perform on it.
pub struct Pbx {
    id: CarrierId,
    ari: Asterisk,
    asking: Asking,
    speech: Speech,
    /// Where it fetches what is said.
    sounds: String,
    /// Where it fetches what somebody hears whose call rings elsewhere.
    ring_tone: String,
    connected: AtomicBool,
    stage: Mutex<Stage>,
}

/// Who is told what happens to which channel.
#[derive(Default)]
struct Stage {
    followed: HashMap<CarrierCallId, mpsc::UnboundedSender<News>>,
    /// The channels of legs whose channels have names of the PBX's own.
    named: HashMap<LegId, CarrierCallId>,
    /// Who has been picked up.
    up: HashSet<CarrierCallId>,
    /// Who is where two meet, by the leg that the place is named after; `true`: hears a ring tone until they do.
    rooms: HashMap<LegId, Vec<(CarrierCallId, bool)>>,
    /// What is still to be told of a lead, oldest first, as long as somebody tells it.
    untold: HashMap<LeadId, VecDeque<(LegId, Callback)>>,
}

impl Pbx {
    /// A PBX on which nothing is performed yet. It fetches what is said from below `public_url`.
    pub(super) fn new(
        id: CarrierId,
        ari: Asterisk,
        asking: Asking,
        speech: Speech,
        public_url: &str,
    ) -> Pbx {
        let public_url = public_url.trim_end_matches('/');
        Pbx {
            sounds: format!("{public_url}/carriers/{}/speech", id.0),
            ring_tone: format!("{public_url}{RING_TONE}"),
            id,
            ari,
            asking,
            speech,
            connected: AtomicBool::new(false),
            stage: Mutex::default(),
        }
    }

    /// Hears and performs, as long as the process lives.
    pub(super) async fn run(self: Arc<Self>, engine: Engine) {
        socket::listen(&self, &engine).await
    }

    /// Who speaks on it.
    pub(super) fn speech(&self) -> &Speech {
        &self.speech
    }

    /// Whether we hear what happens there. A phone that is rung while we don't is dropped by the PBX when it is picked
    /// up, so none is.
    pub(super) fn is_connected(&self) -> bool {
        self.connected.load(Ordering::SeqCst)
    }

    /// Whether a leg is up and hears what we perform.
    pub(super) fn performs(&self, call: &CarrierCallId) -> bool {
        self.stage().followed.contains_key(call)
    }

    /// A leg hears another script from now on. One that is not up has nobody who performs, and asks when it is.
    pub(super) fn interrupt(&self, call: &CarrierCallId, turn: Turn) {
        if let Some(performer) = self.stage().followed.get(call) {
            let _ = performer.send(News::Interrupted(turn));
        }
    }

    /// Renders what a rep will hear first while the phone rings, so that no silence follows the pick-up.
    pub(super) fn prepare(self: &Arc<Self>, engine: &Engine, leg: LegId) {
        let (pbx, engine) = (self.clone(), engine.clone());
        tokio::spawn(async move {
            if let Ok(script) = engine.script_now(leg).await {
                pbx.speech.prepare(&script.locale, &script.lines);
            }
        });
    }

    /// Something happened on the PBX. Never waits: a PBX whose events are not read drops them.
    fn hear(self: &Arc<Self>, engine: &Engine, event: Event) {
        match &event {
            Event::Entered(entered) => return self.entered(engine, entered),
            Event::Ringing { call } => self.ringing(engine, call),
            Event::Gone { call, cause } => self.gone(engine, call, *cause),
            Event::HangUpAsked {
                call,
                by_phone: true,
            } => self.hung_up(engine, call),
            Event::Left { .. }
            | Event::Up { .. }
            | Event::Key { .. }
            | Event::HangUpAsked { .. }
            | Event::Played { .. }
            | Event::Joined { .. }
            | Event::Parted { .. }
            | Event::TakenOver
            | Event::Other => {}
        }
        self.pass_on(event);
    }

    /// A phone was picked up, or somebody rings us.
    fn entered(self: &Arc<Self>, engine: &Engine, entered: &Entered) {
        let follower = self.follower(&entered.call);
        match (entered.leg(), follower) {
            (Some(leg), None) if leg.side == Side::Rep => {
                self.stage().up.insert(entered.call.clone());
                Performer::start(self, engine, leg, &entered.call, false)
            }
            (Some(_), Some(follower)) => {
                if self.picked_up(engine, &entered.call) {
                    let _ = follower.send(News::Event(Event::Entered(entered.clone())));
                }
            }
            (Some(leg), None) => {
                self.unexpected(engine, leg, Phase::Answered);
            }
            (None, Some(_)) => {}
            (None, None) => {
                self.stage().up.insert(entered.call.clone());
                Performer::take_in(self, engine, entered.clone())
            }
        }
    }

    fn ringing(self: &Arc<Self>, engine: &Engine, call: &CarrierCallId) {
        self.tell(engine, call, Phase::Ringing);
        if let Some(leg) = self.unattended(call) {
            self.unexpected(engine, leg, Phase::Ringing);
        }
    }

    /// The customer's leg on this channel, if whoever rang it does not wait for it.
    fn unattended(&self, call: &CarrierCallId) -> Option<LegId> {
        let customer = leg_of(call).filter(|leg| leg.side == Side::Customer);
        customer.filter(|_| !self.performs(call))
    }

    fn unexpected(self: &Arc<Self>, engine: &Engine, leg: LegId, phase: Phase) {
        let (pbx, engine) = (self.clone(), engine.clone());
        tokio::spawn(resume::unexpected(pbx, engine, leg, phase));
    }

    /// Notes that a phone which was rung for another has been picked up; `false`: it is known already.
    fn picked_up(self: &Arc<Self>, engine: &Engine, call: &CarrierCallId) -> bool {
        let new = self.stage().up.insert(call.clone());
        if new {
            self.tell(engine, call, Phase::Answered);
        }
        new
    }

    /// Who hangs up ends the talk. The other end is over by our order, perhaps before the PBX is done with this one.
    fn hung_up(self: &Arc<Self>, engine: &Engine, call: &CarrierCallId) {
        let leg = self.stage().whose(call);
        if let Some(leg) = leg {
            self.tell_of(engine, leg, call, Phase::Ended(TALK_OVER));
        }
    }

    fn gone(self: &Arc<Self>, engine: &Engine, call: &CarrierCallId, cause: Cause) {
        let was_up = self.stage().up.remove(call);
        let mut end = cause.end(was_up);
        if end == End::NoAnswer && self.unattended(call).is_some() {
            // It was not given its time.
            end = End::Canceled;
        }
        self.tell(engine, call, Phase::Ended(end));
    }

    /// How far a leg that we rang is, for its flow.
    fn tell(self: &Arc<Self>, engine: &Engine, call: &CarrierCallId, phase: Phase) {
        if let Some(leg) = leg_of(call) {
            self.tell_of(engine, leg, call, phase);
        }
    }

    /// The same for any leg. What happens to the legs of one lead is told in the order in which it happened.
    fn tell_of(self: &Arc<Self>, engine: &Engine, leg: LegId, call: &CarrierCallId, phase: Phase) {
        let news = Callback {
            call: Some(call.clone()),
            phase: Some(phase),
            asked: None,
        };
        match self.stage().untold.entry(leg.lead) {
            Entry::Occupied(mut untold) => return untold.get_mut().push_back((leg, news)),
            Entry::Vacant(nobody_tells) => nobody_tells.insert([(leg, news)].into()),
        };
        let telling = self.clone().tell_all(engine.clone(), leg.lead);
        tokio::spawn(telling.instrument(info_span!("lead", lead = %leg.lead)));
    }

    async fn tell_all(self: Arc<Self>, engine: Engine, lead: LeadId) {
        while let Some((leg, news)) = self.next_untold(lead) {
            keep_trying(|| engine.callback(&self.id, leg, None, news.clone())).await;
        }
    }

    /// `None`: nobody tells of this lead from now on.
    fn next_untold(&self, lead: LeadId) -> Option<(LegId, Callback)> {
        let mut stage = self.stage();
        let next = stage.untold.get_mut(&lead)?.pop_front();
        if next.is_none() {
            stage.untold.remove(&lead);
        }
        next
    }

    /// To whoever follows the channel that it happened to.
    fn pass_on(&self, event: Event) {
        let stage = self.stage();
        let follower = match &event {
            Event::Played { playback, .. } => {
                let leg = leg_of_playback(playback).map(|(leg, _)| leg);
                leg.and_then(|leg| stage.followed.get(&stage.call_of(leg)))
            }
            Event::Left { call }
            | Event::Key { call, .. }
            | Event::Gone { call, .. }
            | Event::Joined { call, .. }
            | Event::Parted { call, .. } => stage.followed.get(call),
            Event::Entered(_)
            | Event::Ringing { .. }
            | Event::Up { .. }
            | Event::HangUpAsked { .. }
            | Event::TakenOver
            | Event::Other => None,
        };
        if let Some(follower) = follower {
            let _ = follower.send(News::Event(event));
        }
    }

    fn follower(&self, call: &CarrierCallId) -> Option<mpsc::UnboundedSender<News>> {
        self.stage().followed.get(call).cloned()
    }

    /// From now on whoever listens there is told what happens to this channel; `false`: somebody else is.
    fn follow(&self, call: &CarrierCallId, follower: &mpsc::UnboundedSender<News>) -> bool {
        match self.stage().followed.entry(call.clone()) {
            Entry::Occupied(_) => false,
            Entry::Vacant(place) => {
                place.insert(follower.clone());
                true
            }
        }
    }

    fn forget(&self, call: &CarrierCallId) {
        self.stage().followed.remove(call);
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Asks the PBX to do something.
    async fn order(&self, request: Request) -> Ordered {
        let heard = self.asking.ask(request).await;
        let ordered = heard.read(|response| Some(self.ari.ordered(response)));
        ordered.unwrap_or(Ordered::Again)
    }

    /// The same for what nobody waits for; nothing for what is not ours.
    fn order_soon(self: &Arc<Self>, request: Option<Request>) {
        let Some(request) = request else { return };
        let pbx = self.clone();
        tokio::spawn(async move { pbx.end(request).await });
    }

    /// Ends something there, which would stay for an hour if nobody asked again.
    async fn end(&self, request: Request) {
        for pause_s in ORDER_AGAIN_S {
            match self.order(request.clone()).await {
                Ordered::Done | Ordered::Gone => return,
                Ordered::Again | Ordered::OurSetUp => sleep(Duration::from_secs(pause_s)).await,
            }
        }
        warn!(carrier = self.id.0, "the PBX did not take an order");
    }

    async fn heard(&self, request: Request) -> Heard {
        self.asking.ask(request).await
    }
}

impl Stage {
    /// The channel of a leg.
    fn call_of(&self, leg: LegId) -> CarrierCallId {
        let named = self.named.get(&leg).cloned();
        named.unwrap_or_else(|| leadbridge_providers::asterisk::call_of(leg))
    }

    /// The lead's leg that is up on a channel.
    fn whose(&self, call: &CarrierCallId) -> Option<LegId> {
        let mut named = self.named.iter().filter(|(_, named)| *named == call);
        let leg = leg_of(call).or_else(|| named.next().map(|(leg, _)| *leg))?;
        (self.up.contains(call) && leg.number != NOBODYS).then_some(leg)
    }
}
