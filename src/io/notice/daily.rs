//! Held leads have no flow that would call: each morning a person is told of them (P6). The day that was told stands
//! in the store, in the same transaction as the messages, so that a restart neither skips nor doubles it.

use std::time::Duration;

use jiff::civil::Date;
use tracing::warn;

use super::{leave_soon, writer};
use crate::io::engine::Engine;
use crate::io::store::{Posting, StoreError};
use crate::message::held_told_day;

/// How often it is looked whether the morning has come.
const LOOK_EVERY: Duration = Duration::from_secs(20);

/// Tells each morning, as long as the process lives.
pub async fn run(engine: Engine) {
    loop {
        if let Err(error) = tell_if_due(&engine).await {
            warn!(%error, "managers can't be told of held leads; trying again");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn tell_if_due(engine: &Engine) -> Result<(), StoreError> {
    let Some(day) = held_told_day(&engine.rules(), engine.now()) else {
        return Ok(());
    };
    let told = engine.store.reads().held_told().await?;
    if told.is_none_or(|told| told < day) {
        tell(engine, day).await?;
    }
    Ok(())
}

async fn tell(engine: &Engine, day: Date) -> Result<(), StoreError> {
    let held = engine.store.reads().held().await?;
    let rules = engine.rules();
    let posting = Posting {
        item: None,
        lead: None,
        drafts: writer(engine, &rules).held_daily(&held),
        day: Some(day),
    };
    for message in engine.store.post(posting, engine.now()).await? {
        leave_soon(engine, message);
    }
    Ok(())
}
