//! Calls that come in, in the words of a story: `An rings back`, `the customer rings back` or `Jan rings back`, followed by
//! `, at Brugge` for another number than that of the lead's rooftop and `, twice` for a carrier that asks again; `somebody rings Gent`,
//! `an anonymous caller rings Gent`.

use leadbridge::decision::Arrival;
use leadbridge::desk::Phone;
use leadbridge::flow::{CalledIn, Event, Flow, Hears};
use leadbridge::lead_line::{self, Again, Caller};
use leadbridge::phone::PhoneNumber;
use leadbridge::rotation::{CarrierId, RooftopId};
use leadbridge_providers::{CarrierCallId, LeadId, LegId};
use uuid::Uuid;

use crate::setup::{self, KEY};
use crate::words;
use crate::world::{Next, World};

const STRANGER: &str = "+32470999999";

/// A call as it comes in.
struct Call {
    id: CarrierCallId,
    who: String,
    from: Option<PhoneNumber>,
    line: PhoneNumber,
}

/// Whether this is a call that comes in.
pub(crate) fn happens(world: &mut World, what: &str) -> Result<bool, String> {
    let (what, times) = match what.strip_suffix(", twice") {
        Some(what) => (what, 2),
        None => (what, 1),
    };
    let Some(call) = read(world, what)? else {
        return Ok(false);
    };
    for _ in 0..times {
        comes_in(world, &call);
    }
    Ok(true)
}

/// What a customer's own leg hears.
pub(crate) fn hears(hears: Hears) -> &'static str {
    match hears {
        Hears::Room => "the customer hears a ring tone",
        Hears::Reception => "the customer hears the reception",
        Hears::GoodBye => "the customer hears \"good-bye\"",
    }
}

fn read(world: &World, what: &str) -> Result<Option<Call>, String> {
    let id = CarrierCallId(format!("CAin{}", world.carrier.order.len()));
    let line = |rooftop: &str| {
        let rooftop = RooftopId(rooftop.to_lowercase());
        let rooftop = world.rules.rooftops.get(&rooftop);
        rooftop
            .map(|rooftop| rooftop.caller_id.clone())
            .ok_or("rings where?")
    };
    for (start, from) in [
        ("somebody rings ", Some(STRANGER)),
        ("an anonymous caller rings ", None),
    ] {
        if let Some(rooftop) = what.strip_prefix(start) {
            let from = from.and_then(|from| PhoneNumber::parse(from, "BE").ok());
            let who = "somebody".to_owned();
            let line = line(rooftop)?;
            return Ok(Some(Call {
                id,
                who,
                from,
                line,
            }));
        }
    }
    let Some((who, place)) = what.split_once(" rings back") else {
        return Ok(None);
    };
    let rep = world.rules.reps.get(&setup::rep_id(who));
    let lead = world.names.iter().rev();
    let lead = lead
        .clone()
        .find(|(_, name)| name == who)
        .or_else(|| world.names.last());
    let lead = lead.map(|(lead, _)| *lead);
    let here = lead.map_or("gent", |lead| world.flows[&lead].facts.rooftop.0.as_str());
    let line = line(place.strip_prefix(", at ").unwrap_or(here))?;
    let (who, from) = match rep {
        Some(rep) => (who.to_owned(), Some(rep.phone.clone())),
        None => {
            let from = lead.and_then(|lead| world.customers.get(&lead)).cloned();
            ("the customer".to_owned(), from)
        }
    };
    Ok(Some(Call {
        id,
        who,
        from,
        line,
    }))
}

fn comes_in(world: &mut World, call: &Call) {
    if world.dead {
        return;
    }
    let known = world
        .flows
        .values()
        .find_map(|flow| flow.leg_of_call(&call.id));
    let carrier = CarrierId(setup::CARRIER.to_owned());
    let rooftops = lead_line::rooftops(&world.rules, &carrier, &call.line);
    let rooftops: Vec<_> = rooftops.into_iter().cloned().collect();
    let rules = world.rules.clone();
    let rooftops: Vec<_> = rooftops.iter().collect();
    let caller = lead_line::caller(&rules, &KEY, call.from.as_ref());
    let lead = match &caller {
        _ if known.is_some() => known.map(|leg| leg.lead),
        Caller::Rep(rep) => {
            if let Some(phone) = world.desk.0.get_mut(&rep.key) {
                phone.rang_in();
            }
            let phone = world.desk.0.get(&rep.key).cloned().unwrap_or_default();
            for_rep(world, &phone, call)
        }
        Caller::Number(key) => {
            let number = world.numbers.get(key).cloned().unwrap_or_default();
            let open = lead_line::for_customer(&number, &rooftops);
            open.or_else(|| again(world, call, &number, &rooftops))
        }
        Caller::Ourselves | Caller::Nobody => None,
    };
    if let (Some(lead), None) = (lead, known) {
        let by = match caller {
            Caller::Rep(rep) => Some(rep.id.clone()),
            Caller::Number(_) | Caller::Ourselves | Caller::Nobody => None,
        };
        let event = Event::CalledIn(CalledIn {
            by,
            carrier,
            call: call.id.clone(),
            line: call.line.clone(),
        });
        world.step(lead, event);
    }
    let flow = lead.map(|lead| &world.flows[&lead]);
    match flow.and_then(|flow| flow.leg_of_call(&call.id)) {
        Some(leg) => connect(world, call, leg),
        None => world
            .asides
            .push(format!("{} hears the reception", call.who)),
    }
}

fn for_rep(world: &World, phone: &Phone, call: &Call) -> Option<LeadId> {
    let key = call.from.as_ref().map(|from| KEY.of(from))?;
    let flow = |lead| Ok::<Option<Flow>, ()>(world.flows.get(&lead).cloned());
    let found = lead_line::for_rep(phone, &key, &world.rules, world.now, flow);
    found.ok().flatten().map(|flow| flow.lead)
}

/// A known customer without an open lead makes a new one.
fn again(
    world: &mut World,
    call: &Call,
    number: &leadbridge::desk::Number,
    rooftops: &[&leadbridge::rotation::Rooftop],
) -> Option<LeadId> {
    let from = call.from.as_ref()?;
    let before = world.customers.iter().rev();
    let (before, _) = before.clone().find(|(_, phone)| *phone == from)?;
    let (before, name) = (*before, world.name(*before).to_owned());
    let lead = LeadId(Uuid::from_u128(world.names.len() as u128 + 1));
    let again = Again {
        lead,
        told: world.told[&before].clone(),
        before: world.flows[&before].clone(),
    };
    let rules = world.rules.clone();
    let (arrival, flow, timeline): (Arrival, _, _) =
        lead_line::new_lead(again, number, rooftops, &rules, &KEY, world.now)?;
    world.names.push((lead, format!("{name} again")));
    world.customers.insert(lead, from.clone());
    world.told.extend(arrival.told.map(|told| (lead, told)));
    world.asides.push("a new lead of the lead line".to_owned());
    world.flows.insert(lead, flow);
    world.note(lead, &timeline, Vec::new());
    Some(lead)
}

fn connect(world: &mut World, call: &Call, leg: LegId) {
    let phone = world.flows[&leg.lead]
        .attempt(leg)
        .map(|rep| rep.seat.phone.clone());
    world
        .carrier
        .comes_in(leg, &call.who, phone, call.id.clone(), world.now);
    world.queue.push_back(Next::Read(leg));
}

/// What a leg hears, its turn, and the room it is in with that.
pub(crate) fn script(flow: &Flow, leg: LegId) -> Option<(String, u32)> {
    if let Some(attempt) = flow.attempt(leg) {
        let who = words::name(&attempt.seat.rep);
        return Some((
            format!("{who} hears {}", words::hears(flow, attempt)),
            attempt.turn,
        ));
    }
    let came_in = flow.customer_leg(leg)?.came_in.as_ref()?;
    Some((hears(came_in.hears).to_owned(), came_in.turn))
}
