//! The last line of the screen: the keys that help most where the keys go now, always as the user has
//! bound them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::App;
use super::action::{Action, AppAction, ChatAction, LogsAction, SessionsAction};
use super::keymap::Context;
use super::viewcx::ViewCx;
use crate::domain::sandbox::State;
use crate::text::wrap;

/// Actions whose keys are shown together, and the words for them.
type Hint = (&'static [Action], &'static str);

const fn app(action: AppAction) -> Action {
    Action::App(action)
}

const fn chat(action: ChatAction) -> Action {
    Action::Chat(action)
}

const fn logs(action: LogsAction) -> Action {
    Action::Logs(action)
}

const SEND: Hint = (&[chat(ChatAction::Send)], "send");
const NEWLINE: Hint = (&[chat(ChatAction::Newline)], "new line");
const ANSWER: Hint = (&[chat(ChatAction::FocusRequest)], "answer");
const READ: Hint = (&[chat(ChatAction::Stop)], "scroll");
/// It takes two.
const STOP: Hint = (&[chat(ChatAction::Stop), chat(ChatAction::Stop)], "stop");
const CLEAR: Hint = (&[app(AppAction::Interrupt)], "clear");
const NEW: Hint = (&[app(AppAction::NewSession)], "new session");
const SESSIONS: Hint = (&[app(AppAction::ToggleSessions)], "sessions");
const LOGS: Hint = (&[app(AppAction::ToggleLogs)], "logs");
const RETRY: Hint = (&[app(AppAction::Retry)], "try again");
const REVIVE: Hint = (&[app(AppAction::Revive)], "revive");
const HELP: Hint = (&[app(AppAction::Help)], "help");
const QUIT: Hint = (&[app(AppAction::QuitIfEmpty)], "quit");
const QUIT_ALWAYS: Hint = (&[app(AppAction::Quit)], "quit");

const TRANSCRIPT: &[Hint] = &[
    (&[chat(ChatAction::FocusComposer)], "type"),
    (
        &[chat(ChatAction::PreviousBlock), chat(ChatAction::NextBlock)],
        "blocks",
    ),
    (&[chat(ChatAction::Fold)], "fold"),
    (&[chat(ChatAction::FoldTools)], "tools"),
    (&[chat(ChatAction::FoldThinking)], "thinking"),
    (&[chat(ChatAction::CopyMessage)], "copy"),
    HELP,
];

/// The options have their digits beside them.
const PERMISSION: &[Hint] = &[
    MARK,
    (&[chat(ChatAction::RequestAccept)], "choose"),
    (&[chat(ChatAction::RequestFull)], "show all"),
    STOP,
    HELP,
];

const MARK: Hint = (
    &[
        chat(ChatAction::RequestPrevious),
        chat(ChatAction::RequestNext),
    ],
    "move",
);

const QUESTION: &[Hint] = &[
    MARK,
    (&[chat(ChatAction::RequestAccept)], "answer"),
    (&[chat(ChatAction::RequestFull)], "show all"),
    STOP,
    HELP,
];

const INPUT: &[Hint] = &[
    (&[chat(ChatAction::RequestAccept)], "answer"),
    (&[chat(ChatAction::RequestLeave)], "back"),
    HELP,
];

const PICKER: &[Hint] = &[
    (
        &[app(AppAction::ScrollUp), app(AppAction::ScrollDown)],
        "move",
    ),
    (&[app(AppAction::Confirm)], "choose"),
    (&[app(AppAction::Close)], "cancel"),
];

const LIST: &[Hint] = &[
    (&[Action::Sessions(SessionsAction::Open)], "open"),
    (&[app(AppAction::NewSession)], "new"),
    (&[Action::Sessions(SessionsAction::Pause)], "pause/resume"),
    (&[Action::Sessions(SessionsAction::Kill)], "kill"),
    (&[Action::Sessions(SessionsAction::Leave)], "back"),
    (&[Action::Sessions(SessionsAction::Mark)], "mark"),
    HELP,
    QUIT,
];

/// On a sandbox that no session has; not all can be adopted.
const STRANGER: &[Hint] = &[
    (&[Action::Sessions(SessionsAction::Adopt)], "adopt"),
    (&[Action::Sessions(SessionsAction::Pause)], "pause"),
    (&[Action::Sessions(SessionsAction::Kill)], "kill"),
    (&[Action::Sessions(SessionsAction::Mark)], "mark"),
    (&[Action::Sessions(SessionsAction::Leave)], "back"),
    HELP,
    QUIT,
];

/// While rows are marked.
const MARKED: &[Hint] = &[
    (&[Action::Sessions(SessionsAction::Pause)], "pause marked"),
    (&[Action::Sessions(SessionsAction::Kill)], "kill marked"),
    (&[Action::Sessions(SessionsAction::Mark)], "mark"),
    (&[Action::Sessions(SessionsAction::Leave)], "unmark all"),
    HELP,
    QUIT,
];

const LOG: &[Hint] = &[
    (&[logs(LogsAction::Follow)], "follow"),
    (&[logs(LogsAction::Wrap)], "wrap"),
    (&[logs(LogsAction::Times)], "times"),
    (&[app(AppAction::Zoom)], "full screen"),
    (&[logs(LogsAction::Leave)], "back"),
    HELP,
];

impl App {
    pub(super) fn view_hints(&self, area: Rect, buf: &mut Buffer, vx: &ViewCx<'_>) {
        let theme = vx.theme;
        let mut spans = vec![Span::raw(" ")];
        let mut room = usize::from(area.width).saturating_sub(1);
        for (keys, words) in self.hints() {
            let width = wrap::width(&keys) + 1 + wrap::width(words);
            // A shorter one may still fit.
            if width > room {
                continue;
            }
            room = room.saturating_sub(width + 2);
            spans.push(Span::styled(keys, theme.key));
            spans.push(Span::styled(format!(" {words}  "), theme.dim));
        }
        buf.set_line(area.x, area.y, &Line::from(spans), area.width);
    }

    /// Keys and words, the most useful first.
    fn hints(&self) -> Vec<(String, &'static str)> {
        let contexts = self.contexts();
        let hints: Vec<Hint> = match contexts[0] {
            Context::Composer => self.composer_hints(),
            Context::Transcript => TRANSCRIPT.to_vec(),
            Context::Question => QUESTION.to_vec(),
            Context::Permission => PERMISSION.to_vec(),
            Context::RequestInput => INPUT.to_vec(),
            Context::Sessions if self.list.marks() > 0 => MARKED.to_vec(),
            Context::Sessions if self.stranger_selected().is_some() => {
                let adoptable = self.stranger_selected();
                let adoptable = adoptable.is_some_and(|stranger| self.is_adoptable(stranger));
                STRANGER[usize::from(!adoptable)..].to_vec()
            }
            Context::Sessions => LIST.to_vec(),
            Context::Logs => LOG.to_vec(),
            Context::Outside | Context::Anywhere => {
                vec![NEW, HELP, QUIT]
            }
            // What lies on top says its keys itself.
            Context::Picker => PICKER.to_vec(),
            Context::Help | Context::Confirm | Context::Always => Vec::new(),
        };
        let keymap = &self.options.keymap;
        let offered = |action: &Action| {
            let row = keymap.bindings().iter().find(|row| row.action == *action);
            row.is_some_and(|row| self.offers(row))
        };
        hints
            .into_iter()
            .filter(|(actions, _)| actions.iter().all(offered))
            .filter_map(|(actions, words)| {
                let keys: Option<Vec<String>> = actions
                    .iter()
                    .map(|action| keymap.key_for(*action, &contexts).map(ToString::to_string))
                    .collect();
                Some((keys?.join(" "), words))
            })
            .collect()
    }

    fn composer_hints(&self) -> Vec<Hint> {
        let state = self.session().map(super::OpenSession::state);
        let mut hints = vec![SEND];
        match state {
            Some(State::NeedsYou) => hints.push(ANSWER),
            Some(State::Gone) => hints.push(REVIVE),
            Some(State::Failed | State::Reconnecting | State::Paused) => hints.push(RETRY),
            _ => {}
        }
        if self.is_attached() {
            hints.push(NEWLINE);
        }
        hints.push(match state {
            Some(State::Working | State::NeedsYou) => STOP,
            _ => READ,
        });
        hints.extend([SESSIONS, LOGS, HELP]);
        hints.push(if self.composer_is_empty() {
            QUIT
        } else {
            CLEAR
        });
        hints.push(QUIT_ALWAYS);
        if !self.is_attached() {
            hints.push(NEWLINE);
        }
        if self.composer_is_empty() {
            hints.retain(|hint| *hint != QUIT_ALWAYS);
        }
        hints
    }
}
