//! What was written to people, in the model.

use leadbridge::flow::{Entry, What, word};
use leadbridge::io::store::MessageState;
use leadbridge::message::{Draft, Kind, Recipient, Way};
use leadbridge_providers::LeadId;

use super::Model;

/// One message.
pub(crate) struct Text {
    pub(crate) lead: LeadId,
    pub(crate) draft: Draft,
    pub(crate) state: MessageState,
}

impl Model {
    /// Whether it may leave.
    pub(crate) fn post(&mut self, item: Option<usize>, lead: LeadId, draft: &Draft) -> bool {
        if item.is_some_and(|item| self.outbox.remove(&item).is_none()) {
            return false;
        }
        let same = |text: &Text| {
            text.lead == lead
                && (&text.draft.to, text.draft.way, text.draft.kind)
                    == (&draft.to, draft.way, draft.kind)
        };
        let told = draft.kind == Kind::RepMissed && self.texts.iter().flatten().any(same);
        if told || !self.number(draft.number.as_ref()).takes_texts() {
            return false;
        }
        self.texts.push(Some(Text {
            lead,
            draft: draft.clone(),
            state: MessageState::Leaving,
        }));
        true
    }

    /// What it is about, if that is news.
    pub(crate) fn went(&mut self, at: usize, state: MessageState, refused: bool) -> Option<Kind> {
        let text = self.texts[at].as_mut()?;
        let before = text.state;
        if before < MessageState::Delivered {
            text.state = before.max(state);
        }
        let is_news = text.state != before;
        let (lead, draft) = (text.lead, text.draft.clone());
        let has_left = (MessageState::Taken..=MessageState::Undelivered).contains(&state)
            && before <= MessageState::Unknown;
        if has_left && draft.way == Way::Text {
            let mut entry = Entry::new(self.now, What::TextSent).because(word(draft.kind));
            if let Recipient::Rep(rep) = &draft.to {
                entry.rep = Some(rep.clone());
            }
            self.tell(lead, &[entry]);
        }
        if refused && draft.to == Recipient::Customer {
            self.refuses(lead);
        }
        is_news.then_some(draft.kind)
    }

    fn refuses(&mut self, lead: LeadId) {
        if let Some(phone) = self.leads.get(&lead).and_then(|kept| kept.phone.as_ref()) {
            let number = self.numbers.entry(self.key.of(phone)).or_default();
            number.wish_texts(false, self.now);
        }
    }
}
