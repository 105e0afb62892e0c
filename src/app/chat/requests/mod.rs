//! Permissions and questions that wait for the user, and the panel that answers the first of them.
//!
//! Nothing is answered by accident. Letters always type into the composer; the panel takes digits,
//! arrows and Enter only, only while the composer is empty, and only when it has stood and no text
//! was typed for [`GUARD`]. Enter takes nothing but an option that the arrows have marked: one that
//! was meant to send a message finds none. A digit counts when nothing follows it for [`HOLD`]; with
//! another character behind it, it was the beginning of a text. What is shown begins anew, guard and
//! mark included, when the server changes the request.
//!
//! An answered request is hidden at once and kept until the server confirms, so that a failed reply
//! brings it back.
//!
//! It does not know how it is drawn, nor the composer: what it needs of it is told as [`ComposerActivity`], and
//! texts of the user's own are written there.

mod answer;
pub(super) mod answering;
mod choice;

use std::time::Duration;

use crate::app::action::ChatAction;
use crate::app::input::key::Key;
use crate::domain::chat::{Permission, Question, Resync, TurnStatus};
use crate::domain::id::{PermissionId, QuestionId};
use crate::domain::session::SessionCommand;
use crate::domain::time::Monotonic;

pub(super) use choice::Choice;

/// How long a panel must have stood, and no text been typed, before it takes keys.
pub(super) const GUARD: Duration = Duration::from_millis(500);
/// How long a digit waits for a character that makes it text.
pub(super) const HOLD: Duration = Duration::from_millis(250);
/// A held answer that could not count for so long counts no more.
const STALE: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, PartialEq)]
pub(super) enum PendingRequest {
    Permission(Permission),
    Question(Question),
}

/// What the guard asks about the rest of the chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ComposerActivity {
    pub(super) composer_empty: bool,
    /// When text was typed, pasted or sent last.
    pub(super) last_text: Option<Monotonic>,
}

/// What the composer's text is for, instead of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReplyText {
    /// Why a permission is denied.
    Reason,
    /// The user's own answer to a question.
    Own,
}

/// What stands in the panel of the first request.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Panel {
    /// The marked one of [`Requests::choices`]; none at first.
    pub(super) marked: Option<usize>,
    pub(super) writing: Option<ReplyText>,
    /// The panel takes the whole chat.
    pub(super) full: bool,
    /// The first row of what is asked that is in sight.
    pub(super) scroll: u16,
    /// The mark was moved last: it is to be in sight. Else the user scrolls.
    pub(super) follows_mark: bool,
    /// Which of several questions; behind the last one all answers are reviewed.
    pub(super) item: usize,
    /// For each question the chosen labels.
    pub(super) chosen: Vec<Vec<String>>,
    /// For each question the user's own text.
    pub(super) own: Vec<String>,
}

/// What an action of the panel leads to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum PanelOutcome {
    Nothing,
    /// The reply.
    Command(SessionCommand),
    /// A line for the status bar.
    Notice(&'static str),
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Requests {
    /// `waiting[0]` is shown.
    waiting: Vec<PendingRequest>,
    /// Replied, not confirmed.
    answered: Vec<PendingRequest>,
    appeared: Monotonic,
    /// Counts what was shown, for the cache of its lines.
    shown: u64,
    /// The user went to the panel by himself; what was in the composer is set aside.
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

impl Requests {
    pub(super) fn first(&self) -> Option<&PendingRequest> {
        self.waiting.first()
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Changes whenever something else is shown.
    pub(super) fn shown(&self) -> u64 {
        self.shown
    }

    pub(super) fn asked(&mut self, request: PendingRequest, now: Monotonic) {
        if self.answered.iter().any(|known| known.is_same(&request)) {
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

    /// The turn is over. The server goes on listing requests of an aborted turn, but a reply has
    /// no effect any more (observed on 1.18.33).
    pub(super) fn turn_ended(&mut self, now: Monotonic) {
        self.remove(now, |_| true);
    }

    /// Takes what the server lists; where it could not list a kind, what we know stays.
    pub(super) fn resync(&mut self, resync: &Resync, now: Monotonic) {
        if resync.status == TurnStatus::Idle {
            self.turn_ended(now);
            return;
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
    }

    /// A command failed: replies that are not confirmed may not have arrived.
    pub(super) fn reply_failed(&mut self, now: Monotonic) {
        for request in std::mem::take(&mut self.answered) {
            self.asked(request, now);
        }
    }

    fn remove(&mut self, now: Monotonic, gone: impl Fn(&PendingRequest) -> bool) {
        let first = self.waiting.first().is_some_and(&gone);
        self.waiting.retain(|known| !gone(known));
        self.answered.retain(|known| !gone(known));
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

    /// Whether the panel reads the keys now.
    pub(super) fn takes_keys(&self, now: Monotonic, quiet: ComposerActivity) -> bool {
        !self.waiting.is_empty() && quiet.composer_empty && self.guard_ends(quiet) <= now
    }

    /// When the panel reads the keys, if nothing more is typed, or a held answer counts.
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

    /// The user goes to the panel.
    pub(super) fn engage(&mut self) {
        self.engaged = !self.waiting.is_empty();
    }

    /// The user types or points elsewhere; the request goes on waiting.
    pub(super) fn leave(&mut self) {
        self.engaged = false;
        self.held = None;
        self.panel.writing = None;
    }

    /// Whether what was in the composer before is set aside.
    pub(super) fn is_engaged(&self) -> bool {
        self.engaged
    }

    /// Keeps an answer until it is known that its key was no text.
    pub(super) fn hold(&mut self, action: ChatAction, key: Key, now: Monotonic) {
        self.held = Some((action, key, now));
    }

    pub(super) fn is_holding(&self) -> bool {
        self.held.is_some()
    }

    /// Takes the held answer, if its time has come or `now` is `None`.
    pub(super) fn take_held(&mut self, now: Option<Monotonic>) -> Option<(ChatAction, Key)> {
        let (action, key, at) = self.held?;
        if now.is_some_and(|now| at + HOLD > now) {
            return None;
        }
        self.held = None;
        // Nobody looked here meanwhile: what was meant then may not be meant now.
        if now.is_some_and(|now| at + STALE < now) {
            return None;
        }
        Some((action, key))
    }

    /// Whether the options of the question on the screen are chosen one by one.
    pub(super) fn is_multiple(&self) -> bool {
        let Some(PendingRequest::Question(question)) = self.first() else {
            return false;
        };
        let item = question.items.get(self.panel.item);
        item.is_some_and(|item| item.multiple)
    }
}
