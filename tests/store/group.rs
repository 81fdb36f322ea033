//! A dealer group in one town, for the tests of the store.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use leadbridge::decision::Arrival;
use leadbridge::hours::Hours;
use leadbridge::io::store::New;
use leadbridge::lead::{Consent, Lead};
use leadbridge::phone::{HashKey, PhoneNumber};
use leadbridge::rotation::{
    AfterHours, CarrierId, Rep, RepId, Rooftop, RooftopId, Rules, SourceId, Strategy, Terms,
};
use leadbridge_providers::{Language, LeadId};
use uuid::Uuid;

/// 22 November 2026, ten in the morning in Gent.
pub(crate) fn now() -> Timestamp {
    "2026-11-22T09:00:00Z".parse().unwrap()
}

/// The lead of this number.
pub(crate) fn lead(number: u128) -> LeadId {
    LeadId(Uuid::from_u128(number))
}

/// A customer who left only a phone number, whose last digits are `number`.
pub(crate) fn arrival(number: u128, source_id: Option<&str>) -> New {
    New {
        arrival: Arrival {
            lead: lead(number),
            source: SourceId("website".to_owned()),
            rooftop: RooftopId("gent".to_owned()),
            told: Some(Lead {
                id: source_id.map(str::to_owned),
                last_name: Some("Vandenbroucke".to_owned()),
                phone: Some(format!("+3247112{number:04}")),
                consent: Consent {
                    call: Some(true),
                    ..Consent::default()
                },
                ..Lead::default()
            }),
            over_rate: false,
            unproven: false,
        },
        content_type: "application/json".to_owned(),
        body: b"{\"last_name\":\"Vandenbroucke\"}".to_vec(),
    }
}

/// An, Bart, and Paul who owns the place.
pub(crate) fn rules(strategy: Strategy, key: &HashKey) -> Arc<Rules> {
    let reps = [("an", 1), ("bart", 2), ("paul", 9)].map(|(id, last)| rep(id, last, key));
    let rooftop = Rooftop {
        id: RooftopId("gent".to_owned()),
        name: "Garage Peeters Gent".to_owned(),
        carrier: CarrierId("main".to_owned()),
        caller_id: phone("+3292330000"),
        reception: None,
        hours: Hours::always(TimeZone::UTC),
        after_hours: AfterHours::Wait,
        duty: Vec::new(),
        strategy,
        reps: vec![RepId("an".to_owned()), RepId("bart".to_owned())],
        owner: vec![RepId("paul".to_owned())],
        managers: vec![RepId("paul".to_owned())],
        customer_hours: Hours::always(TimeZone::UTC),
        terms: Terms {
            rounds_s: vec![0, 120, 600],
            ..Terms::default()
        },
    };
    Arc::new(Rules {
        name: "Groep Peeters".to_owned(),
        language: Language::Nl,
        country: "BE".to_owned(),
        countries: vec!["BE".to_owned()],
        customer_rings_per_day: 4,
        reps: reps.into_iter().collect(),
        rooftops: BTreeMap::from([(rooftop.id.clone(), rooftop)]),
        measure: Default::default(),
    })
}

fn rep(id: &str, last: u8, key: &HashKey) -> Rep {
    let phone = phone(&format!("+3247000000{last}"));
    Rep {
        id: RepId(id.to_owned()),
        name: id.to_owned(),
        key: key.of(&phone),
        phone,
        email: None,
        language: Language::Nl,
        hours: None,
        away: Vec::new(),
    }
}

fn phone(number: &str) -> PhoneNumber {
    PhoneNumber::parse(number, "BE").unwrap()
}
