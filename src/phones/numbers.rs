//! The account's numbers, as the carrier lists them: those that may be shown.

use axum::{
    Router,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::get,
};
use serde_json::{Value, json};

use super::{
    api::{authorize, form},
    callbacks::Params,
    refusal::{Refusal, answer},
    world::{Shared, World},
};

/// The routes of the lists.
pub(super) fn routes() -> Router<Shared> {
    let account = "/2010-04-01/Accounts/{account}";
    Router::new()
        .route(&format!("{account}/IncomingPhoneNumbers.json"), get(rented))
        .route(&format!("{account}/OutgoingCallerIds.json"), get(proven))
}

async fn rented(
    State(world): State<Shared>,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    authorize(&world, &account, &headers)?;
    let query = form(query.unwrap_or_default().as_bytes());
    let numbers: Vec<Value> = asked_for(&world, &query)
        .iter()
        .map(|number| rented_number(number))
        .collect();
    Ok(answer(
        StatusCode::OK,
        &page("incoming_phone_numbers", &numbers),
    ))
}

/// Every number here is rented; none was proven by a call.
async fn proven(
    State(world): State<Shared>,
    Path(account): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    authorize(&world, &account, &headers)?;
    Ok(answer(StatusCode::OK, &page("outgoing_caller_ids", &[])))
}

/// An account that may show any number rents whichever is asked for.
fn asked_for(world: &World, query: &Params) -> Vec<String> {
    let own = &world.settings.caller_ids;
    let wanted = query
        .iter()
        .find(|(key, _)| key == "PhoneNumber")
        .map(|(_, number)| number);
    match wanted {
        Some(wanted) if own.is_empty() => vec![wanted.clone()],
        Some(wanted) => own
            .iter()
            .filter(|number| *number == wanted)
            .cloned()
            .collect(),
        None => own.clone(),
    }
}

fn rented_number(number: &str) -> Value {
    let digits = number.trim_start_matches('+');
    json!({
        "sid": format!("PN{digits:0>32}"),
        "phone_number": number,
        "friendly_name": number,
        "capabilities": { "voice": true, "sms": true, "mms": false, "fax": false },
        "status": "in-use",
        "api_version": "2010-04-01",
    })
}

fn page(list: &str, numbers: &[Value]) -> Value {
    json!({
        list: numbers,
        "page": 0,
        "page_size": 50,
        "start": 0,
        "end": numbers.len().saturating_sub(1),
        "next_page_uri": null,
        "previous_page_uri": null,
    })
}
