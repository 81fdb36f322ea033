//! The figures and the one table of them: each is the median of its runs, with the least and the most beside it.

use std::fmt::{self, Display};
use std::time::Duration;

/// What a figure is counted in.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    Ms,
    S,
    PerS,
    Mb,
}

/// What is wanted of a figure: of its ratio to the floor, where it has one.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    AtMost(f64),
    AtLeast(f64),
    /// It is only told.
    None,
}

/// One figure, measured several times; each run has its own floor.
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) unit: Unit,
    pub(crate) measured: Vec<f64>,
    /// Empty: it has none.
    pub(crate) floor: Vec<f64>,
    pub(crate) target: Target,
}

/// The times of one run, sorted.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn new(mut times: Vec<Duration>) -> Self {
        times.sort();
        Self(times)
    }

    /// The time that so many of a hundred are not over, in milliseconds.
    pub(crate) fn percentile_ms(&self, percent: usize) -> f64 {
        let last = self.0.len().saturating_sub(1);
        let place = (self.0.len() * percent).div_ceil(100).saturating_sub(1);
        let time = self.0.get(place.min(last)).copied();
        time.map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    }
}

impl Row {
    /// The rows of the median and of the slowest hundredth, from runs of times and of their floors.
    pub(crate) fn of_times(
        what: &str,
        runs: &[(Times, Times)],
        p50_max: f64,
        p99_max: f64,
    ) -> [Row; 2] {
        [(50, p50_max), (99, p99_max)].map(|(percent, max)| Row {
            what: format!("{what}, p{percent}"),
            unit: Unit::Ms,
            measured: runs
                .iter()
                .map(|(times, _)| times.percentile_ms(percent))
                .collect(),
            floor: runs
                .iter()
                .map(|(_, floor)| floor.percentile_ms(percent))
                .collect(),
            target: Target::AtMost(max),
        })
    }

    fn ratios(&self) -> Vec<f64> {
        let pairs = self.measured.iter().zip(&self.floor);
        pairs.map(|(measured, floor)| measured / floor).collect()
    }

    fn verdict(&self) -> &'static str {
        let ratios = self.ratios();
        let judged = Spread::of(if ratios.is_empty() {
            &self.measured
        } else {
            &ratios
        })
        .median;
        let met = match self.target {
            Target::AtMost(most) => judged <= most,
            Target::AtLeast(least) => judged >= least,
            Target::None => return "",
        };
        if met { "met" } else { "MISSED" }
    }
}

impl Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let with_unit = |figures: &[f64]| match figures {
            [] => String::new(),
            figures => self.unit.written(Spread::of(figures)),
        };
        let ratio = match self.ratios().as_slice() {
            [] => String::new(),
            ratios => Spread::of(ratios).written(2),
        };
        let wanted = match (self.target, self.floor.is_empty()) {
            (Target::AtMost(most), true) => format!("<= {}", self.unit.of(most)),
            (Target::AtMost(most), false) => format!("<= {most}"),
            (Target::AtLeast(least), true) => format!(">= {}", self.unit.of(least)),
            (Target::AtLeast(least), false) => format!(">= {least}"),
            (Target::None, _) => String::new(),
        };
        let Row {
            what,
            measured,
            floor,
            ..
        } = self;
        let (measured, floor) = (with_unit(measured), with_unit(floor));
        let line = line(what, &measured, &floor, &ratio, &wanted, self.verdict());
        f.write_str(line.trim_end())
    }
}

/// All rows under their heads.
pub(crate) fn table(rows: &[Row]) -> String {
    let head = line("what", "measured", "floor", "ratio", "target", "");
    let rows = rows.iter().map(|row| format!("{row}\n"));
    format!("{}\n{}", head.trim_end(), rows.collect::<String>())
}

fn line(
    what: &str,
    measured: &str,
    floor: &str,
    ratio: &str,
    target: &str,
    verdict: &str,
) -> String {
    format!("{what:<58} {measured:<26} {floor:<26} {ratio:<18} {target:<9} {verdict}")
}

/// The middle of several runs and their extremes.
struct Spread {
    least: f64,
    median: f64,
    most: f64,
}

impl Spread {
    fn of(figures: &[f64]) -> Spread {
        let mut sorted = figures.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
        Spread {
            least: at(0),
            median: at(sorted.len() / 2),
            most: at(sorted.len().saturating_sub(1)),
        }
    }

    fn written(&self, decimals: usize) -> String {
        let Spread {
            least,
            median,
            most,
        } = self;
        if least == most {
            return format!("{median:.decimals$}");
        }
        format!("{median:.decimals$} ({least:.decimals$}-{most:.decimals$})")
    }
}

impl Unit {
    fn written(self, spread: Spread) -> String {
        let (decimals, unit) = match self {
            Unit::Ms => (2, "ms"),
            Unit::S => (2, "s"),
            Unit::PerS => (0, "/s"),
            Unit::Mb => (1, "MB"),
        };
        format!("{} {unit}", spread.written(decimals))
    }

    fn of(self, figure: f64) -> String {
        match self {
            Unit::Ms => format!("{figure} ms"),
            Unit::S => format!("{figure} s"),
            Unit::PerS => format!("{figure} /s"),
            Unit::Mb => format!("{figure} MB"),
        }
    }
}
