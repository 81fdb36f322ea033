//! May this lead's number be rung at all? What the lead and the rules alone can answer (BEHAVIOUR 1); rate, cap
//! and repeats need the store and are the engine's. No lead makes the group pay for a number it would not want
//! to ring (P10).

use crate::lead::{HeldReason, Lead};
use crate::phone::{Kind, NotANumber, PhoneNumber};
use crate::rotation::{Rep, Rooftop, Rules};

/// The number to ring, or why a person must look first. A rep who tests from their own phone gets it back.
pub fn check(lead: &Lead, rules: &Rules) -> Result<PhoneNumber, HeldReason> {
    let typed = lead.phone.as_deref().ok_or(HeldReason::NoPhone)?;
    let number = PhoneNumber::parse(typed, &rules.country).map_err(held_for)?;
    if number.kind() == Kind::Premium {
        return Err(HeldReason::Premium);
    }
    if !is_of(&number, &rules.countries) {
        return Err(HeldReason::Country);
    }
    let tests_own_phone = lead.test && rep_of_number(rules, &number).is_some();
    if is_our_own(rules, &number) && !tests_own_phone {
        return Err(HeldReason::OwnNumber);
    }
    if lead.consent.call == Some(false) {
        return Err(HeldReason::Consent);
    }
    Ok(number)
}

/// The number that a person may still let be rung when [`check`] held the lead for this reason.
pub fn number_if_released(lead: &Lead, rules: &Rules, reason: HeldReason) -> Option<PhoneNumber> {
    match reason {
        HeldReason::Country | HeldReason::Consent => {
            PhoneNumber::parse(lead.phone.as_deref()?, &rules.country).ok()
        }
        HeldReason::Unreadable
        | HeldReason::NoPhone
        | HeldReason::InvalidNumber
        | HeldReason::Premium
        | HeldReason::OwnNumber
        | HeldReason::Rate
        | HeldReason::Cap
        | HeldReason::Spam
        | HeldReason::Suspicious => None,
    }
}

/// The rep whose phone this is.
pub fn rep_of_number<'a>(rules: &'a Rules, number: &PhoneNumber) -> Option<&'a Rep> {
    rules.reps.with_number(number)
}

fn held_for(not: NotANumber) -> HeldReason {
    match not {
        NotANumber::Short => HeldReason::Premium,
        NotANumber::NoDigits | NotANumber::NoSuchNumber | NotANumber::NoSuchCountry => {
            HeldReason::InvalidNumber
        }
    }
}

fn is_of(number: &PhoneNumber, countries: &[String]) -> bool {
    let country = number.country();
    country.is_some_and(|own| countries.iter().any(|each| each.eq_ignore_ascii_case(&own)))
}

/// A number of the group: ringing it for a lead would ring in circles.
pub fn is_our_own(rules: &Rules, number: &PhoneNumber) -> bool {
    rep_of_number(rules, number).is_some()
        || rules
            .rooftops
            .values()
            .any(|rooftop| rings_at(rooftop, number))
}

fn rings_at(rooftop: &Rooftop, number: &PhoneNumber) -> bool {
    rooftop.caller_id == *number || rooftop.reception.as_ref() == Some(number)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::tz::TimeZone;
    use leadbridge_providers::Language;

    use super::*;
    use crate::hours::Hours;
    use crate::phone::HashKey;
    use crate::rotation::{AfterHours, CarrierId, RepId, RooftopId, Strategy, Terms};

    #[test]
    fn a_number_that_may_be_rung_comes_back_in_e_164() {
        assert_eq!(judged("0470 12 34 56"), Ok("+32470123456".to_owned()));
        assert_eq!(judged("+31 6 12345678"), Ok("+31612345678".to_owned()));
    }

    #[test]
    fn a_number_that_may_not_be_rung_is_held_with_its_reason() {
        for (phone, reason) in [
            ("bel mij", HeldReason::InvalidNumber),
            ("0470 12 34", HeldReason::InvalidNumber),
            ("112", HeldReason::Premium),
            ("0900 12345", HeldReason::Premium),
            ("+881 612 345 678", HeldReason::Premium),
            ("+44 20 7183 8750", HeldReason::Country),
            ("+1 650 253 0000", HeldReason::Country),
            ("0470 00 00 01", HeldReason::OwnNumber),
            ("09 200 00 00", HeldReason::OwnNumber),
            ("09 200 00 01", HeldReason::OwnNumber),
        ] {
            assert_eq!(judged(phone), Err(reason), "{phone}");
        }
        assert_eq!(check(&Lead::default(), &rules()), Err(HeldReason::NoPhone));
    }

    #[test]
    fn a_rep_may_test_from_their_own_phone() {
        let test = Lead {
            test: true,
            ..lead("0470 00 00 01")
        };
        let number = check(&test, &rules()).unwrap();
        assert_eq!(
            rep_of_number(&rules(), &number).unwrap().id,
            RepId("an".to_owned())
        );
    }

    #[test]
    fn a_customer_who_refused_calls_is_not_rung_and_silence_is_no_refusal() {
        let mut asked = lead("0470 12 34 56");
        asked.consent.call = Some(false);
        assert_eq!(check(&asked, &rules()), Err(HeldReason::Consent));
        asked.consent.call = None;
        assert!(check(&asked, &rules()).is_ok());
    }

    #[test]
    fn without_countries_nobody_is_rung() {
        let closed = Rules {
            countries: Vec::new(),
            ..rules()
        };
        assert_eq!(
            check(&lead("0470 12 34 56"), &closed),
            Err(HeldReason::Country)
        );
    }

    fn judged(phone: &str) -> Result<String, HeldReason> {
        check(&lead(phone), &rules()).map(String::from)
    }

    fn lead(phone: &str) -> Lead {
        Lead {
            phone: Some(phone.to_owned()),
            ..Lead::default()
        }
    }

    fn rules() -> Rules {
        Rules {
            name: "Groep Peeters".to_owned(),
            language: Language::Nl,
            country: "BE".to_owned(),
            countries: ["BE", "NL", "LU"].map(str::to_owned).to_vec(),
            customer_rings_per_day: 4,
            reps: [an()].into_iter().collect(),
            rooftops: BTreeMap::from([(RooftopId("gent".to_owned()), gent())]),
            measure: Default::default(),
        }
    }

    fn an() -> Rep {
        let phone = number("+32470000001");
        Rep {
            id: RepId("an".to_owned()),
            name: "An Claes".to_owned(),
            key: HashKey([0; 32]).of(&phone),
            phone,
            email: None,
            language: Language::Nl,
            hours: None,
            away: Vec::new(),
        }
    }
    fn gent() -> Rooftop {
        Rooftop {
            id: RooftopId("gent".to_owned()),
            name: "Garage Peeters Gent".to_owned(),
            carrier: CarrierId("main".to_owned()),
            caller_id: number("+3292000000"),
            reception: Some(number("+3292000001")),
            hours: always(),
            after_hours: AfterHours::Wait,
            duty: Vec::new(),
            strategy: Strategy::InOrder,
            reps: vec![RepId("an".to_owned())],
            owner: vec![RepId("an".to_owned())],
            managers: Vec::new(),
            customer_hours: always(),
            terms: Terms::default(),
        }
    }

    fn always() -> Hours {
        Hours::always(TimeZone::UTC)
    }

    fn number(text: &str) -> PhoneNumber {
        PhoneNumber::parse(text, "BE").unwrap()
    }
}
