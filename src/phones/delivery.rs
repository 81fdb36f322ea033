//! One request to the caller's server: signed, and repeated where the connection override in its address says so.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use leadbridge_providers::twilio::{SIGNATURE_HEADER, signature};
use reqwest::{Client, Url, header, redirect};
use tokio::time::Instant;

use super::{
    Delivery,
    callbacks::{Params, pair},
    world::{World, fresh},
};

/// The largest answer the carrier reads.
const BODY_MAX: usize = 64 * 1024;
pub(super) const HTTP_FAILURE: u32 = 11200;
const CONNECT_FAILURE: u32 = 11205;
const BODY_TOO_LARGE: u32 = 11750;

/// A request to make; the address may carry a connection override in its fragment.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) url: String,
    pub(super) method: String,
    pub(super) extra: Params,
}

/// What the caller's server answered.
pub(super) struct Answer {
    pub(super) content_type: String,
    pub(super) body: String,
}

/// HTTP clients by their connect time-out: the library sets it per client.
#[derive(Default)]
pub(super) struct Clients(Mutex<HashMap<u64, Client>>);

/// A request with everything that its repetitions share.
#[derive(Clone)]
pub(super) struct Envelope {
    sid: String,
    kind: String,
    request: Request,
    params: Params,
    token: String,
    seal: Seal,
}

#[derive(Clone, Copy, PartialEq)]
enum Seal {
    Honest,
    Forged,
    Json,
}

impl Envelope {
    pub(super) fn new(sid: &str, kind: &str, request: &Request, mut params: Params) -> Self {
        params.extend(request.extra.iter().cloned());
        Self {
            sid: sid.to_owned(),
            kind: kind.to_owned(),
            request: request.clone(),
            params,
            token: fresh(""),
            seal: Seal::Honest,
        }
    }

    /// The same with one parameter more.
    pub(super) fn add(&mut self, key: &str, value: &str) {
        self.params.push(pair(key, value));
    }

    /// Another request that claims another status.
    pub(super) fn saying(&self, status: &str) -> Self {
        let mut other = Self {
            token: fresh(""),
            ..self.clone()
        };
        other.params.retain(|(key, _)| key != "CallStatus");
        other.params.push(pair("CallStatus", status));
        other
    }

    /// The same signed by somebody who only guesses the secret.
    pub(super) fn forged(self) -> Self {
        Self {
            kind: format!("{}-forged", self.kind),
            seal: Seal::Forged,
            ..self
        }
    }

    /// The same as a JSON body whose hash the address does not hold.
    pub(super) fn in_json(self) -> Self {
        Self {
            kind: format!("{}-json", self.kind),
            seal: Seal::Json,
            ..self
        }
    }
}

/// Sends a request, again where its address says so; an error is the carrier's code for it.
pub(super) async fn deliver(world: &World, envelope: Envelope) -> Result<Answer, u32> {
    let (url, fragment) = envelope
        .request
        .url
        .split_once('#')
        .unwrap_or((&envelope.request.url, ""));
    let terms = Override::read(fragment);
    let started = Instant::now();
    let mut tries = 0;
    let outcome = loop {
        tries += 1;
        let left = terms.total.saturating_sub(started.elapsed());
        let outcome = send(world, &envelope, url, &terms, left).await;
        let again = outcome
            .as_ref()
            .err()
            .is_some_and(|failure| terms.repeats(failure));
        if !again || tries > terms.retries || started.elapsed() >= terms.total {
            break outcome;
        }
    };
    let result = outcome
        .as_ref()
        .map_or_else(Failure::result, |(status, _)| u32::from(*status));
    let Envelope { sid, kind, .. } = envelope;
    let url = url.to_owned();
    world.state().deliveries.push(Delivery {
        sid,
        kind,
        url,
        tries,
        result,
    });
    outcome
        .map(|(_, answer)| answer)
        .map_err(|failure| failure.code())
}

async fn send(
    world: &World,
    envelope: &Envelope,
    url: &str,
    terms: &Override,
    left: Duration,
) -> Result<(u16, Answer), Failure> {
    let client = world.clients.with_connect_timeout(terms.connect);
    let request = sealed_request(world, envelope, url, &client)?;
    let answer = request
        .timeout(left.min(terms.read))
        .send()
        .await
        .map_err(|error| Failure::of(&error))?;
    let status = answer.status().as_u16();
    let content_type = answer.headers().get(header::CONTENT_TYPE);
    let content_type = content_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let body = answer.bytes().await.map_err(|error| Failure::of(&error))?;
    match status {
        200..300 if body.len() > BODY_MAX => Err(Failure::TooLarge),
        200..300 => Ok((
            status,
            Answer {
                content_type,
                body: String::from_utf8_lossy(&body).into_owned(),
            },
        )),
        _ => Err(Failure::Status(status)),
    }
}

fn sealed_request(
    world: &World,
    envelope: &Envelope,
    url: &str,
    client: &Client,
) -> Result<reqwest::RequestBuilder, Failure> {
    let form = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&envelope.params)
        .finish();
    let get = envelope.request.method == "GET";
    let joint = if url.contains('?') { '&' } else { '?' };
    let target = if get {
        format!("{url}{joint}{form}")
    } else {
        url.to_owned()
    };
    let signed: &[_] = if get || envelope.seal == Seal::Json {
        &[]
    } else {
        &envelope.params
    };
    let token = if envelope.seal == Seal::Forged {
        "a guess"
    } else {
        &world.settings.token
    };
    let address = Url::parse(&target).map_err(|_| Failure::Connect)?;
    let request = match (get, envelope.seal) {
        (true, _) => client.get(address),
        (false, Seal::Json) => {
            let object: HashMap<_, _> = envelope.params.iter().cloned().collect();
            let body = serde_json::to_string(&object).expect("a map of strings can be written");
            client
                .post(address)
                .header(header::CONTENT_TYPE, "application/json")
                .body(body)
        }
        (false, Seal::Honest | Seal::Forged) => client
            .post(address)
            .header(
                header::CONTENT_TYPE,
                "application/x-www-form-urlencoded; charset=UTF-8",
            )
            .body(form),
    };
    Ok(request
        .header(SIGNATURE_HEADER, signature(token, &target, signed))
        .header("I-Twilio-Idempotency-Token", &envelope.token)
        .header(header::USER_AGENT, "TwilioProxy/1.1")
        .header(header::ACCEPT, "*/*"))
}

enum Failure {
    Connect,
    Read,
    Status(u16),
    TooLarge,
}

impl Failure {
    fn of(error: &reqwest::Error) -> Self {
        if error.is_connect() {
            Self::Connect
        } else {
            Self::Read
        }
    }

    fn code(&self) -> u32 {
        match self {
            Self::Connect => CONNECT_FAILURE,
            Self::Read | Self::Status(_) => HTTP_FAILURE,
            Self::TooLarge => BODY_TOO_LARGE,
        }
    }

    fn result(&self) -> u32 {
        match self {
            Self::Status(status) => u32::from(*status),
            Self::Connect | Self::Read | Self::TooLarge => self.code(),
        }
    }
}

/// The connection override `#ct=..&rt=..&tt=..&rc=..&rp=..`.
#[derive(Debug, PartialEq)]
struct Override {
    connect: Duration,
    read: Duration,
    total: Duration,
    retries: u32,
    repeat_on: Vec<String>,
}

impl Override {
    fn read(fragment: &str) -> Self {
        let pairs: HashMap<_, _> = form_urlencoded::parse(fragment.as_bytes())
            .into_owned()
            .collect();
        let number = |key: &str, default: u64, least: u64, most: u64| {
            pairs
                .get(key)
                .and_then(|value| value.parse().ok())
                .unwrap_or(default)
                .clamp(least, most)
        };
        let repeat_on = pairs.get("rp").map_or("ct", String::as_str);
        Self {
            connect: Duration::from_millis(number("ct", 5000, 100, 10_000)),
            read: Duration::from_millis(number("rt", 15_000, 100, 15_000)),
            total: Duration::from_millis(number("tt", 15_000, 100, 15_000)),
            retries: number("rc", 1, 0, 5) as u32,
            repeat_on: repeat_on.split(',').map(str::to_owned).collect(),
        }
    }

    fn repeats(&self, failure: &Failure) -> bool {
        let name = match failure {
            Failure::Connect => "ct",
            Failure::Read => "rt",
            Failure::Status(400..500) => "4xx",
            Failure::Status(500..600) => "5xx",
            Failure::Status(_) | Failure::TooLarge => return false,
        };
        self.repeat_on.iter().any(|on| on == name || on == "all")
    }
}

impl Clients {
    fn with_connect_timeout(&self, span: Duration) -> Client {
        let mut clients = self.0.lock().expect("building a client does not panic");
        let build = || {
            let builder = Client::builder()
                .connect_timeout(span)
                .redirect(redirect::Policy::none());
            builder
                .no_proxy()
                .build()
                .expect("the client has no settings that can fail")
        };
        clients
            .entry(span.as_millis() as u64)
            .or_insert_with(build)
            .clone()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn without_an_override_only_a_failed_connection_is_tried_again_once() {
        let terms = Override::read("");
        assert_eq!((terms.retries, terms.read), (1, Duration::from_secs(15)));
        assert!(terms.repeats(&Failure::Connect));
        assert!(!terms.repeats(&Failure::Read) && !terms.repeats(&Failure::Status(500)));
    }

    #[test]
    fn an_override_is_kept_within_the_carriers_limits() {
        let terms = Override::read("ct=1&rt=99999&tt=4000&rc=9&rp=rt,5xx");
        assert_eq!(
            (terms.connect, terms.read),
            (Duration::from_millis(100), Duration::from_secs(15))
        );
        assert_eq!((terms.total, terms.retries), (Duration::from_secs(4), 5));
        assert!(terms.repeats(&Failure::Status(503)) && !terms.repeats(&Failure::Status(404)));
    }
}
