//! One person's leads: found by a number or an address, and emptied of all that is personal (P9).

use leadbridge_providers::LeadId;
use rusqlite::{Connection, params};

use super::error::Answer;
use super::{messages, rows};
use crate::lead::Person;

/// The leads of a person, the earliest first. A body that nobody could read is searched for the address as it was typed.
pub(super) fn leads(db: &Connection, person: &Person) -> Answer<Vec<LeadId>> {
    let (sql, key) = match person {
        Person::Phone(phone) => (
            "SELECT id FROM lead WHERE phone = ? ORDER BY id",
            phone.as_str(),
        ),
        Person::Mail(mail) => (
            "SELECT id FROM lead LEFT JOIN raw ON raw.lead = id \
             WHERE lower(told ->> 'email') = ?1 \
             OR (told IS NULL AND instr(lower(CAST(body AS TEXT)), ?1)) ORDER BY id",
            mail.as_str(),
        ),
    };
    let mut statement = db.prepare_cached(sql)?;
    let ids = statement.query_map(params![key], |row| rows::text(row, 0))?;
    ids.map(|id| rows::parsed(&id?, "a lead's name")).collect()
}

/// Empties a lead. What its source calls it stays: sent again, it is still known and rings nobody.
pub(super) fn erase(db: &Connection, lead: LeadId) -> Answer<()> {
    let id = &lead.to_string();
    db.prepare_cached("UPDATE lead SET told = NULL, phone = NULL WHERE id = ?")?
        .execute([id])?;
    db.prepare_cached("DELETE FROM raw WHERE lead = ?")?
        .execute([id])?;
    messages::erase(db, lead)
}
