//! What carriers tell of texts: how far ours are, and what people write back. STOP holds from the moment that its
//! request is answered.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use leadbridge_providers::twilio::Twilio;
use leadbridge_providers::{MessageId, TextIn};
use tracing::{info, warn};

use super::api::{Bearer, lead_id, no_lead};
use super::callbacks::{ANSWER_WITHIN, authentic};
use super::problem::Problem;
use super::{STORE_WITHIN, Web, about, carry_out};
use crate::flow::word;
use crate::io::store::{Fate, Letter};
use crate::message::wants_texts;
use crate::phone::PhoneNumber;

/// `POST /carriers/{carrier}/message/{id}`: what can't be written down now is sent again by the carrier.
pub(super) async fn status(
    State(web): State<Web>,
    Path((carrier, id)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let carrier = authentic(&web, carrier, &uri, &headers, &body)?;
    let report = carrier.text_report(&body);
    let (Ok(id), Some(phase)) = (id.parse().map(MessageId), report.phase) else {
        return Ok(StatusCode::NO_CONTENT);
    };
    let fate = Fate {
        state: phase.into(),
        carrier_id: None,
        code: report.code,
        refused: report.refused,
    };
    let engine = web.engine.clone();
    let telling = async move { engine.store.message_went(id, fate, engine.now()).await };
    if let Some(kind) = carry_out(ANSWER_WITHIN, telling).await? {
        let phase = word(phase);
        // A letter first: no number in the log may look like one of a phone.
        let name = format!("m{:x}", id.0);
        match report.code {
            Some(code) => {
                warn!(
                    message = name,
                    kind = word(kind),
                    phase,
                    code,
                    "a text did not arrive"
                )
            }
            None => info!(
                message = name,
                kind = word(kind),
                phase,
                "a text got further"
            ),
        }
        web.engine.metrics.message(kind, &phase);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// What is posted to the inbound address, if it is a text and no call; authentic already.
pub(super) async fn received(
    web: &Web,
    carrier: &Twilio,
    body: &[u8],
) -> Option<Result<Response, Problem>> {
    let text = carrier.text_in(body)?;
    Some(take(web, text).await)
}

async fn take(web: &Web, text: TextIn) -> Result<Response, Problem> {
    let nothing = || {
        let kind = [(CONTENT_TYPE, Twilio::SCRIPT_TYPE)];
        (kind, Twilio::NO_ANSWER).into_response()
    };
    // A sender with a name, or in another network than telephones: nobody whom we would text.
    let Ok(from) = PhoneNumber::try_from(text.from) else {
        return Ok(nothing());
    };
    let wanted = text.wants_texts.or_else(|| wants_texts(&text.body));
    let letter = Letter {
        key: web.engine.store.hash_key().of(&from),
        from,
        carrier_id: text.name,
        body: text.body,
        wants_texts: wanted,
    };
    let engine = web.engine.clone();
    let taking = async move { engine.store.letter(letter, engine.now()).await };
    let lead = carry_out(ANSWER_WITHIN, taking).await?;
    if let Some(lead) = lead {
        about("lead", lead);
    }
    let lead = lead.map(|lead| lead.to_string());
    match wanted {
        Some(false) => info!(
            lead,
            "somebody wants no more texts; the whole group sends none"
        ),
        Some(true) => info!(lead, "somebody wants texts again"),
        None => info!(lead, "somebody texted us"),
    }
    Ok(nothing())
}

/// `POST /api/v1/leads/{id}/objects`: the customer told a rep that texts are not wanted.
pub(super) async fn objects(
    _: Bearer,
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let lead = lead_id(&id)?;
    about("lead", lead);
    let engine = web.engine.clone();
    let objecting = async move { engine.store.object(lead, engine.now()).await };
    let has_number = carry_out(STORE_WITHIN, objecting).await?;
    if !has_number.ok_or_else(no_lead)? {
        let detail = "this lead has no number that could be texted: nobody texts its customer";
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    info!("the customer objects to texts; the whole group sends none");
    Ok(StatusCode::NO_CONTENT)
}
