//! What the rest of the program knows of the local server: plain data and no behaviour of a server.
//!
//! In reading order: [`options`], [`helper_command`], [`status`], [`outbound_digest`].

pub(super) mod helper_command;
pub(super) mod options;
pub(super) mod outbound_digest;
pub(super) mod status;
