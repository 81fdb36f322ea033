//! `leadbridge lead show`: one lead, whom it rang and all that happened, in order. Ids only, nothing personal (P9); but
//! of a lead that no release can ring what was typed, for whoever rings by hand.

use std::io::{self, Write};
use std::path::Path;

use leadbridge_providers::LegId;

use super::{named, no_such_lead, shown, standing};
use crate::cli::group::Group;
use crate::cli::{Failure, table};
use crate::flow::Entry;
use crate::flow::shown::{Shown, Whole, shown_at};
use crate::flow::word;
use crate::lead::Typed;

/// Shows one lead.
pub(super) async fn show(
    config: &Path,
    id: &str,
    json: bool,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let group = Group::open(config).await?;
    let reads = group.reads()?;
    let record = match named(id) {
        Some(lead) => reads.lead(lead).await?,
        None => None,
    };
    let Some(record) = record else {
        return Err(no_such_lead(reads, id).await?);
    };
    let whole = Whole {
        shown: shown(&group, &record),
        typed: reads.typed(&record).await?,
    };
    if json {
        let whole = serde_json::to_string(&whole).map_err(io::Error::from)?;
        writeln!(out, "{whole}")?;
        return Ok(());
    }
    let lead = whole.shown;
    write_facts(out, &lead)?;
    if let Some(typed) = whole.typed {
        write_typed(out, &lead, &typed)?;
    }
    write_rings(out, &lead)?;
    let zone = group.zone(&lead.rooftop);
    let line = |entry: &Entry| line(entry, shown_at(entry.at, &zone));
    writeln!(out)?;
    table::write(out, &record.timeline.iter().map(line).collect::<Vec<_>>())?;
    Ok(())
}

fn write_facts(out: &mut impl Write, lead: &Shown) -> io::Result<()> {
    let reason = lead.held_reason.map(word).or(lead.reason.clone());
    let after = |ms: Option<i64>| ms.map(|ms| format!("after {}.{:03} s", ms / 1000, ms % 1000));
    let facts = [
        ("lead", Some(lead.lead.to_string())),
        ("source", Some(lead.source.0.clone())),
        ("source id", lead.source_id.clone()),
        ("rooftop", Some(lead.rooftop.0.clone())),
        ("state", Some(standing(lead.state, lead.outcome))),
        ("reason", reason),
        ("joined to", lead.joined_to.map(|other| other.to_string())),
        ("rang", after(lead.speeds.time_to_ring_ms)),
        ("accepted", after(lead.speeds.time_to_accept_ms)),
        ("connected", after(lead.speeds.time_to_connect_ms)),
    ];
    let known = facts
        .into_iter()
        .filter_map(|(name, fact)| Some([name.to_owned(), fact?]));
    table::write(out, &known.collect::<Vec<_>>())
}

fn write_typed(out: &mut impl Write, lead: &Shown, typed: &Typed) -> io::Result<()> {
    let id = lead.lead;
    writeln!(
        out,
        "\nIt has no number that may be rung. Ring by hand, from what was typed; then `leadbridge lead discard {id}`."
    )?;
    let rows = typed.parts().flat_map(|(name, text)| {
        let names = [name].into_iter().chain(std::iter::repeat(""));
        let lines = text.lines().zip(names);
        lines.map(|(line, name)| [name.to_owned(), line.to_owned()])
    });
    table::write(out, &rows.collect::<Vec<_>>())
}

fn write_rings(out: &mut impl Write, lead: &Shown) -> io::Result<()> {
    let reps = lead.attempts.iter().map(|attempt| {
        let rung = attempt.rung_s.map(|rung_s| format!("{rung_s} s"));
        [
            leg(attempt.leg),
            attempt.rep.0.clone(),
            attempt.round.to_string(),
            attempt.result.unwrap_or("under way").to_owned(),
            attempt.reason.map(word).unwrap_or_default(),
            rung.unwrap_or_default(),
        ]
    });
    let customer = lead.customer.iter().map(|customer| {
        [
            leg(customer.leg),
            "customer".to_owned(),
            String::new(),
            customer.result.unwrap_or("under way").to_owned(),
            customer.reason.map(word).unwrap_or_default(),
            String::new(),
        ]
    });
    let rings: Vec<_> = reps.chain(customer).collect();
    if rings.is_empty() {
        return Ok(());
    }
    let headings = ["leg", "rep", "round", "result", "reason", "rang"].map(str::to_owned);
    writeln!(out)?;
    table::write(out, &[vec![headings], rings].concat())
}

fn line(entry: &Entry, at: String) -> [String; 6] {
    [
        at,
        word(entry.what),
        entry.leg.map(leg).unwrap_or_default(),
        entry
            .rep
            .as_ref()
            .map(|rep| rep.0.clone())
            .unwrap_or_default(),
        entry.reason.clone().unwrap_or_default(),
        entry
            .by
            .map(|by| format!("by {}", word(by)))
            .unwrap_or_default(),
    ]
}

/// A leg without its lead, which stands above.
fn leg(leg: LegId) -> String {
    let name = leg.to_string();
    name.rsplit('-').next().unwrap_or(&name).to_owned()
}
