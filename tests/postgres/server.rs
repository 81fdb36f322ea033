//! A PostgreSQL of the test's own: Debian's, on a free port of loopback, in a folder of its own, as its own user. It ends
//! with the process that started it, however that ends, and its folder goes with it.
//!
//! Its verbs wait on this thread: inside of a runtime that has other work, call them on a thread of their own.

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};

/// Who owns all databases; whoever asks from this machine is believed to be it.
const OWNER: &str = "leadbridge";
/// Whose processes and files it is where the tests run as root, whom PostgreSQL refuses.
const USER: &str = "postgres";
const INSTALL: &str =
    "needs PostgreSQL 15 or newer: on Debian, apt-get install postgresql as root, or run tests/run";

/// Words sort as people sort them and the day begins in Brussels, as in the database of a dealer group: who wants bytes or
/// UTC has to say so.
const LOCALE: [&str; 5] = [
    "--encoding=UTF8",
    "--locale=C.UTF-8",
    "--locale-provider=icu",
    "--icu-locale=nl-BE",
    "--no-sync",
];
const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 300
timezone = 'Europe/Brussels'
recovery_init_sync_method = syncfs
";

/// Waits until the test is gone, whose end of the pipe is closed then, and clears up after it.
const GUARD: &str = r#"
read -r _
pid=$(head -n 1 "$1/data/postmaster.pid") && kill -CONT $pid $(cat /proc/$pid/task/$pid/children)
"$0" -D "$1/data" -m immediate stop
rm -rf "$1"
"#;
/// The first process, and then those that it has begun, of which one may be just gone.
const SIGNAL: &str = r#"
pid=$(head -n 1 "$1/data/postmaster.pid")
kill "-$0" "$pid" || exit 1
kill "-$0" $(cat "/proc/$pid/task/$pid/children") || true
"#;

/// It runs as long as this lives.
pub(crate) struct Server {
    pub(crate) port: u16,
    folder: PathBuf,
    programs: PathBuf,
    guard: Child,
}

impl Server {
    /// Starts one that keeps what it has acknowledged, whatever ends it.
    pub(crate) fn start() -> Self {
        Self::with("fsync = on\nsynchronous_commit = on\n")
    }

    /// Starts one that does not wait for the disk: quicker, for tests in which it never ends.
    pub(crate) fn start_unflushed() -> Self {
        Self::with("fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n")
    }

    /// The one of this process, which keeps what it has acknowledged.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    fn with(settings: &str) -> Self {
        let programs = programs();
        let folder = folder();
        let server = Self {
            port: free_port(),
            guard: guard(&programs, &folder),
            folder,
            programs,
        };
        server.creates_its_files();
        let mut file = File::options()
            .append(true)
            .open(server.data().join("postgresql.conf"))
            .unwrap();
        write!(file, "{SETTINGS}port = {}\n{settings}", server.port).unwrap();
        server.start_again();
        server
    }

    /// Creates a database that nobody else uses, and says its address.
    pub(crate) fn database(&self) -> String {
        static COUNT: AtomicUsize = AtomicUsize::new(1);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.ask(
            &self.address("postgres"),
            &format!("create database {name}"),
        );
        self.address(&name)
    }

    /// The address of a database, by its name.
    fn address(&self, name: &str) -> String {
        format!("postgres://{OWNER}@127.0.0.1:{}/{name}", self.port)
    }

    /// What a statement gives: a line a row, its columns between `|`.
    pub(crate) fn ask(&self, database: &str, statement: &str) -> String {
        let mut psql = self.program("psql");
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]);
        psql.args(["-d", database, "-c", statement]);
        String::from_utf8(self.succeeds(psql).stdout)
            .unwrap()
            .trim_end()
            .to_owned()
    }

    /// Ends it at once, as when the machine loses its power: nothing is finished and nobody is told.
    pub(crate) fn stop_immediate(&self) {
        let mut stop = self.control("stop");
        stop.args(["-m", "immediate"]);
        self.succeeds(stop);
    }

    /// Starts it again on the same data and port, and waits until it answers.
    pub(crate) fn start_again(&self) {
        let mut start = self.control("start");
        start.arg("-l").arg(self.folder.join("log"));
        self.succeeds(start);
    }

    /// Stops it as an admin does, which ends all connections, and starts it again.
    pub(crate) fn restart(&self) {
        let mut stop = self.control("stop");
        stop.args(["-m", "fast"]);
        self.succeeds(stop);
        self.start_again();
    }

    /// Shows this certificate from now on to whoever asks for TLS.
    pub(crate) fn shows(&self, certificate: &str, key: &str) {
        for (name, text) in [("server.crt", certificate), ("server.key", key)] {
            let path = self.data().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            give_to_its_user(&path);
        }
        self.ask(&self.address("postgres"), "alter system set ssl = on");
        self.restart();
    }

    /// From now on it takes connections and answers nobody.
    pub(crate) fn freeze(&self) {
        self.signal("STOP");
    }

    /// Goes on where it was.
    pub(crate) fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let mut shell = self.run("sh");
        shell.args(["-c", SIGNAL, name]).arg(&self.folder);
        self.succeeds(shell);
    }

    fn creates_its_files(&self) {
        let mut create = self.program("initdb");
        create.args(["--auth=trust", "--username", OWNER, "--pgdata"]);
        create.arg(self.data()).args(LOCALE);
        self.succeeds(create);
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn control(&self, verb: &str) -> Command {
        let mut control = self.program("pg_ctl");
        control.arg("-D").arg(self.data()).args(["-t", "60", verb]);
        control
    }

    fn program(&self, name: &str) -> Command {
        self.run(self.programs.join(name))
    }

    fn run(&self, program: impl AsRef<Path>) -> Command {
        as_its_user(program.as_ref(), &self.folder)
    }

    fn succeeds(&self, mut command: Command) -> Output {
        let output = command.output().unwrap();
        let log = || fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        assert!(
            output.status.success(),
            "{command:?}: {}\n{}\nPostgreSQL said:\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr),
            log()
        );
        output
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

/// The newest that is installed.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let newest = versions
        .filter_map(|version| {
            let version = version.ok()?;
            let number: u32 = version.file_name().to_str()?.parse().ok()?;
            let programs = version.path().join("bin");
            programs
                .join("initdb")
                .exists()
                .then_some((number, programs))
        })
        .max()
        .filter(|(number, _)| *number >= 15);
    newest.unwrap_or_else(|| panic!("this test {INSTALL}")).1
}

/// A folder that the guard removes, and that PostgreSQL may write.
fn folder() -> PathBuf {
    let folder = tempfile::Builder::new()
        .prefix("postgres")
        .tempdir()
        .unwrap()
        .keep();
    give_to_its_user(&folder);
    folder
}

fn give_to_its_user(path: &Path) {
    if is_root() {
        let [user, group] = ["-u", "-g"].map(|which| {
            id(&[which, USER])
                .unwrap_or_else(|| panic!("there is no user `{USER}`: this test {INSTALL}"))
        });
        chown(path, Some(user), Some(group)).unwrap();
    }
}

/// In a group of its own, so that what is typed at the tests does not reach it.
fn guard(programs: &Path, folder: &Path) -> Child {
    let mut shell = as_its_user(Path::new("sh"), folder);
    shell
        .args(["-c", GUARD])
        .arg(programs.join("pg_ctl"))
        .arg(folder);
    shell
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap()
}

/// A program that finds nothing of ours in its environment.
fn as_its_user(program: &Path, folder: &Path) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", USER, "--regid", USER, "--init-groups", "--"]);
        command.arg(program);
        command
    } else {
        Command::new(program)
    };
    command.env_clear().env("LC_ALL", "C");
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command.current_dir(folder).stdin(Stdio::null());
    command
}

fn is_root() -> bool {
    id(&["-u"]) == Some(0)
}

/// A number that `id` tells.
fn id(which: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(which).output().unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .trim()
        .parse()
        .ok()
}

/// A port that no connection of this machine takes by chance: it is come back to.
fn free_port() -> u16 {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    let first = 30_000 + (std::process::id() % 250) as u16 * 10;
    loop {
        let port = first + TAKEN.fetch_add(1, Ordering::Relaxed) % 10;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
