//! What is reported of a call: which events with which parameters, in order, or as wrongly as was asked for.

use jiff::{fmt::rfc2822, tz::TimeZone};
use tokio::{sync::mpsc, time::Instant};

use super::{
    delivery::{Envelope, Request, deliver},
    faults::Handling,
    world::{Call, Shared, World, now},
};

/// Form parameters, in the order they are sent.
pub(super) type Params = Vec<(String, String)>;

/// Where a call's progress is reported.
#[derive(Clone, Debug)]
pub(super) struct StatusTo {
    pub(super) request: Request,
    pub(super) events: Vec<String>,
}

/// One event of a call, as it was when it happened.
pub(super) struct Notice {
    pub(super) event: &'static str,
    pub(super) at: Instant,
    pub(super) params: Params,
}

/// A pair of form parameters.
pub(super) fn pair(key: &str, value: impl ToString) -> (String, String) {
    (key.to_owned(), value.to_string())
}

/// The parameters that every request about a call carries.
pub(super) fn voice_params(account: &str, call: &Call) -> Params {
    let record = &call.record;
    let mut params = vec![
        pair("AccountSid", account),
        pair("ApiVersion", "2010-04-01"),
        pair("CallSid", &record.sid),
        pair("CallStatus", record.status()),
        pair("Called", &record.to),
        pair("Caller", &record.from),
        pair("Direction", direction(call)),
        pair("From", &record.from),
        pair("To", &record.to),
    ];
    params.extend(
        record
            .parent
            .as_ref()
            .map(|parent| pair("ParentCallSid", parent)),
    );
    params
}

/// Where a call comes from, in the carrier's words.
pub(super) fn direction(call: &Call) -> &'static str {
    if call.record.inbound {
        "inbound"
    } else if call.record.parent.is_some() {
        "outbound-dial"
    } else {
        "outbound-api"
    }
}

/// A moment as the carrier writes it.
pub(super) fn rfc2822(at: jiff::Timestamp) -> String {
    rfc2822::to_string(&at.to_zoned(TimeZone::UTC)).expect("years of this era can be written")
}

/// The extra parameters of a status callback.
pub(super) fn status_params(call: &Call, event: &str, sequence: u32) -> Params {
    let mut params = vec![
        pair("CallbackSource", "call-progress-events"),
        pair("SequenceNumber", sequence),
        pair("Timestamp", rfc2822(now())),
    ];
    if let Some(end) = call.record.end.filter(|_| event == "completed") {
        let talked = call.record.talked_s(now());
        params.push(pair("CallDuration", talked));
        params.push(pair("Duration", (talked + 59) / 60));
        params.push(pair("SipResponseCode", end.sip()));
    }
    params
}

/// Delivers a call's events one after another until the call has no more.
pub(super) async fn carry(
    world: Shared,
    sid: String,
    to: StatusTo,
    mut mail: mpsc::UnboundedReceiver<Notice>,
) {
    let mut held = vec![];
    while let Some(notice) = mail.recv().await {
        let handling = world.state().faults.handling(notice.event);
        if handling.reversed {
            held.push((notice, handling));
        } else {
            hand_over(&world, &sid, &to, notice, handling).await;
        }
    }
    for (notice, handling) in held.into_iter().rev() {
        hand_over(&world, &sid, &to, notice, handling).await;
    }
}

async fn hand_over(world: &World, sid: &str, to: &StatusTo, notice: Notice, handling: Handling) {
    if handling.dropped {
        return;
    }
    tokio::time::sleep_until(notice.at + handling.delay).await;
    let mut envelope = Envelope::new(sid, notice.event, &to.request, notice.params);
    if handling.unknown_parameters {
        envelope.add("StirMoonPhase", "waxing \u{1f319}");
    }
    if handling.forged {
        let lie = envelope.saying("completed").forged();
        let _ = deliver(world, lie).await;
    }
    if handling.json {
        let _ = deliver(world, envelope.saying("completed").in_json()).await;
    }
    for _ in 0..=handling.repeats {
        let _ = deliver(world, envelope.clone()).await;
    }
    if handling.unknown_status {
        let _ = deliver(world, envelope.saying("pondering")).await;
    }
    world.call(sid, |call| call.delivered.send_modify(|count| *count += 1));
}
