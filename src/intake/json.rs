//! The native format: one JSON object, as INTERFACE shows it. Numbers and truth values are taken for texts, since
//! what a source holds for a phone or an id may be either. Half an emoji, which is what a site writes that cuts a
//! message at so many characters, costs nobody a ring.

use jiff::tz::TimeZone;
use serde_json::{Number, Value};

use super::Unreadable;
use super::fields::Fields;
use crate::lead::Lead;

/// Deeper than any lead has fields: `data.lead.vehicle.make`.
const LEVELS_MAX: usize = 4;

/// Beyond this a number that is no integer of 64 bits was rounded: two ids would become one, and a lead be lost.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

pub(super) fn read(text: &str, zone: &TimeZone) -> Result<Lead, Unreadable> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    let value: Value = serde_json::from_str(text)
        .or_else(|error| serde_json::from_str(&without_halves(text)).map_err(|_| error))
        .map_err(|error| no_json(text, &error))?;
    if !value.is_object() {
        return Err(Unreadable(
            "the body is JSON but no object; send one lead per request, in braces: {\"phone\": ..}"
                .to_owned(),
        ));
    }
    let mut fields = Fields::default();
    flatten(&value, "", LEVELS_MAX, &mut fields);
    if fields.are_known() {
        Ok(fields.lead(zone))
    } else {
        Err(Unreadable::no_known_field("JSON"))
    }
}

/// The text with a replacement character for each half of a pair of escapes that stands alone: `\ud83d` by itself is
/// no character. In `\\ud83d` the backslash is escaped, and the rest is letters.
fn without_halves(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        whole.push_str(before);
        let (written, length) = match (unit(escape), escape.get(6..).and_then(unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (&escape[..12], 12),
            (Some(0xd800..=0xdfff), _) => ("\\ufffd", 6),
            (Some(_) | None, _) => {
                let length = escape.chars().take(2).map(char::len_utf8).sum();
                (&escape[..length], length)
            }
        };
        whole.push_str(written);
        rest = &escape[length..];
    }
    whole + rest
}

/// The UTF-16 unit that an escape at the start of this text stands for.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

fn no_json(text: &str, error: &serde_json::Error) -> Unreadable {
    let cure = match text.chars().next() {
        None => "it is empty",
        Some('<') => "it looks like XML: set `format = \"adf\"` for this source",
        Some('{' | '[') => "check quotes, commas and braces there",
        Some(_) if text.contains('=') => {
            "it looks like a form: set `format = \"form\"` for this source"
        }
        Some(_) => "send one object: {\"phone\": ..}",
    };
    Unreadable(format!("the body is no JSON ({error}); {cure}"))
}

fn flatten(value: &Value, name: &str, levels: usize, fields: &mut Fields) {
    match value {
        Value::Null => fields.add(name, ""),
        Value::Bool(yes) => fields.add(name, if *yes { "true" } else { "false" }),
        Value::Number(number) => fields.add(name, &written(number)),
        Value::String(text) => fields.add(name, text),
        Value::Array(values) => values
            .iter()
            .filter(|each| !each.is_object() && !each.is_array())
            .for_each(|each| flatten(each, name, levels, fields)),
        Value::Object(_) if levels == 0 => {}
        Value::Object(inner) => {
            for (key, value) in inner {
                flatten(value, &format!("{name}.{key}"), levels - 1, fields);
            }
        }
    }
}

fn written(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.abs() >= EXACT_MAX => String::new(),
        Some(float) if number.is_f64() && float.fract() == 0.0 => format!("{float:.0}"),
        Some(_) | None => number.to_string(),
    }
}
