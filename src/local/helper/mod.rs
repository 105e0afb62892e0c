//! The helper process of a sandbox, on both sides of its socket: our own program, started once for each run,
//! which starts and ends everything in the sandbox.
//!
//! It knows the kernel and how a sandbox is isolated and limited. It knows nothing of E2B, HTTP, a
//! sandbox's record or what a process's output is for.
//!
//! In reading order: [`protocol`] is what goes over the socket; [`client`] is the server's side; [`init`] is
//! the helper itself, with [`spawn`], [`pty`], [`process_tree`] and [`port_owner`].

pub(super) mod client;
pub(super) mod init;
mod listener;
mod port_owner;
pub(super) mod process_tree;
pub(super) mod protocol;
pub(super) mod pty;
mod sock_diag;
mod spawn;
