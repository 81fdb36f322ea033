//! A random group: three to five reps and an owner over two rooftops, and the leads of a day.

use std::sync::OnceLock;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use leadbridge::decision::Arrival;
use leadbridge::hours::Hours;
use leadbridge::lead::{Consent, Lead};
use leadbridge::phone::{HashKey, PhoneNumber};
use leadbridge::rotation::{
    AfterHours, CarrierId, Rep, RepId, Rooftop, RooftopId, Rules, SourceId, Strategy, Terms,
};
use leadbridge_providers::{Language, LeadId};
use uuid::Uuid;

/// Words that only a lead's own row may hold (P9).
pub(crate) const SECRETS: [&str; 3] = ["Zwartepoorten", "Ghislaine", "zebrapad"];

const ROOFTOPS: [&str; 2] = ["gent", "aalst"];
const SOURCES: [&str; 3] = ["website", "portal", "importer"];

/// What all seeds share, because it is slow to read.
pub(crate) struct Pool {
    hours: Vec<Hours>,
    people: Vec<PhoneNumber>,
    pub(crate) customers: Vec<PhoneNumber>,
    lines: Vec<PhoneNumber>,
    pub(crate) key: HashKey,
}

pub(crate) fn pool() -> &'static Pool {
    static POOL: OnceLock<Pool> = OnceLock::new();
    POOL.get_or_init(|| {
        let number = |text: String| PhoneNumber::parse(&text, "BE").expect("a Belgian number");
        let hours = [
            "Mo-Su 08:00-21:00",
            "Mo-Fr 09:00-18:30; Sa 10:00-17:00; PH off",
            "Mo-Fr 08:30-12:00,13:00-18:00",
        ];
        let parsed = hours.map(|text| Hours::parse(text, "Europe/Brussels", "BE").expect("hours"));
        let zone = TimeZone::get("Europe/Brussels").expect("a zone");
        Pool {
            hours: [Hours::always(zone)].into_iter().chain(parsed).collect(),
            people: (0..6).map(|n| number(format!("+3247000000{n}"))).collect(),
            customers: (0..8).map(|n| number(format!("+3247999120{n}"))).collect(),
            lines: (0..2).map(|n| number(format!("+329200000{n}"))).collect(),
            key: HashKey([7; 32]),
        }
    })
}

pub(crate) fn start(rng: &mut fastrand::Rng) -> Timestamp {
    let year: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a moment");
    let day = SignedDuration::from_hours(24 * rng.i64(0..364));
    // Mostly within working hours, so that there is something to see.
    let of_day = if rng.u8(..4) == 0 {
        0..24 * 3600
    } else {
        7 * 3600..17 * 3600
    };
    year + day + SignedDuration::from_secs(rng.i64(of_day))
}

pub(crate) fn rules(rng: &mut fastrand::Rng) -> Rules {
    let count = rng.usize(3..=5);
    let ids: Vec<_> = (0..count).map(|n| RepId(format!("rep{n}"))).collect();
    let owner = RepId("owner".to_owned());
    let people = ids
        .iter()
        .cloned()
        .chain([owner.clone()])
        .zip(&pool().people);
    let reps = people.map(|(id, number)| rep(id, number, rng)).collect();
    let rooftops: Vec<_> = (0..2).map(|n| rooftop(n, &ids, &owner, rng)).collect();
    Rules {
        name: "Groep".to_owned(),
        language: Language::Nl,
        country: "BE".to_owned(),
        countries: vec!["BE".to_owned()],
        customer_rings_per_day: *pick(rng, &[4, 4, 2, 1, 0]),
        reps,
        rooftops: rooftops
            .into_iter()
            .map(|rooftop| (rooftop.id.clone(), rooftop))
            .collect(),
        measure: Default::default(),
    }
}

/// Somebody edits the files: new terms, a strategy, a rep away, or a rooftop that is gone.
pub(crate) fn edited(base: &Rules, now: Timestamp, rng: &mut fastrand::Rng) -> Rules {
    let mut rules = base.clone();
    let id = RooftopId((*pick(rng, &ROOFTOPS)).to_owned());
    let today = now.to_zoned(TimeZone::UTC).date();
    match rng.u8(..5) {
        0 => drop(rules.rooftops.remove(&id)),
        1 => {
            let away = rules.reps.values_mut().next().expect("there are reps");
            away.away.push((today, today));
        }
        2 => drop(rules.reps.pop_last()),
        _ => {
            let rooftop = rules.rooftops.get_mut(&id).expect("both are there");
            rooftop.customer_hours = customer_hours(rng);
            rooftop.terms = terms(rng);
            rooftop.strategy = strategy(rng);
            rooftop.hours = hours(rng);
        }
    }
    rules
}

/// A lead, or a second of the same customer's, or a test, or one that must be held.
pub(crate) fn arrival(seed: u64, index: u64, at: Timestamp, rng: &mut fastrand::Rng) -> Arrival {
    let rep = match rng.u8(..10) {
        0 => Some(SECRETS[0].to_owned()),
        1 => Some("rep1".to_owned()),
        2 => Some("owner".to_owned()),
        _ => None,
    };
    let test = rng.u8(..12) == 0;
    let customer = pick(rng, &pool().customers).clone();
    let from = if test && rng.bool() {
        pick(rng, &pool().people).clone()
    } else {
        customer
    };
    let age = SignedDuration::from_mins(*pick(rng, &[0, 0, 1, 20, 300]));
    let told = Lead {
        requested_at: Some(at - age).filter(|_| rng.bool()),
        first_name: Some(SECRETS[1].to_owned()),
        last_name: Some(SECRETS[0].to_owned()),
        phone: Some(from.as_str().to_owned()).filter(|_| rng.u8(..15) > 0),
        message: Some(SECRETS[2].to_owned()),
        rep,
        consent: Consent {
            text: Some(rng.bool()),
            ..Consent::default()
        },
        test,
        ..Lead::default()
    };
    Arrival {
        lead: LeadId(Uuid::from_u128(
            u128::from(seed) << 64 | u128::from(index + 1),
        )),
        source: SourceId(SOURCES[index as usize % SOURCES.len()].to_owned()),
        rooftop: RooftopId((*pick(rng, &ROOFTOPS)).to_owned()),
        told: Some(told).filter(|_| rng.u8(..20) > 0),
        over_rate: rng.u8(..20) == 0,
        unproven: rng.u8(..10) == 0,
    }
}

pub(crate) fn pick<'a, T>(rng: &mut fastrand::Rng, choices: &'a [T]) -> &'a T {
    &choices[rng.usize(..choices.len())]
}

fn rep(id: RepId, phone: &PhoneNumber, rng: &mut fastrand::Rng) -> Rep {
    Rep {
        name: id.0.clone(),
        phone: phone.clone(),
        key: pool().key.of(phone),
        email: None,
        language: Language::Nl,
        hours: Some(hours(rng)).filter(|_| rng.u8(..4) == 0),
        away: Vec::new(),
        id,
    }
}

fn rooftop(n: usize, ids: &[RepId], owner: &RepId, rng: &mut fastrand::Rng) -> Rooftop {
    // Most reps belong to both rooftops: their phones are what leads compete for.
    let mut reps: Vec<_> = ids.iter().filter(|_| rng.u8(..5) > 0).cloned().collect();
    if rng.u8(..6) == 0 {
        reps.push(owner.clone());
    }
    let mut owners = vec![owner.clone()];
    if rng.u8(..6) == 0 {
        owners.insert(0, ids[0].clone());
    }
    Rooftop {
        id: RooftopId(ROOFTOPS[n].to_owned()),
        name: ROOFTOPS[n].to_owned(),
        carrier: CarrierId("main".to_owned()),
        caller_id: pool().lines[n].clone(),
        reception: None,
        hours: hours(rng),
        after_hours: *pick(
            rng,
            &[AfterHours::Wait, AfterHours::Duty, AfterHours::Owner],
        ),
        duty: vec![ids[1].clone()],
        strategy: strategy(rng),
        reps,
        managers: owners.clone(),
        owner: owners,
        customer_hours: customer_hours(rng),
        terms: terms(rng),
    }
}

fn hours(rng: &mut fastrand::Rng) -> Hours {
    let hours = &pool().hours;
    if rng.bool() {
        hours[0].clone()
    } else {
        pick(rng, hours).clone()
    }
}

fn strategy(rng: &mut fastrand::Rng) -> Strategy {
    *pick(
        rng,
        &[
            Strategy::InOrder,
            Strategy::RoundRobin,
            Strategy::LeastRecent,
            Strategy::RingAll,
        ],
    )
}

fn customer_hours(rng: &mut fastrand::Rng) -> Hours {
    let hours = &pool().hours;
    hours[usize::from(rng.u8(..3) == 0)].clone()
}

fn terms(rng: &mut fastrand::Rng) -> Terms {
    let rounds: [&[u32]; 5] = [
        &[0],
        &[0, 120, 600, 1800, 5400],
        &[0, 0],
        &[0, 30, 60],
        &[0, 90],
    ];
    Terms {
        ring_s: *pick(rng, &[20, 20, 20, 30, 5, 0]),
        next_after_s: *pick(rng, &[15, 15, 15, 5, 0]),
        rounds_s: pick(rng, &rounds).to_vec(),
        mornings: *pick(rng, &[2, 1, 0, 0]),
        in_line_s: *pick(rng, &[90, 90, 30, 0]),
        wrap_up_s: *pick(rng, &[30, 30, 90, 0]),
        customer_s: *pick(rng, &[25, 25, 10, 0]),
        talk_s: *pick(rng, &[15, 15, 0]),
        sure_s: *pick(rng, &[60, 60, 0]),
        talk_max_s: *pick(rng, &[3600, 3600, 60, 0]),
        window_min: *pick(rng, &[60, 0]),
        fresh_min: *pick(rng, &[15, 15, 0]),
        passes_max: *pick(rng, &[3, 1, 0]),
    }
}
