//! What the PBX's answers to our orders mean.
//!
//! A refusal is `{"message":"..."}`. The words count where the number alone would mislead: 404 is also what a web
//! server says that has no ARI, and 500 what a PBX says that never tried.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Asterisk;
use crate::{CarrierCallId, Ordered, Placing, Response};

#[derive(Deserialize)]
struct Made {
    id: String,
}

#[derive(Deserialize)]
struct Refusal {
    message: String,
}

/// What is said when something could not be made, in another form than every refusal.
#[derive(Deserialize)]
struct Failure {
    error: String,
}

impl Asterisk {
    /// How ringing this number ended, by the answer to [`Asterisk::place`] or [`Asterisk::place_beside`].
    ///
    /// - 500 `Allocation failed`: no channel was made, and nothing is dialled before one is. For a phone of its own
    ///   that means it is not registered or not there, which is no news to the admin; for the trunk that it is down
    ///   or misspelt, which is.
    /// - 409: the leg's channel lives, so an earlier create of ours made it. Nobody knows here how far it is:
    ///   `Unknown`, and the look-up finds it under its name.
    /// - 400: the dial string or a term makes no sense, or whoever it was rung for has gone.
    /// - 503 `Asterisk not booted`: provably not processed. Any other 5xx may have rung the phone.
    pub fn placing(&self, to: &str, response: Response<'_>) -> Placing {
        let code = u32::from(response.status);
        match response.status {
            200..=299 => made(response).map_or(Placing::Unknown, Placing::Placed),
            401 | 403 | 404 | 405 => Placing::OurSetUp { code },
            409 => Placing::Unknown,
            429 => Placing::NotSent,
            400..=499 => Placing::Failed { code },
            500 if !allocated(response) && self.endpoints.contains_key(to) => {
                Placing::BadNumber { code }
            }
            500 if !allocated(response) => Placing::Failed { code },
            503 if refusal(response).is_some_and(|why| why == "Asterisk not booted") => {
                Placing::NotSent
            }
            _ => Placing::Unknown,
        }
    }

    /// What the answer to an order about a channel, a playback or a bridge means.
    ///
    /// `Gone` is also what is said to a channel that is outside our application (409, 412, 422): not answered yet,
    /// or sent on.
    pub fn ordered(&self, response: Response<'_>) -> Ordered {
        match response.status {
            200..=299 => Ordered::Done,
            404 if !there(response) => Ordered::OurSetUp,
            401 | 403 | 405 => Ordered::OurSetUp,
            408 | 429 => Ordered::Again,
            400..=499 => Ordered::Gone,
            _ => Ordered::Again,
        }
    }

    /// What the answer to [`Asterisk::bridge`] means: one that is there already is done too. That is 409 by the
    /// documents, and 500 with a "possible duplicate bridge id" as it was seen.
    pub fn bridged(&self, response: Response<'_>) -> Ordered {
        let duplicate = || refusal(response).is_some_and(|why| why.contains("uplicate bridge"));
        match response.status {
            409 => Ordered::Done,
            500 if duplicate() => Ordered::Done,
            _ => self.ordered(response),
        }
    }
}

/// Whether it was ARI that said 404, of a thing that it would know.
pub(super) fn there(response: Response<'_>) -> bool {
    refusal(response).is_some_and(|why| why != "Resource not found")
}

/// The words of a refusal.
pub(super) fn refusal(response: Response<'_>) -> Option<String> {
    let refusal: Refusal = serde_json::from_slice(response.body).ok()?;
    Some(refusal.message)
}

pub(super) fn read<T: DeserializeOwned>(response: Response<'_>) -> Option<T> {
    let well = matches!(response.status, 200..=299);
    well.then(|| serde_json::from_slice(response.body).ok())
        .flatten()
}

fn made(response: Response<'_>) -> Option<CarrierCallId> {
    read::<Made>(response)
        .filter(|made| !made.id.is_empty())
        .map(|made| CarrierCallId(made.id))
}

/// Whether a channel may have been made before the PBX failed.
fn allocated(response: Response<'_>) -> bool {
    serde_json::from_slice(response.body).map_or(true, |failure: Failure| {
        failure.error != "Allocation failed"
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::tests::{LEAD, answer, channel_json, leg, pbx};
    use super::*;
    use crate::asterisk::call_of;

    const DESK: &str = "+32470000001";
    const MOBILE: &str = "+32470000002";
    const NO_CHANNEL: &str = r#"{"error":"Allocation failed"}"#;

    fn placing(status: u16, body: &str) -> Placing {
        pbx().placing(MOBILE, answer(status, body))
    }

    fn ordered(status: u16, body: &str) -> Ordered {
        pbx().ordered(answer(status, body))
    }

    fn refused(message: &str) -> String {
        format!(r#"{{"message":"{message}"}}"#)
    }

    #[test]
    fn a_channel_that_was_made_is_placed() {
        let body = channel_json(&format!("lb-{LEAD}-r1"), "Down");
        assert_eq!(placing(200, &body), Placing::Placed(call_of(leg("r1"))));
    }

    #[test]
    fn an_answer_without_sense_is_unknown() {
        for body in ["", "<html>", "{}", r#"{"id":""}"#, r#"{"id":7}"#] {
            assert_eq!(placing(200, body), Placing::Unknown, "{body}");
        }
        for (status, body) in [
            (302, ""),
            (500, "<html>"),
            (500, r#"{"message":"Internal Server Error"}"#),
            (502, NO_CHANNEL),
            (503, "<html>"),
            (504, ""),
        ] {
            assert_eq!(placing(status, body), Placing::Unknown, "{status} {body}");
        }
    }

    #[test]
    fn a_channel_that_lives_already_is_looked_up_and_not_rung_again() {
        let body = refused("Channel with given unique ID already exists");
        assert_eq!(placing(409, &body), Placing::Unknown);
    }

    #[test]
    fn a_phone_that_is_not_registered_is_a_miss_and_a_trunk_that_is_down_is_told() {
        let desk = pbx().placing(DESK, answer(500, NO_CHANNEL));
        assert_eq!(desk, Placing::BadNumber { code: 500 });
        assert_eq!(placing(500, NO_CHANNEL), Placing::Failed { code: 500 });
    }

    #[test]
    fn a_pbx_that_starts_did_not_send() {
        let body = refused("Asterisk not booted");
        assert_eq!(placing(503, &body), Placing::NotSent);
        assert_eq!(placing(429, ""), Placing::NotSent);
    }

    #[test]
    fn what_the_admin_must_mend_is_our_set_up() {
        for (status, body) in [
            (401, refused("Authentication required")),
            (403, refused("Write access denied")),
            (404, "<html>".into()),
            (404, refused("Resource not found")),
            (405, refused("Invalid method")),
        ] {
            let code = status.into();
            assert_eq!(placing(status, &body), Placing::OurSetUp { code });
            assert_eq!(ordered(status, &body), Ordered::OurSetUp);
        }
    }

    #[test]
    fn a_dial_string_without_sense_fails() {
        for message in [
            "Invalid endpoint specified",
            "Provided originator channel was not found",
        ] {
            assert_eq!(
                placing(400, &refused(message)),
                Placing::Failed { code: 400 }
            );
        }
    }

    #[test]
    fn an_order_is_done() {
        assert_eq!(ordered(204, ""), Ordered::Done);
        assert_eq!(
            ordered(201, r#"{"id":"p","state":"queued"}"#),
            Ordered::Done
        );
    }

    #[test]
    fn an_order_to_what_is_gone_or_outside_has_nothing_left_to_do() {
        for (status, message) in [
            (404, "Channel not found"),
            (404, "Playback not found"),
            (404, "Bridge not found"),
            (400, "Channel not found"),
            (409, "Channel not in Stasis application"),
            (412, "Channel in invalid state"),
            (422, "Channel not in Stasis application"),
            (422, "Channel not in this bridge"),
        ] {
            assert_eq!(
                ordered(status, &refused(message)),
                Ordered::Gone,
                "{message}"
            );
        }
    }

    #[test]
    fn an_order_that_nobody_understood_is_given_again() {
        for status in [302, 408, 429, 500, 502, 503] {
            assert_eq!(ordered(status, "<html>"), Ordered::Again, "{status}");
        }
    }

    #[test]
    fn a_bridge_that_is_there_already_is_as_good_as_a_new_one() {
        let bridged = |status, body: &str| pbx().bridged(answer(status, body));
        assert_eq!(bridged(200, r#"{"id":"lb-b"}"#), Ordered::Done);
        let twice = refused("Bridge with id 'lb-b' already exists");
        assert_eq!(bridged(409, &twice), Ordered::Done);
        assert_eq!(bridged(500, ""), Ordered::Again);
    }
}
