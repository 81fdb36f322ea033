//! What became of a lead, in one paragraph for a manager: what came when, who was rung and what each did, how it
//! ended. It says what is not known, blames nobody for what the carrier did, and names no customer (P9).

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use leadbridge_providers::{Language, Side};

use crate::flow::shown::Stage;
use crate::flow::{
    Attempt, AttemptResult, Closed, CustomerLeg, CustomerResult, Entry, Flow, Kind, Outcome, Rank,
    State, What, is_nine, word,
};
use crate::phrases::Phrases;
use crate::plan::First;
use crate::rotation::{RepId, Rooftop, Rules};

/// So many rings of reps are told one by one; of more, those of the first round and the one that was accepted.
const RINGS_TOLD: usize = 6;
/// A request older than this when it came in is worth a sentence.
const OLD: SignedDuration = SignedDuration::from_secs(60);

/// What the paragraph is made of besides the lead.
#[derive(Clone, Copy)]
pub struct Why<'a> {
    /// The sentences.
    pub phrases: &'a Phrases,
    /// The rules in force: names, zones, who is away.
    pub rules: &'a Rules,
    /// Whose words: the group's unless somebody reads another.
    pub language: Language,
}

impl Why<'_> {
    /// The paragraph.
    pub fn of(&self, flow: &Flow, timeline: &[Entry]) -> String {
        let rooftop = self.rules.rooftops.get(&flow.facts.rooftop);
        let mut story = Story {
            why: self,
            flow,
            timeline,
            rooftop,
            zone: rooftop.map_or(TimeZone::UTC, |rooftop| rooftop.hours.zone().clone()),
            told: Vec::new(),
        };
        story.arrival();
        story.delay();
        story.reps();
        story.customer();
        match flow.outcome() {
            Some(closed) => story.end(closed),
            None => story.now(),
        }
        story.told.join(" ")
    }
}

/// A paragraph while it is told.
struct Story<'a> {
    why: &'a Why<'a>,
    flow: &'a Flow,
    timeline: &'a [Entry],
    rooftop: Option<&'a Rooftop>,
    zone: TimeZone,
    told: Vec<String>,
}

impl<'a> Story<'a> {
    fn say(&mut self, id: &str, args: &[(&str, &str)]) {
        let sentence = self.why.phrases.say(self.why.language, id, args);
        self.told.push(sentence);
    }

    fn arrival(&mut self) {
        let facts = &self.flow.facts;
        let (date, time) = self.moment(facts.t1);
        let rooftop = self
            .rooftop
            .map_or(&facts.rooftop.0, |rooftop| &rooftop.name);
        self.say(
            "why-received",
            &[
                ("date", &date),
                ("time", &time),
                ("source", &facts.source.0),
                ("rooftop", rooftop),
            ],
        );
        let age = facts.t0.map(|t0| facts.t1.duration_since(t0));
        if let Some(age) = age.filter(|age| *age > OLD) {
            self.say("why-requested", &[("for", &self.lasting(age))]);
        }
        if facts.kind != Kind::Real {
            self.say("why-test", &[]);
        }
        let first_plan = self.lines(What::PlanMade).next();
        let not_first = first_plan.is_some_and(|plan| plan.reason.is_some());
        match &facts.first {
            None => {}
            Some(First::Stranger) => self.say("why-stranger", &[]),
            Some(First::HadIt(_)) if not_first => {}
            Some(First::HadIt(rep)) => self.say("why-had-it", &[("rep", &self.name(rep))]),
            Some(First::Named(rep)) => {
                let is_owner = self.rooftop.is_some_and(|at| at.owner.contains(rep));
                let id = match (not_first, is_owner) {
                    (false, _) => "why-named",
                    (true, true) => "why-named-owner",
                    (true, false) => "why-named-not",
                };
                self.say(id, &[("rep", &self.name(rep))]);
            }
        }
        if self.flow.asked_again > 0 {
            self.say("why-asked-again", &[]);
        }
    }

    /// Why nobody was rung at once.
    fn delay(&mut self) {
        for reason in &self.flow.noted.held {
            self.say(&format!("why-held-{}", word(reason)), &[]);
        }
        if let Some(at) = self.lines(What::LeadReleased).next().map(|line| line.at) {
            self.say("why-released", &[("for", &self.after(at))]);
        }
        let first_ring = self.flow.attempts.first().map(|ring| ring.life.created_at);
        let mut waits = self.lines(What::Waiting);
        let wait = waits.find(|line| first_ring.is_none_or(|ring| line.at < ring));
        let until = wait.and_then(|line| line.reason.as_deref()?.parse().ok());
        if let (Some(until), Some(_)) = (until, first_ring) {
            let (date, time) = self.moment(until);
            self.say("why-waited", &[("date", &date), ("time", &time)]);
        }
        if let Some(ms) = self.flow.noted.in_line_ms.filter(|ms| *ms >= 1000) {
            let stood = self.lasting(SignedDuration::from_millis(ms));
            self.say("why-in-line", &[("for", &stood)]);
        }
        if self.lines(What::Stalled).next().is_some() {
            self.say("why-stalled", &[]);
        }
    }

    /// Who was rung, in order, and who of the rotation was not.
    fn reps(&mut self) {
        let rings = &self.flow.attempts;
        let took = |ring: &Attempt| ring.result == Some(AttemptResult::Accepted);
        let is_told = |ring: &&Attempt| rings.len() <= RINGS_TOLD || ring.round == 1 || took(ring);
        let (told, more): (Vec<_>, Vec<_>) = rings.iter().partition(is_told);
        let (taken, others): (Vec<_>, Vec<_>) = told.into_iter().partition(|ring| took(ring));
        others.iter().for_each(|ring| self.ring(ring));
        if let Some(last) = more.last() {
            let (count, round) = (more.len().to_string(), last.round.to_string());
            self.say("why-more", &[("count", &count), ("rounds", &round)]);
        }
        let unheard = |ring: &&Attempt| {
            let life = &ring.life;
            let over = ring.result == Some(AttemptResult::Missed(crate::flow::Missed::NoAnswer));
            over && life.ringing_at.is_none() && life.answered_at.is_none()
        };
        if rings.iter().any(|ring| unheard(&ring)) {
            self.say("why-unheard", &[]);
        }
        self.absent();
        taken.iter().for_each(|ring| self.ring(ring));
        if rings.is_empty() && self.flow.outcome().is_some() && !self.is(Outcome::Joined) {
            self.say("why-nobody-rung", &[]);
        }
    }

    fn ring(&mut self, ring: &Attempt) {
        let life = &ring.life;
        let rang_at = life.ringing_at.or(life.placed_at);
        let nine = |entry: &Entry| is_nine(entry) && entry.leg == Some(ring.leg);
        let came_in =
            |entry: &Entry| entry.what == What::RepCalledIn && entry.leg == Some(ring.leg);
        let came_in = self.timeline.iter().any(came_in);
        let id = match ring.result {
            Some(AttemptResult::Accepted) if came_in => "called-in-accepted".to_owned(),
            _ if came_in => "called-in".to_owned(),
            Some(AttemptResult::Accepted) => "accepted".to_owned(),
            Some(AttemptResult::Passed) if self.timeline.iter().any(nine) => {
                "suspicious".to_owned()
            }
            Some(AttemptResult::Passed) => "passed".to_owned(),
            Some(AttemptResult::Missed(reason)) => word(reason),
            Some(AttemptResult::Taken) => "taken".to_owned(),
            Some(AttemptResult::Lost) => "lost".to_owned(),
            Some(AttemptResult::Canceled) if rang_at.is_some() => "canceled".to_owned(),
            Some(AttemptResult::Canceled) => "unsent".to_owned(),
            None => "live".to_owned(),
        };
        let accepted = ring.settled_at.map(|at| self.after(at));
        let args = [
            ("rep", self.name(&ring.seat.rep)),
            ("after", self.after(rang_at.unwrap_or(life.created_at))),
            ("accepted", accepted.unwrap_or_default()),
        ];
        let args = args.each_ref().map(|(name, value)| (*name, value.as_str()));
        self.say(&format!("why-ring-{id}"), &args);
    }

    /// Reps of the rotation whom nobody rang because they were not there, by the rules now in force.
    fn absent(&mut self) {
        let Some(rooftop) = self.rooftop.filter(|_| !self.flow.attempts.is_empty()) else {
            return;
        };
        let plan = self.lines(What::PlanMade).next();
        let planned_at = plan.map_or(self.flow.facts.t1, |plan| plan.at);
        let day = self.zone.to_datetime(planned_at).date();
        let rung = |rep: &RepId| self.flow.attempts.iter().any(|ring| ring.seat.rep == *rep);
        let missing = rooftop.reps.iter().filter(|rep| !rung(rep));
        let reps: Vec<_> = missing
            .filter_map(|rep| self.why.rules.reps.get(rep))
            .collect();
        for rep in reps {
            let away = rep
                .away
                .iter()
                .any(|(from, to)| (*from..=*to).contains(&day));
            let off = rep
                .hours
                .as_ref()
                .is_some_and(|hours| !hours.is_open(planned_at));
            if away {
                self.say("why-not-away", &[("rep", &self.name(&rep.id))]);
            } else if off {
                self.say("why-not-off-duty", &[("rep", &self.name(&rep.id))]);
            }
        }
    }

    fn customer(&mut self) {
        let legs = &self.flow.customer;
        for leg in legs {
            let life = &leg.life;
            if leg.leg.side == Side::In {
                let after = self.after(life.created_at);
                self.say("why-customer-called-in", &[("after", &after)]);
                if leg.result == Some(CustomerResult::Answered) {
                    self.answered(leg);
                }
                continue;
            }
            match leg.result {
                Some(CustomerResult::Answered) => self.answered(leg),
                Some(CustomerResult::Missed(reason)) => {
                    self.say(&format!("why-customer-{}", word(reason)), &[]);
                }
                Some(CustomerResult::Canceled) => self.say("why-customer-canceled", &[]),
                None if life.rank == Rank::Ended => self.say("why-customer-canceled", &[]),
                None => self.say("why-customer-live", &[]),
            }
        }
    }

    fn answered(&mut self, leg: &CustomerLeg) {
        let Some(at) = leg.life.answered_at else {
            return;
        };
        if leg.leg.side != Side::In {
            self.say("why-customer-answered", &[("after", &self.after(at))]);
        }
        if let Some(end) = leg.life.ended_at {
            let talk = self.lasting(end.duration_since(at));
            self.say("why-talked", &[("for", &talk)]);
        }
    }

    fn end(&mut self, closed: &Closed) {
        let reason = closed.reason.as_deref().unwrap_or_default();
        let rep = self.taken_by();
        let id = match closed.outcome {
            Outcome::Connected if self.flow.menu_key == Some('1') => "connected",
            Outcome::Connected => "connected-long",
            Outcome::Unconfirmed => "unconfirmed",
            Outcome::CustomerUnreached => match reason {
                "voicemail" | "wrong-number" | "cap" => reason,
                _ => "unreached",
            },
            Outcome::NobodyAccepted if self.owner_was_rung() => "nobody-owner",
            Outcome::NobodyAccepted => "nobody",
            Outcome::Canceled => "canceled",
            Outcome::Discarded => "discarded",
            Outcome::Joined => "joined",
            // Said at the beginning.
            Outcome::Test => return,
        };
        let reason = reason.trim_end_matches('.');
        self.say(
            &format!("why-end-{id}"),
            &[("rep", &rep), ("reason", reason)],
        );
    }

    /// How a lead stands that is not over.
    fn now(&mut self) {
        let until = match self.flow.state {
            State::Waiting { until } | State::Sleeping { until } => until,
            State::Held(_) | State::Round(_) | State::Engaged(_) | State::Closed(_) => {
                self.flow.facts.t1
            }
        };
        let (date, time) = self.moment(until);
        let id = match self.flow.stage() {
            Stage::Held => "held",
            Stage::Waiting | Stage::Sleeping => "waiting",
            Stage::InLine => "in-line",
            Stage::Ringing | Stage::Whispering => "ringing",
            Stage::Stalled => "stalled",
            Stage::Talking => "talking",
            Stage::WrappingUp => "menu",
            // The customer's phone rings, which was just said.
            Stage::Dialling | Stage::Closed => return,
        };
        self.say(
            &format!("why-now-{id}"),
            &[("date", &date), ("time", &time)],
        );
    }

    fn lines(&self, what: What) -> impl Iterator<Item = &'a Entry> + use<'a> {
        let timeline = self.timeline;
        timeline.iter().filter(move |entry| entry.what == what)
    }

    fn is(&self, outcome: Outcome) -> bool {
        self.flow
            .outcome()
            .is_some_and(|closed| closed.outcome == outcome)
    }

    fn owner_was_rung(&self) -> bool {
        self.flow.attempts.iter().any(|ring| ring.seat.owner)
    }

    fn taken_by(&self) -> String {
        let took = |ring: &&Attempt| ring.result == Some(AttemptResult::Accepted);
        let ring = self.flow.attempts.iter().rev().find(took);
        ring.map(|ring| self.name(&ring.seat.rep))
            .unwrap_or_default()
    }

    /// As colleagues say it: the first name, or the id of somebody who has left.
    fn name(&self, rep: &RepId) -> String {
        let name = self.why.rules.reps.get(rep).map(|rep| rep.name.as_str());
        let first = name.and_then(|name| name.split_whitespace().next());
        first.unwrap_or(&rep.0).to_owned()
    }

    fn after(&self, at: Timestamp) -> String {
        self.lasting(at.duration_since(self.flow.facts.t1))
    }

    /// Two units at most: nobody asks for the seconds of an hour.
    fn lasting(&self, span: SignedDuration) -> String {
        let (hour, day) = match self.why.language {
            Language::Nl => ("u", "d"),
            Language::Fr => ("h", "j"),
            Language::De => ("Std.", "T."),
            Language::En => ("h", "d"),
        };
        let s = span.as_secs().max(0);
        let units = [
            (s / 86_400, day),
            (s / 3600 % 24, hour),
            (s / 60 % 60, "min"),
            (s % 60, "s"),
        ];
        let first = units.iter().position(|(count, _)| *count > 0).unwrap_or(3);
        let told = units
            .iter()
            .skip(first)
            .take(2)
            .filter(|(count, _)| *count > 0);
        let told: Vec<_> = told
            .map(|(count, unit)| format!("{count} {unit}"))
            .collect();
        if told.is_empty() {
            "0 s".to_owned()
        } else {
            told.join(" ")
        }
    }

    /// A day and a time of it, by the rooftop's clock.
    fn moment(&self, at: Timestamp) -> (String, String) {
        let day = match self.why.language {
            Language::Nl | Language::Fr => "%-d/%-m/%Y",
            Language::De => "%-d.%-m.%Y",
            Language::En => "%-d %B %Y",
        };
        let at = at.to_zoned(self.zone.clone());
        (
            at.strftime(day).to_string(),
            at.strftime("%H:%M").to_string(),
        )
    }
}
