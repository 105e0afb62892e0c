//! All that the user may want, each with a stable name for the configuration and the help.
//!
//! What a key means is said in [`crate::app::keymap`]; what an action does, in the update of its pane.

mod chat;

pub use chat::{ChatAction, ChatContext, DEFAULT_KEYS};

/// Something the user wants, by the room that does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    App(AppAction),
    Chat(ChatAction),
    Sessions(SessionsAction),
    Logs(LogsAction),
}

/// What the root does itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppAction {
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
    /// Shows the session in this row, from 1 to 9.
    Slot(u8),
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
    /// ctrl-c: clears the composer, then stops the turn, then quits.
    Interrupt,
    /// Quits, if the composer is empty.
    QuitIfEmpty,
    Quit,
    Suspend,
    Redraw,
    /// Answers the question that is asked.
    Confirm,
    /// Closes what lies on top.
    Close,
    ScrollDown,
    ScrollUp,
    PageDown,
    PageUp,
}

/// What the session list does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionsAction {
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

/// What the log pane does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogsAction {
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

const APP: &[(AppAction, &str)] = &[
    (AppAction::FocusNext, "app.focus_next"),
    (AppAction::FocusPrevious, "app.focus_previous"),
    (AppAction::FocusSessions, "app.focus_sessions"),
    (AppAction::FocusChat, "app.focus_chat"),
    (AppAction::FocusLogs, "app.focus_logs"),
    (AppAction::ToggleSessions, "app.sessions"),
    (AppAction::ToggleLogs, "app.logs"),
    (AppAction::Zoom, "app.zoom"),
    (AppAction::Help, "app.help"),
    (AppAction::NewSession, "sessions.new"),
    (AppAction::NextNeedsYou, "app.next_needs_you"),
    (AppAction::Slot(1), "app.slot_1"),
    (AppAction::Slot(2), "app.slot_2"),
    (AppAction::Slot(3), "app.slot_3"),
    (AppAction::Slot(4), "app.slot_4"),
    (AppAction::Slot(5), "app.slot_5"),
    (AppAction::Slot(6), "app.slot_6"),
    (AppAction::Slot(7), "app.slot_7"),
    (AppAction::Slot(8), "app.slot_8"),
    (AppAction::Slot(9), "app.slot_9"),
    (AppAction::Retry, "app.retry"),
    (AppAction::Revive, "app.revive"),
    (AppAction::UseTemplate, "app.template"),
    (AppAction::Shell, "app.shell"),
    (AppAction::Extend, "app.extend"),
    (AppAction::ToggleMouse, "app.mouse"),
    (AppAction::Interrupt, "app.interrupt"),
    (AppAction::QuitIfEmpty, "app.quit_if_empty"),
    (AppAction::Quit, "app.quit"),
    (AppAction::Suspend, "app.suspend"),
    (AppAction::Redraw, "app.redraw"),
    (AppAction::Confirm, "overlay.confirm"),
    (AppAction::Close, "overlay.close"),
    (AppAction::ScrollDown, "overlay.down"),
    (AppAction::ScrollUp, "overlay.up"),
    (AppAction::PageDown, "overlay.page_down"),
    (AppAction::PageUp, "overlay.page_up"),
];

const SESSIONS: &[(SessionsAction, &str)] = &[
    (SessionsAction::Next, "sessions.next"),
    (SessionsAction::Previous, "sessions.previous"),
    (SessionsAction::First, "sessions.first"),
    (SessionsAction::Last, "sessions.last"),
    (SessionsAction::Open, "sessions.open"),
    (SessionsAction::Mark, "sessions.mark"),
    (SessionsAction::Pause, "sessions.pause"),
    (SessionsAction::Kill, "sessions.kill"),
    (SessionsAction::Adopt, "sessions.adopt"),
    (SessionsAction::Leave, "sessions.leave"),
];

const LOGS: &[(LogsAction, &str)] = &[
    (LogsAction::LineUp, "logs.line_up"),
    (LogsAction::LineDown, "logs.line_down"),
    (LogsAction::PageUp, "logs.page_up"),
    (LogsAction::PageDown, "logs.page_down"),
    (LogsAction::Top, "logs.top"),
    (LogsAction::Bottom, "logs.bottom"),
    (LogsAction::Follow, "logs.follow"),
    (LogsAction::Wrap, "logs.wrap"),
    (LogsAction::Times, "logs.times"),
    (LogsAction::Clear, "logs.clear"),
    (LogsAction::Leave, "logs.leave"),
];

fn name_in<A: Copy + PartialEq>(table: &[(A, &'static str)], action: A) -> &'static str {
    table
        .iter()
        .find(|(known, _)| *known == action)
        .map_or("", |(_, name)| *name)
}

impl Action {
    /// The stable name: `chat.send`.
    pub fn name(self) -> &'static str {
        match self {
            Self::App(action) => name_in(APP, action),
            Self::Chat(action) => action.name(),
            Self::Sessions(action) => name_in(SESSIONS, action),
            Self::Logs(action) => name_in(LOGS, action),
        }
    }

    /// All actions that have a name, in the order of the help.
    pub fn all() -> impl Iterator<Item = Self> {
        let app = APP.iter().map(|(action, _)| Self::App(*action));
        let chat = ChatAction::ALL.iter().map(|action| Self::Chat(*action));
        let sessions = SESSIONS.iter().map(|(action, _)| Self::Sessions(*action));
        let logs = LOGS.iter().map(|(action, _)| Self::Logs(*action));
        app.chain(chat).chain(sessions).chain(logs)
    }

    /// The action of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|action| action.name() == name)
    }
}
