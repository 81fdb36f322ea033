//! `leadbridge lead`: the leads, looked at in the store, let go or ended by the daemon.

use std::io::Write;
use std::path::Path;

use clap::Subcommand;
use leadbridge_providers::LeadId;

use super::Failure;
use super::group::{Group, meant};
use crate::flow::shown::{Shown, Stage};
use crate::flow::{Intervention, Outcome, word};
use crate::io::store::{Filter, Reads, Record};
use change::ChangeOptions;
use list::ListOptions;

mod change;
mod list;
mod person;
mod show;

/// Among so many of the latest leads the one that was meant is looked for.
const MEANT_AMONG: usize = 200;

#[derive(Debug, Subcommand)]
pub(super) enum LeadCommand {
    /// Lists leads, the latest first
    List(ListOptions),
    /// Shows one lead with all that happened to it
    Show {
        /// The lead
        id: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Lets a held lead go: its phones ring as if it had just come in
    Release(ChangeOptions),
    /// Puts a held lead away
    Discard(ChangeOptions),
    /// Ends a lead; two who are talking are left alone
    Cancel(ChangeOptions),
    /// Forgets a person: ends what is under way and empties their leads; the figures stay
    Erase {
        /// Their number or e-mail address
        #[arg(value_name = "PHONE-OR-MAIL")]
        person: String,
    },
    /// Writes all that is kept of a person, as JSON
    Export {
        /// Their number or e-mail address
        #[arg(value_name = "PHONE-OR-MAIL")]
        person: String,
    },
}

/// Looks at leads, or changes one.
pub(super) async fn lead(
    config: &Path,
    command: LeadCommand,
    out: &mut impl Write,
) -> Result<(), Failure> {
    match command {
        LeadCommand::List(options) => list::list(config, options, out).await,
        LeadCommand::Show { id, json } => show::show(config, &id, json, out).await,
        LeadCommand::Release(options) => {
            change::change(config, Intervention::Release, options, out).await
        }
        LeadCommand::Discard(options) => {
            change::change(config, Intervention::Discard, options, out).await
        }
        LeadCommand::Cancel(options) => {
            change::change(config, Intervention::Cancel, options, out).await
        }
        LeadCommand::Erase { person } => person::forget(config, &person, out).await,
        LeadCommand::Export { person } => person::export(config, &person, out).await,
    }
}

/// A lead as shown, with what only the store knows.
fn shown(group: &Group, record: &Record) -> Shown {
    let zone = group.zone(&record.flow.facts.rooftop);
    Shown {
        source_id: record.source_id.clone(),
        joined_to: record.joined_to,
        ..record.flow.shown(&zone, &record.timeline)
    }
}

/// State or, once it is over, outcome, in one word.
fn standing(state: Stage, outcome: Option<Outcome>) -> String {
    outcome.map_or_else(|| word(state), word)
}

/// A name as typed; `None` where it cannot be one.
fn named(id: &str) -> Option<LeadId> {
    id.trim().parse().ok()
}

/// Nobody here has this name: the one that was meant, or where to find the right one.
async fn no_such_lead(reads: &Reads, id: &str) -> Result<Failure, Failure> {
    let page = reads.list(Filter::default(), None, MEANT_AMONG).await?;
    let leads = page.leads.iter().map(|record| record.flow.lead.to_string());
    let known: Vec<_> = leads.collect();
    let cure = match meant(id, known.iter().map(String::as_str)) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "`leadbridge lead list` shows those there are".to_owned(),
    };
    Ok(Failure::No(format!("there is no lead `{id}`; {cure}")))
}
