//! Takes changes back in the sandbox after the user has agreed, and brings them again.

use crate::app::App;
use crate::app::action::ChangesAction;
use crate::app::cx::Cx;
use crate::app::overlay::{Confirm, Overlay};
use crate::domain::diff::apply::DiscardRequest;
use crate::domain::diff::change_set::ChangesScope;
use crate::domain::failure::Failure;
use crate::domain::id::SessionKey;
use crate::domain::server::ServerCommand;
use crate::domain::session::SessionCommand;

impl App {
    /// Asks whether to discard the selected rows.
    pub(super) fn ask_discard(&mut self, cx: &mut Cx<'_>) {
        let Some((key, session)) = self.open.shown().cloned().zip(self.session()) else {
            return;
        };
        let changes = &session.changes;
        let why = match changes.scope {
            Some(ChangesScope::Session) => "these changes cannot be discarded",
            Some(ChangesScope::Snapshot) => {
                "changes can be discarded only while the sandbox runs: resume or revive the session first"
            }
            _ => "only the session's own changes can be discarded: choose that comparison",
        };
        let is_session = changes.scope == Some(ChangesScope::Session);
        let set = changes.set().filter(|_| is_session);
        let Some(request) = set.and_then(|set| set.discard_of(&changes.selected())) else {
            return self.notify(why, cx);
        };
        self.overlays.push(Overlay::Confirm(Confirm::Discard {
            key,
            request,
            scroll: 0,
        }));
    }

    /// Brings the changes that were discarded last.
    pub(super) fn undo_discard(&mut self, cx: &mut Cx<'_>) {
        let Some(key) = self.open.shown().cloned() else {
            return;
        };
        let last = self
            .session_mut()
            .and_then(|one| one.changes.discarded.pop());
        match last {
            Some(request) => self.discard(&key, request, cx),
            None => self.notify("nothing was discarded here", cx),
        }
    }

    /// Performs a request, after the user has agreed.
    pub(in crate::app) fn discard(
        &mut self,
        key: &SessionKey,
        request: DiscardRequest,
        cx: &mut Cx<'_>,
    ) {
        let words = if request.again {
            "bringing it back …"
        } else {
            "discarding …"
        };
        self.notify(words, cx);
        if let Some(session) = self.open.get_mut(key) {
            let command = ServerCommand::Discard(request);
            session.command(SessionCommand::Server(command), cx);
        }
    }

    /// A request was performed, or failed; the changes are asked for again.
    pub(in crate::app) fn discarded(
        &mut self,
        key: &SessionKey,
        request: DiscardRequest,
        result: Result<(), Failure>,
        cx: &mut Cx<'_>,
    ) {
        let is_open = self.open.is_shown(key) && self.overlays.has(&Overlay::Changes);
        let undo = self.changes_key(ChangesAction::UndoDiscard);
        let Some(session) = self.open.get_mut(key) else {
            return;
        };
        let undone = DiscardRequest {
            again: !request.again,
            ..request.clone()
        };
        let words = match (result, request.again) {
            (Ok(()), false) => {
                session.changes.discarded.push(undone);
                match undo.as_str() {
                    "" => "discarded".to_owned(),
                    undo => format!("discarded; {undo} brings it back"),
                }
            }
            (Ok(()), true) => "brought back".to_owned(),
            (Err(failure), again) => {
                if again {
                    // It can be tried again.
                    session.changes.discarded.push(request);
                }
                failure.line()
            }
        };
        self.status.notify_long(words, cx.now);
        if is_open {
            self.act_changes(ChangesAction::Again, cx);
        }
    }
}

/// What would be discarded, one paragraph each.
pub(in crate::app::overlay) fn discard_words(name: &str, request: &DiscardRequest) -> Vec<String> {
    let mut words = vec![
        format!("Discard these changes in the sandbox of {name}?"),
        String::new(),
    ];
    words.extend(request.parts.iter().cloned());
    words.push(String::new());
    words.push(
        "The files lose only these changes; the index and the commits stay as they are.".to_owned(),
    );
    words
}
