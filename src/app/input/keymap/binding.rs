//! One row of the key map, and where it holds.

use crate::app::action::{Action, ChatContext};
use crate::app::input::key::{Key, KeySequence};

/// Where a binding holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyContext {
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
    /// After the first key of a sequence.
    Sequence,
}

impl KeyContext {
    /// All contexts, in the order of the help.
    pub const ALL: [Self; 14] = [
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
        Self::Sequence,
        Self::Help,
        Self::Confirm,
        Self::Picker,
    ];

    /// Whether the key is text here and means nothing else. Where a request is answered, that is all but the
    /// digits: letters always type.
    pub fn takes_as_text(self, key: Key) -> bool {
        match key.typed() {
            None => false,
            Some(c) => self.is_typing() || self.falls_to_composer() && !c.is_ascii_digit(),
        }
    }

    fn is_typing(self) -> bool {
        matches!(self, Self::Composer | Self::RequestInput | Self::Picker)
    }

    /// Whether the two can hold at once, one before the other.
    pub(super) fn is_beside(self, other: Self) -> bool {
        let is_layer = |context| matches!(context, Self::Anywhere | Self::Always);
        let is_overlay = |context| matches!(context, Self::Help | Self::Confirm | Self::Picker);
        match (self, other) {
            _ if self == other => false,
            // What it reserves is checked on its own.
            (Self::Sequence, _) | (_, Self::Sequence) => false,
            (Self::Always, _) | (_, Self::Always) => true,
            _ if is_overlay(self) || is_overlay(other) => false,
            (Self::Outside, pane) | (pane, Self::Outside) => !pane.falls_to_composer(),
            _ => is_layer(self) || is_layer(other),
        }
    }

    /// Where keys are looked up while this is the context of the focused pane, the front first.
    pub fn with_layers(self) -> Vec<Self> {
        if self.falls_to_composer() {
            vec![self, Self::Anywhere, Self::Always]
        } else {
            vec![self, Self::Outside, Self::Anywhere, Self::Always]
        }
    }

    /// Whether keys that type a character go to the composer unless they are bound right here.
    pub fn falls_to_composer(self) -> bool {
        self.is_typing() || matches!(self, Self::Permission | Self::Question)
    }

    /// Where it is, within a sentence.
    pub(super) fn place(self) -> String {
        match self {
            Self::Outside | Self::Anywhere | Self::Sequence => self.name().to_owned(),
            Self::Always => "in every context".to_owned(),
            Self::RequestInput => "while typing an answer".to_owned(),
            _ => format!("in the context \"{}\"", self.name()),
        }
    }

    /// The heading in the help.
    pub fn name(self) -> &'static str {
        match self {
            Self::Composer => "composer",
            Self::Transcript => "conversation",
            Self::Permission => "permission",
            Self::Question => "question",
            Self::RequestInput => "typing an answer",
            Self::Sessions => "session list",
            Self::Logs => "logs",
            Self::Outside => "outside the composer",
            Self::Anywhere => "anywhere",
            Self::Help => "help",
            Self::Confirm => "yes or no",
            Self::Picker => "list of choices",
            Self::Always => "always",
            Self::Sequence => "after the first key",
        }
    }
}

impl From<ChatContext> for KeyContext {
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

/// What belongs together in a list of all actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyGroup {
    Writing,
    Answering,
    Scrolling,
    Sessions,
    SessionList,
    Logs,
    Screen,
    Program,
    Overlays,
}

impl KeyGroup {
    pub const ALL: [Self; 9] = [
        Self::Writing,
        Self::Answering,
        Self::Scrolling,
        Self::Sessions,
        Self::SessionList,
        Self::Logs,
        Self::Screen,
        Self::Program,
        Self::Overlays,
    ];

    /// The heading.
    pub fn name(self) -> &'static str {
        match self {
            Self::Writing => "Writing",
            Self::Answering => "Answering permissions and questions",
            Self::Scrolling => "Reading the conversation",
            Self::Sessions => "Sessions and their sandboxes",
            Self::SessionList => "In the session list",
            Self::Logs => "In the logs",
            Self::Screen => "Panes and screen",
            Self::Program => "Program",
            Self::Overlays => "Help, questions and lists of choices",
        }
    }
}

/// One row of the key map.
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    pub context: KeyContext,
    pub group: KeyGroup,
    pub action: Action,
    /// `keys[0]` is the one that hints show; empty when the user took all away.
    pub keys: Vec<KeySequence>,
    /// What hints call it, in at most 12 columns.
    pub hint: &'static str,
    /// What it does, in one line.
    pub what: &'static str,
}
