//! Permissions and questions that wait for the user, and the panel that answers the first of them.
//!
//! The panel must never take a key that was meant for the composer: it reads keys only if the
//! composer is empty and no key came for [`GUARD`], counted also from the panel's appearance;
//! otherwise it waits until the user goes to it. An answered request is hidden at once and kept
//! until the server confirms, so that a failed reply brings it back.
//!
//! It does not know how it is drawn, nor the composer: what it needs of it is told as [`Quiet`].

mod answer;

use std::time::Duration;

use super::action::ChatAction;
use crate::app::key::{Key, KeyCode};
use crate::domain::chat::{Permission, Question, Resync, Status};
use crate::domain::id::{PermissionId, QuestionId};
use crate::domain::session::SessionCommand;
use crate::domain::time::Monotonic;

/// How long the keys must have been quiet before the panel reads them by itself.
pub(super) const GUARD: Duration = Duration::from_millis(400);

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Request {
    Permission(Permission),
    Question(Question),
}

/// What the guard asks about the rest of the chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quiet {
    pub(super) composer_empty: bool,
    pub(super) last_key: Option<Monotonic>,
}

/// What stands in the panel of the first request.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Panel {
    /// The marked button or option; the row after the last option is the user's own text.
    pub(super) choice: usize,
    /// A text field is open.
    pub(super) input: Option<String>,
    /// Command or diff are shown whole, from this row on.
    pub(super) full: Option<u16>,
    /// The question may be rejected by one more key.
    pub(super) confirm_reject: bool,
    /// Which of several questions.
    pub(super) item: usize,
    /// For each question the chosen labels.
    pub(super) chosen: Vec<Vec<String>>,
    /// For each question the user's own text.
    pub(super) own: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Requests {
    /// `waiting[0]` is shown.
    waiting: Vec<Request>,
    /// Replied, not confirmed.
    answered: Vec<Request>,
    appeared: Monotonic,
    /// The user is in the panel.
    engaged: bool,
    /// The user went back to the composer.
    later: bool,
    pub(super) panel: Panel,
}

/// The buttons of a permission, in the order of the panel.
pub(super) const BUTTONS: [ChatAction; 4] = [
    ChatAction::RequestOnce,
    ChatAction::RequestAlways,
    ChatAction::RequestDeny,
    ChatAction::RequestDenyReason,
];

impl Request {
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Permission(a), Self::Permission(b)) => a.id == b.id,
            (Self::Question(a), Self::Question(b)) => a.id == b.id,
            (Self::Permission(_), Self::Question(_)) | (Self::Question(_), Self::Permission(_)) => {
                false
            }
        }
    }
}

impl Requests {
    pub(super) fn first(&self) -> Option<&Request> {
        self.waiting.first()
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn asked(&mut self, request: Request, now: Monotonic) {
        if self.answered.iter().any(|known| known.is_same(&request)) {
            return;
        }
        if let Some(known) = self
            .waiting
            .iter_mut()
            .find(|known| known.is_same(&request))
        {
            *known = request;
            return;
        }
        self.waiting.push(request);
        if self.waiting.len() == 1 {
            self.show_first(now);
        }
    }

    pub(super) fn permission_replied(&mut self, id: &PermissionId, now: Monotonic) {
        self.remove(
            now,
            |known| matches!(known, Request::Permission(p) if p.id == *id),
        );
    }

    pub(super) fn question_replied(&mut self, id: &QuestionId, now: Monotonic) {
        self.remove(
            now,
            |known| matches!(known, Request::Question(q) if q.id == *id),
        );
    }

    /// The turn is over. The server goes on listing requests of an aborted turn, but a reply has
    /// no effect any more (observed on 1.18.33).
    pub(super) fn turn_ended(&mut self, now: Monotonic) {
        self.remove(now, |_| true);
    }

    /// Takes what the server lists; where it could not list a kind, what we know stays.
    pub(super) fn resync(&mut self, resync: &Resync, now: Monotonic) {
        if resync.status == Status::Idle {
            self.turn_ended(now);
            return;
        }
        if let Some(listed) = &resync.permissions {
            self.remove(now, |known| {
                matches!(known, Request::Permission(p) if !listed.iter().any(|l| l.id == p.id))
            });
            for permission in listed {
                self.asked(Request::Permission(permission.clone()), now);
            }
        }
        if let Some(listed) = &resync.questions {
            self.remove(now, |known| {
                matches!(known, Request::Question(q) if !listed.iter().any(|l| l.id == q.id))
            });
            for question in listed {
                self.asked(Request::Question(question.clone()), now);
            }
        }
    }

    /// A command failed: replies that are not confirmed may not have arrived.
    pub(super) fn reply_failed(&mut self, now: Monotonic) {
        for request in std::mem::take(&mut self.answered) {
            self.asked(request, now);
        }
    }

    fn remove(&mut self, now: Monotonic, gone: impl Fn(&Request) -> bool) {
        let first = self.waiting.first().is_some_and(&gone);
        self.waiting.retain(|known| !gone(known));
        self.answered.retain(|known| !gone(known));
        if first {
            self.show_first(now);
        }
    }

    fn show_first(&mut self, now: Monotonic) {
        self.appeared = now;
        self.engaged = false;
        self.later = false;
        let items = match self.waiting.first() {
            Some(Request::Question(question)) => question.items.len(),
            Some(Request::Permission(_)) | None => 0,
        };
        self.panel = Panel {
            chosen: vec![Vec::new(); items],
            own: vec![String::new(); items],
            ..Panel::default()
        };
    }

    /// Whether the panel reads the keys now.
    pub(super) fn takes_keys(&self, now: Monotonic, quiet: Quiet) -> bool {
        if self.waiting.is_empty() || self.later {
            return false;
        }
        self.engaged || (quiet.composer_empty && self.guard_ends(quiet) <= now)
    }

    /// When the guard lets the panel take the keys by itself, if nothing more is typed.
    pub(super) fn guard_due(&self, now: Monotonic, quiet: Quiet) -> Option<Monotonic> {
        let waits = !self.waiting.is_empty() && !self.later && !self.engaged;
        let due = self.guard_ends(quiet);
        (waits && quiet.composer_empty && due > now).then_some(due)
    }

    fn guard_ends(&self, quiet: Quiet) -> Monotonic {
        quiet
            .last_key
            .map_or(self.appeared, |key| key.max(self.appeared))
            + GUARD
    }

    /// The user goes to the panel, or has given it a key.
    pub(super) fn engage(&mut self) {
        self.engaged = !self.waiting.is_empty();
        self.later = false;
    }

    /// The user points elsewhere: what waits, if anything does, goes on waiting.
    pub(super) fn leave_to_composer(&mut self) {
        if !self.waiting.is_empty() {
            self.leave();
        }
    }

    pub(super) fn leave(&mut self) {
        self.engaged = false;
        self.later = true;
        self.panel.input = None;
        self.panel.confirm_reject = false;
    }

    /// Does an action of the panel. Returns the reply, if it makes one.
    pub(super) fn update(&mut self, action: ChatAction, now: Monotonic) -> Option<SessionCommand> {
        self.engage();
        if let Some(offset) = self.panel.full.as_mut()
            && let Some(moved) = scrolled(*offset, action)
        {
            *offset = moved;
            return None;
        }
        if std::mem::take(&mut self.panel.confirm_reject) {
            let sure = matches!(
                action,
                ChatAction::RequestReject | ChatAction::RequestAccept
            );
            return if sure {
                self.reply_question(None, now)
            } else {
                None
            };
        }
        match action {
            ChatAction::RequestLater if self.panel.input.take().is_some() => None,
            ChatAction::RequestLater if self.panel.full.take().is_some() => None,
            ChatAction::RequestLater => {
                self.leave();
                None
            }
            _ => match self.waiting.first()? {
                Request::Permission(permission) => {
                    let has_always = !permission.always.is_empty();
                    self.permission_action(action, has_always, now)
                }
                Request::Question(question) => {
                    let item = question.items.get(self.panel.item).cloned();
                    self.question_action(action, item.as_ref(), now)
                }
            },
        }
    }

    /// Types into the open text field. Returns whether it took the key.
    pub(super) fn type_key(&mut self, key: Key) -> bool {
        let Some(input) = self.panel.input.as_mut() else {
            return false;
        };
        match (key.code, key.ctrl, key.alt) {
            (KeyCode::Char(c), false, false) if !c.is_control() => input.push(c),
            (KeyCode::Backspace, _, false) | (KeyCode::Char('h'), true, _) => {
                input.pop();
            }
            (KeyCode::Char('u'), true, _) => input.clear(),
            (KeyCode::Char('w'), true, _) | (KeyCode::Backspace, _, true) => {
                let kept = input.trim_end().rfind(' ').map_or(0, |space| space + 1);
                input.truncate(kept);
            }
            _ => return false,
        }
        true
    }

    /// Pastes into the open text field. Returns whether there is one.
    pub(super) fn paste(&mut self, text: &str) -> bool {
        match self.panel.input.as_mut() {
            Some(input) => {
                input.push_str(&text.replace(['\n', '\r'], " "));
                true
            }
            None => false,
        }
    }
}

/// Where the full view stands after a scrolling action.
fn scrolled(offset: u16, action: ChatAction) -> Option<u16> {
    match action {
        ChatAction::RequestNext => Some(offset.saturating_add(1)),
        ChatAction::RequestPrevious => Some(offset.saturating_sub(1)),
        ChatAction::PageDown => Some(offset.saturating_add(10)),
        ChatAction::PageUp => Some(offset.saturating_sub(10)),
        _ => None,
    }
}
