//! Follows a conversation on an OpenCode server. Knows no sandbox and no queue.
//!
//! In reading order: [`follow`] turns one event stream into news, after [`fetch`] has brought what the server holds, by
//! the words of [`translate`], the only place that knows both OpenCode's words and ours; `stream_probe` proves that the
//! stream passes events on; [`mailbox`] brings news to a listener of any speed; [`history`] knows how far back the
//! conversation is loaded; [`follow_end`] says why following ended.

pub mod fetch;
pub mod follow;
pub mod follow_end;
pub mod history;
pub mod mailbox;
pub(super) mod stream_probe;
pub mod translate;
