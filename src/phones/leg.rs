//! One call: a task that dials, rings, obeys orders and ends.

use std::{pin::pin, time::Duration};

use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, sleep, sleep_until, timeout},
};

use super::{
    Act, End, What,
    behaviour::{Decision, Plan},
    callbacks::{Notice, StatusTo, carry, pair, status_params, voice_params},
    delivery::{Answer, Envelope, HTTP_FAILURE, Request, deliver},
    person::act_out,
    world::{Admitted, Hearing, Shared, Terms, now},
};

/// The longest call that a phone makes by itself.
const INBOUND_LIMIT: Duration = Duration::from_secs(14_400);

/// What others want of a call.
pub(super) enum Order {
    Key(Key),
    Answer,
    Decline,
    HangUp,
    Cancel,
    Complete,
    Redirect(Script),
    /// The call that dialled this one is gone or goes on without it.
    Drop,
}

/// A pressed key; dropping it tells the person that it was dealt with.
pub(super) struct Key {
    pub(super) key: char,
    #[expect(dead_code, reason = "its drop is the message")]
    pub(super) done: Option<oneshot::Sender<()>>,
}

/// Where the next instructions come from.
pub(super) enum Script {
    Fetch(Request),
    Inline(String),
}

/// Why a script stops before its end.
pub(super) enum Break {
    End(End),
    Go(Script),
}

/// What a dialled call tells the one that dialled it.
pub(super) enum News {
    Answered,
    Ended(End),
}

/// What came first.
pub(super) enum Turn<T> {
    Done(T),
    Key(Key),
}

/// A call as its own task holds it.
pub(super) struct Leg {
    pub(super) world: Shared,
    pub(super) sid: String,
    /// A request that is still to be made after the end; its answer changes nothing.
    pub(super) last_request: Option<Request>,
    orders: mpsc::UnboundedReceiver<Order>,
    hearing: watch::Sender<Hearing>,
    mail: Option<mpsc::UnboundedSender<Notice>>,
    sequence: u32,
    person: Option<tokio::task::AbortHandle>,
}

/// Starts a call that was asked for through the API and tells its name.
pub(super) fn start(world: &Shared, terms: Terms, script: Script) -> String {
    let (limit, ring) = (terms.time_limit, terms.timeout);
    let (mut leg, slot) = Leg::admit(world, terms);
    let sid = leg.sid.clone();
    world.spawn(async move {
        let end = match leg.reach(slot, ring).await {
            Ok(()) => timeout(limit, leg.follow(script))
                .await
                .unwrap_or(End::TimeLimit),
            Err(end) => end,
        };
        leg.finish(end);
        if let Some(request) = leg.last_request.take() {
            let _ = leg.request(&request).await;
        }
    });
    sid
}

/// A phone rings a line of the caller's; `None` if the phone is on another call or nobody has that line.
pub(super) fn start_inbound(
    world: &Shared,
    from: &str,
    to: &str,
    then: Vec<Act>,
) -> Option<String> {
    let url = world.state().lines.get(to)?.clone();
    let request = Request {
        url,
        method: "POST".to_owned(),
        extra: vec![],
    };
    let status = StatusTo {
        request: request.clone(),
        events: vec!["completed".to_owned()],
    };
    let terms = Terms {
        to: to.to_owned(),
        from: from.to_owned(),
        parent: None,
        inbound: true,
        timeout: Duration::ZERO,
        time_limit: INBOUND_LIMIT,
        fallback: None,
        status: Some(status),
        leg: None,
    };
    let (mut leg, _) = Leg::admit(world, terms);
    if !world.state().lift(from, &leg.sid) {
        leg.finish(End::Busy);
        return None;
    }
    let sid = leg.sid.clone();
    world.spawn(async move {
        let end = timeout(INBOUND_LIMIT, leg.comes_in(request, then))
            .await
            .unwrap_or(End::TimeLimit);
        leg.finish(end);
        if let Some(request) = leg.last_request.take() {
            let _ = leg.request(&request).await;
        }
    });
    Some(sid)
}

/// Starts a call that a script dialled.
pub(super) fn start_child(world: &Shared, terms: Terms) -> (String, mpsc::UnboundedReceiver<News>) {
    let (limit, ring) = (terms.time_limit, terms.timeout);
    let (mut leg, slot) = Leg::admit(world, terms);
    let sid = leg.sid.clone();
    let (parent, news) = mpsc::unbounded_channel();
    world.spawn(async move {
        let end = match leg.reach(slot, ring).await {
            Ok(()) => leg.talk(limit, &parent).await,
            Err(end) => end,
        };
        leg.finish(end);
        let _ = parent.send(News::Ended(end));
    });
    (sid, news)
}

impl Leg {
    fn admit(world: &Shared, terms: Terms) -> (Self, Instant) {
        let status = terms.status.clone();
        let Admitted {
            sid,
            slot,
            orders,
            hearing,
        } = world.admit(terms);
        let mail = status.map(|to| {
            let (mail, received) = mpsc::unbounded_channel();
            world.spawn(carry(world.clone(), sid.clone(), to, received));
            mail
        });
        let world = world.clone();
        let leg = Self {
            world,
            sid,
            last_request: None,
            orders,
            hearing,
            mail,
            sequence: 0,
            person: None,
        };
        (leg, slot)
    }

    /// From the request to the answer.
    async fn reach(&mut self, slot: Instant, ring: Duration) -> Result<(), End> {
        self.unanswered(slot).await?;
        self.world
            .call(&self.sid, |call| call.record.dialled = Some(now()));
        self.report("initiated");
        self.unanswered(Instant::now() + self.world.settings.ring_delay)
            .await?;
        let plan = self.world.state().reach(&self.sid);
        match plan {
            Plan::Refused(end) => Err(end),
            Plan::Rings { decides, then } => {
                self.ring(ring, decides).await?;
                self.answered(then);
                Ok(())
            }
        }
    }

    async fn ring(
        &mut self,
        ring: Duration,
        decides: Option<(Duration, Decision)>,
    ) -> Result<(), End> {
        self.world
            .call(&self.sid, |call| call.record.ringing = Some(now()));
        self.world.tell(&self.sid, What::Ringing);
        self.report("ringing");
        let began = Instant::now();
        let decides = decides.filter(|(after, _)| *after < ring);
        let until = decides.map_or(ring, |(after, _)| after);
        let by_hand = self.unanswered(began + until).await?;
        match decides {
            Some((_, Decision::Decline)) if !by_hand => Err(End::Declined),
            None if !by_hand => Err(End::NoAnswer),
            Some(_) | None => Ok(()),
        }
    }

    /// Waits until then unless the call ends first or, which is true, somebody picks up by hand.
    async fn unanswered(&mut self, then: Instant) -> Result<bool, End> {
        let mut wait = pin!(sleep_until(then));
        loop {
            let order = tokio::select! {
                biased;
                order = self.orders.recv() => order,
                () = &mut wait => return Ok(false),
            };
            match order {
                Some(Order::Answer) => return Ok(true),
                Some(Order::Decline | Order::HangUp) => return Err(End::Declined),
                Some(Order::Cancel | Order::Complete | Order::Drop) | None => {
                    return Err(End::Canceled);
                }
                Some(Order::Key(_) | Order::Redirect(_)) => {}
            }
        }
    }

    /// The line is asked what the call hears while it rings there; then it is picked up.
    async fn comes_in(&mut self, request: Request, then: Vec<Act>) -> End {
        self.world.call(&self.sid, |call| {
            call.record.dialled = Some(now());
            call.record.ringing = Some(now());
        });
        let script = match self.document(Script::Fetch(request)).await {
            Ok((verbs, base)) => {
                self.answered(then);
                match self.perform(&verbs, &base).await {
                    Ok(()) => return End::ScriptEnded,
                    Err(Break::End(end)) => return end,
                    Err(Break::Go(script)) => script,
                }
            }
            Err(Break::End(end)) => return end,
            Err(Break::Go(script)) => script,
        };
        self.follow(script).await
    }

    fn answered(&mut self, then: Vec<Act>) {
        let orders = self.world.call(&self.sid, |call| {
            call.record.answered = Some(now());
            call.orders.clone()
        });
        self.world.tell(&self.sid, What::Answered);
        self.report("answered");
        self.person = Some(
            self.world
                .spawn(act_out(then, orders, self.hearing.subscribe())),
        );
    }

    /// A dialled call's conversation, until one side ends it.
    async fn talk(&mut self, limit: Duration, parent: &mpsc::UnboundedSender<News>) -> End {
        let _ = parent.send(News::Answered);
        match self.until(sleep(limit)).await {
            Ok(()) => End::TimeLimit,
            Err(Break::End(end)) => end,
            Err(Break::Go(script)) => {
                let _ = parent.send(News::Ended(End::ByApi));
                self.follow(script).await
            }
        }
    }

    /// Does some work of an answered call; keys pressed meanwhile are lost.
    pub(super) async fn until<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Break> {
        let mut work = pin!(work);
        loop {
            if let Turn::Done(done) = self.next(&mut work).await? {
                return Ok(done);
            }
        }
    }

    /// Does some work of an answered call, or tells of a key.
    pub(super) async fn next<T>(
        &mut self,
        mut work: impl Future<Output = T> + Unpin,
    ) -> Result<Turn<T>, Break> {
        loop {
            let order = tokio::select! {
                biased;
                order = self.orders.recv() => order,
                done = &mut work => return Ok(Turn::Done(done)),
            };
            match order {
                Some(Order::Key(key)) => return Ok(Turn::Key(self.pressed(key))),
                Some(Order::HangUp) => return Err(Break::End(End::HungUp)),
                Some(Order::Drop) => return Err(Break::End(End::OtherHungUp)),
                Some(Order::Complete) | None => return Err(Break::End(End::ByApi)),
                Some(Order::Redirect(script)) => return Err(Break::Go(script)),
                Some(Order::Answer | Order::Decline | Order::Cancel) => {}
            }
        }
    }

    fn pressed(&self, key: Key) -> Key {
        self.world
            .call(&self.sid, |call| call.record.keys.push(key.key));
        self.world.tell(&self.sid, What::Key { key: key.key });
        key
    }

    /// Lets the person notice something.
    pub(super) fn hear(&self, change: impl FnOnce(&mut Hearing)) {
        self.hearing.send_modify(change);
    }

    /// Makes a request about this call and returns what was answered.
    pub(super) fn request(
        &self,
        request: &Request,
    ) -> impl Future<Output = Result<Answer, u32>> + use<> {
        let account = &self.world.settings.account;
        let params = self
            .world
            .call(&self.sid, |call| voice_params(account, call));
        let envelope = Envelope::new(&self.sid, "script", request, params);
        let lost = self.world.state().faults.loses(&request.url);
        let world = self.world.clone();
        async move {
            match lost {
                true => Err(HTTP_FAILURE),
                false => deliver(&world, envelope).await,
            }
        }
    }

    fn finish(&mut self, end: End) {
        if let Some(person) = self.person.take() {
            person.abort();
        }
        let mut state = self.world.state();
        state.release(&self.sid);
        state.call(&self.sid, |call| {
            call.record.ended = Some(now());
            call.record.end = Some(end);
        });
        drop(state);
        self.world.tell(&self.sid, What::Ended { how: end });
        self.report("completed");
        self.mail = None;
        self.hear(|hearing| hearing.ended = true);
    }

    /// Hands an event to the courier, if it was asked for.
    fn report(&mut self, event: &'static str) {
        let Some(mail) = &self.mail else { return };
        let account = &self.world.settings.account;
        let params = self.world.call(&self.sid, |call| {
            call.updated = now();
            let asked = call
                .terms
                .status
                .as_ref()
                .is_some_and(|to| to.events.iter().any(|asked| asked == event));
            asked.then(|| {
                let mut params = voice_params(account, call);
                if event == "initiated" {
                    params.retain(|(key, _)| key != "CallStatus");
                    params.push(pair("CallStatus", event));
                }
                params.extend(status_params(call, event, self.sequence));
                params
            })
        });
        if let Some(params) = params {
            self.sequence += 1;
            let _ = mail.send(Notice {
                event,
                at: Instant::now(),
                params,
            });
        }
    }
}
