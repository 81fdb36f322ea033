//! Hours that read well and hardly mean what their writer meant. What they come to depends on the day, so they are
//! looked at apart from the reading, and stop nobody.

use jiff::Timestamp;

use super::findings::Findings;
use super::report::Report;
use super::section::Section;
use super::settings::Settings;
use crate::hours::Hours;
use crate::rotation::{RepId, RooftopId, Rules};

/// Reports doubtful hours where they stand in `rotation.toml`, which says these rules.
pub fn doubtful_hours(settings: &Settings, rules: &Rules, now: Timestamp) -> Vec<Report> {
    let findings = Findings::open(&settings.files.rotation);
    if let Some(tree) = findings.tree() {
        let file = &mut Section::root(&tree, &findings);
        doubt_the_groups(file, rules, now);
        for part in &mut file.sections("rep") {
            let rep = id(part).and_then(|id| rules.reps.get(&RepId(id)));
            if let Some(hours) = rep.and_then(|rep| rep.hours.as_ref()) {
                doubt(part, "hours", hours, now);
            }
        }
        for part in &mut file.sections("rooftop") {
            let rooftop = id(part).and_then(|id| rules.rooftops.get(&RooftopId(id)));
            if let Some(rooftop) = rooftop {
                doubt(part, "hours", &rooftop.hours, now);
                doubt(part, "customer_hours", &rooftop.customer_hours, now);
            }
        }
    }
    findings.finish(None::<()>).err().unwrap_or_default()
}

fn id(part: &mut Section<'_>) -> Option<String> {
    part.text("id").map(|id| (*id.get_ref()).to_owned())
}

fn doubt_the_groups(file: &mut Section<'_>, rules: &Rules, now: Timestamp) {
    let Some(mut group) = file.section("group") else {
        return;
    };
    let zone = rules.measure.zone.iana_name().unwrap_or("UTC");
    let hours = group.text("customer_hours");
    let hours = hours.and_then(|text| Hours::parse(text.get_ref(), zone, &rules.country).ok());
    if let Some(hours) = hours {
        doubt(&mut group, "customer_hours", &hours, now);
    }
}

/// A part that says nothing of its hours has another's, which are told there.
fn doubt(part: &mut Section<'_>, key: &'static str, hours: &Hours, now: Timestamp) {
    if let Some(text) = part.text(key) {
        for (title, cure) in hours.doubts(now) {
            part.findings().warning(text.span(), title, cure);
        }
    }
}
