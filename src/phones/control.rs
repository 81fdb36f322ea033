//! The control routes below `/_phones/`: the same as the Rust interface, for the demo page and other languages.

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{
    Behaviour, Misbehaviour, Phone,
    refusal::answer,
    world::{Shared, World},
};

/// The control routes.
pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/_phones/calls", get(calls))
        .route("/_phones/deliveries", get(deliveries))
        .route("/_phones/misbehave", post(misbehave))
        .route("/_phones/behave", post(behave))
        .route("/_phones/{number}", post(does))
        .route("/_phones/{number}/line", post(line))
        .merge(by_hand())
}

/// What people do with phones.
pub(super) fn by_hand() -> Router<Shared> {
    Router::new().route("/_phones/{number}/{act}", post(act))
}

async fn calls(State(world): State<Shared>) -> Response {
    let records: Vec<_> = world
        .state()
        .calls
        .iter()
        .map(|call| call.record.clone())
        .collect();
    answer(StatusCode::OK, &json!(records))
}

async fn deliveries(State(world): State<Shared>) -> Response {
    let deliveries = world.state().deliveries.clone();
    answer(StatusCode::OK, &json!(deliveries))
}

async fn misbehave(State(world): State<Shared>, body: Bytes) -> Response {
    match serde_json::from_slice::<Misbehaviour>(&body) {
        Ok(misbehaviour) => {
            super::misbehave(&world, misbehaviour).await;
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}

async fn behave(State(world): State<Shared>) -> StatusCode {
    behave_again(&world);
    StatusCode::NO_CONTENT
}

/// Forgets all faults.
pub(super) fn behave_again(world: &World) {
    let mut state = world.state();
    state.faults = super::faults::Faults::default();
    state.texts.faults.clear();
}

/// Takes one behaviour, or a list of them for one call each.
async fn does(State(world): State<Shared>, Path(number): Path<String>, body: Bytes) -> Response {
    let behaviours =
        one::<Vec<Behaviour>>(&body).or_else(|_| one::<Behaviour>(&body).map(|only| vec![only]));
    match behaviours {
        Ok(behaviours) => {
            Phone::new(world, &number).does_in_turn(behaviours);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, error).into_response(),
    }
}

/// An address as body makes the number a line of the caller's.
async fn line(
    State(world): State<Shared>,
    Path(number): Path<String>,
    address: String,
) -> StatusCode {
    let address = address.trim().to_owned();
    world.state().lines.insert(number, address);
    StatusCode::NO_CONTENT
}

/// `answer`, `decline`, `machine`, `hang-up`, `press` with the key as body, or `call` with the number as body; 409 when the
/// phone has no call for it, or has one.
async fn act(
    State(world): State<Shared>,
    Path((number, act)): Path<(String, String)>,
    body: Bytes,
) -> StatusCode {
    let text = std::str::from_utf8(&body).unwrap_or_default().trim();
    let phone = Phone::new(world, &number);
    let key = text.chars().next();
    let done = match (act.as_str(), key) {
        ("answer", _) => phone.answer(),
        ("decline", _) => phone.decline(),
        ("machine", _) => phone.leave_to_machine(),
        ("hang-up", _) => phone.hang_up(),
        ("press", Some(key)) => phone.press(key),
        ("call", Some(_)) => phone.calls(text).is_some(),
        _ => return StatusCode::NOT_FOUND,
    };
    if done {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::CONFLICT
    }
}

fn one<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| error.to_string())
}
