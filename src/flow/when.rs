//! May anybody be rung now, until when, and if not, when next? (BEHAVIOUR 2, "Callable")

use jiff::{SignedDuration, Timestamp};

use super::{Flow, Kind, Moment};
use crate::rotation::{AfterHours, Rooftop, Rules};

/// How many changes of hours are looked through for the next moment at which somebody may be rung.
const CHANGES_MAX: usize = 64;
/// A rooftop that is not in the rules is looked for again after so many minutes.
const GONE_MIN: i64 = 10;

/// Whether rounds and steps may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// Yes, until then (`None`: no end in sight).
    Now(Option<Timestamp>),
    /// No, not before then.
    Later(Timestamp),
    /// The rooftop is not in the rules any more; asked again then.
    Gone(Timestamp),
}

impl Flow {
    /// Whether this flow may ring anybody at the moment.
    pub(super) fn when(&self, m: &Moment<'_>) -> When {
        let Some(rooftop) = m.rules.rooftops.get(&self.facts.rooftop) else {
            return When::Gone(m.now + SignedDuration::from_mins(GONE_MIN));
        };
        if matches!(self.facts.kind, Kind::RingsBack(_)) {
            return When::Now(None);
        }
        let hours = Callable {
            rooftop,
            fresh_until: self.fresh_until,
        };
        if hours.at(m.now) {
            When::Now(hours.changes(m.now).find(|at| !hours.at(*at)))
        } else {
            let next = hours.changes(m.now).find(|at| hours.at(*at));
            When::Later(next.unwrap_or(m.now + SignedDuration::from_hours(24)))
        }
    }

    /// Whether a rep who takes the lead now may ring its customer.
    pub(super) fn customer_may_be_rung(&self, rules: &Rules, now: Timestamp) -> bool {
        let rooftop = rules.rooftops.get(&self.facts.rooftop);
        let test = matches!(self.facts.kind, Kind::RingsBack(_));
        rooftop.is_some_and(|rooftop| {
            test || now < self.fresh_until || rooftop.customer_hours.is_open(now)
        })
    }

    /// The next opening after now, when this rooftop is open: a new morning.
    pub(super) fn next_morning(&self, m: &Moment<'_>) -> Timestamp {
        let rooftop = m.rules.rooftops.get(&self.facts.rooftop);
        let opening = rooftop.and_then(|rooftop| {
            rooftop
                .hours
                .next_open(m.now)
                .or_else(|| rooftop.customer_hours.next_open(m.now))
        });
        opening.unwrap_or(m.now + SignedDuration::from_hours(24))
    }
}

struct Callable<'a> {
    rooftop: &'a Rooftop,
    fresh_until: Timestamp,
}

impl Callable<'_> {
    fn at(&self, at: Timestamp) -> bool {
        let staffed =
            self.rooftop.after_hours != AfterHours::Wait || self.rooftop.hours.is_open(at);
        staffed && (at < self.fresh_until || self.rooftop.customer_hours.is_open(at))
    }

    /// The moments after `now` at which the answer may change, in order.
    fn changes(&self, now: Timestamp) -> impl Iterator<Item = Timestamp> {
        let next = |after: &Timestamp| {
            let customers = &self.rooftop.customer_hours;
            let hours = &self.rooftop.hours;
            let changes = [
                hours.next_open(*after),
                hours.next_close(*after),
                customers.next_open(*after),
                customers.next_close(*after),
                Some(self.fresh_until).filter(|at| at > after),
            ];
            changes.into_iter().flatten().min()
        };
        std::iter::successors(next(&now), next).take(CHANGES_MAX)
    }
}
