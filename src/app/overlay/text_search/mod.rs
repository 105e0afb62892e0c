//! Search in the texts of all stored sessions: words are typed, and the store finds them, with or without a server.
//!
//! In reading order: `state` holds what was typed and found, `update` asks the store and goes to a match, `view` draws.

pub(in crate::app) mod state;
mod update;
mod view;
