//! The next look for what is due. Whoever learns of something that is due before it brings it forward; everything
//! else leaves it alone.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;

/// When it is looked for what is due.
#[derive(Debug)]
pub struct Look {
    /// In milliseconds; while somebody looks, anything could still be missed and is before it.
    at: AtomicI64,
    earlier: Notify,
}

impl Look {
    /// Somebody looks.
    #[allow(
        clippy::new_without_default,
        reason = "one is made, at the start of the process"
    )]
    pub fn new() -> Look {
        Look {
            at: AtomicI64::new(i64::MAX),
            earlier: Notify::new(),
        }
    }

    /// Something is due then.
    pub fn no_later_than(&self, due: Option<Timestamp>) {
        if due.is_some_and(|due| due.as_millisecond() < self.at.load(Ordering::SeqCst)) {
            self.earlier.notify_one();
        }
    }

    /// Sleeps for so long, or until something is due before that.
    pub async fn sleep(&self, pause: Duration, now: Timestamp) {
        let pause_ms = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
        let at = now.as_millisecond().saturating_add(pause_ms);
        self.at.store(at, Ordering::SeqCst);
        // Nothing came: the time is over.
        let _ = tokio::time::timeout(pause, self.earlier.notified()).await;
        self.at.store(i64::MAX, Ordering::SeqCst);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    fn at(ms: i64) -> Option<Timestamp> {
        Some(Timestamp::from_millisecond(ms).unwrap())
    }

    /// Whether a sleep of an hour from time 0 ends when this becomes due.
    async fn is_ended_by(due: Option<Timestamp>) -> bool {
        let look = Look::new();
        tokio::select! {
            biased;
            () = look.sleep(LONG, Timestamp::UNIX_EPOCH) => true,
            () = async {
                look.no_later_than(due);
                tokio::task::yield_now().await;
            } => false,
        }
    }

    #[tokio::test]
    async fn only_what_is_due_before_the_look_brings_it_forward() {
        assert!(is_ended_by(at(3_599_999)).await);
        assert!(!is_ended_by(at(3_600_000)).await);
        assert!(!is_ended_by(None).await);
    }

    #[tokio::test]
    async fn what_becomes_due_while_somebody_looks_is_not_missed() {
        let look = Look::new();
        look.no_later_than(at(7_200_000));
        look.sleep(LONG, Timestamp::UNIX_EPOCH).await;
    }
}
