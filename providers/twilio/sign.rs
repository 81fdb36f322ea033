//! Is a callback Twilio's? Its signature is over the URL as the carrier was given it and over the form fields,
//! sorted. The query is taken as it arrived: never sorted, decoded or written anew.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use super::Twilio;

/// The header that carries the signature of a callback.
pub const SIGNATURE_HEADER: &str = "x-twilio-signature";

impl Twilio {
    /// Whether a callback comes from the carrier: judged over the raw path and query and the raw body.
    pub fn authentic(
        &self,
        path_and_query: &str,
        content_type: Option<&str>,
        body: &[u8],
        signature: Option<&str>,
    ) -> bool {
        let Some(claimed) = signature else {
            return false;
        };
        let Some(fields) = signed_fields(path_and_query, content_type, body) else {
            return false;
        };
        let url = format!("{}{path_and_query}", self.public_url.trim_end_matches('/'));
        // An empty token is a missing one: anybody can sign with it.
        let tokens = self.tokens.iter().filter(|token| !token.is_empty());
        let urls = [without_port(&url), with_port(&url)];
        let matches = tokens
            .flat_map(|token| urls.iter().map(|url| self::signature(token, url, &fields)))
            .map(|expected| expected.as_bytes().ct_eq(claimed.as_bytes()))
            .fold(Choice::from(0), |any, one| any | one);
        matches.into()
    }
}

/// The signature of a request to `url` with these form fields.
pub fn signature(token: &str, url: &str, params: &[(String, String)]) -> String {
    let mut mac =
        Hmac::<Sha1>::new_from_slice(token.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(url.split('#').next().unwrap_or(url).as_bytes());
    // Sorted by key and then by value, each pair once: the order of a set of pairs, and not that of joined texts.
    for (key, value) in params.iter().collect::<BTreeSet<_>>() {
        mac.update(key.as_bytes());
        mac.update(value.as_bytes());
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

/// The fields that are part of the signed text. A body of another kind is not: then the query must hold its
/// hash, and `None` says that it does not.
fn signed_fields(
    path_and_query: &str,
    content_type: Option<&str>,
    body: &[u8],
) -> Option<Vec<(String, String)>> {
    let kind = content_type
        .and_then(|text| text.split(';').next())
        .map(str::trim);
    let is_form =
        kind.is_some_and(|kind| kind.eq_ignore_ascii_case("application/x-www-form-urlencoded"));
    if is_form {
        return Some(form_urlencoded::parse(body).into_owned().collect());
    }
    let bare = kind.is_none() && body.is_empty();
    (bare || hash_holds(path_and_query, body)).then(Vec::new)
}

fn hash_holds(path_and_query: &str, body: &[u8]) -> bool {
    let query = path_and_query
        .split_once('?')
        .map_or("", |(_, query)| query);
    let Some((_, claimed)) =
        form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "bodySHA256")
    else {
        return false;
    };
    let expected: String = Sha256::digest(body)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    expected.as_bytes().ct_eq(claimed.as_bytes()).into()
}

/// Twilio signs now with and now without the port, whatever the URL says: both are tried.
fn without_port(url: &str) -> String {
    let (before, port, after) = split_at_port(url);
    if port.is_some() {
        format!("{before}{after}")
    } else {
        url.to_owned()
    }
}

fn with_port(url: &str) -> String {
    let (before, port, after) = split_at_port(url);
    let default = if url.starts_with("https:") {
        "443"
    } else {
        "80"
    };
    format!("{before}:{}{after}", port.unwrap_or(default))
}

fn split_at_port(url: &str) -> (&str, Option<&str>, &str) {
    let host_from = url.find("://").map_or(0, |at| at + "://".len());
    let host_until = url[host_from..]
        .find(['/', '?'])
        .map_or(url.len(), |at| host_from + at);
    let (authority, after) = url.split_at(host_until);
    match authority.rsplit_once(':') {
        // What follows the last colon may also be a password or the end of an IPv6 address.
        Some((before, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
            (before, Some(port), after)
        }
        Some(_) | None => (authority, None, after),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde::Deserialize;
    use serde_json::{Map, Value};

    use super::*;

    const FORM: &str = "application/x-www-form-urlencoded; charset=UTF-8";
    const URL: &str = "https://bridge.example.be";

    #[derive(Deserialize)]
    struct Vectors {
        twilio_form: Group,
        twilio_json: Group,
    }

    #[derive(Deserialize)]
    struct Group {
        vectors: Vec<Vector>,
    }

    #[derive(Deserialize)]
    struct Vector {
        id: String,
        token: String,
        url: String,
        #[serde(default)]
        params: Map<String, Value>,
        #[serde(default)]
        body: String,
        signature: String,
        valid: bool,
        signed_url: Option<String>,
    }

    impl Vector {
        fn fields(&self) -> Vec<(String, String)> {
            let one =
                |key: &str, value: &Value| (key.to_owned(), value.as_str().unwrap().to_owned());
            self.params
                .iter()
                .flat_map(|(key, value)| match value.as_array() {
                    Some(many) => many.iter().map(|value| one(key, value)).collect(),
                    None => vec![one(key, value)],
                })
                .collect()
        }

        fn is_authentic(&self, content_type: &str, body: &str) -> bool {
            let path_from = self.url[8..].find('/').unwrap() + 8;
            let (public_url, path_and_query) = self.url.split_at(path_from);
            carrier(public_url, &[&self.token]).authentic(
                path_and_query,
                Some(content_type),
                body.as_bytes(),
                Some(&self.signature),
            )
        }
    }

    fn vectors() -> Vectors {
        serde_json::from_str(include_str!("../testdata/signature-vectors.json")).unwrap()
    }

    fn carrier(public_url: &str, tokens: &[&str]) -> Twilio {
        Twilio {
            id: "main".into(),
            account: "AC1".into(),
            tokens: tokens.iter().map(ToString::to_string).collect(),
            base_url: "https://api.twilio.com".into(),
            public_url: public_url.into(),
        }
    }

    fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(key, value)| (key.to_string(), value.to_string()))
            .collect()
    }

    #[test]
    fn forms_are_judged_as_the_carriers_own_libraries_do() {
        let vectors = vectors().twilio_form.vectors;
        assert_eq!(vectors.len(), 18);
        for vector in vectors {
            let body = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(vector.fields())
                .finish();
            assert_eq!(
                vector.is_authentic(FORM, &body),
                vector.valid,
                "{}",
                vector.id
            );
        }
    }

    #[test]
    fn other_bodies_are_judged_as_the_carriers_own_libraries_do() {
        let vectors = vectors().twilio_json.vectors;
        assert_eq!(vectors.len(), 3);
        for vector in vectors {
            assert_eq!(
                vector.is_authentic("application/json", &vector.body),
                vector.valid,
                "{}",
                vector.id
            );
        }
    }

    #[test]
    fn our_own_signatures_are_those_of_the_carriers_libraries() {
        let Vectors {
            twilio_form,
            twilio_json,
        } = vectors();
        for vector in twilio_form
            .vectors
            .iter()
            .chain(&twilio_json.vectors)
            .filter(|vector| vector.valid)
        {
            let signed_url = vector.signed_url.as_ref().unwrap();
            assert_eq!(
                signature(&vector.token, signed_url, &vector.fields()),
                vector.signature,
                "{}",
                vector.id
            );
        }
    }

    #[test]
    fn a_body_that_was_changed_is_refused_though_its_url_is_signed() {
        for vector in vectors().twilio_json.vectors {
            assert!(
                !vector.is_authentic("application/json", "{}"),
                "{}",
                vector.id
            );
        }
    }

    #[test]
    fn a_form_that_says_it_is_something_else_is_refused() {
        let signed = signature("secret", &format!("{URL}/x"), &fields(&[("Digits", "1")]));
        let judge =
            |kind| carrier(URL, &["secret"]).authentic("/x", kind, b"Digits=1", Some(&signed));
        assert!(judge(Some(FORM)));
        assert!(judge(Some("Application/X-WWW-Form-Urlencoded")));
        assert!(!judge(Some("text/plain")));
        assert!(!judge(None));
    }

    #[test]
    fn every_token_is_tried_but_an_empty_one() {
        let signed_with = |token| signature(token, &format!("{URL}/x"), &[]);
        let judge = |token| {
            carrier(URL, &["new", "old", ""]).authentic(
                "/x",
                Some(FORM),
                b"",
                Some(&signed_with(token)),
            )
        };
        assert!(judge("new"));
        assert!(judge("old"));
        assert!(!judge("older"));
        assert!(!judge(""));
    }

    #[test]
    fn a_carrier_without_tokens_and_a_request_without_signature_are_refused() {
        let signed = signature("", &format!("{URL}/x"), &[]);
        assert!(!carrier(URL, &[]).authentic("/x", None, b"", Some(&signed)));
        assert!(!carrier(URL, &["secret"]).authentic("/x", None, b"", None));
        assert!(!carrier(URL, &["secret"]).authentic("/x", None, b"", Some("")));
    }

    #[test]
    fn the_query_is_part_of_what_is_signed_and_the_fragment_is_not() {
        let signed = signature("secret", &format!("{URL}/x?hold=1&key=1#rc=3"), &[]);
        let judge = |path| {
            carrier(&format!("{URL}/"), &["secret"]).authentic(path, None, b"", Some(&signed))
        };
        assert!(judge("/x?hold=1&key=1"));
        assert!(!judge("/x?hold=1&key=2"));
        assert!(!judge("/x"));
    }

    #[test]
    fn a_password_or_an_ipv6_address_is_no_port() {
        assert_eq!(
            with_port("https://me:secret@host/x:1"),
            "https://me:secret@host:443/x:1"
        );
        assert_eq!(
            without_port("https://me:secret@host:8443/x"),
            "https://me:secret@host/x"
        );
        assert_eq!(with_port("http://[::1]/x"), "http://[::1]:80/x");
        assert_eq!(without_port("http://[::1]:8080/x"), "http://[::1]/x");
        assert_eq!(without_port("https://host?x=:1"), "https://host?x=:1");
    }
}
