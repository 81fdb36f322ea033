//! What a rep's phone did: rings, keys, misses, the claim of the lead (BEHAVIOUR 3).

use jiff::{SignedDuration, Timestamp};
use leadbridge_providers::{Asked, CarrierCallId, End, Found, LegId, Phase, Placing, Side};

use super::leg::{Create, Rank, Wish, s};
use super::when::When;
use super::{
    Attempt, AttemptResult, By, Command, Cue, Entry, Flow, Kind, Missed, Moment, Notice, Outcome,
    State, Text, What, word,
};
use crate::desk::{Phone, Tally};
use crate::lead::HeldReason;

/// The whisper is said so many times.
const PROMPTS: u8 = 2;
/// Key 3 repeats it so many times at most.
const REPEATS_MAX: u8 = 3;
/// A leg that is up without having the lead is looked up after so many seconds, and again.
const UP_CHECK_S: i64 = 30;
/// After so many unanswered look-ups it counts as gone.
const UNHEARD_MAX: u32 = 2;
/// No prompt lasts so long: a leg that is up without a key is ended after so many seconds.
const UP_MAX_S: i64 = 120;

impl Flow {
    /// When something happens to this attempt by itself.
    pub(super) fn attempt_due(&self, attempt: &Attempt) -> Option<Timestamp> {
        let life = &attempt.life;
        if !life.live() || life.waits() || self.has(attempt.leg) {
            return None;
        }
        let at = match (life.rank, attempt.result) {
            (Rank::Answered, _) => life.check_at,
            (Rank::Created | Rank::Queued | Rank::Ringing, None) => life
                .unknown_due()
                .or_else(|| life.ring_ends(attempt.ring_s))
                .or_else(|| life.span_ends(attempt.ring_s)),
            (Rank::Created | Rank::Queued | Rank::Ringing, Some(_)) => life
                .unknown_due()
                .or_else(|| life.span_ends(attempt.ring_s)),
            (Rank::Ended, _) => None,
        };
        at.map(|at| life.due(at))
    }

    /// A ring waits here. What it was rung for does not run meanwhile.
    pub(super) fn parked(&mut self, leg: LegId, refused: bool, m: &mut Moment<'_>) {
        if let Some(index) = self
            .index(leg)
            .filter(|_| !self.wants(leg) && !self.waits(leg))
        {
            return self.never_left(index, m);
        }
        let Some(index) = self
            .index(leg)
            .filter(|_| self.wants(leg) || self.waits(leg))
        else {
            return;
        };
        let stalled = self.stalled();
        let attempt = &mut self.attempts[index];
        attempt.life.create = Create::Waiting { refused };
        attempt.life.left_at = None;
        let until = self.gives_up_at().unwrap_or(m.now);
        m.desk
            .phone_mut(&self.attempts[index].seat.phone)
            .claim(leg, until);
        if !stalled && self.stalled() {
            m.tell(Entry::new(m.now, What::Stalled));
        }
    }

    /// Not wanted any more, and now known never to have left: its phone is free.
    fn never_left(&mut self, index: usize, m: &mut Moment<'_>) {
        let life = &mut self.attempts[index].life;
        if life.create == Create::Leaving && life.live() {
            life.presume_over(m.now);
            self.release_phone(index, None, m);
        }
    }

    /// A ring that waited leaves now: its span and its claim count from here.
    pub(super) fn leaving(&mut self, leg: LegId, m: &mut Moment<'_>) {
        let Some(index) = self.index(leg).filter(|_| self.waits(leg)) else {
            return;
        };
        if !matches!(self.when(m), When::Now(_)) {
            return self.drop_unsent(index, m);
        }
        let attempt = &mut self.attempts[index];
        let phone = m.desk.phone_mut(&attempt.seat.phone);
        if phone.taken(m.now) && !phone.held_by(leg) {
            self.drop_unsent(index, m);
            return self.back_in_line(leg);
        }
        attempt.life.create = Create::Leaving;
        attempt.life.left_at = Some(m.now);
        phone.claim(leg, attempt.life.span_ends(attempt.ring_s).unwrap_or(m.now));
    }

    pub(super) fn placing(&mut self, leg: LegId, placing: &Placing, m: &mut Moment<'_>) {
        let Some(index) = self.index(leg) else { return };
        match placing {
            Placing::Placed(call) => self.bind(index, call, m),
            Placing::Unknown => {
                self.attempts[index].life.unknown(m.now);
                self.first_ring(m.now);
                if self.attempts[index].life.unknown_due().is_some() {
                    self.unknown_clock(index, m);
                }
            }
            Placing::BadNumber { .. } => self.refused(index, End::InvalidNumber, m),
            Placing::Failed { code } => {
                m.order(Command::Notice(Notice::CarrierRefused { code: *code }));
                self.refused(index, End::Failed, m);
            }
            Placing::NotSent | Placing::OurSetUp { .. } => self.parked(leg, true, m),
        }
    }

    /// The carrier says how far a leg is: a rank that does not rise is old news.
    pub(super) fn progress(
        &mut self,
        leg: LegId,
        call: Option<&CarrierCallId>,
        phase: &Phase,
        m: &mut Moment<'_>,
    ) {
        match leg.side {
            Side::Rep => {
                let Some(index) = self.index(leg) else { return };
                if let Some(call) = call {
                    self.bind(index, call, m);
                }
                self.rise(index, phase, None, m);
            }
            Side::Customer => self.customer_progress(leg, call, phase, m),
            Side::In => {}
        }
    }

    /// A question of the carrier's on a rep's leg. An answer to an earlier prompt changes nothing.
    pub(super) fn asked(&mut self, leg: LegId, turn: u32, asked: &Asked, m: &mut Moment<'_>) {
        let Some(index) = self
            .index(leg)
            .filter(|index| self.attempts[*index].turn == turn)
        else {
            return;
        };
        match (self.attempts[index].cue.clone(), asked) {
            // The end has overtaken the key: there is nobody to join.
            (_, Asked::Digits(_)) if !self.attempts[index].life.up() => {}
            (Cue::Whisper { prompt, repeats }, Asked::Digits(key)) => {
                self.key(index, *key, prompt, repeats, m)
            }
            (Cue::Customer { leg, .. }, Asked::Dial { end, still_up }) => {
                self.dial_ended(leg, *end, *still_up, m)
            }
            (Cue::Menu | Cue::Unreached { .. }, Asked::Digits(key)) => {
                self.menu_key(index, *key, m)
            }
            (
                Cue::Whisper { .. }
                | Cue::Customer { .. }
                | Cue::Menu
                | Cue::Unreached { .. }
                | Cue::Taken { .. }
                | Cue::DealtWith
                | Cue::Passed
                | Cue::Paused
                | Cue::NoKey
                | Cue::Suspicious
                | Cue::TestPassed
                | Cue::Thanks,
                Asked::Answer | Asked::Digits(_) | Asked::Dial { .. },
            ) => {}
        }
    }

    pub(super) fn found(&mut self, leg: LegId, found: &Found, m: &mut Moment<'_>) {
        if leg.side == Side::Customer {
            return self.customer_found(leg, found, m);
        }
        let Some(index) = self.index(leg) else { return };
        match found {
            Found::Call {
                call,
                phase,
                ended_at,
            } => {
                self.attempts[index].life.hold_off = None;
                self.bind(index, call, m);
                self.rise(index, phase, *ended_at, m);
                self.still_up(index, phase, m.now);
            }
            Found::Nothing if self.attempts[index].life.up() => {
                self.rise(index, &Phase::Ended(End::Completed { up_s: None }), None, m);
            }
            Found::Nothing => {}
        }
    }

    /// Every deadline that has passed.
    pub(super) fn clock(&mut self, m: &mut Moment<'_>) {
        for index in 0..self.attempts.len() {
            while self
                .attempt_due(&self.attempts[index])
                .is_some_and(|at| at <= m.now)
            {
                self.attempt_clock(index, m);
            }
        }
        self.engaged_clock(m);
    }

    /// Live legs are looked up before anything overdue happens to them, and keep their phones until it has.
    pub(super) fn restarted(&mut self, m: &mut Moment<'_>) {
        let until = m.now + SignedDuration::from_secs(UP_MAX_S);
        for attempt in &mut self.attempts {
            if !attempt.life.live() || attempt.life.waits() {
                continue;
            }
            m.desk
                .phone_mut(&attempt.seat.phone)
                .keep(attempt.leg, until);
            if attempt.life.call.is_some() {
                attempt.life.restarted(m.now);
                m.commands.push(Command::LookUp(attempt.leg));
            }
        }
        self.customer_restarted(m);
    }

    /// The others are told, or their phones stop ringing.
    pub(super) fn retire_others(&mut self, winner: LegId, m: &mut Moment<'_>) {
        let by = self.attempt(winner).map(|attempt| attempt.seat.rep.clone());
        let Some(by) = by else { return };
        for index in 0..self.attempts.len() {
            if self.attempts[index].leg != winner {
                self.retire(index, Cue::Taken { by: by.clone() }, m);
            }
        }
    }

    /// Everybody is told, and every phone stops ringing.
    pub(super) fn retire_all(&mut self, m: &mut Moment<'_>) {
        for index in 0..self.attempts.len() {
            let cue = match self.attempts[index].cue {
                Cue::Suspicious
                | Cue::Passed
                | Cue::Paused
                | Cue::NoKey
                | Cue::Thanks
                | Cue::TestPassed => {
                    continue;
                }
                Cue::Whisper { .. }
                | Cue::Customer { .. }
                | Cue::Unreached { .. }
                | Cue::Menu
                | Cue::Taken { .. }
                | Cue::DealtWith => Cue::DealtWith,
            };
            self.retire(index, cue, m);
        }
    }

    /// A ring that has not left us is dropped.
    pub(super) fn drop_unsent(&mut self, index: usize, m: &mut Moment<'_>) {
        if self.attempts[index].result.is_none() {
            self.finish(index, AttemptResult::Canceled, m);
        }
        self.attempts[index].life.presume_over(m.now);
        self.release_phone(index, None, m);
    }

    /// What a leg hears from now on.
    pub(super) fn cue(&mut self, index: usize, cue: Cue) {
        self.attempts[index].cue = cue;
        self.attempts[index].turn += 1;
    }

    /// The carrier refuses everything, and nothing else is under way.
    pub(super) fn stalled(&self) -> bool {
        let waiting = |attempt: &Attempt| {
            attempt.result.is_none() && attempt.life.create == Create::Waiting { refused: true }
        };
        let under_way = |attempt: &Attempt| attempt.result.is_none() && !attempt.life.waits();
        self.attempts.iter().any(waiting) && !self.attempts.iter().any(under_way)
    }

    pub(super) fn release_phone(
        &mut self,
        index: usize,
        rests_until: Option<Timestamp>,
        m: &mut Moment<'_>,
    ) {
        let attempt = &self.attempts[index];
        m.desk
            .phone_mut(&attempt.seat.phone)
            .release(attempt.leg, rests_until);
    }

    fn waits(&self, leg: LegId) -> bool {
        self.attempt(leg)
            .is_some_and(|attempt| attempt.result.is_none() && attempt.life.waits())
    }

    /// The carrier's name for a leg: t2, and what we had to tell it about this leg can leave.
    fn bind(&mut self, index: usize, call: &CarrierCallId, m: &mut Moment<'_>) {
        let attempt = &mut self.attempts[index];
        if attempt.life.call.is_some() {
            return;
        }
        attempt.life.bind(call, m.now);
        m.tell(Entry::new(m.now, What::RepRung).of(attempt));
        let leg = attempt.leg;
        let command = attempt.life.wish.take().map(|wish| match wish {
            Wish::Cancel => Command::Cancel(leg),
            Wish::HangUp => Command::HangUp(leg),
        });
        m.commands.extend(command);
        self.first_ring(m.now);
    }

    fn first_ring(&mut self, now: Timestamp) {
        self.ladder.first_ring_at.get_or_insert(now);
    }

    fn rise(
        &mut self,
        index: usize,
        phase: &Phase,
        ended_at: Option<Timestamp>,
        m: &mut Moment<'_>,
    ) {
        if !self.attempts[index].life.rise(phase, m.now) {
            return;
        }
        let attempt = &mut self.attempts[index];
        match phase {
            Phase::Queued => {}
            Phase::Ringing => m.tell(Entry::new(m.now, What::RepRinging).of(attempt)),
            Phase::Answered => {
                attempt.life.check_at = Some(m.now + SignedDuration::from_secs(UP_CHECK_S));
                let until = m.now + SignedDuration::from_secs(UP_MAX_S + UP_CHECK_S);
                let phone = m.desk.phone_mut(&attempt.seat.phone);
                if phone.held_by(attempt.leg) || !phone.taken(m.now) {
                    phone.claim(attempt.leg, until);
                }
                m.tell(Entry::new(m.now, What::RepAnswered).of(attempt));
            }
            Phase::Ended(end) => self.ended(index, *end, ended_at, m),
        }
    }

    /// A look-up that says "still up" puts the next one off.
    fn still_up(&mut self, index: usize, phase: &Phase, now: Timestamp) {
        let life = &mut self.attempts[index].life;
        if *phase == Phase::Answered && life.up() {
            life.seen_up(now);
            life.check_at = life
                .check_at
                .map(|at| at.max(now + SignedDuration::from_secs(UP_CHECK_S)));
        }
    }

    fn ended(&mut self, index: usize, end: End, ended_at: Option<Timestamp>, m: &mut Moment<'_>) {
        let attempt = &self.attempts[index];
        let answered = attempt.life.answered_at.is_some();
        if self.has(attempt.leg) {
            return self.rep_gone(index, ended_at, By::Rep, m);
        }
        self.release_phone(index, None, m);
        if self.attempts[index].result.is_some() {
            return;
        }
        if answered {
            m.tell(
                Entry::new(m.now, What::HungUp)
                    .of(&self.attempts[index])
                    .by(By::Rep),
            );
        }
        self.miss(
            index,
            if answered {
                Missed::HungUp
            } else {
                missed(end)
            },
            m,
        );
    }

    /// The create was refused: nothing rang.
    fn refused(&mut self, index: usize, end: End, m: &mut Moment<'_>) {
        if self.attempts[index].life.rise(&Phase::Ended(end), m.now) {
            self.first_ring(m.now);
            self.release_phone(index, None, m);
            if self.attempts[index].result.is_none() {
                self.miss(index, missed(end), m);
            }
        }
    }

    fn key(
        &mut self,
        index: usize,
        key: Option<char>,
        prompt: u8,
        repeats: u8,
        m: &mut Moment<'_>,
    ) {
        let open = matches!(
            self.attempts[index].result,
            None | Some(AttemptResult::Missed(_) | AttemptResult::Lost | AttemptResult::Canceled)
        );
        match key {
            _ if !open || !self.to_be_had() => self.too_late(index),
            Some('1') => self.accept(index, m),
            Some('2') => self.pass(index, Cue::Passed, m),
            Some('3') if repeats < REPEATS_MAX => {
                self.cue(
                    index,
                    Cue::Whisper {
                        prompt: 1,
                        repeats: repeats + 1,
                    },
                );
            }
            Some('7') => {
                let owner = self.is_last_owner(index, m);
                let cue = if owner { Cue::Passed } else { Cue::Paused };
                self.pass(index, cue, m);
                let now = m.now;
                self.tally(index, m, |phone| phone.pause(now));
            }
            Some('9') => self.suspect(index, m),
            Some(_) | None if prompt < PROMPTS => self.cue(
                index,
                Cue::Whisper {
                    prompt: prompt + 1,
                    repeats,
                },
            ),
            Some(_) | None => {
                self.cue(index, Cue::NoKey);
                if self.attempts[index].result.is_none() {
                    self.miss(index, Missed::NoKey, m);
                }
            }
        }
    }

    /// Key 1: the lead is this rep's from this commit on. A late key wins while the lead is to be had.
    fn accept(&mut self, index: usize, m: &mut Moment<'_>) {
        let attempt = &self.attempts[index];
        let (leg, phone) = (attempt.leg, attempt.seat.phone.clone());
        let row = m.desk.phone_mut(&phone);
        if row.taken(m.now) && !row.held_by(leg) {
            return self.too_late(index);
        }
        row.accepted();
        self.finish(index, AttemptResult::Accepted, m);
        m.tell(Entry::new(m.now, What::RepAccepted).of(&self.attempts[index]));
        if self.facts.kind != Kind::Real {
            self.cue(index, Cue::TestPassed);
            return self.close(Outcome::Test, None, m);
        }
        self.retire_others(leg, m);
        self.engage(index, m);
    }

    fn pass(&mut self, index: usize, cue: Cue, m: &mut Moment<'_>) {
        self.cue(index, cue);
        if self.attempts[index].result.is_some() {
            return;
        }
        self.finish(index, AttemptResult::Passed, m);
        m.tell(Entry::new(m.now, What::RepPassed).of(&self.attempts[index]));
        let (passes_max, now) = (self.terms().passes_max, m.now);
        self.tally(index, m, |phone| phone.passed(passes_max, now));
    }

    /// Key 9. A second one from another phone, or the owner's, leaves the lead to a person.
    fn suspect(&mut self, index: usize, m: &mut Moment<'_>) {
        self.pass(index, Cue::Suspicious, m);
        let seat = &self.attempts[index].seat;
        let second = self
            .suspected_by
            .as_ref()
            .is_some_and(|phone| *phone != seat.phone);
        if second || seat.owner {
            self.hold(HeldReason::Suspicious, m);
        } else {
            self.suspected_by = Some(seat.phone.clone());
        }
    }

    fn too_late(&mut self, index: usize) {
        let by = match &self.state {
            State::Engaged(engaged) => self
                .attempt(engaged.leg)
                .map(|winner| winner.seat.rep.clone()),
            State::Held(_)
            | State::Waiting { .. }
            | State::Sleeping { .. }
            | State::Round(_)
            | State::Closed(_) => None,
        };
        self.cue(index, by.map_or(Cue::DealtWith, |by| Cue::Taken { by }));
    }

    /// One deadline of one attempt.
    fn attempt_clock(&mut self, index: usize, m: &mut Moment<'_>) {
        let attempt = &mut self.attempts[index];
        attempt.life.hold_off = None;
        if attempt.life.up() {
            return self.up_clock(index, m);
        }
        if attempt.life.unknown_due().is_some() {
            return self.unknown_clock(index, m);
        }
        let span_over = attempt
            .life
            .span_ends(attempt.ring_s)
            .is_none_or(|at| at <= m.now);
        if attempt.result.is_none() {
            self.end_ring(index, m);
        }
        if span_over {
            self.presume_over(index, m);
        }
    }

    /// A create whose fate nobody knows: looked up three times, then lost, which is no miss.
    fn unknown_clock(&mut self, index: usize, m: &mut Moment<'_>) {
        let leg = self.attempts[index].leg;
        if self.attempts[index]
            .life
            .unknown_due()
            .is_some_and(|at| at > m.now)
        {
            return;
        }
        if self.attempts[index].life.ask_again() {
            m.order(Command::LookUp(leg));
        } else if self.attempts[index].result.is_none() {
            self.finish(index, AttemptResult::Lost, m);
            m.tell(Entry::new(m.now, What::RepLost).of(&self.attempts[index]));
            self.again_after_lost(leg);
        }
    }

    /// The ring clock ran out: cancelled at the carrier, and a miss. A key pressed all the same still wins.
    fn end_ring(&mut self, index: usize, m: &mut Moment<'_>) {
        self.send_or_keep(index, Wish::Cancel, m);
        self.miss(index, Missed::NoAnswer, m);
    }

    /// A leg that is up without having the lead: looked up, and ended when nothing is heard of it.
    fn up_clock(&mut self, index: usize, m: &mut Moment<'_>) {
        let life = &mut self.attempts[index].life;
        let too_long = life
            .answered_at
            .is_some_and(|at| at + SignedDuration::from_secs(UP_MAX_S) <= m.now);
        if life.unheard < UNHEARD_MAX && !too_long {
            life.unheard += 1;
            life.check_at = Some(m.now + SignedDuration::from_secs(UP_CHECK_S));
            m.order(Command::LookUp(self.attempts[index].leg));
            return;
        }
        self.send_or_keep(index, Wish::HangUp, m);
        if self.attempts[index].result.is_none() {
            self.miss(
                index,
                if too_long {
                    Missed::NoKey
                } else {
                    Missed::HungUp
                },
                m,
            );
        }
        self.presume_over(index, m);
    }

    /// By now the carrier has ended it, whatever we were told.
    fn presume_over(&mut self, index: usize, m: &mut Moment<'_>) {
        self.attempts[index].life.presume_over(m.now);
        self.release_phone(index, None, m);
    }

    fn retire(&mut self, index: usize, cue: Cue, m: &mut Moment<'_>) {
        let attempt = &self.attempts[index];
        if !attempt.life.live() {
            return;
        }
        if attempt.life.waits() {
            return self.drop_unsent(index, m);
        }
        let (leg, up, open) = (attempt.leg, attempt.life.up(), attempt.result.is_none());
        // Who rang out has been cancelled already.
        let rang_out = attempt.result == Some(AttemptResult::Missed(Missed::NoAnswer));
        let taken = up && matches!(cue, Cue::Taken { .. });
        self.cue(index, cue);
        if up {
            m.order(Command::Interrupt(leg));
        } else if !rang_out {
            self.send_or_keep(index, Wish::Cancel, m);
        }
        if open {
            let (result, what) = if taken {
                (AttemptResult::Taken, What::RepTaken)
            } else {
                (AttemptResult::Canceled, What::RepCanceled)
            };
            self.finish(index, result, m);
            m.tell(Entry::new(m.now, what).of(&self.attempts[index]));
        }
    }

    pub(super) fn send_or_keep(&mut self, index: usize, wish: Wish, m: &mut Moment<'_>) {
        let attempt = &mut self.attempts[index];
        if attempt.life.call.is_none() {
            attempt.life.wish = Some(wish);
            return;
        }
        m.order(match wish {
            Wish::Cancel => Command::Cancel(attempt.leg),
            Wish::HangUp => Command::HangUp(attempt.leg),
        });
    }

    fn miss(&mut self, index: usize, why: Missed, m: &mut Moment<'_>) {
        self.finish(index, AttemptResult::Missed(why), m);
        let attempt = &self.attempts[index];
        m.tell(
            Entry::new(m.now, What::RepMissed)
                .of(attempt)
                .because(word(why)),
        );
        let seen = attempt.life.ringing_at.is_some() || attempt.life.answered_at.is_some();
        m.order(Command::Text(Text::RepMissed(attempt.seat.rep.clone())));
        let (lead, now) = (self.lead, m.now);
        self.tally(index, m, |phone| phone.missed(lead, seen, now));
    }

    /// Counts on the phone what its person did. The last owner is never paused.
    fn tally(&mut self, index: usize, m: &mut Moment<'_>, count: impl FnOnce(&mut Phone) -> Tally) {
        let last_owner = self.is_last_owner(index, m);
        let phone = m.desk.phone_mut(&self.attempts[index].seat.phone);
        let paused_until = phone.paused_until;
        let tally = count(phone);
        if last_owner && tally == Tally::Paused {
            phone.paused_until = paused_until;
        } else {
            self.tell_tally(index, tally, m);
        }
    }

    fn is_last_owner(&self, index: usize, m: &Moment<'_>) -> bool {
        let rooftop = m.rules.rooftops.get(&self.facts.rooftop);
        let last = rooftop.and_then(|rooftop| rooftop.owner.last());
        last == Some(&self.attempts[index].seat.rep)
    }

    fn tell_tally(&self, index: usize, tally: Tally, m: &mut Moment<'_>) {
        let rep = self.attempts[index].seat.rep.clone();
        match tally {
            Tally::Counted => {}
            Tally::Paused => {
                m.tell(Entry::new(m.now, What::RepPaused).of(&self.attempts[index]));
                m.order(Command::Text(Text::RepPaused(rep.clone())));
                m.order(Command::Notice(Notice::RepPaused(rep)));
            }
            Tally::NotReachable => {
                m.order(Command::Text(Text::RepNotReachable(rep.clone())));
                m.order(Command::Notice(Notice::RepNotReachable(rep)));
            }
        }
    }

    fn finish(&mut self, index: usize, result: AttemptResult, m: &mut Moment<'_>) {
        self.attempts[index].result = Some(result);
        self.attempts[index].settled_at = Some(m.now);
    }

    /// The rest that a phone gets after a talk, counted from its real end as far as the carrier knows it.
    pub(super) fn rests_until(
        &self,
        index: usize,
        ended_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let seen_at = self.attempts[index].life.seen_at.unwrap_or(now).min(now);
        let end = ended_at.unwrap_or(now).clamp(seen_at, now);
        let until = end + s(self.terms().wrap_up_s);
        Some(until).filter(|until| *until > now)
    }
}

fn missed(end: End) -> Missed {
    match end {
        End::Completed { .. } => Missed::HungUp,
        End::Busy => Missed::Busy,
        End::Rejected => Missed::Rejected,
        End::NoAnswer | End::Canceled => Missed::NoAnswer,
        End::InvalidNumber => Missed::InvalidNumber,
        End::Failed => Missed::Failed,
    }
}
