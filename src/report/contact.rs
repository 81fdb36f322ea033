//! The contact curve: what share of customers was spoken with, by how soon the first call was. Only leads that were
//! called and are over count, whatever ended them; how sure a share is, is said with it.

use serde::{Serialize, Serializer};

use super::LeadFigures;
use crate::flow::Outcome;

/// Two-sided 95 % of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;
/// The first minute of each bucket; the last has no end.
const STARTS_MIN: [u32; 7] = [0, 1, 2, 5, 10, 30, 60];
/// Where "after ten minutes" begins among them.
const AFTER_TEN: usize = 4;
const MINUTE_MS: i64 = 60_000;

/// What the trade claims of calls within one minute, in percent: a line to compare with, not a measurement of ours.
const CLAIM_WITHIN_1_MIN_PERCENT: u32 = 75;
/// What it claims of calls after ten minutes: at most so many percent.
const CLAIM_AFTER_10_MIN_PERCENT: u32 = 50;

/// The contact curve of a group's own leads.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Contact {
    /// By the minute of the first call.
    pub buckets: Vec<Bucket>,
    /// Called within one minute.
    pub within_1_min: Share,
    /// Called after ten minutes or later.
    pub after_10_min: Share,
    /// What the trade claims, to compare with.
    pub claimed_within_1_min_percent: u32,
    /// What the trade claims, to compare with.
    pub claimed_after_10_min_percent: u32,
}

/// Leads whose first call was so soon.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bucket {
    /// From this minute on.
    pub from_min: u32,
    /// Before this minute; `None`: without end.
    pub to_min: Option<u32>,
    /// How many of them were spoken with.
    #[serde(flatten)]
    pub share: Share,
}

/// A share of `n`, with the interval that holds the true one in 95 of 100 cases (Wilson's).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Share {
    /// Of how many.
    pub n: u64,
    /// How many.
    pub count: u64,
    /// `count` of `n`; `None` of nothing.
    #[serde(serialize_with = "tenths")]
    pub percent: Option<f64>,
    /// Where the interval begins.
    #[serde(serialize_with = "tenths")]
    pub low_percent: Option<f64>,
    /// Where it ends.
    #[serde(serialize_with = "tenths")]
    pub high_percent: Option<f64>,
}

impl Default for Contact {
    fn default() -> Contact {
        let ends = STARTS_MIN.into_iter().skip(1).map(Some).chain([None]);
        let buckets = STARTS_MIN.into_iter().zip(ends);
        Contact {
            buckets: buckets
                .map(|(from_min, to_min)| Bucket {
                    from_min,
                    to_min,
                    share: Share::default(),
                })
                .collect(),
            within_1_min: Share::default(),
            after_10_min: Share::default(),
            claimed_within_1_min_percent: CLAIM_WITHIN_1_MIN_PERCENT,
            claimed_after_10_min_percent: CLAIM_AFTER_10_MIN_PERCENT,
        }
    }
}

impl Contact {
    pub(super) fn add(&mut self, lead: &LeadFigures) {
        let (Some(called_ms), Some(closed), false) =
            (lead.wall.time_to_ring_ms, &lead.closed, lead.joined)
        else {
            return;
        };
        let minute = called_ms.max(0) / MINUTE_MS;
        let started = |start: &u32| i64::from(*start) <= minute;
        let index = STARTS_MIN.iter().rposition(started).unwrap_or(0);
        let spoken = closed.outcome == Outcome::Connected;
        let add = |share: &mut Share| {
            *share = Share::of(share.count + u64::from(spoken), share.n + 1);
        };
        add(&mut self.buckets[index].share);
        if index == 0 {
            add(&mut self.within_1_min);
        } else if index >= AFTER_TEN {
            add(&mut self.after_10_min);
        }
    }
}

impl Bucket {
    /// "0-1", "60 and later".
    pub fn minutes(&self) -> String {
        match self.to_min {
            Some(to_min) => format!("{}-{to_min}", self.from_min),
            None => format!("{} and later", self.from_min),
        }
    }
}

impl Share {
    /// So many of so many.
    pub fn of(count: u64, n: u64) -> Share {
        let interval = wilson(count, n);
        Share {
            n,
            count,
            percent: interval.map(|_| 100.0 * count as f64 / n as f64),
            low_percent: interval.map(|(low, _)| 100.0 * low),
            high_percent: interval.map(|(_, high)| 100.0 * high),
        }
    }
}

/// Wilson's score interval of a share at 95 %; `None` of nothing.
pub fn wilson(count: u64, n: u64) -> Option<(f64, f64)> {
    if n == 0 {
        return None;
    }
    let (count, n) = (count.min(n) as f64, n as f64);
    let share = count / n;
    let centre = share + Z * Z / (2.0 * n);
    let half = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let whole = 1.0 + Z * Z / n;
    let (low, high) = ((centre - half) / whole, (centre + half) / whole);
    Some((low.clamp(0.0, share), high.clamp(share, 1.0)))
}

/// One digit behind the point: more would be noise.
fn tenths<S: Serializer>(percent: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
    percent
        .map(|percent| (percent * 10.0).round() / 10.0)
        .serialize(to)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_wilsons() {
        // Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        for (count, n, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let (from, to) = wilson(count, n).unwrap();
            assert!((from - low).abs() < 5e-5, "{count}/{n}: {from}");
            assert!((to - high).abs() < 5e-5, "{count}/{n}: {to}");
        }
        assert_eq!(wilson(0, 0), None);
        assert_eq!(wilson(5, 5).unwrap().1, 1.0);
    }

    #[test]
    fn a_share_of_nothing_is_not_nought() {
        let none = Share::of(0, 0);
        assert_eq!((none.percent, none.low_percent), (None, None));
        assert_eq!(Share::of(0, 4).percent, Some(0.0));
        assert_eq!(
            serde_json::to_value(Share::of(1, 3)).unwrap()["percent"],
            33.3
        );
    }
}
