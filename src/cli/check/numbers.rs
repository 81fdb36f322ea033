//! Whether Twilio lets the rooftops' numbers be shown.

use leadbridge_providers::twilio::Twilio;

use super::Found;
use super::line::Line;
use crate::rotation::{Rooftop, RooftopId};

/// The rooftops whose numbers may not be shown are `refused`: their place in the file is told, with the cure.
pub(super) async fn ask(
    line: &Line,
    carrier: &Twilio,
    rooftops: &[&Rooftop],
    refused: &mut Vec<RooftopId>,
) -> Vec<Found> {
    let mut found = Vec::new();
    for rooftop in rooftops {
        match may_show(line, carrier, rooftop.caller_id.as_str()).await {
            Ok(true) => found.push(Found::Good(format!(
                "shows the caller_id of {}",
                rooftop.id.0
            ))),
            Ok(false) => refused.push(rooftop.id.clone()),
            Err(refusal) => {
                found.push(Found::Mistake(refusal));
                break;
            }
        }
    }
    found
}

async fn may_show(line: &Line, carrier: &Twilio, number: &str) -> Result<bool, String> {
    for list in carrier.may_show(number) {
        if line.ask(list, |said| carrier.shows(number, said)).await? {
            return Ok(true);
        }
    }
    Ok(false)
}
