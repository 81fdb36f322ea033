//! Everything a carrier is known to do wrong, on demand.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{TextFault, behaviour::millis};

/// Something the network does wrong from now on.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Misbehaviour {
    /// The listening socket is closed for a while: connections are refused.
    RefusesConnections {
        /// How long.
        #[serde(rename = "for_ms", with = "millis")]
        span: Duration,
    },
    /// Every API request is answered 401 for a while.
    Unauthorized {
        /// How long.
        #[serde(rename = "for_ms", with = "millis")]
        span: Duration,
    },
    /// Every API request is answered 500 for a while, with nothing done.
    Down {
        /// How long.
        #[serde(rename = "for_ms", with = "millis")]
        span: Duration,
    },
    /// The next creates go wrong.
    Creates {
        /// In which way.
        how: CreateFault,
        /// How many.
        times: u32,
    },
    /// Creates to this number are refused with a carrier error code, such as 21211.
    RefusesNumber {
        /// The number.
        number: String,
        /// The code.
        code: u32,
    },
    /// Texts to this number go wrong.
    Texts {
        /// The number.
        number: String,
        /// In which way.
        how: TextFault,
    },
    /// Status callbacks go wrong until `Network::behave`.
    Callbacks(CallbackFault),
    /// The next question about a script is lost on its way, so that the fallback is asked.
    LosesQuestion {
        /// What its path ends with.
        path: String,
    },
}

/// A way in which a create goes wrong.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CreateFault {
    /// 500, and no call.
    FailsBefore,
    /// 500, but the call is made.
    FailsAfter,
    /// The call is made, the answer comes only after this long.
    AnswersAfter(#[serde(with = "millis")] Duration),
    /// The call is made, the answer comes after its first callback was delivered.
    AnswersAfterCallback,
    /// The call is made, the answer is 201 with a body that is no call.
    AnswersNonsense,
    /// 429, and no call.
    TooMany,
}

/// A way in which status callbacks go wrong.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallbackFault {
    /// Some are lost.
    Dropped {
        /// Only this event (`initiated`, `ringing`, `answered`, `completed`), or all.
        event: Option<String>,
        /// How many of a hundred, spread evenly.
        percent: u32,
    },
    /// Each comes this many times more, with the same idempotency token.
    Repeated(u32),
    /// All of a call come after its end, the last first.
    Reversed,
    /// Each comes this much later.
    Delayed(#[serde(with = "millis")] Duration),
    /// Before each comes a forged one that says the call is completed.
    Forged,
    /// Before each comes one with a JSON body and no hash of it.
    Json,
    /// After each comes a signed one with a status nobody knows.
    UnknownStatus,
    /// Each has parameters nobody knows.
    UnknownParameters,
}

/// The misbehaviour in force.
#[derive(Default)]
pub(super) struct Faults {
    pub(super) unauthorized_until: Option<Instant>,
    pub(super) down_until: Option<Instant>,
    pub(super) creates: VecDeque<CreateFault>,
    pub(super) numbers: HashMap<String, u32>,
    callbacks: Vec<CallbackFault>,
    questions: Vec<String>,
    matched: u32,
}

/// How one callback is to be delivered.
#[derive(Default)]
pub(super) struct Handling {
    pub(super) dropped: bool,
    pub(super) repeats: u32,
    pub(super) reversed: bool,
    pub(super) delay: Duration,
    pub(super) forged: bool,
    pub(super) json: bool,
    pub(super) unknown_status: bool,
    pub(super) unknown_parameters: bool,
}

impl Faults {
    pub(super) fn add(&mut self, misbehaviour: Misbehaviour, now: Instant) {
        match misbehaviour {
            // The one is done to the socket, the other to the texts.
            Misbehaviour::RefusesConnections { .. } | Misbehaviour::Texts { .. } => {}
            Misbehaviour::Unauthorized { span } => self.unauthorized_until = Some(now + span),
            Misbehaviour::Down { span } => self.down_until = Some(now + span),
            Misbehaviour::Creates { how, times } => {
                self.creates.extend((0..times).map(|_| how.clone()))
            }
            Misbehaviour::RefusesNumber { number, code } => {
                self.numbers.insert(number, code);
            }
            Misbehaviour::Callbacks(fault) => self.callbacks.push(fault),
            Misbehaviour::LosesQuestion { path } => self.questions.push(path),
        }
    }

    /// Whether a question to this address is lost.
    pub(super) fn loses(&mut self, url: &str) -> bool {
        let path = url.split(['?', '#']).next().unwrap_or(url);
        let lost = self.questions.iter().position(|end| path.ends_with(end));
        lost.map(|lost| self.questions.swap_remove(lost)).is_some()
    }

    /// What is to be done with the next callback of this event.
    pub(super) fn handling(&mut self, event: &str) -> Handling {
        let mut handling = Handling::default();
        for fault in &self.callbacks {
            match fault {
                CallbackFault::Dropped {
                    event: only,
                    percent,
                } => {
                    if only.as_deref().is_none_or(|only| only == event) {
                        self.matched += 1;
                        let (before, after) = (
                            (self.matched - 1) * percent / 100,
                            self.matched * percent / 100,
                        );
                        handling.dropped |= after > before;
                    }
                }
                CallbackFault::Repeated(times) => handling.repeats += times,
                CallbackFault::Reversed => handling.reversed = true,
                CallbackFault::Delayed(span) => handling.delay += *span,
                CallbackFault::Forged => handling.forged = true,
                CallbackFault::Json => handling.json = true,
                CallbackFault::UnknownStatus => handling.unknown_status = true,
                CallbackFault::UnknownParameters => handling.unknown_parameters = true,
            }
        }
        handling
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_of_the_callbacks_is_lost_evenly() {
        let mut faults = Faults::default();
        let quarter = CallbackFault::Dropped {
            event: Some("ringing".into()),
            percent: 25,
        };
        faults.add(Misbehaviour::Callbacks(quarter), Instant::now());
        let lost: Vec<bool> = (0..8).map(|_| faults.handling("ringing").dropped).collect();
        assert_eq!(lost, [false, false, false, true, false, false, false, true]);
        assert!(!faults.handling("completed").dropped);
    }

    #[test]
    fn faults_are_written_in_json_as_people_say_them() {
        let json = r#"{"creates":{"how":{"answers-after":50},"times":2}}"#;
        let slow = CreateFault::AnswersAfter(Duration::from_millis(50));
        assert_eq!(
            serde_json::from_str::<Misbehaviour>(json).unwrap(),
            Misbehaviour::Creates {
                how: slow,
                times: 2
            }
        );
        let json = r#"{"callbacks":{"dropped":{"event":"completed","percent":100}}}"#;
        assert!(serde_json::from_str::<Misbehaviour>(json).is_ok());
        assert!(serde_json::from_str::<Misbehaviour>(r#"{"callbacks":"reversed"}"#).is_ok());
    }
}
