//! `leadbridge check`: is the configuration good? With `--live`: do the carriers take our credentials, and can they do
//! what we need? Nobody is rung.

use std::io::Write;
use std::path::Path;

use leadbridge_providers::Carrier;

use super::group::NO_STORE;
use super::{Failure, tell, tell_report};
use crate::io::clock::Clock;
use crate::io::config::{self, CarrierSettings, Environment, Files, Loaded};
use crate::io::daemon::{adapter, speech};
use crate::rotation::{Rooftop, RooftopId};

mod line;
mod numbers;
mod pbx;

use line::Line;

/// Shows every mistake and warning of the three files, and what they hold when they are good.
pub(super) async fn check(config: &Path, live: bool, out: &mut impl Write) -> Result<(), Failure> {
    let loaded = config::load(config, &NO_STORE, &Environment::of_this_process())?;
    loaded.warnings.iter().for_each(tell_report);
    let now = Clock::start().now();
    config::doubtful_hours(&loaded.settings, &loaded.rules, now)
        .iter()
        .for_each(tell_report);
    tell_kept_aside(&loaded.settings.files);
    writeln!(out, "{} is good: {}", config.display(), counted(&loaded))?;
    if live {
        ask_carriers(&loaded, out).await?;
    }
    Ok(())
}

/// Edits that lost against another node's and wait for a person.
fn tell_kept_aside(files: &Files) {
    for path in [&files.rotation, &files.sources] {
        let aside = format!("{}{}", path.display(), config::ASIDE);
        if Path::new(&aside).exists() {
            tell(&format!(
                "warning: {aside} is an edit that came after another node's: see what is missing in {}, edit that again, and delete it",
                path.display()
            ));
        }
    }
}

fn counted(loaded: &Loaded) -> String {
    let count = |count: usize, what| match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    };
    let parts = [
        count(loaded.rules.reps.len(), "rep"),
        count(loaded.rules.rooftops.len(), "rooftop"),
        count(loaded.sources.len(), "source"),
    ];
    parts.join(", ")
}

/// Asks all of them, also after one that refuses us.
async fn ask_carriers(loaded: &Loaded, out: &mut impl Write) -> Result<(), Failure> {
    let mut is_good = true;
    let mut refused = Vec::new();
    for settings in &loaded.settings.carriers {
        let found = ask_carrier(loaded, settings, &mut refused).await;
        is_good &= found.iter().all(|one| !matches!(one, Found::Mistake(_)));
        for one in found {
            show(&settings.id.0, one, out)?;
        }
    }
    let reports = config::caller_ids_refused(&loaded.settings, &refused);
    if is_good && reports.is_empty() {
        Ok(())
    } else {
        Err(Failure::Mistakes(reports))
    }
}

/// What is found at a carrier, as the rest of a sentence that begins with its name.
enum Found {
    Good(String),
    Warning(String),
    Mistake(String),
}

/// Everything that is found; the rooftops whose numbers may not be shown are `refused`.
async fn ask_carrier(
    loaded: &Loaded,
    settings: &CarrierSettings,
    refused: &mut Vec<RooftopId>,
) -> Vec<Found> {
    let server = &loaded.settings.server;
    let carrier = adapter(settings, &server.public_url);
    let line = match Line::to(&carrier).await {
        Ok(line) => line,
        Err(refusal) => return vec![Found::Mistake(refusal)],
    };
    let mut found = vec![Found::Good("takes our credentials".to_owned())];
    let rooftops = loaded.rules.rooftops.values();
    let rooftops: Vec<&Rooftop> = rooftops
        .filter(|rooftop| rooftop.carrier == settings.id)
        .collect();
    found.extend(match &carrier {
        Carrier::Twilio(twilio) => numbers::ask(&line, twilio, &rooftops, refused).await,
        Carrier::Asterisk(ari) => pbx::ask(&line, ari, &loaded.settings, &rooftops).await,
    });
    if let Some(speech) = speech(settings) {
        found.push(pbx::speaks(&speech).await);
    }
    found
}

fn show(carrier: &str, found: Found, out: &mut impl Write) -> Result<(), Failure> {
    match found {
        Found::Good(words) => writeln!(out, "carrier {carrier} {words}")?,
        Found::Warning(words) => tell(&format!("warning: carrier {carrier} {words}")),
        Found::Mistake(words) => tell(&format!("carrier {carrier} {words}")),
    }
    Ok(())
}
