//! The figures for programs, what became of a lead in words, and what the dealer's own system tells back.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use leadbridge_providers::{Language, LeadId};
use serde::{Deserialize, Serialize};

use super::api::{Bearer, bad, lead_id, no_lead};
use super::problem::Problem;
use super::{STORE_WITHIN, Web, carry_out};
use crate::io::store::Record;
use crate::report::{By, Period, Report};
use crate::why::Why;

/// What a report is asked for.
#[derive(Debug, PartialEq)]
struct Asked {
    by: By,
    period: Period,
    /// A sheet instead of a page or JSON.
    csv: bool,
}

/// `GET /api/v1/report`
pub(super) async fn report(
    _: Bearer,
    State(web): State<Web>,
    uri: Uri,
) -> Result<Response, Problem> {
    answer(&web, &uri, |report| super::json(StatusCode::OK, report)).await
}

/// `GET /api/v1/leads/{id}/why`
pub(super) async fn why(
    _: Bearer,
    State(web): State<Web>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    #[derive(Serialize)]
    struct Told {
        lead: LeadId,
        why: String,
    }
    let language = language(uri.query().unwrap_or(""))?;
    let lead = lead_id(&id)?;
    let reads = web.engine.store.reads().clone();
    let found = carry_out(STORE_WITHIN, async move { reads.lead(lead).await }).await?;
    let record = found.ok_or_else(no_lead)?;
    let why = in_words(&web, &record, language);
    Ok(super::json(StatusCode::OK, &Told { lead, why }))
}

/// `POST /api/v1/leads/{id}/conversion`
pub(super) async fn convert(
    _: Bearer,
    State(web): State<Web>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    #[derive(Serialize)]
    struct Told {
        lead: LeadId,
        converted: bool,
    }
    let (lead, converted) = (lead_id(&id)?, converted(&body)?);
    let (store, now) = (web.engine.store.clone(), web.engine.now());
    let writing = async move { store.convert(lead, converted, now).await };
    if !carry_out(STORE_WITHIN, writing).await? {
        return Err(no_lead());
    }
    Ok(super::json(StatusCode::OK, &Told { lead, converted }))
}

/// Counts what is asked for, and answers as asked: a sheet, or what the route shows.
pub(super) async fn answer(
    web: &Web,
    uri: &Uri,
    show: impl FnOnce(&Report) -> Response,
) -> Result<Response, Problem> {
    let Asked { by, period, csv } = asked(web, uri.query().unwrap_or(""))?;
    let (reads, rules) = (web.engine.store.reads().clone(), web.engine.rules());
    let counting = async move { reads.report(by, period, rules).await };
    let report = carry_out(STORE_WITHIN, counting).await?;
    Ok(if csv { sheet(&report) } else { show(&report) })
}

/// What became of a lead, in the group's language or another.
pub(super) fn in_words(web: &Web, record: &Record, language: Option<Language>) -> String {
    let rules = web.engine.rules();
    let why = Why {
        phrases: &web.engine.phrases,
        language: language.unwrap_or(rules.language),
        rules: &rules,
    };
    why.of(&record.flow, &record.timeline)
}

/// A sheet to be kept.
fn sheet(report: &Report) -> Response {
    use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
    use axum::response::IntoResponse;
    let period = &report.period;
    let name = format!(
        "attachment; filename=\"leadbridge-{}-{}.csv\"",
        period.from, period.to
    );
    let kind = "text/csv; charset=utf-8; header=present".to_owned();
    (
        [(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, name)],
        report.csv(),
    )
        .into_response()
}

fn asked(web: &Web, query: &str) -> Result<Asked, Problem> {
    let rules = web.engine.rules();
    let (mut from, mut to, mut by, mut csv) = (None, None, By::default(), false);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match (name.as_ref(), value.as_ref()) {
            ("from", day) => from = Some(day.to_owned()),
            ("to", day) => to = Some(day.to_owned()),
            ("by", name) => by = By::named(name).map_err(|wrong| bad(&wrong))?,
            ("format", "csv") => csv = true,
            ("format", "json" | "page") => csv = false,
            ("format", _) => return Err(bad("`format` is csv, or left out")),
            (_, _) => return Err(bad("use only from, to, by and format")),
        }
    }
    let zone = &rules.measure.zone;
    let period = Period::read(from.as_deref(), to.as_deref(), zone, web.engine.now());
    Ok(Asked {
        by,
        period: period.map_err(|wrong| bad(&wrong))?,
        csv,
    })
}

/// `?language=fr`, or the group's.
fn language(query: &str) -> Result<Option<Language>, Problem> {
    let mut asked = None;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let language = serde_json::from_value(value.into_owned().into()).ok();
        match (name.as_ref(), language) {
            ("language", Some(language)) => asked = Some(language),
            (_, _) => return Err(bad("use only language, which is nl, fr, de or en")),
        }
    }
    Ok(asked)
}

/// `{"converted": true}`, or nothing at all.
fn converted(body: &[u8]) -> Result<bool, Problem> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Given {
        converted: bool,
    }
    if body.is_empty() {
        return Ok(true);
    }
    let given: Result<Given, _> = serde_json::from_slice(body);
    given
        .map(|given| given.converted)
        .map_err(|_| bad("send nothing, or {\"converted\": true}, or false to take it back"))
}
