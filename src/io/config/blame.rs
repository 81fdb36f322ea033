//! What only others can tell is wrong in a file that reads well: a caller id that its carrier does not know.

use crate::rotation::RooftopId;

use super::findings::Findings;
use super::report::Report;
use super::section::Section;
use super::settings::Settings;

/// Reports these rooftops' caller ids where they stand in `rotation.toml`.
pub fn caller_ids_refused(settings: &Settings, rooftops: &[RooftopId]) -> Vec<Report> {
    let findings = Findings::open(&settings.files.rotation);
    if let Some(tree) = findings.tree() {
        let parts = Section::root(&tree, &findings).sections("rooftop");
        parts.into_iter().for_each(|part| refuse(part, rooftops));
    }
    findings.finish(None::<()>).err().unwrap_or_default()
}

fn refuse(mut part: Section<'_>, rooftops: &[RooftopId]) {
    let id = part.text("id");
    let is_refused = |id: &str| rooftops.iter().any(|refused| refused.0 == id);
    if !id.is_some_and(|id| is_refused(id.get_ref())) {
        return;
    }
    if let Some(caller_id) = part.text("caller_id") {
        let title = format!(
            "the carrier does not let this account show {}",
            caller_id.get_ref()
        );
        let cure = "rent this number at the carrier or have it verified there as a caller id, or write one that is";
        part.findings().error(caller_id.span(), title, cure);
    }
}
