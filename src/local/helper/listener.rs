//! A socket that takes connections.

use std::net::SocketAddr;

/// A listening TCP socket of this network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::local) struct ListeningSocket {
    pub(in crate::local) address: SocketAddr,
    /// No other socket has it, as long as this one lives.
    pub(in crate::local) inode: u64,
}
