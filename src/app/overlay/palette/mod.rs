//! The palette: every action by name with its key, and what actions are about: sessions, models,
//! agents, files and prompts, each kind after a character of its own.
//!
//! In reading order: `query` reads what was typed, `rows` finds what matches, `reasons` says why an
//! action cannot run now, `choose` performs a choice, `recent` orders the actions, `view` draws.

mod choose;
mod query;
mod reasons;
pub(in crate::app) mod recent;
mod rows;
mod view;
