//! Texts and mails leave here, after the commit that ordered them: worded by `message.rs`, written down, sent. Whatever
//! may leave is a row before it does, so a text never leaves twice; our own people's notices are repeated after a
//! crash (BEHAVIOUR 8). The log says what became of each and never to whom.
//!
//! `notice/mail.rs` talks to the mail server, `notice/daily.rs` tells of held leads each morning.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use leadbridge_providers::{LeadId, TextMessage, Texting};
use tracing::{Instrument, error, info, info_span, warn};

use crate::flow::errand::Errand;
use crate::flow::{Flow, word};
use crate::io::carrier::keep_trying;
use crate::io::config;
use crate::io::engine::Engine;
use crate::io::store::{Effect, Fate, Message, MessageState, OutboxId, Posting, StoreError};
use crate::message::{About, Draft, Recipient, Turned, Way, Ways, Writer};
use crate::rotation::{CarrierId, RooftopId};

pub mod daily;
mod mail;

pub use mail::CannotMail;

use mail::{Mailed, Mailer};

/// The first pause before a message is tried again; each is twice the one before.
const AGAIN: Duration = Duration::from_secs(1);
/// The longest pause.
const AGAIN_MAX: Duration = Duration::from_secs(60);
/// A text that could not leave for so long says nothing any more, in minutes.
const TEXT_STALE_MIN: i64 = 10;
/// A mail that could not leave for so long says nothing any more, in hours.
const MAIL_STALE_HOURS: i64 = 24;

/// How our own people are told.
pub struct Post {
    text: bool,
    mailer: Option<Mailer>,
}

impl Post {
    /// As `[notice]` says. Nothing is sent yet.
    pub fn new(notice: &config::Notice) -> Result<Post, CannotMail> {
        Ok(Post {
            text: notice.text,
            mailer: notice.email.as_ref().map(Mailer::new).transpose()?,
        })
    }

    fn ways(&self) -> Ways {
        Ways {
            text: self.text,
            mail: self.mailer.is_some(),
        }
    }
}

/// What became of one try to send a message.
enum Tried {
    /// It left, and may have a name there.
    Left(Option<String>),
    /// Provably not processed, or of no harm when it comes twice.
    Again(&'static str),
    /// It can't be sent.
    Never(&'static str, Option<u32>),
    /// Whom it is for has refused texts.
    Refused,
    /// It may have left.
    Unknown,
    /// It is in another node's hand by now.
    Lost,
}

/// Words a flow's text or notice, and lets it leave.
pub fn send(engine: &Engine, flow: &Flow, effect: &Effect) {
    let (engine, flow, effect) = (engine.clone(), flow.clone(), effect.clone());
    let span = info_span!("lead", lead = %effect.lead);
    let sending = async move {
        let drafts = keep_trying(|| drafts(&engine, &flow, &effect)).await;
        let drafts = drafts.unwrap_or_default();
        post(&engine, Some(effect.id), Some(effect.lead), drafts).await;
    };
    tokio::spawn(sending.instrument(span));
}

/// A carrier began or ceased to refuse everything.
pub fn carrier_turned(engine: &Engine, carrier: &CarrierId, turned: Turned) {
    let others = engine.trunks.iter();
    let others =
        others.filter(|(id, trunk)| *id != carrier && trunk.sends_texts() && !trunk.is_down());
    let others = others.map(|(id, _)| id.clone()).collect();
    let drafts = writer(engine, &engine.rules()).carrier(carrier, turned, &others);
    if drafts.is_empty() {
        warn!(
            carrier = carrier.0,
            "nobody can be told of this carrier: set email in [notice] and in the rotation"
        );
    }
    let engine = engine.clone();
    tokio::spawn(async move { post(&engine, None, None, drafts).await });
}

/// Whether texts can be sent for a rooftop: a PBX has none.
fn has_texts(engine: &Engine, rooftop: &RooftopId) -> bool {
    let rules = engine.rules();
    let rooftop = rules.rooftops.get(rooftop);
    let trunk = rooftop.and_then(|rooftop| engine.trunks.get(&rooftop.carrier));
    trunk.is_none_or(|trunk| trunk.sends_texts())
}

/// What had not left for sure when its process ended: mails and notices are to be repeated, other texts are not.
pub async fn recover(engine: &Engine, left_over: Vec<Message>) -> Result<Vec<Message>, StoreError> {
    let is_harmless =
        |message: &Message| message.draft.way == Way::Mail || message.draft.kind.is_notice();
    let (again, unknown): (Vec<_>, Vec<_>) = left_over.into_iter().partition(is_harmless);
    for message in unknown {
        let fate = fate(MessageState::Unknown);
        let went = engine.store.message_went(message.id, fate, engine.now());
        went.await?;
    }
    Ok(again)
}

/// Lets these messages leave once more.
pub fn repeat(engine: &Engine, messages: Vec<Message>) {
    for message in messages {
        leave_soon(engine, message);
    }
}

fn writer<'a>(engine: &'a Engine, rules: &'a crate::rotation::Rules) -> Writer<'a> {
    Writer {
        phrases: &engine.phrases,
        rules,
        ways: engine.post.ways(),
        now: engine.now(),
    }
}

async fn drafts(engine: &Engine, flow: &Flow, effect: &Effect) -> Result<Vec<Draft>, StoreError> {
    let Some(record) = engine.store.reads().lead(effect.lead).await? else {
        return Ok(Vec::new());
    };
    let told = record.told.unwrap_or_default();
    let about = About {
        flow,
        told: &told,
        phone: record.phone.as_ref(),
    };
    let rules = engine.rules();
    let writer = writer(engine, &rules);
    Ok(match &effect.errand {
        Errand::Text(text) => writer.text(about, text),
        Errand::Notice(notice) => writer.notice(about, notice),
        Errand::Carrier(..) => Vec::new(),
    })
}

/// Writes messages down, in the place of the item that ordered them; then they leave.
async fn post(
    engine: &Engine,
    item: Option<OutboxId>,
    lead: Option<LeadId>,
    mut drafts: Vec<Draft>,
) {
    drafts.retain(|draft| draft.way == Way::Mail || has_texts(engine, &draft.rooftop));
    if item.is_none() && drafts.is_empty() {
        return;
    }
    let posting = || {
        let drafts = drafts.clone();
        let posting = Posting {
            item,
            lead,
            drafts,
            day: None,
        };
        engine.store.post(posting, engine.now())
    };
    for message in keep_trying(posting).await.unwrap_or_default() {
        leave_soon(engine, message);
    }
}

fn leave_soon(engine: &Engine, message: Message) {
    let engine = engine.clone();
    let kind = word(message.draft.kind);
    let span = match message.lead {
        Some(lead) => info_span!("message", kind, way = word(message.draft.way), %lead),
        None => info_span!("message", kind, way = word(message.draft.way)),
    };
    tokio::spawn(async move { leave(&engine, &message).await }.instrument(span));
}

/// Tries until it has left, can't, or says nothing any more.
async fn leave(engine: &Engine, message: &Message) {
    let mut pause = AGAIN;
    let mut tried = attempt(engine, message).await;
    while let Tried::Again(why) = tried
        && !is_stale(message, engine.now())
    {
        warn!(why, "a message could not leave; it is tried again");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(AGAIN_MAX);
        tried = attempt(engine, message).await;
    }
    let Some(fate) = ended_as(engine, message, tried) else {
        return;
    };
    let went = || {
        let fate = Fate {
            carrier_id: fate.carrier_id.clone(),
            ..fate
        };
        engine.store.message_went(message.id, fate, engine.now())
    };
    keep_trying(went).await;
}

/// `None`: its end is not this node's to tell.
fn ended_as(engine: &Engine, message: &Message, ended: Tried) -> Option<Fate> {
    let (result, fate) = match ended {
        Tried::Left(carrier_id) => {
            info!("a message left");
            let fate = Fate {
                carrier_id,
                ..fate(MessageState::Taken)
            };
            ("left", fate)
        }
        Tried::Again(why) => {
            error!(why, "a message could not leave in time and is given up");
            ("given-up", fate(MessageState::Failed))
        }
        Tried::Never(why, code) => {
            warn!(why, code, "a message can't be sent");
            let fate = Fate {
                code,
                ..fate(MessageState::Failed)
            };
            ("failed", fate)
        }
        Tried::Refused => {
            info!("whom a text is for wants no texts; none is sent any more");
            let fate = Fate {
                refused: true,
                ..fate(MessageState::Failed)
            };
            ("refused", fate)
        }
        Tried::Lost => return None,
        Tried::Unknown => {
            warn!("nobody knows whether a text left; it is not repeated");
            ("unknown", fate(MessageState::Unknown))
        }
    };
    engine.metrics.message(message.draft.kind, result);
    Some(fate)
}

fn fate(state: MessageState) -> Fate {
    Fate {
        state,
        carrier_id: None,
        code: None,
        refused: false,
    }
}

fn is_stale(message: &Message, now: Timestamp) -> bool {
    let patience = match message.draft.way {
        Way::Text => SignedDuration::from_mins(TEXT_STALE_MIN),
        Way::Mail => SignedDuration::from_hours(MAIL_STALE_HOURS),
    };
    message.at + patience < now
}

async fn attempt(engine: &Engine, message: &Message) -> Tried {
    if !engine.store.may_leave(message.node) {
        return Tried::Lost;
    }
    match message.draft.way {
        Way::Text => text(engine, message).await,
        Way::Mail => mail(engine, message).await,
    }
}

async fn text(engine: &Engine, message: &Message) -> Tried {
    let rules = engine.rules();
    let Some(rooftop) = rules.rooftops.get(&message.draft.rooftop) else {
        return Tried::Never("its rooftop is gone", None);
    };
    let Some(trunk) = engine.trunks.get(&rooftop.carrier) else {
        return Tried::Never("its carrier is no longer configured", None);
    };
    let to = match phone_of(engine, message, &rules).await {
        Ok(Some(to)) => to,
        Ok(None) => return Tried::Never("nobody has this message's number any more", None),
        Err(_) => return Tried::Again("the store can't be read"),
    };
    let words = TextMessage {
        id: message.id,
        to,
        from: rooftop.caller_id.as_str().to_owned(),
        body: message.draft.body.clone(),
    };
    match trunk.text(&words).await {
        Texting::Taken(name) => Tried::Left(Some(name)),
        Texting::Refused => Tried::Refused,
        Texting::BadNumber { code } => Tried::Never("no texts reach this number", Some(code)),
        Texting::Failed { code } => Tried::Never("the carrier refused it", Some(code)),
        Texting::NotSent => Tried::Again("the carrier did not take it"),
        Texting::OurSetUp { .. } => Tried::Again("the carrier refuses our settings for texts"),
        Texting::Unknown => Tried::Unknown,
    }
}

/// The number is filled in when the message leaves (P9).
async fn phone_of(
    engine: &Engine,
    message: &Message,
    rules: &crate::rotation::Rules,
) -> Result<Option<String>, StoreError> {
    let phone = match (&message.draft.to, message.lead) {
        (Recipient::Rep(rep), _) => rules.reps.get(rep).map(|rep| rep.phone.clone()),
        (Recipient::Customer, Some(lead)) => {
            let record = engine.store.reads().lead(lead).await?;
            record.and_then(|record| record.phone)
        }
        (Recipient::Customer, None) => None,
    };
    Ok(phone.map(|phone| phone.as_str().to_owned()))
}

async fn mail(engine: &Engine, message: &Message) -> Tried {
    let Some(mailer) = &engine.post.mailer else {
        return Tried::Never("there is no mail server in [notice]", None);
    };
    let rules = engine.rules();
    let rep = match &message.draft.to {
        Recipient::Rep(rep) => rules.reps.get(rep),
        Recipient::Customer => None,
    };
    let Some(to) = rep.and_then(|rep| rep.email.as_deref()) else {
        return Tried::Never("nobody has this message's address any more", None);
    };
    match mailer.send(to, message).await {
        Mailed::Taken => Tried::Left(None),
        Mailed::Again => Tried::Again("the mail server is away"),
        Mailed::Never(code) => Tried::Never("the mail server refused it", code),
    }
}
