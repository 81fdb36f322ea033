//! `[[carrier]]` in `leadbridge.toml`: who places calls, and as whom we ask them.

use secrecy::SecretString;
use toml::Spanned;

use crate::rotation::CarrierId;

use super::own_id;
use super::pbx::{Pbx, pbx};
use super::secret::Vault;
use super::section::{Section, Text};
use super::texts::{warn_if_in_the_clear, web_address};
use super::words::unknown_cure;

/// `[[carrier]]`
#[derive(Clone, Debug)]
pub struct CarrierSettings {
    /// Id.
    pub id: CarrierId,
    /// Which carrier it is, and what it wants to know.
    pub kind: CarrierKind,
    /// Calls created a second; 0: no pacing.
    pub calls_per_s: f64,
}

/// The carriers we know.
#[derive(Clone, Debug)]
pub enum CarrierKind {
    /// Twilio.
    Twilio {
        /// The account's SID.
        account: String,
        /// The account's token, and the next one while rotating.
        tokens: Vec<SecretString>,
        /// The root of its interface, without a slash at its end.
        base_url: String,
    },
    /// The group's own Asterisk.
    Asterisk(Pbx),
}

/// The words for them.
const KINDS: [&str; 2] = ["twilio", "asterisk"];
/// Keys of a carrier that only this kind has.
const OF_TWILIO: [&str; 3] = ["account", "token", "base_url"];
const OF_ASTERISK: [&str; 7] = [
    "url",
    "app",
    "user",
    "password",
    "endpoint",
    "endpoints",
    "voice",
];

pub(super) fn carriers(file: &mut Section<'_>, vault: Vault<'_>) -> Option<Vec<CarrierSettings>> {
    let mut ids: Vec<Text<'_>> = Vec::new();
    let parts = file.sections("carrier");
    let read: Vec<Option<CarrierSettings>> = parts
        .into_iter()
        .map(|mut part| {
            let id = own_id(&mut part, &mut ids, "id = \"main\"");
            carrier(part, vault, id)
        })
        .collect();
    read.into_iter().collect()
}

/// What the other keys mean depends on the kind: without one that we know they are not read.
fn carrier<'t>(
    mut part: Section<'t>,
    vault: Vault<'_>,
    id: Option<&'t str>,
) -> Option<CarrierSettings> {
    let word = part.needed("kind", "kind = \"twilio\"")?;
    let (kind, calls_per_s) = match *word.get_ref() {
        "twilio" => {
            foreign(&mut part, OF_ASTERISK, "asterisk");
            (twilio(&mut part, vault), 1.0)
        }
        "asterisk" => {
            foreign(&mut part, OF_TWILIO, "twilio");
            (pbx(&mut part, vault).map(CarrierKind::Asterisk), 0.0)
        }
        other => {
            let title = format!("there is no carrier of kind `{other}`");
            let cure = unknown_cure(other, KINDS.into_iter(), "the kinds there are");
            part.findings().error(word.span(), title, cure);
            return None;
        }
    };
    let paced = part.decimal("calls_per_s").map(Spanned::into_inner);
    part.end();
    Some(CarrierSettings {
        id: CarrierId(id?.to_owned()),
        kind: kind?,
        calls_per_s: paced.unwrap_or(calls_per_s),
    })
}

/// Reports the keys that only another kind has; their values may be secrets.
fn foreign<const N: usize>(part: &mut Section<'_>, keys: [&'static str; N], kind: &str) {
    for key in keys {
        if let Some(at) = part.disown(key) {
            let title = format!("`{key}` is for a carrier of kind \"{kind}\"");
            let cure = format!("take the line away, or write  kind = \"{kind}\"");
            part.findings().error(at, title, cure);
        }
    }
}

fn twilio(part: &mut Section<'_>, vault: Vault<'_>) -> Option<CarrierKind> {
    let account = part.needed(
        "account",
        "account = \"AC00000000000000000000000000000000\"",
    );
    if let Some(account) = &account {
        account_shape(part, account);
    }
    let tokens = vault.for_the_daemon().secrets(part, "token");
    let base_url = match part.text("base_url") {
        Some(text) => web_address(part, &text).inspect(|url| {
            let address = url.parse().ok();
            address.inspect(|address| warn_if_in_the_clear(part, &text, address));
        }),
        None => Some("https://api.twilio.com".to_owned()),
    };
    Some(CarrierKind::Twilio {
        account: (*account?.get_ref()).to_owned(),
        tokens: tokens?,
        base_url: base_url?,
    })
}

/// The account stands in every URL we ask.
fn account_shape(part: &Section<'_>, account: &Text<'_>) {
    let text = *account.get_ref();
    let cure = "copy the Account SID from the carrier's console: AC and 32 hexadecimal digits";
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        part.findings()
            .error(account.span(), "this is no account", cure);
    } else if text.len() != 34 || !text.starts_with("AC") {
        part.findings()
            .warning(account.span(), "this does not look like an account", cure);
    }
}
