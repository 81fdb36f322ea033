//! How the carrier's API says no.

use axum::{
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde_json::json;

/// An error answer of the API.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: u32,
    pub(super) message: String,
}

impl Refusal {
    /// The answer to a request that is wrong in itself.
    pub(super) fn bad(code: u32, message: impl Into<String>) -> Self {
        let status = match code {
            20003 => StatusCode::UNAUTHORIZED,
            20403 => StatusCode::FORBIDDEN,
            20404 => StatusCode::NOT_FOUND,
            20429 | 22005 => StatusCode::TOO_MANY_REQUESTS,
            20500 => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    pub(super) fn not_authenticated() -> Self {
        Self::bad(20003, "Authenticate")
    }

    pub(super) fn broken() -> Self {
        Self::bad(20500, "An internal server error has occurred")
    }

    pub(super) fn too_many() -> Self {
        Self::bad(20429, "Too Many Requests")
    }

    pub(super) fn not_found(path: &str) -> Self {
        Self::bad(
            20404,
            format!("The requested resource {path} was not found"),
        )
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({
            "code": self.code,
            "message": self.message,
            "more_info": format!("https://www.twilio.com/docs/errors/{}", self.code),
            "status": self.status.as_u16(),
        });
        answer(self.status, &body)
    }
}

/// A JSON answer.
pub(super) fn answer(status: StatusCode, body: &serde_json::Value) -> Response {
    (
        status,
        [(CONTENT_TYPE, "application/json")],
        body.to_string(),
    )
        .into_response()
}
