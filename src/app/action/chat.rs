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
    /// The panel of a permission: digits answer, all else that is printable is text.
    Permission,
    /// The panel of a question: digits choose, all else that is printable is text.
    Question,
    /// The composer, while its text is for that panel: printable keys are text.
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
    RequestOption1 = "request.option_1"
    RequestOption2 = "request.option_2"
    RequestOption3 = "request.option_3"
    RequestOption4 = "request.option_4"
    RequestOption5 = "request.option_5"
    RequestOption6 = "request.option_6"
    RequestOption7 = "request.option_7"
    RequestOption8 = "request.option_8"
    RequestOption9 = "request.option_9"
    /// Shows all of what is asked, or goes back.
    RequestFull = "request.full"
    /// Marks the option above.
    RequestPrevious = "request.previous"
    /// Marks the option below.
    RequestNext = "request.next"
    /// Goes to the previous question of several.
    RequestBack = "request.back"
    /// Goes to the next question of several.
    RequestForward = "request.forward"
    /// Takes what is marked, or sends what is written.
    RequestAccept = "request.accept"
    /// Chooses or drops the marked option where several may be chosen.
    RequestToggle = "request.toggle"
    /// Goes back from writing to the options.
    RequestLeave = "request.leave"
}

impl ChatAction {
    /// Whether it belongs to the panel of a request.
    pub(in crate::app) fn is_of_request(self) -> bool {
        self.name().starts_with("request.")
    }

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
use ChatContext::{Composer, Permission, Question, RequestInput, Transcript};

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
        "stop (twice), else scroll",
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
    (Transcript, c('i'), A::FocusComposer, "type"),
    (Transcript, plain(KeyCode::Enter), A::Fold, "fold"),
    (Transcript, c(' '), A::Fold, "fold"),
    (
        Transcript,
        plain(KeyCode::Esc),
        A::Stop,
        "stop (twice), else type",
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
    (Transcript, c('t'), A::FoldThinking, "fold thinking"),
    (Transcript, c('y'), A::CopyMessage, "copy"),
    (Permission, c('1'), A::RequestOnce, "once"),
    (Permission, c('2'), A::RequestAlways, "always"),
    (Permission, c('3'), A::RequestDeny, "deny"),
    (Permission, c('4'), A::RequestDenyReason, "deny, say why"),
    (Question, c('1'), A::RequestOption1, "option 1"),
    (Question, c('2'), A::RequestOption2, "option 2"),
    (Question, c('3'), A::RequestOption3, "option 3"),
    (Question, c('4'), A::RequestOption4, "option 4"),
    (Question, c('5'), A::RequestOption5, "option 5"),
    (Question, c('6'), A::RequestOption6, "option 6"),
    (Question, c('7'), A::RequestOption7, "option 7"),
    (Question, c('8'), A::RequestOption8, "option 8"),
    (Question, c('9'), A::RequestOption9, "option 9"),
    (
        Question,
        plain(KeyCode::Tab),
        A::RequestToggle,
        "choose the option",
    ),
    (
        Permission,
        plain(KeyCode::Up),
        A::RequestPrevious,
        "previous option",
    ),
    (
        Permission,
        plain(KeyCode::Down),
        A::RequestNext,
        "next option",
    ),
    (
        Permission,
        plain(KeyCode::Enter),
        A::RequestAccept,
        "choose the option",
    ),
    (Permission, Key::ctrl('f'), A::RequestFull, "show in full"),
    (Permission, plain(KeyCode::PageUp), A::PageUp, "page up"),
    (
        Permission,
        plain(KeyCode::PageDown),
        A::PageDown,
        "page down",
    ),
    (Permission, plain(KeyCode::Esc), A::Stop, "stop (twice)"),
    (
        Question,
        plain(KeyCode::Up),
        A::RequestPrevious,
        "previous option",
    ),
    (
        Question,
        plain(KeyCode::Down),
        A::RequestNext,
        "next option",
    ),
    (Question, plain(KeyCode::Enter), A::RequestAccept, "answer"),
    (Question, Key::ctrl('f'), A::RequestFull, "show in full"),
    (Question, plain(KeyCode::PageUp), A::PageUp, "page up"),
    (Question, plain(KeyCode::PageDown), A::PageDown, "page down"),
    (
        Question,
        plain(KeyCode::Left),
        A::RequestBack,
        "previous question",
    ),
    (
        Question,
        plain(KeyCode::Right),
        A::RequestForward,
        "next question",
    ),
    (Question, plain(KeyCode::Esc), A::Stop, "stop (twice)"),
    (
        RequestInput,
        plain(KeyCode::Enter),
        A::RequestAccept,
        "answer",
    ),
    (RequestInput, Key::ctrl('j'), A::Newline, "new line"),
    (RequestInput, alt(KeyCode::Enter), A::Newline, "new line"),
    (RequestInput, shift(KeyCode::Enter), A::Newline, "new line"),
    (RequestInput, plain(KeyCode::PageUp), A::PageUp, "page up"),
    (
        RequestInput,
        plain(KeyCode::PageDown),
        A::PageDown,
        "page down",
    ),
    (
        RequestInput,
        plain(KeyCode::Esc),
        A::RequestLeave,
        "back to the options",
    ),
];
