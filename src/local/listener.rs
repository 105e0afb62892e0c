//! A socket that takes connections.

use std::net::SocketAddr;

/// A listening TCP socket of this network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Listener {
    pub(super) address: SocketAddr,
    /// No other socket has it, as long as this one lives.
    pub(super) inode: u64,
}
