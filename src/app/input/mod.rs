//! Keys and mouse events of the user, and what they mean. Knows no pane: which context reads the keys is told by whoever
//! has the focus.
//!
//! In reading order: `key` names keys and parses their spellings, `keymap` maps them to actions in a context,
//! `leader_keys` holds the keys of a sequence that waits for more, `typeahead` what is typed before there is a session;
//! `backspace` and `mouse` are what needs more than a table.

pub(super) mod backspace;
pub mod key;
pub mod keymap;
pub(super) mod leader_keys;
pub(super) mod mouse;
pub(super) mod typeahead;
