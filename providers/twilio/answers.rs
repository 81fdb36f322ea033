//! What Twilio's answers to our requests mean.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Twilio;
use super::callback::phase;
use crate::{Candidate, CarrierCallId, Found, Ordered, Phase, Placing, Response};

/// What every resource has that the carrier made or changed.
#[derive(Deserialize)]
struct Made {
    sid: String,
}

#[derive(Deserialize)]
struct Account {
    status: Option<String>,
}

#[derive(Deserialize)]
struct Refusal {
    code: u32,
}

#[derive(Deserialize)]
struct Call {
    sid: String,
    status: String,
    /// A text at Twilio, a number at others.
    duration: Option<Value>,
    date_created: Option<String>,
    end_time: Option<String>,
}

#[derive(Deserialize)]
struct Calls {
    calls: Vec<Call>,
}

impl Twilio {
    /// How a placing ended, by the answer to [`Twilio::place`].
    pub fn placing(&self, response: Response<'_>) -> Placing {
        match response.status {
            200..=299 => made(response).map_or(Placing::Unknown, Placing::Placed),
            400..=499 => refused(response),
            // A server that failed may have rung the phone before.
            _ => Placing::Unknown,
        }
    }

    /// What the answer to [`Twilio::interrupt`], [`Twilio::cancel`] or [`Twilio::hang_up`] means.
    pub fn ordered(&self, response: Response<'_>) -> Ordered {
        match (response.status, code(response)) {
            (200..=299, _) if made(response).is_some() => Ordered::Done,
            (404 | 422, _) | (400..=499, 21220 | 20404) => Ordered::Gone,
            (400..=499, _) if matches!(refused(response), Placing::OurSetUp { .. }) => {
                Ordered::OurSetUp
            }
            _ => Ordered::Again,
        }
    }

    /// What the answer to [`Twilio::look_up`] says; `None` where it makes no sense and is to be asked again.
    pub fn found(&self, response: Response<'_>) -> Option<Found> {
        if response.status == 404 {
            return Some(Found::Nothing);
        }
        let call: Call = read(response)?;
        Some(Found::Call {
            phase: call.phase()?,
            ended_at: instant(call.end_time.as_deref()),
            call: CarrierCallId(call.sid),
        })
    }

    /// The calls in the answer to [`Twilio::search`] or [`Twilio::children`]; `None` where it makes no sense.
    pub fn candidates(&self, response: Response<'_>) -> Option<Vec<Candidate>> {
        let page: Calls = read(response)?;
        Some(page.calls.into_iter().map(Call::into_candidate).collect())
    }

    /// Whether the answer to [`Twilio::account`] says that our credentials are good; `None` where it makes no
    /// sense.
    pub fn recognised(&self, response: Response<'_>) -> Option<bool> {
        if matches!(response.status, 401 | 403 | 404) {
            return Some(false);
        }
        let account: Account = read(response)?;
        Some(account.status.is_none_or(|status| status == "active"))
    }
}

impl Call {
    fn phase(&self) -> Option<Phase> {
        let up_s = match &self.duration {
            Some(Value::String(text)) => text.parse().ok(),
            Some(Value::Number(number)) => number.as_u64().and_then(|up_s| up_s.try_into().ok()),
            Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => None,
        };
        phase(&self.status, up_s, None)
    }

    /// A call with a status we never heard of exists all the same, and leaving it out could ring its phone
    /// twice: it gets the lowest rank, which any later word overrules.
    fn into_candidate(self) -> Candidate {
        Candidate {
            phase: self.phase().unwrap_or(Phase::Queued),
            created_at: instant(self.date_created.as_deref()),
            ended_at: instant(self.end_time.as_deref()),
            call: CarrierCallId(self.sid),
        }
    }
}

/// The class of a create that was answered with 4xx: by the carrier's code, else by the HTTP status.
fn refused(response: Response<'_>) -> Placing {
    let code = code(response);
    match code {
        429 | 20429 | 22005 => Placing::NotSent,
        21211 | 21214 | 21216 | 21217 => Placing::BadNumber { code },
        21215 | 21219 | 573_005 => Placing::Failed { code },
        20003 | 20403 | 21205 | 21609 | 21210 | 21212 | 21213 | 21218 | 21626 => {
            Placing::OurSetUp { code }
        }
        _ => match response.status {
            429 => Placing::NotSent,
            // A create names no resource but the account, so 404 is about that one.
            401 | 403 | 404 => Placing::OurSetUp { code },
            _ => Placing::Failed { code },
        },
    }
}

pub(super) fn code(response: Response<'_>) -> u32 {
    serde_json::from_slice(response.body)
        .map_or(response.status.into(), |refusal: Refusal| refusal.code)
}

fn made(response: Response<'_>) -> Option<CarrierCallId> {
    read::<Made>(response)
        .filter(|made| !made.sid.is_empty())
        .map(|made| CarrierCallId(made.sid))
}

pub(super) fn read<T: DeserializeOwned>(response: Response<'_>) -> Option<T> {
    let well = matches!(response.status, 200..=299);
    well.then(|| serde_json::from_slice(response.body).ok())
        .flatten()
}

fn instant(text: Option<&str>) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text?).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::End;
    use crate::twilio::tests::carrier;

    fn answer(status: u16, body: &str) -> Response<'_> {
        Response {
            status,
            body: body.as_bytes(),
        }
    }

    fn placing(status: u16, body: &str) -> Placing {
        carrier().placing(answer(status, body))
    }

    fn ordered(status: u16, body: &str) -> Ordered {
        carrier().ordered(answer(status, body))
    }

    fn refusal(code: u32) -> String {
        format!(r#"{{"code":{code},"message":"no","more_info":"","status":400}}"#)
    }

    fn found(status: u16, body: &str) -> Option<Found> {
        carrier().found(answer(status, body))
    }

    fn call(sid: &str) -> CarrierCallId {
        CarrierCallId(sid.into())
    }

    #[test]
    fn a_create_with_a_name_is_placed() {
        assert_eq!(
            placing(201, r#"{"sid":"CA1","status":"queued"}"#),
            Placing::Placed(call("CA1"))
        );
        assert_eq!(
            placing(200, r#"{"sid":"0af3-uuid"}"#),
            Placing::Placed(call("0af3-uuid"))
        );
    }

    #[test]
    fn a_create_that_makes_no_sense_is_unknown() {
        for body in [
            "",
            "<html>",
            "{}",
            r#"{"sid":""}"#,
            r#"{"sid":7}"#,
            r#"{"sid":"CA1""#,
        ] {
            assert_eq!(placing(201, body), Placing::Unknown, "{body}");
        }
        for status in [100, 302, 500, 502, 503, 504] {
            assert_eq!(
                placing(status, r#"{"sid":"CA1"}"#),
                Placing::Unknown,
                "{status}"
            );
            assert_eq!(
                placing(status, &refusal(21211)),
                Placing::Unknown,
                "{status}"
            );
        }
    }

    #[test]
    fn an_overloaded_carrier_did_not_send() {
        assert_eq!(placing(429, ""), Placing::NotSent);
        for code in [20429, 22005] {
            assert_eq!(placing(400, &refusal(code)), Placing::NotSent, "{code}");
        }
        assert_eq!(placing(429, &refusal(99999)), Placing::NotSent);
    }

    #[test]
    fn what_the_admin_must_mend_is_our_set_up() {
        for code in [
            20003, 20403, 21205, 21609, 21210, 21212, 21213, 21218, 21626,
        ] {
            assert_eq!(
                placing(400, &refusal(code)),
                Placing::OurSetUp { code },
                "{code}"
            );
        }
        for status in [401, 403, 404] {
            assert_eq!(
                placing(status, "<html>"),
                Placing::OurSetUp {
                    code: status.into()
                }
            );
            assert_eq!(
                placing(status, &refusal(20404)),
                Placing::OurSetUp { code: 20404 }
            );
        }
    }

    #[test]
    fn numbers_that_do_not_exist_are_bad() {
        for code in [21211, 21214, 21216, 21217] {
            assert_eq!(
                placing(400, &refusal(code)),
                Placing::BadNumber { code },
                "{code}"
            );
        }
    }

    #[test]
    fn any_other_refusal_failed_by_its_code_or_status() {
        for code in [21215, 21219, 573_005, 21999] {
            assert_eq!(
                placing(400, &refusal(code)),
                Placing::Failed { code },
                "{code}"
            );
        }
        assert_eq!(
            placing(403, &refusal(21219)),
            Placing::Failed { code: 21219 }
        );
        assert_eq!(placing(422, "<html>"), Placing::Failed { code: 422 });
        assert_eq!(
            placing(400, r#"{"code":null}"#),
            Placing::Failed { code: 400 }
        );
    }

    #[test]
    fn an_order_for_a_call_that_is_over_succeeded() {
        assert_eq!(
            ordered(200, r#"{"sid":"CA1","status":"in-progress"}"#),
            Ordered::Done
        );
        assert_eq!(ordered(400, &refusal(21220)), Ordered::Gone);
        assert_eq!(ordered(404, &refusal(20404)), Ordered::Gone);
        assert_eq!(ordered(404, ""), Ordered::Gone);
        assert_eq!(ordered(422, ""), Ordered::Gone);
    }

    #[test]
    fn an_order_that_nobody_understood_is_given_again() {
        for status in [200, 302, 400, 429, 500, 503] {
            assert_eq!(ordered(status, "<html>"), Ordered::Again, "{status}");
        }
        assert_eq!(ordered(503, &refusal(21220)), Ordered::Again);
    }

    #[test]
    fn an_order_refused_for_who_we_are_waits_for_the_admin() {
        assert_eq!(ordered(401, ""), Ordered::OurSetUp);
        assert_eq!(ordered(403, ""), Ordered::OurSetUp);
        assert_eq!(ordered(400, &refusal(20003)), Ordered::OurSetUp);
        assert_eq!(ordered(400, &refusal(21205)), Ordered::OurSetUp);
    }

    #[test]
    fn a_look_up_tells_how_a_call_ended_and_when() {
        let body = r#"{"sid":"CA1","status":"completed","duration":"63",
            "date_created":"Wed, 17 Sep 2025 07:59:00 +0000","end_time":"Wed, 17 Sep 2025 08:00:01 +0000"}"#;
        let expected = Found::Call {
            call: call("CA1"),
            phase: Phase::Ended(End::Completed { up_s: Some(63) }),
            ended_at: Some("2025-09-17T08:00:01Z".parse().unwrap()),
        };
        assert_eq!(found(200, body), Some(expected));
    }

    #[test]
    fn a_look_up_of_a_call_that_lives_has_no_end() {
        for (word, phase) in [
            ("queued", Phase::Queued),
            ("ringing", Phase::Ringing),
            ("in-progress", Phase::Answered),
        ] {
            let body =
                format!(r#"{{"sid":"CA1","status":"{word}","duration":null,"end_time":null}}"#);
            assert_eq!(
                found(200, &body),
                Some(Found::Call {
                    call: call("CA1"),
                    phase,
                    ended_at: None
                })
            );
        }
    }

    #[test]
    fn a_look_up_reads_durations_and_times_it_can_and_leaves_out_the_others() {
        for (duration, up_s) in [
            ("63", Some(63)),
            (r#""""#, None),
            ("-1", None),
            (r#"{"s":1}"#, None),
        ] {
            let body = format!(
                r#"{{"sid":"CA1","status":"completed","duration":{duration},"end_time":"yesterday"}}"#
            );
            let phase = Phase::Ended(End::Completed { up_s });
            assert_eq!(
                found(200, &body),
                Some(Found::Call {
                    call: call("CA1"),
                    phase,
                    ended_at: None
                })
            );
        }
    }

    #[test]
    fn a_look_up_without_sense_is_asked_again_and_404_is_nothing() {
        assert_eq!(found(404, &refusal(20404)), Some(Found::Nothing));
        assert_eq!(found(200, "<html>"), None);
        assert_eq!(found(200, r#"{"sid":"CA1","status":"levitating"}"#), None);
        assert_eq!(found(401, r#"{"sid":"CA1","status":"queued"}"#), None);
        assert_eq!(found(500, ""), None);
    }

    #[test]
    fn a_search_lists_all_calls_even_with_a_status_we_never_heard_of() {
        let body = r#"{"calls":[
            {"sid":"CA2","status":"levitating","date_created":"Wed, 17 Sep 2025 08:00:01 +0000"},
            {"sid":"CA1","status":"busy","end_time":"Wed, 17 Sep 2025 08:00:09 +0000"}],"next_page_uri":null}"#;
        let candidates = carrier().candidates(answer(200, body)).unwrap();
        let strange = Candidate {
            call: call("CA2"),
            created_at: Some("2025-09-17T08:00:01Z".parse().unwrap()),
            phase: Phase::Queued,
            ended_at: None,
        };
        let busy = Candidate {
            call: call("CA1"),
            created_at: None,
            phase: Phase::Ended(End::Busy),
            ended_at: Some("2025-09-17T08:00:09Z".parse().unwrap()),
        };
        assert_eq!(candidates, [strange, busy]);
    }

    #[test]
    fn a_search_without_sense_is_not_an_empty_one() {
        assert_eq!(
            carrier().candidates(answer(200, r#"{"calls":[]}"#)),
            Some(vec![])
        );
        assert_eq!(carrier().candidates(answer(200, "{}")), None);
        assert_eq!(carrier().candidates(answer(500, r#"{"calls":[]}"#)), None);
    }

    #[test]
    fn an_account_is_good_bad_or_not_heard_of() {
        let recognised = |status, body| carrier().recognised(answer(status, body));
        assert_eq!(
            recognised(200, r#"{"sid":"AC1","status":"active"}"#),
            Some(true)
        );
        assert_eq!(
            recognised(200, r#"{"sid":"AC1","status":"suspended"}"#),
            Some(false)
        );
        assert_eq!(recognised(401, ""), Some(false));
        assert_eq!(recognised(200, "<html>"), None);
        assert_eq!(recognised(503, ""), None);
    }
}
