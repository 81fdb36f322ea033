//! What the carrier says and asks by itself, on a network that loses, doubles, delays and reorders, and somebody
//! who plays old callbacks again (P7).

use jiff::SignedDuration;
use leadbridge::decision::{self, Decision};
use leadbridge::flow::{Cue, Event, Flow};
use leadbridge_providers::{Asked, LegId, Phase, Side, Turn};

use crate::carrier::Script;
use crate::group;
use crate::world::{Happening, World};

/// A question is repeated so often before the carrier ends the call.
const TRIES: u32 = 3;
const KEPT: usize = 200;

/// One callback.
#[derive(Clone, Debug)]
pub(crate) struct Callback {
    call: usize,
    leg: LegId,
    said: Said,
    /// Played again by somebody: no answer is awaited.
    again: bool,
}

#[derive(Clone, Debug)]
enum Said {
    Phase(Phase),
    Asks {
        turn: Turn,
        asked: Asked,
        generation: u32,
        tries: u32,
    },
    /// A word that we do not know.
    Nonsense,
}

impl World<'_> {
    /// A status callback: it may be lost, doubled or late.
    pub(crate) fn reports(&mut self, call: usize) {
        let one = &self.carrier.calls[call];
        let (leg, phase) = (one.leg, one.phase.clone());
        let is_end = matches!(phase, Phase::Ended(_));
        let [lost, doubled, late] = self.carrier.callbacks;
        let lost = (is_end && self.carrier.loses_ends)
            || self.once_in(lost)
            || self.carrier.is_mute(self.now);
        let copies = if lost {
            0
        } else {
            1 + u32::from(self.once_in(doubled))
        };
        for _ in 0..copies {
            let slow = self.once_in(late);
            let ms = self.rng.i64(if slow { 1000..90_000 } else { 20..700 });
            let said = if self.once_in(100) {
                Said::Nonsense
            } else {
                Said::Phase(phase.clone())
            };
            self.in_ms(
                ms,
                Happening::Calls(Callback {
                    call,
                    leg,
                    said,
                    again: false,
                }),
            );
        }
    }

    /// A question: the call hears nothing until it is answered.
    pub(crate) fn asks(&mut self, call: usize, turn: Turn, asked: Asked) {
        let one = &self.carrier.calls[call];
        let (leg, generation) = (one.leg, one.generation);
        let said = Said::Asks {
            turn,
            asked,
            generation,
            tries: 0,
        };
        let ms = self.rng.i64(20..500);
        self.in_ms(
            ms,
            Happening::Calls(Callback {
                call,
                leg,
                said,
                again: false,
            }),
        );
    }

    pub(crate) fn calls(&mut self, callback: Callback) {
        self.keep(&callback);
        let deaf = !self.daemon.up || self.carrier.is_mute(self.now);
        let unheard = deaf || self.once_in(80);
        let answered = !unheard && self.receives(&callback) && !self.once_in(40);
        let script = self.script(&callback).filter(|_| answered);
        if let Said::Asks { .. } = callback.said
            && !callback.again
        {
            match script {
                Some(script) => {
                    let ms = self.rng.i64(20..300);
                    self.in_ms(
                        ms,
                        Happening::Hears {
                            call: callback.call,
                            script,
                        },
                    );
                }
                None => self.asks_again(callback),
            }
        }
    }

    fn asks_again(&mut self, mut callback: Callback) {
        let Said::Asks {
            generation, tries, ..
        } = &mut callback.said
        else {
            return;
        };
        *tries += 1;
        let (generation, tries) = (*generation, *tries);
        if tries < TRIES {
            let ms = self.rng.i64(1000..4000);
            self.in_ms(ms, Happening::Calls(callback));
        } else if self.carrier.calls[callback.call].generation == generation {
            self.hangs_up(callback.call, 0);
        }
    }

    /// `false`: no answer leaves, because the process died.
    fn receives(&mut self, callback: &Callback) -> bool {
        let lead = callback.leg.lead;
        if let Some(event) = self.event(callback)
            && !self.decide(lead, event, None)
        {
            return false;
        }
        self.work();
        self.daemon.up
    }

    fn event(&self, callback: &Callback) -> Option<Event> {
        let leg = callback.leg;
        let call = Some(self.carrier.calls[callback.call].id.clone());
        match &callback.said {
            Said::Phase(phase) => Some(Event::Progress {
                leg,
                call,
                phase: phase.clone(),
            }),
            Said::Asks { turn, asked, .. } => {
                let phase =
                    Some(Phase::Answered).filter(|_| leg.lead.0.as_u128().is_multiple_of(2));
                Some(Event::Asked {
                    leg,
                    turn: *turn,
                    call,
                    phase,
                    asked: asked.clone(),
                })
            }
            Said::Nonsense => None,
        }
    }

    /// The leg's present script (BEHAVIOUR 7); a leg that nobody knows hears a good-bye.
    fn script(&self, callback: &Callback) -> Option<Script> {
        let Said::Asks { generation, .. } = callback.said else {
            return None;
        };
        let leg = callback.leg;
        if leg.side == Side::In {
            return self.script_of(leg, generation);
        }
        let flow = self.daemon.store.flows.get(&leg.lead);
        let heard = flow.and_then(|flow| flow.attempt(leg));
        let terms = flow.and_then(|flow| flow.terms.as_ref());
        let cue = heard.map(|attempt| attempt.cue.clone());
        let dials = matches!(cue, Some(Cue::Customer { .. }));
        let customer = self.daemon.store.customers.get(&leg.lead).filter(|_| dials);
        Some(Script {
            cue,
            hears: None,
            turn: heard.map_or(0, |attempt| attempt.turn),
            dial: customer.map(|number| number.as_str().to_owned()),
            dial_s: terms.map_or(0, |terms| terms.customer_s),
            talk_s: terms.map_or(0, |terms| terms.talk_max_s),
            generation,
        })
    }

    /// Old callbacks are played again: each changes nothing that its first arrival had settled (P7).
    pub(crate) fn replays(&mut self) {
        let kept = &self.carrier.kept;
        if kept.is_empty() {
            return;
        }
        let mut callback = group::pick(&mut self.rng, kept).clone();
        callback.again = true;
        if self.daemon.up {
            self.old_news_changes_nothing(&callback);
            self.carrier.replayed.insert(callback.leg);
            self.calls(callback);
        }
        if self.once_in(2) {
            let later = SignedDuration::from_secs(self.rng.i64(1..7200));
            self.at(self.now + later, Happening::Replays);
        }
    }

    fn keep(&mut self, callback: &Callback) {
        if self.carrier.kept.len() < KEPT && !callback.again {
            self.carrier.kept.push(callback.clone());
        }
    }

    /// What is asserted of a replay is asserted against a clock tick at the same moment, which may do what was
    /// due anyway.
    fn old_news_changes_nothing(&self, callback: &Callback) {
        let lead = callback.leg.lead;
        let (Some(rows), Some(event)) = (self.rows(lead), self.event(callback)) else {
            return;
        };
        let old = is_old(&rows.flow, callback);
        let over = is_over(&rows.flow, callback.leg);
        let ticked = decision::decide(rows, Event::Clock, &self.rules, self.now);
        let again = decision::decide(ticked.rows.clone(), event, &self.rules, self.now);
        if over {
            assert!(
                again.rows == ticked.rows && again.commands.is_empty() && again.timeline.is_empty(),
                "P7: {callback:?} of a leg that is over changed something: {:?}",
                again.commands
            );
        } else if old {
            assert_eq!(
                conduct(&again),
                conduct(&ticked),
                "P7: {callback:?} is old news, and changed something"
            );
        }
    }
}

/// What people would notice.
fn conduct(decision: &Decision) -> String {
    let flow = &decision.rows.flow;
    let attempts = flow
        .attempts
        .iter()
        .map(|one| (&one.cue, one.turn, one.result, one.life.rank));
    let customer = flow.customer.iter().map(|one| (one.result, one.life.rank));
    format!(
        "{:?} {:?} {:?}",
        std::mem::discriminant(&flow.state),
        attempts.collect::<Vec<_>>(),
        customer.collect::<Vec<_>>()
    )
}

fn is_over(flow: &Flow, leg: LegId) -> bool {
    let life = match leg.side {
        Side::Customer => flow.customer_leg(leg).map(|customer| &customer.life),
        Side::Rep | Side::In => flow.attempt(leg).map(|attempt| &attempt.life),
    };
    life.is_some_and(|life| !life.live() && !life.presumed && life.call.is_some())
        && (leg.side == Side::Rep || flow.outcome().is_some())
        && flow.attempt(leg).is_none_or(|attempt| matches!(attempt.result, Some(result) if result != leadbridge::flow::AttemptResult::Accepted))
}

/// Of an earlier turn, or no further than what is known.
fn is_old(flow: &Flow, callback: &Callback) -> bool {
    let Some(attempt) = flow.attempt(callback.leg).filter(|one| !one.life.presumed) else {
        return false;
    };
    let rank = match &callback.said {
        Said::Phase(phase) => phase,
        Said::Asks { turn, .. } if *turn < attempt.turn && attempt.life.answered_at.is_some() => {
            return true;
        }
        Said::Asks { .. } | Said::Nonsense => return false,
    };
    match rank {
        Phase::Queued => attempt.life.rank >= leadbridge::flow::Rank::Queued,
        Phase::Ringing => attempt.life.ringing_at.is_some(),
        Phase::Answered => attempt.life.answered_at.is_some(),
        Phase::Ended(_) => false,
    }
}
