//! The commands on the life of sessions' sandboxes: adopt, pause and resume, kill, revive, and rm, which deletes the
//! sessions of those that are gone.

pub(super) mod adopt;
pub(super) mod kill;
pub(super) mod pause;
pub(super) mod revive;
pub(super) mod rm;
