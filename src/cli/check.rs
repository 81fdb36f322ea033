//! `leadbridge check`: is the configuration good? With `--live`: do the carriers take our credentials?

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use leadbridge_providers::Response;

use super::group::NO_STORE;
use super::{Failure, tell_report};
use crate::io::config::{self, CarrierSettings, Environment, Loaded};
use crate::io::daemon::adapter;

/// How long a carrier may take for an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Shows every mistake and warning of the three files, and what they hold when they are good.
pub(super) async fn check(config: &Path, live: bool, out: &mut impl Write) -> Result<(), Failure> {
    let loaded = config::load(config, &NO_STORE, &Environment::of_this_process())?;
    loaded.warnings.iter().for_each(tell_report);
    writeln!(out, "{} is good: {}", config.display(), counted(&loaded))?;
    if live {
        ask_carriers(&loaded, out).await?;
    }
    Ok(())
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
    let mut refusals = Vec::new();
    for carrier in &loaded.settings.carriers {
        let id = &carrier.id.0;
        match ask(carrier, &loaded.settings.server.public_url).await {
            Ok(()) => writeln!(out, "carrier {id} takes our credentials")?,
            Err(refusal) => refusals.push(format!("carrier {id} {refusal}")),
        }
    }
    if refusals.is_empty() {
        Ok(())
    } else {
        Err(Failure::No(refusals.join("\n")))
    }
}

/// Rings nobody. What is wrong is told as the rest of a sentence, without the address, which names the account.
async fn ask(settings: &CarrierSettings, public_url: &str) -> Result<(), String> {
    let carrier = adapter(settings, public_url);
    let request = carrier.account();
    let unreached = |error: reqwest::Error| {
        let error = error.without_url();
        format!("cannot be asked ({error}); check base_url and this machine's way to it")
    };
    let http = reqwest::Client::builder().timeout(ANSWER_WITHIN).build();
    let asking = http
        .map_err(unreached)?
        .get(request.url)
        .header("authorization", request.authorization);
    let answer = asking.send().await.map_err(unreached)?;
    let status = answer.status().as_u16();
    let body = answer.bytes().await.map_err(unreached)?;
    let response = Response {
        status,
        body: &body,
    };
    match carrier.recognised(response) {
        Some(true) => Ok(()),
        Some(false) => Err("refuses our credentials; check account and token".to_owned()),
        None => Err(format!(
            "answered {status}, which makes no sense; check base_url and ask again"
        )),
    }
}
