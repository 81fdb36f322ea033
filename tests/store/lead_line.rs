//! Calls that come in: one decision each, the same call once, and news of a leg by its own carrier only.

use jiff::SignedDuration;
use leadbridge::flow::{Event, What};
use leadbridge::io::store::{CallIn, TakenIn};
use leadbridge::phone::PhoneNumber;
use leadbridge::rotation::CarrierId;
use leadbridge_providers::{CarrierCallId, End, LegId, Phase, Side};

use super::group::{lead, now};
use super::house::{House, on_both_databases};
use super::{key_1, placed, rep_leg, ring};

on_both_databases! {
    a_call_that_is_asked_about_twice_is_one_leg_also_after_a_restart: InOrder,
    a_rep_who_missed_a_lead_gets_it_and_one_who_missed_none_does_not: InOrder,
    a_rep_who_rings_is_paused_no_longer: InOrder,
    another_carriers_word_of_a_leg_is_nobodys: InOrder,
    a_stranger_a_withheld_number_and_another_line_leave_nothing: InOrder,
    a_customer_whose_lead_is_closed_makes_a_new_one_with_what_they_told: InOrder,
}

fn call(name: &str, from: &str) -> CallIn {
    CallIn {
        lead: lead(99),
        carrier: CarrierId("main".to_owned()),
        call: CarrierCallId(name.to_owned()),
        from: Some(PhoneNumber::parse(from, "BE").unwrap()),
        line: PhoneNumber::parse("+3292330000", "BE").unwrap(),
    }
}

async fn rings(house: &House, call: CallIn) -> TakenIn {
    let taken = house.store.called_in(call, house.rules.clone(), now());
    taken.await.unwrap()
}

fn leg(taken: &TakenIn) -> Option<LegId> {
    match taken {
        TakenIn::Leg { leg, .. } => Some(*leg),
        TakenIn::Nobodys | TakenIn::Ourselves => None,
    }
}

fn came_in(number: u128) -> LegId {
    LegId {
        lead: lead(number),
        side: Side::In,
        number: 1,
    }
}

fn over(leg: LegId) -> Event {
    let phase = Phase::Ended(End::Busy);
    let call = None;
    Event::Progress { leg, call, phase }
}

async fn a_call_that_is_asked_about_twice_is_one_leg_also_after_a_restart(house: House) {
    house.receive(1, None).await;
    let first = rings(&house, call("CA1", "+32471120001")).await;
    assert_eq!(leg(&first), Some(came_in(1)));
    let (house, _) = house.reopened().await;
    let second = rings(&house, call("CA1", "+32471120001")).await;
    assert_eq!(leg(&second), Some(came_in(1)));
    let record = house.store.reads().lead(lead(1)).await.unwrap().unwrap();
    let told = record.timeline.iter();
    let told = told.filter(|entry| entry.what == What::CustomerCalledIn);
    assert_eq!((told.count(), record.flow.customer.len()), (1, 1));
}

async fn a_rep_who_missed_a_lead_gets_it_and_one_who_missed_none_does_not(house: House) {
    let received = house.receive(1, None).await;
    let rung = ring(&received.effects).clone();
    house.step(lead(1), placed(&rung), Some(rung.id)).await;
    let an = rep_leg(lead(1), 1);
    assert_eq!(
        leg(&rings(&house, call("CA1", "+32470000001")).await),
        None,
        "it rings"
    );
    house.step(lead(1), over(an), None).await;
    let back = rings(&house, call("CA2", "+32470000001")).await;
    let back = leg(&back).unwrap();
    assert_eq!((back.side, back.lead), (Side::Rep, lead(1)));
    assert_eq!(leg(&rings(&house, call("CA3", "+32470000009")).await), None);
    let taken = house.step(lead(1), key_1(back), None).await;
    assert_eq!(taken.phone.unwrap().as_str(), "+32471120001");
}

async fn a_rep_who_rings_is_paused_no_longer(house: House) {
    let received = house.receive(1, None).await;
    let rung = ring(&received.effects).clone();
    house.step(lead(1), placed(&rung), Some(rung.id)).await;
    let an = rep_leg(lead(1), 1);
    let seven = Event::Asked {
        leg: an,
        turn: 1,
        call: None,
        phase: None,
        asked: leadbridge_providers::Asked::Digits(Some('7')),
    };
    house.step(lead(1), seven, None).await;
    let paused = |desk: leadbridge::desk::Desk| {
        let key = &house.rules.reps[&leadbridge::rotation::RepId("an".to_owned())].key;
        desk.phone(key)
            .paused(now() + SignedDuration::from_mins(1))
            .is_some()
    };
    assert!(paused(house.store.reads().desk().await.unwrap()));
    rings(&house, call("CA1", "+32470000001")).await;
    assert!(!paused(house.store.reads().desk().await.unwrap()));
}

async fn another_carriers_word_of_a_leg_is_nobodys(house: House) {
    let received = house.receive(1, None).await;
    let an = ring(&received.effects).command.leg().unwrap();
    let (rules, event) = (house.rules.clone(), over(an));
    let other = CarrierId("other".to_owned());
    let told = house
        .store
        .step_by(other, an, event.clone(), rules.clone(), now());
    assert!(told.await.unwrap().is_none());
    let flow = house
        .store
        .reads()
        .lead(lead(1))
        .await
        .unwrap()
        .unwrap()
        .flow;
    assert_eq!(flow, received.flow);
    let own = CarrierId("main".to_owned());
    let told = house
        .store
        .step_by(own, an, event, rules, now())
        .await
        .unwrap();
    assert!(told.unwrap().flow != received.flow);
}

async fn a_stranger_a_withheld_number_and_another_line_leave_nothing(house: House) {
    let stranger = call("CA1", "+32471129999");
    let withheld = CallIn {
        from: None,
        ..call("CA2", "+32471129999")
    };
    let elsewhere = CallIn {
        line: PhoneNumber::parse("+3292330009", "BE").unwrap(),
        ..call("CA3", "+32470000001")
    };
    for call in [stranger, withheld, elsewhere] {
        assert!(matches!(rings(&house, call).await, TakenIn::Nobodys));
    }
    let ours = rings(&house, call("CA4", "+3292330000")).await;
    assert!(matches!(ours, TakenIn::Ourselves), "it was sent on to us");
    let all = house
        .store
        .reads()
        .list(leadbridge::io::store::Filter::default(), None, 10);
    assert!(all.await.unwrap().leads.is_empty());
}

async fn a_customer_whose_lead_is_closed_makes_a_new_one_with_what_they_told(house: House) {
    house.receive(1, Some("web-1")).await;
    let cancel = Event::Cancel { reason: None };
    house.step(lead(1), cancel, None).await;
    let taken = rings(&house, call("CA1", "+32471120001")).await;
    assert_eq!(leg(&taken), Some(came_in(99)));
    let record = house.store.reads().lead(lead(99)).await.unwrap().unwrap();
    assert_eq!(record.flow.facts.source.0, "lead-line");
    assert_eq!(record.source_id, None);
    let told = record.told.unwrap();
    assert_eq!(told.last_name.as_deref(), Some("Vandenbroucke"));
    assert_eq!(record.phone.unwrap().as_str(), "+32471120001");
}
