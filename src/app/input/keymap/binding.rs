//! One row of the key map, and its context.

use crate::app::action::{Action, ChatContext};
use crate::app::input::key::{Key, KeySequence};

/// The context of a binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyContext {
    Composer,
    /// The composer while a menu is open above it.
    Completion,
    /// The chat, outside the composer.
    Transcript,
    /// The panel of a permission.
    Permission,
    /// The panel of a question.
    Question,
    /// The composer while its text answers that panel.
    RequestInput,
    Sessions,
    /// The session list while its filter is typed.
    SessionFilter,
    Logs,
    /// Any pane while the user is not typing.
    Outside,
    Anywhere,
    Help,
    /// A dialog that waits for yes or no.
    Confirm,
    /// A list with a filter.
    Picker,
    /// The state of the server.
    ServerStatus,
    /// The list of links.
    Links,
    /// The review of what was changed.
    Changes,
    /// The chat of a session that is looked at.
    Peek,
    /// Also above an overlay.
    Always,
    /// After the first key of a sequence.
    Sequence,
}

impl KeyContext {
    /// All contexts, in the order of the help.
    pub const ALL: [Self; 20] = [
        Self::Composer,
        Self::Completion,
        Self::Transcript,
        Self::Permission,
        Self::Question,
        Self::RequestInput,
        Self::Sessions,
        Self::SessionFilter,
        Self::Logs,
        Self::Outside,
        Self::Anywhere,
        Self::Always,
        Self::Sequence,
        Self::Help,
        Self::Confirm,
        Self::Picker,
        Self::ServerStatus,
        Self::Links,
        Self::Changes,
        Self::Peek,
    ];

    /// Whether the key is text here. Where a request is answered, all printable keys but digits
    /// are: letters always type.
    pub fn takes_as_text(self, key: Key) -> bool {
        match key.typed() {
            None => false,
            Some(c) => self.is_typing() || self.falls_to_composer() && !c.is_ascii_digit(),
        }
    }

    fn is_typing(self) -> bool {
        matches!(
            self,
            Self::Composer
                | Self::Completion
                | Self::RequestInput
                | Self::SessionFilter
                | Self::Picker
                | Self::Help
        )
    }

    /// Whether both contexts can be active at once, one in front of the other.
    pub(super) fn is_beside(self, other: Self) -> bool {
        let is_layer = |context| matches!(context, Self::Anywhere | Self::Always);
        let is_overlay = |context| {
            matches!(
                context,
                Self::Help
                    | Self::Confirm
                    | Self::Picker
                    | Self::ServerStatus
                    | Self::Links
                    | Self::Changes
                    | Self::Peek
            )
        };
        match (self, other) {
            _ if self == other => false,
            // Its reserved keys are checked separately.
            (Self::Sequence, _) | (_, Self::Sequence) => false,
            (Self::Always, _)
            | (_, Self::Always)
            | (Self::Completion, Self::Composer)
            | (Self::Composer, Self::Completion) => true,
            _ if is_overlay(self) || is_overlay(other) => false,
            (Self::Outside, pane) | (pane, Self::Outside) => !pane.falls_to_composer(),
            _ => is_layer(self) || is_layer(other),
        }
    }

    /// The contexts in which keys are looked up while this is the focused one, from front to back.
    pub fn with_layers(self) -> Vec<Self> {
        if self == Self::Completion {
            vec![self, Self::Composer, Self::Anywhere, Self::Always]
        } else if self.falls_to_composer() {
            vec![self, Self::Anywhere, Self::Always]
        } else {
            vec![self, Self::Outside, Self::Anywhere, Self::Always]
        }
    }

    /// The same for a session that is looked at, whose chat has this focus: without what belongs to the
    /// session on the screen.
    pub fn peeked(chat: Option<ChatContext>) -> Vec<Self> {
        let chat = chat.map(Self::from);
        let composer = chat.filter(|context| *context == Self::Completion);
        let composer = composer.map(|_| Self::Composer);
        let layers = chat.into_iter().chain(composer);
        layers.chain([Self::Peek, Self::Always]).collect()
    }

    /// Whether printable keys go to the composer unless this very context binds them.
    pub fn falls_to_composer(self) -> bool {
        self.is_typing() || matches!(self, Self::Permission | Self::Question)
    }

    /// The context's name within a sentence.
    pub(super) fn place(self) -> String {
        match self {
            Self::Outside | Self::Anywhere | Self::Sequence => self.name().to_owned(),
            Self::Always => "in every context".to_owned(),
            Self::RequestInput => "while typing an answer".to_owned(),
            Self::SessionFilter => "while typing a filter".to_owned(),
            Self::Completion => "while a menu is open above the composer".to_owned(),
            _ => format!("in the context \"{}\"", self.name()),
        }
    }

    /// The heading in the help.
    pub fn name(self) -> &'static str {
        match self {
            Self::Composer => "composer",
            Self::Completion => "menu",
            Self::Transcript => "conversation",
            Self::Permission => "permission",
            Self::Question => "question",
            Self::RequestInput => "typing an answer",
            Self::Sessions => "session list",
            Self::SessionFilter => "session filter",
            Self::Logs => "logs",
            Self::Outside => "outside the composer",
            Self::Anywhere => "anywhere",
            Self::Help => "help",
            Self::Confirm => "yes or no",
            Self::Picker => "list of choices",
            Self::ServerStatus => "server status",
            Self::Links => "links",
            Self::Changes => "changes",
            Self::Peek => "peek",
            Self::Always => "always",
            Self::Sequence => "after the first key",
        }
    }
}

impl From<ChatContext> for KeyContext {
    fn from(context: ChatContext) -> Self {
        match context {
            ChatContext::Composer => Self::Composer,
            ChatContext::Completion => Self::Completion,
            ChatContext::Transcript => Self::Transcript,
            ChatContext::Permission => Self::Permission,
            ChatContext::Question => Self::Question,
            ChatContext::RequestInput => Self::RequestInput,
        }
    }
}

/// The groups in a list of all actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyGroup {
    Writing,
    Answering,
    Scrolling,
    Sessions,
    SessionList,
    Logs,
    Changes,
    Screen,
    Program,
    Overlays,
}

impl KeyGroup {
    pub const ALL: [Self; 10] = [
        Self::Writing,
        Self::Answering,
        Self::Scrolling,
        Self::Sessions,
        Self::SessionList,
        Self::Logs,
        Self::Changes,
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
            Self::Changes => "In the changes",
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
    /// Hints show `keys[0]`; empty if the user unbound the action.
    pub keys: Vec<KeySequence>,
    /// The name in hints, at most 12 columns.
    pub hint: &'static str,
    /// The description, in one line.
    pub what: &'static str,
}
