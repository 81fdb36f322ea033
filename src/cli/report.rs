//! `leadbridge report`: the figures of a period, as a table for the terminal, a sheet or JSON. The store is only read,
//! beside the daemon that has it.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;

use super::Failure;
use super::group::Group;
use crate::io::clock::Clock;
use crate::report::{By, Period, Report};
use table::Look;

mod table;

/// Which figures, and how.
#[derive(Debug, clap::Args)]
pub(super) struct ReportOptions {
    /// The first day, such as 2026-11-01; thirty days before the last one unless said
    #[arg(long, value_name = "DAY")]
    from: Option<String>,
    /// The last day, such as 2026-11-30; today unless said
    #[arg(long, value_name = "DAY")]
    to: Option<String>,
    /// What leads are grouped by: source, rep or rooftop
    #[arg(long, value_name = "GROUP", default_value = "source", value_parser = By::named)]
    by: By,
    /// table, csv or json
    #[arg(long, value_name = "FORMAT", default_value = "table", value_parser = ["table", "csv", "json"])]
    format: String,
}

/// Counts and shows.
pub(super) async fn report(
    config: &Path,
    options: ReportOptions,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let group = Group::open(config).await?;
    let reads = group.reads()?.clone();
    let rules = Arc::new(group.rules?);
    let (from, to) = (options.from.as_deref(), options.to.as_deref());
    let now = Clock::start().now();
    let period = Period::read(from, to, &rules.measure.zone, now).map_err(Failure::No)?;
    let report = reads.report(options.by, period, rules).await?;
    match options.format.as_str() {
        "csv" => write!(out, "{}", report.csv())?,
        "json" => writeln!(out, "{}", json(&report)?)?,
        _ => write!(out, "{}", table::text(&report, look()))?,
    }
    Ok(())
}

fn json(report: &Report) -> io::Result<String> {
    serde_json::to_string(report).map_err(io::Error::from)
}

/// What the terminal can show: bars of blocks where its locale is UTF-8, colour where somebody looks at it.
fn look() -> Look {
    let set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find(set);
    let locale = locale.and_then(|name| std::env::var(name).ok());
    let locale = locale.unwrap_or_default().to_lowercase();
    Look {
        unicode: locale.contains("utf-8") || locale.contains("utf8"),
        colour: io::stdout().is_terminal() && !set(&"NO_COLOR"),
    }
}
