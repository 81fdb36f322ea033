//! Calls that ring a number of ours: each is one decision, and its answer the script of the leg that it became.

use leadbridge_providers::{Callback, CarrierCallId, End, Inbound, LegId, Phase, Script};

use crate::io::engine::Engine;
use crate::io::store::{CallIn, StoreError, TakenIn};
use crate::phone::PhoneNumber;
use crate::rotation::CarrierId;
use crate::script;

impl Engine {
    /// A call that came in through this carrier, or news of one: whose leg it is, if anybody's, and what it hears.
    pub async fn called_in(
        &self,
        carrier: CarrierId,
        inbound: Inbound,
    ) -> Result<(Option<LegId>, Script), StoreError> {
        let rules = self.rules();
        if let Some(end) = inbound.put_through {
            let spoken_to = matches!(end, End::Completed { .. });
            return Ok((None, script::put_through(&self.phrases, &rules, spoken_to)));
        }
        let number = |text: Option<&str>| PhoneNumber::parse(text?, &rules.country).ok();
        let line = number(inbound.to.as_deref());
        let from = number(inbound.from.as_deref());
        let nobodys = |line| script::stranger(&self.phrases, &rules, line);
        let (Some(call), Some(line)) = (inbound.call, line) else {
            return Ok((None, nobodys(None)));
        };
        if let Some(phase @ Phase::Ended(_)) = inbound.phase {
            self.call_is_over(&carrier, call, phase).await?;
            return Ok((None, script::put_through(&self.phrases, &rules, true)));
        }
        let call = CallIn {
            lead: self.clock.lead_id(),
            carrier: carrier.clone(),
            call,
            from,
            line: line.clone(),
        };
        match self.store.called_in(call, self.rules(), self.now()).await? {
            TakenIn::Leg { leg, stepped, new } => {
                if let Some(new) = new {
                    self.metrics.lead_received(&new);
                }
                self.follow_up(&stepped);
                self.due.no_later_than(stepped.flow.deadline());
                Ok((Some(leg), self.script(Some(&stepped), leg)))
            }
            TakenIn::Nobodys => {
                let known = !crate::lead_line::rooftops(&rules, &carrier, &line).is_empty();
                Ok((None, nobodys(Some(&line).filter(|_| known))))
            }
            TakenIn::Ourselves => Ok((None, script::put_through(&self.phrases, &rules, false))),
        }
    }

    /// The end of a call that came in is news of the leg that it became.
    async fn call_is_over(
        &self,
        carrier: &CarrierId,
        call: CarrierCallId,
        phase: Phase,
    ) -> Result<(), StoreError> {
        let Some(leg) = self.store.reads().bound(call.clone()).await? else {
            return Ok(());
        };
        let news = Callback {
            call: Some(call),
            phase: Some(phase),
            asked: None,
        };
        self.callback(carrier, leg, None, news).await.map(drop)
    }
}
