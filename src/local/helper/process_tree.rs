//! The processes below this one.
//!
//! Used inside a sandbox's helper, which adopts orphans, so that everything ever started in the
//! sandbox is below it. Reads `/proc`.

use std::collections::{HashMap, HashSet};

use rustix::process::{Pid, Signal};

/// Most walks that look for the processes of a dead helper.
const MARKED_WALKS: usize = 20;

/// One process below us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::local) struct Descendant {
    pub(in crate::local) pid: u32,
    /// Stopped by a signal, or a zombie: it will not run on its own.
    pub(in crate::local) is_stopped: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ProcessEntry {
    pid: u32,
    parent: u32,
    state: char,
}

/// The machine's process table, as one walk has found it.
pub(in crate::local) struct ProcessTable {
    /// By the parent.
    children: HashMap<u32, Vec<ProcessEntry>>,
}

impl ProcessTable {
    /// Walks the whole table: for one question, or for many at once.
    pub(in crate::local) fn read() -> Self {
        let mut children: HashMap<u32, Vec<ProcessEntry>> = HashMap::new();
        for row in processes() {
            children.entry(row.parent).or_default().push(row);
        }
        Self { children }
    }

    /// Every process below `root` that has not ended, parents before children.
    pub(in crate::local) fn below(&self, root: u32) -> Vec<Descendant> {
        let mut found = Vec::new();
        let mut seen = HashSet::from([root]);
        let mut open = vec![root];
        while let Some(pid) = open.pop() {
            for row in self.children.get(&pid).into_iter().flatten() {
                if !seen.insert(row.pid) {
                    continue;
                }
                open.push(row.pid);
                if !matches!(row.state, 'Z' | 'X') {
                    found.push(Descendant {
                        pid: row.pid,
                        is_stopped: matches!(row.state, 'T' | 't'),
                    });
                }
            }
        }
        found
    }
}

/// Every process below `root` that has not ended, parents before children.
pub(in crate::local) fn descendants(root: u32) -> Vec<Descendant> {
    ProcessTable::read().below(root)
}

/// Sends a signal; a process that has gone meanwhile is no matter.
pub(in crate::local) fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = rustix::process::kill_process(pid, signal);
    }
}

/// Kills what a dead helper left behind: every process of the user whom the sandbox had to itself,
/// and whose first environment held `marker` (`NAME=value`). Less sure than a helper's own walk, since a process can start its children
/// with another environment. Does nothing where there is no `/proc`.
pub(in crate::local) fn kill_left(marker: &str, user: Option<u32>) {
    // A child born during one walk is found by the next.
    for _ in 0..MARKED_WALKS {
        let pids = left(marker, user);
        if pids.is_empty() {
            return;
        }
        for pid in pids {
            signal(pid, Signal::KILL);
        }
    }
}

fn left(marker: &str, user: Option<u32>) -> Vec<u32> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    let has_marker = |pid: &u32| {
        let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environ
            .split(|byte| *byte == 0)
            .any(|variable| variable == marker.as_bytes())
    };
    let is_users = |pid: &u32| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        user.is_some() && user_of(&status) == user && !status.contains("State:\tZ")
    };
    let pids = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| is_users(pid) || has_marker(pid))
        .collect()
}

/// The real user id of a `/proc/PID/status`.
fn user_of(status: &str) -> Option<u32> {
    let ids = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    ids.split_whitespace().next()?.parse().ok()
}

fn processes() -> Vec<ProcessEntry> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter(|entry| {
            entry
                .file_name()
                .as_encoded_bytes()
                .first()
                .is_some_and(u8::is_ascii_digit)
        })
        .filter_map(|entry| std::fs::read(entry.path().join("stat")).ok())
        .filter_map(|stat| parse_stat(&String::from_utf8_lossy(&stat)))
        .collect()
}

/// `PID (NAME) STATE PPID …`; the name may hold spaces and parentheses, hence the last `)`.
fn parse_stat(stat: &str) -> Option<ProcessEntry> {
    let (pid, rest) = stat.split_once(" (")?;
    let (_, rest) = rest.rsplit_once(") ")?;
    let mut words = rest.split(' ');
    Some(ProcessEntry {
        state: words.next()?.chars().next()?,
        pid: pid.parse().ok()?,
        parent: words.next()?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_user_of_a_process_is_its_real_one() {
        let status = "Name:\tx\nUid:\t1000\t0\t0\t0\nGid:\t5\t5\t5\t5\n";

        assert_eq!(user_of(status), Some(1000));
        assert_eq!(user_of("Name:\tx\n"), None);
    }

    #[test]
    fn a_process_name_with_parentheses_does_not_confuse_the_parser() {
        let row = parse_stat("12 (a) b (c) S 7 12 12 0 -1");

        assert_eq!(
            row,
            Some(ProcessEntry {
                pid: 12,
                parent: 7,
                state: 'S'
            })
        );
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parsers(text in "\\PC*") {
            let _ = parse_stat(&text);
        }
    }
}
