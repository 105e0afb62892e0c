//! Notices, most of them about the composer; the lists of earlier prompts, stashed prompts and links.

use crate::app::App;
use crate::app::action::{Action, ChatAction};
use crate::app::cx::Cx;
use crate::app::effect::Effect;
use crate::app::overlay::Overlay;
use crate::app::overlay::chat_list::{ChatListOverlay, ListChoice};
use crate::app::overlay::links::LinkList;
use crate::app::view::advice::key_does;
use crate::domain::id::SessionKey;
use crate::domain::prompt::{LocalFile, PastPrompt};

/// The first characters of a text are enough to know it by.
const ROW_CHARS: usize = 200;

impl App {
    pub(in crate::app) fn notify(&mut self, text: impl Into<String>, cx: &Cx<'_>) {
        self.status.notify(text, cx.now);
    }

    /// Says what can be done now, or why something cannot.
    pub(in crate::app) fn advise(&mut self, text: impl Into<String>, cx: &Cx<'_>) {
        self.status.advise(text, cx.now);
    }

    /// The list of earlier prompts; those of other sessions follow.
    pub(super) fn past_prompts_list(&self, cx: &mut Cx<'_>) -> ChatListOverlay {
        if let Some(session) = self.open.shown().cloned() {
            cx.ask(Effect::ListPastPrompts(session));
        }
        let prompts = self.session().into_iter();
        let prompts = prompts.flat_map(|session| session.chat.past_prompts());
        ChatListOverlay::past_prompts(prompts)
    }

    pub(super) fn stash_list(&self) -> ChatListOverlay {
        let stashed = self.session().into_iter();
        let stashed = stashed.flat_map(|session| session.chat.stashed());
        let rows = stashed.map(|(id, text)| {
            let words = text.chars().take(ROW_CHARS).collect();
            (words, ListChoice::Unstash(id.clone()))
        });
        ChatListOverlay::stashes(rows.collect())
    }

    /// Opens the list of links, if there are any.
    pub(super) fn open_links(&mut self, cx: &Cx<'_>) {
        let links = self.session().map(|session| session.chat.links());
        match LinkList::new(links.unwrap_or_default()) {
            Some(links) => self.overlays.push(Overlay::Links(links)),
            None => self.advise("no links in the loaded messages", cx),
        }
    }

    /// The prompts of all sessions are known: the open list has more rows.
    pub(in crate::app) fn past_prompts_told(&mut self, key: &SessionKey, prompts: Vec<PastPrompt>) {
        if self.open.is_shown(key)
            && let Some(list) = self.overlays.chat_list_mut()
        {
            list.add_prompts(prompts);
        }
    }

    /// Copies the selected link of the list on top.
    pub(in crate::app) fn copy_link(&mut self, cx: &mut Cx<'_>) {
        if let Some(Overlay::Links(links)) = self.overlays.top()
            && let Some(url) = links.url()
        {
            cx.ask(Effect::Copy(url.to_owned()));
            self.overlays.pop();
        }
    }

    /// The composer was cleared.
    pub(in crate::app) fn tell_cleared(&mut self, cx: &Cx<'_>) {
        let key = self.key_name(Action::Chat(ChatAction::UndoEdit));
        if !key.is_empty() {
            self.advise(format!("{key} restores the cleared text"), cx);
        }
    }

    /// A file for a prompt was read, or cannot be attached.
    pub(in crate::app) fn file_read(
        &mut self,
        session: &SessionKey,
        pasted: &str,
        file: Result<Option<LocalFile>, String>,
        cx: &Cx<'_>,
    ) {
        match file {
            Ok(Some(file)) => {
                if let Some(session) = self.open.get_mut(session) {
                    session.chat.file_read(pasted, file);
                }
                self.tell_unread_files(cx);
            }
            Ok(None) => {}
            Err(why) => self.notify(why, cx),
        }
    }

    /// Says what to do if the model does not read an attached file; it can be sent all the same.
    pub(in crate::app) fn tell_unread_files(&mut self, cx: &Cx<'_>) {
        let model = self
            .session()
            .and_then(|session| session.chat.model_without_files());
        let Some(model) = model.map(str::to_owned) else {
            return;
        };
        let key = self.key_name(Action::Chat(ChatAction::PickModel));
        let other = key_does(&key, "chooses another one", "choose another one");
        let words = format!("{model} does not read files of this kind: {other}");
        self.status.notify_long(words, cx.now);
    }

    /// The text was put aside, as one of so many.
    pub(in crate::app) fn tell_stashed(&mut self, count: usize, cx: &Cx<'_>) {
        let key = self.key_name(Action::Chat(ChatAction::Stash));
        let (words, then) = match count {
            1 => ("stashed".to_owned(), "brings it back"),
            count => (format!("{count} prompts stashed"), "lists them"),
        };
        self.advise(
            if key.is_empty() {
                words
            } else {
                format!("{words} · {key} in the empty composer {then}")
            },
            cx,
        );
    }
}

/// Opens the selected link.
pub(in crate::app) fn open_link(links: &LinkList, cx: &mut Cx<'_>) {
    if let Some(url) = links.url() {
        cx.ask(Effect::OpenLink(url.to_owned()));
    }
}
