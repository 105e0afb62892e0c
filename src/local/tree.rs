//! The processes below this one, and the ports on which they listen.
//!
//! Used inside a sandbox's helper, which adopts orphans, so that everything ever started in the
//! sandbox is below it. On Linux by `/proc`; elsewhere by `ps` and `lsof`, without adoption.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use rustix::process::{Pid, Signal};

/// Most walks that look for the processes of a dead helper.
const MARKED_WALKS: usize = 20;

/// One process below us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) pid: u32,
    /// Stopped by a signal, or a zombie: it will not run on its own.
    pub(super) still: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    pid: u32,
    parent: u32,
    state: char,
}

/// Every process below `root` that has not ended, parents before children.
pub(super) fn descendants(root: u32) -> Vec<Member> {
    let mut children: HashMap<u32, Vec<Row>> = HashMap::new();
    for row in processes() {
        children.entry(row.parent).or_default().push(row);
    }
    let mut found = Vec::new();
    let mut seen = HashSet::from([root]);
    let mut open = vec![root];
    while let Some(pid) = open.pop() {
        for row in children.get(&pid).into_iter().flatten() {
            if !seen.insert(row.pid) {
                continue;
            }
            open.push(row.pid);
            if !matches!(row.state, 'Z' | 'X') {
                found.push(Member {
                    pid: row.pid,
                    still: matches!(row.state, 'T' | 't'),
                });
            }
        }
    }
    found
}

/// Sends a signal; a process that has gone meanwhile is no matter.
pub(super) fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = rustix::process::kill_process(pid, signal);
    }
}

/// Kills what a dead helper left behind: every process of the user whom the sandbox had to itself,
/// and whose first environment held `marker` (`NAME=value`). Less sure than a helper's own walk, since a process can start its children
/// with another environment. Does nothing where there is no `/proc`.
pub(super) fn kill_left(marker: &str, user: Option<u32>) {
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

#[cfg(target_os = "linux")]
fn processes() -> Vec<Row> {
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

#[cfg(not(target_os = "linux"))]
fn processes() -> Vec<Row> {
    let Ok(output) = std::process::Command::new("/bin/ps")
        .args(["-A", "-o", "pid=,ppid=,state="])
        .output()
    else {
        return Vec::new();
    };
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some(Row {
                pid: words.next()?.parse().ok()?,
                parent: words.next()?.parse().ok()?,
                state: words.next()?.chars().next()?,
            })
        })
        .collect()
}

/// `PID (NAME) STATE PPID …`; the name may hold spaces and parentheses, hence the last `)`.
#[cfg(any(target_os = "linux", test))]
fn parse_stat(stat: &str) -> Option<Row> {
    let (pid, rest) = stat.split_once(" (")?;
    let (_, rest) = rest.rsplit_once(") ")?;
    let mut words = rest.split(' ');
    Some(Row {
        state: words.next()?.chars().next()?,
        pid: pid.parse().ok()?,
        parent: words.next()?.parse().ok()?,
    })
}

/// A listening TCP socket of this network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Listener {
    address: SocketAddr,
    inode: u64,
}

/// Where to dial `port` so that a process below `root`, and nobody else, answers.
///
/// Empty when none of them listens there. An address is left out if a foreign socket could take
/// the connection as well: what we send may hold a password.
#[cfg(target_os = "linux")]
pub(super) fn owned_listeners(root: u32, port: u16) -> Vec<SocketAddr> {
    let mut all = Vec::new();
    for table in ["/proc/self/net/tcp", "/proc/self/net/tcp6"] {
        let text = std::fs::read_to_string(table).unwrap_or_default();
        all.extend(text.lines().skip(1).filter_map(parse_listener));
    }
    all.retain(|listener| listener.address.port() == port);
    if all.is_empty() {
        return Vec::new();
    }
    let ours = sockets(root);
    dialable(&all, |inode| ours.contains(&inode))
}

#[cfg(not(target_os = "linux"))]
pub(super) fn owned_listeners(root: u32, port: u16) -> Vec<SocketAddr> {
    let Ok(output) = std::process::Command::new("/usr/sbin/lsof")
        .args(["-nP", "-sTCP:LISTEN", "-t", &format!("-iTCP:{port}")])
        .output()
    else {
        return Vec::new();
    };
    let ours: HashSet<u32> = descendants(root).iter().map(|member| member.pid).collect();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut pids = text
        .lines()
        .filter_map(|line| line.trim().parse::<u32>().ok())
        .peekable();
    if pids.peek().is_none() || !pids.all(|pid| ours.contains(&pid)) {
        return Vec::new();
    }
    vec![
        SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        SocketAddr::from((Ipv6Addr::LOCALHOST, port)),
    ]
}

/// Inodes of all sockets that processes below `root` hold open.
#[cfg(target_os = "linux")]
fn sockets(root: u32) -> HashSet<u64> {
    let mut inodes = HashSet::new();
    for member in descendants(root) {
        let Ok(entries) = std::fs::read_dir(format!("/proc/{}/fd", member.pid)) else {
            continue;
        };
        for entry in entries.flatten() {
            let Ok(target) = std::fs::read_link(entry.path()) else {
                continue;
            };
            let inode: Option<u64> = target
                .to_str()
                .and_then(|text| text.strip_prefix("socket:["))
                .and_then(|text| text.strip_suffix(']'))
                .and_then(|text| text.parse().ok());
            inodes.extend(inode);
        }
    }
    inodes
}

#[cfg(any(target_os = "linux", test))]
fn dialable(listeners: &[Listener], ours: impl Fn(u64) -> bool) -> Vec<SocketAddr> {
    let mut targets: Vec<SocketAddr> = Vec::new();
    for own in listeners.iter().filter(|listener| ours(listener.inode)) {
        let ip = match own.address.ip() {
            IpAddr::V4(Ipv4Addr::UNSPECIFIED) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(Ipv6Addr::UNSPECIFIED) => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        let target = SocketAddr::new(ip, own.address.port());
        let contested = listeners.iter().any(|other| {
            let taken = other.address.ip();
            !ours(other.inode) && (taken == ip || taken.is_unspecified())
        });
        if !contested && !targets.contains(&target) {
            targets.push(target);
        }
    }
    targets
}

/// A row of `/proc/net/tcp` or `tcp6` in state LISTEN (0A).
#[cfg(any(target_os = "linux", test))]
fn parse_listener(row: &str) -> Option<Listener> {
    let mut words = row.split_whitespace();
    let local = words.nth(1)?;
    if words.nth(1)? != "0A" {
        return None;
    }
    let inode = words.nth(5)?.parse().ok()?;
    let (ip, port) = local.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    // Addresses are printed as 32-bit words in the machine's byte order.
    let mut bytes = Vec::with_capacity(16);
    for start in (0..ip.len()).step_by(8) {
        let word = u32::from_str_radix(ip.get(start..start + 8)?, 16).ok()?;
        bytes.extend_from_slice(&word.to_ne_bytes());
    }
    let ip = if let Ok(four) = <[u8; 4]>::try_from(bytes.as_slice()) {
        IpAddr::from(four)
    } else {
        let six = Ipv6Addr::from(<[u8; 16]>::try_from(bytes.as_slice()).ok()?);
        six.to_ipv4_mapped().map_or(IpAddr::V6(six), IpAddr::V4)
    };
    Some(Listener {
        address: SocketAddr::new(ip, port),
        inode,
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
            Some(Row {
                pid: 12,
                parent: 7,
                state: 'S'
            })
        );
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn only_listening_sockets_are_read_with_their_address() {
        let listen = "   0: 0100007F:1000 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4242 1";
        let open = "   1: 0100007F:1000 0100007F:9999 01 00000000:00000000 00:00000000 00000000  1000        0 4243 1";
        let six = "   0: 00000000000000000000000001000000:1000 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 77 1";

        assert_eq!(
            parse_listener(listen),
            Some(Listener {
                address: "127.0.0.1:4096".parse().unwrap(),
                inode: 4242
            })
        );
        assert_eq!(parse_listener(open), None);
        assert_eq!(
            parse_listener(six),
            Some(Listener {
                address: "[::1]:4096".parse().unwrap(),
                inode: 77
            })
        );
    }

    #[test]
    fn an_address_that_a_stranger_could_answer_is_not_dialled() {
        let ours = Listener {
            address: "[::1]:80".parse().unwrap(),
            inode: 1,
        };
        let wide = Listener {
            address: "0.0.0.0:80".parse().unwrap(),
            inode: 2,
        };
        let stranger = Listener {
            address: "127.0.0.1:80".parse().unwrap(),
            inode: 9,
        };
        let own = |inode| inode < 5;

        assert_eq!(
            dialable(&[ours, stranger], own),
            ["[::1]:80".parse().unwrap()]
        );
        assert_eq!(dialable(&[wide, stranger], own), []);
        assert_eq!(dialable(&[wide], own), ["127.0.0.1:80".parse().unwrap()]);
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parsers(text in "\\PC*") {
            let _ = parse_stat(&text);
            let _ = parse_listener(&text);
        }
    }
}
