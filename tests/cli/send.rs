//! A lead as its source would send it.

use crate::peer::Peer;
use crate::program::Program;

const LEAD: &str = r#"{"phone":"0470 12 34 56"}"#;

#[test]
fn a_lead_is_signed_and_posted_to_the_daemon_of_the_files() {
    let daemon = Peer::answering("202 Accepted", r#"{"lead":"x","status":"ringing"}"#);
    let program = Program::listening_at(daemon.port);
    let lead = program.write("lead.json", LEAD);
    let said = program.run(&format!("send --source website {}", lead.display()));
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(
        said.out,
        "202 Accepted\n{\"lead\":\"x\",\"status\":\"ringing\"}\n"
    );
    let asked = daemon.asked();
    assert_eq!(asked.line, "POST /leads/website HTTP/1.1");
    assert_eq!(asked.header("content-type"), Some("application/json"));
    assert_eq!(
        asked.header("authorization"),
        Some("Bearer website-secret-of-some-length")
    );
    assert_eq!(asked.body, LEAD);
}

#[test]
fn a_secret_in_the_address_is_added_to_where_it_goes_and_shown_nowhere() {
    let daemon = Peer::answering("401 Unauthorized", r#"{"detail":"not authentic"}"#);
    let program = Program::new();
    let lead = program.write("lead.xml", "<adf/>");
    let to = format!("http://127.0.0.1:{}/leads/portal", daemon.port);
    let said = program.run(&format!(
        "send --source portal --to {to} {}",
        lead.display()
    ));
    assert_eq!(said.code, Some(1));
    assert_eq!(
        said.out,
        "401 Unauthorized\n{\"detail\":\"not authentic\"}\n"
    );
    assert_eq!(said.err, "the lead was refused with 401 Unauthorized\n");
    let asked = daemon.asked();
    assert_eq!(
        asked.line,
        "POST /leads/portal/a-long-and-random-segment-of-a-path HTTP/1.1"
    );
    assert_eq!(asked.header("content-type"), Some("application/xml"));
}

#[test]
fn without_a_daemon_it_says_so_and_keeps_the_secret() {
    let program = Program::new();
    let lead = program.write("lead.xml", "<adf/>");
    let said = program.run(&format!("send --source portal {}", lead.display()));
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("is the daemon running"), "{}", said.err);
    assert!(!said.err.contains("a-long-and-random"), "{}", said.err);
}

#[test]
fn an_unknown_source_or_file_is_told() {
    let program = Program::new();
    let said = program.run("send --source webiste lead.json");
    assert_eq!(
        said.err,
        "there is no source `webiste`; did you mean `website`?\n"
    );
    let said = program.run("send --source website nowhere.json");
    assert_eq!(said.code, Some(1));
    assert!(
        said.err.starts_with("nowhere.json cannot be read: "),
        "{}",
        said.err
    );
}

#[test]
fn what_is_no_web_address_is_told_before_anything_is_sent() {
    let program = Program::new();
    let lead = program.write("lead.json", LEAD);
    for to in ["foo", "bridge.example.be/leads/website", "localhost:8080"] {
        let said = program.run(&format!(
            "send --source website --to {to} {}",
            lead.display()
        ));
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(said.err.contains("write the whole address"), "{}", said.err);
    }
}
