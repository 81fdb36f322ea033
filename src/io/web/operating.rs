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
    let is_down: Vec<_> = trunks
        .map(|(id, trunk)| (id.0.clone(), trunk.is_down()))
        .collect();
    let ready = why.is_none() && is_down.iter().all(|(_, is_down)| !is_down);
    let carriers = is_down.into_iter();
    let parts = Ready {
        ready,
        store: if why.is_none() { "writable" } else { "away" },
        why,
        carriers: carriers
            .map(|(id, is_down)| (id, if is_down { "down" } else { "up" }))
            .collect(),
    };
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    super::json(status, &parts)
}

/// In a word that tells strangers nothing of this machine; the log has the sentence.
async fn why_not_writable(web: &Web) -> Option<&'static str> {
    let answer = tokio::time::timeout(STORE_WITHIN, web.engine.store.writable()).await;
    let Ok(answer) = answer else {
        return Some("slow");
    };
    Some(match answer.err()? {
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
        StoreError::CannotOpen { .. } | StoreError::Panicked | StoreError::Unavailable(_) => {
            "failing"
        }
    })
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
