//! What a command means at a carrier: the numbers and names that an outbox row does not hold (P9) are filled in
//! from the flow when the command leaves.

use jiff::{SignedDuration, Timestamp};
use leadbridge_providers::{CarrierCallId, LegId, Place, Side, Turn};

use super::leg::{CARRIER_RING_EXTRA_S, Life};
use super::{Attempt, Command, Flow, Notice, State, Text};
use crate::rotation::CarrierId;

/// What a rep's leg may last beyond the longest talk: whisper, the customer's rings and the menu, in seconds.
const AROUND_TALK_S: u32 = 300;
/// The carrier's clock may be behind ours by so many seconds.
const CLOCKS_S: i64 = 2;
/// A create that was not answered by then made no call any more, in seconds.
const CREATED_WITHIN_S: i64 = 10;
/// The customer's phone is rung from a script, when all that comes before it has been said, in seconds.
const DIALLED_WITHIN_S: i64 = 60;

/// A command with all that the world outside must know.
#[derive(Clone, Debug, PartialEq)]
pub enum Errand {
    /// To a carrier.
    Carrier(CarrierId, CarrierErrand),
    /// A text message.
    Text(Text),
    /// A message to our own people.
    Notice(Notice),
}

/// Something to ask of a carrier.
#[derive(Clone, Debug, PartialEq)]
pub enum CarrierErrand {
    /// Ring a phone.
    Place(Place),
    /// Make a leg ask for its script.
    Interrupt(CarrierCallId, LegId, Turn),
    /// End a leg that nobody has picked up.
    Cancel(CarrierCallId),
    /// End a leg.
    HangUp(CarrierCallId),
    /// What became of it?
    LookUp(LegId, LookUp),
}

/// By what a leg is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookUp {
    /// The carrier's name.
    Call(CarrierCallId),
    /// Whom it rings.
    Search {
        /// E.164.
        to: String,
        /// E.164.
        from: String,
        /// When it can have been created.
        within: Within,
    },
    /// From which leg it was rung.
    Child {
        /// The carrier's name for that one.
        parent: CarrierCallId,
        /// When it can have been created.
        within: Within,
    },
}

/// When a leg can have been created at the carrier: calls before and after are other legs'.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Within {
    from: Timestamp,
    to: Timestamp,
}

impl Within {
    fn after(life: &Life, seconds: i64) -> Within {
        let left_at = life.left_at.unwrap_or(life.created_at);
        Within {
            from: left_at - SignedDuration::from_secs(CLOCKS_S),
            to: left_at + SignedDuration::from_secs(seconds),
        }
    }

    /// Whether this leg can be the call created then; carriers write whole seconds.
    pub fn holds(&self, created_at: Timestamp) -> bool {
        let second = SignedDuration::from_secs(1);
        self.from < created_at + second && created_at <= self.to
    }
}

impl Flow {
    /// What a command of this flow means now; `None` when there is nothing left to do.
    pub fn errand(&self, command: &Command) -> Option<Errand> {
        match command {
            Command::Text(text) => Some(Errand::Text(text.clone())),
            Command::Notice(notice) => Some(Errand::Notice(notice.clone())),
            Command::LookUp(leg) if leg.side == Side::Customer => self.look_up_customer(*leg),
            Command::LookUp(leg) | Command::Interrupt(leg) if leg.side == Side::In => {
                self.at_carrier_of_call(command, *leg)
            }
            Command::Ring(leg)
            | Command::Interrupt(leg)
            | Command::Cancel(leg)
            | Command::HangUp(leg)
            | Command::LookUp(leg) => {
                let attempt = self.attempt(*leg)?;
                Some(Errand::Carrier(
                    attempt.carrier.clone(),
                    self.at_carrier(command, attempt)?,
                ))
            }
        }
    }

    /// A customer's leg that came in.
    fn at_carrier_of_call(&self, command: &Command, leg: LegId) -> Option<Errand> {
        let customer = self.customer_leg(leg)?;
        let (call, came_in) = (customer.life.call.clone()?, customer.came_in.as_ref()?);
        let errand = match command {
            Command::Interrupt(_) if came_in.has == came_in.turn => return None,
            Command::Interrupt(_) => CarrierErrand::Interrupt(call, leg, came_in.turn),
            Command::Ring(_)
            | Command::Cancel(_)
            | Command::HangUp(_)
            | Command::LookUp(_)
            | Command::Text(_)
            | Command::Notice(_) => CarrierErrand::LookUp(leg, LookUp::Call(call)),
        };
        Some(Errand::Carrier(came_in.carrier.clone(), errand))
    }

    fn at_carrier(&self, command: &Command, attempt: &Attempt) -> Option<CarrierErrand> {
        let call = attempt.life.call.clone();
        match command {
            Command::Ring(_) => Some(CarrierErrand::Place(self.place(attempt))),
            Command::Interrupt(_) if attempt.has == attempt.turn => None,
            Command::Interrupt(leg) => Some(CarrierErrand::Interrupt(call?, *leg, attempt.turn)),
            Command::Cancel(_) => call.map(CarrierErrand::Cancel),
            Command::HangUp(_) => call.map(CarrierErrand::HangUp),
            Command::LookUp(leg) => Some(CarrierErrand::LookUp(
                *leg,
                call.map_or_else(|| search(attempt), LookUp::Call),
            )),
            Command::Text(_) | Command::Notice(_) => None,
        }
    }

    fn place(&self, attempt: &Attempt) -> Place {
        Place {
            leg: attempt.leg,
            to: attempt.seat.number.as_str().to_owned(),
            from: attempt.from.as_str().to_owned(),
            timeout_s: attempt.ring_s + CARRIER_RING_EXTRA_S,
            time_limit_s: self.terms.as_ref().map_or(0, |terms| terms.talk_max_s) + AROUND_TALK_S,
            turn: attempt.turn,
        }
    }

    fn look_up_customer(&self, leg: LegId) -> Option<Errand> {
        let State::Engaged(engaged) = &self.state else {
            return None;
        };
        let rep = self.attempt(engaged.leg)?;
        let call = self.customer_leg(leg)?.life.call.clone();
        let how = match call {
            Some(call) => LookUp::Call(call),
            None => LookUp::Child {
                parent: rep.life.call.clone()?,
                within: Within::after(&self.customer_leg(leg)?.life, DIALLED_WITHIN_S),
            },
        };
        Some(Errand::Carrier(
            rep.carrier.clone(),
            CarrierErrand::LookUp(leg, how),
        ))
    }
}

fn search(attempt: &Attempt) -> LookUp {
    LookUp::Search {
        to: attempt.seat.number.as_str().to_owned(),
        from: attempt.from.as_str().to_owned(),
        within: Within::after(&attempt.life, CREATED_WITHIN_S),
    }
}
