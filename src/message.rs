//! What is said to whom in writing: a command of a flow and what its lead told become drafts, each for one person and
//! one way. Pure; `io/notice.rs` brings them.
//!
//! `message/fit.rs` knows what one text message can hold, `message/wish.rs` what STOP means.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use leadbridge_providers::Language;
use serde::{Deserialize, Serialize};

use crate::desk::PAUSE_MIN;
use crate::flow::{Flow, Kind as LeadKind, Notice, State, Text, word};
use crate::lead::{HeldReason, Lead};
use crate::phone::{PhoneKey, PhoneNumber};
use crate::phrases::Phrases;
use crate::rotation::{CarrierId, Rep, RepId, Rooftop, RooftopId, Rules};
use crate::script::{Scripts, cut, place};

mod fit;
mod wish;

pub use fit::{in_gsm, segments};
pub use wish::wants_texts;

/// When managers are told which leads are held, by the group's clock.
const HELD_TOLD_AT: Time = Time::constant(8, 0, 0, 0);
/// The vehicle's share of a text that is too long, in characters.
const VEHICLE_MAX: usize = 20;
/// The rooftop's share of a text that is too long, in characters.
const ROOFTOP_MAX: usize = 30;
/// A rooftop's name in a mail's subject, in characters.
const SUBJECT_ROOFTOP_MAX: usize = 40;

/// What a message is about: its phrases are `text-` and `subject-` and this word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// To a rep: a lead was missed, and ringing back takes it.
    RepMissed,
    /// To a rep: your phone is paused.
    RepPaused,
    /// To a rep: your phone is not reachable.
    RepNotReachable,
    /// To a rep: your customer asked again.
    RepAskedAgain,
    /// To a customer: when we call.
    CustomerWaits,
    /// To a customer: we tried.
    CustomerTried,
    /// To managers: a rep's phone is paused.
    ColleaguePaused,
    /// To managers: a rep's phone is not reachable.
    ColleagueNotReachable,
    /// To managers: the carrier refused one number.
    CarrierRefused,
    /// To managers: nobody accepted, and we ring again in the morning.
    RoundsOver,
    /// To managers: nobody accepted, finally.
    NobodyAccepted,
    /// To managers: a lead looks suspicious.
    HeldSuspicious,
    /// To managers, daily: so many leads wait for a person.
    HeldDaily,
    /// To managers: a lead's rooftop is not in the rotation file.
    RooftopGone,
    /// To managers: the carrier refuses everything.
    CarrierDown,
    /// To managers: it takes calls again.
    CarrierBack,
}

impl Kind {
    /// Repeated after a crash: our own people rather hear something twice than never (BEHAVIOUR 8).
    pub fn is_notice(self) -> bool {
        match self {
            Kind::RepMissed
            | Kind::RepPaused
            | Kind::RepNotReachable
            | Kind::RepAskedAgain
            | Kind::CustomerWaits
            | Kind::CustomerTried => false,
            Kind::ColleaguePaused
            | Kind::ColleagueNotReachable
            | Kind::CarrierRefused
            | Kind::RoundsOver
            | Kind::NobodyAccepted
            | Kind::HeldSuspicious
            | Kind::HeldDaily
            | Kind::RooftopGone
            | Kind::CarrierDown
            | Kind::CarrierBack => true,
        }
    }
}

/// Whom a message is for; the address is filled in when it leaves (P9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// The customer of the lead.
    Customer,
    /// One of our own people.
    Rep(RepId),
}

/// How a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// By text message.
    Text,
    /// By e-mail.
    Mail,
}

/// The ways that are configured for our own people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ways {
    /// `[notice] text`
    pub text: bool,
    /// `[notice] email`
    pub mail: bool,
}

/// A message to one person by one way. Its words are personal: there is no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Draft {
    /// Whom it is for.
    pub to: Recipient,
    /// The row that knows whether this number refuses texts; `None` for a mail.
    pub number: Option<PhoneKey>,
    /// How it travels.
    pub way: Way,
    /// What it is about.
    pub kind: Kind,
    /// Whose number and carrier a text is sent with.
    pub rooftop: RooftopId,
    /// A mail's subject.
    pub subject: String,
    /// The words.
    pub body: String,
}

/// A carrier began or ceased to refuse everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turned {
    /// It refuses, with this code where it gave one.
    Down(Option<u32>),
    /// It takes calls again.
    Back,
}

/// A lead that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Where.
    pub rooftop: RooftopId,
    /// Why.
    pub reason: HeldReason,
}

/// Words the messages.
#[derive(Clone, Copy)]
pub struct Writer<'a> {
    /// The sentences.
    pub phrases: &'a Phrases,
    /// The rules in force.
    pub rules: &'a Rules,
    /// How our own people are told.
    pub ways: Ways,
    /// Now.
    pub now: Timestamp,
}

/// A lead as its messages see it.
#[derive(Clone, Copy)]
pub struct About<'a> {
    /// Its flow.
    pub flow: &'a Flow,
    /// What its source told.
    pub told: &'a Lead,
    /// The customer's number.
    pub phone: Option<&'a PhoneNumber>,
}

impl Writer<'_> {
    /// A flow's text message.
    pub fn text(&self, about: About<'_>, text: &Text) -> Vec<Draft> {
        // A test has no customer and nobody misses it; a pause that it brings is as long as any.
        let of_any_lead = matches!(text, Text::RepPaused(_) | Text::RepNotReachable(_));
        if about.flow.facts.kind != LeadKind::Real && !of_any_lead {
            return Vec::new();
        }
        match text {
            Text::RepMissed(rep) if about.flow.to_be_had() => {
                self.for_rep(about, rep, Kind::RepMissed)
            }
            // Somebody has it meanwhile: ringing back would be in vain.
            Text::RepMissed(_) => Vec::new(),
            Text::RepPaused(rep) => self.for_rep(about, rep, Kind::RepPaused),
            Text::RepNotReachable(rep) => self.for_rep(about, rep, Kind::RepNotReachable),
            Text::RepAskedAgain(rep) => self.for_rep(about, rep, Kind::RepAskedAgain),
            Text::CustomerWaits => self.for_customer(about, Kind::CustomerWaits),
            Text::CustomerTried => self.for_customer(about, Kind::CustomerTried),
        }
    }

    /// A flow's message to our own people.
    pub fn notice(&self, about: About<'_>, notice: &Notice) -> Vec<Draft> {
        let (kind, whom, code) = match notice {
            Notice::RepPaused(rep) => (Kind::ColleaguePaused, Some(rep), None),
            Notice::RepNotReachable(rep) => (Kind::ColleagueNotReachable, Some(rep), None),
            Notice::CarrierRefused { code } => (Kind::CarrierRefused, None, Some(*code)),
            Notice::RoundsOver => (Kind::RoundsOver, None, None),
            Notice::NobodyAccepted => (Kind::NobodyAccepted, None, None),
            Notice::Held(HeldReason::Suspicious) => (Kind::HeldSuspicious, None, None),
            // The others are told together, daily.
            Notice::Held(_) => return Vec::new(),
            Notice::RooftopGone => (Kind::RooftopGone, None, None),
        };
        let managers = self.managers(&about.flow.facts.rooftop).into_iter();
        // Whose phone it is about has been told by a text.
        let others = managers.filter(|rep| Some(&rep.id) != whom);
        let drafts = others.map(|rep| {
            let fields = self.fields(about, rep, whom, code);
            self.for_person(rep, kind, &about.flow.facts.rooftop, &fields)
        });
        drafts.flatten().collect()
    }

    /// What managers are told of held leads each morning, each about those of their own rooftops.
    pub fn held_daily(&self, held: &[Held]) -> Vec<Draft> {
        let mut by_manager: BTreeMap<&RepId, (&Rep, BTreeMap<HeldReason, usize>)> = BTreeMap::new();
        for lead in held {
            for rep in self.managers(&lead.rooftop) {
                let (_, reasons) = by_manager.entry(&rep.id).or_insert((rep, BTreeMap::new()));
                *reasons.entry(lead.reason).or_default() += 1;
            }
        }
        let drafts = by_manager.into_values().map(|(rep, reasons)| {
            let fields = self.held_fields(rep.language, &reasons);
            self.for_person(rep, Kind::HeldDaily, &self.home(rep), &fields)
        });
        drafts.flatten().collect()
    }

    /// What managers of the rooftops of a carrier are told of it, never through itself.
    pub fn carrier(
        &self,
        carrier: &CarrierId,
        turned: Turned,
        others: &BTreeSet<CarrierId>,
    ) -> Vec<Draft> {
        let (kind, code) = match turned {
            Turned::Down(code) => (Kind::CarrierDown, code),
            Turned::Back => (Kind::CarrierBack, None),
        };
        let rooftops = self.rules.rooftops.values();
        let (theirs, rest): (Vec<_>, Vec<_>) =
            rooftops.partition(|rooftop| rooftop.carrier == *carrier);
        let through = rest
            .iter()
            .find(|rooftop| others.contains(&rooftop.carrier));
        let ways = Ways {
            text: self.ways.text && through.is_some(),
            ..self.ways
        };
        let writer = Writer { ways, ..*self };
        let mut managers: Vec<&Rep> = theirs
            .iter()
            .flat_map(|rooftop| self.managers(&rooftop.id))
            .collect();
        managers.sort_by_key(|rep| &rep.id);
        managers.dedup_by_key(|rep| &rep.id);
        let mut fields = Fields::default();
        fields.set("carrier", &carrier.0);
        fields.set(
            "code",
            &code.map(|code| code.to_string()).unwrap_or_default(),
        );
        let drafts = managers.into_iter().map(|rep| {
            let from = through.map_or_else(|| self.home(rep), |rooftop| rooftop.id.clone());
            writer.for_person(rep, kind, &from, &fields)
        });
        drafts.flatten().collect()
    }

    fn for_rep(&self, about: About<'_>, rep: &RepId, kind: Kind) -> Vec<Draft> {
        let Some(rep) = self.rules.reps.get(rep) else {
            return Vec::new();
        };
        let fields = self.fields(about, rep, None, None);
        self.for_person(rep, kind, &about.flow.facts.rooftop, &fields)
    }

    fn for_person(&self, rep: &Rep, kind: Kind, from: &RooftopId, fields: &Fields) -> Vec<Draft> {
        let draft = |way, number, subject, body| Draft {
            to: Recipient::Rep(rep.id.clone()),
            number,
            way,
            kind,
            rooftop: from.clone(),
            subject,
            body,
        };
        let text = (self.ways.text && rep.phone.is_mobile()).then(|| {
            let words = self.fitting(rep.language, kind, fields);
            draft(Way::Text, Some(rep.key.clone()), String::new(), words)
        });
        let mail = (self.ways.mail && rep.email.is_some()).then(|| {
            let subject = self.say(rep.language, "subject", kind, fields);
            let mut body = self.say(rep.language, "text", kind, fields);
            if let Some(lead) = fields.value("lead") {
                body += &format!("\n\nleadbridge lead show {lead}");
            }
            draft(Way::Mail, None, subject, body + "\n")
        });
        text.into_iter().chain(mail).collect()
    }

    /// Customers get texts only, at a number that shows them.
    fn for_customer(&self, about: About<'_>, kind: Kind) -> Vec<Draft> {
        let facts = &about.flow.facts;
        let rooftop = self.rules.rooftops.get(&facts.rooftop);
        let mobile = about.phone.is_some_and(PhoneNumber::is_mobile);
        let (Some(rooftop), true) = (rooftop, mobile) else {
            return Vec::new();
        };
        let language = about.told.language.unwrap_or(self.rules.language);
        let mut fields = self.lead_fields(about, language);
        fields.set("rooftop", &rooftop.name);
        fields.set("number", rooftop.caller_id.as_str());
        match (kind, &about.flow.state) {
            (Kind::CustomerWaits, State::Waiting { until }) => {
                fields.set("when", &self.when(language, rooftop, *until));
            }
            // It is rung already.
            (Kind::CustomerWaits, _) => return Vec::new(),
            (_, _) => {}
        }
        vec![Draft {
            to: Recipient::Customer,
            number: facts.number.clone(),
            way: Way::Text,
            kind,
            rooftop: rooftop.id.clone(),
            subject: String::new(),
            body: self.fitting(language, kind, &fields),
        }]
    }

    /// Who is told about a rooftop; about one that is gone, whoever is told about any.
    fn managers(&self, rooftop: &RooftopId) -> Vec<&Rep> {
        let all = self.rules.rooftops.values();
        let ids: BTreeSet<&RepId> = match self.rules.rooftops.get(rooftop) {
            Some(rooftop) => rooftop.managers.iter().collect(),
            None => all.flat_map(|rooftop| &rooftop.managers).collect(),
        };
        let reps = ids.into_iter().filter_map(|id| self.rules.reps.get(id));
        reps.collect()
    }

    /// The rooftop whose number a manager knows.
    fn home(&self, rep: &Rep) -> RooftopId {
        let mut rooftops = self.rules.rooftops.values();
        let home = rooftops
            .clone()
            .find(|rooftop| rooftop.managers.contains(&rep.id));
        let home = home.or_else(|| rooftops.next());
        home.map_or(RooftopId(String::new()), |rooftop| rooftop.id.clone())
    }

    fn fields(
        &self,
        about: About<'_>,
        reader: &Rep,
        whom: Option<&RepId>,
        code: Option<u32>,
    ) -> Fields {
        let mut fields = self.lead_fields(about, reader.language);
        let rooftop = self.rules.rooftops.get(&about.flow.facts.rooftop);
        if let Some(rooftop) = rooftop {
            fields.set("number", rooftop.caller_id.as_str());
            fields.set("carrier", &rooftop.carrier.0);
            if let State::Sleeping { until } = &about.flow.state {
                fields.set("when", &self.when(reader.language, rooftop, *until));
            }
        }
        let rep = whom.and_then(|id| self.rules.reps.get(id));
        fields.set("rep", rep.map_or("", |rep| rep.name.as_str()));
        fields.set("minutes", &PAUSE_MIN.to_string());
        fields.set(
            "code",
            &code.map(|code| code.to_string()).unwrap_or_default(),
        );
        fields
    }

    fn lead_fields(&self, about: About<'_>, language: Language) -> Fields {
        let facts = &about.flow.facts;
        let scripts = Scripts {
            phrases: self.phrases,
            rules: self.rules,
            told: about.told,
            phone: None,
        };
        let rooftop = self.rules.rooftops.get(&facts.rooftop);
        let name = rooftop.map_or(facts.rooftop.0.as_str(), |rooftop| {
            place(rooftop, self.rules)
        });
        let mut fields = Fields::default();
        fields.set("rooftop", name);
        fields.set("source", &facts.source.0);
        fields.set("vehicle", &scripts.vehicle());
        fields.set("interest", &scripts.interest(language));
        fields.set("lead", &about.flow.lead.to_string());
        fields
    }

    fn held_fields(&self, language: Language, reasons: &BTreeMap<HeldReason, usize>) -> Fields {
        let told = reasons.iter().map(|(reason, count)| {
            let id = format!("held-{}", word(*reason));
            format!("{count}x {}", self.phrases.say(language, &id, &[]))
        });
        let mut fields = Fields::default();
        fields.set("count", &reasons.values().sum::<usize>().to_string());
        fields.set("reasons", &told.collect::<Vec<_>>().join(", "));
        fields
    }

    /// "today at 14:00", by the rooftop's clock.
    fn when(&self, language: Language, rooftop: &Rooftop, at: Timestamp) -> String {
        let zone = rooftop.customer_hours.zone();
        let (today, then) = (zone.to_datetime(self.now), zone.to_datetime(at));
        let days = (then.date() - today.date()).get_days();
        let id = match days {
            0 => "when-today",
            1 => "when-tomorrow",
            _ => "when-day",
        };
        let time = format!("{:02}:{:02}", then.hour(), then.minute());
        let (day, month) = (then.day().to_string(), then.month().to_string());
        let args = [("time", &*time), ("day", &day), ("month", &month)];
        self.phrases.say(language, id, &args)
    }

    /// The words of a text message: shortened step by step until it is one, if that is possible at all.
    fn fitting(&self, language: Language, kind: Kind, fields: &Fields) -> String {
        let mut shorter = fields.clone();
        let mut said = in_gsm(&self.say(language, "text", kind, &shorter));
        let steps: [(&'static str, usize); 5] = [
            ("vehicle", VEHICLE_MAX),
            ("interest", 0),
            ("rooftop", ROOFTOP_MAX),
            ("vehicle", 0),
            ("source", 0),
        ];
        for (field, max) in steps {
            if segments(&said) == 1 {
                break;
            }
            let cut = cut(shorter.value(field).unwrap_or_default(), max);
            shorter.set(field, &cut);
            said = in_gsm(&self.say(language, "text", kind, &shorter));
        }
        said
    }

    fn say(&self, language: Language, what: &str, kind: Kind, fields: &Fields) -> String {
        let mut fields = fields.clone();
        if what == "subject" {
            let rooftop = cut(
                fields.value("rooftop").unwrap_or_default(),
                SUBJECT_ROOFTOP_MAX,
            );
            fields.set("rooftop", &rooftop);
        }
        let args: Vec<(&str, &str)> = fields
            .0
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let id = format!("{what}-{}", word(kind));
        self.phrases.say(language, &id, &args)
    }
}

/// The latest day whose morning has come, by the clock of the first rooftop: whose managers are to be told of held
/// leads by now.
pub fn held_told_day(rules: &Rules, now: Timestamp) -> Option<Date> {
    let zone = rules.rooftops.values().next()?.customer_hours.zone();
    let here = zone.to_datetime(now);
    if here.time() >= HELD_TOLD_AT {
        Some(here.date())
    } else {
        here.date().yesterday().ok()
    }
}

/// What is filled into a phrase, by name; what a message does not know is empty.
#[derive(Clone)]
struct Fields(BTreeMap<&'static str, String>);

/// All that the phrases of messages ask for.
const NAMES: [&str; 13] = [
    "carrier", "code", "count", "interest", "lead", "minutes", "number", "reasons", "rep",
    "rooftop", "source", "vehicle", "when",
];

impl Default for Fields {
    fn default() -> Fields {
        Fields(NAMES.map(|name| (name, String::new())).into())
    }
}

impl Fields {
    fn set(&mut self, name: &'static str, value: &str) {
        self.0.insert(name, value.to_owned());
    }

    fn value(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name)?;
        (!value.is_empty()).then_some(value)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use jiff::SignedDuration;
    use leadbridge_providers::LeadId;

    use super::*;
    use crate::flow::Facts;
    use crate::hours::Hours;
    use crate::lead::Vehicle;
    use crate::phone::HashKey;
    use crate::rotation::{AfterHours, SourceId, Strategy, Terms};

    const LANGUAGES: [Language; 4] = [Language::Nl, Language::Fr, Language::De, Language::En];
    const MOBILE: &str = "+32470123456";

    fn phone(number: &str) -> PhoneNumber {
        number.to_owned().try_into().unwrap()
    }

    fn rep(id: &str, number: &str, language: Language) -> Rep {
        Rep {
            id: RepId(id.to_owned()),
            name: "Marie-Christine Vandenbroucke-Timmermans".to_owned(),
            phone: phone(number),
            key: HashKey([7; 32]).of(&phone(number)),
            email: Some(format!("{id}@example.be")),
            language,
            hours: None,
            away: Vec::new(),
        }
    }

    fn rooftop(id: &str, carrier: &str, caller_id: &str) -> Rooftop {
        let hours = Hours::parse("24/7", "Europe/Brussels", "BE").unwrap();
        Rooftop {
            id: RooftopId(id.to_owned()),
            name: format!("Autobedrijf Vandersmissen-Lefèvre Sint-Martens-{id}"),
            carrier: CarrierId(carrier.to_owned()),
            caller_id: phone(caller_id),
            reception: None,
            hours: hours.clone(),
            after_hours: AfterHours::Wait,
            duty: Vec::new(),
            strategy: Strategy::InOrder,
            reps: vec![RepId("an".to_owned())],
            owner: vec![RepId("paul".to_owned())],
            managers: vec![RepId("paul".to_owned())],
            customer_hours: hours,
            terms: Terms::default(),
        }
    }

    fn rules(language: Language) -> Rules {
        let reps = [
            rep("an", "+32470000001", language),
            rep("paul", "+32470000009", language),
        ];
        let rooftops = [
            rooftop("Latem", "main", "+3292000000"),
            rooftop("Lierde", "other", "+3292000001"),
        ];
        Rules {
            name: "Groep".to_owned(),
            language,
            country: "BE".to_owned(),
            countries: vec!["BE".to_owned()],
            customer_rings_per_day: 4,
            reps: reps.into_iter().collect(),
            rooftops: rooftops.map(|rooftop| (rooftop.id.clone(), rooftop)).into(),
            measure: Default::default(),
        }
    }

    fn told(language: Language) -> Lead {
        Lead {
            language: Some(language),
            first_name: Some("Xandrine".to_owned()),
            last_name: Some("Quellinck".to_owned()),
            vehicle: Vehicle {
                make: Some("Mercedes-Benz".to_owned()),
                model: Some("GLE 350 de 4MATIC Coupé AMG Line Premium Plus".to_owned()),
                interest: Some("test-drive".to_owned()),
                ..Vehicle::default()
            },
            ..Lead::default()
        }
    }

    fn now() -> Timestamp {
        "2026-11-22T19:30:00Z".parse().unwrap()
    }

    fn flow(state: State) -> Flow {
        let facts = Facts {
            rooftop: RooftopId("Latem".to_owned()),
            source: SourceId("autoscout24-tweedehands".to_owned()),
            number: Some(HashKey([7; 32]).of(&phone(MOBILE))),
            t0: None,
            t1: now(),
            first: None,
            kind: LeadKind::Real,
            unproven: false,
            texts: true,
        };
        let lead: LeadId = "0190b1f0-7b3c-7000-8000-000000000001".parse().unwrap();
        Flow::new(lead, facts, state, now())
    }

    fn tomorrow() -> Timestamp {
        now() + SignedDuration::from_hours(14)
    }

    fn waiting() -> Flow {
        flow(State::Waiting { until: tomorrow() })
    }

    fn sleeping() -> Flow {
        let until = tomorrow() + SignedDuration::from_hours(24);
        flow(State::Sleeping { until })
    }

    fn written<T>(language: Language, ways: Ways, write: impl Fn(Writer<'_>, &Lead) -> T) -> T {
        let (phrases, rules) = (Phrases::shipped(), rules(language));
        let writer = Writer {
            phrases: &phrases,
            rules: &rules,
            ways,
            now: now(),
        };
        write(writer, &told(language))
    }

    const BOTH: Ways = Ways {
        text: true,
        mail: true,
    };

    /// Every message there is, with long names.
    fn all(language: Language) -> Vec<Draft> {
        let an = || RepId("an".to_owned());
        let texts = [
            Text::RepMissed(an()),
            Text::RepPaused(an()),
            Text::RepNotReachable(an()),
            Text::RepAskedAgain(an()),
            Text::CustomerWaits,
            Text::CustomerTried,
        ];
        let notices = [
            Notice::RepPaused(an()),
            Notice::RepNotReachable(an()),
            Notice::CarrierRefused { code: 21215 },
            Notice::RoundsOver,
            Notice::NobodyAccepted,
            Notice::Held(HeldReason::Suspicious),
            Notice::RooftopGone,
        ];
        let held = [
            HeldReason::InvalidNumber,
            HeldReason::Consent,
            HeldReason::OwnNumber,
            HeldReason::Spam,
        ]
        .map(|reason| Held {
            rooftop: RooftopId("Latem".to_owned()),
            reason,
        });
        written(language, BOTH, |writer, told| {
            let phone = phone(MOBILE);
            let about = |flow| About {
                flow,
                told,
                phone: Some(&phone),
            };
            let (waiting, sleeping) = (waiting(), sleeping());
            let main = CarrierId("main".to_owned());
            let others = [CarrierId("other".to_owned())].into();
            let mut drafts: Vec<Draft> = texts
                .iter()
                .flat_map(|text| writer.text(about(&waiting), text))
                .collect();
            drafts.extend(
                notices
                    .iter()
                    .flat_map(|notice| writer.notice(about(&sleeping), notice)),
            );
            drafts.extend(writer.held_daily(&held));
            drafts.extend(writer.carrier(&main, Turned::Down(Some(20003)), &others));
            drafts.extend(writer.carrier(&main, Turned::Back, &others));
            drafts
        })
    }

    #[test]
    fn every_text_is_one_message_in_every_language_whatever_the_names() {
        for language in LANGUAGES {
            let mut kinds = BTreeSet::new();
            for draft in all(language).iter().filter(|draft| draft.way == Way::Text) {
                let body = &draft.body;
                assert_eq!(*body, in_gsm(body), "outside of GSM-7: {body}");
                assert_eq!(
                    segments(body),
                    1,
                    "{language:?} {:?} {}: {body}",
                    draft.kind,
                    body.len()
                );
                assert!(!body.contains("none") && !body.contains("  "), "{body}");
                kinds.insert(draft.kind);
            }
            assert_eq!(kinds.len(), 16, "one of each kind");
        }
    }

    #[test]
    fn no_message_to_our_people_names_the_customer_and_every_subject_is_plain() {
        for language in LANGUAGES {
            for draft in all(language) {
                let said = format!("{} {}", draft.subject, draft.body);
                for personal in ["Xandrine", "Quellinck", MOBILE] {
                    assert!(!said.contains(personal), "{said}");
                }
                assert!(
                    draft.way == Way::Text || !draft.subject.is_empty(),
                    "{:?}",
                    draft.kind
                );
                assert!(
                    draft.kind == Kind::RooftopGone
                        || draft.subject.replace("fèvre", "").is_ascii(),
                    "{}",
                    draft.subject
                );
            }
        }
    }

    #[test]
    fn a_customer_reads_who_calls_when_from_which_number_and_how_to_refuse() {
        let waits = written(Language::Nl, BOTH, |writer, told| {
            let (flow, phone) = (waiting(), phone(MOBILE));
            writer.text(
                About {
                    flow: &flow,
                    told,
                    phone: Some(&phone),
                },
                &Text::CustomerWaits,
            )
        });
        assert_eq!(waits.len(), 1, "no mail");
        assert_eq!(
            waits[0].body,
            "Autobedrijf Vandersmissen-Lefèvre Sint-Martens-Latem: dank u voor uw aanvraag. We bellen u morgen om 10:30 vanaf +3292000000. Liever geen sms? Antwoord STOP."
        );
    }

    #[test]
    fn a_fixed_line_gets_no_text_and_a_lead_that_is_rung_by_now_needs_none() {
        let bodies = |number: &str, flow: &Flow| {
            written(Language::En, BOTH, |writer, told| {
                let phone = phone(number);
                let about = About {
                    flow,
                    told,
                    phone: Some(&phone),
                };
                writer.text(about, &Text::CustomerWaits).len()
            })
        };
        assert_eq!(bodies(MOBILE, &waiting()), 1);
        assert_eq!(bodies("+3292123456", &waiting()), 0);
        assert_eq!(bodies(MOBILE, &flow(State::Held(HeldReason::Spam))), 0);
    }

    #[test]
    fn a_rep_is_not_told_of_a_lead_that_is_gone_nor_by_a_way_that_is_not_configured() {
        let ways = |ways, flow: &Flow| -> Vec<Way> {
            written(Language::En, ways, |writer, told| {
                let about = About {
                    flow,
                    told,
                    phone: None,
                };
                let missed = Text::RepMissed(RepId("an".to_owned()));
                writer
                    .text(about, &missed)
                    .iter()
                    .map(|draft| draft.way)
                    .collect()
            })
        };
        assert_eq!(ways(BOTH, &sleeping()), [Way::Text, Way::Mail]);
        assert_eq!(
            ways(
                Ways {
                    text: false,
                    mail: true
                },
                &sleeping()
            ),
            [Way::Mail]
        );
        assert_eq!(
            ways(
                Ways {
                    text: true,
                    mail: false
                },
                &sleeping()
            ),
            [Way::Text]
        );
        assert!(ways(BOTH, &flow(State::Held(HeldReason::Spam))).is_empty());
    }

    #[test]
    fn a_rep_whose_phone_a_test_pauses_is_told_and_nobody_missed_the_test() {
        let mut test = waiting();
        test.facts.kind = LeadKind::RingsBack(RepId("an".to_owned()));
        let count = |text: fn(RepId) -> Text| {
            written(Language::En, BOTH, |writer, told| {
                let about = About {
                    flow: &test,
                    told,
                    phone: None,
                };
                writer.text(about, &text(RepId("an".to_owned()))).len()
            })
        };
        assert_eq!(count(Text::RepPaused), 2, "a text and a mail");
        assert_eq!(count(Text::RepMissed), 0);
    }

    #[test]
    fn a_carrier_that_is_down_is_told_through_another_or_by_mail_alone() {
        let told = |others: BTreeSet<CarrierId>| {
            written(Language::Nl, BOTH, |writer, _| {
                writer.carrier(&CarrierId("main".to_owned()), Turned::Down(None), &others)
            })
        };
        let ways = |drafts: &[Draft]| drafts.iter().map(|draft| draft.way).collect::<Vec<_>>();
        assert_eq!(ways(&told(BTreeSet::new())), [Way::Mail]);
        let both = told([CarrierId("other".to_owned())].into());
        assert_eq!(ways(&both), [Way::Text, Way::Mail]);
        assert_eq!(
            both[0].rooftop.0, "Lierde",
            "its number is the other carrier's"
        );
    }

    #[test]
    fn held_leads_are_counted_for_each_manager_by_reason() {
        let held = [HeldReason::Spam, HeldReason::NoPhone, HeldReason::Spam].map(|reason| Held {
            rooftop: RooftopId("Latem".to_owned()),
            reason,
        });
        let drafts = written(Language::En, BOTH, |writer, _| writer.held_daily(&held));
        assert_eq!(drafts.len(), 2, "one text and one mail");
        assert_eq!(
            drafts[0].body,
            "Held leads that wait for a person: 3 (1x no phone, 2x spam). See: leadbridge lead list --state held."
        );
        assert!(written(Language::En, BOTH, |writer, _| writer
            .held_daily(&[])
            .is_empty()));
    }

    #[test]
    fn the_morning_comes_at_eight_by_the_groups_clock() {
        let day = |at: &str| {
            held_told_day(&rules(Language::Nl), at.parse().unwrap())
                .unwrap()
                .to_string()
        };
        assert_eq!(day("2026-11-22T06:59:59Z"), "2026-11-21");
        assert_eq!(day("2026-11-22T07:00:00Z"), "2026-11-22");
        assert_eq!(day("2026-07-22T06:00:00Z"), "2026-07-22");
    }
}
