//! What is asked of a carrier beside rings: to interrupt, cancel or end a leg, until the carrier has taken it; and what
//! became of one.

use std::time::Duration;

use leadbridge_providers::asterisk::call_of;
use leadbridge_providers::twilio::Twilio;
use leadbridge_providers::{
    Candidate, Carrier, CarrierCallId, End, Found, LegId, Ordered, Phase, Request, Turn,
};
use tracing::warn;

use super::{Trunk, keep_trying};
use crate::flow::Event;
use crate::flow::errand::{CarrierErrand, Errand, LookUp, Within};
use crate::io::engine::Engine;
use crate::io::store::Effect;

/// After how long an order that the carrier could not take is repeated, each time; then its leg's own deadlines
/// must do.
pub(in crate::io) const ORDER_AGAIN_S: [u64; 5] = [1, 2, 4, 8, 16];

/// Does what one item of the outbox says, and takes it out.
pub(super) async fn run(trunk: &Trunk, engine: &Engine, effect: &Effect) {
    let Errand::Carrier(_, errand) = &effect.errand else {
        return;
    };
    let done = match errand {
        CarrierErrand::Interrupt(call, leg, turn) => match &trunk.carrier {
            Carrier::Twilio(carrier) => {
                let request = carrier.interrupt(call, *leg, *turn);
                order(trunk, engine, effect, &request).await
            }
            Carrier::Asterisk(_) => {
                interrupt(trunk, call, *turn);
                true
            }
        },
        CarrierErrand::Cancel(call) => {
            order(trunk, engine, effect, &trunk.carrier.cancel(call)).await
        }
        CarrierErrand::HangUp(call) => {
            order(trunk, engine, effect, &trunk.carrier.hang_up(call)).await
        }
        CarrierErrand::LookUp(leg, how) => {
            if let Some(found) = look_up(trunk, engine, *leg, how).await {
                let event = Event::Found(*leg, found);
                keep_trying(|| engine.happen(leg.lead, event.clone(), Some(effect.id))).await;
                return;
            }
            true
        }
        CarrierErrand::Place(_) => return,
    };
    if done {
        keep_trying(|| engine.store.done(effect.id)).await;
    }
}

/// Where we perform what a leg hears, it asks at once.
fn interrupt(trunk: &Trunk, call: &CarrierCallId, turn: Turn) {
    if let Some(pbx) = &trunk.pbx {
        pbx.interrupt(call, turn);
    }
}

/// An interrupt, cancel or hang-up, until the carrier has taken it or a minute has passed. `false`: this node has it in
/// hand no more, and whoever has gives the order.
async fn order(trunk: &Trunk, engine: &Engine, effect: &Effect, request: &Request) -> bool {
    for pause_s in ORDER_AGAIN_S.into_iter().map(Some).chain([None]) {
        let line = trunk.asking.line().await;
        // The last acts before bytes leave.
        if !engine.store.may_leave(effect.node) {
            return false;
        }
        if hears_by_itself(trunk, &effect.errand) {
            return true;
        }
        let heard = trunk.asking.ask_on(line, request.clone()).await;
        let ordered = heard.read(|response| Some(trunk.carrier.ordered(response)));
        match (ordered.unwrap_or(Ordered::Again), pause_s) {
            (Ordered::Done | Ordered::Gone, _) => return true,
            (Ordered::Again | Ordered::OurSetUp, Some(pause_s)) => {
                tokio::time::sleep(Duration::from_secs(pause_s)).await;
                if !still_ordered(engine, effect).await {
                    return true;
                }
            }
            (Ordered::Again | Ordered::OurSetUp, None) => {
                warn!("the carrier did not take an order about a leg")
            }
        }
    }
    true
}

/// A leg that is up and asks hears by itself that it is to be canceled, and a late key may still win.
fn hears_by_itself(trunk: &Trunk, errand: &Errand) -> bool {
    let Errand::Carrier(_, CarrierErrand::Cancel(call)) = errand else {
        return false;
    };
    trunk.pbx.as_ref().is_some_and(|pbx| pbx.performs(call))
}

/// Whether there is still something to do: an order whose answer was lost may have been carried out.
async fn still_ordered(engine: &Engine, effect: &Effect) -> bool {
    match engine.store.reads().lead(effect.lead).await {
        Ok(Some(record)) => record.flow.errand(&effect.command).is_some(),
        Ok(None) => false,
        Err(_) => true,
    }
}

/// What became of a leg; `None` when the carrier made no sense: the leg's deadlines ask again.
async fn look_up(trunk: &Trunk, engine: &Engine, leg: LegId, how: &LookUp) -> Option<Found> {
    let _turn = trunk.look_ups.acquire().await.ok()?;
    match (&trunk.carrier, how) {
        (carrier, LookUp::Call(call)) => {
            let heard = trunk.asking.ask(carrier.look_up(call)).await;
            let found = heard.read(|response| carrier.found(response))?;
            Some(match carrier {
                Carrier::Twilio(_) => found,
                Carrier::Asterisk(_) => over_unless_found(call, found),
            })
        }
        (Carrier::Twilio(carrier), LookUp::Search { to, from, within }) => {
            let request = carrier.search(to, from);
            find(trunk, engine, (carrier, leg), request, within).await
        }
        (Carrier::Twilio(carrier), LookUp::Child { parent, within }) => {
            let request = carrier.children(parent);
            find(trunk, engine, (carrier, leg), request, within).await
        }
        // There, a call has the name that we give it.
        (Carrier::Asterisk(carrier), LookUp::Search { .. } | LookUp::Child { .. }) => {
            let heard = trunk.asking.ask(carrier.look_up(&call_of(leg))).await;
            heard.read(|response| carrier.found(response))
        }
    }
}

/// A PBX forgets a call at its end: one that it knew is over.
fn over_unless_found(call: &CarrierCallId, found: Found) -> Found {
    match found {
        Found::Nothing => Found::Call {
            call: call.clone(),
            phase: Phase::Ended(End::Lost),
            ended_at: None,
        },
        Found::Call { .. } => found,
    }
}

async fn find(
    trunk: &Trunk,
    engine: &Engine,
    (carrier, leg): (&Twilio, LegId),
    request: Request,
    within: &Within,
) -> Option<Found> {
    let heard = trunk.asking.ask(request).await;
    let mut calls = heard.read(|response| carrier.candidates(response))?;
    calls.retain(|call| call.created_at.is_none_or(|at| within.holds(at)));
    ours(engine, leg, calls).await
}

/// The call that no other leg owns.
async fn ours(engine: &Engine, leg: LegId, calls: Vec<Candidate>) -> Option<Found> {
    for call in calls {
        let owner = engine.store.reads().bound(call.call.clone()).await.ok()?;
        if owner.is_none_or(|owner| owner == leg) {
            let Candidate {
                call,
                phase,
                ended_at,
                ..
            } = call;
            return Some(Found::Call {
                call,
                phase,
                ended_at,
            });
        }
    }
    Some(Found::Nothing)
}
