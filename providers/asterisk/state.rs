//! What lives at the PBX: asked for after every reconnect and restart, because events that nobody heard are lost.

use serde::Deserialize;

use super::answers::{read, refusal, there};
use super::names::{leg_of, leg_of_bridge};
use super::{Asterisk, segment};
use crate::{CarrierCallId, Found, LegId, Phase, Request, Response};

/// A bridge at the PBX.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bridge {
    /// Its name.
    pub id: String,
    /// Who is in it.
    pub channels: Vec<CarrierCallId>,
}

#[derive(Deserialize)]
struct Application {
    channel_ids: Vec<String>,
}

#[derive(Deserialize)]
struct Channel {
    id: String,
    state: String,
}

#[derive(Deserialize)]
struct Room {
    id: String,
    channels: Vec<String>,
}

impl Asterisk {
    /// Asks what belongs to our application.
    pub fn application(&self) -> Request {
        self.get(&format!("applications/{}", segment(&self.app)))
    }

    /// The channels that belong to our application: those that we placed, rung or up, and calls that came in. `None` where
    /// the answer makes no sense. A PBX that started anew has no such application before [`Asterisk::events`] is open,
    /// and nothing lives there.
    pub fn living(&self, response: Response<'_>) -> Option<Vec<CarrierCallId>> {
        if response.status == 404 && there(response) {
            return Some(vec![]);
        }
        let application: Application = read(response)?;
        Some(calls(application.channel_ids))
    }

    /// Asks for every channel of the PBX.
    pub fn channels(&self) -> Request {
        self.get("channels")
    }

    /// Every channel of the PBX that we placed, and how far it is; `None` where the answer makes no sense. It knows
    /// one, too, that rings since before its application was there.
    pub fn placed(&self, response: Response<'_>) -> Option<Vec<(LegId, Phase)>> {
        let channels: Vec<Channel> = read(response)?;
        let ours = channels.into_iter().filter_map(|channel| {
            let phase = phase(&channel.state);
            Some((leg_of(&CarrierCallId(channel.id))?, phase))
        });
        Some(ours.collect())
    }

    /// What the answer to [`Asterisk::look_up`] says; `None` where it makes no sense and is to be asked again.
    pub fn found(&self, response: Response<'_>) -> Option<Found> {
        if response.status == 404 && refusal(response)? == "Channel not found" {
            return Some(Found::Nothing);
        }
        let channel: Channel = read(response)?;
        Some(Found::Call {
            phase: phase(&channel.state),
            call: CarrierCallId(channel.id),
            ended_at: None,
        })
    }

    /// Asks for every bridge of the PBX.
    pub fn bridges(&self) -> Request {
        self.get("bridges")
    }

    /// Every bridge of the PBX that we made; `None` where the answer makes no sense.
    pub fn bridges_made(&self, response: Response<'_>) -> Option<Vec<Bridge>> {
        let rooms: Vec<Room> = read(response)?;
        let ours = rooms
            .into_iter()
            .filter(|room| leg_of_bridge(&room.id).is_some());
        Some(ours.map(Bridge::from).collect())
    }
}

impl From<Room> for Bridge {
    fn from(room: Room) -> Self {
        Bridge {
            id: room.id,
            channels: calls(room.channels),
        }
    }
}

/// How far a channel in this state is. It exists in a state we never heard of, too.
pub(super) fn phase(state: &str) -> Phase {
    match state {
        "Up" => Phase::Answered,
        "Ring" | "Ringing" => Phase::Ringing,
        _ => Phase::Queued,
    }
}

fn calls(ids: Vec<String>) -> Vec<CarrierCallId> {
    ids.into_iter().map(CarrierCallId).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::tests::{LEAD, answer, call, channel_json, leg, pbx};
    use super::*;
    use crate::Method;
    use crate::asterisk::{bridge_of, call_of};

    const NO_CHANNEL: &str = r#"{"message":"Channel not found"}"#;
    const NO_APP: &str = r#"{"message":"Application not found"}"#;
    const NO_RESOURCE: &str = r#"{"message":"Resource not found"}"#;

    #[test]
    fn questions_are_asked_with_get() {
        for (request, path) in [
            (pbx().application(), "applications/leadbridge"),
            (pbx().channels(), "channels"),
            (pbx().bridges(), "bridges"),
            (pbx().look_up(&call("1.2")), "channels/1.2"),
        ] {
            assert_eq!(request.method, Method::Get);
            assert_eq!(request.url, format!("http://127.0.0.1:8088/ari/{path}"));
        }
    }

    #[test]
    fn after_a_restart_the_application_tells_which_legs_live() {
        let body = format!(
            r#"{{"name":"leadbridge","channel_ids":["lb-{LEAD}-r1","testpbx-1795348777.14"],
            "bridge_ids":[],"endpoint_ids":[],"device_names":[],"events_allowed":[],"events_disallowed":[]}}"#
        );
        let living = pbx().living(answer(200, &body)).unwrap();
        let came_in = call("testpbx-1795348777.14");
        assert_eq!(living, [call_of(leg("r1")), came_in]);
    }

    #[test]
    fn at_a_pbx_without_our_application_nothing_lives() {
        let living = |status, body| pbx().living(answer(status, body));
        assert_eq!(living(404, NO_APP), Some(vec![]));
    }

    #[test]
    fn an_answer_without_sense_does_not_mean_that_nothing_lives() {
        for (status, body) in [
            (200, "{}"),
            (200, "<html>"),
            (404, "<html>"),
            (404, NO_RESOURCE),
            (401, NO_APP),
            (503, ""),
        ] {
            let heard = answer(status, body);
            assert_eq!(pbx().living(heard), None, "{status} {body}");
            assert_eq!(pbx().found(heard), None, "{status} {body}");
            assert_eq!(pbx().placed(heard), None, "{status} {body}");
            assert_eq!(pbx().bridges_made(heard), None, "{status} {body}");
        }
    }

    #[test]
    fn a_channel_is_as_far_as_its_state_says() {
        for (state, phase) in [
            ("Down", Phase::Queued),
            ("Dialing", Phase::Queued),
            ("Levitating", Phase::Queued),
            ("Ring", Phase::Ringing),
            ("Ringing", Phase::Ringing),
            ("Up", Phase::Answered),
        ] {
            let body = channel_json(&format!("lb-{LEAD}-r1"), state);
            let expected = Found::Call {
                call: call_of(leg("r1")),
                phase,
                ended_at: None,
            };
            assert_eq!(pbx().found(answer(200, &body)), Some(expected), "{state}");
        }
    }

    #[test]
    fn a_channel_that_ended_is_nothing() {
        assert_eq!(pbx().found(answer(404, NO_CHANNEL)), Some(Found::Nothing));
    }

    #[test]
    fn of_all_channels_only_ours_count() {
        let body = format!(
            "[{},{},{}]",
            channel_json("testpbx-1795348777.13", "Up"),
            channel_json(&format!("lb-{LEAD}-r2"), "Ringing"),
            channel_json(&format!("lb-{LEAD}-c1"), "Up"),
        );
        assert_eq!(
            pbx().placed(answer(200, &body)),
            Some(vec![
                (leg("r2"), Phase::Ringing),
                (leg("c1"), Phase::Answered)
            ])
        );
    }

    #[test]
    fn a_bridge_that_nobody_entered_is_found_as_well_and_others_bridges_are_not_ours() {
        let room = |id: &str, channels: &str| {
            format!(
                r#"{{"id":"{id}","technology":"simple_bridge","bridge_type":"mixing","bridge_class":"stasis",
                "creator":"Stasis","name":"","channels":[{channels}],"creationtime":"2026-11-22T11:59:26.640+0000",
                "video_mode":"talker"}}"#
            )
        };
        let ours = format!("lb-{LEAD}-c1");
        let body = format!("[{},{}]", room(&ours, ""), room("conference-1", r#""1.2""#));
        let empty = Bridge {
            id: bridge_of(leg("c1")),
            channels: vec![],
        };
        assert_eq!(pbx().bridges_made(answer(200, &body)), Some(vec![empty]));
        let body = format!("[{}]", room(&ours, r#""1.2","1.3""#));
        let bridges = pbx().bridges_made(answer(200, &body)).unwrap();
        assert_eq!(bridges[0].channels, [call("1.2"), call("1.3")]);
    }
}
