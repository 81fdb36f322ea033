//! The business clock: how much of a time a rooftop was open, by the hours now in force.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::{SignedDuration, Timestamp};

use crate::hours::Hours;
use crate::rotation::{RooftopId, Rules};

/// Nearly all that happens to a lead happens within so many days; what is later is counted alone.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 15);

/// When rooftops are open, for as long as a report's leads need. Hours are slow to read, so each is read once.
#[derive(Debug)]
pub struct OpenTimes<'r> {
    rules: &'r Rules,
    known: Range<Timestamp>,
    spans: BTreeMap<RooftopId, Vec<Range<Timestamp>>>,
}

impl<'r> OpenTimes<'r> {
    /// For leads received from `from` until `until`.
    pub fn new(rules: &'r Rules, from: Timestamp, until: Timestamp) -> OpenTimes<'r> {
        let until = until.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
        OpenTimes {
            rules,
            known: from..until,
            spans: BTreeMap::new(),
        }
    }

    /// How long a rooftop was open between two moments; `None` when it is not in the rules any more.
    pub fn elapsed_ms(
        &mut self,
        rooftop: &RooftopId,
        from: Timestamp,
        to: Timestamp,
    ) -> Option<i64> {
        let hours = &self.rules.rooftops.get(rooftop)?.hours;
        if from < self.known.start || to > self.known.end {
            return Some(within(&open(hours, from, to), from, to));
        }
        if !self.spans.contains_key(rooftop) {
            let spans = open(hours, self.known.start, self.known.end);
            self.spans.insert(rooftop.clone(), spans);
        }
        Some(within(self.spans.get(rooftop)?, from, to))
    }
}

fn open(hours: &Hours, from: Timestamp, to: Timestamp) -> Vec<Range<Timestamp>> {
    hours.open_spans(from, to)
}

/// How much of `from..to` lies in the spans, which are in order and apart from each other.
fn within(spans: &[Range<Timestamp>], from: Timestamp, to: Timestamp) -> i64 {
    let first = spans.partition_point(|span| span.end <= from);
    let touched = spans[first..].iter().take_while(|span| span.start < to);
    let open: SignedDuration = touched
        .map(|span| span.end.min(to).duration_since(span.start.max(from)))
        .sum();
    i64::try_from(open.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn minutes(hours: &str, from: &str, to: &str) -> i64 {
        let hours = Hours::parse(hours, "Europe/Brussels", "BE").unwrap();
        let zone = TimeZone::get("Europe/Brussels").unwrap();
        let at = |text: &str| zone.to_timestamp(text.parse().unwrap()).unwrap();
        let (from, to) = (at(from), at(to));
        let alone = within(&open(&hours, from, to), from, to);
        // The same out of a longer reading, as a report has it.
        let margin = SignedDuration::from_hours(24 * 40);
        let wide = within(&open(&hours, from - margin, to + margin), from, to);
        assert_eq!(alone, wide, "{from} to {to}");
        alone / 60_000
    }

    #[test]
    fn only_open_time_counts() {
        let shop = "Mo-Fr 09:00-18:30; Sa 10:00-17:00; PH off";
        for (from, to, open) in [
            ("2026-11-23T10:00", "2026-11-23T10:05", 5),
            ("2026-11-23T18:20", "2026-11-24T09:05", 15),
            ("2026-11-23T20:00", "2026-11-24T09:00", 0),
            ("2026-11-27T18:00", "2026-11-28T10:30", 60),
            ("2026-11-28T16:00", "2026-11-30T09:01", 61),
            // From the eve of the Belgian national day to the day after it.
            ("2026-07-20T18:00", "2026-07-22T09:10", 40),
        ] {
            assert_eq!(minutes(shop, from, to), open, "{from} to {to}");
        }
    }

    #[test]
    fn a_night_in_which_clocks_change_is_as_long_as_it_was() {
        assert_eq!(minutes("24/7", "2026-03-29T00:00", "2026-03-29T06:00"), 300);
        assert_eq!(minutes("24/7", "2026-10-25T00:00", "2026-10-25T06:00"), 420);
        let day = "Mo-Su 08:00-20:00";
        assert_eq!(minutes(day, "2026-03-28T19:30", "2026-03-29T08:30"), 60);
        assert_eq!(minutes(day, "2026-10-24T19:30", "2026-10-25T08:30"), 60);
    }

    #[test]
    fn a_shop_that_is_never_open_has_no_time() {
        assert_eq!(minutes("off", "2026-11-23T10:00", "2026-11-30T10:00"), 0);
    }
}
