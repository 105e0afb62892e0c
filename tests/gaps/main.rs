//! The end of a test run: lists what the tests before it did not cover on this machine, and how to cover it. It
//! tests nothing itself; `cargo test` starts it after `it`, in the order of their names.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "the list is all that it is for"
)]

#[expect(dead_code, reason = "the tests use the rest")]
#[path = "../support/optional.rs"]
mod optional;

use optional::Optional;

fn main() {
    // Runners that ask first what there is to run get an empty list.
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
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
