//! What must be true at the carrier, whatever the daemon believes: how often a leg rings (P2), after which key a
//! customer does (P3), on how many calls one phone is (P4), and which numbers are dialled how often (P10).

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use leadbridge_providers::{LeadId, LegId, Side};

use crate::world::World;

/// What a span exceeds the carrier's time-out by, less what a request may take on its way.
const SPAN_EXTRA_S: i64 = 9;
/// A key and the ring it asks for may lie so far apart.
const RETRIES_S: i64 = 60;

/// What the carrier was asked to do.
#[derive(Debug, Default)]
pub(crate) struct Bill {
    /// Creates whose requests left and were not provably unprocessed.
    sent: BTreeSet<LegId>,
    /// How often somebody pressed 1 on a lead.
    accepts: BTreeMap<LeadId, u32>,
    /// Customers' rings.
    rings: Vec<(LeadId, String, Timestamp)>,
    bridges: BTreeSet<LeadId>,
}

impl Bill {
    pub(crate) fn proven_unsent(&mut self, leg: LegId) {
        self.sent.remove(&leg);
    }
}

impl World<'_> {
    pub(crate) fn a_ring_leaves(&mut self, leg: LegId) {
        assert!(self.bill.sent.insert(leg), "P2: a second request for {leg}");
    }

    pub(crate) fn a_call_begins(&mut self, index: usize) {
        let leg = self.carrier.calls[index].leg;
        let mut earlier = self.carrier.calls[..index].iter();
        assert!(earlier.all(|call| call.leg != leg), "P2: {leg} rings twice");
        match leg.side {
            Side::Rep => self.a_rep_rings(index),
            Side::Customer => self.a_customer_rings(index),
            Side::In => panic!("a call that comes in does not ring"),
        }
    }

    pub(crate) fn presses(&mut self, call: usize, key: Option<char>) {
        if key == Some('1') {
            let lead = self.carrier.calls[call].leg.lead;
            *self.bill.accepts.entry(lead).or_default() += 1;
        }
    }

    pub(crate) fn bridged(&mut self, call: usize) {
        let lead = self.carrier.calls[call].leg.lead;
        assert!(
            self.bill.bridges.insert(lead),
            "P4: {lead} is bridged a second time"
        );
    }

    pub(crate) fn a_rep_rings(&self, index: usize) {
        let call = &self.carrier.calls[index];
        let mut reps = self.rules_ever().reps.values();
        assert!(
            reps.any(|rep| rep.phone.as_str() == call.to),
            "P10: {} is nobody's phone",
            call.to
        );
        let other = self.carrier.calls[..index].iter().find(|other| {
            let span = i64::from(other.timeout_s) + SPAN_EXTRA_S;
            let span_over = other.created_at + SignedDuration::from_secs(span) <= self.now;
            let trouble = self.carrier.trouble_at >= other.created_at;
            other.to == call.to && other.live() && !(span_over && trouble)
        });
        assert!(
            other.is_none(),
            "P4: {} rings while {other:?} lives",
            call.leg
        );
    }

    fn a_customer_rings(&mut self, index: usize) {
        let call = &self.carrier.calls[index];
        let (lead, to) = (call.leg.lead, call.to.clone());
        let accepts = self.bill.accepts.get(&lead).copied().unwrap_or(0);
        let rings = self
            .bill
            .rings
            .iter()
            .filter(|(other, ..)| *other == lead)
            .count();
        assert!(
            rings < accepts as usize,
            "P3: {} rings, and nobody pressed 1",
            call.leg
        );
        assert!(
            !self.bill.bridges.contains(&lead),
            "P4: {lead} was bridged and rings again"
        );
        let customer = self
            .daemon
            .store
            .customers
            .get(&lead)
            .map(|number| number.as_str());
        assert_eq!(customer, Some(to.as_str()), "P10: not this lead's customer");
        let day = SignedDuration::from_secs(24 * 3600 - RETRIES_S);
        let since = self.now - day;
        let today = self
            .bill
            .rings
            .iter()
            .filter(|(_, other, at)| *other == to && *at > since);
        let cap = self.rules.customer_rings_per_day as usize;
        assert!(
            cap == 0 || today.count() < cap,
            "P10: a customer rings more than {cap} times"
        );
        self.bill.rings.push((lead, to, self.now));
    }
}
