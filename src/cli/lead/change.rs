//! `leadbridge lead release`, `discard` and `cancel`: asked of the daemon. Where none runs the store's lock is
//! taken and the flow stepped here; what must leave waits in the outbox for the next start.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use leadbridge_providers::LeadId;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{named, no_such_lead, standing};
use crate::cli::Failure;
use crate::cli::group::{Group, daemon_url, no_store, store_file};
use crate::cli::table::plain;
use crate::flow::{Event, Flow};
use crate::io::clock::Clock;
use crate::io::config;
use crate::io::store::{Stepped, Store};

/// How long the daemon may take for an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// What a person does with a lead.
#[derive(Clone, Copy)]
pub(super) enum Change {
    /// A held one goes on.
    Release,
    /// A held one is put away.
    Discard,
    /// Any one is ended.
    Cancel,
}

/// Which lead, and why.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ChangeOptions {
    /// The lead
    id: String,
    /// Why, for whoever reads its timeline
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// What the daemon said.
enum Daemon {
    Done(Value),
    Refused(String),
    NotRunning,
}

/// Changes one lead.
pub(super) async fn change(
    config: &Path,
    change: Change,
    options: ChangeOptions,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let group = Group::open_to_ask(config).await?;
    let Some(lead) = named(&options.id) else {
        return Err(no_such_lead(group.reads()?, &options.id).await?);
    };
    match ask_daemon(&group, change, lead, options.reason.as_deref()).await? {
        Daemon::Done(shown) => {
            let word = |key: &str| shown[key].as_str().map(plain);
            let now = word("outcome").or_else(|| word("state"));
            let now = now.unwrap_or_else(|| change.done().to_owned());
            writeln!(out, "Lead {lead} is {now} now.")?;
        }
        Daemon::Refused(detail) => return Err(Failure::No(plain(&detail))),
        Daemon::NotRunning => {
            let flow = change_here(&group, change, lead, options.reason).await?;
            let now = standing(flow.stage(), flow.outcome().map(|closed| closed.outcome));
            writeln!(out, "Lead {lead} is {now} now.")?;
            let later = "No daemon is running, so this was written to the store; what must leave leaves at its next start.";
            writeln!(out, "{later}")?;
        }
    }
    Ok(())
}

async fn ask_daemon(
    group: &Group,
    change: Change,
    lead: LeadId,
    reason: Option<&str>,
) -> Result<Daemon, Failure> {
    let base = daemon_url(&group.settings);
    let unasked = |error: reqwest::Error| {
        let error = error.without_url();
        Failure::No(format!(
            "the daemon at {base} did not answer ({error}); try again"
        ))
    };
    // The token goes straight to the daemon of this machine.
    let http = reqwest::Client::builder().timeout(ANSWER_WITHIN).no_proxy();
    let http = http.build();
    let body = reason.map_or(json!({}), |reason| json!({ "reason": reason }));
    let asking = http
        .map_err(unasked)?
        .post(format!("{base}/api/v1/leads/{lead}/{}", change.verb()))
        .bearer_auth(group.settings.server.api_token.expose_secret())
        .header("content-type", "application/json")
        .body(body.to_string());
    let answer = match asking.send().await {
        Ok(answer) => answer,
        Err(error) if error.is_connect() => return Ok(Daemon::NotRunning),
        Err(error) => return Err(unasked(error)),
    };
    let status = answer.status();
    let said = answer.text().await.map_err(unasked)?;
    let said: Value = serde_json::from_str(&said).unwrap_or_default();
    if status.is_success() {
        return Ok(Daemon::Done(said));
    }
    let detail = said["detail"].as_str().map(str::to_owned);
    Ok(Daemon::Refused(detail.unwrap_or_else(|| {
        format!("the daemon at {base} refused with {status}")
    })))
}

async fn change_here(
    group: &Group,
    change: Change,
    lead: LeadId,
    reason: Option<String>,
) -> Result<Flow, Failure> {
    let settings = &group.settings;
    let reads = group.reads.as_ref().ok_or_else(|| no_store(settings))?;
    let store = Store::open(store_file(settings)?, |_| {})?;
    let rules = Arc::new(config::load_rules(settings, store.hash_key())?.value);
    let event = change.event(reason);
    let stepped = store.step(lead, event, None, rules, Clock::start().now());
    let Some(stepped) = stepped.await? else {
        return Err(no_such_lead(reads, &lead.to_string()).await?);
    };
    if change.was_done(&stepped) {
        Ok(stepped.flow)
    } else {
        Err(Failure::No(change.refusal(lead, &stepped.flow)))
    }
}

impl Change {
    fn verb(self) -> &'static str {
        match self {
            Change::Release => "release",
            Change::Discard => "discard",
            Change::Cancel => "cancel",
        }
    }

    fn done(self) -> &'static str {
        match self {
            Change::Release => "released",
            Change::Discard => "discarded",
            Change::Cancel => "canceled",
        }
    }

    fn event(self, reason: Option<String>) -> Event {
        match self {
            Change::Release => Event::Release { reason },
            Change::Discard => Event::Discard { reason },
            Change::Cancel => Event::Cancel { reason },
        }
    }

    /// The flow decided; whether it did is read off what became of it.
    fn was_done(self, stepped: &Stepped) -> bool {
        let Stepped { before, flow, .. } = stepped;
        match self {
            Change::Release | Change::Discard => before.held_reason().is_some(),
            Change::Cancel => before.outcome().is_none() && flow.outcome().is_some(),
        }
    }

    /// Why it was not done.
    fn refusal(self, lead: LeadId, flow: &Flow) -> String {
        let now = standing(flow.stage(), flow.outcome().map(|closed| closed.outcome));
        let cure = match self {
            Change::Release => "only a held lead can be released",
            Change::Discard => {
                "only a held lead can be discarded; `leadbridge lead cancel` ends another"
            }
            Change::Cancel if flow.outcome().is_some() => "nothing is left to cancel",
            Change::Cancel => "two people are on the phone; wait until they have hung up",
        };
        format!("lead {lead} is {now}: {cure}")
    }
}
