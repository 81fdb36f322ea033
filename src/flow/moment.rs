//! The moment in which a flow decides: the time, the rules, the rows it shares, and what it leaves behind.

use jiff::Timestamp;

use super::event::Command;
use super::timeline::Entry;
use crate::desk::{Desk, Number};
use crate::rotation::Rules;

/// The moment in which a flow decides: what it sees, may change, and leaves behind.
#[derive(Debug)]
pub struct Moment<'a> {
    /// The engine's time: never goes back.
    pub now: Timestamp,
    /// The rules in force.
    pub rules: &'a Rules,
    /// The phones it may ring.
    pub desk: &'a mut Desk,
    /// The customer's number.
    pub number: &'a mut Number,
    /// What must leave after the commit.
    pub commands: Vec<Command>,
    /// What is told.
    pub timeline: Vec<Entry>,
}

impl<'a> Moment<'a> {
    /// A moment in which nothing has been decided yet.
    pub fn new(
        now: Timestamp,
        rules: &'a Rules,
        desk: &'a mut Desk,
        number: &'a mut Number,
    ) -> Moment<'a> {
        Moment {
            now,
            rules,
            desk,
            number,
            commands: Vec::new(),
            timeline: Vec::new(),
        }
    }

    pub(super) fn order(&mut self, command: Command) {
        self.commands.push(command);
    }

    pub(super) fn tell(&mut self, entry: Entry) {
        self.timeline.push(entry);
    }
}
