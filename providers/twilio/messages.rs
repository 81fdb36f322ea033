//! Text messages in Twilio's dialect: sent with a form, reported and received by callbacks.

use std::borrow::Cow;

use serde::Deserialize;

use super::Twilio;
use super::answers::{code, read};
use crate::{Request, Response, TextIn, TextMessage, TextPhase, TextReport, Texting};

/// "Attempt to send to unsubscribed recipient".
const REFUSED: u32 = 21610;

#[derive(Deserialize)]
struct Message {
    sid: String,
}

impl Twilio {
    /// What an incoming message is answered: nothing.
    pub const NO_ANSWER: &'static str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>";

    /// Sends a text message.
    pub fn text(&self, message: &TextMessage) -> Request {
        let told_at = format!("/carriers/{}/message/{}", self.id, message.id);
        self.post(
            "Messages.json",
            &[
                ("To", message.to.clone()),
                ("From", message.from.clone()),
                ("Body", message.body.clone()),
                ("StatusCallback", self.own_url(&told_at)),
            ],
        )
    }

    /// How asking for a text ended, by the answer to [`Twilio::text`].
    pub fn texting(&self, response: Response<'_>) -> Texting {
        match response.status {
            200..=299 => read(response)
                .filter(|made: &Message| !made.sid.is_empty())
                .map_or(Texting::Unknown, |made| Texting::Taken(made.sid)),
            400..=499 => refused(response),
            // A server that failed may have sent it before.
            _ => Texting::Unknown,
        }
    }

    /// Reads a report about a text of ours.
    pub fn text_report(&self, body: &[u8]) -> TextReport {
        let form = Form::read(body);
        let word = form.value("MessageStatus").or(form.value("SmsStatus"));
        let code = form.value("ErrorCode").and_then(|code| code.parse().ok());
        TextReport {
            phase: word.and_then(phase),
            code,
            refused: code == Some(REFUSED),
        }
    }

    /// Reads a text that came in; `None` for what is no text, such as a call.
    pub fn text_in(&self, body: &[u8]) -> Option<TextIn> {
        let form = Form::read(body);
        let owned = |name| form.value(name).map(str::to_owned);
        Some(TextIn {
            name: owned("MessageSid").or_else(|| owned("SmsSid"))?,
            from: owned("From")?,
            to: owned("To").unwrap_or_default(),
            body: owned("Body").unwrap_or_default(),
            wants_texts: match form.value("OptOutType") {
                Some("STOP") => Some(false),
                Some("START") => Some(true),
                Some(_) | None => None,
            },
        })
    }
}

/// The class of a text that was answered with 4xx: by the carrier's code, else by the HTTP status.
fn refused(response: Response<'_>) -> Texting {
    let code = code(response);
    match code {
        REFUSED => Texting::Refused,
        429 | 20429 | 22005 | 21611 => Texting::NotSent,
        21211 | 21214 | 21217 | 21614 => Texting::BadNumber { code },
        20003 | 20403 | 21212 | 21603 | 21606 | 21609 | 21659 | 21660 => Texting::OurSetUp { code },
        _ => match response.status {
            429 => Texting::NotSent,
            401 | 403 | 404 => Texting::OurSetUp { code },
            _ => Texting::Failed { code },
        },
    }
}

/// Whatever comes before it has left tells us nothing new.
fn phase(word: &str) -> Option<TextPhase> {
    Some(match word {
        "sent" => TextPhase::Sent,
        "delivered" | "read" => TextPhase::Delivered,
        "undelivered" => TextPhase::Undelivered,
        "failed" | "canceled" => TextPhase::Failed,
        _ => return None,
    })
}

/// The fields of a callback.
struct Form<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Form<'a> {
    fn read(body: &'a [u8]) -> Form<'a> {
        Form(form_urlencoded::parse(body).collect())
    }

    /// The first value of this name; an empty one counts as none.
    fn value(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(key, _)| key == name);
        values.find_map(|(_, value)| (!value.is_empty()).then_some(value.as_ref()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::twilio::tests::carrier;
    use crate::{MessageId, Method};

    fn texting(status: u16, body: &str) -> Texting {
        carrier().texting(Response {
            status,
            body: body.as_bytes(),
        })
    }

    fn refusal(code: u32) -> String {
        format!(r#"{{"code":{code},"message":"no","more_info":"","status":400}}"#)
    }

    #[test]
    fn a_text_says_where_it_is_reported() {
        let request = carrier().text(&TextMessage {
            id: MessageId(7),
            to: "+32470000001".into(),
            from: "+3292000000".into(),
            body: "Één & twee".into(),
        });
        assert_eq!(request.method, Method::Post);
        assert_eq!(
            request.url,
            "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json"
        );
        let form: Vec<_> = form_urlencoded::parse(request.body.as_bytes())
            .into_owned()
            .collect();
        let told_at = "https://bridge.example.be/carriers/main/message/7#ct=2000&rt=4000&tt=15000&rc=3&rp=ct,rt,5xx";
        let expected = [
            ("To", "+32470000001"),
            ("From", "+3292000000"),
            ("Body", "Één & twee"),
            ("StatusCallback", told_at),
        ];
        assert_eq!(
            form,
            expected.map(|(key, value)| (key.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn an_answer_with_a_name_is_a_text_taken_and_any_other_good_one_is_unknown() {
        assert_eq!(
            texting(201, r#"{"sid":"SM1","status":"queued"}"#),
            Texting::Taken("SM1".into())
        );
        for (status, body) in [
            (201, "<html>"),
            (201, r#"{"sid":""}"#),
            (500, ""),
            (302, ""),
        ] {
            assert_eq!(texting(status, body), Texting::Unknown, "{status} {body}");
        }
    }

    #[test]
    fn every_refusal_has_its_class() {
        assert_eq!(texting(400, &refusal(21610)), Texting::Refused);
        for code in [20429, 22005, 21611] {
            assert_eq!(texting(400, &refusal(code)), Texting::NotSent, "{code}");
        }
        assert_eq!(texting(429, ""), Texting::NotSent);
        for code in [21211, 21214, 21217, 21614] {
            assert_eq!(texting(400, &refusal(code)), Texting::BadNumber { code });
        }
        for code in [20003, 21212, 21606] {
            assert_eq!(texting(400, &refusal(code)), Texting::OurSetUp { code });
        }
        assert_eq!(texting(401, ""), Texting::OurSetUp { code: 401 });
        for code in [21408, 21608, 21612, 30004] {
            assert_eq!(texting(400, &refusal(code)), Texting::Failed { code });
        }
    }

    #[test]
    fn a_report_tells_how_far_a_text_is_and_why_it_did_not_arrive() {
        let report = |form: &str| carrier().text_report(form.as_bytes());
        for (word, phase) in [
            ("sent", Some(TextPhase::Sent)),
            ("delivered", Some(TextPhase::Delivered)),
            ("read", Some(TextPhase::Delivered)),
            ("undelivered", Some(TextPhase::Undelivered)),
            ("failed", Some(TextPhase::Failed)),
            ("queued", None),
            ("accepted", None),
            ("pondering", None),
        ] {
            let form = format!("MessageSid=SM1&MessageStatus={word}&To=%2B32470000001");
            assert_eq!(report(&form).phase, phase, "{word}");
        }
        let lost = report("MessageStatus=undelivered&ErrorCode=30003");
        assert_eq!((lost.code, lost.refused), (Some(30003), false));
        assert!(report("MessageStatus=failed&ErrorCode=21610").refused);
        assert_eq!(report("SmsStatus=sent").phase, Some(TextPhase::Sent));
    }

    #[test]
    fn a_text_that_comes_in_is_told_from_a_call() {
        let text = |form: &str| carrier().text_in(form.as_bytes());
        let stop =
            text("MessageSid=SM1&From=%2B32470123456&To=%2B3292000000&Body=Stop&OptOutType=STOP");
        let stop = stop.unwrap();
        assert_eq!(
            (stop.from.as_str(), stop.body.as_str()),
            ("+32470123456", "Stop")
        );
        assert_eq!((stop.name.as_str(), stop.wants_texts), ("SM1", Some(false)));
        let empty = text("SmsSid=SM2&From=%2B32470123456&Body=").unwrap();
        assert_eq!((empty.body.as_str(), empty.wants_texts), ("", None));
        let start = text("MessageSid=SM3&From=1&OptOutType=START").unwrap();
        assert_eq!(start.wants_texts, Some(true));
        assert_eq!(
            text("MessageSid=SM4&From=1&OptOutType=HELP")
                .unwrap()
                .wants_texts,
            None
        );
        assert!(text("CallSid=CA1&From=%2B32470123456&CallStatus=ringing").is_none());
    }
}
