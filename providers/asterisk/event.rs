//! What the PBX pushes over the WebSocket, read. What it adds, misspells or leaves out never fails one: an unknown
//! word tells us nothing, and that is all.

use std::fmt;

use serde_json::Value;

use super::cause::Cause;
use super::state::phase;
use crate::{CarrierCallId, LegId, Phase};

/// Something that happened to a channel, bridge or playback of our application.
///
/// Of a leg that is never answered we hear [`Event::Ringing`] and [`Event::Gone`] only. A call that came in ends
/// with [`Event::Left`], and with nothing after it. The halves of a Local channel both have events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A channel entered our application, and obeys from now on: a leg that we rang was answered, or a call came in.
    Entered(Entered),
    /// A channel left our application: it ended, or was sent on.
    Left {
        /// Which one.
        call: CarrierCallId,
    },
    /// The phone rings. Told once or more, or not at all.
    Ringing {
        /// Which one.
        call: CarrierCallId,
    },
    /// Somebody or something picked up. Told once or more, before or after [`Event::Entered`].
    Up {
        /// Which one.
        call: CarrierCallId,
    },
    /// A key was let go.
    Key {
        /// On whose phone.
        call: CarrierCallId,
        /// `0` to `9`, `*`, `#`, `A` to `D`.
        key: char,
    },
    /// A channel is asked to end: the first one of a talk tells who hung up.
    HangUpAsked {
        /// Which one.
        call: CarrierCallId,
        /// By the phone at its other end, and not by us or the PBX itself (`soft`).
        by_phone: bool,
    },
    /// A channel is no more.
    Gone {
        /// Which one.
        call: CarrierCallId,
        /// Why.
        cause: Cause,
    },
    /// A playback is over, be it at its end, because it was stopped, or because nothing could be played.
    Played {
        /// Its name.
        playback: String,
        /// Nothing was heard.
        failed: bool,
    },
    /// A channel entered a bridge.
    Joined {
        /// The bridge's name.
        bridge: String,
        /// Which channel.
        call: CarrierCallId,
    },
    /// A channel left a bridge.
    Parted {
        /// The bridge's name.
        bridge: String,
        /// Which channel.
        call: CarrierCallId,
    },
    /// Another client uses our application's name, and has all events from now on.
    TakenOver,
    /// Nothing that we need.
    Other,
}

/// A channel that entered our application.
#[derive(Clone, PartialEq, Eq)]
pub struct Entered {
    /// Which one.
    pub call: CarrierCallId,
    /// What the create or the dial plan gives along.
    pub args: Vec<String>,
    /// How far it is: a call that came in rings until we answer it.
    pub phase: Phase,
    /// Who rings, as the trunk writes it; `None` when it is withheld. For a leg that we rang it is the number shown.
    pub from: Option<String>,
    /// The extension that was dialled.
    pub to: Option<String>,
}

impl Entered {
    /// The leg that we rang; `None` for a call that came in.
    pub fn leg(&self) -> Option<LegId> {
        super::leg_of(&self.call)
    }
}

impl fmt::Debug for Entered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entered")
            .field("call", &self.call)
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}

/// Reads one text message of the WebSocket; `None` for what is no event at all.
pub fn event(text: &str) -> Option<Event> {
    let event: Value = serde_json::from_str(text).ok()?;
    let kind = text_at(&event, "/type")?;
    Some(known(kind, &event).unwrap_or(Event::Other))
}

fn known(kind: &str, event: &Value) -> Option<Event> {
    let call = || call_at(event, "/channel/id");
    let bridge = || text_at(event, "/bridge/id").map(str::to_owned);
    Some(match kind {
        "StasisStart" => Event::Entered(entered(event)?),
        "StasisEnd" => Event::Left { call: call()? },
        "ChannelStateChange" => moved(text_at(event, "/channel/state")?, call()?),
        "Dial" => dialled(text_at(event, "/dialstatus")?, call_at(event, "/peer/id")?),
        "ChannelDtmfReceived" => Event::Key {
            call: call()?,
            key: key(text_at(event, "/digit")?)?,
        },
        "ChannelHangupRequest" => Event::HangUpAsked {
            call: call()?,
            by_phone: event.pointer("/soft").and_then(Value::as_bool) != Some(true),
        },
        "ChannelDestroyed" => Event::Gone {
            call: call()?,
            cause: cause(event),
        },
        "PlaybackFinished" => Event::Played {
            playback: text_at(event, "/playback/id")?.to_owned(),
            failed: text_at(event, "/playback/state") == Some("failed"),
        },
        "ChannelEnteredBridge" => Event::Joined {
            bridge: bridge()?,
            call: call()?,
        },
        "ChannelLeftBridge" => Event::Parted {
            bridge: bridge()?,
            call: call()?,
        },
        "ApplicationReplaced" => Event::TakenOver,
        _ => Event::Other,
    })
}

fn entered(event: &Value) -> Option<Entered> {
    let number = |path| {
        let number = text_at(event, path).filter(|number| !number.is_empty());
        number.map(str::to_owned)
    };
    let args = event.pointer("/args").and_then(Value::as_array);
    let args = args.into_iter().flatten().filter_map(Value::as_str);
    Some(Entered {
        call: call_at(event, "/channel/id")?,
        args: args.map(str::to_owned).collect(),
        phase: phase(text_at(event, "/channel/state").unwrap_or_default()),
        from: number("/channel/caller/number"),
        to: number("/channel/dialplan/exten"),
    })
}

fn moved(state: &str, call: CarrierCallId) -> Event {
    match phase(state) {
        Phase::Ringing => Event::Ringing { call },
        Phase::Answered => Event::Up { call },
        Phase::Queued | Phase::Ended(_) => Event::Other,
    }
}

/// `PROGRESS` is early media: many trunks let their own ring tone be heard and never say that it rings.
fn dialled(status: &str, call: CarrierCallId) -> Event {
    match status {
        "RINGING" | "PROGRESS" => Event::Ringing { call },
        "ANSWER" => Event::Up { call },
        _ => Event::Other,
    }
}

fn cause(event: &Value) -> Cause {
    let cause = event.pointer("/cause").and_then(Value::as_u64);
    Cause(cause.and_then(|cause| cause.try_into().ok()).unwrap_or(0))
}

fn key(digit: &str) -> Option<char> {
    let mut keys = digit.chars();
    keys.next().filter(|_| keys.next().is_none())
}

fn call_at(event: &Value, path: &str) -> Option<CarrierCallId> {
    text_at(event, path).map(|id| CarrierCallId(id.to_owned()))
}

fn text_at<'a>(event: &'a Value, path: &str) -> Option<&'a str> {
    event.pointer(path)?.as_str()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
