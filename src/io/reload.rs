//! The rotation and the sources are read anew when their files change, and on SIGHUP. A file with a mistake, or
//! one that is gone, changes nothing: the rules in force stay, and the mistake is told with its line.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{RecursiveMode, Watcher};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tracing::{error, info, warn};

use crate::io::config::{self, Environment, Report, Settings};
use crate::io::engine::Engine;
use crate::io::log;

/// Editors write a file in several strokes: they are taken together.
const SETTLE: Duration = Duration::from_millis(200);

/// Follows the files as long as the process lives.
pub async fn follow(engine: Engine, settings: Settings, env: Environment) -> std::io::Result<()> {
    let (changed, mut changes) = mpsc::channel::<()>(1);
    let _watcher = watch(&settings, changed);
    let mut hang_up = signal(SignalKind::hangup())?;
    loop {
        tokio::select! {
            Some(()) = changes.recv() => {}
            Some(()) = hang_up.recv() => {}
        }
        tokio::time::sleep(SETTLE).await;
        while changes.try_recv().is_ok() {}
        reload(&engine, &settings, &env);
    }
}

/// Takes what both files say now, if it can be taken.
pub fn reload(engine: &Engine, settings: &Settings, env: &Environment) {
    let rules = config::load_rules(settings, engine.store.hash_key());
    let sources =
        config::load_sources(settings, rules.as_ref().ok().map(|rules| &rules.value), env);
    match (rules, sources) {
        (Ok(rules), Ok(sources)) => {
            rules
                .warnings
                .iter()
                .chain(&sources.warnings)
                .for_each(tell);
            let changed = *engine.rules.load_full() != rules.value;
            engine.rules.store(Arc::new(rules.value));
            engine.sources.store(Arc::new(sources.value));
            info!(changed, "the rotation and the sources were read anew");
        }
        (rules, sources) => {
            let mistakes = rules.err().into_iter().chain(sources.err()).flatten();
            mistakes.for_each(|report| tell(&report));
            error!("the files have mistakes; what was in force stays in force");
        }
    }
    let now = engine.now();
    engine
        .trunks
        .values()
        .for_each(|trunk| trunk.retry_now(now));
}

/// One mistake, with its place and its cure.
fn tell(report: &Report) {
    warn!("{}", log::without_numbers(&report.render(false)));
}

/// Watches the folders, because editors replace files. Without a watch SIGHUP still works.
fn watch(settings: &Settings, changed: mpsc::Sender<()>) -> Option<notify::RecommendedWatcher> {
    let files: Vec<PathBuf> = vec![
        settings.files.rotation.clone(),
        settings.files.sources.clone(),
    ];
    let names: BTreeSet<_> = files
        .iter()
        .filter_map(|path| path.file_name().map(ToOwned::to_owned))
        .collect();
    let ours = move |path: &PathBuf| path.file_name().is_some_and(|name| names.contains(name));
    let heard = move |event: Result<notify::Event, notify::Error>| {
        let touched =
            event.is_ok_and(|event| !event.kind.is_access() && event.paths.iter().any(&ours));
        if touched {
            // A full channel means that a reload is coming anyway.
            let _ = changed.try_send(());
        }
    };
    let folders: BTreeSet<&Path> = files.iter().filter_map(|path| path.parent()).collect();
    let watcher = notify::recommended_watcher(heard).and_then(|mut watcher| {
        for folder in folders {
            let folder = if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                folder
            };
            watcher.watch(folder, RecursiveMode::NonRecursive)?;
        }
        Ok(watcher)
    });
    watcher
        .inspect_err(|error| warn!(%error, "the files can't be watched; send SIGHUP after an edit"))
        .ok()
}
