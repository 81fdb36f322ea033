//! A copy of the file beside the daemon that writes it.

use std::os::unix::fs::PermissionsExt;

use leadbridge::io::store::{CannotBackUp, Store};

use crate::group::{arrival, lead, now};
use crate::house::{House, Place, beside};

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_made_of_one_instant_while_leads_come_in() {
    let place = Place::file();
    let house = House::with_leads(&place).await;
    let (store, rules) = (house.store.clone(), house.rules.clone());
    let busy = tokio::spawn(async move {
        for number in 100.. {
            let new = arrival(number, None);
            store.receive(new, rules.clone(), now()).await.unwrap();
        }
    });
    let mut before = 3;
    for number in 0..5 {
        let file = beside(&place.path(), &format!("copy-{number}.db"));
        let made = Store::back_up(&place.path(), &file).unwrap();
        assert!(made.leads >= before && made.bytes > 4096, "{made:?}");
        before = made.leads;
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let reads = Store::open_read_only(&file).unwrap();
        let checked = reads.check(&mut |_| ()).await.unwrap();
        assert_eq!(checked.findings, Vec::<String>::new());
    }
    busy.abort();
    let names = std::fs::read_dir(place.path().parent().unwrap()).unwrap();
    let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        names
            .iter()
            .all(|name| !name.to_string_lossy().contains("part")),
        "{names:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_starts_on_a_copy() {
    let place = Place::file();
    let house = House::with_leads(&place).await;
    let records = house.records().await;
    let file = beside(&place.path(), "copy.db");
    Store::back_up(&place.path(), &file).unwrap();
    let copy = Store::open(&file, |_| ()).unwrap();
    assert_eq!(copy.hash_key().0, house.store.hash_key().0);
    let left = copy.take_over(true, now()).await.unwrap().unwrap();
    assert!(!left.items.is_empty());
    let rules = house.rules.clone();
    let copied = House { store: copy, rules };
    assert!(copied.records().await == records);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_overwritten_and_nothing_half_is_left() {
    let place = Place::file();
    let _house = House::with_leads(&place).await;
    let file = beside(&place.path(), "copy.db");
    std::fs::write(&file, "mine").unwrap();
    let refused = Store::back_up(&place.path(), &file);
    assert!(
        matches!(refused, Err(CannotBackUp::IsThere(_))),
        "{refused:?}"
    );
    assert_eq!(std::fs::read(&file).unwrap(), b"mine");
    let nowhere = place.path().with_file_name("nowhere").join("copy.db");
    let refused = Store::back_up(&place.path(), &nowhere);
    assert!(
        matches!(refused, Err(CannotBackUp::CannotWrite { .. })),
        "{refused:?}"
    );
    let not_a_store = Store::back_up(&file, &beside(&file, "other.db"));
    assert!(
        matches!(not_a_store, Err(CannotBackUp::Store(_))),
        "{not_a_store:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_is_copying_under_this_name_is_left_to_it() {
    let place = Place::file();
    let _house = House::with_leads(&place).await;
    let file = beside(&place.path(), "copy.db");
    let theirs = ["copy.db.part", "copy.db.1.part"].map(|name| beside(&file, name));
    for part in &theirs {
        std::fs::write(part, "theirs").unwrap();
    }
    Store::back_up(&place.path(), &file).unwrap();
    for part in &theirs {
        assert_eq!(std::fs::read(part).unwrap(), b"theirs");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_erased_is_not_in_a_later_copy() {
    let place = Place::file();
    let house = House::with_leads(&place).await;
    house
        .store
        .erase(vec![lead(1), lead(2), lead(3)])
        .await
        .unwrap();
    let file = beside(&place.path(), "copy.db");
    Store::back_up(&place.path(), &file).unwrap();
    let bytes = std::fs::read(&file).unwrap();
    let has = |word: &[u8]| bytes.windows(word.len()).any(|part| part == word);
    assert!(has(b"web-1") && !has(b"+32471120001") && !has(b"Vandenbroucke"));
}
