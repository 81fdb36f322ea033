//! "Ma-Vr 9u-18u": opening hours as people in the field write them, put into the grammar that we read. Only a
//! guess for the cure of a refusal; nothing is ever rung by it.

use opening_hours::OpeningHours;

/// The days from Monday to Sunday, short and long, and the words around them.
struct Words {
    days: [[&'static str; 2]; 7],
    until: &'static [&'static str],
    and: &'static [&'static str],
    closed: &'static [&'static str],
    holidays: &'static [&'static str],
}

/// Dutch, French, German and English, in the order in which an ambiguous text ("Di") is taken.
const LANGUAGES: [Words; 4] = [
    Words {
        days: [
            ["ma", "maandag"],
            ["di", "dinsdag"],
            ["wo", "woensdag"],
            ["do", "donderdag"],
            ["vr", "vrijdag"],
            ["za", "zaterdag"],
            ["zo", "zondag"],
        ],
        until: &["tot", "tm"],
        and: &["en"],
        closed: &["gesloten", "toe", "dicht"],
        holidays: &["feestdagen"],
    },
    Words {
        days: [
            ["lu", "lundi"],
            ["ma", "mardi"],
            ["me", "mercredi"],
            ["je", "jeudi"],
            ["ve", "vendredi"],
            ["sa", "samedi"],
            ["di", "dimanche"],
        ],
        until: &["à", "a", "au"],
        and: &["et"],
        closed: &["fermé", "ferme"],
        holidays: &["fériés", "feries"],
    },
    Words {
        days: [
            ["mo", "montag"],
            ["di", "dienstag"],
            ["mi", "mittwoch"],
            ["do", "donnerstag"],
            ["fr", "freitag"],
            ["sa", "samstag"],
            ["so", "sonntag"],
        ],
        until: &["bis"],
        and: &["und"],
        closed: &["geschlossen", "zu"],
        holidays: &["feiertage"],
    },
    Words {
        days: [
            ["mo", "monday"],
            ["tu", "tuesday"],
            ["we", "wednesday"],
            ["th", "thursday"],
            ["fr", "friday"],
            ["sa", "saturday"],
            ["su", "sunday"],
        ],
        until: &["to", "till", "until"],
        and: &["and"],
        closed: &["closed", "off"],
        holidays: &["ph", "holidays"],
    },
];

const GRAMMAR_DAYS: [&str; 7] = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];

/// What `text` would be in the grammar, where it is in one of our languages.
pub(super) fn corrected(text: &str) -> Option<String> {
    LANGUAGES.iter().find_map(|words| {
        let guess = rewritten(text, words)?;
        guess.parse::<OpeningHours>().is_ok().then_some(guess)
    })
}

fn rewritten(text: &str, words: &Words) -> Option<String> {
    let mut out = String::new();
    let mut rest = text.trim();
    while let Some(first) = rest.chars().next() {
        let run = |part: fn(char) -> bool| rest.find(|c| !part(c)).unwrap_or(rest.len());
        let taken = if first.is_ascii_digit() {
            let (time, taken) = time(rest)?;
            out.push_str(&time);
            taken
        } else if first.is_alphabetic() {
            let taken = run(char::is_alphabetic);
            out.push_str(&words.read(&rest[..taken])?);
            taken
        } else {
            out.push(if first == '–' { '-' } else { first });
            first.len_utf8()
        };
        rest = &rest[taken..];
    }
    Some(tidied(&out))
}

impl Words {
    fn read(&self, word: &str) -> Option<String> {
        let word = word.to_lowercase();
        let is = |list: &[&str]| list.contains(&word.as_str());
        let day = self.days.iter().position(|names| is(names));
        match day {
            Some(day) => Some(GRAMMAR_DAYS[day].to_owned()),
            None if is(self.until) => Some("-".to_owned()),
            None if is(self.and) => Some(",".to_owned()),
            None if is(self.closed) => Some("off".to_owned()),
            None if is(self.holidays) => Some("PH".to_owned()),
            None => None,
        }
    }
}

/// `9`, `9u`, `9h30`, `9.30`, `9:00`: the time as `09:00`, and how many bytes it took.
fn time(text: &str) -> Option<(String, usize)> {
    let digits = |text: &str| {
        text.find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len())
    };
    let hour = digits(text);
    let after = &text[hour..];
    let sign = ["uur", "uhr", "u", "h", ":", "."]
        .into_iter()
        .find(|sign| after.to_ascii_lowercase().starts_with(sign));
    let sign_len = sign.map_or(0, str::len);
    let minute = if sign_len > 0 {
        digits(&after[sign_len..])
    } else {
        0
    };
    let minutes = &after[sign_len..sign_len + minute];
    let number: u8 = text[..hour].parse().ok()?;
    let minutes = if minutes.is_empty() { "00" } else { minutes };
    (number <= 26 && minutes.len() == 2)
        .then(|| (format!("{number:02}:{minutes}"), hour + sign_len + minute))
}

/// One space where there were more, none around a dash, none after a comma between days.
fn tidied(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_whitespace() {
        let after_days =
            out.ends_with(',') && out.trim_end_matches(',').ends_with(char::is_alphabetic);
        let glued =
            out.is_empty() || out.ends_with('-') || word.starts_with(['-', ',']) || after_days;
        if !glued {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_in_the_field_s_languages_become_the_grammar_s() {
        for (text, rule) in [
            ("Ma-Vr 9u-18u", "Mo-Fr 09:00-18:00"),
            ("ma tot vr 9u30 - 18.30", "Mo-Fr 09:30-18:30"),
            (
                "Lu-Ve 9h-18h30; Sa 10h-17h",
                "Mo-Fr 09:00-18:30; Sa 10:00-17:00",
            ),
            ("lundi à vendredi 9h à 18h", "Mo-Fr 09:00-18:00"),
            ("Mo-Fr 9 Uhr - 18 Uhr", "?"),
            ("Mo-Fr 9-18 uur", "?"),
            (
                "Ma, di en do 9u-18u; zo gesloten",
                "Mo,Tu,Th 09:00-18:00; Su off",
            ),
            (
                "Montag-Freitag 8:30-17:00; Feiertage geschlossen",
                "Mo-Fr 08:30-17:00; PH off",
            ),
            ("by appointment", "?"),
        ] {
            assert_eq!(corrected(text).as_deref().unwrap_or("?"), rule, "{text}");
        }
    }
}
