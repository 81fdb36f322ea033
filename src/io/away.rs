//! A store that is away when the daemon starts: its disk is full, its file may not be written, its server can't be reached.
//! The daemon listens all the same and asks everybody to come again, tries each second, and begins by itself when the
//! cause is gone. What only another configuration or another file can mend ends it.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

use crate::io::config::{Environment, Settings};
use crate::io::daemon::{CannotStart, Daemon};
use crate::io::store::StoreError;

/// How often it is tried to begin.
const TRY_EVERY: Duration = Duration::from_secs(1);

/// A daemon that is on its way to its store.
pub struct Start {
    settings: Settings,
    env: Environment,
    /// Open, and what the process before left is not yet taken up.
    opened: Option<Daemon>,
}

impl Start {
    /// Nothing is tried yet.
    pub fn of(settings: Settings, env: Environment) -> Start {
        Start {
            settings,
            env,
            opened: None,
        }
    }

    /// Opens the store, unless it is open.
    pub async fn open(&mut self) -> Result<(), CannotStart> {
        if self.opened.is_none() {
            self.opened = Some(Daemon::open(self.settings.clone(), &self.env).await?);
        }
        Ok(())
    }

    /// Opens the store and takes up what the process before left, as far as the tries before this one did not.
    pub async fn begin(&mut self) -> Result<Daemon, CannotStart> {
        self.open().await?;
        let daemon = self.opened.take().expect("it was opened");
        match daemon.recover().await {
            Ok(()) => Ok(daemon),
            Err(error) => {
                // The same one tries again: a second one would find the file in use.
                self.opened = Some(daemon);
                Err(error.into())
            }
        }
    }

    /// Begins when `cause` has passed; `told` hears of it, and of each other one that comes after it.
    pub async fn begin_after(
        &mut self,
        mut cause: CannotStart,
        mut told: impl FnMut(&StoreError),
    ) -> Result<Daemon, CannotStart> {
        let mut last = None;
        loop {
            let why = passing(cause)?;
            if last.as_ref() != Some(&why) {
                told(&why);
                last = Some(why);
            }
            pause().await;
            cause = match self.begin().await {
                Ok(daemon) => return Ok(daemon),
                Err(cause) => cause,
            };
        }
    }
}

fn passing(cause: CannotStart) -> Result<StoreError, CannotStart> {
    match cause {
        CannotStart::Store(why) if why.may_pass() => Ok(why),
        CannotStart::Store(_)
        | CannotStart::Config(_)
        | CannotStart::Http(_)
        | CannotStart::Mail(_)
        | CannotStart::Folder { .. }
        | CannotStart::SharedPbx => Err(cause),
    }
}

/// Until the next try, which SIGHUP brings on at once: by itself it would end the process.
async fn pause() {
    match signal(SignalKind::hangup()) {
        Ok(mut hang_up) => drop(timeout(TRY_EVERY, hang_up.recv()).await),
        Err(_) => tokio::time::sleep(TRY_EVERY).await,
    }
}
