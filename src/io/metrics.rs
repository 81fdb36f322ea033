//! The figures for operating (INTERFACE, metrics): counted where things happen, told on `/metrics`. Labels are ids
//! and words of closed vocabularies, never anything personal (P9).

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use leadbridge_providers::Placing;
use prometheus_client::encoding::{EncodeMetric, text};
use prometheus_client::metrics::TypedMetric;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};

use crate::flow::shown::Stage;
use crate::flow::{AttemptResult, Flow, Kind, word};
use crate::io::store::{Counts, Received, Stepped};
use crate::message::Kind as MessageKind;
use crate::rotation::CarrierId;

/// How long a phone call's steps take, in seconds.
const SPEED_S: [f64; 12] = [
    1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 1800.0, 7200.0,
];
/// How long a commit takes, in seconds.
const COMMIT_S: [f64; 10] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 3.0,
];
/// The states that have a figure, so that one without flows is told as 0.
const OPEN: [Stage; 10] = [
    Stage::Held,
    Stage::InLine,
    Stage::Waiting,
    Stage::Ringing,
    Stage::Whispering,
    Stage::Dialling,
    Stage::Talking,
    Stage::WrappingUp,
    Stage::Sleeping,
    Stage::Stalled,
];

type Labels<const N: usize> = [(&'static str, String); N];

/// All figures; a copy counts into the same ones.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Registry>,
    leads: Family<Labels<2>, Counter>,
    attempts: Family<Labels<2>, Counter>,
    outcomes: Family<Labels<2>, Counter>,
    carrier_requests: Family<Labels<2>, Counter>,
    messages: Family<Labels<2>, Counter>,
    carrier_up: Family<Labels<1>, Gauge>,
    flows: Family<Labels<1>, Gauge>,
    outbox: Gauge,
    time_to_ring: Histogram,
    time_to_accept: Histogram,
    time_to_connect: Histogram,
    commit: Histogram,
}

impl Metrics {
    /// Figures that have counted nothing yet.
    #[allow(
        clippy::new_without_default,
        reason = "one is made, at the start of the process"
    )]
    pub fn new() -> Metrics {
        let mut names = Registry::with_prefix("leadbridge");
        let n = &mut names;
        let commits = Histogram::new(COMMIT_S);
        let mut metrics = Metrics {
            leads: family(n, "leads", "Leads received"),
            attempts: family(n, "attempts", "Rings of reps that came to a result"),
            outcomes: family(n, "outcomes", "Leads that ended"),
            carrier_requests: family(n, "carrier_requests", "Rings asked of a carrier"),
            messages: family(n, "messages", "Texts and mails that left, or could not"),
            carrier_up: family(n, "carrier_up", "Whether a carrier takes rings"),
            flows: family(n, "flows", "Leads under way, by state"),
            outbox: told(n, "outbox", "Commands under way", Gauge::default()),
            time_to_ring: speed(n, "ring", "From reception to the first phone ringing"),
            time_to_accept: speed(n, "accept", "From reception to the accept key"),
            time_to_connect: speed(n, "connect", "From reception to the customer's answer"),
            commit: told(n, "store_commit_seconds", "How long a commit took", commits),
            registry: Arc::default(),
        };
        metrics.registry = Arc::new(names);
        metrics
    }

    /// A lead came in; one that was here before counts once.
    pub fn lead_received(&self, received: &Received) {
        if received.known {
            return;
        }
        let flow = &received.flow;
        let outcome = flow.outcome().map(|closed| closed.outcome);
        let status = flow.stage().told(outcome);
        let labels = [("source", flow.facts.source.0.clone()), ("status", status)];
        self.leads.get_or_create(&labels).inc();
        self.count_outcome(flow);
    }

    /// A flow was stepped: what is new in it counts.
    pub fn stepped(&self, stepped: &Stepped) {
        let (before, after) = (&stepped.before, &stepped.flow);
        for (index, attempt) in after.attempts.iter().enumerate() {
            let earlier = before
                .attempts
                .get(index)
                .and_then(|attempt| attempt.result);
            if let Some(result) = attempt.result.filter(|result| Some(*result) != earlier) {
                let result = ("result", result_word(result).to_owned());
                self.attempts.get_or_create(&[rooftop(after), result]).inc();
            }
        }
        if before.outcome().is_none() {
            self.count_outcome(after);
        }
        if after.facts.kind == Kind::Real {
            observe(&self.time_to_ring, before, after, time_to_ring_ms);
            observe(&self.time_to_accept, before, after, time_to_accept_ms);
            observe(&self.time_to_connect, before, after, time_to_connect_ms);
        }
    }

    /// Whether a carrier takes rings.
    pub fn carrier_up(&self, carrier: &CarrierId, up: bool) {
        self.carrier_up
            .get_or_create(&[("carrier", carrier.0.clone())])
            .set(i64::from(up));
    }

    /// How asking a carrier for a ring ended.
    pub fn carrier_request(&self, carrier: &CarrierId, placing: &Placing) {
        let result = match placing {
            Placing::Placed(_) => "placed",
            Placing::BadNumber { .. } => "bad-number",
            Placing::Failed { .. } => "failed",
            Placing::NotSent => "not-sent",
            Placing::OurSetUp { .. } => "our-set-up",
            Placing::Unknown => "unknown",
        };
        let labels = [
            ("carrier", carrier.0.clone()),
            ("result", result.to_owned()),
        ];
        self.carrier_requests.get_or_create(&labels).inc();
    }

    /// What became of a text or a mail.
    pub fn message(&self, kind: MessageKind, result: &str) {
        let labels = [("kind", word(kind)), ("result", result.to_owned())];
        self.messages.get_or_create(&labels).inc();
    }

    /// The store committed.
    pub fn commit(&self, took: Duration) {
        self.commit.observe(took.as_secs_f64());
    }

    /// All figures as OpenMetrics text; without `counts`, because the store is away, those of the last time.
    pub fn encode(&self, counts: Option<&Counts>) -> String {
        if let Some(counts) = counts {
            for stage in OPEN {
                let count = counts.flows.get(&stage).copied().unwrap_or(0);
                let labels = [("state", word(stage))];
                self.flows.get_or_create(&labels).set(i64::from(count));
            }
            self.outbox.set(i64::from(counts.outbox));
        }
        let mut told = String::new();
        text::encode(&mut told, &self.registry).expect("a String takes any text");
        told
    }

    fn count_outcome(&self, flow: &Flow) {
        if let Some(closed) = flow.outcome() {
            let labels = [rooftop(flow), ("outcome", word(closed.outcome))];
            self.outcomes.get_or_create(&labels).inc();
        }
    }
}

fn family<const N: usize, M>(names: &mut Registry, name: &str, help: &str) -> Family<Labels<N>, M>
where
    M: Default + TypedMetric + EncodeMetric + Send + Sync + Debug + 'static,
{
    told(names, name, help, Family::default())
}

fn speed(names: &mut Registry, to: &str, help: &str) -> Histogram {
    let name = format!("time_to_{to}_seconds");
    told(names, &name, help, Histogram::new(SPEED_S))
}

fn told<M: Metric + Clone>(names: &mut Registry, name: &str, help: &str, metric: M) -> M {
    names.register(name, help, metric.clone());
    metric
}

fn rooftop(flow: &Flow) -> (&'static str, String) {
    ("rooftop", flow.facts.rooftop.0.clone())
}

/// The word without its reason.
fn result_word(result: AttemptResult) -> &'static str {
    match result {
        AttemptResult::Accepted => "accepted",
        AttemptResult::Passed => "passed",
        AttemptResult::Missed(_) => "missed",
        AttemptResult::Taken => "taken",
        AttemptResult::Lost => "lost",
        AttemptResult::Canceled => "canceled",
    }
}

/// Once in a flow's life: when the speed is known for the first time.
fn observe(
    histogram: &Histogram,
    before: &Flow,
    after: &Flow,
    speed_ms: impl Fn(&Flow) -> Option<i64>,
) {
    if let (None, Some(ms)) = (speed_ms(before), speed_ms(after)) {
        let took = Duration::from_millis(u64::try_from(ms).unwrap_or(0));
        histogram.observe(took.as_secs_f64());
    }
}

/// t2 stands for t3 only once no ringing can be reported any more.
fn time_to_ring_ms(flow: &Flow) -> Option<i64> {
    let life = &flow.attempts.first()?.life;
    let is_clear = life.ringing_at.or(life.answered_at).or(life.ended_at);
    is_clear.and_then(|_| flow.marks().speeds().time_to_ring_ms)
}

fn time_to_accept_ms(flow: &Flow) -> Option<i64> {
    flow.marks().speeds().time_to_accept_ms
}

/// The first of the customer's legs that was answered, so that another ring does not count again.
fn time_to_connect_ms(flow: &Flow) -> Option<i64> {
    let mut answers = flow
        .customer
        .iter()
        .map(|customer| customer.life.answered_at);
    let answered_at = answers.find_map(|at| at)?;
    i64::try_from(answered_at.duration_since(flow.facts.t1).as_millis()).ok()
}
