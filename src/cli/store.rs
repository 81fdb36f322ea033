//! `leadbridge store`: the store as a whole, copied into another, checked, backed up.

use std::convert::Infallible;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use secrecy::{ExposeSecret, SecretString};

use super::{Failure, table};
use crate::io::config::{self, Environment, Uses};
use crate::io::store::{CannotBackUp, CannotCopy, Copied, Doing, Reads, Store};
use progress::Progress;

mod progress;

#[derive(Debug, Subcommand)]
pub(super) enum StoreCommand {
    /// Copies a store into another, of the same kind or the other, and proves that both are equal; nobody may use either
    /// meanwhile. Done again, it goes on where it broke off
    Copy {
        /// From where: sqlite:FILE or postgres://USER@HOST/DATABASE. An address with a password is better set as the
        /// variable
        #[arg(long, value_name = "URL", env = "LEADBRIDGE_COPY_FROM", hide_env_values = true, value_parser = hidden)]
        from: SecretString,
        /// Where to: a store that is empty, or that an earlier copy filled
        #[arg(long, value_name = "URL", env = "LEADBRIDGE_COPY_TO", hide_env_values = true, value_parser = hidden)]
        to: SecretString,
    },
    /// Looks whether all that is kept hangs together, beside a running daemon; exit 1 when something does not
    Check {
        /// sqlite:FILE or postgres://USER@HOST/DATABASE; the configured store unless said
        #[arg(value_name = "URL", value_parser = hidden)]
        url: Option<SecretString>,
    },
    /// Copies the configured SQLite store to a file, as it is at one instant, beside a running daemon
    Backup {
        /// A file that is not there yet
        file: PathBuf,
    },
}

/// Does one of them.
pub(super) async fn store(
    config: &Path,
    command: StoreCommand,
    out: &mut impl Write,
) -> Result<(), Failure> {
    match command {
        StoreCommand::Copy { from, to } => copy(&address(&from)?, &address(&to)?, out).await,
        StoreCommand::Check { url } => {
            let store = match url {
                Some(url) => address(&url)?,
                None => configured(config)?,
            };
            check(&store, out).await
        }
        StoreCommand::Backup { file } => backup(&configured(config)?, &file, out),
    }
}

async fn copy(
    from: &config::Store,
    to: &config::Store,
    out: &mut impl Write,
) -> Result<(), Failure> {
    if let config::Store::Sqlite(file) = from {
        must_be_there(file)?;
    }
    let mut progress = Progress::default();
    let mut tell = |doing| match doing {
        Doing::Found(rows) => progress.begin(2 * rows),
        Doing::Copied(rows) => progress.advance("copied", rows),
        Doing::Proven(rows) => progress.advance("compared", rows),
    };
    let copied = Store::copy(from, to, &mut tell).await;
    progress.end();
    let copied = copied?;
    let line = |copied: &Copied| {
        let cells = [copied.rows.to_string(), copied.changed.to_string()];
        let [rows, changed] = cells;
        [copied.table.clone(), rows, changed]
    };
    let mut lines = vec![["table", "rows", "changed"].map(str::to_owned)];
    lines.extend(copied.iter().map(line));
    table::write(out, &lines)?;
    writeln!(out, "Both stores hold the same, row by row.")?;
    Ok(())
}

async fn check(store: &config::Store, out: &mut impl Write) -> Result<(), Failure> {
    let reads = reads(store).await?;
    let mut progress = Progress::default();
    let mut is_first = true;
    let mut tell = |rows| {
        if std::mem::take(&mut is_first) {
            progress.begin(rows);
        } else {
            progress.advance("checked", rows);
        }
    };
    let checked = reads.check(&mut tell).await;
    progress.end();
    let checked = checked?;
    if checked.findings.is_empty() {
        writeln!(out, "All is well: {} rows were read.", checked.rows)?;
        return Ok(());
    }
    let findings: Vec<String> = checked
        .findings
        .iter()
        .map(|found| table::plain(found))
        .collect();
    Err(Failure::No(format!(
        "{}\nKeep a copy of this store as it is, and restore the latest one that is well.",
        findings.join("\n")
    )))
}

fn backup(store: &config::Store, file: &Path, out: &mut impl Write) -> Result<(), Failure> {
    let config::Store::Sqlite(path) = store else {
        return Err(Failure::No(
            "the store is a PostgreSQL database, which has its own way: `pg_dump --format=custom --file=FILE DATABASE`"
                .to_owned(),
        ));
    };
    must_be_there(path)?;
    let made = Store::back_up(path, file)?;
    let (file, leads, kb) = (file.display(), made.leads, made.bytes.div_ceil(1024));
    writeln!(
        out,
        "{file} holds the store as it is now: {leads} leads, {kb} KiB."
    )?;
    Ok(())
}

async fn reads(store: &config::Store) -> Result<Reads, Failure> {
    match store {
        config::Store::Sqlite(file) => {
            must_be_there(file)?;
            Ok(Store::open_read_only(file)?)
        }
        config::Store::Postgres(url) => Ok(Store::connect_read_only(url.expose_secret()).await?),
    }
}

fn configured(config: &Path) -> Result<config::Store, Failure> {
    let env = Environment::of_this_process().only(Uses::Nothing);
    Ok(config::load_settings(config, &env)?.value.store)
}

/// An address as it is typed. It may hold a password: it is never shown again.
fn address(url: &SecretString) -> Result<config::Store, Failure> {
    let text = url.expose_secret();
    let is_server = ["postgres://", "postgresql://"]
        .iter()
        .any(|scheme| text.starts_with(scheme));
    match text.strip_prefix("sqlite:").filter(|file| !file.is_empty()) {
        Some(file) => Ok(config::Store::Sqlite(PathBuf::from(file))),
        None if is_server => Ok(config::Store::Postgres(url.clone())),
        None => Err(Failure::No(
            "this is no store: write sqlite:FILE or postgres://USER@HOST/DATABASE".to_owned(),
        )),
    }
}

fn must_be_there(file: &Path) -> Result<(), Failure> {
    if file.exists() {
        return Ok(());
    }
    Err(Failure::No(format!("there is no store {}", file.display())))
}

#[allow(clippy::unnecessary_wraps, reason = "the shape that clap asks for")]
fn hidden(text: &str) -> Result<SecretString, Infallible> {
    Ok(SecretString::from(text))
}

impl From<CannotCopy> for Failure {
    fn from(cannot: CannotCopy) -> Failure {
        Failure::No(cannot.to_string())
    }
}

impl From<CannotBackUp> for Failure {
    fn from(cannot: CannotBackUp) -> Failure {
        Failure::No(cannot.to_string())
    }
}
