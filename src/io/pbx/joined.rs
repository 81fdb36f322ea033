//! Two legs that are joined: a phone rung for somebody who waits on the line, or two who meet.

use leadbridge_providers::asterisk::{Event, bridge_of, call_of};
use leadbridge_providers::{CarrierCallId, End, Found, LegId, Ordered, Phase, Place, Placing};
use tokio::time::Instant;

use super::leg::{Break, FETCH_AGAIN, Performer};
use super::resume;
use crate::io::asking::Heard;

impl Performer {
    /// Rings a phone for whoever is on this leg, who hears the ring, and joins the two; how the other end ended.
    pub(super) async fn dial(&mut self, place: &Place) -> Result<End, Break> {
        let other = call_of(place.leg);
        self.pbx.follow(&other, &self.tell);
        let ended = self.ring_and_talk(place, &other).await;
        self.pbx.forget(&other);
        if ended.is_err() {
            self.pbx.order_soon(self.pbx.ari.hang_up(&other));
        }
        self.pbx
            .order_soon(self.pbx.ari.end_bridge(&bridge_of(place.leg)));
        ended
    }

    async fn ring_and_talk(&mut self, place: &Place, other: &CarrierCallId) -> Result<End, Break> {
        let is_up = match self.ring(place, other).await {
            Ok(is_up) => is_up,
            Err(end) => return Ok(end),
        };
        if !is_up && let Some(end) = self.until_picked_up(other).await? {
            return Ok(end);
        }
        self.join(place.leg, other).await;
        loop {
            match self.next(None).await? {
                Some(Event::Gone { call, cause }) if call == *other => return Ok(cause.end(true)),
                Some(_) | None => {}
            }
        }
    }

    /// Whether the phone has been picked up already, or why it does not ring. After a restart it is never rung a second
    /// time (P2).
    async fn ring(&mut self, place: &Place, other: &CarrierCallId) -> Result<bool, End> {
        if std::mem::take(&mut self.resumed) {
            return self.look_up(place.leg, other).await;
        }
        match self.place(place).await {
            Placing::Placed(_) => Ok(false),
            Placing::BadNumber { .. } => Err(End::InvalidNumber),
            Placing::Failed { .. } | Placing::NotSent | Placing::OurSetUp { .. } => {
                Err(End::Failed)
            }
            Placing::Unknown => {
                self.find_out(place.leg);
                Ok(false)
            }
        }
    }

    fn find_out(&self, leg: LegId) {
        let (pbx, engine) = (self.pbx.clone(), self.engine.clone());
        tokio::spawn(resume::find_out(pbx, engine, leg));
    }

    async fn place(&self, place: &Place) -> Placing {
        if !self.pbx.is_connected() {
            return Placing::NotSent;
        }
        let ari = &self.pbx.ari;
        let heard = self.pbx.heard(ari.place_beside(place, &self.call)).await;
        if let Heard::NotSent = heard {
            return Placing::NotSent;
        }
        let placing = heard.read(|said| Some(ari.placing(&place.to, said)));
        placing.unwrap_or(Placing::Unknown)
    }

    async fn look_up(&self, leg: LegId, other: &CarrierCallId) -> Result<bool, End> {
        let ari = &self.pbx.ari;
        let heard = self.pbx.heard(ari.look_up(other)).await;
        match heard.read(|said| ari.found(said)) {
            Some(Found::Call {
                phase: Phase::Answered,
                ..
            }) => {
                self.pbx.picked_up(&self.engine, other);
                Ok(true)
            }
            Some(Found::Call { .. }) => Ok(false),
            Some(Found::Nothing) => Err(End::Lost),
            None => {
                self.find_out(leg);
                Ok(false)
            }
        }
    }

    /// The ring tone plays until somebody picks up; `Some`: nobody did.
    async fn until_picked_up(&mut self, other: &CarrierCallId) -> Result<Option<End>, Break> {
        self.ring_tone().await?;
        let mut again = None;
        let end = loop {
            match self.next(again).await? {
                Some(Event::Entered(entered)) if entered.call == *other => break None,
                Some(Event::Gone { call, cause }) if call == *other => {
                    break Some(cause.end(false));
                }
                event => self.ring_on(event, &mut again).await?,
            }
        };
        self.hush().await;
        Ok(end)
    }

    /// The ring tone begins anew at its end, and a little later where the PBX did not have it yet.
    async fn ring_on(
        &mut self,
        event: Option<Event>,
        again: &mut Option<Instant>,
    ) -> Result<(), Break> {
        match event {
            Some(Event::Played { failed: true, .. }) => *again = Some(Instant::now() + FETCH_AGAIN),
            Some(Event::Played { .. }) | None => {
                *again = None;
                self.ring_tone().await?;
            }
            Some(_) => {}
        }
        Ok(())
    }

    async fn ring_tone(&mut self) -> Result<(), Break> {
        let url = self.pbx.ring_tone.clone();
        self.play(&url).await
    }

    /// One bridge for two; whoever has gone meanwhile tells by an event.
    async fn join(&self, name: LegId, other: &CarrierCallId) {
        let (ari, bridge) = (&self.pbx.ari, bridge_of(name));
        let made = self.pbx.heard(ari.bridge(&bridge)).await;
        let made = made.read(|said| Some(ari.bridged(said)));
        let joined = match made {
            Some(Ordered::Done) => {
                let both = [self.call.clone(), other.clone()];
                self.pbx.order(ari.join(&bridge, &both)).await
            }
            Some(not_made) => not_made,
            None => Ordered::Again,
        };
        if joined != Ordered::Done {
            self.pbx.order_soon(ari.hang_up(other));
        }
    }

    /// Meets another leg. Both hear a ring tone until the second has come; whoever leaves ends it for both.
    pub(super) async fn meet(&mut self, name: LegId, waits: bool) -> Result<(), Break> {
        let other = self.enter(name, waits);
        let met = if std::mem::take(&mut self.resumed) && self.is_at(name).await {
            self.until_parted(name).await
        } else if let Some(other) = other {
            self.join(name, &other).await;
            self.until_parted(name).await
        } else {
            self.until_met(name).await
        };
        self.leave(name);
        met
    }

    /// Who is there already, if one of the two has come for the other.
    fn enter(&self, name: LegId, waits: bool) -> Option<CarrierCallId> {
        let mut stage = self.pbx.stage();
        let here = stage.rooms.entry(name).or_default();
        here.retain(|(call, _)| *call != self.call);
        let other = here.iter().find(|(_, other)| !(waits && *other));
        let other = other.map(|(call, _)| call.clone());
        here.push((self.call.clone(), waits));
        other
    }

    /// Whether the two have met.
    async fn is_at(&self, name: LegId) -> bool {
        resume::talk_of(&self.pbx, &self.call).await == Some(name)
    }

    fn leave(&self, name: LegId) {
        let mut stage = self.pbx.stage();
        if let Some(here) = stage.rooms.get_mut(&name) {
            here.retain(|(call, _)| *call != self.call);
            if here.is_empty() {
                stage.rooms.remove(&name);
            }
        }
    }

    async fn until_met(&mut self, name: LegId) -> Result<(), Break> {
        self.ring_tone().await?;
        let mut again = None;
        loop {
            match self.next(again).await? {
                Some(Event::Joined { .. }) => break,
                // After a cut of the WebSocket, in which they may have met.
                Some(Event::Played { failed: true, .. }) if self.is_at(name).await => break,
                event => self.ring_on(event, &mut again).await?,
            }
        }
        self.hush().await;
        self.until_parted(name).await
    }

    /// Until one of the two has left; the bridge ends, which tells the other.
    async fn until_parted(&mut self, name: LegId) -> Result<(), Break> {
        let parted = loop {
            match self.next(None).await {
                Ok(Some(Event::Parted { .. })) => break Ok(()),
                Ok(Some(_) | None) => {}
                Err(left) => break Err(left),
            }
        };
        self.pbx
            .order_soon(self.pbx.ari.end_bridge(&bridge_of(name)));
        parted
    }
}
