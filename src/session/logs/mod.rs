//! What `opencode serve` prints, and how its process ends. Knows no conversation.
//!
//! In reading order: `follow` puts it together for the store and the log pane; `file` reads the files in which the sandbox
//! keeps the output, `lines` cuts them; `process` follows the process itself.

pub(super) mod file;
pub(super) mod follow;
pub(super) mod lines;
pub(super) mod process;
