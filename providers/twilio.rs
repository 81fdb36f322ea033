//! Twilio's dialect: calls are placed with a form, and the carrier fetches what a leg hears from our URLs.
//!
//! Carriers that speak the same dialect (SignalWire, Somleng, our simulated phones) differ in `base_url` only,
//! so nothing here leans on the shape of Twilio's ids.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::{CarrierCallId, LegId, Method, Place, Request, Turn};

mod answers;
mod callback;
mod inbound;
mod messages;
mod numbers;
mod script;
mod sign;

pub use callback::{hold_query, holds};
pub use sign::{SIGNATURE_HEADER, signature};

/// How long Twilio waits for our answers, as the fragment it reads off a URL and never sends: with its own
/// defaults one read time-out uses up all the time there is, and a lost answer is never asked for again.
const PATIENCE: &str = "#ct=2000&rt=4000&tt=15000&rc=3&rp=ct,rt,5xx";

/// Where whoever is alone in a room fetches what they hear, below the public URL.
pub const RING_TONE: &str = "/carriers/ring-tone.wav";

const FORM: &str = "application/x-www-form-urlencoded";

/// Calls on one page of a search. Newest come first, so what we look for is among them.
const PAGE_SIZE: &str = "100";

/// An account at Twilio, or at a carrier that speaks its dialect.
#[derive(Clone, PartialEq, Eq)]
pub struct Twilio {
    /// Our name for this carrier, as it stands in callback URLs.
    pub id: String,
    /// The account's SID.
    pub account: String,
    /// The first one signs requests; all are tried on callbacks, so that a token can be replaced.
    pub tokens: Vec<String>,
    /// Where requests go: `https://api.twilio.com`.
    pub base_url: String,
    /// Where callbacks arrive, as the carrier sees it; signatures are over this one.
    pub public_url: String,
}

impl fmt::Debug for Twilio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Twilio")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Twilio {
    /// Rings a phone.
    pub fn place(&self, place: &Place) -> Request {
        let mut form = self.script_from(place.leg, place.turn);
        form.extend([
            ("To", place.to.clone()),
            ("From", place.from.clone()),
            ("Timeout", place.timeout_s.to_string()),
            ("TimeLimit", place.time_limit_s.to_string()),
            ("StatusCallback", self.status_url(place.leg)),
            ("StatusCallbackMethod", "POST".into()),
        ]);
        // One field for each event: a joined value is refused with 21626.
        form.extend(
            ["initiated", "ringing", "answered", "completed"]
                .map(|event| ("StatusCallbackEvent", event.into())),
        );
        self.post("Calls.json", &form)
    }

    /// Makes a leg that is up ask for the script of this turn now.
    pub fn interrupt(&self, call: &CarrierCallId, leg: LegId, turn: Turn) -> Request {
        self.post(&one_call(call), &self.script_from(leg, turn))
    }

    /// Ends a call only while it is not answered.
    pub fn cancel(&self, call: &CarrierCallId) -> Request {
        self.post(&one_call(call), &[("Status", "canceled".into())])
    }

    /// Ends a call, however far it is.
    pub fn hang_up(&self, call: &CarrierCallId) -> Request {
        self.post(&one_call(call), &[("Status", "completed".into())])
    }

    /// Asks how far a call is.
    pub fn look_up(&self, call: &CarrierCallId) -> Request {
        self.get(&one_call(call), &[])
    }

    /// Asks for the newest calls between two numbers.
    ///
    /// Without a start time on purpose: a call that still waits at the carrier has none and would be left out,
    /// and that is the call somebody looks for after a create without an answer.
    pub fn search(&self, to: &str, from: &str) -> Request {
        self.get(
            "Calls.json",
            &[("To", to), ("From", from), ("PageSize", PAGE_SIZE)],
        )
    }

    /// Asks for the calls that a script of this call rang.
    pub fn children(&self, parent: &CarrierCallId) -> Request {
        self.get(
            "Calls.json",
            &[("ParentCallSid", &parent.0), ("PageSize", PAGE_SIZE)],
        )
    }

    /// Asks for the account: a check of the credentials that rings nobody.
    pub fn account(&self) -> Request {
        self.request(
            Method::Get,
            format!("{}.json", self.account_url()),
            String::new(),
        )
    }

    /// Where the carrier asks what a leg hears.
    pub fn answer_url(&self, leg: LegId, turn: Turn) -> String {
        self.script_url(leg, turn, "answer")
    }

    fn script_url(&self, leg: LegId, turn: Turn, question: &str) -> String {
        self.own_url(&self.script_path(leg, turn, question))
    }

    fn script_path(&self, leg: LegId, turn: Turn, question: &str) -> String {
        format!("/carriers/{}/{leg}/{turn}/{question}", self.id)
    }

    fn status_url(&self, leg: LegId) -> String {
        self.own_url(&format!("/carriers/{}/{leg}/status", self.id))
    }

    fn inbound_url(&self) -> String {
        self.own_url(&format!("/carriers/{}/inbound", self.id))
    }

    fn ring_tone_url(&self) -> String {
        format!("{}{RING_TONE}", self.public_url.trim_end_matches('/'))
    }

    fn own_url(&self, path_and_query: &str) -> String {
        format!(
            "{}{path_and_query}{PATIENCE}",
            self.public_url.trim_end_matches('/')
        )
    }

    fn account_url(&self) -> String {
        format!(
            "{}/2010-04-01/Accounts/{}",
            self.base_url.trim_end_matches('/'),
            self.account
        )
    }

    fn script_from(&self, leg: LegId, turn: Turn) -> Vec<(&'static str, String)> {
        let url = self.answer_url(leg, turn);
        let post = String::from("POST");
        vec![
            ("Url", url.clone()),
            ("Method", post.clone()),
            ("FallbackUrl", url),
            ("FallbackMethod", post),
        ]
    }

    fn get(&self, path: &str, query: &[(&str, &str)]) -> Request {
        let mut url = format!("{}/{path}", self.account_url());
        if !query.is_empty() {
            url = format!(
                "{url}?{}",
                form_urlencoded::Serializer::new(String::new())
                    .extend_pairs(query)
                    .finish()
            );
        }
        self.request(Method::Get, url, String::new())
    }

    fn post(&self, path: &str, form: &[(&str, String)]) -> Request {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        self.request(Method::Post, format!("{}/{path}", self.account_url()), body)
    }

    fn request(&self, method: Method, url: String, body: String) -> Request {
        let token = self.tokens.first().map_or("", String::as_str);
        let authorization = format!(
            "Basic {}",
            STANDARD.encode(format!("{}:{token}", self.account))
        );
        Request {
            method,
            url,
            authorization,
            content_type: FORM,
            body,
        }
    }
}

fn one_call(call: &CarrierCallId) -> String {
    let name: String = form_urlencoded::byte_serialize(call.0.as_bytes()).collect();
    format!("Calls/{name}.json")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    pub(super) const LEAD: &str = "0190b1f0-7b3c-7000-8000-000000000001";

    const AUTHORIZATION: &str = "Basic QUMxOm5ldw==";

    pub(super) fn carrier() -> Twilio {
        Twilio {
            id: "main".into(),
            account: "AC1".into(),
            tokens: vec!["new".into(), "old".into()],
            base_url: "https://api.twilio.com".into(),
            public_url: "https://bridge.example.be".into(),
        }
    }

    pub(super) fn leg(end: &str) -> LegId {
        format!("{LEAD}-{end}").parse().unwrap()
    }

    fn call() -> CarrierCallId {
        CarrierCallId("CA1".into())
    }

    fn form(request: &Request) -> Vec<(String, String)> {
        form_urlencoded::parse(request.body.as_bytes())
            .into_owned()
            .collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .collect()
    }

    #[test]
    fn a_ring_tells_where_to_ask_and_wants_every_event_in_a_field_of_its_own() {
        let place = Place {
            leg: leg("r1"),
            to: "+32470000001".into(),
            from: "+3290000000".into(),
            timeout_s: 32,
            time_limit_s: 3900,
            turn: 1,
        };
        let request = carrier().place(&place);
        let answer =
            format!("https://bridge.example.be/carriers/main/{LEAD}-r1/1/answer{PATIENCE}");
        let status = format!("https://bridge.example.be/carriers/main/{LEAD}-r1/status{PATIENCE}");
        assert_eq!(request.method, Method::Post);
        assert_eq!(
            request.url,
            "https://api.twilio.com/2010-04-01/Accounts/AC1/Calls.json"
        );
        assert_eq!(request.authorization, AUTHORIZATION);
        assert!(
            request.body.contains("To=%2B32470000001&"),
            "{}",
            request.body
        );
        let expected = pairs(&[
            ("Url", &answer),
            ("Method", "POST"),
            ("FallbackUrl", &answer),
            ("FallbackMethod", "POST"),
            ("To", "+32470000001"),
            ("From", "+3290000000"),
            ("Timeout", "32"),
            ("TimeLimit", "3900"),
            ("StatusCallback", &status),
            ("StatusCallbackMethod", "POST"),
            ("StatusCallbackEvent", "initiated"),
            ("StatusCallbackEvent", "ringing"),
            ("StatusCallbackEvent", "answered"),
            ("StatusCallbackEvent", "completed"),
        ]);
        assert_eq!(form(&request), expected);
    }

    #[test]
    fn an_interrupt_makes_the_leg_ask_for_its_new_turn() {
        let request = carrier().interrupt(&call(), leg("r2"), 7);
        let url = format!("https://bridge.example.be/carriers/main/{LEAD}-r2/7/answer{PATIENCE}");
        assert_eq!(
            request.url,
            "https://api.twilio.com/2010-04-01/Accounts/AC1/Calls/CA1.json"
        );
        let expected = [
            ("Url", &*url),
            ("Method", "POST"),
            ("FallbackUrl", &url),
            ("FallbackMethod", "POST"),
        ];
        assert_eq!(form(&request), pairs(&expected));
        assert_eq!(carrier().answer_url(leg("r2"), 7), url);
    }

    #[test]
    fn a_cancel_spares_an_answered_call_and_a_hang_up_does_not() {
        let [cancel, hang_up] = [carrier().cancel(&call()), carrier().hang_up(&call())];
        for request in [&cancel, &hang_up] {
            assert_eq!(request.method, Method::Post);
            assert_eq!(
                request.url,
                "https://api.twilio.com/2010-04-01/Accounts/AC1/Calls/CA1.json"
            );
        }
        assert_eq!(cancel.body, "Status=canceled");
        assert_eq!(hang_up.body, "Status=completed");
    }

    #[test]
    fn questions_change_nothing_at_the_carrier() {
        let account = "https://api.twilio.com/2010-04-01/Accounts/AC1";
        for (request, url) in [
            (
                carrier().look_up(&call()),
                format!("{account}/Calls/CA1.json"),
            ),
            (
                carrier().search("+32470000001", "+3290000000"),
                format!("{account}/Calls.json?To=%2B32470000001&From=%2B3290000000&PageSize=100"),
            ),
            (
                carrier().children(&call()),
                format!("{account}/Calls.json?ParentCallSid=CA1&PageSize=100"),
            ),
            (carrier().account(), format!("{account}.json")),
        ] {
            assert_eq!((request.method, request.body.as_str()), (Method::Get, ""));
            assert_eq!(request.url, url);
            assert_eq!(request.authorization, AUTHORIZATION);
        }
    }

    #[test]
    fn a_name_from_outside_cannot_lead_a_request_astray() {
        let request = carrier().hang_up(&CarrierCallId("../AC2?x#".into()));
        assert_eq!(
            request.url,
            "https://api.twilio.com/2010-04-01/Accounts/AC1/Calls/..%2FAC2%3Fx%23.json"
        );
    }

    #[test]
    fn a_slash_at_the_end_of_a_configured_url_is_not_doubled() {
        let slashed = Twilio {
            base_url: "https://api.twilio.com/".into(),
            public_url: "https://bridge.example.be/".into(),
            ..carrier()
        };
        assert_eq!(slashed.account().url, carrier().account().url);
        assert_eq!(
            slashed.answer_url(leg("r1"), 1),
            carrier().answer_url(leg("r1"), 1)
        );
    }

    #[test]
    fn nobody_reads_a_token_in_a_log() {
        assert_eq!(format!("{:?}", carrier()), r#"Twilio { id: "main", .. }"#);
        assert_eq!(
            format!("{:?}", carrier().account()),
            "Request { method: Get, .. }"
        );
    }
}
