//! What the user may want from the chat, each with a stable name, and the keys it has by default.
//!
//! The names are what the configuration and the help use; they never change their meaning.

use crate::app::key::{Key, KeyCode};

/// Which part of the chat reads the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChatContext {
    /// The prompt editor: printable keys are text.
    Composer,
    /// The conversation: printable keys are commands.
    Transcript,
    /// The panel of a permission or a question: printable keys are commands.
    Request,
    /// A text field in that panel: printable keys are text.
    RequestInput,
}

impl ChatContext {
    /// Whether printable keys are text here and must not be bound.
    pub fn is_typing(self) -> bool {
        matches!(self, Self::Composer | Self::RequestInput)
    }
}

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal)*) => {
        /// Something the user wants from the chat.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ChatAction {
            $($(#[$doc])* $variant,)*
        }

        impl ChatAction {
            /// All actions, in the order of the help.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in the configuration.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

actions! {
    /// Sends what stands in the composer; on an empty composer lets a held queue go on.
    Send = "chat.send"
    /// Begins a new line in the composer.
    Newline = "chat.newline"
    /// Sends the next prompt of the queue at once, also while the agent works.
    SendNow = "chat.send_now"
    /// Takes the last prompt of the queue back into the composer.
    EditQueued = "chat.edit_queued"
    /// Opens the composer's text in the user's editor.
    EditExternally = "chat.edit_externally"
    /// Takes the next agent for the prompts to come.
    NextAgent = "chat.next_agent"
    /// Takes the previous agent for the prompts to come.
    PreviousAgent = "chat.previous_agent"
    /// Asks for the list of models.
    PickModel = "chat.pick_model"
    /// While the agent works: the first time arms, the second time stops it. Else goes to the
    /// conversation.
    Stop = "chat.stop"
    /// Clears the composer; where it is empty, does what [`ChatAction::Stop`] does while busy.
    Interrupt = "chat.interrupt"
    /// Goes to the composer.
    FocusComposer = "chat.focus_composer"
    /// Goes to the conversation.
    FocusTranscript = "chat.focus_transcript"
    /// Goes to the waiting permission or question.
    FocusRequest = "chat.focus_request"
    LineUp = "chat.line_up"
    LineDown = "chat.line_down"
    HalfPageUp = "chat.half_page_up"
    HalfPageDown = "chat.half_page_down"
    PageUp = "chat.page_up"
    PageDown = "chat.page_down"
    /// Goes to the first message that is loaded.
    Top = "chat.top"
    /// Goes to the end and follows it.
    Bottom = "chat.bottom"
    PreviousBlock = "chat.previous_block"
    NextBlock = "chat.next_block"
    PreviousPrompt = "chat.previous_prompt"
    NextPrompt = "chat.next_prompt"
    /// Folds or unfolds the selected block.
    Fold = "chat.fold"
    FoldTools = "chat.fold_tools"
    FoldThinking = "chat.fold_thinking"
    /// Copies the selected message, or the newest answer.
    CopyMessage = "chat.copy_message"
    RequestOnce = "request.once"
    RequestAlways = "request.always"
    RequestDeny = "request.deny"
    /// Denies with a reason that the agent reads; the turn goes on.
    RequestDenyReason = "request.deny_reason"
    /// Shows the whole command or diff.
    RequestFull = "request.full"
    RequestPrevious = "request.previous"
    RequestNext = "request.next"
    /// Goes to the previous question of several.
    RequestBack = "request.back"
    /// Goes to the next question of several.
    RequestForward = "request.forward"
    /// Takes what is selected.
    RequestAccept = "request.accept"
    /// Chooses or drops an option where several may be chosen.
    RequestToggle = "request.toggle"
    /// Rejects the questions, after a confirmation.
    RequestReject = "request.reject"
    /// Goes back to the composer; the request goes on waiting.
    RequestLater = "request.later"
}

impl ChatAction {
    /// Finds an action by its name in the configuration.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|action| action.name() == name)
    }
}

const fn shift(code: KeyCode) -> Key {
    let mut key = Key::plain(code);
    key.shift = true;
    key
}

const fn alt(code: KeyCode) -> Key {
    let mut key = Key::plain(code);
    key.alt = true;
    key
}

const fn plain(code: KeyCode) -> Key {
    Key::plain(code)
}

const fn c(c: char) -> Key {
    Key::char(c)
}

use ChatAction as A;
use ChatContext::{Composer, Request, RequestInput, Transcript};

/// The default keys: where, key, action, and the words of the hint.
pub const DEFAULT_KEYS: &[(ChatContext, Key, ChatAction, &str)] = &[
    (Composer, plain(KeyCode::Enter), A::Send, "send"),
    (Composer, Key::ctrl('j'), A::Newline, "new line"),
    (Composer, alt(KeyCode::Enter), A::Newline, "new line"),
    (Composer, shift(KeyCode::Enter), A::Newline, "new line"),
    (
        Composer,
        plain(KeyCode::Esc),
        A::Stop,
        "stop (twice), else read",
    ),
    (
        Composer,
        plain(KeyCode::Tab),
        A::NextAgent,
        "next agent, or answer",
    ),
    (
        Composer,
        shift(KeyCode::Tab),
        A::PreviousAgent,
        "previous agent",
    ),
    (Composer, plain(KeyCode::PageUp), A::PageUp, "page up"),
    (Composer, plain(KeyCode::PageDown), A::PageDown, "page down"),
    (
        Composer,
        Key::ctrl('g'),
        A::EditExternally,
        "edit in $EDITOR",
    ),
    (Transcript, c('i'), A::FocusComposer, "write"),
    (Transcript, plain(KeyCode::Enter), A::Fold, "fold"),
    (Transcript, c(' '), A::Fold, "fold"),
    (
        Transcript,
        plain(KeyCode::Esc),
        A::Stop,
        "stop (twice), else write",
    ),
    (Transcript, c('k'), A::LineUp, "up"),
    (Transcript, c('j'), A::LineDown, "down"),
    (Transcript, plain(KeyCode::Up), A::LineUp, "up"),
    (Transcript, plain(KeyCode::Down), A::LineDown, "down"),
    (Transcript, Key::ctrl('u'), A::HalfPageUp, "half page up"),
    (
        Transcript,
        Key::ctrl('d'),
        A::HalfPageDown,
        "half page down",
    ),
    (Transcript, plain(KeyCode::PageUp), A::PageUp, "page up"),
    (
        Transcript,
        plain(KeyCode::PageDown),
        A::PageDown,
        "page down",
    ),
    (Transcript, c('g'), A::Top, "top"),
    (Transcript, c('G'), A::Bottom, "end"),
    (Transcript, plain(KeyCode::Home), A::Top, "top"),
    (Transcript, plain(KeyCode::End), A::Bottom, "end"),
    (Transcript, c('['), A::PreviousBlock, "previous block"),
    (Transcript, c(']'), A::NextBlock, "next block"),
    (Transcript, c('{'), A::PreviousPrompt, "previous prompt"),
    (Transcript, c('}'), A::NextPrompt, "next prompt"),
    (Transcript, c('z'), A::FoldTools, "fold tools"),
    (Transcript, c('t'), A::FoldThinking, "thinking"),
    (Transcript, c('y'), A::CopyMessage, "copy"),
    (Request, c('a'), A::RequestOnce, "once"),
    (Request, c('s'), A::RequestAlways, "always"),
    (Request, c('A'), A::RequestAlways, "always"),
    (Request, c('d'), A::RequestDeny, "deny"),
    (Request, c('D'), A::RequestDenyReason, "deny, say why"),
    (Request, c('f'), A::RequestFull, "full view"),
    (Request, c('R'), A::RequestReject, "reject"),
    (Request, c(' '), A::RequestToggle, "choose"),
    (Request, plain(KeyCode::Enter), A::RequestAccept, "take"),
    (Request, plain(KeyCode::Up), A::RequestPrevious, "previous"),
    (Request, plain(KeyCode::Down), A::RequestNext, "next"),
    (Request, c('k'), A::RequestPrevious, "previous"),
    (Request, c('j'), A::RequestNext, "next"),
    (Request, plain(KeyCode::Left), A::RequestBack, "back"),
    (Request, plain(KeyCode::Right), A::RequestForward, "forward"),
    (Request, plain(KeyCode::PageUp), A::PageUp, "page up"),
    (Request, plain(KeyCode::PageDown), A::PageDown, "page down"),
    (Request, plain(KeyCode::Esc), A::RequestLater, "later"),
    (Request, c('i'), A::RequestLater, "later"),
    (
        RequestInput,
        plain(KeyCode::Enter),
        A::RequestAccept,
        "take",
    ),
    (RequestInput, plain(KeyCode::Esc), A::RequestLater, "back"),
];
