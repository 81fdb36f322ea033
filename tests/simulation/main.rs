//! The simulation (DESIGN 5): one seed is one group of people, one day of leads and ten days of virtual time in
//! which the carrier repeats, reorders, delays, loses and lies, phones do anything, rules are edited and the daemon
//! dies at any instant. The promises P1 to P10 are asserted by number: decisions and the end of time in
//! `promises.rs`, the carrier's side in `bill.rs`, old callbacks in `callbacks.rs`, the same seed twice here. The figures of
//! all leads are recounted by hand in `figures.rs`.
//!
//! `LEADBRIDGE_SEEDS=100000` runs more seeds, `LEADBRIDGE_SEED=42` runs one alone and prints what happened.

use std::any::Any;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

mod bill;
mod callbacks;
mod carrier;
mod daemon;
mod figures;
mod group;
mod lead_line;
mod outbox;
mod persona;
mod promises;
mod world;

use world::World;

const SEEDS: u64 = 5000;
const THREADS: usize = 2;
/// Every so many seeds one is run twice (P8).
const TWICE_EVERY: u64 = 50;
/// So many broken seeds are told.
const TOLD: usize = 20;
/// A long run tells every so many seeds how far it is.
const TELL_EVERY: u64 = 10_000;

#[test]
fn five_thousand_seeds() {
    if let Some(seed) = number("LEADBRIDGE_SEED") {
        World::new(seed, Some(&mut |line| println!("{line}"))).run();
        return figures::are_the_same_when_recounted();
    }
    let seeds = number("LEADBRIDGE_SEEDS").unwrap_or(SEEDS);
    let broken = run(seeds);
    assert!(broken == 0, "{broken} of {seeds} seeds break a promise");
    figures::are_the_same_when_recounted();
}

/// How many seeds break a promise; the first of them are told as they are found, for a long run may be stopped.
fn run(seeds: u64) -> usize {
    let (next, broken) = (AtomicU64::new(0), AtomicUsize::new(0));
    let run_some = || {
        while let Some(seed) = Some(next.fetch_add(1, Ordering::SeqCst)).filter(|one| *one < seeds)
        {
            if seed > 0 && seed.is_multiple_of(TELL_EVERY) {
                say(&format!("{seed} of {seeds} seeds have begun"));
            }
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run_quietly(seed)))
                && broken.fetch_add(1, Ordering::SeqCst) < TOLD
            {
                tell(seed, &message(&*panic));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(run_some);
        }
    });
    broken.into_inner()
}

fn tell(seed: u64, message: &str) {
    let message = message.lines().next().unwrap_or_default();
    say(&format!(
        "seed {seed}: {message}\n  alone, with its trace: \
         LEADBRIDGE_SEED={seed} cargo test --test simulation -- --nocapture\n"
    ));
}

/// Past the test harness, which keeps what a test prints to its end.
fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").expect("standard error is open");
}

fn run_quietly(seed: u64) {
    if seed.is_multiple_of(TWICE_EVERY) {
        let same = traced(seed) == traced(seed);
        assert!(same, "P8: what a seed does is not the same twice");
    } else {
        World::new(seed, None).run();
    }
}

fn traced(seed: u64) -> Vec<String> {
    let mut trace = Vec::new();
    World::new(seed, Some(&mut |line| trace.push(line))).run();
    trace
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or(panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without a message").to_owned()
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().expect("a seed is a number"))
}
