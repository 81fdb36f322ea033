//! The store copied, checked and backed up by the real program. What PostgreSQL has to do with it is in
//! `tests/copies/`.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use leadbridge::lead::Lead;

use crate::lead::to;
use crate::program::Program;

/// A program whose store has two leads.
fn with_leads() -> Program {
    let program = Program::new();
    program.receive(to("0900 12345"));
    program.receive(Lead::default());
    program
}

fn address(program: &Program, name: &str) -> String {
    format!("sqlite:{}", program.path(name).display())
}

#[test]
fn a_copy_says_what_both_stores_hold_and_how_far_it_is() {
    let program = with_leads();
    let (from, to) = (
        address(&program, "data/leadbridge.db"),
        address(&program, "copy.db"),
    );
    let said = program.run(&format!("store copy --from {from} --to {to}"));
    assert_eq!(said.code, Some(0), "{said:?}");
    let lines: Vec<Vec<&str>> = said
        .out
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(lines[0], ["table", "rows", "changed"]);
    assert!(lines.contains(&vec!["lead", "2", "2"]), "{}", said.out);
    assert!(
        said.out
            .ends_with("Both stores hold the same, row by row.\n"),
        "{}",
        said.out
    );
    assert!(
        said.err.contains("copied: 50 % of ") && said.err.contains("compared: 100 % of "),
        "{}",
        said.err
    );
    assert!(
        !said.err.contains('\u{1b}'),
        "no bar where nobody looks: {}",
        said.err
    );

    let rights = program.path("copy.db").metadata().unwrap().permissions();
    assert_eq!(rights.mode() & 0o777, 0o600, "for its owner's eyes only");

    let again = program.run(&format!("store copy --from {from} --to {to}"));
    assert!(again.out.contains("lead"), "{again:?}");
    assert!(
        again
            .out
            .lines()
            .filter(|line| line.starts_with("lead "))
            .all(|line| line.ends_with(" 0")),
        "{}",
        again.out
    );
    let said = program.run(&format!("store check {to}"));
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.starts_with("All is well: "), "{}", said.out);
}

#[test]
fn the_addresses_may_be_variables_and_a_password_is_never_shown() {
    let program = with_leads();
    let mut command = program.command("store copy");
    command.env(
        "LEADBRIDGE_COPY_FROM",
        address(&program, "data/leadbridge.db"),
    );
    command.env(
        "LEADBRIDGE_COPY_TO",
        "postgres://leadbridge:hush-hush@127.0.0.1:1/leads",
    );
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let err = String::from_utf8(output.stderr).unwrap();
    let why =
        "the store is unavailable: PostgreSQL: error connecting to server (Connection refused";
    assert!(err.starts_with(why), "{err}");
    assert!(!err.contains("hush-hush"), "{err}");
    for arguments in [
        "store copy --from mysql://a:hush-hush@b/c --to sqlite:x.db",
        "store copy --from postgres://a:hush-hush@b:port/c --to sqlite:x.db",
        "store check postgres://a:hush-hush@127.0.0.1:1/c",
        "store check hush-hush",
    ] {
        let said = program.run(arguments);
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(
            !said.err.contains("hush") && !said.out.contains("hush"),
            "{said:?}"
        );
    }
    let mut help = program.command("store copy --help");
    help.env("LEADBRIDGE_COPY_TO", "postgres://a:hush-hush@b/c");
    assert!(
        !String::from_utf8(help.output().unwrap().stdout)
            .unwrap()
            .contains("hush")
    );
}

#[test]
fn a_store_in_use_is_checked_and_backed_up_but_not_copied() {
    let program = with_leads();
    let daemon = program.store();
    let said = program.run("store check");
    assert_eq!(said.code, Some(0), "{said:?}");
    let file = program.path("backup.db");
    let said = program.run(&format!("store backup {}", file.display()));
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        said.out
            .starts_with("backup.db holds the store as it is now: 2 leads, "),
        "{}",
        said.out
    );
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let said = program.run(&format!("store backup {}", file.display()));
    let told = "backup.db is there already; name another file, or put that one away first\n";
    assert_eq!((said.code, said.err.as_str()), (Some(1), told));
    let (from, to) = (
        address(&program, "data/leadbridge.db"),
        address(&program, "copy.db"),
    );
    let said = program.run(&format!("store copy --from {from} --to {to}"));
    assert_eq!(said.code, Some(1));
    assert!(
        said.err.contains("in use by another leadbridge"),
        "{}",
        said.err
    );
    drop(daemon);
}

#[test]
fn what_does_not_hang_together_is_told_and_is_a_no() {
    let program = with_leads();
    let db = rusqlite::Connection::open(program.path("data/leadbridge.db")).unwrap();
    db.execute_batch("DELETE FROM lead WHERE source_id IS NULL")
        .unwrap();
    let said = program.run("store check");
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.err.contains("1 flows have no lead; one of them is "),
        "{}",
        said.err
    );
    assert!(
        said.err.ends_with("restore the latest one that is well.\n"),
        "{}",
        said.err
    );
}

#[test]
fn a_store_that_is_not_there_is_told() {
    let program = Program::new();
    for arguments in [
        "store check",
        "store backup x.db",
        "store check sqlite:nowhere.db",
    ] {
        let said = program.run(arguments);
        assert_eq!(said.code, Some(1));
        assert!(said.err.starts_with("there is no store "), "{}", said.err);
    }
    program.replace(
        "leadbridge.toml",
        "[[carrier]]",
        "[store]\nurl = \"postgres://a@b/c\"\n[[carrier]]",
    );
    let said = program.run("store backup x.db");
    assert!(said.err.contains("pg_dump"), "{}", said.err);
}

#[test]
fn a_daemon_prunes_what_is_older_than_its_settings_say() {
    let program = Program::new();
    let (old, young) = (
        program.receive(to("0900 12345")),
        program.receive(Lead::default()),
    );
    for lead in [old, young] {
        assert_eq!(program.run(&format!("lead discard {lead}")).code, Some(0));
    }
    program.replace(
        "leadbridge.toml",
        "[[carrier]]",
        "[notice]\ntext = false\n[retention]\nraw_days = 1\n[[carrier]]",
    );
    let db = rusqlite::Connection::open(program.path("data/leadbridge.db")).unwrap();
    let age = "UPDATE flow SET t1 = t1 - 25 * 3600 * 1000000000 WHERE lead = $1";
    db.execute(age, [old.to_string()]).unwrap();
    // Nobody is left to be told of leads that are over.
    db.execute("DELETE FROM outbox", []).unwrap();
    let bodies = || -> u32 {
        let sql = "SELECT count(*) FROM lead WHERE body IS NOT NULL";
        db.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(bodies(), 2);
    let mut daemon = program
        .command("serve")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let give_up = Instant::now() + Duration::from_secs(20);
    while bodies() == 2 && Instant::now() < give_up {
        std::thread::yield_now();
    }
    assert_eq!(bodies(), 1);
    daemon.kill().unwrap();
    let log = String::from_utf8(daemon.wait_with_output().unwrap().stderr).unwrap();
    assert!(!log.contains(&old.to_string()), "{log}");
}
