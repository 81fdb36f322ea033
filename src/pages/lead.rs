//! One lead: what became of it in words, its clock, whom it rang, and its timeline.

use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::board::about;
use super::frame::{UNKNOWN, lasting, moment, name, page};
use crate::flow::shown::{Shown, Stage};
use crate::flow::{Entry, word};
use crate::lead::{Lead, Typed};
use crate::rotation::Rules;

/// All that the page shows.
pub struct OneLead<'a> {
    /// The lead as shown.
    pub shown: &'a Shown,
    /// What the customer told.
    pub told: Option<&'a Lead>,
    /// What was typed, of one that no release can ring.
    pub typed: Option<&'a Typed>,
    /// What happened, in order.
    pub timeline: &'a [Entry],
    /// The paragraph.
    pub why: &'a str,
    /// It became a customer.
    pub converted: bool,
}

/// The page.
pub fn lead(rules: &Rules, lead: &OneLead<'_>) -> String {
    let rooftop = rules.rooftops.get(&lead.shown.rooftop);
    let zone = rooftop.map_or(TimeZone::UTC, |rooftop| rooftop.hours.zone().clone());
    let about = about(lead.told);
    let title = if about.is_empty() {
        "A lead".to_owned()
    } else {
        about
    };
    let body = html! {
        h1 { (title) }
        p.why lang=(word(rules.language)) { (lead.why) }
        @if let Some(typed) = lead.typed {
            (by_hand(lead.shown, typed))
        } @else if lead.shown.state == Stage::Held {
            p.held { "It waits for a person: " code { "leadbridge lead release " (lead.shown.lead) }
                " rings it, " code { "leadbridge lead discard " (lead.shown.lead) } " puts it away." }
        }
        (facts(lead))
        (rings(rules, lead.shown))
        (timeline(rules, lead.timeline, &zone))
    };
    page(&title, &rules.name, None, &body)
}

/// Without a number that may be rung a release does nothing: a person reads what was typed, and rings.
fn by_hand(shown: &Shown, typed: &Typed) -> Markup {
    html! {
        section.held {
            p { "It has no number that may be rung. Ring by hand, from what was typed; then "
                code { "leadbridge lead discard " (shown.lead) } " puts it away." }
            dl { @for (name, text) in typed.parts() { dt { (name) } dd { pre { (text) } } } }
        }
    }
}

fn facts(lead: &OneLead<'_>) -> Markup {
    let shown = lead.shown;
    let standing = shown.outcome.map_or_else(|| word(shown.state), word);
    let reason = shown.held_reason.map(word).or(shown.reason.clone());
    let vehicle = lead.told.map(|told| &told.vehicle);
    let interest = vehicle.and_then(|vehicle| vehicle.interest.as_deref());
    let speeds = shown.speeds;
    html! {
        dl {
            dt { "state" } dd { span.badge { (standing) } @if let Some(reason) = reason { " " (reason) } }
            dt { "source" } dd { (shown.source.0) @if let Some(id) = &shown.source_id { ", its own id " code { (id) } } }
            dt { "rooftop" } dd { (shown.rooftop.0) }
            @if let Some(interest) = interest { dt { "wants" } dd { (interest) } }
            @if let Some(other) = shown.joined_to {
                dt { "joined to" } dd { a href={ "/lead/" (other) } { (other) } }
            }
            dt { "time to ring" } dd { (lasting(speeds.time_to_ring_ms)) }
            dt { "time to accept" } dd { (lasting(speeds.time_to_accept_ms)) }
            dt { "time to connect" } dd { (lasting(speeds.time_to_connect_ms)) }
            @if lead.converted { dt { "conversion" } dd { "became a customer" } }
            dt { "lead" } dd { code { (shown.lead) } }
        }
    }
}

fn rings(rules: &Rules, shown: &Shown) -> Markup {
    html! {
        @if !shown.attempts.is_empty() {
            h2 { "Whom it rang" }
            div.scroll { table {
                thead { tr { th { "whom" } th.n { "round" } th { "result" } th { "reason" } th.n { "rang" } } }
                tbody {
                    @for ring in &shown.attempts { tr {
                        th scope="row" { (name(rules, &ring.rep)) }
                        td.n { (ring.round) }
                        td { (ring.result.unwrap_or("under way")) }
                        td { (ring.reason.map(word).unwrap_or_default()) }
                        td.n { @if let Some(rung_s) = ring.rung_s { (rung_s) " s" } @else { (UNKNOWN) } }
                    } }
                    @for ring in &shown.customer { tr {
                        th scope="row" { "the customer" }
                        td {}
                        td { (ring.result.unwrap_or("under way")) }
                        td { (ring.reason.map(word).unwrap_or_default()) }
                        td {}
                    } }
                }
            } }
        }
    }
}

fn timeline(rules: &Rules, timeline: &[Entry], zone: &TimeZone) -> Markup {
    let start = timeline.first().map(|entry| entry.at);
    html! {
        h2 { "All that happened" }
        div.scroll { table {
            thead { tr { th { "at" } th.n { "after" } th { "what" } th { "who" } th { "why" } } }
            tbody { @for entry in timeline {
                @let after = start.map(|start| entry.at.duration_since(start).as_millis());
                @let after = after.and_then(|ms| i64::try_from(ms).ok());
                tr {
                    td { (moment(entry.at, zone)) }
                    td.n { (lasting(after)) }
                    td { (word(entry.what)) }
                    td { @if let Some(rep) = &entry.rep { (name(rules, rep)) } }
                    td {
                        (entry.reason.as_deref().unwrap_or_default())
                        @if let Some(by) = entry.by { " by " (word(by)) }
                    }
                }
            } }
        } }
    }
}
