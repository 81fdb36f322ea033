//! Leads come in: authentic over the bytes as they came, or nothing is left behind; then whatever they say is on
//! disk before the source hears 202 (P1).

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use axum::body::Bytes;
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use jiff::tz::TimeZone;
use serde_json::json;
use tracing::info;

use super::problem::Problem;
use super::{STORE_WITHIN, Web, about, carry_out, client, header};
use crate::intake::{self, Unreadable};
use crate::lead::Lead;
use crate::rotation::SourceId;
use crate::source::Source;

/// When a flood may try again, in seconds.
const FLOOD_OVER_S: u32 = 1;

/// `POST /leads/{source}[/{secret}]`
pub(super) async fn receive(
    State(web): State<Web>,
    Path(path): Path<Vec<String>>,
    request: Request,
) -> Result<Response, Problem> {
    let network = client::network(client::address(&request, &web.trusted_proxies));
    if web.limits.floods(network) {
        return Err(flood());
    }
    let source = source(&web, path.first())?;
    if web.limits.is_flooded(&source) {
        return Err(flood());
    }
    let headers = request.headers().clone();
    let body = whole(request).await?;
    if !is_authentic(&web, &source, &headers, path.get(1), &body) {
        return Err(not_authentic());
    }
    let (told, unread) = match read(&web, &source, &body) {
        Ok(told) => (Some(told), None),
        Err(why) => (None, Some(why)),
    };
    let over_rate = web.limits.over_rate(&source, network);
    let content_type = header(&headers, CONTENT_TYPE.as_str())
        .unwrap_or("")
        .to_owned();
    let engine = web.engine.clone();
    let receiving = async move {
        let body = body.to_vec();
        engine
            .receive(&source, &content_type, body, told, over_rate)
            .await
    };
    let received = carry_out(STORE_WITHIN, receiving).await?;
    let outcome = received.flow.outcome().map(|closed| closed.outcome);
    let status = received.flow.stage().told(outcome);
    about("lead", received.lead);
    if let Some(error) = unread {
        info!(%error, "a lead can't be read");
    }
    info!(status, known = received.known, "a lead is written down");
    let answer = json!({ "lead": received.lead, "status": status });
    Ok(super::json(StatusCode::ACCEPTED, &answer))
}

/// `GET /leads/{source}`: the source asks once whether the address is ours (Meta), and hears its own word again.
pub(super) async fn challenge(
    State(web): State<Web>,
    Path(path): Path<Vec<String>>,
    request: Request,
) -> Result<String, Problem> {
    let network = client::network(client::address(&request, &web.trusted_proxies));
    if web.limits.floods(network) {
        return Err(flood());
    }
    let source = source(&web, path.first())?;
    let query = request.uri().query().unwrap_or("").as_bytes();
    let asked: HashMap<_, _> = form_urlencoded::parse(query).collect();
    let is_its_word = asked
        .get("hub.verify_token")
        .is_some_and(|word| source.asks_with(word));
    match asked.get("hub.challenge") {
        Some(challenge) if is_its_word => Ok(challenge.to_string()),
        Some(_) | None => {
            let detail = "ask with the word that `challenge` of this source in sources.toml names";
            Err(Problem::new(StatusCode::FORBIDDEN, detail))
        }
    }
}

fn source(web: &Web, name: Option<&String>) -> Result<Source, Problem> {
    let sources = web.engine.sources.load();
    let source = name.and_then(|name| sources.get(&SourceId(name.clone())));
    let source = source.ok_or_else(|| {
        let detail = "there is no source of this name; use an id of sources.toml in the address";
        Problem::new(StatusCode::NOT_FOUND, detail)
    })?;
    about("source", &source.id.0);
    Ok(source.clone())
}

async fn whole(request: Request) -> Result<Bytes, Problem> {
    let read = Bytes::from_request(request, &()).await;
    read.map_err(|refused| Problem::of(refused.status()))
}

fn is_authentic(
    web: &Web,
    source: &Source,
    headers: &HeaderMap,
    url_secret: Option<&String>,
    body: &[u8],
) -> bool {
    source.auth.authentic(
        web.engine.now(),
        |name| header(headers, name),
        url_secret.map(String::as_str),
        body,
    )
}

/// A body that makes no sense is kept and held for a person.
fn read(web: &Web, source: &Source, body: &[u8]) -> Result<Lead, Unreadable> {
    let rules = web.engine.rules();
    let rooftop = rules.rooftops.get(&source.rooftop);
    let zone = rooftop.map_or(TimeZone::UTC, |rooftop| rooftop.hours.zone().clone());
    // A body that makes the reader fall over is one that can't be read: it is kept and held all the same.
    let told = catch_unwind(AssertUnwindSafe(|| {
        intake::read(source.format, body, &zone)
    }));
    told.unwrap_or_else(|_| Err(Unreadable::for_no_known_reason()))
}

fn not_authentic() -> Problem {
    let detail = "send the secret or signature that `auth` of this source in sources.toml asks for";
    Problem::new(StatusCode::UNAUTHORIZED, detail)
}

fn flood() -> Problem {
    let detail = "too many requests; send fewer a second";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).again_after(FLOOD_OVER_S)
}
