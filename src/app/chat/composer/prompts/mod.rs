//! The prompts beside the one that is being written.
//!
//! `prompt_history` recalls earlier prompts, `stash` keeps the stashed ones, `aside` sets a text aside for an answer,
//! `undone` takes back a prompt that was undone, `pending_prompts` holds the sent ones that the server does not show
//! yet.

mod aside;
pub(in crate::app::chat) mod pending_prompts;
mod prompt_history;
pub(in crate::app::chat) mod stash;
mod undone;
