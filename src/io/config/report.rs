//! What is wrong in a file, where, and what to write instead.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// One mistake in a configuration file, or something that should be known about it.
#[derive(Clone, Debug)]
pub struct Report {
    pub(super) severity: Severity,
    pub(super) title: String,
    pub(super) cure: String,
    pub(super) spots: Spots,
    pub(super) source: Arc<Source>,
}

/// Whether a file can be used all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can.
    Warning,
}

/// A file as it may be shown: secrets that were written into it are masked.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

/// Which bytes are meant: none, where the file as a whole is.
#[derive(Clone, Debug, Default)]
pub(super) struct Spots {
    pub(super) at: Option<Range<usize>>,
    /// An earlier place that this one contradicts, and what it is.
    pub(super) earlier: Option<(Range<usize>, &'static str)>,
}

impl Report {
    /// Whether the file can be used all the same.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.source.path
    }

    /// Line and column, from 1, the column in characters; `None` where the file as a whole is meant.
    pub fn position(&self) -> Option<(usize, usize)> {
        let at = self.spots.at.as_ref()?;
        let before = self.source.text.get(..at.start)?;
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        Some((line, before[line_start..].chars().count() + 1))
    }

    /// What is wrong, as a sentence's beginning.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What to do.
    pub fn cure(&self) -> &str {
        &self.cure
    }

    /// The place as `file:line:column`, the line, a caret and the cure.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let path = self.source.path.display().to_string();
        let title = level.primary_title(&self.title);
        let group = match &self.spots.at {
            Some(at) => title.element(self.snippet(at).path(path)),
            None => title.element(annotate_snippets::Origin::path(path)),
        };
        renderer.render(&[group.element(Level::HELP.message(&self.cure))])
    }

    fn snippet(&self, at: &Range<usize>) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
        let text = self.source.text.as_str();
        let snippet =
            Snippet::source(text).annotation(AnnotationKind::Primary.span(shown(text, at)));
        match &self.spots.earlier {
            Some((earlier, what)) => snippet.annotation(
                AnnotationKind::Context
                    .span(shown(text, earlier))
                    .label(*what),
            ),
            None => snippet,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

/// The first line of a span, and at least one character of it where there is one.
fn shown(text: &str, at: &Range<usize>) -> Range<usize> {
    let start = floor(text, at.start);
    let line_end = text[start..]
        .find('\n')
        .map_or(text.len(), |newline| start + newline);
    let end = floor(text, at.end.min(line_end)).max(start);
    let first = text[start..line_end]
        .chars()
        .next()
        .map_or(0, char::len_utf8);
    start..end.max(start + first)
}

fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len()))
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(0)
}
