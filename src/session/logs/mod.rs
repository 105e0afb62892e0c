//! The output of `opencode serve`, and how its process exits. Knows no conversation.
//!
//! In reading order: `follow` combines it for the store and the log pane; `file` reads the sandbox's output files,
//! `lines` splits them; `process` follows the process itself.

pub(super) mod file;
pub(super) mod follow;
pub(super) mod lines;
pub(super) mod process;
