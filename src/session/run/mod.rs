//! One session's task while it lives.
//!
//! In reading order: `driver` loads what is stored, boots, and connects again until it is told to stop; `inbox` brings it
//! commands and `commands` says what becomes of each; `state` is what outlives a connection, with the prompts on their way
//! in `prompt_delivery` and the requests in `asked_permissions`; `connection` is one event stream with the calls beside it; `inquiry` asks the control plane while
//! the connection is lost; `retry_state` says how long to wait after a failure; `outcome` says how a wait or a connection
//! ended. It does not know how a sandbox is created (`boot`), nor how OpenCode's events become ours (`chat`).

pub(super) mod asked_permissions;
pub(super) mod commands;
pub(super) mod connection;
pub(super) mod driver;
pub(super) mod inbox;
pub(super) mod inquiry;
pub(super) mod outcome;
pub(super) mod prompt_delivery;
pub(super) mod retry_state;
pub(super) mod state;
