//! `leadbridge serve`: the daemon on the group's configuration, until SIGTERM.

use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use listenfd::ListenFd;
use sd_notify::NotifyState;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing::{info, warn};

use crate::cli::Failure;
use crate::io::away::Start;
use crate::io::config::{self, Environment, Report, Settings};
use crate::io::daemon::{CannotStart, Daemon};
use crate::io::engine::Engine;
use crate::io::store::StoreError;
use crate::io::{log, reload, web};

/// Runs until SIGTERM or Ctrl-C.
pub async fn serve(path: &Path) -> Result<(), Failure> {
    log::start();
    let env = Environment::of_this_process();
    let settings = config::load_settings(path, &env)?;
    tell(&settings.warnings);
    let settings = settings.value;
    let mut start = Start::of(settings.clone(), env);
    // Before the socket: that another daemon has the store says more than that it also has the port.
    let opened = start.open().await;
    let listener = match opened {
        Err(cause) if !cause.may_pass() => return Err(cause.into()),
        Ok(()) | Err(_) => listener(&settings).await?,
    };
    let stop = told_to_stop()?;
    let begun = match opened {
        Ok(()) => start.begin().await,
        Err(cause) => Err(cause),
    };
    match begun {
        Ok(daemon) => {
            let served = web::serve(listener, daemon.router(), stop);
            run(daemon, served).await
        }
        Err(cause) => run_after(cause, start, &settings, listener, stop).await,
    }
}

/// Answers without the store until the cause has passed, and then as ever, on the same socket.
async fn run_after(
    cause: CannotStart,
    mut start: Start,
    settings: &Settings,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Failure> {
    let (shown, answers) = watch::channel(Router::new());
    let mut served = pin!(web::serve(listener, web::shown(answers), stop));
    let alive = tokio::spawn(watchdog(async || true));
    let waits = |why: &StoreError| {
        warn!(%why, "the store is away: everybody is asked to come again, and it is tried each second");
        shown.send_modify(|answers| *answers = web::away(settings, why.clone()));
        say_up(&format!("waits for its store: {why}"));
    };
    let daemon = tokio::select! {
        // First: nobody is answered before the cause is known.
        biased;
        begun = start.begin_after(cause, waits) => begun?,
        served = &mut served => return ended(served),
    };
    alive.abort();
    shown.send_modify(|answers| *answers = daemon.router());
    run(daemon, served).await
}

async fn run(
    daemon: Daemon,
    served: impl Future<Output = std::io::Result<()>>,
) -> Result<(), Failure> {
    tell(&daemon.warnings);
    let (engine, rulebook) = (daemon.engine.clone(), daemon.rulebook.clone());
    tokio::spawn(reload::follow(engine.clone(), rulebook));
    tokio::spawn(watchdog(async move || store_answers(&engine).await));
    info!(listen = %daemon.settings.server.listen, "ready");
    say_up("serves");
    ended(daemon.run(served).await)
}

fn tell(warnings: &[Report]) {
    for warning in warnings {
        warn!("{}", log::without_numbers(&warning.render(false)));
    }
}

fn ended(served: std::io::Result<()>) -> Result<(), Failure> {
    served.map_err(|error| Failure::No(format!("the web server stopped: {error}")))
}

/// Tells systemd that it is up, also where it only asks everybody to come again: a start that does not end would hold up
/// the upgrade of the package, and be broken off after a minute to begin anew, with the same disk and the same server.
/// `/readyz` says whether leads are taken. Outside systemd nobody listens to this, which is fine.
fn say_up(doing: &str) {
    let _ = sd_notify::notify(&[NotifyState::Ready, NotifyState::Status(doing)]);
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

/// Says "alive" to systemd as long as this is true.
async fn watchdog(is_alive: impl AsyncFn() -> bool) {
    let Some(period) = sd_notify::watchdog_enabled() else {
        return;
    };
    let mut tick = tokio::time::interval((period / 3).max(Duration::from_millis(100)));
    loop {
        tick.tick().await;
        if let Ok(true) = tokio::time::timeout(period / 2, is_alive()).await {
            let _ = sd_notify::notify(&[NotifyState::Watchdog]);
        }
    }
}

/// A daemon whose store hangs is better restarted. One that can't write and says why is not: a new process could not
/// either, and this one goes on by itself.
async fn store_answers(engine: &Engine) -> bool {
    let answer = engine.store.writable().await;
    !matches!(answer, Err(StoreError::JournalLost(_)))
}

/// SIGTERM or Ctrl-C, from now on: whoever was answered once may count on being heard out.
fn told_to_stop() -> Result<impl Future<Output = ()>, Failure> {
    let told =
        |kind| signal(kind).map_err(|error| Failure::No(format!("can't be told to stop: {error}")));
    let mut terminated = told(SignalKind::terminate())?;
    let mut interrupted = told(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
        info!("stopping: requests in hand finish, the outbox stays");
    })
}
