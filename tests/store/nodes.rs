//! Several nodes on one PostgreSQL: who claims what, how long what is in hand stays there, and what a lost node can still
//! do. Nobody is notified of anything: what a node left is found by whoever looks, and every node looks twice a second.

use std::time::Duration;

use jiff::SignedDuration;
use leadbridge::flow::{AttemptResult, Event, What};
use leadbridge::io::store::{
    Effect, LEASE, OutboxId, Posting, Received, Stepped, Store, StoreError,
};
use leadbridge::rotation::Strategy;
use leadbridge_providers::{LeadId, Placing};
use tokio::task::JoinSet;

use crate::group::{arrival, lead, now};
use crate::house::{House, connect};
use crate::{Phones, ended, key_1, placed, rep_leg, ring};

const LEADS: u128 = 50;
const PATIENCE: Duration = Duration::from_secs(20);

/// A house and one node more.
async fn two_nodes() -> (House, Store) {
    let house = House::of_server(Strategy::InOrder).await;
    let other = house.neighbour().await;
    (house, other)
}

impl House {
    /// So much later than when it began.
    async fn later(&self, ms: i64) {
        self.it_is(now() + SignedDuration::from_millis(ms)).await;
    }

    async fn received_by(&self, node: &Store, number: u128) -> Received {
        let (new, rules) = (arrival(number, None), self.rules.clone());
        node.receive(new, rules, self.now()).await.unwrap()
    }

    async fn stepped_by(
        &self,
        node: &Store,
        lead: LeadId,
        event: Event,
        answers: Option<OutboxId>,
    ) -> Stepped {
        let rules = self.rules.clone();
        let stepped = node.step(lead, event, answers, rules, self.now()).await;
        stepped.unwrap().unwrap()
    }

    async fn due(&self, node: &Store, lead: LeadId) -> Result<Option<Stepped>, StoreError> {
        node.step_due(lead, self.rules.clone(), self.now()).await
    }

    /// What this node takes over: leads of items, and of whom it was.
    async fn taken_over(&self, node: &Store) -> Option<(Vec<OutboxId>, usize)> {
        let left = node.take_over(false, self.now()).await.unwrap()?;
        let items = left.items.iter().map(|item| item.id).collect();
        Some((items, left.of.len()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_has_one_ring_at_a_time_however_many_nodes_decide() {
    let house = House::of_server(Strategy::InOrder).await;
    let others = [house.neighbour().await, house.neighbour().await];
    let nodes = [house.store.clone(), others[0].clone(), others[1].clone()];
    let node = |number: usize| (nodes[number % 3].clone(), house.rules.clone());
    let mut phones = Phones::default();
    let mut posts = JoinSet::new();
    for number in 1..=LEADS {
        let (node, rules) = node(number as usize);
        posts.spawn(async move { node.receive(arrival(number, None), rules, now()).await });
    }
    for received in posts.join_all().await {
        let received = received.unwrap();
        phones.hear(received.effects, received.wakes);
    }
    while !phones.rings.is_empty() || !phones.wakes.is_empty() {
        let mut steps = JoinSet::new();
        for (at, (effect, to)) in phones.rings.drain(..).enumerate() {
            phones.busy.remove(&to);
            let (node, rules) = node(at);
            steps.spawn(async move {
                let (lead, item) = (effect.lead, Some(effect.id));
                let placed = node.step(lead, placed(&effect), item, rules.clone(), now());
                let placed = placed.await.unwrap();
                let busy = ended(effect.command.leg().unwrap());
                let busy = node.step(lead, busy, None, rules, now()).await.unwrap();
                [placed, busy]
            });
        }
        for (at, wake) in phones.wakes.drain(..).enumerate() {
            let (node, rules) = node(at + 1);
            steps.spawn(async move {
                let woken = node.step(wake.lead, wake.event, None, rules, now()).await;
                [woken.unwrap(), None]
            });
        }
        for stepped in steps.join_all().await.into_iter().flatten().flatten() {
            phones.hear(stepped.effects, stepped.wakes);
        }
    }
    assert_eq!(
        phones.rung.len(),
        LEADS as usize,
        "every lead rang somebody"
    );
    assert!(
        phones.rung.values().all(|rung| rung.len() == 3),
        "and every phone for each of them"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_is_stepped_by_one_of_two_nodes() {
    let (house, other) = two_nodes().await;
    let leads: Vec<LeadId> = (1..=20).map(lead).collect();
    for number in 1..=20 {
        house.receive(number, None).await;
    }
    house.later(3_600_000).await;
    let due = other.reads().due(house.now(), 100).await.unwrap();
    assert!(
        due.len() >= 2,
        "the first ring, and who waits for its phone"
    );
    for lead in leads.into_iter().filter(|lead| due.contains(lead)) {
        let both = tokio::join!(house.due(&house.store, lead), house.due(&other, lead));
        let both = [both.0.unwrap(), both.1.unwrap()];
        assert_eq!(both.iter().flatten().count(), 1, "{lead}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_and_in_the_hand_of_another_is_passed_over() {
    let (house, _) = two_nodes().await;
    house.receive(1, None).await;
    house.later(3_600_000).await;
    let other = &house.postgres().client;
    let takes = "begin; select * from flow for update; select * from number for update;";
    other.batch_execute(takes).await.unwrap();
    assert!(matches!(house.due(&house.store, lead(1)).await, Ok(None)));
    other.batch_execute("rollback").await.unwrap();
    assert!(matches!(
        house.due(&house.store, lead(1)).await,
        Ok(Some(_))
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_keeps_what_it_has_in_hand_as_long_as_it_renews_its_lease() {
    let (house, other) = two_nodes().await;
    let rung = ring(&house.receive(1, None).await.effects).clone();
    for ms in [2_900, 5_800, 8_700] {
        house.later(ms).await;
        house.store.renew().await.unwrap();
        other.renew().await.unwrap();
        assert_eq!(house.taken_over(&other).await, None);
    }
    house.later(11_650).await;
    assert_eq!(house.taken_over(&other).await, None, "its last moment");
    house.later(11_750).await;
    assert_eq!(house.taken_over(&other).await, Some((vec![rung.id], 1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_does_not_renew_its_lease_sends_nothing_any_more() {
    let house = House::of_server(Strategy::InOrder).await;
    let began = std::time::Instant::now();
    let rung = ring(&house.receive(1, None).await.effects).clone();
    assert!(house.store.may_leave(rung.node));
    loop {
        let since = began.elapsed();
        if !house.store.may_leave(rung.node) {
            break;
        }
        assert!(since < LEASE, "longer than the lease lasts");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_was_taken_over_begins_anew_under_another_number() {
    let (house, other) = two_nodes().await;
    let before = ring(&house.receive(1, None).await.effects).clone();
    house.later(3_100).await;
    assert!(house.taken_over(&other).await.is_some());
    // Also when the server's clock goes back meanwhile.
    house.later(0).await;
    house.store.renew().await.unwrap();
    assert!(!house.store.may_leave(before.node), "a late effect");

    let after = ring(&house.receive(2, None).await.effects).clone();
    assert_ne!(after.node, before.node);
    assert!(house.store.may_leave(after.node));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_not_registered_has_no_lease() {
    let (house, other) = two_nodes().await;
    house.later(3_100).await;
    assert!(house.taken_over(&other).await.is_some());
    let server = &house.postgres().client;
    let refuses = "create function refuses() returns trigger language plpgsql as \
        $$ begin raise exception 'no'; end $$; \
        create trigger refuses before insert on node execute function refuses();";
    server.batch_execute(refuses).await.unwrap();
    assert!(house.store.renew().await.is_err());
    let rung = ring(&house.receive(1, None).await.effects).clone();
    assert!(!house.store.may_leave(rung.node));
    let new = Store::connect(&house.postgres().url, |_| ()).await;
    assert!(new.is_err(), "nor is there a node under it");

    let takes = "drop trigger refuses on node";
    server.batch_execute(takes).await.unwrap();
    house.store.renew().await.unwrap();
    let (items, _) = house.taken_over(&other).await.unwrap();
    assert_eq!(items, [rung.id], "what it left is found");
}

/// A ring that was in the hand of a node whose lease is over, and is in the other's now.
async fn taken_over(house: &House, other: &Store) -> Effect {
    let rung = ring(&house.receive(1, None).await.effects).clone();
    house.later(3_100).await;
    assert_eq!(house.taken_over(other).await, Some((vec![rung.id], 1)));
    rung
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_lost_node_says_of_an_item_that_was_taken_over_changes_nothing() {
    let (house, other) = two_nodes().await;
    let rung = taken_over(&house, &other).await;
    let leg = rep_leg(lead(1), 1);
    let refused = true;
    for event in [
        Event::Parked { leg, refused },
        Event::Placing(leg, Placing::NotSent),
        Event::Placing(leg, Placing::Unknown),
        Event::NoCarrier(leg),
        Event::Leaving(leg),
    ] {
        let late = house.step(lead(1), event.clone(), Some(rung.id)).await;
        assert!(!late.leaves_something(), "{event:?}");
    }
    house.store.done(rung.id).await.unwrap();
    let posting = Posting {
        item: Some(rung.id),
        lead: Some(lead(1)),
        drafts: Vec::new(),
        day: None,
    };
    house.store.post(posting, now()).await.unwrap();
    let kept = other.reads().outbox().await.unwrap();
    assert_eq!(kept.len(), 1, "it is the other's to answer");
    assert!(!kept[0].parked && kept[0].node != rung.node);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ring_that_a_lost_node_has_placed_is_known_all_the_same() {
    let (house, other) = two_nodes().await;
    let rung = taken_over(&house, &other).await;
    let told = house.step(lead(1), placed(&rung), Some(rung.id)).await;
    assert_ne!(told.flow, told.before);
    let leg = rep_leg(lead(1), 1);
    let Event::Placing(_, Placing::Placed(call)) = placed(&rung) else {
        panic!("it was placed");
    };
    assert_eq!(other.reads().bound(call).await.unwrap(), Some(leg));
    assert_eq!(other.reads().outbox().await.unwrap().len(), 1);

    let unknown = Event::Placing(leg, Placing::Unknown);
    let (item, lead) = (Some(rung.id), lead(1));
    house.stepped_by(&other, lead, unknown, item).await;
    assert_eq!(other.reads().outbox().await.unwrap(), vec![]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wake_that_a_lost_node_left_is_found_by_the_others() {
    let (house, other) = two_nodes().await;
    let first = house.receive(1, None).await;
    for number in 2..=4 {
        house.receive(number, None).await;
    }
    let rung = ring(&first.effects);
    house.step(lead(1), placed(rung), Some(rung.id)).await;
    let busy = ended(rep_leg(lead(1), 1));
    let left = house.step(lead(1), busy, None).await.wakes;
    assert_eq!(other.reads().pending().await.unwrap(), left);
    let (lead, event) = (left[0].lead, left[0].event.clone());
    ring(&house.stepped_by(&other, lead, event, None).await.effects);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_heir_had_not_settled_when_it_was_lost_too_goes_to_the_next() {
    let (house, heir) = two_nodes().await;
    let rung = ring(&house.receive(1, None).await.effects).clone();
    house.later(2_000).await;
    heir.renew().await.unwrap();
    house.later(3_100).await;
    assert!(house.taken_over(&heir).await.is_some());
    let next = house.neighbour().await;
    let left = next.take_over(true, house.now()).await.unwrap().unwrap();
    assert!(
        left.of.is_empty() && left.items.is_empty(),
        "the heir lives"
    );

    house.later(5_100).await;
    let left = next.take_over(false, house.now()).await.unwrap().unwrap();
    assert_eq!(left.of.len(), 2);
    assert_eq!((left.items[0].id, left.flows), (rung.id, vec![lead(1)]));
    next.settled(left.of).await.unwrap();
    assert_eq!(house.taken_over(&next).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_left_is_taken_over_however_long_it_takes_to_read() {
    let (house, other) = two_nodes().await;
    let rung = ring(&house.receive(1, None).await.effects).clone();
    house.later(3_100).await;
    // Longer than a decision may take.
    let slow = "alter table flow rename to flow_kept; \
                create view flow as select flow_kept.* from flow_kept, pg_sleep(3)";
    house.postgres().client.batch_execute(slow).await.unwrap();
    let left = other.take_over(false, house.now()).await.unwrap().unwrap();
    assert_eq!((left.items[0].id, left.flows), (rung.id, vec![lead(1)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_over_and_could_not_be_read_is_found_again() {
    let (house, other) = two_nodes().await;
    let rung = ring(&house.receive(1, None).await.effects).clone();
    house.later(2_000).await;
    other.renew().await.unwrap();
    house.later(3_100).await;
    let client = &house.postgres().client;
    let away = "alter table flow rename to flow_kept";
    client.batch_execute(away).await.unwrap();
    assert!(other.take_over(false, house.now()).await.is_err());
    let back = "alter table flow_kept rename to flow";
    client.batch_execute(back).await.unwrap();
    other.renew().await.unwrap();
    house.later(3_200).await;
    let left = other.take_over(false, house.now()).await.unwrap().unwrap();
    assert_eq!((left.items[0].id, left.flows), (rung.id, vec![lead(1)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_is_told_by_the_clock_of_the_server() {
    let house = House::of_server(Strategy::InOrder).await;
    house.receive(1, None).await;
    house.later(3_600_000).await;
    let until = house.store.reads().next_due(now()).await.unwrap().unwrap();
    assert!(until < SignedDuration::ZERO, "{until:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_hung_does_not_begin_anew_in_the_middle_of_a_copy() {
    let (house, other) = two_nodes().await;
    house.later(3_100).await;
    let client = &house.postgres().client;
    let begins = "insert into meta (key, value) values ('copying', 'yes')";
    client.batch_execute(begins).await.unwrap();
    let refused = other.renew().await.unwrap_err();
    assert!(matches!(refused, StoreError::HalfCopied(_)), "{refused}");
    assert_eq!(house.store.others().await.unwrap(), 0);
    assert_eq!(house.taken_over(&other).await, None);
    client
        .batch_execute("delete from meta where key = 'copying'")
        .await
        .unwrap();
    other.renew().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_lost_node_still_writes_when_it_was_settled_is_found() {
    let (house, other) = two_nodes().await;
    house.later(3_100).await;
    let left = other.take_over(false, house.now()).await.unwrap().unwrap();
    other.settled(left.of).await.unwrap();
    assert_eq!(house.taken_over(&other).await, None);

    let rung = ring(&house.received_by(&house.store, 1).await.effects).clone();
    assert_eq!(house.taken_over(&other).await, Some((vec![rung.id], 0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_nodes_that_decide_about_one_lead_the_second_knows_what_the_first_did() {
    let house = House::of_server(Strategy::RingAll).await;
    let other = house.neighbour().await;
    for effect in house.receive(1, None).await.effects {
        let (event, item) = (placed(&effect), Some(effect.id));
        house.step(lead(1), event, item).await;
    }
    let server = &house.postgres().client;
    let takes = "begin; select * from number for update";
    server.batch_execute(takes).await.unwrap();
    let mut keys = JoinSet::new();
    for (node, number) in [(house.store.clone(), 1), (other, 2)] {
        let (rules, key) = (house.rules.clone(), key_1(rep_leg(lead(1), number)));
        keys.spawn(async move { node.step(lead(1), key, None, rules, now()).await });
    }
    wait_for_rows(&house, 2).await;
    server.batch_execute("rollback").await.unwrap();
    for pressed in keys.join_all().await {
        pressed.unwrap();
    }
    let record = house.store.reads().lead(lead(1)).await.unwrap().unwrap();
    let reps = record.flow.attempts.iter().map(|rep| rep.result);
    let accepted = reps.filter(|result| *result == Some(AttemptResult::Accepted));
    assert_eq!(accepted.count(), 1);
    let times = record.timeline.iter();
    let times = times.filter(|entry| entry.what == What::RepAccepted);
    assert_eq!((times.count(), record.flow.customer.len()), (1, 1));
}

/// Until so many transactions wait for a row that another has.
async fn wait_for_rows(house: &House, transactions: usize) {
    let waits = "select 1 from pg_stat_activity \
        where wait_event_type = 'Lock' and datname = current_database()";
    while house.postgres().ask(waits).await.lines().count() < transactions {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stands_still_in_the_middle_keeps_its_rows_for_a_moment_only() {
    let house = House::of_server(Strategy::InOrder).await;
    house.receive(1, None).await;
    let mut other = connect(&house.postgres().url).await;
    let holds = other.transaction().await.unwrap();
    let takes = "select * from desk for update";
    holds.execute(takes, &[]).await.unwrap();

    let (stop, stops) = tokio::sync::oneshot::channel();
    let (stands, stood) = tokio::sync::oneshot::channel();
    let (go_on, goes_on) = std::sync::mpsc::channel();
    let (url, rules) = (house.postgres().url.clone(), house.rules.clone());
    let node = std::thread::spawn(move || {
        let process = tokio::runtime::Builder::new_current_thread();
        let process = { process }.enable_all().build().unwrap();
        process.block_on(async {
            let node = Store::connect(&url, |_| ()).await.unwrap();
            let cancel = Event::Cancel { reason: None };
            let step = async move { node.step(lead(1), cancel, None, rules, now()).await };
            let step = tokio::spawn(step);
            stops.await.unwrap();
            stands.send(()).unwrap();
            // Nothing of it runs meanwhile.
            goes_on.recv().unwrap();
            step.await.unwrap().is_err()
        })
    });
    // It has the flow, and waits for a phone.
    wait_for_rows(&house, 1).await;
    stop.send(()).unwrap();
    stood.await.unwrap();
    holds.rollback().await.unwrap();

    let takes = house
        .postgres()
        .client
        .batch_execute("select * from flow for update");
    let freed = tokio::time::timeout(PATIENCE, takes).await;
    freed.expect("its rows are free").unwrap();
    go_on.send(()).unwrap();
    assert!(node.join().unwrap(), "nothing of it is written");
}
