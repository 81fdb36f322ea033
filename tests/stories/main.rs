//! Stories: what happens to a lead, one situation each, in words that a sales manager can read.
//!
//! A story opens with `# its point`, then settings that differ from the defaults (`setup.rs`), then happenings, each
//! with its time (`happenings.rs`). What follows a happening, indented, is all that came of it: after `->` the
//! commands that left, below what the timeline tells, what each leg heard, and the state after it. `(time passes)`
//! stands where nothing happened from outside. A story that ends with `closed` is followed until nothing is due any
//! more, another one until its last line.
//!
//! The runner tells each story anew from its settings and happenings and compares the whole text. A story is
//! changed by editing its happenings and running with `STORIES=write`; read what it then says as if it were new.
//!
//! The world is tidy unless a story says otherwise (`carrier.rs`): each create is placed and rings at once, cancels and
//! hang-ups are obeyed at once, every word arrives once and in order, a prompt lasts 10 s, a good-bye 2 s, a customer's
//! phone rings out after `customer_s`. What is due by itself comes before what happens in the same moment.
#![allow(clippy::unwrap_used)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

mod by_itself;
mod carrier;
mod happenings;
mod lead_line;
mod refused;
mod setup;
mod story;
mod words;
mod world;

#[test]
fn every_story_goes_as_told() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "txt"))
        .collect();
    files.sort();
    assert!(files.len() > 1, "no stories found");
    let wrong: Vec<String> = files.iter().filter_map(|file| wrong_with(file)).collect();
    assert!(
        wrong.is_empty(),
        "{} of {} stories went otherwise:\n\n{}",
        wrong.len(),
        files.len(),
        wrong.join("\n\n")
    );
}

/// What is wrong with a story, if anything.
fn wrong_with(file: &Path) -> Option<String> {
    let told = std::fs::read_to_string(file).unwrap();
    let name = file.file_name().unwrap().to_string_lossy();
    let went = catch_unwind(AssertUnwindSafe(|| story::retell(&told)));
    match went {
        Err(_) => Some(format!("{name}: panicked, see above")),
        Ok(Err(why)) => Some(format!("{name}: {why}")),
        Ok(Ok(went)) if went == told => None,
        Ok(Ok(went)) if std::env::var_os("STORIES").is_some_and(|how| how == "write") => {
            std::fs::write(file, went).unwrap();
            None
        }
        Ok(Ok(went)) => Some(format!("{name}:\n{}", difference(&told, &went))),
    }
}

/// The lines that differ, between those that both begin and end with.
fn difference(told: &str, went: &str) -> String {
    let (told, went): (Vec<_>, Vec<_>) = (told.lines().collect(), went.lines().collect());
    let pairs = told.iter().zip(&went);
    let head = pairs.take_while(|(one, other)| one == other).count();
    let pairs = told[head..].iter().rev().zip(went[head..].iter().rev());
    let tail = pairs.take_while(|(one, other)| one == other).count();
    let context = told[head.saturating_sub(3)..head]
        .iter()
        .map(|line| format!("  {line}"));
    let gone = told[head..told.len() - tail]
        .iter()
        .map(|line| format!("- {line}"));
    let new = went[head..went.len() - tail]
        .iter()
        .map(|line| format!("+ {line}"));
    context
        .chain(gone)
        .chain(new)
        .collect::<Vec<_>>()
        .join("\n")
}
