//! `leadbridge call-test`: a rep's phone rings for real, and what happens is printed as it happens. The running daemon
//! does it, as it would with a lead.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::group::Group;
use super::peer::{Daemon, get, post};
use super::table::plain;
use super::{Failure, tell};

/// How often the timeline is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Whom to ring.
#[derive(Debug, clap::Args)]
pub(super) struct CallTestOptions {
    /// Whose phone rings, by its id in rotation.toml
    #[arg(long, value_name = "ID")]
    rep: String,
    /// Which phone rings after key 1: a number of rotation.toml. None: key 1 ends the test
    #[arg(long, value_name = "NUMBER")]
    customer: Option<String>,
}

/// Rings, and tells until it is over; good if the rep pressed 1 and, where one was named, the customer was joined.
pub(super) async fn call_test(
    config: &Path,
    options: CallTestOptions,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let group = Group::open_to_ask(config).await?;
    let CallTestOptions { rep, customer } = options;
    let order = json!({ "rep": rep, "customer": customer });
    let ordered = done(post(&group, "call-tests", &order).await?)?;
    let lead = ordered["lead"].as_str().unwrap_or_default().to_owned();
    let ended = tokio::select! {
        ended = follow(&group, &lead, out) => ended?,
        _ = tokio::signal::ctrl_c() => {
            tell("Stopping the test: phones that ring stop.");
            let why = json!({ "reason": "the test was stopped" });
            done(post(&group, &format!("leads/{lead}/cancel"), &why).await?)?
        }
    };
    verdict(&ended, customer.is_some())
}

/// Prints each line of the timeline once, until the lead is closed or held.
async fn follow(group: &Group, lead: &str, out: &mut impl Write) -> Result<Value, Failure> {
    let mut printed = 0;
    loop {
        let shown = done(get(group, &format!("leads/{lead}")).await?)?;
        let timeline = shown["timeline"].as_array();
        for entry in timeline.into_iter().flatten().skip(printed) {
            writeln!(out, "{}", line(entry))?;
            printed += 1;
        }
        if matches!(shown["state"].as_str(), Some("closed" | "held")) {
            return Ok(shown);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn line(entry: &Value) -> String {
    let word = |key: &str| entry[key].as_str().map(plain);
    let reason = word("reason").map(|reason| format!("({reason})"));
    let words = [word("at"), word("rep"), word("what"), reason];
    words.into_iter().flatten().collect::<Vec<_>>().join("  ")
}

fn verdict(lead: &Value, bridges: bool) -> Result<(), Failure> {
    let attempts = lead["attempts"].as_array();
    let mut attempts = attempts.into_iter().flatten();
    let is_taken = attempts.any(|attempt| attempt["result"] == "accepted");
    let is_joined = matches!(lead["reason"].as_str(), Some("connected" | "unconfirmed"));
    match (is_taken, bridges && !is_joined) {
        (true, false) => Ok(()),
        (true, true) => Err(Failure::No(
            "the rep pressed 1, and the other phone was not reached".to_owned(),
        )),
        (false, _) => Err(Failure::No(
            "nobody pressed 1; the lines above say what became of the ring".to_owned(),
        )),
    }
}

fn done(said: Daemon) -> Result<Value, Failure> {
    match said {
        Daemon::Done(said) => Ok(said),
        Daemon::Refused(detail) => Err(Failure::No(detail)),
        Daemon::NotRunning => Err(Failure::No(
            "no daemon is running on this machine; start it with `leadbridge serve`".to_owned(),
        )),
    }
}
