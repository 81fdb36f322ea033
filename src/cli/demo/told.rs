//! The demo's words: a timeline as somebody who watches would tell it.

use jiff::Timestamp;

use crate::flow::{By, Entry, Flow, What, word};

/// Whose phone a number of the demo is.
pub(super) fn person(number: &str) -> &'static str {
    match number {
        super::AN => "An",
        super::BART => "Bart",
        super::CHLOE => "Chloé",
        super::PAUL => "Paul",
        _ => "Jan",
    }
}

/// One line of the timeline, with the seconds since the lead came in.
pub(super) fn line(entry: &Entry, since: Timestamp) -> String {
    let after = entry.at.duration_since(since).as_secs_f64();
    format!("{after:>7.1} s   {:<9} {}", who(entry), what(entry))
}

/// What the lead's clock says.
pub(super) fn figures(flow: &Flow) -> String {
    let speeds = flow.marks().speeds();
    let seconds =
        |ms: Option<i64>| ms.map_or("-".to_owned(), |ms| format!("{:.1} s", ms as f64 / 1000.0));
    let outcome = flow
        .outcome()
        .map_or(String::new(), |closed| word(closed.outcome));
    format!(
        "{outcome}: time to ring {}, to accept {}, to connect {}",
        seconds(speeds.time_to_ring_ms),
        seconds(speeds.time_to_accept_ms),
        seconds(speeds.time_to_connect_ms)
    )
}

fn who(entry: &Entry) -> &str {
    match entry.rep.as_ref().map(|rep| rep.0.as_str()) {
        Some("an") => "An",
        Some("bart") => "Bart",
        Some("chloe") => "Chloé",
        Some("paul") => "Paul",
        Some(other) => other,
        None if entry.leg.is_some() => "Jan",
        None => "",
    }
}

fn what(entry: &Entry) -> String {
    let reason = entry.reason.as_deref().unwrap_or("");
    match entry.what {
        What::LeadReceived => "the lead is received, and on disk".to_owned(),
        What::PlanMade => "the plan is made: An, Bart, Chloé, and Paul last".to_owned(),
        What::RepRung => "is rung".to_owned(),
        What::RepRinging | What::CustomerRinging => "the phone rings".to_owned(),
        What::RepAnswered | What::CustomerAnswered => "picks up".to_owned(),
        What::RepAccepted => "presses 1 and has the lead".to_owned(),
        What::RepMissed => format!("missed it: {reason}"),
        What::RepCanceled => "the phone stops ringing".to_owned(),
        What::RepTaken => "is told who has it".to_owned(),
        What::CustomerRung => "the customer is rung".to_owned(),
        What::Bridged => "both are joined".to_owned(),
        What::Talked => "they have talked".to_owned(),
        What::MenuKey => format!("presses {reason}: spoke with the customer"),
        What::Closed => format!("closed: {reason}"),
        What::HungUp => match entry.by {
            Some(By::Us) => "is hung up by us".to_owned(),
            Some(By::Rep | By::Customer) | None => "hangs up".to_owned(),
        },
        What::LeadHeld
        | What::LeadJoined
        | What::LeadReleased
        | What::InLine
        | What::RepPassed
        | What::RepLost
        | What::RepPaused
        | What::RepTold
        | What::RepCalledIn
        | What::CustomerCalledIn
        | What::CustomerMissed
        | What::TextSent
        | What::Waiting
        | What::Stalled
        | What::Slept => format!("{} {reason}", word(entry.what)),
    }
}
