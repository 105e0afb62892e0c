//! The commands that show and change the settings: `config` the values, `keys` the key map, `rules` the answers to
//! permissions.

pub(super) mod config;
pub(super) mod keys;
pub(super) mod rules;
