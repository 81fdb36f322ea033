//! What grew old goes, of leads that are over, and nothing else.

use jiff::SignedDuration;
use leadbridge::flow::Event;
use leadbridge::io::store::{Aged, Record, Store};

use crate::group::{arrival, lead, now};
use crate::house::{House, Place, ended, on_both_databases};

on_both_databases! {
    a_body_goes_and_what_the_customer_told_stays,
    what_is_personal_goes_and_the_figures_stay,
    a_lead_goes_with_all_that_belongs_to_it,
    what_is_open_or_young_stays,
    many_leads_go_in_steps,
    what_people_typed_goes_with_what_it_is_about,
}

/// The first lead rings, the second is over, the third is held.
async fn house(place: &Place) -> House {
    let house = House::with_leads(place).await;
    house.writes(2).await;
    house
}

async fn prune(store: &Store, what: Aged) -> usize {
    let before = now() + SignedDuration::from_hours(24 * 365);
    let (mut leads, mut after) = (0, None);
    loop {
        let step = store.prune(what, before, after).await.unwrap();
        leads += step.leads;
        match step.next {
            Some(next) => after = Some(next),
            None => return leads,
        }
    }
}

async fn findings(house: &House) -> Vec<String> {
    house
        .store
        .reads()
        .check(&mut |_| ())
        .await
        .unwrap()
        .findings
}

async fn a_body_goes_and_what_the_customer_told_stays(place: Place) {
    let house = house(&place).await;
    assert_eq!(prune(&house.store, Aged::Body).await, 1);
    let reads = house.store.reads();
    assert!(reads.raw(lead(2)).await.unwrap().is_none());
    assert!(reads.raw(lead(1)).await.unwrap().is_some());
    assert!(reads.raw(lead(3)).await.unwrap().is_some());
    let record = reads.lead(lead(2)).await.unwrap().unwrap();
    assert!(record.told.is_some() && record.phone.is_some());
    assert_eq!(prune(&house.store, Aged::Body).await, 0);
    assert_eq!(findings(&house).await, Vec::<String>::new());
}

async fn what_is_personal_goes_and_the_figures_stay(place: Place) {
    let house = house(&place).await;
    let before = house.records().await;
    assert_eq!(prune(&house.store, Aged::Person).await, 1);
    let reads = house.store.reads();
    let record = reads.lead(lead(2)).await.unwrap().unwrap();
    assert!(record.told.is_none() && record.phone.is_none());
    assert_eq!(
        record.source_id.as_deref(),
        Some("web-2"),
        "sent again, it is still known"
    );
    assert!(reads.raw(lead(2)).await.unwrap().is_none());
    assert!(reads.messages_of(lead(2)).await.unwrap().is_empty());
    assert_eq!(reads.messages_of(lead(1)).await.unwrap().len(), 1);
    let after = house.records().await;
    let kept = |one: &leadbridge::io::store::Record, other: &leadbridge::io::store::Record| {
        one.flow == other.flow && one.timeline == other.timeline
    };
    assert!(
        before
            .iter()
            .zip(&after)
            .all(|(one, other)| kept(one, other))
    );
    assert_eq!(prune(&house.store, Aged::Person).await, 0);
    assert_eq!(findings(&house).await, Vec::<String>::new());
}

async fn a_lead_goes_with_all_that_belongs_to_it(place: Place) {
    let house = house(&place).await;
    let call = |number| {
        let attempt = format!("CA-{}-r1", lead(number));
        house
            .store
            .reads()
            .bound(leadbridge_providers::CarrierCallId(attempt))
    };
    assert!(call(2).await.unwrap().is_some());
    assert!(house.store.convert(lead(2), true, now()).await.unwrap());
    let key = house.records().await[1].flow.facts.number.clone().unwrap();
    assert_eq!(prune(&house.store, Aged::Lead).await, 1);
    assert!(house.store.reads().lead(lead(2)).await.unwrap().is_none());
    assert!(call(2).await.unwrap().is_none());
    assert_eq!(house.records().await.len(), 2);
    assert_eq!(findings(&house).await, Vec::<String>::new());
    // Who refused texts still does.
    let keyed = format!("'{}'", key.as_str());
    place.does(&format!(
        "INSERT INTO meta SELECT 'refuses', number FROM number WHERE number = {keyed} \
         AND number_row NOT LIKE '%\"no_texts_since\":null%'"
    ));
    place.does("INSERT INTO conversion SELECT value, 1 FROM meta WHERE key = 'refuses'");
    assert!(
        findings(&house)
            .await
            .iter()
            .any(|found| found.contains("conversions"))
    );
}

async fn what_is_open_or_young_stays(place: Place) {
    let house = house(&place).await;
    let before = house.records().await;
    let step = house
        .store
        .prune(Aged::Lead, before[2].flow.facts.t1, None)
        .await
        .unwrap();
    assert_eq!(
        (step.leads, step.next),
        (0, None),
        "none is older than itself"
    );
    // An order that has not left keeps its lead.
    place.does("UPDATE outbox SET lead = '00000000-0000-0000-0000-000000000002'");
    for what in [Aged::Body, Aged::Person, Aged::Lead] {
        assert_eq!(prune(&house.store, what).await, 0);
    }
    assert!(house.records().await == before);
}

async fn many_leads_go_in_steps(place: Place) {
    let house = House::at(&place).await;
    for number in 1..=210 {
        house.closed(number).await;
    }
    let later = now() + SignedDuration::from_hours(24 * 365);
    let first = house.store.prune(Aged::Person, later, None).await.unwrap();
    assert_eq!(first.leads, 200);
    let second = house
        .store
        .prune(Aged::Person, later, first.next)
        .await
        .unwrap();
    assert_eq!(second.leads, 10);
    assert_eq!(prune(&house.store, Aged::Person).await, 0);
    assert_eq!(prune(&house.store, Aged::Lead).await, 210);
    assert!(house.records().await.is_empty());
}

/// Of a lead that nobody could read that is its body.
async fn what_people_typed_goes_with_what_it_is_about(place: Place) {
    let house = House::at(&place).await;
    let typed = || Some("Jan Janssens bought elsewhere".to_owned());
    house.receive(1).await;
    house.step(1, Event::Cancel { reason: typed() }, None).await;
    let mut unread = arrival(2, None);
    unread.arrival.told = None;
    house.take(unread).await;
    house
        .step(2, Event::Discard { reason: typed() }, None)
        .await;
    for number in [1, 2] {
        for item in house.store.reads().outbox_of(lead(number)).await.unwrap() {
            house.store.done(item.id).await.unwrap();
        }
    }
    // Its phone rings no more.
    let leg = house.records().await[1].flow.attempts[0].leg;
    house.step(1, ended(leg), None).await;
    let kept = async || -> Vec<bool> {
        let records = house.records().await.into_iter().rev();
        let told = |record: Record| {
            let told = record
                .timeline
                .iter()
                .filter_map(|line| line.reason.as_deref());
            told.chain(record.flow.outcome().unwrap().reason.as_deref())
                .any(|reason| reason.contains("Janssens"))
        };
        records.map(told).collect()
    };
    assert_eq!(kept().await, [true, true]);
    assert_eq!(prune(&house.store, Aged::Body).await, 2);
    assert_eq!(kept().await, [true, false]);
    assert_eq!(prune(&house.store, Aged::Person).await, 1);
    assert_eq!(kept().await, [false, false]);
    assert_eq!(findings(&house).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_node_at_a_time_has_the_turn() {
    let place = Place::database();
    let (one, other) = (place.open().await, place.open().await);
    let hour = SignedDuration::from_hours(1);
    let turns = tokio::join!(
        one.pruning_turn(hour, now()),
        other.pruning_turn(hour, now())
    );
    let turns = [turns.0.unwrap(), turns.1.unwrap()];
    assert_eq!(turns.iter().flatten().count(), 1, "{turns:?}");
    assert_eq!(one.pruning_turn(hour, now()).await.unwrap(), None);
    assert!(
        other
            .pruning_turn(SignedDuration::ZERO, now())
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn a_file_has_its_turn_once_an_hour() {
    let place = Place::file();
    let store = place.open().await;
    let hour = SignedDuration::from_hours(1);
    assert_eq!(store.pruning_turn(hour, now()).await.unwrap(), Some(now()));
    assert_eq!(store.pruning_turn(hour, now()).await.unwrap(), None);
    assert_eq!(
        store.pruning_turn(hour, now() + hour).await.unwrap(),
        Some(now() + hour)
    );
}
