//! Requests to the caller's server: signed, repeated where the connection override says so, in order per call.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use jiff::{fmt::rfc2822, tz::TimeZone};
use leadbridge_providers::twilio::{SIGNATURE_HEADER, signature};
use reqwest::{Client, Url, header, redirect};
use tokio::{sync::mpsc, time::Instant};

use super::{
    Delivery,
    faults::Handling,
    world::{Call, Shared, World, fresh, now},
};

/// The largest answer the carrier reads.
const BODY_MAX: usize = 64 * 1024;
const HTTP_FAILURE: u32 = 11200;
const CONNECT_FAILURE: u32 = 11205;
const BODY_TOO_LARGE: u32 = 11750;

/// Form parameters, in the order they are sent.
pub(super) type Params = Vec<(String, String)>;

/// A request to make; the address may carry a connection override in its fragment.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) url: String,
    pub(super) method: String,
    pub(super) extra: Params,
}

/// Where a call's progress is reported.
#[derive(Clone, Debug)]
pub(super) struct StatusTo {
    pub(super) request: Request,
    pub(super) events: Vec<String>,
}

/// One event of a call, as it was when it happened.
pub(super) struct Notice {
    pub(super) event: &'static str,
    pub(super) at: Instant,
    pub(super) params: Params,
}

/// What the caller's server answered.
pub(super) struct Answer {
    pub(super) content_type: String,
    pub(super) body: String,
}

/// HTTP clients by their connect time-out: the library sets it per client.
#[derive(Default)]
pub(super) struct Clients(Mutex<HashMap<u64, Client>>);

/// A pair of form parameters.
pub(super) fn pair(key: &str, value: impl ToString) -> (String, String) {
    (key.to_owned(), value.to_string())
}

/// The parameters that every request about a call carries.
pub(super) fn voice_params(account: &str, call: &Call) -> Params {
    let record = &call.record;
    let mut params = vec![
        pair("AccountSid", account),
        pair("ApiVersion", "2010-04-01"),
        pair("CallSid", &record.sid),
        pair("CallStatus", record.status()),
        pair("Called", &record.to),
        pair("Caller", &record.from),
        pair("Direction", direction(call)),
        pair("From", &record.from),
        pair("To", &record.to),
    ];
    params.extend(
        record
            .parent
            .as_ref()
            .map(|parent| pair("ParentCallSid", parent)),
    );
    params
}

/// Where a call comes from, in the carrier's words.
pub(super) fn direction(call: &Call) -> &'static str {
    if call.record.parent.is_some() {
        "outbound-dial"
    } else {
        "outbound-api"
    }
}

/// A moment as the carrier writes it.
pub(super) fn rfc2822(at: jiff::Timestamp) -> String {
    rfc2822::to_string(&at.to_zoned(TimeZone::UTC)).expect("years of this era can be written")
}

/// Delivers a call's events one after another until the call has no more.
pub(super) async fn carry(
    world: Shared,
    sid: String,
    to: StatusTo,
    mut mail: mpsc::UnboundedReceiver<Notice>,
) {
    let mut held = vec![];
    while let Some(notice) = mail.recv().await {
        let handling = world.state().faults.handling(notice.event);
        if handling.reversed {
            held.push((notice, handling));
        } else {
            hand_over(&world, &sid, &to, notice, handling).await;
        }
    }
    for (notice, handling) in held.into_iter().rev() {
        hand_over(&world, &sid, &to, notice, handling).await;
    }
}

async fn hand_over(world: &World, sid: &str, to: &StatusTo, notice: Notice, handling: Handling) {
    if handling.dropped {
        return;
    }
    tokio::time::sleep_until(notice.at + handling.delay).await;
    let mut envelope = Envelope::new(sid, notice.event, &to.request, notice.params);
    if handling.unknown_parameters {
        envelope
            .params
            .push(pair("StirMoonPhase", "waxing \u{1f319}"));
    }
    if handling.forged {
        let lie = envelope.saying("completed").sealed(Seal::Forged);
        let _ = deliver(world, lie).await;
    }
    if handling.json {
        let _ = deliver(world, envelope.saying("completed").sealed(Seal::Json)).await;
    }
    for _ in 0..=handling.repeats {
        let _ = deliver(world, envelope.clone()).await;
    }
    if handling.unknown_status {
        let _ = deliver(world, envelope.saying("pondering")).await;
    }
    world.call(sid, |call| call.delivered.send_modify(|count| *count += 1));
}

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
            token: fresh("")[..].to_owned(),
            seal: Seal::Honest,
        }
    }

    fn saying(&self, status: &str) -> Self {
        let mut other = Self {
            token: fresh(""),
            ..self.clone()
        };
        other.params.retain(|(key, _)| key != "CallStatus");
        other.params.push(pair("CallStatus", status));
        other
    }

    fn sealed(self, seal: Seal) -> Self {
        let lie = if seal == Seal::Forged {
            "forged"
        } else {
            "json"
        };
        Self {
            kind: format!("{}-{lie}", self.kind),
            seal,
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

/// The extra parameters of a status callback.
pub(super) fn status_params(call: &Call, event: &str, sequence: u32) -> Params {
    let mut params = vec![
        pair("CallbackSource", "call-progress-events"),
        pair("SequenceNumber", sequence),
        pair("Timestamp", rfc2822(now())),
    ];
    if let Some(end) = call.record.end.filter(|_| event == "completed") {
        let talked = call.record.talked_s();
        params.push(pair("CallDuration", talked));
        params.push(pair("Duration", (talked + 59) / 60));
        params.push(pair("SipResponseCode", end.sip()));
    }
    params
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
