//! Who talks to the daemon over HTTP: a source that signs its leads, and a program with the interface's token.

use jiff::Timestamp;
use leadbridge::source::Auth;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::config::{API_TOKEN, WEBSITE_SECRET};
use crate::daemon::{LOOK_EVERY, PATIENCE};

pub(crate) const CUSTOMER: &str = "+32470123456";
pub(crate) const FIRST_NAME: &str = "Xandrine";
pub(crate) const LAST_NAME: &str = "Quellinck";
pub(crate) const COMMENT: &str = "Rijdt die zeker elektrisch?";
/// What is personal in every lead of these tests.
pub(crate) const NAMES: [&str; 4] = [FIRST_NAME, LAST_NAME, "elektrisch", "quellinck@"];

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) kind: String,
    /// When to ask again, in seconds.
    pub(crate) again_after_s: Option<u32>,
    pub(crate) raw: String,
    pub(crate) body: Value,
}

/// A client of one daemon; its connections are kept.
#[derive(Clone)]
pub(crate) struct Sender {
    url: String,
    client: Client,
}

/// A lead of a customer with this number.
pub(crate) fn lead(phone: &str) -> Value {
    json!({
        "first_name": FIRST_NAME, "last_name": LAST_NAME, "phone": phone, "email": "x.quellinck@example.org",
        "language": "nl", "message": COMMENT, "consent": { "call": true },
        "vehicle": { "make": "VW", "model": "Golf", "interest": "test-drive" },
    })
}

/// The same with an id of the source's own.
pub(crate) fn lead_with_id(phone: &str, id: &str) -> Value {
    let mut lead = lead(phone);
    lead["id"] = json!(id);
    lead
}

/// Another customer's number for each count up to 999,999.
pub(crate) fn customer(count: usize) -> String {
    format!("+32471{count:06}")
}

/// What the body is signed with.
pub(crate) fn signing(secret: &str) -> Auth {
    Auth::Sha256 {
        header: "x-signature-256".to_owned(),
        secret: secret.into(),
    }
}

impl Answer {
    pub(crate) fn text(&self, key: &str) -> &str {
        self.body[key]
            .as_str()
            .unwrap_or_else(|| panic!("no {key} in {self:?}"))
    }

    /// Checks that it is a problem document with this status and a sentence.
    pub(crate) fn is_a_problem(&self, status: u16) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.kind, "application/problem+json", "{self:?}");
        assert_eq!(self.body["status"], status, "{self:?}");
        assert!(self.text("type").starts_with("https://"), "{self:?}");
        assert!(self.text("detail").split(' ').count() >= 4, "{self:?}");
    }
}

impl Sender {
    pub(crate) fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            client: Client::builder().no_proxy().build().unwrap(),
        }
    }

    /// Sends a lead as the website would.
    pub(crate) async fn send(&self, lead: &Value) -> Answer {
        self.send_body("website", lead.to_string().into_bytes())
            .await
    }

    /// The same where the daemon may be away.
    pub(crate) async fn try_send(
        &self,
        source: &str,
        lead: &Value,
    ) -> Result<Answer, reqwest::Error> {
        let signed = signing(WEBSITE_SECRET).sign("", now(), lead.to_string().as_bytes());
        answer_of(
            with_headers(
                self.client.post(self.at(&format!("/leads/{source}"))),
                &signed.headers,
            )
            .body(signed.body),
        )
        .await
    }

    /// Sends any bytes, signed by this source.
    pub(crate) async fn send_body(&self, source: &str, body: Vec<u8>) -> Answer {
        self.send_signed(WEBSITE_SECRET, source, body).await
    }

    /// Sends any bytes, signed with any secret.
    pub(crate) async fn send_signed(&self, secret: &str, source: &str, body: Vec<u8>) -> Answer {
        let signed = signing(secret).sign("", now(), &body);
        let headers: Vec<_> = signed
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        self.post(&format!("/leads/{source}"), &headers, signed.body)
            .await
    }

    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        answer_of(with_headers(self.client.post(self.at(path)), headers).body(body))
            .await
            .unwrap()
    }

    /// Gets a page with the interface's token; again where the connection ended, as behind a balancer whose node is gone.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        let began = Instant::now();
        loop {
            match self.try_get(path).await {
                Ok(answer) => return answer,
                Err(error) => assert!(began.elapsed() < PATIENCE, "{path}: {error}"),
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// The same where the daemon may be away.
    pub(crate) async fn try_get(&self, path: &str) -> Result<Answer, reqwest::Error> {
        answer_of(self.client.get(self.at(path)).bearer_auth(API_TOKEN)).await
    }

    pub(crate) async fn alive(&self) -> bool {
        let answer = answer_of(self.client.get(self.at("/healthz"))).await;
        answer.is_ok_and(|answer| answer.status == 200)
    }

    /// The ids of all leads.
    pub(crate) async fn list(&self) -> Vec<Value> {
        let mut leads = vec![];
        let mut query = String::new();
        loop {
            let page = self.get(&format!("/api/v1/leads{query}")).await;
            assert_eq!(page.status, 200, "{page:?}");
            leads.extend(page.body["leads"].as_array().unwrap().iter().cloned());
            match page.body["next"].as_str() {
                Some(next) => query = format!("?after={next}"),
                None => return leads,
            }
        }
    }

    /// One figure of `/metrics`, by its name with its labels.
    pub(crate) async fn figure(&self, name: &str) -> Option<f64> {
        let page = self.get("/metrics").await;
        let line = page.raw.lines().find(|line| {
            line.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(' '))
        });
        line.and_then(|line| line.rsplit(' ').next()?.parse().ok())
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

fn with_headers<N: AsRef<str>, V: AsRef<str>>(
    request: RequestBuilder,
    headers: &[(N, V)],
) -> RequestBuilder {
    headers.iter().fold(request, |request, (name, value)| {
        request.header(name.as_ref(), value.as_ref())
    })
}

async fn answer_of(request: RequestBuilder) -> Result<Answer, reqwest::Error> {
    let answer = request.send().await?;
    let status = answer.status().as_u16();
    let kind = answer.headers().get("content-type");
    let kind = kind.map_or("", |kind| kind.to_str().unwrap()).to_owned();
    let again = answer.headers().get("retry-after");
    let again_after_s = again.and_then(|again| again.to_str().ok()?.parse().ok());
    let raw = String::from_utf8_lossy(&answer.bytes().await?).into_owned();
    let body = serde_json::from_str(&raw).unwrap_or(Value::Null);
    Ok(Answer {
        status,
        kind,
        again_after_s,
        raw,
        body,
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the source has a clock of its own"
)]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
