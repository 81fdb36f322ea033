//! The board: what waits for a person, what is under way, who is on which phone.

use jiff::Timestamp;
use leadbridge_providers::LeadId;
use maud::{Markup, html};

use super::frame::{lasting, moment, name, page};
use crate::desk::{Desk, Phone};
use crate::flow::shown::Stage;
use crate::flow::{AttemptResult, Flow, word};
use crate::lead::Lead;
use crate::rotation::{RepId, Rules};

/// The page asks for itself again after so many seconds.
const REFRESH_S: u32 = 10;

/// A lead that is not over.
pub struct Open<'a> {
    /// Its flow.
    pub flow: &'a Flow,
    /// What the customer told.
    pub told: Option<&'a Lead>,
}

/// How many leads there are in a state, shown or not.
pub type Counts<'a> = &'a std::collections::BTreeMap<Stage, u32>;

/// The page.
pub fn board(
    rules: &Rules,
    counts: Counts<'_>,
    leads: &[Open<'_>],
    desk: &Desk,
    now: Timestamp,
) -> String {
    let (held, under_way): (Vec<_>, Vec<_>) = leads
        .iter()
        .partition(|lead| lead.flow.stage() == Stage::Held);
    let body = html! {
        h1 { "Board" }
        p.soft { (summary(counts)) " At " (moment(now, &rules.measure.zone)) ", anew every " (REFRESH_S) " s." }
        @if !held.is_empty() { (held_leads(rules, &held, now)) }
        (open_leads(rules, &under_way, now))
        (phones(rules, leads, desk, now))
    };
    page("Board", &rules.name, Some(REFRESH_S), &body)
}

/// The customer's name and vehicle, as far as they were told.
pub(super) fn about(told: Option<&Lead>) -> String {
    let Some(told) = told else {
        return String::new();
    };
    let vehicle = &told.vehicle;
    let join = |words: [&Option<String>; 2]| {
        let words: Vec<_> = words.into_iter().flatten().map(String::as_str).collect();
        words.join(" ")
    };
    let parts = [
        join([&told.first_name, &told.last_name]),
        join([&vehicle.make, &vehicle.model]),
    ];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(", ")
}

fn summary(counts: Counts<'_>) -> String {
    let told = Stage::OPEN.into_iter().filter_map(|stage| {
        let count = counts.get(&stage).filter(|count| **count > 0)?;
        Some(format!("{count} {}", word(stage)))
    });
    let told: Vec<_> = told.collect();
    if told.is_empty() {
        "Nothing is under way.".to_owned()
    } else {
        format!("{}.", told.join(", "))
    }
}

fn held_leads(rules: &Rules, held: &[&Open<'_>], now: Timestamp) -> Markup {
    html! {
        section.held aria-labelledby="held" {
            h2 id="held" { "Held: a person must decide" }
            div.scroll { table {
                thead { tr {
                    th { "since" } th { "reason" } th { "rooftop" } th { "source" } th { "about" } th { "to ring it" } th { "to put it away" }
                } }
                tbody { @for lead in held {
                    @let id = lead.flow.lead;
                    tr {
                        td { (when(rules, lead.flow, now)) }
                        td { strong { (lead.flow.held_reason().map(word).unwrap_or_default()) } }
                        td { (lead.flow.facts.rooftop.0) }
                        td { (lead.flow.facts.source.0) }
                        td { (about(lead.told)) }
                        td { @if lead.flow.is_for_hands() {
                            a href={ "/lead/" (id) } { "by hand: it has no number that may be rung" }
                        } @else {
                            code { "leadbridge lead release " (id) }
                        } }
                        td { code { "leadbridge lead discard " (id) } }
                    }
                } }
            } }
        }
    }
}

fn open_leads(rules: &Rules, leads: &[&Open<'_>], now: Timestamp) -> Markup {
    html! {
        section aria-labelledby="open" {
            h2 id="open" { "Under way" }
            @if leads.is_empty() {
                p { "No lead is under way." }
            } @else {
                div.scroll { table {
                    thead { tr {
                        th { "received" } th { "state" } th { "rooftop" } th { "source" } th { "about" } th { "who" } th.n { "rings" }
                    } }
                    tbody { @for lead in leads {
                        tr {
                            td { (when(rules, lead.flow, now)) }
                            td { span.badge { (word(lead.flow.stage())) } }
                            td { (lead.flow.facts.rooftop.0) }
                            td { (lead.flow.facts.source.0) }
                            td { (about(lead.told)) }
                            td { (who(rules, lead.flow)) }
                            td.n { (lead.flow.attempts.len()) }
                        }
                    } }
                } }
            }
        }
    }
}

/// Its time, and how long ago that was, as the way to its own page.
fn when(rules: &Rules, flow: &Flow, now: Timestamp) -> Markup {
    let t1 = flow.facts.t1;
    let ago_ms = i64::try_from(now.duration_since(t1).as_millis()).ok();
    html! {
        a href={ "/lead/" (flow.lead) } { (moment(t1, &rules.measure.zone)) }
        br;
        span.soft { (lasting(ago_ms.map(|ms| ms.max(0)))) " ago" }
    }
}

/// Who has it, or whose phones ring.
fn who(rules: &Rules, flow: &Flow) -> String {
    let live = flow.attempts.iter().filter(|ring| ring.life.live());
    let on_it = live.filter(|ring| matches!(ring.result, None | Some(AttemptResult::Accepted)));
    let names: Vec<_> = on_it.map(|ring| name(rules, &ring.seat.rep)).collect();
    names.join(", ")
}

fn phones(rules: &Rules, leads: &[Open<'_>], desk: &Desk, now: Timestamp) -> Markup {
    html! {
        section aria-labelledby="phones" {
            h2 id="phones" { "Phones" }
            div.scroll { table {
                thead { tr { th { "rep" } th { "now" } th.n { "in line" } th { "last rung" } } }
                tbody { @for rep in rules.reps.values() {
                    @let phone = desk.phone(&rep.key);
                    tr {
                        th scope="row" { (rep.name) }
                        td { (state(rules, &rep.id, &phone, leads, now)) }
                        td.n { (phone.line.len()) }
                        td { @if let Some(at) = phone.last_rung { (moment(at, &rules.measure.zone)) } @else { "never" } }
                    }
                } }
            } }
        }
    }
}

fn state(rules: &Rules, rep: &RepId, phone: &Phone, leads: &[Open<'_>], now: Timestamp) -> Markup {
    let time = |at: Timestamp| moment(at, &rules.measure.zone);
    let paused = phone.paused_until.filter(|until| *until > now);
    let rests = phone.rests_until.filter(|until| *until > now);
    html! {
        @if let Some(hold) = phone.hold.as_ref().filter(|hold| hold.until > now) {
            (doing(rep, hold.leg.lead, leads)) " " a href={ "/lead/" (hold.leg.lead) } { "this lead" }
        } @else if let Some(until) = rests {
            "rests after a talk until " (time(until))
        } @else if let Some(until) = paused {
            "paused until " (time(until))
        } @else {
            "free"
        }
    }
}

fn doing(rep: &RepId, lead: LeadId, leads: &[Open<'_>]) -> &'static str {
    let lead = leads.iter().find(|open| open.flow.lead == lead);
    let ring = lead.and_then(|open| {
        let mut rings = open.flow.attempts.iter().rev();
        rings.find(|ring| ring.seat.rep == *rep)
    });
    if ring.is_some_and(|ring| ring.life.waits()) {
        return "is next for";
    }
    match (ring.map(|ring| (ring.result, ring.life.up())), lead) {
        (Some((Some(AttemptResult::Accepted), _)), Some(open)) => match open.flow.stage() {
            Stage::Talking => "talks with the customer of",
            Stage::Dialling => "has the customer rung of",
            Stage::Held
            | Stage::InLine
            | Stage::Waiting
            | Stage::Ringing
            | Stage::Whispering
            | Stage::WrappingUp
            | Stage::Sleeping
            | Stage::Stalled
            | Stage::Closed => "is still on the line of",
        },
        (Some((_, true)), _) => "hears about",
        (Some((_, false)), _) => "rings for",
        (None, _) => "is on",
    }
}
