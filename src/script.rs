//! What a leg hears now: the flow says which cue, the lead says about whom, the phrases say how. A voicemail may
//! be listening until key 1 is pressed, so nothing before it tells who the customer is (P3, P9).

use jiff::{SignedDuration, Timestamp};
use leadbridge_providers::{Language, LegId, Script, Then};

use crate::flow::{Attempt, CameIn, Cue, CustomerLeg, Flow, Hears, Kind, Unreached, word};
use crate::lead::Lead;
use crate::lead_line;
use crate::phone::PhoneNumber;
use crate::phrases::Phrases;
use crate::rotation::{RepId, Rooftop, Rules};

/// How long a key is waited for after each prompt, in seconds.
const KEY_WAIT_S: u32 = 5;
/// The longest whisper, in characters.
const WHISPER_MAX: usize = 90;
/// The vehicle's share of a whisper that is too long, in characters; the rooftop's, if that is not enough.
const SHARE_MAX: usize = 20;
/// How much of the customer's own words the rep hears, in characters.
const COMMENT_MAX: usize = 60;
/// How long the reception's phone rings, in seconds.
const RECEPTION_S: u32 = 30;
/// How long a room may last whose flow has no terms yet, in seconds.
const ROOM_S: u32 = 3600;
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
    /// What this leg hears now; one that its flow does not know is told so.
    pub fn now(&self, flow: &Flow, leg: LegId, now: Timestamp) -> Script {
        let customer = flow.customer_leg(leg);
        let came_in = customer.and_then(|leg| leg.came_in.as_ref());
        match (flow.attempt(leg), customer.zip(came_in)) {
            (Some(attempt), _) => self.for_leg(flow, attempt, now),
            (None, Some((customer, came_in))) => self.for_caller(flow, customer, came_in),
            (None, None) => dealt_with(self.phrases, self.rules),
        }
    }

    /// What this rep's leg hears now.
    pub fn for_leg(&self, flow: &Flow, attempt: &Attempt, now: Timestamp) -> Script {
        let language = attempt.seat.language;
        let say = |id: &str| self.phrases.say(language, id, &[]);
        let (lines, then) = match &attempt.cue {
            Cue::Whisper { .. } => (vec![self.whisper(flow, language, now)], ask()),
            Cue::Customer { leg, again } => self.customer(flow, attempt, *leg, *again),
            Cue::Room { leg, there } => self.room(flow, language, *leg, *there),
            Cue::Unreached { reason, again } => {
                let (lines, then) = unreached(*reason, *again, say);
                (self.told_again(flow, language, lines), then)
            }
            Cue::Menu => (self.told_again(flow, language, vec![say("menu")]), ask()),
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

    /// What a customer who rang the lead line hears now.
    pub fn for_caller(&self, flow: &Flow, customer: &CustomerLeg, came_in: &CameIn) -> Script {
        let language = self.told.language.unwrap_or(self.rules.language);
        let (lines, then) = match came_in.hears {
            Hears::Room => {
                let waits = true;
                (Vec::new(), room(flow, customer.leg, waits))
            }
            Hears::Reception => reception(self.phrases, self.rules, language, Some(&came_in.line)),
            Hears::GoodBye => {
                let good_bye = self.phrases.say(language, "good-bye", &[]);
                (vec![good_bye], Then::HangUp)
            }
        };
        Script {
            turn: came_in.turn,
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
        let source = match flow.facts.source.0.as_str() {
            lead_line::SOURCE => "",
            other => other,
        };
        let say = |place: &str, source: &str, vehicle: &str, interest: &str| {
            let args = [
                ("rooftop", place),
                ("source", source),
                ("vehicle", vehicle),
                ("interest", interest),
            ];
            self.phrases.say(language, id, &args)
        };
        let short = cut(&vehicle, SHARE_MAX);
        let short_place = cut(place, SHARE_MAX);
        let tries = [
            say(place, source, &vehicle, &interest),
            say(place, source, &short, &interest),
            say(place, source, &short, ""),
            say(place, source, "", ""),
            say(&short_place, source, "", ""),
            say(&short_place, "", "", ""),
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
            Kind::Real if flow.customer_waits() => "whisper-on-line",
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
        // A leg is rung once (P2).
        let is_over = |leg| !flow.customer_leg(leg).is_some_and(|leg| leg.life.live());
        let Some(phone) = self.phone.filter(|_| !is_over(leg)) else {
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

    /// A rep who is called away from something else hears the name only.
    fn room(
        &self,
        flow: &Flow,
        language: Language,
        leg: LegId,
        interrupted: bool,
    ) -> (Vec<String>, Then) {
        let comment = self.comment().filter(|_| interrupted).unwrap_or_default();
        let args = [("name", &*self.name()), ("comment", &comment)];
        let line = self.phrases.say(language, "customer-on-line", &args);
        (vec![line], room(flow, leg, false))
    }

    fn name(&self) -> String {
        let names = [
            self.told.first_name.as_deref(),
            self.told.last_name.as_deref(),
        ];
        names.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    fn comment(&self) -> Option<String> {
        let text = self.told.message.as_deref();
        text.map(|text| sentence(&cut(text, COMMENT_MAX)))
    }

    fn who(&self, flow: &Flow, language: Language) -> Vec<String> {
        let name = self.name();
        let line = match &self.comment() {
            Some(comment) => self.phrases.say(
                language,
                "customer",
                &[("name", &name), ("comment", comment)],
            ),
            None => self
                .phrases
                .say(language, "customer-plain", &[("name", &name)]),
        };
        self.told_again(flow, language, vec![line])
    }

    /// These lines, after the one that a rep must hear whose customer asked again meanwhile.
    fn told_again(&self, flow: &Flow, language: Language, lines: Vec<String>) -> Vec<String> {
        let asked = (flow.asked_again > 0).then(|| self.phrases.say(language, "asked-again", &[]));
        asked.into_iter().chain(lines).collect()
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

/// What anybody else hears who rings the lead line.
pub fn stranger(phrases: &Phrases, rules: &Rules, line: Option<&PhoneNumber>) -> Script {
    let (lines, then) = reception(phrases, rules, rules.language, line);
    Script {
        turn: 0,
        locale: locale(rules.language, &rules.country),
        lines,
        then,
    }
}

/// What who was put through hears when that is over: nothing more if they were spoken to.
pub fn put_through(phrases: &Phrases, rules: &Rules, spoken_to: bool) -> Script {
    let id = if spoken_to {
        "good-bye"
    } else {
        "reception-none"
    };
    Script {
        turn: 0,
        locale: locale(rules.language, &rules.country),
        lines: vec![phrases.say(rules.language, id, &[])],
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

/// The reception of the number that was rung; without one, that nobody is free.
fn reception(
    phrases: &Phrases,
    rules: &Rules,
    language: Language,
    line: Option<&PhoneNumber>,
) -> (Vec<String>, Then) {
    let through = line.and_then(|line| Some((lead_line::reception(rules, line)?, line)));
    match through {
        Some((to, line)) => {
            let then = Then::PutThrough {
                to: to.as_str().to_owned(),
                from: line.as_str().to_owned(),
                timeout_s: RECEPTION_S,
            };
            (Vec::new(), then)
        }
        None => (
            vec![phrases.say(language, "reception-none", &[])],
            Then::HangUp,
        ),
    }
}

fn room(flow: &Flow, name: LegId, waits: bool) -> Then {
    let terms = flow.terms.as_ref();
    Then::Room {
        name,
        waits,
        time_limit_s: terms.map_or(ROOM_S, |terms| terms.talk_max_s),
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::flow::{Facts, State};
    use crate::hours::Hours;
    use crate::lead::Vehicle;
    use crate::phone::HashKey;
    use crate::rotation::{AfterHours, CarrierId, RooftopId, SourceId, Strategy, Terms};

    #[test]
    fn a_whisper_is_short_whatever_the_names() {
        let long = "Autobedrijf Vandersmissen-Lefèvre Sint-Martens-Latem";
        for language in [Language::Nl, Language::Fr, Language::De, Language::En] {
            for source in ["web", "autoscout24-tweedehands-en-jonge-wagens"] {
                for suspected in [false, true] {
                    let whisper = whisper(language, long, source, suspected);
                    let length = whisper.chars().count();
                    assert!(length <= WHISPER_MAX, "{length}: {whisper}");
                    assert!(whisper.contains("Autobedrijf"), "{whisper}");
                }
            }
        }
        let short = whisper(Language::Nl, "Gent", "website", false);
        assert_eq!(
            short,
            "Lead Gent, website, Mercedes-Benz GLE 350 de. Druk 1."
        );
    }

    fn whisper(language: Language, name: &str, source: &str, suspected: bool) -> String {
        let rules = Rules {
            name: "Groep".to_owned(),
            language,
            country: "BE".to_owned(),
            countries: Vec::new(),
            customer_rings_per_day: 4,
            reps: Default::default(),
            rooftops: [(RooftopId("gent".to_owned()), rooftop(name))].into(),
            measure: Default::default(),
        };
        let told = Lead {
            vehicle: Vehicle {
                make: Some("Mercedes-Benz".to_owned()),
                model: Some("GLE 350 de".to_owned()),
                ..Vehicle::default()
            },
            ..Lead::default()
        };
        let scripts = Scripts {
            phrases: &Phrases::shipped(),
            rules: &rules,
            told: &told,
            phone: None,
        };
        let mut flow = flow(source);
        flow.suspected_by = suspected.then(|| HashKey([7; 32]).of(&number()));
        scripts.whisper(&flow, language, Timestamp::UNIX_EPOCH)
    }

    fn flow(source: &str) -> Flow {
        let now = Timestamp::UNIX_EPOCH;
        let facts = Facts {
            rooftop: RooftopId("gent".to_owned()),
            source: SourceId(source.to_owned()),
            number: None,
            t0: None,
            t1: now,
            first: None,
            kind: Kind::Real,
            unproven: false,
            texts: false,
        };
        let lead = "0190b1f0-7b3c-7000-8000-000000000001".parse().unwrap();
        Flow::new(lead, facts, State::Waiting { until: now }, now)
    }

    fn rooftop(name: &str) -> Rooftop {
        let hours = Hours::always(TimeZone::UTC);
        Rooftop {
            id: RooftopId("gent".to_owned()),
            name: name.to_owned(),
            carrier: CarrierId("main".to_owned()),
            caller_id: number(),
            reception: None,
            hours: hours.clone(),
            after_hours: AfterHours::Wait,
            duty: Vec::new(),
            strategy: Strategy::InOrder,
            reps: Vec::new(),
            owner: Vec::new(),
            managers: Vec::new(),
            customer_hours: hours,
            terms: Terms::default(),
        }
    }

    fn number() -> PhoneNumber {
        PhoneNumber::parse("+3292000000", "BE").unwrap()
    }
}
