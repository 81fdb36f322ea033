//! The figures against a slow, obvious recount that reads timelines and nothing else of what the flows remember. What
//! a timeline does not tell, because it was known at arrival (source, rooftop, test, whom it joined), is taken from there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use leadbridge::flow::{Entry, Facts, Kind, What};
use leadbridge::hours::Hours;
use leadbridge::report::{By, LeadFigures, OpenTimes, Period, Report, wilson};
use leadbridge_providers::{LegId, Side};
use serde_json::{Map, Value, json};

use crate::world::World;

/// Enough, and no more than fit in the memory of a long run.
const LEADS_MAX: usize = 20_000;
/// The speeds of a lead.
const SPEEDS: [&str; 3] = ["time_to_ring", "time_to_accept", "time_to_connect"];

/// Every lead twice: as its flow is read, and as its timeline is.
static LEADS: Mutex<Vec<(LeadFigures, Seen)>> = Mutex::new(Vec::new());

/// What a timeline tells of a lead.
#[derive(Clone, Debug, Default)]
struct Seen {
    source: String,
    rooftop: String,
    test: bool,
    rings: BTreeMap<u16, Ring>,
    nines: Vec<String>,
    held: Vec<String>,
    is_held: bool,
    in_line_ms: Option<i64>,
    in_line_since: Option<Timestamp>,
    /// The calls with the customer, in order.
    answered: Vec<(LegId, Option<Timestamp>)>,
    closed: Option<String>,
    joined: bool,
    /// Wall clock and business clock of each speed.
    speeds: [Option<(i64, i64)>; 3],
}

#[derive(Clone, Debug, Default)]
struct Ring {
    rep: String,
    owner: bool,
    rung: Option<Timestamp>,
    ringing: Option<Timestamp>,
    accepted: Option<Timestamp>,
    result: String,
}

/// All leads of a world at the end of its time.
pub(crate) fn keep(world: &World<'_>) {
    let mut leads = LEADS.lock().expect("no seed panics while it holds this");
    if leads.len() >= LEADS_MAX {
        return;
    }
    let store = &world.daemon.store;
    let rules = world.rules_ever();
    let mut open = OpenTimes::new(
        rules,
        world.end - SignedDuration::from_hours(240),
        world.end,
    );
    for (lead, flow) in &store.flows {
        let joined_to = store.joined.get(lead);
        let other = joined_to.and_then(|other| store.flows.get(other));
        let figures = LeadFigures::of(flow, other, flow.attempts.len() % 3 == 0, &mut open);
        let rooftop = &rules.rooftops[&flow.facts.rooftop];
        let is_owner = |rep: &str| rooftop.owner.iter().any(|owner| owner.0 == rep);
        let mut seen = Seen::of(
            &flow.facts,
            &store.timeline[lead],
            &is_owner,
            &rooftop.hours,
        );
        if let Some(other) = joined_to {
            seen.joined = true;
            seen.closed = Seen::closed(&store.timeline[other]);
        }
        leads.push((figures, seen));
    }
}

/// What a report says of all that was kept, and what is counted by hand.
pub(crate) fn are_the_same_when_recounted() {
    let leads = LEADS.lock().expect("no seed panics while it holds this");
    let (read, seen): (Vec<_>, Vec<_>) = leads.iter().cloned().unzip();
    assert!(!seen.is_empty(), "no lead was kept");
    for (one, again) in leads.iter() {
        let wall = [
            one.wall.time_to_ring_ms,
            one.wall.time_to_accept_ms,
            one.wall.time_to_connect_ms,
        ];
        let told = again.speeds.map(|speed| speed.map(|(wall, _)| wall));
        assert_eq!(wall, told, "of {again:#?}");
    }
    let converted = read
        .iter()
        .filter(|lead| lead.converted && !lead.test)
        .count();
    for by in By::ALL {
        let report = Report::of(read.clone(), by, period(), 13);
        let mut rows: BTreeMap<String, Value> = BTreeMap::new();
        for name in names(&seen, by) {
            rows.insert(name.clone(), recounted(&seen, Some((by, &name))));
        }
        assert_eq!(report.rows.len(), rows.len());
        for row in &report.rows {
            assert_same(&row.name, &row.figures, &rows[&row.name]);
        }
        assert_same("all", &report.total, &recounted(&seen, None));
        let tests = seen.iter().filter(|lead| lead.test).count();
        assert_eq!(report.tests_left_out, tests as u64);
        assert_eq!(report.total.converted, converted as u64);
        curve_is_the_same(&report, &seen);
    }
}

fn period() -> Period {
    let now = "2026-11-22T09:00:00Z".parse().expect("a moment");
    Period::read(None, None, &jiff::tz::TimeZone::UTC, now).expect("thirty days")
}

fn assert_same(name: &str, figures: &impl serde::Serialize, recount: &Value) {
    let Value::Object(figures) = serde_json::to_value(figures).expect("plain JSON") else {
        panic!("figures are an object");
    };
    for (figure, value) in figures.iter().filter(|(figure, _)| *figure != "converted") {
        assert_eq!(value, &recount[figure], "{figure} of {name}");
    }
}

fn names(seen: &[Seen], by: By) -> BTreeSet<String> {
    let real = seen.iter().filter(|lead| !lead.test);
    match by {
        By::Source => real.map(|lead| lead.source.clone()).collect(),
        By::Rooftop => real.map(|lead| lead.rooftop.clone()).collect(),
        By::Rep => real
            .flat_map(|lead| {
                lead.rings
                    .values()
                    .filter(|ring| ring.was_tried())
                    .map(|ring| ring.rep.clone())
            })
            .collect(),
    }
}

impl Ring {
    fn read(&mut self, entry: &Entry, reason: &str) {
        let results = [
            (What::RepAccepted, "accepted".to_owned()),
            (What::RepPassed, "passed".to_owned()),
            (What::RepMissed, format!("missed {reason}")),
            (What::RepTaken, "none".to_owned()),
            (What::RepCanceled, "none".to_owned()),
            (What::RepLost, "none".to_owned()),
        ];
        let mut results = results.into_iter();
        if let Some((_, result)) = results.find(|(what, _)| *what == entry.what) {
            self.result = result;
        }
        let marks = [
            (What::RepRung, &mut self.rung),
            (What::RepRinging, &mut self.ringing),
            (What::RepAccepted, &mut self.accepted),
        ];
        let mut marks = marks.into_iter();
        if let Some((_, mark)) = marks.find(|(what, _)| *what == entry.what) {
            *mark = Some(entry.at);
        }
    }

    /// The carrier rang it or refused to.
    fn was_tried(&self) -> bool {
        self.rung.is_some() || self.result.starts_with("missed")
    }
}

impl Seen {
    fn of(
        facts: &Facts,
        timeline: &[Entry],
        is_owner: &dyn Fn(&str) -> bool,
        hours: &Hours,
    ) -> Seen {
        let mut seen = Seen {
            source: facts.source.0.clone(),
            rooftop: facts.rooftop.0.clone(),
            test: facts.kind != Kind::Real,
            closed: Seen::closed(timeline),
            ..Seen::default()
        };
        for entry in timeline {
            seen.read(entry, is_owner);
        }
        let t1 = timeline[0].at;
        let first = seen
            .rings
            .get(&1)
            .and_then(|ring| ring.ringing.or(ring.rung));
        let took = seen.rings.values().rev().find_map(|ring| ring.accepted);
        let answer = seen.answered.last().and_then(|(_, answered)| *answered);
        seen.speeds = [first, took, answer].map(|mark| {
            let mark = mark?;
            Some((ms(t1, mark), open_ms(hours, t1, mark)))
        });
        seen
    }

    fn read(&mut self, entry: &Entry, is_owner: &dyn Fn(&str) -> bool) {
        let reason = entry.reason.clone().unwrap_or_default();
        let rep = entry.rep.as_ref().map_or("", |rep| rep.0.as_str());
        match entry.leg {
            Some(leg) if leg.side == Side::Rep && !rep.is_empty() => {
                let ring = self.rings.entry(leg.number).or_default();
                (ring.rep, ring.owner) = (rep.to_owned(), is_owner(rep));
                ring.read(entry, &reason);
            }
            Some(leg) if leg.side != Side::Rep => self.read_customer(leg, entry),
            Some(_) | None => {}
        }
        if entry.what == What::RepPassed && reason == "suspicious" {
            self.nines.push(rep.to_owned());
        }
        if entry.what == What::LeadHeld {
            self.held.push(reason);
            self.is_held = true;
        } else if matches!(entry.what, What::LeadReleased | What::Closed) {
            self.is_held = false;
        }
        self.read_line(entry);
    }

    fn read_customer(&mut self, leg: LegId, entry: &Entry) {
        if !self.answered.iter().any(|(known, _)| *known == leg) {
            self.answered.push((leg, None));
        }
        let mut calls = self.answered.iter_mut();
        let call = calls.find(|(known, _)| *known == leg);
        // Whoever rang us is on the line when they are joined.
        let joined = leg.side == Side::In && entry.what == What::Bridged;
        if joined || entry.what == What::CustomerAnswered {
            call.expect("it was put there").1 = Some(entry.at);
        }
    }

    fn read_line(&mut self, entry: &Entry) {
        let still = [
            What::RepRung,
            What::RepAccepted,
            What::Waiting,
            What::Slept,
            What::Stalled,
            What::LeadHeld,
            What::Closed,
        ];
        if entry.what == What::InLine {
            self.in_line_since = self.in_line_since.or(Some(entry.at));
            self.in_line_ms = self.in_line_ms.or(Some(0));
        } else if let (Some(since), true) = (self.in_line_since, still.contains(&entry.what)) {
            self.in_line_ms = self.in_line_ms.map(|stood| stood + ms(since, entry.at));
            self.in_line_since = None;
        }
    }

    /// How it ended, unless a customer who asked again has opened it anew.
    fn closed(timeline: &[Entry]) -> Option<String> {
        let last = timeline
            .iter()
            .rposition(|entry| entry.what == What::Closed || entry.what == What::LeadJoined)?;
        let reopened = timeline[last..]
            .iter()
            .any(|entry| matches!(entry.what, What::PlanMade | What::Waiting));
        let reason = timeline[last].reason.clone();
        Some(reason.unwrap_or_else(|| "joined".to_owned())).filter(|_| !reopened)
    }

    fn outcome(&self) -> &str {
        let closed = self.closed.as_deref().unwrap_or("open");
        closed.split(':').next().expect("a text has a beginning")
    }

    fn taken_by(&self) -> Option<&str> {
        let took = |ring: &&Ring| ring.accepted.is_some();
        self.rings
            .values()
            .rev()
            .find(took)
            .map(|ring| ring.rep.as_str())
    }
}

/// Every figure of a group, counted one after the other over all leads.
fn recounted(seen: &[Seen], group: Option<(By, &String)>) -> Value {
    let rep = group.and_then(|(by, name)| (by == By::Rep).then_some(name.as_str()));
    let leads: Vec<&Seen> = seen.iter().filter(|lead| is_in(lead, group)).collect();
    let mut told = ends(&leads, rep);
    for (name, figure) in rung(&leads, rep).into_iter().chain(speeds(&leads, rep)) {
        told[name] = figure;
    }
    if rep.is_none() {
        waits(&leads, &mut told);
    }
    told
}

fn is_in(lead: &Seen, group: Option<(By, &String)>) -> bool {
    match group {
        _ if lead.test => false,
        None => true,
        Some((By::Source, name)) => lead.source == *name,
        Some((By::Rooftop, name)) => lead.rooftop == *name,
        Some((By::Rep, name)) => {
            let mut rings = lead.rings.values();
            rings.any(|ring| ring.rep == *name && ring.was_tried())
        }
    }
}

fn is_of(rep: Option<&str>, name: &str) -> bool {
    rep.is_none_or(|rep| rep == name)
}

/// Whose outcome it is: of whoever took it, else of everybody.
fn took(lead: &Seen, rep: Option<&str>) -> bool {
    lead.taken_by().is_none_or(|name| is_of(rep, name))
}

fn counted(reasons: impl Iterator<Item = String>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for reason in reasons {
        *counts.entry(reason).or_default() += 1;
    }
    counts
}

/// How many leads there are, and how they ended.
fn ends(leads: &[&Seen], rep: Option<&str>) -> Value {
    let count = |is: &dyn Fn(&Seen) -> bool| leads.iter().filter(|lead| is(lead)).count();
    let ended = |outcome: &str| count(&|lead| took(lead, rep) && lead.outcome() == outcome);
    let unreached = leads
        .iter()
        .filter(|lead| took(lead, rep) && lead.outcome() == "customer-unreached");
    let reasons = unreached.map(|lead| {
        let closed = lead.closed.clone().unwrap_or_default();
        let (_, reason) = closed.split_once(": ").expect("a reason");
        reason.to_owned()
    });
    json!({
        "leads": leads.len(),
        "joined": count(&|lead| lead.joined),
        "open": count(&|lead| lead.closed.is_none() && !lead.is_held),
        "connected": ended("connected"),
        "unconfirmed": ended("unconfirmed"),
        "unreached": ended("customer-unreached"),
        "unreached_reasons": counted(reasons),
        "nobody_accepted": ended("nobody-accepted"),
        "canceled": ended("canceled"),
        "discarded": ended("discarded"),
        "in_line": Value::Null,
        "held": Value::Null,
    })
}

/// What the reps' phones did.
fn rung(leads: &[&Seen], rep: Option<&str>) -> Vec<(&'static str, Value)> {
    let rings = |lead: &Seen| -> Vec<Ring> {
        let rings = lead.rings.values();
        rings
            .filter(|ring| is_of(rep, &ring.rep))
            .cloned()
            .collect()
    };
    let with = |found: &dyn Fn(&Ring) -> bool| {
        let leads = leads.iter();
        leads.filter(|lead| rings(lead).iter().any(found)).count()
    };
    let all: Vec<Ring> = leads.iter().flat_map(|lead| rings(lead)).collect();
    let count = |is: &dyn Fn(&Ring) -> bool| all.iter().filter(|ring| is(ring)).count();
    let missed = all
        .iter()
        .filter_map(|ring| ring.result.strip_prefix("missed "));
    let missed = counted(missed.map(str::to_owned));
    let nines = leads.iter().flat_map(|lead| &lead.nines);
    vec![
        ("called", with(&|ring| ring.rung.is_some()).into()),
        ("attempts", count(&|ring| ring.rung.is_some()).into()),
        ("accepted", with(&|ring| ring.accepted.is_some()).into()),
        ("passed", count(&|ring| ring.result == "passed").into()),
        ("missed", missed.values().sum::<u64>().into()),
        ("missed_reasons", json!(missed)),
        (
            "nines",
            nines.filter(|nine| is_of(rep, nine)).count().into(),
        ),
        (
            "owner_rung",
            with(&|ring| ring.owner && ring.rung.is_some()).into(),
        ),
        (
            "owner_accepted",
            with(&|ring| ring.owner && ring.accepted.is_some()).into(),
        ),
    ]
}

/// The first ring's speed is of whoever was rung first, the others of whoever took the lead.
fn speeds(leads: &[&Seen], rep: Option<&str>) -> Vec<(&'static str, Value)> {
    let first = |lead: &Seen| lead.rings.get(&1).is_some_and(|ring| is_of(rep, &ring.rep));
    let speeds = SPEEDS.into_iter().enumerate().map(|(nth, name)| {
        let counts = |lead: &&&Seen| {
            if nth == 0 {
                first(lead)
            } else {
                took(lead, rep)
            }
        };
        let speeds = leads
            .iter()
            .filter(counts)
            .filter_map(|lead| lead.speeds[nth]);
        let speeds: Vec<_> = speeds.collect();
        let wall = quantiles(speeds.iter().map(|(wall, _)| *wall));
        let business = quantiles(speeds.iter().map(|(_, business)| *business));
        (name, json!({"wall": wall, "business": business}))
    });
    speeds.collect()
}

fn waits(leads: &[&Seen], told: &mut Value) {
    let stood: Vec<i64> = leads.iter().filter_map(|lead| lead.in_line_ms).collect();
    let mut line = json!({"leads": stood.len(), "total_ms": stood.iter().sum::<i64>()});
    line.as_object_mut()
        .expect("an object")
        .extend(quantiles(stood.into_iter()));
    told["in_line"] = line;
    let mut reasons = BTreeMap::<String, u64>::new();
    for reason in leads.iter().flat_map(|lead| &lead.held) {
        *reasons.entry(reason.clone()).or_default() += 1;
    }
    told["held"] = json!({
        "leads": leads.iter().filter(|lead| !lead.held.is_empty()).count(),
        "now": leads.iter().filter(|lead| lead.is_held).count(),
        "reasons": reasons,
    });
}

/// The smallest value that so many percent of all do not exceed.
fn quantiles(values: impl Iterator<Item = i64>) -> Map<String, Value> {
    let mut values: Vec<_> = values.collect();
    values.sort_unstable();
    let least = |percent: usize| {
        let enough = |limit: &&i64| {
            let below = values.partition_point(|value| value <= *limit);
            below * 100 >= values.len() * percent
        };
        values.iter().find(enough).copied()
    };
    let told = json!({"n": values.len(), "median_ms": least(50), "p90_ms": least(90)});
    told.as_object().expect("an object").clone()
}

fn curve_is_the_same(report: &Report, seen: &[Seen]) {
    for bucket in &report.contact.buckets {
        let minutes = i64::from(bucket.from_min)..bucket.to_min.map_or(i64::MAX, i64::from);
        let called = seen.iter().filter(|lead| {
            let called = lead.speeds[0].map(|(wall, _)| wall / 60_000);
            !lead.test
                && !lead.joined
                && lead.closed.is_some()
                && called.is_some_and(|called| minutes.contains(&called))
        });
        let (n, connected) = called.fold((0, 0), |(n, connected), lead| {
            (n + 1, connected + u64::from(lead.outcome() == "connected"))
        });
        assert_eq!(
            (bucket.share.n, bucket.share.count),
            (n, connected),
            "{}",
            bucket.minutes()
        );
        let low = wilson(connected, n).map(|(low, _)| 100.0 * low);
        assert_eq!(bucket.share.low_percent, low);
    }
    let within: u64 = report
        .contact
        .buckets
        .iter()
        .take(1)
        .map(|bucket| bucket.share.n)
        .sum();
    let after: u64 = report
        .contact
        .buckets
        .iter()
        .skip(4)
        .map(|bucket| bucket.share.n)
        .sum();
    assert_eq!(
        (report.contact.within_1_min.n, report.contact.after_10_min.n),
        (within, after)
    );
}

fn ms(from: Timestamp, to: Timestamp) -> i64 {
    i64::try_from(to.duration_since(from).as_millis()).expect("a life is shorter")
}

/// From opening to closing, one after the other.
fn open_ms(hours: &Hours, from: Timestamp, to: Timestamp) -> i64 {
    let (mut at, mut open) = (from, 0);
    while at < to {
        if hours.is_open(at) {
            let closes = hours.next_close(at).unwrap_or(to).min(to);
            open += ms(at, closes);
            at = closes;
        } else {
            at = hours.next_open(at).unwrap_or(to);
        }
    }
    open
}
