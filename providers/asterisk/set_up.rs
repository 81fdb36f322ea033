//! Whether the PBX is set up as it must be: a check that rings nobody.

use serde::Deserialize;
use serde_json::Value;

use super::answers::{read, there};
use super::{Asterisk, NUMBER, segment};
use crate::{Request, Response};

/// Modules of the PBX that do what we order. An order may be taken all the same where one is missing: without
/// `func_timeout` a create is answered 200 and the call has no time limit. `res_http_media_cache` fetches what is played,
/// through `res_curl`, and `format_wav` reads it.
pub const MODULES: [&str; 13] = [
    "func_timeout.so",
    "res_http_media_cache.so",
    "res_curl.so",
    "format_wav.so",
    "app_stasis.so",
    "res_stasis_answer.so",
    "res_stasis_playback.so",
    "res_http_websocket.so",
    "res_ari_applications.so",
    "res_ari_bridges.so",
    "res_ari_channels.so",
    "res_ari_events.so",
    "res_ari_playbacks.so",
];

/// What the PBX knows of a phone or trunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registered {
    /// It can be rung.
    Online,
    /// It is in the configuration, and not registered or not reached.
    Offline,
    /// There is no such endpoint.
    Unknown,
}

#[derive(Deserialize)]
struct Info {
    system: Value,
}

#[derive(Deserialize)]
struct Endpoint {
    state: Option<String>,
}

#[derive(Deserialize)]
struct Module {
    status: String,
}

impl Asterisk {
    /// Asks for what every user may know: a check of the credentials.
    pub fn info(&self) -> Request {
        self.get("asterisk/info")
    }

    /// Whether the answer to [`Asterisk::info`] says that URL and credentials are good; `None` where it makes no
    /// sense.
    pub fn recognised(&self, response: Response<'_>) -> Option<bool> {
        if matches!(response.status, 401 | 403 | 404) {
            return Some(false);
        }
        read(response).map(|info: Info| info.system.is_object())
    }

    /// Asks for the phone or trunk behind a dial string; `None` where it is no PJSIP one, or each number is one, of which
    /// nothing is known before it is rung.
    pub fn endpoint_state(&self, endpoint: &str) -> Option<Request> {
        let (technology, rest) = endpoint.split_once('/')?;
        if !technology.eq_ignore_ascii_case("PJSIP") {
            return None;
        }
        let device = rest.split('/').next()?;
        let name = device.rsplit_once('@').map_or(device, |(_, trunk)| trunk);
        let one = !name.contains(NUMBER);
        one.then(|| self.get(&format!("endpoints/PJSIP/{}", segment(name))))
    }

    /// What the answer to [`Asterisk::endpoint_state`] says; `None` where it makes no sense.
    pub fn registered(&self, response: Response<'_>) -> Option<Registered> {
        if response.status == 404 {
            return there(response).then_some(Registered::Unknown);
        }
        let endpoint: Endpoint = read(response)?;
        Some(match endpoint.state.as_deref() {
            Some("offline") => Registered::Offline,
            Some(_) | None => Registered::Online,
        })
    }

    /// Asks for one of [`MODULES`].
    pub fn module(&self, name: &str) -> Request {
        self.get(&format!("asterisk/modules/{}", segment(name)))
    }

    /// Whether that module runs; `None` where the answer makes no sense.
    pub fn module_runs(&self, response: Response<'_>) -> Option<bool> {
        if matches!(response.status, 404 | 409) {
            return there(response).then_some(false);
        }
        read(response).map(|module: Module| module.status == "Running")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::tests::{answer, pbx};
    use super::*;

    #[test]
    fn credentials_are_good_bad_or_not_heard_of() {
        let info = r#"{"build":{"os":"Linux"},"system":{"version":"22.10.1","entity_id":"02:fc:00:00:00:01"},
            "config":{"name":"testpbx"},"status":{"startup_time":"2026-11-22T11:58:26.487+0000"}}"#;
        let recognised = |status, body| pbx().recognised(answer(status, body));
        assert_eq!(recognised(200, info), Some(true));
        let refused = r#"{"message":"Authentication required"}"#;
        assert_eq!(recognised(401, refused), Some(false));
        assert_eq!(recognised(404, "<html>"), Some(false));
        assert_eq!(recognised(200, "<html>"), None);
        assert_eq!(recognised(503, ""), None);
        assert!(pbx().info().url.ends_with("/ari/asterisk/info"));
    }

    #[test]
    fn the_phone_or_trunk_of_a_dial_string_is_asked_for() {
        for (endpoint, name) in [
            ("PJSIP/an", "an"),
            ("pjsip/an", "an"),
            ("PJSIP/{number}@trunk", "trunk"),
            ("PJSIP/trunk/sip:+32470000001@10.0.0.1", "trunk"),
            ("PJSIP/a b", "a%20b"),
        ] {
            let url = pbx().endpoint_state(endpoint).unwrap().url;
            assert!(
                url.ends_with(&format!("/ari/endpoints/PJSIP/{name}")),
                "{url}"
            );
        }
        for endpoint in ["Local/101@from-internal", "PJSIP/rep{number}", "an", ""] {
            assert_eq!(pbx().endpoint_state(endpoint), None, "{endpoint}");
        }
    }

    #[test]
    fn a_phone_is_online_offline_or_unknown() {
        let registered = |status, body: &str| pbx().registered(answer(status, body));
        let phone = |state: &str| {
            format!(
                r#"{{"technology":"PJSIP","resource":"rep1","state":"{state}","channel_ids":[]}}"#
            )
        };
        assert_eq!(
            registered(200, &phone("offline")),
            Some(Registered::Offline)
        );
        assert_eq!(registered(200, &phone("online")), Some(Registered::Online));
        assert_eq!(
            registered(404, r#"{"message":"Endpoint not found"}"#),
            Some(Registered::Unknown)
        );
        assert_eq!(registered(404, "<html>"), None);
        assert_eq!(registered(500, ""), None);
    }

    #[test]
    fn a_module_runs_or_is_missing() {
        let runs = |status, body| pbx().module_runs(answer(status, body));
        let module = r#"{"name":"func_timeout.so","description":"Channel timeout dialplan functions",
            "use_count":0,"status":"Running","support_level":"core"}"#;
        assert_eq!(runs(200, module), Some(true));
        let missing = r#"{"message":"Module could not be found in running modules"}"#;
        assert_eq!(runs(404, missing), Some(false));
        assert_eq!(runs(404, "<html>"), None);
        let url = pbx().module(MODULES[0]).url;
        assert!(url.ends_with("/ari/asterisk/modules/func_timeout.so"));
    }
}
