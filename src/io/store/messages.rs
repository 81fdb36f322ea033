//! What was written to people, and what they wrote back: one row each, with its lead's name, because the words are
//! personal (P9). A message is a row before it leaves, so that a text can never leave twice.

use jiff::Timestamp;
use jiff::civil::Date;
use leadbridge_providers::{LeadId, MessageId, TextPhase};
use serde::{Deserialize, Serialize};

use super::db::{Db, Row, with};
use super::error::{Answer, StoreError};
use super::meta;
use super::rows::{self, lead_id, moment, nanoseconds, parsed};
use super::{NodeId, OutboxId, Reads, Store};
use crate::flow::{Entry, What, word};
use crate::message::{Draft, Held, Kind, Recipient, Way};
use crate::phone::{PhoneKey, PhoneNumber};
use crate::rotation::RepId;

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
    /// Who has it in hand.
    pub node: NodeId,
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
        self.run(None, now, async move |db| post(db, &posting).await)
            .await
    }

    /// A message went a step further. `None`: there is no such message, or it was there before.
    pub async fn message_went(
        &self,
        id: MessageId,
        fate: Fate,
        now: Timestamp,
    ) -> Result<Option<Kind>, StoreError> {
        let key = self.hash_key().clone();
        self.run(None, now, async move |db| {
            let phone_key = |phone: PhoneNumber| key.of(&phone);
            went(db, id, &fate, phone_key).await
        })
        .await
    }

    /// Somebody texted us. `Some`: the lead whose customer it is.
    pub async fn letter(
        &self,
        letter: Letter,
        now: Timestamp,
    ) -> Result<Option<LeadId>, StoreError> {
        self.run(None, now, async move |db| self::letter(db, &letter).await)
            .await
    }

    /// The customer of a lead objects to texts. `None`: no such lead; `false`: it has no number.
    pub async fn object(&self, lead: LeadId, now: Timestamp) -> Result<Option<bool>, StoreError> {
        self.run(Some(lead), now, async move |db| {
            let Some(flow) = rows::flow(db, lead).await? else {
                return Ok(None);
            };
            if let Some(key) = &flow.facts.number {
                wish(db, key, false).await?;
            }
            Ok(Some(flow.facts.number.is_some()))
        })
        .await
    }
}

impl Reads {
    /// What was written about a lead, the earliest first.
    pub async fn messages_of(&self, lead: LeadId) -> Result<Vec<Written>, StoreError> {
        self.ask(async move |db| messages_of(db, lead).await).await
    }

    /// The leads that wait for a person.
    pub async fn held(&self) -> Result<Vec<Held>, StoreError> {
        self.ask(held).await
    }

    /// The day on which managers were told of held leads last.
    pub async fn held_told(&self) -> Result<Option<Date>, StoreError> {
        self.ask(held_told).await
    }
}

async fn messages_of(db: &mut Db<'_>, lead: LeadId) -> Answer<Vec<Written>> {
    let sql = "SELECT kind, way, state, at, body FROM message WHERE lead = $1 ORDER BY id";
    db.ask(sql, with![lead])
        .await?
        .iter()
        .map(written)
        .collect()
}

async fn held(db: &mut Db<'_>) -> Answer<Vec<Held>> {
    let sql = "SELECT flow FROM flow WHERE open = 1 AND stage = 'held'";
    let mut held = Vec::new();
    for row in db.ask(sql, with![]).await? {
        let flow: crate::flow::Flow = rows::from_json(row.text(0)?, "a flow")?;
        held.extend(flow.held_reason().map(|reason| Held {
            rooftop: flow.facts.rooftop.clone(),
            reason,
        }));
    }
    Ok(held)
}

async fn held_told(db: &mut Db<'_>) -> Answer<Option<Date>> {
    let day = meta::get(db, HELD_TOLD).await?;
    day.map(|day| parsed(&day, "a day")).transpose()
}

/// Forgets what was written about a lead.
pub(super) fn erase(db: &mut Db<'_>, lead: LeadId) -> Answer<()> {
    db.write("DELETE FROM message WHERE lead = $1", with![lead])
}

/// Messages that had not left for sure when their node was lost: they are this node's now.
pub(super) async fn take_over(db: &mut Db<'_>) -> Answer<Vec<Message>> {
    let node = db.node().id();
    let sql = "UPDATE message SET node = $1 WHERE state = 'leaving' \
               AND (node IN (SELECT id FROM node WHERE heir = $1) OR node NOT IN (SELECT id FROM node)) \
               RETURNING id, lead, recipient, way, kind, rooftop, subject, body, at, node";
    let found = db.ask(sql, with![node]).await?;
    let mut messages: Vec<Message> = found.iter().map(message).collect::<Answer<_>>()?;
    messages.sort_by_key(|message| message.id.0);
    Ok(messages)
}

async fn post(db: &mut Db<'_>, posting: &Posting) -> Answer<Vec<Message>> {
    if let Some(day) = posting.day
        && !meta::turn(db, HELD_TOLD, &day.to_string()).await?
    {
        return Ok(Vec::new());
    }
    if let Some(item) = posting.item
        && !rows::take_out(db, item).await?
    {
        return Ok(Vec::new());
    }
    let at = db.now().await?;
    let mut messages = Vec::new();
    for draft in &posting.drafts {
        if is_unwelcome(db, posting.lead, draft).await? {
            continue;
        }
        messages.push(Message {
            id: insert(db, posting.lead, draft, at)?,
            node: NodeId(db.node().id()),
            lead: posting.lead,
            draft: draft.clone(),
            at,
        });
    }
    Ok(messages)
}

/// A number that refuses texts, or a rep who knows already that this lead was missed.
async fn is_unwelcome(db: &mut Db<'_>, lead: Option<LeadId>, draft: &Draft) -> Answer<bool> {
    if let Some(key) = &draft.number
        && !rows::number(db, key).await?.takes_texts()
    {
        return Ok(true);
    }
    let (Some(lead), Kind::RepMissed) = (lead, draft.kind) else {
        return Ok(false);
    };
    let sql = "SELECT id FROM message WHERE lead = $1 AND recipient = $2 AND way = $3 AND kind = $4 LIMIT 1";
    let asked = with![
        lead,
        recipient(&draft.to),
        word(draft.way),
        word(draft.kind)
    ];
    Ok(db.ask_one(sql, asked).await?.is_some())
}

fn insert(
    db: &mut Db<'_>,
    lead: Option<LeadId>,
    draft: &Draft,
    now: Timestamp,
) -> Answer<MessageId> {
    let sql = "INSERT INTO message (id, lead, recipient, way, kind, state, rooftop, subject, body, at, node) \
               VALUES ($1, $2, $3, $4, $5, 'leaving', $6, $7, $8, $9, $10)";
    let (id, node) = (db.node().next_id(), db.node().id());
    let row = with![
        id,
        lead,
        recipient(&draft.to),
        word(draft.way),
        word(draft.kind),
        draft.rooftop.0.as_str(),
        draft.subject.as_str(),
        draft.body.as_str(),
        nanoseconds(now),
        node,
    ];
    db.write(sql, row)?;
    Ok(MessageId(id))
}

async fn went(
    db: &mut Db<'_>,
    id: MessageId,
    fate: &Fate,
    phone_key: impl Fn(PhoneNumber) -> PhoneKey,
) -> Answer<Option<Kind>> {
    let sql = "SELECT id, lead, recipient, way, kind, rooftop, subject, body, at, node, state \
               FROM message WHERE id = $1 AND kind <> 'received' FOR UPDATE";
    let Some(row) = db.ask_one(sql, with![id.0]).await? else {
        return Ok(None);
    };
    let (message, before) = (
        message(&row)?,
        from_word::<MessageState>(&row, 10, "a state")?,
    );
    if fate.refused
        && let Some(key) = key_of(db, &message, phone_key).await?
    {
        wish(db, &key, false).await?;
    }
    // What has come to its end stays there, whatever comes late (P7).
    let state = if before >= MessageState::Delivered {
        before
    } else {
        before.max(fate.state)
    };
    let sql = "UPDATE message SET state = $1, carrier_id = coalesce($2, carrier_id), \
               code = coalesce($3, code) WHERE id = $4";
    let code = fate.code.map(i64::from);
    db.write(sql, with![word(state), fate.carrier_id.clone(), code, id.0])?;
    let left = |state| (MessageState::Taken..=MessageState::Undelivered).contains(&state);
    let has_left =
        left(fate.state) && matches!(before, MessageState::Leaving | MessageState::Unknown);
    if let (true, Way::Text, Some(lead)) = (has_left, message.draft.way, message.lead) {
        let now = db.now().await?;
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
async fn key_of(
    db: &mut Db<'_>,
    message: &Message,
    phone_key: impl Fn(PhoneNumber) -> PhoneKey,
) -> Answer<Option<PhoneKey>> {
    match (&message.draft.to, message.lead) {
        (Recipient::Customer, Some(lead)) => Ok(rows::told(db, lead).await?.1.map(phone_key)),
        (Recipient::Customer | Recipient::Rep(_), _) => Ok(None),
    }
}

async fn letter(db: &mut Db<'_>, letter: &Letter) -> Answer<Option<LeadId>> {
    if let Some(wanted) = letter.wants_texts {
        wish(db, &letter.key, wanted).await?;
    }
    // Without a lead there is nobody's row that the words could stand in (P9).
    let Some(lead) = rows::latest_of(db, &letter.from).await? else {
        return Ok(None);
    };
    let sql = "INSERT INTO message (id, lead, recipient, way, kind, state, subject, body, carrier_id, at, node) \
               VALUES ($1, $2, NULL, 'text', 'received', 'received', '', $3, $4, $5, $6) \
               ON CONFLICT DO NOTHING";
    let (id, node) = (db.node().next_id(), db.node().id());
    let at = nanoseconds(db.now().await?);
    let (body, name) = (letter.body.as_str(), letter.carrier_id.as_str());
    db.write(sql, with![id, lead, body, name, at, node])?;
    Ok(Some(lead))
}

/// Writes down whether a number wants texts.
async fn wish(db: &mut Db<'_>, key: &PhoneKey, wanted: bool) -> Answer<()> {
    let mut number = rows::number_to_change(db, Some(key)).await?;
    let before = number.clone();
    number.wish_texts(wanted, db.now().await?);
    if number != before {
        rows::save_number(db, key, &number)?;
    }
    Ok(())
}

fn message(row: &Row) -> Answer<Message> {
    let to = match row.text(2)? {
        CUSTOMER => Recipient::Customer,
        rep => Recipient::Rep(RepId(rep.to_owned())),
    };
    let lead = row.text_or_null(1)?.map(|_| lead_id(row, 1));
    Ok(Message {
        id: MessageId(row.int(0)?),
        node: NodeId(row.int(9)?),
        lead: lead.transpose()?,
        draft: Draft {
            to,
            number: None,
            way: from_word(row, 3, "a way")?,
            kind: from_word(row, 4, "a kind of message")?,
            rooftop: crate::rotation::RooftopId(row.text(5)?.to_owned()),
            subject: row.text(6)?.to_owned(),
            body: row.text(7)?.to_owned(),
        },
        at: moment(row.int(8)?)?,
    })
}

fn written(row: &Row) -> Answer<Written> {
    Ok(Written {
        kind: row.text(0)?.to_owned(),
        way: from_word(row, 1, "a way")?,
        state: from_word(row, 2, "a state")?,
        at: moment(row.int(3)?)?,
        body: row.text(4)?.to_owned(),
    })
}

fn recipient(to: &Recipient) -> &str {
    match to {
        Recipient::Customer => CUSTOMER,
        Recipient::Rep(rep) => &rep.0,
    }
}

fn from_word<T: serde::de::DeserializeOwned>(row: &Row, column: usize, what: &str) -> Answer<T> {
    rows::from_json(&format!("\"{}\"", row.text(column)?), what)
}
