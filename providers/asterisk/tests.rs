//! Requests, read as the PBX reads them.

use super::*;
use crate::{LegId, Response};

pub(super) const LEAD: &str = "0190b1f0-7b3c-7000-8000-000000000001";

const AUTHORIZATION: &str = "Basic bGI6c2VjcmV0";

pub(super) fn pbx() -> Asterisk {
    Asterisk {
        id: "pbx".into(),
        url: "http://127.0.0.1:8088".into(),
        app: "leadbridge".into(),
        user: "lb".into(),
        password: "secret".into(),
        endpoint: "PJSIP/{number}@trunk".into(),
        endpoints: BTreeMap::from([("+32470000001".into(), "PJSIP/an".into())]),
    }
}

pub(super) fn leg(end: &str) -> LegId {
    format!("{LEAD}-{end}").parse().unwrap()
}

pub(super) fn call(id: &str) -> CarrierCallId {
    CarrierCallId(id.into())
}

pub(super) fn answer(status: u16, body: &str) -> Response<'_> {
    Response {
        status,
        body: body.as_bytes(),
    }
}

/// A channel as Asterisk 22 writes it.
pub(super) fn channel_json(id: &str, state: &str) -> String {
    format!(
        r#"{{"id":"{id}","name":"PJSIP/an-00000002","state":"{state}","protocol_id":"",
        "caller":{{"name":"","number":"+3290000000"}},"connected":{{"name":"","number":"+3290000000"}},
        "accountcode":"","dialplan":{{"context":"from-phones","exten":"","priority":1,"app_name":"AppDial2",
        "app_data":"(Outgoing Line)"}},"creationtime":"2026-11-22T11:59:26.136+0000","language":"en"}}"#
    )
}

/// What a request asks, read as the PBX does.
pub(super) fn terms(request: &Request) -> Vec<(String, String)> {
    let (_, query) = request.url.split_once('?').unwrap();
    form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

fn place(end: &str, to: &str) -> Place {
    Place {
        leg: leg(end),
        to: to.into(),
        from: "+3290000000".into(),
        timeout_s: 25,
        time_limit_s: 3600,
        turn: 1,
    }
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect()
}

#[test]
fn a_phone_rings_under_the_name_of_its_leg_with_the_rooftops_number() {
    let request = pbx().place(&place("r1", "+32470000001"));
    assert_eq!(request.method, Method::Post);
    assert!(
        request
            .url
            .starts_with("http://127.0.0.1:8088/ari/channels?")
    );
    assert_eq!(request.authorization, AUTHORIZATION);
    let expected = pairs(&[
        ("endpoint", "PJSIP/an"),
        ("app", "leadbridge"),
        ("appArgs", &format!("{LEAD}-r1")),
        ("callerId", r#""" <+3290000000>"#),
        ("timeout", "25"),
        ("channelId", &format!("lb-{LEAD}-r1")),
    ]);
    assert_eq!(terms(&request), expected);
}

#[test]
fn the_pbx_ends_every_leg_by_itself_after_the_ring_and_the_talk() {
    let request = pbx().place(&place("r1", "+32470000001"));
    assert_eq!(request.content_type, "application/json");
    assert_eq!(
        request.body,
        r#"{"variables":{"TIMEOUT(absolute)":"3625"}}"#
    );
}

#[test]
fn a_customer_is_rung_over_the_trunk_beside_the_rep_who_waits() {
    let rep = call_of(leg("r1"));
    let request = pbx().place_beside(&place("c1", "+32470123456"), &rep);
    let terms = terms(&request);
    assert_eq!(
        terms[0],
        ("endpoint".into(), "PJSIP/+32470123456@trunk".into())
    );
    assert_eq!(terms.last().unwrap(), &("originator".into(), rep.0));
}

#[test]
fn only_digits_get_into_a_dial_string_and_a_caller_id() {
    let mut place = place("c1", "+32470 12/34@evil&PJSIP/x");
    place.from = "\"x\" <+3290000000>\r\n".into();
    let terms = terms(&pbx().place(&place));
    assert_eq!(
        terms[0],
        ("endpoint".into(), "PJSIP/+324701234@trunk".into())
    );
    assert_eq!(terms[3], ("callerId".into(), r#""" <+3290000000>"#.into()));
}

#[test]
fn our_own_call_is_ended_and_told_why() {
    let rep = call_of(leg("r1"));
    for (request, reason) in [
        (pbx().hang_up(&rep), "normal"),
        (pbx().cancel(&rep), "answered_elsewhere"),
    ] {
        let request = request.unwrap();
        assert_eq!(request.method, Method::Delete);
        assert_eq!(
            request.url,
            format!("http://127.0.0.1:8088/ari/channels/lb-{LEAD}-r1?reason={reason}")
        );
        assert_eq!(request.authorization, AUTHORIZATION);
        assert_eq!(request.body, "");
    }
}

#[test]
fn nobody_elses_call_is_ever_ended() {
    for id in [
        "",
        "lb-",
        "1795348777.13",
        "testpbx-1795348777.13",
        "lb-1795348777.13",
        "lb-../..",
        "lb-../asterisk/modules/func_timeout.so",
        &format!("lb-{LEAD}"),
        &format!("lb-{LEAD}-r1/.."),
        &format!("lb-{LEAD}-r1?reason=busy"),
        &format!("lb-{LEAD}-r1;2"),
        &format!(" lb-{LEAD}-r1"),
    ] {
        assert_eq!(pbx().hang_up(&call(id)), None, "{id}");
        assert_eq!(pbx().cancel(&call(id)), None, "{id}");
    }
}

#[test]
fn a_call_that_came_in_is_given_back_to_the_dial_plan() {
    let request = pbx().send_on(&call("testpbx-1795348777.14"));
    assert_eq!(request.method, Method::Post);
    assert_eq!(
        request.url,
        "http://127.0.0.1:8088/ari/channels/testpbx-1795348777.14/continue"
    );
}

#[test]
fn a_name_stays_one_segment_of_the_path() {
    let url = pbx().look_up(&call("a/../b?c=d e#f")).url;
    assert_eq!(
        url,
        "http://127.0.0.1:8088/ari/channels/a%2F..%2Fb%3Fc%3Dd%20e%23f"
    );
}

#[test]
fn a_url_may_end_with_a_slash_or_with_the_path_of_ari() {
    for url in [
        "http://127.0.0.1:8088",
        "http://127.0.0.1:8088/",
        "http://127.0.0.1:8088/ari",
        "http://127.0.0.1:8088/ari/",
    ] {
        let written = Asterisk {
            url: url.into(),
            ..pbx()
        };
        assert_eq!(written.info(), pbx().info(), "{url}");
    }
}

#[test]
fn events_come_over_a_socket_with_no_secret_in_its_address() {
    let socket = pbx().events();
    assert_eq!(socket.url, "ws://127.0.0.1:8088/ari/events?app=leadbridge");
    assert_eq!(socket.authorization, AUTHORIZATION);
    let secure = Asterisk {
        url: "https://pbx.example.be/asterisk".into(),
        ..pbx()
    };
    assert_eq!(
        secure.events().url,
        "wss://pbx.example.be/asterisk/ari/events?app=leadbridge"
    );
}

#[test]
fn nobody_reads_a_password_in_a_log() {
    assert_eq!(format!("{:?}", pbx()), r#"Asterisk { id: "pbx", .. }"#);
    assert_eq!(format!("{:?}", pbx().events()), "Socket { .. }");
    assert_eq!(format!("{:?}", pbx().info()), "Request { method: Get, .. }");
}

#[test]
fn a_call_that_came_in_ends_by_itself_too() {
    let request = pbx().limit(&call("1700000000.12"), 3900);
    assert_eq!(request.method, Method::Post);
    let asked = "/channels/1700000000.12/variable?variable=TIMEOUT%28absolute%29&value=3900";
    assert!(request.url.ends_with(asked), "{}", request.url);
}
