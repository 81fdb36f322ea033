//! The native format: one JSON object, as INTERFACE shows it. Numbers and truth values are taken for texts, since
//! what a source holds for a phone or an id may be either.

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
    let value: Value = serde_json::from_str(text).map_err(|error| no_json(text, &error))?;
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
