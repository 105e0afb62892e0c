//! What the rest of the program knows of the local server: plain data, the same on every system.
//!
//! It knows nothing of how a server does what is described here.
//!
//! In reading order: [`options`], how a server is set up; [`isolation`] and [`limits`], what it gives its
//! sandboxes; [`daemon`], one that runs as a process of its own; [`outbound_digest`].

pub(super) mod daemon;
pub(super) mod isolation;
pub(super) mod limits;
pub(super) mod options;
pub(super) mod outbound_digest;
