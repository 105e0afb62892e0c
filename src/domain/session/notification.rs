//! What the user is told outside the screen, and by which means.

/// Something happened to a session while nobody looked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// The session's name; a conversation's title where there are no sessions.
    pub session: String,
    pub reason: NotificationReason,
    /// What it waits for, or why it failed; may be empty. It is the agent's text, and may be hostile.
    pub detail: String,
}

/// Why the user is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotificationReason {
    NeedsYou,
    /// The agent has finished its turn.
    Ended,
    Failed,
    /// Its sandbox no longer exists.
    Gone,
}

impl NotificationReason {
    /// The word for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::NeedsYou => "needs-you",
            Self::Ended => "ended",
            Self::Failed => "failed",
            Self::Gone => "gone",
        }
    }

    /// The rest of a sentence that begins with the session's name.
    pub fn words(self) -> &'static str {
        match self {
            Self::NeedsYou => "needs you",
            Self::Ended => "has finished its turn",
            Self::Failed => "failed",
            Self::Gone => "is gone",
        }
    }
}

/// How the user is told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum NotifyChoice {
    Off,
    /// By what the terminal can do.
    #[default]
    Auto,
    Bell,
    /// The text as one (iTerm2 and others).
    Osc9,
    /// A title and a text (urxvt and others).
    Osc777,
    /// kitty's protocol.
    Osc99,
    /// A program with its first arguments; never empty.
    Command(Vec<String>),
}
