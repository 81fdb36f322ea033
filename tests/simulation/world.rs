//! Virtual time: one queue of happenings, one source of randomness, and the parties that meet in it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use leadbridge::decision::Arrival;
use leadbridge::flow::errand::CarrierErrand;
use leadbridge::flow::{Event, State};
use leadbridge::rotation::Rules;
use leadbridge_providers::LeadId;

use crate::bill::Bill;
use crate::callbacks::Callback;
use crate::carrier::{Act, Carrier, Script};
use crate::daemon::Daemon;
use crate::group;
use crate::lead_line::RingsIn;
use crate::outbox::Answer;
use crate::promises::Witness;

/// All leads have come, and held ones were released, by two days; a flow lasts seven more.
const DAYS: i64 = 10;

/// Everything that can happen.
#[derive(Clone, Debug)]
pub(crate) enum Happening {
    Arrives(Box<Arrival>),
    /// The bytes of an outbox item leave.
    Leaves {
        epoch: u32,
        item: u64,
    },
    /// They reach the carrier, whatever has become of the daemon.
    Reaches {
        epoch: u32,
        item: u64,
        errand: CarrierErrand,
    },
    /// The answer is back at the process that asked.
    Answers {
        epoch: u32,
        item: u64,
        answer: Answer,
    },
    Due {
        epoch: u32,
    },
    Calls(Callback),
    SomebodyRings,
    RingsIn(RingsIn),
    Replays,
    /// A call of the carrier's hears a script.
    Hears {
        call: usize,
        script: Script,
    },
    /// Somebody at the other end, or the network.
    Does {
        call: usize,
        generation: u32,
        act: Act,
    },
    Person(LeadId),
    Edits,
    Crashes,
    Restarts,
    MustBeFree {
        call: usize,
    },
}

pub(crate) struct World<'a> {
    pub(crate) now: Timestamp,
    pub(crate) end: Timestamp,
    pub(crate) rng: fastrand::Rng,
    pub(crate) rules: Rules,
    pub(crate) daemon: Daemon,
    pub(crate) carrier: Carrier,
    pub(crate) witness: Witness,
    pub(crate) bill: Bill,
    base: Rules,
    happenings: BTreeMap<(Timestamp, u64), Happening>,
    count: u64,
    told: Option<&'a mut dyn FnMut(String)>,
}

impl<'a> World<'a> {
    pub(crate) fn new(seed: u64, told: Option<&'a mut dyn FnMut(String)>) -> World<'a> {
        let mut rng = fastrand::Rng::with_seed(seed);
        let now = group::start(&mut rng);
        let rules = group::rules(&mut rng);
        let mut world = World {
            now,
            end: now + SignedDuration::from_hours(24 * DAYS),
            daemon: Daemon::random(&mut rng),
            carrier: Carrier::random(now, &mut rng),
            witness: Witness::default(),
            bill: Bill::default(),
            base: rules.clone(),
            rules,
            rng,
            happenings: BTreeMap::new(),
            count: 0,
            told,
        };
        world.schedule_leads(seed);
        world.schedule_trouble();
        world
    }

    pub(crate) fn run(mut self) {
        while let Some(((at, _), happening)) = self.happenings.pop_first() {
            if at > self.end {
                break;
            }
            self.now = at;
            self.happens(happening);
        }
        self.now = self.end;
        self.everything_has_ended();
    }

    pub(crate) fn in_ms(&mut self, ms: i64, happening: Happening) {
        self.at(self.now + SignedDuration::from_millis(ms), happening);
    }

    pub(crate) fn at(&mut self, at: Timestamp, happening: Happening) {
        self.count += 1;
        self.happenings
            .insert((at.max(self.now), self.count), happening);
    }

    /// A line of the trace, made only if somebody reads it.
    pub(crate) fn tell(&mut self, line: impl FnOnce() -> String) {
        if let Some(told) = &mut self.told {
            told(format!("{:.3}  {}", self.now, line()));
        }
    }

    /// The rules before any edit: nobody comes in by one.
    pub(crate) fn rules_ever(&self) -> &Rules {
        &self.base
    }

    /// True once in so many times.
    pub(crate) fn once_in(&mut self, times: u32) -> bool {
        times > 0 && self.rng.u32(..times) == 0
    }

    fn happens(&mut self, happening: Happening) {
        match happening {
            Happening::Arrives(arrival) => self.arrives(*arrival),
            Happening::Leaves { epoch, item } => self.leaves(epoch, item),
            Happening::Reaches {
                epoch,
                item,
                errand,
            } => self.reaches(epoch, item, errand),
            Happening::Answers {
                epoch,
                item,
                answer,
            } => self.answers(epoch, item, answer),
            Happening::Due { epoch } => self.due(epoch),
            Happening::Calls(callback) => self.calls(callback),
            Happening::SomebodyRings => self.somebody_rings(),
            Happening::RingsIn(call) => self.rings_in(call),
            Happening::Replays => self.replays(),
            Happening::Hears { call, script } => self.hears(call, &script),
            Happening::Does {
                call,
                generation,
                act,
            } => self.does(call, generation, act),
            Happening::Person(lead) => self.person(lead),
            Happening::Edits => self.edits(),
            Happening::Crashes => self.crash(),
            Happening::Restarts => self.restart(),
            Happening::MustBeFree { call } => self.must_be_free(call),
        }
    }

    fn schedule_leads(&mut self, seed: u64) {
        let count = self.rng.u64(1..=12).min(self.rng.u64(1..=12));
        let burst = self.rng.bool();
        let mut at = self.now;
        for index in 0..count {
            let gap = if burst {
                self.rng.i64(0..90)
            } else {
                self.rng.i64(0..7200)
            };
            at += SignedDuration::from_secs(gap);
            let arrival = group::arrival(seed, index, at, &mut self.rng);
            let lead = arrival.lead;
            self.at(at, Happening::Arrives(Box::new(arrival)));
            if self.once_in(2) {
                let soon = SignedDuration::from_secs(self.rng.i64(1..180));
                self.at(at + soon, Happening::SomebodyRings);
            }
            if self.once_in(4) {
                let later = SignedDuration::from_secs(self.rng.i64(1..24 * 3600));
                self.at(at + later, Happening::Person(lead));
            }
        }
    }

    fn schedule_trouble(&mut self) {
        let crashes = if self.rng.bool() {
            self.rng.u32(0..5)
        } else {
            0
        };
        let edits = if self.once_in(3) {
            self.rng.u32(1..4)
        } else {
            0
        };
        let calls_in = if self.once_in(2) {
            self.rng.u32(1..8)
        } else {
            0
        };
        for _ in 0..calls_in {
            let at = self.some_time();
            self.at(at, Happening::SomebodyRings);
        }
        let replays = self.rng.u32(0..12);
        for _ in 0..crashes {
            let at = self.some_time();
            self.at(at, Happening::Crashes);
        }
        for _ in 0..edits {
            let at = self.some_time();
            self.at(at, Happening::Edits);
        }
        for _ in 0..replays {
            let at = self.some_time();
            self.at(at, Happening::Replays);
        }
    }

    /// Most often within the first minutes, when most is going on.
    fn some_time(&mut self) -> Timestamp {
        let within_s = *group::pick(&mut self.rng, &[120, 600, 3600, 40_000]);
        self.now + SignedDuration::from_millis(self.rng.i64(0..within_s * 1000))
    }

    fn edits(&mut self) {
        self.rules = group::edited(&self.base, self.now, &mut self.rng);
        self.tell(|| "the rules are edited".to_owned());
    }

    /// Somebody at the board: held leads are released or put away, others sometimes ended.
    fn person(&mut self, lead: LeadId) {
        let Some(flow) = self.daemon.store.flows.get(&lead) else {
            return;
        };
        let reason = Some("as they said".to_owned());
        let event = match (&flow.state, self.rng.u8(..3)) {
            (State::Held(_), 0) => Event::Discard { reason },
            (State::Held(_), _) => Event::Release { reason: None },
            (_, 0) => Event::Cancel { reason },
            (_, _) => return,
        };
        if self.daemon.up {
            self.decide(lead, event, None);
            self.work();
        }
    }
}
