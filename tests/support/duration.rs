//! Measures the tests. The harness starts a thread for each test and names it after the test; the time from the
//! first support function that a test calls to the end of its thread is written beside Cargo's target directory, and
//! `tests/summary` lists the slowest tests at the end of the run.
//!
//! Excluded are the time that a test waits for a slot (`support::slot`), and tests that call none of these
//! functions, which are short.

use std::cell::RefCell;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Once;
use std::thread;
use std::time::{Duration, Instant};

thread_local! {
    static RUNNING: RefCell<Option<Stopwatch>> = const { RefCell::new(None) };
}

/// A running test. Dropped when its thread ends.
struct Stopwatch {
    test: String,
    start: Instant,
}

impl Drop for Stopwatch {
    fn drop(&mut self) {
        let line = format!("{} {}\n", self.start.elapsed().as_millis(), self.test);
        // One write, so that lines of threads that end together stay whole.
        let written = OpenOptions::new()
            .append(true)
            .create(true)
            .open(file())
            .and_then(|mut file| file.write_all(line.as_bytes()));
        // A missing entry is better than a panic while its thread ends.
        drop(written);
    }
}

/// Measures this thread's test from now on; only the first call counts.
pub(crate) fn measure() {
    static RUN: Once = Once::new();
    // Results of an earlier run are removed.
    RUN.call_once(|| {
        let _none = fs::remove_file(file());
    });
    let current = thread::current();
    // Threads that a test starts have no name, or not that of a test.
    let Some(test) = current.name().filter(|name| name.contains("::")) else {
        return;
    };
    RUNNING.with_borrow_mut(|running| {
        running.get_or_insert_with(|| Stopwatch {
            test: test.to_owned(),
            start: Instant::now(),
        });
    });
}

/// Takes the durations of the finished run, longest first.
pub(crate) fn take_all() -> Vec<(Duration, String)> {
    let text = fs::read_to_string(file()).unwrap_or_default();
    let _none = fs::remove_file(file());
    let mut all: Vec<(Duration, String)> = text
        .lines()
        .filter_map(|line| {
            let (elapsed, name) = line.split_once(' ')?;
            Some((
                Duration::from_millis(elapsed.parse().ok()?),
                name.to_owned(),
            ))
        })
        .collect();
    all.sort_unstable_by(|a, b| b.cmp(a));
    all
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("test-durations")
}
