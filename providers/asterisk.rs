//! The group's own PBX: Asterisk, over its REST interface (ARI).
//!
//! It is told what to do step by step and pushes what happens over one WebSocket, where Twilio asks. Facts without
//! another source were seen on Asterisk 22.10, or read in its `res/ari/resource_*.c` and `rest-api/api-docs/*.json`.
//!
//! The PBX carries other calls than ours. Nothing here can end one: every DELETE of a channel, bridge or playback
//! is refused for a name that we did not give (`names.rs`).

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::{CarrierCallId, Method, Place, Request};

mod answers;
mod cause;
mod event;
mod media;
mod names;
mod set_up;
mod state;

pub use cause::Cause;
pub use event::{Entered, Event, event};
pub use names::{bridge_of, call_of, leg_of, leg_of_bridge, leg_of_playback, playback_of};
pub use set_up::{MODULES, Registered};
pub use state::Bridge;

/// Where the number goes in [`Asterisk::endpoint`].
const NUMBER: &str = "{number}";

const JSON: &str = "application/json";

/// The dial plan's function that ends a channel after so many seconds.
const TIME_LIMIT: &str = "TIMEOUT(absolute)";

/// A PBX that we ring through.
#[derive(Clone, PartialEq, Eq)]
pub struct Asterisk {
    /// Our name for this carrier.
    pub id: String,
    /// Where its HTTP server is: `http://127.0.0.1:8088`, with or without a slash or `/ari` at the end.
    pub url: String,
    /// The name of our Stasis application. Nobody else may use it: a second client takes it over.
    pub app: String,
    /// The user in the PBX's `ari.conf`.
    pub user: String,
    /// Its password.
    pub password: String,
    /// How numbers are rung: `PJSIP/{number}@trunk`.
    pub endpoint: String,
    /// Numbers that have a phone of their own: E.164 to `PJSIP/an`.
    pub endpoints: BTreeMap<String, String>,
}

impl fmt::Debug for Asterisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asterisk")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Where the events are, as a WebSocket to open.
#[derive(Clone, PartialEq, Eq)]
pub struct Socket {
    /// `ws://` or `wss://`, without a secret.
    pub url: String,
    /// The value of `Authorization` on the upgrade. A secret: `Debug` leaves it out.
    pub authorization: String,
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").finish_non_exhaustive()
    }
}

impl Asterisk {
    /// Rings a phone. The channel has [`call_of`] the leg for its name, and enters our application at the answer
    /// with the leg as its only argument.
    ///
    /// Only with [`Asterisk::events`] open: without the application the PBX rings all the same, and then drops
    /// whoever picks up.
    pub fn place(&self, place: &Place) -> Request {
        self.originate(place, None)
    }

    /// Rings the customer's phone for a leg that is up. If that one has gone meanwhile, the PBX refuses and nothing
    /// rings.
    pub fn place_beside(&self, place: &Place, originator: &CarrierCallId) -> Request {
        self.originate(place, Some(originator))
    }

    /// Ends a call, however far it is; `None` for a call that we did not place.
    pub fn hang_up(&self, call: &CarrierCallId) -> Option<Request> {
        self.end(call, "normal")
    }

    /// Ends a call that is to be answered no more: the phone shows no missed call. `None` for a call that we did not
    /// place.
    ///
    /// The PBX can't be told to do so only before an answer: one that has just been answered ends too.
    pub fn cancel(&self, call: &CarrierCallId) -> Option<Request> {
        self.end(call, "answered_elsewhere")
    }

    /// Gives a call that came in back to the dial plan, which goes on after `Stasis` (and hangs up).
    pub fn send_on(&self, call: &CarrierCallId) -> Request {
        self.post(&format!("{}/continue", channel(call)), &[])
    }

    /// Asks how far a call is. The PBX forgets a call at its end.
    pub fn look_up(&self, call: &CarrierCallId) -> Request {
        self.get(&channel(call))
    }

    /// The WebSocket of our application's events, which exists while it is open.
    pub fn events(&self) -> Socket {
        let ws = self.ari().replacen("http", "ws", 1);
        Socket {
            url: format!("{ws}/events?{}", query(&[("app", &self.app)])),
            authorization: self.authorization(),
        }
    }

    /// What the PBX dials for a number.
    pub fn endpoint_of(&self, number: &str) -> String {
        match self.endpoints.get(number) {
            Some(own) => own.clone(),
            None => self.endpoint.replace(NUMBER, &digits(number)),
        }
    }

    fn originate(&self, place: &Place, originator: Option<&CarrierCallId>) -> Request {
        let leg = place.leg.to_string();
        let channel = call_of(place.leg).0;
        let mut terms = vec![
            ("endpoint", self.endpoint_of(&place.to)),
            ("app", self.app.clone()),
            ("appArgs", leg),
            ("callerId", format!("\"\" <{}>", digits(&place.from))),
            ("timeout", place.timeout_s.to_string()),
            ("channelId", channel),
        ];
        terms.extend(originator.map(|call| ("originator", call.0.clone())));
        let terms: Vec<(&str, &str)> = terms
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let mut request = self.post("channels", &terms);
        request.body = time_limit(place);
        request
    }

    fn end(&self, call: &CarrierCallId, reason: &str) -> Option<Request> {
        leg_of(call)?;
        Some(self.delete(&format!(
            "{}?{}",
            channel(call),
            query(&[("reason", reason)])
        )))
    }

    fn get(&self, path: &str) -> Request {
        self.request(Method::Get, path)
    }

    fn post(&self, path: &str, terms: &[(&str, &str)]) -> Request {
        if terms.is_empty() {
            return self.request(Method::Post, path);
        }
        self.request(Method::Post, &format!("{path}?{}", query(terms)))
    }

    fn delete(&self, path: &str) -> Request {
        self.request(Method::Delete, path)
    }

    fn request(&self, method: Method, path: &str) -> Request {
        Request {
            method,
            url: format!("{}/{path}", self.ari()),
            authorization: self.authorization(),
            content_type: JSON,
            body: String::new(),
        }
    }

    fn authorization(&self) -> String {
        let pair = format!("{}:{}", self.user, self.password);
        format!("Basic {}", STANDARD.encode(pair))
    }

    fn ari(&self) -> String {
        let url = self.url.trim_end_matches('/');
        let host = url.strip_suffix("/ari").unwrap_or(url);
        format!("{}/ari", host.trim_end_matches('/'))
    }
}

/// Every channel ends then, even if we are dead. The PBX counts from the create, so the ring comes on top; it takes
/// texts only, and obeys only while [`MODULES`] run: otherwise it logs an error and rings without a limit.
fn time_limit(place: &Place) -> String {
    let limit_s = place.timeout_s.saturating_add(place.time_limit_s);
    json!({ "variables": { TIME_LIMIT: limit_s.to_string() } }).to_string()
}

/// Nothing but a number gets into a dial string or a caller id, where `/`, `@`, `&` and `>` have a meaning.
fn digits(number: &str) -> String {
    number
        .chars()
        .filter(|c| c.is_ascii_digit() || *c == '+')
        .collect()
}

fn channel(call: &CarrierCallId) -> String {
    format!("channels/{}", segment(&call.0))
}

/// A name as one segment of a path.
fn segment(name: &str) -> String {
    let encoded: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    encoded.replace('+', "%20")
}

fn query(terms: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(terms)
        .finish()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
