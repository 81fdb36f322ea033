//! Acting out a script: what a call hears, which keys it gives, whom it is joined to.

use std::{pin::pin, time::Duration};

use leadbridge_providers::LegId;
use reqwest::Url;
use tokio::{sync::mpsc, time::sleep};

use super::{
    End, What,
    callbacks::{Params, StatusTo, pair},
    delivery::Request,
    leg::{Break, Key, Leg, News, Order, Script, Turn, start_child},
    twiml::{self, Dial, Gather, Line, Verb},
    world::{Terms, leg_id, now},
};

/// What a played sound lasts, in characters of speech: its file is not fetched.
const PLAY_CHARACTERS: usize = 40;
/// A line said for ever takes at least this long each time.
const ENDLESS_LINE_MIN: Duration = Duration::from_secs(1);
const BAD_CONTENT_TYPE: u32 = 12300;
const BAD_ADDRESS: u32 = 11100;
/// What the carrier says before it gives up on a script.
const APOLOGY: &str = "We are sorry, an application error has occurred. Goodbye.";

/// The keys that a gather got.
#[derive(Default)]
struct Digits {
    text: String,
    finished_by: Option<char>,
    last: Option<Key>,
}

/// A dialled call; dropping it ends the call unless it went on without us.
struct Child {
    gone: bool,
    sid: String,
    news: mpsc::UnboundedReceiver<News>,
    orders: mpsc::UnboundedSender<Order>,
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.gone {
            let _ = self.orders.send(Order::Drop);
        }
    }
}

impl Leg {
    /// Acts out one document after another until the call ends.
    pub(super) async fn follow(&mut self, mut script: Script) -> End {
        loop {
            match self.act_out(script).await {
                Ok(()) => return End::ScriptEnded,
                Err(Break::End(end)) => return end,
                Err(Break::Go(next)) => script = next,
            }
        }
    }

    async fn act_out(&mut self, script: Script) -> Result<(), Break> {
        let (verbs, base) = self.document(script).await?;
        self.perform(&verbs, &base).await
    }

    pub(super) async fn perform(&mut self, verbs: &[Verb], base: &str) -> Result<(), Break> {
        self.note_leg(verbs);
        for verb in verbs {
            match verb {
                Verb::Say(_) | Verb::Play(_) | Verb::Pause(_) => self.say(verb).await?,
                Verb::Gather(gather) => self.gather(gather, base).await?,
                Verb::Dial(dial) => self.dial(dial, base).await?,
                Verb::Meet(conference) => self.meet(conference, base).await?,
                Verb::Redirect { url, method } => {
                    return Err(self.go(base, url, method, vec![]).await);
                }
                Verb::Hangup => return Ok(()),
            }
        }
        Ok(())
    }

    /// A call that came in is known by the leg that its first script is for.
    fn note_leg(&self, verbs: &[Verb]) {
        let action = verbs.iter().find_map(|verb| match verb {
            Verb::Gather(gather) => gather.action.as_deref(),
            Verb::Dial(dial) => dial.action.as_deref(),
            Verb::Meet(conference) => conference.action.as_deref(),
            Verb::Say(_) | Verb::Play(_) | Verb::Pause(_) => None,
            Verb::Redirect { .. } | Verb::Hangup => None,
        });
        let leg = action.and_then(leg_id);
        let leg = leg.filter(|leg| leg.parse::<LegId>().is_ok());
        self.world.call(&self.sid, |call| {
            if call.record.leg.is_none() {
                call.record.leg = leg;
            }
        });
    }

    /// The verbs of a document and the address that its relative addresses mean.
    pub(super) async fn document(&mut self, script: Script) -> Result<(Vec<Verb>, String), Break> {
        let request = match script {
            Script::Inline(xml) => {
                return match twiml::read(&xml) {
                    Ok(verbs) => Ok((verbs, String::new())),
                    Err(_) => Err(self.give_up(twiml::UNREADABLE).await),
                };
            }
            Script::Fetch(request) => request,
        };
        let code = match self.fetch(&request).await? {
            Ok(verbs) => return Ok((verbs, request.url)),
            Err(code) => code,
        };
        let Some(mut fallback) = self
            .world
            .call(&self.sid, |call| call.terms.fallback.clone())
        else {
            return Err(self.give_up(code).await);
        };
        self.note_error(code);
        fallback.extra = vec![pair("ErrorCode", code), pair("ErrorUrl", &request.url)];
        match self.fetch(&fallback).await? {
            Ok(verbs) => Ok((verbs, fallback.url)),
            Err(code) => Err(self.give_up(code).await),
        }
    }

    async fn fetch(&mut self, request: &Request) -> Result<Result<Vec<Verb>, u32>, Break> {
        let answer = match self.until(self.request(request)).await? {
            Ok(answer) => answer,
            Err(code) => return Ok(Err(code)),
        };
        if !answer.content_type.contains("xml") {
            return Ok(Err(BAD_CONTENT_TYPE));
        }
        Ok(twiml::read(&answer.body).map_err(|_| twiml::UNREADABLE))
    }

    fn note_error(&self, code: u32) {
        self.world
            .call(&self.sid, |call| call.record.errors.push(code));
    }

    async fn give_up(&mut self, code: u32) -> Break {
        self.note_error(code);
        let apology = Verb::Say(Line {
            text: APOLOGY.to_owned(),
            times: Some(1),
        });
        match self.say(&apology).await {
            Ok(()) => Break::End(End::ScriptBroken),
            Err(end) => end,
        }
    }

    pub(super) async fn go(&mut self, base: &str, url: &str, method: &str, extra: Params) -> Break {
        match absolute(base, url) {
            Some(url) => Break::Go(Script::Fetch(Request {
                url,
                method: method.to_owned(),
                extra,
            })),
            None => self.give_up(BAD_ADDRESS).await,
        }
    }

    /// A line outside of a gather: keys change nothing.
    async fn say(&mut self, verb: &Verb) -> Result<(), Break> {
        self.speak(verb, false).await?;
        self.hear(|hearing| hearing.prompts += 1);
        Ok(())
    }

    async fn speak(&mut self, verb: &Verb, keys_end_it: bool) -> Result<Option<Key>, Break> {
        let (line, characters) = match verb {
            Verb::Say(line) => (line, line.text.chars().count()),
            Verb::Play(line) => (line, PLAY_CHARACTERS),
            Verb::Pause(span) => return self.pass(*span, keys_end_it).await,
            Verb::Gather(_) | Verb::Dial(_) | Verb::Meet(_) => return Ok(None),
            Verb::Redirect { .. } | Verb::Hangup => return Ok(None),
        };
        let span = Duration::from_millis(
            u64::from(self.world.settings.speech_ms_per_char) * characters as u64,
        );
        let span = if line.times.is_some() {
            span
        } else {
            span.max(ENDLESS_LINE_MIN)
        };
        let mut said = 0;
        while line.times.is_none_or(|times| said < times) {
            said += 1;
            self.world
                .call(&self.sid, |call| call.record.heard.push(line.text.clone()));
            self.world.tell(
                &self.sid,
                What::Heard {
                    text: line.text.clone(),
                },
            );
            if let Some(key) = self.pass(span, keys_end_it).await? {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    async fn pass(&mut self, span: Duration, keys_end_it: bool) -> Result<Option<Key>, Break> {
        let mut wait = pin!(sleep(span));
        loop {
            match self.next(&mut wait).await? {
                Turn::Done(()) => return Ok(None),
                Turn::Key(key) if keys_end_it => return Ok(Some(key)),
                Turn::Key(_) => {}
            }
        }
    }

    async fn gather(&mut self, gather: &Gather, base: &str) -> Result<(), Break> {
        self.hear(|hearing| hearing.asked_for_keys = true);
        let digits = self.collect(gather).await;
        self.hear(|hearing| hearing.asked_for_keys = false);
        let digits = digits?;
        if digits.text.is_empty() && !gather.also_when_empty {
            return Ok(());
        }
        let mut extra = vec![];
        if !digits.text.is_empty() {
            extra.push(pair("Digits", &digits.text));
        }
        extra.extend(digits.finished_by.map(|key| pair("FinishedOnKey", key)));
        drop(digits.last);
        let action = gather.action.as_deref().unwrap_or("");
        Err(self.go(base, action, &gather.method, extra).await)
    }

    async fn collect(&mut self, gather: &Gather) -> Result<Digits, Break> {
        let mut digits = Digits::default();
        let mut pressed = None;
        for verb in &gather.prompt {
            pressed = self.speak(verb, true).await?;
            if pressed.is_some() {
                break;
            }
        }
        self.hear(|hearing| hearing.prompts += 1);
        loop {
            if let Some(key) = pressed.take()
                && digits.complete_with(key, gather)
            {
                return Ok(digits);
            }
            pressed = self.pass(gather.timeout, true).await?;
            if pressed.is_none() {
                return Ok(digits);
            }
        }
    }

    async fn dial(&mut self, dial: &Dial, base: &str) -> Result<(), Break> {
        let mut child = self.ring_other(dial, base);
        let talked = self.converse(&mut child).await;
        self.part(&child.sid);
        match talked {
            Ok(end) => match &dial.action {
                Some(action) => {
                    let extra = self.dial_params(&child.sid, end);
                    Err(self.go(base, action, &dial.method, extra).await)
                }
                None => Ok(()),
            },
            Err(Break::End(end)) => {
                let other = if self.is_answered(&child.sid) {
                    End::OtherHungUp
                } else {
                    End::Canceled
                };
                let url = dial
                    .action
                    .as_ref()
                    .and_then(|action| absolute(base, action));
                let extra = self.dial_params(&child.sid, other);
                self.last_request = url.map(|url| Request {
                    url,
                    method: dial.method.clone(),
                    extra,
                });
                Err(Break::End(end))
            }
            Err(go) => Err(go),
        }
    }

    fn ring_other(&self, dial: &Dial, base: &str) -> Child {
        let status = dial
            .status_callback
            .as_ref()
            .and_then(|url| absolute(base, url));
        let leg = status.as_deref().and_then(leg_id);
        let status = status.map(|url| StatusTo {
            request: Request {
                url,
                method: dial.status_method.clone(),
                extra: vec![],
            },
            events: dial.status_events.clone(),
        });
        let own = self
            .world
            .call(&self.sid, |call| call.record.phone().to_owned());
        let terms = Terms {
            to: dial.number.clone(),
            from: dial.caller_id.clone().unwrap_or(own),
            parent: Some(self.sid.clone()),
            inbound: false,
            timeout: dial.timeout,
            time_limit: dial.time_limit,
            fallback: None,
            status,
            leg,
        };
        let (sid, news) = start_child(&self.world, terms);
        let orders = self.world.call(&sid, |call| call.orders.clone());
        Child {
            gone: false,
            sid,
            news,
            orders,
        }
    }

    /// How the other call ended, in the time that this one lives.
    async fn converse(&mut self, child: &mut Child) -> Result<End, Break> {
        loop {
            match self.until(child.news.recv()).await? {
                Some(News::Answered) => self.join(&child.sid),
                Some(News::Ended(end)) => {
                    child.gone = true;
                    return Ok(end);
                }
                None => return Ok(End::Unreachable),
            }
        }
    }

    fn join(&self, other: &str) {
        for (one, two) in [(self.sid.as_str(), other), (other, self.sid.as_str())] {
            let with = self.world.call(two, |call| call.record.phone().to_owned());
            self.world.call(one, |call| {
                call.record.bridged_with = Some(two.to_owned());
                call.hearing.send_modify(|hearing| hearing.bridged = true);
            });
            self.world.tell(one, What::Bridged { with });
        }
    }

    fn part(&self, other: &str) {
        for sid in [self.sid.as_str(), other] {
            self.world.call(sid, |call| {
                call.hearing.send_modify(|hearing| hearing.bridged = false)
            });
        }
    }

    fn is_answered(&self, sid: &str) -> bool {
        self.world.call(sid, |call| call.record.answered.is_some())
    }

    fn dial_params(&self, other: &str, end: End) -> Params {
        let (bridged, talked) = self.world.call(other, |call| {
            (
                call.record.bridged_with.is_some(),
                call.record.talked_s(now()),
            )
        });
        vec![
            pair("DialCallSid", other),
            pair("DialCallStatus", end.status()),
            pair("DialCallDuration", talked),
            pair("DialBridged", bridged),
        ]
    }
}

impl Digits {
    /// Takes a key; true if nothing more is waited for.
    fn complete_with(&mut self, key: Key, gather: &Gather) -> bool {
        if gather.finish.contains(key.key) {
            if self.text.is_empty() {
                return false;
            }
            self.finished_by = Some(key.key);
        } else {
            self.text.push(key.key);
        }
        let complete = self.finished_by.is_some() || Some(self.text.len()) == gather.digits;
        self.last = complete.then_some(key);
        complete
    }
}

/// An address as the document that names it means it.
pub(super) fn absolute(base: &str, url: &str) -> Option<String> {
    if url.contains("://") {
        return Url::parse(url).is_ok().then(|| url.to_owned());
    }
    let base = base.split('#').next().unwrap_or_default();
    Url::parse(base).ok()?.join(url).ok().map(String::from)
}
