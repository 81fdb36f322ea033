//! Erasing a person: what is under way is ended, and all that is personal goes; the figures stay (P9).

use leadbridge_providers::LeadId;
use serde::{Deserialize, Serialize};

use super::store::{Stepped, Store, StoreError};
use crate::flow::{ERASED, Event};
use crate::lead::Person;

/// What became of the leads of a person.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Erased {
    /// Nothing personal is left of these.
    pub erased: Vec<LeadId>,
    /// Two people are on the phone about these; they are still there.
    pub talking: Vec<LeadId>,
    /// Another program reads the store as it was before; what was erased is overwritten when that one has ended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub still_read: bool,
}

/// Ends and empties all leads of a person; `step` lets the effects of an end leave.
pub async fn erase<F>(
    store: &Store,
    person: Person,
    step: impl Fn(LeadId, Event) -> F,
) -> Result<Erased, StoreError>
where
    F: Future<Output = Result<Option<Stepped>, StoreError>>,
{
    let mut erased = Erased::default();
    for lead in store.reads().leads_of(person).await? {
        let reason = Some(ERASED.to_owned());
        let ended = step(lead, Event::Cancel { reason }).await?;
        if ended.is_some_and(|ended| ended.flow.outcome().is_none()) {
            erased.talking.push(lead);
        } else {
            erased.erased.push(lead);
        }
    }
    erased.still_read = !store.erase(erased.erased.clone()).await?;
    Ok(erased)
}
