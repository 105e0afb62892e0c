//! All effects of the program, as values. `tui::effects` and `session::supervisor` perform them.

use crate::domain::id::{SandboxId, SessionKey};
use crate::domain::preferences::PreferenceChange;
use crate::domain::session::notification::Notification;
use crate::domain::session::text_search::FoundText;
use crate::domain::session::{CloseAction, ComposerChange, ListPlace, SessionCommand, SessionSpec};
use crate::domain::time::UnixMillis;

#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    OpenSession(SessionSpec),
    Command(SessionKey, SessionCommand),
    CloseSession(SessionKey, CloseAction),
    /// Deletes a session for good once its task has ended, and first kills its sandbox if so closed;
    /// answered by [`crate::domain::session::SessionEvent::Removed`].
    RemoveSession(SessionKey, CloseAction),
    /// Renames a session; answered by [`super::event::Reply::Sessions`] or
    /// [`super::event::Reply::NotRenamed`].
    RenameSession(SessionKey, String),
    /// Stores what the list notes of sessions.
    PlaceSessions(Vec<SessionKey>, ListPlace),
    /// Reads the list of stored sessions; answered by [`super::event::Reply::Sessions`].
    ListSessions,
    /// Stores what the session's composer holds besides the draft.
    KeepComposer(SessionKey, ComposerChange),
    /// Reads the prompts that were sent in all sessions, first those of this one and of its project;
    /// answered by [`super::event::Reply::PastPrompts`].
    ListPastPrompts(SessionKey),
    /// Searches the texts of all stored sessions; answered by [`super::event::Reply::TextsFound`].
    SearchTexts(String),
    /// Reads the stored messages from this match on; answered by [`super::event::Reply::MessagesRead`].
    ReadMessages(Box<FoundText>),
    /// Lists the engine's unattached sandboxes; answered by [`super::event::Reply::UnattachedSandboxes`].
    ListUnattachedSandboxes,
    /// Pauses or kills an unattached sandbox; answered by [`super::event::Reply::Closed`].
    CloseSandbox(SandboxId, CloseAction),
    /// Adopts an unattached sandbox as a session, under this key if it brings none of its own;
    /// answered by [`super::event::Reply::Adopted`].
    Adopt(SandboxId, SessionKey),
    /// Watches exactly these sessions, none of which is open;
    /// [`crate::domain::session::SessionEvent::Activity`] reports what each does.
    WatchSessions(Vec<SessionKey>),
    /// Records that the session is on the screen: the next start here opens it.
    NoteShown(SessionKey),
    /// Reads what the user likes; answered by [`super::event::Reply::Preferences`].
    LoadPreferences,
    /// Sums what the answers in all stored sessions cost since then; answered by
    /// [`super::event::Reply::CostSummed`].
    SumCost(UnixMillis),
    /// Stores what the user likes.
    Remember(PreferenceChange),
    /// Copies to the clipboard of the user's terminal.
    Copy(String),
    /// Opens a web page or a mail address with the program of the user's desktop.
    OpenLink(String),
    /// Reads a file of this machine whose path was pasted; answered by
    /// [`super::event::Reply::FileRead`].
    ReadFile {
        session: SessionKey,
        path: String,
        /// The pasted text.
        pasted: String,
    },
    /// Reads the image in the clipboard of this machine's desktop; answered by
    /// [`super::event::Reply::FileRead`] with no pasted text.
    ReadClipboardImage(SessionKey),
    /// Writes a new file into the directory that the program was started in, for its user alone;
    /// one that exists is never overwritten.
    WriteFile {
        /// Without the ending.
        name: String,
        ending: &'static str,
        text: String,
    },
    EditExternally {
        draft: String,
    },
    /// Tells the user outside the screen.
    Notify(Notification),
    /// Lends the terminal to a shell in the sandbox of the session with this name.
    OpenShell(String),
    /// Turns mouse reporting on or off.
    CaptureMouse(bool),
    /// Redraws the whole screen.
    Redraw,
    /// Suspends this process, as ctrl-z does in a shell.
    Suspend,
    Quit,
}
