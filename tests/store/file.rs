//! Who may open the file, and when it refuses.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use leadbridge::flow::Event;
use leadbridge::io::store::{Store, StoreError};
use leadbridge::rotation::Strategy;
use leadbridge_providers::LeadId;

use crate::group::{arrival, lead, now};
use crate::house::House;

#[tokio::test]
async fn a_locked_file_is_refused_and_works_again_by_itself() {
    let house = House::of_file(Strategy::InOrder);
    let other = rusqlite::Connection::open(house.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let new = arrival(1, None);
    let refused = house.store.receive(new, house.rules.clone(), now()).await;
    assert_eq!(refused.unwrap_err(), StoreError::Locked);
    assert_eq!(house.store.writable().await, Err(StoreError::Locked));

    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(house.store.writable().await, Ok(()));
    assert!(!house.receive(1, None).await.known);
}

#[tokio::test]
async fn a_second_daemon_is_refused_and_one_that_only_reads_is_not() {
    let house = House::of_file(Strategy::InOrder);
    house.receive(1, None).await;
    let second = Store::open(&house.path(), |_| ()).unwrap_err();
    assert!(
        second
            .to_string()
            .ends_with("in use by another leadbridge; stop that one first")
    );
    let beside = Store::open_read_only(&house.path()).unwrap();
    assert!(beside.lead(lead(1)).await.unwrap().is_some());
    assert_eq!(beside.hash_key().await.unwrap().0, house.store.hash_key().0);
}

#[test]
fn a_file_of_a_newer_release_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("leads.db");
    drop(Store::open(&path, |_| ()).unwrap());
    let db = rusqlite::Connection::open(&path).unwrap();
    db.pragma_update(None, "user_version", 7).unwrap();
    let refused = Store::open(&path, |_| ()).unwrap_err();
    assert!(refused.to_string().contains("newer leadbridge (schema 7"));
}

#[test]
fn a_database_of_somebody_elses_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("books.db");
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch("CREATE TABLE invoice (id INTEGER)")
        .unwrap();
    let refused = Store::open(&path, |_| ()).unwrap_err();
    assert_eq!(refused, StoreError::NotAStore(path.display().to_string()));
    assert!(Store::open_read_only(&folder.path().join("none.db")).is_err());
}

#[tokio::test]
async fn every_commit_is_heard_of() {
    let folder = tempfile::tempdir().unwrap();
    let commits = Arc::new(AtomicU32::new(0));
    let heard = commits.clone();
    let count = move |_| {
        heard.fetch_add(1, Ordering::Relaxed);
    };
    let store = Store::open(&folder.path().join("leads.db"), count).unwrap();
    store.writable().await.unwrap();
    store.writable().await.unwrap();
    assert_eq!(commits.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn an_event_that_changes_nothing_writes_nothing() {
    let house = House::of_file(Strategy::InOrder);
    for number in [1, 2, 3, 4] {
        house.receive(number, None).await;
    }
    let db = rusqlite::Connection::open(house.path()).unwrap();
    let version = |lead: LeadId| -> i64 {
        let sql = "SELECT version FROM flow WHERE lead = ?";
        db.query_row(sql, [lead.to_string()], |row| row.get(0))
            .unwrap()
    };
    let changes = || -> i64 {
        db.pragma_query_value(None, "data_version", |row| row.get(0))
            .unwrap()
    };
    let (before, data) = (version(lead(4)), changes());
    house.step(lead(4), Event::Clock, None).await;
    assert_eq!((version(lead(4)), changes()), (before, data));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_erased_leaves_the_journal_when_nobody_reads_it_any_more() {
    let house = House::of_file(Strategy::InOrder);
    house.receive(1, None).await;
    let reader = rusqlite::Connection::open(house.path()).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM lead").unwrap();
    assert!(!house.store.erase(vec![lead(1)]).await.unwrap());
    assert!(in_its_files(&house, b"Vandenbroucke"), "it is still read");
    // Nobody waits for the one who reads.
    house.receive(2, None).await;
    assert!(!house.store.erase(vec![lead(2)]).await.unwrap());

    reader.execute_batch("COMMIT").unwrap();
    let give_up = Instant::now() + Duration::from_secs(10);
    while in_its_files(&house, b"Vandenbroucke") {
        assert!(Instant::now() < give_up, "it is still there");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_erased_leaves_the_journal_with_the_next_process_at_the_latest() {
    let house = House::of_file(Strategy::InOrder);
    house.receive(1, None).await;
    let reader = rusqlite::Connection::open(house.path()).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM lead").unwrap();
    let killed = tokio::runtime::Runtime::new().unwrap();
    let store = house.store.clone();
    let erased = killed.spawn(async move { store.erase(vec![lead(1)]).await });
    assert!(!erased.await.unwrap().unwrap());
    killed.shutdown_background();
    reader.execute_batch("COMMIT").unwrap();
    let (house, _) = house.reopened().await;
    assert!(!in_its_files(&house, b"Vandenbroucke"));
}

fn in_its_files(house: &House, word: &[u8]) -> bool {
    let journal = house.path().with_file_name("leads.db-wal");
    let mut files = [house.path(), journal].into_iter();
    files.any(|file| {
        let bytes = std::fs::read(file).unwrap();
        bytes.windows(word.len()).any(|part| part == word)
    })
}
