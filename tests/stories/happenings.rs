//! What happens from outside, in the words of a story.
//!
//! - Leads: `a lead from the website: VW Golf, test drive` or `lead Jan: VW Golf, at Brugge`, followed by any of `for Bart`,
//!   `at Brugge`, `phone 0470 11 22 33`, `asked 20 min ago`, `marked as test`, `over the rate`, `unproven source`, `unreadable`,
//!   `without phone`, `refuses calls`, `wants texts`; `20 leads at once`.
//! - Phones: `An picks up`, `hangs up`, `declines`, `is busy`, `does not answer`, `presses 1`, `presses nothing`, `'s phone fails`, `has no such
//!   number`; the same for `the customer` or a lead's name. Followed by `, unheard` (nobody tells the daemon), `, twice`; for a customer
//!   also `, by the dial's end only`, `, by the status only`.
//! - Calls that come in: `lead_line.rs`.
//! - Stale words: `stale: An's phone rings | is up | is over`, `stale: the customer's ring is canceled | is lost`, `stale: An's
//!   dial was canceled`, `stale: key 1 of An's turn before`, `stale: a leg nobody knows`.
//! - The carrier: `the next ring of An: <mood>`, `the carrier is down | up` (`the carrier other`: the one of that name), `the carrier answers no look-ups | look-ups`, `the carrier
//!   obeys nothing`.
//! - Texts: `Jan texts STOP`, `Jan texts START`.
//! - People: `a person releases | cancels | discards Jan: why`. The daemon: `the daemon dies`, `the daemon starts`. The admin: `the rules change:
//!   Gent: reps = Bart`.

use jiff::SignedDuration;
use leadbridge::decision::Arrival;
use leadbridge::flow::{Create, Event};
use leadbridge::lead::{Consent, Lead};
use leadbridge::message::wants_texts;
use leadbridge::rotation::{CarrierId, RooftopId, SourceId};
use leadbridge_providers::{Asked, CarrierCallId, End, LeadId, LegId, Phase, Placing, Side};
use uuid::Uuid;

use crate::lead_line;
use crate::refused::Mood;
use crate::setup;
use crate::world::{Next, World};

/// One happening, and all that follows at once.
pub(crate) fn happen(world: &mut World, what: &str) -> Result<(), String> {
    if let Some(lead) = what.strip_prefix("a lead from the website: ") {
        arrive(world, "the lead", lead)?;
    } else if let Some((name, lead)) = what
        .strip_prefix("lead ")
        .and_then(|lead| lead.split_once(": "))
    {
        arrive(world, name, lead)?;
    } else if let Some(count) = what.strip_suffix(" leads at once") {
        let count: u32 = count.parse().map_err(|_| "how many?")?;
        for number in 1..=count {
            arrive(world, &format!("lead {number:02}"), "")?;
        }
    } else if let Some(change) = what.strip_prefix("the rules change: ") {
        setup::change(&mut world.rules, change)?
            .then_some(())
            .ok_or("nothing of the rules")?;
    } else if let Some(stale) = what.strip_prefix("stale: ") {
        stale_word(world, stale)?;
    } else if let Some(order) = what.strip_prefix("a person ") {
        person(world, order)?;
    } else if let Some(mood) = what.strip_prefix("the next ring of ") {
        let (who, mood) = mood.split_once(": ").ok_or("whose ring, and what of it?")?;
        world
            .carrier
            .moods
            .push((who.to_owned(), Mood::parse(mood)?));
    } else if let Some((name, word)) = what.split_once(" texts ") {
        texts(world, name, word)?;
    } else if !system(world, what) && !lead_line::happens(world, what)? {
        phone(world, what)?;
    }
    world.drain();
    Ok(())
}

/// What many leads came to.
pub(crate) fn sums(world: &World) -> Vec<String> {
    let lines = &world.carrier;
    let first_rings: Vec<_> = lines
        .order
        .iter()
        .filter(|leg| leg.side == Side::Rep && leg.number == 1)
        .map(|leg| leg.lead)
        .collect();
    let arrived: Vec<_> = world.names.iter().map(|(lead, _)| *lead).collect();
    let rung = |lead: &LeadId| {
        lines
            .order
            .iter()
            .filter(|leg| leg.side == Side::Customer && leg.lead == *lead)
            .count()
    };
    let most = arrived.iter().map(rung).max().unwrap_or(0);
    let least = arrived.iter().map(rung).min().unwrap_or(0);
    let order = if first_rings == arrived {
        "in order of arrival"
    } else {
        "in another order than of arrival"
    };
    vec![
        format!(
            "{} leads, each customer rung between {least} and {most} times",
            arrived.len()
        ),
        format!("the first rings were {order}"),
    ]
}

/// The customer of a lead writes back: it is noted with the number, and no flow is stepped.
fn texts(world: &mut World, name: &str, word: &str) -> Result<(), String> {
    let wanted = wants_texts(word).ok_or("neither STOP nor START")?;
    let (lead, _) = world
        .names
        .iter()
        .find(|(_, known)| known == name)
        .ok_or("whose lead?")?;
    let number = world.flows[lead].facts.number.clone();
    let number = number.ok_or("a lead without a number")?;
    let now = world.now;
    world
        .numbers
        .entry(number)
        .or_default()
        .wish_texts(wanted, now);
    Ok(())
}

fn arrive(world: &mut World, name: &str, told: &str) -> Result<(), String> {
    let count = u32::try_from(world.names.len() + 1).unwrap_or(0);
    let mut arrival = Arrival {
        lead: LeadId(Uuid::from_u128(u128::from(count))),
        source: SourceId("website".to_owned()),
        rooftop: RooftopId("gent".to_owned()),
        told: Some(Lead {
            phone: Some(format!("04701234{count:02}")),
            consent: Consent {
                call: Some(true),
                ..Consent::default()
            },
            ..Lead::default()
        }),
        over_rate: false,
        unproven: false,
    };
    for part in told.split(", ") {
        read(&mut arrival, part, world)?;
    }
    world.arrive(&arrival, name.to_owned());
    Ok(())
}

fn read(arrival: &mut Arrival, part: &str, world: &World) -> Result<(), String> {
    let mut lead = arrival.told.take().unwrap_or_default();
    match part {
        "marked as test" => lead.test = true,
        "over the rate" => arrival.over_rate = true,
        "unproven source" => arrival.unproven = true,
        "without phone" => lead.phone = None,
        "refuses calls" => lead.consent.call = Some(false),
        "wants texts" => lead.consent.text = Some(true),
        "unreadable" => return Ok(()),
        other => {
            if let Some(rep) = other.strip_prefix("for ") {
                let known = world.rules.reps.contains_key(&setup::rep_id(rep));
                lead.rep = Some(if known {
                    rep.to_lowercase()
                } else {
                    rep.to_owned()
                });
            } else if let Some(rooftop) = other.strip_prefix("at ") {
                arrival.rooftop = RooftopId(rooftop.to_lowercase());
            } else if let Some(phone) = other.strip_prefix("phone ") {
                let rep = world
                    .rules
                    .reps
                    .get(&setup::rep_id(phone.trim_end_matches("'s own")));
                lead.phone =
                    Some(rep.map_or(phone.to_owned(), |rep| rep.phone.as_str().to_owned()));
            } else if let Some(ago) = other
                .strip_prefix("asked ")
                .and_then(|ago| ago.strip_suffix(" min ago"))
            {
                let ago = ago.parse().map_err(|_| format!("`{ago}` minutes"))?;
                lead.requested_at = Some(world.now - SignedDuration::from_mins(ago));
            }
        }
    }
    arrival.told = Some(lead);
    Ok(())
}

fn system(world: &mut World, what: &str) -> bool {
    match what {
        "the carrier answers no look-ups" => world.carrier.mute = true,
        "the carrier answers look-ups" => world.carrier.mute = false,
        "the carrier obeys nothing" => world.carrier.stubborn = true,
        "the daemon dies" => world.dead = true,
        "the daemon starts" => start(world),
        _ => return up_or_down(world, what),
    }
    true
}

/// A carrier refuses everything, or no more: the one of all rooftops, or the one named.
fn up_or_down(world: &mut World, what: &str) -> bool {
    let Some((who, how)) = what.rsplit_once(" is ") else {
        return false;
    };
    let id = match who.strip_prefix("the carrier") {
        Some("") => CarrierId(setup::CARRIER.to_owned()),
        Some(name) => CarrierId(name.trim().to_owned()),
        None => return false,
    };
    match how {
        "down" => world.carrier.down.insert(id),
        "up" => world.carrier.down.remove(&id),
        _ => false,
    }
}

/// Unfinished creates are unknown, live legs are looked up.
fn start(world: &mut World) {
    world.dead = false;
    for (lead, flow) in &world.flows {
        world.queue.push_back(Next::Step(*lead, Event::Restarted));
        let unfinished =
            |life: &leadbridge::flow::Life| life.create == Create::Leaving && life.call.is_none();
        for attempt in flow
            .attempts
            .iter()
            .filter(|attempt| unfinished(&attempt.life))
        {
            world.queue.push_back(Next::Step(
                *lead,
                Event::Placing(attempt.leg, Placing::Unknown),
            ));
        }
    }
}

fn person(world: &mut World, order: &str) -> Result<(), String> {
    let (order, reason) = match order.split_once(": ") {
        Some((order, reason)) => (order, Some(reason.to_owned())),
        None => (order, None),
    };
    let (verb, name) = order.split_once(' ').ok_or("what does the person do?")?;
    let lead = lead_named(world, name).ok_or("no such lead")?;
    let event = match verb {
        "releases" => Event::Release { reason: None },
        "cancels" => Event::Cancel { reason },
        "discards" => Event::Discard { reason },
        other => return Err(format!("nobody {other}")),
    };
    world.queue.push_back(Next::Step(lead, event));
    Ok(())
}

/// A lead by its name; `it` and `the customer` are the only or latest one.
fn lead_named(world: &World, name: &str) -> Option<LeadId> {
    let named = world.names.iter().find(|(_, whose)| whose == name);
    let latest = world
        .names
        .last()
        .filter(|_| matches!(name, "it" | "the customer"));
    named.or(latest).map(|(lead, _)| *lead)
}

fn stale_word(world: &mut World, what: &str) -> Result<(), String> {
    if what == "a leg nobody knows" {
        let lead = world.names.last().ok_or("no lead yet")?.0;
        let leg = LegId {
            lead,
            side: Side::Rep,
            number: 99,
        };
        let call = Some(CarrierCallId("CA99".to_owned()));
        world.queue.push_back(Next::Step(
            lead,
            Event::Progress {
                leg,
                call,
                phase: Phase::Ringing,
            },
        ));
        return Ok(());
    }
    let key = what
        .strip_prefix("key ")
        .and_then(|key| key.split_once(" of "));
    if let Some((key, who)) = key {
        let who = who.trim_end_matches("'s turn before");
        let leg = world.carrier.leg_of(who).ok_or("no such leg")?;
        let turn = world.carrier.lines[&leg].turn - 1;
        let next = world
            .carrier
            .asks(leg, turn, Asked::Digits(key.chars().next()));
        world.queue.extend(next);
        return Ok(());
    }
    if let Some(who) = what.strip_suffix("'s dial was canceled") {
        let leg = world.carrier.leg_of(who).ok_or("no such leg")?;
        let turn = world.carrier.lines[&leg].turn;
        let (end, still_up) = (End::Canceled, false);
        let next = world.carrier.asks(leg, turn, Asked::Dial { end, still_up });
        world.queue.extend(next);
        return Ok(());
    }
    let (who, phase) = [
        ("'s phone rings", Phase::Ringing),
        ("'s ring is canceled", Phase::Ended(End::Canceled)),
        ("'s ring is lost", Phase::Ended(End::Lost)),
        ("'s phone is up", Phase::Answered),
        (
            "'s phone is over",
            Phase::Ended(End::Completed { up_s: Some(1) }),
        ),
    ]
    .into_iter()
    .find_map(|(end, phase)| Some((what.strip_suffix(end)?, phase)))
    .ok_or("which stale word?")?;
    let leg = leg(world, who).ok_or("no such leg")?;
    world.carrier.is_heard_again(leg);
    let next = world.carrier.says(leg, phase);
    world.queue.extend(next);
    Ok(())
}

fn leg(world: &World, who: &str) -> Option<LegId> {
    let customer = lead_named(world, who).and_then(|lead| world.carrier.customer_of(lead));
    customer.or_else(|| world.carrier.leg_of(who))
}

/// Somebody does something with a phone.
fn phone(world: &mut World, what: &str) -> Result<(), String> {
    let mut what = what;
    let (mut dial, mut status) = (true, true);
    world.carrier.words = None;
    for (ending, words) in [(", unheard", 0), (", twice", 2)] {
        if let Some(rest) = what.strip_suffix(ending) {
            (what, world.carrier.words) = (rest, Some(words));
        }
    }
    for (ending, is_dial) in [
        (", by the dial's end only", true),
        (", by the status only", false),
    ] {
        if let Some(rest) = what.strip_suffix(ending) {
            (what, dial, status) = (rest, is_dial, !is_dial);
        }
    }
    let names: Vec<_> = world.names.iter().map(|(_, name)| name.clone()).collect();
    let people = ["An", "Bart", "Chloe", "Dirk", "Paul", "the customer"].map(str::to_owned);
    let named = names
        .iter()
        .chain(&people)
        .filter(|who| what.starts_with(who.as_str()));
    let who = named.max_by_key(|who| who.len()).ok_or("who?")?;
    let verb = what[who.len()..].trim_start();
    let leg = leg(world, who).ok_or_else(|| format!("{who}'s phone has no call"))?;
    let now = world.now;
    let next = match verb {
        "picks up" => world.carrier.picks_up(leg, now),
        "presses nothing" => world.carrier.presses(leg, None),
        "'s phone rings" => {
            world.carrier.lines.get_mut(&leg).ok_or("no line")?.phase = Phase::Ringing;
            world.carrier.says(leg, Phase::Ringing)
        }
        _ if verb.starts_with("presses ") => world.carrier.presses(leg, verb.chars().last()),
        _ => ends(world, leg, ending(verb)?, dial, status),
    };
    world.carrier.words = None;
    world.queue.extend(next);
    Ok(())
}

fn ending(verb: &str) -> Result<End, String> {
    match verb {
        "hangs up" => Ok(End::Completed { up_s: None }),
        "is busy" => Ok(End::Busy),
        "declines" => Ok(End::Rejected),
        "does not answer" => Ok(End::NoAnswer),
        "has no such number" => Ok(End::InvalidNumber),
        "'s phone fails" => Ok(End::Failed),
        "is cut off" => Ok(End::Lost),
        other => Err(format!("what is `{other}`?")),
    }
}

fn ends(world: &mut World, leg: LegId, end: End, dial: bool, status: bool) -> Vec<Next> {
    let next = world.carrier.ends(leg, end, world.now);
    let kept = |next: &Next| match next {
        Next::Step(_, Event::Progress { leg, .. }) => status || leg.side != Side::Customer,
        Next::Step(_, Event::Asked { .. }) => dial,
        Next::Step(..) | Next::Read(_) => true,
    };
    next.into_iter().filter(kept).collect()
}
