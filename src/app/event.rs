//! All that can happen to the program, as values.

use super::input::key::{Key, Mouse};
use crate::domain::failure::Failure;
use crate::domain::id::{SandboxId, SessionKey};
use crate::domain::sandbox::Phase;
use crate::domain::session::{SessionEvent, SessionSummary};
use crate::domain::unattached_sandbox::UnattachedSandbox;

/// Something that happened. Grows by a kind of thing, not by a feature.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    Key(Key),
    /// A key that came together with those before it, as a program types: it is text or a command, but
    /// never an answer to a request.
    BurstKey(Key),
    /// Text that was pasted, line ends as `\n`.
    Paste(String),
    /// The next piece of the paste before it, where the terminal does not say how long it is.
    PasteMore(String),
    Mouse(Mouse),
    /// Columns and rows.
    Resize(u16, u16),
    /// From a session's task.
    Session(SessionKey, SessionEvent),
    /// The end of a short effect.
    Reply(Reply),
    /// The terminal is about to be lent to another program, or the process to be stopped: what is not saved
    /// yet is saved first.
    TerminalLent,
    /// Something that moves on the screen is due.
    Tick,
    /// SIGTERM, SIGHUP, or the terminal is gone: leave at once, sandboxes run on.
    Stop,
}

/// How a short effect ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// The stored sessions, newest first.
    Sessions(Vec<SessionSummary>),
    /// The sandboxes that no session has, those that sandbar made first; `Err` says why they are not
    /// known.
    Strangers(Result<Vec<UnattachedSandbox>, Failure>),
    /// What became of a sandbox that no session has.
    Closed(SandboxId, Phase),
    /// The session that was made of a sandbox, or why it could not be.
    Adopted(SandboxId, Result<Box<SessionSummary>, Failure>),
    /// The text as the external editor left it; `Err` says why it could not run, and the draft is
    /// as it was.
    Edited(Result<String, String>),
    /// A line for the status bar: something was copied, saved, not found.
    Notice(String),
}
