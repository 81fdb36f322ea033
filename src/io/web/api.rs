//! What programs of the group ask and order, with the token of `[server]`: leads as shown (INTERFACE), and the three
//! things that a person does with one.

use axum::body::Bytes;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use leadbridge_providers::LeadId;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::problem::Problem;
use super::{STORE_WITHIN, Web, about, carry_out, header};
use crate::flow::shown::{Shown, Stage, Whole};
use crate::flow::{Entry, Intervention};
use crate::io::store::{Filter, Record, Stepped};
use crate::rotation::{RooftopId, Rules, SourceId};

/// How many leads a page has unless asked otherwise.
const PAGE: usize = 50;
/// How many at most.
const PAGE_MAX: usize = 200;
/// The longest reason that a person gives, in characters.
const REASON_MAX: usize = 200;

/// The request bears the token.
pub(super) struct Bearer;

impl FromRequestParts<Web> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Bearer, Problem> {
        let given = header(&parts.headers, AUTHORIZATION.as_str()).and_then(bearer);
        if given.is_some_and(|given| is_token(web, given)) {
            return Ok(Bearer);
        }
        let detail = "send `Authorization: Bearer <token>` with the api_token of leadbridge.toml";
        Err(Problem::new(StatusCode::UNAUTHORIZED, detail))
    }
}

/// Whether this is the token, told in the same time whatever it is.
pub(super) fn is_token(web: &Web, given: &str) -> bool {
    let wanted = web.api_token.expose_secret();
    let is_right: bool = given.as_bytes().ct_eq(wanted.as_bytes()).into();
    is_right && !wanted.is_empty()
}

fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[derive(Serialize)]
struct List {
    leads: Vec<Shown>,
    next: Option<LeadId>,
}

/// `GET /api/v1/leads`
pub(super) async fn list(_: Bearer, State(web): State<Web>, uri: Uri) -> Result<Response, Problem> {
    let Asked {
        filter,
        after,
        limit,
    } = asked(uri.query().unwrap_or(""))?;
    let reads = web.engine.store.reads().clone();
    let listing = async move { reads.list(filter, after, limit).await };
    let page = carry_out(STORE_WITHIN, listing).await?;
    let rules = web.engine.rules();
    let leads = page.leads.iter();
    let list = List {
        leads: leads.map(|record| shown(record, &rules, &[])).collect(),
        next: page.next,
    };
    Ok(super::json(StatusCode::OK, &list))
}

/// `GET /api/v1/leads/{id}`
pub(super) async fn show(
    _: Bearer,
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    show_lead(&web, lead_id(&id)?).await
}

/// `POST /api/v1/leads/{id}/{release|discard|cancel}`
pub(super) async fn act(
    _: Bearer,
    State(web): State<Web>,
    Path((id, act)): Path<(String, String)>,
    body: Bytes,
) -> Result<Response, Problem> {
    let act = Intervention::named(&act).ok_or_else(|| Problem::of(StatusCode::NOT_FOUND))?;
    let lead = lead_id(&id)?;
    let event = act.event(reason(&body)?);
    let engine = web.engine.clone();
    let acting = async move { engine.happen(lead, event, None).await };
    let stepped = carry_out(STORE_WITHIN, acting).await?;
    let stepped = stepped.ok_or_else(no_lead)?;
    let Stepped { before, flow, .. } = &stepped;
    if !act.was_done(before, flow) {
        let detail = format!("lead {lead}: {}", act.refusal(before, flow));
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    show_lead(&web, lead).await
}

async fn show_lead(web: &Web, lead: LeadId) -> Result<Response, Problem> {
    let reads = web.engine.store.reads().clone();
    let reading = async move {
        let record = reads.lead(lead).await?;
        let typed = match &record {
            Some(record) => reads.typed(record).await?,
            None => None,
        };
        Ok(record.map(|record| (record, typed)))
    };
    let found = carry_out(STORE_WITHIN, reading).await?;
    let (record, typed) = found.ok_or_else(no_lead)?;
    let shown = shown(&record, &web.engine.rules(), &record.timeline);
    Ok(super::json(StatusCode::OK, &Whole { shown, typed }))
}

pub(super) fn shown(record: &Record, rules: &Rules, timeline: &[Entry]) -> Shown {
    let rooftop = rules.rooftops.get(&record.flow.facts.rooftop);
    let zone = rooftop.map_or(TimeZone::UTC, |rooftop| rooftop.hours.zone().clone());
    Shown {
        source_id: record.source_id.clone(),
        joined_to: record.joined_to,
        ..record.flow.shown(&zone, timeline)
    }
}

pub(super) fn lead_id(text: &str) -> Result<LeadId, Problem> {
    let lead = text.parse().map_err(|_| no_lead())?;
    about("lead", lead);
    Ok(lead)
}

pub(super) fn no_lead() -> Problem {
    let detail = "there is no such lead; GET /api/v1/leads lists them";
    Problem::new(StatusCode::NOT_FOUND, detail)
}

/// `{"reason": ".."}`, or nothing at all.
fn reason(body: &[u8]) -> Result<Option<String>, Problem> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Given {
        reason: Option<String>,
    }
    if body.is_empty() {
        return Ok(None);
    }
    let given: Given = serde_json::from_slice(body)
        .map_err(|_| bad("send nothing, or {\"reason\": \"a sentence\"}"))?;
    let reason = given.reason.map(|reason| reason.trim().to_owned());
    let reason = reason.filter(|reason| !reason.is_empty());
    if reason
        .as_ref()
        .is_some_and(|reason| reason.chars().count() > REASON_MAX)
    {
        return Err(bad("`reason` may have 200 characters"));
    }
    Ok(reason)
}

/// What a list is asked for.
#[derive(Debug)]
struct Asked {
    filter: Filter,
    after: Option<LeadId>,
    limit: usize,
}

fn asked(query: &str) -> Result<Asked, Problem> {
    let mut asked = Asked {
        filter: Filter::default(),
        after: None,
        limit: PAGE,
    };
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let value = value.into_owned();
        match name.as_ref() {
            "state" => asked.filter.state = Some(stage(value)?),
            "source" => asked.filter.source = Some(SourceId(value)),
            "rooftop" => asked.filter.rooftop = Some(RooftopId(value)),
            "since" => asked.filter.since = Some(since(&value)?),
            "after" => asked.after = Some(after(&value)?),
            "limit" => asked.limit = limit(&value)?,
            _ => {
                return Err(bad(
                    "use only state, source, rooftop, since, after and limit",
                ));
            }
        }
    }
    Ok(asked)
}

fn stage(value: String) -> Result<Stage, Problem> {
    serde_json::from_value(value.into()).map_err(|_| {
        bad("`state` is one of held, in-line, waiting, ringing, whispering, dialling, talking, wrapping-up, sleeping, stalled, closed")
    })
}

fn since(value: &str) -> Result<Timestamp, Problem> {
    let wrong = "`since` is a time with its zone such as 2026-11-22T09:00:00%2B01:00 (a plus is written %2B)";
    value.parse().map_err(|_| bad(wrong))
}

fn after(value: &str) -> Result<LeadId, Problem> {
    let wrong = "`after` is the `next` of the page before";
    value.parse().map_err(|_| bad(wrong))
}

fn limit(value: &str) -> Result<usize, Problem> {
    let limit = value.parse().ok();
    limit
        .filter(|limit| (1..=PAGE_MAX).contains(limit))
        .ok_or_else(|| bad("`limit` is a number from 1 to 200"))
}

pub(super) fn bad(detail: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, detail)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_asked_for_by_its_parameters() {
        let lead = "0190b1f0-7b3c-7000-8000-000000000001";
        let query = format!(
            "state=wrapping-up&source=website&rooftop=gent&since=2026-11-22T09:00:00%2B01:00&after={lead}&limit=200"
        );
        let asked = asked(&query).unwrap();
        assert_eq!(asked.filter.state, Some(Stage::WrappingUp));
        assert_eq!(asked.filter.source.unwrap().0, "website");
        assert_eq!(asked.filter.rooftop.unwrap().0, "gent");
        assert_eq!(
            asked.filter.since.unwrap().to_string(),
            "2026-11-22T08:00:00Z"
        );
        assert_eq!(asked.after, lead.parse().ok());
        assert_eq!(asked.limit, 200);
    }

    #[test]
    fn a_wrong_parameter_is_named_with_what_it_may_be() {
        for (query, word) in [
            ("state=open", "wrapping-up"),
            ("since=yesterday", "`since`"),
            ("since=2026-11-22T09:00:00", "with its zone"),
            ("after=2", "`next`"),
            ("limit=0", "1 to 200"),
            ("limit=201", "1 to 200"),
            ("page=2", "limit"),
        ] {
            let problem = asked(query).unwrap_err();
            assert_eq!(problem.status, StatusCode::BAD_REQUEST);
            assert!(problem.detail.contains(word), "{query}: {}", problem.detail);
        }
    }

    #[test]
    fn every_state_can_be_asked_for_and_the_refusal_names_them_all() {
        let detail = stage("open".to_owned()).unwrap_err().detail;
        let words = detail.trim_start_matches("`state` is one of ").split(", ");
        assert_eq!(words.clone().count(), 11);
        for word in words {
            assert_eq!(crate::flow::word(stage(word.to_owned()).unwrap()), word);
        }
    }

    #[test]
    fn a_reason_may_be_left_out_and_is_short() {
        assert_eq!(reason(b"").unwrap(), None);
        assert_eq!(reason(br#"{}"#).unwrap(), None);
        assert_eq!(reason(br#"{"reason":"  "}"#).unwrap(), None);
        let given = reason(br#"{"reason":" double "}"#).unwrap();
        assert_eq!(given.as_deref(), Some("double"));
        assert!(reason(b"double").is_err());
        assert!(reason(br#"{"why":"double"}"#).is_err());
        let long = format!(r#"{{"reason":"{}"}}"#, "x".repeat(201));
        assert!(reason(long.as_bytes()).is_err());
    }

    #[test]
    fn the_scheme_is_read_in_any_letters() {
        assert_eq!(bearer("Bearer t0ken"), Some("t0ken"));
        assert_eq!(bearer("bearer t0ken"), Some("t0ken"));
        assert_eq!(bearer("Basic t0ken"), None);
        assert_eq!(bearer("t0ken"), None);
    }
}
