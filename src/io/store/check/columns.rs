//! One row by itself: its JSON can be read, and the columns that repeat it to be searched are equal to it.

use std::collections::BTreeMap;

use leadbridge_providers::{LeadId, LegId};
use serde::de::DeserializeOwned;

use crate::desk::{Number, Phone};
use crate::flow::shown::Stage;
use crate::flow::{Command, Entry, Flow};
use crate::io::store::MessageState;
use crate::io::store::db::{Row, Value};
use crate::io::store::rows::{nanoseconds, searched};
use crate::io::store::walk::{Key, Table};
use crate::lead::Lead;
use crate::message::Way;
use crate::phone::PhoneNumber;

const UNREADABLE: &str = "cannot be read";
const UNEQUAL: &str = "have a column that does not repeat what they hold";
const ENDLESS: &str = "are open without a deadline, so that they never end";

/// What is wrong with rows of one table: how many, and the key of the first.
#[derive(Default)]
pub(super) struct Wrong(BTreeMap<&'static str, (u64, String)>);

impl Wrong {
    /// Looks at one row.
    pub(super) fn look_at(&mut self, table: &Table, key: &Key, row: &Row) {
        let cells = Cells { table, row };
        if let Some(what) = cells.are_wrong() {
            let found = self.0.entry(what).or_insert_with(|| (0, shown(key)));
            found.0 += 1;
        }
    }

    /// A sentence for each kind of mistake.
    pub(super) fn sentences(self, table: &Table) -> Vec<String> {
        let name = &table.name;
        let wrong = self.0.into_iter();
        wrong
            .map(|(what, (count, key))| {
                format!("{count} rows of {name} {what}; the first is {key}")
            })
            .collect()
    }
}

/// A row with the names of its columns.
struct Cells<'a> {
    table: &'a Table,
    row: &'a Row,
}

impl Cells<'_> {
    fn are_wrong(&self) -> Option<&'static str> {
        let checked = match self.table.name.as_str() {
            "flow" => self.flow(),
            "lead" => self.lead(),
            "timeline" => self.json::<Vec<Entry>>("entries").map(|_| None),
            "desk" => self.desk(),
            "number" => self.json::<Number>("number_row").map(|_| None),
            "outbox" => self.json::<Command>("command").map(|_| None),
            "call" => self.parsed::<LegId>("leg").map(|_| None),
            "message" => self.message(),
            "wake" => self.wake(),
            "conversion" => self.parsed::<LeadId>("lead").map(|_| None),
            _ => Some(None),
        };
        checked.unwrap_or(Some(UNREADABLE))
    }

    /// Here and below: `None` for what can't be read.
    fn flow(&self) -> Option<Option<&'static str>> {
        let flow: Flow = self.json("flow")?;
        let repeated = ["number", "due", "open", "t1", "stage", "source", "rooftop"];
        let repeats =
            |(name, value): (&&str, Value)| self.table.column(self.row, name) == Some(&value);
        let is_equal = repeated.iter().zip(searched(&flow)).all(repeats);
        Some(
            if !is_equal || self.parsed::<LeadId>("lead")? != flow.lead {
                Some(UNEQUAL)
            } else if flow.deadline().is_none()
                && !matches!(flow.stage(), Stage::Closed | Stage::Held)
            {
                Some(ENDLESS)
            } else {
                None
            },
        )
    }

    fn lead(&self) -> Option<Option<&'static str>> {
        self.parsed::<LeadId>("id")?;
        if let Some(phone) = self.text("phone") {
            PhoneNumber::try_from(phone.to_owned()).ok()?;
        }
        if self.text("told").is_none() {
            // Nobody could read it, or it is erased.
            return Some(self.text("mail").map(|_| UNEQUAL));
        }
        let told: Lead = self.json("told")?;
        let mail = told.email.map(|mail| mail.to_lowercase());
        let is_equal = mail == self.text("mail").map(str::to_lowercase)
            && told.id.as_deref() == self.text("source_id");
        Some((!is_equal).then_some(UNEQUAL))
    }

    fn desk(&self) -> Option<Option<&'static str>> {
        let phone: Phone = self.json("phone_row")?;
        let due = Value::from(phone.due().map(nanoseconds));
        let is_equal = self.table.column(self.row, "due") == Some(&due);
        Some((!is_equal).then_some(UNEQUAL))
    }

    fn message(&self) -> Option<Option<&'static str>> {
        self.word::<MessageState>("state")?;
        self.word::<Way>("way")?;
        Some(None)
    }

    fn wake(&self) -> Option<Option<&'static str>> {
        self.parsed::<LeadId>("lead")?;
        if self.text("cause") != Some("") {
            self.parsed::<LeadId>("cause")?;
        }
        Some(None)
    }

    fn text(&self, name: &str) -> Option<&str> {
        match self.table.column(self.row, name) {
            Some(Value::Text(text)) => Some(text),
            Some(Value::Null | Value::Int(_) | Value::Bytes(_)) | None => None,
        }
    }

    fn json<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.text(name)?).ok()
    }

    fn word<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_str(&format!("\"{}\"", self.text(name)?)).ok()
    }

    fn parsed<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.text(name)?.parse().ok()
    }
}

/// A key as it is told. Phones are keyed hashes; nothing personal is a key.
fn shown(key: &Key) -> String {
    let parts = key.iter().map(|value| match value {
        Value::Text(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        Value::Null | Value::Bytes(_) => String::new(),
    });
    parts.collect::<Vec<_>>().join(" ")
}
