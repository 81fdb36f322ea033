//! `leadbridge lead list`: a table, or the same JSON as `GET /api/v1/leads`.

use std::io::{self, Write};
use std::path::Path;

use jiff::Timestamp;
use leadbridge_providers::LeadId;
use serde::Serialize;

use super::{shown, standing};
use crate::cli::group::Group;
use crate::cli::{Failure, table, tell};
use crate::flow::shown::{Shown, Stage};
use crate::flow::word;
use crate::io::store::Filter;
use crate::rotation::{RooftopId, SourceId};

/// Which leads.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ListOptions {
    /// In this state only, such as held or closed
    #[arg(long, value_parser = state)]
    state: Option<Stage>,
    /// From this source only
    #[arg(long, value_name = "ID")]
    source: Option<String>,
    /// For this rooftop only
    #[arg(long, value_name = "ID")]
    rooftop: Option<String>,
    /// Received then or later, such as 2026-11-23T10:00:00+01:00
    #[arg(long, value_name = "RFC3339")]
    since: Option<Timestamp>,
    /// So many at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// As JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Listed {
    leads: Vec<Shown>,
    next: Option<LeadId>,
}

/// Lists leads, the latest first.
pub(super) async fn list(
    config: &Path,
    options: ListOptions,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let group = Group::open(config).await?;
    let filter = Filter {
        state: options.state,
        source: options.source.map(SourceId),
        rooftop: options.rooftop.map(RooftopId),
        since: options.since,
    };
    let page = group.reads()?.list(filter, None, options.limit).await?;
    let without_timeline = |lead| Shown {
        timeline: Vec::new(),
        ..lead
    };
    let leads = page
        .leads
        .iter()
        .map(|record| without_timeline(shown(&group, record)));
    let listed = Listed {
        leads: leads.collect(),
        next: page.next,
    };
    if options.json {
        writeln!(
            out,
            "{}",
            serde_json::to_string(&listed).map_err(io::Error::from)?
        )?;
    } else {
        write_table(out, &listed.leads)?;
        if listed.next.is_some() {
            tell("There are more: raise --limit, or say --since, --state, --source or --rooftop.");
        }
    }
    Ok(())
}

fn state(text: &str) -> Result<Stage, String> {
    let mut states = Stage::OPEN.into_iter().chain([Stage::Closed]);
    let named = states.clone().find(|state| word(state) == text);
    named.ok_or_else(|| {
        let words: Vec<_> = states.by_ref().map(word).collect();
        format!("one of: {}", words.join(", "))
    })
}

fn write_table(out: &mut impl Write, leads: &[Shown]) -> io::Result<()> {
    let headings = ["received", "lead", "rooftop", "source", "state", "reason"];
    let rows = leads.iter().map(|lead| {
        [
            lead.marks.get("t1").cloned().unwrap_or_default(),
            lead.lead.to_string(),
            lead.rooftop.0.clone(),
            lead.source.0.clone(),
            standing(lead.state, lead.outcome),
            lead.held_reason
                .map(word)
                .or(lead.reason.clone())
                .unwrap_or_default(),
        ]
    });
    table::write(
        out,
        &[vec![headings.map(str::to_owned)], rows.collect()].concat(),
    )
}
