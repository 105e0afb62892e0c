//! All events of the program, as values.

use super::input::key::{Key, Mouse};
use crate::domain::failure::Failure;
use crate::domain::id::{SandboxId, SessionKey};
use crate::domain::preferences::Preferences;
use crate::domain::prompt::{LocalFile, PastPrompt};
use crate::domain::sandbox::Phase;
use crate::domain::sandbox::unattached::UnattachedSandbox;
use crate::domain::session::text_search::{FoundText, FoundTexts, StoredMessages};
use crate::domain::session::{SessionEvent, SessionSummary};

/// An event, by its source. A new feature rarely needs a new one.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    Key(Key),
    /// A key that arrived together with the keys before it, as when a program types: it is text or
    /// a command, but never an answer to a request.
    BurstKey(Key),
    /// Pasted text, with `\n` as line end.
    Paste(String),
    /// The next piece of the last paste, for terminals that do not mark its end.
    PasteMore(String),
    Mouse(Mouse),
    /// Columns and rows.
    Resize(u16, u16),
    /// The terminal got the focus, or lost it; not every terminal says so.
    Focus(bool),
    /// From a session's task.
    Session(SessionKey, SessionEvent),
    /// The result of a short effect.
    Reply(Reply),
    /// The terminal is about to be lent to another program, or the process to be suspended: unsaved
    /// text is saved first.
    TerminalLent,
    /// An animation or a timer is due.
    Tick,
    /// SIGTERM, SIGHUP, or a closed terminal: quit at once; the sandboxes keep running.
    Stop,
}

/// The result of a short effect.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// The stored sessions, newest first.
    Sessions(Vec<SessionSummary>),
    /// A session that could not get this name, and why.
    NotRenamed(SessionKey, String, String),
    /// The prompts of all sessions, as seen from this one: its own first.
    PastPrompts(SessionKey, Vec<PastPrompt>),
    /// What a search in all stored sessions has found; `Err` says why it could not be done.
    TextsFound(Result<FoundTexts, String>),
    /// The stored messages from a match on; `Err` says why they could not be read.
    MessagesRead(Box<FoundText>, Result<StoredMessages, String>),
    /// The unattached sandboxes, those that sandbar created first; `Err` says why they are unknown.
    UnattachedSandboxes(Result<Vec<UnattachedSandbox>, Failure>),
    /// The new state of an unattached sandbox.
    Closed(SandboxId, Phase),
    /// The session that adopted a sandbox, or why it could not.
    Adopted(SandboxId, Result<Box<SessionSummary>, Failure>),
    /// The text from the external editor; `Err` says why it could not run, and the draft is
    /// unchanged.
    Edited(Result<String, String>),
    /// A file of this machine that goes with a prompt of this session, in place of the pasted text.
    /// `Ok(None)`: there is none; `Err` says why it cannot be attached.
    FileRead {
        session: SessionKey,
        pasted: String,
        file: Result<Option<LocalFile>, String>,
    },
    /// What the user likes, from the store.
    Preferences(Preferences),
    /// US dollars; `None` if they cannot be summed.
    CostSummed(Option<f64>),
    /// A text for the status bar: something was copied, saved, not found.
    Notice(String),
}
