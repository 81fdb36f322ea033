//! The figures on a terminal: what came of the leads, how fast, which rings were missed, and the contact curve, with
//! bars.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::cli::table::plain;
use crate::flow::word;
use crate::report::{Figures, Quantiles, Report, Share, lasting, listed};

/// Cells of a bar.
const BAR: usize = 24;
/// What stands where n is 0.
const UNKNOWN: &str = "-";

/// What a terminal can show.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// Bars of blocks instead of `#`.
    pub(super) unicode: bool,
    /// Bold headings, coloured bars.
    pub(super) colour: bool,
}

/// The whole report.
pub(super) fn text(report: &Report, look: Look) -> String {
    let mut page = Page {
        report,
        look,
        text: String::new(),
    };
    page.head();
    if report.total.leads > 0 {
        page.outcomes();
        page.speeds();
        page.rings();
        page.waits();
        page.contact();
        page.conversions();
    }
    page.foot();
    page.text
}

struct Page<'r> {
    report: &'r Report,
    look: Look,
    text: String,
}

type Cells = Vec<String>;

impl Page<'_> {
    fn head(&mut self) {
        let period = &self.report.period;
        let by = word(self.report.by);
        let title = format!(
            "Leads received {}, by {by} ({})",
            period.in_words(),
            period.zone
        );
        let title = self.bold(&title);
        self.line(&title);
        if self.report.total.leads == 0 {
            self.line("");
            self.line("No lead came in on these days.");
        }
    }

    fn outcomes(&mut self) {
        let head = [
            "",
            "leads",
            "called",
            "connected",
            "",
            "unconfirmed",
            "unreached",
            "nobody",
            "other",
            "open",
            "held",
        ];
        let rows = self.groups().map(|(name, f)| {
            let share = Share::of(f.connected, f.leads);
            let other = f.canceled + f.discarded;
            let held = f
                .held
                .as_ref()
                .map_or(UNKNOWN.to_owned(), |held| held.now.to_string());
            vec![
                name,
                f.leads.to_string(),
                of(f.leads, f.called),
                self.bar(share.percent),
                of(f.leads, f.connected),
                f.unconfirmed.to_string(),
                f.unreached.to_string(),
                f.nobody_accepted.to_string(),
                other.to_string(),
                f.open.to_string(),
                held,
            ]
        });
        let rows = rows.collect();
        self.section("What came of them", &head, rows);
        self.reasons("not reached because of", |f| &f.unreached_reasons);
    }

    fn speeds(&mut self) {
        let head = [
            "",
            "",
            "wall clock: median",
            "90 %",
            "n",
            "while open: median",
            "90 %",
            "n",
        ];
        let mut rows = Vec::new();
        for (name, f) in self.groups() {
            let speeds = [
                ("ring", f.time_to_ring),
                ("accept", f.time_to_accept),
                ("connect", f.time_to_connect),
            ];
            for (nth, (what, speed)) in speeds.into_iter().enumerate() {
                let name = if nth == 0 {
                    name.clone()
                } else {
                    String::new()
                };
                let mut row = vec![name, what.to_owned()];
                row.extend(quantiles(&speed.wall));
                row.extend(quantiles(&speed.business));
                rows.push(row);
            }
        }
        self.section("How fast, from reception to", &head, rows);
    }

    fn rings(&mut self) {
        let head = [
            "",
            "rings",
            "leads taken",
            "passed",
            "missed",
            "key 9",
            "owner rung",
            "owner took",
        ];
        let rows = self.groups().map(|(name, f)| {
            vec![
                name,
                f.attempts.to_string(),
                of(f.leads, f.accepted),
                f.passed.to_string(),
                f.missed.to_string(),
                f.nines.to_string(),
                f.owner_rung.to_string(),
                f.owner_accepted.to_string(),
            ]
        });
        let rows = rows.collect();
        self.section("The phones", &head, rows);
        self.reasons("missed because of", |f| &f.missed_reasons);
    }

    /// Nobody's phone: standing in line, being held, joining.
    fn waits(&mut self) {
        let total = &self.report.total;
        self.line("");
        let mut facts = Vec::new();
        if let Some(line) = total.in_line.filter(|line| line.leads > 0) {
            facts.push(format!(
                "stood in line: {} of {} leads, {} together, median {}",
                line.leads,
                total.leads,
                lasting(line.total_ms),
                seconds(line.each.median_ms),
            ));
        }
        if let Some(held) = total.held.as_ref().filter(|held| held.leads > 0) {
            let reasons = listed(&held.reasons);
            facts.push(format!(
                "held for a person: {} of {} leads, {} still ({reasons})",
                held.leads, total.leads, held.now,
            ));
        }
        if total.joined > 0 {
            let joined = format!("joined another lead: {} of {}", total.joined, total.leads);
            facts.push(joined + ", counted with that one's outcome");
        }
        for fact in facts {
            self.line(&fact);
        }
    }

    fn contact(&mut self) {
        let contact = &self.report.contact;
        let head = ["minute", "connected", "", "n", "95 % sure"];
        let rows = contact.buckets.iter().map(|bucket| {
            let mut row = vec![bucket.minutes(), self.bar(bucket.share.percent)];
            row.extend(share(&bucket.share));
            row
        });
        let rows = rows.collect();
        self.section("Contact, by the minute of the first call", &head, rows);
        let claims = [
            (
                "within one minute",
                contact.within_1_min,
                "over",
                contact.claimed_within_1_min_percent,
            ),
            (
                "after ten minutes",
                contact.after_10_min,
                "under",
                contact.claimed_after_10_min_percent,
            ),
        ];
        for (when, own, bound, claimed) in claims {
            let [percent, n, sure] = share(&own);
            self.line(&format!(
                "called {when}: {percent} of {n} ({sure}); the trade claims {bound} {claimed} %"
            ));
        }
    }

    fn conversions(&mut self) {
        let conversions = &self.report.conversions;
        let target = conversions.target_percent;
        self.line("");
        if conversions.share.n == 0 {
            let unknown = "Conversions: none were told, so nothing is known";
            return self.line(&format!("{unknown} (target {target} %)."));
        }
        let [percent, n, sure] = share(&conversions.share);
        let bar = self.bar(conversions.share.percent);
        self.line(&format!(
            "Conversions: {bar} {percent} of {n} leads ({sure}); target {target} %"
        ));
    }

    fn foot(&mut self) {
        self.line("");
        let tests = match self.report.tests_left_out {
            0 => "No test lead was left out.".to_owned(),
            1 => "1 test lead is left out.".to_owned(),
            many => format!("{many} test leads are left out."),
        };
        let contact =
            "Connected is contact: a text, a voicemail or a call that nobody confirmed is not.";
        self.line(&format!("{tests} {contact}"));
    }

    fn groups(&self) -> impl Iterator<Item = (String, &Figures)> {
        let rows = self
            .report
            .rows
            .iter()
            .map(|row| (plain(&row.name), &row.figures));
        rows.chain([("all".to_owned(), &self.report.total)])
    }

    /// One line per group that has reasons.
    fn reasons(&mut self, what: &str, reasons: fn(&Figures) -> &BTreeMap<String, u64>) {
        let told = self
            .groups()
            .filter(|(_, figures)| !reasons(figures).is_empty());
        let told: Vec<_> = told
            .map(|(name, figures)| format!("  {name} {what}: {}", listed(reasons(figures))))
            .collect();
        for line in told {
            self.line(&line);
        }
    }

    fn section(&mut self, title: &str, head: &[&str], rows: Vec<Cells>) {
        self.line("");
        let title = self.bold(title);
        self.line(&title);
        let head: Cells = head.iter().map(|name| (*name).to_owned()).collect();
        let rows: Vec<_> = [head].into_iter().chain(rows).collect();
        let columns = rows.first().map_or(0, Vec::len);
        let width = |column: usize| rows.iter().map(|row| shown_width(&row[column])).max();
        let widths: Vec<_> = (0..columns)
            .map(|column| width(column).unwrap_or(0))
            .collect();
        for row in &rows {
            let cells = row.iter().zip(&widths).enumerate();
            let cells: Vec<_> = cells
                .map(|(column, (cell, width))| padded(cell, *width, column))
                .collect();
            self.line(cells.join("  ").trim_end());
        }
    }

    /// A share as a bar; of nothing there is none.
    fn bar(&self, percent: Option<f64>) -> String {
        let Some(percent) = percent else {
            return " ".repeat(BAR);
        };
        let eighths = (percent.clamp(0.0, 100.0) / 100.0 * (BAR * 8) as f64).round();
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 8 BAR"
        )]
        let eighths = eighths as usize;
        let bar = if self.look.unicode {
            let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
            let bar = "█".repeat(eighths / 8) + parts[eighths % 8];
            let rest = BAR - bar.chars().count();
            bar + &"·".repeat(rest)
        } else {
            let full = (eighths + 4) / 8;
            "#".repeat(full) + &".".repeat(BAR - full)
        };
        if self.look.colour {
            format!("\u{1b}[32m{bar}\u{1b}[0m")
        } else {
            bar
        }
    }

    fn bold(&self, text: &str) -> String {
        if self.look.colour {
            format!("\u{1b}[1m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    fn line(&mut self, text: &str) {
        writeln!(self.text, "{text}").expect("a String takes any text");
    }
}

/// Names stand at the left, figures at the right, bars fill their column.
fn padded(cell: &str, width: usize, column: usize) -> String {
    let blanks = " ".repeat(width.saturating_sub(shown_width(cell)));
    let is_name = column == 0 || cell.chars().next().is_some_and(char::is_alphabetic);
    if is_name {
        format!("{cell}{blanks}")
    } else {
        format!("{blanks}{cell}")
    }
}

/// Colours take no room.
fn shown_width(cell: &str) -> usize {
    let coloured = cell
        .strip_prefix("\u{1b}[32m")
        .and_then(|cell| cell.strip_suffix("\u{1b}[0m"));
    coloured.unwrap_or(cell).chars().count()
}

fn quantiles(quantiles: &Quantiles) -> [String; 3] {
    let Quantiles {
        n,
        median_ms,
        p90_ms,
    } = *quantiles;
    [seconds(median_ms), seconds(p90_ms), n.to_string()]
}

/// Percent, n, and the interval.
fn share(share: &Share) -> [String; 3] {
    let percent = |percent: Option<f64>| percent.map(|percent| format!("{percent:.0}"));
    let own = percent(share.percent).map(|own| format!("{own} %"));
    let interval = percent(share.low_percent).zip(percent(share.high_percent));
    let interval = interval.map(|(low, high)| format!("{low}-{high} %"));
    let unknown = || UNKNOWN.to_owned();
    [
        own.unwrap_or_else(unknown),
        share.n.to_string(),
        interval.unwrap_or_else(unknown),
    ]
}

/// "72 (60 %)"; of nothing, a dash.
fn of(n: u64, count: u64) -> String {
    match Share::of(count, n).percent {
        Some(percent) => format!("{count} ({percent:.0} %)"),
        None => UNKNOWN.to_owned(),
    }
}

fn seconds(ms: Option<i64>) -> String {
    ms.map_or_else(|| UNKNOWN.to_owned(), lasting)
}
