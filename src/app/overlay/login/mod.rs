//! Logins to the providers of a server: by a key, or in the browser.
//!
//! In reading order: `state` is a login on its way, `update` asks what it has to know and goes through it, `view` draws
//! the address and what the user waits for. Keys and codes are typed into a `secret_entry` field.

pub(in crate::app) mod state;
mod update;
mod view;
