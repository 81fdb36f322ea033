//! Why a channel ended, in Q.850 numbers, as the common words of all carriers.

use crate::End;

/// A hang-up cause, as `ChannelDestroyed` gives it (Asterisk: `include/asterisk/causes.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause(pub u32);

impl Cause {
    /// How a leg ended that did so with this cause.
    ///
    /// How a talk ended is all the same: one that the phone ended has no cause (0). SIP codes become causes at the PBX: 486
    /// and 600 are 17; 408 is 18, 480 is 19; 401, 403, 407 and 603 are 21; 404, 485 and 604 are 1, 410 is 22
    /// (docs.asterisk.org, "Hangup Cause Mappings"). The end of the ring time is 19. A ring that we end has 16, or 26
    /// for a phone that lost to another; an operator or a dial plan may call any end that, so it proves nothing.
    pub fn end(self, was_up: bool) -> End {
        if was_up {
            return End::Completed { up_s: None };
        }
        match self.0 {
            17 => End::Busy,
            16 | 18..=20 | 26 => End::NoAnswer,
            21 => End::Rejected,
            1 | 3 | 22 | 28 => End::InvalidNumber,
            _ => End::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unanswered_leg_ended_for_a_reason() {
        for (causes, end) in [
            (&[17][..], End::Busy),
            (&[16, 18, 19, 20, 26], End::NoAnswer),
            (&[21], End::Rejected),
            (&[1, 3, 22, 28], End::InvalidNumber),
            (&[0, 27, 34, 38, 41, 42, 44, 127, 999], End::Failed),
        ] {
            for cause in causes {
                assert_eq!(Cause(*cause).end(false), end, "{cause}");
            }
        }
    }

    #[test]
    fn a_talk_is_completed_whoever_ended_it_and_why() {
        for cause in [0, 16, 17, 19, 26, 127] {
            assert_eq!(Cause(cause).end(true), End::Completed { up_s: None });
        }
    }
}
