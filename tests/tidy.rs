//! Style that can be checked is a test: the pure core stays pure, and speaks the field's words.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

/// Where the world may be touched; everything else under `src` and all of `providers` is pure.
const IMPURE: [&str; 4] = ["src/io", "src/phones", "src/cli", "src/main.rs"];
/// Longer files hold more than one noun.
const LINES_MAX: usize = 620;

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    rust_files(&root.join("src"), &mut files);
    rust_files(&root.join("providers"), &mut files);
    let read = |path: PathBuf| {
        let name = path
            .strip_prefix(root)
            .unwrap()
            .to_string_lossy()
            .into_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    files.into_iter().map(read).collect()
}

fn is_pure(name: &str) -> bool {
    !IMPURE.iter().any(|impure| {
        name.strip_prefix(impure)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.']))
    })
}

/// The part of a file that ships.
fn shipped(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap()
}

#[test]
fn the_core_and_the_providers_are_pure() {
    let pure: Vec<_> = sources()
        .into_iter()
        .filter(|(name, _)| is_pure(name))
        .collect();
    assert!(pure.len() > 20, "the files were not found");
    let banned = [
        ".await",
        "async fn",
        "tokio::",
        "reqwest::",
        "rusqlite::",
        "std::fs",
        "std::net",
        "Timestamp::now",
        "SystemTime",
        "Instant::now",
        " rand::",
        "fastrand",
    ];
    for (name, text) in pure {
        for word in banned {
            assert!(
                !shipped(&text).contains(word),
                "{name}: `{word}` belongs in src/io"
            );
        }
    }
}

#[test]
fn one_word_per_thing_in_names() {
    let banned = [
        "prospect", "enquiry", "callee", "tenant", "vendor", "cascade", "twiml", "saga",
        "presence", "hotline", "manager_", "helper", "util",
    ];
    let core = |name: &str| {
        is_pure(name) && !name.starts_with("providers") && !name.starts_with("src/intake")
    };
    for (name, text) in sources().into_iter().filter(|(name, _)| core(name)) {
        for line in shipped(&text)
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
        {
            let declares = ["fn ", "struct ", "enum ", "mod ", "let ", "const "]
                .iter()
                .any(|word| line.contains(word));
            for word in banned.iter().filter(|_| declares) {
                assert!(
                    !line.to_lowercase().contains(word),
                    "{name}: `{word}` in `{}` is not our word for it",
                    line.trim()
                );
            }
        }
    }
}

#[test]
fn files_can_be_held_in_the_head() {
    for (name, text) in sources() {
        let lines = shipped(&text).lines().count();
        assert!(
            lines <= LINES_MAX,
            "{name} has {lines} lines: where does the noun change?"
        );
        assert!(
            text.starts_with("//!"),
            "{name} does not begin with its reason"
        );
    }
}

#[test]
fn nothing_is_left_for_later() {
    for (name, text) in sources() {
        for word in ["TODO", "FIXME", "XXX", "todo!(", "unimplemented!(", "dbg!("] {
            assert!(!text.contains(word), "{name} has a {word}");
        }
    }
}
