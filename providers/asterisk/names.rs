//! What our things are called at the PBX, and which of its things are ours.
//!
//! The PBX carries other people's calls. A name counts as ours only if a whole leg id follows the prefix: one
//! whose `systemname` is `lb` names every channel `lb-1795348777.13`.

use crate::{CarrierCallId, LegId};

/// What every name that we give starts with.
const PREFIX: &str = "lb-";

/// The channel of a leg that we ring. A call that comes in keeps the PBX's own name.
pub fn call_of(leg: LegId) -> CarrierCallId {
    CarrierCallId(format!("{PREFIX}{leg}"))
}

/// Whose channel it is; `None` for one of the PBX's own.
///
/// The second half of a Local channel (`lb-<leg>;2`) is nobody's: it ends with the first.
pub fn leg_of(call: &CarrierCallId) -> Option<LegId> {
    ours(&call.0)
}

/// The bridge that is named after a leg.
pub fn bridge_of(leg: LegId) -> String {
    format!("{PREFIX}{leg}")
}

/// After which leg a bridge is named; `None` for one of the PBX's own.
pub fn leg_of_bridge(bridge: &str) -> Option<LegId> {
    ours(bridge)
}

/// The `n`th playback of a leg.
pub fn playback_of(leg: LegId, n: u32) -> String {
    format!("{PREFIX}{leg}-{n}")
}

/// Whose playback it is, and its number; `None` for one of the PBX's own.
pub fn leg_of_playback(playback: &str) -> Option<(LegId, u32)> {
    let (leg, n) = playback.rsplit_once('-')?;
    Some((ours(leg)?, n.parse().ok()?))
}

/// Only a name that we would write ourselves: a UUID has other spellings too.
fn ours(name: &str) -> Option<LegId> {
    let text = name.strip_prefix(PREFIX)?;
    let leg: LegId = text.parse().ok()?;
    (leg.to_string() == text).then_some(leg)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::asterisk::tests::{LEAD, leg};

    #[test]
    fn a_name_that_we_gave_leads_back_to_its_leg() {
        for end in ["r1", "c2", "i1"] {
            assert_eq!(call_of(leg(end)).0, format!("lb-{LEAD}-{end}"));
            assert_eq!(leg_of(&call_of(leg(end))), Some(leg(end)));
            assert_eq!(leg_of_bridge(&bridge_of(leg(end))), Some(leg(end)));
            assert_eq!(
                leg_of_playback(&playback_of(leg(end), 12)),
                Some((leg(end), 12))
            );
        }
    }

    #[test]
    fn the_names_of_the_pbx_are_not_ours() {
        for name in [
            "",
            "lb-",
            "1795348777.13",
            "lb-1795348777.13",
            "testpbx-1795348777.13",
            &format!("{LEAD}-r1"),
            &format!("lb-{LEAD}"),
            &format!("LB-{LEAD}-r1"),
            &format!("lb-{LEAD}-r1;2"),
            &format!("lb-{LEAD}-r1/../../bridges"),
            &format!("lb-{LEAD}-r+1"),
            &format!("lb-{LEAD}-r01"),
            &format!("lb-{{{LEAD}}}-r1"),
            "lb-../..",
        ] {
            assert_eq!(leg_of(&CarrierCallId(name.into())), None, "{name}");
            assert_eq!(leg_of_bridge(name), None, "{name}");
            assert_eq!(leg_of_playback(&format!("{name}-1")), None, "{name}");
        }
        for playback in ["lb", "lb-", "lb--1", &format!("lb-{LEAD}-r1-x")] {
            assert_eq!(leg_of_playback(playback), None, "{playback}");
        }
    }
}
