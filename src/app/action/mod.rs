//! All that the user may want, by the part of the program that does it.
//!
//! What an action is called in the configuration, what it does in words and which keys it has is in the
//! table of [`crate::app::input::keymap`]; what it changes, in the update of its pane. Knows neither keys nor
//! panes.

/// An enum of actions, and the list of all of them.
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
            /// All of them.
            pub const ALL: &'static [Self] = &[
                $(Self::$variant,)*
                $($(Self::$numbered($number),)*)?
            ];
        }
    };
}

mod chat;

pub use chat::{ChatAction, ChatContext};

/// Something the user wants, by the room that does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    App(AppAction),
    Chat(ChatAction),
    Sessions(SessionsAction),
    Logs(LogsAction),
}

impl Action {
    /// All actions of the program.
    pub fn all() -> impl Iterator<Item = Self> {
        let app = AppAction::ALL.iter().map(|action| Self::App(*action));
        let chat = ChatAction::ALL.iter().map(|action| Self::Chat(*action));
        let sessions = SessionsAction::ALL.iter();
        let sessions = sessions.map(|action| Self::Sessions(*action));
        let logs = LogsAction::ALL.iter().map(|action| Self::Logs(*action));
        app.chain(chat).chain(sessions).chain(logs)
    }
}

actions! {
    /// What the root does itself.
    AppAction {
        FocusNext,
        FocusPrevious,
        FocusSessions,
        FocusChat,
        FocusLogs,
        /// Shows the session list, or goes back from it.
        ToggleSessions,
        ToggleLogs,
        /// The focused pane takes the whole screen.
        Zoom,
        Help,
        NewSession,
        /// Shows the next session that waits for the user.
        NextNeedsYou,
        /// Tries again now what failed or waits.
        Retry,
        /// Makes the shown session go on in a new sandbox, where its own is gone.
        Revive,
        /// Boots the shown session from another template.
        UseTemplate,
        /// Opens a shell in the shown session's sandbox.
        Shell,
        /// Gives the shown session's sandbox more time.
        Extend,
        ToggleMouse,
        /// Clears the composer, then stops the turn, then quits.
        Interrupt,
        /// Quits, if the composer is empty.
        QuitIfEmpty,
        Quit,
        Suspend,
        Redraw,
        /// Drops the first keys of a sequence.
        CancelSequence,
        /// Answers the question that is asked.
        Confirm,
        /// Closes what lies on top.
        Close,
        ScrollDown,
        ScrollUp,
        PageDown,
        PageUp,
    }
    /// Shows the session in this row.
    Slot in [1, 2, 3, 4, 5, 6, 7, 8, 9]
}

actions! {
    /// What the session list does.
    SessionsAction {
        Next,
        Previous,
        First,
        Last,
        /// Shows the selected session.
        Open,
        /// Marks the selected session, or unmarks it.
        Mark,
        /// Pauses all that are marked; else pauses the selected one, or resumes it.
        Pause,
        /// Kills all that are marked, else the selected one.
        Kill,
        /// Makes a session of the selected sandbox, which has none.
        Adopt,
        /// Unmarks all, else goes back to the chat.
        Leave,
    }
}

actions! {
    /// What the log pane does.
    LogsAction {
        LineUp,
        LineDown,
        PageUp,
        PageDown,
        Top,
        /// The newest line, and on with those that come.
        Bottom,
        Follow,
        Wrap,
        Times,
        Clear,
        /// Back to the chat.
        Leave,
    }
}
