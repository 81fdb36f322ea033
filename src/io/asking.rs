//! One request to a carrier, and what came back.

use std::sync::Arc;
use std::time::Duration;

use leadbridge_providers::{Method, Request, Response};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::io::outgoing;

/// How long a carrier may take for an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// How long a connection may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// So many requests are under way to a carrier at the same time; more wait. An Asterisk has 100 connections for all who
/// ask it unless told otherwise (`sessionlimit` in http.conf), and hangs up on the next: room for as many that are idle,
/// and for as many that we gave up and it did not.
const LINES: usize = 32;
/// An answer longer than this is no answer.
const ANSWER_MAX_BYTES: usize = 1 << 20;

/// A client that asks one carrier.
#[derive(Clone)]
pub(super) struct Asking {
    client: reqwest::Client,
    lines: Arc<Semaphore>,
}

/// The right to ask once.
pub(super) struct Line(OwnedSemaphorePermit);

/// Bytes that came back, or why none did.
pub(super) enum Heard {
    /// The carrier said something.
    Answer {
        /// The HTTP status.
        status: u16,
        /// The body.
        body: Vec<u8>,
    },
    /// Provably nothing was sent.
    NotSent,
    /// Something may have been sent.
    Silence,
}

impl Asking {
    /// A client for the carrier at this address.
    pub(super) fn at(url: &str) -> Result<Asking, reqwest::Error> {
        let client = outgoing::client_for(url)
            .timeout(ANSWER_WITHIN)
            .connect_timeout(CONNECT_WITHIN)
            .pool_max_idle_per_host(LINES);
        Ok(Asking {
            client: client.build()?,
            lines: Arc::new(Semaphore::new(LINES)),
        })
    }

    /// Asks once, when there is a line.
    pub(super) async fn ask(&self, request: Request) -> Heard {
        let line = self.line().await;
        self.ask_on(line, request).await
    }

    /// Waits for a line. Who has one asks at once.
    pub(super) async fn line(&self) -> Line {
        let line = self.lines.clone().acquire_owned().await;
        Line(line.expect("the semaphore is never closed"))
    }

    /// Asks once, on this line.
    pub(super) async fn ask_on(&self, line: Line, request: Request) -> Heard {
        let Line(_until_answered) = line;
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut asking = self
            .client
            .request(method, &request.url)
            .header("authorization", request.authorization);
        if !request.body.is_empty() {
            asking = asking
                .header("content-type", request.content_type)
                .body(request.body);
        }
        match asking.send().await {
            Ok(response) => heard(response).await,
            Err(error) if error.is_connect() || error.is_builder() => Heard::NotSent,
            Err(_) => Heard::Silence,
        }
    }
}

impl Heard {
    /// What the answer means; `None` when there was none, or it makes no sense.
    pub(super) fn read<T>(&self, read: impl FnOnce(Response<'_>) -> Option<T>) -> Option<T> {
        match self {
            Heard::Answer { status, body } => read(Response {
                status: *status,
                body,
            }),
            Heard::NotSent | Heard::Silence => None,
        }
    }
}

async fn heard(mut response: reqwest::Response) -> Heard {
    let status = response.status().as_u16();
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= ANSWER_MAX_BYTES => {
                body.extend_from_slice(&chunk)
            }
            Ok(None) => return Heard::Answer { status, body },
            Ok(Some(_)) | Err(_) => return Heard::Silence,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn who_finds_no_line_waits_until_somebody_was_answered() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let asking = Asking::at("http://127.0.0.1:1").unwrap();
        let mut lines = Vec::new();
        for _ in 0..LINES {
            lines.push(asking.line().await);
        }
        assert!(asking.line().now_or_never().is_none());
        drop(lines.pop());
        assert!(asking.line().now_or_never().is_some());
    }
}
