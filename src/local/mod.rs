//! An embedded server that speaks E2B's protocol for sandboxes on this machine: control plane,
//! envd, and the proxy to the sandboxes' ports, all on one loopback port.
//!
//! In: a listener, [`ServerOptions`], a token for shutdown. Out: HTTP. Each sandbox has one helper
//! process (our own program, see [`init_main`]) that starts and ends everything in it, behind a wall
//! as high as the machine offers ([`Isolation`]); without isolation a sandbox is a home directory, a
//! clean environment and a process tree, and no wall.
//!
//! It knows E2B's REST bodies and envd's messages, and no client, session or screen.

mod api;
mod auth;
mod envd;
mod error;
mod gateway;
mod helper;
mod interface;
mod isolation;
mod limits;
mod network;
mod private_file;
mod process;
mod sandbox;
mod server;
mod sync;

pub use helper::init::init_main;
pub use helper::pty::become_leader;
pub use interface::isolation::{Isolation, IsolationRequest, Level, Network, PROGRAM_INSIDE};
pub use interface::limits::{EnforcedLimits, Enforcement, ResourceLimits};
pub use interface::options::{HelperCommand, ServerOptions};
pub use interface::outbound_digest::outbound_digest;
pub use isolation::{close_on_exec, detach};
pub use server::daemon;
pub use server::fault_switch::FaultSwitch;
pub use server::{LocalServer, examine, new_key, start};
