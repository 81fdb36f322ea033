//! The figures as a sheet (RFC 4180): one line per group, the last one for all leads. What is not known, because its n
//! is 0, is a dash and never a nought.

use std::collections::BTreeMap;

use super::{Figures, Quantiles, Report, Share, Speed};
use crate::flow::word;

/// The name of the last line.
const ALL: &str = "all";
/// What stands where n is 0.
const UNKNOWN: &str = "-";
const UNREACHED: [&str; 8] = [
    "no-answer",
    "busy",
    "rejected",
    "failed",
    "invalid-number",
    "voicemail",
    "wrong-number",
    "cap",
];
const MISSED: [&str; 7] = [
    "no-answer",
    "busy",
    "rejected",
    "no-key",
    "hung-up",
    "failed",
    "invalid-number",
];
const HELD: [&str; 11] = [
    "unreadable",
    "no-phone",
    "invalid-number",
    "premium",
    "country",
    "own-number",
    "rate",
    "cap",
    "spam",
    "consent",
    "suspicious",
];

type Cells = Vec<(String, String)>;

impl Report {
    /// As a sheet with headings; every line ends with CR LF.
    pub fn csv(&self) -> String {
        let group = word(self.by);
        let rows = self.rows.iter().map(|row| (&*row.name, &row.figures));
        let lines: Vec<Cells> = rows
            .chain([(ALL, &self.total)])
            .map(|(name, figures)| self.cells(&group, name, figures))
            .collect();
        let headings = lines.first().into_iter().map(|cells| {
            let names = cells.iter().map(|(name, _)| name.as_str());
            line(names)
        });
        let values = lines
            .iter()
            .map(|cells| line(cells.iter().map(|(_, value)| value.as_str())));
        headings.chain(values).collect()
    }

    fn cells(&self, group: &str, name: &str, figures: &Figures) -> Cells {
        let mut cells = vec![
            ("from".to_owned(), self.period.from.to_string()),
            ("to".to_owned(), self.period.to.to_string()),
            (group.to_owned(), name.to_owned()),
            ("leads".to_owned(), figures.leads.to_string()),
        ];
        let n = figures.leads;
        let mut counted = |name: &str, value: u64| cells.push((name.to_owned(), of(n, value)));
        counted("joined", figures.joined);
        counted("open", figures.open);
        counted("called", figures.called);
        counted("attempts", figures.attempts);
        counted("accepted", figures.accepted);
        counted("connected", figures.connected);
        counted("unconfirmed", figures.unconfirmed);
        counted("unreached", figures.unreached);
        counted("nobody_accepted", figures.nobody_accepted);
        counted("canceled", figures.canceled);
        counted("discarded", figures.discarded);
        counted("passed", figures.passed);
        counted("missed", figures.missed);
        counted("nines", figures.nines);
        counted("owner_rung", figures.owner_rung);
        counted("owner_accepted", figures.owner_accepted);
        let share = Share::of(figures.connected, n).percent;
        let percent = share.map_or(UNKNOWN.to_owned(), |percent| format!("{percent:.1}"));
        cells.push(("connected_percent".to_owned(), percent));
        speed(&mut cells, "time_to_ring", &figures.time_to_ring);
        speed(&mut cells, "time_to_accept", &figures.time_to_accept);
        speed(&mut cells, "time_to_connect", &figures.time_to_connect);
        reasons(
            &mut cells,
            "unreached",
            &UNREACHED,
            n,
            Some(&figures.unreached_reasons),
        );
        reasons(
            &mut cells,
            "missed",
            &MISSED,
            n,
            Some(&figures.missed_reasons),
        );
        waited(&mut cells, figures);
        let told = Some(figures.converted).filter(|_| self.conversions.share.n > 0);
        cells.push((
            "converted".to_owned(),
            told.map_or(UNKNOWN.to_owned(), |told| of(n, told)),
        ));
        cells
    }
}

fn speed(cells: &mut Cells, name: &str, speed: &Speed) {
    quantiles(cells, name, &speed.wall);
    quantiles(cells, &format!("{name}_business"), &speed.business);
}

fn quantiles(cells: &mut Cells, name: &str, quantiles: &Quantiles) {
    let ms = |ms: Option<i64>| ms.map_or(UNKNOWN.to_owned(), |ms| ms.to_string());
    cells.push((format!("{name}_n"), quantiles.n.to_string()));
    cells.push((format!("{name}_median_ms"), ms(quantiles.median_ms)));
    cells.push((format!("{name}_p90_ms"), ms(quantiles.p90_ms)));
}

fn waited(cells: &mut Cells, figures: &Figures) {
    let line = figures.in_line.unwrap_or_default();
    let n = figures.in_line.map_or(0, |_| figures.leads);
    cells.push(("in_line".to_owned(), of(n, line.leads)));
    let total_ms = u64::try_from(line.total_ms).unwrap_or(0);
    cells.push(("in_line_total_ms".to_owned(), of(line.leads, total_ms)));
    quantiles(cells, "in_line", &line.each);
    let held = figures.held.as_ref();
    let n = held.map_or(0, |_| figures.leads);
    cells.push(("held".to_owned(), of(n, held.map_or(0, |held| held.leads))));
    cells.push((
        "held_now".to_owned(),
        of(n, held.map_or(0, |held| held.now)),
    ));
    reasons(cells, "held", &HELD, n, held.map(|held| &held.reasons));
}

fn reasons(
    cells: &mut Cells,
    what: &str,
    words: &[&str],
    n: u64,
    counts: Option<&BTreeMap<String, u64>>,
) {
    for word in words {
        let count = counts.and_then(|counts| counts.get(*word)).copied();
        let name = format!("{what}_{}", word.replace('-', "_"));
        cells.push((name, of(n, count.unwrap_or(0))));
    }
}

fn of(n: u64, value: u64) -> String {
    match n {
        0 => UNKNOWN.to_owned(),
        _ => value.to_string(),
    }
}

fn line<'c>(cells: impl Iterator<Item = &'c str>) -> String {
    let cells: Vec<_> = cells.map(quoted).collect();
    format!("{}\r\n", cells.join(","))
}

fn quoted(cell: &str) -> String {
    if cell.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_with_commas_or_quotes_is_quoted() {
        let cells = ["plain", "a, b", "the \"best\"", "two\nlines"];
        let written = "plain,\"a, b\",\"the \"\"best\"\"\",\"two\nlines\"\r\n";
        assert_eq!(line(cells.into_iter()), written);
    }
}
