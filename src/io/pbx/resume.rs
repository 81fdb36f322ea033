//! What lives on the PBX and what we perform there, brought together again: after our restart, after the PBX's, and
//! after a cut of the WebSocket, in which anything may have happened.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use leadbridge_providers::asterisk::{
    Bridge, Cause, Entered, Event, call_of, leg_of, leg_of_bridge,
};
use leadbridge_providers::{CarrierCallId, End, Found, LegId, Phase, Request, Response, Side};
use tokio::time::sleep;
use tracing::{info, warn};

use super::leg::{News, Performer};
use super::{NOBODYS, Pbx};
use crate::flow::Attempt;
use crate::io::engine::Engine;
use crate::io::store::StoreError;

const AGAIN: Duration = Duration::from_millis(500);
/// A ring that the PBX did not confirm is looked for so often before it counts as lost, with a pause before each.
const MISSING_MAX: u32 = 10;
const MISSING_AGAIN: Duration = Duration::from_secs(1);

/// What lives there.
struct There {
    /// The legs that we rang, and how far they are.
    legs: Vec<(LegId, Phase)>,
    /// Everything in our application, calls that came in included.
    channels: Vec<CarrierCallId>,
    /// Bridges with names like ours, those of other daemons included.
    bridges: Vec<Bridge>,
}

/// Whose a leg is.
enum Owner {
    Flow,
    Nobody,
    /// Another daemon's, with an application of its own.
    Other,
}

/// Asks until the PBX says, and takes up what it said.
pub(super) async fn resume(pbx: Arc<Pbx>, engine: Engine) {
    // Whoever comes after the question is not in the answer.
    let before: Vec<_> = pbx.stage().followed.keys().cloned().collect();
    let there = loop {
        match ask(&pbx).await {
            Some(there) => break there,
            None => {
                warn!(
                    carrier = pbx.id.0,
                    "the PBX does not tell what lives there; asking again"
                );
                sleep(AGAIN).await;
            }
        }
    };
    bury(&pbx, &engine, &there, before);
    let mut others = HashSet::new();
    for (leg, phase) in &there.legs {
        match owner(&pbx, &engine, &there, *leg).await {
            Ok(Owner::Flow) => take_up(&pbx, &engine, *leg, phase),
            Ok(Owner::Nobody) => pbx.order_soon(pbx.ari.hang_up(&call_of(*leg))),
            // A store that does not answer is no reason to end a call.
            Ok(Owner::Other) | Err(_) => {
                others.insert(call_of(*leg));
            }
        }
    }
    for call in there.channels.iter().filter(|call| leg_of(call).is_none()) {
        take_up_caller(&pbx, &engine, &there, call).await;
    }
    end_bridges(&pbx, &engine, &there, &others).await;
    // What lives in a flow and not on the PBX ended in the gap: nobody waits for its deadline.
    if let Err(error) = engine.restart_flows().await {
        warn!(%error, "what ended unheard is found at its deadline");
    }
    info!(
        carrier = pbx.id.0,
        legs = there.legs.len(),
        "what lives on the PBX is taken up"
    );
}

/// A customer's phone rings or was picked up, and nobody performs for it: whoever rang it has gone, or does not know
/// of it yet after a restart and finds it as it is.
pub(super) async fn unexpected(pbx: Arc<Pbx>, engine: Engine, leg: LegId, phase: Phase) {
    let call = call_of(leg);
    // Where a ring comes unexpected, the PBX is slow.
    while !pbx.performs(&call) {
        if let Some(there) = ask(&pbx).await
            && let Ok(owner) = owner(&pbx, &engine, &there, leg).await
        {
            match owner {
                Owner::Flow if phase == Phase::Answered => {
                    pbx.picked_up(&engine, &call);
                }
                Owner::Nobody => pbx.order_soon(pbx.ari.hang_up(&call)),
                Owner::Flow | Owner::Other => {}
            }
            return;
        }
        sleep(AGAIN).await;
    }
}

/// What became of a ring that the PBX was asked for and did not confirm. A slow one may still carry it out, so that
/// what it does not have is only after a while taken for lost; should it come all the same, it is unexpected.
pub(super) async fn find_out(pbx: Arc<Pbx>, engine: Engine, leg: LegId) {
    let call = call_of(leg);
    let mut missing = 0;
    while missing < MISSING_MAX {
        sleep(MISSING_AGAIN).await;
        if !pbx.performs(&call) {
            return;
        }
        match read(&pbx, pbx.ari.look_up(&call), |said| pbx.ari.found(said)).await {
            Some(Found::Call {
                phase: Phase::Answered,
                ..
            }) => {
                return pbx.hear(&engine, Event::Entered(entered(call)));
            }
            Some(Found::Call { .. }) => return,
            Some(Found::Nothing) => missing += 1,
            None => {}
        }
    }
    lost(&pbx, &engine, call);
}

/// The leg after which the bridge is named in which this channel talks with somebody.
pub(super) async fn talk_of(pbx: &Pbx, call: &CarrierCallId) -> Option<LegId> {
    talk_in(&bridges(pbx).await?, call)
}

fn talk_in(bridges: &[Bridge], call: &CarrierCallId) -> Option<LegId> {
    let is_talk = |bridge: &&Bridge| bridge.channels.len() > 1 && bridge.channels.contains(call);
    let talk = bridges.iter().find(is_talk)?;
    leg_of_bridge(&talk.id)
}

async fn ask(pbx: &Pbx) -> Option<There> {
    let legs = read(pbx, pbx.ari.channels(), |said| pbx.ari.placed(said)).await?;
    let channels = read(pbx, pbx.ari.application(), |said| pbx.ari.living(said)).await?;
    Some(There {
        legs,
        channels,
        bridges: bridges(pbx).await?,
    })
}

async fn bridges(pbx: &Pbx) -> Option<Vec<Bridge>> {
    read(pbx, pbx.ari.bridges(), |said| pbx.ari.bridges_made(said)).await
}

async fn read<T>(
    pbx: &Pbx,
    request: Request,
    read: impl FnOnce(Response<'_>) -> Option<T>,
) -> Option<T> {
    pbx.heard(request).await.read(read)
}

/// What we perform for and is there no more ended unheard. Whoever lives hears their prompt again: a key may be lost.
fn bury(pbx: &Arc<Pbx>, engine: &Engine, there: &There, before: Vec<CarrierCallId>) {
    let placed = there.legs.iter().map(|(leg, _)| call_of(*leg));
    let living: HashSet<_> = placed.chain(there.channels.iter().cloned()).collect();
    for call in before {
        if !living.contains(&call) {
            lost(pbx, engine, call);
        } else if let Some(performer) = pbx.follower(&call) {
            let _ = performer.send(News::Reconnected);
        }
    }
}

/// It is on the PBX no more, and nobody heard why.
fn lost(pbx: &Arc<Pbx>, engine: &Engine, call: CarrierCallId) {
    pbx.stage().up.remove(&call);
    pbx.tell(engine, &call, Phase::Ended(End::Lost));
    let cause = Cause(0);
    pbx.pass_on(Event::Gone { call, cause });
}

/// A leg that is up and has nobody who performs gets its prompt again.
fn take_up(pbx: &Arc<Pbx>, engine: &Engine, leg: LegId, phase: &Phase) {
    let call = call_of(leg);
    if *phase != Phase::Answered {
        return;
    }
    if pbx.performs(&call) {
        // Picked up in the gap, perhaps.
        return pbx.hear(engine, Event::Entered(entered(call)));
    }
    // The rep's own performer takes up the customer.
    if leg.side == Side::Rep {
        pbx.stage().up.insert(call.clone());
        Performer::start(pbx, engine, leg, &call, true);
    }
}

/// Whose a leg is whose name is one of ours. A customer's must have a rep's beside it, who may have rung in.
async fn owner(pbx: &Pbx, engine: &Engine, there: &There, leg: LegId) -> Result<Owner, StoreError> {
    let call = call_of(leg);
    if pbx.performs(&call) {
        return Ok(Owner::Flow);
    }
    let Some(record) = engine.store.reads().lead(leg.lead).await? else {
        let is_ours = there.channels.contains(&call);
        let talks = leg.number == NOBODYS && talk_in(&there.bridges, &call).is_some();
        // A lead is on disk before its phone rings: it is another Leadbridge's.
        return Ok(match is_ours && !talks {
            true => Owner::Nobody,
            false => Owner::Other,
        });
    };
    let flow = &record.flow;
    let is_there = |rep: &Attempt| {
        let call = rep.life.call.as_ref().filter(|_| rep.life.live());
        call.is_some_and(|call| there.channels.contains(call))
    };
    let wanted = match leg.side {
        Side::Rep => flow.attempt(leg).is_some_and(|rep| rep.life.live()),
        Side::Customer => {
            let customer = flow.customer_leg(leg);
            customer.is_some_and(|customer| customer.life.live())
                && flow.attempts.iter().any(is_there)
        }
        Side::In => false,
    };
    Ok(if wanted { Owner::Flow } else { Owner::Nobody })
}

/// Somebody who rang us before the cut.
async fn take_up_caller(pbx: &Arc<Pbx>, engine: &Engine, there: &There, call: &CarrierCallId) {
    let bound = engine.store.reads().bound(call.clone()).await;
    if pbx.performs(call) {
        return;
    }
    match (bound, talk_in(&there.bridges, call)) {
        (Ok(Some(leg)), _) => {
            pbx.stage().up.insert(call.clone());
            Performer::start(pbx, engine, leg, call, true)
        }
        (Ok(None), Some(with)) => {
            pbx.stage().up.insert(call.clone());
            Performer::take_up_talk(pbx, engine, with, call)
        }
        (Ok(None), None) => pbx.order_soon(Some(pbx.ari.send_on(call))),
        (Err(_), _) => {}
    }
}

/// Bridges in which nobody is for whom somebody performs. One of a lead that we don't have may be another daemon's: it is
/// a leftover when nobody came while we looked.
async fn end_bridges(
    pbx: &Arc<Pbx>,
    engine: &Engine,
    there: &There,
    others: &HashSet<CarrierCallId>,
) {
    for bridge in bridges(pbx).await.into_iter().flatten() {
        let mut channels = bridge.channels.iter();
        let taken = channels.any(|call| pbx.performs(call) || others.contains(call));
        let stayed_empty = bridge.channels.is_empty() && there.bridges.contains(&bridge);
        if !taken
            && !is_to_be_entered(pbx, &bridge.id)
            && (stayed_empty || is_of_a_lead(engine, &bridge.id).await)
        {
            pbx.order_soon(pbx.ari.end_bridge(&bridge.id));
        }
    }
}

async fn is_of_a_lead(engine: &Engine, bridge: &str) -> bool {
    match leg_of_bridge(bridge) {
        Some(name) => matches!(engine.store.reads().lead(name.lead).await, Ok(Some(_))),
        None => false,
    }
}

/// Whether those for whom it was made are on their way.
fn is_to_be_entered(pbx: &Pbx, bridge: &str) -> bool {
    let stage = pbx.stage();
    leg_of_bridge(bridge).is_some_and(|name| {
        stage.rooms.contains_key(&name) || stage.followed.contains_key(&call_of(name))
    })
}

fn entered(call: CarrierCallId) -> Entered {
    Entered {
        call,
        args: Vec::new(),
        phase: Phase::Answered,
        from: None,
        to: None,
    }
}
