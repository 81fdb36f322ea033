//! A `[[carrier]]` of kind "asterisk": where the group's own PBX is, how phones are reached through it, and who speaks
//! on it.

use std::collections::BTreeMap;

use leadbridge_providers::Language;
use secrecy::SecretString;

use crate::io::speech::Voice;
use crate::phone::PhoneNumber;

use super::secret::Vault;
use super::section::{Section, Text};
use super::texts::{owned, web_address_like};

/// Stands for the number to ring in an endpoint.
const NUMBER: &str = "{number}";
/// Stands for the language's two letters in the voice.
const LANGUAGE: &str = "{language}";
/// The voice when none is set.
const ESPEAK: [&str; 4] = ["espeak-ng", "-v", LANGUAGE, "--stdout"];
const LANGUAGES: [(Language, &str); 4] = [
    (Language::Nl, "nl"),
    (Language::Fr, "fr"),
    (Language::De, "de"),
    (Language::En, "en"),
];

/// What an Asterisk wants to know.
#[derive(Clone, Debug)]
pub struct Pbx {
    /// The root of its HTTP server, without a slash at its end and without `/ari`.
    pub url: String,
    /// The Stasis application that we are.
    pub app: String,
    /// The user of `ari.conf`.
    pub user: String,
    /// Their password.
    pub password: SecretString,
    /// How any number is reached; it holds `{number}` once.
    pub endpoint: String,
    /// How these numbers are reached instead.
    pub endpoints: BTreeMap<PhoneNumber, String>,
    /// Who speaks, in each language.
    pub voice: Voice,
}

pub(super) fn pbx(part: &mut Section<'_>, vault: Vault<'_>) -> Option<Pbx> {
    let url = part.needed("url", "url = \"http://127.0.0.1:8088\"");
    let url = url.and_then(|text| root(part, &text));
    let app = match part.text("app") {
        Some(text) => app(part, text),
        None => Some("leadbridge".to_owned()),
    };
    let user = part.needed("user", "user = \"leadbridge\"");
    let user = user.and_then(|text| user_name(part, text));
    let password = vault.for_the_daemon().secret(part, "password");
    let endpoint = part.needed("endpoint", "endpoint = \"PJSIP/{number}@trunk\"");
    let endpoint = endpoint.and_then(|text| endpoint_of_all(part, text));
    let endpoints = part.named_texts("endpoints");
    let endpoints = endpoints
        .into_iter()
        .map(|(number, text)| endpoint_of(part, &number, text))
        .collect::<Vec<_>>();
    let voice = voice(part);
    Some(Pbx {
        url: url?,
        app: app?,
        user: user?,
        password: password?,
        endpoint: endpoint?,
        endpoints: endpoints.into_iter().collect::<Option<_>>()?,
        voice: voice?,
    })
}

fn root(part: &Section<'_>, text: &Text<'_>) -> Option<String> {
    let url = web_address_like("http://127.0.0.1:8088", part, text)?;
    if url.ends_with("/ari") {
        let cure = "take /ari away: it is added";
        part.findings()
            .error(text.span(), "this is more than the PBX's root", cure);
        return None;
    }
    Some(url)
}

/// It stands in the addresses that we ask, and in the dialplan.
fn app(part: &Section<'_>, text: Text<'_>) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let name = *text.get_ref();
    if name.is_empty() || !name.bytes().all(plain) {
        let title = format!("`{name}` cannot be the name of an application");
        let cure = "write letters, digits and dashes, such as \"leadbridge\"";
        part.findings().error(text.span(), title, cure);
        return None;
    }
    Some(owned(text))
}

/// What stands in front of the colon when we tell who we are.
fn user_name(part: &Section<'_>, text: Text<'_>) -> Option<String> {
    let name = *text.get_ref();
    if name.is_empty() || name.contains(':') {
        let title = format!("`{name}` cannot be a user's name");
        let cure = "write the name of the section in ari.conf whose type is user";
        part.findings().error(text.span(), title, cure);
        return None;
    }
    Some(owned(text))
}

fn endpoint_of_all(part: &Section<'_>, text: Text<'_>) -> Option<String> {
    if text.get_ref().matches(NUMBER).count() != 1 {
        let title = "`endpoint` must hold {number} once: the number that is rung stands there";
        let cure = "write \"PJSIP/{number}@trunk\" with the name of your trunk";
        part.findings().error(text.span(), title, cure);
        return None;
    }
    is_reached(part, &text, &text.get_ref().replace(NUMBER, "")).then(|| owned(text))
}

fn endpoint_of(
    part: &Section<'_>,
    number: &Text<'_>,
    text: Text<'_>,
) -> Option<(PhoneNumber, String)> {
    let read = PhoneNumber::try_from((*number.get_ref()).to_owned()).ok();
    if read.is_none() {
        let title = format!("`{}` is no whole number", number.get_ref());
        let cure = "write it as \"+32470000001\"";
        part.findings().error(number.span(), title, cure);
    }
    let is_reached = is_reached(part, &text, text.get_ref());
    Some((read?, is_reached.then(|| owned(text))?))
}

/// A technology, a slash, and whom.
fn is_reached(part: &Section<'_>, text: &Text<'_>, plain: &str) -> bool {
    let strange = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '{' | '}' | '&');
    let parts = plain.split_once('/');
    let is_one = parts.is_some_and(|(technology, whom)| !technology.is_empty() && !whom.is_empty());
    let is_reached = is_one && !plain.contains(strange);
    if !is_reached {
        let title = format!("`{}` is no endpoint", text.get_ref());
        let cure =
            "write \"PJSIP/an\" for a phone of the PBX, \"PJSIP/{number}@trunk\" for a number";
        part.findings().error(text.span(), title, cure);
    }
    is_reached
}

/// One command for all languages, or one for each; a language without one has the usual.
fn voice(part: &mut Section<'_>) -> Option<Voice> {
    let is_each = part
        .value("voice")
        .is_some_and(|value| value.get_ref().as_table().is_some());
    let commands = if is_each {
        let mut each = part.section("voice")?;
        let commands = LANGUAGES.map(|(_, word)| command(&mut each, word));
        each.end();
        commands
    } else {
        let one = command(part, "voice");
        LANGUAGES.map(|_| one.clone())
    };
    let filled = LANGUAGES
        .into_iter()
        .zip(commands)
        .map(|((language, word), command)| {
            let words = command?.into_iter();
            let words = words.map(|part| part.replace(LANGUAGE, word));
            Some((language, words.collect()))
        });
    filled.collect::<Option<_>>().map(Voice)
}

/// The words of a command; the text is not among them.
fn command(part: &mut Section<'_>, key: &'static str) -> Option<Vec<String>> {
    let is_set = part.value(key).is_some();
    let Some(words) = part.texts(key) else {
        return (!is_set).then(|| ESPEAK.map(str::to_owned).to_vec());
    };
    let (at, words) = (words.span(), words.into_inner());
    if words.first().is_none_or(|word| word.get_ref().is_empty()) {
        let title = format!("`{key}` names no command");
        let cure = format!("write  {key} = [\"espeak-ng\", \"-v\", \"{LANGUAGE}\", \"--stdout\"]");
        part.findings().error(at, title, cure);
        return None;
    }
    let is_strange = |text: &&Text<'_>| text.get_ref().replace(LANGUAGE, "").contains(['{', '}']);
    if let Some(strange) = words.iter().find(is_strange) {
        let title = format!("nothing is put into `{}`", strange.get_ref());
        let cure = "only {language} is; the text comes on the command's standard input";
        part.findings().error(strange.span(), title, cure);
        return None;
    }
    Some(words.into_iter().map(owned).collect())
}
