//! Values that a server reports, for the tests of all modules: conversations and messages of which nothing is known but
//! what the test is about.

use super::chat::{
    Conversation, Message, MessageWithParts, Part, Resync, Role, Tokens, TurnStatus,
};
use super::time::UnixMillis;

/// An empty header.
pub(crate) fn conversation(id: &str) -> Conversation {
    Conversation {
        id: id.into(),
        title: String::new(),
        directory: String::new(),
        cost: 0.0,
        tokens: Tokens::default(),
        updated: UnixMillis(0),
        reverted: None,
        shared: None,
    }
}

/// The whole of `ses_1` as fetched with no gap before it: nothing waits, as far as the server could list it.
pub(crate) fn resync(messages: Vec<MessageWithParts>, status: TurnStatus) -> Resync {
    Resync {
        conversation: conversation("ses_1"),
        messages,
        more: false,
        status,
        permissions: None,
        questions: None,
        after_gap: false,
    }
}

/// A message with one text, which has ended.
pub(crate) fn spoken(id: &str, role: Role, created: u64, text: &str) -> MessageWithParts {
    MessageWithParts {
        message: Message::new(id, role, UnixMillis(created)),
        parts: vec![Part::text(id, format!("prt_{id}"), text, true)],
    }
}
