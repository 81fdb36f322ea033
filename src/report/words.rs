//! Figures as people read them, in the terminal and on the pages.

use std::collections::BTreeMap;

/// A time in its two largest units, from milliseconds.
pub fn lasting(ms: i64) -> String {
    let s = ms / 1000;
    match s {
        ..60 => format!("{s}.{} s", ms % 1000 / 100),
        60..3600 => format!("{} min {:02} s", s / 60, s % 60),
        3600..86_400 => format!("{} h {:02} min", s / 3600, s / 60 % 60),
        86_400.. => format!("{} d {:02} h", s / 86_400, s / 3600 % 24),
    }
}

/// Reasons with how often each was given, the most frequent first; empty when there are none.
pub fn listed(reasons: &BTreeMap<String, u64>) -> String {
    let mut reasons: Vec<_> = reasons.iter().collect();
    reasons.sort_by_key(|(reason, count)| (std::cmp::Reverse(**count), *reason));
    let listed: Vec<_> = reasons
        .iter()
        .map(|(reason, count)| format!("{reason} {count}"))
        .collect();
    listed.join(", ")
}
