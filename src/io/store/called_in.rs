//! A call that comes in, as one decision of one transaction: whose lead it is, and what becomes of that lead. A
//! carrier that asks again is answered with what was decided the first time.

use std::collections::BTreeMap;

use leadbridge_providers::LeadId;

use super::db::Db;
use super::decide::{self, bear};
use super::error::{Answer, StoreError};
use super::{CallIn, New, Received, Stepped, TakenIn, questions, rows};
use crate::flow::{CalledIn, Event, Flow};
use crate::lead_line::{self, Again, Caller};
use crate::phone::{HashKey, PhoneKey, PhoneNumber};
use crate::rotation::{Rep, Rooftop, Rules};

/// What one decision about a call reads besides the rows.
struct Line<'a, 'd> {
    db: &'a mut Db<'d>,
    call: &'a CallIn,
    rules: &'a Rules,
    key: &'a HashKey,
}

/// A phone rings the lead line.
pub(super) async fn called_in(
    db: &mut Db<'_>,
    call: &CallIn,
    rules: &Rules,
    key: &HashKey,
) -> Answer<TakenIn> {
    if let Some(leg) = questions::bound(db, &call.call).await? {
        let known = decide::as_it_stands(db, leg.lead).await?;
        return Ok(known.map_or(TakenIn::Nobodys, |stepped| TakenIn::Leg {
            leg,
            stepped: Box::new(stepped),
            new: None,
        }));
    }
    let rooftops = lead_line::rooftops(rules, &call.carrier, &call.line);
    if rooftops.is_empty() {
        return Ok(TakenIn::Nobodys);
    }
    let mut line = Line {
        db,
        call,
        rules,
        key,
    };
    match lead_line::caller(rules, key, call.from.as_ref()) {
        Caller::Rep(rep) => line.rep(rep).await,
        Caller::Number(number) => line.customer(&number, &rooftops).await,
        Caller::Ourselves => Ok(TakenIn::Ourselves),
        Caller::Nobody => Ok(TakenIn::Nobodys),
    }
}

impl Line<'_, '_> {
    async fn rep(&mut self, rep: &Rep) -> Answer<TakenIn> {
        let row = rows::desk_to_change(self.db, std::slice::from_ref(&rep.key)).await?;
        let before = row.phone(&rep.key);
        let mut phone = before.clone();
        phone.rang_in();
        if phone != before {
            rows::save_phone(self.db, &rep.key, &phone)?;
        }
        let flows = self.flows(phone.to_ring_back()).await?;
        let now = self.db.now().await?;
        let flow = |lead: LeadId| Ok::<_, StoreError>(flows.get(&lead).cloned());
        match lead_line::for_rep(&phone, &rep.key, self.rules, now, flow)? {
            Some(flow) => self.take(&flow, Some(rep), None).await,
            None => Ok(TakenIn::Nobodys),
        }
    }

    async fn flows(
        &mut self,
        leads: impl IntoIterator<Item = LeadId>,
    ) -> Answer<BTreeMap<LeadId, Flow>> {
        let mut flows = BTreeMap::new();
        for lead in leads {
            let flow = rows::flow(self.db, lead).await?;
            flows.extend(flow.map(|flow| (lead, flow)));
        }
        Ok(flows)
    }

    async fn customer(&mut self, key: &PhoneKey, rooftops: &[&Rooftop]) -> Answer<TakenIn> {
        if let Some(flow) = self.open_flow(key, rooftops).await? {
            return self.take(&flow, None, None).await;
        }
        let number = rows::number_to_change(self.db, Some(key)).await?;
        let Some(from) = &self.call.from else {
            return Ok(TakenIn::Nobodys);
        };
        let Some(again) = self.again(from).await? else {
            return Ok(TakenIn::Nobodys);
        };
        let now = self.db.now().await?;
        let new = lead_line::new_lead(again, &number, rooftops, self.rules, self.key, now);
        let Some((arrival, flow, timeline)) = new else {
            return Ok(TakenIn::Nobodys);
        };
        let new = New {
            arrival,
            content_type: "text/plain".to_owned(),
            body: Vec::new(),
        };
        rows::insert_lead(self.db, &new, Some(from), None)?;
        let left = bear(self.db, flow, timeline, &[]).await?;
        let received = Received {
            lead: left.flow.lead,
            known: false,
            flow: left.flow.clone(),
            timeline: left.timeline,
            effects: left.effects,
            wakes: left.wakes,
        };
        self.take(&left.flow, None, Some(received)).await
    }

    /// The flow that has this customer. The number is only looked at: whoever changes a flow takes it before its number.
    async fn open_flow(&mut self, key: &PhoneKey, rooftops: &[&Rooftop]) -> Answer<Option<Flow>> {
        let number = rows::number(self.db, key).await?;
        match lead_line::for_customer(&number, rooftops) {
            Some(lead) => rows::flow(self.db, lead).await,
            None => Ok(None),
        }
    }

    /// What a known customer told last, unless it was erased.
    async fn again(&mut self, from: &PhoneNumber) -> Answer<Option<Again>> {
        let Some(lead) = rows::latest_of(self.db, from).await? else {
            return Ok(None);
        };
        let (told, _) = rows::told(self.db, lead).await?;
        let before = rows::flow(self.db, lead).await?;
        Ok(told.zip(before).map(|(told, before)| Again {
            lead: self.call.lead,
            told,
            before,
        }))
    }

    async fn take(
        &mut self,
        flow: &Flow,
        rep: Option<&Rep>,
        new: Option<Received>,
    ) -> Answer<TakenIn> {
        let call = self.call;
        let event = Event::CalledIn(CalledIn {
            by: rep.map(|rep| rep.id.clone()),
            carrier: call.carrier.clone(),
            call: call.call.clone(),
            line: call.line.clone(),
        });
        let stepped = decide::step(self.db, flow.lead, &event, None, self.rules).await?;
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
