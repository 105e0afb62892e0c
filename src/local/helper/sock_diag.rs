//! Asks the kernel who listens on one TCP port, by `sock_diag`: microseconds, where the table in
//! `/proc` walks over all connections of the machine.
//!
//! **Source**: `linux/netlink.h`, `linux/sock_diag.h`, `linux/inet_diag.h`; the numbers in messages
//! are in the machine's byte order, ports and addresses in the network's.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink};

use super::listener::ListeningSocket;

const HEAD: usize = 16;
const SOCK_DIAG_BY_FAMILY: u16 = 20;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
/// `NLM_F_REQUEST` and `NLM_F_DUMP`.
const DUMP: u16 = 0x301;
const INET: u8 = 2;
const INET6: u8 = 10;
const TCP: u8 = 6;
/// The bit of `TCP_LISTEN`.
const LISTEN: u32 = 1 << 10;
/// The kernel answers at once.
const LIMIT: Duration = Duration::from_secs(1);

/// All that listen on a port of this network, of both address families.
pub(in crate::local) fn listeners(port: u16) -> io::Result<Vec<ListeningSocket>> {
    let kernel = rustix::net::socket_with(
        AddressFamily::NETLINK,
        SocketType::DGRAM,
        SocketFlags::CLOEXEC,
        Some(netlink::SOCK_DIAG),
    )?;
    set_socket_timeout(&kernel, Timeout::Recv, Some(LIMIT))?;
    let mut found = Vec::new();
    for family in [INET, INET6] {
        rustix::net::send(&kernel, &question(family, port), SendFlags::empty())?;
        answers(&kernel, &mut found)?;
    }
    found.retain(|listener| listener.address.port() == port);
    Ok(found)
}

/// A `nlmsghdr` and an `inet_diag_req_v2`.
fn question(family: u8, port: u16) -> Vec<u8> {
    let mut bytes = vec![0; HEAD + 56];
    let mut put = |at: usize, value: &[u8]| {
        if let Some(place) = bytes.get_mut(at..at + value.len()) {
            place.copy_from_slice(value);
        }
    };
    put(0, &72_u32.to_ne_bytes());
    put(4, &SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    put(6, &DUMP.to_ne_bytes());
    put(HEAD, &[family, TCP]);
    put(HEAD + 4, &LISTEN.to_ne_bytes());
    put(HEAD + 8, &port.to_be_bytes());
    bytes
}

/// Reads datagrams until the kernel says that it is done.
fn answers(kernel: &OwnedFd, found: &mut Vec<ListeningSocket>) -> io::Result<()> {
    let mut buffer = vec![0; 32 * 1024];
    loop {
        let (length, _) = rustix::net::recv(kernel.as_fd(), &mut buffer, RecvFlags::empty())?;
        let mut rest = buffer.get(..length).unwrap_or_default();
        while let Some((kind, body, next)) = message(rest) {
            match kind {
                NLMSG_DONE => return Ok(()),
                NLMSG_ERROR => return Err(io::ErrorKind::Unsupported.into()),
                _ => found.extend(listener(body)),
            }
            rest = next;
        }
    }
}

/// The first message's kind and body, and what follows it.
fn message(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let length = usize::try_from(u32::from_ne_bytes(part(bytes, 0)?)).ok()?;
    let kind = u16::from_ne_bytes(part(bytes, 4)?);
    let body = bytes.get(HEAD..length)?;
    // Each begins at a multiple of four.
    let next = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    Some((kind, body, next))
}

/// An `inet_diag_msg`.
fn listener(body: &[u8]) -> Option<ListeningSocket> {
    let [family] = part(body, 0)?;
    let port = u16::from_be_bytes(part(body, 4)?);
    let ip = match family {
        INET => IpAddr::V4(Ipv4Addr::from(part::<4>(body, 8)?)),
        INET6 => Ipv6Addr::from(part::<16>(body, 8)?).to_canonical(),
        _ => return None,
    };
    Some(ListeningSocket {
        address: SocketAddr::new(ip, port),
        inode: u32::from_ne_bytes(part(body, 68)?).into(),
    })
}

fn part<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::os::unix::fs::MetadataExt;

    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    fn inode(listener: &TcpListener) -> u64 {
        let fd = listener.as_fd().try_clone_to_owned().unwrap();
        std::fs::File::from(fd).metadata().unwrap().ino()
    }

    #[test]
    fn all_that_listen_on_a_port_are_told_and_nobody_else() {
        // The other family's port may be somebody's.
        let both = (0..100).find_map(|_| {
            let four = TcpListener::bind("127.0.0.1:0").unwrap();
            let six = TcpListener::bind(("::1", four.local_addr().unwrap().port()));
            Some((four, six.ok()?))
        });
        let (four, six) = both.unwrap();
        let address = four.local_addr().unwrap();
        let _other = TcpListener::bind("127.0.0.1:0").unwrap();
        let _connection = std::net::TcpStream::connect(address).unwrap();

        let found = listeners(address.port()).unwrap();

        let wanted = [&four, &six].map(|listener| ListeningSocket {
            address: listener.local_addr().unwrap(),
            inode: inode(listener),
        });
        assert_eq!(found, wanted);
        drop((four, six));
        assert_eq!(listeners(address.port()).unwrap(), []);
    }

    proptest! {
        #[test]
        fn no_answer_breaks_the_parser(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = message(&bytes).map(|(_, body, _)| listener(body));
            let _ = listener(&bytes);
        }
    }
}
