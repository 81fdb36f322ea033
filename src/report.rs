//! The figures: how many leads were called, how fast, how often, by whom, and what came of it. Pure: leads go in one
//! by one, [`Report`] comes out.
//!
//! What counts as what:
//! - A lead belongs to the day of its t1 by the group's clock. Tests are left out, and how many is said.
//! - A lead is *called* once the carrier has accepted a rep's ring; *attempts* are the rings that it accepted.
//! - *Contact* is the outcome `connected` and nothing else: not a text, not a voicemail, not a call that was picked up
//!   and never confirmed.
//! - A lead that *joined* another has no calls of its own; it counts with the other's outcome.
//! - Speeds are those of the lead as shown (INTERFACE), by the wall clock and by the rooftop's: there only time in which
//!   it was open counts, by the hours now in force. Medians and 90th percentiles are nearest-rank: the smallest value
//!   that half (nine tenths) of all do not exceed, never one that nobody had.
//! - By rep, a lead counts with every rep whose phone the carrier rang for it, or refused to. Its ring counts with the
//!   rep who was rung first, its speeds from the accept key on and its outcome with the one who took it,
//!   `nobody-accepted` with all of them.
//!
//! `report/lead.rs` one lead, `report/figures.rs` one group of leads, `report/speed.rs` medians, `report/contact.rs` the
//! contact curve, `report/open_time.rs` the business clock, `report/period.rs` which days, `report/csv.rs` a sheet,
//! `report/words.rs` figures as people read them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::flow::word;

mod contact;
mod csv;
mod figures;
mod lead;
mod open_time;
mod period;
mod speed;
mod words;

pub use contact::{Bucket, Contact, Share, wilson};
pub use figures::{Figures, Held, Line};
pub use lead::{LeadFigures, Ring};
pub use open_time::OpenTimes;
pub use period::Period;
pub use speed::{Quantiles, Speed};
pub use words::{lasting, listed};

/// What leads are grouped by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// Where they came from.
    #[default]
    Source,
    /// Whose phones rang.
    Rep,
    /// Where they went.
    Rooftop,
}

/// The figures of a period.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Which days.
    pub period: Period,
    /// What the rows are.
    pub by: By,
    /// One per group that has a lead, by name.
    pub rows: Vec<Row>,
    /// All leads, each once.
    pub total: Figures,
    /// Test leads, which count nowhere else.
    pub tests_left_out: u64,
    /// How contact depends on how soon the first call was.
    pub contact: Contact,
    /// What the dealer's system told of.
    pub conversions: Conversions,
}

/// The figures of one group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The id of the source, rep or rooftop.
    pub name: String,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// Leads that became customers, beside the share that the group wants.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Conversions {
    /// `n` is all leads; without a single conversion told, nothing is known and `n` is 0.
    pub share: Share,
    /// `target_percent` of rotation.toml.
    pub target_percent: u32,
}

/// A report while its leads come in.
#[derive(Debug)]
pub struct Draft {
    by: By,
    rows: BTreeMap<String, figures::Tally>,
    total: figures::Tally,
    contact: Contact,
    tests: u64,
}

impl Report {
    /// The figures of these leads.
    pub fn of(
        leads: impl IntoIterator<Item = LeadFigures>,
        by: By,
        period: Period,
        target_percent: u32,
    ) -> Report {
        let mut draft = Draft::new(by);
        leads.into_iter().for_each(|lead| draft.add(&lead));
        draft.finish(period, target_percent)
    }
}

impl Draft {
    /// Without a lead so far.
    pub fn new(by: By) -> Draft {
        Draft {
            by,
            rows: BTreeMap::new(),
            total: figures::Tally::default(),
            contact: Contact::default(),
            tests: 0,
        }
    }

    /// Counts one lead.
    pub fn add(&mut self, lead: &LeadFigures) {
        if lead.test {
            self.tests += 1;
            return;
        }
        self.total.add(lead, None);
        self.contact.add(lead);
        match self.by {
            By::Source => self.row(&lead.source.0).add(lead, None),
            By::Rooftop => self.row(&lead.rooftop.0).add(lead, None),
            By::Rep => {
                for rep in lead.reps() {
                    self.row(&rep.0).add(lead, Some(rep));
                }
            }
        }
    }

    /// All leads are in.
    pub fn finish(self, period: Period, target_percent: u32) -> Report {
        let total = self.total.finish();
        let known = if total.converted > 0 { total.leads } else { 0 };
        let rows = self.rows.into_iter().map(|(name, tally)| Row {
            name,
            figures: tally.finish(),
        });
        Report {
            period,
            by: self.by,
            rows: rows.collect(),
            tests_left_out: self.tests,
            contact: self.contact,
            conversions: Conversions {
                share: Share::of(total.converted, known),
                target_percent,
            },
            total,
        }
    }

    fn row(&mut self, name: &str) -> &mut figures::Tally {
        if !self.rows.contains_key(name) {
            self.rows.insert(name.to_owned(), figures::Tally::default());
        }
        self.rows.get_mut(name).expect("it was put there")
    }
}

impl By {
    /// All there are.
    pub const ALL: [By; 3] = [By::Source, By::Rep, By::Rooftop];

    /// The one of this name; else the sentence that says which there are.
    pub fn named(name: &str) -> Result<By, String> {
        let found = By::ALL.into_iter().find(|by| word(by) == name);
        found.ok_or_else(|| {
            format!("`{name}` is no way to group leads; write source, rep or rooftop")
        })
    }

    /// Whether leads are counted once per rep.
    pub fn is_rep(self) -> bool {
        self == By::Rep
    }
}
