//! One leg that is up: it asks what it hears, hears it, and asks again with what came of it.

use std::sync::Arc;
use std::time::Duration;

use leadbridge_providers::asterisk::{Entered, Event, leg_of, playback_of};
use leadbridge_providers::{
    Asked, CarrierCallId, End, Inbound, LegId, Ordered, Phase, Place, Script, Side, Then, Turn,
};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use tracing::{Instrument, info_span};

use super::{NOBODYS, Pbx, TALK_OVER, resume};
use crate::io::carrier::keep_trying;
use crate::io::engine::Engine;

/// A sentence whose end nobody tells is over by then.
const SAID_WITHIN: Duration = Duration::from_secs(45);
/// While a sound is on its way to the PBX it is not there for a second leg: so often it is played, and after so long
/// again.
const FETCHES: u32 = 5;
pub(super) const FETCH_AGAIN: Duration = Duration::from_millis(200);
/// How long two may talk whom nobody's lead joined, in seconds.
const PUT_THROUGH_S: u32 = 3600;
/// How long a call that came in may last beside its talk, in seconds: the wait for somebody, and what is said.
const BESIDE_S: u32 = 300;

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

/// How a sentence ended.
enum Said {
    /// By a key.
    Key(char),
    /// At its end.
    Whole,
    /// Nothing was heard of it.
    Nothing,
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
    /// The turn of the script that it hears.
    turn: Turn,
    /// That script awaits a key.
    prompted: bool,
    playbacks: u32,
    /// What it hears: the PBX lets playbacks of a channel wait for each other.
    playing: Option<String>,
    /// How often it was put off while the store is away.
    pub(super) holds: u32,
    /// What is to be rung first may ring already, or talk with this leg.
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
        let Some(mut performer) = Performer::new(pbx, engine, leg, call, resumed) else {
            return;
        };
        let performing = async move {
            let first = performer.ask(0, &Asked::Answer).await;
            performer.perform_all(first).await;
        };
        tokio::spawn(performing.instrument(info_span!("lead", lead = %leg.lead)));
    }

    /// Somebody rings us.
    pub(super) fn take_in(pbx: &Arc<Pbx>, engine: &Engine, entered: Entered) {
        let leg = nobodys_leg(engine);
        if let Some(performer) = Performer::new(pbx, engine, leg, &entered.call, false) {
            tokio::spawn(performer.receive(entered));
        }
    }

    /// Somebody who is nobody's talks with the phone of this leg, the reception's.
    pub(super) fn take_up_talk(pbx: &Arc<Pbx>, engine: &Engine, with: LegId, call: &CarrierCallId) {
        let leg = nobodys_leg(engine);
        let Some(mut performer) = Performer::new(pbx, engine, leg, call, true) else {
            return;
        };
        tokio::spawn(async move {
            match performer.dial(&place(with, "", "", 0, 0)).await {
                Ok(end) => {
                    let then = performer.ask(0, &dialled(end)).await;
                    performer.perform_all(then).await;
                }
                Err(_) => performer.end(),
            }
        });
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
            turn: 0,
            prompted: false,
            // Those that a process before began may still be heard.
            playbacks: u32::try_from(engine.now().as_second()).unwrap_or_default(),
            playing: None,
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
        let (engine, id) = (&self.engine, &self.pbx.id);
        let taken = keep_trying(|| engine.called_in(id.clone(), inbound.clone())).await;
        let (leg, script) = taken.unwrap_or_else(|| (None, self.dealt_with()));
        if let Some(leg) = leg {
            self.pbx.stage().named.remove(&self.leg);
            self.pbx.stage().named.insert(leg, self.call.clone());
            self.leg = leg;
        }
        let span = info_span!("lead", lead = %self.leg.lead);
        async move {
            let ari = &self.pbx.ari;
            let limit = ari.limit(&self.call, PUT_THROUGH_S + BESIDE_S);
            self.pbx.order(limit).await;
            self.pbx.order(ari.answer(&self.call)).await;
            self.perform_all(script).await;
        }
        .instrument(span)
        .await;
    }

    /// Performs the first script, and whatever comes of it.
    async fn perform_all(mut self, first: Script) {
        let (mut script, mut asked) = (first, Asked::Answer);
        loop {
            let turn;
            (turn, asked) = match self.perform(&script, &asked).await {
                Ok(question) => question,
                Err(Break::Interrupted(turn)) => (turn, Asked::Answer),
                Err(Break::Over) => return self.end(),
            };
            script = self.ask(turn, &asked).await;
        }
    }

    /// Performs a script; what is to be asked next.
    async fn perform(&mut self, script: &Script, asked: &Asked) -> Result<(Turn, Asked), Break> {
        self.hush().await;
        self.turn = script.turn;
        self.prompted = matches!(script.then, Then::Ask { .. });
        self.resumed &= matches!(
            script.then,
            Then::Dial { .. } | Then::Room { .. } | Then::PutThrough { .. } | Then::Hold { .. }
        );
        let key = match self.resumed {
            // Two may talk already.
            true => None,
            false => self.say(script).await?,
        };
        let asked = match &script.then {
            Then::Ask { .. } if key.is_some() => Asked::Digits(key),
            Then::Ask { wait_s } => Asked::Digits(self.key_within(seconds(*wait_s)).await?),
            Then::Dial {
                leg,
                to,
                from,
                timeout_s,
                time_limit_s,
            } => {
                self.limit(*time_limit_s).await;
                let place = place(*leg, to, from, *timeout_s, *time_limit_s);
                dialled(self.dial(&place).await?)
            }
            Then::Room {
                name,
                waits,
                time_limit_s,
                ..
            } => {
                self.limit(*time_limit_s).await;
                self.meet(*name, *waits).await?;
                dialled(End::Completed { up_s: None })
            }
            Then::PutThrough {
                to,
                from,
                timeout_s,
            } => {
                let leg = self.reception().await;
                let place = place(leg, to, from, *timeout_s, PUT_THROUGH_S);
                dialled(self.dial(&place).await?)
            }
            Then::Hold { pause_s, .. } => {
                self.wait(seconds(*pause_s)).await?;
                asked.clone()
            }
            Then::HangUp => return Err(Break::Over),
        };
        Ok((script.turn, asked))
    }

    /// The leg that is rung for somebody who is put through. After a restart the two may talk already.
    async fn reception(&mut self) -> LegId {
        if self.resumed
            && let Some(talks_with) = resume::talk_of(&self.pbx, &self.call).await
        {
            return talks_with;
        }
        self.resumed = false;
        nobodys_leg(&self.engine)
    }

    /// A call that came in was given its limit before anybody knew how long the two may talk.
    async fn limit(&self, talk_s: u32) {
        if leg_of(&self.call).is_none() {
            let limit = self.pbx.ari.limit(&self.call, talk_s + BESIDE_S);
            self.pbx.order(limit).await;
        }
    }

    /// Speaks; a key ends it where one is awaited.
    async fn say(&mut self, script: &Script) -> Result<Option<char>, Break> {
        let Some(key) = self.pbx.speech.say(&script.locale, &script.lines).await else {
            return Ok(None);
        };
        let url = format!("{}/{key}.wav", self.pbx.sounds);
        for _ in 0..FETCHES {
            self.play(&url).await?;
            match self.until_said().await? {
                Said::Key(key) => return Ok(Some(key)),
                Said::Whole => return Ok(None),
                Said::Nothing => {}
            }
            let key = self.key_within(FETCH_AGAIN).await?;
            if let Some(key) = key.filter(|_| self.prompted) {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    async fn until_said(&mut self) -> Result<Said, Break> {
        let until = Instant::now() + SAID_WITHIN;
        loop {
            match self.next(Some(until)).await? {
                Some(Event::Key { key, .. }) if self.prompted => {
                    self.hush().await;
                    return Ok(Said::Key(key));
                }
                Some(Event::Played { failed: true, .. }) => return Ok(Said::Nothing),
                Some(Event::Played { .. }) | None => return Ok(Said::Whole),
                Some(_) => {}
            }
        }
    }

    /// Begins to play what is at this address; [`Event::Played`] comes at its end.
    pub(super) async fn play(&mut self, url: &str) -> Result<(), Break> {
        self.hush().await;
        self.playbacks += 1;
        let playback = playback_of(self.leg, self.playbacks);
        let request = self.pbx.ari.play(&self.call, url, &playback);
        if self.pbx.order(request).await == Ordered::Gone {
            return Err(Break::Over);
        }
        self.playing = Some(playback);
        Ok(())
    }

    /// Ends what is heard.
    pub(super) async fn hush(&mut self) {
        let playing = self.playing.take();
        if let Some(request) = playing.and_then(|playback| self.pbx.ari.stop_playing(&playback)) {
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

    /// What happens next to this leg and to the one it rings; `None` when nothing did until then.
    pub(super) async fn next(&mut self, until: Option<Instant>) -> Result<Option<Event>, Break> {
        loop {
            let news = match until {
                Some(until) => timeout_at(until, self.news.recv()).await,
                None => Ok(self.news.recv().await),
            };
            let Ok(news) = news else { return Ok(None) };
            match news.ok_or(Break::Over)? {
                News::Event(Event::Gone { call, .. } | Event::Left { call })
                    if call == self.call =>
                {
                    return Err(Break::Over);
                }
                News::Event(Event::Played { playback, .. })
                    if self
                        .playing
                        .take_if(|playing| *playing == playback)
                        .is_none() => {}
                News::Event(event) => return Ok(Some(event)),
                // It may have asked by itself meanwhile.
                News::Interrupted(turn) if turn <= self.turn => {}
                News::Interrupted(turn) => return Err(Break::Interrupted(turn)),
                News::Reconnected if self.prompted => return Err(Break::Interrupted(self.turn)),
                News::Reconnected => {
                    if let Some(playback) = self.playing.clone() {
                        // Its end may have been told while nobody heard.
                        self.hush().await;
                        let failed = true;
                        return Ok(Some(Event::Played { playback, failed }));
                    }
                }
            }
        }
    }

    /// The leg hears nothing more. One that we rang ends, one that came in goes back to the dial plan.
    fn end(self) {
        self.pbx.forget(&self.call);
        self.pbx.stage().named.remove(&self.leg);
        let ari = &self.pbx.ari;
        let end = ari.hang_up(&self.call).unwrap_or_else(|| {
            self.pbx.stage().up.remove(&self.call);
            if self.leg.number != NOBODYS {
                let over = Phase::Ended(TALK_OVER);
                self.pbx.tell_of(&self.engine, self.leg, &self.call, over);
            }
            ari.send_on(&self.call)
        });
        self.pbx.order_soon(Some(end));
    }
}

/// A leg of a name that no lead has.
fn nobodys_leg(engine: &Engine) -> LegId {
    LegId {
        lead: engine.clock.lead_id(),
        side: Side::In,
        number: NOBODYS,
    }
}

fn place(leg: LegId, to: &str, from: &str, timeout_s: u32, time_limit_s: u32) -> Place {
    Place {
        leg,
        to: to.to_owned(),
        from: from.to_owned(),
        timeout_s,
        time_limit_s,
        turn: 0,
    }
}

fn dialled(end: End) -> Asked {
    let still_up = true;
    Asked::Dial { end, still_up }
}

fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(u64::from(seconds))
}
