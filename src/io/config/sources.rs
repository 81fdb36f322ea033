//! `sources.toml`: where leads come from, and how each proves that it is who it says.

use axum::http::HeaderName;
use secrecy::ExposeSecret;

use crate::lead_line;
use crate::rotation::{RooftopId, Rules, SourceId};
use crate::source::{Auth, Source, Sources};

use super::own_id;
use super::secret::{Vault, warn_if_short};
use super::section::{Section, Text};
use super::words::unknown_cure;

/// More a minute than this would not be a limit.
const RATE_MAX: u32 = 1_000_000;

/// The schemes, as `auth.scheme` names them.
const SCHEMES: [&str; 7] = [
    "sha256",
    "standard-webhooks",
    "bearer",
    "basic",
    "url-secret",
    "field",
    "none",
];

/// Makes the sources of the file; without rules, rooftops are not looked for.
pub(super) fn sources(
    mut file: Section<'_>,
    rules: Option<&Rules>,
    vault: Vault<'_>,
) -> Option<Sources> {
    file.need(
        "source",
        "[[source]]  and below it  id, format, rooftop, auth",
    );
    let mut ids: Vec<Text<'_>> = Vec::new();
    let read: Vec<Option<Source>> = file
        .sections("source")
        .into_iter()
        .map(|part| source(part, &mut ids, rules, vault))
        .collect();
    file.end();
    read.into_iter()
        .map(|source| source.map(|source| (source.id.clone(), source)))
        .collect()
}

fn source<'t>(
    mut part: Section<'t>,
    ids: &mut Vec<Text<'t>>,
    rules: Option<&Rules>,
    vault: Vault<'_>,
) -> Option<Source> {
    let id = own_id(&mut part, ids, "id = \"website\"");
    if let (Some(lead_line::SOURCE), Some(given)) = (id, ids.last()) {
        let title = format!(
            "`{}` names the leads of customers who ring back",
            lead_line::SOURCE
        );
        let cure = "give this source another id, like `website`";
        part.findings().error(given.span(), title, cure);
    }
    let vault = vault.for_source(id.unwrap_or_default());
    part.need("format", "format = \"json\"");
    let format = part.word("format");
    let rooftop = part.needed("rooftop", "rooftop = \"gent\"");
    if let (Some(rooftop), Some(rules)) = (&rooftop, rules) {
        known_rooftop(&part, rooftop, rules);
    }
    let rate_per_min = part.whole("rate_per_min", RATE_MAX).unwrap_or(60);
    part.need(
        "auth",
        "auth = { scheme = \"bearer\", secret = { env = \"WEBSITE_SECRET\" } }",
    );
    let auth = part.section("auth").and_then(|part| auth(part, vault));
    let challenge = part
        .value("challenge")
        .map(|value| vault.one(&part, "challenge", value));
    part.end();
    Some(Source {
        id: SourceId(id?.to_owned()),
        format: format?,
        rooftop: RooftopId((*rooftop?.get_ref()).to_owned()),
        rate_per_min,
        auth: auth?,
        challenge: match challenge {
            Some(challenge) => Some(challenge?),
            None => None,
        },
    })
}

fn known_rooftop(part: &Section<'_>, rooftop: &Text<'_>, rules: &Rules) {
    let known = rules.rooftops.keys().map(|id| id.0.as_str());
    if !known.clone().any(|id| id == *rooftop.get_ref()) {
        let cure = unknown_cure(rooftop.get_ref(), known, "the rooftops of rotation.toml");
        part.findings().error(
            rooftop.span(),
            format!("there is no rooftop `{}`", rooftop.get_ref()),
            cure,
        );
    }
}

fn auth(mut part: Section<'_>, vault: Vault<'_>) -> Option<Auth> {
    let scheme = part.needed("scheme", "scheme = \"bearer\"")?;
    let auth = match *scheme.get_ref() {
        "sha256" => {
            let header = part.needed("header", "header = \"X-Signature-256\"");
            if let Some(header) = &header {
                header_name(&part, header);
            }
            let secret = vault.secret(&mut part, "secret");
            header.zip(secret).map(|(header, secret)| Auth::Sha256 {
                header: header.get_ref().to_lowercase(),
                secret,
            })
        }
        "standard-webhooks" => vault
            .secret(&mut part, "secret")
            .map(|secret| Auth::StandardWebhooks { secret }),
        "bearer" => vault
            .secret(&mut part, "secret")
            .map(|secret| Auth::Bearer { secret }),
        "basic" => {
            let user = part.needed("user", "user = \"portal\"");
            let password = vault.secret(&mut part, "password");
            user.zip(password).map(|(user, password)| Auth::Basic {
                user: (*user.get_ref()).to_owned(),
                password,
            })
        }
        "url-secret" => vault
            .secret(&mut part, "secret")
            .map(|secret| Auth::UrlSecret { secret }),
        "field" => {
            let name = part.needed("name", "name = \"HandshakeKey\"");
            let secret = vault.secret(&mut part, "secret");
            name.zip(secret).map(|(name, secret)| Auth::Field {
                name: (*name.get_ref()).to_owned(),
                secret,
            })
        }
        "none" => Some(Auth::None),
        unknown => {
            let cure = unknown_cure(unknown, SCHEMES.into_iter(), "the schemes");
            part.findings().error(
                scheme.span(),
                format!("there is no scheme `{unknown}`"),
                cure,
            );
            return None;
        }
    };
    if let Some(auth) = auth.as_ref().filter(|_| vault.is_open()) {
        remarks(&part, &scheme, auth);
    }
    part.end();
    auth
}

/// What is right and yet worth a word.
fn remarks(part: &Section<'_>, scheme: &Text<'_>, auth: &Auth) {
    let findings = part.findings();
    match auth {
        Auth::None => findings.warning(
            scheme.span(),
            "anybody who knows the address can make your phones ring",
            "use \"url-secret\" where the sender cannot sign; without it one ring per network address and 3 minutes, never at night",
        ),
        Auth::StandardWebhooks { secret } if !Auth::is_signing_secret(secret.expose_secret()) => findings.error(
            part.at(),
            "this is no secret of Standard Webhooks",
            "take the one that begins with whsec_ from the sender's console",
        ),
        Auth::UrlSecret { secret }
        | Auth::Sha256 { secret, .. }
        | Auth::Bearer { secret }
        | Auth::Basic { password: secret, .. }
        | Auth::Field { secret, .. } => warn_if_short(findings, part.at(), secret),
        Auth::StandardWebhooks { .. } => {}
    }
}

/// No request has a header of another name.
fn header_name(part: &Section<'_>, text: &Text<'_>) {
    if HeaderName::from_bytes(text.get_ref().as_bytes()).is_err() {
        let title = format!("`{}` cannot be the name of a header", text.get_ref());
        let cure = "write letters, digits and dashes, without a colon: \"X-Signature-256\"";
        part.findings().error(text.span(), title, cure);
    }
}
