//! The numbers of BEHAVIOUR: under a rooftop, else under `[group]`, else their defaults.

use jiff::tz::TimeZone;
use toml::Spanned;

use crate::hours::Hours;
use crate::rotation::Terms;

use super::super::section::Section;
use super::place::Place;

/// A phone that rings longer has nobody near it.
const RING_MAX_S: u32 = 120;

/// A day, in seconds: nothing here is longer.
const DAY_S: u32 = 24 * 3600;

/// A flow ends after 7 days, whatever its terms.
const WEEK_MIN: u32 = 7 * 24 * 60;

/// The most rounds, mornings or passes that make sense to anybody.
const TIMES_MAX: u32 = 50;

/// Terms, with what is needed to read them again for another place.
pub(super) struct Base<'t> {
    pub(super) terms: Terms,
    pub(super) place: Place,
    customer_hours: &'t str,
    pub(super) hours: Hours,
}

impl Base<'_> {
    /// The defaults.
    pub(super) fn default_in(place: Place) -> Base<'static> {
        Base {
            terms: Terms::default(),
            place,
            customer_hours: "Mo-Su 08:00-21:00",
            hours: Hours::always(TimeZone::UTC),
        }
    }
}

/// Reads the terms of a part; what it leaves out is as in `base`.
pub(super) fn read<'t>(part: &mut Section<'t>, place: Place, base: &Base<'t>) -> Base<'t> {
    let own = part.text("customer_hours");
    let customer_hours = own
        .as_ref()
        .map_or(base.customer_hours, |text| *text.get_ref());
    let hours = match &own {
        Some(text) => place.hours(part, text),
        None => place.read(customer_hours).ok(),
    };
    let before = &base.terms;
    let mut number = |key, max, before| part.whole(key, max).unwrap_or(before);
    let mut terms = Terms {
        ring_s: number("ring_s", RING_MAX_S, before.ring_s),
        next_after_s: number("next_after_s", DAY_S, before.next_after_s),
        rounds_s: before.rounds_s.clone(),
        mornings: number("mornings", TIMES_MAX, before.mornings),
        in_line_s: number("in_line_s", DAY_S, before.in_line_s),
        wrap_up_s: number("wrap_up_s", DAY_S, before.wrap_up_s),
        customer_s: number("customer_s", RING_MAX_S, before.customer_s),
        talk_s: number("talk_s", DAY_S, before.talk_s),
        sure_s: number("sure_s", DAY_S, before.sure_s),
        talk_max_s: number("talk_max_s", DAY_S, before.talk_max_s),
        window_min: number("window_min", WEEK_MIN, before.window_min),
        fresh_min: number("fresh_min", WEEK_MIN, before.fresh_min),
        passes_max: number("passes_max", TIMES_MAX, before.passes_max),
    };
    if let Some(rounds_s) = rounds(part) {
        terms.rounds_s = rounds_s;
    }
    Base {
        terms,
        place,
        customer_hours,
        hours: hours.unwrap_or_else(|| base.hours.clone()),
    }
}

/// Minutes after the first ring, from 0 upwards.
fn rounds(part: &mut Section<'_>) -> Option<Vec<u32>> {
    let list = part.decimals("rounds_min")?;
    let minutes: Vec<f64> = list
        .get_ref()
        .iter()
        .map(|minute| *minute.get_ref())
        .collect();
    let findings = part.findings();
    if minutes.first() != Some(&0.0) {
        let at = list.get_ref().first().map_or(list.span(), Spanned::span);
        findings.error(
            at,
            "the first round starts at once",
            "let the list begin with 0: [0, 2, 10]",
        );
    }
    let falls = list
        .get_ref()
        .windows(2)
        .find(|pair| pair[1].get_ref() <= pair[0].get_ref());
    if let Some(pair) = falls {
        findings.error(
            pair[1].span(),
            "this round starts before the one before it",
            "let the minutes rise: [0, 2, 10]",
        );
    }
    let late = list
        .get_ref()
        .iter()
        .find(|minute| *minute.get_ref() > f64::from(WEEK_MIN));
    if let Some(minute) = late {
        findings.error(
            minute.span(),
            "after 7 days no lead is open",
            "write fewer minutes",
        );
        return None;
    }
    if minutes.len() > TIMES_MAX as usize {
        findings.error(
            list.span(),
            format!("more than {TIMES_MAX} rounds"),
            "write fewer",
        );
    }
    Some(minutes.iter().map(|minute| seconds(*minute)).collect())
}

/// The list was held between 0 and a week, so the whole part fits.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn seconds(minutes: f64) -> u32 {
    (minutes * 60.0).round() as u32
}
