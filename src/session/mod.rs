//! The sessions of this process: one task each, from the boot of a sandbox to its end. Knows sandboxes and
//! conversations, no terminal.
//!
//! In reading order: [`supervisor`] owns the tasks and [`context`] is what they share; `run` is one task; `boot`
//! creates a sandbox and starts OpenCode in it, [`adopt`] takes over a sandbox that another sandbar created;
//! [`sandbox`] resumes, pauses, kills and inspects sandboxes, also for commands without a task; `server` calls
//! OpenCode; [`chat`] follows a conversation, `logs` what the server prints; `recorder` writes to the store;
//! [`snapshot`] keeps what a gone session is revived from; [`code`] takes a work tree into a sandbox and its
//! changes home; [`watch`] follows sessions that are not open. `failures` words the errors of the clients, and
//! `events` is a task's way to its listener.

pub mod adopt;
pub mod boot;
pub mod chat;
pub mod code;
pub mod context;
pub(in crate::session) mod events;
mod failures;
mod logs;
pub mod recorder;
mod run;
pub mod sandbox;
pub(in crate::session) mod server;
pub mod snapshot;
pub mod supervisor;
pub mod watch;
