//! A fetched conversation → the [`Resync`] that replaces what was known of it.

use super::{Translator, parts, plain, requests};
use crate::domain::chat::{ChatEvent, Resync, TurnStatus};
use crate::session::chat::fetch::FetchedConversation;

impl Translator {
    /// Starts from what was fetched: directory, sub-agents, complete parts.
    pub fn beginning(fetched: &FetchedConversation) -> Self {
        let mut translator = Self::new(&fetched.session.id, &fetched.session.directory);
        translator.fetched(fetched);
        translator
    }

    /// Records the complete parts, before events that arrived meanwhile are translated.
    pub fn fetched(&mut self, fetched: &FetchedConversation) {
        let messages = fetched.page.messages.iter();
        for message in messages.clone() {
            self.answers.seen(&message.info);
        }
        for part in messages.flat_map(|message| &message.parts) {
            self.fetched_part(part);
        }
    }

    /// Translates what was fetched; later events are compared with it.
    ///
    /// Requests are those of the family as known now. `more`: there are older messages than those loaded;
    /// `after_gap`: events may have been lost.
    pub fn resync(
        &mut self,
        fetched: FetchedConversation,
        more: bool,
        after_gap: bool,
        out: &mut impl FnMut(ChatEvent),
    ) {
        let permissions = fetched.permissions.as_ref().map(|listed| {
            let mut waiting = Vec::new();
            for request in listed {
                if fetched.waits(&request.session_id) && self.is_family(&request.session_id) {
                    let told = self.permission(request);
                    self.arguments.asked(request.clone());
                    self.waits(
                        &request.session_id,
                        &ChatEvent::PermissionAsked(told.clone()),
                    );
                    waiting.push(told);
                }
            }
            waiting
        });
        let questions = fetched.questions.as_ref().map(|listed| {
            let mut waiting = Vec::new();
            for request in listed {
                if fetched.waits(&request.session_id) && self.is_family(&request.session_id) {
                    let told = requests::question(request.clone());
                    self.waits(&request.session_id, &ChatEvent::QuestionAsked(told.clone()));
                    waiting.push(told);
                }
            }
            waiting
        });
        let status = fetched.statuses.get(&self.root).cloned();
        let status = status.map_or(TurnStatus::Idle, parts::status);
        self.status = Some(status.clone());
        let messages = fetched.page.messages.into_iter();
        let messages = messages.map(|message| parts::with_parts(message, &self.directory));
        out(ChatEvent::Resync(Box::new(Resync {
            messages: messages.collect(),
            conversation: parts::conversation(fetched.session),
            more,
            status,
            permissions,
            questions,
            after_gap,
        })));
        out(ChatEvent::Todos(
            fetched.todos.into_iter().map(plain::todo).collect(),
        ));
    }
}
