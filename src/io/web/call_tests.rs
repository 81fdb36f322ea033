//! A call test: a person of ours has one rep's phone rung for real, to hear that the way there and back works. It is a
//! lead like any other, from a source that only this address can be (P10: it rings numbers of the group alone).

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use tracing::info;

use super::api::Bearer;
use super::problem::Problem;
use super::{STORE_WITHIN, Web, about, carry_out};
use crate::guard;
use crate::intake::Format;
use crate::lead::Lead;
use crate::phone::PhoneNumber;
use crate::rotation::{Rep, RepId, Rooftop, Rules, SourceId};
use crate::source::{Auth, Source};

/// What is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ordered {
    rep: String,
    customer: Option<String>,
}

/// `POST /api/v1/call-tests`
pub(super) async fn order(
    _: Bearer,
    State(web): State<Web>,
    body: Bytes,
) -> Result<Response, Problem> {
    let ordered: Ordered = serde_json::from_slice(&body)
        .map_err(|_| bad("send {\"rep\": \"an\"}, and \"customer\" with a number of the group if it is to be rung too"))?;
    let rules = web.engine.rules();
    let rep = rep(&rules, &ordered.rep)?;
    let rooftop = rooftop_of(&rules, rep)?;
    let customer = customer(&rules, rep, ordered.customer.as_deref())?;
    let source = source(&web, rooftop);
    let told = Lead {
        rep: Some(rep.id.0.clone()),
        phone: customer.map(|number| number.as_str().to_owned()),
        test: true,
        ..Lead::default()
    };
    let engine = web.engine.clone();
    let receiving = async move {
        let kind = "application/json";
        engine
            .receive(&source, kind, body.to_vec(), Some(told), false)
            .await
    };
    let received = carry_out(STORE_WITHIN, receiving).await?;
    about("lead", received.lead);
    info!("a call test is ordered");
    let outcome = received.flow.outcome().map(|closed| closed.outcome);
    let status = received.flow.stage().told(outcome);
    let answer = json!({ "lead": received.lead, "status": status });
    Ok(super::json(StatusCode::ACCEPTED, &answer))
}

fn rep<'r>(rules: &'r Rules, id: &str) -> Result<&'r Rep, Problem> {
    rules.reps.get(&RepId(id.to_owned())).ok_or_else(|| {
        let known: Vec<_> = rules.reps.keys().map(|id| id.0.as_str()).collect();
        bad(format!(
            "there is no rep `{id}`; there are: {}",
            known.join(", ")
        ))
    })
}

/// The first rooftop that would ring this rep: its number is shown, its carrier rings.
fn rooftop_of<'r>(rules: &'r Rules, rep: &Rep) -> Result<&'r Rooftop, Problem> {
    let rings = |rooftop: &&Rooftop| {
        let mut people = rooftop
            .reps
            .iter()
            .chain(&rooftop.owner)
            .chain(&rooftop.duty);
        people.any(|id| *id == rep.id)
    };
    rules.rooftops.values().find(rings).ok_or_else(|| {
        bad(format!(
            "no rooftop rings `{}`; put them into one's reps, duty or owner first",
            rep.id.0
        ))
    })
}

/// A test rings no stranger.
fn customer(rules: &Rules, rep: &Rep, typed: Option<&str>) -> Result<Option<PhoneNumber>, Problem> {
    let Some(typed) = typed else {
        return Ok(None);
    };
    let number = PhoneNumber::parse(typed, &rules.country).ok();
    let number = number.filter(|number| guard::is_our_own(rules, number));
    let number = number.ok_or_else(|| {
        bad("a test rings only numbers of rotation.toml: a rep's phone, a caller_id or a reception")
    })?;
    if number == rep.phone {
        return Err(bad(
            "this is the rep's own phone, which is busy then; name another number of rotation.toml",
        ));
    }
    Ok(Some(number))
}

/// Whoever bears the token of the interface.
fn source(web: &Web, rooftop: &Rooftop) -> Source {
    let secret = web.api_token.clone();
    Source {
        id: SourceId::call_test(),
        format: Format::Json,
        rooftop: rooftop.id.clone(),
        rate_per_min: 0,
        auth: Auth::Bearer { secret },
        challenge: None,
    }
}

fn bad(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, detail)
}
