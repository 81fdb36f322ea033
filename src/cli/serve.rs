//! `leadbridge serve`: the daemon on the group's configuration, until SIGTERM.

use std::path::Path;
use std::time::Duration;

use listenfd::ListenFd;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{info, warn};

use crate::cli::Failure;
use crate::io::config::{self, Environment, Settings};
use crate::io::daemon::Daemon;
use crate::io::engine::Engine;
use crate::io::store::StoreError;
use crate::io::{log, reload};

/// Runs until SIGTERM or Ctrl-C.
pub async fn serve(path: &Path) -> Result<(), Failure> {
    log::start();
    let env = Environment::of_this_process();
    let settings = config::load_settings(path, &env)?;
    let daemon = Daemon::open(settings.value, &env).await?;
    for warning in settings.warnings.iter().chain(&daemon.warnings) {
        warn!("{}", log::without_numbers(&warning.render(false)));
    }
    let listener = listener(&daemon.settings).await?;
    let Daemon {
        engine, rulebook, ..
    } = &daemon;
    tokio::spawn(reload::follow(engine.clone(), rulebook.clone()));
    tokio::spawn(watchdog(engine.clone()));
    info!(listen = %daemon.settings.server.listen, "ready");
    // Outside systemd nobody listens to this, which is fine.
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    let served = daemon.serve(listener, told_to_stop()).await;
    served.map_err(|error| Failure::No(format!("the web server stopped: {error}")))
}

/// The socket that systemd, or the process before this one, keeps open; else our own.
async fn listener(settings: &Settings) -> Result<TcpListener, Failure> {
    let handed_over = ListenFd::from_env().take_tcp_listener(0).ok().flatten();
    let listen = settings.server.listen;
    let cannot = |error| {
        Failure::No(format!(
            "can't listen at {listen}: {error}; change listen in [server]"
        ))
    };
    match handed_over {
        Some(socket) => {
            let given = socket.local_addr().map_err(cannot)?;
            if given.port() != listen.port() {
                warn!(%given, %listen, "the socket handed over is not the one of [server]: our own commands ask there in vain");
            }
            socket.set_nonblocking(true).map_err(cannot)?;
            TcpListener::from_std(socket).map_err(cannot)
        }
        None => TcpListener::bind(listen).await.map_err(cannot),
    }
}

/// Says "alive" only while the store answers: a daemon whose store hangs is better restarted. One that can't write and
/// says why is not: a new process could not either, and this one goes on by itself.
async fn watchdog(engine: Engine) {
    let Some(period) = sd_notify::watchdog_enabled() else {
        return;
    };
    let mut tick = tokio::time::interval((period / 3).max(Duration::from_millis(100)));
    loop {
        tick.tick().await;
        let answer = tokio::time::timeout(period / 2, engine.store.writable()).await;
        if answer.is_ok_and(|answer| !matches!(answer, Err(StoreError::JournalLost(_)))) {
            let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
        }
    }
}

async fn told_to_stop() {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = terminated => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    info!("stopping: requests in hand finish, the outbox stays");
}
