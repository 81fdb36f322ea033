//! `leadbridge plan`: who would be rung for a lead, when each phone would start, and why not the others.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::Failure;
use super::group::{Group, unknown};
use super::table;
use crate::desk::Desk;
use crate::flow::shown::shown_at;
use crate::intake::{self, Format};
use crate::io::clock::Clock;
use crate::lead::Lead;
use crate::rotation::{AfterHours, RepId, Rooftop, RooftopId, Rules};
use foreseen::{Foreseen, foresee};

mod foreseen;

/// Which plan.
#[derive(Debug, clap::Args)]
pub(super) struct PlanOptions {
    /// For which rooftop, by its id in rotation.toml
    #[arg(long, value_name = "ID")]
    rooftop: String,
    /// At which time, such as 2026-11-23T10:00:00+01:00; now unless said
    #[arg(long, value_name = "RFC3339")]
    at: Option<Timestamp>,
    /// For this lead: it may ask for a rep, or be one that is held
    #[arg(long, value_name = "FILE")]
    lead: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Foresees the first round of a lead.
pub(super) async fn plan(
    config: &Path,
    options: PlanOptions,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let group = Group::open(config).await?;
    let desk = match &group.reads {
        Some(reads) => reads.desk().await?,
        None => Desk::default(),
    };
    let rules = group.rules?;
    let rooftop = rooftop(&rules, &options.rooftop)?;
    let lead = options.lead.as_deref();
    let lead = lead.map(|file| read_lead(file, rooftop.hours.zone()));
    let at = options.at.unwrap_or_else(|| Clock::start().now());
    let foreseen = foresee(&rules, rooftop, desk, &group.key, lead.transpose()?, at)?;
    if options.json {
        write_json(out, rooftop, &foreseen)?;
    } else {
        write_text(out, &rules, rooftop, &foreseen)?;
    }
    Ok(())
}

fn rooftop<'r>(rules: &'r Rules, id: &str) -> Result<&'r Rooftop, Failure> {
    let known = rules.rooftops.keys().map(|known| known.0.as_str());
    rules
        .rooftops
        .get(&RooftopId(id.to_owned()))
        .ok_or_else(|| unknown("rooftop", id, known))
}

/// A lead in whichever format it looks like.
fn read_lead(file: &Path, zone: &TimeZone) -> Result<Lead, Failure> {
    let cannot = |error: &dyn std::fmt::Display| {
        Failure::No(format!("{} cannot be read: {error}", file.display()))
    };
    let body = std::fs::read(file).map_err(|error| cannot(&error))?;
    let text = String::from_utf8_lossy(&body).to_lowercase();
    let format = match text.trim_start_matches('\u{feff}').trim_start() {
        text if text.starts_with(['{', '[']) => Format::Json,
        text if text.contains("<adf") || text.starts_with('<') => Format::Adf,
        _ => Format::Form,
    };
    intake::read(format, &body, zone).map_err(|error| cannot(&error))
}

/// `plan --json` of INTERFACE, with the time at which it starts.
#[derive(Serialize)]
struct Shown<'a> {
    rooftop: &'a RooftopId,
    at: String,
    open: bool,
    starts_at: Option<String>,
    steps: Vec<ShownStep<'a>>,
    not: Vec<ShownNot<'a>>,
}

#[derive(Serialize)]
struct ShownStep<'a> {
    after_s: u32,
    rep: &'a RepId,
    why: &'a str,
}

#[derive(Serialize)]
struct ShownNot<'a> {
    rep: &'a RepId,
    why: &'a str,
}

fn write_json(out: &mut impl Write, rooftop: &Rooftop, foreseen: &Foreseen) -> io::Result<()> {
    let zone = rooftop.hours.zone();
    let rings = foreseen.rings.iter();
    let not = foreseen.not.iter();
    let shown = Shown {
        rooftop: &rooftop.id,
        at: shown_at(foreseen.at, zone),
        open: foreseen.open,
        starts_at: foreseen.starts_at.map(|at| shown_at(at, zone)),
        steps: rings
            .map(|ring| ShownStep {
                after_s: ring.after_s,
                rep: &ring.rep,
                why: &ring.why,
            })
            .collect(),
        not: not.map(|(rep, why)| ShownNot { rep, why }).collect(),
    };
    writeln!(out, "{}", serde_json::to_string(&shown)?)
}

fn write_text(
    out: &mut impl Write,
    rules: &Rules,
    rooftop: &Rooftop,
    foreseen: &Foreseen,
) -> io::Result<()> {
    let name = |rep: &RepId| {
        rules
            .reps
            .get(rep)
            .map_or("", |rep| rep.name.as_str())
            .to_owned()
    };
    let cells = |row: [&str; 4]| row.map(str::to_owned);
    writeln!(out, "{}: {}", rooftop.name, opening(rooftop, foreseen))?;
    if foreseen.stranger {
        writeln!(
            out,
            "The lead asks for somebody whom nobody here knows: the rotation chooses."
        )?;
    }
    if foreseen.starts_at.is_none() {
        return Ok(());
    }
    let rings = foreseen.rings.iter().map(|ring| {
        let after = format!("{:>3} s", ring.after_s);
        [after, ring.rep.0.clone(), name(&ring.rep), ring.why.clone()]
    });
    let headings = cells(["after", "rep", "name", "why"]);
    writeln!(out)?;
    table::write(out, &[vec![headings], rings.collect()].concat())?;
    if foreseen.not.is_empty() {
        return Ok(());
    }
    let not = foreseen.not.iter();
    let not = not.map(|(rep, why)| [rep.0.clone(), name(rep), why.clone()]);
    let headings = ["not", "name", "why"].map(str::to_owned);
    writeln!(out)?;
    table::write(out, &[vec![headings], not.collect()].concat())
}

/// Whether it is open, and when the first phone rings.
fn opening(rooftop: &Rooftop, foreseen: &Foreseen) -> String {
    let moment = |at: Timestamp| {
        let at = at.to_zoned(rooftop.hours.zone().clone());
        at.strftime("%A %-d %B %Y, %H:%M").to_string()
    };
    let now = moment(foreseen.at);
    let Some(starts_at) = foreseen.starts_at else {
        let standing = if foreseen.open { "open" } else { "closed" };
        return format!(
            "{standing} on {now}, and within a year no hour comes at which anybody may be rung. \
             `leadbridge check` shows which hours never open."
        );
    };
    let waits = starts_at > foreseen.at;
    let then = moment(starts_at);
    let late = "customers are not rung at this hour";
    match (foreseen.open, rooftop.after_hours) {
        (true, _) if waits => format!("open on {now}, but {late}. A lead waits until {then}."),
        (true, _) => format!("open on {now}. The first phone rings at once."),
        (false, AfterHours::Wait) => format!("closed on {now}. A lead waits until {then}."),
        (false, AfterHours::Duty | AfterHours::Owner) if waits => {
            format!("closed on {now}, and {late}. A lead waits until {then}.")
        }
        (false, AfterHours::Duty) => format!("closed on {now}. Who is on duty is rung at once."),
        (false, AfterHours::Owner) => format!("closed on {now}. The owner is rung at once."),
    }
}
