//! Why an action cannot run now. What only a chat knows, it says itself.

use crate::app::action::{Action, AppAction, ChatAction, SessionsAction};
use crate::app::input::keymap::Binding;
use crate::app::session::boot::recovery::{has_sandbox, takes_template};
use crate::app::session::revive::can_revive;
use crate::app::{App, OpenSession, Pane};
use crate::domain::sandbox::Phase;

const NO_SESSION: &str = "no session is open";

impl App {
    /// Why the action would do nothing now; `None`: it can run.
    pub(super) fn why_not(&self, row: &Binding) -> Option<&'static str> {
        if !self.offers(row) {
            let words = row.action.without_sandbox();
            return words.or(Some("not while attached to a server"));
        }
        match row.action {
            Action::App(action) => self.why_not_root(action),
            Action::Chat(action) => self.why_not_chat(action),
            Action::Sessions(action) => self.why_not_list(action),
            Action::Changes(_) => Some("only in the changes"),
            Action::Logs(_) => self.session().is_none().then_some(NO_SESSION),
        }
    }

    fn why_not_chat(&self, action: ChatAction) -> Option<&'static str> {
        match self.session() {
            Some(session) => session.chat.why_not(action),
            None => Some(NO_SESSION),
        }
    }

    /// What is selected in the list must be seen.
    fn why_not_list(&self, action: SessionsAction) -> Option<&'static str> {
        let is_there = self.focus.is_on(Pane::Sessions);
        match action {
            _ if !is_there => Some("only in the session list"),
            SessionsAction::Adopt if self.selected_unattached().is_none() => {
                Some("select a sandbox without a session")
            }
            _ => None,
        }
    }

    fn why_not_root(&self, action: AppAction) -> Option<&'static str> {
        let session = self.session();
        let needs_session = matches!(
            action,
            AppAction::Changes
                | AppAction::UpdateSession
                | AppAction::Retry
                | AppAction::Revive
                | AppAction::UseTemplate
                | AppAction::Shell
                | AppAction::Extend
        );
        if needs_session && session.is_none() {
            return Some(NO_SESSION);
        }
        let is = |test: fn(&OpenSession) -> bool| session.is_some_and(test);
        let is_gone = is(|session| matches!(session.phase(), Phase::Gone(_)));
        match action {
            AppAction::NextNeedsYou | AppAction::PeekNext
                if self.all_sessions().next_waiting().is_none() =>
            {
                Some("no session needs you")
            }
            AppAction::Revive if !is_gone => Some("the sandbox still exists"),
            AppAction::Revive if !is(can_revive) => Some("there is no snapshot"),
            AppAction::UseTemplate if !is(takes_template) => Some("only before the first message"),
            AppAction::Shell if is_gone => Some("the sandbox is gone"),
            AppAction::Shell if !is(has_sandbox) => Some("there is no sandbox yet"),
            AppAction::Extend if !is(|session| session.ends_at().is_some()) => {
                Some("the sandbox has no time limit")
            }
            AppAction::QuitIfEmpty if !self.composer_is_empty() => {
                Some("the composer is not empty")
            }
            AppAction::CancelSequence => Some("only after the first key"),
            AppAction::Confirm
            | AppAction::Close
            | AppAction::ScrollDown
            | AppAction::ScrollUp
            | AppAction::PageDown
            | AppAction::PageUp
            | AppAction::CopyRow
            | AppAction::RenameRow
            | AppAction::DeleteRow
            | AppAction::FavouriteModel => Some("only in a list or a dialog"),
            _ => None,
        }
    }
}
