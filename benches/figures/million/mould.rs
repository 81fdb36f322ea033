//! A life as a mould: its rows as text, with gaps where leads of the same fate differ (names, times, people).

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};
use leadbridge::flow::shown::Stage;
use leadbridge::flow::{Outcome, word};
use leadbridge::lead::Lead;
use leadbridge::phone::PhoneKey;
use leadbridge::report::LeadFigures;
use leadbridge::rotation::{RepId, Rules};
use serde::Serialize;

use super::group::{REPS, ROOFTOPS};
use super::lives::Life;

/// The rows of a life.
pub(crate) struct Mould {
    pub(crate) told: Option<Lead>,
    pub(crate) flow: Text,
    pub(crate) figures: Option<Text>,
    pub(crate) number: Option<Text>,
    pub(crate) timeline: Vec<Text>,
    pub(crate) calls: Vec<[Text; 2]>,
    pub(crate) stage: String,
    pub(crate) t1_ms: i64,
    pub(crate) due_ms: Option<i64>,
    pub(crate) is_open: bool,
    pub(crate) texted_ms: Option<i64>,
    pub(crate) spoken_with: bool,
    pub(crate) joins: bool,
    /// How many lines its timeline has.
    pub(crate) lines: usize,
}

/// A text with gaps.
pub(crate) struct Text(Vec<Piece>);

#[derive(Clone)]
enum Piece {
    Plain(String),
    Time(i64),
    Lead,
    Rooftop,
    Source,
    Number,
    Rep(usize),
    RepsKey(usize),
}

/// Who stands in the gaps.
pub(crate) struct Cast<'a> {
    pub(crate) lead: &'a str,
    pub(crate) number: &'a str,
    pub(crate) rooftop: usize,
    pub(crate) source: &'a str,
    pub(crate) later_ms: i64,
    pub(crate) people: &'a People,
}

/// Every rooftop's people, its owner last, and the keys of their phones.
pub(crate) struct People {
    names: Vec<[String; REPS + 1]>,
    keys: Vec<[String; REPS + 1]>,
}

impl People {
    pub(crate) fn of(rules: &Rules) -> Self {
        let names: Vec<[String; REPS + 1]> = (0..ROOFTOPS).map(names).collect();
        let key = |name: &String| {
            let rep = rules.reps.get(&RepId(name.clone())).unwrap();
            rep.key.as_str().to_owned()
        };
        let keys = names.iter().map(|names| names.each_ref().map(key));
        Self {
            keys: keys.collect(),
            names,
        }
    }

    /// The keys of all phones.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().flatten().map(String::as_str)
    }
}

fn names(rooftop: usize) -> [String; REPS + 1] {
    std::array::from_fn(|rep| match rep {
        REPS => format!("o{rooftop}"),
        _ => format!("r{rooftop}-{rep}"),
    })
}

impl Mould {
    pub(crate) fn of(life: &Life, customer: &PhoneKey, people: &People) -> Mould {
        let gaps = Gaps::of(life, customer, people);
        let flow = &life.flow;
        let (due, stage) = (flow.deadline(), flow.stage());
        let is_open = due.is_some() || stage != Stage::Closed;
        let closed = flow.outcome();
        Mould {
            told: life.told.clone(),
            flow: gaps.text(flow),
            figures: (!is_open).then(|| gaps.text(&LeadFigures::alone(flow))),
            number: flow.facts.number.as_ref().map(|_| gaps.text(&life.number)),
            timeline: life
                .told_of_it
                .iter()
                .map(|lines| gaps.text(lines))
                .collect(),
            calls: (life.calls().into_iter())
                .map(|(call, leg)| [gaps.plain(&call.0), gaps.plain(&leg.to_string())])
                .collect(),
            stage: word(stage),
            t1_ms: flow.facts.t1.as_millisecond(),
            due_ms: due.map(Timestamp::as_millisecond),
            is_open,
            texted_ms: life.texted_at().map(Timestamp::as_millisecond),
            spoken_with: closed.is_some_and(|closed| closed.outcome == Outcome::Connected),
            joins: life.joins,
            lines: life.lines(),
        }
    }
}

struct Gaps<'a> {
    lead: String,
    names: BTreeMap<&'a str, Piece>,
}

impl<'a> Gaps<'a> {
    fn of(life: &Life, customer: &'a PhoneKey, people: &'a People) -> Self {
        let mut names = BTreeMap::from([
            ("g0", Piece::Rooftop),
            ("s0-0", Piece::Source),
            (customer.as_str(), Piece::Number),
        ]);
        for rep in 0..=REPS {
            names.insert(&people.names[0][rep], Piece::Rep(rep));
            names.insert(&people.keys[0][rep], Piece::RepsKey(rep));
        }
        Self {
            lead: life.flow.lead.to_string(),
            names,
        }
    }

    /// Every string of a JSON text that names something is a gap.
    fn text(&self, value: &impl Serialize) -> Text {
        let text = serde_json::to_string(value).unwrap();
        let mut pieces = Vec::new();
        for (nth, part) in text.split('"').enumerate() {
            if nth > 0 {
                add(&mut pieces, "\"");
            }
            self.part(part, &mut pieces);
        }
        Text(pieces)
    }

    fn plain(&self, text: &str) -> Text {
        let mut pieces = Vec::new();
        self.part(text, &mut pieces);
        Text(pieces)
    }

    fn part(&self, part: &str, pieces: &mut Vec<Piece>) {
        if let Some((before, behind)) = part.split_once(&self.lead) {
            add(pieces, before);
            pieces.push(Piece::Lead);
            add(pieces, behind);
        } else if let Some(name) = self.names.get(part) {
            pieces.push(name.clone());
        } else if let Some(at) = time(part) {
            pieces.push(Piece::Time(at.as_millisecond()));
        } else {
            add(pieces, part);
        }
    }
}

/// A moment of our days: those at either end of time stand for never.
fn time(part: &str) -> Option<Timestamp> {
    let at: Timestamp = part.ends_with('Z').then(|| part.parse().ok()).flatten()?;
    let days = SignedDuration::from_hours(24 * 365 * 200);
    let ours = Timestamp::UNIX_EPOCH..Timestamp::UNIX_EPOCH + days;
    ours.contains(&at).then_some(at)
}

fn add(pieces: &mut Vec<Piece>, text: &str) {
    match pieces.last_mut() {
        Some(Piece::Plain(before)) => before.push_str(text),
        _ => pieces.push(Piece::Plain(text.to_owned())),
    }
}

impl Text {
    /// Fills the gaps.
    pub(crate) fn with(&self, cast: &Cast<'_>) -> String {
        let mut text = String::with_capacity(self.0.len() * 24);
        for piece in &self.0 {
            match piece {
                Piece::Plain(plain) => text.push_str(plain),
                Piece::Time(ms) => write!(text, "{}", at(ms + cast.later_ms)).unwrap(),
                Piece::Lead => text.push_str(cast.lead),
                Piece::Rooftop => write!(text, "g{}", cast.rooftop).unwrap(),
                Piece::Source => text.push_str(cast.source),
                Piece::Number => text.push_str(cast.number),
                Piece::Rep(rep) => text.push_str(&cast.people.names[cast.rooftop][*rep]),
                Piece::RepsKey(rep) => text.push_str(&cast.people.keys[cast.rooftop][*rep]),
            }
        }
        text
    }
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap()
}
