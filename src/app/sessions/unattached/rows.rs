//! The rows below the sessions: the account's unattached sandboxes.

use super::PendingAction;
use crate::app::sessions::{RowTarget, Sessions};
use crate::domain::failure::Failure;
use crate::domain::id::SandboxId;
use crate::domain::sandbox::Phase;
use crate::domain::sandbox::unattached::{EngineState, Provenance, UnattachedSandbox};
use crate::domain::session::SessionSummary;

impl Sessions {
    pub(in crate::app) fn unattached(&self) -> &[UnattachedSandbox] {
        &self.unattached
    }

    pub(in crate::app) fn unattached_sandbox(&self, id: &SandboxId) -> Option<&UnattachedSandbox> {
        self.unattached
            .iter()
            .find(|unattached_sandbox| unattached_sandbox.id == *id)
    }

    pub(in crate::app) fn pending(&self, id: &SandboxId) -> Option<&PendingAction> {
        self.pending.get(id)
    }

    /// Sets the operation on an unattached sandbox; `None`: there is none any more.
    pub(in crate::app) fn set_pending(&mut self, id: &SandboxId, action: Option<PendingAction>) {
        match action {
            Some(action) => self.pending.insert(id.clone(), action),
            None => self.pending.remove(id),
        };
    }

    /// Whether it can be adopted here.
    pub(in crate::app) fn is_adoptable(&self, unattached_sandbox: &UnattachedSandbox) -> bool {
        let refused = matches!(
            self.pending(&unattached_sandbox.id),
            Some(PendingAction::Refused(_))
        );
        unattached_sandbox.provenance == Provenance::Elsewhere && !refused
    }

    /// Notes that it is being adopted. Returns whether to send the request: not if another
    /// operation is pending.
    pub(in crate::app) fn begin_adoption(&mut self, id: &SandboxId) -> bool {
        let is_free = matches!(self.pending(id), None | Some(PendingAction::Refused(_)));
        if is_free {
            self.set_pending(id, Some(PendingAction::Adopting));
        }
        is_free
    }

    /// A session has adopted it; the session is selected if the sandbox was.
    pub(in crate::app) fn adopted(&mut self, id: &SandboxId, session: SessionSummary) {
        self.set_pending(id, None);
        let was_selected = self.selected() == Some(RowTarget::Sandbox(id.clone()));
        let key = session.key.clone();
        self.loaded(vec![session]);
        if was_selected {
            self.select(&key);
        }
    }

    /// It could not be adopted.
    pub(in crate::app) fn adoption_failed(&mut self, id: &SandboxId, failure: &Failure) {
        let reason = match failure.detail.as_str() {
            "" => failure.summary.clone(),
            detail => detail.to_owned(),
        };
        self.set_pending(id, Some(PendingAction::Refused(reason)));
    }

    /// It was paused or killed, or could not be.
    pub(in crate::app) fn sandbox_closed(&mut self, id: &SandboxId, phase: &Phase) {
        self.set_pending(id, None);
        let state = match phase {
            Phase::Failed(_) => return,
            Phase::Gone(_) => None,
            Phase::Paused => Some(EngineState::Paused),
            _ => Some(EngineState::Running),
        };
        self.listed.retain_mut(|unattached_sandbox| {
            if unattached_sandbox.id != *id {
                return true;
            }
            if let Some(state) = state {
                unattached_sandbox.state = state;
            }
            state.is_some()
        });
    }

    /// Stores the engine's list. On an error, the earlier list stays.
    pub(in crate::app) fn heard(&mut self, list: Result<Vec<UnattachedSandbox>, Failure>) {
        let unattached = match list {
            Ok(unattached) => unattached,
            Err(failure) => {
                self.trouble = Some(failure.summary);
                return;
            }
        };
        self.trouble = None;
        let is_listed = |id: &SandboxId| {
            unattached
                .iter()
                .any(|unattached_sandbox| unattached_sandbox.id == *id)
        };
        self.pending.retain(|id, _| is_listed(id));
        self.listed = unattached;
    }

    /// Shows those that belong to no session here. `is_on_its_way` is true for a sandbox that a
    /// session is about to own. The cursor stays on its row.
    pub(in crate::app) fn filter(&mut self, is_on_its_way: impl Fn(&UnattachedSandbox) -> bool) {
        if self.listed.is_empty() && self.unattached.is_empty() {
            return;
        }
        let selected = self.selected_line();
        let has = |id: &SandboxId| {
            self.rows
                .iter()
                .any(|row| row.sandbox.id.as_ref() == Some(id))
        };
        let rows = self.listed.iter();
        let rows = rows.filter(|unattached_sandbox| {
            !has(&unattached_sandbox.id) && !is_on_its_way(unattached_sandbox)
        });
        self.unattached = rows.cloned().collect();
        self.settle(selected);
    }
}
