//! Opens the view of the changes, and performs its actions.

use std::mem;

use super::state::ChangesState;
use super::view::ROOM_FOR_TWO;
use crate::app::action::{AppAction, ChangesAction};
use crate::app::cx::Cx;
use crate::app::effect::Effect;
use crate::app::overlay::Overlay;
use crate::app::overlay::chat_list::ChatListOverlay;
use crate::app::pane::Pane;
use crate::app::{App, OpenSession};
use crate::domain::diff::change_set::ChangesScope;
use crate::domain::preferences::PreferenceChange;
use crate::domain::server::ServerCommand;
use crate::domain::session::SessionCommand;

impl App {
    /// Opens the changes of the session on the screen, in the scope that was shown last.
    pub(in crate::app) fn open_changes(&mut self, cx: &mut Cx<'_>) {
        let Some(session) = self.session() else {
            return self.notify("no session is open", cx);
        };
        let scope = session.changes.scope.clone();
        let scope = self.known_scope(scope);
        self.overlays.push(Overlay::Changes);
        cx.ask(Effect::LoadPreferences);
        self.prefer_beside();
        self.ask_changes(scope, cx);
    }

    /// What the changes can be compared with.
    fn scopes(&self) -> Vec<ChangesScope> {
        if self.session().is_some_and(OpenSession::is_asleep) {
            return vec![ChangesScope::Snapshot];
        }
        let prompt = self.session().and_then(OpenSession::last_prompt);
        let session = (!self.is_attached()).then_some(ChangesScope::Session);
        let others = [ChangesScope::Uncommitted, ChangesScope::Branch];
        let scopes = session.into_iter().chain(others);
        scopes.chain(prompt.map(ChangesScope::Turn)).collect()
    }

    /// The same as before, if it is still known, or else what the session began with.
    fn known_scope(&self, scope: Option<ChangesScope>) -> ChangesScope {
        let scopes = self.scopes();
        let kinds = || scopes.iter().map(mem::discriminant);
        let known = scope.filter(|scope| kinds().any(|kind| kind == mem::discriminant(scope)));
        known.unwrap_or_else(|| scopes[0].clone())
    }

    fn ask_changes(&mut self, mut scope: ChangesScope, cx: &mut Cx<'_>) {
        if let ChangesScope::Turn(_) = scope {
            // The last turn is that of now, not that of when it was chosen.
            let last = self.session().and_then(OpenSession::last_prompt);
            scope = last.map_or(scope, ChangesScope::Turn);
        }
        let Some(session) = self.session_mut() else {
            return;
        };
        session.changes.ask(scope.clone());
        let asked = SessionCommand::Server(ServerCommand::Changes(scope));
        session.command(asked, cx);
    }

    fn changes_mut(&mut self) -> Option<&mut ChangesState> {
        self.session_mut().map(|session| &mut session.changes)
    }

    pub(in crate::app) fn act_changes(&mut self, action: ChangesAction, cx: &mut Cx<'_>) {
        let scope = self.session().and_then(|one| one.changes.scope.clone());
        match (action, scope) {
            (ChangesAction::Comment, _) => self.comment(cx),
            (ChangesAction::Search, _) => {
                let list = ChatListOverlay::search("Search in the changes");
                self.overlays.push(Overlay::Chat(list));
            }
            (ChangesAction::NextMatch | ChangesAction::PreviousMatch, _)
                if !self.searches_changes() =>
            {
                self.notify("search for something first", cx);
            }
            (ChangesAction::Apply | ChangesAction::ApplyAll, _) => self.try_changes(action, cx),
            (ChangesAction::Discard, _) => self.ask_discard(cx),
            (ChangesAction::UndoDiscard, _) => self.undo_discard(cx),
            (ChangesAction::Beside, _) => self.turn_beside(cx),
            (ChangesAction::Again, scope @ Some(_)) => {
                let scope = self.known_scope(scope);
                self.ask_changes(scope, cx);
            }
            (ChangesAction::Scope, Some(scope)) => {
                let scopes = self.scopes();
                let kind = mem::discriminant(&scope);
                let at = scopes.iter().position(|one| mem::discriminant(one) == kind);
                let next = at.map_or(0, |at| (at + 1) % scopes.len());
                self.ask_changes(scopes[next].clone(), cx);
            }
            _ => {
                if let Some(changes) = self.changes_mut() {
                    changes.act(action);
                }
            }
        }
    }

    /// Shows old and new side by side, or no longer; here and in all sessions from now on.
    fn turn_beside(&mut self, cx: &mut Cx<'_>) {
        let on = !self.preferences.side_by_side;
        self.preferences.side_by_side = on;
        cx.ask(Effect::Remember(PreferenceChange::SideBySide(on)));
        self.prefer_beside();
        if self
            .session()
            .is_some_and(|session| on && !session.changes.is_beside())
        {
            self.notify(format!("side by side needs {ROOM_FOR_TWO} columns"), cx);
        }
    }

    /// The changes on the screen are shown as the user prefers.
    pub(in crate::app) fn prefer_beside(&mut self) {
        let on = self.preferences.side_by_side;
        if let Some(changes) = self.changes_mut() {
            changes.show_beside(on);
        }
    }

    fn searches_changes(&self) -> bool {
        self.session()
            .is_some_and(|session| session.changes.search.is_on())
    }

    /// Ends the search in the changes, if they are on top and there is one.
    pub(in crate::app) fn end_changes_search(&mut self) -> bool {
        self.overlays.top() == Some(&Overlay::Changes)
            && self.changes_mut().is_some_and(ChangesState::end_search)
    }

    pub(in crate::app) fn scroll_changes(&mut self, rows: i16) {
        if let Some(changes) = self.changes_mut() {
            changes.go(rows);
        }
    }

    /// Quotes the selected lines at the end of the composer, and leaves the changes: the comment is written there, and
    /// all comments are sent as one prompt.
    fn comment(&mut self, cx: &mut Cx<'_>) {
        let Some(session) = self.session_mut() else {
            return;
        };
        let Some(quote) = session.changes.quote() else {
            return;
        };
        if !session.chat.quote(&quote) {
            let words =
                "cannot quote now: first send or clear the shell line or answer in the composer";
            return self.notify(words, cx);
        }
        session.changes.mark = None;
        self.overlays.pop();
        self.focus.go_to(Pane::Chat);
        let back = self.key_of(AppAction::Changes);
        let words = match back.as_str() {
            "" => "quoted; write your comment below the lines".to_owned(),
            back => format!(
                "quoted; write your comment below the lines; {back} goes back to the changes"
            ),
        };
        self.notify(words, cx);
    }
}
