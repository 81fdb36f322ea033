//! The command line (INTERFACE): one file per command. Data goes to standard output, everything else to standard
//! error; the exit code is 0 when all is good, 1 when the answer is no, 2 when the question is wrong.

use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::io::config::Report;
use crate::io::daemon::CannotStart;
use crate::io::store::StoreError;
use call_test::CallTestOptions;
use clap_complete::Shell;
use demo::DemoOptions;
use lead::LeadCommand;
use plan::PlanOptions;
use report::ReportOptions;
use send::SendOptions;
use store::StoreCommand;

mod call_test;
mod check;
mod completions;
pub mod demo;
mod group;
mod lead;
mod man;
mod peer;
mod plan;
mod report;
mod schema;
mod send;
pub mod serve;
mod store;
mod table;

/// Calls a car dealer group's customers back within seconds
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub struct Cli {
    /// The daemon's settings; they name the other files
    #[arg(
        long,
        global = true,
        env = "LEADBRIDGE_CONFIG",
        default_value = "config/leadbridge.toml",
        value_name = "PATH"
    )]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Shows everything with nothing to configure: simulated phones and sample leads
    Demo {
        /// Play one lead and end; exit 0 if it ended connected
        #[arg(long)]
        once: bool,
        /// Where to listen; this machine alone unless said
        #[arg(long, value_name = "ADDR")]
        listen: Option<SocketAddr>,
        /// Where to keep the data; removed at the end unless said
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
    /// Runs the daemon
    Serve,
    /// Reads all configuration and shows every mistake with its line and its cure
    Check {
        /// Also ask each carrier whether it does what we need, without ringing anybody
        #[arg(long)]
        live: bool,
    },
    /// Shows who would be rung and when, and why not the others
    Plan(PlanOptions),
    /// Signs and posts a lead as a source would
    Send(SendOptions),
    /// Rings a rep's phone for real, as a test, and prints what happens
    CallTest(CallTestOptions),
    /// Lists and shows leads, lets them go or ends them
    #[command(subcommand)]
    Lead(LeadCommand),
    /// Shows the figures of a period: how fast, how often, by whom, and what came of it
    Report(ReportOptions),
    /// Copies, checks and backs up the store
    #[command(subcommand)]
    Store(StoreCommand),
    /// Prints the JSON Schema of a configuration file, for editors
    Schema {
        /// Which file
        #[arg(value_enum, default_value = "leadbridge")]
        file: schema::File,
    },
    /// Prints the completions of a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Prints the manual page
    Man,
}

/// Why a command did not end well.
#[derive(Debug)]
pub enum Failure {
    /// The answer is no: sentences that say what to do.
    No(String),
    /// The configuration has mistakes.
    Mistakes(Vec<Report>),
    /// Nobody reads the answer any more, which is the reader's good right.
    Unread,
}

/// Runs a command to its end, and tells what went wrong.
pub async fn run(cli: Cli) -> ExitCode {
    match answer(cli, &mut io::stdout()).await {
        Ok(()) | Err(Failure::Unread) => ExitCode::SUCCESS,
        Err(Failure::No(sentences)) => {
            tell(&sentences);
            ExitCode::FAILURE
        }
        Err(Failure::Mistakes(reports)) => {
            reports.iter().for_each(tell_report);
            ExitCode::FAILURE
        }
    }
}

async fn answer(cli: Cli, out: &mut impl Write) -> Result<(), Failure> {
    let config = cli.config.as_path();
    match cli.command {
        Command::Demo { once, listen, data } => {
            demo::demo(DemoOptions { once, listen, data }).await
        }
        Command::Serve => serve::serve(config).await,
        Command::Check { live } => check::check(config, live, out).await,
        Command::Plan(options) => plan::plan(config, options, out).await,
        Command::Send(options) => send::send(config, &options, out).await,
        Command::CallTest(options) => call_test::call_test(config, options, out).await,
        Command::Lead(command) => lead::lead(config, command, out).await,
        Command::Report(options) => report::report(config, options, out).await,
        Command::Store(command) => store::store(config, command, out).await,
        Command::Schema { file } => Ok(schema::schema(file, out)?),
        Command::Completions { shell } => Ok(completions::completions(shell, out)?),
        Command::Man => Ok(man::man(out)?),
    }
}

/// A line for the person at the terminal. When standard error is gone there is nobody left to tell.
fn tell(sentences: &str) {
    let _ = writeln!(io::stderr(), "{sentences}");
}

/// A mistake in a file, with an empty line after its several lines.
fn tell_report(report: &Report) {
    let colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    tell(&format!("{}\n", report.render(colour)));
}

impl From<io::Error> for Failure {
    /// For what is written to standard output.
    fn from(error: io::Error) -> Failure {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Failure::Unread
        } else {
            Failure::No(format!("the answer cannot be written: {error}"))
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure::No(error.to_string())
    }
}

impl From<CannotStart> for Failure {
    fn from(cannot: CannotStart) -> Failure {
        match cannot {
            CannotStart::Config(reports) => Failure::Mistakes(reports),
            CannotStart::Store(_)
            | CannotStart::Http(_)
            | CannotStart::Mail(_)
            | CannotStart::Folder { .. }
            | CannotStart::SharedPbx => Failure::No(cannot.to_string()),
        }
    }
}

impl From<Vec<Report>> for Failure {
    fn from(reports: Vec<Report>) -> Failure {
        Failure::Mistakes(reports)
    }
}
