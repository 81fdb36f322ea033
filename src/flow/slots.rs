//! One run of a plan: its phones, and what became of each.

use jiff::Timestamp;
use leadbridge_providers::LegId;
use serde::{Deserialize, Serialize};

use super::Moment;
use crate::phone::PhoneNumber;
use crate::plan::{Plan, Seat, Why};
use crate::rotation::CarrierId;

/// One run of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// Counts from 1 over all sets.
    pub number: u16,
    /// Who places its calls.
    pub carrier: CarrierId,
    /// The number they show.
    pub caller_id: PhoneNumber,
    /// The phones of the plan.
    pub slots: Vec<Slot>,
    /// The step that was started last.
    pub latest: Option<u16>,
    /// When it began, or was taken up again after a rep had the lead or a ring could not leave.
    pub since: Timestamp,
    /// When nobody may be rung any more, or the hours must be read again.
    pub closes_at: Option<Timestamp>,
    /// The same customer is being served by another rooftop: nothing starts.
    pub blocked: bool,
}

/// A phone of a plan, in this round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slot {
    /// Whose.
    pub seat: Seat,
    /// Which step it belongs to.
    pub step: u16,
    /// What became of it.
    pub state: SlotState,
    /// It was lost once in this round and comes again.
    pub again: bool,
}

/// What became of a phone in this round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SlotState {
    /// Its step has not come.
    Todo,
    /// Its step has come, the phone was taken: rings when it gets free.
    InLine,
    /// Rung.
    Rung(LegId),
}

impl Round {
    pub(super) fn todo(&self) -> impl Iterator<Item = &Slot> {
        self.slots
            .iter()
            .filter(|slot| slot.state == SlotState::Todo)
    }

    pub(super) fn in_line(&self) -> impl Iterator<Item = &Slot> {
        self.slots
            .iter()
            .filter(|slot| slot.state == SlotState::InLine)
    }

    pub(super) fn rung(&self) -> impl Iterator<Item = (&Slot, LegId)> {
        self.slots.iter().filter_map(|slot| match slot.state {
            SlotState::Rung(leg) => Some((slot, leg)),
            SlotState::Todo | SlotState::InLine => None,
        })
    }

    pub(super) fn step_of_the_latest_ring(&self) -> Option<u16> {
        let rings = self.rung().filter(|(slot, _)| !slot.again);
        let latest = rings.max_by_key(|(_, leg)| leg.number);
        latest.map(|(slot, _)| slot.step)
    }

    /// The owners wait until every other phone has rung or could not.
    pub(super) fn others_have_rung(&self) -> bool {
        let others = self
            .slots
            .iter()
            .filter(|slot| !slot.seat.owner && !slot.again);
        others
            .into_iter()
            .all(|slot| matches!(slot.state, SlotState::Rung(_)))
    }

    /// Phones that were paused since the plan was made. The last owner is rung all the same, and who sent a test.
    pub(super) fn leave_out_paused(&mut self, m: &Moment<'_>) {
        let owners = self.slots.iter().filter(|slot| slot.seat.owner);
        let last = owners
            .max_by_key(|slot| slot.step)
            .map(|slot| slot.seat.phone.clone());
        self.slots.retain(|slot| {
            let phone = &slot.seat.phone;
            matches!(slot.state, SlotState::Rung(_))
                || slot.seat.why == Why::Test
                || last.as_ref() == Some(phone)
                || m.desk.phone(phone).paused(m.now).is_none()
        });
    }

    pub(super) fn next_is_owner(&self) -> bool {
        self.todo()
            .min_by_key(|slot| slot.step)
            .is_some_and(|slot| slot.seat.owner)
    }
}

/// The phones of a plan, none of them rung.
pub(super) fn slots(plan: Plan) -> Vec<Slot> {
    let steps = (1..).zip(plan.steps);
    let slot = |step, seat| Slot {
        seat,
        step,
        state: SlotState::Todo,
        again: false,
    };
    steps
        .flat_map(|(step, seats)| seats.into_iter().map(move |seat| slot(step, seat)))
        .collect()
}
