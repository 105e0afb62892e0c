//! What the user types before there is a session.

use crate::app::event::Event;

/// The most keys and pastes that are kept.
const MOST: usize = 1_000;

/// Keys and pastes in order, for the session that is about to open.
#[derive(Debug, Default)]
pub(in crate::app) struct Typeahead {
    events: Vec<Event>,
}

impl Typeahead {
    pub(in crate::app) fn keep(&mut self, event: Event) {
        let room = self.events.len() < MOST;
        match (self.events.last_mut(), event) {
            // A paste in pieces counts as one.
            (Some(Event::Paste(text)), Event::PasteMore(piece)) => text.push_str(&piece),
            (_, event) if room => self.events.push(event),
            _ => {}
        }
    }

    pub(in crate::app) fn take(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }
}
