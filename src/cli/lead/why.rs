//! `leadbridge lead why`: what became of a lead, in a manager's words and the group's language.

use std::io::Write;
use std::path::Path;

use super::{named, no_such_lead};
use crate::cli::Failure;
use crate::cli::group::Group;
use crate::phrases::Phrases;
use crate::why::Why;

/// Says it.
pub(super) async fn why(config: &Path, id: &str, out: &mut impl Write) -> Result<(), Failure> {
    let group = Group::open(config).await?;
    let reads = group.reads()?.clone();
    let record = match named(id) {
        Some(lead) => reads.lead(lead).await?,
        None => None,
    };
    let Some(record) = record else {
        return Err(no_such_lead(&reads, id).await?);
    };
    let rules = group.rules?;
    let why = Why {
        phrases: &Phrases::shipped(),
        language: rules.language,
        rules: &rules,
    };
    writeln!(
        out,
        "{}",
        crate::cli::table::plain(&why.of(&record.flow, &record.timeline))
    )?;
    Ok(())
}
