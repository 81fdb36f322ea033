//! One leg that is up: it asks what it hears, hears it, and asks again with what came of it.

use std::sync::Arc;
use std::time::Duration;

use leadbridge_providers::asterisk::{Entered, Event, playback_of};
use leadbridge_providers::{
    Asked, Callback, CarrierCallId, End, Inbound, LegId, Ordered, Phase, Place, Script, Side, Then,
    Turn,
};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use tracing::{Instrument, info_span};

use super::Pbx;
use crate::io::carrier::keep_trying;
use crate::io::engine::Engine;
use crate::io::store::StoreError;
use crate::script;

/// A sentence whose end nobody tells is over by then.
const SAID_WITHIN: Duration = Duration::from_secs(45);
/// How often a leg is put off while the store is away.
const HOLDS_MAX: u32 = 5;

/// What a performer is told.
pub(super) enum News {
    /// It happened on the PBX.
    Event(Event),
    /// The leg hears the script of this turn from now on.
    Interrupted(Turn),
    /// We hear the PBX again; a key may have been lost.
    Reconnected,
}

/// Why a script is left before its end.
pub(super) enum Break {
    /// For another one.
    Interrupted(Turn),
    /// The leg is gone, or shall be.
    Over,
}

/// Who performs for one leg.
pub(super) struct Performer {
    pub(super) pbx: Arc<Pbx>,
    pub(super) engine: Engine,
    /// Its channel.
    pub(super) call: CarrierCallId,
    /// Whose it is. A call that came in and is nobody's has a name that no lead has.
    pub(super) leg: LegId,
    pub(super) tell: mpsc::UnboundedSender<News>,
    news: mpsc::UnboundedReceiver<News>,
    /// The turn of the prompt that awaits a key.
    prompted: Option<Turn>,
    playbacks: u32,
    holds: u32,
    /// Nothing is rung before it is known whether it rings already.
    pub(super) resumed: bool,
}

impl Performer {
    /// Performs for a leg that the flow knows.
    pub(super) fn start(
        pbx: &Arc<Pbx>,
        engine: &Engine,
        leg: LegId,
        call: &CarrierCallId,
        resumed: bool,
    ) {
        let Some(performer) = Performer::new(pbx, engine, leg, call, resumed) else {
            return;
        };
        let span = info_span!("lead", lead = %leg.lead);
        tokio::spawn(performer.perform_all((0, Asked::Answer)).instrument(span));
    }

    /// Somebody rings us.
    pub(super) fn take_in(pbx: &Arc<Pbx>, engine: &Engine, entered: Entered) {
        let leg = LegId {
            lead: engine.clock.lead_id(),
            side: Side::In,
            number: 0,
        };
        if let Some(performer) = Performer::new(pbx, engine, leg, &entered.call, false) {
            tokio::spawn(performer.receive(entered));
        }
    }

    /// `None`: somebody performs for it already.
    fn new(
        pbx: &Arc<Pbx>,
        engine: &Engine,
        leg: LegId,
        call: &CarrierCallId,
        resumed: bool,
    ) -> Option<Performer> {
        let (tell, news) = mpsc::unbounded_channel();
        if !pbx.follow(call, &tell) {
            return None;
        }
        pbx.stage().named.insert(leg, call.clone());
        Some(Performer {
            pbx: pbx.clone(),
            engine: engine.clone(),
            call: call.clone(),
            leg,
            tell,
            news,
            prompted: None,
            playbacks: 0,
            holds: 0,
            resumed,
        })
    }

    /// A call that came in: the flow says whose it is. It is picked up only when there is something to hear.
    async fn receive(mut self, entered: Entered) {
        let inbound = Inbound {
            call: Some(self.call.clone()),
            from: entered.from,
            to: entered.args.into_iter().next().or(entered.to),
            phase: None,
            put_through: None,
        };
        let taken = self.engine.called_in(self.pbx.id.clone(), inbound).await;
        let (leg, script) = taken.unwrap_or_else(|_| (None, self.dealt_with()));
        if let Some(leg) = leg {
            self.pbx.stage().named.remove(&self.leg);
            self.pbx.stage().named.insert(leg, self.call.clone());
            self.leg = leg;
        }
        let span = info_span!("lead", lead = %self.leg.lead);
        async move {
            self.pbx.order(self.pbx.ari.answer(&self.call)).await;
            match self.perform(&script, &Asked::Answer).await {
                Ok(question) => self.perform_all(question).await,
                Err(Break::Interrupted(turn)) => self.perform_all((turn, Asked::Answer)).await,
                Err(Break::Over) => self.end().await,
            }
        }
        .instrument(span)
        .await;
    }

    async fn perform_all(mut self, mut question: (Turn, Asked)) {
        loop {
            let script = self.ask(question.0, &question.1).await;
            question = match self.perform(&script, &question.1).await {
                Ok(question) => question,
                Err(Break::Interrupted(turn)) => (turn, Asked::Answer),
                Err(Break::Over) => return self.end().await,
            };
        }
    }

    /// Asks the flow what the leg hears now.
    async fn ask(&mut self, turn: Turn, asked: &Asked) -> Script {
        let script = match self.answer(turn, asked.clone()).await {
            // Whoever enters a place where two meet must say so by its own turn, which a first question does not know.
            Ok(script) if matches!(script.then, Then::Room { .. }) && script.turn != turn => {
                self.answer(script.turn, Asked::Answer).await
            }
            answered => answered,
        };
        match script {
            Ok(script) => {
                self.holds = 0;
                script
            }
            Err(_) if self.holds < HOLDS_MAX => {
                self.holds += 1;
                self.engine.hold_script(String::new())
            }
            Err(_) => self.dealt_with(),
        }
    }

    async fn answer(&self, turn: Turn, asked: Asked) -> Result<Script, StoreError> {
        if self.leg.number == 0 {
            return self.put_through_over(&asked).await;
        }
        let question = Callback {
            call: Some(self.call.clone()),
            phase: Some(Phase::Answered),
            asked: Some(asked),
        };
        let engine = &self.engine;
        let script = engine
            .callback(&self.pbx.id, self.leg, Some(turn), question)
            .await?;
        Ok(script.unwrap_or_else(|| self.dealt_with()))
    }

    /// What a caller hears who is nobody's, after the reception.
    async fn put_through_over(&self, asked: &Asked) -> Result<Script, StoreError> {
        let Asked::Dial { end, .. } = asked else {
            return Ok(self.dealt_with());
        };
        let over = Inbound {
            call: Some(self.call.clone()),
            from: None,
            to: None,
            phase: None,
            put_through: Some(*end),
        };
        let (_, script) = self.engine.called_in(self.pbx.id.clone(), over).await?;
        Ok(script)
    }

    fn dealt_with(&self) -> Script {
        script::dealt_with(&self.engine.phrases, &self.engine.rules())
    }

    /// Performs a script; what is to be asked next.
    async fn perform(&mut self, script: &Script, asked: &Asked) -> Result<(Turn, Asked), Break> {
        let turn = script.turn;
        self.prompted = matches!(script.then, Then::Ask { .. }).then_some(turn);
        let key = self.say(script).await?;
        let over = |end| {
            (
                turn,
                Asked::Dial {
                    end,
                    still_up: true,
                },
            )
        };
        match &script.then {
            Then::Ask { .. } if key.is_some() => Ok((turn, Asked::Digits(key))),
            Then::Ask { wait_s } => {
                let key = self
                    .key_within(Duration::from_secs(u64::from(*wait_s)))
                    .await?;
                Ok((turn, Asked::Digits(key)))
            }
            Then::Dial {
                leg,
                to,
                from,
                timeout_s,
                time_limit_s,
            } => {
                let place = Place {
                    leg: *leg,
                    to: to.clone(),
                    from: from.clone(),
                    timeout_s: *timeout_s,
                    time_limit_s: *time_limit_s,
                    turn: 0,
                };
                Ok(over(self.dial(&place).await?))
            }
            Then::Room { name, waits, .. } => {
                self.meet(*name, *waits).await?;
                Ok(over(End::Completed { up_s: None }))
            }
            Then::PutThrough {
                to,
                from,
                timeout_s,
            } => {
                let place = Place {
                    leg: LegId {
                        lead: self.engine.clock.lead_id(),
                        side: Side::In,
                        number: 0,
                    },
                    to: to.clone(),
                    from: from.clone(),
                    timeout_s: *timeout_s,
                    time_limit_s: PUT_THROUGH_S,
                    turn: 0,
                };
                Ok(over(self.dial(&place).await?))
            }
            Then::Hold { pause_s, .. } => {
                self.wait(Duration::from_secs(u64::from(*pause_s))).await?;
                Ok((turn, asked.clone()))
            }
            Then::HangUp => Err(Break::Over),
        }
    }

    /// Speaks; a key ends it where one is awaited.
    async fn say(&mut self, script: &Script) -> Result<Option<char>, Break> {
        let Some(key) = self.pbx.speech.say(&script.locale, &script.lines).await else {
            return Ok(None);
        };
        let url = format!("{}/{key}.wav", self.pbx.sounds);
        let playback = self.play(&url).await?;
        let until = Instant::now() + SAID_WITHIN;
        loop {
            match self.next(Some(until)).await? {
                Some(Event::Key { key, .. }) if self.prompted.is_some() => {
                    self.stop(&playback).await;
                    return Ok(Some(key));
                }
                Some(Event::Played { playback: over, .. }) if over == playback => return Ok(None),
                Some(_) => {}
                None => return Ok(None),
            }
        }
    }

    /// Begins to play what is at this address.
    pub(super) async fn play(&mut self, url: &str) -> Result<String, Break> {
        self.playbacks += 1;
        let playback = playback_of(self.leg, self.playbacks);
        let request = self.pbx.ari.play(&self.call, url, &playback);
        match self.pbx.order(request).await {
            Ordered::Gone => Err(Break::Over),
            Ordered::Done | Ordered::Again | Ordered::OurSetUp => Ok(playback),
        }
    }

    pub(super) async fn stop(&self, playback: &str) {
        if let Some(request) = self.pbx.ari.stop_playing(playback) {
            self.pbx.order(request).await;
        }
    }

    async fn key_within(&mut self, wait: Duration) -> Result<Option<char>, Break> {
        let until = Instant::now() + wait;
        loop {
            match self.next(Some(until)).await? {
                Some(Event::Key { key, .. }) => return Ok(Some(key)),
                Some(_) => {}
                None => return Ok(None),
            }
        }
    }

    async fn wait(&mut self, pause: Duration) -> Result<(), Break> {
        let until = Instant::now() + pause;
        while self.next(Some(until)).await?.is_some() {}
        Ok(())
    }

    /// What happens next; `None` when nothing did until then.
    pub(super) async fn next(&mut self, until: Option<Instant>) -> Result<Option<Event>, Break> {
        loop {
            let news = match until {
                Some(until) => timeout_at(until, self.news.recv()).await.ok(),
                None => Some(self.news.recv().await),
            };
            match news {
                None => return Ok(None),
                Some(Some(News::Event(Event::Gone { call, .. } | Event::Left { call })))
                    if call == self.call =>
                {
                    return Err(Break::Over);
                }
                Some(Some(News::Event(event))) => return Ok(Some(event)),
                Some(Some(News::Interrupted(turn))) => return Err(Break::Interrupted(turn)),
                Some(Some(News::Reconnected)) => {
                    if let Some(turn) = self.prompted {
                        return Err(Break::Interrupted(turn));
                    }
                }
                Some(None) => return Err(Break::Over),
            }
        }
    }

    /// The leg hears nothing more. One that we rang ends, one that came in goes back to the dial plan.
    async fn end(self) {
        self.pbx.forget(&self.call);
        self.pbx.stage().named.remove(&self.leg);
        let ari = &self.pbx.ari;
        let hang_up = ari.hang_up(&self.call);
        let came_in = hang_up.is_none();
        if came_in {
            self.pbx.stage().up.remove(&self.call);
        }
        self.pbx
            .order(hang_up.unwrap_or_else(|| ari.send_on(&self.call)))
            .await;
        if came_in && self.leg.number != 0 {
            let over = Callback {
                call: Some(self.call.clone()),
                phase: Some(Phase::Ended(End::Completed { up_s: None })),
                asked: None,
            };
            let (engine, id) = (&self.engine, &self.pbx.id);
            keep_trying(|| engine.callback(id, self.leg, None, over.clone())).await;
        }
    }
}

/// How long two may talk whom nobody's lead joined, in seconds.
const PUT_THROUGH_S: u32 = 3600;
