//! Plots of the figures as SVG: what came of the leads, how fast, and the contact curve. Each says in words what it
//! shows; the numbers stand in the table beside it.

use maud::{Markup, html};

use super::frame::lasting;
use crate::report::{Contact, Conversions, Figures, Quantiles, Share};

/// All plots are so wide; they shrink with the page.
const WIDTH: f64 = 720.0;
/// Where names end and bars begin.
const LEFT: f64 = 150.0;
/// Where bars end and a figure may follow.
const RIGHT: f64 = WIDTH - 90.0;
/// A name's line.
const ROW: f64 = 30.0;
/// Longer names are cut.
const NAME_MAX: usize = 18;
/// The scale of speeds, in seconds, each with its name.
const TICKS_S: [(f64, &str); 7] = [
    (1.0, "1 s"),
    (10.0, "10 s"),
    (60.0, "1 min"),
    (600.0, "10 min"),
    (3600.0, "1 h"),
    (21_600.0, "6 h"),
    (86_400.0, "1 day"),
];

/// What came of the leads, one bar per group. The words are the classes of the stylesheet.
pub(super) fn outcomes(rows: &[(&str, &Figures)]) -> Markup {
    let height = ROW * rows.len() as f64 + 8.0;
    svg(
        height,
        "What came of the leads",
        "One bar per group, by outcome; its whole length is all leads.",
        &html! {
            @for (nth, (name, figures)) in rows.iter().enumerate() {
                @let y = ROW * nth as f64 + 5.0;
                (label(name, y))
                @for (class, x, width) in parts(figures) {
                    rect class=(class) x=(px(x)) y=(px(y)) width=(px(width)) height="20" {}
                }
                text.soft x=(px(RIGHT + 8.0)) y=(px(y + 15.0)) { (figures.leads) " leads" }
            }
        },
    )
}

/// One line per group from the median to the 90th percentile.
pub(super) fn speeds(what: &str, rows: &[(&str, Quantiles)]) -> Markup {
    let known: Vec<_> = rows
        .iter()
        .filter(|(_, quantiles)| quantiles.n > 0)
        .collect();
    let bottom = ROW * known.len() as f64 + 4.0;
    let words = "One line per group: the full dot is the median, the hollow one the 90th percentile; the scale is logarithmic.";
    svg(
        bottom + 24.0,
        what,
        words,
        &html! {
            @for (seconds, name) in TICKS_S {
                @let x = px(speed_x(seconds));
                line.grid x1=(x) x2=(x) y1="0" y2=(px(bottom)) {}
                text.soft x=(x) y=(px(bottom + 16.0)) text-anchor="middle" { (name) }
            }
            @for (nth, (name, quantiles)) in known.iter().enumerate() {
                @let y = ROW * nth as f64 + 16.0;
                (label(name, y - 11.0))
                @if let (Some(median), Some(p90)) = (quantiles.median_ms, quantiles.p90_ms) {
                    @let (from, to) = (speed_x(median as f64 / 1000.0), speed_x(p90 as f64 / 1000.0));
                    line.span x1=(px(from)) x2=(px(to)) y1=(px(y)) y2=(px(y)) {}
                    circle.ring cx=(px(to)) cy=(px(y)) r="5.5" { title { "90 % within " (lasting(Some(p90))) } }
                    circle.dot cx=(px(from)) cy=(px(y)) r="6.5" { title { "median " (lasting(Some(median))) } }
                }
                text.soft x=(px(RIGHT + 14.0)) y=(px(y + 4.0)) { "n = " (quantiles.n) }
            }
        },
    )
}

/// The contact curve with its intervals, and what the trade claims.
pub(super) fn contact(contact: &Contact) -> Markup {
    let (left, right, top, bottom) = (48.0, WIDTH - 8.0, 14.0, 244.0);
    let step = (right - left) / contact.buckets.len() as f64;
    let y = |percent: f64| bottom - (bottom - top) * percent / 100.0;
    let x = |nth: usize| left + step * nth as f64;
    let after_ten = contact
        .buckets
        .iter()
        .take_while(|bucket| bucket.from_min < 10)
        .count();
    let claims = [
        (
            x(0),
            x(1),
            f64::from(contact.claimed_within_1_min_percent),
            "over",
        ),
        (
            x(after_ten),
            right,
            f64::from(contact.claimed_after_10_min_percent),
            "under",
        ),
    ];
    let words = "One column per minute of the first call: the share of customers who were spoken with. The thin line is the range that holds the true share in 95 of 100 cases.";
    svg(
        296.0,
        "Contact by the minute of the first call",
        words,
        &html! {
            @for percent in [0, 25, 50, 75, 100] {
                @let y = px(y(f64::from(percent)));
                line.grid x1=(px(left)) x2=(px(right)) y1=(y) y2=(y) {}
                text.soft x=(px(left - 8.0)) y=(y) dy="4" text-anchor="end" { (percent) " %" }
            }
            @for (nth, bucket) in contact.buckets.iter().enumerate() {
                @let middle = x(nth) + step / 2.0;
                (column(&bucket.share, middle, step, &y))
                text x=(px(middle)) y=(px(bottom + 18.0)) text-anchor="middle" { (bucket.minutes().replace(" and later", "+")) }
                text.soft x=(px(middle)) y=(px(bottom + 36.0)) text-anchor="middle" { "n = " (bucket.share.n) }
            }
            @for (from, to, percent, bound) in claims {
                @let at = px(y(percent));
                line.claim x1=(px(from)) x2=(px(to)) y1=(at) y2=(at) {}
                text.claimed x=(px(from + 4.0)) y=(at) dy="-5" font-size="11" { "claim: " (bound) " " (percent) " %" }
            }
        },
    )
}

/// Conversions beside the group's own target.
pub(super) fn conversions(conversions: &Conversions) -> Markup {
    let target = f64::from(conversions.target_percent);
    let share = conversions.share;
    let most = [target, share.high_percent.unwrap_or(0.0)]
        .into_iter()
        .fold(10.0, f64::max);
    let x = |percent: f64| LEFT + (RIGHT - LEFT) * percent / (most * 1.25);
    svg(
        52.0,
        "Conversions and the target",
        "The bar is the share of leads that became customers, the dashed line the target.",
        &html! {
            (label("conversions", 8.0))
            rect.bar x=(px(LEFT)) y="8" width=(px(x(share.percent.unwrap_or(0.0)) - LEFT)) height="22" {}
            (whisker(&share, 19.0, &x))
            line.claim x1=(px(x(target))) x2=(px(x(target))) y1="0" y2="36" {}
            text.claimed x=(px(x(target))) y="49" text-anchor="middle" { "target " (conversions.target_percent) " %" }
        },
    )
}

fn svg(height: f64, title: &str, words: &str, shapes: &Markup) -> Markup {
    let id: String = title.chars().filter(char::is_ascii_alphabetic).collect();
    let (name, told) = (format!("t{id}"), format!("d{id}"));
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (px(height)) } role="img" aria-labelledby={ (name) " " (told) } {
            title id=(name) { (title) }
            desc id=(told) { (words) }
            (shapes)
        }
    }
}

fn label(name: &str, y: f64) -> Markup {
    let is_long = name.chars().count() > NAME_MAX;
    let start: String = name.chars().take(NAME_MAX - 1).collect();
    html! {
        text x=(px(LEFT - 10.0)) y=(px(y + 15.0)) text-anchor="end" {
            @if is_long { (start) "…" } @else { (name) }
        }
    }
}

/// The parts of a group's bar: class, where from, how wide.
fn parts(figures: &Figures) -> Vec<(&'static str, f64, f64)> {
    let counts = [
        ("connected", figures.connected),
        ("unconfirmed", figures.unconfirmed),
        ("unreached", figures.unreached),
        ("nobody", figures.nobody_accepted),
    ];
    let told: u64 = counts.iter().map(|(_, count)| count).sum();
    let rest = ("open", figures.leads.saturating_sub(told));
    let unit = (RIGHT - LEFT) / figures.leads.max(1) as f64;
    let mut x = LEFT;
    let mut part = |(class, count): (&'static str, u64)| {
        let from = x;
        x += unit * count as f64;
        (class, from, unit * count as f64)
    };
    let parts: Vec<_> = counts.into_iter().chain([rest]).map(&mut part).collect();
    parts
        .into_iter()
        .filter(|(_, _, width)| *width > 0.0)
        .collect()
}

fn column(share: &Share, middle: f64, step: f64, y: &impl Fn(f64) -> f64) -> Markup {
    let width = step * 0.56;
    html! {
        @if let (Some(percent), Some(low), Some(high)) = (share.percent, share.low_percent, share.high_percent) {
            rect.bar x=(px(middle - width / 2.0)) y=(px(y(percent))) width=(px(width)) height=(px(y(0.0) - y(percent))) {
                title { (format!("{percent:.0} % of {}, {low:.0} to {high:.0} %", share.n)) }
            }
            line.whisker x1=(px(middle)) x2=(px(middle)) y1=(px(y(low))) y2=(px(y(high))) {}
            @for end in [low, high] {
                line.whisker x1=(px(middle - 6.0)) x2=(px(middle + 6.0)) y1=(px(y(end))) y2=(px(y(end))) {}
            }
        } @else {
            text.soft x=(px(middle)) y=(px(y(0.0) - 6.0)) text-anchor="middle" { "–" }
        }
    }
}

fn whisker(share: &Share, y: f64, x: &impl Fn(f64) -> f64) -> Markup {
    html! {
        @if let (Some(low), Some(high)) = (share.low_percent, share.high_percent) {
            line.whisker x1=(px(x(low))) x2=(px(x(high))) y1=(px(y)) y2=(px(y)) {}
        }
    }
}

/// Where a speed stands on the logarithmic scale, which begins at one second.
fn speed_x(seconds: f64) -> f64 {
    let whole = TICKS_S[TICKS_S.len() - 1].0.ln();
    LEFT + (RIGHT - LEFT) * (seconds.max(1.0).ln() / whole).min(1.0)
}

/// A tenth of a pixel is enough.
fn px(length: f64) -> String {
    let tenths = format!("{length:.1}");
    tenths.strip_suffix(".0").unwrap_or(&tenths).to_owned()
}
