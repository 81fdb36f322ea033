//! What is kept no longer than `[retention]` says goes by itself: once an hour, by one node, in steps so small that no
//! lead waits for them.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use leadbridge_providers::LeadId;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tracing::{info, warn};

use super::config::Retention;
use super::engine::Engine;
use super::store::{Aged, StoreError};

/// How often it is looked for what grew old.
const EVERY: SignedDuration = SignedDuration::from_hours(1);
/// How often a node looks whether it is its turn.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Between two steps: leads go first.
const PAUSE: Duration = Duration::from_millis(100);
/// How often all is looked through, also what was passed before because it was not at rest.
const ALL_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// A lead by when it came in, and its name.
type Place = (Timestamp, LeadId);

/// How far this process has come through what stays, emptied: each look goes on from there.
#[derive(Default)]
struct Reached {
    all_since: Timestamp,
    persons: Option<Place>,
    bodies: Option<Place>,
}

/// Does so as long as the process lives.
pub(super) async fn run(engine: Engine, kept: Retention) {
    let mut reached = Reached::default();
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !kept.is_endless() {
        looks.tick().await;
        if let Err(error) = look(&engine, &kept, &mut reached).await {
            warn!(%error, "what grew old can't be pruned; trying again later");
        }
    }
}

async fn look(engine: &Engine, kept: &Retention, reached: &mut Reached) -> Result<(), StoreError> {
    let Some(now) = engine.store.pruning_turn(EVERY, engine.now()).await? else {
        return Ok(());
    };
    reached.begin_anew_once_a_day(now);
    let Reached {
        persons, bodies, ..
    } = reached;
    // The whole leads first: nothing of them is emptied then.
    let leads = prune(engine, Aged::Lead, kept.leads_days, now, &mut None).await?;
    let persons = prune(engine, Aged::Person, kept.personal_days, now, persons).await?;
    let bodies = prune(engine, Aged::Body, kept.raw_days, now, bodies).await?;
    if leads + persons + bodies > 0 {
        engine.store.fold_journal().await?;
        info!(leads, persons, bodies, "what grew old is pruned");
    }
    Ok(())
}

impl Reached {
    fn begin_anew_once_a_day(&mut self, now: Timestamp) {
        if now.duration_since(self.all_since) >= ALL_EVERY {
            *self = Reached {
                all_since: now,
                ..Reached::default()
            };
        }
    }
}

/// All of one kind behind the place that was reached; 0 days: it is kept.
async fn prune(
    engine: &Engine,
    what: Aged,
    days: u32,
    now: Timestamp,
    reached: &mut Option<Place>,
) -> Result<usize, StoreError> {
    if days == 0 {
        return Ok(0);
    }
    let (before, mut pruned) = (days_before(now, days), 0);
    loop {
        let step = engine.store.prune(what, before, *reached).await?;
        pruned += step.leads;
        if step.next.is_none() {
            return Ok(pruned);
        }
        *reached = step.next;
        sleep(PAUSE).await;
    }
}

fn days_before(now: Timestamp, days: u32) -> Timestamp {
    let span = SignedDuration::from_hours(24 * i64::from(days));
    now.checked_sub(span).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_look_goes_on_where_the_last_one_was_and_begins_anew_once_a_day() {
        let (first, hour) = (
            Timestamp::UNIX_EPOCH + ALL_EVERY,
            SignedDuration::from_hours(1),
        );
        let place = Some((first, LeadId(Uuid::from_u128(1))));
        let mut reached = Reached::default();
        reached.begin_anew_once_a_day(first);
        (reached.persons, reached.bodies) = (place, place);
        reached.begin_anew_once_a_day(first + 23 * hour);
        assert_eq!((reached.persons, reached.bodies), (place, place));
        reached.begin_anew_once_a_day(first + 24 * hour);
        assert_eq!((reached.persons, reached.bodies), (None, None));
    }
}
