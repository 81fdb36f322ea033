//! One type for all carriers. A new one is a variant here, and the compiler names every line it is missing in.
//!
//! Twilio fetches from us what a leg hears; Asterisk is told, step by step. What only one kind has is asked of its
//! own type: of [`Twilio`] in the routes that it calls, of [`Asterisk`] where its legs are performed.

use crate::asterisk::Asterisk;
use crate::twilio::Twilio;
use crate::{CarrierCallId, Found, Ordered, Place, Placing, Request, Response};

/// A carrier that is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// Twilio, or whoever speaks its dialect.
    Twilio(Twilio),
    /// The group's own PBX.
    Asterisk(Asterisk),
}

impl Carrier {
    /// The one that fetches what a leg hears.
    pub fn twilio(&self) -> Option<&Twilio> {
        match self {
            Self::Twilio(carrier) => Some(carrier),
            Self::Asterisk(_) => None,
        }
    }

    /// The one that is told what a leg hears.
    pub fn asterisk(&self) -> Option<&Asterisk> {
        match self {
            Self::Twilio(_) => None,
            Self::Asterisk(carrier) => Some(carrier),
        }
    }

    /// How a placing of this phone ended.
    pub fn placing(&self, place: &Place, response: Response<'_>) -> Placing {
        match self {
            Self::Twilio(carrier) => carrier.placing(response),
            Self::Asterisk(carrier) => carrier.placing(&place.to, response),
        }
    }

    /// Ends a call that nobody has picked up. Whether somebody has is for Twilio to say, and for whoever asks Asterisk.
    pub fn cancel(&self, call: &CarrierCallId) -> Request {
        match self {
            Self::Twilio(carrier) => carrier.cancel(call),
            Self::Asterisk(carrier) => carrier
                .cancel(call)
                .unwrap_or_else(|| carrier.send_on(call)),
        }
    }

    /// Ends a call, however far it is.
    pub fn hang_up(&self, call: &CarrierCallId) -> Request {
        match self {
            Self::Twilio(carrier) => carrier.hang_up(call),
            Self::Asterisk(carrier) => carrier
                .hang_up(call)
                .unwrap_or_else(|| carrier.send_on(call)),
        }
    }

    /// Asks for something that only our credentials open, and rings nobody.
    pub fn account(&self) -> Request {
        match self {
            Self::Twilio(carrier) => carrier.account(),
            Self::Asterisk(carrier) => carrier.info(),
        }
    }
}

/// Declares methods that only pass on to the carrier's own of the same name.
macro_rules! pass_on {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)*) => {
        impl Carrier {
            $($(#[$doc])*
            pub fn $name(&self, $($argument: $kind),*) -> $answer {
                match self {
                    Self::Twilio(carrier) => carrier.$name($($argument),*),
                    Self::Asterisk(carrier) => carrier.$name($($argument),*),
                }
            })*
        }
    };
}

pass_on! {
    /// Rings a phone.
    place(place: &Place) -> Request;
    /// What the answer to an interrupt, a cancel or a hang-up means.
    ordered(response: Response<'_>) -> Ordered;
    /// Asks how far a call is.
    look_up(call: &CarrierCallId) -> Request;
    /// What a look-up says; `None` where it makes no sense and is to be asked again.
    found(response: Response<'_>) -> Option<Found>;
    /// Whether the answer to [`Carrier::account`] says that our credentials are good; `None` where it makes no sense.
    recognised(response: Response<'_>) -> Option<bool>;
}
