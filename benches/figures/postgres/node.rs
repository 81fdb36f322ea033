//! Nodes that do nothing but steps: processes of their own on one database, each with the lease and the connections of
//! a daemon, and as many lanes as it has connections. A lane takes leads one after the other through a short life: it
//! comes in, a phone rings, the carrier says so, a person ends it, the phone is free again. What is counted is
//! decisions, each in a transaction of its own.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use leadbridge::decision::Arrival;
use leadbridge::flow::{Command as Order, Event};
use leadbridge::hours::Hours;
use leadbridge::io::clock::Clock;
use leadbridge::io::store::{Effect, New, RENEW_EVERY, Received, Stepped, Store, Wake};
use leadbridge::lead::{Consent, Lead};
use leadbridge::phone::{HashKey, PhoneNumber};
use leadbridge::rotation::{
    AfterHours, CarrierId, Rep, RepId, Rooftop, RooftopId, Rules, SourceId, Strategy, Terms,
};
use leadbridge_providers::{CarrierCallId, End, Language, LeadId, LegId, Phase, Placing};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::{interval, sleep};

use crate::Extent;
use crate::daemon::{body, customer, phone};

/// As many as a node has connections for leads.
pub(super) const LANES: usize = 12;
/// Reps of a rooftop; there is an owner beside them.
const REPS: usize = 3;
/// Between them all lanes of all nodes share the phones of so many rooftops, if they share any.
const SHARED_ROOFTOPS: usize = 8;
/// Until every connection is there and knows its statements.
const WARM_UP: Duration = Duration::from_millis(1_500);
/// A node has so many customers.
const CUSTOMERS: usize = 2_500_000;
const LOOK_EVERY: Duration = Duration::from_millis(500);
const CARRIER: &str = "main";

/// Who works on one database at the same time.
#[derive(Clone, Copy)]
pub(super) struct Load {
    /// So many nodes.
    pub(super) nodes: usize,
    /// So many lanes of each.
    pub(super) lanes: usize,
    /// Whether the lanes share their phones.
    pub(super) shared: bool,
}

/// How long is counted.
pub(super) fn seconds(extent: Extent) -> u64 {
    extent.of(2, 3)
}

/// The steps a second of all nodes together.
pub(super) async fn steps_per_s(database: &str, load: Load, extent: Extent) -> f64 {
    let mut children: Vec<_> = (0..load.nodes)
        .map(|number| start(database, number, load, extent))
        .collect();
    for child in &mut children {
        assert_eq!(line(child).await, "ready");
    }
    for child in &mut children {
        child
            .stdin
            .take()
            .unwrap()
            .write_all(b"go\n")
            .await
            .unwrap();
    }
    let mut steps = 0;
    for child in &mut children {
        steps += line(child).await.parse::<usize>().unwrap();
        child.wait().await.unwrap();
    }
    steps as f64 / seconds(extent) as f64
}

fn start(database: &str, number: usize, load: Load, extent: Extent) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--node", database, &number.to_string()])
        .args([&load.lanes.to_string(), &load.shared.to_string()])
        .arg(seconds(extent).to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// What a node says next.
async fn line(child: &mut Child) -> String {
    let mut text = String::new();
    let from = child.stdout.as_mut().unwrap();
    BufReader::new(from).read_line(&mut text).await.unwrap();
    text.trim_end().to_owned()
}

/// Is a node; the arguments are those of [`start`].
pub(crate) async fn serve(arguments: [&str; 5]) {
    let [database, number, lanes, shared, seconds] = arguments;
    let (number, count): (usize, usize) = (number.parse().unwrap(), lanes.parse().unwrap());
    let shared: bool = shared.parse().unwrap();
    let store = Store::connect(database, |_| {}).await.unwrap();
    tokio::spawn(keep_lease(store.clone()));
    let rooftops = LANES * crate::postgres::NODES.len();
    let rules = Arc::new(rules(rooftops, store.hash_key()));
    let (steps, over) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
    let mut lanes = JoinSet::new();
    for lane in 0..count {
        let lane = number * LANES + lane;
        let lane = Lane {
            store: store.clone(),
            rules: rules.clone(),
            clock: Clock::start(),
            rooftop: if shared { lane % SHARED_ROOFTOPS } else { lane },
            next: number * CUSTOMERS + lane * CUSTOMERS / rooftops,
            steps: steps.clone(),
        };
        lanes.spawn(lane.run(over.clone()));
    }
    sleep(WARM_UP).await;
    println!("ready");
    let go = || std::io::stdin().read_line(&mut String::new());
    tokio::task::spawn_blocking(go).await.unwrap().unwrap();
    let before = steps.load(Ordering::Relaxed);
    sleep(Duration::from_secs(seconds.parse().unwrap())).await;
    println!("{}", steps.load(Ordering::Relaxed) - before);
    // The others are still being counted.
    over.store(true, Ordering::Relaxed);
    lanes.join_all().await;
}

/// As a daemon does.
async fn keep_lease(store: Store) {
    let (mut renew, mut look) = (interval(RENEW_EVERY), interval(LOOK_EVERY));
    loop {
        tokio::select! {
            _ = renew.tick() => store.renew().await.unwrap(),
            _ = look.tick() => assert!(store.take_over(false, Timestamp::UNIX_EPOCH).await.unwrap().is_none()),
        }
    }
}

/// One lead after the other.
struct Lane {
    store: Store,
    rules: Arc<Rules>,
    clock: Clock,
    rooftop: usize,
    /// The next customer.
    next: usize,
    steps: Arc<AtomicUsize>,
}

/// What is to be done next.
enum Work {
    Effect(Box<Effect>),
    Wake(Wake),
}

impl Lane {
    async fn run(mut self, over: Arc<AtomicBool>) {
        while !over.load(Ordering::Relaxed) {
            let Received {
                lead,
                effects,
                wakes,
                ..
            } = self.receive().await;
            let mut work = works(effects, wakes);
            if work.is_empty() {
                // All phones are taken: it gives up.
                work = self.step(lead, ended_by_a_person()).await;
            }
            while let Some(next) = work.pop() {
                work.extend(self.one(next).await);
            }
        }
    }

    async fn receive(&mut self) -> Received {
        let new = New {
            arrival: arrival(self.clock.lead_id(), self.rooftop, self.next),
            content_type: "application/json".to_owned(),
            body: body(self.next).into_bytes(),
        };
        self.next += 1;
        let received = self
            .store
            .receive(new, self.rules.clone(), Timestamp::UNIX_EPOCH);
        let received = received.await.unwrap();
        self.steps.fetch_add(1, Ordering::Relaxed);
        received
    }

    async fn one(&self, work: Work) -> Vec<Work> {
        let effect = match work {
            Work::Wake(wake) => return self.step(wake.lead, wake.event).await,
            Work::Effect(effect) => effect,
        };
        match effect.command {
            Order::Ring(leg) => self.rings(leg, &effect).await,
            Order::Cancel(leg) | Order::HangUp(leg) => {
                self.store.done(effect.id).await.unwrap();
                self.carrier_says(leg, Phase::Ended(End::Canceled)).await
            }
            Order::Interrupt(_) | Order::LookUp(_) | Order::Text(_) | Order::Notice(_) => {
                self.store.done(effect.id).await.unwrap();
                Vec::new()
            }
        }
    }

    /// It is placed, it rings, and a person ends it.
    async fn rings(&self, leg: LegId, effect: &Effect) -> Vec<Work> {
        let placed = Event::Placing(leg, Placing::Placed(CarrierCallId(format!("CA{leg}"))));
        let stepped = self.store.step(
            leg.lead,
            placed,
            Some(effect.id),
            self.rules.clone(),
            Timestamp::UNIX_EPOCH,
        );
        let mut work = self.counted(stepped.await.unwrap());
        work.extend(self.carrier_says(leg, Phase::Ringing).await);
        work.extend(self.step(leg.lead, ended_by_a_person()).await);
        work
    }

    async fn carrier_says(&self, leg: LegId, phase: Phase) -> Vec<Work> {
        let event = Event::Progress {
            leg,
            call: Some(CarrierCallId(format!("CA{leg}"))),
            phase,
        };
        let stepped = self.store.step_by(
            CarrierId(CARRIER.to_owned()),
            leg,
            event,
            self.rules.clone(),
            Timestamp::UNIX_EPOCH,
        );
        self.counted(stepped.await.unwrap())
    }

    async fn step(&self, lead: LeadId, event: Event) -> Vec<Work> {
        let stepped = self
            .store
            .step(lead, event, None, self.rules.clone(), Timestamp::UNIX_EPOCH);
        self.counted(stepped.await.unwrap())
    }

    fn counted(&self, stepped: Option<Stepped>) -> Vec<Work> {
        let stepped = stepped.unwrap();
        self.steps.fetch_add(1, Ordering::Relaxed);
        works(stepped.effects, stepped.wakes)
    }
}

fn works(effects: Vec<Effect>, wakes: Vec<Wake>) -> Vec<Work> {
    let wakes = wakes.into_iter().map(Work::Wake);
    let effects = effects.into_iter().map(Box::new).map(Work::Effect);
    wakes.chain(effects).collect()
}

fn ended_by_a_person() -> Event {
    Event::Cancel { reason: None }
}

fn arrival(lead: LeadId, rooftop: usize, count: usize) -> Arrival {
    Arrival {
        lead,
        source: SourceId("website".to_owned()),
        rooftop: RooftopId(format!("t{rooftop}")),
        told: Some(Lead {
            id: Some(format!("web-{count}")),
            last_name: Some("Peeters".to_owned()),
            phone: Some(customer(count)),
            consent: Consent {
                call: Some(true),
                ..Consent::default()
            },
            ..Lead::default()
        }),
        over_rate: false,
        unproven: false,
    }
}

/// So many rooftops, each with reps and an owner of its own.
fn rules(rooftops: usize, key: &HashKey) -> Rules {
    let all = (0..rooftops).flat_map(|rooftop| (0..=REPS).map(move |number| (rooftop, number)));
    Rules {
        name: "Groep Peeters".to_owned(),
        language: Language::Nl,
        country: "BE".to_owned(),
        countries: vec!["BE".to_owned()],
        customer_rings_per_day: 4,
        reps: all
            .map(|(rooftop, number)| rep(rooftop, number, key))
            .collect(),
        rooftops: (0..rooftops)
            .map(rooftop)
            .map(|rooftop| (rooftop.id.clone(), rooftop))
            .collect::<BTreeMap<_, _>>(),
        measure: Default::default(),
    }
}

fn rooftop(number: usize) -> Rooftop {
    let owner = vec![rep_id(number, REPS)];
    Rooftop {
        id: RooftopId(format!("t{number}")),
        name: format!("Garage Peeters {number}"),
        carrier: CarrierId(CARRIER.to_owned()),
        caller_id: PhoneNumber::parse("+3292330000", "BE").unwrap(),
        reception: None,
        hours: Hours::always(TimeZone::UTC),
        after_hours: AfterHours::Wait,
        duty: Vec::new(),
        strategy: Strategy::InOrder,
        reps: (0..REPS).map(|rep| rep_id(number, rep)).collect(),
        owner: owner.clone(),
        managers: owner,
        customer_hours: Hours::always(TimeZone::UTC),
        terms: Terms::default(),
    }
}

fn rep(rooftop: usize, number: usize, key: &HashKey) -> Rep {
    let phone = PhoneNumber::parse(&phone(rooftop, number), "BE").unwrap();
    Rep {
        id: rep_id(rooftop, number),
        name: format!("An Claes {rooftop} {number}"),
        key: key.of(&phone),
        phone,
        email: None,
        language: Language::Nl,
        hours: None,
        away: Vec::new(),
    }
}

fn rep_id(rooftop: usize, number: usize) -> RepId {
    RepId(format!("r{rooftop}-{number}"))
}
