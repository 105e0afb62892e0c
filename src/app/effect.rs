//! All that the program may ask for, as values. `tui::effects` and `session::supervisor` do them.

use crate::domain::id::{SandboxId, SessionKey};
use crate::domain::session::{CloseAction, SessionCommand, SessionSpec};

#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    OpenSession(SessionSpec),
    Command(SessionKey, SessionCommand),
    CloseSession(SessionKey, CloseAction),
    /// Reads the list of stored sessions again; answered by [`super::event::Reply::Sessions`].
    ListSessions,
    /// Asks the engine for sandboxes that no session has; answered by
    /// [`super::event::Reply::Strangers`].
    ListStrangers,
    /// Pauses or kills a sandbox that no session has; answered by [`super::event::Reply::Closed`].
    CloseSandbox(SandboxId, CloseAction),
    /// Makes a session of a sandbox that has none, under this key if it brings none of its own;
    /// answered by [`super::event::Reply::Adopted`].
    Adopt(SandboxId, SessionKey),
    /// Watches these sessions, none of which is open, and no others from here on: what each does is told
    /// by [`crate::domain::session::SessionEvent::Activity`].
    WatchSessions(Vec<SessionKey>),
    /// Notes that the session is on the screen: it is what a next start opens here.
    NoteShown(SessionKey),
    /// To the clipboard of the user's terminal.
    Copy(String),
    EditExternally {
        draft: String,
    },
    /// Lends the terminal to a shell in the sandbox of the session of this name.
    OpenShell(String),
    /// Turns mouse reporting on or off.
    CaptureMouse(bool),
    /// The whole screen is drawn anew.
    Redraw,
    /// Stops this process as ctrl-z would in a shell.
    Suspend,
    Quit,
}
