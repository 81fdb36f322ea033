//! The admin's file as the core sees it: who is in the group, and where. Read and checked by `io/config.rs`;
//! everything here is already right.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use leadbridge_providers::Language;
use serde::{Deserialize, Serialize};

use crate::hours::Hours;
use crate::phone::{PhoneKey, PhoneNumber};

mod reps;

pub use reps::Reps;

/// A rep's id in `rotation.toml`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RepId(pub String);

/// A rooftop's id in `rotation.toml`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RooftopId(pub String);

/// A source's id in `sources.toml`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceId(pub String);

impl SourceId {
    /// A test that a person of ours ordered. No file can name a source so: a blank is in no id.
    pub fn call_test() -> SourceId {
        SourceId("call test".to_owned())
    }
}

/// A carrier's id in `leadbridge.toml`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CarrierId(pub String);

/// The rules in force: all that a decision may know about the group.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// The group's name, as spoken.
    pub name: String,
    /// The language of whoever has none of their own.
    pub language: Language,
    /// ISO 3166 code: how national numbers are read, and which voice is chosen.
    pub country: String,
    /// Countries whose numbers may be rung.
    pub countries: Vec<String>,
    /// How often a customer's number is rung within 24 h at most; 0: no cap.
    pub customer_rings_per_day: u32,
    /// The reps, by id.
    pub reps: Reps,
    /// The rooftops, by id.
    pub rooftops: BTreeMap<RooftopId, Rooftop>,
    /// What the figures are measured by.
    pub measure: Measure,
}

/// What the figures are measured by.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// The group's own clock: which day a lead belongs to.
    pub zone: TimeZone,
    /// The share of leads that the group wants to sell to, in percent.
    pub target_percent: u32,
}

impl Default for Measure {
    fn default() -> Measure {
        Measure {
            zone: TimeZone::UTC,
            target_percent: 13,
        }
    }
}

/// Somebody whose phone may be rung.
#[derive(Clone, Debug, PartialEq)]
pub struct Rep {
    /// Id.
    pub id: RepId,
    /// As spoken: "An heeft hem" takes the first word.
    pub name: String,
    /// The phone.
    pub phone: PhoneNumber,
    /// The phone's keyed hash: what the desk knows it by.
    pub key: PhoneKey,
    /// E-mail address.
    pub email: Option<String>,
    /// What this rep hears.
    pub language: Language,
    /// When on duty; `None`: always. Who is on duty after hours is told by name (`Rooftop::duty`).
    pub hours: Option<Hours>,
    /// Days away, first and last inclusive, in the rooftop's zone.
    pub away: Vec<(Date, Date)>,
}

/// A location of the group.
#[derive(Clone, Debug, PartialEq)]
pub struct Rooftop {
    /// Id.
    pub id: RooftopId,
    /// As spoken and written: "Garage Peeters Gent".
    pub name: String,
    /// Who places its calls.
    pub carrier: CarrierId,
    /// Shown to customers and reps; rings the lead line.
    pub caller_id: PhoneNumber,
    /// Where other calls go.
    pub reception: Option<PhoneNumber>,
    /// Opening hours in the rooftop's zone.
    pub hours: Hours,
    /// What happens when closed.
    pub after_hours: AfterHours,
    /// Who is rung after hours when that is `Duty`, whatever their own hours say.
    pub duty: Vec<RepId>,
    /// In which order reps are rung.
    pub strategy: Strategy,
    /// The rotation.
    pub reps: Vec<RepId>,
    /// Rung last; at least one.
    pub owner: Vec<RepId>,
    /// Who is told; the owners unless configured.
    pub managers: Vec<RepId>,
    /// When customers may be rung, in the rooftop's zone.
    pub customer_hours: Hours,
    /// The numbers of BEHAVIOUR.
    pub terms: Terms,
}

/// What a closed rooftop does with a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AfterHours {
    /// Waits for the opening.
    Wait,
    /// Rings those on duty, then the owners.
    Duty,
    /// Rings the owners.
    Owner,
}

/// The order in which the reps of a rotation are rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// As in the file.
    InOrder,
    /// Longest since this phone was last rung first for a lead.
    RoundRobin,
    /// Longest since this phone was last rung.
    LeastRecent,
    /// All at once.
    RingAll,
}

/// The numbers in brackets of BEHAVIOUR, with their defaults. Any of them may be 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// How long a rep's phone rings, in seconds.
    pub ring_s: u32,
    /// When the next step starts after the latest one's create left us; 0: when that step has ended.
    pub next_after_s: u32,
    /// When rounds start, in seconds after the first ring.
    pub rounds_s: Vec<u32>,
    /// How many mornings a sleeping lead gets its rounds anew.
    pub mornings: u32,
    /// How long taken phones are waited for, in seconds.
    pub in_line_s: u32,
    /// How long a phone rests after a talk, in seconds.
    pub wrap_up_s: u32,
    /// How long the customer's phone rings, in seconds.
    pub customer_s: u32,
    /// After how many seconds two who are joined have talked (t9).
    pub talk_s: u32,
    /// How long a talk is sure to have been with a person, in seconds.
    pub sure_s: u32,
    /// The longest talk, in seconds.
    pub talk_max_s: u32,
    /// For how many minutes after its end a lead's number brings the same rep first.
    pub window_min: u32,
    /// For how many minutes a request is fresh.
    pub fresh_min: u32,
    /// How many passes in a row pause a phone; 0: none do.
    pub passes_max: u32,
}

impl Default for Terms {
    fn default() -> Terms {
        Terms {
            ring_s: 20,
            next_after_s: 15,
            rounds_s: [0, 2, 10, 30, 90].map(|minutes| minutes * 60).to_vec(),
            mornings: 2,
            in_line_s: 90,
            wrap_up_s: 30,
            customer_s: 25,
            talk_s: 15,
            sure_s: 60,
            talk_max_s: 3600,
            window_min: 60,
            fresh_min: 15,
            passes_max: 3,
        }
    }
}
