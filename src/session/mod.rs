//! The sessions of this process: one task each, from the boot of a sandbox to its end. Knows sandboxes and
//! conversations, no terminal.
//!
//! In reading order: [`supervisor`] owns the tasks and [`context`] is what they share; `run` is one task; `boot` makes a
//! sandbox and starts OpenCode in it; [`sandbox`] resumes, pauses, kills and looks into sandboxes, also for commands
//! without a task; [`chat`] follows a conversation; `logs` follow what the server prints; `recorder` writes to
//! the store; [`snapshot`] keeps what a gone session is revived from; [`code`] takes a work tree in and its changes home;
//! [`watch`] follows sessions that are not open. `failures` words the errors of the clients, [`timing`] holds every
//! duration, [`settings`] what of the configuration is needed here.

pub mod boot;
pub mod chat;
pub mod code;
pub mod context;
mod failures;
mod logs;
pub mod recorder;
mod run;
pub mod sandbox;
pub mod settings;
pub mod snapshot;
pub mod supervisor;
pub mod timing;
pub mod watch;
