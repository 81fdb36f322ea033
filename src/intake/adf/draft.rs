//! What the elements of a prospect come to: which vehicle is wanted, which phone is best, what the name is.

use jiff::tz::TimeZone;

use super::super::moment::moment;
use super::super::text;
use super::Element;
use crate::lead::{Lead, Vehicle};

/// The elements whose content means something else in each of them.
const SECTIONS: [&str; 7] = [
    "adf", "prospect", "vehicle", "option", "customer", "vendor", "provider",
];

/// More than any customer gives; the rest is passed over.
const PHONES_MAX: usize = 10;

/// A prospect as far as it was read.
#[derive(Default)]
pub(super) struct Draft {
    id: Option<String>,
    request_date: Option<String>,
    vehicle: Asked,
    vehicles: Vec<Asked>,
    name: Name,
    phones: Vec<Phone>,
    email: Option<String>,
    comments: Option<String>,
}

/// A vehicle and what was written under it.
#[derive(Default)]
struct Asked {
    vehicle: Vehicle,
    comments: Option<String>,
}

#[derive(Default)]
struct Name {
    full: Option<String>,
    first: Option<String>,
    middle: Option<String>,
    last: Option<String>,
    suffix: Option<String>,
    business: Option<String>,
}

struct Phone {
    number: String,
    kind: String,
    preferred: bool,
}

impl Draft {
    /// Takes an element that is complete; `within` names those around it, outermost first.
    pub(super) fn take(&mut self, element: &Element, within: &[&str]) {
        let section = within.iter().rfind(|name| SECTIONS.contains(name));
        let parent = within.last().copied().unwrap_or_default();
        match section.copied().unwrap_or_default() {
            "vehicle" => self.take_of_vehicle(element),
            "customer" => self.take_of_customer(element),
            "option" | "vendor" | "provider" => {}
            _ => self.take_of_lead(element, parent),
        }
    }

    fn take_of_lead(&mut self, element: &Element, parent: &str) {
        match element.name.as_str() {
            "id" if matches!(parent, "prospect" | "adf") => {
                keep(&mut self.id, text::line(&element.text, text::ID_MAX_CHARS));
            }
            "requestdate" => {
                keep(
                    &mut self.request_date,
                    text::line(&element.text, text::WORD_MAX_CHARS),
                );
            }
            "vehicle" => self.finish_vehicle(element),
            _ => self.take_of_customer(element),
        }
    }

    fn take_of_vehicle(&mut self, element: &Element) {
        let word = || text::line(&element.text, text::WORD_MAX_CHARS);
        let vehicle = &mut self.vehicle.vehicle;
        match element.name.as_str() {
            "comments" => keep(&mut self.vehicle.comments, message(&element.text)),
            "year" => vehicle.year = vehicle.year.or_else(|| text::year(&element.text)),
            "make" => keep(&mut vehicle.make, word()),
            "model" => keep(&mut vehicle.model, word()),
            "stock" => keep(&mut vehicle.stock, word()),
            _ => {}
        }
    }

    fn finish_vehicle(&mut self, element: &Element) {
        let mut asked = std::mem::take(&mut self.vehicle);
        asked.vehicle.interest = text::interest(element.attribute("interest"));
        asked.vehicle.condition = text::condition(element.attribute("status"));
        self.vehicles.push(asked);
    }

    fn take_of_customer(&mut self, element: &Element) {
        match element.name.as_str() {
            "name" => self.name.take(element),
            "phone" => self.take_phone(element),
            "email" => keep(&mut self.email, text::email(&element.text)),
            "comments" => keep(&mut self.comments, message(&element.text)),
            _ => {}
        }
    }

    fn take_phone(&mut self, element: &Element) {
        let number = text::line(&element.text, text::PHONE_MAX_CHARS);
        if let Some(number) = number.filter(|_| self.phones.len() < PHONES_MAX) {
            let kind = element.attribute("type").to_owned();
            let preferred = text::yes_or_no(element.attribute("preferredcontact")) == Some(true);
            self.phones.push(Phone {
                number,
                kind,
                preferred,
            });
        }
    }

    /// Whether somebody could be rung or written to.
    pub(super) fn is_reachable(&self) -> bool {
        !self.phones.is_empty() || self.email.is_some()
    }

    /// The lead that it is. ADF knows no tests, and its vendor is no rep.
    pub(super) fn lead(self, zone: &TimeZone) -> Lead {
        let asked = wanted(self.vehicles);
        let (first_name, last_name) = self.name.given_and_family();
        Lead {
            id: self.id,
            requested_at: self.request_date.and_then(|at| moment(&at, zone)),
            first_name,
            last_name,
            phone: best(self.phones),
            email: self.email,
            message: both(self.comments, asked.comments),
            vehicle: asked.vehicle,
            ..Lead::default()
        }
    }
}

/// The customer's own car is a vehicle too, told apart by its interest alone.
fn wanted(mut vehicles: Vec<Asked>) -> Asked {
    let own =
        |asked: &Asked| matches!(asked.vehicle.interest.as_deref(), Some("trade-in" | "sell"));
    match vehicles.iter().position(|asked| !own(asked)) {
        Some(at) => vehicles.swap_remove(at),
        None => vehicles.into_iter().next().unwrap_or_default(),
    }
}

/// The preferred one, else a mobile, else the first; never a fax or a pager.
fn best(phones: Vec<Phone>) -> Option<String> {
    let rank = |phone: &Phone| match phone.kind.as_str() {
        _ if phone.preferred => 0,
        "cellphone" | "cell" | "mobile" => 1,
        _ => 2,
    };
    let voice = phones
        .into_iter()
        .filter(|phone| !matches!(phone.kind.as_str(), "fax" | "pager"));
    voice.min_by_key(rank).map(|phone| phone.number)
}

fn both(customer: Option<String>, vehicle: Option<String>) -> Option<String> {
    match (customer, vehicle) {
        (Some(one), Some(other)) if one != other => message(&format!("{one}\n{other}")),
        (one, other) => one.or(other),
    }
}

fn message(text: &str) -> Option<String> {
    text::prose(text, text::MESSAGE_MAX_CHARS)
}

/// What came first stays: a second contact or a second id is somebody else's.
fn keep(kept: &mut Option<String>, new: Option<String>) {
    if kept.is_none() {
        *kept = new;
    }
}

impl Name {
    fn take(&mut self, element: &Element) {
        let part = match (element.attribute("part"), element.attribute("type")) {
            ("first", _) => &mut self.first,
            ("middle", _) => &mut self.middle,
            ("last" | "surname", _) => &mut self.last,
            ("suffix", _) => &mut self.suffix,
            (_, "business") => &mut self.business,
            (_, _) => &mut self.full,
        };
        keep(part, text::line(&element.text, text::NAME_MAX_CHARS));
    }

    fn given_and_family(self) -> (Option<String>, Option<String>) {
        if self.first.is_none() && self.last.is_none() {
            return match self.full {
                Some(full) => text::split_name(&full),
                None => (None, self.business),
            };
        }
        let (particle, second) = match self.middle {
            Some(middle) if middle.starts_with(char::is_lowercase) => (Some(middle), None),
            middle => (None, middle),
        };
        (
            joined([self.first, second, None]),
            joined([particle, self.last, self.suffix]),
        )
    }
}

fn joined(parts: [Option<String>; 3]) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    text::line(&parts.join(" "), text::NAME_MAX_CHARS)
}
