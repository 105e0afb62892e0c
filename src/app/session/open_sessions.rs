//! The sessions that are open, and which of them is on the screen.

use std::collections::{BTreeMap, BTreeSet};

use super::OpenSession;
use super::time_left::TimeLeft;
use crate::app::cx::Cx;
use crate::app::effect::Effect;
use crate::domain::id::SessionKey;
use crate::domain::sandbox::{Phase, SessionStatus};
use crate::domain::session::{CloseAction, SessionCommand, SessionSpec, SessionSummary};
use crate::domain::time::{Monotonic, UnixMillis};

/// Open sessions by key. The shown one may not be open yet.
#[derive(Debug, Default)]
pub(in crate::app) struct OpenSessions {
    sessions: BTreeMap<SessionKey, OpenSession>,
    shown: Option<SessionKey>,
    /// Sessions whose tasks were told to end.
    closing: BTreeSet<SessionKey>,
    /// The composers have vim's keys.
    vim: bool,
}

impl OpenSessions {
    pub(in crate::app) fn new(vim: bool) -> Self {
        Self {
            vim,
            ..Self::default()
        }
    }

    pub(in crate::app) fn get(&self, key: &SessionKey) -> Option<&OpenSession> {
        self.sessions.get(key)
    }

    pub(in crate::app) fn get_mut(&mut self, key: &SessionKey) -> Option<&mut OpenSession> {
        self.sessions.get_mut(key)
    }

    pub(in crate::app) fn iter(&self) -> impl Iterator<Item = (&SessionKey, &OpenSession)> {
        self.sessions.iter()
    }

    pub(in crate::app) fn values(&self) -> impl Iterator<Item = &OpenSession> {
        self.sessions.values()
    }

    /// The key of the session whose chat and logs are on the screen.
    pub(in crate::app) fn shown(&self) -> Option<&SessionKey> {
        self.shown.as_ref()
    }

    pub(in crate::app) fn is_shown(&self, key: &SessionKey) -> bool {
        self.shown.as_ref() == Some(key)
    }

    /// The session on the screen.
    pub(in crate::app) fn session(&self) -> Option<&OpenSession> {
        self.sessions.get(self.shown.as_ref()?)
    }

    pub(in crate::app) fn session_mut(&mut self) -> Option<&mut OpenSession> {
        self.sessions.get_mut(self.shown.as_ref()?)
    }

    /// Opens a session; `phase` is its stored one, if it says more than that the session boots.
    pub(in crate::app) fn open(
        &mut self,
        spec: SessionSpec,
        phase: Option<Phase>,
        cx: &mut Cx<'_>,
    ) {
        let key = spec.key.clone();
        let mut session = OpenSession::open(spec, phase, cx);
        if self.vim {
            session.chat.use_vim();
        }
        self.sessions.insert(key, session);
    }

    /// Shows a session on the screen.
    pub(in crate::app) fn show(&mut self, key: SessionKey) {
        if let Some(session) = self.sessions.get_mut(&key) {
            session.read();
        }
        self.shown = Some(key);
    }

    /// Shows none: there is none.
    pub(in crate::app) fn show_none(&mut self) {
        self.shown = None;
    }

    /// The next one after the shown one that needs the user, wrapping around.
    pub(in crate::app) fn next_waiting(&self) -> Option<SessionKey> {
        let waits =
            |(_, session): &(&SessionKey, &OpenSession)| session.state() == SessionStatus::NeedsYou;
        let after = |key: &SessionKey| self.shown.as_ref().is_some_and(|shown| key > shown);
        let mut waiting = self.sessions.iter().filter(waits).map(|(key, _)| key);
        let next = waiting.clone().find(|key| after(key));
        next.or_else(|| waiting.next()).cloned()
    }

    /// Drops a session that is not shown.
    pub(in crate::app) fn remove(&mut self, key: &SessionKey) {
        self.sessions.remove(key);
    }

    /// Closes a session that is not shown; its sandbox keeps running.
    pub(in crate::app) fn close(&mut self, key: &SessionKey, cx: &mut Cx<'_>) {
        cx.ask(Effect::CloseSession(key.clone(), CloseAction::Detach));
        self.closing.insert(key.clone());
        self.remove(key);
    }

    /// Whether a task has ended because it was told to.
    pub(in crate::app) fn has_closed(&mut self, key: &SessionKey) -> bool {
        self.closing.remove(key)
    }

    /// Drops sessions that are over and not shown: their records are there when they are opened
    /// again. Returns them with the phase of each.
    pub(in crate::app) fn release(&mut self) -> Vec<(SessionKey, Phase)> {
        let shown = &self.shown;
        let over = |key: &SessionKey, session: &mut OpenSession| {
            shown.as_ref() != Some(key) && session.is_over()
        };
        let gone = self.sessions.extract_if(.., over);
        gone.map(|(key, session)| (key, session.phase().clone()))
            .collect()
    }

    /// Runs after each event: notes since when states hold. Returns the sessions whose time is
    /// about to end.
    pub(in crate::app) fn settle(
        &mut self,
        now: Monotonic,
        wall: UnixMillis,
    ) -> Vec<(SessionKey, TimeLeft)> {
        let mut warnings = Vec::new();
        for (key, session) in &mut self.sessions {
            session.settle(now);
            if let Some(left) = session.take_warning(wall) {
                warnings.push((key.clone(), left));
            }
        }
        warnings
    }

    /// The time until the next warning about a sandbox's end.
    pub(in crate::app) fn warns_in(&self, wall: UnixMillis) -> Option<Monotonic> {
        let sessions = self.sessions.values();
        let warnings = sessions.filter_map(|session| session.left(wall)?.warns_in());
        warnings.min()
    }

    /// Reconnects all connected sessions: after a sleep of the machine their connections are dead
    /// without knowing it.
    pub(in crate::app) fn reconnect(&self, cx: &mut Cx<'_>) {
        for session in self.sessions.values() {
            if matches!(session.phase(), Phase::Live | Phase::Reconnecting(_)) {
                session.command(SessionCommand::Reconnect, cx);
            }
        }
    }

    pub(in crate::app) fn save_drafts(&mut self, cx: &mut Cx<'_>) {
        for session in self.sessions.values_mut() {
            session.chat.save_draft(cx);
        }
    }

    /// The last chance to save what is typed.
    pub(in crate::app) fn save_all(&mut self, cx: &mut Cx<'_>) {
        for session in self.sessions.values_mut() {
            session.chat.keep_refused();
        }
        self.save_drafts(cx);
    }

    /// Passes the stored states to the sessions.
    pub(in crate::app) fn stored(&mut self, rows: &[SessionSummary], cx: &mut Cx<'_>) {
        for row in rows {
            if let Some(session) = self.sessions.get_mut(&row.key) {
                session.stored(&row.phase, cx);
            }
        }
    }
}
