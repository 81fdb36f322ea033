//! The core's words as a story says them.

use leadbridge::flow::shown::Stage;
use leadbridge::flow::{Attempt, By, Command, Cue, Entry, Flow, Notice, State, Text, What, word};
use leadbridge::rotation::RepId;
use leadbridge_providers::{LegId, Side};

/// A rep's id as a name.
pub(crate) fn name(rep: &RepId) -> String {
    let mut letters = rep.0.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// What leaves.
pub(crate) fn command(flow: &Flow, command: &Command) -> String {
    match command {
        Command::Ring(leg) => format!("ring {}", whose(flow, *leg)),
        Command::Interrupt(leg) => format!("interrupt {}", whose(flow, *leg)),
        Command::Cancel(leg) => format!("cancel {}", whose(flow, *leg)),
        Command::HangUp(leg) => format!("hang up {}", whose(flow, *leg)),
        Command::LookUp(leg) => format!("look up {}", whose(flow, *leg)),
        Command::Text(to) => text(to),
        Command::Notice(about) => notice(about),
    }
}

/// A line of the timeline; `None` for what the story says anyhow.
pub(crate) fn told(entry: &Entry) -> Option<String> {
    let who = entry.rep.as_ref().map(name).unwrap_or_default();
    let why = entry.reason.clone().unwrap_or_default();
    let tells = match entry.what {
        What::LeadReceived
        | What::RepRung
        | What::RepRinging
        | What::RepAnswered
        | What::TextSent => return None,
        What::CustomerRinging
        | What::CustomerAnswered
        | What::Stalled
        | What::InLine
        | What::RepTold => return None,
        What::Waiting | What::Slept => return None,
        What::PlanMade if entry.reason.is_none() => return None,
        What::PlanMade => format!("the plan: {why}"),
        What::LeadHeld => format!("held: {why}"),
        What::LeadJoined => "joined".to_owned(),
        What::LeadReleased => "released".to_owned(),
        What::RepAccepted => format!("{who} accepted"),
        What::RepPassed => format!("{who} passed"),
        What::RepMissed => format!("{who} missed it: {why}"),
        What::RepTaken => format!("{who} came too late"),
        What::RepCanceled => format!("{who}'s ring is canceled"),
        What::RepLost => format!("{who}'s ring is lost"),
        What::RepPaused => format!("{who} is paused"),
        What::RepCalledIn => format!("{who} called in"),
        What::CustomerCalledIn => "the customer called in".to_owned(),
        What::CustomerRung => "the customer's phone is rung".to_owned(),
        What::CustomerMissed => format!("the customer is not reached: {why}"),
        What::Bridged => "bridged".to_owned(),
        What::Talked => "talked".to_owned(),
        What::HungUp => format!("hung up by {}", entry.by.map(by).unwrap_or_default()),
        What::MenuKey => format!("menu key {why}"),
        What::Closed => format!("closed: {why}"),
    };
    Some(tells)
}

/// What a leg hears.
pub(crate) fn hears(flow: &Flow, attempt: &Attempt) -> String {
    let suspicious = if flow.suspected_by.is_some() {
        ", found suspicious before"
    } else {
        ""
    };
    let asked_again = if flow.asked_again > 0 {
        ", who asked again"
    } else {
        ""
    };
    match &attempt.cue {
        Cue::Whisper {
            prompt: 1,
            repeats: 0,
        } => format!("the whisper{suspicious}"),
        Cue::Whisper { prompt: 1, .. } => format!("the whisper, repeated{suspicious}"),
        Cue::Whisper { .. } => "the whisper a second time".to_owned(),
        Cue::Customer { again: false, .. } => {
            format!("the customer's name{asked_again}, and the ring")
        }
        Cue::Customer { again: true, .. } => "the ring once more".to_owned(),
        Cue::Room { .. } => "the customer's name, and the customer who rang".to_owned(),
        Cue::Unreached {
            reason,
            again: true,
        } => format!(
            "\"{}; press 1 to ring once more\"{asked_again}",
            word(reason)
        ),
        Cue::Unreached {
            reason,
            again: false,
        } => format!("\"{}\"{asked_again}", word(reason)),
        Cue::Menu => format!("\"what came of it?\"{asked_again}"),
        Cue::Taken { by } => format!("\"{} has it\"", name(by)),
        Cue::DealtWith => "\"dealt with\"".to_owned(),
        Cue::Passed => "\"passed on\"".to_owned(),
        Cue::Paused => "\"passed on, your phone is paused\"".to_owned(),
        Cue::NoKey => "\"no key, good-bye\"".to_owned(),
        Cue::Suspicious => "\"noted as suspicious\"".to_owned(),
        Cue::TestPassed => "\"test passed\"".to_owned(),
        Cue::Thanks => "\"thank you\"".to_owned(),
    }
}

/// Where a flow is, and until when it waits.
pub(crate) fn place(flow: &Flow) -> String {
    match &flow.state {
        State::Waiting { until } | State::Sleeping { until }
            if matches!(flow.stage(), Stage::Waiting | Stage::Sleeping) =>
        {
            let until = until.to_zoned(crate::setup::zone());
            format!("{} until {}", state(flow), until.strftime("%a %H:%M:%S"))
        }
        State::Held(_)
        | State::Waiting { .. }
        | State::Sleeping { .. }
        | State::Round(_)
        | State::Engaged(_)
        | State::Closed(_) => state(flow),
    }
}

/// INTERFACE's word for it.
pub(crate) fn state(flow: &Flow) -> String {
    word(flow.stage())
}

fn whose(flow: &Flow, leg: LegId) -> String {
    match leg.side {
        Side::Rep => flow
            .attempt(leg)
            .map(|attempt| name(&attempt.seat.rep))
            .unwrap_or_default(),
        Side::Customer => "the customer".to_owned(),
        Side::In => "the customer who rang".to_owned(),
    }
}

fn text(to: &Text) -> String {
    match to {
        Text::RepMissed(rep) => format!("text {}: missed", name(rep)),
        Text::RepPaused(rep) => format!("text {}: paused", name(rep)),
        Text::RepNotReachable(rep) => format!("text {}: not reachable", name(rep)),
        Text::RepAskedAgain(rep) => format!("text {}: asked again", name(rep)),
        Text::CustomerWaits => "text the customer: when we call".to_owned(),
        Text::CustomerTried => "text the customer: we tried".to_owned(),
    }
}

fn notice(about: &Notice) -> String {
    match about {
        Notice::RepPaused(rep) => format!("tell the managers: {} is paused", name(rep)),
        Notice::RepNotReachable(rep) => {
            format!("tell the managers: {} is not reachable", name(rep))
        }
        Notice::CarrierRefused { code } => format!("tell the admin: refused with {code}"),
        Notice::RoundsOver => "tell the owner: nobody took it".to_owned(),
        Notice::NobodyAccepted => "tell the owner: given up".to_owned(),
        Notice::Held(reason) => format!("tell the managers: held, {}", word(reason)),
        Notice::RooftopGone => "tell the admin: the rooftop is gone".to_owned(),
    }
}

fn by(who: By) -> &'static str {
    match who {
        By::Rep => "the rep",
        By::Customer => "the customer",
        By::Us => "us",
    }
}
