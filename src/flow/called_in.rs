//! Calls that come in (BEHAVIOUR 5): a rep who rings back for what they missed, and the customer, who meets whoever
//! takes the lead in a room. The two are joined when the rep is in it and the carrier says that the customer still is.

use jiff::{SignedDuration, Timestamp};
use leadbridge_providers::{CarrierCallId, End, Found, LegId, Phase, Side};
use serde::{Deserialize, Serialize};

use super::attempt::{CameIn, Hears};
use super::leg::{Life, Rank, s};
use super::overdue::{UP_CHECK_S, UP_MAX_S};
use super::{
    Attempt, AttemptResult, By, Command, Cue, CustomerLeg, CustomerResult, Engaged, Entry, Flow,
    Kind, Moment, Part, State, Unreached, What, word,
};
use crate::phone::{PhoneKey, PhoneNumber};
use crate::plan::{First, Seat, Why};
use crate::rotation::{CarrierId, RepId, Rules};

/// A customer who rings hears a ring tone for so many seconds, and then the reception.
const WAITS_S: u32 = 25;
/// While a rep is in the room and nobody has said whether the customer is, both are looked up so often.
pub(super) const ROOM_CHECK_S: u32 = 5;
/// How often before a rep who has not come into the room counts as gone: longer than their phone could ring.
pub(super) const ROOM_CHECKS: u32 = 12;

/// A call that came in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalledIn {
    /// Whose phone it is; `None`: the customer's.
    pub by: Option<RepId>,
    /// Who brought it.
    pub carrier: CarrierId,
    /// The carrier's name for it.
    pub call: CarrierCallId,
    /// The number that was rung.
    pub line: PhoneNumber,
}

impl Flow {
    /// Whether a rep who rings the lead line from this phone gets this lead: they missed it, it is still to be had,
    /// and its customer may be rung now.
    pub fn offers(&self, phone: &PhoneKey, rules: &Rules, now: Timestamp) -> bool {
        self.missed_by(phone) && self.customer_may_be_rung(rules, now)
    }

    /// Whether this phone rang for this lead in vain the last time, and the lead is still to be had.
    pub(super) fn missed_by(&self, phone: &PhoneKey) -> bool {
        let theirs = |attempt: &&Attempt| attempt.seat.phone == *phone;
        let last = self.attempts.iter().rev().find(theirs);
        let missed = last.is_some_and(|last| {
            matches!(
                last.result,
                Some(AttemptResult::Missed(_) | AttemptResult::Lost)
            )
        });
        missed && self.to_be_had()
    }

    /// A customer waits on the lead line for somebody who takes the lead.
    pub fn customer_waits(&self) -> bool {
        self.waiting_customer().is_some()
    }

    /// The leg that came in as this call.
    pub fn leg_of_call(&self, call: &CarrierCallId) -> Option<LegId> {
        let reps = self.attempts.iter().map(|rep| (rep.leg, &rep.life));
        let customers = self.customer.iter().map(|leg| (leg.leg, &leg.life));
        reps.chain(customers)
            .find(|(_, life)| life.call.as_ref() == Some(call))
            .map(|(leg, _)| leg)
    }

    /// Whether this carrier may tell news of this leg.
    pub fn is_at(&self, leg: LegId, carrier: &CarrierId) -> bool {
        let mut attempts = self.attempts.iter();
        match leg.side {
            Side::Rep => self.attempt(leg).is_some_and(|rep| rep.carrier == *carrier),
            // Rung by the script of whoever took the lead.
            Side::Customer => attempts
                .any(|rep| rep.carrier == *carrier && rep.result == Some(AttemptResult::Accepted)),
            Side::In => {
                let came_in = self.customer_leg(leg).and_then(|leg| leg.came_in.as_ref());
                came_in.is_some_and(|came_in| came_in.carrier == *carrier)
            }
        }
    }

    pub(super) fn called_in(&mut self, call: &CalledIn, m: &mut Moment<'_>) {
        if self.leg_of_call(&call.call).is_some() {
            return;
        }
        match &call.by {
            Some(rep) => self.rep_called_in(rep, call, m),
            None => self.customer_called_in(call, m),
        }
    }

    /// When a customer who waits is put through to the reception.
    pub(super) fn waits_until(&self) -> Option<Timestamp> {
        let met = matches!(&self.state, State::Engaged(engaged) if !matches!(engaged.part, Part::Gone { .. }));
        let leg = self.waiting_customer().filter(|_| !met)?;
        let came_in = self.customer_leg(leg)?.came_in.as_ref()?;
        Some(came_in.waits_until)
    }

    /// Whoever waits for nobody, or has waited long enough, is put through to the reception; the ladder goes on.
    pub(super) fn mind_the_waiting(&mut self, m: &mut Moment<'_>) {
        let Some(until) = self.waits_until() else {
            return;
        };
        let somebody = self.live() || matches!(self.state, State::Round(_));
        if until <= m.now || !somebody {
            self.nobody_for_the_customer(m);
        }
    }

    /// The answer to this call, or to this leg's question, is its present script: it need not be told to ask for that
    /// one again. An order that was repeated for nothing would make it start anew, and ring a customer twice (P2).
    pub(super) fn has_its_script(&mut self, leg: LegId) {
        let rep = self.index(leg).map(|index| &mut self.attempts[index]);
        if let Some(attempt) = rep.filter(|attempt| attempt.life.live()) {
            attempt.has = attempt.turn;
        }
        if let Some(came_in) = self.customer_mut(leg).and_then(|leg| leg.came_in.as_mut()) {
            came_in.has = came_in.turn;
        }
    }

    /// The rep who took the lead meets the customer who waits: `false` if nobody waits.
    pub(super) fn meets_the_waiting(&mut self, index: usize, m: &mut Moment<'_>) -> bool {
        let Some(leg) = self.waiting_customer() else {
            return false;
        };
        self.cue(index, Cue::Room { leg, there: true });
        m.order(Command::LookUp(leg));
        self.waits_for_the_other(index, m);
        true
    }

    /// The rep's leg asks for the room: it is in it from now on.
    pub(super) fn enters_the_room(&mut self, index: usize, m: &mut Moment<'_>) {
        if let Cue::Room { leg, there } = &mut self.attempts[index].cue
            && !std::mem::replace(there, true)
        {
            m.order(Command::LookUp(*leg));
        }
    }

    /// The room is over for the rep: the customer has left it, or the rep is gone.
    pub(super) fn room_ended(
        &mut self,
        index: usize,
        leg: LegId,
        still_up: bool,
        m: &mut Moment<'_>,
    ) {
        if !self.has(self.attempts[index].leg) {
            return;
        }
        if still_up {
            // It ended because the other left, so the other was there.
            self.meet(leg, m);
            self.came_in_over(leg, m);
        } else {
            self.rep_leg_over(index, By::Rep, m);
        }
    }

    /// The customer's own leg asks: the room is over for it.
    pub(super) fn customer_asks(&mut self, leg: LegId, turn: u32, dial: bool, m: &mut Moment<'_>) {
        let there = |came_in: &CameIn| came_in.turn == turn && came_in.hears == Hears::Room;
        let came_in = self.customer_leg(leg).and_then(|leg| leg.came_in.as_ref());
        if !dial || !came_in.is_some_and(there) || Some(leg) != self.waiting_customer() {
            return;
        }
        self.meet(leg, m);
        self.hears(leg, Hears::Room);
        if let State::Engaged(engaged) = &self.state {
            m.order(Command::LookUp(engaged.leg));
        }
    }

    /// The carrier says how far the customer's own leg is: only its end is news, and a look-up's "still there".
    pub(super) fn came_in_found(&mut self, leg: LegId, found: &Found, m: &mut Moment<'_>) {
        match found {
            Found::Call {
                phase: Phase::Ended(_),
                ..
            }
            | Found::Nothing => self.came_in_over(leg, m),
            Found::Call { .. } => self.meet(leg, m),
        }
    }

    /// The customer who came in has hung up.
    pub(super) fn came_in_over(&mut self, leg: LegId, m: &mut Moment<'_>) {
        let Some(customer) = self.customer_mut(leg).filter(|leg| leg.life.live()) else {
            return;
        };
        let talked = customer.life.up();
        let end = if talked {
            End::Completed { up_s: None }
        } else {
            End::Canceled
        };
        customer.life.rise(&Phase::Ended(end), m.now);
        self.hears(leg, Hears::GoodBye);
        let engaged = match &self.state {
            State::Engaged(engaged) => Some((engaged.leg, engaged.part.clone())),
            State::Held(_)
            | State::Waiting { .. }
            | State::Sleeping { .. }
            | State::Round(_)
            | State::Closed(_) => None,
        };
        let rep = engaged.and_then(|(rep, part)| Some((self.index(rep)?, part)));
        match rep.filter(|_| self.is_last(leg)) {
            Some((index, Part::Talking { since, .. })) => self.talk_ended(index, since, m),
            Some((index, Part::Dialling { .. })) => self.left_before_the_rep(index, leg, m),
            Some((_, Part::Gone { .. } | Part::Menu { .. })) | None => {
                self.set_customer(leg, CustomerResult::Canceled);
                m.tell(Entry::new(m.now, What::HungUp).leg(leg).by(By::Customer));
            }
        }
    }

    /// A rep who was to meet the customer hung up before the two were joined: the customer waits on.
    pub(super) fn rep_left_the_room(&mut self, index: usize, leg: LegId, m: &mut Moment<'_>) {
        m.tell(
            Entry::new(m.now, What::HungUp)
                .of(&self.attempts[index])
                .by(By::Rep),
        );
        if self.talked_with_customer() {
            return self.conclude(index, m);
        }
        self.hears(leg, Hears::Room);
        self.ask_before_going_on(m);
    }

    /// The carrier does not say whether the customer is in the room with the rep. It has not said either that they left,
    /// so they talk: `false` if the rep has not even come.
    pub(super) fn room_clock(&mut self, index: usize, leg: LegId, m: &mut Moment<'_>) -> bool {
        if self.attempts[index].in_the_room() {
            self.meet(leg, m);
        }
        matches!(&self.state, State::Engaged(engaged) if matches!(engaged.part, Part::Talking { .. }))
    }

    /// Everything is over for the flow: who talks hears a good-bye, who waits the reception.
    pub(super) fn lets_the_customer_go(&mut self, m: &mut Moment<'_>) {
        let Some(leg) = self.waiting_customer() else {
            return;
        };
        let talks = self.customer_mut(leg).filter(|leg| leg.life.up());
        let Some(customer) = talks else {
            return self.nobody_for_the_customer(m);
        };
        customer
            .life
            .rise(&Phase::Ended(End::Completed { up_s: None }), m.now);
        self.hears(leg, Hears::GoodBye);
        m.order(Command::Interrupt(leg));
    }

    /// The leg of a customer who came in and is in the room, or on the way to it.
    fn waiting_customer(&self) -> Option<LegId> {
        let last = self.customer.last().filter(|last| last.life.live())?;
        let came_in = last.came_in.as_ref()?;
        (came_in.hears == Hears::Room).then_some(last.leg)
    }

    /// The rep's phone is up and has the whisper in hand: all the rest is as if it had been rung.
    fn rep_called_in(&mut self, rep: &RepId, call: &CalledIn, m: &mut Moment<'_>) {
        let (Some(rep), Some(rooftop)) = (
            m.rules.reps.get(rep),
            m.rules.rooftops.get(&self.facts.rooftop),
        ) else {
            return;
        };
        let number = u16::try_from(self.attempts.len() + 1).unwrap_or(u16::MAX);
        let leg = LegId {
            lead: self.lead,
            side: Side::Rep,
            number,
        };
        let phone = m.desk.phone_mut(&rep.key);
        if phone.on_a_call(m.now) || !self.offers(&rep.key, m.rules, m.now) {
            return;
        }
        phone.claim(
            leg,
            m.now + SignedDuration::from_secs(UP_MAX_S + UP_CHECK_S),
        );
        let mut life = Life::came_in(&call.call, Rank::Answered, m.now);
        life.check_at = Some(m.now + SignedDuration::from_secs(UP_CHECK_S));
        let own = rooftop.carrier == call.carrier;
        let shows = if own { &rooftop.caller_id } else { &call.line };
        self.attempts.push(Attempt {
            leg,
            seat: Seat {
                rep: rep.id.clone(),
                phone: rep.key.clone(),
                number: rep.phone.clone(),
                language: rep.language,
                owner: rooftop.owner.contains(&rep.id),
                why: Why::CalledIn,
            },
            round: 0,
            step: 0,
            carrier: call.carrier.clone(),
            from: shows.clone(),
            ring_s: self.terms().ring_s,
            life,
            result: None,
            settled_at: None,
            cue: Cue::Whisper {
                prompt: 1,
                repeats: 0,
            },
            turn: 1,
            has: 1,
        });
        m.tell(Entry::new(m.now, What::RepCalledIn).of(&self.attempts[usize::from(number) - 1]));
    }

    fn customer_called_in(&mut self, call: &CalledIn, m: &mut Moment<'_>) {
        let open = self.to_be_had() || matches!(self.state, State::Engaged(_));
        if !open || self.facts.kind != Kind::Real {
            return;
        }
        self.wants_to_talk_now(m);
        self.menu_key = None;
        let rep = self.rep_on_the_line();
        self.forget_the_call_before(rep.is_some(), m);
        let leg = self.came_in(call, m);
        match rep {
            Some(index) => {
                self.cue(index, Cue::Room { leg, there: false });
                m.order(Command::Interrupt(self.attempts[index].leg));
                self.waits_for_the_other(index, m);
            }
            None => self.rings_for_the_customer(m),
        }
    }

    fn came_in(&mut self, call: &CalledIn, m: &mut Moment<'_>) -> LegId {
        let before = self.customer.iter();
        let number = 1 + before.filter(|leg| leg.leg.side == Side::In).count();
        let leg = LegId {
            lead: self.lead,
            side: Side::In,
            number: u16::try_from(number).unwrap_or(u16::MAX),
        };
        m.tell(Entry::new(m.now, What::CustomerCalledIn).leg(leg));
        self.customer.push(CustomerLeg {
            leg,
            life: Life::came_in(&call.call, Rank::Ringing, m.now),
            result: None,
            talked_at: None,
            came_in: Some(CameIn {
                carrier: call.carrier.clone(),
                line: call.line.clone(),
                hears: Hears::Room,
                turn: 1,
                waits_until: m.now + s(WAITS_S),
                has: 0,
            }),
        });
        leg
    }

    /// The rep who has the lead, if their phone is still up.
    fn rep_on_the_line(&self) -> Option<usize> {
        let State::Engaged(engaged) = &self.state else {
            return None;
        };
        let index = self.index(engaged.leg)?;
        self.attempts[index].life.up().then_some(index)
    }

    /// Nobody is on two calls: whatever the carrier has not told us of the one before, it is over.
    fn forget_the_call_before(&mut self, rep_is_there: bool, m: &mut Moment<'_>) {
        if let State::Engaged(Engaged {
            part: Part::Talking { since, .. },
            ..
        }) = &self.state
        {
            let since = *since;
            let leg = self.customer.last().map(|customer| customer.leg);
            let entry = Entry::new(m.now, What::HungUp).by(By::Customer);
            m.tell(leg.map_or(entry.clone(), |leg| entry.leg(leg)));
            self.tell_talked(since, m.now, m);
        }
        if let Some(before) = self.customer.last_mut().filter(|leg| leg.life.live()) {
            match before.leg.side {
                // It may have been picked up; nobody has said so yet.
                Side::Customer => {
                    before.life.presume_over(m.now);
                    m.order(Command::LookUp(before.leg));
                }
                Side::In | Side::Rep => before.life.over_for_us(m.now),
            }
            before.result.get_or_insert(CustomerResult::Canceled);
            let leg = before.leg;
            self.hears(leg, Hears::GoodBye);
        }
        if !rep_is_there && matches!(self.state, State::Engaged(_)) {
            self.ask_before_going_on(m);
        }
    }

    /// The ladder begins anew with whoever had the customer last.
    pub(super) fn rings_for_the_customer(&mut self, m: &mut Moment<'_>) {
        let accepted = |attempt: &&Attempt| attempt.result == Some(AttemptResult::Accepted);
        let before = self.attempts.iter().rev().find(accepted);
        let before = before.map(|attempt| attempt.seat.rep.clone());
        let last = m.number.last.as_ref().map(|last| last.rep.clone());
        if let Some(rep) = before.or(last) {
            self.facts.first = Some(First::HadIt(rep));
        }
        if matches!(self.state, State::Waiting { .. } | State::Sleeping { .. }) {
            self.begin_anew(m.now);
        }
    }

    fn waits_for_the_other(&mut self, index: usize, m: &mut Moment<'_>) {
        let check_at = m.now + s(ROOM_CHECK_S);
        self.part(Part::Dialling {
            check_at,
            checks: 0,
        });
        self.keep_phone(index, check_at, m);
    }

    /// The customer is in the room: if the rep is too, they are joined.
    fn meet(&mut self, leg: LegId, m: &mut Moment<'_>) {
        let State::Engaged(Engaged {
            part: Part::Dialling { .. },
            leg: rep,
            ..
        }) = &self.state
        else {
            return;
        };
        let there = |rep: &Attempt| rep.in_the_room() && rep.life.up();
        if !self.is_last(leg) || !self.attempt(*rep).is_some_and(there) {
            return;
        }
        let Some(customer) = self.customer_mut(leg) else {
            return;
        };
        if customer.life.rise(&Phase::Answered, m.now) {
            self.customer_answered(leg, m.now, m);
        }
    }

    /// The rep took the lead a moment too late, and may ring the customer.
    fn left_before_the_rep(&mut self, index: usize, leg: LegId, m: &mut Moment<'_>) {
        // Nobody has heard of the rep's leg for a while, and each such call would keep their phone longer.
        m.order(Command::LookUp(self.attempts[index].leg));
        if self.talked_with_customer() {
            return self.talked_before(index, leg, m);
        }
        let reason = Unreached::NoAnswer;
        self.set_customer(leg, CustomerResult::Missed(reason));
        m.tell(
            Entry::new(m.now, What::CustomerMissed)
                .leg(leg)
                .because(word(reason)),
        );
        let there = self.attempts[index].in_the_room();
        self.unreached(index, reason, m);
        if there {
            m.order(Command::Interrupt(self.attempts[index].leg));
        }
    }

    /// They had talked already: nobody is rung again, the rep says what came of it.
    fn talked_before(&mut self, index: usize, leg: LegId, m: &mut Moment<'_>) {
        self.set_customer(leg, CustomerResult::Canceled);
        m.tell(Entry::new(m.now, What::HungUp).leg(leg).by(By::Customer));
        let there = self.attempts[index].in_the_room();
        self.menu(index, Cue::Menu, false, m);
        if there {
            m.order(Command::Interrupt(self.attempts[index].leg));
        }
    }

    fn nobody_for_the_customer(&mut self, m: &mut Moment<'_>) {
        let Some(leg) = self.waiting_customer() else {
            return;
        };
        let Some(customer) = self.customer_mut(leg) else {
            return;
        };
        customer.life.over_for_us(m.now);
        customer.result.get_or_insert(CustomerResult::Canceled);
        let came_in = customer.came_in.as_ref();
        let has_script = came_in.is_some_and(|came_in| came_in.has > 0);
        self.hears(leg, Hears::Reception);
        if has_script {
            m.order(Command::Interrupt(leg));
        }
    }

    fn hears(&mut self, leg: LegId, hears: Hears) {
        let came_in = self.customer_mut(leg).and_then(|leg| leg.came_in.as_mut());
        if let Some(came_in) = came_in {
            came_in.hears = hears;
            came_in.turn += 1;
        }
    }

    fn customer_mut(&mut self, leg: LegId) -> Option<&mut CustomerLeg> {
        self.customer
            .iter_mut()
            .find(|customer| customer.leg == leg)
    }
}
