//! The permissions that the running turn asks for, and which of them were answered without the user.

use std::collections::BTreeSet;

use crate::domain::chat::{ChatEvent, Permission, TurnStatus};
use crate::domain::id::PermissionId;

/// The requests of the running turn.
#[derive(Debug, Default)]
pub(crate) struct AskedPermissions {
    /// Those that wait for the user.
    waiting: Vec<Permission>,
    /// Those that were answered here, until the server confirms it.
    answered: BTreeSet<String>,
    /// Auto mode as last sent to the listener.
    told_auto: bool,
}

impl AskedPermissions {
    /// Follows what the server and other clients do with the requests.
    pub(crate) fn follow(&mut self, event: &ChatEvent) {
        match event {
            ChatEvent::PermissionAsked(asked) => self.wait(asked),
            ChatEvent::PermissionReplied(id) => self.forget(id),
            ChatEvent::Status(TurnStatus::Idle) => *self = self.at_rest(),
            ChatEvent::Resync(resync) => {
                if resync.status == TurnStatus::Idle {
                    *self = self.at_rest();
                } else if let Some(listed) = &resync.permissions {
                    self.waiting.clone_from(listed);
                }
            }
            _ => {}
        }
    }

    /// The server lists the requests of ended turns too, and no answer has an effect.
    fn at_rest(&self) -> Self {
        Self {
            told_auto: self.told_auto,
            ..Self::default()
        }
    }

    fn wait(&mut self, asked: &Permission) {
        self.waiting.retain(|known| known.id != asked.id);
        self.waiting.push(asked.clone());
    }

    fn forget(&mut self, id: &PermissionId) {
        self.waiting.retain(|known| known.id != *id);
        self.answered.remove(id.as_str());
    }

    /// It is answered without the user.
    pub(crate) fn answered_here(&mut self, id: &PermissionId) {
        self.waiting.retain(|known| known.id != *id);
        self.answered.insert(id.as_str().to_owned());
    }

    /// Whether the listener does not know this yet; from now on it does.
    pub(crate) fn is_news_of_auto(&mut self, on: bool) -> bool {
        std::mem::replace(&mut self.told_auto, on) != on
    }

    /// The user answers it.
    pub(crate) fn answered_by_user(&mut self, id: &PermissionId) {
        self.waiting.retain(|known| known.id != *id);
    }

    /// What was on its way over the old connection may not have arrived; the server lists it then.
    pub(crate) fn new_connection(&mut self) {
        self.answered.clear();
    }

    /// The answer did not arrive.
    pub(crate) fn unanswered(&mut self, id: &PermissionId) {
        self.answered.remove(id.as_str());
    }

    pub(crate) fn is_answered(&self, id: &PermissionId) -> bool {
        self.answered.contains(id.as_str())
    }

    pub(crate) fn waiting(&self) -> Vec<Permission> {
        self.waiting.clone()
    }
}
