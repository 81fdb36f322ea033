//! What is answered while the store is away since the start: whoever can come again is told to, and who is on the phone
//! is put off, as by a daemon that has lost its store while it ran.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use leadbridge_providers::twilio::Twilio;
use leadbridge_providers::{Asked, Carrier, LegId};
use tokio::sync::watch;
use tower::{ServiceExt, service_fn};

use super::callbacks::{self, no_leg};
use super::problem::Problem;
use super::{Away, CALLBACK_MAX_BYTES, guarded, operating};
use crate::io::config::{self, Settings};
use crate::io::daemon::adapter;
use crate::io::store::StoreError;
use crate::phone::HashKey;
use crate::phrases::Phrases;
use crate::rotation::{CarrierId, Rules};

/// What is known without the store.
struct Known {
    why: StoreError,
    carriers: BTreeMap<CarrierId, Carrier>,
    phrases: Phrases,
    /// As they stand in the file; `None` if it has mistakes.
    rules: Option<Rules>,
}

/// All that answers while the store is away for this cause.
pub fn away(settings: &Settings, why: StoreError) -> Router {
    let carriers = settings.carriers.iter().map(|carrier| {
        let adapter = adapter(carrier, &settings.server.public_url);
        (carrier.id.clone(), adapter)
    });
    // Any key will do: only the language is asked of these rules, and nobody's number.
    let rules = config::load_rules(settings, &HashKey([0; 32]));
    let known = Known {
        why,
        carriers: carriers.collect(),
        phrases: Phrases::shipped(),
        rules: rules.ok().map(|rules| rules.value),
    };
    let callback = DefaultBodyLimit::max(CALLBACK_MAX_BYTES);
    let router = Router::new()
        .route("/healthz", get(operating::alive))
        .route("/readyz", get(ready))
        .route(callbacks::ASK, post(ask).layer(callback))
        .route(callbacks::INBOUND, post(inbound).layer(callback))
        .fallback(come_again);
    guarded(router).with_state(Arc::new(known))
}

/// Answers as the router that is shown when the request comes.
pub fn shown(routers: watch::Receiver<Router>) -> Router {
    Router::new().fallback_service(service_fn(move |request: Request| {
        let router = routers.borrow().clone();
        router.oneshot(request)
    }))
}

async fn ready(State(known): State<Arc<Known>>) -> Response {
    operating::not_begun(&known.why)
}

/// The body is read first: a sender that is not heard out may not listen.
async fn come_again(_: Result<Bytes, BytesRejection>) -> Problem {
    Away.into()
}

async fn ask(
    State(known): State<Arc<Known>>,
    Path((carrier, leg, turn, route)): Path<(String, String, String, String)>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let route = callbacks::route(&route)?;
    let carrier = known.authentic(carrier, &uri, &headers, &body)?;
    let (leg, turn) = (
        leg.parse().unwrap_or(no_leg()),
        turn.parse().unwrap_or_default(),
    );
    let (_, at, callback) = callbacks::question(carrier, leg, (turn, route), &uri, &body);
    known.put_off(carrier, leg, &at, callback.asked.as_ref())
}

async fn inbound(
    State(known): State<Arc<Known>>,
    Path(carrier): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let carrier = known.authentic(carrier, &uri, &headers, &body)?;
    if carrier.text_in(&body).is_some() {
        return Err(Away.into());
    }
    let call = carrier.read_inbound(uri.query().unwrap_or(""), &body);
    let asked = callbacks::asked_inbound(&call);
    let at = callbacks::path_and_query(&uri);
    known.put_off(carrier, no_leg(), &at, Some(&asked))
}

impl Known {
    fn authentic(
        &self,
        id: String,
        uri: &Uri,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<&Twilio, Problem> {
        let id = CarrierId(id);
        callbacks::signed_by(self.carriers.get(&id), &id, uri, headers, body)
    }

    fn put_off(
        &self,
        carrier: &Twilio,
        leg: LegId,
        at: &str,
        asked: Option<&Asked>,
    ) -> Result<Response, Problem> {
        let rules = self.rules.as_ref().ok_or(Away)?;
        let script = callbacks::put_off(&self.phrases, rules, at, asked);
        Ok(callbacks::spoken(carrier, leg, &script))
    }
}
