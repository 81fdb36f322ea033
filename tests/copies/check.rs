//! What does not hang together is told in a sentence, and a store that is well says so.

use leadbridge::io::store::{Checked, Reads};

use crate::house::{House, Place, on_both_databases};

/// What somebody does to the tables, and what is told of it.
const DAMAGES: [(&str, &str); 19] = [
    (
        "DELETE FROM flow WHERE stage = 'closed'",
        "leads have no flow",
    ),
    (
        "DELETE FROM lead WHERE source_id = 'web-2'",
        "flows have no lead",
    ),
    (
        "UPDATE timeline SET lead = 'nobody' WHERE seq = 1 AND lead LIKE '%2'",
        "of the timeline are of no lead",
    ),
    (
        "UPDATE outbox SET lead = 'nobody'",
        "orders in the outbox are of no lead",
    ),
    (
        "INSERT INTO wake VALUES (7, '00000000-0000-0000-0000-000000000077', '')",
        "events are left to no lead",
    ),
    (
        "UPDATE message SET lead = 'nobody'",
        "messages are of no lead",
    ),
    (
        "INSERT INTO conversion VALUES ('nobody', 1)",
        "conversions are of no lead",
    ),
    (
        "UPDATE flow SET flow = '{}' WHERE stage = 'closed'",
        "1 rows of flow cannot be read",
    ),
    (
        "UPDATE timeline SET entries = '{' WHERE lead LIKE '%2'",
        "rows of timeline cannot be read",
    ),
    (
        "UPDATE outbox SET command = 'x'",
        "rows of outbox cannot be read",
    ),
    ("UPDATE call SET leg = 'x'", "rows of call cannot be read"),
    (
        "UPDATE desk SET phone_row = 'x'",
        "rows of desk cannot be read",
    ),
    (
        "UPDATE number SET number_row = 'x'",
        "rows of number cannot be read",
    ),
    (
        "UPDATE message SET state = 'x'",
        "1 rows of message cannot be read",
    ),
    (
        "UPDATE flow SET due = 1 WHERE stage = 'ringing'",
        "1 rows of flow have a column that does not repeat",
    ),
    (
        "UPDATE flow SET open = 1 WHERE stage = 'closed'",
        "1 rows of flow have a column that does not repeat",
    ),
    (
        "UPDATE desk SET due = 1",
        "rows of desk have a column that does not repeat",
    ),
    (
        "UPDATE lead SET mail = 'x' WHERE source_id = 'web-1'",
        "1 rows of lead have a column that does not repeat",
    ),
    (
        "UPDATE desk SET phone_row = replace(phone_row, '-r1', '-r7')",
        "held by a leg that is over",
    ),
];

on_both_databases! {
    a_store_in_use_is_well,
    each_kind_of_damage_is_told,
}

async fn checked(reads: &Reads) -> Checked {
    reads.check(&mut |_| ()).await.unwrap()
}

async fn a_store_in_use_is_well(place: Place) {
    let house = House::with_leads(&place).await;
    for number in 10..20 {
        house.receive(number).await;
        house.closed(number + 10).await;
    }
    let checked = checked(house.store.reads()).await;
    assert_eq!(checked.findings, Vec::<String>::new());
    assert!(checked.rows > 60, "{checked:?}");
}

async fn each_kind_of_damage_is_told(place: Place) {
    for (damage, told) in DAMAGES {
        let place = match &place.address {
            leadbridge::io::config::Store::Sqlite(_) => Place::file(),
            leadbridge::io::config::Store::Postgres(_) => Place::database(),
        };
        let house = House::with_leads(&place).await;
        place.does(damage);
        let findings = checked(house.store.reads()).await.findings;
        assert!(
            findings.iter().any(|found| found.contains(told)),
            "{damage}: {findings:?}"
        );
        let shown = findings.join(" ");
        assert!(
            !shown.contains("Vandenbroucke") && !shown.contains("+3247"),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn pages_that_sqlite_can_t_trust_are_told() {
    let place = Place::file();
    House::with_leads(&place).await.ends().await;
    // An index that does not know a row any more.
    place.does(
        "PRAGMA writable_schema = ON; \
         UPDATE sqlite_schema SET sql = 'CREATE INDEX flow_listed ON flow (t1, version)' WHERE name = 'flow_listed'",
    );
    let reads = leadbridge::io::store::Store::open_read_only(&place.path()).unwrap();
    let findings = checked(&reads).await.findings;
    assert!(
        findings[0].starts_with("SQLite says of its file: "),
        "{findings:?}"
    );
}
