//! The hosts that no sandbox may reach through its proxy: this machine itself, and metadata servers of clouds,
//! by their addresses and by the names that stand for them.
//!
//! Addresses alone are not enough: where the server itself goes through another proxy, that one resolves a
//! name that is not known here, and it may run on this machine. So a host is handed on only if it is
//! a plain name or a plain address: what is neither (other spellings of an address, letters outside
//! of ASCII, a user before an `@`) is read in one way here and in another there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

/// Names of this machine beside its own: of hosts files, containers, and systemd-resolved.
const THIS_MACHINE: [&str; 16] = [
    "localhost",
    "localhost4",
    "localhost6",
    "loopback",
    "ip6-localhost",
    "ip6-loopback",
    "broadcasthost",
    "host.docker.internal",
    "gateway.docker.internal",
    "kubernetes.docker.internal",
    "docker.for.mac.localhost",
    "host.containers.internal",
    "host.lima.internal",
    "_gateway",
    "_localdnsstub",
    "_localdnsproxy",
];

/// Domains below which every name is one of this machine.
const LOCAL_DOMAINS: [&str; 3] = ["localhost", "localdomain", "localdomain6"];

/// Domains below which networks tell names that their machines have given themselves.
const HOME_DOMAINS: [&str; 7] = [
    "local",
    "lan",
    "home",
    "home.arpa",
    "internal",
    "intranet",
    "localdomain",
];

/// Names of metadata servers: Google, Amazon, Azure, Alibaba.
const METADATA_NAMES: [&str; 7] = [
    "metadata",
    "metadata.google.internal",
    "metadata.goog",
    "instance-data",
    "instance-data.ec2.internal",
    "metadata.azure.internal",
    "metadata.tencentyun.com",
];

/// Where clouds keep their metadata outside of link-local addresses: Azure's host, Alibaba, Oracle.
const METADATA: [Ipv4Addr; 3] = [
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(192, 0, 0, 192),
];

/// The longest name that DNS has.
const LONGEST: usize = 253;

/// Why a host may not even be looked up, if so. `host`: lower case, without brackets and without dots
/// at its end. `own`: this machine's name.
pub(in crate::local) fn refusal(host: &str, own: &str) -> Option<String> {
    let odd = || {
        Some(format!(
            "'{}' is neither a plain host name nor a plain address",
            visible(host)
        ))
    };
    if host.contains(':') {
        return host.parse::<Ipv6Addr>().is_err().then(odd).flatten();
    }
    let is_plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    let labels: Vec<&str> = host.split('.').collect();
    let has_gap = labels.iter().any(|label| label.is_empty());
    if host.len() > LONGEST || has_gap || !host.bytes().all(is_plain) {
        return odd();
    }
    // What ends in a number is an address (the URL standard's rule), and then the usual one.
    if labels.last().is_some_and(|last| is_number(last)) && host.parse::<Ipv4Addr>().is_err() {
        return odd();
    }
    names_this_machine(host, own)
        .then(|| format!("sandboxes may not reach this machine itself ('{host}')"))
}

/// As C libraries read numbers: decimal, octal, or hexadecimal.
fn is_number(label: &str) -> bool {
    match label.strip_prefix("0x") {
        Some(hex) => hex.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => label.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

fn names_this_machine(host: &str, own: &str) -> bool {
    let own = own.trim_end_matches('.').to_ascii_lowercase();
    let short = own.split('.').next().unwrap_or_default();
    let below = |domain: &&str| {
        let rest = host.strip_suffix(*domain);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    let is_own = !short.is_empty()
        && (host == own
            || host == short
            || host.strip_prefix(short).is_some_and(|rest| {
                let domain = rest.strip_prefix('.');
                domain.is_some_and(|domain| HOME_DOMAINS.contains(&domain))
            }));
    is_own
        || THIS_MACHINE.contains(&host)
        || METADATA_NAMES.contains(&host)
        || LOCAL_DOMAINS.iter().any(below)
}

/// A host as an error may show it.
fn visible(host: &str) -> String {
    host.chars()
        .take(80)
        .flat_map(char::escape_default)
        .collect()
}

/// This machine's own name.
pub(in crate::local) fn own_name() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

/// Whether an address is out of bounds: of this machine, link-local, metadata, or nobody's.
pub(in crate::local) fn is_closed(ip: IpAddr) -> bool {
    let known = match ip.to_canonical() {
        IpAddr::V4(ip) => is_closed_v4(ip),
        IpAddr::V6(ip) => {
            // fd00:ec2::254 is Amazon's metadata server, fd20:ce::254 Google's.
            ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_multicast()
                || ip.is_unicast_link_local()
                || [[0xfd00, 0x0ec2], [0xfd20, 0x00ce]]
                    .contains(&[ip.segments()[0], ip.segments()[1]])
                || embedded(ip).is_some_and(is_closed_v4)
        }
    };
    known || is_own(ip)
}

fn is_closed_v4(ip: Ipv4Addr) -> bool {
    ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_broadcast()
        || ip.octets()[0] == 0
        || METADATA.contains(&ip)
}

/// The address to which a gateway would translate: compatible (`::/96`), NAT64 (RFC 6052), 6to4 (RFC 3056).
fn embedded(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(v4(high, low))
        }
        [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

/// Whether this machine would reach the address by itself. Nothing is sent.
fn is_own(ip: IpAddr) -> bool {
    let any: IpAddr = match ip {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let from = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect((ip, 9))?;
        socket.local_addr()
    });
    from.is_ok_and(|from| from.ip() == ip)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn this_machine_and_metadata_servers_are_out_of_bounds() {
        for closed in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "169.254.169.254",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "fe80::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "168.63.129.16",
            "100.100.100.200",
            "::ffff:192.0.0.192",
        ] {
            assert!(is_closed(closed.parse().unwrap()), "{closed}");
        }
        for open in ["192.0.2.1", "64:ff9b::c000:201", "2001:db8::1"] {
            assert!(!is_closed(open.parse().unwrap()), "{open}");
        }
    }

    #[test]
    fn names_of_this_machine_are_refused_whether_they_resolve_or_not() {
        for host in [
            "localhost",
            "a.b.localhost",
            "localhost.localdomain",
            "anything.localdomain",
            "localhost6.localdomain6",
            "ip6-localhost",
            "host.docker.internal",
            "metadata.google.internal",
            "metadata",
            "workstation",
            "workstation.corp.example",
            "workstation.local",
            "workstation.lan",
        ] {
            let told = refusal(host, "Workstation.corp.example").unwrap_or_default();
            assert!(
                told.starts_with("sandboxes may not reach this machine"),
                "{host}: {told}"
            );
        }
    }

    #[test]
    fn what_two_programs_may_read_in_two_ways_is_refused() {
        for host in [
            "127.1",
            "0x7f.1",
            "0x7f000001",
            "2130706433",
            "0177.0.0.1",
            "127.0.0.01",
            "0",
            "0x",
            "1.2.3.4.5",
            "256.1.1.1",
            "::1%lo",
            "fe80::1%25eth0",
            "::ffff:0x7f.1",
            "１２７.0.0.1",
            "ⓛocalhost",
            "localhost。",
            "%6cocalhost",
            "good.example@localhost",
            "local\thost",
            "localhost\\",
            "a..b",
            "",
        ] {
            let told = refusal(host, "workstation").unwrap_or_default();
            assert!(
                told.ends_with("is neither a plain host name nor a plain address"),
                "{host}: {told}"
            );
            assert!(told.is_ascii() && !told.contains('\t'), "{told}");
        }
    }

    #[test]
    fn other_hosts_may_be_looked_up() {
        for host in [
            "example.com",
            "api_v2.example.com",
            "xn--bcher-kva.example",
            "notlocalhost",
            "localhost.example.com",
            "workstation.example.com",
            "workstation2.local",
            "192.0.2.1",
            "2001:db8::1",
            "registry.internal",
            "3com.com",
            "a.0x7g",
        ] {
            assert_eq!(refusal(host, "workstation"), None, "{host}");
            assert_eq!(refusal(host, ""), None, "{host}");
        }
    }

    proptest! {
        #[test]
        fn no_host_breaks_the_check_and_what_passes_is_plain(host in "\\PC*", own in "\\PC*") {
            if refusal(&host, &own).is_none() {
                prop_assert!(host.is_ascii() && !host.is_empty());
            }
        }
    }
}
