//! What is kept no longer than `[retention]` says goes by itself: once an hour, by one node, in steps so small that no
//! lead waits for them.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
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

/// Does so as long as the process lives.
pub(super) async fn run(engine: Engine, kept: Retention) {
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !kept.is_endless() {
        looks.tick().await;
        if let Err(error) = look(&engine, &kept).await {
            warn!(%error, "what grew old can't be pruned; trying again later");
        }
    }
}

async fn look(engine: &Engine, kept: &Retention) -> Result<(), StoreError> {
    let Some(now) = engine.store.pruning_turn(EVERY, engine.now()).await? else {
        return Ok(());
    };
    // The whole leads first: nothing of them is emptied then.
    let leads = prune(engine, Aged::Lead, kept.leads_days, now).await?;
    let persons = prune(engine, Aged::Person, kept.personal_days, now).await?;
    let bodies = prune(engine, Aged::Body, kept.raw_days, now).await?;
    if leads + persons + bodies > 0 {
        engine.store.fold_journal().await?;
        info!(leads, persons, bodies, "what grew old is pruned");
    }
    Ok(())
}

/// All of one kind; 0 days: it is kept.
async fn prune(
    engine: &Engine,
    what: Aged,
    days: u32,
    now: Timestamp,
) -> Result<usize, StoreError> {
    if days == 0 {
        return Ok(0);
    }
    let (before, mut pruned, mut after) = (days_before(now, days), 0, None);
    loop {
        let step = engine.store.prune(what, before, after).await?;
        pruned += step.leads;
        if step.next.is_none() {
            return Ok(pruned);
        }
        after = step.next;
        sleep(PAUSE).await;
    }
}

fn days_before(now: Timestamp, days: u32) -> Timestamp {
    let span = SignedDuration::from_hours(24 * i64::from(days));
    now.checked_sub(span).unwrap_or(Timestamp::MIN)
}
