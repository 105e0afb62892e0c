//! The menu above the composer: commands after a `/`, files, agents and resources after an `@`.
//!
//! Input: the composer's text and cursor after each edit, what the server offers, the files that were found. Output:
//! the rows to choose from, and an edit of the text when one is chosen. The menu steals nothing: what is typed stays
//! in the composer, and a text that only looks like a command is sent as a text, which the row above the composer
//! says before.
//!
//! In reading order: `state` is what the chat keeps, `follow` keeps it up with the text, `trigger` finds what is to be completed, `menu` builds the rows,
//! `files` asks for files one question at a time, `mentions` finds what a sent text names, `choose` performs a
//! choice, `view` draws.

pub(super) mod choose;
mod files;
mod follow;
mod mentions;
mod menu;
pub(super) mod state;
mod trigger;
mod view;
