//! People who act by themselves, for stories with many leads:
//! `Everybody picks up after 4 s, presses 1 after 6 s; customers pick up after 5 s and talk 40 s`.

use jiff::SignedDuration;

/// How quick people are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bots {
    pub(crate) picks_up: SignedDuration,
    pub(crate) presses: SignedDuration,
    pub(crate) customer_picks_up: SignedDuration,
    pub(crate) talks: SignedDuration,
}

impl Bots {
    /// Reads the line; `None` if it is another.
    pub(crate) fn parse(line: &str) -> Option<Bots> {
        let line = line.strip_prefix("Everybody picks up after ")?;
        let mut seconds = line
            .split(' ')
            .filter_map(|word| word.parse().ok())
            .filter(|second| *second != 1);
        let mut next = || seconds.next().map(SignedDuration::from_secs);
        Some(Bots {
            picks_up: next()?,
            presses: next()?,
            customer_picks_up: next()?,
            talks: next()?,
        })
    }
}
