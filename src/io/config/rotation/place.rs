//! Zone and country: by which clock hours are meant, and whose public holidays.

use jiff::tz;

use crate::hours::{BadHours, Hours};

use super::super::section::{Section, Text};
use super::super::texts::country;
use super::super::words::nearest;

/// Where a group or a rooftop is.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) zone: String,
    pub(super) country: String,
}

impl Default for Place {
    fn default() -> Place {
        Place {
            zone: "Europe/Brussels".to_owned(),
            country: "BE".to_owned(),
        }
    }
}

/// Reads `timezone` and `country`; what is absent or wrong is as in `base`.
pub(super) fn read(part: &mut Section<'_>, base: &Place) -> Place {
    let zone = part.text("timezone").and_then(|text| zone(part, &text));
    let country = part.text("country").and_then(|text| country(part, &text));
    Place {
        zone: zone.unwrap_or_else(|| base.zone.clone()),
        country: country.unwrap_or_else(|| base.country.clone()),
    }
}

impl Place {
    /// The hours that a text means here.
    pub(super) fn hours(&self, part: &Section<'_>, text: &Text<'_>) -> Option<Hours> {
        self.read(text.get_ref())
            .map_err(|bad| told(part, text, bad))
            .ok()
    }

    /// The same without a word about mistakes.
    pub(super) fn read(&self, text: &str) -> Result<Hours, BadHours> {
        Hours::parse(text, &self.zone, &self.country)
    }
}

fn told(part: &Section<'_>, text: &Text<'_>, bad: BadHours) {
    let (whole, findings) = (text.span(), part.findings());
    let as_written = findings.text(whole.clone()) == format!("\"{}\"", text.get_ref());
    let at = match bad.at {
        Some(at) if as_written => whole.start + 1 + at.start..whole.start + 1 + at.end,
        Some(_) | None => whole,
    };
    findings.error(at, bad.message, format!("write \"{}\"", bad.instead));
}

fn zone(part: &Section<'_>, text: &Text<'_>) -> Option<String> {
    let name = *text.get_ref();
    if tz::TimeZone::get(name).is_ok() {
        return Some(name.to_owned());
    }
    let known: Vec<String> = tz::db().available().map(|zone| zone.to_string()).collect();
    let cities = known
        .iter()
        .map(String::as_str)
        .filter(|zone| zone.contains('/'));
    let meant = nearest(name, cities);
    let cure = match meant {
        Some(meant) => format!("did you mean \"{meant}\"?"),
        None => "write a continent and a city, such as \"Europe/Brussels\"".to_owned(),
    };
    part.findings()
        .error(text.span(), format!("there is no time zone `{name}`"), cure);
    None
}
