//! `leadbridge check`: is the configuration good? With `--live`: do the carriers take our credentials, and may the
//! rooftops' numbers be shown? Nobody is rung.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use leadbridge_providers::{Carrier, Request, Response};

use super::group::NO_STORE;
use super::{Failure, tell, tell_report};
use crate::io::config::{self, CarrierSettings, Environment, Loaded};
use crate::io::daemon::adapter;
use crate::io::outgoing;
use crate::rotation::RooftopId;

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
    let mut is_good = true;
    let mut refused = Vec::new();
    for settings in &loaded.settings.carriers {
        let asked = ask_carrier(loaded, settings, &mut refused, out).await?;
        if let Err(refusal) = asked {
            tell(&format!("carrier {} {refusal}", settings.id.0));
            is_good = false;
        }
    }
    let reports = config::caller_ids_refused(&loaded.settings, &refused);
    if is_good && reports.is_empty() {
        Ok(())
    } else {
        Err(Failure::Mistakes(reports))
    }
}

/// What is wrong is told as the rest of a sentence; the rooftops whose numbers may not be shown are `refused`.
async fn ask_carrier(
    loaded: &Loaded,
    settings: &CarrierSettings,
    refused: &mut Vec<RooftopId>,
    out: &mut impl Write,
) -> Result<Result<(), String>, Failure> {
    let id = &settings.id.0;
    let line = match Line::to(settings, &loaded.settings.server.public_url).await {
        Ok(line) => line,
        Err(refusal) => return Ok(Err(refusal)),
    };
    writeln!(out, "carrier {id} takes our credentials")?;
    let rooftops = loaded.rules.rooftops.values();
    for rooftop in rooftops.filter(|rooftop| rooftop.carrier == settings.id) {
        match line.may_show(rooftop.caller_id.as_str()).await {
            Ok(true) => writeln!(out, "carrier {id} shows the caller_id of {}", rooftop.id.0)?,
            Ok(false) => refused.push(rooftop.id.clone()),
            Err(refusal) => return Ok(Err(refusal)),
        }
    }
    Ok(Ok(()))
}

/// A carrier that has taken our credentials.
struct Line {
    carrier: Carrier,
    http: reqwest::Client,
}

impl Line {
    async fn to(settings: &CarrierSettings, public_url: &str) -> Result<Line, String> {
        let carrier = adapter(settings, public_url);
        let account = carrier.account();
        let http = outgoing::client_for(&account.url).timeout(ANSWER_WITHIN);
        let http = http.build().map_err(unreached)?;
        let line = Line { carrier, http };
        match line
            .ask(account, |carrier, said| carrier.recognised(said))
            .await?
        {
            true => Ok(line),
            false => Err("refuses our credentials; check account and token".to_owned()),
        }
    }

    async fn may_show(&self, number: &str) -> Result<bool, String> {
        // Which numbers a PBX may show is between it and its trunk.
        let Carrier::Twilio(carrier) = &self.carrier else {
            return Ok(true);
        };
        for list in carrier.may_show(number) {
            if self
                .ask(list, |_, said| carrier.shows(number, said))
                .await?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn ask(
        &self,
        request: Request,
        read: impl Fn(&Carrier, Response<'_>) -> Option<bool>,
    ) -> Result<bool, String> {
        let asking = self.http.get(request.url);
        let asking = asking.header("authorization", request.authorization);
        let answer = asking.send().await.map_err(unreached)?;
        let status = answer.status().as_u16();
        let body = answer.bytes().await.map_err(unreached)?;
        let body = &body;
        read(&self.carrier, Response { status, body }).ok_or_else(|| {
            format!("answered {status}, which makes no sense; check base_url and ask again")
        })
    }
}

/// Without the address, which names the account.
fn unreached(error: reqwest::Error) -> String {
    let error = error.without_url();
    format!("cannot be asked ({error}); check base_url and this machine's way to it")
}
