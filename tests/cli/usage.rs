//! Wrong usage, help, and a reader who goes away.

use std::process::Stdio;

use crate::program::Program;

#[test]
fn wrong_usage_is_exit_2() {
    let program = Program::new();
    for arguments in [
        "",
        "frobnicate",
        "plan",
        "plan --rooftop gent --at tomorrow",
        "send lead.json",
        "lead",
        "lead show",
        "lead list --state open",
        "check --once",
    ] {
        let said = program.run(arguments);
        assert_eq!(said.code, Some(2), "{arguments:?}: {said:?}");
        assert_eq!(said.out, "", "{arguments:?}");
        assert_ne!(said.err, "", "{arguments:?}");
    }
}

#[test]
fn help_and_version_are_answers() {
    let program = Program::new();
    let help = program.run("--help");
    assert_eq!(help.code, Some(0));
    for command in [
        "demo",
        "serve",
        "check",
        "plan",
        "send",
        "lead",
        "--config",
        "LEADBRIDGE_CONFIG",
    ] {
        assert!(help.out.contains(command), "no {command} in\n{}", help.out);
    }
    assert!(!help.out.contains("secret"), "no value of the environment");
    let version = format!("leadbridge {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(program.run("--version").out, version);
}

#[test]
fn a_reader_who_goes_away_is_no_failure() {
    let program = Program::new();
    let mut child = program
        .command("plan --rooftop gent")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn the_flag_goes_before_the_environment() {
    let program = Program::new();
    let config = program.path("leadbridge.toml");
    let mut command = program.command("check");
    command
        .arg("--config")
        .arg(&config)
        .env("LEADBRIDGE_CONFIG", "nowhere.toml");
    assert_eq!(command.output().unwrap().status.code(), Some(0));
}
