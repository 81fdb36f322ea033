//! The life of one phone connection: a rank that only rises, the times at which it rose, and what we still
//! have to ask or tell the carrier about it.

use jiff::{SignedDuration, Timestamp};
use leadbridge_providers::{CarrierCallId, End, Phase};
use serde::{Deserialize, Serialize};

/// A create whose fate is unknown is looked up after so many seconds, and then given up.
const LOOK_UPS_S: [i64; 3] = [0, 2, 6];
/// Not found at the carrier by so many seconds: lost.
const LOST_S: i64 = 10;
/// After a restart a leg's own deadlines wait so many seconds for the look-up's answer.
const HOLD_OFF_S: i64 = 10;
/// What the carrier's time-out exceeds the ring by, in seconds.
pub(super) const CARRIER_RING_EXTRA_S: u32 = 12;
/// What the span of an attempt exceeds the carrier's time-out by, in seconds.
const SPAN_EXTRA_S: u32 = 10;

/// The seconds of `count` as a duration.
pub(super) fn s(count: u32) -> SignedDuration {
    SignedDuration::from_secs(i64::from(count))
}

/// How far a leg has come. It only rises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rank {
    /// We want it.
    Created,
    /// The carrier has it.
    Queued,
    /// It rings.
    Ringing,
    /// It was picked up.
    Answered,
    /// It is over.
    Ended,
}

/// Where the request that creates a leg is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Create {
    /// It waits here: for its turn, or because the carrier refuses everything (then `refused`).
    Waiting {
        /// The carrier did not take it.
        refused: bool,
    },
    /// It leaves us now, or has left; the answer is not in yet.
    Leaving,
    /// Nobody knows whether the carrier has it.
    Unknown {
        /// Since when.
        since: Timestamp,
        /// How often it was looked up.
        asked: usize,
    },
    /// The carrier has it, or has answered.
    Settled,
}

/// What the carrier must be told as soon as we know its name for the leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wish {
    /// End it if nobody has picked up.
    Cancel,
    /// End it.
    HangUp,
}

/// One phone connection's life.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Life {
    /// The request that creates it.
    pub create: Create,
    /// How far it is.
    pub rank: Rank,
    /// The carrier's name.
    pub call: Option<CarrierCallId>,
    /// When we knew that the carrier has it: t2, and what the timeline tells.
    #[serde(default)]
    pub bound_at: Option<Timestamp>,
    /// When we decided on it.
    pub created_at: Timestamp,
    /// When the request left: the span counts from here.
    pub left_at: Option<Timestamp>,
    /// When the carrier had it, as far as we know: the step clock counts from here.
    pub placed_at: Option<Timestamp>,
    /// When it rang.
    pub ringing_at: Option<Timestamp>,
    /// When it was picked up.
    pub answered_at: Option<Timestamp>,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
    /// How it ended.
    pub end: Option<End>,
    /// When we ask the carrier next whether it lives.
    pub check_at: Option<Timestamp>,
    /// Look-ups of a leg that is up, unanswered in a row.
    pub unheard: u32,
    /// When it was last known to be up.
    pub seen_at: Option<Timestamp>,
    /// Kept until the carrier's name is known.
    pub wish: Option<Wish>,
    /// After a restart nothing falls due before.
    pub hold_off: Option<Timestamp>,
    /// Over by the clock only: the carrier has not said so, and may still prove us wrong.
    pub presumed: bool,
}

impl Life {
    /// A leg that is created now and whose request leaves at once.
    pub fn new(now: Timestamp) -> Life {
        Life {
            create: Create::Leaving,
            rank: Rank::Created,
            call: None,
            bound_at: None,
            created_at: now,
            left_at: Some(now),
            placed_at: None,
            ringing_at: None,
            answered_at: None,
            ended_at: None,
            end: None,
            check_at: None,
            unheard: 0,
            seen_at: None,
            wish: None,
            hold_off: None,
            presumed: false,
        }
    }

    /// A leg that came in as this call, and is so far already.
    pub fn came_in(call: &CarrierCallId, rank: Rank, now: Timestamp) -> Life {
        Life {
            create: Create::Settled,
            rank,
            call: Some(call.clone()),
            placed_at: Some(now),
            ringing_at: Some(now),
            answered_at: Some(now).filter(|_| rank == Rank::Answered),
            seen_at: Some(now),
            ..Life::new(now)
        }
    }

    /// Not known to be over.
    pub fn live(&self) -> bool {
        self.rank < Rank::Ended
    }

    /// Picked up and not known to be over.
    pub fn up(&self) -> bool {
        self.rank == Rank::Answered
    }

    /// Its request has not left us.
    pub fn waits(&self) -> bool {
        matches!(self.create, Create::Waiting { .. })
    }

    /// Its carrier does not take its request now: it may wait for days.
    pub fn refused(&self) -> bool {
        self.create == Create::Waiting { refused: true }
    }

    /// The carrier was heard of it. `true` when the rank rose: any other word of the carrier's is old news.
    pub fn rise(&mut self, phase: &Phase, now: Timestamp) -> bool {
        let rank = match phase {
            Phase::Queued => Rank::Queued,
            Phase::Ringing => Rank::Ringing,
            Phase::Answered => Rank::Answered,
            Phase::Ended(_) => Rank::Ended,
        };
        self.settle(now);
        let proven_wrong = self.presumed && rank >= Rank::Answered;
        if rank <= self.rank && !proven_wrong {
            return false;
        }
        self.presumed = false;
        self.rank = rank;
        match phase {
            Phase::Queued => {}
            Phase::Ringing => self.ringing_at = Some(now),
            Phase::Answered => self.answer(now),
            Phase::Ended(end) => self.finish(*end, now),
        }
        true
    }

    /// A look-up says that it is up; a callback would only say that it once was.
    pub fn seen_up(&mut self, now: Timestamp) {
        self.seen_at = Some(now);
        self.unheard = 0;
    }

    /// The carrier's name for it.
    pub fn bind(&mut self, call: &CarrierCallId, now: Timestamp) {
        self.settle(now);
        self.call.get_or_insert_with(|| call.clone());
        self.bound_at.get_or_insert(now);
    }

    /// The create's answer was no answer.
    pub fn unknown(&mut self, now: Timestamp) {
        if self.call.is_none() && self.create != Create::Settled {
            self.create = Create::Unknown {
                since: now,
                asked: 0,
            };
            self.placed_at.get_or_insert(now);
        }
    }

    /// The next look-up of an unknown create, or that it is lost.
    pub fn unknown_due(&self) -> Option<Timestamp> {
        match self.create {
            Create::Unknown { since, asked } => {
                let after = LOOK_UPS_S.get(asked).copied().unwrap_or(LOST_S);
                Some(since + SignedDuration::from_secs(after))
            }
            Create::Waiting { .. } | Create::Leaving | Create::Settled => None,
        }
    }

    /// Counts a look-up of an unknown create. `false`: enough, it is lost.
    pub fn ask_again(&mut self) -> bool {
        match &mut self.create {
            Create::Unknown { asked, .. } if *asked < LOOK_UPS_S.len() => {
                *asked += 1;
                true
            }
            Create::Unknown { .. } | Create::Waiting { .. } | Create::Leaving | Create::Settled => {
                self.create = Create::Settled;
                false
            }
        }
    }

    /// The end of the ring for us: `ring_s` from the first ringing, or `ring_s` + 12 from the create.
    pub fn ring_ends(&self, ring_s: u32) -> Option<Timestamp> {
        let by_ringing = self.ringing_at.map(|at| at + s(ring_s));
        let by_create = self
            .placed_at
            .map(|at| at + s(ring_s + CARRIER_RING_EXTRA_S));
        by_ringing.into_iter().chain(by_create).min()
    }

    /// When the span is over: by then the carrier has ended it whatever we know.
    pub fn span_ends(&self, ring_s: u32) -> Option<Timestamp> {
        self.left_at
            .map(|at| at + s(ring_s + CARRIER_RING_EXTRA_S + SPAN_EXTRA_S))
    }

    /// Over by the clock: the carrier has ended it by now, whatever we were told.
    pub fn presume_over(&mut self, now: Timestamp) {
        if !self.live() {
            return;
        }
        self.rank = Rank::Ended;
        self.presumed = true;
        self.ended_at.get_or_insert(now);
        self.check_at = None;
    }

    /// Over whatever the carrier may still say of it: nothing of it matters any more.
    pub fn over_for_us(&mut self, now: Timestamp) {
        self.presume_over(now);
        self.presumed = false;
    }

    /// A deadline of this leg, moved behind the look-up that follows a restart.
    pub fn due(&self, at: Timestamp) -> Timestamp {
        self.hold_off.map_or(at, |hold_off| at.max(hold_off))
    }

    /// The process was away: the leg is looked up before anything else happens to it. Until when that may take.
    pub fn restarted(&mut self, now: Timestamp) -> Timestamp {
        let hold_off = now + SignedDuration::from_secs(HOLD_OFF_S);
        self.hold_off = Some(hold_off);
        hold_off
    }

    fn settle(&mut self, now: Timestamp) {
        self.create = Create::Settled;
        self.placed_at.get_or_insert(now);
        self.left_at.get_or_insert(now);
    }

    fn answer(&mut self, now: Timestamp) {
        self.answered_at = Some(now);
        self.seen_up(now);
    }

    fn finish(&mut self, end: End, now: Timestamp) {
        if let (End::Completed { up_s }, None) = (end, self.answered_at) {
            self.answered_at = Some(now - s(up_s.unwrap_or(0)));
        }
        self.ended_at = Some(now);
        self.end = Some(end);
        self.check_at = None;
        self.wish = None;
    }
}
