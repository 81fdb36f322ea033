//! Which numbers the account may show: those it rents, and those it has proven to be its own.

use serde::Deserialize;

use super::Twilio;
use super::answers::read;
use crate::{Request, Response};

/// The two lists; a number need only be on one of them.
const LISTS: [&str; 2] = ["IncomingPhoneNumbers.json", "OutgoingCallerIds.json"];

#[derive(Deserialize)]
#[serde(untagged)]
enum Page {
    Rented { incoming_phone_numbers: Vec<Number> },
    Proven { outgoing_caller_ids: Vec<Number> },
}

#[derive(Deserialize)]
struct Number {
    phone_number: String,
    capabilities: Option<Capabilities>,
}

#[derive(Deserialize)]
struct Capabilities {
    voice: Option<bool>,
}

impl Twilio {
    /// Asks, list by list, for a number (E.164) that is to be shown. Rings nobody.
    pub fn may_show(&self, number: &str) -> Vec<Request> {
        let query = [("PhoneNumber", number)];
        LISTS.map(|list| self.get(list, &query)).to_vec()
    }

    /// Whether an answer to [`Twilio::may_show`] has the number on its list; `None` where it makes no sense.
    pub fn shows(&self, number: &str, response: Response<'_>) -> Option<bool> {
        let (Page::Rented {
            incoming_phone_numbers: numbers,
        }
        | Page::Proven {
            outgoing_caller_ids: numbers,
        }) = read(response)?;
        let mut numbers = numbers.iter();
        Some(numbers.any(|listed| listed.phone_number == number && listed.speaks()))
    }
}

impl Number {
    /// Some are rented for texts alone.
    fn speaks(&self) -> bool {
        let capabilities = self.capabilities.as_ref();
        capabilities.and_then(|can| can.voice).unwrap_or(true)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::tests::carrier;
    use super::*;

    fn shows(body: &str) -> Option<bool> {
        let response = Response {
            status: 200,
            body: body.as_bytes(),
        };
        carrier().shows("+3292000000", response)
    }

    #[test]
    fn both_lists_are_asked_for_one_number() {
        let urls: Vec<_> = carrier()
            .may_show("+3292000000")
            .into_iter()
            .map(|request| request.url)
            .collect();
        let base = "https://api.twilio.com/2010-04-01/Accounts/AC1";
        assert_eq!(
            urls,
            [
                format!("{base}/IncomingPhoneNumbers.json?PhoneNumber=%2B3292000000"),
                format!("{base}/OutgoingCallerIds.json?PhoneNumber=%2B3292000000"),
            ]
        );
    }

    #[test]
    fn a_number_on_a_list_may_be_shown_unless_it_is_for_texts_alone() {
        let rented = r#"{"incoming_phone_numbers":[{"phone_number":"+3292000000","capabilities":{"voice":true}}],"page":0}"#;
        assert_eq!(shows(rented), Some(true));
        assert_eq!(shows(&rented.replace("true", "false")), Some(false));
        let proven = r#"{"outgoing_caller_ids":[{"phone_number":"+3292000000"}]}"#;
        assert_eq!(shows(proven), Some(true));
        assert_eq!(shows(r#"{"outgoing_caller_ids":[]}"#), Some(false));
        assert_eq!(shows(&proven.replace("000", "111")), Some(false));
        assert_eq!(shows("<h1>Welcome</h1>"), None);
    }
}
