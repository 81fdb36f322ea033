//! What an installed service brings besides the daemon: schemas for editors, a manual page, completions. The Debian
//! package itself is tested by `tests/package/run`.
#![allow(clippy::unwrap_used)]

mod pages;
mod schema;

/// What the program writes for these arguments, separated by blanks.
fn written(arguments: &str) -> String {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_leadbridge"))
        .args(arguments.split(' '))
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}
