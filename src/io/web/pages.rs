//! The pages for people. They are behind the token of `[server]`, given as the password of HTTP's own log-in (any
//! user name): the browser asks for it once and keeps it, there is no session to steal, and since pages change
//! nothing, no other site can make a browser do harm with it. The interface for programs takes no such log-in.

use axum::extract::{FromRequestParts, Path, State};
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::api::{is_token, lead_id, no_lead, shown};
use super::figures::{answer, in_words};
use super::problem::Problem;
use super::{STORE_WITHIN, Web, carry_out, header};
use crate::pages::{board as boards, lead as leads, report as reports};

/// So many leads of one state are shown.
const SHOWN_MAX: u32 = 100;
/// What a browser is told to ask its person for.
const ASK: HeaderValue = HeaderValue::from_static("Basic realm=\"Leadbridge\", charset=\"UTF-8\"");

/// Somebody who knows the token.
pub(super) struct Person;

impl FromRequestParts<Web> for Person {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Person, Response> {
        let given = header(&parts.headers, AUTHORIZATION.as_str()).and_then(password);
        if given.is_some_and(|given| is_token(web, &given)) {
            return Ok(Person);
        }
        let detail = "log in with any name and the api_token of leadbridge.toml as the password";
        let mut response = Problem::new(StatusCode::UNAUTHORIZED, detail).into_response();
        response.headers_mut().insert(WWW_AUTHENTICATE, ASK);
        Err(response)
    }
}

/// `GET /`
pub(super) async fn board(_: Person, State(web): State<Web>) -> Result<Response, Problem> {
    let reads = web.engine.store.reads().clone();
    let reading = async move {
        let counts = reads.counts().await?;
        Ok((counts, reads.board(SHOWN_MAX).await?, reads.desk().await?))
    };
    let (counts, records, desk) = carry_out(STORE_WITHIN, reading).await?;
    let open = records.iter().map(|record| boards::Open {
        flow: &record.flow,
        told: record.told.as_ref(),
    });
    let open: Vec<_> = open.collect();
    let (rules, now) = (web.engine.rules(), web.engine.now());
    let page = boards::board(&rules, &counts.flows, &open, &desk, now);
    Ok(Html(page).into_response())
}

/// `GET /report`
pub(super) async fn report(
    _: Person,
    State(web): State<Web>,
    uri: Uri,
) -> Result<Response, Problem> {
    let rules = web.engine.rules();
    let show = |report: &_| Html(reports::report(&rules.name, report)).into_response();
    answer(&web, &uri, show).await
}

/// `GET /lead/{id}`
pub(super) async fn lead(
    _: Person,
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let lead = lead_id(&id)?;
    let reads = web.engine.store.reads().clone();
    let reading = async move {
        let Some(record) = reads.lead(lead).await? else {
            return Ok(None);
        };
        let typed = reads.typed(&record).await?;
        Ok(Some((record, typed, reads.converted(lead).await?)))
    };
    let found = carry_out(STORE_WITHIN, reading).await?;
    let (record, typed, converted) = found.ok_or_else(no_lead)?;
    let rules = web.engine.rules();
    let one = leads::OneLead {
        shown: &shown(&record, &rules, &[]),
        told: record.told.as_ref(),
        typed: typed.as_ref(),
        timeline: &record.timeline,
        why: &in_words(&web, &record, None),
        converted,
    };
    Ok(Html(leads::lead(&rules, &one)).into_response())
}

/// The password of `Basic <base64 of name:password>`.
fn password(authorization: &str) -> Option<String> {
    let (scheme, given) = authorization.split_once(' ')?;
    let is_basic = scheme.eq_ignore_ascii_case("basic");
    let bytes = BASE64_STANDARD
        .decode(given.trim())
        .ok()
        .filter(|_| is_basic)?;
    let text = String::from_utf8(bytes).ok()?;
    text.split_once(':')
        .map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_what_follows_the_first_colon() {
        let basic = |text: &str| format!("Basic {}", BASE64_STANDARD.encode(text));
        let read = |text: &str| password(&basic(text));
        assert_eq!(read("an:t0ken").as_deref(), Some("t0ken"));
        assert_eq!(read(":t0:ken").as_deref(), Some("t0:ken"));
        assert_eq!(read("t0ken"), None);
        assert_eq!(password("Bearer t0ken"), None);
        assert_eq!(password("Basic ***"), None);
    }
}
