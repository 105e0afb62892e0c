//! The types that all parts of the program share; `std` only.
//!
//! The commands and events of a session's task ([`session`]), what the chat shows ([`chat`]), what
//! the log pane shows ([`log`]), what a prompt consists of ([`prompt`]), sandboxes and what they cost
//! ([`sandbox`]), rules that answer permissions ([`rule`]), what the user likes ([`preferences`]), what a
//! server works with, and logins to its providers ([`server`]), diffs ([`diff`]), failures and what to do about them ([`failure`]), secrets that the user types
//! ([`secret`]). Nothing here knows a wire format, a terminal, a clock or a file: wire names stay in `e2b::wire`
//! and `opencode::wire`.

pub mod chat;
pub mod diff;
pub mod failure;
pub mod id;
pub mod log;
pub mod preferences;
pub mod prompt;
pub mod rule;
pub mod sandbox;
pub mod secret;
pub mod server;
pub mod session;
#[cfg(test)]
pub(crate) mod testing;
pub mod time;
pub mod version;
