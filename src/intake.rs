//! The bytes of a webhook become a lead. A source is somebody else's program: it leaves fields out, names them
//! its own way, sends a number for a text and a text for a number. So everything is optional here but that the
//! body is of the source's format and names something we know; a field that makes no sense is left out, and the
//! lead stays (P1). The raw body is kept beside it, by others.
//!
//! What is read is trimmed, freed of control characters and cut at the limits of `text`.

mod adf;
mod fields;
mod form;
mod json;
mod moment;
mod text;

use std::borrow::Cow;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::lead::Lead;

/// More than any source sends; the web server refuses far smaller bodies (`body_max_kb`).
const BODY_MAX_BYTES: usize = 4 * 1024 * 1024;

/// How a source writes a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// One JSON object.
    Json,
    /// `application/x-www-form-urlencoded`, as form builders and Calldrip's callers send it.
    Form,
    /// ADF/XML 1.0, also inside an e-mail.
    Adf,
}

/// Why a body is no lead: one sentence that says what, where and how to mend it, without quoting the body (P9).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(String);

/// Reads a body; `zone` is that of times which name none.
pub fn read(format: Format, body: &[u8], zone: &TimeZone) -> Result<Lead, Unreadable> {
    if body.len() > BODY_MAX_BYTES {
        return Err(Unreadable(format!(
            "the body has {} bytes and a lead at most {BODY_MAX_BYTES}; send one lead per request",
            body.len()
        )));
    }
    match format {
        Format::Json => json::read(&text::decode(body), zone),
        Format::Form => form::read(body, zone),
        Format::Adf => adf::read(&text::decode(body), zone),
    }
}

/// A body as people read it, whatever its encoding.
pub fn as_text(body: &[u8]) -> Cow<'_, str> {
    text::decode(body)
}

impl Unreadable {
    /// Over which the reader fell.
    pub fn for_no_known_reason() -> Unreadable {
        Unreadable("the body makes the reader fall over, a mistake in leadbridge".to_owned())
    }

    fn no_known_field(what: &str) -> Unreadable {
        Unreadable(format!(
            "the body is {what} but has no field that we know; send at least `phone`, and `first_name`, \
             `last_name`, `email` or `message` where you have them"
        ))
    }
}

/// Line and column, both from 1, of a byte in a text.
fn place(text: &str, byte: usize) -> (usize, usize) {
    let before = &text.as_bytes()[..byte.min(text.len())];
    let line = before.iter().filter(|b| **b == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|b| **b != b'\n').count() + 1;
    (line, column)
}
