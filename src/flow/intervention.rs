//! What a person does with a lead from outside: lets a held one go, puts it away, or ends any. The reason they type may
//! name anybody: it is emptied with what is personal of the lead (P9).

use super::{Entry, Event, Flow, Outcome, State, What, word};

/// The reason of a lead that was ended to be erased: no person typed it.
pub const ERASED: &str = "erased";
/// The ends whose reason a person typed.
const BY_A_PERSON: [Outcome; 2] = [Outcome::Canceled, Outcome::Discarded];

/// What a person does with a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intervention {
    /// A held one goes on.
    Release,
    /// A held one is put away.
    Discard,
    /// Any one is ended.
    Cancel,
}

impl Intervention {
    /// The one of this name, as the routes and the command line write it.
    pub fn named(name: &str) -> Option<Intervention> {
        let all = [Self::Release, Self::Discard, Self::Cancel];
        all.into_iter().find(|one| one.name() == name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Discard => "discard",
            Self::Cancel => "cancel",
        }
    }

    /// What the lead is afterwards.
    pub fn done(self) -> &'static str {
        match self {
            Self::Release => "released",
            Self::Discard => "discarded",
            Self::Cancel => "canceled",
        }
    }

    /// The event it is to the flow.
    pub fn event(self, reason: Option<String>) -> Event {
        match self {
            Self::Release => Event::Release { reason },
            Self::Discard => Event::Discard { reason },
            Self::Cancel => Event::Cancel { reason },
        }
    }

    /// The flow decided; whether it did is read off what became of it.
    pub fn was_done(self, before: &Flow, after: &Flow) -> bool {
        match self {
            Self::Release | Self::Discard => {
                before.held_reason().is_some() && after.held_reason().is_none()
            }
            Self::Cancel => before.outcome().is_none() && after.outcome().is_some(),
        }
    }

    /// Why it was not done, and what to do instead.
    pub fn refusal(self, before: &Flow, after: &Flow) -> &'static str {
        match self {
            Self::Release if after.held_reason().is_some() => {
                "it has no number that may be rung; discard it, or send it again with one"
            }
            Self::Release => "only a held lead can be released",
            Self::Discard => "only a held lead can be discarded; cancel ends another",
            Self::Cancel if before.outcome().is_some() => "nothing is left to cancel",
            Self::Cancel => "two people are on the phone; wait until they have hung up",
        }
    }
}

impl Flow {
    /// Empties the reason that a person typed. `false`: there was none.
    pub fn forget_reason(&mut self) -> bool {
        let State::Closed(closed) = &mut self.state else {
            return false;
        };
        let by_a_person = BY_A_PERSON.contains(&closed.outcome);
        let typed = |reason: &mut String| by_a_person && reason != ERASED;
        closed.reason.take_if(typed).is_some()
    }
}

impl Entry {
    /// Empties the reason that a person typed. `false`: there was none.
    pub fn forget_reason(&mut self) -> bool {
        if self.what == What::LeadReleased {
            return self.reason.take().is_some();
        }
        let told = self.reason.as_deref().filter(|_| self.what == What::Closed);
        let Some((outcome, reason)) = told.and_then(|told| told.split_once(": ")) else {
            return false;
        };
        let is_typed = BY_A_PERSON.map(word).iter().any(|it| it == outcome) && reason != ERASED;
        if is_typed {
            self.reason = Some(outcome.to_owned());
        }
        is_typed
    }
}
