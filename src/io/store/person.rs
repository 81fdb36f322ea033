//! One person's leads: found by a number or an address, and emptied of all that is personal (P9).

use leadbridge_providers::LeadId;

use super::db::{Db, with};
use super::error::Answer;
use super::{messages, rows};
use crate::flow::{Entry, Flow};
use crate::lead::Person;

const TIMELINE: &str = "SELECT seq, entries FROM timeline WHERE lead = $1 ORDER BY seq";

/// The leads of a person, the earliest first. A body that nobody could read is searched for the address as it was typed.
pub(super) async fn leads(db: &mut Db<'_>, person: &Person) -> Answer<Vec<LeadId>> {
    let (sql, key) = match person {
        Person::Phone(phone) => (
            "SELECT id FROM lead WHERE phone = $1 ORDER BY id",
            phone.as_str(),
        ),
        Person::Mail(mail) => (
            "SELECT id FROM lead WHERE mail = $1 ORDER BY id",
            mail.as_str(),
        ),
    };
    let found = db.ask(sql, with![key]).await?;
    let mut leads: Vec<LeadId> = found
        .iter()
        .map(|row| rows::lead_id(row, 0))
        .collect::<Answer<_>>()?;
    if let Person::Mail(mail) = person {
        leads.extend(unread_leads(db, mail.as_str()).await?);
        leads.sort();
    }
    Ok(leads)
}

/// Leads that nobody could read, with this address somewhere in their body.
async fn unread_leads(db: &mut Db<'_>, mail: &str) -> Answer<Vec<LeadId>> {
    let sql = "SELECT id, body FROM lead WHERE told IS NULL AND body IS NOT NULL";
    let mut leads = Vec::new();
    db.each(sql, with![], |row| {
        let body = row.bytes_or_null(1)?.unwrap_or_default();
        if String::from_utf8_lossy(body).to_lowercase().contains(mail) {
            leads.push(rows::lead_id(&row, 0)?);
        }
        Ok(())
    })
    .await?;
    Ok(leads)
}

/// Empties leads. What its source calls a lead stays: sent again, it is still known and rings nobody.
pub(super) async fn erase(db: &mut Db<'_>, leads: &[LeadId]) -> Answer<()> {
    forget_reasons(db, leads).await?;
    for lead in leads {
        let sql = "UPDATE lead SET told = NULL, phone = NULL, mail = NULL, content_type = '', body = NULL WHERE id = $1";
        db.write(sql, with![*lead])?;
        messages::erase(db, *lead)?;
    }
    Ok(())
}

/// Empties the reasons that people typed about leads, wherever they are kept.
pub(super) async fn forget_reasons(db: &mut Db<'_>, leads: &[LeadId]) -> Answer<()> {
    let asked = leads
        .iter()
        .flat_map(|lead| [rows::FLOW, TIMELINE].map(|sql| (sql, with![*lead])));
    let found = db.ask_all(asked.collect()).await?;
    for (lead, found) in leads.iter().zip(found.chunks(2)) {
        let [flow, timeline] = found else { continue };
        for row in flow {
            let mut flow: Flow = rows::from_json(row.text(0)?, "a flow")?;
            if flow.forget_reason() {
                rows::rewrite_flow(db, &flow)?;
            }
        }
        for row in timeline {
            let mut entries: Vec<Entry> = rows::from_json(row.text(1)?, "a line of a timeline")?;
            let forgot = entries.iter_mut().map(Entry::forget_reason);
            if forgot.fold(false, |one, other| one | other) {
                let sql = "UPDATE timeline SET entries = $1 WHERE lead = $2 AND seq = $3";
                db.write(sql, with![rows::json(&entries)?, *lead, row.int(0)?])?;
            }
        }
    }
    Ok(())
}
