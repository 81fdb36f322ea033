//! Two days of a small group: each event is given to the real store at its time, so that the core decides what it
//! makes of a lead.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use leadbridge::decision::Arrival;
use leadbridge::flow::{Event, Flow};
use leadbridge::io::config::{self, Environment};
use leadbridge::io::store::{Filter, New, Record, Store, Wake};
use leadbridge::lead::Lead;
use leadbridge::rotation::{RooftopId, Rules, SourceId};
use leadbridge_providers::{Asked, CarrierCallId, End, LeadId, LegId, Phase, Placing};
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::program::{Program, VARIABLES};

pub(crate) struct Day {
    pub(crate) program: Program,
    pub(crate) rules: Arc<Rules>,
    store: Store,
    runtime: Runtime,
}

impl Day {
    /// All that happens.
    pub(crate) fn played() -> Day {
        let day = Day::new();
        day.spoken_with();
        day.suspicious_then_the_owner();
        day.lead(3, "website", "23T11:00", "0900 12345", false);
        day.lead(4, "website", "23T11:05", "0470 22 22 24", true);
        day.overnight_and_asked_twice();
        day
    }

    /// Every lead, the first one first.
    pub(crate) fn records(&self) -> Vec<Record> {
        let list = self.store.reads().list(Filter::default(), None, 100);
        let mut page = self.runtime.block_on(list).unwrap();
        page.leads.reverse();
        page.leads
    }

    fn new() -> Day {
        let program = Program::new();
        let env: Environment = VARIABLES.into_iter().collect();
        let settings = config::load_settings(&program.path("leadbridge.toml"), &env).unwrap();
        let store = program.store();
        let rules = config::load_rules(&settings.value, store.hash_key()).unwrap();
        Day {
            program,
            rules: Arc::new(rules.value),
            store,
            runtime: Runtime::new().unwrap(),
        }
    }

    /// An takes it after 12 s, and says that she spoke with the customer; the dealer's system tells of a sale.
    fn spoken_with(&self) {
        let lead = self.lead(1, "website", "23T10:00", "0470 22 22 21", false);
        self.rings(lead, 1, "23T10:00:00.400", "23T10:00:02.500");
        self.progress(lead, "r1", "23T10:00:08", Phase::Answered);
        self.key(lead, "r1", "23T10:00:12", '1');
        self.progress(lead, "c1", "23T10:00:15", Phase::Ringing);
        self.progress(lead, "c1", "23T10:00:25.300", Phase::Answered);
        self.progress(lead, "c1", "23T10:02:00", ended(95));
        self.key(lead, "r1", "23T10:02:04", '1');
        self.progress(lead, "r1", "23T10:02:06", ended(118));
        let told = self.store.convert(lead, true, at("24T15:00"));
        assert!(self.runtime.block_on(told).unwrap());
    }

    /// The first does not pick up, the second finds it suspicious, the owner takes it; the customer does not pick up.
    fn suspicious_then_the_owner(&self) {
        let lead = self.lead(2, "website", "23T10:30", "0470 22 22 22", false);
        self.rings(lead, 1, "23T10:30:00.500", "23T10:30:03");
        self.rings(lead, 2, "23T10:30:16", "23T10:30:18");
        self.progress(lead, "r2", "23T10:30:20", Phase::Answered);
        self.progress(lead, "r1", "23T10:30:23.500", Phase::Ended(End::NoAnswer));
        self.key(lead, "r2", "23T10:30:24", '9');
        self.progress(lead, "r2", "23T10:30:27", ended(7));
        self.rings(lead, 3, "23T10:30:31.600", "23T10:30:34");
        self.progress(lead, "r3", "23T10:30:38", Phase::Answered);
        self.key(lead, "r3", "23T10:30:41", '1');
        self.progress(lead, "c1", "23T10:30:44", Phase::Ringing);
        self.progress(lead, "c1", "23T10:31:09", Phase::Ended(End::NoAnswer));
        self.progress(lead, "r3", "23T10:31:15", ended(37));
    }

    /// Comes in when it is closed, is asked for once more, and rings the next morning.
    fn overnight_and_asked_twice(&self) {
        let lead = self.lead(5, "portal", "23T20:00", "0470 22 22 25", false);
        self.lead(6, "portal", "23T20:10", "0470 22 22 25", false);
        self.rings(lead, 1, "24T09:00:01", "24T09:00:03");
        self.progress(lead, "r1", "24T09:00:05", Phase::Ended(End::Rejected));
        self.rings(lead, 2, "24T09:00:06", "24T09:00:08");
    }

    fn lead(&self, nth: u128, source: &str, time: &str, phone: &str, test: bool) -> LeadId {
        self.pass(time);
        let told = Lead {
            first_name: Some("Jan".to_owned()),
            phone: Some(phone.to_owned()),
            test,
            ..Lead::default()
        };
        let arrival = Arrival {
            lead: LeadId(Uuid::from_u128(nth)),
            source: SourceId(source.to_owned()),
            rooftop: RooftopId("gent".to_owned()),
            told: Some(told),
            over_rate: false,
            unproven: false,
        };
        let lead = arrival.lead;
        let new = New {
            arrival,
            content_type: "application/json".to_owned(),
            body: b"{}".to_vec(),
        };
        let receiving = self.store.receive(new, self.rules.clone(), at(time));
        let received = self.runtime.block_on(receiving).unwrap();
        self.wake(received.wakes, at(time));
        lead
    }

    fn rings(&self, lead: LeadId, nth: u16, placed: &str, ringing: &str) {
        let leg = leg(lead, &format!("r{nth}"));
        let call = CarrierCallId(format!("CA{leg}"));
        self.pass(placed);
        let flow = self.step(lead, Event::Placing(leg, Placing::Placed(call)), at(placed));
        assert!(
            flow.attempt(leg).is_some(),
            "no ring {nth} at {placed}: {:?}",
            flow.state
        );
        self.progress(lead, &format!("r{nth}"), ringing, Phase::Ringing);
    }

    fn progress(&self, lead: LeadId, which: &str, time: &str, phase: Phase) {
        self.pass(time);
        let leg = leg(lead, which);
        let call = Some(CarrierCallId(format!("CA{leg}")));
        self.step(lead, Event::Progress { leg, call, phase }, at(time));
    }

    fn key(&self, lead: LeadId, which: &str, time: &str, key: char) {
        self.pass(time);
        let leg = leg(lead, which);
        let found = self
            .runtime
            .block_on(self.store.reads().lead(lead))
            .unwrap();
        let turn = found.unwrap().flow.attempt(leg).unwrap().turn;
        let event = Event::Asked {
            leg,
            turn,
            call: None,
            phase: None,
            asked: Asked::Digits(Some(key)),
        };
        self.step(lead, event, at(time));
    }

    /// All that is due before.
    fn pass(&self, time: &str) {
        let (reads, until) = (self.store.reads(), at(time));
        let epoch = Timestamp::UNIX_EPOCH;
        while let Some(span) = self.runtime.block_on(reads.next_due(epoch)).unwrap()
            && epoch + span <= until
        {
            let due = epoch + span;
            let wakes = self.runtime.block_on(self.store.expire(due)).unwrap();
            self.wake(wakes, due);
            for lead in self.runtime.block_on(reads.due(due, 100)).unwrap() {
                self.step(lead, Event::Clock, due);
            }
        }
    }

    fn step(&self, lead: LeadId, event: Event, now: Timestamp) -> Flow {
        let stepping = self.store.step(lead, event, None, self.rules.clone(), now);
        let stepped = self.runtime.block_on(stepping).unwrap().unwrap();
        self.wake(stepped.wakes, now);
        stepped.flow
    }

    fn wake(&self, wakes: Vec<Wake>, now: Timestamp) {
        for wake in wakes {
            self.step(wake.lead, wake.event, now);
        }
    }
}

fn ended(up_s: u32) -> Phase {
    Phase::Ended(End::Completed { up_s: Some(up_s) })
}

fn leg(lead: LeadId, which: &str) -> LegId {
    format!("{lead}-{which}").parse().unwrap()
}

/// A time of November 2026 in Brussels: "23T10:00".
fn at(time: &str) -> Timestamp {
    let zone = TimeZone::get("Europe/Brussels").unwrap();
    zone.to_timestamp(format!("2026-11-{time}").parse().unwrap())
        .unwrap()
}
