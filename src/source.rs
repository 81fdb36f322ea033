//! Where leads come from, and whether a body is really theirs. Signatures are checked over the bytes as they
//! came, secrets compared in constant time.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::intake::Format;
use crate::rotation::{RooftopId, SourceId};

/// How far a signed time may be from ours, in seconds, either way.
const TOLERANCE_S: i64 = 300;

/// The sources, by id.
pub type Sources = BTreeMap<SourceId, Source>;

/// A sender of leads.
#[derive(Clone, Debug)]
pub struct Source {
    /// Id.
    pub id: SourceId,
    /// How its bodies are written.
    pub format: Format,
    /// Whose leads they are.
    pub rooftop: RooftopId,
    /// Leads a minute; those above are held. 0: no limit.
    pub rate_per_min: u32,
    /// How it proves that it is who it says.
    pub auth: Auth,
    /// The word by which it asks once whether the address is ours (Meta).
    pub challenge: Option<SecretString>,
}

impl Source {
    /// Whether who asks with this word is the source.
    pub fn asks_with(&self, word: &str) -> bool {
        self.challenge
            .as_ref()
            .is_some_and(|challenge| same(word, challenge))
    }
}

/// How a source proves that it is who it says.
#[derive(Clone, Debug)]
pub enum Auth {
    /// A header holds `sha256=` and the HMAC of the body, in hex (Meta) or base64 (Typeform).
    Sha256 {
        /// The header's name, in small letters.
        header: String,
        /// The key.
        secret: SecretString,
    },
    /// Standard Webhooks 1.0: id, time and body are signed together.
    StandardWebhooks {
        /// `whsec_` and the key in base64.
        secret: SecretString,
    },
    /// `Authorization: Bearer ..`
    Bearer {
        /// The token.
        secret: SecretString,
    },
    /// `Authorization: Basic ..`
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// The last segment of the path.
    UrlSecret {
        /// The segment.
        secret: SecretString,
    },
    /// A field of the body.
    Field {
        /// The field's name.
        name: String,
        /// Its value.
        secret: SecretString,
    },
    /// Not at all.
    None,
}

/// A body as its source would send it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Headers to send along.
    pub headers: Vec<(String, String)>,
    /// What follows the source in the path.
    pub url_secret: Option<String>,
    /// The body, with the secret field where there is one.
    pub body: Vec<u8>,
}

impl Auth {
    /// Whether a body came from the source. `header` finds a header's value by its name in small letters. A
    /// secret in the path that nobody asked for is a half-configured source, and refused.
    pub fn authentic<'h>(
        &self,
        now: Timestamp,
        header: impl Fn(&str) -> Option<&'h str>,
        url_secret: Option<&str>,
        body: &[u8],
    ) -> bool {
        if url_secret.is_some() && !matches!(self, Auth::UrlSecret { .. }) {
            return false;
        }
        match self {
            Auth::UrlSecret { secret } => url_secret.is_some_and(|given| same(given, secret)),
            Auth::Sha256 {
                header: name,
                secret,
            } => header(name)
                .is_some_and(|sum| sha256_matches(sum, secret.expose_secret().as_bytes(), body)),
            Auth::StandardWebhooks { secret } => {
                standard_webhook_matches(secret, now, header, body).is_some()
            }
            Auth::Bearer { secret } => credentials(header("authorization"), "bearer")
                .is_some_and(|token| same(token, secret)),
            Auth::Basic { user, password } => {
                let wanted = SecretString::from(basic(user, password));
                credentials(header("authorization"), "basic")
                    .is_some_and(|given| same(given, &wanted))
            }
            Auth::Field { name, secret } => {
                field(name, body).is_some_and(|value| same(&value, secret))
            }
            Auth::None => true,
        }
    }

    /// Anybody may say to be this source.
    pub fn proves_nothing(&self) -> bool {
        matches!(self, Auth::None)
    }

    /// A body as the source would send it at `now`; `id` names the message where the scheme wants a name.
    pub fn sign(&self, id: &str, now: Timestamp, body: &[u8]) -> Signed {
        let mut signed = Signed {
            headers: Vec::new(),
            url_secret: None,
            body: body.to_vec(),
        };
        match self {
            Auth::Sha256 { header, secret } => {
                let sum = hmac(secret.expose_secret().as_bytes(), &[body])
                    .finalize()
                    .into_bytes();
                let hex: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
                signed
                    .headers
                    .push((header.clone(), format!("sha256={hex}")));
            }
            Auth::StandardWebhooks { secret } => {
                signed.headers = standard_webhook_headers(secret, id, now, body)
            }
            Auth::Bearer { secret } => {
                signed.headers.push((
                    "authorization".to_owned(),
                    format!("Bearer {}", secret.expose_secret()),
                ));
            }
            Auth::Basic { user, password } => {
                signed.headers.push((
                    "authorization".to_owned(),
                    format!("Basic {}", basic(user, password)),
                ));
            }
            Auth::UrlSecret { secret } => {
                signed.url_secret = Some(secret.expose_secret().to_owned())
            }
            Auth::Field { name, secret } => {
                signed.body = with_field(name, secret.expose_secret(), body)
            }
            Auth::None => {}
        }
        signed
    }

    /// Whether a text can sign by Standard Webhooks: `whsec_` and 24 to 64 bytes in base64.
    pub fn is_signing_secret(text: &str) -> bool {
        signing_key(text).is_some_and(|key| (24..=64).contains(&key.len()))
    }
}

fn same(given: &str, secret: &SecretString) -> bool {
    given
        .as_bytes()
        .ct_eq(secret.expose_secret().as_bytes())
        .into()
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac =
        <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac
}

fn sha256_matches(header: &str, key: &[u8], body: &[u8]) -> bool {
    let Some(sum) = header.trim().strip_prefix("sha256=") else {
        return false;
    };
    let sum = unhex(sum).or_else(|| STANDARD.decode(sum).ok());
    sum.is_some_and(|sum| hmac(key, &[body]).verify_slice(&sum).is_ok())
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::try_from(digit(*pair.first()?)? * 16 + digit(*pair.get(1)?)?).ok())
        .collect()
}

fn signing_key(secret: &str) -> Option<Vec<u8>> {
    STANDARD
        .decode(secret.strip_prefix("whsec_").unwrap_or(secret))
        .ok()
}

/// The header lists several signatures while the secret is rotated; one that matches is enough.
fn standard_webhook_matches<'h>(
    secret: &SecretString,
    now: Timestamp,
    header: impl Fn(&str) -> Option<&'h str>,
    body: &[u8],
) -> Option<()> {
    let (id, time) = (header("webhook-id")?, header("webhook-timestamp")?);
    let away_s = now.as_second().checked_sub(time.parse::<i64>().ok()?)?;
    let in_time = (-TOLERANCE_S..=TOLERANCE_S).contains(&away_s);
    let key = signing_key(secret.expose_secret())?;
    let signatures = header("webhook-signature")?
        .split(' ')
        .filter_map(|one| one.strip_prefix("v1,"));
    let mac = hmac(&key, &[id.as_bytes(), b".", time.as_bytes(), b".", body]);
    let mut sums = signatures.filter_map(|sum| STANDARD.decode(sum).ok());
    let matches = sums.any(|sum| mac.clone().verify_slice(&sum).is_ok());
    (in_time && matches).then_some(())
}

fn standard_webhook_headers(
    secret: &SecretString,
    id: &str,
    now: Timestamp,
    body: &[u8],
) -> Vec<(String, String)> {
    let time = now.as_second().to_string();
    let key = signing_key(secret.expose_secret()).unwrap_or_default();
    let mac = hmac(&key, &[id.as_bytes(), b".", time.as_bytes(), b".", body]);
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    names
        .map(str::to_owned)
        .into_iter()
        .zip([id.to_owned(), time, signature])
        .collect()
}

fn credentials<'h>(header: Option<&'h str>, scheme: &str) -> Option<&'h str> {
    let (given, rest) = header?.split_once(' ')?;
    given.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}

fn basic(user: &str, password: &SecretString) -> String {
    STANDARD.encode(format!("{user}:{}", password.expose_secret()))
}

fn field(name: &str, body: &[u8]) -> Option<String> {
    if let Ok(object) = serde_json::from_slice::<serde_json::Value>(body) {
        return object.get(name)?.as_str().map(str::to_owned);
    }
    form_urlencoded::parse(body)
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

fn with_field(name: &str, secret: &str, body: &[u8]) -> Vec<u8> {
    if let Ok(serde_json::Value::Object(mut object)) = serde_json::from_slice(body) {
        object.insert(name.to_owned(), secret.into());
        return serde_json::Value::Object(object).to_string().into_bytes();
    }
    let pair = form_urlencoded::Serializer::new(String::new())
        .append_pair(name, secret)
        .finish();
    let joint = if body.is_empty() { "" } else { "&" };
    [body.trim_ascii_end(), joint.as_bytes(), pair.as_bytes()].concat()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"type":"lead.created","data":{"phone":"+32470000001"}}"#;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    fn accepts(auth: &Auth, now: Timestamp, headers: &[(&str, &str)], body: &[u8]) -> bool {
        let find = |name: &str| {
            headers
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| *value)
        };
        auth.authentic(now, find, None, body)
    }

    fn all() -> Vec<Auth> {
        vec![
            Auth::Sha256 {
                header: "x-hub-signature-256".to_owned(),
                secret: secret("app-secret-example"),
            },
            Auth::StandardWebhooks {
                secret: secret("whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="),
            },
            Auth::Bearer {
                secret: secret("t0ken"),
            },
            Auth::Basic {
                user: "portal".to_owned(),
                password: secret("pass:word"),
            },
            Auth::UrlSecret {
                secret: secret("long-random-segment"),
            },
            Auth::Field {
                name: "HandshakeKey".to_owned(),
                secret: secret("shake"),
            },
            Auth::None,
        ]
    }

    #[test]
    fn meta_s_signature_is_hex_and_typeform_s_base64() {
        for (key, sum) in [
            (
                "app-secret-example",
                "sha256=6356523e40cbd7e4487402ec57f7806131aaec82cb886dcd3264500a3bf46fda",
            ),
            (
                "typeform-secret-example",
                "sha256=/Erq4txsxEslpYZ2OAMrxrEUc0dDCrOdrsfACHIWXho=",
            ),
        ] {
            let auth = Auth::Sha256 {
                header: "x-signature".to_owned(),
                secret: secret(key),
            };
            assert!(accepts(&auth, at(0), &[("x-signature", sum)], BODY));
            assert!(!accepts(&auth, at(0), &[("x-signature", sum)], b"{}"));
            assert!(
                !accepts(&auth, at(0), &[("x-signature", &sum[7..])], BODY),
                "without its prefix"
            );
            assert!(!accepts(&auth, at(0), &[], BODY));
        }
    }

    #[test]
    fn standard_webhooks_hold_for_five_minutes_either_way() {
        let auth = &all()[1];
        let good = "v1,ZPM05Pmms5KD/GBzXJ3KAiVAhrj1lVnnUZG5TrJH7us=";
        let headers = |signature| {
            [
                ("webhook-id", "msg_test_0001"),
                ("webhook-timestamp", "1767261600"),
                ("webhook-signature", signature),
            ]
        };
        for (second, accepted) in [
            (0, true),
            (300, true),
            (301, false),
            (-300, true),
            (-301, false),
        ] {
            assert_eq!(
                accepts(auth, at(1_767_261_600 + second), &headers(good), BODY),
                accepted,
                "{second}"
            );
        }
        let now = at(1_767_261_600);
        let two = format!("v1,AAAA v1a,xyz {good}");
        assert!(
            accepts(auth, now, &headers(&two), BODY),
            "a list while the secret is rotated"
        );
        assert!(!accepts(
            auth,
            now,
            &headers("v1a,ZPM05Pmms5KD/GBzXJ3KAiVAhrj1lVnnUZG5TrJH7us="),
            BODY
        ));
        assert!(!accepts(auth, now, &headers(good), b"{}"));
        assert!(
            !accepts(auth, now, &headers(good)[1..], BODY),
            "without its id"
        );
        assert_eq!(auth.sign("msg_test_0001", now, BODY).headers[2].1, good);
    }

    #[test]
    fn what_a_source_signs_is_authentic_and_nobody_else_s_is() {
        let now = at(1_767_261_600);
        for (nth, auth) in all().iter().enumerate() {
            for body in [BODY, b"name=An&phone=0470123456"] {
                let signed = auth.sign("msg_1", now, body);
                let find = |name: &str| {
                    signed
                        .headers
                        .iter()
                        .find(|(key, _)| key == name)
                        .map(|(_, value)| value.as_str())
                };
                assert!(
                    auth.authentic(now, find, signed.url_secret.as_deref(), &signed.body),
                    "{auth:?}"
                );
                for (other, stranger) in all().iter().enumerate() {
                    let open = matches!(stranger, Auth::None) && signed.url_secret.is_none();
                    let accepted =
                        stranger.authentic(now, find, signed.url_secret.as_deref(), &signed.body);
                    assert_eq!(
                        accepted,
                        other == nth || open,
                        "{auth:?} before {stranger:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_wrong_secret_of_any_length_is_refused() {
        for auth in [&all()[2], &all()[3]] {
            for given in [
                "",
                "Bearer",
                "Bearer ",
                "Bearer t0keN",
                "Bearer t0ken1",
                "Basic",
                "Basic cG9ydGFsOg==",
                "t0ken",
            ] {
                assert!(
                    !accepts(auth, at(0), &[("authorization", given)], BODY),
                    "{given}"
                );
            }
        }
        assert!(
            accepts(&all()[2], at(0), &[("authorization", "bearer t0ken")], BODY),
            "the scheme in any letters"
        );
        let url = &all()[4];
        assert!(!url.authentic(at(0), |_| None, None, BODY));
        assert!(!url.authentic(at(0), |_| None, Some("long-random"), BODY));
    }

    #[test]
    fn a_signing_secret_has_the_length_that_the_standard_asks() {
        assert!(Auth::is_signing_secret(
            "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
        ));
        assert!(!Auth::is_signing_secret("whsec_AQID"));
        assert!(!Auth::is_signing_secret("hunter2!"));
    }

    #[test]
    fn secrets_do_not_print() {
        let printed = format!("{:?}", all());
        for word in [
            "app-secret",
            "whsec_",
            "t0ken",
            "pass:word",
            "long-random",
            "shake\"",
        ] {
            assert!(!printed.contains(word), "{word}");
        }
    }
}
