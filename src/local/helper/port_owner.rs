//! The ports on which processes of this sandbox listen, among those of a network that it shares.
//!
//! Used inside a sandbox's helper, for each connection from outside. What is sent there may contain a
//! password, so an address counts only if nobody else could take the connection. To look through
//! the machine's processes for a socket costs milliseconds; so what was found is kept for as long as
//! the kernel names the very same sockets for the port.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::listener::ListeningSocket;
use super::process_tree::descendants;

/// What was found, by port.
#[derive(Debug, Default)]
pub(in crate::local) struct PortOwners(HashMap<u16, KnownPort>);

#[derive(Debug)]
struct KnownPort {
    /// All that listen on the port, strangers too.
    listeners: Vec<ListeningSocket>,
    targets: Vec<SocketAddr>,
}

impl PortOwners {
    /// Where to dial `port` so that a process below `root`, and nobody else, answers.
    ///
    /// Empty when none of them listens there. An address is left out if a foreign socket could take
    /// the connection as well.
    pub(in crate::local) fn owned(&mut self, root: u32, port: u16) -> Vec<SocketAddr> {
        let listeners = super::sock_diag::listeners(port);
        let listeners = listeners.unwrap_or_else(|_| listed(port));
        self.among(port, listeners, || sockets(root))
    }

    fn among(
        &mut self,
        port: u16,
        listeners: Vec<ListeningSocket>,
        ours: impl FnOnce() -> HashSet<u64>,
    ) -> Vec<SocketAddr> {
        let known = self
            .0
            .get(&port)
            .filter(|found| found.listeners == listeners);
        if let Some(found) = known {
            return found.targets.clone();
        }
        self.0.remove(&port);
        if listeners.is_empty() {
            return Vec::new();
        }
        let ours = ours();
        let targets = dialable(&listeners, |inode| ours.contains(&inode));
        if !targets.is_empty() {
            let found = KnownPort {
                listeners,
                targets: targets.clone(),
            };
            self.0.insert(port, found);
        }
        targets
    }
}

/// All that listen on a port by the kernel's tables, where it cannot be asked for one.
fn listed(port: u16) -> Vec<ListeningSocket> {
    let mut all = Vec::new();
    for table in ["/proc/self/net/tcp", "/proc/self/net/tcp6"] {
        let text = std::fs::read_to_string(table).unwrap_or_default();
        all.extend(text.lines().skip(1).filter_map(parse_listener));
    }
    all.retain(|listener| listener.address.port() == port);
    all
}

/// Inodes of all sockets that processes below `root` hold open.
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

fn dialable(listeners: &[ListeningSocket], ours: impl Fn(u64) -> bool) -> Vec<SocketAddr> {
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
fn parse_listener(row: &str) -> Option<ListeningSocket> {
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
    Some(ListeningSocket {
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
    fn the_owner_is_looked_for_again_only_when_other_sockets_listen() {
        let listener = |inode| ListeningSocket {
            address: "127.0.0.1:80".parse().unwrap(),
            inode,
        };
        let (mut ports, mut looks) = (PortOwners::default(), 0);
        let mut ask = |inodes: &[u64]| {
            let listeners = inodes.iter().copied().map(listener).collect();
            let targets = ports.among(80, listeners, || {
                looks += 1;
                HashSet::from([1])
            });
            targets.len()
        };

        let found = [&[1][..], &[1], &[2], &[2], &[], &[1], &[1, 2], &[1]].map(&mut ask);

        assert_eq!(found, [1, 1, 0, 0, 0, 1, 0, 1]);
        assert_eq!(looks, 6);
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn only_listening_sockets_are_read_with_their_address() {
        let listen = "   0: 0100007F:1000 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4242 1";
        let open = "   1: 0100007F:1000 0100007F:9999 01 00000000:00000000 00:00000000 00000000  1000        0 4243 1";
        let six = "   0: 00000000000000000000000001000000:1000 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 77 1";

        assert_eq!(
            parse_listener(listen),
            Some(ListeningSocket {
                address: "127.0.0.1:4096".parse().unwrap(),
                inode: 4242
            })
        );
        assert_eq!(parse_listener(open), None);
        assert_eq!(
            parse_listener(six),
            Some(ListeningSocket {
                address: "[::1]:4096".parse().unwrap(),
                inode: 77
            })
        );
    }

    #[test]
    fn an_address_that_a_stranger_could_answer_is_not_dialled() {
        let ours = ListeningSocket {
            address: "[::1]:80".parse().unwrap(),
            inode: 1,
        };
        let wide = ListeningSocket {
            address: "0.0.0.0:80".parse().unwrap(),
            inode: 2,
        };
        let other = ListeningSocket {
            address: "127.0.0.1:80".parse().unwrap(),
            inode: 9,
        };
        let own = |inode| inode < 5;

        assert_eq!(dialable(&[ours, other], own), ["[::1]:80".parse().unwrap()]);
        assert_eq!(dialable(&[wide, other], own), []);
        assert_eq!(dialable(&[wide], own), ["127.0.0.1:80".parse().unwrap()]);
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parser(text in "\\PC*") {
            let _ = parse_listener(&text);
        }
    }
}
