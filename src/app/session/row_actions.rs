//! Performs what the session list requests for its rows. What concerns the records of sessions, not their sandboxes, is
//! decided here: names, places in the list, and deletion for good.

use crate::app::cx::Cx;
use crate::app::effect::Effect;
use crate::app::overlay::chat_list::ChatListOverlay;
use crate::app::overlay::kill_confirm::kill_targets;
use crate::app::overlay::{Confirm, Overlay};
use crate::app::sessions::bulk::BulkOp;
use crate::app::sessions::{RowTarget, SessionsOutcome};
use crate::app::{App, Pane};
use crate::domain::failure::Failure;
use crate::domain::id::SessionKey;
use crate::domain::sandbox::SessionStatus;
use crate::domain::session::{CloseAction, ListPlace};

impl App {
    /// Performs what the list wants.
    pub(in crate::app) fn sessions_outcome(&mut self, outcome: SessionsOutcome, cx: &mut Cx<'_>) {
        match outcome {
            SessionsOutcome::Open(key) => self.show(key, cx),
            SessionsOutcome::Peek(key) => self.peek(key, cx),
            SessionsOutcome::PauseOrResume(key) => self.pause_or_resume(&key, cx),
            SessionsOutcome::Pause(rows) => self.begin_bulk(BulkOp::Pause, &rows, cx),
            SessionsOutcome::AskKill(rows) => self.ask_kill(&rows, cx),
            SessionsOutcome::AskRemove(keys) => self.ask_remove(keys),
            SessionsOutcome::Rename(key) => self.ask_session_name(key),
            SessionsOutcome::Pin(keys) => self.pin(keys, cx),
            SessionsOutcome::Archive(keys) => self.archive(keys, cx),
            SessionsOutcome::Adopt(id) => self.adopt(&id, cx),
            SessionsOutcome::IsStrange => self.cannot_open(cx),
            SessionsOutcome::IsSession => {
                self.notify("this sandbox already has a session here", cx);
            }
            SessionsOutcome::IsAlone => {
                self.advise("there is no other conversation in its sandbox", cx);
            }
            SessionsOutcome::Leave => self.focus.go_to(Pane::Chat),
        }
    }

    /// Asks whether to kill the sandboxes of these rows; all sessions that share one lose it.
    fn ask_kill(&mut self, rows: &[RowTarget], cx: &Cx<'_>) {
        let targets = kill_targets(rows, self.all_sessions());
        if !targets.is_empty() {
            let question = Confirm::Kill { targets, scroll: 0 };
            self.overlays.push(Overlay::Confirm(question));
            return;
        }
        let words = match rows {
            [row] => format!("{} is already gone", self.all_sessions().target_name(row)),
            _ => "all of them are already gone".to_owned(),
        };
        self.list.unmark();
        self.notify(words, cx);
    }

    /// Asks for a session's new name.
    pub(in crate::app) fn ask_session_name(&mut self, key: SessionKey) {
        let name = self.list.name(&key).to_owned();
        let field = ChatListOverlay::rename_session(key, &name);
        self.overlays.push(Overlay::Chat(field));
    }

    /// A name was refused: it is asked for again, with what was typed.
    pub(in crate::app) fn session_not_renamed(
        &mut self,
        key: SessionKey,
        name: &str,
        why: &str,
        cx: &mut Cx<'_>,
    ) {
        self.notify(format!("not renamed: {why}"), cx);
        if self.overlays.is_empty() {
            let field = ChatListOverlay::rename_session(key, name);
            self.overlays.push(Overlay::Chat(field));
        }
    }

    /// Pins these sessions; unpins them if all are pinned.
    pub(in crate::app) fn pin(&mut self, keys: Vec<SessionKey>, cx: &mut Cx<'_>) {
        let rows = keys.iter().filter_map(|key| self.list.row(key));
        let on = !rows.clone().all(|row| row.pinned);
        for key in &keys {
            if let Some(row) = self.list.row_mut(key) {
                row.pinned = on;
            }
        }
        let words = if on { "pinned" } else { "unpinned" };
        self.place(keys, ListPlace::Pinned(on), words, cx);
    }

    /// Archives these sessions; brings them back if all are archived.
    pub(in crate::app) fn archive(&mut self, keys: Vec<SessionKey>, cx: &mut Cx<'_>) {
        let rows = keys.iter().filter_map(|key| self.list.row(key));
        let on = !rows.clone().all(|row| row.archived);
        for key in &keys {
            if let Some(row) = self.list.row_mut(key) {
                row.archived = on;
            }
        }
        let words = if on { "archived" } else { "restored" };
        self.place(keys, ListPlace::Archived(on), words, cx);
    }

    fn place(&mut self, keys: Vec<SessionKey>, place: ListPlace, words: &str, cx: &mut Cx<'_>) {
        let what = match &keys[..] {
            [key] => self.list.name(key).to_owned(),
            _ => format!("{} sessions", keys.len()),
        };
        self.list.unmark();
        self.notify(format!("{words} {what}"), cx);
        cx.ask(Effect::PlaceSessions(keys, place));
    }

    /// Asks whether to delete these sessions for good.
    pub(in crate::app) fn ask_remove(&mut self, keys: Vec<SessionKey>) {
        let question = Confirm::Remove { keys, scroll: 0 };
        self.overlays.push(Overlay::Confirm(question));
    }

    /// Deletes these sessions. A sandbox is killed with the last session in it.
    pub(in crate::app) fn remove_sessions(&mut self, keys: &[SessionKey], cx: &mut Cx<'_>) {
        self.list.unmark();
        for key in keys {
            let closing = if self.shares_sandbox(key, keys) {
                CloseAction::Detach
            } else {
                CloseAction::Kill
            };
            self.list.begin_removal(key.clone());
            cx.ask(Effect::RemoveSession(key.clone(), closing));
        }
        let what = match keys {
            [key] => self.list.name(key).to_owned(),
            _ => format!("{} sessions", keys.len()),
        };
        self.notify(format!("removing {what} …"), cx);
    }

    /// Whether a session that is not among these works in the same sandbox.
    fn shares_sandbox(&self, key: &SessionKey, keys: &[SessionKey]) -> bool {
        let sharing = self.list.sharing(key);
        sharing.iter().any(|row| !keys.contains(&row.key))
    }

    /// A session was deleted, or could not be.
    pub(in crate::app) fn session_removed(
        &mut self,
        key: &SessionKey,
        result: Result<(), Failure>,
        cx: &mut Cx<'_>,
    ) {
        if result.is_ok() {
            let was_shown = self.open.is_shown(key);
            self.open.remove(key);
            self.list.removed(key);
            if was_shown {
                self.show_another(cx);
            }
        }
        if let Some(words) = self.list.removal_ended(key, result) {
            self.status.notify_long(words, cx.now);
        }
    }

    /// Shows the first session of the list in place of one that is no more.
    fn show_another(&mut self, cx: &mut Cx<'_>) {
        let pane = self.focus.pane();
        let first = self.list.rows().first().map(|row| row.key.clone());
        match first {
            Some(key) => {
                self.show(key, cx);
                self.focus.go_to(pane);
            }
            None => self.open.show_none(),
        }
    }

    /// What the deletion of these sessions loses, one paragraph each.
    pub(in crate::app) fn removal_words(&self, keys: &[SessionKey]) -> Vec<String> {
        let names: Vec<&str> = keys.iter().map(|key| self.list.name(key)).collect();
        let head = match &names[..] {
            [name] => format!("Remove session {name} for good?"),
            names => format!("Remove {} sessions for good?", names.len()),
        };
        let stored = match names.len() {
            1 => "Its conversation",
            _ => "Their conversations",
        };
        let mut words = vec![
            head,
            format!(
                "{stored}, drafts, logs and snapshots on this machine are deleted and cannot be brought back."
            ),
        ];
        let all = self.all_sessions();
        let lives = |key: &&SessionKey| !all.is_gone(key) && all.has_sandbox(key);
        let (kept, killed): (Vec<_>, Vec<_>) = keys
            .iter()
            .filter(lives)
            .partition(|key| self.shares_sandbox(key, keys));
        let at_work = killed.iter().filter(|key| {
            let state = self.list.row(key).map(|row| all.state_of(row));
            matches!(
                state,
                Some(SessionStatus::Working | SessionStatus::NeedsYou)
            )
        });
        let at_work = match at_work.count() {
            0 => String::new(),
            1 if killed.len() == 1 => ", in the middle of a turn".to_owned(),
            count => format!(" ({count} in the middle of a turn)"),
        };
        match killed.len() {
            0 => {}
            1 => words.push(format!(
                "Its sandbox is killed, with all files in it{at_work}."
            )),
            count => words.push(format!(
                "The sandboxes of {count} of them are killed, with all files in them{at_work}."
            )),
        }
        if !kept.is_empty() {
            words.push("Other sessions use the same sandbox, so it is kept.".to_owned());
        }
        if names.len() > 1 {
            words.push(String::new());
            words.extend(names.into_iter().map(str::to_owned));
        }
        words
    }
}
