//! Closed vocabularies and did-you-mean. Which words a type has is asked of the type itself.

use std::collections::BTreeSet;
use std::fmt;

/// A word that its vocabulary does not have.
#[derive(Debug)]
pub(super) struct NotAWord {
    known: &'static [&'static str],
}

impl NotAWord {
    /// What to write instead of `word`.
    pub(super) fn cure(&self, word: &str) -> String {
        match nearest(word, self.known.iter().copied()) {
            Some(meant) => format!("did you mean \"{meant}\"?"),
            None => format!("one of: {}", self.known.join(", ")),
        }
    }
}

impl fmt::Display for NotAWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not one of {:?}", self.known)
    }
}

impl std::error::Error for NotAWord {}

impl serde::de::Error for NotAWord {
    fn custom<T: fmt::Display>(_: T) -> NotAWord {
        NotAWord { known: &[] }
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> NotAWord {
        NotAWord { known }
    }
}

/// What to write for a name that is not among the known ones.
pub(super) fn unknown_cure<'k>(
    name: &str,
    known: impl Iterator<Item = &'k str> + Clone,
    whose: &str,
) -> String {
    match nearest(name, known.clone()) {
        Some(meant) => format!("did you mean \"{meant}\"?"),
        None => format!(
            "{whose}: {}",
            known
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect::<Vec<_>>()
                .join(", ")
        ),
    }
}

/// The known word that somebody who wrote `word` meant, if one is near enough or begins so.
pub(crate) fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let word = word.to_lowercase();
    let far = word.chars().count() / 3 + 1;
    known
        .map(|meant| (distance(&word, &meant.to_lowercase()), meant))
        .filter(|(distance, _)| *distance <= far)
        .min()
        .map(|(_, meant)| meant)
}

fn distance(word: &str, meant: &str) -> usize {
    if word.len() > 2 && meant.starts_with(word) {
        return 1;
    }
    strsim::damerau_levenshtein(word, meant)
}
