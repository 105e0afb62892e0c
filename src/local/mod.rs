//! An embedded server that speaks E2B's protocol for sandboxes on this machine: control plane,
//! envd, and the proxy to the sandboxes' ports, all on one loopback port.
//!
//! In: a listener, [`ServerOptions`], a token for shutdown. Out: HTTP. Each sandbox has one helper
//! process (our own program, see [`init_main`]) that starts and ends everything in it, as
//! isolated as the machine allows ([`Isolation`]). Without isolation a sandbox is only a home directory, a
//! clean environment and a process tree.
//!
//! It knows E2B's REST bodies and envd's messages, and no client, session or screen.
//!
//! # In reading order
//!
//! | folder | what it is for |
//! |---|---|
//! | `interface` | what the rest of the program knows of a server |
//! | `server` | starts and ends a server; runs one as a daemon |
//! | `gateway` | accepts connections and routes requests |
//! | `api` | the control plane |
//! | `envd` | files and processes of one sandbox, as the SDKs see them |
//! | `sandbox` | sandboxes, from create to kill; snapshots, templates, metrics |
//! | `process` | the processes of a run, and their output |
//! | `helper` | the helper process of a sandbox |
//! | `network` | the proxy by which a sandbox reaches the network, and its rules |
//! | `isolation` | how far a sandbox is isolated from this machine |
//! | `limits` | how much a sandbox may use of it |
//!
//! A folder uses those below it; `tests/it/meta/architecture/folders.rs` has the exceptions.
//! On other systems than Linux `unsupported.rs` stands in for this file.

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
