//! Everybody whose phone may be rung, found by id and by number: each lead that comes in asks whose number it gives.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::OnceLock;

use super::{Rep, RepId};
use crate::phone::PhoneNumber;

/// The reps, by id.
#[derive(Clone, Debug, Default)]
pub struct Reps {
    by_id: BTreeMap<RepId, Rep>,
    /// Made when it is first asked, and again after a change.
    by_number: OnceLock<BTreeMap<PhoneNumber, RepId>>,
}

impl Reps {
    /// The rep with this phone.
    pub fn with_number(&self, number: &PhoneNumber) -> Option<&Rep> {
        let by_number = self.by_number.get_or_init(|| {
            // Of two with one phone, the first by id.
            let numbers = self.by_id.values().rev();
            let numbers = numbers.map(|rep| (rep.phone.clone(), rep.id.clone()));
            numbers.collect()
        });
        self.by_id.get(by_number.get(number)?)
    }
}

impl FromIterator<Rep> for Reps {
    fn from_iter<I: IntoIterator<Item = Rep>>(reps: I) -> Reps {
        Reps {
            by_id: reps.into_iter().map(|rep| (rep.id.clone(), rep)).collect(),
            by_number: OnceLock::new(),
        }
    }
}

impl Deref for Reps {
    type Target = BTreeMap<RepId, Rep>;

    fn deref(&self) -> &Self::Target {
        &self.by_id
    }
}

impl DerefMut for Reps {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.by_number.take();
        &mut self.by_id
    }
}

impl PartialEq for Reps {
    fn eq(&self, other: &Reps) -> bool {
        self.by_id == other.by_id
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use leadbridge_providers::Language;

    use super::*;
    use crate::phone::HashKey;

    fn rep(id: &str, number: &str) -> Rep {
        let phone = PhoneNumber::parse(number, "BE").unwrap();
        Rep {
            id: RepId(id.to_owned()),
            name: id.to_owned(),
            key: HashKey([7; 32]).of(&phone),
            phone,
            email: None,
            language: Language::Nl,
            hours: None,
            away: Vec::new(),
        }
    }

    #[test]
    fn a_rep_is_found_by_number_also_after_a_change() {
        let (old, new) = ("+32470000001", "+32470000002");
        let mut reps: Reps = [rep("an", old)].into_iter().collect();
        let who = |reps: &Reps, number: &str| {
            let number = PhoneNumber::parse(number, "BE").unwrap();
            reps.with_number(&number).map(|rep| rep.id.0.clone())
        };
        assert_eq!(who(&reps, old).as_deref(), Some("an"));
        reps.insert(RepId("an".to_owned()), rep("an", new));
        assert_eq!(who(&reps, old), None);
        assert_eq!(who(&reps, new).as_deref(), Some("an"));
    }
}
