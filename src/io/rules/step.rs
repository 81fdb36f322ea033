//! What is to be done about a file: the file as it is, the version that it last had in common with the store, and the
//! store's last version tell who changed what.

use super::files::Found;
use crate::io::store::Hash;

/// All that is known about a file.
pub(super) struct Seen<'a> {
    /// The version that the file last had in common with the store; `None`: it never had one, or nobody knows.
    pub(super) base: Option<&'a Hash>,
    /// The store's last version; `None`: it has none.
    pub(super) last: Option<&'a Hash>,
    /// The file.
    pub(super) found: &'a Found,
    /// What the file says was in use at some time.
    pub(super) was_in_use: bool,
}

impl Seen<'_> {
    /// Whether the file says what it had from the store; of a node that forgot what that was any version may be it.
    fn is_untouched(&self, file: &Hash) -> bool {
        self.was_in_use && self.base.is_none_or(|base| base == file)
    }
}

/// What is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It says what the store says.
    Nothing,
    /// It alone was changed: the store gets it, if it is right.
    Offer,
    /// The store alone was changed: the file gets that.
    Update,
    /// Both were changed: the file gets what the store has, after it was kept beside.
    SetAside,
}

impl Step {
    pub(super) fn after(seen: &Seen<'_>) -> Step {
        let is_edit = seen.last.is_none() || seen.base == seen.last;
        match seen.found {
            Found::Text(file) if seen.last == Some(&file.hash) => Step::Nothing,
            // Nobody knows what would be lost.
            Found::Unreadable(_) => Step::Offer,
            Found::Text(_) | Found::Missing if is_edit => Step::Offer,
            Found::Text(file) if !seen.is_untouched(&file.hash) => Step::SetAside,
            Found::Text(_) | Found::Missing => Step::Update,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::io::config::NoText;
    use crate::io::store::Version;

    /// The step after these, each a version's text; `past` are those that were in use.
    fn step(base: Option<&str>, last: Option<&str>, found: &Found, past: &[&str]) -> Step {
        let was_in_use =
            matches!(found, Found::Text(version) if past.contains(&version.text.as_str()));
        let (base, last) = (base.map(Hash::of), last.map(Hash::of));
        Step::after(&Seen {
            base: base.as_ref(),
            last: last.as_ref(),
            found,
            was_in_use,
        })
    }

    fn file(text: &str) -> Found {
        Found::Text(Version::of(text.to_owned()))
    }

    #[test]
    fn the_first_file_becomes_the_first_version() {
        assert_eq!(step(None, None, &file("a"), &[]), Step::Offer);
        assert_eq!(step(None, None, &Found::Missing, &[]), Step::Offer);
    }

    #[test]
    fn a_file_that_says_what_the_store_says_is_left_alone() {
        for base in [None, Some("a"), Some("b")] {
            assert_eq!(
                step(base, Some("b"), &file("b"), &["a", "b"]),
                Step::Nothing
            );
        }
    }

    #[test]
    fn an_edit_of_the_last_version_is_offered_also_when_it_goes_back_to_an_earlier_one() {
        let past = ["a", "b"];
        assert_eq!(step(Some("b"), Some("b"), &file("c"), &past), Step::Offer);
        assert_eq!(step(Some("b"), Some("b"), &file("a"), &past), Step::Offer);
        assert_eq!(
            step(Some("b"), Some("b"), &Found::Missing, &past),
            Step::Offer,
            "the loss is a mistake, and told as one"
        );
    }

    #[test]
    fn an_earlier_version_gets_the_last_one() {
        let past = ["a", "b"];
        assert_eq!(step(Some("a"), Some("b"), &file("a"), &past), Step::Update);
        assert_eq!(step(None, Some("b"), &file("a"), &past), Step::Update);
        assert_eq!(step(None, Some("b"), &Found::Missing, &past), Step::Update);
        assert_eq!(
            step(Some("a"), Some("b"), &Found::Missing, &past),
            Step::Update
        );
    }

    #[test]
    fn an_edit_of_an_earlier_version_is_kept_beside() {
        let past = ["a", "b"];
        assert_eq!(
            step(Some("a"), Some("b"), &file("c"), &past),
            Step::SetAside
        );
        assert_eq!(step(None, Some("b"), &file("c"), &past), Step::SetAside);
    }

    #[test]
    fn an_earlier_version_that_was_put_back_while_the_store_changed_is_kept_beside() {
        let past = ["a", "b", "c"];
        assert_eq!(
            step(Some("b"), Some("c"), &file("a"), &past),
            Step::SetAside
        );
    }

    #[test]
    fn what_a_restored_store_forgot_is_kept_beside() {
        assert_eq!(
            step(Some("b"), Some("a"), &file("b"), &["a"]),
            Step::SetAside
        );
    }

    #[test]
    fn a_file_that_nobody_can_read_is_never_written() {
        let found = Found::Unreadable(NoText::unread(&"no"));
        for base in [None, Some("a"), Some("b")] {
            assert_eq!(step(base, Some("b"), &found, &["a", "b"]), Step::Offer);
        }
    }
}
