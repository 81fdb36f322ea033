//! What comes with PostgreSQL to measure it: how many small transactions a second a server commits.

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use tokio::process::Command;

use crate::floor::folder;

/// So many threads drive its connections: as many as this machine has processors.
const THREADS: &str = "2";

/// What one of its transactions does.
pub(super) struct Script {
    pub(super) name: &'static str,
    /// What part of its transactions so many connections should commit as steps.
    pub(super) at_least: Option<f64>,
    /// Makes what it needs, in its own words for it.
    make: &'static [&'static str],
    run: Run,
}

enum Run {
    /// One that it brings along.
    Own(&'static str),
    /// One statement.
    Statement(&'static str),
}

pub(super) const SCRIPTS: [Script; 2] = [
    Script {
        name: "pgbench -N",
        at_least: Some(0.333),
        make: &["-i", "-q", "-s", "10"],
        run: Run::Own("-N"),
    },
    Script {
        name: "pgbench, one insert",
        at_least: None,
        make: &["-i", "-q", "-s", "1"],
        run: Run::Statement(
            "INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (1, 1, 1, 1, CURRENT_TIMESTAMP);\n",
        ),
    },
];

impl Script {
    /// Runs it in an empty database over so many connections.
    pub(super) async fn commits_per_s(
        &self,
        database: &str,
        connections: usize,
        seconds: u64,
    ) -> f64 {
        pgbench(self.make, database).await;
        let folder = folder();
        let (count, seconds) = (connections.to_string(), seconds.to_string());
        let mut arguments = vec!["-n", "-M", "prepared", "-j", THREADS, "-c", &count];
        arguments.extend(["-T", seconds.as_str()]);
        let file = folder.path().join("script");
        let file = file.to_str().unwrap();
        match self.run {
            Run::Own(name) => arguments.push(name),
            Run::Statement(statement) => {
                fs::write(file, statement).unwrap();
                arguments.extend(["-f", file]);
            }
        }
        let output = pgbench(&arguments, database).await;
        let told = String::from_utf8(output.stdout).unwrap();
        let line = told.lines().find_map(|line| line.strip_prefix("tps = "));
        let per_s = line.and_then(|line| line.split(' ').next()?.parse().ok());
        per_s.unwrap()
    }
}

async fn pgbench(arguments: &[&str], database: &str) -> Output {
    let mut command = Command::new(program());
    let output = command.args(arguments).arg(database).output().await;
    let output = output.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "pgbench: {errors}");
    output
}

/// The newest that is installed.
fn program() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let newest = versions
        .filter_map(|version| {
            let program = version.ok()?.path().join("bin/pgbench");
            program.exists().then_some(program)
        })
        .max();
    newest.expect("needs pgbench: on Debian, apt-get install postgresql-contrib as root")
}
