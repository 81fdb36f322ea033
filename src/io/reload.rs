//! The rotation and the sources are read anew when their files change, on SIGHUP, and when another node has put others
//! in force. A file with a mistake, or one that is gone, changes nothing: the rules in force stay, and the mistake is told
//! with its line.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{RecursiveMode, Watcher};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tracing::{error, info, warn};

use crate::io::config::{Report, Settings};
use crate::io::engine::Engine;
use crate::io::log;
use crate::io::rules::{Agreed, Rulebook};

/// Editors write a file in several strokes: they are taken together once it was left alone for so long.
const SETTLE: Duration = Duration::from_millis(200);
/// How often it is looked what the other nodes have put in force.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Follows the files and the store as long as the process lives.
pub async fn follow(engine: Engine, mut rulebook: Rulebook) -> std::io::Result<()> {
    let (changed, mut changes) = mpsc::channel::<()>(1);
    let _watcher = watch(rulebook.settings(), changed);
    let mut hang_up = signal(SignalKind::hangup())?;
    loop {
        let is_told = tokio::select! {
            Some(()) = changes.recv() => true,
            Some(()) = hang_up.recv() => true,
            () = tokio::time::sleep(LOOK_EVERY), if rulebook.must_look() => false,
        };
        if !is_told && !rulebook.has_news().await {
            continue;
        }
        nobody_writes(&mut changes).await;
        reload(&engine, &mut rulebook).await;
        if is_told {
            let now = engine.now();
            let trunks = engine.trunks.values();
            trunks.for_each(|trunk| trunk.retry_now(now));
        }
    }
}

/// Waits until the files are left alone: what is half written is nobody's edit.
async fn nobody_writes(changes: &mut mpsc::Receiver<()>) {
    loop {
        tokio::time::sleep(SETTLE).await;
        if changes.try_recv().is_err() {
            return;
        }
    }
}

/// Takes what files and store say now, if it can be taken.
async fn reload(engine: &Engine, rulebook: &mut Rulebook) {
    match rulebook.agree(engine.now()).await {
        Ok(agreed) => take(engine, agreed),
        Err(error) => {
            warn!(%error, "the rules can't be compared with the store's; trying again");
        }
    }
}

fn take(engine: &Engine, agreed: Agreed) {
    let is_whole = agreed.mistakes.is_empty();
    agreed.mistakes.iter().for_each(tell);
    match agreed.both {
        Ok(both) => {
            both.warnings.iter().for_each(tell);
            let (rules, sources) = both.value;
            let changed = *engine.rules.load_full() != rules;
            engine.rules.store(Arc::new(rules));
            engine.sources.store(Arc::new(sources));
            if is_whole {
                info!(changed, "the rotation and the sources were read anew");
            }
        }
        Err(mistakes) => {
            mistakes.iter().for_each(tell);
            error!("the files have mistakes; what was in force stays in force");
        }
    }
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[tokio::test]
    async fn a_file_that_was_written_once_more_is_waited_for_once_more() {
        let (changed, mut changes) = mpsc::channel(1);
        changed.try_send(()).unwrap();
        let began = Instant::now();
        nobody_writes(&mut changes).await;
        assert!(began.elapsed() >= 2 * SETTLE);
    }
}
