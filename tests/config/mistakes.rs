//! Every mistake, where it is and what to write instead: `mistakes.txt`, and how it looks on the screen.

use crate::files::{Folder, NAMES};

#[test]
fn every_mistake_is_told_where_it_is_and_with_its_cure() {
    let mistakes = include_str!("mistakes.txt");
    let blocks = mistakes.split("\n\n").filter(|block| {
        NAMES
            .iter()
            .any(|name| block.trim_start().starts_with(name))
    });
    let mut seen = 0;
    for block in blocks {
        let lines = |mark| -> Vec<&str> {
            block
                .lines()
                .filter_map(|line| line.strip_prefix(mark))
                .collect()
        };
        let (old, new) = (lines("- ").join("\n"), lines("+ ").join("\n"));
        let old = if block.contains("\n+ ") {
            old
        } else {
            old + "\n"
        };
        let name = block.trim_start().lines().next().unwrap();
        assert_eq!(
            Folder::with(name, &old, &new).told(),
            lines("> "),
            "{block}"
        );
        seen += 1;
    }
    assert_eq!(seen, 116, "mistakes in mistakes.txt");
}

#[test]
fn a_mistake_is_shown_as_a_compiler_shows_one() {
    let folder = Folder::with(
        "rotation.toml",
        "Mo-Fr 09:00-18:30; PH off",
        "Ma-Vr 9u-18u30",
    );
    assert_eq!(
        folder.rendered(),
        "error: these hours cannot be read from `Ma-Vr 9u-18u30` on
  --> rotation.toml:27:10
   |
27 | hours = \"Ma-Vr 9u-18u30\"
   |          ^^^^^^^^^^^^^^
   |
   = help: write \"Mo-Fr 09:00-18:30\""
    );
    let twice = Folder::with("rotation.toml", "+32470000009", "+32470000001");
    assert_eq!(
        twice.rendered(),
        "error: two reps have the same phone
  --> rotation.toml:19:9
   |
11 | phone = \"0470 00 00 01\"
   |         --------------- here first
...
19 | phone = \"+32470000001\"
   |         ^^^^^^^^^^^^^^
   |
   = help: give each rep a phone of their own"
    );
    let reports = twice.load().unwrap_err();
    assert!(
        reports[0].render(true).contains("\u{1b}["),
        "and in colours where there are colours"
    );
}

#[test]
fn all_mistakes_of_a_file_are_told_in_its_order() {
    let folder = Folder::with("rotation.toml", "\"nl\"\ntimezone", "\"nl1\"\ntimezonne");
    assert_eq!(
        folder.told(),
        [
            "rotation.toml:1:1 [group] has no `timezone` -> add the line  timezone = \"Europe/Brussels\"",
            "rotation.toml:3:12 `nl1` is not known here -> did you mean \"nl\"?",
            "rotation.toml:4:1 [group] has no key `timezonne` -> did you mean `timezone`?",
        ]
    );
}

#[test]
fn the_mistakes_of_rotation_and_sources_are_told_together() {
    let folder = Folder::with(
        "rotation.toml",
        "carrier = \"main\"",
        "carrier = \"second\"",
    );
    folder.write("sources.toml", "[[source]]\nid = \"website\"\n");
    let files: Vec<String> = folder
        .told()
        .iter()
        .map(|line| line.split(':').next().unwrap().to_owned())
        .collect();
    assert_eq!(
        files,
        [
            "rotation.toml",
            "sources.toml",
            "sources.toml",
            "sources.toml"
        ]
    );
}
