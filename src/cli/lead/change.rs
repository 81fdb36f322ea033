//! `leadbridge lead release`, `discard` and `cancel`: asked of the daemon. Where none runs the store's lock is
//! taken and the flow stepped here; what must leave waits in the outbox for the next start.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use leadbridge_providers::LeadId;
use serde_json::json;

use super::{named, no_such_lead, standing};
use crate::cli::Failure;
use crate::cli::group::{Group, no_store};
use crate::cli::peer::{Daemon, post};
use crate::cli::table::plain;
use crate::flow::{Flow, Intervention};
use crate::io::clock::Clock;
use crate::io::config;
use crate::io::daemon::open_store;
use crate::io::store::Stepped;

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
    change: Intervention,
    options: ChangeOptions,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let group = Group::open_to_ask(config).await?;
    let Some(lead) = named(&options.id) else {
        return Err(no_such_lead(group.reads()?, &options.id).await?);
    };
    let body = options.reason.as_ref();
    let body = body.map_or(json!({}), |reason| json!({ "reason": reason }));
    match post(&group, &format!("leads/{lead}/{}", change.name()), &body).await? {
        Daemon::Done(shown) => {
            let word = |key: &str| shown[key].as_str().map(plain);
            let now = word("outcome").or_else(|| word("state"));
            let now = now.unwrap_or_else(|| change.done().to_owned());
            writeln!(out, "Lead {lead} is {now} now.")?;
        }
        Daemon::Refused(detail) => return Err(Failure::No(detail)),
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

async fn change_here(
    group: &Group,
    change: Intervention,
    lead: LeadId,
    reason: Option<String>,
) -> Result<Flow, Failure> {
    let settings = &group.settings;
    let reads = group.reads.as_ref().ok_or_else(|| no_store(settings))?;
    let store = open_store(settings, |_| {}).await?;
    let rules = Arc::new(config::load_rules(settings, store.hash_key())?.value);
    let event = change.event(reason);
    let stepped = store.step(lead, event, None, rules, Clock::start().now());
    let Some(stepped) = stepped.await? else {
        return Err(no_such_lead(reads, &lead.to_string()).await?);
    };
    let Stepped { before, flow, .. } = stepped;
    if change.was_done(&before, &flow) {
        return Ok(flow);
    }
    let now = standing(flow.stage(), flow.outcome().map(|closed| closed.outcome));
    let cure = change.refusal(&before, &flow);
    Err(Failure::No(format!("lead {lead} is {now}: {cure}")))
}
