//! Calls that ring a number of ours, in Twilio's words. The number's voice URL and its "call status changes" URL are
//! the same address, and what follows a call that was put through comes there too.

use std::borrow::Cow;

use super::Twilio;
use super::callback::{end_of_dial, phase, value};
use crate::{CarrierCallId, Inbound};

/// What Twilio writes for callers who withhold their number, besides words: letters on a keypad (ANONYMOUS,
/// RESTRICTED, BLOCKED, UNKNOWN, UNAVAILABLE). Some could be somebody's number.
const WITHHELD: [&str; 5] = [
    "+266696687",
    "+7378742833",
    "+2562533",
    "+8656696",
    "+86282452253",
];

impl Twilio {
    /// Reads a call that rings one of our own numbers: the raw query and the raw form.
    pub fn read_inbound(&self, query: &str, body: &[u8]) -> Inbound {
        let form: Vec<(Cow<'_, str>, Cow<'_, str>)> = form_urlencoded::parse(body).collect();
        let held: Vec<(Cow<'_, str>, Cow<'_, str>)> =
            form_urlencoded::parse(query.as_bytes()).collect();
        let given = |name: &str| value(&form, name).map(str::to_owned);
        let was_put_through = value(&form, "DialCallStatus").or_else(|| value(&held, "dial"));
        Inbound {
            call: given("CallSid").map(CarrierCallId),
            from: given("From").filter(|from| !WITHHELD.contains(&from.as_str())),
            to: given("To"),
            phase: value(&form, "CallStatus").and_then(|word| phase(word, None, None)),
            put_through: was_put_through.map(|_| end_of_dial(&form, &held)),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::twilio::tests::carrier;
    use crate::{CarrierCallId, End, Inbound, Phase};

    fn read(query: &str, body: &str) -> Inbound {
        carrier().read_inbound(query, body.as_bytes())
    }

    #[test]
    fn a_call_says_who_rings_which_number() {
        let call = read(
            "",
            "CallSid=CA1&CallStatus=ringing&Direction=inbound&From=%2B32470123456&To=%2B3292000000&StirVerstat=x",
        );
        let expected = Inbound {
            call: Some(CarrierCallId("CA1".into())),
            from: Some("+32470123456".into()),
            to: Some("+3292000000".into()),
            phase: Some(Phase::Ringing),
            put_through: None,
        };
        assert!(call == expected, "{call:?}");
    }

    #[test]
    fn a_withheld_number_is_nobodys() {
        for from in ["", "%2B266696687", "%2B86282452253"] {
            let body = format!("CallSid=CA1&CallStatus=ringing&From={from}&To=%2B3292000000");
            assert_eq!(read("", &body).from, None, "{from}");
        }
    }

    #[test]
    fn the_end_of_a_call_that_was_put_through_is_no_new_call() {
        let answered = read(
            "",
            "CallSid=CA1&CallStatus=in-progress&DialCallStatus=completed&DialCallDuration=9",
        );
        assert_eq!(answered.put_through, Some(End::Completed { up_s: Some(9) }));
        let held = read(
            "hold=2&dial=no-answer",
            "CallSid=CA1&CallStatus=in-progress",
        );
        assert_eq!(held.put_through, Some(End::NoAnswer));
        let over = read("", "CallSid=CA1&CallStatus=completed&CallDuration=9");
        assert_eq!(
            over.phase,
            Some(Phase::Ended(End::Completed { up_s: None }))
        );
        assert_eq!(over.put_through, None);
    }

    #[test]
    fn who_rings_is_not_printed() {
        let call = read("", "CallSid=CA1&From=%2B32470123456&To=%2B3292000000");
        assert!(!format!("{call:?}").contains("470"));
    }
}
