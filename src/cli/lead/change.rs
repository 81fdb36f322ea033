//! `leadbridge lead release`, `discard` and `cancel`: asked of the daemon. Where none runs the store's lock is
//! taken and the flow stepped here; what must leave waits in the outbox for the next start.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use leadbridge_providers::LeadId;
use reqwest::Method;
use serde_json::json;

use super::{named, no_such_lead, standing};
use crate::cli::Failure;
use crate::cli::daemon::{self, Said};
use crate::cli::group::{Group, no_store, store_file};
use crate::cli::table::plain;
use crate::flow::{Event, Flow};
use crate::io::clock::Clock;
use crate::io::config;
use crate::io::store::{Stepped, Store};

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
    let reason = options.reason.as_deref();
    let body = reason.map_or(json!({}), |reason| json!({ "reason": reason }));
    let path = format!("/leads/{lead}/{}", change.verb());
    match daemon::ask(&group, Method::POST, &path, Some(body)).await? {
        Said::Done(shown) => {
            let word = |key: &str| shown[key].as_str().map(plain);
            let now = word("outcome").or_else(|| word("state"));
            let now = now.unwrap_or_else(|| change.done().to_owned());
            writeln!(out, "Lead {lead} is {now} now.")?;
        }
        Said::Refused(detail) => return Err(Failure::No(plain(&detail))),
        Said::NotRunning => {
            let flow = change_here(&group, change, lead, options.reason).await?;
            let now = standing(flow.stage(), flow.outcome().map(|closed| closed.outcome));
            writeln!(out, "Lead {lead} is {now} now.")?;
            let later = "No daemon is running, so this was written to the store; what must leave leaves at its next start.";
            writeln!(out, "{later}")?;
        }
    }
    Ok(())
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
