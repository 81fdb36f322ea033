//! Placeholder until the guard lands.
use crate::lead::{HeldReason, Lead};
use crate::phone::PhoneNumber;
use crate::rotation::{RepId, Rules};
/// x
pub fn check(lead: &Lead, rules: &Rules) -> Result<PhoneNumber, HeldReason> {
    let phone = lead.phone.as_deref().ok_or(HeldReason::NoPhone)?;
    PhoneNumber::parse(phone, &rules.country).map_err(|_| HeldReason::InvalidNumber)
}
/// x
pub fn rep_of_number(lead: &Lead, rules: &Rules) -> Option<RepId> {
    let phone = PhoneNumber::parse(lead.phone.as_deref()?, &rules.country).ok()?;
    rules
        .reps
        .values()
        .find(|rep| rep.phone == phone)
        .map(|rep| rep.id.clone())
}
