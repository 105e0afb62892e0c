//! The start of the program: its first effects, and which session it shows first.

use std::path::Path;

use crate::app::cx::Cx;
use crate::app::effect::Effect;
use crate::app::{App, FirstSession, Mode};
use crate::domain::id::SessionKey;
use crate::domain::sandbox::{EngineKind, Phase};
use crate::domain::session::SessionSummary;

impl App {
    /// Requests what the start needs: the stored sessions, or the server to attach to.
    pub fn start(&mut self, cx: &mut Cx<'_>) {
        match &self.options.mode {
            Mode::Full { .. } => {
                cx.ask(Effect::ListSessions);
                self.refresh_unattached(cx);
                cx.ask(Effect::LoadPreferences);
            }
            Mode::Attach { spec, .. } => {
                let spec = spec.clone();
                self.loaded = true;
                self.open.show(spec.key.clone());
                self.open_session(spec, cx);
            }
        }
        if self.mouse {
            cx.ask(Effect::CaptureMouse(true));
        }
    }

    pub(in crate::app) fn first_session(&mut self, cx: &mut Cx<'_>) {
        match self.wanted_session() {
            Some(key) => self.show(key, cx),
            None => self.new_session(cx),
        }
        for event in self.typeahead.take() {
            self.update(event, cx);
        }
    }

    /// The stored session to show first, if any.
    fn wanted_session(&self) -> Option<SessionKey> {
        let Mode::Full {
            engine,
            project,
            first,
            ..
        } = &self.options.mode
        else {
            return None;
        };
        match first {
            FirstSession::New => None,
            FirstSession::Chosen(key) => self.list.row(key).map(|row| row.key.clone()),
            FirstSession::LastShown => self.last_shown(*engine, project.as_deref()),
        }
    }

    /// The session of this directory that was shown last; among those never shown, such as runs
    /// without a terminal, the one used last. Skips sessions whose sandbox is gone, which can only
    /// be read, and sessions of another engine, which cannot be opened: both stay in the list.
    fn last_shown(&self, engine: EngineKind, project: Option<&Path>) -> Option<SessionKey> {
        let is_candidate = |row: &&SessionSummary| {
            row.project.as_deref() == project
                && row.sandbox.engine == engine
                && !matches!(row.phase, Phase::Gone(_))
        };
        let rows = self.list.rows().iter().filter(is_candidate);
        let last = rows.max_by_key(|row| (row.shown, row.sandbox.id.is_some(), row.updated));
        last.map(|row| row.key.clone())
    }
}
