//! Opening hours: a rule in OSM's opening_hours syntax, in a zone, with a country's public holidays.
//!
//! The rule speaks of a wall clock, everything else of moments. The two meet here and nowhere else: each span
//! of wall-clock time becomes a span of moments, and every question is answered from those. In the night when
//! clocks go back a shop that closes at 02:30 therefore closes at the first 02:30 and does not open again; in
//! the night when they go forward a time that does not exist is the one as long after midnight.

use std::fmt;
use std::ops::Range;

use chrono::NaiveDateTime;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use opening_hours::localization::Country;
use opening_hours::{Context, OpeningHours, RuleKind};

mod doubts;
mod local_names;

/// How far ahead an opening or a closing is looked for: every yearly rule comes round in it.
const AHEAD: SignedDuration = SignedDuration::from_hours(366 * 24);

/// More than any zone's distance from itself before or after its clock changes.
const MARGIN: SignedDuration = SignedDuration::from_hours(24);

/// The example of every refusal that has no better one.
const EXAMPLE: &str = "Mo-Fr 09:00-18:30; Sa 10:00-17:00; PH off";

/// Longer rules are refused before they are read: nobody writes them, and the grammar recurses.
const TEXT_MAX: usize = 500;

/// Opening hours in a zone.
#[derive(Clone, PartialEq)]
pub struct Hours {
    text: String,
    zone: TimeZone,
    rule: OpeningHours,
}

impl Hours {
    /// Reads a rule; `zone` is an IANA name and `country` an ISO 3166 code, whose public holidays `PH` means.
    pub fn parse(text: &str, zone: &str, country: &str) -> Result<Hours, BadHours> {
        let zone = TimeZone::get(zone).map_err(|_| BadHours {
            message: format!("there is no time zone `{zone}`"),
            at: None,
            instead: "Europe/Brussels".to_owned(),
        })?;
        let country: Country = country.parse().map_err(|_| BadHours {
            message: format!("the public holidays of `{country}` are not known"),
            at: None,
            instead: "BE".to_owned(),
        })?;
        let context = Context::default().with_holidays(country.holidays());
        let rule = read(text)?.with_context(context);
        Ok(Hours {
            text: text.to_owned(),
            zone,
            rule,
        })
    }

    /// Open day and night.
    pub fn always(zone: TimeZone) -> Hours {
        let rule = "24/7".parse().expect("24/7 is a rule of the grammar");
        Hours {
            text: "24/7".to_owned(),
            zone,
            rule,
        }
    }

    /// Whether it is open at a moment.
    pub fn is_open(&self, at: Timestamp) -> bool {
        self.spans(at, at).iter().any(|span| span.contains(&at))
    }

    /// Whether it opens at no moment of the year from `at` on.
    pub fn never_opens(&self, at: Timestamp) -> bool {
        !self.is_open(at) && self.next_open(at).is_none()
    }

    /// The next moment strictly after `after` at which it changes from closed to open, within a year.
    pub fn next_open(&self, after: Timestamp) -> Option<Timestamp> {
        self.next(after, |span| span.start)
    }

    /// The next moment strictly after `after` at which it changes from open to closed, within a year.
    pub fn next_close(&self, after: Timestamp) -> Option<Timestamp> {
        self.next(after, |span| span.end)
    }

    /// When it is open between two moments: in order, apart from each other, and cut off at both.
    pub fn open_spans(&self, from: Timestamp, until: Timestamp) -> Vec<Range<Timestamp>> {
        let mut spans = self.spans(from, until);
        for span in &mut spans {
            *span = span.start.max(from)..span.end.min(until);
        }
        spans.retain(|span| span.start < span.end);
        spans
    }

    /// The zone whose wall clock the rule speaks of.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Looks at a week first, because a year of spans is long and the answer is nearly always near.
    fn next(
        &self,
        after: Timestamp,
        edge: fn(&Range<Timestamp>) -> Timestamp,
    ) -> Option<Timestamp> {
        let week = SignedDuration::from_hours(7 * 24);
        [week, AHEAD].into_iter().find_map(|ahead| {
            let until = later(after, ahead);
            let spans = self.spans(after, until);
            spans
                .iter()
                .map(edge)
                .find(|at| *at > after && *at <= until)
        })
    }

    /// The open spans around `from..=until`, in order and apart from each other. The first and the last are
    /// cut off a margin outside, where no answer is looked for.
    fn spans(&self, from: Timestamp, until: Timestamp) -> Vec<Range<Timestamp>> {
        let (first, last) = (
            self.wall(later(from, -MARGIN)),
            self.wall(later(until, MARGIN)),
        );
        let mut spans: Vec<Range<Timestamp>> = Vec::new();
        for open in self
            .rule
            .iter_range(first, last)
            .filter(|span| span.kind == RuleKind::Open)
        {
            let span = self.moment(open.range.start)..self.moment(open.range.end);
            match spans.last_mut() {
                Some(before) if span.start <= before.end => before.end = before.end.max(span.end),
                Some(_) | None if span.start < span.end => spans.push(span),
                Some(_) | None => {}
            }
        }
        spans
    }

    fn wall(&self, at: Timestamp) -> NaiveDateTime {
        let civil = self.zone.to_datetime(at);
        let as_if_utc = Offset::UTC.to_timestamp(civil).unwrap_or(at);
        chrono::DateTime::from_timestamp(as_if_utc.as_second(), 0)
            .unwrap_or_default()
            .naive_utc()
    }

    /// Compatible disambiguation: the first of two, and past a gap as far as the clock was before it.
    fn moment(&self, wall: NaiveDateTime) -> Timestamp {
        let as_if_utc =
            Timestamp::from_second(wall.and_utc().timestamp()).unwrap_or(Timestamp::MAX);
        let civil: DateTime = Offset::UTC.to_datetime(as_if_utc);
        self.zone.to_timestamp(civil).unwrap_or(as_if_utc)
    }
}

impl fmt::Debug for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let zone = self.zone.iana_name().unwrap_or("?");
        write!(f, "Hours({:?} in {zone})", self.text)
    }
}

/// Why a text is no opening hours, and what to write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}; write `{instead}`")]
pub struct BadHours {
    /// What is wrong, as the beginning of a sentence.
    pub message: String,
    /// The bytes of the text that are wrong, where one place is to blame.
    pub at: Option<Range<usize>>,
    /// What was meant, or an example.
    pub instead: String,
}

fn read(text: &str) -> Result<OpeningHours, BadHours> {
    let refused = |message: &str, at: Option<Range<usize>>| BadHours {
        message: message.to_owned(),
        at,
        instead: local_names::corrected(text).unwrap_or_else(|| EXAMPLE.to_owned()),
    };
    if text.trim().is_empty() {
        return Err(refused("no hours are given", None));
    }
    if text.len() > TEXT_MAX {
        return Err(refused(
            &format!("more than {TEXT_MAX} characters of hours"),
            None,
        ));
    }
    if let Some(at) = comma_between_days(text) {
        return Err(refused(
            "a comma and a space begin a new rule: the day before it would be open day and night",
            Some(at),
        ));
    }
    text.parse::<OpeningHours>().map_err(|err| {
        let said = err.to_string();
        match unread_at(text, &said) {
            Some(at) => {
                let rest: String = text[at.clone()].chars().take(20).collect();
                refused(
                    &format!("these hours cannot be read from `{rest}` on"),
                    Some(at),
                )
            }
            None if said.contains('\n') => refused("these hours end too early", None),
            None => refused(&format!("these hours cannot be read: {said}"), None),
        }
    })
}

/// `Mo, Tu 09:00-18:00` is two rules to the grammar, and the first has no times.
fn comma_between_days(text: &str) -> Option<Range<usize>> {
    let letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphabetic);
    let bytes = text.as_bytes();
    text.match_indices(", ")
        .map(|(at, _)| at)
        .find(|&at| {
            at > 0 && letter(bytes.get(at - 1)) && letter(bytes.get(at + 2)) && is_day(text, at)
        })
        .map(|at| at..at + 2)
}

fn is_day(text: &str, end: usize) -> bool {
    let days = ["mo", "tu", "we", "th", "fr", "sa", "su", "ph"];
    end.checked_sub(2)
        .and_then(|start| text.get(start..end))
        .is_some_and(|word| days.contains(&word.to_ascii_lowercase().as_str()))
}

/// The grammar's own words show the place only as `--> line:column`, in characters.
fn unread_at(text: &str, said: &str) -> Option<Range<usize>> {
    let (_, place) = said.split_once("--> ")?;
    let (line, column) = place.lines().next()?.split_once(':')?;
    let column: usize = column.trim().parse().ok()?;
    let (start, _) = text.char_indices().nth(column.checked_sub(1)?)?;
    (line == "1").then_some(start..text.len())
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by)
        .expect("a duration of hours has no calendar unit")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// A moment by the clock of Brussels, which is unambiguous in the days used with it.
    fn brussels(text: &str) -> Timestamp {
        let zone = TimeZone::get("Europe/Brussels").unwrap();
        zone.to_timestamp(text.parse().unwrap()).unwrap()
    }

    fn belgian(text: &str) -> Hours {
        Hours::parse(text, "Europe/Brussels", "BE").unwrap()
    }

    #[test]
    fn a_shop_is_open_from_its_opening_until_before_its_closing() {
        let shop = belgian("Mo-Fr 09:00-18:30; Sa 10:00-17:00; PH off");
        for (when, open) in [
            ("2026-11-23T08:59:59", false),
            ("2026-11-23T09:00:00", true),
            ("2026-11-23T18:29:59", true),
            ("2026-11-23T18:30:00", false),
            ("2026-11-28T09:30:00", false),
            ("2026-11-28T16:59:59", true),
            ("2026-11-29T12:00:00", false),
        ] {
            assert_eq!(shop.is_open(brussels(when)), open, "{when}");
        }
    }

    #[test]
    fn the_next_opening_and_closing_are_strictly_later() {
        let shop = belgian("Mo-Fr 09:00-18:30; Sa 10:00-17:00; PH off");
        let nine = brussels("2026-11-23T09:00");
        assert_eq!(shop.next_open(brussels("2026-11-21T17:00")), Some(nine));
        assert_eq!(shop.next_open(nine), Some(brussels("2026-11-24T09:00")));
        assert_eq!(shop.next_close(nine), Some(brussels("2026-11-23T18:30")));
        assert_eq!(
            shop.next_close(brussels("2026-11-23T18:30")),
            Some(brussels("2026-11-24T18:30"))
        );
        assert_eq!(
            shop.next_open(nine - SignedDuration::from_millis(1)),
            Some(nine)
        );
    }

    #[test]
    fn public_holidays_are_those_of_the_country() {
        let holidays = [
            ("BE", "Europe/Brussels", "2026-07-21", true),
            ("BE", "Europe/Brussels", "2027-07-21", true),
            ("BE", "Europe/Brussels", "2026-05-14", true),
            ("BE", "Europe/Brussels", "2026-04-27", false),
            ("NL", "Europe/Amsterdam", "2026-04-27", true),
            ("NL", "Europe/Amsterdam", "2027-04-27", true),
            ("NL", "Europe/Amsterdam", "2026-07-21", false),
            ("LU", "Europe/Luxembourg", "2026-06-23", true),
            ("DE", "Europe/Berlin", "2026-10-03", true),
            ("DE", "Europe/Berlin", "2026-07-14", false),
            ("FR", "Europe/Paris", "2026-07-14", true),
            ("FR", "Europe/Paris", "2027-03-29", true),
        ];
        for (country, zone, day, holiday) in holidays {
            let shop = Hours::parse("Mo-Su 09:00-18:00; PH off", zone, country).unwrap();
            let noon = TimeZone::get(zone)
                .unwrap()
                .to_timestamp(format!("{day}T12:00").parse().unwrap());
            assert_eq!(shop.is_open(noon.unwrap()), !holiday, "{country} {day}");
        }
    }

    #[test]
    fn after_a_holiday_the_next_opening_is_the_working_day_after_it() {
        let shop = belgian("Mo-Fr 09:00-18:30; Sa 10:00-17:00; PH off");
        let eve = brussels("2026-07-20T18:30");
        assert_eq!(shop.next_open(eve), Some(brussels("2026-07-22T09:00")));
        let christmas_eve = brussels("2026-12-24T20:00");
        assert_eq!(
            shop.next_open(christmas_eve),
            Some(brussels("2026-12-26T10:00"))
        );
    }

    #[test]
    fn a_closed_week_is_passed_over() {
        let shop = belgian("Mo-Fr 09:00-18:00; 2026 Dec 21-2027 Jan 03 off");
        assert!(!shop.is_open(brussels("2026-12-30T12:00")));
        assert_eq!(
            shop.next_open(brussels("2026-12-18T18:00")),
            Some(brussels("2027-01-04T09:00"))
        );
    }

    #[test]
    fn a_rule_over_midnight_is_one_span() {
        let bar = belgian("Fr 20:00-02:00");
        assert!(bar.is_open(brussels("2026-11-21T01:59:59")));
        assert!(!bar.is_open(brussels("2026-11-21T02:00")));
        assert_eq!(
            bar.next_close(brussels("2026-11-20T21:00")),
            Some(brussels("2026-11-21T02:00"))
        );
        assert_eq!(
            bar.next_close(brussels("2026-11-21T00:00")),
            Some(brussels("2026-11-21T02:00"))
        );
        assert_eq!(
            bar.next_open(brussels("2026-11-21T00:30")),
            Some(brussels("2026-11-27T20:00"))
        );
    }

    #[test]
    fn neighbouring_spans_are_one() {
        let shop = belgian("Mo-Su 00:00-24:00");
        let sunday = brussels("2026-11-22T12:00");
        assert_eq!(shop.next_close(sunday), None);
        assert_eq!(shop.next_open(sunday), None);
    }

    #[test]
    fn customer_hours_follow_the_clock_through_both_changes() {
        let daily = belgian("Mo-Su 08:00-21:00");
        for (evening, opening) in [
            ("2026-03-28T20:00:00Z", "2026-03-29T06:00:00Z"),
            ("2026-10-24T19:00:00Z", "2026-10-25T07:00:00Z"),
            ("2027-03-27T20:00:00Z", "2027-03-28T06:00:00Z"),
            ("2027-10-30T19:00:00Z", "2027-10-31T07:00:00Z"),
        ] {
            assert!(!daily.is_open(at(evening)), "{evening}");
            assert_eq!(daily.next_open(at(evening)), Some(at(opening)));
            assert!(daily.is_open(at(opening)));
        }
    }

    #[test]
    fn an_opening_that_the_clock_jumps_over_is_as_long_after_midnight() {
        for (night, midnight) in [
            ("2026-03-29", "2026-03-28T23:00:00Z"),
            ("2027-03-28", "2027-03-27T23:00:00Z"),
        ] {
            let early = belgian("02:30-10:00");
            let opening = at(&format!("{night}T01:30:00Z"));
            assert_eq!(early.next_open(at(midnight)), Some(opening));
            assert!(!early.is_open(opening - SignedDuration::from_secs(1)));
            assert!(early.is_open(opening));
            let late = belgian("20:00-02:30");
            assert_eq!(late.next_close(at(midnight)), Some(opening));
            assert!(late.is_open(opening - SignedDuration::from_secs(1)));
            assert!(!late.is_open(opening));
        }
    }

    #[test]
    fn an_hour_that_comes_twice_opens_and_closes_once() {
        for (night, midnight) in [
            ("2026-10-25", "2026-10-24T22:00:00Z"),
            ("2027-10-31", "2027-10-30T22:00:00Z"),
        ] {
            let first = at(&format!("{night}T00:30:00Z"));
            let second = at(&format!("{night}T01:15:00Z"));
            let early = belgian("02:30-10:00");
            assert_eq!(early.next_open(at(midnight)), Some(first));
            assert!(early.is_open(second), "02:15 comes again and it stays open");
            assert_eq!(
                early.next_close(first),
                Some(at(&format!("{night}T09:00:00Z")))
            );
            let late = belgian("20:00-02:30");
            assert_eq!(late.next_close(at(midnight)), Some(first));
            assert!(
                !late.is_open(second),
                "02:15 comes again and it stays closed"
            );
        }
    }

    #[test]
    fn always_has_no_edge_and_off_has_no_opening() {
        let now = at("2026-11-22T09:00:00Z");
        for always in [belgian("24/7"), Hours::always(TimeZone::UTC)] {
            assert!(always.is_open(now));
            assert_eq!(
                (always.next_open(now), always.next_close(now)),
                (None, None)
            );
        }
        let never = belgian("off");
        assert!(!never.is_open(now));
        assert_eq!((never.next_open(now), never.next_close(now)), (None, None));
    }

    #[test]
    fn at_most_a_year_is_searched() {
        let once = belgian("2028 Dec 24 10:00-16:00");
        assert_eq!(once.next_open(at("2026-11-22T09:00:00Z")), None);
        assert_eq!(
            once.next_open(at("2028-01-01T09:00:00Z")),
            Some(at("2028-12-24T09:00:00Z"))
        );
    }

    #[test]
    fn the_ends_of_time_are_survived() {
        for end in [Timestamp::MIN, Timestamp::MAX] {
            let shop = belgian("Mo-Fr 09:00-18:00");
            let _ = (shop.is_open(end), shop.next_open(end), shop.next_close(end));
        }
    }

    #[test]
    fn edges_agree_with_openness_minute_by_minute_through_a_change_of_clocks() {
        for text in [
            "Sa 20:00-02:30",
            "02:30-03:15",
            "Su 01:00-02:10,02:50-04:00",
            "Mo-Su 22:00-06:00",
        ] {
            for start in ["2026-03-28T20:00:00Z", "2026-10-24T20:00:00Z"] {
                let hours = belgian(text);
                for minute in 0..720 {
                    let before = at(start) + SignedDuration::from_mins(minute);
                    let now = before + SignedDuration::from_mins(1);
                    let opened = !hours.is_open(before) && hours.is_open(now);
                    assert_eq!(hours.next_open(before) == Some(now), opened, "{text} {now}");
                    let closed = hours.is_open(before) && !hours.is_open(now);
                    assert_eq!(
                        hours.next_close(before) == Some(now),
                        closed,
                        "{text} {now}"
                    );
                }
            }
        }
    }

    #[test]
    fn whatever_is_written_is_read_or_refused_and_then_answered() {
        let pieces = [
            "Mo",
            "-",
            "Fr",
            " ",
            "09:00",
            "-18:00",
            "20:00-26:00",
            "; ",
            ", ",
            " || ",
            "off",
            "PH",
            "SH",
            "week 01-53/2",
            "2026-2030",
            "Feb 29",
            "easter",
            "Su[-1]",
            "sunset",
            "+",
            "/",
            "24/7",
            "unknown",
            "\"x\"",
            "(",
            "é",
            "\n",
        ];
        let mut rng = fastrand::Rng::with_seed(7);
        let now = at("2026-11-22T09:00:00Z");
        let mut read = 0;
        for _ in 0..5_000 {
            let text: String = (0..rng.usize(1..8))
                .map(|_| pieces[rng.usize(..pieces.len())])
                .collect();
            match Hours::parse(&text, "Europe/Brussels", "BE") {
                Ok(hours) => {
                    read += 1;
                    let (open, close) = (hours.next_open(now), hours.next_close(now));
                    assert!(
                        open.is_none_or(|open| open > now && hours.is_open(open)),
                        "{text}"
                    );
                    assert!(
                        close.is_none_or(|close| close > now && !hours.is_open(close)),
                        "{text}"
                    );
                }
                Err(bad) => assert!(bad.at.is_none_or(|at| text.get(at).is_some()), "{text}"),
            }
        }
        assert!(read > 100, "{read}");
    }

    #[test]
    fn the_same_text_in_another_zone_is_another_rule() {
        let brussels = belgian("Mo-Fr 09:00-18:00");
        assert_eq!(brussels, brussels.clone());
        assert_ne!(
            brussels,
            Hours::parse("Mo-Fr 09:00-18:00", "Europe/London", "BE").unwrap()
        );
        assert_eq!(
            format!("{brussels:?}"),
            "Hours(\"Mo-Fr 09:00-18:00\" in Europe/Brussels)"
        );
    }

    #[test]
    fn what_cannot_be_read_names_the_place_and_the_cure() {
        for (text, said, from) in [
            (
                "Ma-Vr 9u-18u",
                "these hours cannot be read from `Ma-Vr 9u-18u` on; write `Mo-Fr 09:00-18:00`",
                Some(0),
            ),
            (
                "Mo-Fr 09:00-18:00 lunch",
                "these hours cannot be read from `lunch` on; write `Mo-Fr 09:00-18:30; Sa 10:00-17:00; PH off`",
                Some(18),
            ),
            (
                "",
                "no hours are given; write `Mo-Fr 09:00-18:30; Sa 10:00-17:00; PH off`",
                None,
            ),
            (
                "Mo, Tu 09:00-18:00",
                "a comma and a space begin a new rule: the day before it would be open day and night; write `Mo,Tu 09:00-18:00`",
                Some(2),
            ),
        ] {
            let bad = Hours::parse(text, "Europe/Brussels", "BE").unwrap_err();
            assert_eq!(bad.to_string(), said);
            assert_eq!(bad.at.map(|at| at.start), from, "{text}");
        }
        let zone = Hours::parse("24/7", "Europe/Brussel", "BE").unwrap_err();
        assert_eq!(
            zone.to_string(),
            "there is no time zone `Europe/Brussel`; write `Europe/Brussels`"
        );
        let country = Hours::parse("24/7", "Europe/Brussels", "Belgium").unwrap_err();
        assert_eq!(
            country.to_string(),
            "the public holidays of `Belgium` are not known; write `BE`"
        );
    }
}
