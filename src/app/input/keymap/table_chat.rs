//! The keys of the conversation: writing, answering and reading.

use super::binding::{KeyContext, KeyGroup};
use super::row::{ActionRow, DefaultKeys, action, rows};
use crate::app::action::{Action, ChatAction};

pub(super) const ROWS: &[ActionRow] = rows! {
    Writing {
        Chat::Send "chat.send" "send" "send, or queue while the agent works"
            [Composer: "enter"]
        Chat::Newline "chat.newline" "new line" "begin a new line"
            [Composer RequestInput: "ctrl-j" "alt-enter" "shift-enter"]
        Chat::CursorUp "chat.cursor_up" "edit" "line up, last queued or earlier prompt"
            [Composer RequestInput: "up"]
        Chat::CursorDown "chat.cursor_down" "line down" "line down, or a later prompt"
            [Composer RequestInput: "down"]
        Chat::UndoEdit "chat.undo_edit" "undo edit" "undo the last edit in the composer"
            [Composer RequestInput: "ctrl-_"]
        Chat::RedoEdit "chat.redo_edit" "redo edit" "redo the last undone edit"
            [Composer RequestInput: "alt-/"]
        Chat::PastPrompts "chat.past_prompts" "recall" "find an earlier prompt"
            / "prompts"
            [Composer: "ctrl-r"]
        Chat::PasteImage "chat.paste_image" "image" "attach an image from the clipboard"
            [Composer: "ctrl-v"]
        Chat::Stash "chat.stash" "stash" "stash the text, or bring it back"
            / "stash"
            [Composer: "ctrl-s"]
        Chat::MenuAccept "menu.accept" "choose" "choose the selected row, or run it"
            [Completion: "enter"]
        Chat::MenuComplete "menu.complete" "complete" "complete the text, go into a directory"
            [Completion: "tab"]
        Chat::MenuPrevious "menu.previous" "move" "select the row above in the menu"
            [Completion: "up" "ctrl-p"]
        Chat::MenuNext "menu.next" "move" "select the row below in the menu"
            [Completion: "down" "ctrl-n"]
        Chat::MenuClose "menu.close" "close" "close the menu"
            [Completion: "esc"]
        Chat::EditExternally "chat.edit_externally" "editor" "edit the message in $EDITOR"
            / "editor"
            [Composer: "ctrl-g"] [Anywhere: "ctrl-x e"]
        Chat::SendNow "chat.send_now" "send next" "send next queued message now"
            [Anywhere: "ctrl-x enter"]
        Chat::EditQueued "chat.edit_queued" "edit queued" "edit the last queued message"
            [Anywhere: "ctrl-x E"]
        Chat::Undo "chat.undo" "undo" "undo the last prompt and its file changes"
            / "undo"
            [Anywhere: "ctrl-x u"]
        Chat::Redo "chat.redo" "redo" "redo the prompt that was undone"
            / "redo"
            [Anywhere: "ctrl-x U"]
        Chat::SendAgain "chat.send_again" "send again" "send the last prompt with another model"
            / "retry"
            [Anywhere: "ctrl-x ."]
        Chat::NextAgent "chat.next_agent" "next agent" "answer a request, or use the next agent"
            [Composer: "tab"]
        Chat::PreviousAgent "chat.previous_agent" "prev agent" "use the previous agent"
            [Composer: "shift-tab"]
        Chat::PickModel "chat.pick_model" "model" "choose a model"
            / "models" / "mo"
            [Anywhere: "ctrl-x m"]
        Chat::PickAgent "chat.pick_agent" "agents" "choose an agent"
            / "agents"
            [Anywhere: "ctrl-x A"]
        Chat::NextVariant "chat.next_variant" "variant" "use the next model variant (effort)"
            / "variants"
            [Anywhere: "ctrl-t"]
        Chat::Stop "chat.stop" "stop" "stop (press twice), else scroll or type"
            [Composer Transcript Permission Question: "esc"]
    }
    Answering {
        Chat::FocusRequest "chat.focus_request" "answer" "answer the waiting request"
            [Anywhere Peek: "ctrl-x p"]
        Chat::RequestOnce "request.once" "once" "allow it once"
            [Permission: "1"]
        Chat::RequestAlways "request.always" "always" "allow it until the sandbox restarts"
            [Permission: "2"]
        Chat::RequestDeny "request.deny" "deny" "deny it"
            [Permission: "3"]
        Chat::RequestDenyReason "request.deny_reason" "say why" "deny it, and say why"
            [Permission: "4"]
        Chat::RequestRule "request.rule" "rule" "make a rule for such requests"
            [Permission: "5"]
        Chat::ToggleAuto "chat.auto" "auto mode" "turn auto mode on or off"
            / "auto"
            [Anywhere: "ctrl-x !"]
        Chat::RequestOption1 "request.option_1" "option 1" "choose option 1" [Question: "1"]
        Chat::RequestOption2 "request.option_2" "option 2" "choose option 2" [Question: "2"]
        Chat::RequestOption3 "request.option_3" "option 3" "choose option 3" [Question: "3"]
        Chat::RequestOption4 "request.option_4" "option 4" "choose option 4" [Question: "4"]
        Chat::RequestOption5 "request.option_5" "option 5" "choose option 5" [Question: "5"]
        Chat::RequestOption6 "request.option_6" "option 6" "choose option 6" [Question: "6"]
        Chat::RequestOption7 "request.option_7" "option 7" "choose option 7" [Question: "7"]
        Chat::RequestOption8 "request.option_8" "option 8" "choose option 8" [Question: "8"]
        Chat::RequestOption9 "request.option_9" "option 9" "choose option 9" [Question: "9"]
        Chat::RequestPrevious "request.previous" "move" "select the option above"
            [Permission Question: "up"]
        Chat::RequestNext "request.next" "move" "select the option below"
            [Permission Question: "down"]
        Chat::RequestAccept "request.accept" "choose" "choose the option, or send the answer"
            [Permission Question: "enter"] [RequestInput: "enter" => "answer"]
        Chat::RequestToggle "request.toggle" "mark" "mark or unmark one of several options"
            [Question: "tab"]
        Chat::RequestBack "request.back" "questions" "go to the previous question"
            [Question: "left"]
        Chat::RequestForward "request.forward" "questions" "go to the next question"
            [Question: "right"]
        Chat::RequestFull "request.full" "show all" "show the whole request, or go back"
            [Permission Question: "ctrl-f"] [Anywhere: "ctrl-x f"]
        Chat::RequestLeave "request.leave" "back" "go back to the options"
            [RequestInput: "esc"]
    }
    Scrolling {
        Chat::FocusTranscript "chat.focus_transcript" "scroll" "scroll the conversation"
            [Anywhere: "ctrl-x g"]
        Chat::FocusComposer "chat.focus_composer" "type" "type a message"
            [Transcript: "i"]
        Chat::PageUp "chat.page_up" "page up" "go a page up"
            [Composer Transcript Permission Question RequestInput: "pgup"]
        Chat::PageDown "chat.page_down" "page down" "go a page down"
            [Composer Transcript Permission Question RequestInput: "pgdn"]
        Chat::HalfPageUp "chat.half_page_up" "half up" "go half a page up"
            [Transcript: "ctrl-u"]
        Chat::HalfPageDown "chat.half_page_down" "half down" "go half a page down"
            [Transcript: "ctrl-d"]
        Chat::LineUp "chat.line_up" "line up" "go a line up"
            [Transcript: "k" "up"]
        Chat::LineDown "chat.line_down" "line down" "go a line down"
            [Transcript: "j" "down"]
        Chat::Top "chat.top" "top" "go to the first loaded message"
            [Transcript: "g" "home"]
        Chat::Bottom "chat.bottom" "end" "go to the end, and follow it"
            [Transcript: "G" "end"]
        Chat::PreviousBlock "chat.previous_block" "blocks" "select the previous block"
            [Transcript: "["]
        Chat::NextBlock "chat.next_block" "blocks" "select the next block"
            [Transcript: "]"]
        Chat::PreviousPrompt "chat.previous_prompt" "prompts" "select the previous prompt"
            [Transcript: "{"]
        Chat::NextPrompt "chat.next_prompt" "prompts" "select the next prompt"
            [Transcript: "}"]
        Chat::Open "chat.open" "open" "open the sub-agent, or fold the block"
            [Transcript: "enter"]
        Chat::Fold "chat.fold" "fold" "fold or unfold the selected block"
            [Transcript: "space"]
        Chat::PreviousSubAgent "chat.previous_sub_agent" "sub-agents" "show the previous sub-agent"
            [Transcript: "left"]
        Chat::NextSubAgent "chat.next_sub_agent" "sub-agents" "show the next sub-agent"
            [Transcript: "right"]
        Chat::FoldTools "chat.fold_tools" "tools" "fold or unfold all tool calls"
            [Transcript: "z"]
        Chat::FoldThinking "chat.fold_thinking" "thinking" "fold or unfold all thinking"
            / "thinking" / "toggle-thinking"
            [Transcript: "t"]
        Chat::CopyMessage "chat.copy_message" "copy" "copy the message"
            / "copy"
            [Transcript: "y"]
        Chat::CopyAnswer "chat.copy_answer" "copy answer" "copy the last answer"
            [Anywhere: "ctrl-x y"]
        Chat::Timeline "chat.timeline" "timeline" "list the prompts, and go to one"
            / "timeline"
            [Anywhere: "ctrl-x j"]
        Chat::MessageMenu "chat.message_menu" "menu" "list actions for the message"
            [Transcript: "m"]
        Chat::Links "chat.links" "links" "open or copy a link in the conversation"
            / "links"
            [Transcript: "L"]
        Chat::Search "chat.search" "search" "search in the conversation"
            / "search"
            [Transcript: "/"]
        Chat::NextMatch "chat.next_match" "next match" "go to the next search match"
            [Transcript: "n"]
        Chat::PreviousMatch "chat.previous_match" "prev match" "go to the previous search match"
            [Transcript: "N"]
        Chat::Export "chat.export" "export" "export or copy the conversation"
            / "export"
            [Anywhere: "ctrl-x x"]
        Chat::Conversations "chat.conversations" "chats" "list and switch conversations"
            / "conversations"
            [Anywhere: "ctrl-x h"]
        Chat::Fork "chat.fork" "fork" "fork the conversation at this message"
            / "fork"
            [Anywhere: "ctrl-x k"]
        Chat::Rename "chat.rename" "rename" "rename the conversation"
            / "rename"
            [Anywhere: "ctrl-x T"]
        Chat::Compact "chat.compact" "compact" "summarize the conversation now"
            / "compact" / "summarize"
            [Anywhere: "ctrl-x c"]
        Chat::Share "chat.share" "share" "share the conversation, copy its address"
            / "share"
            [Anywhere: "ctrl-x S"]
        Chat::Unshare "chat.unshare" "unshare" "stop sharing the conversation"
            / "unshare"
            [Anywhere: "ctrl-x alt-s"]
    }
};
