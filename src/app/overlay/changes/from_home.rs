//! Takes what has changed at home into the sandbox of the session on the screen, after a question.

use std::path::{Path, PathBuf};

use crate::app::App;
use crate::app::action::ChangesAction;
use crate::app::cx::Cx;
use crate::app::overlay::{Confirm, Overlay};
use crate::domain::diff::update::UpdateResult;
use crate::domain::failure::Failure;
use crate::domain::id::SessionKey;
use crate::domain::server::ServerCommand;
use crate::domain::session::SessionCommand;

/// How many files in conflict a notice names.
const NAMED: usize = 3;

impl App {
    /// Asks whether to update the session on the screen.
    pub(in crate::app) fn ask_update(&mut self, cx: &mut Cx<'_>) {
        let Some((key, session)) = self.open.shown().cloned().zip(self.session()) else {
            return self.notify("no session is open", cx);
        };
        let is_connected = session.chat.is_connected();
        let project = self.list.row(&key).and_then(|row| row.project.clone());
        match project {
            _ if !is_connected => self.advise("this needs a connection to the server", cx),
            None => self.notify("this session has no work tree on this machine", cx),
            Some(root) => {
                let question = Confirm::Update { key, root };
                self.overlays.push(Overlay::Confirm(question));
            }
        }
    }

    /// Updates a session, after the user has agreed.
    pub(in crate::app) fn update_session(
        &mut self,
        key: &SessionKey,
        root: PathBuf,
        cx: &mut Cx<'_>,
    ) {
        self.notify("updating the session …", cx);
        if let Some(session) = self.open.get_mut(key) {
            let command = ServerCommand::Update(root);
            session.command(SessionCommand::Server(command), cx);
        }
    }

    /// A session was updated, or could not be.
    pub(in crate::app) fn session_updated(
        &mut self,
        key: &SessionKey,
        updated: Result<UpdateResult, Failure>,
        cx: &mut Cx<'_>,
    ) {
        let name = self.list.name(key).to_owned();
        let words = match updated {
            Ok(updated) => format!("{name}: {}", words(&updated)),
            Err(failure) => format!("{name}: {}", failure.line()),
        };
        self.status.notify_long(words, cx.now);
        if self.open.is_shown(key) && self.overlays.has(&Overlay::Changes) {
            self.act_changes(ChangesAction::Again, cx);
        }
    }
}

/// What became of an update, on one line.
fn words(updated: &UpdateResult) -> String {
    let conflicts = updated.conflict_lines();
    if conflicts.is_empty() {
        return updated.words();
    }
    format!("{}; {}", updated.words(), conflicts_in(&conflicts))
}

/// `conflicts in a.rs, b.rs and 2 more`
pub(super) fn conflicts_in(files: &[String]) -> String {
    let named = files.iter().take(NAMED).cloned();
    let named = named.collect::<Vec<_>>().join(", ");
    let more = match files.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("conflicts in {named}{more}")
}

/// What an update does, one paragraph each.
pub(in crate::app::overlay) fn update_words(name: &str, root: &Path) -> Vec<String> {
    vec![
        format!("Merge changes from {} into session {name}?", root.display()),
        String::new(),
        "Your commits and uncommitted changes are merged with the agent's work. If both changed the \
         same lines, the file gets conflict markers for the agent to resolve."
            .to_owned(),
    ]
}
