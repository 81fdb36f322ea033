//! What was written to people, and what they wrote back.

use leadbridge::flow::What;
use leadbridge::io::store::{Fate, Letter, Message, MessageState, Posting};
use leadbridge::message::{Draft, Kind, Recipient, Way};
use leadbridge::rotation::{RepId, RooftopId};

use crate::group::{lead, now};
use crate::house::{House, on_both_databases};

on_both_databases! {
    a_number_that_said_stop_is_written_to_again_only_after_start: InOrder,
    a_refusal_told_by_the_carrier_holds_like_a_stop: InOrder,
    a_rep_is_told_once_that_a_lead_was_missed: InOrder,
    late_words_about_a_text_change_nothing_and_it_is_told_once_that_it_left: InOrder,
    what_was_written_is_erased_with_its_lead: InOrder,
}

fn text(house: &House, kind: Kind) -> Draft {
    let number = "+32471120001".to_owned().try_into().unwrap();
    let to = if kind == Kind::RepMissed {
        Recipient::Rep(RepId("an".to_owned()))
    } else {
        Recipient::Customer
    };
    Draft {
        to,
        number: Some(house.store.hash_key().of(&number)),
        way: Way::Text,
        kind,
        rooftop: RooftopId("gent".to_owned()),
        subject: String::new(),
        body: "We bellen u om 14:00".to_owned(),
    }
}

async fn posted(house: &House, draft: Draft) -> Vec<Message> {
    let posting = Posting {
        item: None,
        lead: Some(lead(1)),
        drafts: vec![draft],
        day: None,
    };
    house.store.post(posting, now()).await.unwrap()
}

fn letter(house: &House, name: &str, wants_texts: Option<bool>) -> Letter {
    let from = leadbridge::phone::PhoneNumber::parse("+32471120001", "BE").unwrap();
    Letter {
        key: house.store.hash_key().of(&from),
        from,
        carrier_id: name.to_owned(),
        body: "Stop".to_owned(),
        wants_texts,
    }
}

fn fate(state: MessageState, refused: bool) -> Fate {
    Fate {
        state,
        carrier_id: None,
        code: None,
        refused,
    }
}

async fn kept(house: &House) -> Vec<(String, MessageState)> {
    let written = house.store.reads().messages_of(lead(1)).await.unwrap();
    written
        .into_iter()
        .map(|written| (written.kind, written.state))
        .collect()
}

async fn a_number_that_said_stop_is_written_to_again_only_after_start(house: House) {
    house.receive(1, None).await;
    let stop = letter(&house, "SM1", Some(false));
    assert_eq!(
        house.store.letter(stop, now()).await.unwrap(),
        Some(lead(1))
    );
    let (house, _) = house.reopened().await;
    let draft = text(&house, Kind::CustomerWaits);
    assert!(posted(&house, draft.clone()).await.is_empty());
    for name in ["SM2", "SM2"] {
        let start = letter(&house, name, Some(true));
        house.store.letter(start, now()).await.unwrap();
    }
    assert_eq!(posted(&house, draft).await.len(), 1);
    let received = kept(&house).await;
    let received = received.iter().filter(|(kind, _)| kind == "received");
    assert_eq!(received.count(), 2, "the same text twice is one");
}

async fn a_refusal_told_by_the_carrier_holds_like_a_stop(house: House) {
    house.receive(1, None).await;
    let message = posted(&house, text(&house, Kind::CustomerWaits))
        .await
        .remove(0);
    let refused = fate(MessageState::Failed, true);
    let went = house.store.message_went(message.id, refused, now()).await;
    assert_eq!(went.unwrap(), Some(Kind::CustomerWaits));
    assert!(
        posted(&house, text(&house, Kind::CustomerTried))
            .await
            .is_empty()
    );
    let objected = house.store.object(lead(1), now()).await.unwrap();
    assert_eq!(objected, Some(true));
    let stranger = house.store.object(lead(2), now()).await.unwrap();
    assert_eq!(stranger, None);
}

async fn a_rep_is_told_once_that_a_lead_was_missed(house: House) {
    house.receive(1, None).await;
    assert_eq!(posted(&house, text(&house, Kind::RepMissed)).await.len(), 1);
    assert!(
        posted(&house, text(&house, Kind::RepMissed))
            .await
            .is_empty()
    );
}

async fn late_words_about_a_text_change_nothing_and_it_is_told_once_that_it_left(house: House) {
    house.receive(1, None).await;
    let message = posted(&house, text(&house, Kind::CustomerWaits))
        .await
        .remove(0);
    let (house, left) = house.reopened().await;
    assert_eq!(left.messages.len(), 1, "it may have left");
    for state in [
        MessageState::Sent,
        MessageState::Taken,
        MessageState::Delivered,
        MessageState::Sent,
        MessageState::Failed,
    ] {
        let fate = fate(state, false);
        house
            .store
            .message_went(message.id, fate, now())
            .await
            .unwrap();
    }
    assert_eq!(
        kept(&house).await,
        [("customer-waits".to_owned(), MessageState::Delivered)]
    );
    let record = house.store.reads().lead(lead(1)).await.unwrap().unwrap();
    let told = record.timeline.iter();
    let told = told.filter(|entry| entry.what == What::TextSent);
    assert_eq!(told.count(), 1);
    let (_, left) = house.reopened().await;
    assert_eq!(left.messages.len(), 0);
}

async fn what_was_written_is_erased_with_its_lead(house: House) {
    house.receive(1, None).await;
    posted(&house, text(&house, Kind::CustomerWaits)).await;
    house
        .store
        .letter(letter(&house, "SM1", None), now())
        .await
        .unwrap();
    assert_eq!(kept(&house).await.len(), 2);
    house.store.erase(vec![lead(1)]).await.unwrap();
    assert!(kept(&house).await.is_empty());
}
