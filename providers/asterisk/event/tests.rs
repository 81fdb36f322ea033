//! Events as Asterisk 22 writes them.

use super::super::tests::{LEAD, call, channel_json, leg};
use super::*;
use crate::asterisk::{bridge_of, call_of, playback_of};

/// An event as Asterisk 22 writes it, with these fields of its own.
fn of_kind(kind: &str, fields: &str) -> Event {
    let text = format!(
        r#"{{{fields}"type":"{kind}","timestamp":"2026-11-22T11:59:26.136+0000",
        "asterisk_id":"02:fc:00:00:00:01","application":"leadbridge"}}"#
    );
    event(&text).unwrap()
}

fn rep() -> CarrierCallId {
    call_of(leg("r1"))
}

fn channel(state: &str) -> String {
    channel_json(&rep().0, state)
}

fn of_channel(kind: &str, state: &str, fields: &str) -> Event {
    let channel = channel(state);
    of_kind(kind, &format!(r#"{fields}"channel":{channel},"#))
}

fn dial(status: &str) -> Event {
    let fields = format!(
        r#""dialstatus":"{status}","forward":"","dialstring":"an","peer":{},"#,
        channel("Ringing")
    );
    of_kind("Dial", &fields)
}

#[test]
fn an_answered_leg_enters_with_its_name() {
    let args = format!(r#""args":["{LEAD}-r1"],"#);
    let Event::Entered(entered) = of_channel("StasisStart", "Up", &args) else {
        panic!("no entry");
    };
    assert_eq!(entered.leg(), Some(leg("r1")));
    assert_eq!(entered.call, rep());
    assert_eq!(entered.args, [format!("{LEAD}-r1")]);
    assert_eq!(entered.phase, Phase::Answered);
}

#[test]
fn a_call_that_comes_in_tells_who_rings_which_number() {
    let text = r#"{"type":"StasisStart","timestamp":"2026-11-22T11:59:37.972+0000","args":["inbound"],
        "channel":{"id":"testpbx-1795348777.14","name":"PJSIP/trunk-00000007","state":"Ring","protocol_id":"",
        "caller":{"name":"An","number":"+32470123456"},"connected":{"name":"","number":""},"accountcode":"",
        "dialplan":{"context":"from-trunk","exten":"3290000000","priority":1,"app_name":"Stasis",
        "app_data":"leadbridge,inbound"},"creationtime":"2026-11-22T11:59:37.972+0000","language":"en"},
        "asterisk_id":"02:fc:00:00:00:01","application":"leadbridge"}"#;
    let expected = Entered {
        call: call("testpbx-1795348777.14"),
        args: vec!["inbound".into()],
        phase: Phase::Ringing,
        from: Some("+32470123456".into()),
        to: Some("3290000000".into()),
    };
    assert_eq!(expected.leg(), None);
    assert_eq!(event(text), Some(Event::Entered(expected)));
}

#[test]
fn nobody_reads_a_number_in_a_log() {
    let Event::Entered(entered) = of_channel("StasisStart", "Up", "") else {
        panic!("no entry");
    };
    assert_eq!(entered.from.as_deref(), Some("+3290000000"));
    let shown = format!("{:?}", Event::Entered(entered));
    assert!(!shown.contains("3290000000"), "{shown}");
}

#[test]
fn a_withheld_number_is_none() {
    let text = r#"{"type":"StasisStart","args":[],"channel":{"id":"1.2","state":"Ring",
        "caller":{"name":"","number":""}}}"#;
    let Some(Event::Entered(entered)) = event(text) else {
        panic!("no entry");
    };
    assert_eq!((entered.from, entered.to), (None, None));
}

#[test]
fn a_phone_rings_and_is_picked_up() {
    let ringing = Event::Ringing { call: rep() };
    let up = Event::Up { call: rep() };
    assert_eq!(of_channel("ChannelStateChange", "Ringing", ""), ringing);
    assert_eq!(dial("RINGING"), ringing);
    assert_eq!(dial("PROGRESS"), ringing);
    assert_eq!(of_channel("ChannelStateChange", "Up", ""), up);
    assert_eq!(dial("ANSWER"), up);
    for status in [
        "",
        "BUSY",
        "NOANSWER",
        "CANCEL",
        "CONGESTION",
        "CHANUNAVAIL",
    ] {
        assert_eq!(dial(status), Event::Other, "{status}");
    }
    assert_eq!(of_channel("ChannelStateChange", "Busy", ""), Event::Other);
}

#[test]
fn a_key_is_one_character() {
    let pressed = |digit: &str| {
        let fields = format!(r#""digit":"{digit}","duration_ms":100,"#);
        of_channel("ChannelDtmfReceived", "Up", &fields)
    };
    for key in ['1', '*', '#'] {
        let expected = Event::Key { call: rep(), key };
        assert_eq!(pressed(&key.to_string()), expected);
    }
    assert_eq!(pressed(""), Event::Other);
    assert_eq!(pressed("12"), Event::Other);
}

#[test]
fn who_hung_up_is_told_by_who_asked_for_it() {
    let asked = |fields: &str| of_channel("ChannelHangupRequest", "Up", fields);
    let by = |by_phone| Event::HangUpAsked {
        call: rep(),
        by_phone,
    };
    assert_eq!(asked(r#""cause":16,"#), by(true));
    assert_eq!(asked(""), by(true));
    assert_eq!(asked(r#""cause":32,"soft":true,"#), by(false));
}

#[test]
fn a_leg_is_gone_with_its_cause() {
    let gone = |fields: &str| of_channel("ChannelDestroyed", "Down", fields);
    let with = |cause| Event::Gone {
        call: rep(),
        cause: Cause(cause),
    };
    assert_eq!(
        gone(r#""cause":17,"cause_txt":"User busy","tech_cause":486,"#),
        with(17)
    );
    assert_eq!(
        gone(r#""cause":26,"cause_txt":"Answered elsewhere","#),
        with(26)
    );
    for strange in ["", r#""cause":-1,"#, r#""cause":"17","#] {
        assert_eq!(gone(strange), with(0), "{strange}");
    }
}

#[test]
fn a_leg_leaves_the_application() {
    assert_eq!(
        of_channel("StasisEnd", "Up", ""),
        Event::Left { call: rep() }
    );
}

#[test]
fn a_playback_is_over_whether_it_was_heard_or_not() {
    let playback = playback_of(leg("r1"), 1);
    let over = |state: &str| {
        let fields = format!(
            r#""playback":{{"id":"{playback}","media_uri":"sound:http://127.0.0.1:9/x.wav",
            "target_uri":"channel:{}","language":"en","state":"{state}"}},"#,
            rep().0
        );
        of_kind("PlaybackFinished", &fields)
    };
    let played = |failed| Event::Played {
        playback: playback.clone(),
        failed,
    };
    assert_eq!(over("done"), played(false));
    assert_eq!(over("failed"), played(true));
}

#[test]
fn channels_join_a_bridge_and_part() {
    let bridge = bridge_of(leg("c1"));
    let fields = format!(
        r#""bridge":{{"id":"{bridge}","technology":"simple_bridge","bridge_type":"mixing",
        "bridge_class":"stasis","creator":"Stasis","name":"","channels":[],"video_mode":"talker"}},"#
    );
    assert_eq!(
        of_channel("ChannelEnteredBridge", "Up", &fields),
        Event::Joined {
            bridge: bridge.clone(),
            call: rep()
        }
    );
    assert_eq!(
        of_channel("ChannelLeftBridge", "Up", &fields),
        Event::Parted {
            bridge,
            call: rep()
        }
    );
}

#[test]
fn an_application_that_was_taken_over_is_told() {
    assert_eq!(of_kind("ApplicationReplaced", ""), Event::TakenOver);
}

#[test]
fn what_we_never_heard_of_or_what_lacks_a_field_is_nothing() {
    assert_eq!(of_channel("ChannelLevitated", "Up", ""), Event::Other);
    assert_eq!(of_channel("ChannelVarset", "Up", ""), Event::Other);
    for kind in [
        "StasisStart",
        "StasisEnd",
        "ChannelStateChange",
        "Dial",
        "ChannelDtmfReceived",
        "ChannelHangupRequest",
        "ChannelDestroyed",
        "PlaybackFinished",
        "ChannelEnteredBridge",
        "ChannelLeftBridge",
    ] {
        assert_eq!(of_kind(kind, ""), Event::Other, "{kind}");
        assert_eq!(of_kind(kind, r#""channel":7,"#), Event::Other, "{kind}");
    }
}

#[test]
fn what_is_no_event_is_none() {
    for text in ["", "<html>", "[]", "{}", r#"{"type":7}"#, r#"{"type":"Sta"#] {
        assert_eq!(event(text), None, "{text}");
    }
}
