//! One row of the table of keys, and where it holds.

use crate::app::action::{Action, ChatContext};
use crate::app::key::KeySequence;

/// Where a binding holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Context {
    Composer,
    /// The chat, outside the composer.
    Transcript,
    /// The panel of a permission.
    Permission,
    /// The panel of a question.
    Question,
    /// The composer, while its text is for that panel.
    RequestInput,
    Sessions,
    Logs,
    /// Any pane while nothing is being typed.
    Outside,
    Anywhere,
    Help,
    /// A question of our own waits for yes or no.
    Confirm,
    /// A list that typing narrows.
    Picker,
    /// Also above an overlay.
    Always,
}

impl Context {
    /// All contexts, in the order of the help.
    pub const ALL: [Self; 13] = [
        Self::Composer,
        Self::Transcript,
        Self::Permission,
        Self::Question,
        Self::RequestInput,
        Self::Sessions,
        Self::Logs,
        Self::Outside,
        Self::Anywhere,
        Self::Always,
        Self::Help,
        Self::Confirm,
        Self::Picker,
    ];

    /// Whether keys that type a character are text here and mean nothing else.
    pub fn is_typing(self) -> bool {
        matches!(self, Self::Composer | Self::RequestInput | Self::Picker)
    }

    /// Whether the two can hold at once, one before the other.
    pub(super) fn is_beside(self, other: Self) -> bool {
        let is_layer = |context| matches!(context, Self::Anywhere | Self::Always);
        let is_overlay = |context| matches!(context, Self::Help | Self::Confirm | Self::Picker);
        match (self, other) {
            _ if self == other => false,
            (Self::Always, _) | (_, Self::Always) => true,
            _ if is_overlay(self) || is_overlay(other) => false,
            (Self::Outside, pane) | (pane, Self::Outside) => !pane.is_typing(),
            _ => is_layer(self) || is_layer(other),
        }
    }

    /// Whether keys that type a character go to the composer unless they are bound right here.
    pub fn falls_to_composer(self) -> bool {
        self.is_typing() || matches!(self, Self::Permission | Self::Question)
    }

    /// The heading in the help.
    pub fn name(self) -> &'static str {
        match self {
            Self::Composer => "composer",
            Self::Transcript => "chat",
            Self::Permission => "permission",
            Self::Question => "question",
            Self::RequestInput => "answer",
            Self::Sessions => "sessions",
            Self::Logs => "logs",
            Self::Outside => "outside the composer",
            Self::Anywhere => "anywhere",
            Self::Help => "help",
            Self::Confirm => "confirm",
            Self::Picker => "models",
            Self::Always => "always",
        }
    }
}

impl From<ChatContext> for Context {
    fn from(context: ChatContext) -> Self {
        match context {
            ChatContext::Composer => Self::Composer,
            ChatContext::Transcript => Self::Transcript,
            ChatContext::Permission => Self::Permission,
            ChatContext::Question => Self::Question,
            ChatContext::RequestInput => Self::RequestInput,
        }
    }
}

/// One row of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    pub context: Context,
    pub action: Action,
    /// `keys[0]` is the one that hints show; empty when the user took all away.
    pub keys: Vec<KeySequence>,
    /// What it does, in a few words.
    pub hint: &'static str,
}
