//! Leads of one week and of one rooftop, each with a fate of its own: the core decides what it makes of them, chance
//! what people do. All others in the store are like one of these.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use leadbridge::decision::{self, Arrival, Outset, Rows};
use leadbridge::desk::{Desk, Number};
use leadbridge::flow::{Command, Entry, Event, Flow, State, What};
use leadbridge::lead::{Consent, Lead, Vehicle};
use leadbridge::phone::{HashKey, PhoneKey};
use leadbridge::rotation::{RooftopId, Rules, SourceId};
use leadbridge_providers::{
    Asked, CarrierCallId, End, Language, LeadId, LegId, Phase, Placing, Side,
};
use uuid::Uuid;

/// A flow gives up after a week.
const DAYS: i64 = 8;
/// No lead has more happenings, or something is wrong with this file.
const STEPS_MAX: usize = 2_000;

/// A lead, as it is written down.
#[derive(Clone)]
pub(crate) struct Life {
    pub(crate) flow: Flow,
    pub(crate) told: Option<Lead>,
    pub(crate) number: Number,
    /// The lines of each decision.
    pub(crate) told_of_it: Vec<Vec<Entry>>,
    /// It joined the lead before it.
    pub(crate) joins: bool,
}

/// A life and how far it was at the end of its week.
pub(crate) struct Twice {
    pub(crate) whole: Life,
    pub(crate) so_far: Life,
}

struct Play<'r> {
    rules: &'r Rules,
    rng: &'r mut fastrand::Rng,
    now: Timestamp,
    desk: Desk,
    life: Life,
    to_come: BTreeMap<(Timestamp, usize), Next>,
    count: usize,
}

enum Next {
    Happens(Event),
    Presses(LegId, Option<char>),
}

/// So many leads of the week before `end`, in the order in which they came in.
pub(crate) fn play(
    count: usize,
    end: Timestamp,
    rules: &Rules,
    key: &HashKey,
    rng: &mut fastrand::Rng,
) -> Vec<Twice> {
    let mut at: Vec<Timestamp> = (0..count).map(|_| comes_in(end, rng)).collect();
    at.sort();
    let mut lives: Vec<Twice> = Vec::new();
    for (nth, at) in at.into_iter().enumerate() {
        // Whom it joins is any lead that came before.
        let joins = nth > 0 && rng.u8(..100) < 5;
        let arrival = arrival(nth, at, rng);
        lives.push(if joins {
            joined(&arrival, at, rules, key)
        } else {
            alone(&arrival, at, end, rules, key, rng)
        });
    }
    lives
}

/// More come by day than by night.
fn comes_in(end: Timestamp, rng: &mut fastrand::Rng) -> Timestamp {
    loop {
        let ago = SignedDuration::from_millis(rng.i64(1_000..7 * 86_400_000));
        let at = end - ago;
        let hour = at.as_second() / 3600 % 24;
        if (7..20).contains(&hour) || rng.u8(..4) == 0 {
            return Timestamp::from_millisecond(at.as_millisecond()).unwrap();
        }
    }
}

fn arrival(nth: usize, at: Timestamp, rng: &mut fastrand::Rng) -> Arrival {
    let premium = rng.u8(..100) < 2;
    let phone = if premium {
        "0900 12345"
    } else {
        "+32470222221"
    };
    let told = Lead {
        id: Some("web-0".to_owned()),
        requested_at: Some(at - SignedDuration::from_millis(rng.i64(200..4_000))),
        first_name: Some("Jan".to_owned()),
        phone: Some(phone.to_owned()),
        language: Some(Language::Nl),
        vehicle: Vehicle {
            make: Some("VW".to_owned()),
            ..Vehicle::default()
        },
        consent: Consent {
            call: Some(true),
            text: Some(rng.bool()),
            ..Consent::default()
        },
        test: rng.u8(..100) == 0,
        ..Lead::default()
    };
    Arrival {
        lead: LeadId(Uuid::from_u128(nth as u128 + 1)),
        source: SourceId("s0-0".to_owned()),
        rooftop: RooftopId("g0".to_owned()),
        told: (rng.u8(..200) > 0).then_some(told),
        over_rate: false,
        unproven: false,
    }
}

fn joined(arrival: &Arrival, at: Timestamp, rules: &Rules, key: &HashKey) -> Twice {
    let mut met = decision::meet(arrival, rules, key);
    met.held = None;
    let mut number = Number::default();
    number.note(leadbridge::desk::OpenFlow {
        lead: LeadId(Uuid::from_u128(u128::MAX)),
        rooftop: arrival.rooftop.clone(),
        live: false,
        waits: false,
    });
    let Outset::Joined(flow, lines, _) = decision::set_out(arrival, met, &number, rules, at) else {
        panic!("this number has an open flow");
    };
    let life = Life {
        flow: *flow,
        told: arrival.told.clone(),
        number: Number::default(),
        told_of_it: vec![lines],
        joins: true,
    };
    Twice {
        so_far: life.clone(),
        whole: life,
    }
}

fn alone(
    arrival: &Arrival,
    at: Timestamp,
    end: Timestamp,
    rules: &Rules,
    key: &HashKey,
    rng: &mut fastrand::Rng,
) -> Twice {
    let met = decision::meet(arrival, rules, key);
    let set_out = decision::set_out(arrival, met, &Number::default(), rules, at);
    let Outset::Own(flow, lines, _) = set_out else {
        panic!("nobody has this number");
    };
    let mut play = Play {
        rules,
        rng,
        now: at,
        desk: Desk::default(),
        life: Life {
            flow: *flow,
            told: arrival.told.clone(),
            number: Number::default(),
            told_of_it: vec![lines],
            joins: false,
        },
        to_come: BTreeMap::new(),
        count: 0,
    };
    play.begins();
    play.until(end);
    let so_far = play.life.clone();
    play.until(end + SignedDuration::from_hours(24 * DAYS));
    Twice {
        so_far,
        whole: play.life,
    }
}

impl Play<'_> {
    fn begins(&mut self) {
        if let State::Held(_) = self.life.flow.state {
            let in_ms = self.rng.i64(600_000..2 * 86_400_000);
            let reason = Some("not a customer".to_owned());
            return self.later(in_ms, Next::Happens(Event::Discard { reason }));
        }
        self.step(Event::Begin);
        if self.rng.u8(..100) < 2 {
            let in_ms = self.rng.i64(1_000..86_400_000);
            let reason = Some("bought elsewhere".to_owned());
            self.later(in_ms, Next::Happens(Event::Cancel { reason }));
        }
    }

    /// All that happens up to then.
    fn until(&mut self, end: Timestamp) {
        for _ in 0..STEPS_MAX {
            let next = self.to_come.first_key_value().map(|((at, _), _)| *at);
            let due = self.life.flow.deadline();
            let Some(at) = next.into_iter().chain(due).min().filter(|at| *at <= end) else {
                return;
            };
            self.now = self.now.max(at);
            if next == Some(at) {
                let (_, next) = self.to_come.pop_first().unwrap();
                self.happens(next);
            } else {
                self.step(Event::Clock);
            }
        }
        panic!(
            "a lead does not come to its end: {:?}",
            self.life.flow.state
        );
    }

    fn happens(&mut self, next: Next) {
        match next {
            Next::Happens(event) => self.step(event),
            Next::Presses(leg, key) => {
                let Some(attempt) = self.life.flow.attempt(leg).filter(|rep| rep.life.up()) else {
                    return;
                };
                let asked = Event::Asked {
                    leg,
                    turn: attempt.turn,
                    call: None,
                    phase: None,
                    asked: Asked::Digits(key),
                };
                self.step(asked);
            }
        }
    }

    fn step(&mut self, event: Event) {
        let rang = self.life.flow.customer.len();
        let ended = matches!(
            &event,
            Event::Progress { leg, phase: Phase::Ended(_), .. } if leg.side == Side::Customer
        );
        for key in decision::phones(&self.life.flow, &self.life.number, self.rules) {
            self.desk.phone_mut(&key);
        }
        for phone in self.desk.0.values_mut() {
            phone.expire(self.now);
        }
        let rows = Rows {
            flow: self.life.flow.clone(),
            desk: self.desk.clone(),
            number: self.life.number.clone(),
        };
        let decided = decision::decide(rows, event, self.rules, self.now);
        self.desk = decided.rows.desk;
        self.life.flow = decided.rows.flow;
        self.life.number = decided.rows.number;
        if !decided.timeline.is_empty() {
            self.life.told_of_it.push(decided.timeline);
        }
        for command in decided.commands {
            self.ordered(&command);
        }
        if self.life.flow.customer.len() > rang {
            self.customer_rings();
        } else if ended {
            self.rep_goes_on();
        }
    }

    fn ordered(&mut self, command: &Command) {
        match command {
            Command::Ring(leg) => self.rep_rings(*leg),
            Command::Cancel(leg) => self.progress(400, *leg, Phase::Ended(End::Canceled)),
            Command::HangUp(leg) => self.progress(400, *leg, over(20)),
            Command::Interrupt(leg) => self.progress(6_000, *leg, over(20)),
            Command::LookUp(_) | Command::Text(_) | Command::Notice(_) => {}
        }
    }

    /// Somebody takes it, passes it on, hangs up or is not there.
    fn rep_rings(&mut self, leg: LegId) {
        let placed = Placing::Placed(call(leg));
        self.later(300, Next::Happens(Event::Placing(leg, placed)));
        let rings_ms = self.rng.i64(1_500..4_000);
        self.progress(rings_ms, leg, Phase::Ringing);
        let fate = self.rng.u8(..100);
        if fate >= 85 {
            let (end, in_ms) = match fate {
                85..88 => (End::Busy, 500),
                88..91 => (End::Rejected, 6_000),
                _ => (End::NoAnswer, 21_000),
            };
            return self.progress(rings_ms + in_ms, leg, Phase::Ended(end));
        }
        let up_ms = rings_ms + self.rng.i64(2_000..14_000);
        self.progress(up_ms, leg, Phase::Answered);
        let key_ms = up_ms + self.rng.i64(3_000..7_000);
        let key = match fate {
            0..77 => '1',
            77..80 => '2',
            80..81 => '9',
            _ => return self.progress(key_ms, leg, over(5)),
        };
        self.later(key_ms, Next::Presses(leg, Some(key)));
        if key != '1' {
            self.progress(key_ms + 3_000, leg, over(9));
        }
    }

    /// The customer picks up, or not.
    fn customer_rings(&mut self) {
        let Some(leg) = self.life.flow.customer.last().map(|customer| customer.leg) else {
            return;
        };
        self.progress(2_500, leg, Phase::Ringing);
        if self.rng.u8(..100) < 65 {
            let up_ms = self.rng.i64(4_000..18_000);
            let talk_s = self.rng.u32(15..400);
            self.progress(up_ms, leg, Phase::Answered);
            self.progress(up_ms + i64::from(talk_s) * 1000, leg, over(talk_s));
        } else {
            self.progress(24_000, leg, Phase::Ended(End::NoAnswer));
        }
    }

    /// The customer's phone has done its work: a key in the menu, and the rep hangs up.
    fn rep_goes_on(&mut self) {
        let up = self
            .life
            .flow
            .attempts
            .iter()
            .rev()
            .find(|rep| rep.life.up());
        let Some(leg) = up.map(|rep| rep.leg) else {
            return;
        };
        if self.rng.u8(..10) < 8 {
            let key = if self.rng.u8(..10) < 7 { '1' } else { '2' };
            self.later(4_000, Next::Presses(leg, Some(key)));
        }
        self.progress(9_000, leg, over(60));
    }

    fn progress(&mut self, in_ms: i64, leg: LegId, phase: Phase) {
        let call = Some(call(leg));
        self.later(in_ms, Next::Happens(Event::Progress { leg, call, phase }));
    }

    fn later(&mut self, in_ms: i64, next: Next) {
        self.count += 1;
        let at = self.now + SignedDuration::from_millis(in_ms);
        self.to_come.insert((at, self.count), next);
    }
}

impl Life {
    /// Every call, with its leg.
    pub(crate) fn calls(&self) -> Vec<(CarrierCallId, LegId)> {
        let reps = self.flow.attempts.iter().map(|rep| (rep.leg, &rep.life));
        let customers = self.flow.customer.iter().map(|leg| (leg.leg, &leg.life));
        reps.chain(customers)
            .filter_map(|(leg, life)| Some((life.call.clone()?, leg)))
            .collect()
    }

    /// How many lines are told of it.
    pub(crate) fn lines(&self) -> usize {
        self.told_of_it.iter().map(Vec::len).sum()
    }

    /// When its customer was texted: whoever was rung in vain is.
    pub(crate) fn texted_at(&self) -> Option<Timestamp> {
        let lines = self.told_of_it.iter().flatten();
        let missed = |line: &&Entry| line.what == What::CustomerMissed;
        lines.filter(missed).map(|line| line.at).next()
    }
}

/// The customer's key in all of them.
pub(crate) fn customer(rules: &Rules, key: &HashKey) -> PhoneKey {
    let phone = leadbridge::phone::PhoneNumber::parse("+32470222221", &rules.country);
    key.of(&phone.unwrap())
}

fn call(leg: LegId) -> CarrierCallId {
    CarrierCallId(format!("CA{leg}"))
}

fn over(up_s: u32) -> Phase {
    Phase::Ended(End::Completed { up_s: Some(up_s) })
}
