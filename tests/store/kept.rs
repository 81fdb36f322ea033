//! What is kept, where it stands, and how it is found.

use leadbridge::flow::shown::Stage;
use leadbridge::io::store::Filter;

use crate::group::{arrival, lead};
use crate::house::{House, on_both_databases};
use crate::{key_1, placed, rep_leg};

on_both_databases! {
    what_was_answered_is_there_after_a_restart: InOrder,
    leads_are_listed_page_by_page_the_latest_first: InOrder,
    nothing_personal_stands_outside_the_rows_of_the_lead: RingAll,
}

async fn what_was_answered_is_there_after_a_restart(house: House) {
    let received = house.receive(1, Some("web-1")).await;
    let key = house.store.hash_key().0;

    let (house, left) = house.reopened().await;
    assert_eq!(house.store.hash_key().0, key);
    let record = house.store.reads().lead(lead(1)).await.unwrap().unwrap();
    assert_eq!(record.flow, received.flow);
    assert_eq!(record.timeline, received.timeline);
    assert_eq!(record.source_id.as_deref(), Some("web-1"));
    assert_eq!(record.phone.unwrap().as_str(), "+32471120001");
    let raw = house.store.reads().raw(lead(1)).await.unwrap().unwrap();
    assert_eq!(raw.body, arrival(1, None).body);
    assert_eq!(left.flows, vec![lead(1)]);
}

async fn leads_are_listed_page_by_page_the_latest_first(house: House) {
    for number in 1..=5 {
        house.receive(number, None).await;
    }
    let reads = house.store.reads();
    let first = reads.list(Filter::default(), None, 3).await.unwrap();
    let second = reads.list(Filter::default(), first.next, 3).await.unwrap();
    let both = first.leads.iter().chain(&second.leads);
    let listed: Vec<_> = both.map(|record| record.flow.lead).collect();
    assert_eq!(listed, [5, 4, 3, 2, 1].map(lead));
    assert_eq!(second.next, None);

    let counts = reads.counts().await.unwrap();
    // The owner's phone rings when the others cannot.
    assert_eq!(counts.flows[&Stage::Ringing], 2);
    let in_line = Filter {
        state: Some(Stage::InLine),
        ..Filter::default()
    };
    let in_line = reads.list(in_line, None, 50).await.unwrap().leads.len();
    assert_eq!(
        counts.flows[&Stage::InLine],
        u32::try_from(in_line).unwrap()
    );
    assert_eq!(counts.outbox, 2);
}

async fn nothing_personal_stands_outside_the_rows_of_the_lead(house: House) {
    let received = house.receive(1, Some("web-1")).await;
    for effect in &received.effects {
        house
            .step(effect.lead, placed(effect), Some(effect.id))
            .await;
    }
    let stepped = house.step(lead(1), key_1(rep_leg(lead(1), 1)), None).await;
    assert_eq!(stepped.phone.unwrap().as_str(), "+32471120001");
    assert_eq!(stepped.told.last_name.as_deref(), Some("Vandenbroucke"));

    let words = impersonal(&house).await;
    assert!(words.contains("rep-accepted"));
    assert!(!words.contains("71120001") && !words.contains("Vandenbroucke"));
}

/// Every word in the tables where nothing personal may stand.
async fn impersonal(house: &House) -> String {
    let tables = [
        "flow", "timeline", "desk", "number", "wake", "outbox", "call",
    ];
    let words = tables.map(|table| house.words(table));
    futures_util::future::join_all(words).await.concat()
}
