//! What the demo's page shows, as it is now: the phones and the leads, each as one whole. Whoever comes late, comes
//! back, or misses something gets the same as everybody else, and nothing is sent while nothing changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use leadbridge_providers::Language;
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, watch};

use crate::flow::shown::{Shown, Stage};
use crate::io::engine::Engine;
use crate::io::store::{Filter, Record, StoreError};
use crate::lead::Lead;
use crate::phones::{Handset, Network, TextRecord};
use crate::phrases::Phrases;
use crate::rotation::{Rep, RepId, Rooftop, Rules};
use crate::why::Why;

/// Those of the page.
const LANGUAGES: [Language; 4] = [Language::Nl, Language::Fr, Language::De, Language::En];
/// How many of the latest leads are shown.
const LEADS: usize = 8;
/// How often a lead under way is looked at when nothing else wakes.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How often a lead that waits is looked at.
const LOOK_SELDOM: Duration = Duration::from_secs(1);
/// What a phone shows settles so soon after something happened on it.
const SETTLES_WITHIN: Duration = Duration::from_millis(40);

/// The present picture, as JSON.
#[derive(Clone)]
pub(super) struct Live {
    pub(super) phones: watch::Receiver<Arc<str>>,
    pub(super) leads: watch::Receiver<Arc<str>>,
    wake: Arc<Notify>,
}

impl Live {
    /// Looks from now on, as long as the runtime lives.
    pub(super) fn start(engine: Engine, network: Network) -> Live {
        let empty: Arc<str> = "[]".into();
        let (phones, phones_seen) = watch::channel(empty.clone());
        let (leads, leads_seen) = watch::channel(empty);
        let (customers, customers_seen) = watch::channel(vec![]);
        let wake = Arc::new(Notify::new());
        tokio::spawn(look_at_leads(
            engine.clone(),
            wake.clone(),
            leads,
            customers,
        ));
        tokio::spawn(look_at_phones(
            engine,
            network,
            wake.clone(),
            phones,
            customers_seen,
        ));
        Live {
            phones: phones_seen,
            leads: leads_seen,
            wake,
        }
    }

    /// Something may have changed.
    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }
}

/// Somebody of the outside whose phone the page shows.
#[derive(Clone, PartialEq)]
struct Customer {
    name: String,
    number: String,
    language: String,
}

/// A lead as shown, with what only the demo may tell of it.
#[derive(Serialize)]
struct LeadCard {
    #[serde(flatten)]
    shown: Shown,
    name: String,
    number: Option<String>,
    vehicle: String,
    /// What became of it, in whatever language the page may be read; nothing while it is under way.
    why: BTreeMap<Language, String>,
}

/// One phone of the page.
#[derive(Serialize)]
struct PhoneCard {
    number: String,
    name: String,
    role: &'static str,
    language: String,
    rep: Option<String>,
    /// Who the display says is calling.
    who: Option<String>,
    call: Option<Handset>,
    texts: Vec<TextRecord>,
    /// The number to ring back.
    line: Option<String>,
}

async fn look_at_leads(
    engine: Engine,
    wake: Arc<Notify>,
    leads: watch::Sender<Arc<str>>,
    customers: watch::Sender<Vec<Customer>>,
) {
    loop {
        let pause = match latest(&engine).await {
            Ok(records) => {
                let rules = engine.rules();
                customers.send_if_modified(|shown| replace(shown, outside(&records, &rules)));
                let card = |record| card(record, &rules, &engine.phrases);
                let cards: Vec<_> = records.iter().map(card).collect();
                leads.send_if_modified(|shown| replace(shown, json(&cards)));
                pause(&records)
            }
            Err(_) => Some(LOOK_SELDOM),
        };
        match pause {
            Some(pause) => drop(tokio::time::timeout(pause, wake.notified()).await),
            None => wake.notified().await,
        }
    }
}

/// The latest lead last.
async fn latest(engine: &Engine) -> Result<Vec<Record>, StoreError> {
    let reads = engine.store.reads();
    let page = reads.list(Filter::default(), None, LEADS).await?;
    let mut records = Vec::new();
    for lead in page.leads.iter().rev() {
        records.extend(reads.lead(lead.flow.lead).await?);
    }
    Ok(records)
}

/// When to look again though nobody wakes; `None`: no lead changes by itself.
fn pause(records: &[Record]) -> Option<Duration> {
    let stages = records.iter().map(|record| record.flow.stage());
    let pause = |stage| match stage {
        Stage::Held | Stage::Closed => None,
        Stage::Waiting | Stage::Sleeping | Stage::Stalled => Some(LOOK_SELDOM),
        Stage::InLine
        | Stage::Ringing
        | Stage::Whispering
        | Stage::Dialling
        | Stage::Talking
        | Stage::WrappingUp => Some(LOOK_EVERY),
    };
    stages.filter_map(pause).min()
}

/// The customers of open leads, and that of the latest one that may be rung.
fn outside(records: &[Record], rules: &Rules) -> Vec<Customer> {
    let callable = records
        .iter()
        .filter(|record| record.flow.held_reason().is_none());
    let latest = callable.clone().next_back().map(|record| record.flow.lead);
    let mut customers: Vec<Customer> = vec![];
    let shown = callable
        .filter(|record| record.flow.outcome().is_none() || Some(record.flow.lead) == latest);
    for customer in shown.filter_map(|record| customer(record, rules)) {
        customers.retain(|known| known.number != customer.number);
        customers.push(customer);
    }
    customers
}

fn customer(record: &Record, rules: &Rules) -> Option<Customer> {
    let language = record.told.as_ref().and_then(|told| told.language);
    Some(Customer {
        name: name(record),
        number: record.phone.as_ref()?.as_str().to_owned(),
        language: crate::flow::word(language.unwrap_or(rules.language)),
    })
}

fn card(record: &Record, rules: &Rules, phrases: &Phrases) -> LeadCard {
    let rooftop = rules.rooftops.get(&record.flow.facts.rooftop);
    let zone = rooftop.map_or(TimeZone::UTC, |rooftop| rooftop.hours.zone().clone());
    let shown = record.flow.shown(&zone, &record.timeline);
    let vehicle = record.told.as_ref().map(|told| &told.vehicle);
    let vehicle = vehicle.map_or(String::new(), |vehicle| {
        together(&vehicle.make, &vehicle.model)
    });
    LeadCard {
        shown: Shown {
            joined_to: record.joined_to,
            ..shown
        },
        name: name(record),
        number: record.phone.as_ref().map(|phone| phone.as_str().to_owned()),
        vehicle,
        why: became(record, rules, phrases),
    }
}

fn became(record: &Record, rules: &Rules, phrases: &Phrases) -> BTreeMap<Language, String> {
    if !matches!(record.flow.stage(), Stage::Held | Stage::Closed) {
        return BTreeMap::new();
    }
    let told = |language| {
        let why = Why {
            phrases,
            rules,
            language,
        };
        (language, why.of(&record.flow, &record.timeline))
    };
    LANGUAGES.map(told).into()
}

fn name(record: &Record) -> String {
    let whole = |told: &Lead| together(&told.first_name, &told.last_name);
    record.told.as_ref().map(whole).unwrap_or_default()
}

fn together(first: &Option<String>, last: &Option<String>) -> String {
    let words: Vec<_> = [first, last]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    words.join(" ")
}

async fn look_at_phones(
    engine: Engine,
    network: Network,
    wake: Arc<Notify>,
    phones: watch::Sender<Arc<str>>,
    mut customers: watch::Receiver<Vec<Customer>>,
) {
    let mut events = network.watch();
    loop {
        let known = customers.borrow_and_update().clone();
        let cards = phone_cards(&engine.rules(), &known, &network);
        phones.send_if_modified(|shown| replace(shown, json(&cards)));
        let happened = tokio::select! {
            event = events.recv() => event.map(drop),
            changed = customers.changed() => changed.map_err(|_| RecvError::Closed),
        };
        if happened == Err(RecvError::Closed) {
            return;
        }
        let cards = phone_cards(&engine.rules(), &known, &network);
        phones.send_if_modified(|shown| replace(shown, json(&cards)));
        wake.notify_one();
        tokio::time::sleep(SETTLES_WITHIN).await;
    }
}

/// Those who are rung first, those who asked, those who are rung last.
fn phone_cards(rules: &Rules, customers: &[Customer], network: &Network) -> Vec<PhoneCard> {
    let rooftops = || rules.rooftops.values();
    let people = |ids: fn(&Rooftop) -> &[RepId], role: &'static str| {
        let ids = rooftops().flat_map(ids);
        ids.filter_map(move |id| Some(staff(rules.reps.get(id)?, role)))
    };
    let mut cards: Vec<_> = people(|rooftop| &rooftop.reps, "rep").collect();
    cards.extend(customers.iter().map(outsider));
    cards.extend(people(|rooftop| &rooftop.owner, "owner"));
    cards.extend(rooftops().filter_map(|rooftop| reception(rooftop, rules)));
    let mut known = BTreeSet::new();
    cards.retain(|card| known.insert(card.number.clone()));
    let line = rooftops().next().map(|rooftop| rooftop.caller_id.as_str());
    for card in &mut cards {
        let phone = network.phone(&card.number);
        card.call = phone.handset();
        card.texts = phone.texts();
        card.line = line.filter(|_| card.role != "reception").map(str::to_owned);
        card.who = card.call.as_ref().map(|call| who(&call.shows, rules));
    }
    cards
}

fn outsider(customer: &Customer) -> PhoneCard {
    PhoneCard {
        number: customer.number.clone(),
        name: customer.name.clone(),
        role: "customer",
        language: customer.language.clone(),
        rep: None,
        who: None,
        call: None,
        texts: vec![],
        line: None,
    }
}

/// A garage's name for its number.
fn who(number: &str, rules: &Rules) -> String {
    let mut rooftops = rules.rooftops.values();
    let garage = rooftops.find(|rooftop| rooftop.caller_id.as_str() == number);
    garage.map_or(number, |garage| &garage.name).to_owned()
}

fn staff(rep: &Rep, role: &'static str) -> PhoneCard {
    PhoneCard {
        number: rep.phone.as_str().to_owned(),
        name: rep.name.clone(),
        role,
        language: crate::flow::word(rep.language),
        rep: Some(rep.id.0.clone()),
        who: None,
        call: None,
        texts: vec![],
        line: None,
    }
}

fn reception(rooftop: &Rooftop, rules: &Rules) -> Option<PhoneCard> {
    Some(PhoneCard {
        number: rooftop.reception.as_ref()?.as_str().to_owned(),
        name: rooftop.name.clone(),
        role: "reception",
        language: crate::flow::word(rules.language),
        rep: None,
        who: None,
        call: None,
        texts: vec![],
        line: None,
    })
}

/// Whether it is another.
fn replace<T: PartialEq>(shown: &mut T, now: T) -> bool {
    let differs = *shown != now;
    if differs {
        *shown = now;
    }
    differs
}

fn json(cards: &impl Serialize) -> Arc<str> {
    serde_json::to_string(cards)
        .expect("what is shown is plain JSON")
        .into()
}
