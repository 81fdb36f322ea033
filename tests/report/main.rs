//! The figures of a small group over two days, as the real program tells them: table, sheet, JSON and words. What
//! happens is decided by the core; what is told of it stands in `golden/`, to be read by people and written anew with
//! `REPORT=write`.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "the tests of the command line use the rest of it")]
#[path = "../cli/program.rs"]
mod program;

mod day;

use std::path::Path;
use std::process::Output;

use leadbridge::phrases::Phrases;
use leadbridge::why::Why;
use leadbridge_providers::Language;
use serde_json::Value;

use day::Day;

/// The text of a golden file is what was said.
fn is_golden(name: &str, said: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/report/golden")
        .join(name);
    if std::env::var_os("REPORT").is_some_and(|how| how == "write") {
        std::fs::write(&file, said).unwrap();
    }
    let golden = std::fs::read_to_string(&file).unwrap();
    assert_eq!(said, golden, "{name} differs; REPORT=write writes it anew");
}

fn report(day: &Day, arguments: &str, locale: &str) -> String {
    let period = "--from 2026-11-23 --to 2026-11-24";
    let mut command = day.program.command(&format!("report {period} {arguments}"));
    let Output {
        status,
        stdout,
        stderr,
    } = command.env("LC_ALL", locale).output().unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

#[test]
fn two_days_are_told_as_table_sheet_and_json() {
    let day = Day::played();
    is_golden("by-source.txt", &report(&day, "", "nl_BE.UTF-8"));
    is_golden("by-rep.txt", &report(&day, "--by rep", "C"));
    is_golden(
        "by-rooftop.csv",
        &report(&day, "--by rooftop --format csv", "C"),
    );
    let json = report(&day, "--by source --format json", "C");
    let mut json: Value = serde_json::from_str(&json).unwrap();
    // The order of keys says nothing; serde_json keeps it or not as other crates of the build wish.
    json.sort_all_objects();
    is_golden(
        "by-source.json",
        &(serde_json::to_string_pretty(&json).unwrap() + "\n"),
    );
    assert_eq!(json["total"]["time_to_ring"]["wall"]["n"], 3);
}

#[test]
fn what_became_of_each_lead_is_told_in_four_languages() {
    let day = Day::played();
    let phrases = Phrases::shipped();
    let mut told = String::new();
    for record in day.records() {
        for language in [Language::Nl, Language::Fr, Language::De, Language::En] {
            let rules = &day.rules;
            let why = Why {
                phrases: &phrases,
                rules,
                language,
            };
            let said = why.of(&record.flow, &record.timeline);
            assert!(!said.contains("why-") && !said.contains('{'), "{said}");
            told += &format!("{language:?}  {said}\n");
        }
        told += "\n";
    }
    is_golden("why.txt", &told);
    let first = day.records()[0].flow.lead;
    let said = day.program.run(&format!("lead why {first}"));
    assert_eq!(
        told.lines().next().unwrap(),
        format!("Nl  {}", said.out.trim_end())
    );
}

#[test]
fn days_that_are_none_are_told_in_a_sentence() {
    let day = Day::played();
    for (arguments, said) in [
        (
            "--from yesterday",
            "`from` is a day such as 2026-11-30, not `yesterday`\n",
        ),
        (
            "--from 2026-11-24 --to 2026-11-23",
            "`from` is 2026-11-24, after `to`, which is 2026-11-23\n",
        ),
    ] {
        let told = day.program.run(&format!("report {arguments}"));
        assert_eq!((told.code, told.err.as_str()), (Some(1), said));
    }
    let told = day.program.run("report --by colour");
    assert_eq!(told.code, Some(2));
    assert!(
        told.err.contains("write source, rep or rooftop"),
        "{}",
        told.err
    );
    let empty = day.program.run("report --from 2020-01-01 --to 2020-01-31");
    assert!(
        empty.out.contains("No lead came in on these days."),
        "{}",
        empty.out
    );
}

#[test]
fn a_lead_why_of_nobody_says_so() {
    let day = Day::played();
    let told = day.program.run("lead why web-1");
    assert_eq!(told.code, Some(1));
    assert!(
        told.err.starts_with("there is no lead `web-1`"),
        "{}",
        told.err
    );
}
