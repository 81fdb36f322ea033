//! One type for all carriers. A new one is a variant here, and the compiler names every line it is missing in.

use crate::twilio::{SIGNATURE_HEADER, Twilio};
use crate::{
    Callback, Candidate, CarrierCallId, Found, Inbound, LegId, Ordered, Place, Placing, Request,
    Response, Route, Script, TextIn, TextMessage, TextReport, Texting, Turn,
};

/// A carrier that is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// Twilio, or whoever speaks its dialect.
    Twilio(Twilio),
}

impl Carrier {
    /// Our name for it, as in the callback URLs.
    pub fn id(&self) -> &str {
        let Self::Twilio(carrier) = self;
        &carrier.id
    }

    /// The header that carries the signature of a callback, in lower case.
    pub fn signature_header(&self) -> &'static str {
        let Self::Twilio(_) = self;
        SIGNATURE_HEADER
    }

    /// The type of the document that [`Carrier::script`] writes.
    pub fn script_type(&self) -> &'static str {
        let Self::Twilio(_) = self;
        Twilio::SCRIPT_TYPE
    }

    /// The document that answers an incoming text with nothing.
    pub fn no_answer(&self) -> &'static str {
        let Self::Twilio(_) = self;
        Twilio::NO_ANSWER
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
                }
            })*
        }
    };
}

pass_on! {
    /// Rings a phone.
    place(place: &Place) -> Request;
    /// How a placing ended.
    placing(response: Response<'_>) -> Placing;
    /// Makes a leg that is up ask for the script of this turn now.
    interrupt(call: &CarrierCallId, leg: LegId, turn: Turn) -> Request;
    /// Ends a call only while it is not answered.
    cancel(call: &CarrierCallId) -> Request;
    /// Ends a call, however far it is.
    hang_up(call: &CarrierCallId) -> Request;
    /// What the answer to an interrupt, a cancel or a hang-up means.
    ordered(response: Response<'_>) -> Ordered;
    /// Asks how far a call is.
    look_up(call: &CarrierCallId) -> Request;
    /// What a look-up says; `None` where it makes no sense and is to be asked again.
    found(response: Response<'_>) -> Option<Found>;
    /// Asks for the newest calls between two numbers.
    search(to: &str, from: &str) -> Request;
    /// Asks for the calls that a script of this call rang.
    children(parent: &CarrierCallId) -> Request;
    /// The calls that a search or a question for children found; `None` where the answer makes no sense.
    candidates(response: Response<'_>) -> Option<Vec<Candidate>>;
    /// Asks for the account: a check of the credentials that rings nobody.
    account() -> Request;
    /// Whether the account's answer says that our credentials are good; `None` where it makes no sense.
    recognised(response: Response<'_>) -> Option<bool>;
    /// Asks, list by list, for a number that is to be shown; one list must have it. Rings nobody.
    may_show(number: &str) -> Vec<Request>;
    /// Whether such a list has the number; `None` where the answer makes no sense.
    shows(number: &str, response: Response<'_>) -> Option<bool>;
    /// Whether a callback comes from the carrier.
    authentic(path_and_query: &str, content_type: Option<&str>, body: &[u8], signature: Option<&str>) -> bool;
    /// Reads a callback.
    read(route: Route, query: &str, body: &[u8]) -> Callback;
    /// Reads a call that rings one of our own numbers.
    read_inbound(query: &str, body: &[u8]) -> Inbound;
    /// The document that makes a leg hear this script.
    script(leg: LegId, script: &Script) -> String;
    /// Sends a text message.
    text(message: &TextMessage) -> Request;
    /// How asking for a text ended.
    texting(response: Response<'_>) -> Texting;
    /// Reads a report about a text of ours.
    text_report(body: &[u8]) -> TextReport;
    /// Reads a text that came in; `None` for what is no text, such as a call.
    text_in(body: &[u8]) -> Option<TextIn>;
    /// Where the carrier asks what a leg hears.
    answer_url(leg: LegId, turn: Turn) -> String;
}
