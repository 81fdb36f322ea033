//! The world before a story begins: the group, its rules, and the settings that a story changes.
//!
//! `It is Saturday 24 October 2026`, `Gent: strategy = ring-all`, `An: hours = Mo-Fr 13:00-18:00`, `Group: customer_rings_per_day =
//! 2` (the keys of rotation.toml and leadbridge.toml), `Gent is deleted`, `Bart's phone is paused until 10:00:00`, `Bart was
//! last rung at 08:00:00`, `Bart was last rung first at 08:00:00`.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use leadbridge::hours::Hours;
use leadbridge::phone::{HashKey, PhoneNumber};
use leadbridge::rotation::{
    AfterHours, CarrierId, Rep, RepId, Rooftop, RooftopId, Rules, Strategy, Terms,
};
use leadbridge_providers::Language;

/// The key of all hashes in stories.
pub(crate) const KEY: HashKey = HashKey([7; 32]);
/// The carrier of every rooftop that has no other.
pub(crate) const CARRIER: &str = "main";
const ZONE: &str = "Europe/Brussels";

/// The zone of all stories.
pub(crate) fn zone() -> TimeZone {
    TimeZone::get(ZONE).unwrap()
}

/// The Monday on which stories play unless they say otherwise.
pub(crate) fn monday() -> Date {
    jiff::civil::date(2026, 11, 16)
}

/// The group as it is before a story changes it: Gent rings An, then Bart, then its owner Paul; Brugge Chloe, then Paul.
pub(crate) fn rules() -> Rules {
    let people = [
        ("An", "1"),
        ("Bart", "2"),
        ("Chloe", "3"),
        ("Dirk", "4"),
        ("Paul", "9"),
    ];
    let reps = people.map(|(name, digit)| rep(name, digit));
    let rooftops = [
        rooftop("Gent", "+3292000000", &["An", "Bart"]),
        rooftop("Brugge", "+3250200000", &["Chloe"]),
    ];
    Rules {
        name: "Groep Peeters".to_owned(),
        language: Language::Nl,
        country: "BE".to_owned(),
        countries: ["BE", "NL", "LU", "DE", "FR"].map(str::to_owned).to_vec(),
        customer_rings_per_day: 4,
        reps: reps.into_iter().collect(),
        rooftops: BTreeMap::from(rooftops.map(|rooftop| (rooftop.id.clone(), rooftop))),
        measure: Default::default(),
    }
}

/// A rep's or rooftop's id: names in stories are ids with a capital.
pub(crate) fn rep_id(name: &str) -> RepId {
    RepId(name.trim().to_lowercase())
}

/// Changes the rules as a line of the settings says; `false` if it is not about the rules.
pub(crate) fn change(rules: &mut Rules, line: &str) -> Result<bool, String> {
    if let Some(name) = line.strip_suffix(" is deleted") {
        rules.rooftops.remove(&RooftopId(name.to_lowercase()));
        rules.reps.remove(&rep_id(name));
        return Ok(true);
    }
    if let Some(name) = line.strip_suffix(" is back") {
        let id = RooftopId(name.to_lowercase());
        let before = self::rules().rooftops.remove(&id);
        rules.rooftops.extend(before.map(|rooftop| (id, rooftop)));
        return Ok(true);
    }
    let Some((who, settings)) = line.split_once(": ") else {
        return Ok(false);
    };
    let id = who.to_lowercase();
    let known = rules.rooftops.contains_key(&RooftopId(id.clone()))
        || rules.reps.contains_key(&RepId(id.clone()));
    if !known && who != "Group" {
        return Ok(false);
    }
    for setting in settings.split("; ") {
        let (key, value) = setting
            .split_once(" = ")
            .ok_or(format!("no ` = ` in `{setting}`"))?;
        if let Some(rooftop) = rules.rooftops.get_mut(&RooftopId(id.clone())) {
            set_rooftop(rooftop, key, value)?;
        } else if let Some(rep) = rules.reps.get_mut(&RepId(id.clone())) {
            set_rep(rep, key, value)?;
        } else if key == "customer_rings_per_day" {
            rules.customer_rings_per_day = number(value)?;
        } else {
            return Err(format!("a group has no `{key}`"));
        }
    }
    Ok(true)
}

fn rep(name: &str, digit: &str) -> Rep {
    let phone = PhoneNumber::parse(&format!("+3247000000{digit}"), "BE").unwrap();
    Rep {
        id: rep_id(name),
        name: name.to_owned(),
        key: KEY.of(&phone),
        phone,
        email: Some(format!("{}@example.be", name.to_lowercase())),
        language: Language::Nl,
        hours: None,
        away: Vec::new(),
    }
}

fn rooftop(name: &str, caller_id: &str, reps: &[&str]) -> Rooftop {
    Rooftop {
        id: RooftopId(name.to_lowercase()),
        name: format!("Garage Peeters {name}"),
        carrier: CarrierId(CARRIER.to_owned()),
        caller_id: PhoneNumber::parse(caller_id, "BE").unwrap(),
        reception: None,
        hours: hours("Mo-Fr 09:00-18:30; Sa 10:00-17:00; PH off").unwrap(),
        after_hours: AfterHours::Wait,
        duty: Vec::new(),
        strategy: Strategy::InOrder,
        reps: reps.iter().map(|name| rep_id(name)).collect(),
        owner: vec![rep_id("Paul")],
        managers: vec![rep_id("Paul")],
        customer_hours: hours("Mo-Su 08:00-21:00").unwrap(),
        terms: Terms::default(),
    }
}

fn hours(text: &str) -> Result<Hours, String> {
    // Settings are separated by semicolons, so the parts of a rule are by bars.
    Hours::parse(&text.replace(" | ", "; "), ZONE, "BE").map_err(|_| format!("bad hours `{text}`"))
}

fn number(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("`{text}` is no number"))
}

fn names(text: &str) -> Vec<RepId> {
    text.split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty() && *name != "nobody")
        .map(rep_id)
        .collect()
}

fn set_rep(rep: &mut Rep, key: &str, value: &str) -> Result<(), String> {
    match key {
        "hours" => rep.hours = Some(hours(value)?),
        "away" => {
            let (from, to) = value.split_once('/').unwrap_or((value, value));
            let date = |text: &str| {
                text.parse::<Date>()
                    .map_err(|_| format!("bad day `{text}`"))
            };
            rep.away = vec![(date(from)?, date(to)?)];
        }
        other => return Err(format!("a rep has no `{other}`")),
    }
    Ok(())
}

fn set_rooftop(rooftop: &mut Rooftop, key: &str, value: &str) -> Result<(), String> {
    match key {
        "reception" => {
            let number = PhoneNumber::parse(value, "BE");
            rooftop.reception = Some(number.map_err(|_| format!("bad number `{value}`"))?);
        }
        "reps" => rooftop.reps = names(value),
        "owner" => rooftop.owner = names(value),
        "carrier" => rooftop.carrier = CarrierId(value.to_owned()),
        "duty" => rooftop.duty = names(value),
        "hours" => rooftop.hours = hours(value)?,
        "strategy" => {
            rooftop.strategy = match value {
                "in-order" => Strategy::InOrder,
                "round-robin" => Strategy::RoundRobin,
                "least-recent" => Strategy::LeastRecent,
                "ring-all" => Strategy::RingAll,
                other => return Err(format!("no strategy `{other}`")),
            }
        }
        "after_hours" => {
            rooftop.after_hours = match value {
                "wait" => AfterHours::Wait,
                "duty" => AfterHours::Duty,
                "owner" => AfterHours::Owner,
                other => return Err(format!("no after_hours `{other}`")),
            }
        }
        "customer_hours" => rooftop.customer_hours = hours(value)?,
        other => set_term(&mut rooftop.terms, other, value)?,
    }
    Ok(())
}

fn set_term(terms: &mut Terms, key: &str, value: &str) -> Result<(), String> {
    let place = match key {
        "rounds_min" => {
            let minutes = value.trim_matches(['[', ']']).split(',').map(|minute| {
                let minute: f64 = minute
                    .trim()
                    .parse()
                    .map_err(|_| format!("bad minutes `{value}`"))?;
                Ok((minute * 60.0) as u32)
            });
            terms.rounds_s = minutes.collect::<Result<_, String>>()?;
            return Ok(());
        }
        "ring_s" => &mut terms.ring_s,
        "next_after_s" => &mut terms.next_after_s,
        "mornings" => &mut terms.mornings,
        "in_line_s" => &mut terms.in_line_s,
        "wrap_up_s" => &mut terms.wrap_up_s,
        "customer_s" => &mut terms.customer_s,
        "talk_s" => &mut terms.talk_s,
        "sure_s" => &mut terms.sure_s,
        "talk_max_s" => &mut terms.talk_max_s,
        "window_min" => &mut terms.window_min,
        "fresh_min" => &mut terms.fresh_min,
        "passes_max" => &mut terms.passes_max,
        other => return Err(format!("a rooftop has no `{other}`")),
    };
    *place = number(value)?;
    Ok(())
}
