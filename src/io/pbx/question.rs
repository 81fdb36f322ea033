//! What a leg hears now, asked of its flow as a carrier's callback asks it. Nobody waits in silence for a store that is
//! away.

use std::time::Duration;

use leadbridge_providers::{Asked, Callback, CarrierCallId, Inbound, Phase, Script, Then, Turn};
use tokio::time::timeout;
use tracing::{Instrument, error, warn};

use super::NOBODYS;
use super::leg::Performer;
use crate::io::engine::Engine;
use crate::io::store::StoreError;
use crate::rotation::CarrierId;
use crate::script;

/// How long the store may take: the person on the phone hears nothing meanwhile.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// How often a leg is put off while the store is away.
const HOLDS_MAX: u32 = 5;

impl Performer {
    /// Asks the flow what the leg hears now.
    pub(super) async fn ask(&mut self, turn: Turn, asked: &Asked) -> Script {
        let script = match self.answer(turn, asked.clone()).await {
            // Whoever enters a place where two meet must say so by its own turn, which a first question does not know.
            Some(script) if matches!(script.then, Then::Room { .. }) && script.turn != turn => {
                self.answer(script.turn, Asked::Answer).await
            }
            answered => answered,
        };
        match script {
            Some(script) => {
                self.holds = 0;
                script
            }
            None if self.holds < HOLDS_MAX => {
                self.holds += 1;
                let hold = self.engine.hold_script(String::new());
                Script { turn, ..hold }
            }
            None => self.dealt_with(),
        }
    }

    /// What the leg hears now; `None`: the store is away. The work goes on when the time is over: what it writes down
    /// must also leave.
    async fn answer(&self, turn: Turn, asked: Asked) -> Option<Script> {
        let (engine, id, leg) = (self.engine.clone(), self.pbx.id.clone(), self.leg);
        let call = Some(self.call.clone());
        let answering = async move {
            if leg.number == NOBODYS {
                return put_through_over(&engine, id, call, &asked).await;
            }
            let question = Callback {
                call,
                phase: Some(Phase::Answered),
                asked: Some(asked),
            };
            engine.callback(&id, leg, Some(turn), question).await
        };
        match timeout(ANSWER_WITHIN, tokio::spawn(answering.in_current_span())).await {
            Ok(Ok(Ok(script))) => return Some(script.unwrap_or_else(|| self.dealt_with())),
            Ok(Ok(Err(error))) => warn!(%error, "the store did not do it"),
            Ok(Err(_)) => error!("a decision panicked; this is a mistake in leadbridge"),
            Err(_) => warn!("the store did not answer in time"),
        }
        None
    }

    pub(super) fn dealt_with(&self) -> Script {
        script::dealt_with(&self.engine.phrases, &self.engine.rules())
    }
}

/// What a caller hears who is nobody's, after the reception.
async fn put_through_over(
    engine: &Engine,
    carrier: CarrierId,
    call: Option<CarrierCallId>,
    asked: &Asked,
) -> Result<Option<Script>, StoreError> {
    let Asked::Dial { end, .. } = asked else {
        return Ok(None);
    };
    let over = Inbound {
        call,
        from: None,
        to: None,
        phase: None,
        put_through: Some(*end),
    };
    let (_, script) = engine.called_in(carrier, over).await?;
    Ok(Some(script))
}
