//! What a channel hears, and who hears whom. A channel obeys only inside our application: after its
//! [`Event::Entered`](super::Event::Entered), and before it left.

use super::names::{leg_of_bridge, leg_of_playback};
use super::{Asterisk, TIME_LIMIT, channel, segment};
use crate::{CarrierCallId, Request};

impl Asterisk {
    /// Picks up a call that came in.
    pub fn answer(&self, call: &CarrierCallId) -> Request {
        self.post(&format!("{}/answer", channel(call)), &[])
    }

    /// Ends a call that came in so many seconds from now, even if we are dead; one that we rang has its limit from the
    /// create on. Obeyed only while [`MODULES`](super::MODULES) run.
    pub fn limit(&self, call: &CarrierCallId, seconds: u32) -> Request {
        let path = format!("{}/variable", channel(call));
        let value = seconds.to_string();
        self.post(&path, &[("variable", TIME_LIMIT), ("value", &value)])
    }

    /// Plays what is at a URL, which has no comma: one would separate it from a second. Playbacks of a channel wait
    /// for each other. Each has a name of its own ([`playback_of`](super::playback_of)), because a doubled one is
    /// not refused.
    pub fn play(&self, call: &CarrierCallId, url: &str, playback: &str) -> Request {
        self.post(
            &format!("{}/play", channel(call)),
            &[("media", &format!("sound:{url}")), ("playbackId", playback)],
        )
    }

    /// Stops a playback; `None` for one that we did not start.
    pub fn stop_playing(&self, playback: &str) -> Option<Request> {
        leg_of_playback(playback)?;
        Some(self.delete(&format!("playbacks/{}", segment(playback))))
    }

    /// Ends the ring tone that a channel hears. It ends no call, so that it is good for every channel.
    pub fn stop_ringing(&self, call: &CarrierCallId) -> Request {
        self.delete(&format!("{}/ring", channel(call)))
    }

    /// Makes a bridge with this name ([`bridge_of`](super::bridge_of) a leg). One that is there already is as good,
    /// and is told by [`Asterisk::bridged`].
    pub fn bridge(&self, bridge: &str) -> Request {
        self.post("bridges", &[("type", "mixing"), ("bridgeId", bridge)])
    }

    /// Puts channels into a bridge, from wherever they were: all of them or none.
    pub fn join(&self, bridge: &str, calls: &[CarrierCallId]) -> Request {
        let calls: Vec<&str> = calls.iter().map(|call| call.0.as_str()).collect();
        self.post(
            &format!("bridges/{}/addChannel", segment(bridge)),
            &[("channel", &calls.join(","))],
        )
    }

    /// Ends a bridge, and no call; `None` for a bridge that we did not make.
    pub fn end_bridge(&self, bridge: &str) -> Option<Request> {
        leg_of_bridge(bridge)?;
        Some(self.delete(&format!("bridges/{}", segment(bridge))))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::tests::{LEAD, call, leg, pbx, terms};
    use super::*;
    use crate::Method;
    use crate::asterisk::{bridge_of, call_of, playback_of};

    fn said(request: &Request) -> (Method, &str) {
        let path = request.url.strip_prefix("http://127.0.0.1:8088/ari/");
        (request.method, path.unwrap())
    }

    #[test]
    fn a_call_that_came_in_is_picked_up_by_the_name_that_the_pbx_gave() {
        assert_eq!(
            said(&pbx().answer(&call("testpbx-1795348777.14"))),
            (Method::Post, "channels/testpbx-1795348777.14/answer")
        );
    }

    #[test]
    fn a_sentence_is_played_from_a_url_under_a_name_of_ours() {
        let playback = playback_of(leg("r1"), 3);
        let url = "http://127.0.0.1:8080/carriers/pbx/speech/k.wav";
        let request = pbx().play(&call_of(leg("r1")), url, &playback);
        let (method, path) = said(&request);
        assert_eq!(method, Method::Post);
        assert!(path.starts_with(&format!("channels/lb-{LEAD}-r1/play?")));
        assert_eq!(
            terms(&request),
            [
                ("media".into(), format!("sound:{url}")),
                ("playbackId".into(), format!("lb-{LEAD}-r1-3")),
            ]
        );
    }

    #[test]
    fn only_our_own_playback_is_stopped() {
        let request = pbx().stop_playing(&playback_of(leg("r1"), 3)).unwrap();
        let path = format!("playbacks/lb-{LEAD}-r1-3");
        assert_eq!(said(&request), (Method::Delete, path.as_str()));
        for playback in ["", "lb-", "lb-1", "7f0c-queue-moh", "lb-../channels/1-1"] {
            assert_eq!(pbx().stop_playing(playback), None, "{playback}");
        }
    }

    #[test]
    fn a_ring_tone_stops() {
        let rep = call_of(leg("r1"));
        let path = format!("channels/lb-{LEAD}-r1/ring");
        assert_eq!(
            said(&pbx().stop_ringing(&rep)),
            (Method::Delete, path.as_str())
        );
    }

    #[test]
    fn two_meet_in_a_bridge() {
        let bridge = bridge_of(leg("c1"));
        let path = format!("bridges?type=mixing&bridgeId=lb-{LEAD}-c1");
        assert_eq!(said(&pbx().bridge(&bridge)), (Method::Post, path.as_str()));
        let both = [call_of(leg("r1")), call_of(leg("c1"))];
        let path = format!("bridges/lb-{LEAD}-c1/addChannel?channel=lb-{LEAD}-r1%2Clb-{LEAD}-c1");
        assert_eq!(
            said(&pbx().join(&bridge, &both)),
            (Method::Post, path.as_str())
        );
    }

    #[test]
    fn only_our_own_bridge_is_ended() {
        let request = pbx().end_bridge(&bridge_of(leg("c1"))).unwrap();
        let path = format!("bridges/lb-{LEAD}-c1");
        assert_eq!(said(&request), (Method::Delete, path.as_str()));
        for bridge in ["", "lb-", "lb-b", "conference-1", "lb-../channels/1"] {
            assert_eq!(pbx().end_bridge(bridge), None, "{bridge}");
        }
    }
}
