//! All actions of the user, grouped by the part of the program that performs them.
//!
//! Names, descriptions and keys of the actions are in the table of [`crate::app::input::keymap`];
//! their effects are in the update of each pane. This module knows neither keys nor panes.

/// An enum of actions with a list of all of them.
macro_rules! actions {
    (
        $(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident,)* }
        $($(#[$of_numbered:meta])* $numbered:ident in [$($number:literal),*])?
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$of])* $variant,)*
            $($(#[$of_numbered])* $numbered(u8),)?
        }

        impl $name {
            pub const ALL: &'static [Self] = &[
                $(Self::$variant,)*
                $($(Self::$numbered($number),)*)?
            ];
        }
    };
}

mod chat;

pub use chat::{ChatAction, ChatContext};

/// An action of the user, by the part of the program that performs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    App(AppAction),
    Chat(ChatAction),
    Sessions(SessionsAction),
    Logs(LogsAction),
    Changes(ChangesAction),
}

impl Action {
    /// All actions of the program.
    pub fn all() -> impl Iterator<Item = Self> {
        let app = AppAction::ALL.iter().map(|action| Self::App(*action));
        let chat = ChatAction::ALL.iter().map(|action| Self::Chat(*action));
        let sessions = SessionsAction::ALL.iter();
        let sessions = sessions.map(|action| Self::Sessions(*action));
        let logs = LogsAction::ALL.iter().map(|action| Self::Logs(*action));
        let changes = ChangesAction::ALL.iter();
        let changes = changes.map(|action| Self::Changes(*action));
        app.chain(chat).chain(sessions).chain(logs).chain(changes)
    }
}

impl Action {
    /// What is to be said where there is no sandbox: in `attach`.
    pub fn without_sandbox(self) -> Option<&'static str> {
        let Self::App(action) = self else {
            return None;
        };
        match action {
            AppAction::Revive => Some("attached to a server: no sandbox to revive"),
            AppAction::UseTemplate => Some("attached to a server: no sandbox to boot"),
            AppAction::Shell => Some("attached to a server: no sandbox for a shell"),
            AppAction::Extend => Some("attached to a server: no time limit"),
            AppAction::UpdateSession => Some("attached to a server: no sandbox to update"),
            AppAction::SearchTexts => {
                Some("attached to a server: sandbar stores no conversations to search")
            }
            AppAction::ToggleLogs | AppAction::FocusLogs => {
                Some("attached to a server: read its logs there")
            }
            _ => None,
        }
    }

    /// Whether it belongs to the panes and sandboxes beside a chat, which `attach` does not have.
    pub fn is_of_panes(self) -> bool {
        matches!(
            self,
            Self::App(
                AppAction::FocusNext
                    | AppAction::FocusPrevious
                    | AppAction::FocusSessions
                    | AppAction::FocusChat
                    | AppAction::FocusLogs
                    | AppAction::ToggleLogs
                    | AppAction::Zoom
                    | AppAction::Revive
                    | AppAction::UseTemplate
                    | AppAction::Shell
                    | AppAction::Extend
                    | AppAction::UpdateSession
            )
        )
    }
}

actions! {
    /// The actions of the root.
    AppAction {
        FocusNext,
        FocusPrevious,
        FocusSessions,
        FocusChat,
        FocusLogs,
        /// Shows the session list, or goes back from it.
        ToggleSessions,
        ToggleLogs,
        /// Gives the focused pane the whole screen.
        Zoom,
        Help,
        /// Opens the list of all actions, which also finds what they are for.
        Palette,
        /// Shows what the server works with, and what the conversation costs.
        ServerStatus,
        /// Gives the server the key of a provider.
        ProviderKey,
        /// Searches the texts of all sessions.
        SearchTexts,
        /// Shows what was changed.
        Changes,
        /// Takes what has changed at home into the shown session's sandbox.
        UpdateSession,
        NewSession,
        /// Begins a conversation beside the shown one, in the same sandbox.
        NewConversation,
        /// Shows the next session that needs the user.
        NextNeedsYou,
        /// Looks at the next session that needs the user, above the one on the screen.
        PeekNext,
        /// Shows the session that is looked at.
        OpenPeeked,
        /// Retries now what failed or waits.
        Retry,
        /// Continues the shown session in a new sandbox when its own is gone.
        Revive,
        /// Boots the shown session from another template.
        UseTemplate,
        /// Opens a shell in the shown session's sandbox.
        Shell,
        /// Extends the time of the shown session's sandbox.
        Extend,
        ToggleMouse,
        /// Clears the composer, then stops the turn, then quits.
        Interrupt,
        /// Quits if the composer is empty.
        QuitIfEmpty,
        Quit,
        Suspend,
        Redraw,
        /// Cancels a key sequence that has begun.
        CancelSequence,
        /// Confirms the open dialog.
        Confirm,
        /// Closes the topmost overlay.
        Close,
        /// Copies the selected link of a list.
        CopyRow,
        /// Renames the selected conversation of a list.
        RenameRow,
        /// Deletes the selected conversation of a list.
        DeleteRow,
        /// Marks the selected model of a list as a favourite, or unmarks it.
        FavouriteModel,
        ScrollDown,
        ScrollUp,
        PageDown,
        PageUp,
    }
    /// Shows the session in this row.
    Slot in [1, 2, 3, 4, 5, 6, 7, 8, 9]
}

actions! {
    /// The actions of the session list.
    SessionsAction {
        Next,
        Previous,
        First,
        Last,
        /// Shows the selected session.
        Open,
        /// Looks at the selected session, above the one on the screen.
        Peek,
        /// Marks the selected session, or unmarks it.
        Mark,
        /// Marks all rows that the filter leaves, or unmarks them.
        MarkAll,
        /// Begins to type what narrows the list.
        Filter,
        /// Ends typing it; the list stays narrow.
        KeepFilter,
        /// Pauses all marked sessions; without marks, pauses or resumes the selected one.
        Pause,
        /// Kills all marked sessions; without marks, the selected one.
        Kill,
        /// Renames the selected session.
        Rename,
        /// Pins all marked sessions, or the selected one; unpins them if all are.
        Pin,
        /// Archives all marked sessions, or the selected one; brings them back if all are.
        Archive,
        /// Deletes all marked sessions, or the selected one, for good.
        Remove,
        /// Adopts the selected unattached sandbox as a session.
        Adopt,
        /// Shows or hides the sessions that are gone.
        ToggleGone,
        /// Folds or unfolds the sessions in the sandbox of the selected one.
        ToggleTree,
        /// Unmarks all, or else shows the whole list again, or else goes back to the chat.
        Leave,
    }
}

actions! {
    /// The actions of the log pane.
    LogsAction {
        LineUp,
        LineDown,
        PageUp,
        PageDown,
        Top,
        /// Scrolls to the newest line and follows.
        Bottom,
        Follow,
        Wrap,
        Times,
        Clear,
        /// Goes back to the chat.
        Leave,
    }
}

actions! {
    /// The actions in the changes.
    ChangesAction {
        NextFile,
        PreviousFile,
        NextHunk,
        PreviousHunk,
        Top,
        Bottom,
        /// Marks the file as viewed and folds it, or takes that back.
        Viewed,
        /// Begins a selection of lines, or ends it.
        Mark,
        /// Quotes the selected lines in the composer, for a comment.
        Comment,
        /// Applies the selected hunks or files to the user's work tree, after a question.
        Apply,
        /// Applies all.
        ApplyAll,
        /// Takes the selected hunks or files back in the sandbox, after a question.
        Discard,
        /// Brings again what was discarded last.
        UndoDiscard,
        /// Opens the field for what to search for.
        Search,
        NextMatch,
        PreviousMatch,
        /// Hides changes of whitespace alone, or shows them.
        Whitespace,
        /// Shows old and new side by side, or below each other.
        Beside,
        /// Compares with something else.
        Scope,
        /// Fetches the changes again.
        Again,
    }
}
