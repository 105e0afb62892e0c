//! Client of the E2B API: the control plane's REST calls, envd in the sandbox, and public hosts.
//!
//! It knows no chat, no screen, no agent and no configuration: addresses, keys and the HTTP client come
//! in as parameters. The embedded server shares [`wire`] and [`proto`], and nothing else.
//!
//! Reading order: [`wire`] and [`proto`] are the protocol, [`host`] says where everything is,
//! [`control`] makes sandboxes, [`envd`] works in one ([`process`] has its vocabulary), [`error`] says
//! what went wrong. `exchange` and `connect` are the two ways over HTTP beneath them.

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
