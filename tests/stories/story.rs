//! Tells a story anew: its settings and happenings as they stand, what came of them as it came.

use jiff::civil::{Date, Time};
use jiff::{Timestamp, Unit};
use leadbridge::flow::State;

use crate::by_itself::Bots;
use crate::world::World;
use crate::{happenings, setup, words};

/// What stands under a time.
const INDENT: &str = "          ";
/// Moments in which nothing happens from outside.
const PASSES: &str = "(time passes)";

/// The whole text, told anew.
pub(crate) fn retell(told: &str) -> Result<String, String> {
    let mut teller = Teller::new(told)?;
    let is_happening = |line: &&str| line.contains("  ") && !line.starts_with(INDENT);
    let story = told.lines().take_while(|line| !is_result(line));
    let last = story.clone().filter(is_happening).last();
    // What passes by itself is told anew; only a story's last line says until when.
    for line in story.filter(|line| !line.ends_with(PASSES) || Some(*line) == last) {
        teller
            .line(line)
            .map_err(|why| format!("{why}\n  in: {line}"))?;
        if let Some(broken) = teller.world.broken.first() {
            return Err(format!("{broken}\n{}", teller.text()));
        }
    }
    teller.end()?;
    Ok(teller.text())
}

/// What a story ends with.
fn is_result(line: &str) -> bool {
    line.starts_with("closed") || line.starts_with("open ")
}

struct Teller {
    world: World,
    lines: Vec<String>,
    first_day: Date,
    /// Only the end is told.
    brief: bool,
    to_the_end: bool,
}

impl Teller {
    fn new(told: &str) -> Result<Teller, String> {
        let day = told.lines().find_map(|line| line.strip_prefix("It is "));
        let first_day = match day {
            Some(day) => Date::strptime("%A %d %B %Y", day).map_err(|error| error.to_string())?,
            None => setup::monday(),
        };
        let midnight = first_day
            .to_zoned(setup::zone())
            .map_err(|error| error.to_string())?;
        let mut world = World::new(midnight.timestamp());
        world.several = told.contains("  lead ") || told.contains(" leads at once");
        Ok(Teller {
            world,
            lines: Vec::new(),
            first_day,
            brief: told.lines().any(|line| line == "Only the end is told"),
            to_the_end: told.lines().any(is_result),
        })
    }

    fn line(&mut self, line: &str) -> Result<(), String> {
        if line.starts_with(INDENT) || line.is_empty() {
            return Ok(());
        }
        let timed = line.split_once("  ").filter(|_| !line.starts_with('#'));
        match timed {
            Some((when, what)) => self.happening(self.moment(when.trim())?, what.trim()),
            None => self.setting(line),
        }
    }

    fn setting(&mut self, line: &str) -> Result<(), String> {
        self.lines.push(line.to_owned());
        if line.starts_with('#') || line.starts_with("It is ") || line == "Only the end is told" {
            return Ok(());
        }
        if let Some(bots) = Bots::parse(line) {
            self.world.carrier.bots = Some(bots);
            return Ok(());
        }
        if self.on_the_desk(line)? || setup::change(&mut self.world.rules, line)? {
            return Ok(());
        }
        happenings::happen(&mut self.world, line)
    }

    /// `Bart was last rung first at 08:00:00`, `Bart's phone is paused until 10:00:00`.
    fn on_the_desk(&mut self, line: &str) -> Result<bool, String> {
        let parts = [
            " was last rung first at ",
            " was last rung at ",
            "'s phone is paused until ",
        ];
        let Some((which, (who, when))) = parts
            .iter()
            .enumerate()
            .find_map(|(which, part)| Some((which, line.split_once(part)?)))
        else {
            return Ok(false);
        };
        let at = self.moment(when)?;
        let rep = self
            .world
            .rules
            .reps
            .get(&setup::rep_id(who))
            .ok_or("nobody of that name")?;
        let phone = self.world.desk.phone_mut(&rep.key);
        match which {
            0 => phone.last_rung_first = Some(at),
            1 => phone.last_rung = Some(at),
            _ => phone.paused_until = Some(at),
        }
        Ok(true)
    }

    fn happening(&mut self, at: Timestamp, what: &str) -> Result<(), String> {
        if at < self.world.now {
            return Err("time does not go back".to_owned());
        }
        self.pass(at);
        if what == PASSES || !self.world.broken.is_empty() {
            return Ok(());
        }
        happenings::happen(&mut self.world, what)?;
        let lines = self.world.lines();
        self.tell(what, &lines);
        Ok(())
    }

    fn pass(&mut self, until: Timestamp) {
        let mut moments: Vec<(Timestamp, Vec<String>)> = Vec::new();
        self.world
            .pass(until, &mut |world| moments.push((world.now, world.lines())));
        for (at, lines) in moments {
            self.tell_at(at, PASSES, &lines);
        }
    }

    fn tell(&mut self, what: &str, lines: &[String]) {
        if self.brief || lines.is_empty() {
            self.lines
                .push(format!("{}  {what}", self.clock(self.world.now)));
            return;
        }
        self.tell_at(self.world.now, what, lines);
    }

    fn tell_at(&mut self, at: Timestamp, what: &str, lines: &[String]) {
        if lines.is_empty() || self.brief {
            return;
        }
        self.lines.push(format!("{}  {what}", self.clock(at)));
        self.lines
            .extend(lines.iter().map(|line| format!("{INDENT}{line}")));
    }

    fn end(&mut self) -> Result<(), String> {
        if !self.to_the_end {
            return Ok(());
        }
        self.pass(self.world.now + jiff::SignedDuration::from_hours(24 * 30));
        if let Some(broken) = self.world.broken.first() {
            return Err(format!("{broken}\n{}", self.text()));
        }
        let held = self
            .world
            .desk
            .0
            .values()
            .any(|phone| phone.hold.is_some() || !phone.line.is_empty());
        if held {
            return Err(format!("a phone is held for ever\n{}", self.text()));
        }
        self.lines
            .extend(self.world.names.iter().map(|(lead, name)| {
                let prefix = if self.world.several {
                    format!("{name}: ")
                } else {
                    String::new()
                };
                let flow = &self.world.flows[lead];
                match &flow.state {
                    State::Closed(closed) => {
                        let outcome = leadbridge::flow::word(closed.outcome);
                        let reason = closed.reason.as_ref().map(|why| format!(" ({why})"));
                        format!("closed    {prefix}{outcome}{}", reason.unwrap_or_default())
                    }
                    State::Held(_)
                    | State::Waiting { .. }
                    | State::Sleeping { .. }
                    | State::Round(_)
                    | State::Engaged(_) => {
                        format!("open      {prefix}{}", words::state(flow))
                    }
                }
            }));
        if self.brief && self.world.several {
            self.lines.extend(happenings::sums(&self.world));
        }
        Ok(())
    }

    fn text(&self) -> String {
        self.lines.join("\n") + "\n"
    }

    /// `09:00:15`, `Tue 09:00:00` (the next Tuesday), `Tue 24 Nov 09:00:00`.
    fn moment(&self, text: &str) -> Result<Timestamp, String> {
        let bad = || format!("`{text}` is no time");
        let today = self.world.now.to_zoned(setup::zone()).date();
        let (day, time) = match text.rsplit_once(' ') {
            None => (self.first_day, text),
            Some((day, time)) if day.contains(' ') => {
                let year = today.year();
                let day =
                    Date::strptime("%a %d %b %Y", format!("{day} {year}")).map_err(|_| bad())?;
                (day, time)
            }
            Some((weekday, time)) => {
                let mut days =
                    std::iter::successors(Some(today), |day| day.tomorrow().ok()).take(7);
                (
                    days.find(|day| day.strftime("%a").to_string() == weekday)
                        .ok_or_else(bad)?,
                    time,
                )
            }
        };
        let time: Time = time.parse().map_err(|_| bad())?;
        let zoned = day
            .to_datetime(time)
            .to_zoned(setup::zone())
            .map_err(|_| bad())?;
        Ok(zoned.timestamp())
    }

    fn clock(&self, at: Timestamp) -> String {
        let at = at
            .round(Unit::Millisecond)
            .unwrap_or(at)
            .to_zoned(setup::zone());
        let time = at.time().to_string();
        let days = at
            .date()
            .since((Unit::Day, self.first_day))
            .map_or(0, |span| span.get_days());
        match days {
            0 => time,
            1..=6 => format!("{} {time}", at.strftime("%a")),
            _ => format!("{} {time}", at.strftime("%a %d %b")),
        }
    }
}
