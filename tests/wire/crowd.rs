//! A hundred leads under way on ten phones with people, for as long as somebody makes trouble; and what must be true of
//! all of them in the end.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use futures_util::future::join_all;
use leadbridge::phones::{Act, Behaviour, CallRecord, CreateFault, Misbehaviour};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::config::{Config, GROUP, source};
use crate::daemon::{Daemon, LOOK_EVERY, until};
use crate::people::{accepts_after, ms, picks_up, talks};
use crate::sender::{customer, lead_with_id};

/// So many are open whenever trouble comes.
const UNDER_WAY: usize = 100;
/// So many are sent at the same time: a node in trouble takes one or two seconds for each.
const AT_ONCE: usize = 8;
/// One lead in so many goes to a garage with one rep.
const ALONE_ONCE_IN: usize = 10;
pub(crate) const REPS: usize = 10;
/// Longer than any state without a talk may last.
const SETTLED_WITHIN: Duration = Duration::from_secs(200);
/// Long enough that much trouble comes between a create and its answer.
const CREATE_TAKES: Duration = Duration::from_millis(200);
/// How long a phone may take to ring that nobody is on: where the end of a ring was told to a node that was away, the phone
/// is held for the span of the ring, its time-out and ten seconds.
const IS_FREE_WITHIN: Duration = Duration::from_secs(20);

/// How many kills: `tests/run --long` says more.
pub(crate) fn kills() -> usize {
    std::env::var("LEADBRIDGE_KILLS").map_or(100, |kills| kills.parse().unwrap())
}

pub(crate) fn phone(rep: usize) -> String {
    format!("+3247900000{rep}")
}

/// A garage with all reps, and one for each rep alone.
pub(crate) fn config() -> Config {
    let mut text = format!("{GROUP}ring_s = 1\nnext_after_s = 1\nrounds_min = [0, 0.05, 0.1]\n")
        .replacen("ring_s = 3\nnext_after_s = 2\nrounds_min = [0]\n", "", 1);
    let mut sources = String::new();
    for rep in 0..REPS {
        text += &format!(
            "[[rep]]\nid = \"r{rep}\"\nname = \"Rep {rep}\"\nphone = \"{}\"\n",
            phone(rep)
        );
    }
    let everybody: Vec<_> = (0..REPS).map(|rep| format!("r{rep}")).collect();
    text += &rooftop("gent", "+3292000000", &everybody, "r9");
    for (rep, id) in everybody.iter().enumerate() {
        text += &rooftop(
            &format!("only{rep}"),
            &format!("+329200001{rep}"),
            std::slice::from_ref(id),
            id,
        );
        sources += &source(&format!("only{rep}"), "json", &format!("only{rep}"));
    }
    let mut config = Config::with_rotation(text);
    config.sources = sources;
    config
}

fn rooftop(id: &str, caller_id: &str, reps: &[String], owner: &str) -> String {
    format!(
        "[[rooftop]]\nid = \"{id}\"\nname = \"Garage {id}\"\ncarrier = \"main\"\ncaller_id = \"{caller_id}\"\nhours = \"24/7\"\n\
         reps = {reps:?}\nowner = [\"{owner}\"]\n"
    )
}

/// Half of the reps take leads; the others do what people do.
fn behaviour(rep: usize) -> Behaviour {
    match rep {
        5 => Behaviour::RingsOut,
        6 => Behaviour::Voicemail {
            after: ms(100),
            lasts: ms(900),
        },
        7 => Behaviour::Declines { after: ms(200) },
        8 => picks_up(
            ms(150),
            vec![Act::Press('1'), Act::Talk(ms(100)), Act::HangUp],
        ),
        _ => accepts_after(ms(150 + 50 * rep as u64)),
    }
}

/// Everybody does it from now on, and the carrier takes its time.
pub(crate) async fn people_do_what_people_do(daemon: &Daemon) {
    for rep in 0..REPS {
        daemon.on_phone(&phone(rep), behaviour(rep));
    }
    let (how, times) = (CreateFault::AnswersAfter(CREATE_TAKES), 100_000);
    daemon.misbehave(Misbehaviour::Creates { how, times }).await;
}

/// Waits until a hundred leads are under way.
pub(crate) async fn a_hundred_are_under_way(daemon: &Daemon) {
    until("a hundred leads are under way", || async {
        under_way(daemon)
            .await
            .is_some_and(|open| open >= UNDER_WAY)
    })
    .await;
}

/// How many leads are open; `None` while the daemon is away.
async fn under_way(daemon: &Daemon) -> Option<usize> {
    let page = daemon.sender.try_get("/metrics").await.ok()?;
    let open = page.raw.lines().filter_map(|line| {
        let state = line.strip_prefix("leadbridge_flows{state=\"")?;
        state.rsplit(' ').next()?.parse::<usize>().ok()
    });
    Some(open.sum())
}

/// Sends leads whenever too few are open, each again until it is taken, as sources do; the ids they got.
pub(crate) async fn keeps_sending(daemon: &Daemon, over: &Cell<bool>) -> Vec<String> {
    let mut taken = vec![];
    while !over.get() {
        let open = under_way(daemon).await.unwrap_or(UNDER_WAY);
        let lack = UNDER_WAY.saturating_sub(open).min(AT_ONCE);
        let first = taken.len();
        let sent = (first..first + lack).map(|count| sends_until_taken(daemon, count));
        taken.extend(join_all(sent).await);
        if lack == 0 {
            sleep(LOOK_EVERY).await;
        }
    }
    taken
}

async fn sends_until_taken(daemon: &Daemon, count: usize) -> String {
    let source = if count.is_multiple_of(ALONE_ONCE_IN) {
        format!("only{}", count / ALONE_ONCE_IN % REPS)
    } else {
        "website".to_owned()
    };
    daemon.on_phone(&customer(count), talks(ms(1500)));
    let lead = lead_with_id(&customer(count), &format!("web-{count}"));
    loop {
        match daemon.sender.try_send(&source, &lead).await {
            Ok(answer) if answer.status == 202 => return answer.text("lead").to_owned(),
            Ok(answer) => assert_eq!(answer.status, 503, "{answer:?}"),
            Err(_) => {}
        }
        sleep(LOOK_EVERY).await;
    }
}

/// The trouble is over, and everybody takes leads: each comes to its end, and none was doubled.
pub(crate) async fn all_end_well(daemon: &Daemon, sent: &[String]) {
    for rep in 0..REPS {
        daemon.on_phone(&phone(rep), accepts_after(ms(50)));
    }
    let leads = settled(daemon, sent).await;
    assert_nothing_doubled(daemon);
    every_lead_was_rung_and_bridged_once_at_most(daemon, &leads);
    no_phone_is_held(daemon, sent.len()).await;
}

/// All leads once each is closed, or waits.
async fn settled(daemon: &Daemon, sent: &[String]) -> BTreeMap<String, Value> {
    let began = Instant::now();
    loop {
        let mut leads = BTreeMap::new();
        for id in sent {
            leads.insert(id.clone(), daemon.lead(id).await);
        }
        let open: Vec<_> = leads
            .values()
            .filter(|lead| lead["state"] != "closed")
            .collect();
        if open.is_empty() {
            assert_eq!(leads.len(), sent.len(), "each lead has an id of its own");
            return leads;
        }
        assert!(
            began.elapsed() < SETTLED_WITHIN,
            "{} are open, such as {:#}",
            open.len(),
            open[0]
        );
        sleep(ms(500)).await;
    }
}

fn every_lead_was_rung_and_bridged_once_at_most(daemon: &Daemon, leads: &BTreeMap<String, Value>) {
    let mut calls: HashMap<String, Vec<CallRecord>> = HashMap::new();
    for call in daemon.network.calls() {
        let lead = call
            .leg
            .as_ref()
            .unwrap()
            .rsplit_once('-')
            .unwrap()
            .0
            .to_owned();
        calls.entry(lead).or_default().push(call);
    }
    for (id, lead) in leads {
        let calls = calls
            .get(id)
            .unwrap_or_else(|| panic!("never rung: {lead:#}"));
        let (reps, customers): (Vec<_>, Vec<_>) =
            calls.iter().partition(|call| call.parent.is_none());
        let bridged = customers
            .iter()
            .filter(|call| call.bridged_with.is_some())
            .count();
        assert!(bridged <= 1, "bridged twice: {lead:#}\n{calls:#?}");
        assert!(
            reps.iter()
                .filter(|call| call.bridged_with.is_some())
                .count()
                == bridged
        );
        let talked = ["connected", "unconfirmed"]
            .iter()
            .any(|outcome| lead["outcome"] == *outcome);
        assert_eq!(talked, bridged == 1, "{lead:#}\n{calls:#?}");
        let pressed: Vec<_> = reps
            .iter()
            .filter(|call| call.keys.starts_with('1'))
            .map(|call| Some(call.sid.clone()))
            .collect();
        assert!(
            customers.iter().all(|call| pressed.contains(&call.parent)),
            "a human first: {calls:#?}"
        );
    }
}

/// A new lead for each rep alone rings.
async fn no_phone_is_held(daemon: &Daemon, count: usize) {
    for rep in 0..REPS {
        let before = daemon.calls_to(&phone(rep)).len();
        let lead = lead_with_id(&customer(count + rep), &format!("last-{rep}"));
        let answer = daemon
            .sender
            .try_send(&format!("only{rep}"), &lead)
            .await
            .unwrap();
        let began = Instant::now();
        while daemon.calls_to(&phone(rep)).len() == before {
            assert!(
                began.elapsed() < IS_FREE_WITHIN,
                "rep {rep} is not rung: {:#}",
                daemon.lead(answer.text("lead")).await
            );
            sleep(LOOK_EVERY).await;
        }
    }
}

/// No leg was rung twice, no phone by two leads at a time.
pub(crate) fn assert_nothing_doubled(daemon: &Daemon) {
    let mut rings: HashMap<String, usize> = HashMap::new();
    for call in daemon.network.calls() {
        *rings.entry(call.leg.unwrap()).or_default() += 1;
    }
    let doubled: Vec<_> = rings.iter().filter(|(_, rings)| **rings > 1).collect();
    assert!(doubled.is_empty(), "rung twice: {doubled:?}");
    assert_eq!(daemon.network.collisions(), 0);
}
