//! A caller as small as can be: a server that notes every callback and answers scripts, and a client of the API.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{OriginalUri, State},
    http::{HeaderMap, Method, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use leadbridge::phones::{CallRecord, Network, Settings};
use leadbridge_providers::twilio::signature;
use serde_json::Value;
use tokio::{
    net::TcpListener,
    time::{Instant, sleep},
};

pub(crate) const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
pub(crate) const TOKEN: &str = "a-secret-token";
pub(crate) const REP: &str = "+32470000001";
pub(crate) const CUSTOMER: &str = "+32470123456";
pub(crate) const SHOWN: &str = "+3292000000";
const PATIENCE: Duration = Duration::from_secs(10);

/// One request that the network made.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) form: HashMap<String, String>,
    pub(crate) token: String,
    pub(crate) authentic: bool,
    pub(crate) json: bool,
}

impl Received {
    pub(crate) fn value(&self, key: &str) -> &str {
        self.form.get(key).map_or("", String::as_str)
    }
}

/// What is answered at a path: one answer per request, the last repeats.
type Scripts = HashMap<String, Vec<(u16, String)>>;

#[derive(Default)]
struct Noted {
    received: Vec<Received>,
    scripts: Scripts,
    delay: Duration,
}

#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) network: Network,
    pub(crate) url: String,
    noted: Arc<Mutex<Noted>>,
    client: reqwest::Client,
}

impl Caller {
    pub(crate) async fn new() -> Self {
        Self::with(Settings::quick(ACCOUNT, TOKEN)).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        let network = Network::start(TcpListener::bind("127.0.0.1:0").await.unwrap(), settings);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let noted = Arc::new(Mutex::new(Noted::default()));
        let router = Router::new()
            .fallback(note)
            .with_state((url.clone(), noted.clone()));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            network,
            url,
            noted,
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    /// Answers requests to this path with the body of a TwiML document.
    pub(crate) fn answers(&self, path: &str, verbs: &str) {
        self.answers_raw(
            path,
            200,
            &format!("<?xml version=\"1.0\"?><Response>{verbs}</Response>"),
        );
    }

    /// Answers the next request to this path so; the last such answer repeats.
    pub(crate) fn answers_raw(&self, path: &str, status: u16, body: &str) {
        let mut noted = self.noted.lock().unwrap();
        noted
            .scripts
            .entry(path.to_owned())
            .or_default()
            .push((status, body.to_owned()));
    }

    /// Answers every request this much later.
    pub(crate) fn takes(&self, span: Duration) {
        self.noted.lock().unwrap().delay = span;
    }

    /// Every request so far to this path.
    pub(crate) fn received(&self, path: &str) -> Vec<Received> {
        let noted = self.noted.lock().unwrap();
        noted
            .received
            .iter()
            .filter(|received| received.path == path)
            .cloned()
            .collect()
    }

    /// The `CallStatus` values reported for a leg, in the order of arrival.
    pub(crate) fn reported(&self, leg: &str) -> Vec<String> {
        let statuses = self.received(&format!("/carriers/main/{leg}/status"));
        statuses
            .iter()
            .map(|status| status.value("CallStatus").to_owned())
            .collect()
    }

    /// The form of a usual create for a leg.
    pub(crate) fn form(&self, leg: &str, to: &str) -> Vec<(String, String)> {
        let mut form = vec![
            ("To".to_owned(), to.to_owned()),
            ("From".to_owned(), SHOWN.to_owned()),
            (
                "Url".to_owned(),
                format!("{}/carriers/main/{leg}/0/answer", self.url),
            ),
            (
                "StatusCallback".to_owned(),
                format!("{}/carriers/main/{leg}/status", self.url),
            ),
        ];
        for event in ["initiated", "ringing", "answered", "completed"] {
            form.push(("StatusCallbackEvent".to_owned(), event.to_owned()));
        }
        form
    }

    /// Creates a call as usual and returns its sid.
    pub(crate) async fn rings(&self, leg: &str, to: &str) -> String {
        let (status, call) = self.post("Calls.json", &self.form(leg, to)).await;
        assert_eq!(status, 201, "{call}");
        call["sid"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn post(&self, path: &str, form: &[(String, String)]) -> (u16, Value) {
        self.try_post(path, form).await.unwrap()
    }

    pub(crate) async fn try_post(
        &self,
        path: &str,
        form: &[(String, String)],
    ) -> Result<(u16, Value), reqwest::Error> {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let request = self
            .client
            .post(self.api(path))
            .basic_auth(ACCOUNT, Some(TOKEN));
        let request = request
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body);
        answer_of(request).await
    }

    pub(crate) async fn update(&self, sid: &str, key: &str, value: &str) -> (u16, Value) {
        self.post(
            &format!("Calls/{sid}.json"),
            &[(key.to_owned(), value.to_owned())],
        )
        .await
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.get_as(path, TOKEN).await
    }

    pub(crate) async fn get_as(&self, path: &str, token: &str) -> (u16, Value) {
        answer_of(
            self.client
                .get(self.api(path))
                .basic_auth(ACCOUNT, Some(token)),
        )
        .await
        .unwrap()
    }

    /// Posts to a control route and returns the status.
    pub(crate) async fn control(&self, path: &str, body: &str) -> u16 {
        let url = format!("{}/_phones/{path}", self.network.url());
        self.client
            .post(url)
            .body(body.to_owned())
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    }

    fn api(&self, path: &str) -> String {
        let base = self.network.url();
        match path {
            "" => format!("{base}/2010-04-01/Accounts/{ACCOUNT}.json"),
            path if path.starts_with('/') => format!("{base}{path}"),
            path => format!("{base}/2010-04-01/Accounts/{ACCOUNT}/{path}"),
        }
    }

    /// The call of a leg, once it is over and all its callbacks were delivered.
    pub(crate) async fn ended(&self, leg: &str) -> CallRecord {
        self.until(|| self.reported(leg).iter().any(|status| is_final(status)))
            .await;
        self.until(|| self.record(leg).is_some_and(|record| record.end.is_some()))
            .await;
        self.record(leg).unwrap()
    }

    pub(crate) fn record(&self, leg: &str) -> Option<CallRecord> {
        self.network
            .calls()
            .into_iter()
            .find(|record| record.leg.as_deref() == Some(leg))
    }

    pub(crate) async fn until(&self, true_of: impl Fn() -> bool) {
        let began = Instant::now();
        while !true_of() {
            assert!(
                began.elapsed() < PATIENCE,
                "waited in vain: {:#?}",
                self.network.calls()
            );
            sleep(Duration::from_millis(2)).await;
        }
    }
}

fn is_final(status: &str) -> bool {
    ["completed", "busy", "no-answer", "failed", "canceled"].contains(&status)
}

async fn answer_of(request: reqwest::RequestBuilder) -> Result<(u16, Value), reqwest::Error> {
    let answer = request.send().await?;
    let status = answer.status().as_u16();
    Ok((
        status,
        serde_json::from_slice(&answer.bytes().await?).unwrap_or(Value::Null),
    ))
}

async fn note(
    State((url, noted)): State<(String, Arc<Mutex<Noted>>)>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header = |name: &str| {
        headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
            .to_owned()
    };
    let pairs: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let query = form_urlencoded::parse(uri.query().unwrap_or("").as_bytes()).into_owned();
    let signed = if method == Method::GET {
        &[][..]
    } else {
        &pairs
    };
    let expected = signature(TOKEN, &format!("{url}{uri}"), signed);
    let received = Received {
        path: uri.path().to_owned(),
        form: pairs.iter().cloned().chain(query).collect(),
        token: header("I-Twilio-Idempotency-Token"),
        authentic: header("X-Twilio-Signature") == expected,
        json: header("Content-Type").contains("json"),
    };
    let authentic = received.authentic && !received.json;
    let (answer, delay) = {
        let mut noted = noted.lock().unwrap();
        noted.received.push(received);
        let answers = noted.scripts.get_mut(uri.path());
        let answer = answers.map(|list| {
            if list.len() > 1 {
                list.remove(0)
            } else {
                list[0].clone()
            }
        });
        (answer, noted.delay)
    };
    sleep(delay).await;
    match answer {
        _ if !authentic => StatusCode::FORBIDDEN.into_response(),
        Some((status, body)) => (
            StatusCode::from_u16(status).unwrap(),
            [(CONTENT_TYPE, "text/xml")],
            body,
        )
            .into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}
