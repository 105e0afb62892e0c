//! Creates the notices below the conversation; [`ChatNotices`](super::ChatNotices) knows when they
//! disappear.

use super::ChatNotice;
use crate::app::chat::{Chat, Delivery};
use crate::domain::failure::Failure;

impl Chat {
    /// Reports a failed command, unless it failed with the connection, which has its own line.
    pub(in crate::app::chat) fn tell_failure(&mut self, failure: &Failure) {
        if self.delivery == Delivery::Live || failure.passing.is_none() {
            self.notices.say(ChatNotice::Command(failure.clone()));
        }
    }

    /// Shows a message below the conversation.
    pub fn say(&mut self, words: String) {
        self.notices.say(ChatNotice::Ours(words));
    }

    /// Whether a notice here would not be seen: the conversation is scrolled up, or not drawn yet.
    pub fn hides_failure(&self) -> bool {
        let is_seen = self.scroll.follows() && self.viewport.rows > 0;
        matches!(self.notices.shown(), Some(ChatNotice::Command(_))) && !is_seen
    }
}
