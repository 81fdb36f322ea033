//! The verbs that the simulated carrier can act out, read from the XML the daemon answers with. Pure.

use std::time::Duration;

use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_predefined_entity,
    events::{BytesRef, BytesStart, Event},
};

/// What the real carrier calls a document it cannot read.
pub(super) const UNREADABLE: u32 = 12100;

/// One instruction of a document.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verb {
    Say(Line),
    Play(Line),
    Pause(Duration),
    Gather(Gather),
    Dial(Dial),
    Meet(Conference),
    Redirect { url: String, method: String },
    Hangup,
}

/// A line that is said or played; `times` is `None` for ever.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) times: Option<u32>,
}

/// Keys are asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Gather {
    pub(super) prompt: Vec<Verb>,
    pub(super) digits: Option<usize>,
    pub(super) timeout: Duration,
    pub(super) finish: String,
    pub(super) action: Option<String>,
    pub(super) method: String,
    pub(super) also_when_empty: bool,
}

/// Another phone is rung and joined.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Dial {
    pub(super) number: String,
    pub(super) timeout: Duration,
    pub(super) time_limit: Duration,
    pub(super) caller_id: Option<String>,
    pub(super) action: Option<String>,
    pub(super) method: String,
    pub(super) status_callback: Option<String>,
    pub(super) status_method: String,
    pub(super) status_events: Vec<String>,
}

/// Calls meet in a room.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Conference {
    pub(super) name: String,
    /// The talk starts when this call enters.
    pub(super) starts: bool,
    /// It ends when this call leaves.
    pub(super) ends: bool,
    pub(super) wait_url: String,
    pub(super) time_limit: Duration,
    pub(super) action: Option<String>,
    pub(super) method: String,
}

/// The document holds something that cannot be acted out.
#[derive(Debug, PartialEq)]
pub(super) struct Unreadable;

/// Reads a document into its verbs.
pub(super) fn read(xml: &str) -> Result<Vec<Verb>, Unreadable> {
    let root = tree(xml)?;
    if root.name != "Response" {
        return Err(Unreadable);
    }
    root.children.iter().map(verb).collect()
}

fn verb(element: &Element) -> Result<Verb, Unreadable> {
    match element.name.as_str() {
        "Gather" => gather(element),
        "Dial" => dial(element),
        "Redirect" => Ok(Verb::Redirect {
            url: element.text(),
            method: element.method("method"),
        }),
        "Hangup" => Ok(Verb::Hangup),
        _ => spoken(element),
    }
}

fn spoken(element: &Element) -> Result<Verb, Unreadable> {
    let line = || -> Result<Line, Unreadable> {
        let times = element.number("loop", 1)?;
        Ok(Line {
            text: element.text(),
            times: (times > 0).then_some(times),
        })
    };
    match element.name.as_str() {
        "Say" => line().map(Verb::Say),
        "Play" => line().map(Verb::Play),
        "Pause" => element.seconds("length", 1).map(Verb::Pause),
        _ => Err(Unreadable),
    }
}

fn gather(element: &Element) -> Result<Verb, Unreadable> {
    let digits = element.number("numDigits", 0)? as usize;
    Ok(Verb::Gather(Gather {
        prompt: element
            .children
            .iter()
            .map(spoken)
            .collect::<Result<_, _>>()?,
        digits: (digits > 0).then_some(digits),
        timeout: element.seconds("timeout", 5)?,
        finish: element.attribute("finishOnKey").unwrap_or("#").to_owned(),
        action: element.attribute("action").map(str::to_owned),
        method: element.method("method"),
        also_when_empty: element.attribute("actionOnEmptyResult") == Some("true"),
    }))
}

fn dial(element: &Element) -> Result<Verb, Unreadable> {
    let noun = match element.children.as_slice() {
        [] => element,
        [number] if number.name == "Number" => number,
        [room] if room.name == "Conference" => return conference(element, room),
        _ => return Err(Unreadable),
    };
    let events = noun.attribute("statusCallbackEvent").unwrap_or("completed");
    Ok(Verb::Dial(Dial {
        number: noun.text(),
        timeout: element.seconds("timeout", 30)?,
        time_limit: element.seconds("timeLimit", 14_400)?,
        caller_id: element.attribute("callerId").map(str::to_owned),
        action: element.attribute("action").map(str::to_owned),
        method: element.method("method"),
        status_callback: noun.attribute("statusCallback").map(str::to_owned),
        status_method: noun.method("statusCallbackMethod"),
        status_events: events.split_whitespace().map(str::to_owned).collect(),
    }))
}

fn conference(dial: &Element, room: &Element) -> Result<Verb, Unreadable> {
    let name = room.text();
    if name.is_empty() {
        return Err(Unreadable);
    }
    Ok(Verb::Meet(Conference {
        name,
        starts: room.attribute("startConferenceOnEnter") != Some("false"),
        ends: room.attribute("endConferenceOnExit") == Some("true"),
        wait_url: room.attribute("waitUrl").unwrap_or("music").to_owned(),
        time_limit: dial.seconds("timeLimit", 14_400)?,
        action: dial.attribute("action").map(str::to_owned),
        method: dial.method("method"),
    }))
}

#[derive(Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Element>,
    text: String,
}

impl Element {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    fn number(&self, name: &str, default: u32) -> Result<u32, Unreadable> {
        self.attribute(name).map_or(Ok(default), |value| {
            value.trim().parse().map_err(|_| Unreadable)
        })
    }

    fn seconds(&self, name: &str, default: u32) -> Result<Duration, Unreadable> {
        self.number(name, default)
            .map(|seconds| Duration::from_secs(seconds.into()))
    }

    fn method(&self, name: &str) -> String {
        self.attribute(name).unwrap_or("POST").to_uppercase()
    }

    fn text(&self) -> String {
        self.text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

fn tree(xml: &str) -> Result<Element, Unreadable> {
    let mut reader = Reader::from_str(xml);
    let mut open = vec![Element::default()];
    loop {
        match reader.read_event().map_err(|_| Unreadable)? {
            Event::Start(start) => open.push(element(&start)?),
            Event::Empty(start) => innermost(&mut open).children.push(element(&start)?),
            Event::End(_) => {
                let closed = open
                    .pop()
                    .expect("the reader refuses an end without its start");
                open.last_mut().ok_or(Unreadable)?.children.push(closed);
            }
            Event::Text(text) => innermost(&mut open).text.push_str(&text.xml10_content()),
            Event::CData(text) => innermost(&mut open).text.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                innermost(&mut open).text.push_str(&resolve(&reference)?)
            }
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) | Event::DocType(_) => {}
            Event::Eof => break,
        }
    }
    let mut document = match open.as_mut_slice() {
        [document] => std::mem::take(&mut document.children),
        _ => return Err(Unreadable),
    };
    if document.len() == 1 {
        document.pop().ok_or(Unreadable)
    } else {
        Err(Unreadable)
    }
}

fn innermost(open: &mut [Element]) -> &mut Element {
    open.last_mut()
        .expect("the document itself is never closed")
}

fn element(start: &BytesStart<'_>) -> Result<Element, Unreadable> {
    let mut element = Element {
        name: start.name().as_ref().to_owned(),
        ..Element::default()
    };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| Unreadable)?;
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|_| Unreadable)?;
        element
            .attributes
            .push((attribute.key.as_ref().to_owned(), value.into_owned()));
    }
    Ok(element)
}

fn resolve(reference: &BytesRef<'_>) -> Result<String, Unreadable> {
    if let Some(character) = reference.resolve_char_ref().map_err(|_| Unreadable)? {
        return Ok(character.to_string());
    }
    resolve_predefined_entity(&reference.xml10_content())
        .map(str::to_owned)
        .ok_or(Unreadable)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_gather_keeps_its_prompt_and_its_terms() {
        let xml = r#"<?xml version="1.0"?><Response><Gather numDigits="1" timeout="6" action="/a?x=1&amp;y=2">
            <Say language="nl-BE">Fran&#231;ois &amp; An</Say><Pause length="2"/></Gather><Hangup/></Response>"#;
        let verbs = read(xml).unwrap();
        let Verb::Gather(gather) = &verbs[0] else {
            panic!("{verbs:?}")
        };
        assert_eq!(gather.action.as_deref(), Some("/a?x=1&y=2"));
        assert_eq!(
            (gather.digits, gather.timeout),
            (Some(1), Duration::from_secs(6))
        );
        let said = Line {
            text: "François & An".into(),
            times: Some(1),
        };
        assert_eq!(
            gather.prompt,
            [Verb::Say(said), Verb::Pause(Duration::from_secs(2))]
        );
        assert_eq!(verbs[1], Verb::Hangup);
    }

    #[test]
    fn a_dial_takes_its_number_as_noun_or_as_text() {
        for xml in [
            "<Dial>+32470000001</Dial>",
            "<Dial><Number>+32470000001</Number></Dial>",
        ] {
            let verbs = read(&format!("<Response>{xml}</Response>")).unwrap();
            let Verb::Dial(dial) = &verbs[0] else {
                panic!("{verbs:?}")
            };
            assert_eq!(dial.number, "+32470000001");
            assert_eq!(dial.status_events, ["completed"]);
        }
    }

    #[test]
    fn what_the_carrier_cannot_act_out_is_unreadable() {
        for xml in [
            "",
            "hello",
            "<Response><Say>open</Response>",
            "<Response>",
            "<Response/><Response/>",
            "<Answer/>",
            "<Response><Dance/></Response>",
            "<Response><Gather><Dial>+32470000001</Dial></Gather></Response>",
            "<Response><Pause length=\"soon\"/></Response>",
            "<Response><Say>&unknown;</Say></Response>",
        ] {
            assert_eq!(read(xml), Err(Unreadable), "{xml}");
        }
        assert_eq!(read("<Response/>"), Ok(vec![]));
    }
}
