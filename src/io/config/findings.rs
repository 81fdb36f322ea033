//! One file being read: its text, and what was found wrong in it so far. Reading goes on after a mistake, so
//! that all of them are told at once.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::DeTable;

use super::report::{Report, Severity, Source, Spots};

/// A file of more bytes was not written by a person; it is refused before it is read.
const FILE_MAX: u64 = 1 << 20;

/// Keys whose values are secrets, so that a misplaced value is not shown.
const SECRET_KEYS: [&str; 5] = ["secret", "token", "password", "credential", "challenge"];

/// The mistakes of one file.
pub(super) struct Findings {
    source: Source,
    drafts: RefCell<Vec<Draft>>,
    masked: RefCell<Vec<Range<usize>>>,
}

struct Draft {
    severity: Severity,
    title: String,
    cure: String,
    spots: Spots,
}

/// Why a file has no text, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NoText {
    why: String,
    cure: &'static str,
}

impl NoText {
    /// Of a file that is not there, or not ours to read.
    pub(crate) fn unread(why: &dyn std::fmt::Display) -> NoText {
        NoText {
            why: format!("the file cannot be read: {why}"),
            cure: "see that it exists and may be read",
        }
    }
}

/// Something read, with what should be known about it.
#[derive(Debug)]
pub struct Checked<T> {
    /// What the file says.
    pub value: T,
    /// What its writer should know.
    pub warnings: Vec<Report>,
}

impl Findings {
    /// Opens a file.
    pub(super) fn open(path: &Path) -> Findings {
        Findings::of(path, text_of(path))
    }

    /// A file with this text; one that cannot be read has none and one mistake.
    pub(super) fn of(path: &Path, text: Result<String, NoText>) -> Findings {
        let (text, mistake) = match text {
            Ok(text) => (text, None),
            Err(why) => (String::new(), Some(why)),
        };
        let source = Source {
            path: path.to_owned(),
            text,
        };
        let findings = Findings {
            source,
            drafts: RefCell::default(),
            masked: RefCell::default(),
        };
        if let Some(NoText { why, cure }) = mistake {
            findings.add(Severity::Error, Spots::default(), why, cure.to_owned());
        }
        findings
    }

    /// The file as a tree. After mistakes of syntax there is none: what follows from them would only confuse,
    /// and so would a second one in the same line.
    pub(super) fn tree(&self) -> Option<Spanned<DeTable<'_>>> {
        if !self.drafts.borrow().is_empty() {
            return None;
        }
        let (tree, mistakes) = DeTable::parse_recoverable(&self.source.text);
        let mut lines = BTreeSet::new();
        for mistake in &mistakes {
            let at = mistake
                .span()
                .unwrap_or(self.source.text.len()..self.source.text.len());
            let line = self.text(0..at.start).matches('\n').count();
            if lines.insert(line) {
                let (title, cure) = in_plain_words(mistake.message());
                self.error(at, title, cure);
            }
        }
        if mistakes.is_empty() {
            return Some(tree);
        }
        self.mask_lines_of_secrets();
        None
    }

    /// The bytes of the file.
    pub(super) fn text(&self, at: Range<usize>) -> &str {
        self.source.text.get(at).unwrap_or_default()
    }

    pub(super) fn error(
        &self,
        at: Range<usize>,
        title: impl Into<String>,
        cure: impl Into<String>,
    ) {
        let spots = Spots {
            at: Some(at),
            earlier: None,
        };
        self.add(Severity::Error, spots, title.into(), cure.into());
    }

    pub(super) fn warning(
        &self,
        at: Range<usize>,
        title: impl Into<String>,
        cure: impl Into<String>,
    ) {
        let spots = Spots {
            at: Some(at),
            earlier: None,
        };
        self.add(Severity::Warning, spots, title.into(), cure.into());
    }

    /// A mistake that contradicts something earlier in the file.
    pub(super) fn clash(
        &self,
        at: Range<usize>,
        earlier: (Range<usize>, &'static str),
        title: String,
        cure: &str,
    ) {
        let spots = Spots {
            at: Some(at),
            earlier: Some(earlier),
        };
        self.add(Severity::Error, spots, title, cure.to_owned());
    }

    /// Never shows these bytes: they are a secret that does not belong here.
    pub(super) fn mask(&self, at: Range<usize>) {
        self.masked.borrow_mut().push(at);
    }

    /// What was read, or everything that is wrong with it, in the order of the file.
    pub(super) fn finish<T>(self, value: Option<T>) -> Result<Checked<T>, Vec<Report>> {
        let Findings {
            source,
            drafts,
            masked,
        } = self;
        let text = masked.into_inner().into_iter().fold(source.text, hidden);
        let source = Arc::new(Source {
            path: source.path,
            text,
        });
        let mut reports: Vec<Report> = drafts
            .into_inner()
            .into_iter()
            .map(
                |Draft {
                     severity,
                     title,
                     cure,
                     spots,
                 }| Report {
                    severity,
                    title,
                    cure,
                    spots,
                    source: source.clone(),
                },
            )
            .collect();
        reports.sort_by_key(Report::position);
        let usable = reports
            .iter()
            .all(|report| report.severity() == Severity::Warning);
        match value {
            Some(value) if usable => Ok(Checked {
                value,
                warnings: reports,
            }),
            Some(_) | None => Err(reports),
        }
    }

    fn add(&self, severity: Severity, spots: Spots, title: String, cure: String) {
        self.drafts.borrow_mut().push(Draft {
            severity,
            title,
            cure,
            spots,
        });
    }

    /// Without a tree nobody knows what is a secret: whole lines that look like one are masked.
    fn mask_lines_of_secrets(&self) {
        let mut start = 0;
        for line in self.source.text.split_inclusive('\n') {
            let named = line.find('=').filter(|_| names_a_secret(line));
            if let Some(equals) = named {
                self.mask(start + equals + 1..start + line.len());
            }
            start += line.len();
        }
    }
}

/// Whether the key, or a line, speaks of a secret.
pub(super) fn names_a_secret(text: &str) -> bool {
    let text = text.to_lowercase();
    SECRET_KEYS.iter().any(|key| text.contains(key))
}

/// What a file says, or why it says nothing.
pub(crate) fn text_of(path: &Path) -> Result<String, NoText> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE_MAX + 1).read_to_end(&mut bytes))
        .map_err(|err| NoText::unread(&err))?;
    if bytes.len() as u64 > FILE_MAX {
        return Err(NoText {
            why: format!("the file is longer than {FILE_MAX} bytes"),
            cure: "write less into it, or name another file",
        });
    }
    String::from_utf8(bytes).map_err(|err| {
        let read = &err.as_bytes()[..err.utf8_error().valid_up_to()];
        let line = read.iter().filter(|byte| **byte == b'\n').count() + 1;
        NoText {
            why: format!("the file is no UTF-8 text, from line {line} on"),
            cure: "save it as UTF-8: editors let you choose it as the encoding under \"Save as\"",
        }
    })
}

/// As many stars as bytes, so that every other place stays where it is.
fn hidden(text: String, at: Range<usize>) -> String {
    let Some(secret) = text.get(at.clone()) else {
        return text;
    };
    let stars: String = secret
        .bytes()
        .map(|byte| if byte.is_ascii_whitespace() { ' ' } else { '*' })
        .collect();
    let stars = if secret.ends_with('\n') {
        format!("{}\n", &stars[..stars.len() - 1])
    } else {
        stars
    };
    format!("{}{stars}{}", &text[..at.start], &text[at.end..])
}

/// The parser's word for a mistake of syntax, and what to do.
fn in_plain_words(message: &str) -> (String, &'static str) {
    if message.contains("must be quoted") || message.contains("quote") {
        (
            "words must stand between quotes".to_owned(),
            "write them so: name = \"An Claes\"",
        )
    } else if message.contains("duplicate key") {
        (
            "this stands here twice".to_owned(),
            "take one of the two away; several reps each begin with [[rep]]",
        )
    } else if message.contains("array") {
        (message.to_owned(), "a list reads [\"an\", \"bart\"]")
    } else {
        (
            message.to_owned(),
            "a line reads  key = value  and a part begins with its name in brackets: [[rep]]",
        )
    }
}
