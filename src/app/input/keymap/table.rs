//! The one table of keys: every action with its name, its description and its default keys.
//!
//! The default key map, the hints, the help, the README's table, `sandbar keys` and the names in
//! the configuration come from here. Rows are listed in this order.

use super::binding::{Binding, KeyContext, KeyGroup};
use super::row::{ActionRow, DefaultKeys, action, rows};
use crate::app::action::{
    Action, AppAction, ChangesAction, ChatAction, LogsAction, SessionsAction,
};

/// The default keys.
pub(super) fn bindings() -> Vec<Binding> {
    ROWS.iter().flat_map(ActionRow::bindings).collect()
}

impl Action {
    /// The stable name: `chat.send`.
    pub fn name(self) -> &'static str {
        let mut rows = ROWS.iter();
        // A test ensures that each action has a row.
        rows.find(|row| row.action == self)
            .map_or("", |row| row.name)
    }
}

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
        Chat::PastePicture "chat.paste_picture" "picture" "attach a picture from the clipboard"
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
        Chat::Undo "chat.undo" "undo" "undo the last prompt, with its files"
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
        Chat::Stop "chat.stop" "stop" "stop the agent (twice), or scroll or type"
            [Composer Transcript Permission Question: "esc"]
    }
    Answering {
        Chat::FocusRequest "chat.focus_request" "answer" "answer the waiting request"
            [Anywhere: "ctrl-x p"]
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
        Chat::ToggleAuto "chat.auto" "auto mode" "allow all that no rule denies, or ask"
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
        Chat::PreviousSubAgent "chat.previous_sub_agent" "sub-agents" "read the previous sub-agent"
            [Transcript: "left"]
        Chat::NextSubAgent "chat.next_sub_agent" "sub-agents" "read the next sub-agent"
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
        Chat::MessageMenu "chat.message_menu" "menu" "list what the message offers"
            [Transcript: "m"]
        Chat::Links "chat.links" "links" "open or copy a link in the conversation"
            / "links"
            [Transcript: "L"]
        Chat::Search "chat.search" "search" "search in the conversation"
            / "search"
            [Transcript: "/"]
        Chat::NextHit "chat.next_hit" "next hit" "go to the next hit of the search"
            [Transcript: "n"]
        Chat::PreviousHit "chat.previous_hit" "prev hit" "go to the previous hit of the search"
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
    Sessions {
        App::NewSession "sessions.new" "new session" "start a new session"
            / "new" / "clear"
            [Sessions: "n" "N"] [Anywhere: "ctrl-x n"]
        App::NextNeedsYou "app.next_needs_you" "needs you" "show the next session that needs you"
            [Anywhere: "ctrl-x space"]
        App::Slot(1) "app.slot_1" "session 1" "show session 1" [Anywhere: "ctrl-x 1"]
        App::Slot(2) "app.slot_2" "session 2" "show session 2" [Anywhere: "ctrl-x 2"]
        App::Slot(3) "app.slot_3" "session 3" "show session 3" [Anywhere: "ctrl-x 3"]
        App::Slot(4) "app.slot_4" "session 4" "show session 4" [Anywhere: "ctrl-x 4"]
        App::Slot(5) "app.slot_5" "session 5" "show session 5" [Anywhere: "ctrl-x 5"]
        App::Slot(6) "app.slot_6" "session 6" "show session 6" [Anywhere: "ctrl-x 6"]
        App::Slot(7) "app.slot_7" "session 7" "show session 7" [Anywhere: "ctrl-x 7"]
        App::Slot(8) "app.slot_8" "session 8" "show session 8" [Anywhere: "ctrl-x 8"]
        App::Slot(9) "app.slot_9" "session 9" "show session 9" [Anywhere: "ctrl-x 9"]
        App::Retry "app.retry" "try again" "try again now, or resume"
            [Outside: "r"] [Anywhere: "ctrl-x r"]
        App::Revive "app.revive" "revive" "revive this session in a new sandbox"
            / "revive"
            [Outside: "R"] [Anywhere: "ctrl-x b"]
        App::UseTemplate "app.template" "template" "boot from another template"
            / "template"
            [Anywhere: "ctrl-x a"]
        App::Shell "app.shell" "shell" "open a shell in the sandbox"
            / "shell"
            [Anywhere: "ctrl-x s"]
        App::Extend "app.extend" "more time" "give the sandbox more time"
            / "extend"
            [Anywhere: "ctrl-x t"]
    }
    SessionList {
        Sessions::Open "sessions.open" "open" "open the session"
            [Sessions: "enter"]
        Sessions::Pause "sessions.pause" "pause/resume" "pause or resume it, or pause all marked"
            [Sessions: "p"]
        Sessions::Kill "sessions.kill" "kill" "kill it, or all marked"
            [Sessions: "D"]
        Sessions::Remove "sessions.remove" "remove" "remove it for good, or all marked"
            [Sessions: "X"]
        Sessions::Rename "sessions.rename" "rename" "rename it"
            [Sessions: "e"]
        Sessions::Pin "sessions.pin" "pin" "pin or unpin it, or all marked"
            [Sessions: "P"]
        Sessions::Archive "sessions.archive" "archive" "archive it or bring it back, or all"
            [Sessions: "A"]
        Sessions::Mark "sessions.mark" "mark" "mark or unmark it"
            [Sessions: "space"]
        Sessions::Adopt "sessions.adopt" "adopt" "adopt a sandbox without a session"
            [Sessions: "a"]
        Sessions::ToggleGone "sessions.gone" "show gone" "show or hide the sessions that are gone"
            [Sessions: "z"]
        Sessions::Next "sessions.next" "move" "select the next row"
            [Sessions: "j" "down"]
        Sessions::Previous "sessions.previous" "move" "select the previous row"
            [Sessions: "k" "up"]
        Sessions::First "sessions.first" "first" "select the first row"
            [Sessions: "g" "home"]
        Sessions::Last "sessions.last" "last" "select the last row"
            [Sessions: "G" "end"]
        Sessions::Leave "sessions.leave" "back" "unmark all, else go back to the chat"
            [Sessions: "esc" "q"]
    }
    Logs {
        Logs::Follow "logs.follow" "follow" "follow the newest line"
            [Logs: "s"]
        Logs::Wrap "logs.wrap" "wrap" "wrap long lines"
            [Logs: "w"]
        Logs::Times "logs.times" "times" "show or hide the times"
            [Logs: "t"]
        Logs::Clear "logs.clear" "clear" "clear the pane"
            [Logs: "c"]
        Logs::LineDown "logs.line_down" "line down" "go a line down"
            [Logs: "j" "down"]
        Logs::LineUp "logs.line_up" "line up" "go a line up"
            [Logs: "k" "up"]
        Logs::PageDown "logs.page_down" "page down" "go a page down"
            [Logs: "pgdn" "ctrl-d"]
        Logs::PageUp "logs.page_up" "page up" "go a page up"
            [Logs: "pgup" "ctrl-u"]
        Logs::Top "logs.top" "oldest" "go to the oldest line"
            [Logs: "g" "home"]
        Logs::Bottom "logs.bottom" "newest" "go to the newest line"
            [Logs: "G" "end"]
        Logs::Leave "logs.leave" "back" "go back to the chat"
            [Logs: "esc" "q"]
    }
    Changes {
        Changes::NextFile "changes.next_file" "files" "go to the next file"
            [Changes: "n" "right"]
        Changes::PreviousFile "changes.previous_file" "files" "go to the previous file"
            [Changes: "p" "left"]
        Changes::NextHunk "changes.next_hunk" "hunks" "go to the next hunk"
            [Changes: "]" "tab"]
        Changes::PreviousHunk "changes.previous_hunk" "hunks" "go to the previous hunk"
            [Changes: "[" "shift-tab"]
        Changes::Viewed "changes.viewed" "viewed" "mark the file as viewed, and fold it"
            [Changes: "v" "enter"]
        Changes::Mark "changes.mark" "select" "begin or end a selection of lines"
            [Changes: "space"]
        Changes::Comment "changes.comment" "comment" "quote the lines in the composer"
            [Changes: "c"]
        Changes::Scope "changes.scope" "compare" "compare with something else"
            [Changes: "b"]
        Changes::Again "changes.again" "refresh" "fetch the changes again"
            [Changes: "r"]
        Changes::Top "changes.top" "top" "go to the first file"
            [Changes: "g" "home"]
        Changes::Bottom "changes.bottom" "end" "go to the last line"
            [Changes: "G" "end"]
    }
    Screen {
        App::FocusNext "app.focus_next" "next pane" "go to the next pane"
            [Outside: "tab"] [Anywhere: "f6" "ctrl-x tab"]
        App::FocusPrevious "app.focus_previous" "prev pane" "go to the previous pane"
            [Outside: "shift-tab"] [Anywhere: "shift-f6"]
        App::FocusSessions "app.focus_sessions" "sessions" "go to the session list"
            [Outside: "1"]
        App::FocusChat "app.focus_chat" "chat" "go to the chat"
            [Outside: "2"]
        App::FocusLogs "app.focus_logs" "logs" "go to the logs"
            [Outside: "3"]
        App::ToggleSessions "app.sessions" "sessions" "go to the session list, or back"
            / "sessions" / "resume" / "continue"
            [Anywhere: "ctrl-x l"]
        App::ToggleLogs "app.logs" "logs" "go to the logs, or back"
            / "logs"
            [Anywhere: "ctrl-x o"]
        App::Zoom "app.zoom" "full screen" "show the pane on the full screen"
            [Logs: "f"] [Anywhere: "ctrl-x z"]
        App::ToggleMouse "app.mouse" "mouse" "turn the mouse on or off"
            [Anywhere: "ctrl-x w"]
        App::Redraw "app.redraw" "redraw" "redraw the screen"
            [Always: "ctrl-l"]
    }
    Program {
        App::Help "app.help" "help" "show and search all keys"
            / "help"
            [Outside: "?"] [Anywhere: "f1" "ctrl-x ?"]
        App::Palette "app.palette" "palette" "find an action, a session, a file, …"
            / "palette"
            [Anywhere: "ctrl-p"]
        App::ServerStatus "app.server_status" "status" "show context, costs and MCP servers"
            / "status"
            [Anywhere: "ctrl-x i"]
        App::Changes "app.changes" "changes" "review what was changed"
            / "diff" / "changes" / "review"
            [Anywhere: "ctrl-x d"]
        App::ProviderKey "app.provider_key" "add API key" "add an API key for a provider"
            / "connect"
            [Anywhere: "ctrl-x K"]
        App::CancelSequence "app.cancel_sequence" "cancel" "cancel the keys pressed so far"
            [Sequence: "esc"]
        App::Interrupt "app.interrupt" "clear" "clear the composer, stop the agent, quit"
            [Anywhere: "ctrl-c"]
        App::Suspend "app.suspend" "suspend" "suspend sandbar"
            [Always: "ctrl-z"]
        App::QuitIfEmpty "app.quit_if_empty" "quit" "quit, if the composer is empty"
            [Anywhere: "ctrl-d"]
        App::Quit "app.quit" "quit" "quit; sandboxes keep running"
            / "exit" / "quit" / "q"
            [Anywhere: "ctrl-x q"]
    }
    Overlays {
        App::Confirm "overlay.confirm" "choose" "act on the selected row, or answer yes"
            [Confirm: "y" "enter" => "yes"] [Picker: "enter"] [Links: "enter" => "open"]
            [ServerStatus: "enter" "space" => "on/off"]
        App::Close "overlay.close" "close" "close it, or answer no"
            [Help: "esc" "f1" "ctrl-c"] [Confirm: "n" "esc" "q" "ctrl-c" => "no"]
            [Picker: "esc" "ctrl-c" => "cancel"] [Links: "esc" "q" "L" "ctrl-c"]
            [ServerStatus Changes: "esc" "q" "ctrl-c"]
        App::CopyRow "overlay.copy" "copy" "copy the selected link"
            [Links: "y"]
        App::RenameRow "overlay.rename" "rename" "rename the selected conversation"
            [Picker: "ctrl-r"]
        App::DeleteRow "overlay.delete" "delete" "delete the selected conversation"
            [Picker: "ctrl-d"]
        App::FavouriteModel "overlay.favourite" "favourite" "mark or unmark a favourite model"
            [Picker: "ctrl-f"]
        App::ScrollDown "overlay.down" "move" "go a row down"
            [Help: "down" "ctrl-n" "tab" => "scroll"] [Confirm: "down" "j" => "scroll"]
            [ServerStatus Links Changes: "down" "j"] [Picker: "down" "ctrl-n" "tab"]
        App::ScrollUp "overlay.up" "move" "go a row up"
            [Help: "up" "ctrl-p" "shift-tab" => "scroll"] [Confirm: "up" "k" => "scroll"]
            [ServerStatus Links Changes: "up" "k"] [Picker: "up" "ctrl-p" "shift-tab"]
        App::PageDown "overlay.page_down" "page down" "go a page down"
            [Confirm: "pgdn" "space"] [Help Picker Links ServerStatus: "pgdn"] [Changes: "pgdn" "ctrl-d"]
        App::PageUp "overlay.page_up" "page up" "go a page up"
            [Help Confirm Picker Links ServerStatus: "pgup"] [Changes: "pgup" "ctrl-u"]
    }
};
