//! What was written to people, and what they wrote back: one row each, with its lead's name, because the words are
//! personal (P9). A message is a row before it leaves, so that a text can never leave twice.

use jiff::Timestamp;
use jiff::civil::Date;
use leadbridge_providers::{LeadId, MessageId, TextPhase};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::error::{Answer, StoreError};
use super::rows::{self, nanoseconds, parsed};
use super::{OutboxId, Reads, Store};
use crate::flow::{Entry, What, word};
use crate::message::{Draft, Held, Kind, Recipient, Way};
use crate::phone::{PhoneKey, PhoneNumber};
use crate::rotation::RepId;

/// The table; `lead` is empty for what is about no lead.
pub(super) const TABLE: &str = "
CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    lead TEXT,
    recipient TEXT,
    way TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    rooftop TEXT,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    carrier_id TEXT,
    code INTEGER,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX message_lead ON message (lead) WHERE lead IS NOT NULL;
CREATE INDEX message_leaving ON message (id) WHERE state = 'leaving';
CREATE UNIQUE INDEX message_received ON message (carrier_id) WHERE kind = 'received';
";

/// The customer, as a recipient is written. No rep has such an id: it is no word.
const CUSTOMER: &str = "*customer";
/// The day on which managers were told of held leads last.
const HELD_TOLD: &str = "held-told";

/// How far a message is. A later one is never overwritten by an earlier one (P7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageState {
    /// Not known to have left.
    Leaving,
    /// A crash came while it left: it may have, so a text is not repeated.
    Unknown,
    /// The carrier or the mail server has it.
    Taken,
    /// It left the carrier.
    Sent,
    /// It is on the phone.
    Delivered,
    /// The phone's network did not bring it.
    Undelivered,
    /// It was refused, or its time was over.
    Failed,
    /// It came in.
    Received,
}

/// A message that is to leave. Personal: there is no `Debug`.
#[derive(Clone)]
pub struct Message {
    /// Its name.
    pub id: MessageId,
    /// Whose; `None` for what is about no lead.
    pub lead: Option<LeadId>,
    /// To whom, by which way, with which words.
    pub draft: Draft,
    /// When it was written.
    pub at: Timestamp,
}

/// Messages to be written down.
pub struct Posting {
    /// The item of the outbox that they stand for.
    pub item: Option<OutboxId>,
    /// Whose they are.
    pub lead: Option<LeadId>,
    /// The messages.
    pub drafts: Vec<Draft>,
    /// They are sent once on this day.
    pub day: Option<Date>,
}

/// How a message ended, or how far it is.
pub struct Fate {
    /// How far.
    pub state: MessageState,
    /// The carrier's name for it.
    pub carrier_id: Option<String>,
    /// The carrier's code, where something went wrong.
    pub code: Option<u32>,
    /// Its recipient refuses texts.
    pub refused: bool,
}

/// A message as it is shown to the person it is about. Personal: there is no `Debug`.
#[derive(Serialize)]
pub struct Written {
    /// What it is about; `received` for one that the customer wrote.
    pub kind: String,
    /// How it travelled.
    pub way: Way,
    /// How far it came.
    pub state: MessageState,
    /// When it was written.
    pub at: Timestamp,
    /// The words.
    pub body: String,
}

/// A text that somebody wrote to us. Personal: there is no `Debug`.
pub struct Letter {
    /// Who, as the desk and the numbers know it.
    pub key: PhoneKey,
    /// Who.
    pub from: PhoneNumber,
    /// The carrier's name for it.
    pub carrier_id: String,
    /// The words.
    pub body: String,
    /// Whether its writer wants texts, if it says so.
    pub wants_texts: Option<bool>,
}

impl From<TextPhase> for MessageState {
    fn from(phase: TextPhase) -> MessageState {
        match phase {
            TextPhase::Sent => MessageState::Sent,
            TextPhase::Delivered => MessageState::Delivered,
            TextPhase::Undelivered => MessageState::Undelivered,
            TextPhase::Failed => MessageState::Failed,
        }
    }
}

impl Store {
    /// Writes messages down and takes their item out of the outbox; those that may leave. Who refuses texts gets
    /// none, and nobody is told twice that he missed the same lead.
    pub async fn post(&self, posting: Posting, now: Timestamp) -> Result<Vec<Message>, StoreError> {
        let verb = move |db: &_| post(db, &posting, now);
        self.writer.write(None, verb).await
    }

    /// A message went a step further. `None`: there is no such message, or it was there before.
    pub async fn message_went(
        &self,
        id: MessageId,
        fate: Fate,
        now: Timestamp,
    ) -> Result<Option<Kind>, StoreError> {
        let key = self.key.clone();
        let verb = move |db: &_| {
            let phone_key = |phone: PhoneNumber| key.of(&phone);
            went(db, id, &fate, phone_key, now)
        };
        self.writer.write(None, verb).await
    }

    /// Somebody texted us. `Some`: the lead whose customer it is.
    pub async fn letter(
        &self,
        letter: Letter,
        now: Timestamp,
    ) -> Result<Option<LeadId>, StoreError> {
        let verb = move |db: &_| self::letter(db, &letter, now);
        self.writer.write(None, verb).await
    }

    /// The customer of a lead objects to texts. `false`: no such lead, or it has no number.
    pub async fn object(&self, lead: LeadId, now: Timestamp) -> Result<bool, StoreError> {
        let verb = move |db: &_| {
            let flow = rows::flow(db, lead)?;
            let key = flow.and_then(|flow| flow.facts.number);
            match &key {
                Some(key) => wish(db, key, false, now)?,
                None => return Ok(false),
            }
            Ok(true)
        };
        self.writer.write(Some(lead), verb).await
    }
}

impl Reads {
    /// Messages that had not left for sure when the last process ended.
    pub async fn messages_left_over(&self) -> Result<Vec<Message>, StoreError> {
        let sql = "SELECT id, lead, recipient, way, kind, rooftop, subject, body, at \
                   FROM message WHERE state = 'leaving' ORDER BY id";
        self.ask(move |db| {
            let mut statement = db.prepare_cached(sql)?;
            let mut found = statement.query([])?;
            let mut messages = Vec::new();
            while let Some(row) = found.next()? {
                messages.push(message(row)?);
            }
            Ok(messages)
        })
        .await
    }

    /// What was written about a lead, the earliest first.
    pub async fn messages_of(&self, lead: LeadId) -> Result<Vec<Written>, StoreError> {
        let sql = "SELECT kind, way, state, at, body FROM message WHERE lead = ? ORDER BY id";
        self.ask(move |db| {
            let mut statement = db.prepare_cached(sql)?;
            let mut found = statement.query([lead.to_string()])?;
            let mut messages = Vec::new();
            while let Some(row) = found.next()? {
                messages.push(Written {
                    kind: rows::text(row, 0)?,
                    way: from_word(row, 1, "a way")?,
                    state: from_word(row, 2, "a state")?,
                    at: moment(row, 3)?,
                    body: rows::text(row, 4)?,
                });
            }
            Ok(messages)
        })
        .await
    }

    /// The leads that wait for a person.
    pub async fn held(&self) -> Result<Vec<Held>, StoreError> {
        self.ask(|db| {
            let mut statement =
                db.prepare_cached("SELECT flow FROM flow WHERE open AND stage = 'held'")?;
            let flows = statement.query_map([], |row| row.get::<_, String>(0))?;
            let mut held = Vec::new();
            for flow in flows {
                let flow: crate::flow::Flow = rows::from_json(&flow?, "a flow")?;
                held.extend(flow.held_reason().map(|reason| Held {
                    rooftop: flow.facts.rooftop.clone(),
                    reason,
                }));
            }
            Ok(held)
        })
        .await
    }

    /// The day on which managers were told of held leads last.
    pub async fn held_told(&self) -> Result<Option<Date>, StoreError> {
        self.ask(held_told).await
    }
}

/// Forgets what was written about a lead.
pub(super) fn erase(db: &Connection, lead: LeadId) -> Answer<()> {
    db.prepare_cached("DELETE FROM message WHERE lead = ?")?
        .execute([lead.to_string()])?;
    Ok(())
}

fn post(db: &Connection, posting: &Posting, now: Timestamp) -> Answer<Vec<Message>> {
    if let Some(day) = posting.day {
        if held_told(db)? == Some(day) {
            return Ok(Vec::new());
        }
        let sql = "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)";
        db.prepare_cached(sql)?
            .execute(params![HELD_TOLD, day.to_string()])?;
    }
    let mut messages = Vec::new();
    for draft in &posting.drafts {
        if is_unwelcome(db, posting.lead, draft)? {
            continue;
        }
        messages.push(Message {
            id: insert(db, posting.lead, draft, now)?,
            lead: posting.lead,
            draft: draft.clone(),
            at: now,
        });
    }
    if let Some(item) = posting.item {
        rows::delete_item(db, item)?;
    }
    Ok(messages)
}

/// A number that refuses texts, or a rep who knows already that this lead was missed.
fn is_unwelcome(db: &Connection, lead: Option<LeadId>, draft: &Draft) -> Answer<bool> {
    if !rows::number(db, draft.number.as_ref())?.takes_texts() {
        return Ok(true);
    }
    let (Some(lead), Kind::RepMissed) = (lead, draft.kind) else {
        return Ok(false);
    };
    let sql =
        "SELECT count(*) FROM message WHERE lead = ? AND recipient = ? AND way = ? AND kind = ?";
    let asked = params![
        lead.to_string(),
        recipient(&draft.to),
        word(draft.way),
        word(draft.kind)
    ];
    let told: u32 = db.prepare_cached(sql)?.query_row(asked, |row| row.get(0))?;
    Ok(told > 0)
}

fn insert(
    db: &Connection,
    lead: Option<LeadId>,
    draft: &Draft,
    now: Timestamp,
) -> Answer<MessageId> {
    let sql = "INSERT INTO message (lead, recipient, way, kind, state, rooftop, subject, body, at) \
               VALUES (?, ?, ?, ?, 'leaving', ?, ?, ?, ?)";
    let row = params![
        lead.map(|lead| lead.to_string()),
        recipient(&draft.to),
        word(draft.way),
        word(draft.kind),
        draft.rooftop.0,
        draft.subject,
        draft.body,
        nanoseconds(now),
    ];
    Ok(MessageId(db.prepare_cached(sql)?.insert(row)?))
}

fn went(
    db: &Connection,
    id: MessageId,
    fate: &Fate,
    phone_key: impl Fn(PhoneNumber) -> PhoneKey,
    now: Timestamp,
) -> Answer<Option<Kind>> {
    let sql = "SELECT id, lead, recipient, way, kind, rooftop, subject, body, at, state \
               FROM message WHERE id = ? AND kind <> 'received'";
    let mut statement = db.prepare_cached(sql)?;
    let mut found = statement.query([id.0])?;
    let Some(row) = found.next()? else {
        return Ok(None);
    };
    let (message, before) = (message(row)?, from_word::<MessageState>(row, 9, "a state")?);
    if let (true, Some(key)) = (fate.refused, key_of(db, &message, phone_key)?) {
        wish(db, &key, false, now)?;
    }
    let sql = "UPDATE message SET state = ?2, carrier_id = coalesce(?3, carrier_id), \
               code = coalesce(?4, code) WHERE id = ?1";
    // What has come to its end stays there, whatever comes late (P7).
    let state = if before >= MessageState::Delivered {
        before
    } else {
        before.max(fate.state)
    };
    db.prepare_cached(sql)?
        .execute(params![id.0, word(state), fate.carrier_id, fate.code])?;
    let left = |state| (MessageState::Taken..=MessageState::Undelivered).contains(&state);
    let has_left =
        left(fate.state) && matches!(before, MessageState::Leaving | MessageState::Unknown);
    if let (true, Way::Text, Some(lead)) = (has_left, message.draft.way, message.lead) {
        rows::append(db, lead, &[text_sent(&message.draft, now)])?;
    }
    Ok((state != before).then_some(message.draft.kind))
}

/// A line of the timeline: to whom a text left, and about what.
fn text_sent(draft: &Draft, now: Timestamp) -> Entry {
    let mut entry = Entry::new(now, What::TextSent).because(word(draft.kind));
    if let Recipient::Rep(rep) = &draft.to {
        entry.rep = Some(rep.clone());
    }
    entry
}

/// The row that knows whether the customer of a message refuses texts. Our own people are known by the rules only.
fn key_of(
    db: &Connection,
    message: &Message,
    phone_key: impl Fn(PhoneNumber) -> PhoneKey,
) -> Answer<Option<PhoneKey>> {
    match (&message.draft.to, message.lead) {
        (Recipient::Customer, Some(lead)) => Ok(rows::told(db, lead)?.1.map(phone_key)),
        (Recipient::Customer | Recipient::Rep(_), _) => Ok(None),
    }
}

fn letter(db: &Connection, letter: &Letter, now: Timestamp) -> Answer<Option<LeadId>> {
    if let Some(wanted) = letter.wants_texts {
        wish(db, &letter.key, wanted, now)?;
    }
    let sql = "SELECT id FROM lead WHERE phone = ? ORDER BY id DESC LIMIT 1";
    let lead: Option<String> = db
        .prepare_cached(sql)?
        .query_row([letter.from.as_str()], |row| row.get(0))
        .optional()?;
    // Without a lead there is nobody's row that the words could stand in (P9).
    let Some(lead) = lead else {
        return Ok(None);
    };
    let sql = "INSERT OR IGNORE INTO message (lead, recipient, way, kind, state, subject, body, carrier_id, at) \
               VALUES (?, NULL, 'text', 'received', 'received', '', ?, ?, ?)";
    db.prepare_cached(sql)?.execute(params![
        lead,
        letter.body,
        letter.carrier_id,
        nanoseconds(now)
    ])?;
    Ok(Some(parsed(&lead, "a lead's name")?))
}

/// Writes down whether a number wants texts.
fn wish(db: &Connection, key: &PhoneKey, wanted: bool, now: Timestamp) -> Answer<()> {
    let mut number = rows::number(db, Some(key))?;
    let before = number.clone();
    number.wish_texts(wanted, now);
    if number != before {
        rows::save_number(db, key, &number)?;
    }
    Ok(())
}

fn held_told(db: &Connection) -> Answer<Option<Date>> {
    let sql = "SELECT value FROM meta WHERE key = ?";
    let day: Option<String> = db
        .prepare_cached(sql)?
        .query_row([HELD_TOLD], |row| row.get(0))
        .optional()?;
    day.map(|day| parsed(&day, "a day")).transpose()
}

fn message(row: &Row<'_>) -> Answer<Message> {
    let lead: Option<String> = row.get(1)?;
    let to = match rows::text(row, 2)? {
        customer if customer == CUSTOMER => Recipient::Customer,
        rep => Recipient::Rep(RepId(rep)),
    };
    Ok(Message {
        id: MessageId(row.get(0)?),
        lead: lead
            .map(|lead| parsed(&lead, "a lead's name"))
            .transpose()?,
        draft: Draft {
            to,
            number: None,
            way: from_word(row, 3, "a way")?,
            kind: from_word(row, 4, "a kind of message")?,
            rooftop: crate::rotation::RooftopId(rows::text(row, 5)?),
            subject: rows::text(row, 6)?,
            body: rows::text(row, 7)?,
        },
        at: moment(row, 8)?,
    })
}

fn moment(row: &Row<'_>, column: usize) -> Answer<Timestamp> {
    let at = Timestamp::from_nanosecond(i128::from(row.get::<_, i64>(column)?));
    at.map_err(|_| StoreError::Corrupt("a moment".to_owned()))
}

fn recipient(to: &Recipient) -> &str {
    match to {
        Recipient::Customer => CUSTOMER,
        Recipient::Rep(rep) => &rep.0,
    }
}

fn from_word<T: serde::de::DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
    what: &str,
) -> Answer<T> {
    rows::from_json(&format!("\"{}\"", rows::text(row, column)?), what)
}
