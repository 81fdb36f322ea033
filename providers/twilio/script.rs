//! What a leg hears, in TwiML.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::Twilio;
use crate::{LegId, Script, Then};

/// Where TwiML is written: into memory.
type Xml = Writer<Vec<u8>>;

impl Twilio {
    /// The type of the document that [`Twilio::script`] writes.
    pub const SCRIPT_TYPE: &'static str = "text/xml";

    /// The document that makes a leg hear this script.
    pub fn script(&self, leg: LegId, script: &Script) -> String {
        let mut xml = Writer::new(Vec::new());
        self.document(&mut xml, leg, script)
            .expect("a vector takes whatever is written");
        String::from_utf8(xml.into_inner()).expect("only texts were written")
    }

    fn document(&self, xml: &mut Xml, leg: LegId, script: &Script) -> io::Result<()> {
        xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        xml.create_element("Response")
            .write_inner_content(|xml| self.content(xml, leg, script))
            .map(drop)
    }

    fn content(&self, xml: &mut Xml, leg: LegId, script: &Script) -> io::Result<()> {
        match &script.then {
            Then::Ask { wait_s } => self.ask(xml, leg, script, *wait_s),
            Then::Dial {
                leg: customer,
                to,
                from,
                timeout_s,
                time_limit_s,
            } => {
                say(xml, script)?;
                xml.create_element("Dial")
                    .with_attributes([
                        ("answerOnBridge", "true"),
                        ("timeout", &*timeout_s.to_string()),
                        ("timeLimit", &time_limit_s.to_string()),
                        ("callerId", from),
                        ("action", &self.script_url(leg, script.turn, "dial")),
                        ("method", "POST"),
                    ])
                    .write_inner_content(|xml| self.number(xml, *customer, to))
                    .map(drop)
            }
            Then::Room {
                name,
                waits,
                time_limit_s,
            } => {
                say(xml, script)?;
                let action = self.script_url(leg, script.turn, "dial");
                self.room(xml, *name, *waits, *time_limit_s, &action)
            }
            Then::PutThrough {
                to,
                from,
                timeout_s,
            } => {
                say(xml, script)?;
                self.put_through(xml, to, from, *timeout_s)
            }
            Then::Hold { pause_s, again } => {
                say(xml, script)?;
                self.hold(xml, *pause_s, again)
            }
            Then::HangUp => {
                say(xml, script)?;
                xml.create_element("Hangup").write_empty().map(drop)
            }
        }
    }

    /// A silence is posted too (`actionOnEmptyResult`), so nothing follows that could go round in circles; and no
    /// key finishes (`finishOnKey`), so `#` is a key like any other.
    fn ask(&self, xml: &mut Xml, leg: LegId, script: &Script, wait_s: u32) -> io::Result<()> {
        xml.create_element("Gather")
            .with_attributes([
                ("input", "dtmf"),
                ("numDigits", "1"),
                ("finishOnKey", ""),
                ("timeout", &*wait_s.to_string()),
                ("actionOnEmptyResult", "true"),
                ("action", &self.script_url(leg, script.turn, "digits")),
                ("method", "POST"),
            ])
            .write_inner_content(|xml| say(xml, script))
            .map(drop)
    }

    fn number(&self, xml: &mut Xml, leg: LegId, to: &str) -> io::Result<()> {
        xml.create_element("Number")
            .with_attributes([
                ("statusCallback", &*self.status_url(leg)),
                (
                    "statusCallbackEvent",
                    "initiated ringing answered completed",
                ),
                ("statusCallbackMethod", "POST"),
            ])
            .write_text_content(BytesText::new(to))
            .map(drop)
    }

    /// Who leaves ends the room for both, so that nobody is left in it alone and billed.
    fn room(
        &self,
        xml: &mut Xml,
        name: LegId,
        waits: bool,
        time_limit_s: u32,
        action: &str,
    ) -> io::Result<()> {
        let starts = if waits { "false" } else { "true" };
        let conference = |xml: &mut Xml| {
            xml.create_element("Conference")
                .with_attributes([
                    ("beep", "false"),
                    ("startConferenceOnEnter", starts),
                    ("endConferenceOnExit", "true"),
                    ("waitUrl", &*self.ring_tone_url()),
                    ("waitMethod", "GET"),
                    ("maxParticipants", "2"),
                ])
                .write_text_content(BytesText::new(&name.to_string()))
                .map(drop)
        };
        xml.create_element("Dial")
            .with_attributes([
                ("timeLimit", &*time_limit_s.to_string()),
                ("action", action),
                ("method", "POST"),
            ])
            .write_inner_content(conference)
            .map(drop)
    }

    fn put_through(&self, xml: &mut Xml, to: &str, from: &str, timeout_s: u32) -> io::Result<()> {
        let number = |xml: &mut Xml| {
            xml.create_element("Number")
                .write_text_content(BytesText::new(to))
                .map(drop)
        };
        xml.create_element("Dial")
            .with_attributes([
                ("answerOnBridge", "true"),
                ("timeout", &*timeout_s.to_string()),
                ("callerId", from),
                ("action", &self.inbound_url()),
                ("method", "POST"),
            ])
            .write_inner_content(number)
            .map(drop)
    }

    fn hold(&self, xml: &mut Xml, pause_s: u32, again: &str) -> io::Result<()> {
        xml.create_element("Pause")
            .with_attribute(("length", &*pause_s.to_string()))
            .write_empty()?;
        xml.create_element("Redirect")
            .with_attribute(("method", "POST"))
            .write_text_content(BytesText::new(&self.own_url(again)))
            .map(drop)
    }
}

fn say(xml: &mut Xml, script: &Script) -> io::Result<()> {
    for line in &script.lines {
        xml.create_element("Say")
            .with_attribute(("language", &*script.locale))
            .write_text_content(BytesText::new(&speakable(line)))?;
    }
    Ok(())
}

/// A blank for what XML cannot hold even escaped: one such character from a web form would make the carrier
/// refuse the whole document, and the rep hear nothing.
fn speakable(line: &str) -> String {
    line.replace(
        |c: char| c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}'),
        " ",
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use quick_xml::Reader;

    use super::*;
    use crate::twilio::tests::{LEAD, carrier, leg};

    const OVERRIDE: &str = "#ct=2000&amp;rt=4000&amp;tt=15000&amp;rc=3&amp;rp=ct,rt,5xx";

    fn heard(lines: &[&str], then: Then) -> String {
        let lines = lines.iter().map(ToString::to_string).collect();
        carrier().script(
            leg("r1"),
            &Script {
                turn: 4,
                locale: "nl-BE".into(),
                lines,
                then,
            },
        )
    }

    fn document(content: &str) -> String {
        format!(r#"<?xml version="1.0" encoding="UTF-8"?><Response>{content}</Response>"#)
    }

    fn ring() -> Then {
        Then::Dial {
            leg: leg("c1"),
            to: "+32470000001".into(),
            from: "+3290000000".into(),
            timeout_s: 25,
            time_limit_s: 3600,
        }
    }

    fn room(waits: bool) -> Then {
        Then::Room {
            name: leg("i1"),
            waits,
            time_limit_s: 3600,
        }
    }

    #[test]
    fn a_question_awaits_one_key_from_the_first_word_on() {
        let expected = document(&format!(
            "<Gather input=\"dtmf\" numDigits=\"1\" finishOnKey=\"\" timeout=\"5\" actionOnEmptyResult=\"true\" \
             action=\"https://bridge.example.be/carriers/main/{LEAD}-r1/4/digits{OVERRIDE}\" method=\"POST\">\
             <Say language=\"nl-BE\">Lead Gent.</Say><Say language=\"nl-BE\">Druk 1.</Say></Gather>"
        ));
        assert_eq!(
            heard(&["Lead Gent.", "Druk 1."], Then::Ask { wait_s: 5 }),
            expected
        );
    }

    #[test]
    fn a_ring_joins_the_customer_and_tells_of_every_step() {
        let expected = document(&format!(
            "<Say language=\"nl-BE\">Jan Peeters.</Say>\
             <Dial answerOnBridge=\"true\" timeout=\"25\" timeLimit=\"3600\" callerId=\"+3290000000\" \
             action=\"https://bridge.example.be/carriers/main/{LEAD}-r1/4/dial{OVERRIDE}\" method=\"POST\">\
             <Number statusCallback=\"https://bridge.example.be/carriers/main/{LEAD}-c1/status{OVERRIDE}\" \
             statusCallbackEvent=\"initiated ringing answered completed\" statusCallbackMethod=\"POST\">\
             +32470000001</Number></Dial>"
        ));
        assert_eq!(heard(&["Jan Peeters."], ring()), expected);
    }

    #[test]
    fn two_meet_in_a_room_where_who_waits_hears_a_ring_tone() {
        let expected = |starts: &str| {
            document(&format!(
                "<Dial timeLimit=\"3600\" action=\"https://bridge.example.be/carriers/main/{LEAD}-r1/4/dial{OVERRIDE}\" \
                 method=\"POST\"><Conference beep=\"false\" startConferenceOnEnter=\"{starts}\" endConferenceOnExit=\"true\" \
                 waitUrl=\"https://bridge.example.be/carriers/ring-tone.wav\" waitMethod=\"GET\" maxParticipants=\"2\">\
                 {LEAD}-i1</Conference></Dial>"
            ))
        };
        assert_eq!(heard(&[], room(true)), expected("false"));
        assert_eq!(heard(&[], room(false)), expected("true"));
    }

    #[test]
    fn a_call_that_is_put_through_comes_back_to_the_lead_line() {
        let then = Then::PutThrough {
            to: "+3292000001".into(),
            from: "+3292000000".into(),
            timeout_s: 30,
        };
        let expected = document(&format!(
            "<Dial answerOnBridge=\"true\" timeout=\"30\" callerId=\"+3292000000\" \
             action=\"https://bridge.example.be/carriers/main/inbound{OVERRIDE}\" method=\"POST\">\
             <Number>+3292000001</Number></Dial>"
        ));
        assert_eq!(heard(&[], then), expected);
    }

    #[test]
    fn a_hold_waits_and_asks_the_same_again() {
        let again = format!("/carriers/main/{LEAD}-r1/4/digits?hold=1&key=1");
        let expected = document(&format!(
            "<Say language=\"nl-BE\">Een ogenblik.</Say><Pause length=\"2\"/><Redirect method=\"POST\">\
             https://bridge.example.be/carriers/main/{LEAD}-r1/4/digits?hold=1&amp;key=1{OVERRIDE}</Redirect>"
        ));
        assert_eq!(
            heard(&["Een ogenblik."], Then::Hold { pause_s: 2, again }),
            expected
        );
    }

    #[test]
    fn a_good_bye_hangs_up() {
        let expected = document(r#"<Say language="nl-BE">An heeft hem.</Say><Hangup/>"#);
        assert_eq!(heard(&["An heeft hem."], Then::HangUp), expected);
        assert_eq!(heard(&[], Then::HangUp), document("<Hangup/>"));
    }

    #[test]
    fn what_a_customer_typed_is_text_and_never_markup() {
        let expected = document(
            r#"<Say language="nl-BE">R&amp;D &lt;Hangup/&gt; &quot;O&apos;Neil&quot; é</Say><Hangup/>"#,
        );
        assert_eq!(
            heard(&["R&D <Hangup/> \"O'Neil\" é"], Then::HangUp),
            expected
        );
    }

    #[test]
    fn what_xml_cannot_hold_is_a_blank() {
        let expected = document(r#"<Say language="nl-BE">a b c d e f</Say><Hangup/>"#);
        assert_eq!(
            heard(&["a\0b\u{1b}c\nd\u{ffff}e\u{85}f"], Then::HangUp),
            expected
        );
    }

    #[test]
    fn every_document_can_be_read_back() {
        let hold = Then::Hold {
            pause_s: 2,
            again: "/x?a=1&b=<".into(),
        };
        for then in [
            Then::Ask { wait_s: 5 },
            ring(),
            room(true),
            hold,
            Then::HangUp,
        ] {
            let text = heard(&["]]> & \u{1} \u{202e}"], then);
            let mut reader = Reader::from_str(&text);
            while reader.read_event().unwrap() != Event::Eof {}
        }
    }
}
