//! A command needs the secrets that it uses, and no other.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use crate::peer::Peer;
use crate::program::Program;

/// The program with these variables and no others.
fn run_with(program: &Program, variables: &[&str], arguments: &str) -> (Option<i32>, String) {
    let mut command = program.command(arguments);
    for (name, _) in crate::program::VARIABLES {
        if !variables.contains(&name) {
            command.env_remove(name);
        }
    }
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), program.without_folder(&said))
}

#[test]
fn who_only_looks_needs_none() {
    let program = Program::new();
    let lead = program.receive(crate::lead::to("0900 12345"));
    for arguments in [
        "lead list".to_owned(),
        format!("lead show {lead}"),
        "plan --rooftop gent".to_owned(),
    ] {
        assert_eq!(
            run_with(&program, &[], &arguments),
            (Some(0), String::new()),
            "{arguments}"
        );
    }
}

#[test]
fn who_asks_the_daemon_needs_its_token_alone() {
    let program = Program::new();
    let lead = program.receive(crate::lead::to("0900 12345"));
    let discard = format!("lead discard {lead}");
    let (code, said) = run_with(&program, &["TOKEN", "WEBSITE", "PORTAL"], &discard);
    assert_eq!(code, Some(1));
    assert!(
        said.contains("the environment variable `API` is not set"),
        "{said}"
    );
    assert_eq!(
        run_with(&program, &["API"], &discard),
        (Some(0), String::new())
    );
}

#[test]
fn who_sends_as_a_source_needs_its_secret_alone() {
    let daemon = Peer::answering("202 Accepted", r#"{"lead":"x","status":"ringing"}"#);
    let program = Program::listening_at(daemon.port);
    let lead = program.write("lead.json", r#"{"phone":"0470 12 34 56"}"#);
    let send = format!("send --source website {}", lead.display());
    assert_eq!(
        run_with(&program, &["WEBSITE"], &send),
        (Some(0), String::new())
    );
    let (code, said) = run_with(&program, &["API", "TOKEN", "PORTAL"], &send);
    assert_eq!(code, Some(1));
    assert!(
        said.contains("the environment variable `WEBSITE` is not set"),
        "{said}"
    );
}

#[test]
fn the_daemon_and_the_check_need_them_all() {
    let program = Program::new();
    for missing in ["API", "TOKEN", "WEBSITE", "PORTAL"] {
        let names = crate::program::VARIABLES.map(|(name, _)| name);
        let others: Vec<_> = names.into_iter().filter(|name| *name != missing).collect();
        for command in ["check", "serve"] {
            let (code, said) = run_with(&program, &others, command);
            assert_eq!(code, Some(1), "{command} without {missing}");
            assert!(said.contains(&format!("`{missing}` is not set")), "{said}");
        }
    }
}

#[test]
fn a_secret_that_is_no_text_is_not_called_absent() {
    let program = Program::new();
    let mut check = program.command("check");
    let latin_1 = OsString::from_vec(b"sch\xfcssel".to_vec());
    let said = String::from_utf8(check.env("API", latin_1).output().unwrap().stderr).unwrap();
    assert!(
        said.contains("the environment variable `API` is no UTF-8 text"),
        "{said}"
    );
    program.replace("leadbridge.toml", "{ env = \"API\" }", "{ file = \"api\" }");
    std::fs::write(program.path("api"), b"sch\xfcssel").unwrap();
    let said = program.run("check").err;
    assert!(
        said.contains("the secret's file is no UTF-8 text"),
        "{said}"
    );
}
