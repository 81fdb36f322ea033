//! The store on a real file and on a real server: what was answered is there after a restart, and two decisions are never
//! made of the same rows.
//!
//! A story stands in a list, and so is told on both databases. `house.rs` is the store of a story, `file.rs` is about
//! SQLite alone, `migration.rs` about files of earlier releases, `server.rs` about the PostgreSQL of the tests,
//! `opening.rs` and `nodes.rs` about what only several nodes can do, and `sequences.rs` holds both databases against
//! `model.rs`.
#![allow(missing_docs, clippy::unwrap_used)]

mod file;
mod group;
mod house;
mod kept;
mod lead_line;
mod migration;
mod model;
mod nodes;
mod opening;
mod sequences;
#[allow(dead_code, reason = "its own tests use more of it")]
#[path = "../postgres/server.rs"]
mod server;
mod written;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use group::{arrival, lead, now};
use house::{House, on_both_databases};
use jiff::SignedDuration;
use leadbridge::flow::errand::{CarrierErrand, Errand};
use leadbridge::flow::shown::Stage;
use leadbridge::flow::{AttemptResult, Command, Event, Outcome, What};
use leadbridge::io::store::{Effect, Filter, StoreError, Wake};
use leadbridge_providers::{Asked, CarrierCallId, End, LeadId, LegId, Phase, Placing, Side};
use tokio::task::JoinSet;

on_both_databases! {
    the_outbox_outlives_a_restart_until_it_is_answered: InOrder,
    a_ring_that_waits_stays_in_the_outbox_and_leaves_later_with_its_errand: InOrder,
    a_ring_that_is_no_longer_wanted_leaves_the_outbox_unsent: InOrder,
    a_ring_whose_carrier_was_taken_out_of_the_settings_gives_its_phone_back: InOrder,
    a_source_that_sends_one_id_twice_at_the_same_time_gets_one_lead: InOrder,
    of_two_who_press_1_at_the_same_time_one_gets_the_customer: RingAll,
    a_request_that_fails_takes_no_neighbour_along: InOrder,
    who_asks_again_joins_the_open_lead_which_hears_of_it_once: InOrder,
    a_phone_that_gets_free_wakes_the_line_even_after_a_restart: InOrder,
    a_claim_that_is_over_is_freed_and_the_line_is_told: InOrder,
    twenty_leads_share_three_phones_one_ring_at_a_time: InOrder,
    a_held_lead_waits_for_a_person_who_is_told: InOrder,
}

fn ring(effects: &[Effect]) -> &Effect {
    let ring = |effect: &&Effect| matches!(effect.command, Command::Ring(_));
    effects.iter().find(ring).expect("a phone rings")
}

fn placed(effect: &Effect) -> Event {
    let leg = effect.command.leg().unwrap();
    Event::Placing(leg, Placing::Placed(CarrierCallId(format!("CA-{leg}"))))
}

fn ended(leg: LegId) -> Event {
    Event::Progress {
        leg,
        call: None,
        phase: Phase::Ended(End::Busy),
    }
}

fn key_1(leg: LegId) -> Event {
    Event::Asked {
        leg,
        turn: 1,
        call: Some(CarrierCallId(format!("CA-{leg}"))),
        phase: None,
        asked: Asked::Digits(Some('1')),
    }
}

fn rep_leg(lead: LeadId, number: u16) -> LegId {
    LegId {
        lead,
        side: Side::Rep,
        number,
    }
}

async fn the_outbox_outlives_a_restart_until_it_is_answered(house: House) {
    let received = house.receive(1, None).await;
    let rung = ring(&received.effects).clone();

    let (house, left) = house.reopened().await;
    let outbox = left.items;
    assert_eq!(outbox.len(), 1);
    assert_eq!(
        (outbox[0].id, outbox[0].errand.clone()),
        (rung.id, Some(rung.errand.clone()))
    );

    house.step(lead(1), placed(&rung), Some(rung.id)).await;
    assert_eq!(house.store.reads().outbox().await.unwrap(), vec![]);
    let call = CarrierCallId(format!("CA-{}", rep_leg(lead(1), 1)));
    let bound = house.store.reads().bound(call).await.unwrap();
    assert_eq!(bound, Some(rep_leg(lead(1), 1)));
}

async fn a_ring_that_waits_stays_in_the_outbox_and_leaves_later_with_its_errand(house: House) {
    let rung = ring(&house.receive(1, None).await.effects).clone();
    let leg = rep_leg(lead(1), 1);

    let parked = Event::Parked {
        leg,
        refused: false,
    };
    house.step(lead(1), parked, Some(rung.id)).await;
    let waiting = house.store.reads().outbox_of(lead(1)).await.unwrap();
    assert!(waiting[0].parked);

    let left = house
        .step(lead(1), Event::Leaving(leg), Some(rung.id))
        .await;
    assert_eq!(ring(&left.effects).id, rung.id);
    let waiting = house.store.reads().outbox_of(lead(1)).await.unwrap();
    assert!(!waiting[0].parked);
}

async fn a_ring_that_is_no_longer_wanted_leaves_the_outbox_unsent(house: House) {
    let rung = ring(&house.receive(1, None).await.effects).clone();
    let leg = rep_leg(lead(1), 1);
    let parked = Event::Parked { leg, refused: true };
    house.step(lead(1), parked, Some(rung.id)).await;
    house
        .step(lead(1), Event::Cancel { reason: None }, None)
        .await;

    let left = house
        .step(lead(1), Event::Leaving(leg), Some(rung.id))
        .await;
    assert_eq!(left.effects, vec![]);
    assert_eq!(house.store.reads().outbox().await.unwrap(), vec![]);
}

async fn a_ring_whose_carrier_was_taken_out_of_the_settings_gives_its_phone_back(house: House) {
    let rung = ring(&house.receive(1, None).await.effects).clone();
    let leg = rep_leg(lead(1), 1);
    let parked = Event::Parked { leg, refused: true };
    house.step(lead(1), parked, Some(rung.id)).await;

    let gone = Event::NoCarrier(leg);
    let stepped = house.step(lead(1), gone, Some(rung.id)).await;
    assert_eq!(
        stepped.flow.attempts[0].result,
        Some(AttemptResult::Canceled)
    );
    let phone = &stepped.flow.attempts[0].seat.phone;
    assert_eq!(
        house.store.reads().desk().await.unwrap().0[phone].hold,
        None
    );
    let left = house.store.reads().outbox_of(lead(1)).await.unwrap();
    assert!(left.iter().all(|item| item.id != rung.id));
}

async fn a_source_that_sends_one_id_twice_at_the_same_time_gets_one_lead(house: House) {
    let mut posts = JoinSet::new();
    for number in 1..=20 {
        let (store, rules) = (house.store.clone(), house.rules.clone());
        let new = arrival(number, Some("web-1"));
        posts.spawn(async move { store.receive(new, rules, now()).await.unwrap() });
    }
    let received = posts.join_all().await;

    let new: Vec<_> = received.iter().filter(|one| !one.known).collect();
    assert_eq!(new.len(), 1);
    assert!(received.iter().all(|one| one.lead == new[0].lead));
    let listed = house
        .store
        .reads()
        .list(Filter::default(), None, 50)
        .await
        .unwrap();
    assert_eq!(listed.leads.len(), 1);
}

async fn of_two_who_press_1_at_the_same_time_one_gets_the_customer(house: House) {
    let received = house.receive(1, None).await;
    assert_eq!(received.effects.len(), 2);
    for effect in &received.effects {
        house
            .step(effect.lead, placed(effect), Some(effect.id))
            .await;
    }

    let mut keys = JoinSet::new();
    for number in [1, 2] {
        let (store, rules) = (house.store.clone(), house.rules.clone());
        let event = key_1(rep_leg(lead(1), number));
        keys.spawn(async move { store.step(lead(1), event, None, rules, now()).await });
    }
    keys.join_all().await;

    let flow = house.store.reads().lead(lead(1)).await.unwrap().unwrap();
    let results: Vec<_> = flow.flow.attempts.iter().map(|rep| rep.result).collect();
    let accepted = |result: &&_| **result == Some(AttemptResult::Accepted);
    assert_eq!(results.iter().filter(accepted).count(), 1);
    assert_eq!(flow.flow.customer.len(), 1);
}

async fn a_request_that_fails_takes_no_neighbour_along(house: House) {
    house.receive(1, None).await;
    let mut endless = (*house.rules).clone();
    for rooftop in endless.rooftops.values_mut() {
        rooftop.terms.fresh_min = u32::MAX;
    }
    let endless = Arc::new(endless);
    let mut posts = JoinSet::new();
    for number in 1..=60 {
        // Every tenth decision panics: no time is as late as its rules want. The first lead's name is taken.
        let rules = if number % 10 == 0 {
            &endless
        } else {
            &house.rules
        };
        let (store, rules) = (house.store.clone(), rules.clone());
        posts.spawn(async move {
            let received = store.receive(arrival(number, None), rules, now()).await;
            (number, received.map(|received| received.lead))
        });
    }
    for (number, received) in posts.join_all().await {
        match number {
            1 => assert!(received.is_err()),
            _ if number % 10 == 0 => assert_eq!(received, Err(StoreError::Panicked)),
            _ => assert_eq!(received, Ok(lead(number))),
        }
    }
    let reads = house.store.reads();
    let listed = reads.list(Filter::default(), None, 100).await.unwrap();
    assert_eq!(listed.leads.len(), 54);
    assert!(reads.raw(lead(10)).await.unwrap().is_none());
}

async fn who_asks_again_joins_the_open_lead_which_hears_of_it_once(house: House) {
    house.receive(1, None).await;
    let mut again = arrival(2, None);
    again.arrival.told.as_mut().unwrap().phone = Some("0471 12 00 01".to_owned());
    let joined = house
        .store
        .receive(again, house.rules.clone(), now())
        .await
        .unwrap();
    assert_eq!(joined.flow.outcome().unwrap().outcome, Outcome::Joined);
    assert_eq!(joined.effects, vec![]);
    let wake = Wake {
        lead: lead(1),
        event: Event::Joined,
    };
    assert_eq!(joined.wakes, vec![wake.clone()]);

    let (house, _) = house.reopened().await;
    assert_eq!(
        house.store.reads().pending().await.unwrap(),
        vec![wake.clone()]
    );
    house.step(wake.lead, wake.event.clone(), None).await;
    let twice = house.step(wake.lead, wake.event, None).await;
    assert_eq!(twice.flow.asked_again, 1);
    assert_eq!(house.store.reads().pending().await.unwrap(), vec![]);
    let record = house.store.reads().lead(lead(2)).await.unwrap().unwrap();
    assert_eq!(record.joined_to, Some(lead(1)));
}

async fn a_phone_that_gets_free_wakes_the_line_even_after_a_restart(house: House) {
    let first = house.receive(1, None).await;
    for number in [2, 3, 4] {
        house.receive(number, None).await;
    }
    let rung = ring(&first.effects);
    house.step(lead(1), placed(rung), Some(rung.id)).await;
    let busy = ended(rung.command.leg().unwrap());
    let stepped = house.step(lead(1), busy, None).await;
    assert_eq!(stepped.wakes.len(), 1);

    let (house, _) = house.reopened().await;
    let pending = house.store.reads().pending().await.unwrap();
    assert_eq!(pending, stepped.wakes);
    let woken = house
        .step(pending[0].lead, pending[0].event.clone(), None)
        .await;
    ring(&woken.effects);
    assert_eq!(house.store.reads().pending().await.unwrap(), vec![]);
}

async fn a_claim_that_is_over_is_freed_and_the_line_is_told(house: House) {
    for number in 1..=4 {
        house.receive(number, None).await;
    }
    let reads = house.store.reads();
    let until = reads.next_due(now()).await.unwrap().unwrap();
    assert!(until > SignedDuration::ZERO);
    let later = now() + SignedDuration::from_mins(2);
    house.it_is(later).await;
    let until = reads.next_due(later).await.unwrap().unwrap();
    assert!(until < SignedDuration::ZERO);
    let wakes = house.store.expire(later).await.unwrap();
    assert_eq!(wakes.len(), 1);
    assert!(
        reads
            .desk()
            .await
            .unwrap()
            .0
            .values()
            .all(|phone| phone.hold.is_none())
    );
    assert_eq!(house.store.expire(later).await.unwrap(), vec![]);
    assert_eq!(reads.due(later, 2).await.unwrap().len(), 2);
}

/// The phones of the house, as the carrier sees them.
#[derive(Default)]
struct Phones {
    rings: VecDeque<(Effect, String)>,
    wakes: VecDeque<Wake>,
    busy: BTreeSet<String>,
    rung: BTreeMap<LeadId, BTreeSet<String>>,
}

impl Phones {
    fn hear(&mut self, effects: Vec<Effect>, wakes: Vec<Wake>) {
        self.wakes.extend(wakes);
        for effect in effects {
            let Errand::Carrier(_, CarrierErrand::Place(place)) = &effect.errand else {
                continue;
            };
            let to = place.to.clone();
            assert!(self.busy.insert(to.clone()), "two rings on one phone");
            let rung = self.rung.entry(effect.lead).or_default();
            assert!(rung.insert(to.clone()), "one phone twice in a round");
            self.rings.push_back((effect, to));
        }
    }
}

/// P4: each phone has one ring at a time, and in one round every lead rings every phone.
async fn twenty_leads_share_three_phones_one_ring_at_a_time(house: House) {
    let mut posts = JoinSet::new();
    for number in 1..=20 {
        let (store, rules) = (house.store.clone(), house.rules.clone());
        posts.spawn(async move {
            let received = store.receive(arrival(number, None), rules, now()).await;
            received.unwrap()
        });
    }
    let mut phones = Phones::default();
    for received in posts.join_all().await {
        phones.hear(received.effects, received.wakes);
    }
    while let Some((effect, to)) = phones.rings.pop_front() {
        house
            .step(effect.lead, placed(&effect), Some(effect.id))
            .await;
        phones.busy.remove(&to);
        let busy = ended(effect.command.leg().unwrap());
        let stepped = house.step(effect.lead, busy, None).await;
        phones.hear(stepped.effects, stepped.wakes);
        while let Some(wake) = phones.wakes.pop_front() {
            let woken = house.step(wake.lead, wake.event, None).await;
            phones.hear(woken.effects, woken.wakes);
        }
    }
    let rung = phones.rung;
    assert_eq!(rung.len(), 20);
    assert!(rung.values().all(|phones| phones.len() == 3));
}

async fn a_held_lead_waits_for_a_person_who_is_told(house: House) {
    let mut new = arrival(1, None);
    new.arrival.told = None;
    let held = house.store.receive(new, house.rules.clone(), now()).await;
    let held = held.unwrap();
    assert_eq!(held.flow.stage(), Stage::Held);
    assert!(held.timeline.iter().any(|line| line.what == What::LeadHeld));
    assert!(matches!(held.effects[0].command, Command::Notice(_)));

    house.store.done(held.effects[0].id).await.unwrap();
    assert_eq!(house.store.reads().outbox().await.unwrap(), vec![]);
    assert_eq!(house.store.reads().next_due(now()).await.unwrap(), None);
}
