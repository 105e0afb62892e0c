//! The changes of a session on the whole screen: its files, their diffs, and marks on what was read.
//!
//! In reading order: `state` is what is compared, what came of it and where the reader is; `pairs` are the rows that
//! stand side by side, `row_walk` goes from one to the next; `update` opens the view and performs its keys, of which
//! `apply` takes changes into the user's work tree, `discard` takes them back in the sandbox, and `from_home` brings it
//! what has changed at home; `search` finds the lines with some words, `found` goes through them; `view_lines` are the
//! lines that `view_rows` draws below each other and `view_beside` side by side, `view` draws all around them. The state
//! stays with its session, so that a reader who leaves to write finds the place again.

pub(in crate::app::overlay) mod apply;
pub(in crate::app::overlay) mod discard;
mod found;
pub(in crate::app::overlay) mod from_home;
mod pairs;
mod row_walk;
mod search;
pub(in crate::app) mod state;
mod update;
mod view;
mod view_beside;
mod view_lines;
mod view_rows;
