//! One run of the voice's command: a line on its standard input, a WAV file from its standard output. It gets little
//! time and room, and none of the daemon's secrets.

use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process_group};
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use super::sound;

/// More is no sentence: over a minute of the best sound there is.
const SOUND_MAX_BYTES: u64 = 16 << 20;
/// What a command may know of our environment, in which secrets may stand.
const ENVIRONMENT: [&str; 6] = [
    "PATH",
    "HOME",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "XDG_DATA_HOME",
    "ESPEAK_DATA_PATH",
];

/// Why a voice can't speak, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CannotSpeak {
    /// The language has none.
    #[error("no command is set for this language; see `voice` in leadbridge.toml")]
    NoCommand,
    /// It could not be started.
    #[error(
        "the command can't be started ({0}); install it (on Debian, apt-get install espeak-ng), or change `voice` in leadbridge.toml"
    )]
    NotStarted(std::io::ErrorKind),
    /// It said itself that it failed.
    #[error(
        "the command ended with an error; run it by hand with a sentence on its standard input"
    )]
    Ended,
    /// What it gave is no sound.
    #[error(
        "the command gave no WAV file that can be heard; run it by hand with a sentence on its standard input"
    )]
    NoSound,
    /// What it gave has no end.
    #[error("the command gave far more sound than a sentence has; run it by hand")]
    Endless,
    /// It did not end in time.
    #[error("the command is too slow: a sentence must be ready within two seconds")]
    Slow,
}

/// What a line sounds like.
pub(super) async fn render(command: &[String], line: &str) -> Result<Vec<i16>, CannotSpeak> {
    let file = run(command, line).await?;
    let heard = tokio::task::spawn_blocking(move || sound::telephone(file)).await;
    heard.ok().flatten().ok_or(CannotSpeak::NoSound)
}

async fn run(command: &[String], line: &str) -> Result<Vec<u8>, CannotSpeak> {
    let mut running = start(command)?;
    let (Some(mut input), Some(output)) = (running.0.stdin.take(), running.0.stdout.take()) else {
        return Err(CannotSpeak::Ended);
    };
    let telling = async move {
        let line = format!("{line}\n");
        // A command that reads nothing is judged by what it gives.
        drop(input.write_all(line.as_bytes()).await);
    };
    let hearing = async move {
        let mut file = Vec::new();
        let mut limited = output.take(SOUND_MAX_BYTES + 1);
        limited.read_to_end(&mut file).await.map(|_| file)
    };
    let ((), file) = tokio::join!(telling, hearing);
    let file = file.map_err(|_| CannotSpeak::Ended)?;
    if file.len() as u64 > SOUND_MAX_BYTES {
        return Err(CannotSpeak::Endless);
    }
    let ended = running.0.wait().await;
    let is_well = ended.is_ok_and(|ended| ended.success());
    is_well.then_some(file).ok_or(CannotSpeak::Ended)
}

/// What a command says on standard error may quote the line, and is not kept.
fn start(command: &[String]) -> Result<Running, CannotSpeak> {
    let (program, arguments) = command.split_first().ok_or(CannotSpeak::NoCommand)?;
    let known = ENVIRONMENT.into_iter();
    let environment = known.filter_map(|name| Some((name, std::env::var_os(name)?)));
    let child = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(environment)
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn();
    child
        .map(Running)
        .map_err(|error| CannotSpeak::NotStarted(error.kind()))
}

/// A command that ends with whatever it has started, however we leave it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Once it was waited for there is no id, and its number may be another's.
        let group = self.0.id().and_then(|id| i32::try_from(id).ok());
        if let Some(group) = group.and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
