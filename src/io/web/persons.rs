//! What a person may ask of the group by law: to be forgotten. What is kept of them is written by
//! `leadbridge lead export`.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use tracing::info;

use super::api::Bearer;
use super::problem::Problem;
use super::{STORE_WITHIN, Web, carry_out};
use crate::io::erase::erase;
use crate::lead::Person;

/// `POST /api/v1/persons/erase` with `{"person": "+32470123456"}` or an e-mail address.
pub(super) async fn forget(
    _: Bearer,
    State(web): State<Web>,
    body: Bytes,
) -> Result<Response, Problem> {
    let person = person(&body, &web.engine.rules().country)?;
    let engine = web.engine.clone();
    let erasing = async move {
        let step = |lead, event| engine.happen(lead, event, None);
        erase(&engine.store, person, step).await
    };
    let erased = carry_out(STORE_WITHIN, erasing).await?;
    info!(leads = erased.erased.len(), "a person was erased");
    Ok(super::json(StatusCode::OK, &erased))
}

fn person(body: &[u8], country: &str) -> Result<Person, Problem> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Given {
        person: String,
    }
    let bad = |detail: String| Problem::new(StatusCode::BAD_REQUEST, detail);
    let given: Given = serde_json::from_slice(body)
        .map_err(|_| bad("send {\"person\": \"+32470123456\"}, or an e-mail address".to_owned()))?;
    Person::parse(&given.person, country).map_err(|error| bad(error.to_string()))
}
