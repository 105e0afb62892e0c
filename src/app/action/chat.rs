//! What the user can do in the chat, and which part of the chat receives the keys.

/// Which part of the chat receives the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChatContext {
    /// The prompt editor: printable keys are text.
    Composer,
    /// The conversation: printable keys are commands.
    Transcript,
    /// The panel of a permission: digits answer, all other printable keys are text.
    Permission,
    /// The panel of a question: digits choose, all other printable keys are text.
    Question,
    /// The composer while a menu is open above it: printable keys are text.
    Completion,
    /// The composer while its text answers that panel: printable keys are text.
    RequestInput,
}

impl ChatContext {
    pub const ALL: [Self; 6] = [
        Self::Composer,
        Self::Completion,
        Self::Transcript,
        Self::Permission,
        Self::Question,
        Self::RequestInput,
    ];
}

actions! {
    /// An action of the user in the chat.
    ChatAction {
        /// Sends the text of the composer; in an empty composer, releases a held queue.
        Send,
        /// Starts a new line in the composer.
        Newline,
        /// Moves up a line; from the first line to an earlier prompt, and from an empty composer to
        /// the last queued prompt.
        CursorUp,
        /// Moves down a line, or to a later prompt.
        CursorDown,
        /// Undoes the last edit of the text.
        UndoEdit,
        /// Redoes the last edit that was undone.
        RedoEdit,
        /// Opens the list of earlier prompts.
        PastPrompts,
        /// Attaches the image in the clipboard.
        PasteImage,
        /// Stashes the text; in an empty composer, brings it back.
        Stash,
        /// Takes the row of the menu above the composer; a command that is typed whole runs.
        MenuAccept,
        /// Completes the text by that row, and goes into a directory.
        MenuComplete,
        MenuPrevious,
        MenuNext,
        /// Closes the menu.
        MenuClose,
        /// Sends the next queued prompt at once, even while the agent works.
        SendNow,
        /// Moves the last queued prompt back into the composer.
        EditQueued,
        /// Undoes the last prompt that is not undone, with its answer and the files.
        Undo,
        /// Redoes the first prompt that is undone.
        Redo,
        /// Sends the last prompt again, with a model to choose.
        SendAgain,
        /// Opens the list of prompts.
        Timeline,
        /// Asks what to look for in the conversation.
        Search,
        NextMatch,
        PreviousMatch,
        /// Opens the list of links.
        Links,
        /// Opens the menu of the selected message.
        MessageMenu,
        /// Writes the conversation to a file.
        Export,
        /// Opens the list of the server's conversations.
        Conversations,
        /// Copies the conversation, up to the selected message, into one beside it.
        Fork,
        /// Gives the conversation another title.
        Rename,
        /// Lets the model summarize the conversation now.
        Compact,
        /// Publishes the conversation.
        Share,
        Unshare,
        /// Opens the composer's text in the user's editor.
        EditExternally,
        /// Selects the next agent for later prompts.
        NextAgent,
        /// Selects the previous agent for later prompts.
        PreviousAgent,
        /// Opens the list of models.
        PickModel,
        /// Opens the list of agents.
        PickAgent,
        /// Selects the next variant of the model for later prompts.
        NextVariant,
        /// Allows all that no rule denies, or asks again.
        ToggleAuto,
        /// While the agent works: the first press arms, the second stops the turn. Otherwise
        /// focuses the conversation.
        Stop,
        /// Focuses the composer.
        FocusComposer,
        /// Focuses the conversation.
        FocusTranscript,
        /// Focuses the waiting permission or question.
        FocusRequest,
        LineUp,
        LineDown,
        HalfPageUp,
        HalfPageDown,
        PageUp,
        PageDown,
        /// Scrolls to the first loaded message.
        Top,
        /// Scrolls to the end and follows it.
        Bottom,
        PreviousBlock,
        NextBlock,
        PreviousPrompt,
        NextPrompt,
        /// Opens the conversation of the selected call's sub-agent; folds or unfolds any other
        /// block.
        Open,
        /// Folds or unfolds the selected block.
        Fold,
        /// Shows the sub-agent that was begun before the one that is read.
        PreviousSubAgent,
        /// Shows the sub-agent that was begun after it.
        NextSubAgent,
        FoldTools,
        FoldThinking,
        /// Copies the selected message, or the newest answer.
        CopyMessage,
        /// Copies the newest answer, whatever is selected.
        CopyAnswer,
        RequestOnce,
        RequestAlways,
        RequestDeny,
        /// Denies with a reason that the agent reads; the turn continues.
        RequestDenyReason,
        /// Offers a rule for such requests.
        RequestRule,
        RequestOption1,
        RequestOption2,
        RequestOption3,
        RequestOption4,
        RequestOption5,
        RequestOption6,
        RequestOption7,
        RequestOption8,
        RequestOption9,
        /// Shows the whole request, or goes back.
        RequestFull,
        /// Moves the mark to the option above.
        RequestPrevious,
        /// Moves the mark to the option below.
        RequestNext,
        /// Goes to the previous question of several.
        RequestBack,
        /// Goes to the next question of several.
        RequestForward,
        /// Accepts the marked option, or sends the written text.
        RequestAccept,
        /// Selects or deselects the marked option of a multiple choice.
        RequestToggle,
        /// Goes back from the text to the options.
        RequestLeave,
    }
}

impl ChatAction {
    /// Whether the action belongs to a request's panel, and so works only while a request waits.
    pub fn is_of_request(self) -> bool {
        matches!(
            self,
            Self::RequestOnce
                | Self::RequestAlways
                | Self::RequestDeny
                | Self::RequestDenyReason
                | Self::RequestRule
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
