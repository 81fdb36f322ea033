//! Who may connect to a database of PostgreSQL, and what is made there.

use futures_util::future::join_all;
use leadbridge::io::store::{Store, StoreError};
use leadbridge::rotation::Strategy;

use crate::house::{House, Postgres};

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_begin_together_make_one_store() {
    let postgres = Postgres::new().await;
    let nodes = (0..6).map(|_| Store::connect(&postgres.url, |_| ()));
    let nodes: Result<Vec<_>, _> = join_all(nodes).await.into_iter().collect();
    let nodes = nodes.unwrap();
    assert!(
        nodes
            .iter()
            .all(|node| node.hash_key().0 == nodes[0].hash_key().0)
    );
    assert_eq!(postgres.ask("select count(*) from node").await, "6\n");
    assert_eq!(nodes[0].others().await.unwrap(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_newer_release_is_refused() {
    let house = House::of_server(Strategy::InOrder).await;
    let postgres = house.postgres();
    let newer = "update meta set value = '1000' where key = 'schema'";
    postgres.client.batch_execute(newer).await.unwrap();
    let url = &postgres.url;
    let (writes, reads) = (Store::connect(url, |_| ()), Store::connect_read_only(url));
    for refused in [writes.await.unwrap_err(), reads.await.unwrap_err()] {
        let refused = refused.to_string();
        assert!(refused.contains("was written by a newer leadbridge (schema 1000, "));
        assert!(refused.ends_with("; install that release again"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_somebody_elses_is_refused_and_left_as_it_is() {
    let postgres = Postgres::new().await;
    let invoices = "create table invoice (id integer)";
    postgres.client.batch_execute(invoices).await.unwrap();
    let (_, name) = postgres.url.rsplit_once('/').unwrap();
    let not_ours = StoreError::NotAStore(format!("the database {name}"));
    let refused = Store::connect(&postgres.url, |_| ()).await.unwrap_err();
    assert_eq!(refused, not_ours);
    let tables = "select table_name from information_schema.tables where table_schema = 'public'";
    assert_eq!(postgres.ask(tables).await, "invoice\n");

    let empty = Postgres::new().await;
    let refused = Store::connect_read_only(&empty.url).await.unwrap_err();
    assert!(matches!(refused, StoreError::NotAStore(_)));
}
