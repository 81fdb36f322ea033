//! What is kept, where it stands, and how it is found.

use leadbridge::flow::shown::Stage;
use leadbridge::flow::{ERASED, Event, What};
use leadbridge::io::store::{Filter, Record};

use crate::group::{arrival, lead};
use crate::house::{House, on_both_databases};
use crate::{key_1, placed, rep_leg};

on_both_databases! {
    what_was_answered_is_there_after_a_restart: InOrder,
    leads_are_listed_page_by_page_the_latest_first: InOrder,
    nothing_personal_stands_outside_the_rows_of_the_lead: RingAll,
    what_people_typed_about_a_lead_is_erased_with_it: InOrder,
    leads_that_only_wait_for_a_person_are_not_read_by_who_takes_over: InOrder,
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

async fn what_people_typed_about_a_lead_is_erased_with_it(house: House) {
    let reason = Some("Jan Janssens bought elsewhere".to_owned());
    house.receive(1, None).await;
    let cancel = Event::Cancel {
        reason: reason.clone(),
    };
    house.step(lead(1), cancel, None).await;
    house.take_held(2).await;
    let discard = Event::Discard {
        reason: reason.clone(),
    };
    house.step(lead(2), discard, None).await;
    house.take_held(3).await;
    house.step(lead(3), Event::Release { reason }, None).await;
    let reason = Some(ERASED.to_owned());
    house.step(lead(3), Event::Cancel { reason }, None).await;
    house.receive(4, None).await;
    let before = house.records().await;
    for table in ["flow", "timeline", "figures"] {
        assert!(house.words(table).await.contains("Janssens"), "{table}");
    }

    let leads = (1..=4).map(lead).collect();
    assert!(house.store.erase(leads).await.unwrap());
    assert!(!impersonal(&house).await.contains("Janssens"));
    let after = house.records().await;
    let told = |number: usize| {
        let record = &after[4 - number];
        let closed = record.timeline.iter().rfind(|it| it.what == What::Closed);
        let outcome = record.flow.outcome().map(|closed| closed.reason.clone());
        (outcome, closed.and_then(|closed| closed.reason.clone()))
    };
    let as_told = |outcome: &str| Some(outcome.to_owned());
    assert_eq!(told(1), (Some(None), as_told("canceled")));
    assert_eq!(told(2), (Some(None), as_told("discarded")));
    assert_eq!(
        told(3),
        (Some(as_told(ERASED)), as_told("canceled: erased"))
    );
    assert_eq!(
        (&before[0].flow, &before[0].timeline),
        (&after[0].flow, &after[0].timeline)
    );
}

async fn leads_that_only_wait_for_a_person_are_not_read_by_who_takes_over(house: House) {
    house.receive(1, None).await;
    house.take_held(2).await;
    // What can't be read is looked at by a person, if it is read.
    house
        .does("UPDATE flow SET flow = '{}' WHERE stage = 'held'")
        .await;
    house
        .does("DELETE FROM outbox WHERE lead = '00000000-0000-0000-0000-000000000002'")
        .await;
    let reads = house.store.reads();
    assert_eq!(reads.flows_with_legs().await.unwrap(), vec![lead(1)]);
    let (_, left) = house.reopened().await;
    assert_eq!(left.flows, vec![lead(1)]);
}

/// Every word in the tables where nothing personal may stand.
async fn impersonal(house: &House) -> String {
    let tables = [
        "flow", "timeline", "figures", "desk", "number", "wake", "outbox", "call",
    ];
    let words = tables.map(|table| house.words(table));
    futures_util::future::join_all(words).await.concat()
}

impl House {
    /// A lead whose customer wants no call: a person decides.
    async fn take_held(&self, number: u128) {
        let mut new = arrival(number, None);
        new.arrival.told.as_mut().unwrap().consent.call = Some(false);
        let received = self.store.receive(new, self.rules.clone(), self.now());
        assert_eq!(received.await.unwrap().flow.stage(), Stage::Held);
    }

    /// The latest first.
    async fn records(&self) -> Vec<Record> {
        let list = self.store.reads().list(Filter::default(), None, 100).await;
        list.unwrap().leads
    }
}
