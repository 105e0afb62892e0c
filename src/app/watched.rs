//! Sessions that run and are not open: which are watched, and what is told of them.
//!
//! What is on the screen and what was opened before tells by itself what it does. All others whose sandbox
//! may run are watched, so that who waits for the user is seen wherever it waits.

use super::cx::Cx;
use super::effect::Effect;
use super::notice::{NOTICE_OF_FAILURE, Notice};
use super::opened::OpenSession;
use super::{App, Mode};
use crate::domain::activity::Activity;
use crate::domain::id::SessionKey;
use crate::domain::sandbox::{EngineKind, Phase, State};
use crate::domain::session::SessionSummary;

impl App {
    /// Asks for the sessions to be watched that are to be, where these are others than before.
    pub(super) fn watch(&mut self, cx: &mut Cx<'_>) {
        let Mode::Full { engine, .. } = &self.options.mode else {
            return;
        };
        let open = &self.open;
        let rows = self.list.rows().iter();
        let rows = rows.filter(|row| is_watched(row, *engine, open.get(&row.key)));
        if rows.clone().map(|row| &row.key).eq(&self.watched) {
            return;
        }
        self.watched = rows.map(|row| row.key.clone()).collect();
        self.list.keep_activities(&self.watched);
        cx.ask(Effect::WatchSessions(self.watched.clone()));
    }

    /// A session that is not open has told what it does.
    pub(super) fn activity(&mut self, key: &SessionKey, activity: Activity) {
        if self.watched.contains(key) && !self.open.contains_key(key) {
            self.list.set_activity(key, activity);
        }
    }

    /// What the user reads about a row, open or not.
    pub(super) fn state_of(&self, row: &SessionSummary) -> State {
        self.list.state_of(row, self.open.get(&row.key))
    }

    /// How many sessions wait for the user.
    pub(super) fn waiting(&self) -> usize {
        if self.is_attached() {
            let mut open = self.open.values();
            return usize::from(open.any(|session| session.state() == State::NeedsYou));
        }
        let rows = self.list.rows().iter();
        rows.filter(|row| self.state_of(row) == State::NeedsYou)
            .count()
    }

    /// Tells of sessions whose sandbox was paused, and not from here: once for all that come together, as
    /// they do with their server. The one on the screen shows it by itself.
    pub(super) fn paused_elsewhere(
        &mut self,
        keys: impl IntoIterator<Item = SessionKey>,
        cx: &Cx<'_>,
    ) {
        let Some(keys) = self.paused_elsewhere.add(keys, cx.now) else {
            return;
        };
        let names: Vec<&str> = keys.iter().map(|key| self.list.name(key)).collect();
        let text = match (keys, &names[..]) {
            ([key], _) if Some(key) == self.shown.as_ref() => String::new(),
            (_, [name]) => format!("{name} is paused"),
            (_, names) => format!("{} sessions are paused: {}", names.len(), names.join(", ")),
        };
        let until = cx.now.saturating_add(NOTICE_OF_FAILURE);
        self.paused_elsewhere.told(until);
        if !text.is_empty() {
            self.notice = Some(Notice { text, until });
        }
    }

    /// Which of the rows that are not open are paused now and were not before.
    pub(super) fn newly_paused(&self, stored: &[SessionSummary]) -> Vec<SessionKey> {
        let was_running = |row: &SessionSummary| {
            let before = self.list.row(&row.key).map(|row| &row.phase);
            matches!(before, Some(Phase::Dormant | Phase::Failed(_)))
        };
        let rows = stored.iter().filter(|row| row.phase == Phase::Paused);
        let rows = rows.filter(|row| !self.open.contains_key(&row.key));
        let rows = rows.filter(|row| was_running(row) && !self.is_being_closed(&row.key));
        rows.map(|row| row.key.clone()).collect()
    }
}

/// Whether it is worth to ask what the session does: its sandbox may run, a server was started in it, and
/// nobody here follows that.
fn is_watched(row: &SessionSummary, engine: EngineKind, open: Option<&OpenSession>) -> bool {
    row.sandbox.engine == engine
        && row.sandbox.id.is_some()
        && row.opencode_session.is_some()
        && matches!(row.phase, Phase::Dormant | Phase::Failed(_))
        && !open.is_some_and(OpenSession::is_served)
}
