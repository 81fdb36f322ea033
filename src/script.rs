//! What a leg hears now: the flow says which cue, the lead says about whom, the phrases say how. A voicemail may
//! be listening until key 1 is pressed, so nothing before it tells who the customer is (P3, P9).

use jiff::{SignedDuration, Timestamp};
use leadbridge_providers::{Language, LegId, Script, Then};

use crate::flow::{Attempt, Cue, Flow, Kind, Unreached, word};
use crate::lead::Lead;
use crate::phone::PhoneNumber;
use crate::phrases::Phrases;
use crate::rotation::{RepId, Rooftop, Rules};

/// How long a key is waited for after each prompt, in seconds.
const KEY_WAIT_S: u32 = 5;
/// The longest whisper, in characters.
const WHISPER_MAX: usize = 90;
/// The vehicle's share of a whisper that is too long, in characters.
const VEHICLE_MAX: usize = 20;
/// How much of the customer's own words the rep hears, in characters.
const COMMENT_MAX: usize = 60;
/// From this age on a whisper says that the request is old, in hours.
const OLD_HOURS: i64 = 2;

/// All that a script is made of.
#[derive(Clone, Copy)]
pub struct Scripts<'a> {
    /// The sentences.
    pub phrases: &'a Phrases,
    /// The rules in force: names of people and places.
    pub rules: &'a Rules,
    /// What the source told.
    pub told: &'a Lead,
    /// The number that key 1 rings.
    pub phone: Option<&'a PhoneNumber>,
}

impl Scripts<'_> {
    /// What this rep's leg hears now.
    pub fn for_leg(&self, flow: &Flow, attempt: &Attempt, now: Timestamp) -> Script {
        let language = attempt.seat.language;
        let say = |id: &str| self.phrases.say(language, id, &[]);
        let (lines, then) = match &attempt.cue {
            Cue::Whisper { .. } => (vec![self.whisper(flow, language, now)], ask()),
            Cue::Customer { leg, again } => self.customer(flow, attempt, *leg, *again),
            Cue::Unreached { reason, again } => unreached(*reason, *again, say),
            Cue::Menu => (
                self.asked_again(flow, language)
                    .into_iter()
                    .chain([say("menu")])
                    .collect(),
                ask(),
            ),
            Cue::Taken { by } => (
                vec![
                    self.phrases
                        .say(language, "taken", &[("rep", self.first_name(by))]),
                ],
                Then::HangUp,
            ),
            Cue::DealtWith => (vec![say("dealt-with")], Then::HangUp),
            Cue::Passed => (vec![say("passed")], Then::HangUp),
            Cue::Paused => (vec![say("paused")], Then::HangUp),
            Cue::NoKey => (vec![say("no-key")], Then::HangUp),
            Cue::Suspicious => (vec![say("suspicious")], Then::HangUp),
            Cue::TestPassed => (vec![say("test-passed")], Then::HangUp),
            Cue::Thanks => (vec![say("menu-thanks")], Then::HangUp),
        };
        Script {
            turn: attempt.turn,
            locale: locale(language, &self.rules.country),
            lines,
            then,
        }
    }

    /// The whisper: rooftop, source, vehicle, interest; at most 90 characters.
    fn whisper(&self, flow: &Flow, language: Language, now: Timestamp) -> String {
        let id = self.whisper_id(flow, now);
        let place = self
            .rules
            .rooftops
            .get(&flow.facts.rooftop)
            .map_or("", |rooftop| place(rooftop, self.rules));
        let vehicle = self.vehicle();
        let interest = self.interest(language);
        let say = |vehicle: &str, interest: &str| {
            let source = flow.facts.source.0.as_str();
            let args = [
                ("rooftop", place),
                ("source", source),
                ("vehicle", vehicle),
                ("interest", interest),
            ];
            self.phrases.say(language, id, &args)
        };
        let short = cut(&vehicle, VEHICLE_MAX);
        let tries = [
            say(&vehicle, &interest),
            say(&short, &interest),
            say(&short, ""),
            say("", ""),
        ];
        let fits = tries
            .iter()
            .find(|text| text.chars().count() <= WHISPER_MAX);
        fits.or(tries.last()).cloned().unwrap_or_default()
    }

    fn whisper_id(&self, flow: &Flow, now: Timestamp) -> &'static str {
        let old = flow
            .facts
            .t0
            .is_some_and(|at| at + SignedDuration::from_hours(OLD_HOURS) < now);
        match flow.facts.kind {
            Kind::Silent | Kind::RingsBack(_) => "whisper-test",
            Kind::Real if flow.suspected_by.is_some() => "whisper-suspicious",
            Kind::Real if flow.elsewhere => "whisper-elsewhere",
            Kind::Real if old => "whisper-old",
            Kind::Real => "whisper",
        }
    }

    /// Who the customer is, in the customer's own words where there are any; then the phone.
    fn customer(
        &self,
        flow: &Flow,
        attempt: &Attempt,
        leg: LegId,
        again: bool,
    ) -> (Vec<String>, Then) {
        let language = attempt.seat.language;
        let Some(phone) = self.phone else {
            return (
                vec![self.phrases.say(language, "dealt-with", &[])],
                Then::HangUp,
            );
        };
        let lines = if again {
            Vec::new()
        } else {
            self.who(flow, language)
        };
        let terms = flow.terms.as_ref();
        let then = Then::Dial {
            leg,
            to: phone.as_str().to_owned(),
            from: attempt.from.as_str().to_owned(),
            timeout_s: terms.map_or(0, |terms| terms.customer_s),
            time_limit_s: terms.map_or(0, |terms| terms.talk_max_s),
        };
        (lines, then)
    }

    fn who(&self, flow: &Flow, language: Language) -> Vec<String> {
        let names = [
            self.told.first_name.as_deref(),
            self.told.last_name.as_deref(),
        ];
        let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let comment = self
            .told
            .message
            .as_deref()
            .map(|text| sentence(&cut(text, COMMENT_MAX)));
        let line = match &comment {
            Some(comment) => self.phrases.say(
                language,
                "customer",
                &[("name", &name), ("comment", comment)],
            ),
            None => self
                .phrases
                .say(language, "customer-plain", &[("name", &name)]),
        };
        self.asked_again(flow, language)
            .into_iter()
            .chain([line])
            .collect()
    }

    fn asked_again(&self, flow: &Flow, language: Language) -> Option<String> {
        (flow.asked_again > 0).then(|| self.phrases.say(language, "asked-again", &[]))
    }

    /// Brand and model.
    pub(crate) fn vehicle(&self) -> String {
        let parts = [
            self.told.vehicle.make.as_deref(),
            self.told.vehicle.model.as_deref(),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// What the customer came for, in this language.
    pub(crate) fn interest(&self, language: Language) -> String {
        let known = ["buy", "lease", "sell", "trade-in", "test-drive"];
        let told = self.told.vehicle.interest.as_deref().unwrap_or("");
        let id = known.into_iter().find(|id| *id == told);
        id.map(|id| self.phrases.say(language, &format!("interest-{id}"), &[]))
            .unwrap_or_default()
    }

    fn first_name(&self, rep: &RepId) -> &str {
        let name = self.rules.reps.get(rep).map_or("", |rep| rep.name.as_str());
        name.split_whitespace().next().unwrap_or("")
    }
}

/// What a leg hears that we don't know, or whose lead is gone.
pub fn dealt_with(phrases: &Phrases, rules: &Rules) -> Script {
    let lines = vec![phrases.say(rules.language, "dealt-with", &[])];
    Script {
        turn: 0,
        locale: locale(rules.language, &rules.country),
        lines,
        then: Then::HangUp,
    }
}

/// What a leg hears while the store is away: one sentence, then it asks the same again.
pub fn hold(phrases: &Phrases, rules: &Rules, again: String) -> Script {
    let lines = vec![phrases.say(rules.language, "hold", &[])];
    let then = Then::Hold { pause_s: 2, again };
    Script {
        turn: 0,
        locale: locale(rules.language, &rules.country),
        lines,
        then,
    }
}

fn unreached(reason: Unreached, again: bool, say: impl Fn(&str) -> String) -> (Vec<String>, Then) {
    let why = say(&format!("unreached-{}", word(reason)));
    if again {
        (vec![why, say("press-1-again")], ask())
    } else {
        (vec![why], Then::HangUp)
    }
}

fn ask() -> Then {
    Then::Ask { wait_s: KEY_WAIT_S }
}

/// The rooftop without the words that all rooftops begin with, as its people call it: "Gent".
pub(crate) fn place<'a>(rooftop: &'a Rooftop, rules: &Rules) -> &'a str {
    let shared = |words: usize| {
        let start: Vec<&str> = rooftop.name.split_whitespace().take(words).collect();
        rules.rooftops.values().all(|other| {
            other.name.split_whitespace().count() > words
                && other
                    .name
                    .split_whitespace()
                    .take(words)
                    .eq(start.iter().copied())
        })
    };
    let words = if rules.rooftops.len() > 1 {
        (1..8).take_while(|words| shared(*words)).count()
    } else {
        0
    };
    let mut rest = rooftop.name.as_str();
    for _ in 0..words {
        rest = rest
            .trim_start()
            .split_once(char::is_whitespace)
            .map_or(rest, |(_, rest)| rest);
    }
    rest.trim()
}

/// The whole words of the first `max` characters.
pub(crate) fn cut(text: &str, max: usize) -> String {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if flat.chars().count() <= max {
        return flat;
    }
    let start: String = flat.chars().take(max).collect();
    start
        .rsplit_once(' ')
        .map_or(start.clone(), |(whole_words, _)| whole_words.to_owned())
}

fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

/// The voice: BCP 47.
fn locale(language: Language, country: &str) -> String {
    let locale = match (language, country) {
        (Language::Nl, "BE") => "nl-BE",
        (Language::Nl, _) => "nl-NL",
        (Language::Fr, "BE") => "fr-BE",
        (Language::Fr, _) => "fr-FR",
        (Language::De, _) => "de-DE",
        (Language::En, _) => "en-GB",
    };
    locale.to_owned()
}
