//! A room in which calls meet (`<Dial><Conference>`): who is alone hears a tone, two talk once one of them has entered
//! who starts it, and whoever is to end it does so by leaving.

use std::sync::Arc;

use tokio::{sync::watch, time::timeout};

use super::{
    What,
    callbacks::pair,
    delivery::Request,
    leg::{Break, Leg},
    script::absolute,
    twiml::Conference,
};

/// What the action of a room is told: the call had been let in.
const LET_IN: &str = "answered";

/// Who is in a room.
#[derive(Clone, Debug, Default)]
pub(super) struct Room {
    members: Vec<String>,
    started: bool,
    over: bool,
}

/// A room as those in it see it.
pub(super) type Door = Arc<watch::Sender<Room>>;

impl Room {
    fn other(&self, me: &str) -> Option<&String> {
        let other = self.members.iter().find(|sid| *sid != me);
        other.filter(|_| self.started && !self.over)
    }
}

impl Leg {
    /// In the room until it is over or the call leaves it.
    pub(super) async fn meet(&mut self, conference: &Conference, base: &str) -> Result<(), Break> {
        let door = self.enter(conference);
        let stayed = timeout(
            conference.time_limit,
            self.stay(&door, &conference.wait_url),
        )
        .await;
        self.leave(&door, conference.ends);
        let action = conference.action.as_ref();
        let action = action.and_then(|action| absolute(base, action));
        let extra = vec![pair("DialCallStatus", LET_IN)];
        match (stayed.unwrap_or(Ok(())), action) {
            (Ok(()), Some(url)) => Err(self.go(base, &url, &conference.method, extra).await),
            (Err(Break::End(end)), Some(url)) => {
                self.last_request = Some(Request {
                    url,
                    method: conference.method.clone(),
                    extra,
                });
                Err(Break::End(end))
            }
            (stayed, _) => stayed,
        }
    }

    fn enter(&self, conference: &Conference) -> Door {
        let mut state = self.world.state();
        let rooms = &mut state.rooms;
        if rooms
            .get(&conference.name)
            .is_some_and(|door| door.borrow().over)
        {
            rooms.remove(&conference.name);
        }
        let door = rooms.entry(conference.name.clone()).or_default().clone();
        drop(state);
        door.send_modify(|room| {
            room.members.push(self.sid.clone());
            room.started |= conference.starts;
        });
        door
    }

    async fn stay(&mut self, door: &Door, tone: &str) -> Result<(), Break> {
        let mut seen = door.subscribe();
        let mut with = None;
        loop {
            let room = seen.borrow_and_update().clone();
            let other = room.other(&self.sid).cloned();
            match (&with, &other) {
                (None, Some(other)) => self.meets(other),
                (None, None) if !room.over => self.hears_a_tone(tone),
                (Some(_) | None, Some(_) | None) => {}
            }
            with = other;
            if room.over || self.until(seen.changed()).await?.is_err() {
                return Ok(());
            }
        }
    }

    fn leave(&self, door: &Door, ends: bool) {
        door.send_modify(|room| {
            room.members.retain(|sid| *sid != self.sid);
            room.over |= ends || room.members.is_empty();
        });
        self.hear(|hearing| hearing.bridged = false);
    }

    fn meets(&self, other: &str) {
        let with = self
            .world
            .call(other, |call| call.record.phone().to_owned());
        self.world.call(&self.sid, |call| {
            call.record.bridged_with = Some(other.to_owned());
        });
        self.hear(|hearing| hearing.bridged = true);
        self.world.tell(&self.sid, What::Bridged { with });
    }

    fn hears_a_tone(&self, tone: &str) {
        let text = tone.to_owned();
        self.world
            .call(&self.sid, |call| call.record.heard.push(text.clone()));
        self.world.tell(&self.sid, What::Heard { text });
    }
}
