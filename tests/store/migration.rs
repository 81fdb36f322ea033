//! A file of an earlier release is brought up to this one's tables, with everything that is in it.

use std::path::Path;

use leadbridge::flow::{Command, Event};
use leadbridge::io::store::{MessageState, Store, StoreError};
use leadbridge::phone::HashKey;
use leadbridge::rotation::Strategy;
use leadbridge_providers::Placing;
use rusqlite::{Connection, params};
use serde::Serialize;

use crate::group::{self, arrival, lead, now};
use crate::model::{Model, is_open};

const SCHEMA_2: &str = include_str!("schema-2.sql");
const KEY: [u8; 32] = [7; 32];

/// Two leads, of which the first rings a phone, and one who asked again.
fn happened() -> Model {
    let key = HashKey(KEY);
    let mut model = Model::new(group::rules(Strategy::InOrder, &key), key, now());
    for (number, id) in [(1, Some("web-1")), (2, None)] {
        let mut new = arrival(number, id);
        let told = new.arrival.told.as_mut().unwrap();
        told.email = Some("Els@Example.com".to_owned());
        model.receive(&new).unwrap();
    }
    let mut again = arrival(3, None);
    again.arrival.told.as_mut().unwrap().phone = Some("0471 12 00 01".to_owned());
    model.receive(&again).unwrap();
    model
}

/// Writes it as the release of schema 2 did.
fn write(path: &Path, model: &Model) {
    let db = Connection::open(path).unwrap();
    db.execute_batch(SCHEMA_2).unwrap();
    let key =
        "INSERT INTO meta VALUES ('hash-key', ?), ('held-told', '2026-11-22'), ('touched', 5)";
    db.execute(key, [KEY]).unwrap();
    for (lead, kept) in &model.leads {
        let id = lead.to_string();
        let source_id = kept.new.arrival.told.as_ref().unwrap().id.clone();
        let (joined, phone) = (kept.joined_to.map(|to| to.to_string()), &kept.phone);
        let phone = phone.as_ref().map(|phone| phone.as_str());
        let told = json(&kept.told);
        let sql = "INSERT INTO lead VALUES (?, 'website', ?, ?, ?, ?)";
        db.execute(sql, params![id, source_id, joined, told, phone])
            .unwrap();
        let sql = "INSERT INTO raw VALUES (?, ?, ?)";
        db.execute(sql, params![id, kept.new.content_type, kept.new.body])
            .unwrap();
    }
    write_flows(&db, model);
    for (key, phone) in &model.desk.0 {
        let due = phone.due().map(nanoseconds);
        let sql = "INSERT INTO desk VALUES (?, ?, ?)";
        db.execute(sql, params![key.as_str(), due, json(phone)])
            .unwrap();
    }
    for (key, number) in &model.numbers {
        let sql = "INSERT INTO number VALUES (?, ?)";
        db.execute(sql, params![key.as_str(), json(number)])
            .unwrap();
    }
    for (lead, cause) in &model.wakes {
        let cause = cause.map_or(String::new(), |cause| cause.to_string());
        let sql = "INSERT INTO wake VALUES (?, ?)";
        db.execute(sql, params![lead.to_string(), cause]).unwrap();
    }
    for item in model.outbox.values() {
        let sql = "INSERT INTO outbox (lead, command, born_at) VALUES (?, ?, ?)";
        let row = params![
            item.lead.to_string(),
            json(&item.command),
            nanoseconds(now())
        ];
        db.execute(sql, row).unwrap();
    }
    db.execute_batch(
        "INSERT INTO message (lead, recipient, way, kind, state, rooftop, subject, body, at) VALUES \
         ('00000000-0000-0000-0000-000000000001', '*customer', 'text', 'customer-waits', 'leaving', 'gent', '', 'Om 14:00', 1), \
         ('00000000-0000-0000-0000-000000000001', 'an', 'text', 'rep-missed', 'delivered', 'gent', '', 'Gemist', 2); \
         INSERT INTO call VALUES ('CA1', '00000000-0000-0000-0000-000000000001-r1'); \
         INSERT INTO conversion VALUES ('00000000-0000-0000-0000-000000000002', 1);",
    )
    .unwrap();
}

fn write_flows(db: &Connection, model: &Model) {
    for flow in model.flows.values() {
        let row = params![
            flow.lead.to_string(),
            json(flow),
            flow.deadline().map(nanoseconds),
            is_open(flow),
            nanoseconds(flow.facts.t1),
            leadbridge::flow::word(flow.stage()),
            flow.facts.source.0,
            flow.facts.rooftop.0,
        ];
        db.execute("INSERT INTO flow VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?)", row)
            .unwrap();
    }
    for (lead, entries) in &model.timeline {
        for (seq, entry) in entries.iter().enumerate() {
            let sql = "INSERT INTO timeline VALUES (?, ?, ?)";
            db.execute(sql, params![lead.to_string(), seq as i64, json(entry)])
                .unwrap();
        }
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

fn nanoseconds(at: jiff::Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond()).unwrap()
}

#[tokio::test]
async fn a_file_of_schema_2_is_brought_up_with_all_that_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("leads.db");
    let mut model = happened();
    write(&path, &model);
    let asked = Store::open_read_only(&path).unwrap_err();
    assert!(matches!(asked, StoreError::NotYetUpgraded(_)), "{asked}");

    let store = Store::open(&path, |_| ()).unwrap();
    assert_eq!(store.hash_key().0, KEY);
    let reads = store.reads();
    for (lead, flow) in &model.flows {
        let (record, kept) = (
            reads.lead(*lead).await.unwrap().unwrap(),
            &model.leads[lead],
        );
        assert_eq!(
            (&record.flow, &record.timeline),
            (flow, &model.timeline[lead])
        );
        assert!(record.told == kept.told && record.phone == kept.phone);
        assert_eq!(record.joined_to, kept.joined_to);
        let raw = reads.raw(*lead).await.unwrap().unwrap();
        assert!(
            (raw.content_type, raw.body) == (kept.new.content_type.clone(), kept.new.body.clone())
        );
    }
    assert_eq!(reads.desk().await.unwrap(), model.desk);
    assert_eq!(reads.counts().await.unwrap(), model.counts());
    let due = model.next_due().map(|due| due.duration_since(now()));
    assert_eq!(reads.next_due(now()).await.unwrap(), due);
    assert_eq!(reads.pending().await.unwrap().len(), model.wakes.len());
    assert_eq!(
        reads.held_told().await.unwrap().unwrap().to_string(),
        "2026-11-22"
    );
    assert!(reads.converted(lead(2)).await.unwrap());
    let els = leadbridge::lead::Person::Mail("els@example.com".to_owned());
    assert_eq!(reads.leads_of(els).await.unwrap(), [lead(1), lead(2)]);
    let written = reads.messages_of(lead(1)).await.unwrap();
    let states: Vec<_> = written.iter().map(|text| text.state).collect();
    assert_eq!(states, [MessageState::Leaving, MessageState::Delivered]);

    let left = store.take_over(true, now()).await.unwrap().unwrap();
    assert_eq!(left.messages.len(), 1, "it may have left");
    let commands = left.items.iter().map(|item| item.command.clone());
    let expected = model.outbox.values().map(|item| item.command.clone());
    assert!(commands.eq(expected));
    goes_on(&store, &mut model, &left.items[0]).await;
}

/// The ring that was in the outbox is answered, and its source is still known.
async fn goes_on(store: &Store, model: &mut Model, item: &leadbridge::io::store::Item) {
    let Command::Ring(leg) = item.command else {
        panic!("a phone rings");
    };
    let unknown = Event::Placing(leg, Placing::Unknown);
    let id = model.outbox.keys().next().copied();
    let (expected, _) = model.step(lead(1), &unknown, id).unwrap();
    let (rules, answers) = (model.rules.clone(), Some(item.id));
    let stepped = store.step(lead(1), unknown, answers, rules, now()).await;
    assert_eq!(stepped.unwrap().unwrap().flow, expected.flow);
    assert_eq!(store.reads().counts().await.unwrap(), model.counts());
    let again = arrival(9, Some("web-1"));
    let received = store.receive(again, model.rules.clone(), now()).await;
    assert!(received.unwrap().known);
}
