//! What is kept, where it stands, and how it is found.

use leadbridge::flow::shown::Stage;
use leadbridge::io::store::Filter;
use leadbridge::rotation::Strategy;
use rusqlite::types::ValueRef;

use crate::group::{arrival, lead};
use crate::{House, key_1, placed, rep_leg};

#[tokio::test]
async fn what_was_answered_is_there_after_a_restart() {
    let house = House::new(Strategy::InOrder);
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

#[tokio::test]
async fn leads_are_listed_page_by_page_the_latest_first() {
    let house = House::new(Strategy::InOrder);
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

#[tokio::test]
async fn nothing_personal_stands_outside_the_rows_of_the_lead() {
    let house = House::new(Strategy::RingAll);
    let received = house.receive(1, Some("web-1")).await;
    for effect in &received.effects {
        house
            .step(effect.lead, placed(effect), Some(effect.id))
            .await;
    }
    let stepped = house.step(lead(1), key_1(rep_leg(lead(1), 1)), None).await;
    assert_eq!(stepped.phone.unwrap().as_str(), "+32471120001");
    assert_eq!(stepped.told.last_name.as_deref(), Some("Vandenbroucke"));

    let words = impersonal(&house);
    assert!(words.contains("rep-accepted"));
    assert!(!words.contains("71120001") && !words.contains("Vandenbroucke"));
}

/// Every word in the tables where nothing personal may stand.
fn impersonal(house: &House) -> String {
    let db = rusqlite::Connection::open(house.path()).unwrap();
    let mut words = String::new();
    for table in [
        "flow", "timeline", "desk", "number", "wake", "outbox", "call",
    ] {
        let mut rows = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = rows.column_count();
        let mut rows = rows.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for column in 0..columns {
                match row.get_ref(column).unwrap() {
                    ValueRef::Text(text) | ValueRef::Blob(text) => {
                        words += &String::from_utf8_lossy(text);
                    }
                    ValueRef::Integer(number) => words += &number.to_string(),
                    ValueRef::Real(_) | ValueRef::Null => {}
                }
                words.push(' ');
            }
        }
    }
    words
}
