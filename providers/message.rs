//! Text messages in the common words of all carriers.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Our name for one message. It travels in the address of every report about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub i64);

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text message to send. Numbers and words are personal: there is no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct TextMessage {
    /// Ours.
    pub id: MessageId,
    /// E.164.
    pub to: String,
    /// E.164, a number the group holds at the carrier.
    pub from: String,
    /// The words.
    pub body: String,
}

/// How asking the carrier for a text message ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Texting {
    /// The carrier took it; its name for it.
    Taken(String),
    /// Whom it is for has refused texts.
    Refused,
    /// Nobody gets texts at this number.
    BadNumber {
        /// The carrier's code.
        code: u32,
    },
    /// Refused for a reason of its own.
    Failed {
        /// The carrier's code, or the HTTP status where it gave none.
        code: u32,
    },
    /// Provably not processed: the same again later.
    NotSent,
    /// Credentials, sender's number, permissions: not before the admin mends it.
    OurSetUp {
        /// The carrier's code, or the HTTP status where it gave none.
        code: u32,
    },
    /// Bytes were sent and no sense came back: it may have left, so it is never repeated.
    Unknown,
}

/// How far a text message is. Later ones come after earlier ones, and the last three end it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextPhase {
    /// It left the carrier.
    Sent,
    /// It is on the phone.
    Delivered,
    /// The phone's network did not bring it.
    Undelivered,
    /// The carrier could not send it.
    Failed,
}

/// What a carrier reports of a text message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextReport {
    /// How far it is, where the report says a word we know.
    pub phase: Option<TextPhase>,
    /// Why it did not arrive: the carrier's code.
    pub code: Option<u32>,
    /// Whom it is for has refused texts.
    pub refused: bool,
}

/// A text message that came in. Personal: there is no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct TextIn {
    /// The carrier's name for it: the same one may come twice.
    pub name: String,
    /// From whom, as the carrier writes it.
    pub from: String,
    /// To which of our numbers.
    pub to: String,
    /// The words.
    pub body: String,
    /// What the carrier itself understood: no more texts (`false`), texts again (`true`).
    pub wants_texts: Option<bool>,
}
