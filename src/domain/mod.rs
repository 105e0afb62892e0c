//! The nouns that all rooms share; `std` only.
//!
//! What enters and leaves a session task is here ([`session`]), what the chat shows ([`chat`]), what
//! the log pane shows ([`log`]), what a sandbox costs ([`price`]) by the time that it ran ([`usage`]),
//! which sandboxes have no session ([`unattached_sandbox`]), what a session that is not open does ([`activity`]),
//! what is said when something fails ([`failure`]), and what to do about it ([`advice`]).
//! Nothing here knows a wire format, a terminal, a clock or a file: wire names stay in `e2b::wire` and
//! `opencode::wire`.

pub mod activity;
pub mod advice;
pub mod chat;
pub mod failure;
pub mod id;
pub mod log;
pub mod price;
pub mod sandbox;
pub mod session;
#[cfg(test)]
pub(crate) mod testing;
pub mod time;
pub mod unattached_sandbox;
pub mod usage;
pub mod version;
