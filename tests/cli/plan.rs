//! Who would be rung.

use serde_json::{Value, json};

use crate::program::Program;

/// A Monday on which everybody is there.
const MONDAY: &str = "2026-11-23T10:00:00+01:00";

fn planned(program: &Program, arguments: &str) -> Value {
    let said = program.run(&format!("plan --json {arguments}"));
    assert_eq!(said.code, Some(0), "{said:?}");
    serde_json::from_str(&said.out).unwrap()
}

/// (after_s, rep) of each step.
fn steps(plan: &Value) -> Vec<(u64, &str)> {
    let steps = plan["steps"].as_array().unwrap().iter();
    steps
        .map(|step| {
            (
                step["after_s"].as_u64().unwrap(),
                step["rep"].as_str().unwrap(),
            )
        })
        .collect()
}

#[test]
fn an_open_rooftop_rings_its_rotation_and_the_owner_last() {
    let said = Program::new().run(&format!("plan --rooftop gent --at {MONDAY}"));
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(
        said.out,
        "Garage Peeters Gent: open on Monday 23 November 2026, 10:00. The first phone rings at once.

after  rep   name          why
  0 s  an    An Claes      next in the rotation
 15 s  bart  Bart Maes     next in the rotation
 30 s  paul  Paul Peeters  owner, always last

not    name          why
chloe  Chloé Dubois  not in this rooftop's rotation
"
    );
}

#[test]
fn the_json_is_that_of_the_interface() {
    let said = Program::new().run(&format!("plan --rooftop gent --at {MONDAY} --json"));
    assert_eq!(
        said.out,
        "{\"rooftop\":\"gent\",\"at\":\"2026-11-23T10:00:00.000+01:00\",\"open\":true,\
         \"starts_at\":\"2026-11-23T10:00:00.000+01:00\",\"steps\":[\
         {\"after_s\":0,\"rep\":\"an\",\"why\":\"next in the rotation\"},\
         {\"after_s\":15,\"rep\":\"bart\",\"why\":\"next in the rotation\"},\
         {\"after_s\":30,\"rep\":\"paul\",\"why\":\"owner, always last\"}],\"not\":[\
         {\"rep\":\"chloe\",\"why\":\"not in this rooftop's rotation\"}]}\n"
    );
}

#[test]
fn who_is_away_or_off_duty_is_told_and_not_rung() {
    let plan = planned(
        &Program::new(),
        "--rooftop gent --at 2026-12-21T09:30:00+01:00",
    );
    assert_eq!(steps(&plan), [(0, "paul")]);
    assert_eq!(
        plan["not"],
        json!([
            {"rep": "an", "why": "away until 31 December"},
            {"rep": "bart", "why": "off duty"},
            {"rep": "chloe", "why": "not in this rooftop's rotation"},
        ])
    );
}

#[test]
fn a_closed_rooftop_starts_at_its_next_opening_with_who_is_there_then() {
    let program = Program::new();
    let saturday = "--rooftop gent --at 2026-11-21T12:00:00+01:00";
    let plan = planned(&program, saturday);
    assert_eq!(plan["open"], false);
    assert_eq!(plan["starts_at"], "2026-11-23T09:00:00.000+01:00");
    assert_eq!(
        steps(&plan),
        [(0, "an"), (15, "paul")],
        "Bart begins at ten"
    );
    let said = program.run(&format!("plan {saturday}"));
    let first = "Garage Peeters Gent: closed on Saturday 21 November 2026, 12:00. \
                 A lead waits until Monday 23 November 2026, 09:00.";
    assert_eq!(said.out.lines().next(), Some(first));
}

#[test]
fn after_hours_those_on_duty_are_rung_at_once() {
    let plan = planned(
        &Program::new(),
        "--rooftop aalst --at 2026-11-21T12:00:00+01:00",
    );
    assert_eq!(
        (&plan["open"], &plan["starts_at"]),
        (&json!(false), &plan["at"])
    );
    assert_eq!(
        steps(&plan),
        [(0, "chloe"), (20, "paul")],
        "ring_s where next_after_s is 0"
    );
    assert_eq!(
        plan["not"][0]["why"],
        "the rooftop is closed and only others are rung then"
    );
}

#[test]
fn a_stale_lead_waits_for_the_customers_hours() {
    let program = Program::new();
    let lead = r#"{"phone":"0470 12 34 56","requested_at":"2026-11-23T22:00:00+01:00"}"#;
    let lead = program.write("lead.json", lead);
    let night = "--rooftop aalst --at 2026-11-23T23:00:00+01:00";
    let plan = planned(&program, &format!("{night} --lead {}", lead.display()));
    assert_eq!(plan["starts_at"], "2026-11-24T08:00:00.000+01:00");
}

#[test]
fn a_lead_may_ask_for_its_rep_in_any_format() {
    let program = Program::new();
    let at = format!("--rooftop gent --at {MONDAY}");
    let asking = [
        ("lead.json", r#"{"phone":"0470 12 34 56","rep":"chloe"}"#),
        ("lead.form", "phone=0470123456&rep=chloe"),
    ];
    for (name, body) in asking {
        let lead = program.write(name, body);
        let plan = planned(&program, &format!("{at} --lead {}", lead.display()));
        assert_eq!(
            steps(&plan),
            [(0, "chloe"), (15, "an"), (30, "bart"), (45, "paul")],
            "{name}"
        );
        assert_eq!(plan["steps"][0]["why"], "the customer asked for this rep");
        assert_eq!(plan["not"], json!([]));
    }
    let stranger = program.write("lead.json", r#"{"phone":"0470123456","rep":"Zoë"}"#);
    let said = program.run(&format!("plan {at} --lead {}", stranger.display()));
    assert!(
        said.out
            .contains("asks for somebody whom nobody here knows"),
        "{}",
        said.out
    );
}

#[test]
fn a_lead_that_would_be_held_rings_nobody() {
    let program = Program::new();
    let premium = program.write("lead.json", r#"{"phone":"0900 12345"}"#);
    let said = program.run(&format!("plan --rooftop gent --lead {}", premium.display()));
    assert_eq!(said.code, Some(1));
    assert_eq!(
        said.err,
        "nobody would be rung: the lead would be held, premium\n"
    );
}

#[test]
fn a_test_rings_the_phone_it_came_from_or_nobody() {
    let program = Program::new();
    let own = program.write("lead.json", r#"{"phone":"+32470000002","test":true}"#);
    let plan = planned(
        &program,
        &format!("--rooftop gent --lead {}", own.display()),
    );
    assert_eq!(steps(&plan), [(0, "bart")]);
    assert_eq!(plan["steps"][0]["why"], "sent this test");
    assert_eq!(
        plan["not"][0]["why"],
        "a test rings only the phone that it came from"
    );
    let silent = program.write("lead.json", r#"{"phone":"0470123456","test":true}"#);
    let said = program.run(&format!("plan --rooftop gent --lead {}", silent.display()));
    assert_eq!(said.code, Some(1));
    assert!(
        said.err
            .starts_with("nobody would be rung: the lead is a test"),
        "{}",
        said.err
    );
}

#[test]
fn numbers_that_are_0_are_no_trouble() {
    let program = Program::new();
    program.replace(
        "rotation.toml",
        "country = \"BE\"",
        "country = \"BE\"\nring_s = 0\nnext_after_s = 0",
    );
    let plan = planned(&program, &format!("--rooftop gent --at {MONDAY}"));
    assert_eq!(steps(&plan), [(0, "an"), (0, "bart"), (0, "paul")]);
}

#[test]
fn a_phone_that_was_just_rung_comes_later_in_the_rotation() {
    let program = Program::new();
    let first = |plan: &Value| plan["steps"][0]["rep"].clone();
    // Open day and night, so that the lead rings now.
    program.replace(
        "rotation.toml",
        "hours = \"Mo-Fr 09:00-18:30; PH off\"",
        "hours = \"24/7\"",
    );
    program.replace("rotation.toml", "hours = \"Mo-Fr 10:00-18:00\"\n", "");
    program.replace("rotation.toml", "away = [\"2026-12-21/2026-12-31\"]\n", "");
    assert_eq!(first(&planned(&program, "--rooftop gent")), "an");
    program.receive(crate::lead::to("0470 12 34 56"));
    let plan = planned(&program, "--rooftop gent");
    assert_eq!(first(&plan), "bart");
    assert_eq!(
        plan["steps"][1]["why"],
        "next in the rotation; on another lead's call now"
    );
}

#[test]
fn an_unknown_rooftop_is_told_with_the_one_that_was_meant() {
    let program = Program::new();
    let said = program.run("plan --rooftop gnet");
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
    assert_eq!(
        said.err,
        "there is no rooftop `gnet`; did you mean `gent`?\n"
    );
    let said = program.run("plan --rooftop brussel");
    assert_eq!(
        said.err,
        "there is no rooftop `brussel`; there are: aalst, gent\n"
    );
}

#[test]
fn hours_that_never_open_ring_nobody_and_name_no_moment() {
    let program = Program::new();
    program.replace(
        "rotation.toml",
        "hours = \"Mo-Fr 09:00-18:30; PH off\"",
        "hours = \"2020 Jan 01 09:00-18:00\"",
    );
    let said = program.run(&format!("plan --rooftop gent --at {MONDAY}"));
    assert_eq!(
        (said.code, said.out.as_str()),
        (
            Some(0),
            "Garage Peeters Gent: closed on Monday 23 November 2026, 10:00, and within a year no hour comes at which \
             anybody may be rung. `leadbridge check` shows which hours never open.\n"
        )
    );
    let plan = planned(&program, &format!("--rooftop gent --at {MONDAY}"));
    assert_eq!(
        (&plan["starts_at"], &plan["steps"]),
        (&Value::Null, &json!([]))
    );
}
