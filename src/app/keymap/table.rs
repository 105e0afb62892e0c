//! The default keys. The order of rows is the order of the help and of the hints.

use super::binding::{Binding, Context};
use crate::app::action::{Action, AppAction, ChatAction, DEFAULT_KEYS, LogsAction, SessionsAction};
use crate::app::key::KeySequence;

type Row = (Context, Action, &'static [&'static str], &'static str);

pub(super) fn rows() -> Vec<Binding> {
    let mut rows = chat_rows();
    let ours = [SESSIONS, LOGS, SHARED].into_iter().flatten();
    rows.extend(ours.map(|(context, action, keys, hint)| Binding {
        context: *context,
        action: *action,
        // A test holds that all of them can be read.
        keys: keys.iter().filter_map(|keys| keys.parse().ok()).collect(),
        hint,
    }));
    rows
}

/// The chat's own rows, one for each action in a context.
fn chat_rows() -> Vec<Binding> {
    let mut rows: Vec<Binding> = Vec::new();
    for (context, key, action, hint) in DEFAULT_KEYS {
        let context = Context::from(*context);
        let action = chat(*action);
        let keys = KeySequence::one(*key);
        match rows
            .iter_mut()
            .find(|row| row.context == context && row.action == action)
        {
            Some(row) => row.keys.push(keys),
            None => rows.push(Binding {
                context,
                action,
                keys: vec![keys],
                hint,
            }),
        }
    }
    rows
}

const fn app(action: AppAction) -> Action {
    Action::App(action)
}

const fn chat(action: ChatAction) -> Action {
    Action::Chat(action)
}

const fn sessions(action: SessionsAction) -> Action {
    Action::Sessions(action)
}

const fn logs(action: LogsAction) -> Action {
    Action::Logs(action)
}

const SESSIONS: &[Row] = {
    use Context::Sessions;
    use SessionsAction as S;
    &[
        (Sessions, sessions(S::Open), &["enter"], "open"),
        (Sessions, app(AppAction::NewSession), &["n", "N"], "new"),
        (Sessions, sessions(S::Mark), &["space"], "mark"),
        (Sessions, sessions(S::Pause), &["p"], "pause/resume"),
        (Sessions, sessions(S::Kill), &["D"], "kill"),
        (Sessions, sessions(S::Adopt), &["a"], "adopt"),
        (Sessions, sessions(S::Next), &["j", "down"], "next"),
        (Sessions, sessions(S::Previous), &["k", "up"], "previous"),
        (Sessions, sessions(S::First), &["g", "home"], "first"),
        (Sessions, sessions(S::Last), &["G", "end"], "last"),
        (
            Sessions,
            sessions(S::Leave),
            &["esc", "q"],
            "unmark, back to the chat",
        ),
    ]
};

const LOGS: &[Row] = {
    use Context::Logs;
    use LogsAction as L;
    &[
        (Logs, logs(L::Follow), &["s"], "follow"),
        (Logs, logs(L::Wrap), &["w"], "wrap"),
        (Logs, logs(L::Times), &["t"], "times"),
        (Logs, logs(L::Clear), &["c"], "clear"),
        (Logs, app(AppAction::Zoom), &["f"], "full screen"),
        (Logs, logs(L::LineDown), &["j", "down"], "down"),
        (Logs, logs(L::LineUp), &["k", "up"], "up"),
        (Logs, logs(L::PageDown), &["pgdn", "ctrl-d"], "page down"),
        (Logs, logs(L::PageUp), &["pgup", "ctrl-u"], "page up"),
        (Logs, logs(L::Top), &["g", "home"], "oldest"),
        (Logs, logs(L::Bottom), &["G", "end"], "newest"),
        (Logs, logs(L::Leave), &["esc", "q"], "back to the chat"),
    ]
};

const SHARED: &[Row] = {
    use AppAction as A;
    use Context::{Always, Anywhere, Confirm, Help, Outside, Picker};
    &[
        (Outside, app(A::FocusNext), &["tab"], "next pane"),
        (
            Outside,
            app(A::FocusPrevious),
            &["shift-tab"],
            "previous pane",
        ),
        (Outside, app(A::FocusSessions), &["1"], "sessions"),
        (Outside, app(A::FocusChat), &["2"], "chat"),
        (Outside, app(A::FocusLogs), &["3"], "logs"),
        (Outside, app(A::Retry), &["r"], "try again now"),
        (Outside, app(A::Revive), &["R"], "revive this session"),
        (Outside, app(A::Help), &["?"], "help"),
        (Anywhere, app(A::Help), &["f1", "ctrl-x ?"], "help"),
        (Anywhere, app(A::ToggleSessions), &["ctrl-x l"], "sessions"),
        (Anywhere, app(A::ToggleLogs), &["ctrl-x o"], "logs"),
        (Anywhere, app(A::NewSession), &["ctrl-x n"], "new session"),
        (
            Anywhere,
            app(A::NextNeedsYou),
            &["ctrl-x space"],
            "next that needs you",
        ),
        (Anywhere, app(A::Zoom), &["ctrl-x z"], "zoom the pane"),
        (Anywhere, app(A::Retry), &["ctrl-x r"], "try again now"),
        (
            Anywhere,
            app(A::Revive),
            &["ctrl-x b"],
            "revive this session",
        ),
        (
            Anywhere,
            app(A::Shell),
            &["ctrl-x s"],
            "shell in the sandbox",
        ),
        (
            Anywhere,
            app(A::UseTemplate),
            &["ctrl-x a"],
            "another template",
        ),
        (Anywhere, app(A::Extend), &["ctrl-x t"], "more time"),
        (
            Anywhere,
            chat(ChatAction::FocusRequest),
            &["ctrl-x p"],
            "answer the request",
        ),
        (
            Anywhere,
            chat(ChatAction::FocusTranscript),
            &["ctrl-x g"],
            "scroll the chat",
        ),
        (
            Anywhere,
            chat(ChatAction::RequestFull),
            &["ctrl-x f"],
            "show in full",
        ),
        (
            Anywhere,
            chat(ChatAction::PickModel),
            &["ctrl-x m"],
            "choose a model",
        ),
        (
            Anywhere,
            chat(ChatAction::SendNow),
            &["ctrl-x enter"],
            "send next queued now",
        ),
        (
            Anywhere,
            chat(ChatAction::EditQueued),
            &["ctrl-x u"],
            "edit last queued",
        ),
        (
            Anywhere,
            chat(ChatAction::EditExternally),
            &["ctrl-x e"],
            "edit in $EDITOR",
        ),
        (
            Anywhere,
            app(A::FocusNext),
            &["f6", "ctrl-x tab"],
            "next pane",
        ),
        (
            Anywhere,
            app(A::FocusPrevious),
            &["shift-f6"],
            "previous pane",
        ),
        (Anywhere, app(A::ToggleMouse), &["ctrl-x w"], "mouse on/off"),
        (Anywhere, app(A::Slot(1)), &["ctrl-x 1"], "session 1"),
        (Anywhere, app(A::Slot(2)), &["ctrl-x 2"], "session 2"),
        (Anywhere, app(A::Slot(3)), &["ctrl-x 3"], "session 3"),
        (Anywhere, app(A::Slot(4)), &["ctrl-x 4"], "session 4"),
        (Anywhere, app(A::Slot(5)), &["ctrl-x 5"], "session 5"),
        (Anywhere, app(A::Slot(6)), &["ctrl-x 6"], "session 6"),
        (Anywhere, app(A::Slot(7)), &["ctrl-x 7"], "session 7"),
        (Anywhere, app(A::Slot(8)), &["ctrl-x 8"], "session 8"),
        (Anywhere, app(A::Slot(9)), &["ctrl-x 9"], "session 9"),
        (
            Anywhere,
            app(A::Interrupt),
            &["ctrl-c"],
            "clear, stop, quit",
        ),
        (Anywhere, app(A::QuitIfEmpty), &["ctrl-d"], "quit"),
        (Anywhere, app(A::Quit), &["ctrl-x q"], "quit"),
        (Always, app(A::Redraw), &["ctrl-l"], "redraw"),
        (Always, app(A::Suspend), &["ctrl-z"], "suspend"),
        (
            Help,
            app(A::Close),
            &["esc", "q", "?", "f1", "enter", "ctrl-c"],
            "close",
        ),
        (Help, app(A::ScrollDown), &["j", "down"], "down"),
        (Help, app(A::ScrollUp), &["k", "up"], "up"),
        (Help, app(A::PageDown), &["pgdn", "space"], "page down"),
        (Help, app(A::PageUp), &["pgup"], "page up"),
        (Confirm, app(A::Confirm), &["y", "enter"], "yes"),
        (Confirm, app(A::Close), &["n", "esc", "q", "ctrl-c"], "no"),
        (Confirm, app(A::ScrollDown), &["j", "down"], "down"),
        (Confirm, app(A::ScrollUp), &["k", "up"], "up"),
        (Confirm, app(A::PageDown), &["pgdn", "space"], "page down"),
        (Confirm, app(A::PageUp), &["pgup"], "page up"),
        (Picker, app(A::Confirm), &["enter"], "choose"),
        (Picker, app(A::Close), &["esc", "ctrl-c"], "cancel"),
        (
            Picker,
            app(A::ScrollDown),
            &["down", "ctrl-n", "tab"],
            "next",
        ),
        (
            Picker,
            app(A::ScrollUp),
            &["up", "ctrl-p", "shift-tab"],
            "previous",
        ),
        (Picker, app(A::PageDown), &["pgdn"], "page down"),
        (Picker, app(A::PageUp), &["pgup"], "page up"),
    ]
};
