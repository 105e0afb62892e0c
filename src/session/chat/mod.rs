//! TODO

pub mod fetch;
pub mod follow;
pub mod follow_end;
pub mod history;
pub mod mailbox;
pub(super) mod stream_probe;
pub mod translate;
