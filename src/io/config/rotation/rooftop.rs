//! `[[rooftop]]`: a garage, its number, and who is rung there.

use toml::Spanned;

use crate::phone::PhoneNumber;
use crate::rotation::{AfterHours, CarrierId, RepId, Rooftop, RooftopId, Strategy};

use super::super::own_id;
use super::super::section::{Section, Text};
use super::super::settings::Settings;
use super::super::texts::{name, rung_phone};
use super::super::words::unknown_cure;
use super::place::{self, Place};
use super::{Group, Staff, terms};

/// What rooftops may name.
pub(super) struct Roofs<'g, 't> {
    pub(super) group: &'g Group<'t>,
    pub(super) settings: &'g Settings,
    pub(super) staff: &'g Staff<'g, 't>,
    pub(super) ids: Vec<Text<'t>>,
}

impl<'t> Roofs<'_, 't> {
    pub(super) fn rooftop(
        &mut self,
        mut part: Section<'t>,
        managers: Option<&[RepId]>,
    ) -> Option<Rooftop> {
        let id = own_id(&mut part, &mut self.ids, "id = \"gent\"");
        let name = name(&mut part, "name = \"Garage Peeters Gent\"");
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
        let terms::Base {
            terms,
            hours: customer_hours,
            ..
        } = terms::read(&mut part, place, &self.group.base);
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
            customer_hours,
            terms,
        })
    }

    fn carrier(&self, part: &mut Section<'t>) -> Option<CarrierId> {
        let carrier = part.needed("carrier", "carrier = \"main\"")?;
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
        let text = part.needed("caller_id", "caller_id = \"+3292000000\"")?;
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
        part.need("owner", "owner = [\"paul\"]");
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
    pub(super) fn reps(&self, part: &Section<'_>, list: &Spanned<Vec<Text<'_>>>) -> Vec<RepId> {
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
