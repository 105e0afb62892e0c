//! Takes changes into the user's work tree: first it is tried, then the user is told what would come of it and asked.

use super::from_home::conflicts_in;
use crate::app::App;
use std::sync::Arc;

use crate::app::action::ChangesAction;
use crate::app::cx::Cx;
use crate::app::overlay::{Confirm, Overlay};
use crate::domain::diff::apply::{Applied, ApplyRequest, ApplyStep};
use crate::domain::diff::change_set::ChangesScope;
use crate::domain::failure::Failure;
use crate::domain::id::SessionKey;
use crate::domain::server::ServerCommand;
use crate::domain::session::SessionCommand;

impl App {
    /// Tries the selected rows, or all.
    pub(super) fn try_changes(&mut self, action: ChangesAction, cx: &mut Cx<'_>) {
        let Some(session) = self.session() else {
            return;
        };
        let changes = &session.changes;
        let Some(set) = changes.set() else { return };
        let from_snapshot = match changes.scope {
            Some(ChangesScope::Session) => Some(false),
            Some(ChangesScope::Snapshot) => Some(true),
            _ => None,
        };
        let Some(from_snapshot) = from_snapshot else {
            let why = "only the session's own changes can be applied: choose that comparison";
            return self.notify(why, cx);
        };
        let rows = changes.selected();
        let patch: Arc<[u8]> = match action {
            ChangesAction::ApplyAll => Arc::clone(&set.patch),
            _ => set.patch_of(&rows).into(),
        };
        if patch.is_empty() {
            return self.notify("there are no changes to apply here", cx);
        }
        let Some(key) = self.open.shown().cloned() else {
            return;
        };
        let project = self.list.row(&key).and_then(|row| row.project.clone());
        let Some(root) = project else {
            return self.notify("this session has no work tree on this machine", cx);
        };
        let step = ApplyStep::Try;
        let request = ApplyRequest {
            root,
            patch,
            from_snapshot,
            step,
        };
        self.apply_changes(&key, request, cx);
    }

    /// Performs a request that was tried, after the user has agreed.
    pub(in crate::app) fn apply_changes(
        &mut self,
        key: &SessionKey,
        request: ApplyRequest,
        cx: &mut Cx<'_>,
    ) {
        let words = match request.step {
            ApplyStep::Try => "checking for conflicts; nothing is changed yet …",
            ApplyStep::Refuse | ApplyStep::Mark => "applying …",
        };
        self.notify(words, cx);
        let command = SessionCommand::Server(ServerCommand::Apply(request));
        if let Some(session) = self.open.get_mut(key) {
            session.command(command, cx);
        }
    }

    /// A request was tried or performed.
    pub(in crate::app) fn changes_applied(
        &mut self,
        key: &SessionKey,
        request: ApplyRequest,
        applied: Result<Applied, Failure>,
        cx: &mut Cx<'_>,
    ) {
        let applied = match applied {
            Ok(applied) => applied,
            Err(failure) => return self.status.notify_long(failure.line(), cx.now),
        };
        let root = request.root.display().to_string();
        if applied.files.is_empty() {
            let words = format!("{root} already has these changes");
            return self.status.notify_long(words, cx.now);
        }
        if request.step != ApplyStep::Try {
            return self.status.notify_long(done(&root, &applied), cx.now);
        }
        // Who has left the changes meanwhile is not asked.
        if self.open.is_shown(key) && self.overlays.top() == Some(&Overlay::Changes) {
            self.status.clear();
            let step = if applied.conflicts.is_empty() {
                ApplyStep::Refuse
            } else {
                ApplyStep::Mark
            };
            self.overlays.push(Overlay::Confirm(Confirm::Apply {
                key: key.clone(),
                request: ApplyRequest { step, ..request },
                applied,
                scroll: 0,
            }));
        }
    }
}

/// `2 files applied to /home/ada/project; conflicts in a.rs`.
fn done(root: &str, applied: &Applied) -> String {
    let changed = files(applied.files.len());
    match applied.conflicts.len() {
        0 => format!("{changed} applied to {root}"),
        _ => format!(
            "{changed} applied to {root}; {}",
            conflicts_in(&applied.conflicts)
        ),
    }
}

fn files(count: usize) -> String {
    match count {
        1 => "1 file".to_owned(),
        n => format!("{n} files"),
    }
}

/// What would come of a request, one paragraph each.
pub(in crate::app::overlay) fn apply_words(
    name: &str,
    request: &ApplyRequest,
    applied: &Applied,
) -> Vec<String> {
    let mut words = vec![
        format!(
            "Apply changes from session {name} to {}?",
            request.root.display()
        ),
        String::new(),
    ];
    words.extend(applied.files.iter().cloned());
    words.push(String::new());
    let merged = applied.merged.saturating_sub(applied.conflicts.len());
    if merged > 0 {
        let merged = files(merged);
        words.push(format!(
            "{merged} changed here too; sandbar merges both changes."
        ));
    }
    if applied.already > 0 {
        let have = if applied.already == 1 { "has" } else { "have" };
        let files = files(applied.already);
        words.push(format!("{files} already {have} the changes."));
    }
    if !applied.conflicts.is_empty() {
        words.push(
            "These files have conflicts: the same lines changed here and in the session. They will be \
             marked with <<<<<<< and >>>>>>>:"
                .to_owned(),
        );
        words.extend(applied.conflicts.iter().cloned());
    }
    words.push("Only files change; the index and the commits stay as they are.".to_owned());
    words
}
