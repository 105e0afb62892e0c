//! What the root lends the chat's view: the focus, the keys, and what becomes of a prompt now.

use crate::app::chat::{ChatAction, ChatContext, ChatKeys};
use crate::app::view::advice::AdviceKeys;

/// How far a prompt gets. The chat shows a turn as running only where it would hear of its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Delivery {
    /// There is a connection.
    #[default]
    Live,
    /// There is none, but there may be one again: prompts wait.
    Later,
    /// The session's task has ended, but the session can be opened again for a prompt.
    Asleep,
    /// There will be none again: nothing can be sent.
    Never,
}

/// How the chat is drawn this time.
#[derive(Debug, Clone, Copy)]
pub struct ChatViewProps<'a> {
    /// The keys go to the chat.
    pub focused: bool,
    /// The key that focuses the chat, for its frame; may be empty.
    pub focus_key: &'a str,
    /// The title of the frame.
    pub title: &'a str,
    /// Hints show the keys that really hold.
    pub keys: &'a ChatKeys,
    /// The keys that do what a failure advises.
    pub(in crate::app) advice: &'a AdviceKeys,
    /// Why a prompt waits or cannot be sent, in a few words; empty while it is sent at once.
    pub waits_for: &'a str,
    /// When a prompt waits at first, for the words of an empty chat.
    pub meanwhile: &'a str,
    /// What the sandbox has cost, and in which time; empty where nobody pays for it.
    pub sandbox_cost: &'a str,
    /// Rows of the pane, with what stands above the chat in it.
    pub rows: u16,
}

impl ChatViewProps<'_> {
    /// The key of an action in a part of the chat; empty where the user took all away.
    pub(in crate::app::chat) fn key(&self, context: ChatContext, action: ChatAction) -> String {
        self.keys.name(context, action).to_owned()
    }
}
