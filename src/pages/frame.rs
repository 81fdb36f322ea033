//! What all pages share: the head, the way around, how figures and times are written.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::report;
use crate::rotation::{RepId, Rules};

/// Both looks, light and dark.
const STYLE: &str = include_str!("style.css");
/// What stands where n is 0.
pub(super) const UNKNOWN: &str = "–";

/// A whole page. `refresh_s`: it asks for itself again after so many seconds.
pub(super) fn page(title: &str, group: &str, refresh_s: Option<u32>, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                @if let Some(seconds) = refresh_s {
                    meta http-equiv="refresh" content=(seconds);
                }
                title { (title) " · Leadbridge" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    nav aria-label="Pages" {
                        strong { (group) }
                        @for (name, path) in [("Board", "/"), ("Figures", "/report")] {
                            a href=(path) aria-current=[(name == title).then_some("page")] { (name) }
                        }
                    }
                }
                main { (body) }
            }
        }
    };
    page.into_string()
}

/// A time in its two largest units; of nothing, a dash.
pub(super) fn lasting(ms: Option<i64>) -> String {
    ms.map_or_else(|| UNKNOWN.to_owned(), report::lasting)
}

/// Day and time by a clock on the wall.
pub(super) fn moment(at: Timestamp, zone: &TimeZone) -> String {
    let at = at.to_zoned(zone.clone());
    at.strftime("%a %-d %b %H:%M:%S").to_string()
}

/// A rep's name, or the id of one who has left.
pub(super) fn name<'r>(rules: &'r Rules, rep: &'r RepId) -> &'r str {
    rules.reps.get(rep).map_or(&rep.0, |rep| &rep.name)
}
