//! How far something is that takes long: a bar for a person at the terminal, a line for each tenth in a log.

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::tell;

const LOOK: &str = "{msg:<9} {wide_bar} {percent:>3} % of {human_len} rows, {eta} left";

/// Nothing, before it is known how much there is.
#[derive(Default)]
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    tenths_told: u64,
}

impl Progress {
    /// There is so much to do.
    pub(super) fn begin(&mut self, rows: u64) {
        let look = ProgressStyle::with_template(LOOK);
        let look = look.unwrap_or_else(|_| ProgressStyle::default_bar());
        self.bar = Some(ProgressBar::new(rows).with_style(look));
    }

    /// So much more of it is done.
    pub(super) fn advance(&mut self, what: &'static str, rows: u64) {
        let Some(bar) = &self.bar else {
            return;
        };
        bar.inc(rows);
        if !bar.is_hidden() {
            return bar.set_message(what);
        }
        let (all, done) = (bar.length().unwrap_or_default().max(1), bar.position());
        let tenths = done * 10 / all;
        if tenths > self.tenths_told {
            self.tenths_told = tenths;
            tell(&format!("{what}: {} % of {all} rows", tenths * 10));
        }
    }

    /// It is over: nothing of it stays on the terminal.
    pub(super) fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
