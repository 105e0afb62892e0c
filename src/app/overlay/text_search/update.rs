//! Asks the store while words are typed, and goes to what is chosen.

use super::state::TextSearch;
use crate::app::App;
use crate::app::cx::Cx;
use crate::app::effect::Effect;
use crate::app::overlay::Overlay;
use crate::domain::session::SessionEvent;
use crate::domain::session::text_search::{FoundText, FoundTexts, StoredMessages};

impl App {
    pub(in crate::app) fn open_text_search(&mut self) {
        let search = Box::new(TextSearch::default());
        self.overlays.push(Overlay::TextSearch(search));
    }

    /// Runs after each key: asks for what is typed now, one question after the other.
    pub(in crate::app) fn texts_typed(&mut self, cx: &mut Cx<'_>) {
        if let Some(Overlay::TextSearch(search)) = self.overlays.top_mut()
            && let Some(query) = search.wants()
        {
            cx.ask(Effect::SearchTexts(query));
        }
    }

    /// The store answers.
    pub(in crate::app) fn texts_found(
        &mut self,
        found: Result<FoundTexts, String>,
        cx: &mut Cx<'_>,
    ) {
        // It may have been closed meanwhile.
        let Some(Overlay::TextSearch(search)) = self.overlays.top_mut() else {
            return;
        };
        match found {
            Ok(found) => search.answered(found),
            Err(why) => {
                search.failed();
                self.notify(why, cx);
            }
        }
        self.texts_typed(cx);
    }

    /// Shows the selected match in its session.
    pub(in crate::app) fn choose_text(&mut self, search: Box<TextSearch>, cx: &mut Cx<'_>) {
        let Some(text) = search.selected().cloned() else {
            self.overlays.push(Overlay::TextSearch(search));
            return;
        };
        self.show(text.session.clone(), cx);
        if !self.go_to_text(&text) {
            // It is further back than what is loaded.
            cx.ask(Effect::ReadMessages(Box::new(text)));
        }
    }

    /// The store has the messages of a match and what follows them.
    pub(in crate::app) fn messages_read(
        &mut self,
        text: &FoundText,
        read: Result<StoredMessages, String>,
        cx: &mut Cx<'_>,
    ) {
        let stored = match read {
            Ok(stored) => stored,
            Err(why) => return self.notify(why, cx),
        };
        if let Some(session) = self.open.get_mut(&text.session) {
            let event = session.chat.as_older(stored);
            session.receive(SessionEvent::Chat(event), cx);
        }
        if self.open.is_shown(&text.session) && !self.go_to_text(text) {
            self.notify("this message is no longer in the conversation", cx);
        }
    }

    fn go_to_text(&mut self, text: &FoundText) -> bool {
        self.session_mut().is_some_and(|session| {
            let words = text.first_match();
            session.chat.show_part(&text.message, &text.part, words)
        })
    }
}
