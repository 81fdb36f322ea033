//! Texts and notices leave here. Until a sender is configured each is one line in the log, with the lead's id and
//! never a number or name.

use tracing::info;

use crate::flow::errand::Errand;
use crate::flow::word;
use crate::io::engine::Engine;
use crate::io::store::Effect;

/// Sends one, and takes it out of the outbox.
pub fn send(engine: &Engine, effect: &Effect) {
    match &effect.errand {
        Errand::Text(text) => info!(lead = %effect.lead, text = kind(text), "a text would be sent"),
        Errand::Notice(notice) => {
            info!(lead = %effect.lead, notice = kind(notice), "our own people would be told")
        }
        Errand::Carrier(..) => return,
    }
    let (engine, id) = (engine.clone(), effect.id);
    tokio::spawn(async move {
        if let Err(error) = engine.store.done(id).await {
            tracing::warn!(%error, "a notice stays in the outbox");
        }
    });
}

/// The kind of a message without what it is filled with.
fn kind<T: serde::Serialize>(message: T) -> String {
    match serde_json::to_value(&message) {
        Ok(serde_json::Value::Object(fields)) => fields
            .into_iter()
            .next()
            .map_or(String::new(), |(name, _)| name),
        Ok(_) | Err(_) => word(message),
    }
}
