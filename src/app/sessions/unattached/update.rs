//! The account's unattached sandboxes: requests to the engine about them, and the texts about one.
//! The list holds them.

use super::PendingAction;
use crate::app::action::{Action, SessionsAction};
use crate::app::cx::Cx;
use crate::app::effect::Effect;
use crate::app::input::keymap::KeyContext;
use crate::app::sessions::RowTarget;
use crate::app::view::advice::{AdviceKeys, key_does};
use crate::app::{AllSessions, App, Pane};
use crate::domain::failure::Failure;
use crate::domain::id::SandboxId;
use crate::domain::sandbox::Phase;
use crate::domain::sandbox::unattached::UnattachedSandbox;
use crate::domain::session::SessionSummary;
use crate::domain::time::Monotonic;

impl App {
    /// Sends the request now, or after the response to the last one.
    pub(in crate::app) fn refresh_unattached(&mut self, cx: &mut Cx<'_>) {
        if self.refresh.begin() {
            cx.ask(Effect::ListUnattachedSandboxes);
        }
    }

    /// When the next request is due.
    pub(in crate::app) fn unattached_due(&self, now: Monotonic) -> Option<Monotonic> {
        self.refresh.due(now, self.viewport.shows(Pane::Sessions))
    }

    /// The engine has responded.
    pub(in crate::app) fn unattached_listed(
        &mut self,
        list: Result<Vec<UnattachedSandbox>, Failure>,
        cx: &mut Cx<'_>,
    ) {
        let again = self.refresh.answered(cx);
        let is_known = list.is_ok();
        self.list.heard(list);
        if is_known {
            self.filter_unattached();
            // What it reported about the sessions' own sandboxes is stored.
            cx.ask(Effect::ListSessions);
        }
        if again {
            self.refresh_unattached(cx);
        }
    }

    /// Removes sandboxes from the list that belong, or are about to belong, to a session.
    pub(in crate::app) fn filter_unattached(&mut self) {
        if !self.loaded {
            return;
        }
        let open = &self.open;
        self.list.filter(|unattached_sandbox| {
            let session = unattached_sandbox
                .key
                .as_ref()
                .and_then(|key| open.get(key));
            // Its sandbox exists, but the session has not reported which one it is yet.
            session.is_some_and(|session| {
                matches!(session.phase(), Phase::Booting(_) | Phase::Reconnecting(_))
            })
        });
    }

    pub(in crate::app) fn adopt(&mut self, id: &SandboxId, cx: &mut Cx<'_>) {
        if self.list.begin_adoption(id) {
            let key = cx.ids.session_key(cx.wall);
            cx.ask(Effect::Adopt(id.clone(), key));
        }
    }

    pub(in crate::app) fn adopted(
        &mut self,
        id: &SandboxId,
        adopted: Result<Box<SessionSummary>, Failure>,
        cx: &mut Cx<'_>,
    ) {
        let text = match adopted {
            Ok(session) => {
                let name = session.name.clone();
                self.list.adopted(id, *session);
                self.filter_unattached();
                match self.list_key(SessionsAction::Open) {
                    key if key.is_empty() => format!("adopted {name}"),
                    key => format!("adopted {name}; {key} opens it"),
                }
            }
            Err(failure) => {
                self.list.adoption_failed(id, &failure);
                let next = self.adoption_keys(id).words(&failure);
                let words = [failure.line(), next];
                let words = words.into_iter().filter(|words| !words.is_empty());
                words.collect::<Vec<_>>().join("; ")
            }
        };
        self.status.notify_long(text, cx.now);
        self.refresh_unattached(cx);
    }

    /// The keys for the advice of a failed adoption. Those of the list work on what is under its cursor; those of
    /// the session on the screen have nothing to do with it.
    fn adoption_keys(&self, id: &SandboxId) -> AdviceKeys {
        let is_selected = |sandbox: &UnattachedSandbox| sandbox.id == *id;
        let is_selected = self.selected_unattached().is_some_and(is_selected);
        let key = |action| {
            if is_selected {
                self.list_key(action)
            } else {
                String::new()
            }
        };
        AdviceKeys {
            retry: key(SessionsAction::Adopt),
            kill: key(SessionsAction::Kill),
            new: self.advice_keys().new,
            ..AdviceKeys::default()
        }
    }

    /// An unattached sandbox was paused or killed, or could not be.
    pub(in crate::app) fn unattached_closed(
        &mut self,
        id: &SandboxId,
        phase: &Phase,
        cx: &mut Cx<'_>,
    ) {
        self.list.sandbox_closed(id, phase);
        self.filter_unattached();
        let all = AllSessions::new(&self.list, &self.open);
        self.bulk
            .row_told(&RowTarget::Sandbox(id.clone()), phase, all);
        self.tell_bulk(cx);
        self.refresh_unattached(cx);
    }

    /// The unattached sandbox under the cursor, if the list has the focus.
    pub(in crate::app) fn selected_unattached(&self) -> Option<&UnattachedSandbox> {
        match self.list.selected() {
            Some(RowTarget::Sandbox(id)) if self.focus.is_on(Pane::Sessions) => {
                self.list.unattached_sandbox(&id)
            }
            _ => None,
        }
    }

    /// Why it is listed, and what can be done with it.
    pub(in crate::app) fn unattached_words(
        &self,
        unattached_sandbox: &UnattachedSandbox,
    ) -> String {
        let why = match self.list.pending(&unattached_sandbox.id) {
            Some(PendingAction::Refused(why)) => format!("cannot be adopted, because {why}"),
            _ => unattached_sandbox.provenance.words(),
        };
        let key = |action, does| key_does(&self.list_key(action), does, "");
        let adopt = self.list.is_adoptable(unattached_sandbox);
        let adopt = adopt.then(|| key(SessionsAction::Adopt, "adopts it"));
        let keys = adopt
            .into_iter()
            .chain([key(SessionsAction::Kill, "kills it")]);
        let keys: Vec<String> = keys.filter(|key| !key.is_empty()).collect();
        match keys.join(", ").as_str() {
            "" => why,
            keys => format!("{why}; {keys}"),
        }
    }

    /// Says why an unattached sandbox cannot be opened.
    pub(in crate::app) fn cannot_open(&mut self, cx: &Cx<'_>) {
        if let Some(unattached_sandbox) = self.selected_unattached() {
            let words = self.unattached_words(unattached_sandbox);
            self.notify(format!("no session here uses this sandbox: {words}"), cx);
        }
    }

    /// The key of an action of the list, as the user has bound it.
    pub(in crate::app) fn list_key(&self, action: SessionsAction) -> String {
        let action = Action::Sessions(action);
        let key = self.options.keymap.key_for(action, &[KeyContext::Sessions]);
        key.map(ToString::to_string).unwrap_or_default()
    }
}
