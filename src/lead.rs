//! A lead as its source told it: everything personal that Leadbridge knows about a customer stands here and
//! in the raw body, and nowhere else (P9).

use jiff::Timestamp;
use leadbridge_providers::Language;
use serde::{Deserialize, Serialize};

pub use leadbridge_providers::LeadId;

use crate::phone::{NotANumber, PhoneNumber};

/// What a source told us, whatever its format.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lead {
    /// The source's own id: the same id is the same lead.
    pub id: Option<String>,
    /// t0, when the customer asked.
    pub requested_at: Option<Timestamp>,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name, with its particles ("van der Vliet").
    pub last_name: Option<String>,
    /// The number as typed; `guard` reads it.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// The customer's language.
    pub language: Option<Language>,
    /// What the customer wrote.
    pub message: Option<String>,
    /// The vehicle asked about.
    pub vehicle: Vehicle,
    /// The rep asked for: id, e-mail or phone.
    pub rep: Option<String>,
    /// What the customer agreed to.
    pub consent: Consent,
    /// A test: no customer is rung.
    pub test: bool,
}

/// The vehicle that a lead is about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Vehicle {
    /// Brand.
    pub make: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Model year.
    pub year: Option<u16>,
    /// `new` or `used`.
    pub condition: Option<String>,
    /// The dealer's stock number.
    pub stock: Option<String>,
    /// `buy`, `lease`, `sell`, `trade-in` or `test-drive`.
    pub interest: Option<String>,
}

/// What the customer agreed to, and the proof.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Consent {
    /// Calls; `Some(false)` is a refusal, `None` says nothing.
    pub call: Option<bool>,
    /// Text messages; only `Some(true)` allows them.
    pub text: Option<bool>,
    /// When.
    pub at: Option<Timestamp>,
    /// Which wording was shown.
    pub wording: Option<String>,
}

/// What was typed of a lead that no release can ring, for whoever rings by hand.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub struct Typed {
    /// The number, as it was typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// E-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What the customer wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The start of what came, where nothing could be read out of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
}

impl Typed {
    /// More of a body is no help to anybody who must read it.
    const RAW_MAX_CHARS: usize = 4 * 1024;

    /// Of a lead that was read.
    pub fn of(lead: &Lead) -> Typed {
        Typed {
            phone: lead.phone.clone(),
            email: lead.email.clone(),
            message: lead.message.clone(),
            raw: None,
        }
    }

    /// Of a body that was not.
    pub fn of_raw(body: &str) -> Typed {
        Typed {
            raw: Some(body.chars().take(Typed::RAW_MAX_CHARS).collect()),
            ..Typed::default()
        }
    }

    /// Each part that there is, with what it is.
    pub fn parts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let parts = [
            ("phone", &self.phone),
            ("email", &self.email),
            ("message", &self.message),
            ("body", &self.raw),
        ];
        let given = parts.into_iter();
        given.filter_map(|(name, text)| Some((name, text.as_deref()?)))
    }
}

/// Whom an erasure or an export is about.
#[derive(Clone, PartialEq, Eq)]
pub enum Person {
    /// Whoever has this number.
    Phone(PhoneNumber),
    /// Whoever has this e-mail address, in small letters.
    Mail(String),
}

impl Person {
    /// Reads a number as people type it, or an e-mail address.
    pub fn parse(text: &str, country: &str) -> Result<Person, NotANumber> {
        let text = text.trim();
        if text.contains('@') {
            return Ok(Person::Mail(text.to_lowercase()));
        }
        PhoneNumber::parse(text, country).map(Person::Phone)
    }
}

/// Why a lead is held for a person (INTERFACE, closed vocabulary).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeldReason {
    /// No format we know could be read out of the body.
    Unreadable,
    /// Nothing to ring.
    NoPhone,
    /// Not a number, or one that nobody can have.
    InvalidNumber,
    /// Premium, shared-cost, satellite, short.
    Premium,
    /// Outside the countries of `[guard]`.
    Country,
    /// A number of the group itself.
    OwnNumber,
    /// The source sends more than it may.
    Rate,
    /// The customer was rung often enough today.
    Cap,
    /// Looks like spam.
    Spam,
    /// The customer refused calls.
    Consent,
    /// Two people, or the owner, pressed 9.
    Suspicious,
}
