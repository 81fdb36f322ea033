//! Texts that must have a shape: a phone number, an address, a country. Each is told what is wrong with it.

use std::net::IpAddr;

use axum::http::Uri;
use toml::Spanned;

use crate::phone::{Kind, NotANumber, PhoneNumber};

use super::section::{Section, Text};

/// Whether a text has the shape of an e-mail address; whether it exists only a mail can tell.
pub(super) fn mail_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty()
            && host.contains('.')
            && !text.contains(|letter: char| letter.is_whitespace() || letter.is_control())
    })
}

/// A country whose numbers can be read, in capitals.
pub(super) fn country(part: &Section<'_>, text: &Text<'_>) -> Option<String> {
    if PhoneNumber::parse("", text.get_ref()) == Err(NotANumber::NoSuchCountry) {
        let title = format!("there is no country `{}`", text.get_ref());
        part.findings()
            .error(text.span(), title, "write its two letters, such as \"BE\"");
        return None;
    }
    Some(text.get_ref().trim().to_uppercase())
}

/// An address of the web, without a slash at its end.
pub(super) fn web_address(part: &Section<'_>, text: &Text<'_>) -> Option<String> {
    web_address_like("https://bridge.example.be", part, text)
}

/// The same with an example of its own.
pub(super) fn web_address_like(
    example: &str,
    part: &Section<'_>,
    text: &Text<'_>,
) -> Option<String> {
    let trimmed = text.get_ref().trim_end_matches('/');
    let address: Option<Uri> = trimmed.parse().ok();
    let web = |uri: &Uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
            && uri.query().is_none()
    };
    let has_password = |uri: &Uri| uri.authority().is_some_and(|it| it.as_str().contains('@'));
    if address.as_ref().is_some_and(has_password) {
        part.findings().mask(text.span());
        let cure = format!("write it without what stands before the @: \"{example}\"");
        let title = "nobody logs in at this address, and it is told to others";
        part.findings().error(text.span(), title, cure);
        return None;
    }
    if address.as_ref().is_some_and(web) {
        return Some(trimmed.to_owned());
    }
    part.findings().error(
        text.span(),
        "this is no web address",
        format!("write it whole: \"{example}\""),
    );
    None
}

/// A word about an address without TLS, unless nobody can listen on the way there.
pub(super) fn warn_if_in_the_clear(part: &Section<'_>, text: &Text<'_>, address: &Uri) {
    let host = address.host().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_here = bare == "localhost" || bare.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    if address.scheme_str() == Some("http") && !is_here {
        part.findings().warning(
            text.span(),
            "secrets and numbers go to this address in the clear",
            "write https://, or keep to a network that is yours alone",
        );
    }
}

/// What a person or a garage is called: it is spoken and shown.
pub(super) fn name(part: &mut Section<'_>, example: &str) -> Option<String> {
    let text = part.needed("name", example)?;
    let is_blank = text.get_ref().trim().is_empty();
    if is_blank || text.get_ref().contains(char::is_control) {
        let title = "this can't be spoken or shown as a name";
        let cure = format!("write letters: {example}");
        part.findings().error(text.span(), title, cure);
    }
    Some(owned(text))
}

pub(super) fn parsed<T: std::str::FromStr>(
    part: &Section<'_>,
    text: &Text<'_>,
    wrong: &str,
    cure: &str,
) -> Option<T> {
    let value = text.get_ref().parse().ok();
    if value.is_none() {
        part.findings()
            .error(text.span(), format!("`{}` {wrong}", text.get_ref()), cure);
    }
    value
}

/// A number that exists and costs what numbers cost.
pub(super) fn rung_phone(
    part: &Section<'_>,
    text: &Text<'_>,
    country: &str,
) -> Option<Spanned<PhoneNumber>> {
    match PhoneNumber::parse(text.get_ref(), country) {
        Ok(number) if number.kind() == Kind::Premium => {
            let cure = "write an ordinary fixed or mobile number";
            part.findings().error(
                text.span(),
                "this is a premium number: ringing it costs extra",
                cure,
            );
            None
        }
        Ok(number) => Some(Spanned::new(text.span(), number)),
        Err(why) => {
            let why = why.to_string();
            let (title, cure) = why
                .split_once("; ")
                .unwrap_or((&why, "write it whole: \"+32470123456\""));
            part.findings().error(text.span(), title, cure);
            None
        }
    }
}

pub(super) fn owned(text: Text<'_>) -> String {
    (*text.get_ref()).to_owned()
}
