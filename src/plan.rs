//! Whom to ring in one round, and why, and why not the others (BEHAVIOUR 2). Made at the start of each round
//! from the rules then valid; the flow keeps it, so that an edit changes the next round and not this one.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use leadbridge_providers::Language;
use serde::{Deserialize, Serialize};

use crate::desk::Desk;
use crate::phone::{PhoneKey, PhoneNumber};
use crate::rotation::{AfterHours, Rep, RepId, Rooftop, Rules, Strategy};

/// A phone in a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seat {
    /// Whose.
    pub rep: RepId,
    /// What the desk knows the phone by.
    pub phone: PhoneKey,
    /// The number, as it was when the plan was made.
    pub number: PhoneNumber,
    /// What this rep hears.
    pub language: Language,
    /// Rung last.
    pub owner: bool,
    /// How it came into the plan.
    pub why: Why,
}

/// How a phone came into a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The lead asked for this rep.
    Named,
    /// This rep had the customer a moment ago.
    HadIt,
    /// Was taken for the whole round before.
    TakenBefore,
    /// By the rotation.
    Rotation,
    /// On duty after hours.
    Duty,
    /// Owner.
    Owner,
    /// A test from this rep's own number.
    Test,
    /// Rang the lead line.
    CalledIn,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Why::Named => "the customer asked for this rep",
            Why::HadIt => "had this customer a moment ago",
            Why::TakenBefore => "was on another lead for the whole round before",
            Why::Rotation => "next in the rotation",
            Why::Duty => "on duty after hours",
            Why::Owner => "owner, always last",
            Why::Test => "sent this test",
            Why::CalledIn => "rang the lead line",
        })
    }
}

/// Why somebody is not in a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Not {
    /// Away until this day, inclusive.
    Away(Date),
    /// Outside the rep's own hours.
    OffDuty,
    /// The phone is paused.
    Paused(Timestamp),
    /// The rooftop is closed and this rep is not on duty.
    AfterHours,
}

impl fmt::Display for Not {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Not::Away(until) => write!(f, "away until {}", until.strftime("%-d %B")),
            Not::OffDuty => f.write_str("off duty"),
            Not::Paused(until) => write!(f, "phone paused until {until:.0}"),
            Not::AfterHours => f.write_str("the rooftop is closed and only others are rung then"),
        }
    }
}

/// Who comes first for reasons outside the rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum First {
    /// The lead asked for this rep.
    Named(RepId),
    /// The lead asked for somebody whom nobody here knows; the name stays with the lead (P9).
    Stranger,
    /// The rep who had this customer within the window.
    HadIt(RepId),
}

/// A plan, and what is worth telling about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The steps in order, the owners last.
    pub steps: Vec<Vec<Seat>>,
    /// Who is left out.
    pub not: Vec<(RepId, Not)>,
}

/// Makes the plan of a round that starts at `now`. `first` comes before the rotation, then those in `taken`,
/// who could not be rung the round before.
pub fn make(
    rules: &Rules,
    rooftop: &Rooftop,
    desk: &Desk,
    first: Option<&First>,
    taken: &[PhoneKey],
    now: Timestamp,
) -> Plan {
    let mut plan = Draft {
        rules,
        rooftop,
        desk,
        now,
        steps: Vec::new(),
        not: Vec::new(),
    };
    let owners = plan.owners();
    plan.named(first, &owners);
    let mut rotation = plan.rotation(&owners);
    rotation.sort_by_key(|seat| !taken.contains(&seat.phone));
    for seat in &mut rotation {
        if taken.contains(&seat.phone) {
            seat.why = Why::TakenBefore;
        }
    }
    let all_at_once = rooftop.strategy == Strategy::RingAll && plan.by_rotation();
    match (all_at_once, rotation.is_empty()) {
        (_, true) => {}
        (true, false) => plan.steps.push(rotation),
        (false, false) => plan
            .steps
            .extend(rotation.into_iter().map(|seat| vec![seat])),
    }
    plan.steps.extend(owners.into_iter().map(|seat| vec![seat]));
    Plan {
        steps: plan.steps,
        not: plan.not,
    }
}

/// The plan of a test: the phone it came from, alone.
pub fn test(rules: &Rules, rep: &RepId) -> Plan {
    let seats = rules.reps.get(rep).map(|rep| seat(rep, false, Why::Test));
    Plan {
        steps: seats.into_iter().map(|seat| vec![seat]).collect(),
        not: Vec::new(),
    }
}

/// The rep whom a lead means: by id, mail or phone.
pub fn rep_named<'a>(rules: &'a Rules, name: &str) -> Option<&'a Rep> {
    let number = PhoneNumber::parse(name, &rules.country).ok();
    let same_mail = |rep: &Rep| {
        rep.email
            .as_deref()
            .is_some_and(|mail| mail.eq_ignore_ascii_case(name))
    };
    rules
        .reps
        .values()
        .find(|rep| rep.id.0 == name || same_mail(rep) || number.as_ref() == Some(&rep.phone))
}

struct Draft<'a> {
    rules: &'a Rules,
    rooftop: &'a Rooftop,
    desk: &'a Desk,
    now: Timestamp,
    steps: Vec<Vec<Seat>>,
    not: Vec<(RepId, Not)>,
}

impl Draft<'_> {
    /// Whether the rotation is rung now, and not those on duty or the owners alone.
    fn by_rotation(&self) -> bool {
        self.rooftop.after_hours == AfterHours::Wait || self.rooftop.hours.is_open(self.now)
    }

    /// Whether the rooftop is closed and its file names this rep as on duty then.
    fn on_duty(&self, id: &RepId) -> bool {
        let duty = self.rooftop.after_hours == AfterHours::Duty;
        duty && !self.by_rotation() && self.rooftop.duty.contains(id)
    }

    /// The owners who can be rung; the last one whatever his hours say.
    fn owners(&mut self) -> Vec<Seat> {
        let mut seats: Vec<Seat> = Vec::new();
        let count = self.rooftop.owner.len();
        for (index, id) in self.rooftop.owner.iter().enumerate() {
            let Some(rep) = self.rules.reps.get(id) else {
                continue;
            };
            match self.unavailable(rep) {
                Some(not) if index + 1 < count => self.not.push((id.clone(), not)),
                Some(_) | None => {
                    seats.retain(|seat| seat.phone != rep.key);
                    seats.push(seat(rep, true, Why::Owner));
                }
            }
        }
        seats
    }

    fn named(&mut self, first: Option<&First>, owners: &[Seat]) {
        let (id, why) = match first {
            Some(First::Named(id)) => (id, Why::Named),
            Some(First::HadIt(id)) => (id, Why::HadIt),
            Some(First::Stranger) | None => return,
        };
        let rep = self.rules.reps.get(id);
        let Some(rep) = rep.filter(|rep| owners.iter().all(|owner| owner.phone != rep.key)) else {
            return;
        };
        // After hours only those are rung whom `after_hours` names, whoever is asked for.
        let may_be_rung = self.by_rotation() || self.on_duty(id);
        let at_home = Some(Not::AfterHours).filter(|_| !may_be_rung);
        match at_home.or_else(|| self.unavailable(rep)) {
            Some(not) => self.not.push((rep.id.clone(), not)),
            None => self.steps.push(vec![seat(rep, false, why)]),
        }
    }

    fn rotation(&mut self, owners: &[Seat]) -> Vec<Seat> {
        let (ids, why) = match (self.by_rotation(), self.rooftop.after_hours) {
            (true, AfterHours::Wait | AfterHours::Duty | AfterHours::Owner) => {
                (self.rooftop.reps.clone(), Why::Rotation)
            }
            (false, AfterHours::Duty) => (self.rooftop.duty.clone(), Why::Duty),
            (false, AfterHours::Wait | AfterHours::Owner) => (Vec::new(), Why::Rotation),
        };
        let absent: Vec<_> = self
            .rooftop
            .reps
            .iter()
            .filter(|id| !ids.contains(id))
            .cloned()
            .collect();
        let mut seats: Vec<Seat> = Vec::new();
        for id in ids {
            let Some(rep) = self.rules.reps.get(&id) else {
                continue;
            };
            let already = self
                .steps
                .iter()
                .flatten()
                .chain(owners)
                .chain(&seats)
                .any(|seat| seat.phone == rep.key);
            match self.unavailable(rep) {
                _ if already => {}
                Some(not) => self.not.push((id, not)),
                None => seats.push(seat(rep, false, why)),
            }
        }
        let rung = |id: &RepId| {
            self.steps
                .iter()
                .flatten()
                .chain(owners)
                .any(|seat| seat.rep == *id)
        };
        self.not.extend(
            absent
                .into_iter()
                .filter(|id| !rung(id))
                .map(|id| (id, Not::AfterHours)),
        );
        if why == Why::Rotation {
            self.order(&mut seats);
        }
        seats
    }

    /// Never rung comes first, ties by file order (the sort is stable).
    fn order(&self, seats: &mut [Seat]) {
        match self.rooftop.strategy {
            Strategy::InOrder | Strategy::RingAll => {}
            Strategy::RoundRobin => {
                seats.sort_by_key(|seat| self.desk.phone(&seat.phone).last_rung_first)
            }
            Strategy::LeastRecent => {
                seats.sort_by_key(|seat| self.desk.phone(&seat.phone).last_rung)
            }
        }
    }

    fn unavailable(&self, rep: &Rep) -> Option<Not> {
        let today = self.now.to_zoned(self.rooftop.hours.zone().clone()).date();
        let away = rep
            .away
            .iter()
            .find(|(from, to)| (*from..=*to).contains(&today))
            .map(|(_, to)| Not::Away(*to));
        let off = rep
            .hours
            .as_ref()
            .filter(|hours| !hours.is_open(self.now) && !self.on_duty(&rep.id))
            .map(|_| Not::OffDuty);
        let paused = self.desk.phone(&rep.key).paused(self.now).map(Not::Paused);
        away.or(off).or(paused)
    }
}

fn seat(rep: &Rep, owner: bool, why: Why) -> Seat {
    Seat {
        rep: rep.id.clone(),
        phone: rep.key.clone(),
        number: rep.phone.clone(),
        language: rep.language,
        owner,
        why,
    }
}
