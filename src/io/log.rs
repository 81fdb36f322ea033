//! The log: lines with fields on standard error, `RUST_LOG` chooses how many, `LEADBRIDGE_LOG=json` their form.
//! No line bears a phone number, a name or a secret; the lead's id finds the rest.

use std::io::IsTerminal;

use tracing::{Level, Metadata, error, warn};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How many lines there are unless said.
const LEVEL: &str = "info";

/// So many digits in a row, however they are spaced, are a phone number.
const NUMBER_DIGITS: usize = 9;

/// Starts it, once per process.
pub fn start() {
    let (level, form) = (variable("RUST_LOG"), variable("LEADBRIDGE_LOG"));
    let filter = chosen(&level);
    let is_understood = filter.is_some();
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter.unwrap_or_else(|| EnvFilter::new(LEVEL)))
        .with_writer(std::io::stderr)
        .with_target(false);
    let discreet = filter_fn(is_discreet);
    let started = match form.as_str() {
        "json" => {
            let log = log.json().flatten_event(true).finish();
            log.with(discreet).try_init()
        }
        _ => {
            let log = log.with_ansi(std::io::stderr().is_terminal()).finish();
            log.with(discreet).try_init()
        }
    };
    // A second start in the same process keeps the first one's log.
    drop(started);
    if !is_understood {
        warn!(
            "RUST_LOG is not understood, and {LEVEL} is logged; write a level, such as {LEVEL} or debug, or leadbridge=debug"
        );
    }
    if !matches!(form.as_str(), "" | "text" | "json") {
        warn!("LEADBRIDGE_LOG is not understood, and text is logged; write json, or leave it away");
    }
    // What a panic says may quote a customer; where it was is enough to mend it (P9).
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        error!(place, "a mistake in leadbridge: it panicked");
    }));
}

fn variable(name: &str) -> String {
    let value = std::env::var_os(name).unwrap_or_default();
    value.to_string_lossy().into_owned()
}

/// The lines that a value of `RUST_LOG` wants; `None` if it is wrong. A word that is no level names a library, and would
/// switch off all that we say.
fn chosen(level: &str) -> Option<EnvFilter> {
    let is_ours = |part: &str| {
        let part = part.trim();
        part.starts_with("leadbridge") || part.starts_with('[') || is_level(part)
    };
    match level.trim() {
        "" => Some(EnvFilter::new(LEVEL)),
        level if level.split(',').any(is_ours) => EnvFilter::try_new(level).ok(),
        _ => None,
    }
}

fn is_level(word: &str) -> bool {
    word.eq_ignore_ascii_case("off") || word.parse::<Level>().is_ok()
}

/// Whether a line may be written whatever `RUST_LOG` says. Below `info` libraries tell what they have in hand:
/// `rlibphonenumber` the number that it reads, `tokio_postgres` the values of a statement, `tungstenite` what a PBX says,
/// `hyper` and `lettre` what they send.
fn is_discreet(line: &Metadata<'_>) -> bool {
    *line.level() <= Level::INFO || line.target().starts_with("leadbridge")
}

/// A text with its phone numbers blotted out, length kept: a line of the admin's file may be shown in the log, the
/// phones in it may not.
pub fn without_numbers(text: &str) -> String {
    let mut told: Vec<char> = text.chars().collect();
    let mut start = 0;
    while start < told.len() {
        let written = |c: &&char| c.is_ascii_digit() || matches!(c, ' ' | '.' | '-');
        let run = told[start..].iter().take_while(written).count();
        let digits = told[start..start + run]
            .iter()
            .filter(|c| c.is_ascii_digit());
        if digits.count() >= NUMBER_DIGITS {
            told[start..start + run].iter_mut().for_each(blot);
        }
        start += run.max(1);
    }
    told.into_iter().collect()
}

fn blot(c: &mut char) {
    if c.is_ascii_digit() {
        *c = '*';
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_and_what_names_us_is_understood_and_what_would_silence_us_is_not() {
        for level in [
            "",
            "info",
            "WARN",
            "off",
            "leadbridge=debug",
            "info,hyper=debug",
        ] {
            assert!(chosen(level).is_some(), "{level}");
        }
        for level in ["verbose", "hyper=debug", "leadbridge=loud", "info,a=b=c"] {
            assert!(chosen(level).is_none(), "{level}");
        }
    }

    #[test]
    fn phone_numbers_are_blotted_out_and_dates_and_places_are_not() {
        for (text, told) in [
            (
                "12 | phone = \"+32470000001\"",
                "12 | phone = \"+***********\"",
            ),
            ("phone = \"0470 12 34 56\"", "phone = \"**** ** ** **\""),
            (
                "away = [\"2026-12-24/2026-12-31\"]",
                "away = [\"2026-12-24/2026-12-31\"]",
            ),
            ("--> rotation.toml:119:5", "--> rotation.toml:119:5"),
        ] {
            assert_eq!(told, without_numbers(text));
        }
    }
}
