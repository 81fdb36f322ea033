//! The log: lines with fields on standard error, `RUST_LOG` chooses how many, `LEADBRIDGE_LOG=json` their form.
//! No line bears a phone number, a name or a secret; the lead's id finds the rest.

use std::io::IsTerminal;

use tracing::error;
use tracing_subscriber::EnvFilter;

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
