//! A call that comes in, as one decision of one transaction: whose lead it is, and what becomes of that lead. A
//! carrier that asks again is answered with what was decided the first time.

use jiff::Timestamp;
use rusqlite::Connection;

use super::decide::{self, bear};
use super::error::{Answer, StoreError};
use super::{CallIn, New, Received, Stepped, TakenIn, reads, rows};
use crate::flow::{CalledIn, Event, Flow};
use crate::lead_line::{self, Again, Caller};
use crate::phone::{HashKey, PhoneKey, PhoneNumber};
use crate::rotation::{Rep, Rooftop, Rules};

/// What one decision about a call reads besides the rows.
struct Line<'a> {
    db: &'a Connection,
    rules: &'a Rules,
    key: &'a HashKey,
    now: Timestamp,
}

/// A phone rings the lead line.
pub(super) fn called_in(
    db: &Connection,
    call: &CallIn,
    rules: &Rules,
    key: &HashKey,
    now: Timestamp,
) -> Answer<TakenIn> {
    if let Some(leg) = reads::bound(db, &call.call)? {
        let known = decide::as_it_stands(db, leg.lead)?;
        return Ok(known.map_or(TakenIn::Nobodys, |stepped| TakenIn::Leg {
            leg,
            stepped: Box::new(stepped),
            new: None,
        }));
    }
    let line = Line {
        db,
        rules,
        key,
        now,
    };
    let rooftops = lead_line::rooftops(rules, &call.carrier, &call.line);
    if rooftops.is_empty() {
        return Ok(TakenIn::Nobodys);
    }
    match lead_line::caller(rules, key, call.from.as_ref()) {
        Caller::Rep(rep) => line.rep(rep, call),
        Caller::Number(number) => line.customer(&number, &rooftops, call),
        Caller::Ourselves => Ok(TakenIn::Ourselves),
        Caller::Nobody => Ok(TakenIn::Nobodys),
    }
}

impl Line<'_> {
    fn rep(&self, rep: &Rep, call: &CallIn) -> Answer<TakenIn> {
        let before = rows::desk(self.db, std::slice::from_ref(&rep.key))?.phone(&rep.key);
        let mut phone = before.clone();
        phone.rang_in();
        if phone != before {
            rows::save_phone(self.db, &rep.key, &phone)?;
        }
        let flow = |lead| rows::flow(self.db, lead);
        match lead_line::for_rep(&phone, &rep.key, self.rules, self.now, flow)? {
            Some(flow) => self.take(&flow, call, Some(rep), None),
            None => Ok(TakenIn::Nobodys),
        }
    }

    fn customer(&self, key: &PhoneKey, rooftops: &[&Rooftop], call: &CallIn) -> Answer<TakenIn> {
        let number = rows::number(self.db, Some(key))?;
        let open = lead_line::for_customer(&number, rooftops);
        if let Some(flow) = open
            .map(|lead| rows::flow(self.db, lead))
            .transpose()?
            .flatten()
        {
            return self.take(&flow, call, None, None);
        }
        let Some(again) = call
            .from
            .as_ref()
            .map(|from| self.again(from, call))
            .transpose()?
            .flatten()
        else {
            return Ok(TakenIn::Nobodys);
        };
        let new = lead_line::new_lead(again, &number, rooftops, self.rules, self.key, self.now);
        let Some((arrival, flow, timeline)) = new else {
            return Ok(TakenIn::Nobodys);
        };
        let new = New {
            arrival,
            content_type: "text/plain".to_owned(),
            body: Vec::new(),
        };
        rows::insert_lead(self.db, &new, call.from.as_ref(), None)?;
        let left = bear(self.db, flow, timeline, &[], self.now)?;
        let received = Received {
            lead: left.flow.lead,
            known: false,
            flow: left.flow.clone(),
            timeline: left.timeline,
            effects: left.effects,
            wakes: left.wakes,
        };
        self.take(&left.flow, call, None, Some(received))
    }

    /// What a known customer told last, unless it was erased.
    fn again(&self, from: &PhoneNumber, call: &CallIn) -> Answer<Option<Again>> {
        let Some(lead) = rows::latest_of(self.db, from)? else {
            return Ok(None);
        };
        let (told, _) = rows::told(self.db, lead)?;
        let before = rows::flow(self.db, lead)?;
        Ok(told.zip(before).map(|(told, before)| Again {
            lead: call.lead,
            told,
            before,
        }))
    }

    fn take(
        &self,
        flow: &Flow,
        call: &CallIn,
        rep: Option<&Rep>,
        new: Option<Received>,
    ) -> Answer<TakenIn> {
        let event = Event::CalledIn(CalledIn {
            by: rep.map(|rep| rep.id.clone()),
            carrier: call.carrier.clone(),
            call: call.call.clone(),
            line: call.line.clone(),
        });
        let stepped = decide::step(self.db, flow.lead, event, None, self.rules, self.now)?;
        let stepped =
            stepped.ok_or_else(|| StoreError::Corrupt("a flow that was just read".to_owned()))?;
        Ok(taken(stepped, call, new))
    }
}

/// A flow that does not take the call leaves it to the reception.
fn taken(stepped: Stepped, call: &CallIn, new: Option<Received>) -> TakenIn {
    match stepped.flow.leg_of_call(&call.call) {
        Some(leg) => TakenIn::Leg {
            leg,
            stepped: Box::new(stepped),
            new: new.map(Box::new),
        },
        None => TakenIn::Nobodys,
    }
}
