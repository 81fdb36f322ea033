//! A daemon on a store of its own, and somebody who asks it.

use std::net::SocketAddr;
use std::path::PathBuf;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode};
use jiff::Timestamp;
use leadbridge::io::config::{self, Environment};
use leadbridge::io::daemon::Daemon;
use leadbridge::io::engine::Engine;
use leadbridge::io::web;
use leadbridge::rotation::SourceId;
use leadbridge_providers::twilio::signature;
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;

const LEADBRIDGE: &str = r#"[server]
public_url = "https://bridge.example.be"
data_dir = "data"
api_token = { env = "API" }
body_max_kb = 2
flood_per_s = 20

[[carrier]]
id = "main"
kind = "twilio"
account = "AC00000000000000000000000000000000"
token = { env = "TWILIO" }
"#;

const ROTATION: &str = r#"[group]
name = "Groep Peeters"
language = "nl"
timezone = "Europe/Brussels"
country = "BE"

[[rep]]
id = "an"
name = "An Claes"
phone = "+32470000001"
languages = ["nl"]

[[rep]]
id = "paul"
name = "Paul Peeters"
phone = "+32470000009"

[[rooftop]]
id = "gent"
name = "Garage Peeters Gent"
carrier = "main"
caller_id = "+3292000000"
reception = "+3292000001"
hours = "24/7"
after_hours = "wait"
reps = ["an"]
owner = ["paul"]
"#;

const SOURCES: &str = r#"[[source]]
id = "website"
format = "json"
rooftop = "gent"
auth = { scheme = "sha256", header = "X-Signature-256", secret = { env = "WEBSITE" } }
challenge = { env = "CHALLENGE" }

[[source]]
id = "slow"
format = "json"
rooftop = "gent"
rate_per_min = 2
auth = { scheme = "url-secret", secret = { env = "URL" } }

[[source]]
id = "open"
format = "json"
rooftop = "gent"
auth = { scheme = "none" }
"#;

const SECRETS: [(&str, &str); 5] = [
    ("API", "api-token-of-some-length"),
    ("TWILIO", "twilio-token-of-some-length"),
    ("WEBSITE", "website-secret-of-some-length"),
    ("CHALLENGE", "challenge-of-some-length"),
    ("URL", "long-random-segment-of-a-path"),
];

/// The daemon.
pub(crate) struct House {
    folder: TempDir,
    pub(crate) engine: Engine,
    pub(crate) router: Router,
}

/// What it answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The detail of a problem document of this status.
    pub(crate) fn problem(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.json()["status"], status);
        self.json()["detail"].as_str().unwrap().to_owned()
    }
}

/// A request of somebody at 192.0.2.1.
pub(crate) struct Ask {
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Ask {
    pub(crate) fn new(method: &'static str, path: impl Into<String>) -> Ask {
        Ask {
            method,
            path: path.into(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Ask {
        self.body = body.into();
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Ask {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same request to another address.
    pub(crate) fn at(mut self, path: &str) -> Ask {
        self.path = path.to_owned();
        self
    }

    /// With the token of the interface.
    pub(crate) fn known(self) -> Ask {
        self.header("authorization", "Bearer api-token-of-some-length")
    }

    /// A callback as the carrier signs it.
    pub(crate) fn callback(path: &str, form: &[(&str, &str)]) -> Ask {
        let owned = form
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let fields: Vec<(String, String)> = owned.collect();
        let url = format!("https://bridge.example.be{path}");
        let signed = signature("twilio-token-of-some-length", &url, &fields);
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&fields)
            .finish();
        Ask::new("POST", path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-twilio-signature", &signed)
            .body(form)
    }
}

impl House {
    pub(crate) async fn new() -> House {
        let folder = tempfile::tempdir().unwrap();
        let files = [
            ("leadbridge.toml", LEADBRIDGE),
            ("rotation.toml", ROTATION),
            ("sources.toml", SOURCES),
        ];
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let env: Environment = SECRETS.into_iter().collect();
        let path = folder.path().join("leadbridge.toml");
        let settings = config::load_settings(&path, &env).unwrap().value;
        // The process has one for all its houses; the second to install it is told so.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let daemon = Daemon::open(settings, &env)
            .await
            .map_err(|error| error.to_string());
        let Daemon {
            engine, settings, ..
        } = daemon.unwrap();
        let router = web::router(engine.clone(), &settings.server);
        House {
            folder,
            engine,
            router,
        }
    }

    pub(crate) async fn ask(&self, ask: Ask) -> Answer {
        let mut request = Request::builder().method(ask.method).uri(&ask.path);
        for (name, value) in &ask.headers {
            request = request.header(name, value);
        }
        let peer: SocketAddr = "192.0.2.1:40000".parse().unwrap();
        let request = request.extension(ConnectInfo(peer));
        let request = request.body(Body::from(ask.body)).unwrap();
        let (head, body) = self
            .router
            .clone()
            .oneshot(request)
            .await
            .unwrap()
            .into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        Answer {
            status: head.status,
            headers: head.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    /// A body as this source sends it.
    pub(crate) async fn send(&self, source: &str, body: &str) -> Answer {
        let ask = self.signed(source, body);
        self.ask(ask).await
    }

    pub(crate) fn signed(&self, source: &str, body: &str) -> Ask {
        let sources = self.engine.sources.load();
        let auth = &sources[&SourceId(source.to_owned())].auth;
        #[expect(clippy::disallowed_methods, reason = "a source has a clock of its own")]
        let signed = auth.sign("message", Timestamp::now(), body.as_bytes());
        let secret = signed.url_secret.map(|secret| format!("/{secret}"));
        let path = format!("/leads/{source}{}", secret.unwrap_or_default());
        let ask = Ask::new("POST", path).body(signed.body);
        let headers = signed.headers.into_iter();
        headers.fold(ask, |ask, (name, value)| ask.header(&name, &value))
    }

    /// How many leads are kept.
    pub(crate) async fn kept(&self) -> usize {
        let list = self.ask(Ask::new("GET", "/api/v1/leads").known()).await;
        list.json()["leads"].as_array().unwrap().len()
    }

    /// How many rows of `lead` hold what this customer told, and the body that came.
    pub(crate) fn personal(&self, lead: &str) -> (u32, u32) {
        let store = Connection::open(self.folder.path().join("data/leadbridge.db")).unwrap();
        let count = |sql| store.query_row(sql, [lead], |row| row.get(0)).unwrap();
        (
            count("SELECT count(*) FROM lead WHERE id = ? AND (told NOT NULL OR phone NOT NULL)"),
            count("SELECT count(*) FROM lead WHERE id = ? AND body NOT NULL"),
        )
    }

    /// Another program that has the store's lock, until it is dropped.
    pub(crate) fn lock(&self) -> Connection {
        let path: PathBuf = self.folder.path().join("data/leadbridge.db");
        let other = Connection::open(path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        other
    }
}

/// A customer with this number.
pub(crate) fn lead(id: &str, phone: &str) -> String {
    format!(r#"{{"id":"{id}","first_name":"Jan","last_name":"Wouters","phone":"{phone}"}}"#)
}
