//! The daemon of this machine, asked over its interface with its token.

use std::time::Duration;

use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::Value;

use super::Failure;
use super::group::{Group, daemon_url};

/// How long the daemon may take for an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// What the daemon said.
pub(super) enum Said {
    /// It did it.
    Done(Value),
    /// It would not, and why.
    Refused(String),
    /// There is none.
    NotRunning,
}

/// Asks once; `path` begins below `/api/v1`.
pub(super) async fn ask(
    group: &Group,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> Result<Said, Failure> {
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
        .request(method, format!("{base}/api/v1{path}"))
        .bearer_auth(group.settings.server.api_token.expose_secret());
    if let Some(body) = body {
        asking = asking
            .header("content-type", "application/json")
            .body(body.to_string());
    }
    let answer = match asking.send().await {
        Ok(answer) => answer,
        Err(error) if error.is_connect() => return Ok(Said::NotRunning),
        Err(error) => return Err(unasked(error)),
    };
    let status = answer.status();
    let said = answer.text().await.map_err(unasked)?;
    let said: Value = serde_json::from_str(&said).unwrap_or_default();
    if status.is_success() {
        return Ok(Said::Done(said));
    }
    let detail = said["detail"].as_str().map(str::to_owned);
    Ok(Said::Refused(detail.unwrap_or_else(|| {
        format!("the daemon at {base} refused with {status}")
    })))
}
