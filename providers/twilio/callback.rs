//! Twilio's callbacks, read. What carriers add, misspell or leave out never fails one: an unknown word tells
//! us nothing, and that is all.

use std::borrow::Cow;

use super::Twilio;
use crate::{Asked, Callback, CarrierCallId, End, LegId, Phase, Route, Turn};

/// A parameter's name and value.
pub(super) type Field<'a> = (Cow<'a, str>, Cow<'a, str>);

impl Twilio {
    /// Reads a callback: the raw query (without `?`) and the raw form.
    ///
    /// While the store is away a leg is sent round in circles with [`hold_query`]; what that holds is read
    /// where the form says nothing.
    pub fn read(&self, route: Route, query: &str, body: &[u8]) -> Callback {
        let form: Vec<Field<'_>> = form_urlencoded::parse(body).collect();
        let held: Vec<Field<'_>> = form_urlencoded::parse(query.as_bytes()).collect();
        let status = value(&form, "CallStatus");
        let sip = value(&form, "SipResponseCode").and_then(|code| code.parse().ok());
        Callback {
            call: value(&form, "CallSid").map(|sid| CarrierCallId(sid.to_owned())),
            phase: status.and_then(|word| phase(word, seconds(&form, "CallDuration"), sip)),
            asked: match route {
                Route::Answer => Some(Asked::Answer),
                Route::Digits => Some(Asked::Digits(key(&form, &held))),
                Route::Dial => Some(Asked::Dial {
                    end: end_of_dial(&form, &held),
                    still_up: status == Some("in-progress"),
                }),
                Route::Status => None,
            },
        }
    }

    /// The question of this leg about the end of a ring that failed, when the fallback is asked in its stead: its turn, and
    /// its path and query. The carrier names it (`ErrorUrl`,
    /// <https://www.twilio.com/docs/usage/webhooks/voice-webhooks>). The ring is over, and the leg's present script may
    /// still be the same ring.
    pub fn failed_dial(&self, leg: LegId, body: &[u8]) -> Option<(Turn, String)> {
        let form: Vec<Field<'_>> = form_urlencoded::parse(body).collect();
        let failed = value(&form, "ErrorUrl")?.split('#').next()?;
        let own = failed.strip_prefix(self.public_url.trim_end_matches('/'))?;
        let path = own.split('?').next()?;
        let turn = path.strip_suffix("/dial")?.rsplit('/').next()?;
        let turn = turn.parse().ok()?;
        let is_this_legs = path == self.script_path(leg, turn, "dial");
        is_this_legs.then(|| (turn, own.to_owned()))
    }
}

/// The query with which a leg asks the same again, for the `n`th time, once the store is back.
pub fn hold_query(n: u32, asked: &Asked) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("hold", &n.to_string());
    match asked {
        Asked::Answer | Asked::Digits(None) => {}
        Asked::Digits(Some(key)) => {
            query.append_pair("key", key.encode_utf8(&mut [0; 4]));
        }
        Asked::Dial { end, still_up: _ } => {
            query.append_pair("dial", word(*end));
            if let End::Completed { up_s: Some(up_s) } = end {
                query.append_pair("up", &up_s.to_string());
            }
        }
    }
    query.finish()
}

/// How often the leg that asks with this query was put off already.
pub fn holds(query: &str) -> u32 {
    let fields: Vec<Field<'_>> = form_urlencoded::parse(query.as_bytes()).collect();
    seconds(&fields, "hold").unwrap_or(0)
}

/// How far a leg is, by Twilio's word for it and the SIP code that ended it.
pub(super) fn phase(word: &str, up_s: Option<u32>, sip: Option<u16>) -> Option<Phase> {
    match word {
        "queued" | "initiated" => Some(Phase::Queued),
        "ringing" => Some(Phase::Ringing),
        "in-progress" => Some(Phase::Answered),
        over => end(over, up_s).map(|end| Phase::Ended(refined(end, sip))),
    }
}

fn key(form: &[Field<'_>], held: &[Field<'_>]) -> Option<char> {
    value(form, "Digits")
        .or_else(|| value(held, "key"))?
        .chars()
        .next()
}

/// An end that nobody can read is still the end of that ring: said to be unknown, the leg would be answered
/// with its present script, which is the same ring once more.
pub(super) fn end_of_dial(form: &[Field<'_>], held: &[Field<'_>]) -> End {
    let end = match value(form, "DialCallStatus") {
        // A customer in a conference, who is not one of ours, but Twilio documents the word.
        Some("answered") => end("completed", seconds(form, "DialCallDuration")),
        Some(word) => end(word, seconds(form, "DialCallDuration")),
        None => value(held, "dial").and_then(|word| end(word, seconds(held, "up"))),
    };
    match end {
        // Picked up as the rep was leaving: nobody was joined to anybody.
        Some(End::Completed {
            up_s: None | Some(0),
        }) if value(form, "DialBridged") == Some("false") => End::Failed,
        known => known.unwrap_or(End::Failed),
    }
}

fn end(word: &str, up_s: Option<u32>) -> Option<End> {
    Some(match word {
        "completed" => End::Completed { up_s },
        "busy" => End::Busy,
        "rejected" => End::Rejected,
        "no-answer" => End::NoAnswer,
        "invalid-number" => End::InvalidNumber,
        "failed" => End::Failed,
        "canceled" => End::Canceled,
        _ => return None,
    })
}

fn word(end: End) -> &'static str {
    match end {
        End::Completed { .. } => "completed",
        End::Busy => "busy",
        End::Rejected => "rejected",
        End::NoAnswer => "no-answer",
        End::InvalidNumber => "invalid-number",
        End::Failed | End::Lost => "failed",
        End::Canceled => "canceled",
    }
}

/// Twilio has one word where SIP has several: the code tells a person who declined from a line that is taken.
fn refined(end: End, sip: Option<u16>) -> End {
    match (end, sip) {
        (End::Completed { .. } | End::Canceled, Some(_)) | (_, None) => end,
        (_, Some(603 | 607 | 403)) => End::Rejected,
        (_, Some(486 | 600)) => End::Busy,
        (_, Some(408 | 480)) => End::NoAnswer,
        (_, Some(404 | 410 | 484 | 604)) => End::InvalidNumber,
        (_, Some(_)) => end,
    }
}

/// The first value of this name; an empty one counts as none.
pub(super) fn value<'a>(fields: &'a [Field<'_>], name: &str) -> Option<&'a str> {
    let (_, value) = fields
        .iter()
        .find(|(key, value)| key == name && !value.is_empty())?;
    Some(value)
}

fn seconds(fields: &[Field<'_>], name: &str) -> Option<u32> {
    value(fields, name)?.parse().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::twilio::tests::carrier;

    fn status(form: &str) -> Option<Phase> {
        carrier().read(Route::Status, "", form.as_bytes()).phase
    }

    fn asked(route: Route, query: &str, form: &str) -> Option<Asked> {
        carrier().read(route, query, form.as_bytes()).asked
    }

    fn dial(form: &str) -> End {
        match asked(Route::Dial, "", form) {
            Some(Asked::Dial { end, .. }) => end,
            Some(Asked::Answer | Asked::Digits(_)) | None => panic!("the route asks about a ring"),
        }
    }

    #[test]
    fn the_fallback_names_the_question_about_a_ring_that_failed() {
        let leg: LegId = "01900000-0000-7000-8000-000000000001-r1".parse().unwrap();
        let failed = |url: &str| {
            let body = form_urlencoded::Serializer::new(String::new())
                .append_pair("ErrorUrl", url)
                .finish();
            carrier().failed_dial(leg, body.as_bytes())
        };
        let own = format!("https://bridge.example.be/carriers/main/{leg}");
        for (url, at) in [
            ("/4/dial", "/4/dial"),
            ("/4/dial#rc=3", "/4/dial"),
            ("/4/dial?hold=1&dial=busy", "/4/dial?hold=1&dial=busy"),
        ] {
            let path = format!("/carriers/main/{leg}{at}");
            assert_eq!(failed(&format!("{own}{url}")), Some((4, path)), "{url}");
        }
        for url in [
            format!("{own}/4/digits"),
            format!("{own}/x/dial"),
            own.replace("-r1", "-r2") + "/4/dial",
            own.replace("bridge", "else") + "/4/dial",
            String::new(),
        ] {
            assert_eq!(failed(&url), None, "{url}");
        }
    }

    #[test]
    fn every_status_of_a_leg_has_a_phase() {
        for (word, phase) in [
            ("queued", Phase::Queued),
            ("initiated", Phase::Queued),
            ("ringing", Phase::Ringing),
            ("in-progress", Phase::Answered),
            ("completed", Phase::Ended(End::Completed { up_s: None })),
            ("busy", Phase::Ended(End::Busy)),
            ("failed", Phase::Ended(End::Failed)),
            ("no-answer", Phase::Ended(End::NoAnswer)),
            ("canceled", Phase::Ended(End::Canceled)),
        ] {
            assert_eq!(
                status(&format!("CallSid=CA1&CallStatus={word}")),
                Some(phase),
                "{word}"
            );
        }
    }

    #[test]
    fn a_sip_code_tells_why_a_leg_was_not_answered() {
        for (codes, end) in [
            (&[603, 607, 403][..], End::Rejected),
            (&[486, 600], End::Busy),
            (&[408, 480], End::NoAnswer),
            (&[404, 410, 484, 604], End::InvalidNumber),
            (&[500, 503], End::Failed),
        ] {
            for code in codes {
                let form = format!("CallStatus=failed&SipResponseCode={code}");
                assert_eq!(status(&form), Some(Phase::Ended(end)), "{code}");
            }
        }
        assert_eq!(
            status("CallStatus=busy&SipResponseCode=603"),
            Some(Phase::Ended(End::Rejected))
        );
        assert_eq!(
            status("CallStatus=no-answer&SipResponseCode=403"),
            Some(Phase::Ended(End::Rejected))
        );
        assert_eq!(
            status("CallStatus=no-answer&SipResponseCode=487"),
            Some(Phase::Ended(End::NoAnswer))
        );
        assert_eq!(
            status("CallStatus=busy&SipResponseCode=x"),
            Some(Phase::Ended(End::Busy))
        );
    }

    #[test]
    fn a_sip_code_changes_nothing_about_a_leg_that_was_up_or_canceled() {
        let up = Phase::Ended(End::Completed { up_s: Some(63) });
        assert_eq!(
            status("CallStatus=completed&CallDuration=63&SipResponseCode=603"),
            Some(up)
        );
        assert_eq!(
            status("CallStatus=canceled&SipResponseCode=487"),
            Some(Phase::Ended(End::Canceled))
        );
        assert_eq!(
            status("CallStatus=ringing&SipResponseCode=486"),
            Some(Phase::Ringing)
        );
    }

    #[test]
    fn a_question_tells_how_far_the_leg_is_that_asks() {
        let callback = carrier().read(
            Route::Digits,
            "",
            b"CallSid=CA1&CallStatus=in-progress&Digits=1",
        );
        let expected = Callback {
            call: Some(CarrierCallId("CA1".into())),
            phase: Some(Phase::Answered),
            asked: Some(Asked::Digits(Some('1'))),
        };
        assert_eq!(callback, expected);
        assert_eq!(
            asked(Route::Answer, "", "CallStatus=ringing"),
            Some(Asked::Answer)
        );
        assert_eq!(
            asked(Route::Status, "", "CallStatus=ringing&Digits=1"),
            None
        );
    }

    #[test]
    fn the_first_key_counts_and_none_is_told_too() {
        for (form, key) in [
            ("Digits=1", Some('1')),
            ("Digits=%23", Some('#')),
            ("Digits=*", Some('*')),
            ("Digits=29", Some('2')),
            ("Digits=", None),
            ("CallStatus=in-progress", None),
        ] {
            assert_eq!(
                asked(Route::Digits, "", form),
                Some(Asked::Digits(key)),
                "{form}"
            );
        }
    }

    #[test]
    fn a_ring_that_is_over_tells_how_it_ended() {
        for (form, end) in [
            (
                "DialCallStatus=completed&DialCallDuration=63&DialBridged=true",
                End::Completed { up_s: Some(63) },
            ),
            (
                "DialCallStatus=completed&DialCallDuration=63&DialBridged=false",
                End::Completed { up_s: Some(63) },
            ),
            ("DialCallStatus=completed", End::Completed { up_s: None }),
            ("DialCallStatus=answered", End::Completed { up_s: None }),
            ("DialCallStatus=completed&DialBridged=false", End::Failed),
            (
                "DialCallStatus=completed&DialBridged=false&DialCallDuration=0",
                End::Failed,
            ),
            ("DialCallStatus=busy", End::Busy),
            ("DialCallStatus=no-answer", End::NoAnswer),
            ("DialCallStatus=failed", End::Failed),
            ("DialCallStatus=canceled", End::Canceled),
        ] {
            assert_eq!(dial(form), end, "{form}");
        }
    }

    #[test]
    fn a_ring_with_an_end_nobody_can_read_failed_and_is_not_rung_again() {
        assert_eq!(dial("CallStatus=in-progress"), End::Failed);
        assert_eq!(dial("DialCallStatus=levitating"), End::Failed);
    }

    #[test]
    fn a_ring_that_is_over_tells_whether_the_rep_is_still_there() {
        let up = |form| match asked(Route::Dial, "", form) {
            Some(Asked::Dial { still_up, .. }) => still_up,
            Some(Asked::Answer | Asked::Digits(_)) | None => panic!("the route asks about a ring"),
        };
        assert!(up("CallStatus=in-progress&DialCallStatus=busy"));
        assert!(!up("CallStatus=completed&DialCallStatus=canceled"));
        assert!(!up("DialCallStatus=canceled"));
    }

    #[test]
    fn what_is_not_known_tells_nothing_and_fails_nothing() {
        assert_eq!(status("CallStatus=levitating&Colour=blue"), None);
        assert_eq!(status("CallStatus=answered"), None);
        assert_eq!(status("CallStatus="), None);
        assert_eq!(
            status("CallStatus=completed&CallDuration=long"),
            status("CallStatus=completed")
        );
        let nothing = Callback {
            call: None,
            phase: None,
            asked: None,
        };
        for body in [
            &b""[..],
            b"\xff\xfe\x00",
            b"%%%&&&===",
            b"{\"CallSid\":\"CA1\"}",
            b"CallSid=&CallStatus=%ff",
        ] {
            assert_eq!(
                carrier().read(Route::Status, "?&=%", body),
                nothing,
                "{body:?}"
            );
        }
        assert_eq!(
            status("A=%ff%fe&CallStatus=ringing&B=\u{fffd}"),
            Some(Phase::Ringing)
        );
    }

    #[test]
    fn of_a_parameter_that_comes_twice_the_first_counts() {
        let callback = carrier().read(
            Route::Digits,
            "",
            b"CallSid=CA1&Digits=1&CallSid=CA2&Digits=9",
        );
        assert_eq!(callback.call, Some(CarrierCallId("CA1".into())));
        assert_eq!(callback.asked, Some(Asked::Digits(Some('1'))));
    }

    #[test]
    fn a_leg_that_was_held_asks_the_same_again() {
        let ends = [
            End::Completed { up_s: Some(63) },
            End::Completed { up_s: None },
            End::Busy,
            End::Rejected,
            End::NoAnswer,
            End::InvalidNumber,
            End::Failed,
            End::Canceled,
        ];
        let rings = ends.map(|end| {
            (
                Route::Dial,
                Asked::Dial {
                    end,
                    still_up: true,
                },
            )
        });
        let keys =
            [None, Some('1'), Some('#'), Some('*')].map(|key| (Route::Digits, Asked::Digits(key)));
        for (route, question) in rings
            .into_iter()
            .chain(keys)
            .chain([(Route::Answer, Asked::Answer)])
        {
            let query = hold_query(3, &question);
            assert_eq!(
                asked(route, &query, "CallStatus=in-progress"),
                Some(question),
                "{query}"
            );
            assert_eq!(holds(&query), 3, "{query}");
        }
    }

    #[test]
    fn a_hold_query_reads_as_it_is_documented() {
        let unreached = Asked::Dial {
            end: End::NoAnswer,
            still_up: true,
        };
        let talked = Asked::Dial {
            end: End::Completed { up_s: Some(63) },
            still_up: true,
        };
        assert_eq!(hold_query(1, &Asked::Answer), "hold=1");
        assert_eq!(hold_query(2, &Asked::Digits(Some('1'))), "hold=2&key=1");
        assert_eq!(hold_query(1, &unreached), "hold=1&dial=no-answer");
        assert_eq!(hold_query(1, &talked), "hold=1&dial=completed&up=63");
        assert_eq!(holds(""), 0);
        assert_eq!(holds("hold=many"), 0);
    }

    #[test]
    fn what_the_form_says_goes_before_what_was_held() {
        assert_eq!(
            asked(Route::Digits, "hold=1&key=1", "Digits=2"),
            Some(Asked::Digits(Some('2')))
        );
        let busy = Some(Asked::Dial {
            end: End::Busy,
            still_up: false,
        });
        assert_eq!(
            asked(Route::Dial, "dial=no-answer", "DialCallStatus=busy"),
            busy
        );
    }
}
