//! The most useful keys for the focused part, as the user has bound them.

use ratatui::text::{Line, Span};

use super::theme::Theme;
use crate::app::App;
use crate::app::action::{
    Action, AppAction, ChangesAction, ChatAction, LogsAction, SessionsAction,
};
use crate::app::input::keymap::KeyContext;
use crate::domain::sandbox::SessionStatus;
use crate::text::wrap;

/// Actions whose keys are shown together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app) struct KeyHint {
    actions: &'static [Action],
    /// Replaces the table's word for the first action, if the word depends on more than the
    /// context.
    words: Option<&'static str>,
}

/// `hint!(Room::Action)`, with another word `hint!(Room::Action => "word")`.
macro_rules! hint {
    ($($room:ident::$action:ident)+) => {
        KeyHint { actions: &[$(Action::$room(hint!(@$room $action))),+], words: None }
    };
    ($($room:ident::$action:ident)+ => $words:literal) => {
        KeyHint { actions: &[$(Action::$room(hint!(@$room $action))),+], words: Some($words) }
    };
    (@App $action:ident) => { AppAction::$action };
    (@Chat $action:ident) => { ChatAction::$action };
    (@Sessions $action:ident) => { SessionsAction::$action };
    (@Logs $action:ident) => { LogsAction::$action };
    (@Changes $action:ident) => { ChangesAction::$action };
}

const SCROLL: KeyHint = hint!(Chat::Stop => "scroll");
const VIM_NORMAL: KeyHint = hint!(Chat::Stop => "normal mode");
/// Stopping takes two presses.
const STOP: KeyHint = hint!(Chat::Stop Chat::Stop);
const HELP: KeyHint = hint!(App::Help);
const QUIT: KeyHint = hint!(App::QuitIfEmpty);

const TRANSCRIPT: &[KeyHint] = &[
    hint!(Chat::FocusComposer),
    hint!(Chat::PreviousBlock Chat::NextBlock),
    hint!(Chat::Fold),
    hint!(Chat::FoldTools),
    hint!(Chat::FoldThinking),
    hint!(Chat::CopyMessage),
    HELP,
];

/// The options show their digits themselves.
const REQUEST: &[KeyHint] = &[
    hint!(Chat::RequestPrevious Chat::RequestNext),
    hint!(Chat::RequestAccept),
    hint!(Chat::RequestFull),
    STOP,
    HELP,
];

/// The options show their digits themselves.
const PEEK: &[KeyHint] = &[
    hint!(Chat::RequestPrevious Chat::RequestNext),
    hint!(Chat::RequestAccept),
    hint!(Chat::RequestFull),
    hint!(App::OpenPeeked),
    hint!(Chat::Stop => "close"),
];

/// The menu above the composer.
const MENU: &[KeyHint] = &[
    hint!(Chat::MenuAccept),
    hint!(Chat::MenuComplete),
    hint!(Chat::MenuPrevious Chat::MenuNext),
    hint!(Chat::MenuClose),
    HELP,
];

const INPUT: &[KeyHint] = &[hint!(Chat::RequestAccept), hint!(Chat::RequestLeave), HELP];

const PICKER: &[KeyHint] = &[
    hint!(App::ScrollUp App::ScrollDown),
    hint!(App::Confirm),
    hint!(App::Close),
];

const CONVERSATIONS: &[KeyHint] = &[
    hint!(App::ScrollUp App::ScrollDown),
    hint!(App::Confirm),
    hint!(App::RenameRow),
    hint!(App::DeleteRow),
    hint!(App::Close),
];

/// In a field for a password there is nothing to move to.
const PASSWORD: &[KeyHint] = &[hint!(App::Confirm => "connect"), hint!(App::Close)];

const PROVIDER_KEY: &[KeyHint] = &[hint!(App::Confirm => "store"), hint!(App::Close)];

/// The address of a login in the browser is known.
const LOGIN: &[KeyHint] = &[
    hint!(App::Confirm => "open the browser"),
    hint!(App::CopyRow => "copy the address"),
    hint!(App::Close),
];

/// A code was typed.
const LOGIN_CODE: &[KeyHint] = &[
    hint!(App::Confirm => "send the code"),
    hint!(App::CopyRow => "copy the address"),
    hint!(App::Close),
];

const LOGIN_AGAIN: &[KeyHint] = &[hint!(App::Confirm => "begin again"), hint!(App::Close)];

const LOGIN_ENDS: &[KeyHint] = &[hint!(App::Close)];

const LINKS: &[KeyHint] = &[
    hint!(App::ScrollUp App::ScrollDown),
    hint!(App::Confirm),
    hint!(App::CopyRow),
    hint!(App::Close),
];

const CHANGES: &[KeyHint] = &[
    hint!(Changes::PreviousFile Changes::NextFile),
    hint!(Changes::PreviousHunk Changes::NextHunk),
    hint!(Changes::Comment),
    hint!(Changes::Viewed),
    hint!(App::Close),
    hint!(Changes::Apply),
    hint!(Changes::Search),
    hint!(Changes::Discard),
    hint!(Changes::Scope),
    hint!(Changes::Whitespace),
    hint!(Changes::Beside),
    hint!(Changes::Mark),
    hint!(Changes::Again),
];

const LIST: &[KeyHint] = &[
    hint!(Sessions::Open),
    hint!(App::NewSession),
    hint!(Sessions::Pause),
    hint!(Sessions::Kill),
    hint!(Sessions::Leave),
    hint!(Sessions::Filter),
    hint!(Sessions::Mark),
    HELP,
    QUIT,
];

/// On an unattached sandbox; not every one can be adopted.
const UNATTACHED: &[KeyHint] = &[
    hint!(Sessions::Adopt),
    hint!(Sessions::Pause => "pause"),
    hint!(Sessions::Kill),
    hint!(Sessions::Mark),
    hint!(Sessions::Leave),
    HELP,
    QUIT,
];

/// While the list is narrowed.
const FILTERED: &[KeyHint] = &[
    hint!(Sessions::Open),
    hint!(Sessions::MarkAll),
    hint!(Sessions::Leave => "show all"),
    hint!(Sessions::Filter),
    hint!(Sessions::Pause),
    hint!(Sessions::Kill),
    HELP,
    QUIT,
];

const FILTER: &[KeyHint] = &[
    hint!(Sessions::KeepFilter),
    hint!(Sessions::Previous Sessions::Next),
    hint!(Sessions::Leave),
    HELP,
];

/// While rows are marked.
const MARKED: &[KeyHint] = &[
    hint!(Sessions::Pause => "pause marked"),
    hint!(Sessions::Kill => "kill marked"),
    hint!(Sessions::Mark),
    hint!(Sessions::Leave => "unmark all"),
    HELP,
    QUIT,
];

const LOG: &[KeyHint] = &[
    hint!(Logs::Follow),
    hint!(Logs::Wrap),
    hint!(Logs::Times),
    hint!(App::Zoom),
    hint!(Logs::Leave),
    HELP,
];

/// The keys that close and scroll an overlay.
pub(in crate::app) const CLOSE: KeyHint = hint!(App::Close);
pub(in crate::app) const SCROLL_OVERLAY: KeyHint = hint!(App::ScrollUp App::ScrollDown);
pub(in crate::app) const SWITCH: KeyHint = hint!(App::Confirm);
pub(in crate::app) const YES: KeyHint = hint!(App::Confirm);

impl App {
    /// The most useful keys that fit.
    pub(in crate::app) fn hint_line(&self, room: usize, theme: &Theme) -> Line<'static> {
        let mut spans = vec![Span::raw(" ")];
        let mut room = room.saturating_sub(1);
        for (keys, words) in self.hints(theme) {
            let width = wrap::width(&keys) + 1 + wrap::width(words);
            // A shorter one may still fit.
            if width > room {
                continue;
            }
            room = room.saturating_sub(width + 2);
            spans.push(Span::styled(keys, theme.key));
            spans.push(Span::styled(format!(" {words}  "), theme.dim));
        }
        Line::from(spans)
    }

    /// The keys of a login in the browser, by what it waits for.
    fn login_hints(&self) -> Vec<KeyHint> {
        let Some(login) = self.overlays.login() else {
            return Vec::new();
        };
        let hints = if login.has_failed() || self.is_login_lost(login) {
            LOGIN_AGAIN
        } else if login.has_code() {
            LOGIN_CODE
        } else if login.url().is_some() {
            LOGIN
        } else {
            LOGIN_ENDS
        };
        hints.to_vec()
    }

    /// Keys and words, the most useful first.
    fn hints(&self, theme: &Theme) -> Vec<(String, &'static str)> {
        let contexts = self.contexts();
        let hints: Vec<KeyHint> = match contexts[0] {
            // Where the chat has no use for it, the key closes by itself.
            KeyContext::Peek => vec![hint!(App::OpenPeeked), CLOSE],
            _ if self.peeked().is_some() => PEEK.to_vec(),
            KeyContext::Composer => self.composer_hints(),
            KeyContext::Completion => MENU.to_vec(),
            KeyContext::Transcript => TRANSCRIPT.to_vec(),
            KeyContext::Question | KeyContext::Permission => REQUEST.to_vec(),
            KeyContext::RequestInput => INPUT.to_vec(),
            KeyContext::Sessions if self.list.marks() > 0 => MARKED.to_vec(),
            KeyContext::SessionFilter => FILTER.to_vec(),
            KeyContext::Sessions if self.list.filtered().is_some() => FILTERED.to_vec(),
            KeyContext::Sessions if self.selected_unattached().is_some() => {
                let adoptable = self.selected_unattached();
                let adoptable = adoptable
                    .is_some_and(|unattached_sandbox| self.list.is_adoptable(unattached_sandbox));
                UNATTACHED[usize::from(!adoptable)..].to_vec()
            }
            KeyContext::Sessions => LIST.to_vec(),
            KeyContext::Logs => LOG.to_vec(),
            KeyContext::Outside | KeyContext::Anywhere | KeyContext::Sequence => {
                vec![hint!(App::NewSession), HELP, QUIT]
            }
            KeyContext::Picker if self.overlays.asks_password() => PASSWORD.to_vec(),
            KeyContext::Picker if self.overlays.asks_provider_key() => PROVIDER_KEY.to_vec(),
            KeyContext::Picker if self.overlays.login().is_some() => self.login_hints(),
            KeyContext::Picker if self.overlays.lists_conversations() => CONVERSATIONS.to_vec(),
            KeyContext::Picker => PICKER.to_vec(),
            KeyContext::Links => LINKS.to_vec(),
            KeyContext::Changes => CHANGES.to_vec(),
            // An overlay shows its keys itself.
            KeyContext::Help
            | KeyContext::Confirm
            | KeyContext::ServerStatus
            | KeyContext::Always => Vec::new(),
        };
        let hints = hints.into_iter();
        hints
            .filter_map(|hint| self.hint(hint, &contexts, theme))
            .collect()
    }

    /// The keys of a hint and its words; `None` if one of its actions has no key.
    pub(in crate::app) fn hint(
        &self,
        hint: KeyHint,
        contexts: &[KeyContext],
        theme: &Theme,
    ) -> Option<(String, &'static str)> {
        let mut names = String::new();
        let mut of_table = None;
        for action in hint.actions {
            let (keys, row) = self.options.keymap.hint_for(*action, contexts)?;
            if !self.offers(row) {
                return None;
            }
            let key = theme.key_names(&keys.to_string());
            // Arrows are written without a separator.
            if !names.is_empty() && (key.is_ascii() || names.is_ascii()) {
                names.push(' ');
            }
            names.push_str(&key);
            of_table.get_or_insert(row.hint);
        }
        Some((names, hint.words.or(of_table)?))
    }

    /// Whether the key that stops a turn now means something to vim.
    fn vim_takes_stop(&self) -> bool {
        let stop = self.key_name(Action::Chat(ChatAction::Stop));
        let takes_it = |key| {
            self.session()
                .is_some_and(|session| session.chat.claims_key(key))
        };
        stop.parse().is_ok_and(takes_it)
    }

    fn composer_hints(&self) -> Vec<KeyHint> {
        let state = self.session().map(crate::app::OpenSession::state);
        let mut hints: Vec<KeyHint> = Vec::new();
        if self.session().is_none_or(|session| session.chat.can_send()) {
            hints.push(hint!(Chat::Send));
        }
        match state {
            Some(SessionStatus::NeedsYou) => hints.push(hint!(Chat::FocusRequest)),
            Some(SessionStatus::Gone) => hints.push(hint!(App::Revive)),
            Some(SessionStatus::Paused) => hints.push(hint!(App::Retry => "resume")),
            Some(SessionStatus::Failed | SessionStatus::Reconnecting) => {
                hints.push(hint!(App::Retry));
            }
            _ => {}
        }
        hints.push(match state {
            _ if self.vim_takes_stop() => VIM_NORMAL,
            Some(SessionStatus::Working | SessionStatus::NeedsYou) => STOP,
            _ => SCROLL,
        });
        let panes = [hint!(App::ToggleSessions), hint!(App::ToggleLogs)];
        let leave = if self.composer_is_empty() {
            vec![HELP, QUIT]
        } else {
            vec![HELP, hint!(App::Interrupt), hint!(App::Quit)]
        };
        // Who is attached to one server has come to leave it again.
        let more = if self.is_attached() {
            [leave, panes.into()]
        } else {
            [panes.into(), leave]
        };
        hints.extend(more.concat());
        hints.push(hint!(Chat::Newline));
        hints
    }
}
