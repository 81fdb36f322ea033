//! What the group's own PBX is asked, and what nobody can ask it. Nobody is rung, and our application is not opened:
//! that would take it over from a daemon that runs.

use leadbridge_providers::asterisk::{Asterisk, MODULES, Registered};
use leadbridge_providers::{CarrierCallId, Language};

use super::Found::{self, Good, Mistake, Warning};
use super::line::Line;
use crate::io::config::Settings;
use crate::io::speech::Speech;
use crate::rotation::Rooftop;

/// No channel has this name: who may order something of it is told that there is none.
const NOBODY: &str = "leadbridge-check";

/// Whether it does what we tell it: orders, modules, trunk and phones; then what stands between it and a call that works
/// and only the admin can find out.
pub(super) async fn ask(
    line: &Line,
    ari: &Asterisk,
    settings: &Settings,
    rooftops: &[&Rooftop],
) -> Vec<Found> {
    let mut found = Vec::new();
    if let Err(refusal) = ask_the_pbx(line, ari, &mut found).await {
        found.push(Mistake(refusal));
    }
    found.push(Good(fetching(ari, &settings.server.public_url)));
    let shown = rooftops.iter().map(|rooftop| Good(showing(rooftop)));
    found.extend(shown);
    if settings.notice.text && !rooftops.is_empty() {
        found.push(Warning(no_texts(settings, rooftops)));
    }
    found
}

/// Whether the commands of the voice give sound, on this machine.
pub(super) async fn speaks(speech: &Speech) -> Found {
    match speech.try_out().await {
        Ok(()) => Good("has a voice in nl, fr, de and en".to_owned()),
        Err((language, why)) => Mistake(format!("has no voice in {}: {why}", word(language))),
    }
}

fn fetching(ari: &Asterisk, public_url: &str) -> String {
    format!(
        "cannot be asked whether it can fetch what is said from public_url: on its machine, while the daemon runs, \
         curl -fo /dev/null {public_url}/carriers/{}/speech/tone.wav must succeed",
        ari.id
    )
}

fn showing(rooftop: &Rooftop) -> String {
    let (number, id) = (rooftop.caller_id.as_str(), &rooftop.id.0);
    format!(
        "cannot be asked whether its trunk shows {number}, the caller_id of {id}: the trunk's operator must have given \
         you this number"
    )
}

fn no_texts(settings: &Settings, rooftops: &[&Rooftop]) -> String {
    let ids: Vec<&str> = rooftops
        .iter()
        .map(|rooftop| rooftop.id.0.as_str())
        .collect();
    let told = match settings.notice.email {
        Some(_) => "are told by e-mail alone",
        None => "are told nothing (write email under [notice])",
    };
    format!(
        "sends no texts: the reps and managers of {} {told}, and customers who agreed to texts get none",
        ids.join(", ")
    )
}

/// What was found before it failed is told too.
async fn ask_the_pbx(line: &Line, ari: &Asterisk, found: &mut Vec<Found>) -> Result<(), String> {
    found.push(may_order(line, ari).await?);
    found.extend(modules(line, ari).await?);
    found.push(trunk(line, ari).await?);
    for endpoint in ari.endpoints.values() {
        found.push(phone(line, ari, endpoint).await?);
    }
    Ok(())
}

async fn may_order(line: &Line, ari: &Asterisk) -> Result<Found, String> {
    let order = ari.stop_ringing(&CarrierCallId(NOBODY.to_owned()));
    let may = line.ask(order, |said| Some(said.status != 403)).await?;
    Ok(match may {
        true => Good("lets us order".to_owned()),
        false => Mistake(
            "lets us only look; write read_only = no in the section of our user in its ari.conf"
                .to_owned(),
        ),
    })
}

async fn modules(line: &Line, ari: &Asterisk) -> Result<Vec<Found>, String> {
    let mut missing = Vec::new();
    for name in MODULES {
        let runs = line.ask(ari.module(name), |said| ari.module_runs(said));
        if !runs.await? {
            missing.push(Mistake(format!(
                "does not run {name}; write  load = {name}  under [modules] in its modules.conf and restart it"
            )));
        }
    }
    if missing.is_empty() {
        missing.push(Good("runs the modules that we need".to_owned()));
    }
    Ok(missing)
}

async fn trunk(line: &Line, ari: &Asterisk) -> Result<Found, String> {
    let endpoint = &ari.endpoint;
    Ok(match registered(line, ari, endpoint).await? {
        Some(Registered::Online) => Good(format!("knows the trunk of {endpoint}")),
        Some(Registered::Offline) => Warning(format!(
            "does not reach the trunk of {endpoint} now: no phone outside can be rung"
        )),
        Some(Registered::Unknown) => Mistake(format!(
            "has no trunk as in {endpoint}; write the name of its endpoint in pjsip.conf"
        )),
        None => cannot_say(endpoint),
    })
}

async fn phone(line: &Line, ari: &Asterisk, endpoint: &str) -> Result<Found, String> {
    Ok(match registered(line, ari, endpoint).await? {
        Some(Registered::Online) => Good(format!("can ring {endpoint}")),
        Some(Registered::Offline) => Warning(format!(
            "cannot ring {endpoint} now: it is not registered, which counts as missed"
        )),
        Some(Registered::Unknown) => Mistake(format!(
            "has no phone {endpoint}; write the name of its endpoint in pjsip.conf"
        )),
        None => cannot_say(endpoint),
    })
}

fn cannot_say(endpoint: &str) -> Found {
    Good(format!(
        "cannot be asked about {endpoint}: only a ring shows whether it is right"
    ))
}

/// `None`: only a ring would show it.
async fn registered(
    line: &Line,
    ari: &Asterisk,
    endpoint: &str,
) -> Result<Option<Registered>, String> {
    match ari.endpoint_state(endpoint) {
        Some(asked) => line.ask(asked, |said| ari.registered(said)).await.map(Some),
        None => Ok(None),
    }
}

fn word(language: Language) -> &'static str {
    match language {
        Language::Nl => "nl",
        Language::Fr => "fr",
        Language::De => "de",
        Language::En => "en",
    }
}
