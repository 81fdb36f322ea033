//! What goes wrong is told as a problem document (RFC 9457), whose detail says what to do. It names no version, no
//! secret and nobody.

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// The type of a problem document.
const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");

/// When a flood may try again, in seconds.
const FLOOD_OVER_S: u32 = 1;

/// A request that was not done, and what its sender can do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// Which kind.
    pub(super) status: StatusCode,
    /// One sentence that says what to do.
    pub(super) detail: String,
    /// When to try again, in seconds.
    pub(super) retry_after_s: Option<u32>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Problem {
        Problem {
            status,
            detail: detail.into(),
            retry_after_s: None,
        }
    }

    pub(super) fn again_after(mut self, retry_after_s: u32) -> Problem {
        self.retry_after_s = Some(retry_after_s);
        self
    }

    /// What a status that no handler of ours has chosen means.
    pub(super) fn of(status: StatusCode) -> Problem {
        let detail = match status {
            StatusCode::BAD_REQUEST => "the address or the body can't be read; see /openapi.json",
            StatusCode::NOT_FOUND => NOTHING_HERE,
            StatusCode::METHOD_NOT_ALLOWED => "use one of the methods that the header Allow names",
            StatusCode::REQUEST_TIMEOUT => "the request took too long; send it again",
            StatusCode::PAYLOAD_TOO_LARGE => "the body is too large; send less in one request",
            StatusCode::INTERNAL_SERVER_ERROR => "a mistake in leadbridge; its log says where",
            _ => "the request was not done; see /openapi.json",
        };
        Problem::new(status, detail)
    }
}

/// Told where the router knows no such address.
pub(super) const NOTHING_HERE: &str = "there is nothing at this address; see /openapi.json";

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({
            "type": kind(self.status),
            "title": self.status.canonical_reason().unwrap_or("Problem"),
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        let mut response = (self.status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, PROBLEM);
        if let Some(seconds) = self.retry_after_s {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Too many requests, or too many wrong ones.
pub(super) fn flood() -> Problem {
    let detail = "too many requests; send fewer a second";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).again_after(FLOOD_OVER_S)
}

/// Where the status is explained.
fn kind(status: StatusCode) -> String {
    let section = match status {
        StatusCode::TOO_MANY_REQUESTS => {
            return "https://www.rfc-editor.org/rfc/rfc6585#section-4".to_owned();
        }
        StatusCode::BAD_REQUEST => "15.5.1",
        StatusCode::UNAUTHORIZED => "15.5.2",
        StatusCode::FORBIDDEN => "15.5.4",
        StatusCode::NOT_FOUND => "15.5.5",
        StatusCode::METHOD_NOT_ALLOWED => "15.5.6",
        StatusCode::REQUEST_TIMEOUT => "15.5.9",
        StatusCode::CONFLICT => "15.5.10",
        StatusCode::PAYLOAD_TOO_LARGE => "15.5.14",
        StatusCode::INTERNAL_SERVER_ERROR => "15.6.1",
        StatusCode::SERVICE_UNAVAILABLE => "15.6.4",
        _ => "15",
    };
    format!("https://www.rfc-editor.org/rfc/rfc9110#section-{section}")
}
