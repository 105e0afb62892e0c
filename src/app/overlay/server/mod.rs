//! What the server of the session on the screen works with, and the keys of its providers.
//!
//! In reading order: `state` is what the server has told, `rows` and `view` show it; `update` opens
//! the overlays and performs what is chosen in them; `key_field` takes a key, and `view_key` draws it.

pub(in crate::app) mod key_field;
mod rows;
pub(in crate::app) mod state;
mod update;
mod view;
mod view_key;
