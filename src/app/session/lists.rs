//! Opens the lists of the conversation on the screen, and performs what is chosen in them.

use crate::app::chat::{ChatList, MessageMenu};
use crate::app::cx::Cx;
use crate::app::effect::Effect;
use crate::app::overlay::Overlay;
use crate::app::overlay::chat_list::{ChatListOverlay, ChatListRow, ListChoice};
use crate::app::time::format;
use crate::app::{App, Pane};
use crate::domain::chat::Model;
use crate::domain::session::{ConversationCommand, ExportFormat};

impl App {
    /// Opens a list that the chat asks for.
    pub(in crate::app) fn open_chat_list(&mut self, wanted: ChatList, cx: &mut Cx<'_>) {
        let list = match wanted {
            ChatList::SendAgain if self.models().is_empty() => {
                return self.advise("the models have not loaded yet", cx);
            }
            ChatList::SendAgain => ChatListOverlay::send_again(self.models_again()),
            ChatList::Timeline => {
                let rows = self.timeline(cx);
                if rows.is_empty() {
                    return self.advise("there are no prompts yet", cx);
                }
                ChatListOverlay::timeline(rows, self.loads_older(cx))
            }
            ChatList::PastPrompts => self.past_prompts_list(cx),
            ChatList::Stashes => self.stash_list(),
            ChatList::Conversations => {
                return self.ask_about_conversations(ConversationCommand::List, cx);
            }
            ChatList::Search => ChatListOverlay::search("Search in the conversation"),
            ChatList::Links => return self.open_links(cx),
            ChatList::Message => {
                let menu = self
                    .session()
                    .and_then(|session| session.chat.message_menu());
                let Some(menu) = menu else {
                    return self.advise("there is no message here", cx);
                };
                ChatListOverlay::menu("This message", message_rows(menu))
            }
            ChatList::Export => {
                let rows = ExportFormat::ALL.map(|format| {
                    let words = format.what().to_owned();
                    (words, ListChoice::Export(format))
                });
                ChatListOverlay::menu("Export the conversation", rows.into())
            }
            ChatList::Rename => {
                let known = self
                    .session()
                    .and_then(|session| session.chat.conversation());
                let Some(known) = known else {
                    return self.advise("this needs a connection to the server", cx);
                };
                ChatListOverlay::rename(known.id.clone(), &one_line(&known.title))
            }
        };
        self.overlays.push(Overlay::Chat(list));
    }

    /// Runs after each key: counts what is searched for.
    pub(in crate::app) fn search_typed(&mut self) {
        let Some(Overlay::Chat(list)) = self.overlays.top() else {
            return;
        };
        let session = self.session();
        let in_changes = self.overlays.has(&Overlay::Changes);
        let found = list.searched().zip(session).map(|(words, session)| {
            if words.trim().is_empty() {
                String::new()
            } else if in_changes {
                session.changes.matches_in_words(words)
            } else {
                session.chat.matches_in_words(words)
            }
        });
        if let Some((found, list)) = found.zip(self.overlays.chat_list_mut()) {
            list.set_found(found);
        }
    }

    fn models_again(&self) -> Vec<ChatListRow> {
        let current = self.session().and_then(|session| session.chat.model());
        let row = |model: &Model| {
            let reference = &model.reference;
            ChatListRow {
                words: model.name.clone(),
                right: format!("{}/{}", reference.provider, reference.model),
                is_current: current == Some(reference),
                choice: ListChoice::SendAgain(reference.clone()),
            }
        };
        self.models().iter().map(row).collect()
    }

    fn timeline(&self, cx: &Cx<'_>) -> Vec<ChatListRow> {
        let offset = self.options.utc_offset_minutes;
        let prompts = self.session().map(|session| session.chat.timeline());
        let prompts = prompts.into_iter().flatten();
        let rows = prompts.map(|prompt| ChatListRow {
            words: prompt.text,
            right: if prompt.is_undone {
                "undone".to_owned()
            } else {
                format::minutes_or_age(prompt.at, cx.wall, offset)
            },
            is_current: false,
            choice: ListChoice::ShowPrompt(prompt.id),
        });
        rows.collect()
    }

    /// A page of older messages has come to the conversation on the screen: the list of prompts, if it
    /// is open, has them too, and asks for the next page.
    pub(in crate::app) fn older_loaded(&mut self, cx: &mut Cx<'_>) {
        if !matches!(self.overlays.top(), Some(Overlay::Chat(list)) if list.has_prompts()) {
            return;
        }
        let (rows, more) = (self.timeline(cx), self.loads_older(cx));
        if let Some(Overlay::Chat(list)) = self.overlays.top_mut() {
            list.set_prompts(rows, more);
        }
    }

    /// Asks for the next page of older messages. Returns whether there is one.
    fn loads_older(&mut self, cx: &mut Cx<'_>) -> bool {
        self.session_mut()
            .is_some_and(|session| session.chat.load_older(cx))
    }

    /// Performs the choice in a list that was open.
    pub(in crate::app) fn choose_in_chat_list(&mut self, list: &ChatListOverlay, cx: &mut Cx<'_>) {
        let Some(choice) = list.chosen() else {
            return;
        };
        match choice {
            ListChoice::RenameSession(key, name) => {
                return cx.ask(Effect::RenameSession(key, name));
            }
            ListChoice::Agent(name) => return self.use_agent(&name, cx),
            ListChoice::Provider(offer) => return self.choose_provider(&offer, cx),
            ListChoice::LogIn(request) => return self.log_in(*request, cx),
            _ => {}
        }
        let in_changes = self.overlays.has(&Overlay::Changes);
        let Some(session) = self.session_mut() else {
            return;
        };
        let outcome = match choice {
            ListChoice::Search(words) if in_changes => return session.changes.search(&words),
            ListChoice::SendAgain(model) => session.chat.send_again(model, cx),
            // The root chooses it.
            ListChoice::Agent(_)
            | ListChoice::Provider(_)
            | ListChoice::LogIn(_)
            | ListChoice::RenameSession(..) => None,
            ListChoice::ShowPrompt(id) => {
                session.chat.show_message(&id);
                None
            }
            ListChoice::Recall(text) => session.chat.recall_prompt(&text, cx),
            ListChoice::Unstash(id) => session.chat.unstash(&id, cx),
            ListChoice::Search(words) => session.chat.search(&words, cx),
            ListChoice::Copy(text) => {
                cx.ask(Effect::Copy(text));
                None
            }
            ListChoice::Fork(before) => session.chat.fork_before(before, cx),
            ListChoice::Undo(prompt) => session.chat.undo_from(prompt, cx),
            ListChoice::Share => session.chat.ask(ConversationCommand::Share, cx),
            ListChoice::Export(format) => session.chat.ask(ConversationCommand::Export(format), cx),
            ListChoice::NewConversation => return self.new_conversation(cx),
            ListChoice::Conversation(id) => return self.open_conversation(id, cx),
            ListChoice::Rename {
                conversation,
                title,
            } => {
                let command = ConversationCommand::Rename {
                    conversation,
                    title,
                };
                return self.ask_about_conversations(command, cx);
            }
        };
        if let Some(outcome) = outcome {
            self.chat_outcome(outcome, cx);
        }
        self.focus.go_to(Pane::Chat);
    }
}

/// What can be done with a message.
fn message_rows(menu: MessageMenu) -> Vec<(String, ListChoice)> {
    let mut rows = Vec::new();
    for (language, code) in menu.codes {
        let lines = match code.lines().count() {
            1 => "1 line".to_owned(),
            lines => format!("{lines} lines"),
        };
        let what = match language.as_str() {
            "" => format!("copy code, {lines}"),
            language => format!("copy code: {language}, {lines}"),
        };
        rows.push((what, ListChoice::Copy(code)));
    }
    for (words, url) in menu.links {
        rows.push((format!("copy link: {words} {url}"), ListChoice::Copy(url)));
    }
    if !menu.text.is_empty() {
        rows.insert(
            0,
            ("copy the message".to_owned(), ListChoice::Copy(menu.text)),
        );
    }
    rows.push(("fork here".to_owned(), ListChoice::Fork(menu.fork_before)));
    let undo = menu.undo_from.map(ListChoice::Undo);
    rows.extend(undo.map(|undo| ("undo from here on".to_owned(), undo)));
    rows.push(("share the conversation".to_owned(), ListChoice::Share));
    rows
}

/// A text from outside without its control characters, as it can be edited.
pub(super) fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}
