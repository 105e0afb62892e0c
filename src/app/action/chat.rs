//! What the user may want from the chat, and which part of the chat reads the keys.

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
    pub const ALL: [Self; 5] = [
        Self::Composer,
        Self::Transcript,
        Self::Permission,
        Self::Question,
        Self::RequestInput,
    ];
}

actions! {
    /// Something the user wants from the chat.
    ChatAction {
        /// Sends what stands in the composer; on an empty composer lets a held queue go on.
        Send,
        /// Begins a new line in the composer.
        Newline,
        /// Goes up a line; from the first line to an earlier prompt, and from an empty composer to the last
        /// prompt of the queue.
        CursorUp,
        /// Goes down a line, or to a later prompt.
        CursorDown,
        /// Sends the next prompt of the queue at once, also while the agent works.
        SendNow,
        /// Takes the last prompt of the queue back into the composer.
        EditQueued,
        /// Opens the composer's text in the user's editor.
        EditExternally,
        /// Takes the next agent for the prompts to come.
        NextAgent,
        /// Takes the previous agent for the prompts to come.
        PreviousAgent,
        /// Asks for the list of models.
        PickModel,
        /// While the agent works: the first time arms, the second time stops it. Else goes to the
        /// conversation.
        Stop,
        /// Goes to the composer.
        FocusComposer,
        /// Goes to the conversation.
        FocusTranscript,
        /// Goes to the waiting permission or question.
        FocusRequest,
        LineUp,
        LineDown,
        HalfPageUp,
        HalfPageDown,
        PageUp,
        PageDown,
        /// Goes to the first message that is loaded.
        Top,
        /// Goes to the end and follows it.
        Bottom,
        PreviousBlock,
        NextBlock,
        PreviousPrompt,
        NextPrompt,
        /// Folds or unfolds the selected block.
        Fold,
        FoldTools,
        FoldThinking,
        /// Copies the selected message, or the newest answer.
        CopyMessage,
        RequestOnce,
        RequestAlways,
        RequestDeny,
        /// Denies with a reason that the agent reads; the turn goes on.
        RequestDenyReason,
        RequestOption1,
        RequestOption2,
        RequestOption3,
        RequestOption4,
        RequestOption5,
        RequestOption6,
        RequestOption7,
        RequestOption8,
        RequestOption9,
        /// Shows all of what is asked, or goes back.
        RequestFull,
        /// Marks the option above.
        RequestPrevious,
        /// Marks the option below.
        RequestNext,
        /// Goes to the previous question of several.
        RequestBack,
        /// Goes to the next question of several.
        RequestForward,
        /// Takes what is marked, or sends what is written.
        RequestAccept,
        /// Chooses or drops the marked option where several may be chosen.
        RequestToggle,
        /// Goes back from writing to the options.
        RequestLeave,
    }
}

impl ChatAction {
    /// Whether it belongs to the panel of a request: it can be done only while one waits.
    pub fn is_of_request(self) -> bool {
        matches!(
            self,
            Self::RequestOnce
                | Self::RequestAlways
                | Self::RequestDeny
                | Self::RequestDenyReason
                | Self::RequestOption1
                | Self::RequestOption2
                | Self::RequestOption3
                | Self::RequestOption4
                | Self::RequestOption5
                | Self::RequestOption6
                | Self::RequestOption7
                | Self::RequestOption8
                | Self::RequestOption9
                | Self::RequestFull
                | Self::RequestPrevious
                | Self::RequestNext
                | Self::RequestBack
                | Self::RequestForward
                | Self::RequestAccept
                | Self::RequestToggle
                | Self::RequestLeave
        )
    }
}
