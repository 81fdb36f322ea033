//! The log: lines with fields on standard error, `RUST_LOG` chooses how many, `LEADBRIDGE_LOG=json` their form.
//! No line bears a phone number, a name or a secret; the lead's id finds the rest.

use std::io::IsTerminal;

use tracing::error;
use tracing_subscriber::EnvFilter;

/// So many digits in a row, however they are spaced, are a phone number.
const NUMBER_DIGITS: usize = 9;

/// Starts it, once per process.
pub fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    let started = match std::env::var("LEADBRIDGE_LOG").as_deref() {
        Ok("json") => log.json().flatten_event(true).try_init(),
        Ok(_) | Err(_) => log.with_ansi(std::io::stderr().is_terminal()).try_init(),
    };
    // A second start in the same process keeps the first one's log.
    drop(started);
    // What a panic says may quote a customer; where it was is enough to mend it (P9).
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        error!(place, "a mistake in leadbridge: it panicked");
    }));
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
