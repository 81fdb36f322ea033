//! How the daemon is, for those who run it, and what it answers to.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::{Web, carry_out};
use crate::io::store::StoreError;

/// How long the store may take to show that it can be written.
const STORE_WITHIN: Duration = Duration::from_secs(3);
/// What is told of a carrier.
const UP: &str = "up";
const DOWN: &str = "down";
/// What `/metrics` answers.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// What answers here, for programs.
const OPENAPI: &str = include_str!("openapi.json");

/// `GET /healthz`: the process lives.
pub(super) async fn alive() -> &'static str {
    "alive\n"
}

#[derive(Serialize)]
struct Ready {
    ready: bool,
    store: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
    carriers: BTreeMap<String, &'static str>,
}

/// `GET /readyz`: leads can be taken and phones rung; else which part can't.
pub(super) async fn ready(State(web): State<Web>) -> Response {
    let why = why_not_writable(&web).await;
    let trunks = web.engine.trunks.iter();
    let carriers = trunks.map(|(id, trunk)| {
        let carrier = if trunk.is_down() { DOWN } else { UP };
        (id.0.clone(), carrier)
    });
    readiness(why, carriers.collect())
}

/// The same while the store is away since the start, for this cause. Nothing is asked of the carriers yet.
pub(super) fn not_begun(why: &StoreError) -> Response {
    readiness(Some(in_a_word(why)), BTreeMap::new())
}

fn readiness(why: Option<&'static str>, carriers: BTreeMap<String, &'static str>) -> Response {
    let ready = why.is_none() && carriers.values().all(|carrier| *carrier == UP);
    let parts = Ready {
        ready,
        store: if why.is_none() { "writable" } else { "away" },
        why,
        carriers,
    };
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    super::json(status, &parts)
}

async fn why_not_writable(web: &Web) -> Option<&'static str> {
    let answer = tokio::time::timeout(STORE_WITHIN, web.engine.store.writable()).await;
    let Ok(answer) = answer else {
        return Some("slow");
    };
    answer.err().as_ref().map(in_a_word)
}

/// Why the store is away, in a word that tells strangers nothing of this machine; the log has the sentence.
fn in_a_word(why: &StoreError) -> &'static str {
    match why {
        StoreError::DiskFull => "disk-full",
        StoreError::Locked
        | StoreError::Conflict
        | StoreError::InUse(_)
        | StoreError::HalfCopied(_) => "locked",
        StoreError::ReadOnly => "read-only",
        StoreError::Moved(_) | StoreError::JournalLost(_) => "moved",
        StoreError::Corrupt(_)
        | StoreError::NotAStore(_)
        | StoreError::OlderSchema(_)
        | StoreError::NotYetUpgraded(_)
        | StoreError::NewerSchema { .. } => "damaged",
        StoreError::CannotOpen { .. }
        | StoreError::Panicked
        | StoreError::Misaddressed(_)
        | StoreError::Unavailable(_) => "failing",
    }
}

/// `GET /metrics`; while the store is away, what is counted in memory.
pub(super) async fn metrics(State(web): State<Web>) -> Response {
    let reads = web.engine.store.reads().clone();
    let counts = carry_out(STORE_WITHIN, async move { reads.counts().await }).await;
    let text = web.engine.metrics.encode(counts.ok().as_ref());
    ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response()
}

/// `GET /openapi.json`
pub(super) async fn openapi() -> Response {
    ([(CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}
