//! The `leadbridge` program; `cli.rs` knows its commands.

use std::process::ExitCode;

use clap::Parser;
use leadbridge::cli::{self, Cli};

#[tokio::main]
async fn main() -> ExitCode {
    rustls::crypto::ring::default_provider()
        .install_default()
        .expect("nothing before this chose another TLS");
    cli::run(Cli::parse()).await
}
