//! The table of keys: every action with its name, its description and its default keys. Those of the
//! conversation are in `table_chat`.
//!
//! The default key map, the hints, the help, the README's table, `sandbar keys` and the names in
//! the configuration come from here. Rows are listed in this order, after those of the conversation.

use super::binding::{Binding, KeyContext, KeyGroup};
use super::row::{ActionRow, DefaultKeys, action, rows};
use super::table_chat;
use crate::app::action::{Action, AppAction, ChangesAction, LogsAction, SessionsAction};

/// The default keys.
pub(super) fn bindings() -> Vec<Binding> {
    rows().flat_map(ActionRow::bindings).collect()
}

/// All rows, in the order of the help.
pub(super) fn rows() -> impl Iterator<Item = &'static ActionRow> {
    table_chat::ROWS.iter().chain(ROWS)
}

impl Action {
    /// The stable name: `chat.send`.
    pub fn name(self) -> &'static str {
        // A test ensures that each action has a row.
        rows()
            .find(|row| row.action == self)
            .map_or("", |row| row.name)
    }
}

const ROWS: &[ActionRow] = rows! {
    Sessions {
        App::NewSession "sessions.new" "new session" "start a new session"
            / "new" / "clear"
            [Sessions: "n" "N"] [Anywhere: "ctrl-x n"]
        App::NewConversation "app.new_conversation" "new chat" "start another conversation"
            / "new-conversation"
            [Anywhere: "ctrl-x C"]
        App::NextNeedsYou "app.next_needs_you" "needs you" "show the next session that needs you"
            [Anywhere: "ctrl-x space"]
        App::PeekNext "app.peek_next" "peek" "peek at the next session that needs you"
            [Anywhere: "ctrl-x v"]
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
        Sessions::Peek "sessions.peek" "peek" "peek at it, and answer it from here"
            [Sessions: "v"]
        Sessions::Pause "sessions.pause" "pause/resume" "pause or resume it, or pause all marked"
            [Sessions: "p"]
        Sessions::Kill "sessions.kill" "kill" "kill its sandbox, or all marked"
            [Sessions: "D"]
        Sessions::Remove "sessions.remove" "remove" "remove it for good, or all marked"
            [Sessions: "X"]
        Sessions::Rename "sessions.rename" "rename" "rename it"
            [Sessions: "e"]
        Sessions::Pin "sessions.pin" "pin" "pin or unpin it, or all marked"
            [Sessions: "P"]
        Sessions::Archive "sessions.archive" "archive" "archive or restore it, or all marked"
            [Sessions: "A"]
        Sessions::Mark "sessions.mark" "mark" "mark or unmark it"
            [Sessions: "space"]
        Sessions::MarkAll "sessions.mark_all" "mark all" "mark or unmark all rows"
            [Sessions: "*"]
        Sessions::Filter "sessions.filter" "filter" "filter the sessions by words"
            [Sessions: "/"]
        Sessions::KeepFilter "sessions.keep_filter" "go to rows" "keep the filter, go to the rows"
            [SessionFilter: "enter"]
        Sessions::Adopt "sessions.adopt" "adopt" "adopt a sandbox without a session"
            [Sessions: "a"]
        Sessions::ToggleGone "sessions.gone" "show gone" "show or hide the sessions that are gone"
            [Sessions: "z"]
        Sessions::ToggleTree "sessions.tree" "fold" "fold or unfold the tree of its sandbox"
            [Sessions: "t"]
        Sessions::Next "sessions.next" "move" "select the next row"
            [Sessions: "j" "down"] [SessionFilter: "down"]
        Sessions::Previous "sessions.previous" "move" "select the previous row"
            [Sessions: "k" "up"] [SessionFilter: "up"]
        Sessions::First "sessions.first" "first" "select the first row"
            [Sessions: "g" "home"]
        Sessions::Last "sessions.last" "last" "select the last row"
            [Sessions: "G" "end"]
        Sessions::Leave "sessions.leave" "back" "unmark all, clear the filter, or go back"
            [Sessions: "esc" "q"] [SessionFilter: "esc" "ctrl-c" => "show all"]
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
            [Changes: "}" "right"]
        Changes::PreviousFile "changes.previous_file" "files" "go to the previous file"
            [Changes: "{" "left"]
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
        Changes::Apply "changes.apply" "apply" "apply the hunk or file to your work tree"
            [Changes: "a"]
        Changes::ApplyAll "changes.apply_all" "apply all" "apply all changes to your work tree"
            [Changes: "A"]
        Changes::Discard "changes.discard" "discard" "discard the hunk or file in the sandbox"
            [Changes: "d"]
        Changes::UndoDiscard "changes.undo" "undo discard" "bring back what was discarded"
            [Changes: "u"]
        Changes::Search "changes.search" "search" "search in the changes"
            [Changes: "/"]
        Changes::NextMatch "changes.next_match" "next match" "go to the next search match"
            [Changes: "n"]
        Changes::PreviousMatch "changes.previous_match" "prev match" "go to the previous search match"
            [Changes: "N"]
        Changes::Whitespace "changes.whitespace" "whitespace" "show or hide whitespace-only changes"
            [Changes: "w"]
        Changes::Beside "changes.side_by_side" "side by side" "show old and new side by side"
            [Changes: "s"]
        Changes::Scope "changes.scope" "compare" "change what to compare with"
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
        App::SearchTexts "app.search" "search all" "search the conversations of all sessions"
            / "find"
            [Anywhere: "ctrl-x /"]
        App::ServerStatus "app.server_status" "status" "show context, costs and MCP servers"
            / "status"
            [Anywhere: "ctrl-x i"]
        App::Changes "app.changes" "changes" "review the changes of the session"
            / "diff" / "changes" / "review"
            [Anywhere: "ctrl-x d"]
        App::UpdateSession "app.update" "update" "merge your local changes into the session"
            / "update"
            [Anywhere: "ctrl-x H"]
        App::ProviderKey "app.provider_key" "log in" "log in to a provider, or add its key"
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
            [ServerStatus Changes: "esc" "q" "ctrl-c"] [Peek: "esc" "ctrl-c"]
        App::OpenPeeked "overlay.open" "open" "open the session you are peeking at"
            [Peek: "ctrl-o"]
        App::CopyRow "overlay.copy" "copy" "copy the selected link or login address"
            [Links: "y"] [Picker: "ctrl-y"]
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
