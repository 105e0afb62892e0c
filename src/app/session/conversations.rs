//! The conversations beside the one on the screen: their list, and what the server answers about
//! them. While attached to a server, they are the sessions.

use super::lists::one_line;
use crate::app::action::{Action, AppAction};
use crate::app::chat::back::export as document;
use crate::app::cx::Cx;
use crate::app::effect::Effect;
use crate::app::overlay::chat_list::{ChatListOverlay, ChatListRow, ListChoice};
use crate::app::overlay::{Confirm, Overlay};
use crate::app::session::OpenSession;
use crate::app::time::format;
use crate::app::view::advice::key_does;
use crate::app::{App, Pane};
use crate::domain::chat::Conversation;
use crate::domain::id::{OpencodeSessionId, SessionKey};
use crate::domain::sandbox::Phase;
use crate::domain::server::ServerCommand;
use crate::domain::session::activity::Activity;
use crate::domain::session::{
    ConversationAnswer, ConversationBeside, ConversationCommand, ExportFormat,
    ExportedConversation, ListedConversation, SessionCommand, SessionSpec,
};
use crate::domain::time::{Monotonic, UnixMillis};

impl App {
    /// When the list on the screen is asked for again.
    pub(in crate::app) fn conversations_due(&self) -> Option<Monotonic> {
        let is_open = self.overlays.lists_conversations();
        self.conversations.due().filter(|_| is_open)
    }

    /// Asks for the list on the screen again.
    pub(in crate::app) fn refresh_conversations(&mut self, cx: &mut Cx<'_>) {
        let Some(session) = self.connected_session() else {
            return;
        };
        let command = SessionCommand::Conversations(ConversationCommand::List);
        session.command(command, cx);
        self.conversations.asked();
    }

    /// Notes when the program began.
    pub(in crate::app) fn note_beginning(&mut self, wall: UnixMillis) {
        self.conversations.begin(wall);
    }

    /// The actions that mean something else while attached to a server; false: it is none of them.
    pub(in crate::app) fn act_attached(&mut self, action: AppAction, cx: &mut Cx<'_>) -> bool {
        if !self.is_attached() {
            return false;
        }
        if let Some(words) = Action::App(action).without_sandbox() {
            self.advise(words, cx);
            return true;
        }
        match action {
            AppAction::ToggleSessions | AppAction::FocusSessions => {
                self.ask_about_conversations(ConversationCommand::List, cx);
            }
            AppAction::NewSession => self.new_conversation(cx),
            AppAction::Slot(slot) => self.show_slot(slot, cx),
            _ => return false,
        }
        true
    }

    /// The session's task answers a question about conversations.
    pub(in crate::app) fn conversations_told(
        &mut self,
        key: &SessionKey,
        answer: ConversationAnswer,
        cx: &mut Cx<'_>,
    ) {
        if !self.open.is_shown(key) && !self.is_attached() {
            return;
        }
        match answer {
            ConversationAnswer::Listed(conversations) => {
                let rows = self.conversation_rows(conversations, cx);
                let is_wanted = self.conversations.answered(cx.now);
                match self.overlays.chat_list_mut() {
                    Some(list) if list.has_conversations() => list.set_conversations(rows),
                    // It was closed meanwhile.
                    _ if !is_wanted => {}
                    _ => {
                        let list = ChatListOverlay::conversations(rows, self.is_attached());
                        self.overlays.push(Overlay::Chat(list));
                    }
                }
            }
            ConversationAnswer::Beside(beside) => self.open_beside(key, *beside, cx),
            ConversationAnswer::Renamed => self.notify("renamed", cx),
            ConversationAnswer::Compacted => {}
            ConversationAnswer::Exported(exported) => export(&exported, cx),
            ConversationAnswer::Deleted(id) => {
                self.notify("deleted", cx);
                if let Some(open) = self.showing(&id).filter(|_| self.is_attached()) {
                    self.open.close(&open, cx);
                }
                self.ask_about_conversations(ConversationCommand::List, cx);
            }
            ConversationAnswer::Shared(Some(url)) => {
                self.status.notify_long(format!("shared: {url}"), cx.now);
                cx.ask(Effect::Copy(url));
            }
            ConversationAnswer::Shared(None) => self.notify("not shared any more", cx),
        }
    }

    /// Asks the server for something that it alone can do, through any connection to it.
    pub(in crate::app) fn ask_about_conversations(
        &mut self,
        command: ConversationCommand,
        cx: &mut Cx<'_>,
    ) {
        if command == ConversationCommand::List {
            self.conversations.want();
        }
        let session = self.connected_session();
        let outcome = match session.or_else(|| self.session()) {
            Some(session) => session.chat.ask(command, cx),
            None => None,
        };
        if let Some(outcome) = outcome {
            self.chat_outcome(outcome, cx);
        }
    }

    /// The session on the screen, or while attached another one of the same server, if it has a connection.
    fn connected_session(&self) -> Option<&OpenSession> {
        let is_live = |session: &&OpenSession| *session.phase() == Phase::Live;
        let attached = self.is_attached();
        let session = self.session().filter(is_live);
        session.or_else(|| {
            let mut others = self.open.values().filter(|_| attached);
            others.find(is_live)
        })
    }

    /// The login or the key of a provider was stored by the server of this session: other sessions of the same server,
    /// which run in directories of their own, list its models anew too.
    pub(in crate::app) fn reload_providers_elsewhere(&self, key: &SessionKey, cx: &mut Cx<'_>) {
        let directory = |session: &OpenSession| {
            let known = session.chat.conversation();
            known.map(|known| known.directory.clone())
        };
        let mut reloaded = vec![self.open.get(key).and_then(directory)];
        for session in self.open.values().filter(|_| self.is_attached()) {
            let here = directory(session);
            if here.is_some() && !reloaded.contains(&here) {
                let command = SessionCommand::Server(ServerCommand::ReloadProviders);
                session.command(command, cx);
                reloaded.push(here);
            }
        }
    }

    /// Begins an empty conversation beside the one on the screen.
    pub(in crate::app) fn new_conversation(&mut self, cx: &mut Cx<'_>) {
        let key = cx.ids.session_key(cx.wall);
        self.ask_about_conversations(ConversationCommand::New { key }, cx);
        self.focus.go_to(Pane::Chat);
    }

    pub(super) fn open_conversation(&mut self, conversation: OpencodeSessionId, cx: &mut Cx<'_>) {
        if let Some(open) = self.showing(&conversation).filter(|_| self.is_attached()) {
            self.show(open, cx);
        } else {
            let key = cx.ids.session_key(cx.wall);
            self.ask_about_conversations(ConversationCommand::Open { conversation, key }, cx);
        }
        self.focus.go_to(Pane::Chat);
    }

    /// Shows the open conversation in this slot: they are in the order in which they were opened.
    pub(in crate::app) fn show_slot(&mut self, slot: u8, cx: &mut Cx<'_>) {
        let index = usize::from(slot).saturating_sub(1);
        let key = self.open.iter().nth(index).map(|(key, _)| key.clone());
        if let Some(key) = key {
            return self.show(key, cx);
        }
        let keys = self.key_of(AppAction::ToggleSessions);
        let words = key_does(&keys, "lists all", "open it from the list");
        self.advise(format!("session {slot} is not open: {words}"), cx);
    }

    fn conversation_rows(
        &self,
        conversations: Vec<ListedConversation>,
        cx: &Cx<'_>,
    ) -> Vec<ChatListRow> {
        let own = self.session().map(|session| &session.chat);
        let own = own.and_then(|chat| chat.conversation());
        let rows = conversations.into_iter().map(|listed| ChatListRow {
            words: match listed.conversation.title.as_str() {
                "" => "(no title yet)".to_owned(),
                title => title.to_owned(),
            },
            right: self.conversation_facts(&listed, own, cx),
            is_current: own.is_some_and(|own| own.id == listed.conversation.id),
            choice: ListChoice::Conversation(listed.conversation.id),
        });
        let new = ChatListRow {
            words: "new conversation".to_owned(),
            right: String::new(),
            is_current: false,
            choice: ListChoice::NewConversation,
        };
        rows.chain([new]).collect()
    }

    /// What a conversation does, where, and when it was last used; a filter finds these words too.
    fn conversation_facts(
        &self,
        listed: &ListedConversation,
        own: Option<&Conversation>,
        cx: &Cx<'_>,
    ) -> String {
        let ListedConversation {
            conversation,
            activity,
        } = listed;
        let mut facts = Vec::new();
        let mut open = self.open.iter().enumerate();
        let open = open.find(|(_, (_, session))| shows(session, &conversation.id));
        let mut state = activity.as_ref().map(|told| told.state(&Phase::Live));
        if let Some((index, (_, session))) = open.filter(|_| self.is_attached()) {
            facts.push(format!("session {}", index + 1));
            if session.is_unread() {
                facts.push("unread".to_owned());
            }
            state = Some(session.state());
        } else if self.is_attached() && self.was_used(listed, cx) {
            facts.push("unread".to_owned());
        }
        facts.extend(state.map(|state| state.name().to_owned()));
        if let Some(own) = own.filter(|own| own.directory != conversation.directory) {
            facts.push(relative(&conversation.directory, &own.directory).to_owned());
        }
        let offset = self.options.utc_offset_minutes;
        let time = format::minutes_or_age(conversation.updated, cx.wall, offset);
        facts.push(time);
        facts.join(" · ")
    }

    /// Whether a conversation that is not open here was used since the program began, and rests now.
    fn was_used(&self, listed: &ListedConversation, cx: &Cx<'_>) -> bool {
        let chat = self.session().map(|session| &session.chat);
        let updated = listed.conversation.updated;
        let updated = chat.map_or(updated, |chat| chat.here(updated));
        let works = listed.activity.as_ref() == Some(&Activity::Working);
        !works && updated > self.conversations.since().unwrap_or(cx.wall)
    }

    /// Shows the session of another conversation in the same sandbox.
    fn open_beside(&mut self, key: &SessionKey, beside: ConversationBeside, cx: &mut Cx<'_>) {
        let ConversationBeside {
            key: new,
            conversation,
            stored,
            prompt,
        } = beside;
        let from = self.open.get(key);
        let prompt = prompt.map(|prompt| match from {
            Some(from) => from.chat.as_composed(prompt),
            None => prompt,
        });
        let shown = self.showing(&conversation);
        match (shown, stored) {
            (Some(shown), _) => self.show(shown, cx),
            (None, Some(row)) => {
                if self.list.row(&new).is_none() {
                    self.list.add(row);
                }
                self.show(new.clone(), cx);
            }
            (None, None) => {
                let origin = self.open.get(key).and_then(OpenSession::attached_to);
                let Some(origin) = origin.map(|origin| origin.with(conversation)) else {
                    return;
                };
                let spec = SessionSpec {
                    key: new.clone(),
                    origin,
                };
                self.open_session(spec, cx);
                self.show(new.clone(), cx);
            }
        }
        if let (Some(prompt), Some(session)) = (prompt, self.open.get_mut(&new)) {
            session.chat.take_prompt(&prompt, cx);
        }
    }

    /// The open session of a conversation.
    fn showing(&self, conversation: &OpencodeSessionId) -> Option<SessionKey> {
        let mut open = self.open.iter();
        let found = open.find(|(_, session)| shows(session, conversation));
        found.map(|(key, _)| key.clone())
    }

    /// The selected conversation of the list on top gets another title.
    pub(in crate::app) fn rename_row(&mut self) {
        if let Some(Overlay::Chat(list)) = self.overlays.top()
            && let Some((id, title)) = list.conversation()
        {
            self.overlays.pop();
            self.overlays.push(Overlay::Chat(ChatListOverlay::rename(
                id,
                &one_line(&title),
            )));
        }
    }

    /// Asks whether to delete the selected conversation of the list on top.
    pub(in crate::app) fn ask_delete_row(&mut self, cx: &Cx<'_>) {
        let Some(Overlay::Chat(list)) = self.overlays.top() else {
            return;
        };
        let Some((id, title)) = list.conversation() else {
            return;
        };
        let open = self.showing(&id);
        // Where nothing is stored, one that is only open in the background is closed.
        if open.is_some_and(|open| !self.is_attached() || self.open.is_shown(&open)) {
            let words = if self.is_attached() {
                "open another conversation first, then delete this one"
            } else {
                "cannot delete a conversation that is open here"
            };
            return self.notify(words, cx);
        }
        self.overlays.pop();
        let question = Confirm::DeleteConversation { id, title };
        self.overlays.push(Overlay::Confirm(question));
    }

    pub(in crate::app) fn delete_conversation(&mut self, id: OpencodeSessionId, cx: &mut Cx<'_>) {
        self.ask_about_conversations(ConversationCommand::Delete(id), cx);
    }
}

/// Whether a session is of this conversation.
fn shows(session: &OpenSession, conversation: &OpencodeSessionId) -> bool {
    let known = session.chat.conversation();
    known.is_some_and(|known| known.id == *conversation)
}

/// A directory of the server as seen from another one: all of it, unless it is inside.
fn relative<'a>(directory: &'a str, from: &str) -> &'a str {
    let inside = directory.strip_prefix(from.trim_end_matches('/'));
    inside
        .and_then(|inside| inside.strip_prefix('/'))
        .unwrap_or(directory)
}

/// Writes a whole conversation to a file, or copies it.
fn export(exported: &ExportedConversation, cx: &mut Cx<'_>) {
    let ExportedConversation {
        format,
        conversation,
        messages,
        json,
    } = exported;
    let text = match format {
        ExportFormat::Json => json.clone(),
        ExportFormat::Html => document::html(conversation, messages),
        ExportFormat::Markdown | ExportFormat::Clipboard => {
            document::markdown(conversation, messages)
        }
    };
    cx.ask(match format.ending() {
        None => Effect::Copy(text),
        Some(ending) => Effect::WriteFile {
            name: document::file_name(conversation),
            ending,
            text,
        },
    });
}
