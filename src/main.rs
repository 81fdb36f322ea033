//! The `leadbridge` program; `cli.rs` knows its commands.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use leadbridge::cli::{self, Cli};
use tokio::runtime::Runtime;

/// So long is waited at the end for what still reads or writes a file.
const AT_THE_END: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    rustls::crypto::ring::default_provider()
        .install_default()
        .expect("nothing before this chose another TLS");
    let runtime = Runtime::new().expect("a system that has no thread left runs no program either");
    let code = runtime.block_on(cli::run(Cli::parse()));
    // A thread that hangs in a file on a network must not keep the process from its end.
    runtime.shutdown_timeout(AT_THE_END);
    code
}
