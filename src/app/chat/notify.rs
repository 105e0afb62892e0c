//! Tells what has no message of its own below the conversation; [`ChatNotices`](super::notice::ChatNotices) knows when
//! it goes.

use super::notice::ChatNotice;
use super::{Chat, Delivery};
use crate::domain::failure::Failure;

impl Chat {
    /// Tells that a command failed, unless it was lost with the connection, which is told already.
    pub(super) fn tell_failure(&mut self, failure: &Failure) {
        if self.reach == Delivery::Live || failure.passing.is_none() {
            self.notices.say(ChatNotice::Command(failure.clone()));
        }
    }

    /// Says something below the conversation.
    pub fn say(&mut self, words: String) {
        self.notices.say(ChatNotice::Ours(words));
    }

    /// Whether a failed command is told where nobody sees it: the conversation is scrolled back, or was not
    /// drawn yet.
    pub fn hides_failure(&self) -> bool {
        let is_seen = self.scroll.follows() && self.viewport.rows > 0;
        matches!(self.notices.shown(), Some(ChatNotice::Command(_))) && !is_seen
    }
}
