//! Which ring leaves next: at a carrier's pace, the customer first who has no phone ringing yet, and one ring at a
//! time while the carrier refuses them all (BEHAVIOUR 2 "Pacing", 8). One per carrier and node; nothing here is
//! durable, because a ring is wanted or not by its flow, which is asked again before the bytes leave.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use leadbridge_providers::{LegId, Placing};

/// After how long a refused attempt is tried again, in seconds; the last one repeats.
const BACK_OFF_S: [i64; 6] = [1, 2, 4, 8, 16, 30];
/// While the carrier is down one ring tries it this often, in seconds.
const DOWN_RETRY_S: i64 = 30;
/// Connections refused for longer than this mean that the carrier is down, in seconds.
const UNREACHED_S: i64 = 10;
/// The same refusal for so many different numbers in a row is our set-up, not theirs.
const SAME_CODE_MAX: usize = 3;

/// Whom a ring is for: lower rings first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// No phone rings for this customer yet.
    FirstPhone,
    /// Another phone rings already.
    SecondPhone,
    /// Not the first round.
    LaterRound,
}

/// A ring that wants to leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ring {
    /// Its leg.
    pub leg: LegId,
    /// Whom it is for.
    pub urgency: Urgency,
    /// t1 of its lead.
    pub since: Timestamp,
}

/// What the pacer says when asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// This one leaves now.
    Leaves(LegId),
    /// Ask again then.
    At(Timestamp),
    /// Nothing waits.
    Nothing,
}

/// What became of a ring that left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The carrier took it, or nobody knows: it is its flow's now.
    Theirs(Placing),
    /// It waits here again, once that is written down and [`Pacer::back`] says so.
    Again,
}

/// One carrier's rings.
#[derive(Clone, Debug)]
pub struct Pacer {
    between: SignedDuration,
    free_at: Timestamp,
    waiting: BTreeMap<LegId, Waiting>,
    unreached_since: Option<Timestamp>,
    down: Option<Down>,
    refused: Vec<(u32, String)>,
}

#[derive(Clone, Debug)]
struct Waiting {
    ring: Ring,
    not_before: Timestamp,
    tries: usize,
    left: bool,
}

#[derive(Clone, Copy, Debug)]
struct Down {
    retry_at: Timestamp,
    code: Option<u32>,
}

impl Pacer {
    /// Rings leave at `calls_per_s` at most; 0: no pacing.
    pub fn new(calls_per_s: f64) -> Pacer {
        let between = if calls_per_s > 0.0 {
            SignedDuration::from_secs_f64(1.0 / calls_per_s)
        } else {
            SignedDuration::ZERO
        };
        Pacer {
            between,
            free_at: Timestamp::UNIX_EPOCH,
            waiting: BTreeMap::new(),
            unreached_since: None,
            down: None,
            refused: Vec::new(),
        }
    }

    /// How long after one ring the next may leave.
    pub fn between(&self) -> SignedDuration {
        self.between
    }

    /// Others use the same carrier: nothing leaves before then.
    pub fn not_before(&mut self, at: Timestamp) {
        self.free_at = self.free_at.max(at);
    }

    /// A ring wants to leave.
    pub fn wants(&mut self, ring: Ring, now: Timestamp) {
        self.waiting.insert(
            ring.leg,
            Waiting {
                ring,
                not_before: now,
                tries: 0,
                left: false,
            },
        );
    }

    /// A ring is no longer wanted.
    pub fn drop_ring(&mut self, leg: LegId) {
        self.waiting.remove(&leg);
    }

    /// The ring that leaves now; it counts as left until [`Pacer::back`] or [`Pacer::drop_ring`].
    pub fn next(&mut self, now: Timestamp) -> Next {
        let trying = self.waiting.values().any(|waiting| waiting.left);
        let ready_at = match self.down {
            Some(_) if trying => return Next::Nothing,
            Some(down) => down.retry_at,
            None => self.free_at,
        };
        let Some((leg, at)) = self.first(now) else {
            return Next::Nothing;
        };
        let at = at.max(ready_at);
        if at > now {
            return Next::At(at);
        }
        self.free_at = now + self.between;
        if let Some(waiting) = self.waiting.get_mut(&leg) {
            waiting.left = true;
        }
        Next::Leaves(leg)
    }

    /// How a ring that left was answered; `to` is the number rung, `reached` whether the carrier said anything.
    pub fn answered(
        &mut self,
        leg: LegId,
        placing: Placing,
        to: &str,
        reached: bool,
        now: Timestamp,
    ) -> Answer {
        match placing {
            Placing::NotSent => self.not_sent(leg, reached, now),
            Placing::OurSetUp { code } => self.refuse(leg, Some(code), now),
            Placing::Failed { code } if self.is_our_set_up(code, to) => {
                self.refuse(leg, Some(code), now)
            }
            Placing::Placed(_) | Placing::BadNumber { .. } | Placing::Failed { .. } => {
                self.up(matches!(placing, Placing::Failed { .. }));
                self.waiting.remove(&leg);
                Answer::Theirs(placing)
            }
            Placing::Unknown => {
                self.try_later(now);
                self.waiting.remove(&leg);
                Answer::Theirs(placing)
            }
        }
    }

    /// A ring that was answered with [`Answer::Again`] is known on disk not to have left.
    pub fn back(&mut self, leg: LegId) {
        if let Some(waiting) = self.waiting.get_mut(&leg) {
            waiting.left = false;
        }
    }

    /// The admin changed something, or the carrier is there again: try at once.
    pub fn retry_now(&mut self, now: Timestamp) {
        for waiting in self.waiting.values_mut() {
            waiting.not_before = waiting.not_before.min(now);
        }
        if let Some(down) = &mut self.down {
            down.retry_at = now;
        }
    }

    /// Rings that wait here.
    pub fn waiting(&self) -> Vec<LegId> {
        let here = self.waiting.values().filter(|waiting| !waiting.left);
        here.map(|waiting| waiting.ring.leg).collect()
    }

    /// The carrier refuses everything.
    pub fn is_down(&self) -> bool {
        self.down.is_some()
    }

    /// The code with which it refuses.
    pub fn down_code(&self) -> Option<u32> {
        self.down.and_then(|down| down.code)
    }

    /// Whom to ring first, and when at the earliest. While the carrier is down the oldest tries, whatever its
    /// own patience.
    fn first(&self, now: Timestamp) -> Option<(LegId, Timestamp)> {
        let here = self.waiting.values().filter(|waiting| !waiting.left);
        let oldest = |waiting: &&Waiting| (waiting.ring.since, waiting.ring.leg);
        if self.down.is_some() {
            return here
                .min_by_key(oldest)
                .map(|waiting| (waiting.ring.leg, now));
        }
        let order = |waiting: &&Waiting| {
            let later = waiting.not_before.max(now);
            (
                later,
                waiting.ring.urgency,
                waiting.ring.since,
                waiting.ring.leg,
            )
        };
        here.min_by_key(order)
            .map(|waiting| (waiting.ring.leg, waiting.not_before))
    }

    fn not_sent(&mut self, leg: LegId, reached: bool, now: Timestamp) -> Answer {
        if reached {
            self.unreached_since = None;
            self.try_later(now);
        } else {
            let since = *self.unreached_since.get_or_insert(now);
            if since + SignedDuration::from_secs(UNREACHED_S) <= now || self.down.is_some() {
                return self.refuse(leg, None, now);
            }
        }
        if let Some(waiting) = self.waiting.get_mut(&leg) {
            let after = BACK_OFF_S
                .get(waiting.tries)
                .or(BACK_OFF_S.last())
                .copied()
                .unwrap_or(1);
            waiting.tries += 1;
            waiting.not_before = now + SignedDuration::from_secs(after);
        }
        Answer::Again
    }

    fn refuse(&mut self, leg: LegId, code: Option<u32>, now: Timestamp) -> Answer {
        self.down = Some(Down {
            retry_at: now + SignedDuration::from_secs(DOWN_RETRY_S),
            code,
        });
        if let Some(waiting) = self.waiting.get_mut(&leg) {
            waiting.not_before = now;
        }
        Answer::Again
    }

    /// A carrier that is down and says nothing of use is left alone for as long as one that refuses.
    fn try_later(&mut self, now: Timestamp) {
        if let Some(down) = &mut self.down {
            down.retry_at = now + SignedDuration::from_secs(DOWN_RETRY_S);
        }
    }

    fn up(&mut self, failed: bool) {
        self.down = None;
        self.unreached_since = None;
        if !failed {
            self.refused.clear();
        }
    }

    /// The same code for three different numbers in a row says something about us.
    fn is_our_set_up(&mut self, code: u32, to: &str) -> bool {
        self.refused.retain(|(known, _)| *known == code);
        if !self.refused.iter().any(|(_, number)| number == to) {
            self.refused.push((code, to.to_owned()));
        }
        self.refused.len() >= SAME_CODE_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use leadbridge_providers::{CarrierCallId, LeadId, Side};
    use uuid::Uuid;

    fn at(s: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_000_000 + s)
    }

    fn leg(lead: u128) -> LegId {
        LegId {
            lead: LeadId(Uuid::from_u128(lead)),
            side: Side::Rep,
            number: 1,
        }
    }

    fn ring(lead: u128, urgency: Urgency, since: i64) -> Ring {
        Ring {
            leg: leg(lead),
            urgency,
            since: at(since),
        }
    }

    fn placed() -> Placing {
        Placing::Placed(CarrierCallId("CA1".into()))
    }

    /// The carrier answers, and what that means is written down.
    fn answered(
        pacer: &mut Pacer,
        lead: u128,
        placing: Placing,
        to: &str,
        reached: bool,
        s: i64,
    ) -> Answer {
        let answer = pacer.answered(leg(lead), placing, to, reached, at(s));
        pacer.back(leg(lead));
        answer
    }

    #[test]
    fn a_fresh_customer_overtakes_a_second_phone_and_a_later_round() {
        let mut pacer = Pacer::new(1.0);
        pacer.wants(ring(1, Urgency::LaterRound, 0), at(0));
        pacer.wants(ring(2, Urgency::SecondPhone, 1), at(0));
        pacer.wants(ring(3, Urgency::FirstPhone, 3), at(0));
        pacer.wants(ring(4, Urgency::FirstPhone, 2), at(0));
        let mut order = Vec::new();
        for second in 0..4 {
            assert_eq!(
                Next::Leaves(leg([4, 3, 2, 1][second])),
                pacer.next(at(second as i64))
            );
            order.push(second);
            if second < 3 {
                assert_eq!(
                    Next::At(at(second as i64 + 1)),
                    pacer.next(at(second as i64))
                );
            }
        }
    }

    #[test]
    fn without_pacing_all_leave_at_once() {
        let mut pacer = Pacer::new(0.0);
        for lead in 1..=3 {
            pacer.wants(ring(lead, Urgency::FirstPhone, 0), at(0));
        }
        assert_eq!(
            (1..=3)
                .map(|lead| Next::Leaves(leg(lead)))
                .collect::<Vec<_>>(),
            (0..3).map(|_| pacer.next(at(0))).collect::<Vec<_>>()
        );
    }

    #[test]
    fn too_many_requests_put_the_same_attempt_off_by_1_2_4_up_to_30_seconds() {
        let mut pacer = Pacer::new(0.0);
        pacer.wants(ring(1, Urgency::FirstPhone, 0), at(0));
        let mut now = 0;
        for pause in [1, 2, 4, 8, 16, 30, 30] {
            assert_eq!(Next::Leaves(leg(1)), pacer.next(at(now)));
            assert_eq!(
                Answer::Again,
                answered(&mut pacer, 1, Placing::NotSent, "+32470000001", true, now)
            );
            assert_eq!(Next::At(at(now + pause)), pacer.next(at(now)));
            now += pause;
        }
        assert!(!pacer.is_down());
    }

    #[test]
    fn while_the_carrier_is_down_the_oldest_ring_tries_every_30_seconds() {
        let mut pacer = Pacer::new(0.0);
        pacer.wants(ring(1, Urgency::FirstPhone, 5), at(0));
        pacer.wants(ring(2, Urgency::FirstPhone, 1), at(0));
        assert_eq!(Next::Leaves(leg(2)), pacer.next(at(0)));
        answered(
            &mut pacer,
            2,
            Placing::OurSetUp { code: 20003 },
            "+32470000001",
            true,
            0,
        );
        assert!(pacer.is_down());
        assert_eq!(Next::At(at(30)), pacer.next(at(1)));
        assert_eq!(Next::Leaves(leg(2)), pacer.next(at(30)));
        assert_eq!(Next::Nothing, pacer.next(at(30)), "only one tries");
        answered(&mut pacer, 2, placed(), "+32470000001", true, 31);
        assert_eq!(
            Next::Leaves(leg(1)),
            pacer.next(at(31)),
            "it was placed: the others leave"
        );
    }

    #[test]
    fn a_carrier_that_is_down_is_left_alone_when_its_answer_is_no_help() {
        for unhelpful in [Placing::NotSent, Placing::Unknown] {
            let mut pacer = Pacer::new(0.0);
            for lead in 1..=2 {
                pacer.wants(ring(lead, Urgency::FirstPhone, 0), at(0));
            }
            let refused = Placing::OurSetUp { code: 20003 };
            assert_eq!(Next::Leaves(leg(1)), pacer.next(at(0)));
            answered(&mut pacer, 1, refused, "+32470000001", true, 0);
            assert_eq!(Next::Leaves(leg(1)), pacer.next(at(30)));
            answered(&mut pacer, 1, unhelpful, "+32470000001", true, 31);
            assert_eq!(Next::At(at(61)), pacer.next(at(31)));
        }
    }

    #[test]
    fn a_reload_tries_at_once() {
        let mut pacer = Pacer::new(0.0);
        pacer.wants(ring(1, Urgency::FirstPhone, 0), at(0));
        assert_eq!(Next::Leaves(leg(1)), pacer.next(at(0)));
        answered(
            &mut pacer,
            1,
            Placing::OurSetUp { code: 20003 },
            "+32470000001",
            true,
            0,
        );
        pacer.retry_now(at(3));
        assert_eq!(Next::Leaves(leg(1)), pacer.next(at(3)));
    }

    #[test]
    fn connections_refused_for_ten_seconds_mean_that_the_carrier_is_down() {
        let mut pacer = Pacer::new(0.0);
        pacer.wants(ring(1, Urgency::FirstPhone, 0), at(0));
        for now in [0, 1, 3, 7] {
            assert_eq!(Next::Leaves(leg(1)), pacer.next(at(now)));
            answered(&mut pacer, 1, Placing::NotSent, "+32470000001", false, now);
            assert!(!pacer.is_down());
        }
        assert_eq!(Next::Leaves(leg(1)), pacer.next(at(15)));
        answered(&mut pacer, 1, Placing::NotSent, "+32470000001", false, 15);
        assert!(pacer.is_down());
    }

    #[test]
    fn the_same_refusal_for_three_numbers_is_our_set_up() {
        let mut pacer = Pacer::new(0.0);
        let refusal = || Placing::Failed { code: 21215 };
        for (lead, number) in [
            (1, "+32470000001"),
            (2, "+32470000001"),
            (3, "+32470000002"),
        ] {
            pacer.wants(ring(lead, Urgency::FirstPhone, 0), at(0));
            pacer.next(at(0));
            assert_eq!(
                Answer::Theirs(refusal()),
                answered(&mut pacer, lead, refusal(), number, true, 0)
            );
        }
        pacer.wants(ring(4, Urgency::FirstPhone, 0), at(0));
        pacer.next(at(0));
        assert_eq!(
            Answer::Again,
            answered(&mut pacer, 4, refusal(), "+32470000003", true, 0)
        );
        assert!(pacer.is_down());
    }
}
