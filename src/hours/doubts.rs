//! Hours that read well and hardly mean what their writer meant: none at all, some that a later rule takes away, some
//! that follow the sun of no place.

use std::ops::Range;

use jiff::Timestamp;

use super::{AHEAD, EXAMPLE, Hours, later};

/// Moments of the sun, which the grammar knows.
const SUN: [&str; 4] = ["sunrise", "sunset", "dawn", "dusk"];

impl Hours {
    /// What looks wrong in the year from `now` on, and what to do about each.
    pub fn doubts(&self, now: Timestamp) -> Vec<(String, String)> {
        let mut doubts = Vec::new();
        if self.never_opens(now) {
            let title = "these hours never open within a year".to_owned();
            doubts.push((
                title,
                format!("write when it is open, such as \"{EXAMPLE}\""),
            ));
        }
        let text = self.text.to_lowercase();
        if SUN.iter().any(|word| text.contains(word)) {
            let title = "the sun is that of no place: it rises at 07:00 and sets at 19:00 all year";
            let cure = "write times of the clock, such as 09:00-18:30".to_owned();
            doubts.push((title.to_owned(), cure));
        }
        doubts.extend(self.replaced(now));
        doubts
    }

    /// The first rule whose hours are all taken away by a later one: in this syntax a rule does not add to the rules
    /// before it, it replaces them on its days.
    fn replaced(&self, now: Timestamp) -> Option<(String, String)> {
        let rules: Vec<&str> = self.text.split(';').map(str::trim).collect();
        let open = |rules: &[&str]| self.year_of(&rules.join("; "), now);
        let dead = (0..rules.len().saturating_sub(1)).find(|&nth| {
            let opens = open(&rules[nth..=nth]).is_some_and(|spans| !spans.is_empty());
            let until_then = open(&rules[..=nth]) != open(&rules[..nth]);
            let without = [&rules[..nth], &rules[nth + 1..]].concat();
            opens && until_then && open(&without) == open(&rules)
        })?;
        let title = format!(
            "`{}` is never in force: a later rule replaces it",
            rules[dead]
        );
        let (days, times) = days_and_times(rules[dead]);
        let mut later_rules = rules[dead + 1..].iter().map(|rule| days_and_times(rule));
        let cure = match later_rules.find(|later| later.0 == days) {
            Some((_, more)) => {
                let both = format!("{days} {times},{more}");
                format!("write {} if both are meant", both.trim())
            }
            None => "take it away, or put several times of one day together: Mo-Fr 09:00-12:00,13:00-18:00".to_owned(),
        };
        Some((title, cure))
    }

    /// When other rules would be open here; `None` if they can't be read.
    fn year_of(&self, text: &str, now: Timestamp) -> Option<Vec<Range<Timestamp>>> {
        let rule: opening_hours::OpeningHours = text.parse().ok()?;
        let other = Hours {
            text: text.to_owned(),
            zone: self.zone.clone(),
            rule: rule.with_context(self.rule.get_context().clone()),
        };
        Some(other.open_spans(now, later(now, AHEAD)))
    }
}

/// `Mo-Fr 09:00-18:00` in its two parts.
fn days_and_times(rule: &str) -> (&str, &str) {
    let (days, times) = rule.rsplit_once(' ').unwrap_or(("", rule));
    (days.trim(), times)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn doubts(text: &str) -> Vec<(String, String)> {
        let hours = Hours::parse(text, "Europe/Brussels", "BE").unwrap();
        hours.doubts("2026-11-23T09:00:00Z".parse().unwrap())
    }

    #[test]
    fn hours_that_mean_what_they_say_raise_no_doubt() {
        for text in [
            "24/7",
            "24/7; PH off",
            "Mo-Fr 09:00-18:30; Sa 10:00-17:00; PH off",
            "Mo-Fr 09:00-12:00,13:00-18:00",
            "Mo-Fr 09:00-18:00; Fr 09:00-17:00",
            "Mo-Sa 09:00-18:00; Fr 09:00-18:00",
            "Apr-Sep Mo-Fr 09:00-19:00; Oct-Mar Mo-Fr 09:00-17:00",
            "Mo-Fr 09:00-18:00; 2025 Dec 21 10:00-17:00; Su 10:00-12:00",
            "2027 Jan 01 09:00-18:00",
        ] {
            assert_eq!(doubts(text), [], "{text}");
        }
    }

    #[test]
    fn hours_that_never_open_are_doubted() {
        for text in ["off", "Mo-Fr 09:00-18:30 closed", "2020 Jan 01 09:00-18:00"] {
            let doubts = doubts(text);
            assert_eq!(doubts.len(), 1, "{text}: {doubts:?}");
            assert_eq!(doubts[0].0, "these hours never open within a year");
        }
    }

    #[test]
    fn a_rule_that_a_later_one_replaces_is_named_with_what_was_meant() {
        let told = "`Mo-Fr 09:00-12:00` is never in force: a later rule replaces it";
        for (text, cure) in [
            (
                "Mo-Fr 09:00-12:00; Mo-Fr 13:00-18:00; PH off",
                "write Mo-Fr 09:00-12:00,13:00-18:00 if both are meant",
            ),
            ("Mo-Fr 09:00-12:00; Mo-Su 13:00-18:00", "take it away"),
        ] {
            let doubts = doubts(text);
            assert_eq!(doubts.len(), 1, "{text}: {doubts:?}");
            assert_eq!(doubts[0].0, told);
            assert!(doubts[0].1.starts_with(cure), "{}", doubts[0].1);
        }
        let doubts = doubts("09:00-12:00; 13:00-18:00");
        assert_eq!(
            doubts[0].1,
            "write 09:00-12:00,13:00-18:00 if both are meant"
        );
    }

    #[test]
    fn the_sun_of_no_place_is_doubted() {
        let doubts = doubts("Mo-Fr sunrise-sunset");
        assert_eq!(doubts.len(), 1);
        assert!(doubts[0].0.contains("07:00"), "{}", doubts[0].0);
    }
}
