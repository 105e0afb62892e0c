//! The rows below the sessions: sandboxes of the account that no session has.

use super::standing::Standing;
use super::{Sessions, Target};
use crate::domain::id::SandboxId;
use crate::domain::stranger::Stranger;

impl Sessions {
    pub(in crate::app) fn strangers(&self) -> &[Stranger] {
        &self.strangers
    }

    pub(in crate::app) fn stranger(&self, id: &SandboxId) -> Option<&Stranger> {
        self.strangers.iter().find(|stranger| stranger.id == *id)
    }

    pub(in crate::app) fn standing(&self, id: &SandboxId) -> Option<&Standing> {
        self.standings.get(id)
    }

    /// Notes what is done to a stranger; `None`: nothing any more.
    pub(in crate::app) fn set_standing(&mut self, id: &SandboxId, standing: Option<Standing>) {
        match standing {
            Some(standing) => self.standings.insert(id.clone(), standing),
            None => self.standings.remove(id),
        };
    }

    /// Takes what the engine told.
    pub(in crate::app) fn heard(&mut self, strangers: Vec<Stranger>) {
        let is_listed = |id: &SandboxId| strangers.iter().any(|stranger| stranger.id == *id);
        self.standings.retain(|id, _| is_listed(id));
        self.heard = strangers;
    }

    /// One of them changed, before the engine tells again; `change` says whether it stays.
    pub(in crate::app) fn stranger_changed(
        &mut self,
        id: &SandboxId,
        change: impl Fn(&mut Stranger) -> bool,
    ) {
        self.heard
            .retain_mut(|stranger| stranger.id != *id || change(stranger));
    }

    /// Shows those that are no session's here. `is_on_its_way` says it of one that a session is just
    /// taking. The cursor stays on its row.
    pub(in crate::app) fn sift(&mut self, is_on_its_way: impl Fn(&Stranger) -> bool) {
        if self.heard.is_empty() && self.strangers.is_empty() {
            return;
        }
        let selected = self.selected();
        let has = |id: &SandboxId| {
            self.rows
                .iter()
                .any(|row| row.sandbox.id.as_ref() == Some(id))
        };
        let strange = self.heard.iter();
        let strange = strange.filter(|stranger| !has(&stranger.id) && !is_on_its_way(stranger));
        self.strangers = strange.cloned().collect();
        self.settle(selected);
    }

    /// After the rows have changed: marks of rows that went are forgotten, the cursor is on `selected`
    /// if that is still there.
    pub(super) fn settle(&mut self, selected: Option<Target>) {
        if !self.marked.is_empty() {
            let listed: Vec<Target> = self.targets().collect();
            self.marked.retain(|target| listed.contains(target));
        }
        let place = selected.and_then(|row| self.targets().position(|other| other == row));
        self.selected = place.unwrap_or(self.selected).min(self.last());
    }
}
