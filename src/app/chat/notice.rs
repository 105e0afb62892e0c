//! What is said below the conversation, and when it goes.
//!
//! One notice stands there at a time. Whoever is away must find it: its time begins with the first key after
//! it came. What only the user can mend stays until something was done: the next prompt, which ends all that
//! is said, or a turn that somebody else or the queue began. What failed with a lost connection is told by the
//! line that tells of the loss.

use std::time::Duration;

use crate::domain::chat::MessageError;
use crate::domain::failure::Failure;
use crate::domain::time::Monotonic;

/// How long a line of ours stands while somebody is here.
const OURS: Duration = Duration::from_secs(15);
/// How long a failure does that nobody can do anything about.
const FAILURE: Duration = Duration::from_secs(40);

/// What went wrong last, or is to be said, and belongs to no message.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ChatNotice {
    Turn(MessageError),
    Command(Failure),
    /// A line of ours.
    Ours(String),
}

impl ChatNotice {
    /// How long it stands once somebody is here; `None`: until something was done.
    fn lasts(&self) -> Option<Duration> {
        match self {
            Self::Ours(_) => Some(OURS),
            Self::Command(failure) if failure.retryable || failure.next.advice.is_empty() => {
                Some(FAILURE)
            }
            Self::Command(_) | Self::Turn(_) => None,
        }
    }

    /// Whether trying again mends it.
    fn is_passing(&self) -> bool {
        matches!(self, Self::Command(failure) if failure.retryable)
    }
}

/// The notice and when it goes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ChatNotices {
    shown: Option<ChatNotice>,
    /// Something was done since.
    is_dealt_with: bool,
    /// Known with the first key.
    until: Option<Monotonic>,
}

impl ChatNotices {
    pub(super) fn shown(&self) -> Option<&ChatNotice> {
        self.shown.as_ref()
    }

    pub(super) fn due(&self) -> Option<Monotonic> {
        self.until
    }

    pub(super) fn say(&mut self, notice: ChatNotice) {
        *self = Self {
            shown: Some(notice),
            ..Self::default()
        };
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Somebody is here: its time begins.
    pub(super) fn somebody_is_here(&mut self, now: Monotonic) {
        let lasts = self.shown.as_ref().and_then(ChatNotice::lasts);
        let lasts = lasts.or(self.is_dealt_with.then_some(FAILURE));
        if let (None, Some(lasts)) = (self.until, lasts) {
            self.until = Some(now + lasts);
        }
    }

    pub(super) fn tick(&mut self, now: Monotonic) {
        if self.until.is_some_and(|until| until <= now) {
            self.clear();
        }
    }

    /// The server does what it is told: that a command failed in passing before is old news.
    pub(super) fn moved_on(&mut self) {
        if self.shown.as_ref().is_some_and(ChatNotice::is_passing) {
            self.clear();
        }
    }

    /// A turn begins: something was done. It may be the next of the queue, so that what was wrong with the
    /// one before can be read a while longer.
    pub(super) fn turn_begins(&mut self) {
        self.is_dealt_with = self.shown.is_some();
    }

    /// The message tells it better than the error that came on its own.
    pub(super) fn told_by_message(&mut self, error: &MessageError) {
        if matches!(&self.shown, Some(ChatNotice::Turn(told)) if told == error) {
            self.clear();
        }
    }
}
