//! ADF/XML 1.0, read the way real feeds write it: junk and headers before the XML, declarations in the wrong
//! order, upper-case names, tags that don't match, parts missing. The elements are told apart by the section they
//! stand in, and whatever is unknown is passed over. A DOCTYPE is skipped and no entity but XML's own five and
//! numbers is replaced, so nothing is loaded and nothing grows.
//!
//! One prospect is one lead, and one request is one lead: a document with several is left to a person, since of
//! all but one nobody would ever hear.

use jiff::tz::TimeZone;
use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::Unreadable;
use crate::lead::Lead;

mod draft;

use draft::Draft;

/// ADF itself is nine levels deep.
const DEPTH_MAX: usize = 64;

/// The element that is one lead.
const PROSPECT: &str = "prospect";

/// What an ADF document may begin with; all before the first of them is junk.
const BEGINNINGS: [&str; 4] = ["<?xml", "<?adf", "<adf", "<prospect"];

/// The attributes that say something.
const ATTRIBUTES: [&str; 5] = ["part", "type", "preferredcontact", "interest", "status"];

pub(super) fn read(text: &str, zone: &TimeZone) -> Result<Lead, Unreadable> {
    let start = beginning(text).ok_or_else(|| no_adf(text))?;
    let mut reader = Reader::from_str(&text[start..]);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut reading = Reading::default();
    while reading.depth() <= DEPTH_MAX {
        match reader.read_event() {
            Ok(Event::Eof) => return reading.cut_short(zone, text, text.len()),
            Ok(event) => reading.take(event),
            Err(_) => {
                let at = start + broken_at(&reader);
                return match reading.prospects > 0 && names_another(text, at) {
                    true => Err(several()),
                    false => reading.cut_short(zone, text, at),
                };
            }
        }
        if reading.over {
            return match reading.prospects > 1 || another_follows(reader, text, start) {
                true => Err(several()),
                false => Ok(reading.draft.lead(zone)),
            };
        }
    }
    Err(Unreadable(format!(
        "the XML is nested more than {DEPTH_MAX} deep; ADF is nine levels deep"
    )))
}

fn beginning(text: &str) -> Option<usize> {
    let lower = text.to_ascii_lowercase();
    BEGINNINGS
        .iter()
        .filter_map(|beginning| lower.find(beginning))
        .min()
}

fn no_adf(text: &str) -> Unreadable {
    let cure = match text.trim_start().chars().next() {
        None => "it is empty",
        Some('{') => "it looks like JSON: set `format = \"json\"` for this source",
        Some('<') => "it is XML or HTML of another kind: send the <adf> document itself",
        Some(_) => "send the <adf> document itself, not encoded",
    };
    Unreadable(format!("the body has no <adf> in it; {cure}"))
}

fn several() -> Unreadable {
    Unreadable(
        "the XML has more than one <prospect>; send one lead per request: one <prospect>, in one <adf>"
            .to_owned(),
    )
}

/// Whether another prospect begins behind the first.
fn another_follows(mut reader: Reader<&[u8]>, text: &str, start: usize) -> bool {
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag) | Event::Empty(tag)) if name_of(&tag) == PROSPECT => return true,
            Ok(Event::Eof) => return false,
            Ok(_) => {}
            Err(_) => return names_another(text, start + broken_at(&reader)),
        }
    }
}

/// The same of what can't be read any more.
fn names_another(text: &str, at: usize) -> bool {
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    let rest = String::from_utf8_lossy(rest).to_ascii_lowercase();
    rest.contains(&format!("<{PROSPECT}"))
}

fn name_of(tag: &BytesStart<'_>) -> String {
    tag.local_name().as_ref().to_lowercase()
}

fn broken_at(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.error_position()).unwrap_or_default()
}

/// An element that is open: its name in lower case without prefix, its attributes, and its own text so far.
#[derive(Default)]
struct Element {
    name: String,
    attributes: Vec<(&'static str, String)>,
    text: String,
}

impl Element {
    fn attribute(&self, name: &str) -> &str {
        let found = self.attributes.iter().find(|(key, _)| *key == name);
        found.map_or("", |(_, value)| value)
    }
}

/// How far the reading has come.
#[derive(Default)]
struct Reading {
    open: Vec<Element>,
    draft: Draft,
    /// Whether anything of a prospect was seen.
    begun: bool,
    /// How many have begun: one that isn't closed holds the next.
    prospects: usize,
    /// Whether the first prospect is over.
    over: bool,
}

impl Reading {
    fn depth(&self) -> usize {
        self.open.len()
    }

    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.enter(&tag),
            Event::Empty(tag) => {
                self.enter(&tag);
                self.leave();
            }
            Event::End(tag) => self.leave_all(&tag.local_name().as_ref().to_lowercase()),
            Event::Text(text) => self.write(&text),
            Event::CData(text) => self.write(&text),
            Event::GeneralRef(reference) => self.write(&resolved(&reference)),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Eof => {}
        }
    }

    fn enter(&mut self, tag: &BytesStart<'_>) {
        let name = name_of(tag);
        self.begun |= matches!(name.as_str(), "adf" | PROSPECT);
        self.prospects += usize::from(name == PROSPECT);
        let attributes = attributes_of(tag);
        self.open.push(Element {
            name,
            attributes,
            text: String::new(),
        });
    }

    /// Closes the nearest element of this name and all that were left open in it; a stray end closes nothing.
    fn leave_all(&mut self, name: &str) {
        if let Some(depth) = self.open.iter().rposition(|element| element.name == name) {
            while self.open.len() > depth {
                self.leave();
            }
        }
    }

    fn leave(&mut self) {
        if let Some(element) = self.open.pop() {
            self.over |= element.name == PROSPECT;
            let within: Vec<&str> = self.open.iter().map(|outer| outer.name.as_str()).collect();
            self.draft.take(&element, &within);
        }
    }

    fn write(&mut self, text: &str) {
        if let Some(element) = self.open.last_mut() {
            element.text.push_str(text);
        }
    }

    /// The document ends or breaks before the prospect is over: enough if the customer can be reached. What is
    /// still open is left out, since half a number is none.
    fn cut_short(self, zone: &TimeZone, text: &str, at: usize) -> Result<Lead, Unreadable> {
        if self.prospects > 1 {
            return Err(several());
        }
        if self.draft.is_reachable() {
            return Ok(self.draft.lead(zone));
        }
        let (line, column) = super::place(text, at);
        let what = if self.begun {
            "breaks off"
        } else {
            "has no <prospect>, and ends"
        };
        Err(Unreadable(format!(
            "the XML {what} at line {line}, column {column}, before a phone or an e-mail address of the \
             customer; send the whole document"
        )))
    }
}

fn attributes_of(tag: &BytesStart<'_>) -> Vec<(&'static str, String)> {
    let mut known = Vec::new();
    for attribute in tag.html_attributes().with_checks(false).flatten() {
        let key = attribute.key.local_name().as_ref().to_lowercase();
        if let Some(name) = ATTRIBUTES.iter().find(|name| **name == key) {
            known.push((*name, attribute.value.trim().to_lowercase()));
        }
    }
    known
}

/// The character that a reference stands for; one of no meaning in XML stays as it is written.
fn resolved(reference: &BytesRef<'_>) -> String {
    let name: &str = reference;
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return character.to_string();
    }
    match quick_xml::escape::resolve_xml_entity(name) {
        Some(character) => character.to_owned(),
        None => format!("&{name};"),
    }
}
