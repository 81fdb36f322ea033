//! How much a sender of leads may send (BEHAVIOUR 1), and how often anybody may try a token. A flood is refused; more
//! than a source's rate is taken and held.
//! These limits are this process's own and begin anew with it.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::rotation::SourceId;
use crate::source::Source;

/// How long a network address waits between two rings by a source that proves nothing.
const UNPROVEN_RING_EVERY: Duration = Duration::from_secs(180);
/// After so many checks those that were long ago are forgotten.
const FORGET_EVERY: u32 = 1024;

/// The limits of all senders.
pub(super) struct Limits {
    addresses: Option<Keyed<IpAddr>>,
    unsigned: Option<Keyed<SourceId>>,
    unproven_rings: Option<Keyed<IpAddr>>,
    rates: Mutex<HashMap<SourceId, Rate>>,
    guesses_per_s: u32,
    guesses: Mutex<HashMap<IpAddr, Guesses>>,
}

/// The wrong tokens of an address since then.
struct Guesses {
    since: Instant,
    count: u32,
}

struct Rate {
    per_min: NonZeroU32,
    limiter: DefaultDirectRateLimiter,
}

impl Limits {
    /// Limits that nobody has used yet; `flood_per_s` 0: floods are let in.
    pub(super) fn new(flood_per_s: u32) -> Limits {
        let flood = NonZeroU32::new(flood_per_s).map(Quota::per_second);
        Limits {
            addresses: flood.map(Keyed::new),
            unsigned: flood.map(Keyed::new),
            unproven_rings: Quota::with_period(UNPROVEN_RING_EVERY).map(Keyed::new),
            rates: Mutex::default(),
            guesses_per_s: flood_per_s,
            guesses: Mutex::default(),
        }
    }

    /// Whether an address floods us.
    pub(super) fn floods(&self, network: IpAddr) -> bool {
        over(self.addresses.as_ref(), &network)
    }

    /// Whether a source floods us whose requests anybody could have sent, from anywhere.
    pub(super) fn is_flooded(&self, source: &Source) -> bool {
        source.auth.proves_nothing() && over(self.unsigned.as_ref(), &source.id)
    }

    /// Whether a lead is over its source's rate, or by its address too soon after another: taken, not rung.
    pub(super) fn over_rate(&self, source: &Source, network: IpAddr) -> bool {
        let is_too_soon =
            source.auth.proves_nothing() && over(self.unproven_rings.as_ref(), &network);
        self.is_over_own_rate(source) || is_too_soon
    }

    /// Whether an address has shown so many wrong tokens that the next is not even looked at: else the right one would
    /// be found among them all the same. Whoever shows the right one is never counted.
    pub(super) fn guesses(&self, network: IpAddr) -> bool {
        let guesses = self.guesses.lock().unwrap_or_else(PoisonError::into_inner);
        let over = |guesses: &Guesses| guesses.is_of_now() && guesses.count >= self.guesses_per_s;
        self.guesses_per_s > 0 && guesses.get(&network).is_some_and(over)
    }

    /// Counts a wrong token.
    pub(super) fn guessed(&self, network: IpAddr) {
        let mut guesses = self.guesses.lock().unwrap_or_else(PoisonError::into_inner);
        guesses.retain(|_, guesses| guesses.is_of_now());
        let first = || Guesses {
            since: Instant::now(),
            count: 0,
        };
        guesses.entry(network).or_insert_with(first).count += 1;
    }

    fn is_over_own_rate(&self, source: &Source) -> bool {
        let Some(per_min) = NonZeroU32::new(source.rate_per_min) else {
            return false;
        };
        let fresh = || Rate {
            per_min,
            limiter: RateLimiter::direct(Quota::per_minute(per_min)),
        };
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        let rate = rates.entry(source.id.clone()).or_insert_with(fresh);
        if rate.per_min != per_min {
            *rate = fresh();
        }
        rate.limiter.check().is_err()
    }
}

impl Guesses {
    fn is_of_now(&self) -> bool {
        self.since.elapsed() < Duration::from_secs(1)
    }
}

/// A limiter that does not grow with everybody who ever came by.
struct Keyed<K: Clone + Hash + Eq> {
    limiter: DefaultKeyedRateLimiter<K>,
    checks: AtomicU32,
}

impl<K: Clone + Hash + Eq> Keyed<K> {
    fn new(quota: Quota) -> Keyed<K> {
        Keyed {
            limiter: RateLimiter::keyed(quota),
            checks: AtomicU32::new(0),
        }
    }
}

fn over<K: Clone + Hash + Eq>(keyed: Option<&Keyed<K>>, key: &K) -> bool {
    let Some(keyed) = keyed else { return false };
    if keyed.checks.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
        keyed.limiter.retain_recent();
        keyed.limiter.shrink_to_fit();
    }
    keyed.limiter.check_key(key).is_err()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::intake::Format;
    use crate::rotation::RooftopId;
    use crate::source::Auth;

    fn source(auth: Auth, rate_per_min: u32) -> Source {
        Source {
            id: SourceId("website".to_owned()),
            format: Format::Json,
            rooftop: RooftopId("gent".to_owned()),
            rate_per_min,
            auth,
            challenge: None,
        }
    }

    fn signed(rate_per_min: u32) -> Source {
        let secret = "a-long-token".into();
        source(Auth::Bearer { secret }, rate_per_min)
    }

    fn here() -> IpAddr {
        "192.0.2.1".parse().unwrap()
    }

    fn there() -> IpAddr {
        "192.0.2.2".parse().unwrap()
    }

    #[test]
    fn an_address_that_sends_too_much_floods_and_its_neighbour_does_not() {
        let limits = Limits::new(3);
        assert!((0..3).all(|_| !limits.floods(here())));
        assert!(limits.floods(here()));
        assert!(!limits.floods(there()));
        let off = Limits::new(0);
        assert!((0..1000).all(|_| !off.floods(here())), "0 is no limit");
    }

    #[test]
    fn after_too_many_wrong_tokens_an_address_is_not_heard_and_its_neighbour_is() {
        let limits = Limits::new(2);
        limits.guessed(here());
        assert!(!limits.guesses(here()));
        limits.guessed(here());
        assert!(limits.guesses(here()));
        assert!(!limits.guesses(there()));
        let off = Limits::new(0);
        off.guessed(here());
        assert!(!off.guesses(here()), "0 is no limit");
    }

    #[test]
    fn only_a_source_that_does_not_sign_can_be_flooded_from_everywhere() {
        let limits = Limits::new(2);
        assert!((0..9).all(|_| !limits.is_flooded(&signed(0))));
        let open = source(Auth::None, 0);
        assert!((0..2).all(|_| !limits.is_flooded(&open)));
        assert!(limits.is_flooded(&open));
    }

    #[test]
    fn a_source_over_its_rate_is_told_from_one_that_is_not() {
        let limits = Limits::new(0);
        assert!((0..4).all(|_| !limits.over_rate(&signed(4), here())));
        assert!(limits.over_rate(&signed(4), there()));
        assert!(!limits.over_rate(&signed(5), here()), "the rate was edited");
        assert!((0..99).all(|_| !limits.over_rate(&signed(0), here())));
    }

    #[test]
    fn an_unsigned_source_rings_once_for_an_address_in_three_minutes() {
        let limits = Limits::new(0);
        let open = source(Auth::None, 60);
        assert!(!limits.over_rate(&open, here()));
        assert!(limits.over_rate(&open, here()));
        assert!(!limits.over_rate(&open, there()));
    }
}
