//! What lives on the PBX and what we perform there, brought together again: after our restart, after the PBX's, and
//! after a cut of the WebSocket, in which anything may have happened.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use leadbridge_providers::asterisk::{Cause, Entered, Event, call_of, leg_of};
use leadbridge_providers::{CarrierCallId, LegId, Phase, Request, Response, Side};
use tokio::time::sleep;
use tracing::{info, warn};

use super::Pbx;
use super::leg::{News, Performer};
use crate::io::engine::Engine;

const AGAIN: Duration = Duration::from_millis(500);

/// What lives there.
struct There {
    /// The legs that we rang, and how far they are.
    legs: Vec<(LegId, Phase)>,
    /// Everything in our application, calls that came in included.
    channels: Vec<CarrierCallId>,
}

/// Asks until the PBX says, and takes up what it said.
pub(super) async fn resume(pbx: Arc<Pbx>, engine: Engine) {
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
    bury(&pbx, &engine, &there);
    for (leg, phase) in &there.legs {
        take_up(&pbx, &engine, &there, *leg, phase).await;
    }
    for call in there.channels.iter().filter(|call| leg_of(call).is_none()) {
        take_up_caller(&pbx, &engine, call).await;
    }
    end_empty_bridges(&pbx).await;
    info!(
        carrier = pbx.id.0,
        legs = there.legs.len(),
        "what lives on the PBX is taken up"
    );
}

async fn ask(pbx: &Pbx) -> Option<There> {
    let legs = read(pbx, pbx.ari.channels(), |said| pbx.ari.placed(said)).await?;
    let living = read(pbx, pbx.ari.application(), |said| pbx.ari.living(said)).await?;
    Some(There {
        legs,
        channels: living.channels,
    })
}

async fn read<T>(
    pbx: &Pbx,
    request: Request,
    read: impl FnOnce(Response<'_>) -> Option<T>,
) -> Option<T> {
    pbx.heard(request).await.read(read)
}

/// What we perform for and is there no more ended unheard. Whoever lives hears their prompt again: a key may be lost.
fn bury(pbx: &Arc<Pbx>, engine: &Engine, there: &There) {
    let placed = there.legs.iter().map(|(leg, _)| call_of(*leg));
    let living: HashSet<_> = placed.chain(there.channels.iter().cloned()).collect();
    let followed: Vec<_> = pbx.stage().followed.keys().cloned().collect();
    for call in followed {
        if !living.contains(&call) {
            let cause = Cause(0);
            pbx.hear(engine, Event::Gone { call, cause });
        } else if let Some(performer) = pbx.follower(&call) {
            let _ = performer.send(News::Reconnected);
        }
    }
}

/// A leg that is up and has nobody who performs gets its prompt again; one that nobody wants is ended.
async fn take_up(pbx: &Arc<Pbx>, engine: &Engine, there: &There, leg: LegId, phase: &Phase) {
    let call = call_of(leg);
    let is_up = *phase == Phase::Answered;
    if !is_wanted(engine, there, leg).await {
        return pbx.order_soon(pbx.ari.hang_up(&call));
    }
    if !is_up {
        return;
    }
    if leg.side == Side::Rep && !pbx.performs(&call) {
        pbx.stage().up.insert(call.clone());
        return Performer::start(pbx, engine, leg, &call, true);
    }
    // Picked up in the gap. Whoever performs for the rep only since now looks for it by themselves.
    if pbx.performs(&call) {
        pbx.hear(engine, Event::Entered(entered(call)));
    }
}

/// Whether the flow knows a leg that may live; a customer's, only beside the rep's.
async fn is_wanted(engine: &Engine, there: &There, leg: LegId) -> bool {
    let record = match engine.store.reads().lead(leg.lead).await {
        Ok(Some(record)) => record,
        Ok(None) => return false,
        // A store that does not answer is no reason to end a call.
        Err(_) => return true,
    };
    let reps_there = || {
        let mut legs = there.legs.iter();
        legs.any(|(other, _)| other.lead == leg.lead && other.side == Side::Rep)
    };
    match leg.side {
        Side::Rep => record.flow.attempt(leg).is_some_and(|rep| rep.life.live()),
        Side::Customer => record.flow.customer_leg(leg).is_some() && reps_there(),
        Side::In => false,
    }
}

/// Somebody who rang us before the cut.
async fn take_up_caller(pbx: &Arc<Pbx>, engine: &Engine, call: &CarrierCallId) {
    if pbx.performs(call) {
        return;
    }
    match engine.store.reads().bound(call.clone()).await {
        Ok(Some(leg)) => {
            pbx.stage().up.insert(call.clone());
            Performer::start(pbx, engine, leg, call, true)
        }
        Ok(None) => pbx.order_soon(Some(pbx.ari.send_on(call))),
        Err(_) => {}
    }
}

async fn end_empty_bridges(pbx: &Arc<Pbx>) {
    let bridges = read(pbx, pbx.ari.bridges(), |said| pbx.ari.bridges_made(said)).await;
    for bridge in bridges.into_iter().flatten() {
        if bridge.channels.is_empty() {
            pbx.order_soon(pbx.ari.end_bridge(&bridge.id));
        }
    }
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
