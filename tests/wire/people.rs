//! What reps and customers do in these tests, in a word each.

use std::time::Duration;

use leadbridge::phones::{Act, Behaviour};

pub(crate) fn ms(span: u64) -> Duration {
    Duration::from_millis(span)
}

/// Accepts after ringing so long, talks as long as the customer does, and says in the menu that it was a talk.
pub(crate) fn accepts_after(after: Duration) -> Behaviour {
    let talk = Act::Talk(Duration::from_secs(3600));
    picks_up(after, vec![Act::Press('1'), talk, Act::Press('1')])
}

/// Accepts soon.
pub(crate) fn accepts() -> Behaviour {
    accepts_after(ms(150))
}

pub(crate) fn picks_up(after: Duration, then: Vec<Act>) -> Behaviour {
    Behaviour::PicksUp { after, then }
}

/// A customer who answers soon and talks so long.
pub(crate) fn talks(span: Duration) -> Behaviour {
    Behaviour::Talks {
        after: ms(100),
        span,
    }
}
