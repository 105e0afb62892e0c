//! The actions of the composer that change its text as a whole.

use crate::app::chat::{Chat, ChatAction, ChatFocus, ChatList, ChatOutcome};
use crate::app::cx::Cx;
use crate::app::effect::Effect;
use crate::domain::id::MessageId;
use crate::domain::session::ComposerChange;

impl Chat {
    pub(in crate::app::chat) fn composer_action(
        &mut self,
        action: ChatAction,
        cx: &mut Cx<'_>,
    ) -> Option<ChatOutcome> {
        match action {
            ChatAction::UndoEdit => self.step_in_edits(false, cx),
            ChatAction::RedoEdit => self.step_in_edits(true, cx),
            ChatAction::PastPrompts | ChatAction::Stash
                if self.requests.panel.writing.is_some() =>
            {
                ChatOutcome::notice("send or cancel the answer first")
            }
            ChatAction::PastPrompts => Some(ChatOutcome::List(ChatList::PastPrompts)),
            ChatAction::Stash => self.stash(cx),
            ChatAction::PasteImage if !self.takes_files() => {
                ChatOutcome::notice("you can attach images only to a message")
            }
            ChatAction::PasteImage => {
                cx.ask(Effect::ReadClipboardImage(self.key.clone()));
                None
            }
            _ => self.shown_chat_mut().navigate(action, cx),
        }
    }

    fn step_in_edits(&mut self, forth: bool, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        self.focus = ChatFocus::Composer;
        self.begin_text(cx);
        let stepped = if forth {
            self.composer.redo_edit()
        } else {
            self.composer.undo_edit()
        };
        self.complete(cx);
        match (stepped, forth) {
            (true, _) => None,
            (false, true) => ChatOutcome::notice("no edit to redo"),
            (false, false) => ChatOutcome::notice("no edit to undo"),
        }
    }

    /// The prompts of the conversation, the newest first.
    pub fn past_prompts(&self) -> impl Iterator<Item = String> {
        self.composer.prompts()
    }

    /// Puts an earlier prompt into the composer; undo brings back what was there.
    pub fn recall_prompt(&mut self, text: &str, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        self.focus = ChatFocus::Composer;
        self.begin_text(cx);
        self.composer.recall_prompt(text);
        self.completion.close();
        None
    }
}

impl Chat {
    /// Puts the text aside; in an empty composer, brings back what was put aside.
    fn stash(&mut self, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        if !self.composer.is_empty() {
            return Some(self.put_into_stash(cx));
        }
        match self.stashes.0.as_slice() {
            [] => ChatOutcome::notice("nothing is stashed"),
            [only] => {
                let id = only.message.clone();
                self.unstash(&id, cx)
            }
            _ => Some(ChatOutcome::List(ChatList::Stashes)),
        }
    }

    fn put_into_stash(&mut self, cx: &mut Cx<'_>) -> ChatOutcome {
        let files = self.composer.files();
        let text = self.composer.marked_text();
        let prompt = self.prompt_of(text, files, cx);
        self.stashes.0.push(prompt.clone());
        let change = ComposerChange::Stash(Box::new(prompt));
        cx.ask(Effect::KeepComposer(self.key.clone(), change));
        self.composer.clear();
        self.completion.close();
        self.save_draft(cx);
        ChatOutcome::Stashed(self.stashes.len())
    }

    /// The stashed prompts, the newest first.
    pub fn stashed(&self) -> impl Iterator<Item = (&MessageId, &str)> {
        let newest = self.stashes.0.iter().rev();
        newest.map(|prompt| (&prompt.message, prompt.text.as_str()))
    }

    /// Brings a stashed prompt back into the composer.
    pub fn unstash(&mut self, id: &MessageId, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        let prompt = self.stashes.take(id)?;
        let change = ComposerChange::Unstash(id.clone());
        cx.ask(Effect::KeepComposer(self.key.clone(), change));
        self.focus = ChatFocus::Composer;
        self.begin_text(cx);
        self.completion.mentions.learn(&prompt.text, &prompt.parts);
        self.composer.put_back_prompt(&prompt);
        self.completion.close();
        self.save_draft(cx);
        None
    }
}
