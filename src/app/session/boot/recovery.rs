//! Recovery actions for a boot that fails or hangs: retry, another template, a shell in the
//! sandbox.

use super::RecoveryKey;
use crate::app::action::{Action, AppAction, SessionsAction};
use crate::app::cx::Cx;
use crate::app::effect::Effect;
use crate::app::overlay::Overlay;
use crate::app::overlay::picker::Picker;
use crate::app::session::OpenSession;
use crate::app::view::advice::AdviceKeys;
use crate::app::{App, Mode};
use crate::domain::id::TemplateId;
use crate::domain::sandbox::{Phase, Stage};
use crate::domain::session::SessionCommand;

/// Templates that every engine has: E2B's own two as of 2026.
const EVERYWHERE: [&str; 2] = ["opencode", "base"];

impl App {
    /// Retries the session on the screen. Does nothing to a boot that makes progress.
    pub(in crate::app) fn retry(&mut self, cx: &mut Cx<'_>) {
        if self.ask_password() {
            return;
        }
        let Some(session) = self.session_mut() else {
            return;
        };
        if matches!(session.phase(), Phase::Booting(_)) && session.boot().silence(cx.now).is_none()
        {
            self.advise("already booting", cx);
        } else {
            session.retry(cx);
        }
    }

    /// Opens the list of templates to boot the session on the screen from.
    pub(in crate::app) fn ask_template(&mut self, cx: &Cx<'_>) {
        if self.session().is_some_and(takes_template) {
            let picker = Picker::default();
            self.overlays.push(Overlay::Templates(picker));
        } else {
            self.advise("the template can change only before the first message", cx);
        }
    }

    pub(in crate::app) fn use_template(&mut self, picker: &Picker, cx: &mut Cx<'_>) {
        let chosen = self.matching_templates(picker);
        let Some(template) = chosen.into_iter().nth(picker.selected()) else {
            return;
        };
        if let Some(session) = self.session_mut() {
            session.wake(cx);
            session.command(SessionCommand::UseTemplate(template.clone()), cx);
            self.notify(format!("booting from template {template}"), cx);
        }
    }

    /// The known templates that match the filter, and the typed text as the name of another.
    pub(in crate::app) fn matching_templates(&self, picker: &Picker) -> Vec<TemplateId> {
        let known = self.templates();
        let matching = picker.matching(&known, ToString::to_string);
        let mut matching: Vec<TemplateId> = matching.into_iter().cloned().collect();
        let typed = picker.filter().trim();
        let is_name = !typed.is_empty() && !typed.contains(char::is_whitespace);
        if is_name && known.iter().all(|known| known.as_str() != typed) {
            matching.push(typed.into());
        }
        matching
    }

    /// The configured template, those of the listed sessions, and E2B's own; each once.
    fn templates(&self) -> Vec<TemplateId> {
        let configured = match &self.options.mode {
            Mode::Full { new, .. } => Some(new.template.clone()),
            Mode::Attach { .. } => None,
        };
        let rows = self.list.rows().iter();
        let used = rows.filter_map(|row| row.sandbox.template.clone());
        let everywhere = EVERYWHERE.map(TemplateId::from);
        let mut all: Vec<TemplateId> = Vec::new();
        for template in configured.into_iter().chain(used).chain(everywhere) {
            if !all.contains(&template) {
                all.push(template);
            }
        }
        all
    }

    /// Lends the terminal to a shell in the sandbox of the session on the screen.
    pub(in crate::app) fn open_shell(&mut self, cx: &mut Cx<'_>) {
        let session = self.session();
        let can = session.is_some_and(has_sandbox);
        match (self.open.shown(), session.map(OpenSession::phase)) {
            (Some(key), _) if can => {
                cx.ask(Effect::OpenShell(self.list.name(key).to_owned()));
            }
            (_, Some(Phase::Gone(_))) => self.advise("the sandbox is gone: no shell", cx),
            _ => self.advise("there is no sandbox yet: no shell", cx),
        }
    }

    /// The keys of the recovery actions, besides retry, for a failed or hanging boot on the screen.
    pub(in crate::app) fn ways(&self) -> Vec<RecoveryKey> {
        let Some(session) = self.session().filter(|_| !self.is_attached()) else {
            return Vec::new();
        };
        let template = takes_template(session)
            .then(|| (self.key_of(AppAction::UseTemplate), "another template"));
        let shell =
            has_sandbox(session).then(|| (self.key_of(AppAction::Shell), "shell in the sandbox"));
        let bound = |way: &RecoveryKey| !way.0.is_empty();
        template.into_iter().chain(shell).filter(bound).collect()
    }
}

impl App {
    /// The keys for the advice of failures of the session on the screen.
    pub(in crate::app) fn advice_keys(&self) -> AdviceKeys {
        let key = |action| self.offered_key(action).unwrap_or_default();
        AdviceKeys {
            retry: key(AppAction::Retry),
            revive: key(AppAction::Revive),
            new: key(AppAction::NewSession),
            template: key(AppAction::UseTemplate),
            logs: key(AppAction::ToggleLogs),
            kill: self.list_key(SessionsAction::Kill),
        }
    }

    /// The key of an action that has a meaning in this mode.
    fn offered_key(&self, action: AppAction) -> Option<String> {
        let mut rows = self.options.keymap.bindings().iter();
        let row = rows.find(|row| row.action == Action::App(action))?;
        self.offers(row).then(|| self.key_of(action))
    }
}

/// Whether replacing the sandbox would lose nothing of the session. Its task knows better, and may
/// refuse.
pub(in crate::app) fn takes_template(session: &OpenSession) -> bool {
    let is_at_boot = match session.phase() {
        Phase::Booting(stage) => *stage != Stage::Subscribe,
        Phase::Failed(_) => true,
        Phase::Reconnecting(_) => session.boot().progress().is_some(),
        Phase::Dormant | Phase::Live | Phase::Paused | Phase::Gone(_) => false,
    };
    is_at_boot && session.chat.prompts().next().is_none()
}

pub(in crate::app) fn has_sandbox(session: &OpenSession) -> bool {
    let sandbox = session.sandbox();
    !matches!(session.phase(), Phase::Gone(_)) && sandbox.is_some_and(|info| info.id.is_some())
}
