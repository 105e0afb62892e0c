//! What the root passes to the chat's view: the focus, the keys, and what happens to a prompt now.

use crate::app::chat::{ChatAction, ChatContext, ChatKeys};
use crate::app::view::advice::AdviceKeys;

/// What happens to a prompt. The chat shows a turn as running only while it would learn of the
/// turn's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Delivery {
    /// The session is connected.
    #[default]
    Live,
    /// There is no connection, but there may be one again: prompts wait.
    Later,
    /// The session's task has ended, but a prompt can open the session again.
    Asleep,
    /// There will be no connection again: nothing can be sent.
    Never,
}

/// How this frame of the chat is drawn.
#[derive(Debug, Clone, Copy)]
pub struct ChatViewProps<'a> {
    /// The chat has the focus.
    pub focused: bool,
    /// The user's key bindings, for the hints.
    pub keys: &'a ChatKeys,
    /// The keys for the advice of failures.
    pub(in crate::app) advice: &'a AdviceKeys,
    /// Why a prompt waits or cannot be sent, in a few words; empty while prompts are sent at once.
    pub waits_for: &'a str,
    /// The text of an empty chat while prompts wait.
    pub meanwhile: &'a str,
    /// The user's clock is this far ahead of UTC.
    pub utc_offset_minutes: i16,
}

impl ChatViewProps<'_> {
    /// The key of an action in a part of the chat; empty if it is unbound.
    pub(in crate::app::chat) fn key(&self, context: ChatContext, action: ChatAction) -> String {
        self.keys.name(context, action).to_owned()
    }
}
