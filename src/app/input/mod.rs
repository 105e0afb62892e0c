//! Keys and mouse events of the user, and their meanings. Knows no pane: the focused part names the
//! context that receives the keys.
//!
//! In reading order: `key` names keys and parses their spellings, `keymap` maps them to actions in
//! a context, `leader_keys` holds the keys of an incomplete sequence, `typeahead` what the user
//! types before there is a session; `line_edit`, `backspace` and `mouse` need more than a table, `rank` orders what a
//! typed text may mean.

pub(super) mod backspace;
pub mod key;
pub mod keymap;
pub(super) mod leader_keys;
pub(super) mod line_edit;
pub(super) mod mouse;
pub(super) mod rank;
pub(super) mod typeahead;
