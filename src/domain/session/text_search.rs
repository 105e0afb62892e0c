//! What a search in the texts of all stored conversations finds.

use super::super::chat::MessageWithParts;
use super::super::id::{MessageId, PartId, SessionKey};
use super::super::time::UnixMillis;

/// The result of one search.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FoundTexts {
    /// As typed.
    pub query: String,
    /// Newest first.
    pub texts: Vec<FoundText>,
    /// There are more than these.
    pub more: bool,
    /// Some stored texts cannot be found yet.
    pub is_incomplete: bool,
}

impl FoundTexts {
    /// Nothing is found.
    pub fn none(query: String) -> Self {
        Self {
            query,
            ..Self::default()
        }
    }
}

/// A text with all words of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundText {
    pub session: SessionKey,
    /// The session's name.
    pub name: String,
    pub message: MessageId,
    pub part: PartId,
    pub whose: TextAuthor,
    /// When its message was created, by the server's clock.
    pub at: UnixMillis,
    /// The place of the first match, on one line. It may be hostile.
    pub snippet: Vec<SnippetPiece>,
}

impl FoundText {
    /// The first match, as the text has it; empty if the snippet shows none.
    pub fn first_match(&self) -> &str {
        let mut pieces = self.snippet.iter();
        let first = pieces.find(|piece| piece.is_match);
        first.map_or("", |piece| &piece.text)
    }
}

/// A piece of a snippet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnippetPiece {
    pub text: String,
    /// It is a word of the search.
    pub is_match: bool,
}

/// Whose text it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextAuthor {
    User,
    Agent,
    Tool,
}

impl TextAuthor {
    /// A word for it: `prompt`.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "prompt",
            Self::Agent => "answer",
            Self::Tool => "tool",
        }
    }
}

/// The stored messages of a conversation from one on, oldest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StoredMessages {
    pub messages: Vec<MessageWithParts>,
    /// There are older ones.
    pub more: bool,
}
