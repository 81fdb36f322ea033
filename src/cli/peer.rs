//! The running daemon, asked over HTTP: what changes a lead is its business while it runs.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use secrecy::ExposeSecret;
use serde_json::Value;

use super::Failure;
use super::group::{Group, daemon_url};
use super::table::plain;

/// How long the daemon may take for an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// What the daemon said.
pub(super) enum Daemon {
    Done(Value),
    /// A sentence that says why.
    Refused(String),
    NotRunning,
}

/// Posts to a route below `/api/v1/`.
pub(super) async fn post(group: &Group, route: &str, body: &Value) -> Result<Daemon, Failure> {
    ask(group, Method::POST, route, Some(body)).await
}

/// Gets what is at a route below `/api/v1/`.
pub(super) async fn get(group: &Group, route: &str) -> Result<Daemon, Failure> {
    ask(group, Method::GET, route, None).await
}

async fn ask(
    group: &Group,
    method: Method,
    route: &str,
    body: Option<&Value>,
) -> Result<Daemon, Failure> {
    let base = daemon_url(&group.settings);
    let unasked = |error: reqwest::Error| {
        let error = error.without_url();
        Failure::No(format!(
            "the daemon at {base} did not answer ({error}); try again"
        ))
    };
    // The token goes straight to the daemon of this machine.
    let http = reqwest::Client::builder().timeout(ANSWER_WITHIN).no_proxy();
    let http = http.build();
    let mut asking = http
        .map_err(unasked)?
        .request(method, format!("{base}/api/v1/{route}"))
        .bearer_auth(group.settings.server.api_token.expose_secret());
    if let Some(body) = body {
        asking = asking
            .header("content-type", "application/json")
            .body(body.to_string());
    }
    let answer = match asking.send().await {
        Ok(answer) => answer,
        Err(error) if error.is_connect() => return Ok(Daemon::NotRunning),
        Err(error) => return Err(unasked(error)),
    };
    let status = answer.status();
    if status == StatusCode::UNAUTHORIZED {
        return Ok(Daemon::Refused(format!(
            "the daemon at {base} does not take our token: see that `api_token` of leadbridge.toml names the one \
             that it was started with"
        )));
    }
    let said = answer.text().await.map_err(unasked)?;
    let said: Value = serde_json::from_str(&said).unwrap_or_default();
    if status.is_success() {
        return Ok(Daemon::Done(said));
    }
    let detail = said["detail"].as_str().map(plain);
    Ok(Daemon::Refused(detail.unwrap_or_else(|| {
        format!("the daemon at {base} refused with {status}")
    })))
}
