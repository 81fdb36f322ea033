//! `application/x-www-form-urlencoded`: what web forms, form builders and Calldrip's callers send. Credentials
//! among the fields (`apikey`, `apipass`) are unknown names here and fall away.

use jiff::tz::TimeZone;

use super::Unreadable;
use super::fields::Fields;
use crate::lead::Lead;

pub(super) fn read(body: &[u8], zone: &TimeZone) -> Result<Lead, Unreadable> {
    let body = body
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(body)
        .trim_ascii();
    let mut fields = Fields::default();
    for (name, value) in form_urlencoded::parse(body) {
        fields.add(&name, &value);
    }
    if fields.are_known() {
        Ok(fields.lead(zone))
    } else {
        Err(no_form(body))
    }
}

fn no_form(body: &[u8]) -> Unreadable {
    let likely = match body.first() {
        None => "the body is empty; send fields such as phone=%2B32470123456",
        Some(b'{') => "the body looks like JSON: set `format = \"json\"` for this source",
        Some(b'<') => "the body looks like XML: set `format = \"adf\"` for this source",
        Some(b'-') => {
            "the body looks like multipart/form-data; send application/x-www-form-urlencoded instead"
        }
        Some(_) => return Unreadable::no_known_field("a form"),
    };
    Unreadable(likely.to_owned())
}
