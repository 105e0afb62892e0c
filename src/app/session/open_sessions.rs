//! The sessions that are open, and which of them is on the screen.

use std::collections::BTreeMap;

use super::OpenSession;
use super::time_left::TimeLeft;
use crate::app::cx::Cx;
use crate::domain::id::SessionKey;
use crate::domain::sandbox::Phase;
use crate::domain::session::{SessionCommand, SessionSpec, SessionSummary};
use crate::domain::time::{Monotonic, UnixMillis};

/// Open sessions by their key. The shown one need not be open yet.
#[derive(Debug, Default)]
pub(in crate::app) struct OpenSessions {
    sessions: BTreeMap<SessionKey, OpenSession>,
    shown: Option<SessionKey>,
}

impl OpenSessions {
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

    /// Opens a session; `phase` is what is stored of it, if that says more than that it boots.
    pub(in crate::app) fn open(
        &mut self,
        spec: SessionSpec,
        phase: Option<Phase>,
        cx: &mut Cx<'_>,
    ) {
        let key = spec.key.clone();
        self.sessions
            .insert(key, OpenSession::open(spec, phase, cx));
    }

    /// Puts a session on the screen.
    pub(in crate::app) fn show(&mut self, key: SessionKey) {
        if let Some(session) = self.sessions.get_mut(&key) {
            session.read();
        }
        self.shown = Some(key);
    }

    /// Lets go of sessions that are over and that nobody looks at: when they are opened again, what was
    /// recorded of them is there. Returns them, and what has become of each.
    pub(in crate::app) fn release(&mut self) -> Vec<(SessionKey, Phase)> {
        let shown = &self.shown;
        let over = |key: &SessionKey, session: &mut OpenSession| {
            shown.as_ref() != Some(key) && session.is_over()
        };
        let gone = self.sessions.extract_if(.., over);
        gone.map(|(key, session)| (key, session.phase().clone()))
            .collect()
    }

    /// After each event: since when states hold. Returns whose time runs out.
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

    /// The time until the next warning that a sandbox's time runs out.
    pub(in crate::app) fn warns_in(&self, wall: UnixMillis) -> Option<Monotonic> {
        let sessions = self.sessions.values();
        let warnings = sessions.filter_map(|session| session.left(wall)?.warns_in());
        warnings.min()
    }

    /// Connects all anew that have a connection: after a sleep those are dead, and do not know it.
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

    /// Takes what the store has of them.
    pub(in crate::app) fn stored(&mut self, rows: &[SessionSummary], cx: &mut Cx<'_>) {
        for row in rows {
            if let Some(session) = self.sessions.get_mut(&row.key) {
                session.stored(&row.phase, cx);
            }
        }
    }
}
