//! The one place that reads the clock and makes names. The time that decisions get never goes back.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use leadbridge_providers::LeadId;
use uuid::Uuid;

/// A difference between wall clock and running time that counts as a jump, in seconds.
const JUMP_S: i64 = 60;

/// The wall clock, made monotone.
#[derive(Debug)]
pub struct Clock {
    last: Mutex<(Timestamp, Instant)>,
    anchor: Mutex<(Timestamp, Instant)>,
}

impl Clock {
    /// A clock that starts now.
    pub fn start() -> Clock {
        Clock {
            last: Mutex::new((wall(), Instant::now())),
            anchor: Mutex::new((wall(), Instant::now())),
        }
    }

    /// Now; never earlier than any answer before, and never standing still (P6).
    pub fn now(&self) -> Timestamp {
        let mut last = self
            .last
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let ran = Instant::now();
        let (wall, slow) = (wall(), slowed(last.0, ran.duration_since(last.1)));
        if wall < slow {
            return slow;
        }
        *last = (wall, ran);
        wall
    }

    /// Whether the wall clock has jumped against running time since this was last asked: the machine slept, or
    /// somebody set it.
    pub fn jumped(&self) -> bool {
        let mut anchor = self
            .anchor
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let (wall_then, ran_then) = *anchor;
        *anchor = (wall(), Instant::now());
        let ran = SignedDuration::try_from(anchor.1.duration_since(ran_then))
            .unwrap_or(SignedDuration::ZERO);
        let passed = anchor.0.duration_since(wall_then);
        (passed - ran).abs() > SignedDuration::from_secs(JUMP_S)
    }

    /// A name for a new lead.
    pub fn lead_id(&self) -> LeadId {
        #[expect(clippy::disallowed_methods, reason = "names are made here")]
        LeadId(Uuid::now_v7())
    }
}

/// A wall clock that was set back is waited for at half the speed: deadlines still pass, and the error goes away.
fn slowed(last: Timestamp, ran: Duration) -> Timestamp {
    let half_ms = i64::try_from(ran.as_millis() / 2).unwrap_or(0);
    last.checked_add(SignedDuration::from_millis(half_ms))
        .unwrap_or(last)
}

fn wall() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the clock is read here")]
    let now = Timestamp::now();
    // The store keeps milliseconds; a time is the same before and after it was written down.
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_back_goes_on_slowly_and_never_back() {
        let hour = SignedDuration::from_hours(1);
        let ahead = wall() + hour;
        let clock = Clock {
            last: Mutex::new((ahead, Instant::now() - Duration::from_secs(60))),
            anchor: Mutex::new((wall(), Instant::now())),
        };
        let now = clock.now();
        assert!(now >= ahead + SignedDuration::from_secs(30));
        assert!(now < ahead + SignedDuration::from_secs(60));
        assert!(clock.now() >= now);
    }
}
