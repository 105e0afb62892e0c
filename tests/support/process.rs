//! What Linux says of any process, also of one in a sandbox. Process ids are numbers of any kind.

use std::fmt::Display;
use std::str::FromStr;

/// The words that follow a process's name; the name itself may hold anything.
fn stat(pid: impl Display) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat.rsplit_once(") ")?.1.to_owned())
}

/// `S`, `R`, `T`, … of `proc_pid_stat(5)`; `None` once it is gone.
pub(crate) fn state(pid: impl Display) -> Option<char> {
    stat(pid)?.chars().next()
}

/// Whether it runs; one that waits to be reaped by somebody else's parent does not.
pub(crate) fn alive(pid: impl Display) -> bool {
    state(pid).is_some_and(|state| state != 'Z')
}

pub(crate) fn parent<P: Display + FromStr>(pid: P) -> Option<P> {
    stat(pid)?.split(' ').nth(1)?.parse().ok()
}
