//! Medians and 90th percentiles, by nearest rank.

use serde::Serialize;

use super::LeadFigures;
use crate::flow::shown::Speeds;

/// How fast something was, by two clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Speed {
    /// By the wall clock.
    pub wall: Quantiles,
    /// Counting only time in which the rooftop was open.
    pub business: Quantiles,
}

/// A median and a 90th percentile, `None` of nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Quantiles {
    /// Of how many.
    pub n: u64,
    /// The smallest value that half of them do not exceed.
    pub median_ms: Option<i64>,
    /// The smallest value that nine tenths of them do not exceed.
    pub p90_ms: Option<i64>,
}

impl Quantiles {
    /// Of these values, in any order.
    pub fn of(mut values: Vec<i64>) -> Quantiles {
        values.sort_unstable();
        Quantiles {
            n: values.len() as u64,
            median_ms: nearest_rank(&values, 50),
            p90_ms: nearest_rank(&values, 90),
        }
    }
}

/// The value of rank ceil(n * percent / 100) of values in order.
fn nearest_rank(values: &[i64], percent: usize) -> Option<i64> {
    let rank = (values.len() * percent).div_ceil(100);
    values.get(rank.checked_sub(1)?).copied()
}

/// Speeds while they come in.
#[derive(Debug, Default)]
pub(super) struct Times {
    wall: Vec<i64>,
    business: Vec<i64>,
}

impl Times {
    pub(super) fn add(&mut self, lead: &LeadFigures, speed: fn(&Speeds) -> Option<i64>) {
        self.wall.extend(speed(&lead.wall));
        self.business.extend(speed(&lead.business));
    }

    pub(super) fn finish(self) -> Speed {
        Speed {
            wall: Quantiles::of(self.wall),
            business: Quantiles::of(self.business),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_a_value_that_somebody_had() {
        for (values, median, p90) in [
            (vec![], None, None),
            (vec![7], Some(7), Some(7)),
            (vec![9, 1], Some(1), Some(9)),
            (vec![3, 1, 2], Some(2), Some(3)),
            ((1..=10).collect(), Some(5), Some(9)),
            ((1..=11).rev().collect(), Some(6), Some(10)),
            ((1..=100).collect(), Some(50), Some(90)),
        ] {
            let quantiles = Quantiles::of(values.clone());
            assert_eq!(quantiles.n, values.len() as u64);
            assert_eq!(
                (quantiles.median_ms, quantiles.p90_ms),
                (median, p90),
                "{values:?}"
            );
        }
    }

    #[test]
    fn a_quantile_is_the_smallest_value_that_so_many_do_not_exceed() {
        let mut rng = fastrand::Rng::with_seed(3);
        for _ in 0..500 {
            let values: Vec<i64> = (0..rng.usize(1..40)).map(|_| rng.i64(0..20)).collect();
            for percent in [50, 90] {
                let enough = |limit: i64| {
                    let below = values.iter().filter(|value| **value <= limit).count();
                    below * 100 >= values.len() * percent
                };
                let smallest = (0..20).find(|limit| enough(*limit));
                let mut sorted = values.clone();
                sorted.sort_unstable();
                assert_eq!(nearest_rank(&sorted, percent), smallest, "{values:?}");
            }
        }
    }
}
