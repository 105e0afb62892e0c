//! The changes of a session on the whole screen: its files, their diffs, and marks on what was read.
//!
//! In reading order: `state` is what is compared, what came of it and where the reader is; `update` opens it and
//! performs its keys, of which `apply` takes changes into the user's work tree; `search` finds the lines with some words, `found` goes through them; `view_rows` draws the rows of a diff, `view` all around
//! them. The state stays with its session, so that a reader who leaves to write finds the place again.

pub(in crate::app::overlay) mod apply;
mod found;
mod search;
pub(in crate::app) mod state;
mod update;
mod view;
mod view_rows;
