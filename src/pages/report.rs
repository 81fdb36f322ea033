//! The figures: each plot with its table beside it, so that nobody needs the plot, and a form for other days.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::frame::{UNKNOWN, lasting, page};
use super::plot;
use crate::flow::word;
use crate::report::{By, Figures, Quantiles, Report, Share, Speed, listed};

/// What the colours of the outcomes mean.
const KEY: [(&str, &str); 5] = [
    ("connected", "connected"),
    ("unconfirmed", "unconfirmed"),
    ("unreached", "customer not reached"),
    ("nobody", "nobody accepted"),
    ("open", OTHER),
];

/// What the last colour means; by rep most of it is a colleague's.
const OTHER: &str = "other: open, held, ended by a person";

type Rows<'r> = Vec<(&'r str, &'r Figures)>;

/// The page.
pub fn report(group: &str, report: &Report) -> String {
    let groups = report.rows.iter().map(|row| (&*row.name, &row.figures));
    let rows: Rows<'_> = groups.chain([("all", &report.total)]).collect();
    let body = html! {
        h1 { "Leads received " (report.period.in_words()) }
        p.soft { "Days by the clock of " (report.period.zone) ". " (tests(report.tests_left_out)) }
        (form(report))
        @if report.total.leads == 0 {
            p { strong { "No lead came in on these days." } }
        } @else {
            (tiles(&report.total))
            (outcomes(report.by, &rows))
            (speeds(&rows))
            (contact(report))
            (conversions(report))
            (phones(&rows))
            (others(&rows))
        }
        (meanings(report.by))
    };
    page("Figures", group, None, &body)
}

fn tests(left_out: u64) -> String {
    match left_out {
        0 => "No test lead was left out.".to_owned(),
        1 => "1 test lead is left out.".to_owned(),
        many => format!("{many} test leads are left out."),
    }
}

fn form(report: &Report) -> Markup {
    let period = &report.period;
    let query = format!(
        "from={}&to={}&by={}&format=csv",
        period.from,
        period.to,
        word(report.by)
    );
    html! {
        form method="get" action="/report" {
            label { "From" input type="date" name="from" value=(period.from) required; }
            label { "To" input type="date" name="to" value=(period.to) required; }
            label { "By" select name="by" {
                @for by in By::ALL {
                    option value=(word(by)) selected[by == report.by] { (word(by)) }
                }
            } }
            button type="submit" { "Show" }
            a href={ "/report?" (query) } { "As a sheet (CSV)" }
        }
    }
}

fn tiles(total: &Figures) -> Markup {
    let tile = |figure: String, what: String| html! { li { b { (figure) } span { (what) } } };
    let share = |count: u64| percent(&Share::of(count, total.leads));
    let ring = total.time_to_ring.wall;
    let connect = total.time_to_connect.wall;
    html! {
        ul.tiles {
            (tile(total.leads.to_string(), "leads".to_owned()))
            (tile(share(total.called), format!("called: {} of {}", total.called, total.leads)))
            (tile(lasting(ring.median_ms), format!("median to the first ring (n = {})", ring.n)))
            (tile(lasting(connect.median_ms), format!("median to the customer's answer (n = {})", connect.n)))
            (tile(share(total.connected), format!("connected: {} of {}", total.connected, total.leads)))
        }
    }
}

fn outcomes(by: By, rows: &Rows<'_>) -> Markup {
    html! {
        section aria-labelledby="outcomes" {
            h2 id="outcomes" { "What came of them" }
            figure.plot {
                (plot::outcomes(rows))
                ul.key { @for (class, what) in KEY { li { i class=(class) {} (what) @if by.is_rep() && what == OTHER { ", taken by a colleague" } } } }
            }
            (table("Leads by outcome; the shares are of all leads of the line.",
                &["leads", "called", "connected", "95 % sure", "unconfirmed", "not reached", "why not", "nobody", "by a person", "open"],
                rows, &|f| {
                    let contact = Share::of(f.connected, f.leads);
                    vec![
                        f.leads.to_string(),
                        of(f.called, f.leads),
                        of(f.connected, f.leads),
                        interval(&contact),
                        of(f.unconfirmed, f.leads),
                        of(f.unreached, f.leads),
                        reasons(&f.unreached_reasons),
                        of(f.nobody_accepted, f.leads),
                        (f.canceled + f.discarded).to_string(),
                        f.open.to_string(),
                    ]
                }))
        }
    }
}

/// A plot's id, its title, and what it shows.
type Measure = (&'static str, &'static str, fn(&Figures) -> Speed);

fn speeds(rows: &Rows<'_>) -> Markup {
    let measures: [Measure; 3] = [
        ("ring", "From reception to the first ring", |f| {
            f.time_to_ring
        }),
        ("accept", "From reception to a rep's key 1", |f| {
            f.time_to_accept
        }),
        ("connect", "From reception to the customer's answer", |f| {
            f.time_to_connect
        }),
    ];
    let heads = ["median", "90 %", "n", "open: median", "90 %", "n"];
    html! {
        section aria-labelledby="speeds" {
            h2 id="speeds" { "How fast" }
            p.soft { "The full dot is the median, the hollow one what 90 % stay within, by the wall clock. “Open” counts only the time in which the rooftop was open." }
            @for (id, title, speed) in measures {
                figure.plot.beside aria-label=(id) {
                    figcaption { (title) }
                    (plot::speeds(title, &wall(rows, speed)))
                    (table("By the wall clock, and counting open time only.", &heads, rows, &|f| {
                        let speed = speed(f);
                        [quantiles(&speed.wall), quantiles(&speed.business)].concat()
                    }))
                }
            }
        }
    }
}

fn wall<'r>(rows: &Rows<'r>, speed: fn(&Figures) -> Speed) -> Vec<(&'r str, Quantiles)> {
    rows.iter()
        .map(|(name, figures)| (*name, speed(figures).wall))
        .collect()
}

fn contact(report: &Report) -> Markup {
    let contact = &report.contact;
    let own = [
        (
            "called within one minute",
            contact.within_1_min,
            "over",
            contact.claimed_within_1_min_percent,
        ),
        (
            "called after ten minutes",
            contact.after_10_min,
            "under",
            contact.claimed_after_10_min_percent,
        ),
    ];
    let line = |name: &str, share: &Share, claim: Option<String>| {
        html! {
            tr {
                th scope="row" { (name) }
                td.n { (percent(share)) } td.n { (share.n) } td.n { (interval(share)) }
                td { (claim.unwrap_or_default()) }
            }
        }
    };
    html! {
        section aria-labelledby="contact" {
            h2 id="contact" { "Contact, by the minute of the first call" }
            p.soft { "From your own leads that were called and are over. The dashed lines are what the trade claims, to compare with: not measured here." }
            figure.plot.beside {
                (plot::contact(contact))
                div.scroll { table {
                    caption { "Share of customers who were spoken with." }
                    thead { tr { th { "minutes to the first call" } th.n { "connected" } th.n { "n" } th.n { "95 % sure" } th { "claimed" } } }
                    tbody {
                        @for bucket in &contact.buckets { (line(&bucket.minutes(), &bucket.share, None)) }
                        @for (name, share, bound, claimed) in own {
                            (line(name, &share, Some(format!("{bound} {claimed} %"))))
                        }
                    }
                } }
            }
        }
    }
}

fn conversions(report: &Report) -> Markup {
    let conversions = &report.conversions;
    let share = conversions.share;
    html! {
        section aria-labelledby="conversions" {
            h2 id="conversions" { "Conversions" }
            @if share.n == 0 {
                p { "Your dealer system has told of none, so nothing is known. The target is " (conversions.target_percent) " %. It tells one with " code { "POST /api/v1/leads/{id}/conversion" } "." }
            } @else {
                figure.plot { (plot::conversions(conversions)) }
                p { (percent(&share)) " of " (share.n) " leads became customers (" (share.count) "; 95 % sure: " (interval(&share)) "). The target is " (conversions.target_percent) " %." }
            }
        }
    }
}

fn phones(rows: &Rows<'_>) -> Markup {
    let heads = [
        "rings",
        "leads taken",
        "passed on",
        "missed",
        "why",
        "key 9",
        "owner rung",
        "owner took",
    ];
    html! {
        section aria-labelledby="phones" {
            h2 id="phones" { "The phones" }
            (table("Rings of reps that the carrier accepted, and what came of them.", &heads, rows, &|f| vec![
                f.attempts.to_string(),
                of(f.accepted, f.leads),
                f.passed.to_string(),
                f.missed.to_string(),
                reasons(&f.missed_reasons),
                f.nines.to_string(),
                of(f.owner_rung, f.leads),
                of(f.owner_accepted, f.leads),
            ]))
        }
    }
}

fn others(rows: &Rows<'_>) -> Markup {
    let heads = [
        "stood in line",
        "together",
        "median",
        "held ever",
        "held now",
        "why held",
        "joined",
    ];
    let dash = || UNKNOWN.to_owned();
    html! {
        section aria-labelledby="others" {
            h2 id="others" { "Waiting and holding" }
            (table("Leads that stood in line for a phone, waited for a person, or joined another lead.", &heads, rows, &|f| {
                let line = f.in_line.unwrap_or_default();
                let held = f.held.as_ref();
                vec![
                    f.in_line.map_or_else(dash, |line| of(line.leads, f.leads)),
                    lasting(Some(line.total_ms).filter(|_| line.leads > 0)),
                    lasting(line.each.median_ms),
                    held.map_or_else(dash, |held| of(held.leads, f.leads)),
                    held.map_or_else(dash, |held| held.now.to_string()),
                    held.map_or_else(dash, |held| reasons(&held.reasons)),
                    f.joined.to_string(),
                ]
            }))
        }
    }
}

fn meanings(by: By) -> Markup {
    html! {
        h2 { "What is counted" }
        p { "Connected is contact: the rep said so after the call, or the talk was long. A text, a voicemail or a call that nobody confirmed is not. A lead that joined another of the same customer counts with that one's outcome. Medians are nearest-rank. Where n is 0 stands a dash." }
        @if by.is_rep() {
            p { "By rep, a lead counts with everybody whose phone was rung for it: its first ring with whom it rang first, its key 1, answer and outcome with the one who took it, “nobody” with all of them." }
        }
    }
}

/// A table with a line per group; the first cell of a line is its name.
fn table(
    caption: &str,
    heads: &[&str],
    rows: &Rows<'_>,
    cells: &dyn Fn(&Figures) -> Vec<String>,
) -> Markup {
    let is_figure = |cell: &str| !cell.starts_with(char::is_alphabetic);
    html! {
        div.scroll { table {
            caption { (caption) }
            thead { tr { td {} @for head in heads { th.n scope="col" { (head) } } } }
            tbody { @for (nth, (name, figures)) in rows.iter().enumerate() {
                tr class=[(nth + 1 == rows.len()).then_some("all")] {
                    th scope="row" { (name) }
                    @for cell in cells(figures) { td class=[is_figure(&cell).then_some("n")] { (cell) } }
                }
            } }
        } }
    }
}

fn quantiles(quantiles: &Quantiles) -> Vec<String> {
    let Quantiles {
        n,
        median_ms,
        p90_ms,
    } = *quantiles;
    vec![lasting(median_ms), lasting(p90_ms), n.to_string()]
}

/// "72 (60 %)"; of nothing, a dash.
fn of(count: u64, n: u64) -> String {
    match Share::of(count, n).percent {
        Some(percent) => format!("{count} ({percent:.0} %)"),
        None => UNKNOWN.to_owned(),
    }
}

fn percent(share: &Share) -> String {
    let percent = share.percent.map(|percent| format!("{percent:.0} %"));
    percent.unwrap_or_else(|| UNKNOWN.to_owned())
}

fn interval(share: &Share) -> String {
    match (share.low_percent, share.high_percent) {
        (Some(low), Some(high)) => format!("{low:.0}–{high:.0} %"),
        _ => UNKNOWN.to_owned(),
    }
}

fn reasons(reasons: &BTreeMap<String, u64>) -> String {
    let some = Some(listed(reasons)).filter(|listed| !listed.is_empty());
    some.unwrap_or_else(|| UNKNOWN.to_owned())
}
