//! TODO

pub(super) mod file;
pub(super) mod follow;
pub(super) mod lines;
pub(super) mod process;
