//! Permissions and questions that wait for the user, and the panel that answers the first of them.
//!
//! Nothing is answered by accident. Letters always go to the composer. The panel takes only digits,
//! arrows and Enter, only while the composer is empty, and only when the panel was visible and no
//! text was typed for [`GUARD`]. Enter accepts only an option that the arrows have marked, so an
//! Enter that was meant to send a message answers nothing. A digit counts when nothing follows it
//! within [`HOLD`]; if a character follows, the digit was the start of a text. When the server
//! changes the request, guard and mark start again.
//!
//! An answered request is hidden at once and kept until the server confirms it: a failed reply brings
//! it back, and a reply that may have been lost with the connection is sent again if the server still
//! has the same request.
//!
//! This module does not know how it is drawn, nor the composer: [`ComposerActivity`] tells it what
//! it needs, and the user writes free text in the composer.

mod answer;
pub(super) mod answering;
mod choice;
mod rule;

use std::time::Duration;

use crate::app::action::ChatAction;
use crate::app::input::key::Key;
use crate::domain::chat::{Permission, Question, Resync, TurnStatus};
use crate::domain::id::{PermissionId, QuestionId};
use crate::domain::session::SessionCommand;
use crate::domain::time::Monotonic;

pub(super) use choice::Choice;

/// How long the panel must be visible, without typed text, before it takes keys.
pub(super) const GUARD: Duration = Duration::from_millis(500);
/// How long a digit waits for a character that turns it into text.
pub(super) const HOLD: Duration = Duration::from_millis(250);
/// A held answer that could not count for this long is dropped.
const STALE: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, PartialEq)]
pub(super) enum PendingRequest {
    Permission(Permission),
    Question(Question),
}

/// What the guard needs to know about the rest of the chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ComposerActivity {
    pub(super) composer_empty: bool,
    /// When the user last typed, pasted or sent text.
    pub(super) last_text: Option<Monotonic>,
}

/// What the composer's text is for when it is not a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReplyText {
    /// Why a permission is denied.
    Reason,
    /// Free text of the user as the answer to a question.
    Own,
    /// The patterns of a rule, one on each line.
    Patterns,
}

impl ReplyText {
    /// What the user writes, for the screen.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Reason => "your reason",
            Self::Own => "your answer",
            Self::Patterns => "the patterns",
        }
    }
}

/// The state of the panel of the first request.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Panel {
    /// The marked one of [`Requests::choices`]; none at first.
    pub(super) marked: Option<usize>,
    pub(super) writing: Option<ReplyText>,
    /// The panel takes the whole chat.
    pub(super) full: bool,
    /// The first visible row of the request's text.
    pub(super) scroll: u16,
    /// The mark moved last, so it must be visible. Otherwise the user scrolls.
    pub(super) follows_mark: bool,
    /// Which of several questions; after the last one, the review of all answers.
    pub(super) item: usize,
    /// The selected labels of each question.
    pub(super) chosen: Vec<Vec<String>>,
    /// The user's own text for each question.
    pub(super) own: Vec<String>,
    /// The patterns of the rule that is offered instead of an answer.
    pub(super) rule: Option<Vec<String>>,
}

/// The result of an action of the panel.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum PanelOutcome {
    Nothing,
    Commands(Vec<SessionCommand>),
    /// The text is to be edited in the composer.
    Edit(String),
    /// A text for the status bar.
    Notice(&'static str),
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Requests {
    /// `waiting[0]` is shown.
    waiting: Vec<PendingRequest>,
    /// Replied, but not confirmed, with the replies.
    answered: Vec<(PendingRequest, SessionCommand)>,
    /// The connection was lost since: replies may be lost too.
    was_lost: bool,
    appeared: Monotonic,
    /// Counts what was shown, for the cache of its lines.
    shown: u64,
    /// The user focused the panel; the composer's text is set aside.
    engaged: bool,
    /// An answer that waits for [`HOLD`] to pass.
    held: Option<(ChatAction, Key, Monotonic)>,
    pub(super) panel: Panel,
}

impl PendingRequest {
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

impl PendingRequest {
    /// Whether the server lists it as it was answered; `None`: it does not list it, or could not.
    fn listed_in(&self, resync: &Resync) -> Option<bool> {
        match self {
            Self::Permission(known) => {
                let mut listed = resync.permissions.iter().flatten();
                let found = listed.find(|listed| listed.id == known.id);
                found.map(|listed| listed == known)
            }
            Self::Question(known) => {
                let mut listed = resync.questions.iter().flatten();
                let found = listed.find(|listed| listed.id == known.id);
                found.map(|listed| listed == known)
            }
        }
    }
}

impl Requests {
    pub(super) fn first(&self) -> Option<&PendingRequest> {
        self.waiting.first()
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether a request of this call waits.
    pub(super) fn asks_for(&self, call: &str) -> bool {
        self.waiting.iter().any(|request| {
            let of = match request {
                PendingRequest::Permission(permission) => &permission.call_id,
                PendingRequest::Question(question) => &question.call_id,
            };
            of.as_deref().is_some_and(|of| of == call)
        })
    }

    /// Changes whenever something else is shown.
    pub(super) fn shown(&self) -> u64 {
        self.shown
    }

    pub(super) fn asked(&mut self, request: PendingRequest, now: Monotonic) {
        if self
            .answered
            .iter()
            .any(|(known, _)| known.is_same(&request))
        {
            return;
        }
        let known = self
            .waiting
            .iter()
            .position(|known| known.is_same(&request));
        match known.and_then(|at| self.waiting.get_mut(at)) {
            Some(known) if *known == request => return,
            Some(known) => *known = request,
            None => self.waiting.push(request),
        }
        if known.unwrap_or(self.waiting.len() - 1) == 0 {
            self.show_first(now);
        }
    }

    pub(super) fn permission_replied(&mut self, id: &PermissionId, now: Monotonic) {
        self.remove(
            now,
            |known| matches!(known, PendingRequest::Permission(p) if p.id == *id),
        );
    }

    pub(super) fn question_replied(&mut self, id: &QuestionId, now: Monotonic) {
        self.remove(
            now,
            |known| matches!(known, PendingRequest::Question(q) if q.id == *id),
        );
    }

    /// The turn is over. The server still lists the requests of an aborted turn, but a reply has no
    /// effect any more (observed on 1.18.33).
    pub(super) fn turn_ended(&mut self, now: Monotonic) {
        self.remove(now, |_| true);
    }

    /// The connection was lost, and what was sent over it may be.
    pub(super) fn connection_lost(&mut self) {
        self.was_lost = true;
    }

    /// Merges the server's list; where it could not list a kind, the known requests stay. Returns the
    /// replies that were lost with the connection: the server still has the same requests. One that
    /// has changed is asked again.
    pub(super) fn resync(&mut self, resync: &Resync, now: Monotonic) -> Vec<SessionCommand> {
        let was_lost = std::mem::take(&mut self.was_lost);
        if resync.status == TurnStatus::Idle {
            self.turn_ended(now);
            return Vec::new();
        }
        let mut again = Vec::new();
        if was_lost {
            self.answered.retain(|(known, reply)| {
                let listed = known.listed_in(resync);
                if listed == Some(true) {
                    again.push(reply.clone());
                }
                listed != Some(false)
            });
        }
        if let Some(listed) = &resync.permissions {
            self.remove(now, |known| {
                matches!(known, PendingRequest::Permission(p) if !listed.iter().any(|l| l.id == p.id))
            });
            for permission in listed {
                self.asked(PendingRequest::Permission(permission.clone()), now);
            }
        }
        if let Some(listed) = &resync.questions {
            self.remove(now, |known| {
                matches!(known, PendingRequest::Question(q) if !listed.iter().any(|l| l.id == q.id))
            });
            for question in listed {
                self.asked(PendingRequest::Question(question.clone()), now);
            }
        }
        again
    }

    /// A command failed: unconfirmed replies may not have arrived.
    pub(super) fn reply_failed(&mut self, now: Monotonic) {
        for (request, _) in std::mem::take(&mut self.answered) {
            self.asked(request, now);
        }
    }

    fn remove(&mut self, now: Monotonic, gone: impl Fn(&PendingRequest) -> bool) {
        let first = self.waiting.first().is_some_and(&gone);
        self.waiting.retain(|known| !gone(known));
        self.answered.retain(|(known, _)| !gone(known));
        if first {
            self.show_first(now);
        }
    }

    fn show_first(&mut self, now: Monotonic) {
        self.appeared = now;
        self.shown += 1;
        self.engaged = false;
        self.held = None;
        let items = match self.waiting.first() {
            Some(PendingRequest::Question(question)) => question.items.len(),
            Some(PendingRequest::Permission(_)) | None => 0,
        };
        self.panel = Panel {
            chosen: vec![Vec::new(); items],
            own: vec![String::new(); items],
            ..Panel::default()
        };
    }

    /// The panel is seen from now on.
    pub(super) fn appear(&mut self, now: Monotonic) {
        self.appeared = now;
        self.held = None;
    }

    /// Whether the panel receives the keys now.
    pub(super) fn takes_keys(&self, now: Monotonic, quiet: ComposerActivity) -> bool {
        !self.waiting.is_empty() && quiet.composer_empty && self.guard_ends(quiet) <= now
    }

    /// When the panel starts to receive the keys if nothing more is typed, or when a held answer
    /// counts.
    pub(super) fn due(&self, now: Monotonic, quiet: ComposerActivity) -> Option<Monotonic> {
        let guard = self.guard_ends(quiet);
        let waits = !self.waiting.is_empty() && quiet.composer_empty && guard > now;
        let held = self.held.map(|(_, _, at)| at + HOLD);
        held.or_else(|| waits.then_some(guard))
    }

    fn guard_ends(&self, quiet: ComposerActivity) -> Monotonic {
        let text = quiet.last_text.filter(|_| !self.engaged);
        text.map_or(self.appeared, |text| text.max(self.appeared)) + GUARD
    }

    /// The user focuses the panel.
    pub(super) fn engage(&mut self) {
        self.engaged = !self.waiting.is_empty();
    }

    /// The user types or clicks elsewhere; the request still waits.
    pub(super) fn leave(&mut self) {
        self.engaged = false;
        self.held = None;
        self.panel.writing = None;
    }

    /// Whether the composer's earlier text is set aside.
    pub(super) fn is_engaged(&self) -> bool {
        self.engaged
    }

    /// Holds an answer until it is known that its key was not text.
    pub(super) fn hold(&mut self, action: ChatAction, key: Key, now: Monotonic) {
        self.held = Some((action, key, now));
    }

    pub(super) fn is_holding(&self) -> bool {
        self.held.is_some()
    }

    /// Removes and returns the held answer if it is due or `now` is `None`.
    pub(super) fn take_held(&mut self, now: Option<Monotonic>) -> Option<(ChatAction, Key)> {
        let (action, key, at) = self.held?;
        if now.is_some_and(|now| at + HOLD > now) {
            return None;
        }
        self.held = None;
        // This chat was not shown meanwhile, and the user may not mean the answer any more.
        if now.is_some_and(|now| at + STALE < now) {
            return None;
        }
        Some((action, key))
    }

    /// Whether the question on the screen allows several options.
    pub(super) fn is_multiple(&self) -> bool {
        let Some(PendingRequest::Question(question)) = self.first() else {
            return false;
        };
        let item = question.items.get(self.panel.item);
        item.is_some_and(|item| item.multiple)
    }
}
