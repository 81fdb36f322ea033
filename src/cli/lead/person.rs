//! `leadbridge lead erase` and `lead export`: what a person may ask of the group by law.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use serde_json::json;

use super::shown;
use crate::cli::Failure;
use crate::cli::group::Group;
use crate::cli::peer::{Daemon, post};
use crate::flow::shown::Shown;
use crate::io::clock::Clock;
use crate::io::config;
use crate::io::daemon::open_store;
use crate::io::erase::{Erased, erase};
use crate::io::store::Written;
use crate::lead::{Lead, Person};
use crate::phone::PhoneNumber;

/// All that is kept of one lead.
#[derive(Serialize)]
struct Kept {
    #[serde(flatten)]
    shown: Shown,
    told: Option<Lead>,
    number: Option<PhoneNumber>,
    /// As it came.
    body: Option<String>,
    /// Texts and mails.
    messages: Vec<Written>,
}

/// Erases a person.
pub(super) async fn forget(config: &Path, text: &str, out: &mut impl Write) -> Result<(), Failure> {
    let group = Group::open_to_ask(config).await?;
    let person = person(&group, text)?;
    let erased = match post(&group, "persons/erase", &json!({ "person": text })).await? {
        Daemon::Done(said) => serde_json::from_value(said).map_err(io::Error::from)?,
        Daemon::Refused(detail) => return Err(Failure::No(detail)),
        Daemon::NotRunning => erase_here(&group, person).await?,
    };
    match erased.erased.len() {
        0 if erased.talking.is_empty() => return Err(Failure::No(nobody(text))),
        1 => writeln!(out, "1 lead is erased.")?,
        more => writeln!(out, "{more} leads are erased.")?,
    }
    if erased.still_read {
        let note = "Another program (a backup, a check) still reads the store as it was before; \
                    leadbridge overwrites what was erased once that one has ended.";
        writeln!(out, "{note}")?;
    }
    if erased.talking.is_empty() {
        return Ok(());
    }
    let talking: Vec<_> = erased.talking.iter().map(ToString::to_string).collect();
    let talking = talking.join(", ");
    Err(Failure::No(format!(
        "two people are on the phone about {talking}; erase again when they have hung up"
    )))
}

/// Writes all that is kept of a person, as JSON.
pub(super) async fn export(config: &Path, text: &str, out: &mut impl Write) -> Result<(), Failure> {
    let group = Group::open(config).await?;
    let (reads, person) = (group.reads()?, person(&group, text)?);
    let mut kept = Vec::new();
    for lead in reads.leads_of(person).await? {
        if let Some(record) = reads.lead(lead).await? {
            let body = reads.raw(lead).await?;
            let body = body.map(|raw| String::from_utf8_lossy(&raw.body).into_owned());
            let messages = reads.messages_of(lead).await?;
            kept.push(Kept {
                shown: shown(&group, &record),
                told: record.told,
                number: record.phone,
                body,
                messages,
            });
        }
    }
    if kept.is_empty() {
        return Err(Failure::No(nobody(text)));
    }
    let json = serde_json::to_string_pretty(&kept).map_err(io::Error::from)?;
    writeln!(out, "{json}")?;
    Ok(())
}

async fn erase_here(group: &Group, person: Person) -> Result<Erased, Failure> {
    let store = open_store(&group.settings, |_| {}).await?;
    let rules = Arc::new(config::load_rules(&group.settings, store.hash_key())?.value);
    let now = Clock::start().now();
    let step = |lead, event| store.step(lead, event, None, rules.clone(), now);
    Ok(erase(&store, person, step).await?)
}

fn person(group: &Group, text: &str) -> Result<Person, Failure> {
    let country = group.rules.as_ref().map(|rules| rules.country.as_str());
    // A number in full needs no country.
    Person::parse(text, country.unwrap_or("BE")).map_err(|error| Failure::No(error.to_string()))
}

fn nobody(text: &str) -> String {
    format!("there is no lead of `{text}`")
}
