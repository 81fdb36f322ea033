//! When a source says that something was: RFC 3339, or what comes near it.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// Unix time in seconds has ten digits from 2001 to 2286, in milliseconds three more.
const UNIX_S_DIGITS: usize = 10;
const UNIX_MS_DIGITS: usize = 13;

/// Reads a time with an offset (also a broken one: `-08:0`, `+0100`), Unix time, or a local time of `zone`. A
/// date alone is no time: it would make the customer wait since midnight.
pub(super) fn moment(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(exact) = text.parse() {
        return Some(exact);
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return unix(text);
    }
    let clock = text.find(':')?;
    let (local, offset) = match text[clock..].rfind(['+', '-']) {
        Some(sign) => text.split_at(clock + sign),
        None => (text, ""),
    };
    let local: DateTime = local.trim_end().parse().ok()?;
    if offset.is_empty() {
        zone.to_timestamp(local).ok()
    } else {
        broken_offset(offset)?.to_timestamp(local).ok()
    }
}

fn unix(digits: &str) -> Option<Timestamp> {
    let number = digits.parse().ok()?;
    match digits.len() {
        UNIX_S_DIGITS => Timestamp::from_second(number).ok(),
        UNIX_MS_DIGITS => Timestamp::from_millisecond(number).ok(),
        _ => None,
    }
}

/// `-08:0`, `+1`, `+0100`, `+01:00`.
fn broken_offset(text: &str) -> Option<Offset> {
    let (sign, clock) = text.split_at_checked(1)?;
    let (hours, minutes) = match clock.split_once(':') {
        Some(parts) => parts,
        None => clock.split_at_checked(2).unwrap_or((clock, "")),
    };
    let hours: i32 = hours.trim().parse().ok().filter(|h| (0..=14).contains(h))?;
    let minutes: i32 = format!("{minutes:0<2}")
        .parse()
        .ok()
        .filter(|m| (0..60).contains(m))?;
    let seconds = hours * 3600 + minutes * 60;
    Offset::from_seconds(if sign == "-" { -seconds } else { seconds }).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_however_they_are_written() {
        let brussels = TimeZone::get("Europe/Brussels").unwrap();
        for (text, utc) in [
            ("2026-11-20T18:42:05+01:00", "2026-11-20T17:42:05Z"),
            ("2026-11-20T17:42:05Z", "2026-11-20T17:42:05Z"),
            ("2026-11-20T18:42:05.250+01:00", "2026-11-20T17:42:05.25Z"),
            ("2026-11-20T18:42:05+0100", "2026-11-20T17:42:05Z"),
            ("2026-11-20 18:42:05 +0100", "2026-11-20T17:42:05Z"),
            ("2026-11-20T09:42:05-08:0", "2026-11-20T17:42:05Z"),
            ("2026-11-20T18:42:05", "2026-11-20T17:42:05Z"),
            ("2026-11-20 18:42", "2026-11-20T17:42:00Z"),
            ("2026-07-20T18:42:05", "2026-07-20T16:42:05Z"),
            ("1763661725", "2025-11-20T18:02:05Z"),
            ("1763661725123", "2025-11-20T18:02:05.123Z"),
        ] {
            assert_eq!(
                moment(text, &brussels),
                Some(utc.parse().unwrap()),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "yesterday",
            "2026-11-20",
            "2026-13-20T18:42:05",
            "18:42",
            "+",
            ":",
            ":-",
            "1:é-é",
            "2026-11-20T18:42:05+99:99",
            "2026-11-20T18:42:05-",
            "12345",
            "99999999999999999999",
        ] {
            assert_eq!(moment(text, &TimeZone::UTC), None, "{text}");
        }
    }
}
