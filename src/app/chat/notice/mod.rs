//! The notice below the conversation, and when it disappears.
//!
//! There is one notice at a time. A user who is away must find it, so its time starts with the
//! first key after it came. A failure that only the user can fix stays until something was done
//! about it: the next prompt, which removes any notice, or a turn that another client or the queue
//! started. The line about a lost connection covers what failed with the connection.

mod notify;

use std::time::Duration;

use crate::domain::chat::MessageError;
use crate::domain::failure::Failure;
use crate::domain::time::Monotonic;

/// How long a message of ours stays once the user is present.
const OURS: Duration = Duration::from_secs(15);
/// How long a failure stays that the user cannot fix.
const FAILURE: Duration = Duration::from_secs(40);

/// The last error or message that belongs to no message of the conversation.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ChatNotice {
    Turn(MessageError),
    Command(Failure),
    /// A message of ours.
    Ours(String),
}

impl ChatNotice {
    /// How long it stays once the user is present; `None`: until something was done about it.
    fn lasts(&self) -> Option<Duration> {
        match self {
            Self::Ours(_) => Some(OURS),
            Self::Command(failure) if failure.retryable || failure.next.advice.is_empty() => {
                Some(FAILURE)
            }
            Self::Command(_) | Self::Turn(_) => None,
        }
    }

    /// Whether a retry can fix it.
    fn is_passing(&self) -> bool {
        matches!(self, Self::Command(failure) if failure.retryable)
    }
}

/// The notice and when it disappears.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ChatNotices {
    shown: Option<ChatNotice>,
    /// Something was done about it.
    is_dealt_with: bool,
    /// Set with the first key.
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

    /// The user is present: the notice's time starts.
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

    /// A command succeeded, so an earlier temporary failure is out of date.
    pub(super) fn moved_on(&mut self) {
        if self.shown.as_ref().is_some_and(ChatNotice::is_passing) {
            self.clear();
        }
    }

    /// A turn starts, so something was done. The turn may be the next one of the queue, so the
    /// error of the one before stays readable for a while.
    pub(super) fn turn_begins(&mut self) {
        self.is_dealt_with = self.shown.is_some();
    }

    /// The message shows the error better than the separate error event.
    pub(super) fn told_by_message(&mut self, error: &MessageError) {
        if matches!(&self.shown, Some(ChatNotice::Turn(told)) if told == error) {
            self.clear();
        }
    }
}
