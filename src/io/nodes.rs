//! One node among several on one PostgreSQL: it keeps its lease, and takes over what a lost node left. A node that
//! can't reach the database does neither, and nothing leaves it any more once its lease is over.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tracing::{info, warn};

use super::engine::Engine;
use super::store::{RENEW_EVERY, StoreError};

/// How often it is looked for lost nodes: with the lease, a lost node's calls go on within four seconds.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Does so as long as the process lives.
pub(super) async fn run(engine: Engine) {
    tokio::join!(keep_lease(&engine), take_over_lost(&engine));
}

async fn keep_lease(engine: &Engine) {
    let mut turns = interval(RENEW_EVERY);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        turns.tick().await;
        if let Err(error) = engine.store.renew().await {
            warn!(%error, "the lease of this node can't be renewed; nothing leaves once it is over");
        }
    }
}

async fn take_over_lost(engine: &Engine) {
    let mut turns = interval(LOOK_EVERY);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        turns.tick().await;
        if let Err(error) = take_over(engine).await {
            warn!(%error, "it can't be looked for lost nodes; trying again");
        }
    }
}

async fn take_over(engine: &Engine) -> Result<(), StoreError> {
    let Some(left) = engine.store.take_over(false, engine.now()).await? else {
        return Ok(());
    };
    let (nodes, items, flows) = (left.of.len(), left.items.len(), left.flows.len());
    info!(nodes, items, flows, "what a lost node left goes on here");
    let settled = engine.settle(left).await;
    if settled.is_err() {
        // It is in this node's hand by now: so that all of it is found again, this node begins anew.
        engine.store.give_up();
    }
    settled
}
