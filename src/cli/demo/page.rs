//! The demo's page, served around the daemon's own addresses: its files, its stream, and what its buttons do. Only
//! the demo has these addresses, and only its own page may use them.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::sync::watch;

use super::live::Live;
use crate::cli::{Failure, send};
use crate::io::engine::Engine;
use crate::phones::Network;

/// The source as which the page's form sends.
const SOURCE: &str = "website";
/// The largest lead that the form can make.
const LEAD_MAX_BYTES: usize = 16 * 1024;
/// When a tab that lost the stream comes back.
const BACK_AFTER: Duration = Duration::from_millis(700);

/// Every file of the page, with its kind.
const FILES: [(&str, &str, &str); 13] = [
    ("", HTML, include_str!("../../pages/demo/index.html")),
    ("page.css", CSS, include_str!("../../pages/demo/page.css")),
    (
        "phones.css",
        CSS,
        include_str!("../../pages/demo/phones.css"),
    ),
    ("icon.svg", SVG, include_str!("../../pages/demo/icon.svg")),
    ("page.js", JS, include_str!("../../pages/demo/page.js")),
    ("words.js", JS, include_str!("../../pages/demo/words.js")),
    ("phones.js", JS, include_str!("../../pages/demo/phones.js")),
    ("lead.js", JS, include_str!("../../pages/demo/lead.js")),
    ("story.js", JS, include_str!("../../pages/demo/story.js")),
    ("guide.js", JS, include_str!("../../pages/demo/guide.js")),
    ("sound.js", JS, include_str!("../../pages/demo/sound.js")),
    (
        "samples.js",
        JS,
        include_str!("../../pages/demo/samples.js"),
    ),
    ("dom.js", JS, include_str!("../../pages/demo/dom.js")),
];
/// What the page says, by language.
const WORDS: [(&str, &str); 4] = [
    ("nl.json", include_str!("../../pages/demo/nl.json")),
    ("fr.json", include_str!("../../pages/demo/fr.json")),
    ("de.json", include_str!("../../pages/demo/de.json")),
    ("en.json", include_str!("../../pages/demo/en.json")),
];
const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";
const JSON: &str = "application/json";

/// The page asks nobody else for anything.
const HEADERS: [(HeaderName, &str); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
];

/// What the page's addresses share.
#[derive(Clone)]
pub(super) struct Page {
    engine: Engine,
    network: Network,
    live: Live,
    url: String,
}

impl Page {
    /// A page about this daemon, which answers at `url`, and these phones.
    pub(super) fn new(engine: &Engine, network: &Network, url: String) -> Page {
        for rooftop in engine.rules().rooftops.values() {
            let inbound = format!("{url}/carriers/{}/inbound", rooftop.carrier.0);
            network.answers_at(rooftop.caller_id.as_str(), &inbound);
            network.reports_texts_to(&inbound);
        }
        Page {
            engine: engine.clone(),
            network: network.clone(),
            live: Live::start(engine.clone(), network.clone()),
            url,
        }
    }
}

/// The page's addresses, and behind them the daemon's own.
pub(super) fn routes(own: Router, page: Page) -> Router {
    let live = page.live.clone();
    let own = own.layer(middleware::from_fn(move |request, next| {
        noticed(live.clone(), request, next)
    }));
    let phones = page.network.by_hand();
    Router::new()
        .route("/", get(async || file(Path(String::new())).await))
        .route("/demo/{file}", get(file))
        .route("/demo/events", get(events))
        .route("/demo/leads", post(send_lead))
        .layer(DefaultBodyLimit::max(LEAD_MAX_BYTES))
        .with_state(page)
        .merge(phones)
        .layer(middleware::from_fn(guarded))
        .fallback_service(own)
}

/// Every change of a lead is asked for by somebody, or falls due.
async fn noticed(live: Live, request: Request, next: Next) -> Response {
    let changes = request.method() == Method::POST;
    let response = next.run(request).await;
    if changes {
        live.wake();
    }
    response
}

/// Another site that is open in the same browser can't press the buttons.
async fn guarded(request: Request, next: Next) -> Response {
    let from = request.headers().get("sec-fetch-site");
    let is_own = from.is_none_or(|from| from == "same-origin" || from == "none");
    if request.method() != Method::GET && !is_own {
        return StatusCode::FORBIDDEN.into_response();
    }
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    response
}

async fn file(Path(name): Path<String>) -> Response {
    let words = WORDS.iter().map(|(name, text)| (*name, JSON, *text));
    let mut files = FILES.into_iter().chain(words);
    match files.find(|(file, _, _)| *file == name) {
        Some((_, kind, text)) => ([(header::CONTENT_TYPE, kind)], text).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Signs and posts what the form says, as the website would.
async fn send_lead(State(page): State<Page>, body: Bytes) -> Response {
    match send::post(&page.engine, SOURCE, &body, &page.url).await {
        Ok(lead) => {
            page.live.wake();
            let answer = serde_json::json!({ "lead": lead }).to_string();
            (StatusCode::ACCEPTED, [(header::CONTENT_TYPE, JSON)], answer).into_response()
        }
        Err(Failure::No(reason)) => (StatusCode::BAD_GATEWAY, reason).into_response(),
        Err(Failure::Mistakes(_) | Failure::Unread) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

/// The present picture first, then each change.
async fn events(
    State(page): State<Page>,
) -> Sse<impl Stream<Item = Result<sse::Event, Infallible>>> {
    let Live {
        mut phones,
        mut leads,
        ..
    } = page.live;
    phones.mark_changed();
    leads.mark_changed();
    let now = format!("\"{}\"", page.engine.now());
    let seen = Seen {
        now: Some(now),
        phones,
        leads,
    };
    let stream = unfold(seen, async |mut seen| {
        let event = seen.next().await?;
        Some((Ok(event), seen))
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}

/// What one tab has been told.
struct Seen {
    now: Option<String>,
    phones: watch::Receiver<std::sync::Arc<str>>,
    leads: watch::Receiver<std::sync::Arc<str>>,
}

impl Seen {
    async fn next(&mut self) -> Option<sse::Event> {
        if let Some(now) = self.now.take() {
            let event = sse::Event::default().event("now").retry(BACK_AFTER);
            return Some(event.data(now));
        }
        let (name, picture) = tokio::select! {
            biased;
            changed = self.phones.changed() => {
                changed.ok()?;
                ("phones", &mut self.phones)
            }
            changed = self.leads.changed() => {
                changed.ok()?;
                ("leads", &mut self.leads)
            }
        };
        let picture = picture.borrow_and_update().clone();
        Some(sse::Event::default().event(name).data(&*picture))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    type Words = BTreeMap<String, String>;

    fn words() -> Vec<(&'static str, Words)> {
        let read = |(name, text)| (name, serde_json::from_str(text).unwrap());
        WORDS.map(read).into()
    }

    /// The `{gaps}` of a sentence.
    fn gaps(sentence: &str) -> BTreeSet<&str> {
        let parts = sentence.split('{').skip(1);
        parts.map(|part| part.split('}').next().unwrap()).collect()
    }

    #[test]
    fn the_page_says_the_same_in_every_language() {
        let (_, dutch) = &words()[0];
        for (name, words) in &words() {
            assert!(words.keys().eq(dutch.keys()), "the keys of {name} differ");
            for (key, sentence) in words {
                assert!(!sentence.trim().is_empty(), "{key} of {name} is empty");
                let others = gaps(&dutch[key]);
                assert_eq!(gaps(sentence), others, "the gaps of {key} in {name}");
            }
        }
    }

    #[test]
    fn every_word_that_the_page_asks_for_is_there() {
        let (_, known) = &words()[0];
        let starts = [
            "data-t=\"",
            "data-t-name=\"",
            " t('",
            "(t('",
            "{t('",
            "sending('",
        ];
        let mut asked = vec![];
        for (_, _, text) in FILES {
            for start in starts {
                let after = text.split(start).skip(1);
                asked.extend(after.map(|rest| rest.split(['"', '\'']).next().unwrap()));
            }
        }
        assert!(asked.len() > 50, "only {} were found", asked.len());
        for key in asked {
            assert!(known.contains_key(key), "{key} has no words");
        }
    }

    #[test]
    fn whatever_can_happen_to_a_lead_has_words() {
        let (_, known) = &words()[0];
        let vocabularies = [
            (
                "what",
                "lead-received lead-held lead-joined lead-released plan-made in-line rep-rung rep-ringing \
              rep-answered rep-accepted rep-passed rep-missed rep-taken rep-canceled rep-lost rep-paused rep-told \
              rep-called-in customer-called-in customer-rung customer-ringing customer-answered customer-missed bridged \
              talked hung-up-rep hung-up-customer hung-up-us menu-key text-sent waiting stalled slept closed",
            ),
            (
                "outcome",
                "connected unconfirmed customer-unreached nobody-accepted canceled discarded joined test",
            ),
            (
                "reason",
                "no-answer busy rejected no-key hung-up failed invalid-number voicemail wrong-number cap \
              unreadable no-phone premium country own-number rate spam consent suspicious",
            ),
            ("menu", "0 1 2 3 4"),
            ("role", "rep owner customer reception"),
        ];
        for (vocabulary, names) in vocabularies {
            for name in names.split_whitespace() {
                let key = format!("{vocabulary}.{name}");
                assert!(known.contains_key(&key), "{key} has no words");
            }
        }
    }

    #[test]
    fn the_page_needs_nothing_from_elsewhere_and_makes_no_html_of_data() {
        for (name, _, text) in FILES {
            let text = text.replace("http://www.w3.org/2000/svg", "");
            for word in [
                "http://",
                "https://",
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "eval(",
            ] {
                assert!(!text.contains(word), "{name} has {word}");
            }
        }
    }
}
