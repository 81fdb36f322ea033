//! Carriers ask what a leg hears, and tell how far it is (BEHAVIOUR 7). A forged request changes nothing; a right one
//! is always answered with something that can be spoken, also while the store is away (P7).

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use leadbridge_providers::twilio::{SIGNATURE_HEADER, Twilio, hold_query, holds};
use leadbridge_providers::{
    Asked, Callback, Carrier, Inbound, LeadId, LegId, Route, Script, Side, Turn,
};

use super::problem::Problem;
use super::{Web, about, carry_out, header, messages, ring_tone};
use crate::phrases::Phrases;
use crate::rotation::{CarrierId, Rules};
use crate::script;

/// How long the store may take: a carrier gives up at 4 s, and the person on the phone hears nothing meanwhile.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// Where a carrier asks what a leg hears.
pub(super) const ASK: &str = "/carriers/{carrier}/{leg}/{turn}/{route}";
/// Where it brings texts and calls of our own numbers.
pub(super) const INBOUND: &str = "/carriers/{carrier}/inbound";
/// How often a leg is put off while the store is away.
const HOLDS_MAX: u32 = 5;

/// `POST /carriers/{carrier}/{leg}/{turn}/{answer|digits|dial}`
pub(super) async fn ask(
    State(web): State<Web>,
    Path((carrier, leg, turn, route)): Path<(String, String, String, String)>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let route = self::route(&route)?;
    let id = CarrierId(carrier.clone());
    let carrier = authentic(&web, carrier, &uri, &headers, &body)?;
    let (Ok(leg), Ok(turn)) = (leg.parse::<LegId>(), turn.parse::<Turn>()) else {
        return Ok(spoken(carrier, no_leg(), &dealt_with(&web)));
    };
    about("lead", leg.lead);
    let (turn, at, callback) = question(carrier, leg, (turn, route), &uri, &body);
    let asked = callback.asked.clone();
    let engine = web.engine.clone();
    let asking = async move { engine.callback(&id, leg, Some(turn), callback).await };
    let script = match carry_out(ANSWER_WITHIN, asking).await {
        Ok(Some(script)) => script,
        Ok(None) => dealt_with(&web),
        Err(_) => put_off(
            &web.engine.phrases,
            &web.engine.rules(),
            &at,
            asked.as_ref(),
        ),
    };
    Ok(spoken(carrier, leg, &script))
}

/// `POST /carriers/{carrier}/{leg}/status`: what can't be written down now is sent again by the carrier.
pub(super) async fn status(
    State(web): State<Web>,
    Path((carrier, leg)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let id = CarrierId(carrier.clone());
    let carrier = authentic(&web, carrier, &uri, &headers, &body)?;
    let Ok(leg) = leg.parse::<LegId>() else {
        return Ok(StatusCode::NO_CONTENT);
    };
    about("lead", leg.lead);
    let callback = carrier.read(Route::Status, uri.query().unwrap_or(""), &body);
    let engine = web.engine.clone();
    let telling = async move { engine.callback(&id, leg, None, callback).await };
    carry_out(ANSWER_WITHIN, telling).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /carriers/{carrier}/inbound`: a text, or a call of one of our own numbers, its end, and the end of what it was
/// put through to.
pub(super) async fn inbound(
    State(web): State<Web>,
    Path(carrier): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let id = CarrierId(carrier.clone());
    let carrier = authentic(&web, carrier, &uri, &headers, &body)?;
    if let Some(answer) = messages::received(&web, carrier, &body).await {
        return answer;
    }
    let call = carrier.read_inbound(uri.query().unwrap_or(""), &body);
    let asked = asked_inbound(&call);
    let engine = web.engine.clone();
    let taking = async move { engine.called_in(id, call).await };
    let (leg, script) = match carry_out(ANSWER_WITHIN, taking).await {
        Ok(answer) => answer,
        Err(_) => {
            let (phrases, rules) = (&web.engine.phrases, web.engine.rules());
            (
                None,
                put_off(phrases, &rules, &path_and_query(&uri), Some(&asked)),
            )
        }
    };
    if let Some(leg) = leg {
        about("lead", leg.lead);
    }
    Ok(spoken(carrier, leg.unwrap_or(no_leg()), &script))
}

/// `GET /carriers/ring-tone.wav`: what somebody hears who is alone in a room.
pub(super) async fn ring_tone() -> Response {
    let head = [
        (CONTENT_TYPE, "audio/wav"),
        (CACHE_CONTROL, "public, max-age=86400"),
    ];
    (head, ring_tone::wav()).into_response()
}

/// What is asked, as the address says it.
pub(super) fn route(name: &str) -> Result<Route, Problem> {
    match name {
        "answer" => Ok(Route::Answer),
        "digits" => Ok(Route::Digits),
        "dial" => Ok(Route::Dial),
        _ => Err(Problem::of(StatusCode::NOT_FOUND)),
    }
}

/// The carrier of this id, if the request is its own.
pub(super) fn authentic<'w>(
    web: &'w Web,
    id: String,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<&'w Twilio, Problem> {
    let id = CarrierId(id);
    signed_by(web.engine.carrier(&id), &id, uri, headers, body)
}

/// This carrier, if the request is its own.
pub(super) fn signed_by<'w>(
    carrier: Option<&'w Carrier>,
    id: &CarrierId,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<&'w Twilio, Problem> {
    let carrier = carrier.and_then(Carrier::twilio).ok_or_else(|| {
        let detail = "there is no carrier of this id that asks over HTTP; see leadbridge.toml";
        Problem::new(StatusCode::NOT_FOUND, detail)
    })?;
    about("carrier", &id.0);
    let signature = header(headers, SIGNATURE_HEADER);
    let content_type = header(headers, CONTENT_TYPE.as_str());
    if !carrier.authentic(&path_and_query(uri), content_type, body, signature) {
        let detail =
            "the signature is wrong; check the carrier's token and public_url in leadbridge.toml";
        return Err(Problem::new(StatusCode::FORBIDDEN, detail));
    }
    Ok(carrier)
}

/// As it came: it is part of what is signed.
pub(super) fn path_and_query(uri: &Uri) -> String {
    uri.path_and_query()
        .map_or(String::new(), |raw| raw.as_str().to_owned())
}

/// What a leg asks, of which turn, and where it is asked again. A fallback asks in the stead of what failed: answered with
/// the present script, a leg whose ring's end was lost would ring the customer once more.
pub(super) fn question(
    carrier: &Twilio,
    leg: LegId,
    (turn, route): (Turn, Route),
    uri: &Uri,
    body: &[u8],
) -> (Turn, String, Callback) {
    let (route, turn, at) = match carrier.failed_dial(leg, body) {
        Some((turn, at)) => (Route::Dial, turn, at),
        None => (route, turn, path_and_query(uri)),
    };
    let query = at.split_once('?').map_or("", |(_, query)| query);
    let callback = carrier.read(route, query, body);
    (turn, at, callback)
}

/// What a call of one of our own numbers asks.
pub(super) fn asked_inbound(call: &Inbound) -> Asked {
    match call.put_through {
        Some(end) => Asked::Dial {
            end,
            still_up: true,
        },
        None => Asked::Answer,
    }
}

/// The store is away: the same is asked again in a moment, a few times.
pub(super) fn put_off(phrases: &Phrases, rules: &Rules, at: &str, asked: Option<&Asked>) -> Script {
    let (path, query) = at.split_once('?').unwrap_or((at, ""));
    let times = holds(query);
    match asked {
        Some(asked) if times < HOLDS_MAX => {
            let again = format!("{path}?{}", hold_query(times + 1, asked));
            script::hold(phrases, rules, again)
        }
        Some(_) | None => script::dealt_with(phrases, rules),
    }
}

fn dealt_with(web: &Web) -> Script {
    script::dealt_with(&web.engine.phrases, &web.engine.rules())
}

/// Stands for the leg of a call that has none of ours; a script that hangs up names no leg.
pub(super) fn no_leg() -> LegId {
    LegId {
        lead: LeadId(uuid::Uuid::nil()),
        side: Side::In,
        number: 0,
    }
}

pub(super) fn spoken(carrier: &Twilio, leg: LegId, script: &Script) -> Response {
    let kind = [(CONTENT_TYPE, Twilio::SCRIPT_TYPE)];
    (kind, carrier.script(leg, script)).into_response()
}
