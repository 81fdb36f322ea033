//! What is asked over HTTP (INTERFACE, HTTP). Handlers decide nothing: they authenticate raw bytes, parse into types
//! that cannot be wrong, hand over to the engine, and answer. One bad request never ends the process.
//!
//! `web/leads.rs` takes leads, `web/callbacks.rs` what carriers ask, `web/messages.rs` what they tell of texts,
//! `web/speech.rs` gives them what is said, `web/api.rs` what programs of the group ask, `web/figures.rs` the figures,
//! `web/pages.rs` the pages for people, `web/persons.rs` what a person may ask by law, `web/operating.rs` what tells how
//! the daemon is. `web/away.rs` answers in the place of all of them as long as the store is away since the start.

use std::any::Any;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use leadbridge_providers::twilio::RING_TONE;
use secrecy::SecretString;
use serde::Serialize;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;
use tracing::field::Empty;
use tracing::{Instrument, Span, error, info, info_span, warn};

use crate::io::config::Server;
use crate::io::engine::Engine;
use crate::io::store::StoreError;

mod api;
mod away;
mod call_tests;
mod callbacks;
mod client;
mod figures;
mod leads;
mod limits;
mod messages;
mod operating;
mod pages;
mod persons;
mod problem;
mod ring_tone;
mod serving;
mod speech;

use limits::Limits;
use problem::Problem;

pub use away::{away, shown};
pub use serving::serve;

/// The longest any request may take, its body's way included.
const REQUEST_WITHIN: Duration = Duration::from_secs(15);
/// How long the store may take for what a program waits for. Carriers wait less.
const STORE_WITHIN: Duration = Duration::from_secs(8);
/// The largest body of a callback: carriers send a few fields.
const CALLBACK_MAX_BYTES: usize = 64 * 1024;
/// The largest body of what a person asks of a lead: one reason.
const ACT_MAX_BYTES: usize = 4 * 1024;
/// When a sender may try again after the store was away, in seconds.
const AGAIN_AFTER_S: u32 = 5;

/// Said with every answer: nothing of ours is framed, guessed at, kept or told on.
const HEADERS: [(&str, &str); 5] = [
    ("cache-control", "no-store"),
    (
        "content-security-policy",
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
];

/// What all handlers share.
#[derive(Clone)]
struct Web(Arc<Front>);

struct Front {
    engine: Engine,
    api_token: SecretString,
    trusted_proxies: Vec<IpAddr>,
    limits: Limits,
}

impl std::ops::Deref for Web {
    type Target = Front;

    fn deref(&self) -> &Front {
        &self.0
    }
}

/// All that answers.
pub fn router(engine: Engine, server: &Server) -> Router {
    let web = Web(Arc::new(Front {
        engine,
        api_token: server.api_token.clone(),
        trusted_proxies: server.trusted_proxies.clone(),
        limits: Limits::new(server.flood_per_s),
    }));
    let body_max = usize::try_from(server.body_max_kb)
        .unwrap_or(usize::MAX)
        .saturating_mul(1024);
    let mut router = Router::new();
    for (path, methods) in routes(body_max) {
        router = router.route(path, methods);
    }
    guarded(router.fallback(async || Problem::of(StatusCode::NOT_FOUND))).with_state(web)
}

fn routes(body_max: usize) -> [(&'static str, MethodRouter<Web>); 24] {
    let lead = || post(leads::receive).layer(DefaultBodyLimit::max(body_max));
    let callback = DefaultBodyLimit::max(CALLBACK_MAX_BYTES);
    let act = DefaultBodyLimit::max(ACT_MAX_BYTES);
    [
        ("/leads/{source}", lead().get(leads::challenge)),
        ("/leads/{source}/{secret}", lead()),
        (callbacks::ASK, post(callbacks::ask).layer(callback)),
        (
            "/carriers/{carrier}/{leg}/status",
            post(callbacks::status).layer(callback),
        ),
        (callbacks::INBOUND, post(callbacks::inbound).layer(callback)),
        (
            "/carriers/{carrier}/message/{id}",
            post(messages::status).layer(callback),
        ),
        ("/carriers/{carrier}/speech/{sound}", get(speech::sound)),
        (RING_TONE, get(callbacks::ring_tone)),
        ("/api/v1/leads", get(api::list)),
        ("/api/v1/leads/{id}", get(api::show)),
        ("/api/v1/leads/{id}/{act}", post(api::act).layer(act)),
        ("/api/v1/leads/{id}/why", get(figures::why)),
        (
            "/api/v1/leads/{id}/conversion",
            post(figures::convert).layer(DefaultBodyLimit::max(ACT_MAX_BYTES)),
        ),
        ("/api/v1/report", get(figures::report)),
        ("/", get(pages::board)),
        ("/report", get(pages::report)),
        ("/lead/{id}", get(pages::lead)),
        ("/api/v1/call-tests", post(call_tests::order).layer(act)),
        (
            "/api/v1/leads/{id}/objects",
            post(messages::objects).layer(act),
        ),
        (
            "/api/v1/persons/erase",
            post(persons::forget).layer(DefaultBodyLimit::max(ACT_MAX_BYTES)),
        ),
        ("/healthz", get(operating::alive)),
        ("/readyz", get(operating::ready)),
        ("/metrics", get(operating::metrics)),
        ("/openapi.json", get(operating::openapi)),
    ]
}

/// Whatever a request does, it ends in time and with an answer of ours.
fn guarded<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router
        .layer(CatchPanicLayer::custom(panicked))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            REQUEST_WITHIN,
        ))
        .layer(middleware::from_fn(finish))
}

/// The way out of every answer: errors are problem documents, refusals are logged once, headers are set. The path is
/// logged as its pattern only, because a secret may stand in it.
async fn finish(request: Request, next: Next) -> Response {
    let pattern = request.extensions().get::<MatchedPath>();
    let route = pattern
        .map_or("none", |pattern| pattern.as_str())
        .to_owned();
    let span = info_span!("request", method = %request.method(), route, source = Empty, carrier = Empty, lead = Empty);
    let mut response = complete(next.run(request).instrument(span.clone()).await);
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        let problem = response.extensions().get::<Problem>();
        let detail = problem.map_or("", |problem| problem.detail.as_str());
        info!(parent: &span, status = status.as_u16(), detail, "a request was refused");
    }
    for (name, value) in HEADERS {
        // Only a sound says itself how long it may be kept.
        let header = response.headers_mut().entry(name);
        header.or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Gives an error that the machinery made its document, and keeps what else it says (`Allow`).
fn complete(response: Response) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let kind = response.headers().get(CONTENT_TYPE);
    let has_document = kind.is_some_and(|kind| kind.as_bytes().ends_with(b"json"));
    if !is_error || has_document {
        return response;
    }
    let mut told = Problem::of(status).into_response();
    if let Some(allow) = response.headers().get("allow") {
        told.headers_mut().insert("allow", allow.clone());
    }
    told
}

/// The panic's text stays out of the answer and the log: it could quote a customer.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    error!("a request panicked; this is a mistake in leadbridge");
    Problem::of(StatusCode::INTERNAL_SERVER_ERROR).into_response()
}

/// The store did not do it, or not in time.
#[derive(Debug)]
struct Away;

impl From<Away> for Problem {
    fn from(Away: Away) -> Problem {
        let detail = "nothing can be written or read now; send the same again";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).again_after(AGAIN_AFTER_S)
    }
}

/// Waits for the engine so long. The work goes on when the time is over or the sender has gone: what it writes down
/// must also leave.
async fn carry_out<T: Send + 'static>(
    within: Duration,
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, Away> {
    let work = tokio::spawn(work.in_current_span());
    match tokio::time::timeout(within, work).await {
        Ok(Ok(Ok(done))) => return Ok(done),
        Ok(Ok(Err(error))) => warn!(%error, "the store did not do it"),
        Ok(Err(_)) => error!("a decision panicked; this is a mistake in leadbridge"),
        Err(_) => warn!("the store did not answer in time"),
    }
    Err(Away)
}

fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let text = serde_json::to_string(body).expect("what is shown is plain JSON");
    let kind = [(CONTENT_TYPE, "application/json")];
    (status, kind, text).into_response()
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Notes for the log whom a request is about.
fn about(field: &str, id: impl std::fmt::Display) {
    Span::current().record(field, id.to_string());
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use axum::body::{Body, to_bytes};
    use tower::ServiceExt;

    use super::*;

    async fn answer(router: Router, method: &str, path: &str) -> (Response, serde_json::Value) {
        let request = Request::builder().method(method).uri(path);
        let request = request.body(Body::empty()).unwrap();
        let (head, body) = router.oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, 10_000).await.unwrap();
        let body = serde_json::from_slice(&body).unwrap();
        (Response::from_parts(head, Body::empty()), body)
    }

    #[tokio::test]
    async fn a_request_that_panics_is_answered_and_says_nothing_of_why() {
        let falls = async || -> String { panic!("about Jan Peeters") };
        let router = guarded(Router::new().route("/falls", get(falls)));
        let (response, problem) = answer(router.clone(), "GET", "/falls").await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        assert!(!problem.to_string().contains("Peeters"));
        let (response, _) = answer(router, "GET", "/elsewhere").await;
        assert_eq!(
            response.status(),
            StatusCode::NOT_FOUND,
            "the next one works"
        );
    }

    #[tokio::test]
    async fn what_the_router_refuses_is_a_problem_document_too() {
        let router = guarded(Router::new().route("/here", get(async || "here")));
        let (response, problem) = answer(router, "DELETE", "/here").await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()["allow"], "GET,HEAD");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert_eq!(problem["status"], 405);
        assert_eq!(problem["title"], "Method Not Allowed");
        assert!(problem["type"].as_str().unwrap().starts_with("https://"));
    }

    #[test]
    fn the_description_names_every_address_and_no_other() {
        let document: serde_json::Value =
            serde_json::from_str(include_str!("web/openapi.json")).unwrap();
        let mut described: Vec<_> = document["paths"].as_object().unwrap().keys().collect();
        let mut routed: Vec<_> = routes(1).into_iter().map(|(path, _)| path).collect();
        described.sort();
        routed.sort();
        assert_eq!(described, routed);
    }
}
