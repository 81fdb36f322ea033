//! The manual page and the completions know every command.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::written;

/// As INTERFACE has them.
const COMMANDS: [&str; 10] = [
    "demo",
    "serve",
    "check",
    "plan",
    "send",
    "call-test",
    "lead",
    "schema",
    "completions",
    "man",
];

#[test]
fn the_manual_page_tells_every_command_and_where_the_files_are() {
    let page = written("man");
    for command in COMMANDS.into_iter().filter(|command| *command != "lead") {
        let heading = format!(".SH \"LEADBRIDGE {}\"", command.to_uppercase());
        assert!(page.contains(&heading), "no {heading}");
    }
    for told in [
        "LEADBRIDGE LEAD SHOW",
        "/etc/leadbridge/rotation.toml",
        "EXIT STATUS",
        "\\-\\-live",
    ] {
        assert!(page.contains(told), "no {told}");
    }
}

#[test]
fn each_shell_is_given_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = written(&format!("completions {shell}"));
        for command in COMMANDS {
            assert!(script.contains(command), "no {command} for {shell}");
        }
    }
}

#[test]
fn bash_can_read_its_completions() {
    let mut bash = Command::new("bash")
        .arg("-n")
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let script = written("completions bash");
    bash.stdin
        .take()
        .unwrap()
        .write_all(script.as_bytes())
        .unwrap();
    assert!(bash.wait().unwrap().success());
}
