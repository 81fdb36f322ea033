//! `[[carrier]]` in `leadbridge.toml`: who places calls, and as whom we ask them.

use secrecy::SecretString;
use toml::Spanned;

use crate::rotation::CarrierId;

use super::own_id;
use super::secret::Vault;
use super::section::{Section, Text};
use super::texts::web_address;

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
}

pub(super) fn carriers(file: &mut Section<'_>, vault: Vault<'_>) -> Option<Vec<CarrierSettings>> {
    let mut ids: Vec<Text<'_>> = Vec::new();
    let parts = file.sections("carrier");
    let read: Vec<Option<CarrierSettings>> = parts
        .into_iter()
        .map(|mut part| {
            let id = own_id(&mut part, &mut ids, "id = \"main\"");
            let carrier = carrier(&mut part, vault, id);
            part.end();
            carrier
        })
        .collect();
    read.into_iter().collect()
}

/// The one kind there is yet; the word is asked for all the same, so that files stay valid with the second.
fn carrier(part: &mut Section<'_>, vault: Vault<'_>, id: Option<&str>) -> Option<CarrierSettings> {
    let kind = part.needed("kind", "kind = \"twilio\"");
    if let Some(kind) = kind.filter(|kind| *kind.get_ref() != "twilio") {
        part.findings().error(
            kind.span(),
            format!("there is no carrier of kind `{}`", kind.get_ref()),
            "write \"twilio\"",
        );
    }
    let account = part.needed(
        "account",
        "account = \"AC00000000000000000000000000000000\"",
    );
    if let Some(account) = &account {
        account_shape(part, account);
    }
    let tokens = vault.for_the_daemon().secrets(part, "token");
    let base_url = match part.text("base_url") {
        Some(text) => web_address(part, &text),
        None => Some("https://api.twilio.com".to_owned()),
    };
    let calls_per_s = part.decimal("calls_per_s").map_or(1.0, Spanned::into_inner);
    let kind = CarrierKind::Twilio {
        account: (*account?.get_ref()).to_owned(),
        tokens: tokens?,
        base_url: base_url?,
    };
    Some(CarrierSettings {
        id: CarrierId(id?.to_owned()),
        kind,
        calls_per_s,
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
