//! The carrier's HTTP interface: what it asks of a request, and what it answers.

use std::time::Duration;

use axum::{
    Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::Url;
use tokio::time::{Instant, sleep, timeout};

use super::{
    callbacks::{Params, StatusTo},
    delivery::Request,
    faults::CreateFault,
    leg::{Order, Script, start},
    refusal::{Refusal, answer},
    resource,
    world::{Shared, Terms, World, leg_id, now},
};

/// How long the answer to a create may wait for a callback that may never come.
const FIRST_CALLBACK_WAIT: Duration = Duration::from_secs(10);
/// How long the answer to an update waits for its effect.
const EFFECT_WAIT: Duration = Duration::from_secs(1);
const RING_DEFAULT_S: u64 = 60;
const RING_MAX_S: u64 = 600;
const TALK_DEFAULT_S: u64 = 14_400;
const EVENTS: [&str; 4] = ["initiated", "ringing", "answered", "completed"];

/// The routes of the API.
pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/2010-04-01/Accounts/{account}", get(account))
        .route(
            "/2010-04-01/Accounts/{account}/Calls.json",
            get(list).post(create),
        )
        .route(
            "/2010-04-01/Accounts/{account}/Calls/{call}",
            get(fetch).post(update),
        )
}

async fn account(
    State(world): State<Shared>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let account = file.strip_suffix(".json").unwrap_or(&file);
    authorize(&world, account, &headers)?;
    Ok(answer(
        StatusCode::OK,
        &resource::account(account, &world.settings.token, now()),
    ))
}

async fn list(
    State(world): State<Shared>,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    authorize(&world, &account, &headers)?;
    let query = form(query.unwrap_or_default().as_bytes());
    let page = resource::page(&account, &world.state(), &query);
    Ok(answer(StatusCode::OK, &page))
}

async fn fetch(
    State(world): State<Shared>,
    Path((account, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    authorize(&world, &account, &headers)?;
    shown(
        &world,
        file.strip_suffix(".json").unwrap_or(&file),
        StatusCode::OK,
    )
}

async fn create(
    State(world): State<Shared>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    authorize(&world, &account, &headers)?;
    let fault = world.state().faults.creates.pop_front();
    match fault {
        Some(CreateFault::FailsBefore) => return Err(Refusal::broken()),
        Some(CreateFault::TooMany) => return Err(Refusal::too_many()),
        Some(
            CreateFault::FailsAfter
            | CreateFault::AnswersAfter(_)
            | CreateFault::AnswersAfterCallback
            | CreateFault::AnswersNonsense,
        )
        | None => {}
    }
    let asked = Asked(form(&body));
    let (terms, script) = asked.read(&world)?;
    let sid = start(&world, terms, script);
    let created = shown(&world, &sid, StatusCode::CREATED);
    match fault {
        Some(CreateFault::FailsAfter) => return Err(Refusal::broken()),
        Some(CreateFault::AnswersAfter(span)) => sleep(span).await,
        Some(CreateFault::AnswersAfterCallback) => first_callback(&world, &sid).await,
        Some(CreateFault::AnswersNonsense) => return Ok(nonsense()),
        Some(CreateFault::FailsBefore | CreateFault::TooMany) | None => {}
    }
    created
}

/// What a proxy in between might make of a good answer.
fn nonsense() -> Response {
    (StatusCode::CREATED, Html("<h1>Welcome</h1>")).into_response()
}

async fn first_callback(world: &World, sid: &str) {
    let mut delivered = world.call(sid, |call| call.delivered.subscribe());
    let _ = timeout(FIRST_CALLBACK_WAIT, delivered.wait_for(|count| *count > 0)).await;
}

async fn update(
    State(world): State<Shared>,
    Path((account, file)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    authorize(&world, &account, &headers)?;
    let sid = file.strip_suffix(".json").unwrap_or(&file).to_owned();
    let asked = Asked(form(&body));
    let order = asked.order()?;
    let ends = matches!(order, Order::Cancel | Order::Complete);
    let found = world.state().call(&sid, |call| {
        let state = (call.record.end, call.record.answered, &order);
        match state {
            (Some(_), _, _) => Err(Refusal::bad(
                21220,
                "Call is not in-progress. Cannot redirect.",
            )),
            (None, None, Order::Redirect(_)) => Err(Refusal::bad(
                21220,
                "Call is not in-progress. Cannot redirect.",
            )),
            (None, Some(_), Order::Cancel) => Ok(None),
            (None, _, _) => {
                call.updated = now();
                let _ = call.orders.send(order);
                Ok(Some(call.hearing.subscribe()))
            }
        }
    });
    let effect = found.ok_or_else(|| Refusal::not_found(&format!("/Calls/{sid}.json")))??;
    if let Some(mut hearing) = effect.filter(|_| ends) {
        let _ = timeout(EFFECT_WAIT, hearing.wait_for(|hearing| hearing.ended)).await;
    }
    shown(&world, &sid, StatusCode::OK)
}

fn shown(world: &World, sid: &str, status: StatusCode) -> Result<Response, Refusal> {
    let account = &world.settings.account;
    let call = world
        .state()
        .call(sid, |call| resource::call(account, call));
    call.map(|call| answer(status, &call))
        .ok_or_else(|| Refusal::not_found(&format!("/Calls/{sid}.json")))
}

pub(super) fn authorize(world: &World, account: &str, headers: &HeaderMap) -> Result<(), Refusal> {
    let now = Instant::now();
    let state = world.state();
    if state.faults.down_until.is_some_and(|until| now < until) {
        return Err(Refusal::broken());
    }
    let refused = state
        .faults
        .unauthorized_until
        .is_some_and(|until| now < until);
    let expected = STANDARD.encode(format!(
        "{}:{}",
        world.settings.account, world.settings.token
    ));
    let given = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let authentic = given.and_then(|given| given.strip_prefix("Basic ")) == Some(&expected);
    if refused || !authentic || account != world.settings.account {
        return Err(Refusal::not_authenticated());
    }
    Ok(())
}

/// The form of a create or an update.
struct Asked(Params);

impl Asked {
    fn value(&self, key: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(given, _)| given == key)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    fn read(&self, world: &World) -> Result<(Terms, Script), Refusal> {
        let to = self
            .value("To")
            .ok_or_else(|| Refusal::bad(21201, "No 'To' number is specified"))?;
        let from = self
            .value("From")
            .ok_or_else(|| Refusal::bad(21213, "No 'From' number is specified"))?;
        if !is_number(to) {
            return Err(Refusal::bad(
                21211,
                "The phone number you are attempting to call is not valid.",
            ));
        }
        if !is_number(from) {
            return Err(Refusal::bad(21212, "The 'From' phone number is not valid."));
        }
        let own = &world.settings.caller_ids;
        if !own.is_empty() && !own.iter().any(|number| number == from) {
            return Err(Refusal::bad(
                21210,
                "The source phone number is not yet verified for your account.",
            ));
        }
        if let Some(code) = world.state().faults.numbers.get(to) {
            return Err(Refusal::bad(*code, "This number cannot be called."));
        }
        let script = self
            .script()?
            .ok_or_else(|| Refusal::bad(21205, "Url parameter is required."))?;
        let status = self.status_to()?;
        let terms = Terms {
            to: to.to_owned(),
            from: from.to_owned(),
            parent: None,
            inbound: false,
            timeout: self
                .seconds("Timeout", RING_DEFAULT_S)?
                .min(Duration::from_secs(RING_MAX_S)),
            time_limit: self.seconds("TimeLimit", TALK_DEFAULT_S)?,
            fallback: self.request("FallbackUrl", "FallbackMethod", 21205)?,
            leg: status.as_ref().and_then(|to| leg_id(&to.request.url)),
            status,
        };
        Ok((terms, script))
    }

    fn order(&self) -> Result<Order, Refusal> {
        if let Some(script) = self.script()? {
            return Ok(Order::Redirect(script));
        }
        match self.value("Status") {
            Some("canceled") => Ok(Order::Cancel),
            Some("completed") => Ok(Order::Complete),
            Some(_) | None => Err(Refusal::bad(
                20001,
                "Status must be one of: completed, canceled",
            )),
        }
    }

    fn script(&self) -> Result<Option<Script>, Refusal> {
        let fetched = self.request("Url", "Method", 21205)?.map(Script::Fetch);
        Ok(fetched.or_else(|| {
            self.value("Twiml")
                .map(|xml| Script::Inline(xml.to_owned()))
        }))
    }

    fn status_to(&self) -> Result<Option<StatusTo>, Refusal> {
        let Some(request) = self.request("StatusCallback", "StatusCallbackMethod", 21609)? else {
            return Ok(None);
        };
        let asked = self
            .0
            .iter()
            .filter(|(key, _)| key == "StatusCallbackEvent");
        let mut events: Vec<String> = asked.map(|(_, event)| event.clone()).collect();
        if let Some(unknown) = events
            .iter()
            .find(|event| !EVENTS.contains(&event.as_str()))
        {
            return Err(Refusal::bad(
                21626,
                format!("Invalid values for StatusCallbackEvent: {unknown}"),
            ));
        }
        if events.is_empty() {
            events.push("completed".to_owned());
        }
        Ok(Some(StatusTo { request, events }))
    }

    fn request(&self, url: &str, method: &str, code: u32) -> Result<Option<Request>, Refusal> {
        let Some(address) = self.value(url) else {
            return Ok(None);
        };
        let usable =
            Url::parse(address).is_ok_and(|parsed| matches!(parsed.scheme(), "http" | "https"));
        if !usable {
            return Err(Refusal::bad(
                code,
                format!("{url} is not a valid URL: {address}"),
            ));
        }
        let method = self.value(method).unwrap_or("POST").to_uppercase();
        Ok(Some(Request {
            url: address.to_owned(),
            method,
            extra: vec![],
        }))
    }

    fn seconds(&self, key: &str, default: u64) -> Result<Duration, Refusal> {
        let seconds = self.value(key).map_or(Ok(default), str::parse);
        seconds
            .map(Duration::from_secs)
            .map_err(|_| Refusal::bad(20001, format!("{key} is not a number")))
    }
}

pub(super) fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

pub(super) fn form(bytes: &[u8]) -> Params {
    form_urlencoded::parse(bytes).into_owned().collect()
}
