//! Linux's information on any process, including one in a sandbox, and the programs in the search path. Process ids
//! are numbers of any type.

use std::fmt::Display;
use std::str::FromStr;

/// The fields after a process's name; the name itself may contain anything.
fn stat(pid: impl Display) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat.rsplit_once(") ")?.1.to_owned())
}

/// `S`, `R`, `T`, … of `proc_pid_stat(5)`; `None` once it is gone.
pub(crate) fn state(pid: impl Display) -> Option<char> {
    stat(pid)?.chars().next()
}

/// Whether it runs; a zombie does not.
pub(crate) fn alive(pid: impl Display) -> bool {
    state(pid).is_some_and(|state| state != 'Z')
}

pub(crate) fn parent<P: Display + FromStr>(pid: P) -> Option<P> {
    stat(pid)?.split(' ').nth(1)?.parse().ok()
}

/// The device number of its controlling terminal; 0 if it has none.
pub(crate) fn terminal(pid: impl Display) -> Option<i64> {
    stat(pid)?.split(' ').nth(4)?.parse().ok()
}

/// All descendants of a process.
pub(crate) fn descendants(root: u32) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let pairs: Vec<(u32, u32)> = pids
        .filter_map(|pid: u32| Some((pid, parent(pid)?)))
        .collect();
    let mut found = vec![root];
    let mut next = 0;
    while let Some(above) = found.get(next).copied() {
        let below = pairs.iter().filter(|(_, parent)| *parent == above);
        found.extend(below.map(|(pid, _)| *pid));
        next += 1;
    }
    found.split_off(1)
}

/// Whether a program is in the search path.
pub(crate) fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
