//! Client of the E2B API: the control plane's REST calls, envd in the sandbox, and public hosts.
//!
//! It knows no chat, no screen, no agent and no configuration: addresses, keys and the HTTP client are parameters.
//! The embedded server shares only [`wire`] and [`proto`].
//!
//! In reading order: [`wire`] and [`proto`] are the protocol, [`host`] has the addresses, [`control`] creates
//! sandboxes, [`envd`] works in one ([`process`] has its types), [`error`] classifies failures. `exchange` and
//! `connect` are the two ways over HTTP beneath them.

pub mod proto;
pub mod wire;

pub mod error;
pub mod host;

mod exchange;
pub mod plan;

pub mod control;
pub mod list;

mod connect;
pub mod envd;
mod files;
pub mod process;

#[cfg(test)]
mod testing;
