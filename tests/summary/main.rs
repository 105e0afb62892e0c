//! The end of a test run: lists what the tests did not cover on this machine and how to cover it, and with
//! [`SLOWEST`] the slowest tests. It tests nothing itself; `cargo test` starts it after `it`, in the order of their
//! names.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "the lists are all that it is for"
)]

#[expect(dead_code, reason = "the tests use the rest")]
#[path = "../support/duration.rs"]
mod duration;
#[expect(dead_code, reason = "the tests use the rest")]
#[path = "../support/optional.rs"]
mod optional;

use std::time::Duration;

use optional::Optional;

/// The number of slowest tests to list; none if unset. CI sets it.
const SLOWEST: &str = "SANDBAR_TESTS_SLOWEST";

fn main() {
    // Runners that first list the tests get an empty list.
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    list_slowest();
    list_gaps();
}

fn list_slowest() {
    let durations = duration::take_all();
    let Some(count) = std::env::var_os(SLOWEST) else {
        return;
    };
    let count: usize = count.to_str().unwrap().parse().unwrap();
    let sum: Duration = durations.iter().map(|(duration, _)| *duration).sum();
    println!(
        "\nslowest of {} integration tests that took {:.0} s one after the other:",
        durations.len(),
        sum.as_secs_f32()
    );
    for (duration, test) in durations.iter().take(count) {
        println!("{:7.1} s  {test}", duration.as_secs_f32());
    }
}

fn list_gaps() {
    let gaps: Vec<(Optional, String)> = Optional::ALL
        .into_iter()
        .filter_map(|optional| Some((optional, optional.take_gap()?)))
        .collect();
    if gaps.is_empty() {
        return;
    }
    println!("\nnot covered on this machine:");
    for (optional, why) in &gaps {
        println!("  {}: {why}", optional.name());
    }
    let packages: Vec<&str> = gaps
        .iter()
        .flat_map(|(optional, _)| optional.packages())
        .copied()
        .collect();
    if !packages.is_empty() {
        println!(
            "to cover more: sudo apt-get install {} (Debian, Ubuntu)",
            packages.join(" ")
        );
    }
    println!();
}
