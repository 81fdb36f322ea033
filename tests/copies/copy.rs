//! A store copied into the other kind, and again.

use leadbridge::flow::Event;
use leadbridge::io::store::{Store, StoreError};
use secrecy::ExposeSecret;

use crate::group::{lead, now};
use crate::house::{House, Place, changed, copy, rows};

#[tokio::test(flavor = "multi_thread")]
async fn a_store_moves_to_postgresql_and_back_and_its_leads_go_on() {
    let (file, server, back) = (Place::file(), Place::database(), Place::file());
    let house = House::with_leads(&file).await;
    let (records, key) = (house.records().await, house.store.hash_key().0);
    let outbox = house.store.reads().outbox().await.unwrap().len();
    house.ends().await;

    let copied = copy(&file, &server).await.unwrap();
    assert_eq!((rows(&copied, "lead"), rows(&copied, "message")), (3, 1));
    assert!(
        copied
            .iter()
            .all(|table| table.table != "node" && table.table != "pace")
    );

    let house = House::at(&server).await;
    assert!(house.records().await == records, "the leads are the same");
    assert_eq!(house.store.hash_key().0, key, "numbers have the same keys");
    let left = house.store.take_over(true, now()).await.unwrap().unwrap();
    assert_eq!(left.items.len(), outbox, "what had not left is taken over");
    house.store.settled(left.of).await.unwrap();
    // Names are given anew only behind those of the file's processes.
    for number in 10..15 {
        house.receive(number).await;
    }
    let records = house.records().await;
    assert_eq!(records.len(), 8);
    house.ends().await;

    copy(&server, &back).await.unwrap();
    let house = House::at(&back).await;
    assert!(house.records().await == records, "and once more");
    house.receive(20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_copy_writes_only_what_changed_since() {
    let (from, to) = (Place::file(), Place::database());
    let house = House::with_leads(&from).await;
    house.ends().await;
    assert!(changed(&copy(&from, &to).await.unwrap()) > 10);
    assert_eq!(changed(&copy(&from, &to).await.unwrap()), 0);

    let house = House::at(&from).await;
    let left = house.store.take_over(true, now()).await.unwrap();
    house.store.settled(left.unwrap().of).await.unwrap();
    house.step(1, Event::Cancel { reason: None }, None).await;
    let outbox = house.store.reads().outbox().await.unwrap();
    for item in &outbox {
        house.store.done(item.id).await.unwrap();
    }
    house.receive(4).await;
    let records = house.records().await;
    house.ends().await;
    let copied = copy(&from, &to).await.unwrap();
    assert!((1..30).contains(&changed(&copied)), "{copied:?}");
    assert_eq!(rows(&copied, "lead"), 4);
    let house = House::at(&to).await;
    assert!(house.records().await == records);
    let left = house.store.reads().outbox().await.unwrap();
    assert!(
        left.iter().all(|item| item.lead == lead(4)),
        "what left is gone here too"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn more_rows_than_fit_into_one_page_are_all_copied() {
    let (from, to) = (Place::file(), Place::file());
    let house = House::at(&from).await;
    for number in 1..=1_100 {
        house.receive(number).await;
    }
    house.ends().await;
    let copied = copy(&from, &to).await.unwrap();
    assert_eq!(
        (rows(&copied, "lead"), rows(&copied, "flow")),
        (1_100, 1_100)
    );
    // In the middle and at the end, in the target alone.
    to.does("DELETE FROM timeline WHERE lead LIKE '%0'; UPDATE desk SET due = 7");
    to.does("INSERT INTO timeline SELECT lead, 1000 + seq, entries FROM timeline");
    let copied = copy(&from, &to).await.unwrap();
    assert!(changed(&copied) > 1_100, "{copied:?}");
    assert_eq!(changed(&copy(&from, &to).await.unwrap()), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_has_other_leads_is_left_alone() {
    for to in [Place::file(), Place::database()] {
        let from = Place::file();
        House::with_leads(&from).await.ends().await;
        let other = House::at(&to).await;
        other.receive(99).await;
        let records = other.records().await;
        other.ends().await;
        let refused = copy(&from, &to).await.unwrap_err();
        assert!(
            refused.contains("has leads that the other store does not have"),
            "{refused}"
        );
        let other = House::at(&to).await;
        assert!(other.records().await == records);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_went_on_is_not_set_back() {
    let (from, to) = (Place::file(), Place::database());
    House::with_leads(&from).await.ends().await;
    copy(&from, &to).await.unwrap();
    let house = House::at(&to).await;
    house.step(1, Event::Cancel { reason: None }, None).await;
    let records = house.records().await;
    house.ends().await;
    let refused = copy(&from, &to).await.unwrap_err();
    assert!(refused.contains("would be set back"), "{refused}");
    assert!(House::at(&to).await.records().await == records);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_a_daemon_has_is_neither_copied_nor_copied_into() {
    let (file, server) = (Place::file(), Place::database());
    let on_file = House::with_leads(&file).await;
    for refused in [
        copy(&file, &server).await.unwrap_err(),
        copy(&server, &file).await.unwrap_err(),
    ] {
        assert!(
            refused.contains("in use by another leadbridge") || refused.contains("not a store"),
            "{refused}"
        );
    }
    on_file.ends().await;
    let on_server = House::at(&server).await;
    let renewed = on_server.store.clone();
    let renewing = tokio::spawn(async move {
        loop {
            renewed.renew().await.unwrap();
            tokio::time::sleep(leadbridge::io::store::RENEW_EVERY).await;
        }
    });
    for (from, to) in [(&file, &server), (&server, &Place::file())] {
        let refused = copy(from, to).await.unwrap_err();
        assert!(
            refused.starts_with("a leadbridge runs on the database test_"),
            "{refused}"
        );
    }
    renewing.abort();
    on_server.ends().await;
    copy(&file, &server).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_daemon_starts_on_half_a_copy_and_it_is_done_again() {
    for to in [Place::file(), Place::database()] {
        let from = Place::file();
        House::with_leads(&from).await.ends().await;
        copy(&from, &to).await.unwrap();
        // As if it had been killed.
        to.does(
            "DELETE FROM flow; DELETE FROM timeline; INSERT INTO meta VALUES ('copying', 'yes')",
        );
        let refused = match &to.address {
            leadbridge::io::config::Store::Sqlite(path) => Store::open(path, |_| ()),
            leadbridge::io::config::Store::Postgres(url) => {
                Store::connect(url.expose_secret(), |_| ()).await
            }
        };
        assert!(
            matches!(refused, Err(StoreError::HalfCopied(_))),
            "{refused:?}"
        );
        let onwards = copy(&to, &Place::file()).await.unwrap_err();
        assert!(onwards.contains("or a copy into it broke off"), "{onwards}");
        copy(&from, &to).await.unwrap();
        assert_eq!(House::at(&to).await.records().await.len(), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_is_not_copied_into_itself() {
    let from = Place::file();
    House::with_leads(&from).await.ends().await;
    let refused = copy(&from, &from).await.unwrap_err();
    assert!(refused.contains("are those of one store"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_writes_more_slowly_than_leads_may_wait_is_filled_all_the_same() {
    let (from, to) = (Place::file(), Place::database());
    let house = House::with_leads(&from).await;
    let records = house.records().await;
    house.ends().await;
    House::at(&to).await.ends().await;
    to.does(
        "create function is_slow() returns trigger language plpgsql as 'begin perform pg_sleep(3); return null; end'; \
         create trigger is_slow after insert on call for each statement execute function is_slow()",
    );
    copy(&from, &to).await.unwrap();
    assert!(House::at(&to).await.records().await == records);
}
