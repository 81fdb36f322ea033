//! Which days a report is about, by the group's clock.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

/// Without a word about it a report is about so many days, the present one included.
const DAYS: i64 = 30;
/// No report is about more days.
const DAYS_MAX: i64 = 3700;

/// Days from midnight to midnight.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Period {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// By which clock.
    pub zone: String,
    /// The first moment.
    #[serde(skip)]
    pub starts: Timestamp,
    /// The first moment that is too late.
    #[serde(skip)]
    pub ends: Timestamp,
}

impl Period {
    /// Reads two days, each of which may be left out; else a sentence that says what to write.
    pub fn read(
        from: Option<&str>,
        to: Option<&str>,
        zone: &TimeZone,
        now: Timestamp,
    ) -> Result<Period, String> {
        let today = zone.to_datetime(now).date();
        let to = to.map_or(Ok(today), |text| day("to", text))?;
        let from = match from {
            Some(text) => day("from", text)?,
            None => days_after(to, 1 - DAYS)?,
        };
        if from > to {
            return Err(format!("`from` is {from}, after `to`, which is {to}"));
        }
        if days_after(from, DAYS_MAX)? < to {
            return Err("ask for ten years at most".to_owned());
        }
        let midnight = |day: Date| {
            let midnight = day.to_zoned(zone.clone()).map(|zoned| zoned.timestamp());
            midnight.map_err(|_| format!("{day} is too far away"))
        };
        Ok(Period {
            from,
            to,
            zone: zone.iana_name().unwrap_or("UTC").to_owned(),
            starts: midnight(from)?,
            ends: midnight(days_after(to, 1)?)?,
        })
    }

    /// "from 1 November 2026 to 30 November 2026".
    pub fn in_words(&self) -> String {
        let day = |day: Date| day.strftime("%-d %B %Y").to_string();
        if self.from == self.to {
            return format!("on {}", day(self.from));
        }
        format!("from {} to {}", day(self.from), day(self.to))
    }
}

fn day(name: &str, text: &str) -> Result<Date, String> {
    let strict = text.len() == 10;
    let parsed = text.parse::<Date>().ok().filter(|_| strict);
    parsed.ok_or_else(|| format!("`{name}` is a day such as 2026-11-30, not `{text}`"))
}

fn days_after(day: Date, days: i64) -> Result<Date, String> {
    let span = jiff::SignedDuration::from_hours(24 * days);
    day.checked_add(span)
        .map_err(|_| format!("{day} is too far away"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(from: Option<&str>, to: Option<&str>) -> Result<Period, String> {
        let zone = TimeZone::get("Europe/Brussels").unwrap();
        // In Brussels the 23rd has begun.
        Period::read(from, to, &zone, "2026-11-22T23:30:00Z".parse().unwrap())
    }

    #[test]
    fn a_period_is_thirty_days_unless_said() {
        let period = read(None, None).unwrap();
        assert_eq!(period.from.to_string(), "2026-10-25");
        assert_eq!(period.to.to_string(), "2026-11-23");
        assert_eq!(period.starts.to_string(), "2026-10-24T22:00:00Z");
        assert_eq!(period.ends.to_string(), "2026-11-23T23:00:00Z");
    }

    #[test]
    fn a_day_has_as_many_hours_as_its_clock() {
        let short = read(Some("2026-03-29"), Some("2026-03-29")).unwrap();
        assert_eq!(short.ends.duration_since(short.starts).as_hours(), 23);
        assert_eq!(short.in_words(), "on 29 March 2026");
        let long = read(Some("2026-10-25"), Some("2026-10-25")).unwrap();
        assert_eq!(long.ends.duration_since(long.starts).as_hours(), 25);
    }

    #[test]
    fn what_is_no_day_is_told_in_a_sentence() {
        for (from, to, said) in [
            (
                Some("yesterday"),
                None,
                "`from` is a day such as 2026-11-30, not `yesterday`",
            ),
            (
                None,
                Some("2026-02-30"),
                "`to` is a day such as 2026-11-30, not `2026-02-30`",
            ),
            (
                Some("2026-11-30"),
                Some("2026-11-01"),
                "`from` is 2026-11-30, after `to`, which is 2026-11-01",
            ),
            (Some("1900-01-01"), None, "ask for ten years at most"),
        ] {
            assert_eq!(read(from, to).unwrap_err(), said);
        }
    }
}
