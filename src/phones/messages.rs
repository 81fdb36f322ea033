//! Text messages: created through the API, shown on the phones, reported to the caller's server; and what people text
//! back. A phone that has said STOP to a number gets none from it any more, as at the real carrier.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{
    What,
    api::{authorize, form, is_number},
    behaviour::millis,
    callbacks::{Params, pair, rfc2822},
    delivery::{Envelope, Request, deliver},
    refusal::{Refusal, answer},
    world::{Shared, World, fresh, now},
};

/// The longest body the carrier takes, in characters.
const BODY_MAX: usize = 1600;
/// What one message of a longer one holds, as the carrier counts it.
const SEGMENT: usize = 160;

/// A text message, as the network remembers it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TextRecord {
    /// The carrier's name for it.
    pub sid: String,
    /// To whom.
    pub to: String,
    /// From whom.
    pub from: String,
    /// The words.
    pub body: String,
    /// `queued`, `sent`, `delivered`, `undelivered`, `failed`, or `received` for one that a person wrote.
    pub status: String,
    /// Why it did not arrive.
    pub error_code: Option<u32>,
    /// When it was created.
    pub created: Timestamp,
}

impl TextRecord {
    /// Whether its phone shows it.
    pub fn arrived(&self) -> bool {
        self.status == "delivered"
    }
}

/// What the network does wrong with texts to a number.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextFault {
    /// Refused at once, with a code such as 21610 or 21614.
    Refused(u32),
    /// Taken, and later reported as not delivered, with a code such as 30003.
    Undelivered(u32),
    /// Taken, and later reported as failed, with a code such as 30008.
    Failed(u32),
    /// Taken; the answer comes only after this long.
    AnswersAfter(#[serde(with = "millis")] Duration),
    /// 500 is answered, but the text is sent.
    FailsAfter,
}

/// The texts of a network.
#[derive(Default)]
pub(super) struct Texts {
    pub(super) sent: Vec<TextRecord>,
    pub(super) faults: HashMap<String, TextFault>,
    /// Which phone wants none from which number.
    stopped: HashSet<(String, String)>,
    /// Where texts that people write are reported.
    inbound: Option<String>,
}

/// The routes of the API, and those of the demo page.
pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route(
            "/2010-04-01/Accounts/{account}/Messages.json",
            get(list).post(create),
        )
        .route(
            "/2010-04-01/Accounts/{account}/Messages/{message}",
            get(fetch),
        )
        .route("/_phones/texts", get(all))
        .route("/_phones/texts/inbound", post(inbound))
        .route("/_phones/{number}/texts", get(shown).post(write))
}

/// Says where the texts that people write are reported.
pub(super) fn report_inbound(world: &World, url: &str) {
    world.state().texts.inbound = Some(url.to_owned());
}

/// What a phone shows, the oldest first.
pub(super) fn shown_on(world: &World, number: &str) -> Vec<TextRecord> {
    let state = world.state();
    let texts = state.texts.sent.iter();
    let shown = texts.filter(|text| text.to == number && text.arrived());
    shown.cloned().collect()
}

/// A person writes a text; the status of the answer, or the carrier's code where there was none.
pub(super) async fn receive(world: &World, from: &str, to: &str, body: &str) -> Option<u32> {
    let (url, wish) = {
        let mut state = world.state();
        let wish = opt_out(body);
        let pair = (from.to_owned(), to.to_owned());
        match wish {
            Some("STOP") => drop(state.texts.stopped.insert(pair)),
            Some("START") => drop(state.texts.stopped.remove(&pair)),
            Some(_) | None => {}
        }
        let record = record(from, to, body, "received");
        state.texts.sent.push(record);
        (state.texts.inbound.clone()?, wish)
    };
    let account = &world.settings.account;
    let sid = fresh("SM");
    let mut params: Params = ["MessageSid", "SmsMessageSid", "SmsSid"]
        .map(|name| pair(name, &sid))
        .into();
    params.extend([
        pair("AccountSid", account),
        pair("ApiVersion", "2010-04-01"),
        pair("Body", body),
        pair("From", from),
        pair("NumMedia", 0),
        pair("NumSegments", 1),
        pair("SmsStatus", "received"),
        pair("To", to),
    ]);
    params.extend(wish.map(|wish| pair("OptOutType", wish)));
    let request = Request {
        url,
        method: "POST".to_owned(),
        extra: vec![],
    };
    let envelope = Envelope::new(&sid, "inbound-text", &request, params);
    Some(
        deliver(world, envelope)
            .await
            .map_or_else(|code| code, |_| 200),
    )
}

async fn create(
    State(world): State<Shared>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    authorize(&world, &account, &headers)?;
    let asked: HashMap<String, String> = form(&body).into_iter().collect();
    let text = judged(&asked)?;
    let fault = {
        let mut state = world.state();
        let fault = state.texts.faults.get(&text.to).cloned();
        let stopped = state
            .texts
            .stopped
            .contains(&(text.to.clone(), text.from.clone()));
        match fault {
            Some(TextFault::Refused(code)) => {
                return Err(Refusal::bad(code, "No text is sent to this number."));
            }
            _ if stopped => {
                return Err(Refusal::bad(
                    21610,
                    "Attempt to send to unsubscribed recipient",
                ));
            }
            _ => state.texts.sent.push(text.clone()),
        }
        fault
    };
    let told_at = asked.get("StatusCallback").filter(|url| !url.is_empty());
    let sending = send(world.clone(), text.clone(), fault.clone(), told_at.cloned());
    world.spawn(sending);
    match fault {
        Some(TextFault::AnswersAfter(span)) => sleep(span).await,
        Some(TextFault::FailsAfter) => return Err(Refusal::broken()),
        Some(TextFault::Refused(_) | TextFault::Undelivered(_) | TextFault::Failed(_)) | None => {}
    }
    let created = TextRecord {
        status: "queued".to_owned(),
        ..text
    };
    Ok(answer(StatusCode::CREATED, &resource(&account, &created)))
}

/// What the carrier asks of a text.
fn judged(asked: &HashMap<String, String>) -> Result<TextRecord, Refusal> {
    let value = |name: &str| asked.get(name).filter(|value| !value.is_empty());
    let to = value("To").ok_or_else(|| Refusal::bad(21604, "A 'To' phone number is required."))?;
    let from =
        value("From").ok_or_else(|| Refusal::bad(21603, "A 'From' phone number is required."))?;
    let body = value("Body").ok_or_else(|| Refusal::bad(21602, "Message body is required."))?;
    if !is_number(to) {
        return Err(Refusal::bad(
            21211,
            "The 'To' number is not a valid phone number.",
        ));
    }
    if !is_number(from) {
        return Err(Refusal::bad(
            21212,
            "The 'From' number is not a valid phone number.",
        ));
    }
    if body.chars().count() > BODY_MAX {
        return Err(Refusal::bad(
            21617,
            "The message body exceeds the 1600 character limit.",
        ));
    }
    Ok(record(from, to, body, "queued"))
}

/// Leaves, arrives or does not, and is reported.
async fn send(world: Shared, text: TextRecord, fault: Option<TextFault>, told_at: Option<String>) {
    let (end, code) = match fault {
        Some(TextFault::Undelivered(code)) => ("undelivered", Some(code)),
        Some(TextFault::Failed(code)) => ("failed", Some(code)),
        Some(TextFault::Refused(_) | TextFault::AnswersAfter(_) | TextFault::FailsAfter) | None => {
            ("delivered", None)
        }
    };
    for (status, code) in [("sent", None), (end, code)] {
        {
            let mut state = world.state();
            let mut texts = state.texts.sent.iter_mut();
            if let Some(kept) = texts.find(|kept| kept.sid == text.sid) {
                kept.status = status.to_owned();
                kept.error_code = code;
            }
        }
        if status == "delivered" {
            let what = What::Text {
                from: text.from.clone(),
                text: text.body.clone(),
            };
            world.tell_phone(&text.to, &text.sid, what);
        }
        if let Some(url) = &told_at {
            report(&world, &text, status, code, url).await;
        }
    }
}

async fn report(world: &World, text: &TextRecord, status: &str, code: Option<u32>, url: &str) {
    let mut params = vec![
        pair("AccountSid", &world.settings.account),
        pair("ApiVersion", "2010-04-01"),
        pair("From", &text.from),
        pair("MessageSid", &text.sid),
        pair("MessageStatus", status),
        pair("SmsSid", &text.sid),
        pair("SmsStatus", status),
        pair("To", &text.to),
    ];
    params.extend(code.map(|code| pair("ErrorCode", code)));
    let request = Request {
        url: url.to_owned(),
        method: "POST".to_owned(),
        extra: vec![],
    };
    let kind = format!("text-{status}");
    let _ = deliver(world, Envelope::new(&text.sid, &kind, &request, params)).await;
}

async fn fetch(
    State(world): State<Shared>,
    Path((account, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    authorize(&world, &account, &headers)?;
    let sid = file.strip_suffix(".json").unwrap_or(&file);
    let state = world.state();
    let text = state.texts.sent.iter().find(|text| text.sid == sid);
    let text = text.ok_or_else(|| Refusal::not_found(&format!("/Messages/{sid}.json")))?;
    Ok(answer(StatusCode::OK, &resource(&account, text)))
}

/// One page holds all: nobody leafs through texts here.
async fn list(
    State(world): State<Shared>,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    authorize(&world, &account, &headers)?;
    let asked: HashMap<String, String> = form(query.unwrap_or_default().as_bytes())
        .into_iter()
        .collect();
    let is = |name: &str, value: &str| asked.get(name).is_none_or(|asked| asked == value);
    let state = world.state();
    let found = state.texts.sent.iter().rev();
    let found = found.filter(|text| is("To", &text.to) && is("From", &text.from));
    let messages: Vec<Value> = found.map(|text| resource(&account, text)).collect();
    let uri = format!("/2010-04-01/Accounts/{account}/Messages.json");
    let page = json!({
        "end": messages.len().saturating_sub(1), "first_page_uri": uri, "messages": messages,
        "next_page_uri": null, "page": 0, "page_size": 50, "previous_page_uri": null, "start": 0, "uri": uri,
    });
    Ok(answer(StatusCode::OK, &page))
}

/// A text as the API shows it.
fn resource(account: &str, text: &TextRecord) -> Value {
    let uri = format!("/2010-04-01/Accounts/{account}/Messages/{}", text.sid);
    let received = text.status == "received";
    let created = rfc2822(text.created);
    let segments = text.body.chars().count().div_ceil(SEGMENT).max(1);
    json!({
        "account_sid": account,
        "api_version": "2010-04-01",
        "body": text.body,
        "date_created": created,
        "date_sent": (text.status != "queued").then_some(&created),
        "date_updated": created,
        "direction": if received { "inbound" } else { "outbound-api" },
        "error_code": text.error_code,
        "error_message": null,
        "from": text.from,
        "messaging_service_sid": null,
        "num_media": "0",
        "num_segments": segments.to_string(),
        "price": null,
        "price_unit": "USD",
        "sid": text.sid,
        "status": text.status,
        "subresource_uris": { "media": format!("{uri}/Media.json") },
        "to": text.to,
        "uri": format!("{uri}.json"),
    })
}

async fn all(State(world): State<Shared>) -> Response {
    let texts = world.state().texts.sent.clone();
    answer(StatusCode::OK, &json!(texts))
}

async fn shown(State(world): State<Shared>, Path(number): Path<String>) -> Response {
    answer(StatusCode::OK, &json!(shown_on(&world, &number)))
}

/// The body is the address.
async fn inbound(State(world): State<Shared>, url: String) -> StatusCode {
    report_inbound(&world, url.trim());
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Written {
    to: String,
    body: String,
}

/// `{"to":"+32..","body":".."}`: this phone texts; 409 when nobody said where that is reported.
async fn write(State(world): State<Shared>, Path(number): Path<String>, body: Bytes) -> Response {
    match serde_json::from_slice::<Written>(&body) {
        Ok(Written { to, body }) => match receive(&world, &number, &to, &body).await {
            Some(_) => StatusCode::NO_CONTENT.into_response(),
            None => StatusCode::CONFLICT.into_response(),
        },
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}

fn record(from: &str, to: &str, body: &str, status: &str) -> TextRecord {
    TextRecord {
        sid: fresh("SM"),
        to: to.to_owned(),
        from: from.to_owned(),
        body: body.to_owned(),
        status: status.to_owned(),
        error_code: None,
        created: now(),
    }
}

/// The carrier's own idea of STOP: these words alone.
fn opt_out(body: &str) -> Option<&'static str> {
    match body.trim().to_uppercase().as_str() {
        "STOP" | "STOPALL" | "UNSUBSCRIBE" | "CANCEL" | "END" | "QUIT" => Some("STOP"),
        "START" | "YES" | "UNSTOP" => Some("START"),
        "HELP" | "INFO" => Some("HELP"),
        _ => None,
    }
}
