//! What all parts of the network share: its calls, its phones and its faults, behind one small lock.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hasher, RandomState},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use jiff::Timestamp;
use tokio::{
    sync::{broadcast, mpsc, watch},
    time::Instant,
};

use super::{
    Behaviour, CallRecord, Delivery, End, Event, Refusing, Settings, What,
    behaviour::Plan,
    callbacks::StatusTo,
    delivery::{Clients, Request},
    faults::Faults,
    leg::Order,
    messages::Texts,
    room::Door,
};

/// How many events a slow watcher may be behind before it misses some.
const EVENTS_KEPT: usize = 4096;

/// The network's inside.
pub(super) struct World {
    pub(super) settings: Settings,
    pub(super) url: String,
    pub(super) clients: Clients,
    pub(super) stopped: watch::Sender<bool>,
    pub(super) refusing: mpsc::UnboundedSender<Refusing>,
    events: broadcast::Sender<Event>,
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) calls: Vec<Call>,
    pub(super) faults: Faults,
    pub(super) deliveries: Vec<Delivery>,
    pub(super) texts: Texts,
    /// The addresses that say what who rings these numbers hears.
    pub(super) lines: HashMap<String, String>,
    pub(super) rooms: HashMap<String, Door>,
    phones: HashMap<String, Line>,
    by_sid: HashMap<String, usize>,
    next_slot: Option<Instant>,
}

/// A phone: what it will do with its next calls, and the call it is on.
#[derive(Default)]
struct Line {
    behaviours: Vec<Behaviour>,
    on: Option<String>,
}

/// A call as the network holds it.
pub(super) struct Call {
    pub(super) record: CallRecord,
    pub(super) terms: Terms,
    pub(super) updated: Timestamp,
    pub(super) queue: Duration,
    pub(super) orders: mpsc::UnboundedSender<Order>,
    pub(super) hearing: watch::Sender<Hearing>,
    pub(super) delivered: watch::Sender<u32>,
    /// A machine has picked it up.
    pub(super) is_machine: bool,
}

/// What was asked for when the call was made.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    pub(super) to: String,
    pub(super) from: String,
    pub(super) parent: Option<String>,
    pub(super) inbound: bool,
    pub(super) timeout: Duration,
    pub(super) time_limit: Duration,
    pub(super) fallback: Option<Request>,
    pub(super) status: Option<StatusTo>,
    pub(super) leg: Option<String>,
}

/// What the person on a phone can tell about the call.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hearing {
    pub(super) asked_for_keys: bool,
    pub(super) prompts: u32,
    pub(super) bridged: bool,
    pub(super) ended: bool,
}

/// The ends of a new call that its task holds.
pub(super) struct Admitted {
    pub(super) sid: String,
    pub(super) slot: Instant,
    pub(super) orders: mpsc::UnboundedReceiver<Order>,
    pub(super) hearing: watch::Sender<Hearing>,
}

impl World {
    pub(super) fn new(
        settings: Settings,
        url: String,
        refusing: mpsc::UnboundedSender<Refusing>,
    ) -> Self {
        Self {
            settings,
            url,
            refusing,
            clients: Clients::default(),
            stopped: watch::Sender::new(false),
            events: broadcast::Sender::new(EVENTS_KEPT),
            state: Mutex::default(),
        }
    }

    /// Runs a task that ends with the network.
    pub(super) fn spawn(
        &self,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> tokio::task::AbortHandle {
        let mut stopped = self.stopped.subscribe();
        let task = async move {
            tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => {}
                () = task => {}
            }
        };
        tokio::spawn(task).abort_handle()
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .expect("nothing panics while it holds the lock")
    }

    /// Looks at or changes one call.
    pub(super) fn call<T>(&self, sid: &str, act: impl FnOnce(&mut Call) -> T) -> T {
        self.state()
            .call(sid, act)
            .expect("calls are never forgotten")
    }

    pub(super) fn watch(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Tells those who watch; nobody watching is no fault.
    pub(super) fn tell(&self, sid: &str, what: What) {
        let (number, leg) = self.call(sid, |call| {
            (call.record.phone().to_owned(), call.record.leg.clone())
        });
        let _ = self.events.send(Event {
            at: now(),
            number,
            sid: sid.to_owned(),
            leg,
            what,
        });
    }

    /// Tells those who watch what came to a phone without a call.
    pub(super) fn tell_phone(&self, number: &str, sid: &str, what: What) {
        let _ = self.events.send(Event {
            at: now(),
            number: number.to_owned(),
            sid: sid.to_owned(),
            leg: None,
            what,
        });
    }

    /// Takes a call in: from here on it exists.
    pub(super) fn admit(&self, terms: Terms) -> Admitted {
        let sid = fresh("CA");
        let (sender, orders) = mpsc::unbounded_channel();
        let hearing = watch::Sender::new(Hearing::default());
        let mut state = self.state();
        let asked = Instant::now();
        let slot = if terms.parent.is_some() || terms.inbound {
            asked
        } else {
            state.slot(self.settings.calls_per_s, asked)
        };
        let created = now();
        state.insert(Call {
            record: blank(&sid, &terms, created),
            terms,
            updated: created,
            queue: slot - asked,
            orders: sender,
            hearing: hearing.clone(),
            delivered: watch::Sender::new(0),
            is_machine: false,
        });
        Admitted {
            sid,
            slot,
            orders,
            hearing,
        }
    }
}

impl State {
    pub(super) fn call<T>(&mut self, sid: &str, act: impl FnOnce(&mut Call) -> T) -> Option<T> {
        self.by_sid.get(sid).map(|at| act(&mut self.calls[*at]))
    }

    pub(super) fn set_behaviours(&mut self, number: &str, behaviours: Vec<Behaviour>) {
        self.phones.entry(number.to_owned()).or_default().behaviours = behaviours;
    }

    /// The call that a phone is on.
    pub(super) fn call_of(&self, number: &str) -> Option<&Call> {
        let sid = self.phones.get(number)?.on.as_ref()?;
        self.by_sid.get(sid).map(|at| &self.calls[*at])
    }

    /// Notes that a machine has the call that a phone is on.
    pub(super) fn left_to_machine(&mut self, number: &str) -> Option<String> {
        let sid = self.phones.get(number)?.on.clone()?;
        self.call(&sid, |call| call.is_machine = true);
        Some(sid)
    }

    /// Connects a call to its phone, which does the next thing it was told to do.
    pub(super) fn reach(&mut self, sid: &str) -> Plan {
        let Some(number) = self.call(sid, |call| call.record.to.clone()) else {
            return Plan::Refused(End::NoSuchNumber);
        };
        let other = self
            .call_of(&number)
            .map(|call| call.record.is_a_lead_call());
        if let Some(collided) = other {
            self.call(sid, |call| call.record.collided = collided);
            return Plan::Refused(End::Busy);
        }
        let line = self.phones.entry(number).or_default();
        line.on = Some(sid.to_owned());
        let behaviour = match line.behaviours.as_slice() {
            [] => Behaviour::RingsOut,
            [last] => last.clone(),
            [..] => line.behaviours.remove(0),
        };
        behaviour.plan()
    }

    /// Takes the phone that a call comes from; false if it is on another.
    pub(super) fn lift(&mut self, number: &str, sid: &str) -> bool {
        let line = self.phones.entry(number.to_owned()).or_default();
        if line.on.is_some() {
            return false;
        }
        line.on = Some(sid.to_owned());
        true
    }

    /// Frees the phone that a call was on.
    pub(super) fn release(&mut self, sid: &str) {
        self.phones
            .values_mut()
            .filter(|line| line.on.as_deref() == Some(sid))
            .for_each(|line| line.on = None);
    }

    fn slot(&mut self, calls_per_s: u32, asked: Instant) -> Instant {
        if calls_per_s == 0 {
            return asked;
        }
        let slot = self.next_slot.map_or(asked, |next| next.max(asked));
        self.next_slot = Some(slot + Duration::from_secs(1) / calls_per_s);
        slot
    }

    fn insert(&mut self, call: Call) {
        self.by_sid
            .insert(call.record.sid.clone(), self.calls.len());
        self.calls.push(call);
    }
}

/// The carrier's own clock, as foreign to the daemon's as a real carrier's.
#[expect(
    clippy::disallowed_methods,
    reason = "the network is the world outside of the daemon"
)]
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}

/// A new name: two letters and 32 hexadecimal digits.
pub(super) fn fresh(prefix: &str) -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("{prefix}{:016x}{:016x}", random(), random())
}

/// The leg id in `/carriers/{carrier}/{leg}/status`.
pub(super) fn leg_id(status_url: &str) -> Option<String> {
    let after = status_url.split_once("/carriers/")?.1;
    after.split('/').nth(1).map(str::to_owned)
}

/// A network as its tasks see it.
pub(super) type Shared = Arc<World>;

fn blank(sid: &str, terms: &Terms, created: Timestamp) -> CallRecord {
    CallRecord {
        sid: sid.to_owned(),
        leg: terms.leg.clone(),
        to: terms.to.clone(),
        from: terms.from.clone(),
        inbound: terms.inbound,
        parent: terms.parent.clone(),
        created,
        dialled: None,
        ringing: None,
        answered: None,
        ended: None,
        end: None,
        bridged_with: None,
        heard: vec![],
        keys: String::new(),
        errors: vec![],
        collided: false,
    }
}
