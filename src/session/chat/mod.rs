//! Follows a conversation on an OpenCode server. Knows no sandbox and no queue.
//!
//! In reading order: [`follow`] turns one event stream into chat events, after [`fetch`] has fetched what the server
//! holds, both by means of [`translate`], the only place that knows OpenCode's wire types and ours; `stream_probe`
//! proves that the stream passes events on; [`mailbox`] delivers events to a listener of any speed; [`history`]
//! knows how much of the conversation is loaded; [`follow_end`] says why following ended.

pub mod fetch;
pub mod follow;
pub mod follow_end;
pub mod history;
pub mod mailbox;
pub(super) mod stream_probe;
pub mod translate;
