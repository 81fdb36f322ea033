//! `rotation.toml`: reps, rooftops and their terms, as the rules in force.

mod place;
mod terms;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use leadbridge_providers::Language;
use toml::Spanned;

use crate::phone::{HashKey, Kind, PhoneNumber};
use crate::rotation::{AfterHours, CarrierId, Rep, RepId, Rooftop, RooftopId, Rules, Strategy};

use super::own_id;
use super::section::{Section, Text};
use super::settings::{Settings, mail_address};
use super::words::nearest;

use place::Place;
use terms::Base;

/// Makes the rules of the file.
pub(super) fn rules(mut file: Section<'_>, settings: &Settings, key: &HashKey) -> Option<Rules> {
    file.need(
        "group",
        "[group]  and below it  name, language, timezone, country",
    );
    let group = group(file.section("group")?);
    file.need("rep", "[[rep]]  and below it  id, name, phone");
    let mut staff = Staff {
        group: &group,
        key,
        ids: Vec::new(),
        phones: Vec::new(),
    };
    let reps: Vec<Option<Rep>> = file
        .sections("rep")
        .into_iter()
        .map(|part| staff.rep(part))
        .collect();
    file.need(
        "rooftop",
        "[[rooftop]]  and below it  id, name, carrier, caller_id, hours, reps, owner",
    );
    let mut roofs = Roofs {
        group: &group,
        settings,
        staff: &staff,
        ids: Vec::new(),
    };
    let managers = group.managers.as_ref().map(|list| roofs.reps(&file, list));
    let rooftops: Vec<Option<Rooftop>> = file
        .sections("rooftop")
        .into_iter()
        .map(|part| roofs.rooftop(part, managers.as_deref()))
        .collect();
    file.end();
    let reps: BTreeMap<RepId, Rep> = reps
        .into_iter()
        .map(|rep| rep.map(|rep| (rep.id.clone(), rep)))
        .collect::<Option<_>>()?;
    let rooftops: BTreeMap<RooftopId, Rooftop> = rooftops
        .into_iter()
        .map(|roof| roof.map(|roof| (roof.id.clone(), roof)))
        .collect::<Option<_>>()?;
    Some(Rules {
        name: group.name?,
        language: group.language,
        country: group.base.place.country,
        countries: settings.guard.countries.clone(),
        customer_rings_per_day: settings.guard.customer_rings_per_day,
        reps,
        rooftops,
    })
}

/// `[group]`: what holds where a rep or a rooftop says nothing else.
struct Group<'t> {
    name: Option<String>,
    language: Language,
    base: Base<'t>,
    managers: Option<Spanned<Vec<Text<'t>>>>,
}

/// Where a value is wrong, reading goes on with a right one, so that one mistake is told once.
fn group(mut part: Section<'_>) -> Group<'_> {
    let name = part.needed("name", "name = \"Groep Peeters\"").map(owned);
    part.need("language", "language = \"nl\"");
    part.need("timezone", "timezone = \"Europe/Brussels\"");
    part.need("country", "country = \"BE\"");
    let language = part.word("language").unwrap_or(Language::Nl);
    let place = place::read(&mut part, &Place::default());
    let base = terms::read(&mut part, place.clone(), &Base::default_in(place));
    let managers = part.texts("managers");
    part.end();
    Group {
        name,
        language,
        base,
        managers,
    }
}

/// The reps read so far, to find doubles by.
struct Staff<'g, 't> {
    group: &'g Group<'t>,
    key: &'g HashKey,
    ids: Vec<Text<'t>>,
    phones: Vec<Spanned<PhoneNumber>>,
}

impl<'t> Staff<'_, 't> {
    fn rep(&mut self, mut part: Section<'t>) -> Option<Rep> {
        let place = &self.group.base.place;
        let id = own_id(&mut part, &mut self.ids, "id = \"an\"");
        let name = part.needed("name", "name = \"An Claes\"").map(owned);
        let phone = part.needed("phone", "phone = \"+32470000001\"");
        let phone = phone.and_then(|text| rung_phone(&part, &text, &place.country));
        if let Some(phone) = &phone {
            self.only_owner(&part, phone);
        }
        let email = part.text("email");
        if let Some(email) = email
            .as_ref()
            .filter(|email| !mail_address(email.get_ref()))
        {
            part.findings().error(
                email.span(),
                "this is no e-mail address",
                "write an address such as \"an@example.be\"",
            );
        }
        let language = languages(&mut part);
        let hours = part.text("hours").map(|text| place.hours(&part, &text));
        let away = part.texts("away").map(|list| {
            list.get_ref()
                .iter()
                .filter_map(|text| days(&part, text))
                .collect()
        });
        part.end();
        let phone = phone?.into_inner();
        Some(Rep {
            id: RepId(id?.to_owned()),
            name: name?,
            key: self.key.of(&phone),
            phone,
            email: email.map(owned),
            language: language.unwrap_or(self.group.language),
            hours: match hours {
                Some(hours) => Some(hours?),
                None => None,
            },
            away: away.unwrap_or_default(),
        })
    }

    /// A phone of two reps would be rung twice in a round, and nobody could say who took the lead.
    fn only_owner(&mut self, part: &Section<'_>, phone: &Spanned<PhoneNumber>) {
        if let Some(twin) = self
            .phones
            .iter()
            .find(|other| other.get_ref() == phone.get_ref())
        {
            let title = "two reps have the same phone".to_owned();
            part.findings().clash(
                phone.span(),
                (twin.span(), "here first"),
                title,
                "give each rep a phone of their own",
            );
        }
        self.phones.push(phone.clone());
    }
}

/// The first is what the rep hears; the others must exist all the same.
fn languages(part: &mut Section<'_>) -> Option<Language> {
    let list = part.texts("languages")?;
    if list.get_ref().is_empty() {
        part.findings().error(
            list.span(),
            "`languages` is empty",
            "write [\"nl\"], or take the line away for the group's language",
        );
    }
    let known: Vec<Option<Language>> = list
        .get_ref()
        .iter()
        .map(|text| part.as_word(text))
        .collect();
    known.into_iter().next()?
}

/// `2026-12-24/2026-12-31`, both days included, or one day alone.
fn days(part: &Section<'_>, text: &Text<'_>) -> Option<(Date, Date)> {
    let (first, last) = text
        .get_ref()
        .split_once('/')
        .unwrap_or((text.get_ref(), text.get_ref()));
    let day = |text: &str| text.trim().parse::<Date>().ok();
    let (Some(first), Some(last)) = (day(first), day(last)) else {
        let title = format!("`{}` are no days", text.get_ref());
        part.findings().error(
            text.span(),
            title,
            "write year-month-day, the first and the last: \"2026-12-24/2026-12-31\"",
        );
        return None;
    };
    if last < first {
        let cure = format!("write the first day first: \"{last}/{first}\"");
        part.findings()
            .error(text.span(), "this absence ends before it begins", cure);
    }
    Some((first, last))
}

/// What rooftops may name.
struct Roofs<'g, 't> {
    group: &'g Group<'t>,
    settings: &'g Settings,
    staff: &'g Staff<'g, 't>,
    ids: Vec<Text<'t>>,
}

impl<'t> Roofs<'_, 't> {
    fn rooftop(&mut self, mut part: Section<'t>, managers: Option<&[RepId]>) -> Option<Rooftop> {
        let id = own_id(&mut part, &mut self.ids, "id = \"gent\"");
        let name = part
            .needed("name", "name = \"Garage Peeters Gent\"")
            .map(owned);
        let place = place::read(&mut part, &self.group.base.place);
        let carrier = self.carrier(&mut part);
        let caller_id = self.caller_id(&mut part, &place);
        let reception = part
            .text("reception")
            .map(|text| rung_phone(&part, &text, &place.country));
        if let (Some(caller_id), Some(Some(reception))) = (&caller_id, &reception) {
            no_circle(&part, caller_id, reception);
        }
        let hours = part.needed(
            "hours",
            "hours = \"Mo-Fr 09:00-18:30; Sa 10:00-17:00; PH off\"",
        );
        let hours = hours.and_then(|text| place.hours(&part, &text));
        let strategy = part.word("strategy").unwrap_or(Strategy::RoundRobin);
        let people = self.people(&mut part, managers);
        let terms = terms::read(&mut part, place, &self.group.base).terms;
        part.end();
        let people = people?;
        Some(Rooftop {
            id: RooftopId(id?.to_owned()),
            name: name?,
            carrier: carrier?,
            caller_id: caller_id?.into_inner(),
            reception: reception.flatten().map(Spanned::into_inner),
            hours: hours?,
            after_hours: people.after_hours,
            duty: people.duty,
            strategy,
            reps: people.reps,
            owner: people.owner,
            managers: people.managers,
            terms,
        })
    }

    fn carrier(&self, part: &mut Section<'t>) -> Option<CarrierId> {
        let carrier = part.needed(
            "carrier",
            "carrier = \"main\", an id of a [[carrier]] in leadbridge.toml",
        )?;
        let known = self
            .settings
            .carriers
            .iter()
            .map(|carrier| carrier.id.0.as_str());
        if !known.clone().any(|id| id == *carrier.get_ref()) {
            let cure = unknown_cure(carrier.get_ref(), known, "the carriers of leadbridge.toml");
            part.findings().error(
                carrier.span(),
                format!("there is no carrier `{}`", carrier.get_ref()),
                cure,
            );
        }
        Some(CarrierId((*carrier.get_ref()).to_owned()))
    }

    /// The number must be the group's own at the carrier, and no rep's, who would ring himself.
    fn caller_id(&self, part: &mut Section<'t>, place: &Place) -> Option<Spanned<PhoneNumber>> {
        let text = part.needed(
            "caller_id",
            "caller_id = \"+3292000000\", a number rented from the carrier",
        )?;
        let number = rung_phone(part, &text, &place.country)?;
        if number.get_ref().as_str().starts_with("+324") {
            part.findings().warning(
                number.span(),
                "Belgian operators block calls from abroad that show a Belgian mobile number",
                "rent a Belgian fixed number from the carrier and write that one",
            );
        }
        if let Some(rep) = self
            .staff
            .phones
            .iter()
            .find(|phone| phone.get_ref() == number.get_ref())
        {
            let title = "the number that rings the lead line is a rep's phone".to_owned();
            part.findings().clash(
                number.span(),
                (rep.span(), "the rep's"),
                title,
                "write a number rented from the carrier",
            );
        }
        Some(number)
    }

    fn people(&self, part: &mut Section<'t>, managers: Option<&[RepId]>) -> Option<People> {
        part.need("reps", "reps = [\"an\", \"bart\"]");
        part.need("owner", "owner = [\"paul\"], rung last");
        let reps = part.texts("reps");
        let owner = part.texts("owner");
        if let Some(owner) = owner.as_ref().filter(|list| list.get_ref().is_empty()) {
            part.findings().error(
                owner.span(),
                "nobody is the owner",
                "name at least one rep, who is rung last: owner = [\"paul\"]",
            );
        }
        let duty = part.texts("duty");
        let after_hours = self.after_hours(part, duty.as_ref());
        let own = part.texts("managers");
        let ids = |list: Option<Spanned<Vec<Text<'t>>>>| list.map(|list| self.reps(part, &list));
        let (reps, owner, duty) = (ids(reps), ids(owner)?, ids(duty));
        let managers = ids(own)
            .or(managers.map(<[RepId]>::to_vec))
            .unwrap_or_else(|| owner.clone());
        Some(People {
            after_hours,
            duty: duty.unwrap_or_default(),
            reps: reps?,
            owner,
            managers,
        })
    }

    fn after_hours(
        &self,
        part: &mut Section<'t>,
        duty: Option<&Spanned<Vec<Text<'t>>>>,
    ) -> AfterHours {
        let Some(text) = part.text("after_hours") else {
            return AfterHours::Wait;
        };
        let after_hours = part.as_word(&text).unwrap_or(AfterHours::Wait);
        if after_hours == AfterHours::Duty && duty.is_none_or(|list| list.get_ref().is_empty()) {
            let cure = "name who is on duty: duty = [\"an\"], or write after_hours = \"owner\"";
            part.findings()
                .error(text.span(), "nobody is on duty after hours", cure);
        }
        after_hours
    }

    /// The reps that a list names; unknown ones and doubles are reported.
    fn reps(&self, part: &Section<'_>, list: &Spanned<Vec<Text<'_>>>) -> Vec<RepId> {
        let known = || self.staff.ids.iter().map(|id| *id.get_ref());
        for (nth, text) in list.get_ref().iter().enumerate() {
            let name = *text.get_ref();
            let twin = list.get_ref()[..nth]
                .iter()
                .find(|other| *other.get_ref() == name);
            if !known().any(|id| id == name) {
                let cure = unknown_cure(name, known(), "the reps of this file");
                part.findings()
                    .error(text.span(), format!("there is no rep `{name}`"), cure);
            } else if let Some(twin) = twin {
                let title = format!("`{name}` stands in this list twice");
                part.findings().clash(
                    text.span(),
                    (twin.span(), "here first"),
                    title,
                    "take one of the two away",
                );
            }
        }
        list.get_ref()
            .iter()
            .map(|text| RepId((*text.get_ref()).to_owned()))
            .collect()
    }
}

/// Who is rung at a rooftop, and who is told.
struct People {
    after_hours: AfterHours,
    duty: Vec<RepId>,
    reps: Vec<RepId>,
    owner: Vec<RepId>,
    managers: Vec<RepId>,
}

/// What rings the lead line must not be where the lead line sends its calls.
fn no_circle(
    part: &Section<'_>,
    caller_id: &Spanned<PhoneNumber>,
    reception: &Spanned<PhoneNumber>,
) {
    if caller_id.get_ref() == reception.get_ref() {
        let title = "the reception's number rings the lead line again".to_owned();
        let earlier = (caller_id.span(), "the lead line");
        part.findings().clash(
            reception.span(),
            earlier,
            title,
            "write a number that a person answers, or take the line away",
        );
    }
}

/// A number that exists and costs what numbers cost.
fn rung_phone(part: &Section<'_>, text: &Text<'_>, country: &str) -> Option<Spanned<PhoneNumber>> {
    match PhoneNumber::parse(text.get_ref(), country) {
        Ok(number) if number.kind() == Kind::Premium => {
            let cure = "write an ordinary fixed or mobile number";
            part.findings().error(
                text.span(),
                "this is a premium number: ringing it costs extra",
                cure,
            );
            None
        }
        Ok(number) => Some(Spanned::new(text.span(), number)),
        Err(why) => {
            let cure = "write the whole number with its country: \"+32470123456\"";
            part.findings().error(text.span(), why.to_string(), cure);
            None
        }
    }
}

/// What to write for a name that is not among the known ones.
pub(super) fn unknown_cure<'k>(
    name: &str,
    known: impl Iterator<Item = &'k str> + Clone,
    whose: &str,
) -> String {
    match nearest(name, known.clone()) {
        Some(meant) => format!("did you mean \"{meant}\"?"),
        None => format!(
            "{whose}: {}",
            known
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect::<Vec<_>>()
                .join(", ")
        ),
    }
}

fn owned(text: Text<'_>) -> String {
    (*text.get_ref()).to_owned()
}
