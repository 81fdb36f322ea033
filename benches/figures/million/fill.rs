//! A store with very many leads: the product makes its tables, and the rows are written past it, in bulk.

use std::collections::VecDeque;
use std::io::{IsTerminal, Write};

use jiff::Timestamp;
use leadbridge::lead::Lead;
use leadbridge::phone::{HashKey, PhoneNumber};
use leadbridge_providers::LeadId;
use serde_json::json;

use super::group::{ROOFTOPS, SOURCES};
use super::mould::{Cast, Mould, People};
use super::sink::{Cell, Sink, cells};

/// Two years.
const WEEKS: usize = 104;
const WEEK_MS: i64 = 7 * 86_400_000;
/// So many leads are written at once.
const BATCH: usize = 2_000;
/// One lead in so many is of somebody who is known.
const KNOWN_ONCE_IN: usize = 8;

/// The tables that are filled, in the order of [`Rows`].
const TABLES: [(&str, &str); 9] = [
    (
        "lead",
        "id, source, source_id, joined_to, told, phone, mail, content_type, body",
    ),
    (
        "flow",
        "lead, version, flow, number, due, open, t1, stage, source, rooftop, node",
    ),
    ("figures", "t1, lead, joined_to, figures_row"),
    ("timeline", "lead, seq, entries"),
    ("number", "number, number_row"),
    ("call", "call, leg"),
    (
        "message",
        "id, lead, recipient, way, kind, state, rooftop, subject, body, carrier_id, code, at, node",
    ),
    ("conversion", "lead, told_at"),
    ("desk", "phone, phone_row"),
];

type Rows = [Vec<Vec<Cell>>; TABLES.len()];

/// What was written.
#[derive(Default)]
pub(crate) struct Filled {
    pub(crate) leads: usize,
    pub(crate) lines: usize,
    pub(crate) open: usize,
    /// Some of them, in the order in which they came in.
    pub(crate) names: Vec<LeadId>,
}

/// What the leads are made of.
pub(crate) struct Matter<'a> {
    pub(crate) rng: fastrand::Rng,
    pub(crate) key: &'a HashKey,
    pub(crate) people: &'a People,
    /// Of the weeks before the last one, and of the last one.
    pub(crate) whole: Vec<Mould>,
    pub(crate) so_far: Vec<Mould>,
}

struct Fill<'a> {
    matter: Matter<'a>,
    filled: Filled,
    customers: usize,
    last: VecDeque<String>,
    rows: Rows,
}

/// Writes so many leads.
pub(crate) async fn fill(count: usize, matter: Matter<'_>, sink: &mut Sink) -> Filled {
    let phones = matter.people.keys();
    let mut fill = Fill {
        filled: Filled::default(),
        customers: 0,
        last: VecDeque::new(),
        rows: Rows::default(),
        matter,
    };
    fill.rows[8] = phones.map(|phone| cells![phone, "{}"]).collect();
    let mut bar = Bar::of(count);
    for week in 0..WEEKS {
        for (nth, t1_ms, later_ms) in fill.week(week, count) {
            fill.lead(week, nth, t1_ms, later_ms);
            if fill.filled.leads.is_multiple_of(BATCH) {
                fill.flush(sink).await;
                bar.at(fill.filled.leads);
            }
        }
    }
    fill.flush(sink).await;
    bar.at(fill.filled.leads);
    fill.filled
}

impl Fill<'_> {
    /// Which moulds the leads of a week are made in, when they come in, and how much later than in the mould that is.
    fn week(&mut self, week: usize, count: usize) -> Vec<(usize, i64, i64)> {
        let rng = &mut self.matter.rng;
        let leads = count * (week + 1) / WEEKS - count * week / WEEKS;
        let moulds = if week + 1 < WEEKS {
            &self.matter.whole
        } else {
            &self.matter.so_far
        };
        let ago_ms = (WEEKS - 1 - week) as i64 * WEEK_MS;
        // What is open in the last week is due when it is due.
        let spread_ms = if ago_ms > 0 { 1_800_000 } else { 1_000 };
        let mut leads: Vec<_> = (0..leads)
            .map(|_| {
                let nth = rng.usize(..moulds.len());
                let later_ms = -ago_ms - rng.i64(0..spread_ms);
                (nth, moulds[nth].t1_ms + later_ms, later_ms)
            })
            .collect();
        leads.sort_by_key(|(_, t1_ms, _)| *t1_ms);
        leads
    }

    #[allow(clippy::too_many_lines, reason = "one lead's rows, table by table")]
    fn lead(&mut self, week: usize, nth: usize, t1_ms: i64, later_ms: i64) {
        let Matter {
            rng,
            key,
            people,
            whole,
            so_far,
        } = &mut self.matter;
        let mould = if week + 1 < WEEKS {
            &whole[nth]
        } else {
            &so_far[nth]
        };
        let name = uuid::Builder::from_unix_timestamp_millis(
            u64::try_from(t1_ms).unwrap(),
            &std::array::from_fn(|_| rng.u8(..)),
        );
        let id = LeadId(name.into_uuid());
        let lead = id.to_string();
        let is_known = self.customers > 0 && rng.usize(..KNOWN_ONCE_IN) == 0;
        let customer = if is_known {
            rng.usize(..self.customers)
        } else {
            self.customers
        };
        let phone = phone(customer);
        let number = key.of(&phone).to_string();
        let rooftop = popular(rng);
        let source = format!("s{rooftop}-{}", rng.usize(..SOURCES));
        let cast = Cast {
            lead: &lead,
            number: &number,
            rooftop,
            source: &source,
            later_ms,
            people,
        };
        let has_number = mould.number.is_some();
        let joined_to = self.last.back().filter(|_| mould.joins).cloned();
        let is_customer = mould.spoken_with && rng.u8(..100) < 12;
        let count = self.filled.leads;
        self.rows[0].push(lead_row(mould, &cast, count, &phone, joined_to.clone()));
        self.rows[1].push(flow_row(mould, &cast));
        if let Some(figures) = &mould.figures {
            let row = cells![
                nanoseconds(t1_ms),
                lead.as_str(),
                joined_to,
                figures.with(&cast)
            ];
            self.rows[2].push(row);
        }
        for (seq, lines) in mould.timeline.iter().enumerate() {
            self.rows[3].push(cells![lead.as_str(), seq as i64 + 1, lines.with(&cast)]);
        }
        if let (Some(row), false) = (&mould.number, is_known) {
            self.rows[4].push(cells![number.as_str(), row.with(&cast)]);
            self.customers += 1;
        }
        for [call, leg] in &mould.calls {
            self.rows[5].push(cells![call.with(&cast), leg.with(&cast)]);
        }
        if let (Some(ms), true) = (mould.texted_ms, has_number) {
            self.rows[6].push(message_row(&cast, count, ms + later_ms));
        }
        if is_customer {
            self.rows[7].push(cells![lead.as_str(), nanoseconds(t1_ms + WEEK_MS)]);
        }
        self.filled.leads += 1;
        self.filled.lines += mould.lines;
        self.filled.open += usize::from(mould.is_open);
        if count.is_multiple_of(1000) {
            self.filled.names.push(id);
        }
        if !mould.joins {
            self.last.push_back(lead);
            self.last.truncate(1);
        }
    }

    async fn flush(&mut self, sink: &mut Sink) {
        for ((table, columns), rows) in TABLES.iter().zip(&mut self.rows) {
            sink.write(table, columns, &std::mem::take(rows)).await;
        }
    }
}

/// Big rooftops and small ones: a tenth of them has four in ten of all leads.
fn popular(rng: &mut fastrand::Rng) -> usize {
    match rng.u8(..10) {
        0..4 => rng.usize(..ROOFTOPS / 10),
        _ => rng.usize(..ROOFTOPS),
    }
}

/// A customer's number.
pub(crate) fn phone(customer: usize) -> PhoneNumber {
    PhoneNumber::try_from(format!("+3249{customer:07}")).unwrap()
}

fn lead_row(
    mould: &Mould,
    cast: &Cast<'_>,
    count: usize,
    phone: &PhoneNumber,
    joined_to: Option<String>,
) -> Vec<Cell> {
    let has_number = mould.number.is_some() || mould.joins;
    let number = has_number.then(|| phone.as_str().to_owned());
    let mail = format!("jan.peeters.{count}@example.org");
    let told = mould.told.clone().map(|told| Lead {
        id: Some(format!("web-{count}")),
        phone: number.clone(),
        last_name: Some(format!("Peeters {count}")),
        email: Some(mail.clone()),
        message: Some(
            "Is deze wagen nog beschikbaar? Ik kan zaterdag langskomen voor een proefrit."
                .to_owned(),
        ),
        ..told
    });
    let id = told.as_ref().map(|_| format!("web-{count}"));
    let body = match &told {
        Some(told) => {
            json!({"lead": told, "page": "https://www.example.org/stock/vw-golf"}).to_string()
        }
        None => "<adf><prospect>".to_owned(),
    };
    let told = told.map(|told| serde_json::to_string(&told).unwrap());
    let mail = told.as_ref().map(|_| mail);
    cells![
        cast.lead,
        cast.source,
        id,
        joined_to,
        told,
        number,
        mail,
        "application/json",
        body.into_bytes(),
    ]
}

fn flow_row(mould: &Mould, cast: &Cast<'_>) -> Vec<Cell> {
    let at = |ms: i64| nanoseconds(ms + cast.later_ms);
    let number = mould.number.as_ref().map(|_| cast.number.to_owned());
    let rooftop = format!("g{}", cast.rooftop);
    cells![
        cast.lead,
        mould.timeline.len() as i64,
        mould.flow.with(cast),
        number,
        mould.due_ms.map(at),
        i64::from(mould.is_open),
        at(mould.t1_ms),
        mould.stage.as_str(),
        cast.source,
        rooftop,
        0,
    ]
}

fn message_row(cast: &Cast<'_>, count: usize, at_ms: i64) -> Vec<Cell> {
    let words = "Garage Peeters: wij probeerden u te bellen over uw vraag. Bel ons gerust terug.";
    let (rooftop, sid) = (format!("g{}", cast.rooftop), format!("SM{count:032x}"));
    let (id, at) = (count as i64, nanoseconds(at_ms));
    cells![
        id,
        cast.lead,
        "*customer",
        "text",
        "customer-tried",
        "delivered",
        rooftop,
        "",
        words,
        sid,
        None::<i64>,
        at,
        0,
    ]
}

fn nanoseconds(ms: i64) -> i64 {
    let at = Timestamp::from_millisecond(ms).unwrap();
    i64::try_from(at.as_nanosecond()).unwrap()
}

/// How far it is, where somebody looks on.
struct Bar {
    count: usize,
    told: usize,
}

impl Bar {
    fn of(count: usize) -> Self {
        Self { count, told: 0 }
    }

    fn at(&mut self, leads: usize) {
        let percent = leads * 100 / self.count.max(1);
        let mut out = std::io::stderr();
        if out.is_terminal() {
            let done = "#".repeat(percent / 2);
            let end = if leads >= self.count { "\n" } else { "" };
            let _ = write!(
                out,
                "\r    [{done:<50}] {percent:>3} % of {} leads{end}",
                self.count
            );
        } else if percent >= self.told + 25 {
            self.told = percent;
            let _ = writeln!(out, "    {percent} % of {} leads", self.count);
        }
        let _ = out.flush();
    }
}
