//! `rotation.toml`: reps, rooftops and their terms, as the rules in force.

mod place;
mod rooftop;
mod terms;

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use leadbridge_providers::Language;
use toml::Spanned;

use crate::phone::{HashKey, PhoneNumber};
use crate::rotation::{Measure, Rep, RepId, Reps, Rooftop, RooftopId, Rules};

use super::own_id;
use super::section::{Section, Text};
use super::settings::Settings;
use super::texts::{mail_address, name, owned, rung_phone};

use place::Place;
use rooftop::Roofs;
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
    let reps: Reps = reps.into_iter().collect::<Option<_>>()?;
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
        measure: group.measure,
    })
}

/// `[group]`: what holds where a rep or a rooftop says nothing else.
struct Group<'t> {
    name: Option<String>,
    language: Language,
    base: Base<'t>,
    managers: Option<Spanned<Vec<Text<'t>>>>,
    measure: Measure,
}

/// Where a value is wrong, reading goes on with a right one, so that one mistake is told once.
fn group(mut part: Section<'_>) -> Group<'_> {
    let name = name(&mut part, "name = \"Groep Peeters\"");
    part.need("language", "language = \"nl\"");
    part.need("timezone", "timezone = \"Europe/Brussels\"");
    part.need("country", "country = \"BE\"");
    let language = part.word("language").unwrap_or(Language::Nl);
    let place = place::read(&mut part, &Place::default());
    let base = terms::read(&mut part, place.clone(), &Base::default_in(place.clone()));
    let managers = part.texts("managers");
    let default = Measure::default();
    let target_percent = part.whole("target_percent", 100);
    let measure = Measure {
        zone: TimeZone::get(&place.zone).unwrap_or(default.zone),
        target_percent: target_percent.unwrap_or(default.target_percent),
    };
    part.end();
    Group {
        name,
        language,
        base,
        managers,
        measure,
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
        let name = name(&mut part, "name = \"An Claes\"");
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
