//! The leads, looked at and changed.

use leadbridge::lead::Lead;
use serde_json::Value;

use crate::peer::Peer;
use crate::program::{Program, Said};

/// A lead with this number.
pub(crate) fn to(phone: &str) -> Lead {
    Lead {
        id: Some(format!("web-{phone}")),
        first_name: Some("Jan".to_owned()),
        phone: Some(phone.to_owned()),
        ..Lead::default()
    }
}

/// A lead that is held, and the program that has it.
fn held() -> (Program, String) {
    let program = Program::new();
    let lead = program.receive(to("0900 12345"));
    (program, lead.to_string())
}

fn json(said: &Said) -> Value {
    assert_eq!(said.code, Some(0), "{said:?}");
    serde_json::from_str(&said.out).unwrap()
}

#[test]
fn the_list_has_a_line_per_lead_the_latest_first() {
    let program = Program::new();
    let first = program.receive(to("0900 12345"));
    let second = program.receive(Lead::default());
    let said = program.run("lead list");
    assert_eq!(said.code, Some(0), "{said:?}");
    let lines: Vec<_> = said.out.lines().collect();
    let cells = |line: &str| {
        line.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        cells(lines[0]),
        ["received", "lead", "rooftop", "source", "state", "reason"]
    );
    assert_eq!(
        cells(lines[1])[1..],
        [&second.to_string(), "gent", "website", "held", "no-phone"]
    );
    assert_eq!(
        cells(lines[2])[1..],
        [&first.to_string(), "gent", "website", "held", "premium"]
    );
    assert_eq!(lines.len(), 3);
    let column = |line: &str| line.find("gent").or(line.find("rooftop"));
    assert_eq!(
        column(lines[0]),
        column(lines[2]),
        "columns stand under each other"
    );
}

#[test]
fn the_list_can_be_narrowed() {
    let (program, lead) = held();
    let count = |arguments: &str| {
        program
            .run(&format!("lead list {arguments}"))
            .out
            .lines()
            .count()
            - 1
    };
    assert_eq!(count("--state held --source website --rooftop gent"), 1);
    assert_eq!(count("--state closed"), 0);
    assert_eq!(count("--source portal"), 0);
    assert_eq!(count("--rooftop aalst"), 0);
    assert_eq!(count("--since 2026-01-01T00:00:00Z"), 1);
    assert_eq!(count("--since 2999-01-01T00:00:00Z"), 0);
    let listed = json(&program.run("lead list --json"));
    assert_eq!(listed["leads"][0]["lead"], lead);
    assert_eq!(listed["leads"][0]["source_id"], "web-0900 12345");
    assert_eq!(listed["next"], Value::Null);
}

#[test]
fn a_list_that_is_cut_says_so() {
    let program = Program::new();
    program.receive(Lead::default());
    program.receive(Lead::default());
    let said = program.run("lead list --limit 1");
    assert_eq!(said.out.lines().count(), 2);
    assert!(said.err.starts_with("There are more: "), "{}", said.err);
}

#[test]
fn a_lead_is_shown_with_its_timeline_and_nothing_personal() {
    let (program, lead) = held();
    let said = program.run(&format!("lead show {lead}"));
    assert_eq!(said.code, Some(0), "{said:?}");
    for part in [
        lead.as_str(),
        "state      held",
        "reason     premium",
        "lead-received",
        "lead-held",
    ] {
        assert!(said.out.contains(part), "no {part:?} in\n{}", said.out);
    }
    assert!(!said.out.contains("Jan"), "{}", said.out);
    let shown = json(&program.run(&format!("lead show {lead} --json")));
    assert_eq!(shown["held_reason"], "premium");
    assert_eq!(shown["timeline"][0]["what"], "lead-received");
}

#[test]
fn of_a_lead_that_no_release_can_ring_what_was_typed_is_shown() {
    let program = Program::new();
    let typed = Lead {
        message: Some("na 18u\nof \u{1b}[2Jmorgen".to_owned()),
        ..to("0470 99 88 7")
    };
    let lead = program.receive(typed);
    let said = program.run(&format!("lead show {lead}"));
    let told = format!(
        "It has no number that may be rung. Ring by hand, from what was typed; then `leadbridge lead discard {lead}`.
phone    0470 99 88 7
message  na 18u
         of \u{fffd}[2Jmorgen
"
    );
    assert!(said.out.contains(&told), "{}", said.out);
    let shown = json(&program.run(&format!("lead show {lead} --json")));
    assert_eq!(shown["phone"], "0470 99 88 7");
    let listed = json(&program.run("lead list --json"));
    assert_eq!(listed["leads"][0].get("phone"), None);

    let unread = program.receive_unread();
    let said = program.run(&format!("lead show {unread}"));
    assert!(said.out.contains("\nbody  {}\n"), "{}", said.out);
    let shown = json(&program.run(&format!("lead show {unread} --json")));
    assert_eq!(shown["raw"], "{}");
}

#[test]
fn a_lead_that_nobody_knows_is_told() {
    let (program, lead) = held();
    let nearly = format!("{}0", &lead[..lead.len() - 1]);
    let meant = if nearly == lead {
        format!("{}1", &lead[..lead.len() - 1])
    } else {
        nearly
    };
    let said = program.run(&format!("lead show {meant}"));
    assert_eq!(said.code, Some(1));
    assert_eq!(
        said.err,
        format!("there is no lead `{meant}`; did you mean `{lead}`?\n")
    );
    let said = program.run("lead show web-123");
    let told = "there is no lead `web-123`; `leadbridge lead list` shows those there are\n";
    assert_eq!((said.code, said.err.as_str()), (Some(1), told));
}

#[test]
fn before_the_first_start_there_is_no_store() {
    let said = Program::new().run("lead list");
    assert_eq!(said.code, Some(1));
    assert_eq!(
        said.err,
        "there is no store in data yet: the first `leadbridge serve` makes it\n"
    );
}

#[test]
fn leads_can_be_looked_at_while_the_rotation_has_a_mistake() {
    let (program, lead) = held();
    program.write("rotation.toml", "[group\n");
    let said = program.run("lead list");
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains(&lead), "{}", said.out);
}

#[test]
fn a_change_is_asked_of_the_daemon() {
    let daemon = Peer::answering("200 OK", r#"{"state":"waiting","outcome":null}"#);
    let program = Program::listening_at(daemon.port);
    let lead = "0190b1f0-7b3c-7000-8000-000000000001";
    let said = program.run(&format!("lead release {lead} --reason checked"));
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(said.out, format!("Lead {lead} is waiting now.\n"));
    let asked = daemon.asked();
    assert_eq!(
        asked.line,
        format!("POST /api/v1/leads/{lead}/release HTTP/1.1")
    );
    assert_eq!(asked.header("authorization"), Some("Bearer api-secret"));
    assert_eq!(asked.body, r#"{"reason":"checked"}"#);
}

#[test]
fn a_token_that_the_daemon_does_not_take_is_named_by_its_setting() {
    let detail = r#"{"detail":"send `Authorization: Bearer <token>`"}"#;
    let daemon = Peer::answering("401 Unauthorized", detail);
    let program = Program::listening_at(daemon.port);
    let said = program.run("lead cancel 0190b1f0-7b3c-7000-8000-000000000001");
    assert_eq!(said.code, Some(1));
    assert!(
        said.err.contains("`api_token` of leadbridge.toml"),
        "{}",
        said.err
    );
}

#[test]
fn what_the_daemon_refuses_is_told_in_its_words() {
    let daemon = Peer::answering(
        "404 Not Found",
        r#"{"status":404,"detail":"there is no such lead"}"#,
    );
    let program = Program::listening_at(daemon.port);
    let said = program.run("lead cancel 0190b1f0-7b3c-7000-8000-000000000001");
    assert_eq!(
        (said.code, said.err.as_str()),
        (Some(1), "there is no such lead\n")
    );
}

#[test]
fn without_a_daemon_the_change_is_written_to_the_store() {
    let (program, lead) = held();
    let said = program.run(&format!("lead discard {lead} --reason spam"));
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        said.out
            .starts_with(&format!("Lead {lead} is discarded now.\nNo daemon")),
        "{}",
        said.out
    );
    let shown = json(&program.run(&format!("lead show {lead} --json")));
    assert_eq!(
        (&shown["outcome"], &shown["reason"]),
        (&"discarded".into(), &"spam".into())
    );
    let said = program.run(&format!("lead release {lead}"));
    let told = format!("lead {lead} is discarded: only a held lead can be released\n");
    assert_eq!((said.code, said.err), (Some(1), told));
    let said = program.run(&format!("lead cancel {lead}"));
    let told = format!("lead {lead} is discarded: nothing is left to cancel\n");
    assert_eq!((said.code, said.err), (Some(1), told));
}

#[test]
fn what_a_person_typed_does_not_steer_the_terminal() {
    let (program, lead) = held();
    let mut discard = program.command(&format!("lead discard {lead} --reason"));
    assert!(
        discard
            .arg("spam\u{1b}[2J")
            .output()
            .unwrap()
            .status
            .success()
    );
    for arguments in ["lead list".to_owned(), format!("lead show {lead}")] {
        let said = program.run(&arguments);
        assert!(said.out.contains("spam\u{fffd}[2J"), "{}", said.out);
        assert!(!said.out.contains('\u{1b}'), "{}", said.out);
    }
}

#[test]
fn a_store_that_another_daemon_has_is_left_alone() {
    let (program, lead) = held();
    let _daemon = program.store();
    let said = program.run(&format!("lead cancel {lead}"));
    assert_eq!(said.code, Some(1));
    assert!(
        said.err.contains("in use by another leadbridge"),
        "{}",
        said.err
    );
    let shown = json(&program.run(&format!("lead show {lead} --json")));
    assert_eq!(shown["state"], "held", "and can be looked at meanwhile");
}

#[test]
fn a_person_is_written_out_and_then_forgotten() {
    let program = Program::new();
    let kept = Lead {
        email: Some("Jan@Example.org".to_owned()),
        ..to("0470 12 34 56")
    };
    let lead = program.receive(kept).to_string();
    let exported = json(&program.run("lead export jan@example.org"));
    assert_eq!(exported[0]["lead"], lead);
    assert_eq!(exported[0]["number"], "+32470123456");
    assert_eq!(exported[0]["told"]["first_name"], "Jan");
    assert!(exported[0]["body"].is_string());

    let said = program.run("lead erase JAN@example.org");
    assert_eq!(
        (said.code, said.out.as_str()),
        (Some(0), "1 lead is erased.\n"),
        "{said:?}"
    );
    let shown = json(&program.run(&format!("lead show {lead} --json")));
    assert_eq!(
        (&shown["outcome"], &shown["reason"]),
        (&"canceled".into(), &"erased".into())
    );
    for file in ["data/leadbridge.db", "data/leadbridge.db-wal"] {
        let bytes = std::fs::read(program.path(file)).unwrap_or_default();
        let found = bytes
            .windows(11)
            .any(|window| window.eq_ignore_ascii_case(b"jan@example"));
        assert!(!found, "{file} still holds the address");
    }
    for command in ["lead export jan@example.org", "lead erase +32470123456"] {
        let said = program.run(command);
        assert_eq!(said.code, Some(1));
        assert!(said.err.starts_with("there is no lead of"), "{}", said.err);
    }
}

#[test]
fn a_daemon_forgets_a_person_itself() {
    let peer = Peer::answering(
        "200 OK",
        r#"{"erased":["0190b1f0-7b3c-7000-8000-000000000001"],"talking":["0190b1f0-7b3c-7000-8000-000000000002"]}"#,
    );
    let program = Program::listening_at(peer.port);
    program.receive(to("0470 12 34 56"));
    let said = program.run("lead erase +32470123456");
    let asked = peer.asked();
    assert_eq!(asked.line, "POST /api/v1/persons/erase HTTP/1.1");
    assert_eq!(asked.body, r#"{"person":"+32470123456"}"#);
    assert_eq!(
        (said.code, said.out.as_str()),
        (Some(1), "1 lead is erased.\n")
    );
    assert!(
        said.err.contains("000000000002; erase again"),
        "{}",
        said.err
    );
}
