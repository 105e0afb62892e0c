//! Types the filter of the list, and finds the rows that it leaves.

use super::{FilterWord, LeftRows, RowFilter};
use crate::app::input::key::Key;
use crate::app::input::line_edit::edit_line;
use crate::app::session::OpenSession;
use crate::app::session::open_sessions::OpenSessions;
use crate::app::sessions::Sessions;
use crate::app::sessions::row_text::{is_unread, title_of};
use crate::domain::sandbox::unattached::UnattachedSandbox;
use crate::domain::session::SessionSummary;

impl Sessions {
    /// What was typed to narrow the list; empty if it is whole.
    pub(in crate::app) fn filter_text(&self) -> &str {
        &self.filter.text
    }

    /// Whether keys are text of the filter.
    pub(in crate::app) fn types_filter(&self) -> bool {
        self.filter.is_typed
    }

    /// How many sessions are left; `None` if the list is whole.
    pub(in crate::app) fn filtered(&self) -> Option<usize> {
        self.filter.left.as_ref().map(|left| left.sessions.len())
    }

    pub(in crate::app::sessions) fn begin_filter(&mut self) {
        self.filter.is_typed = true;
    }

    /// Keys act on the rows again; the filter stays.
    pub(in crate::app) fn keep_filter(&mut self) {
        self.filter.is_typed = false;
    }

    /// Shows all rows again; the cursor stays on its row.
    pub(in crate::app::sessions) fn clear_filter(&mut self) {
        let selected = self.selected_line();
        self.filter = RowFilter::default();
        self.settle(selected);
    }

    /// Handles a key while the filter is typed. Returns whether it is.
    pub(in crate::app) fn type_filter(&mut self, key: Key) -> bool {
        if self.filter.is_typed {
            edit_line(&mut self.filter.text, key);
        }
        self.filter.is_typed
    }

    /// Adds pasted text while the filter is typed, on one line. Returns whether it is.
    pub(in crate::app) fn paste_filter(&mut self, text: &str) -> bool {
        let line = text.replace(char::is_control, " ");
        line.chars().all(|c| self.type_filter(Key::char(c))) && self.filter.is_typed
    }

    /// Runs after each event, before the rows are arranged.
    pub(in crate::app::sessions) fn narrow(&mut self, open: &OpenSessions) {
        let words: Vec<FilterWord> = self
            .filter_text()
            .split_whitespace()
            .map(FilterWord::of)
            .collect();
        if words.is_empty() {
            if self.filter.is_on() {
                let selected = self.selected_line();
                self.filter.left = None;
                self.settle(selected);
            }
            return;
        }
        let matches = |texts: Vec<String>| {
            let text = texts.join("\n");
            let lower = text.to_lowercase();
            words.iter().all(|word| word.is_in(&text, &lower))
        };
        let sessions = self.rows.iter();
        let sessions = sessions.filter(|row| matches(self.texts(row, open.get(&row.key))));
        let sandboxes = self.unattached.iter();
        let sandboxes = sandboxes.filter(|sandbox| matches(sandbox_texts(sandbox)));
        let left = LeftRows {
            sessions: sessions.map(|row| row.key.clone()).collect(),
            sandboxes: sandboxes.map(|sandbox| sandbox.id.clone()).collect(),
        };
        let selected = self.selected_line();
        self.filter.left = Some(left);
        let is_there = selected
            .as_ref()
            .is_some_and(|key| self.place_of(key).is_some());
        if !is_there {
            self.selected = 0;
        }
        self.settle(selected);
    }

    /// What a session is found by.
    fn texts(&self, row: &SessionSummary, open: Option<&OpenSession>) -> Vec<String> {
        let project = row.project.as_deref().and_then(|path| path.file_name());
        let project = project.map(|name| name.to_string_lossy().into_owned());
        let is_auto = open.map_or(row.auto, |session| session.chat.is_auto());
        let words = [
            (row.pinned, "pinned"),
            (row.archived, "archived"),
            (is_unread(row, open), "unread"),
            (is_auto, "auto"),
        ];
        let words = words.into_iter().filter(|(is_so, _)| *is_so);
        let mut texts = vec![
            row.name.clone(),
            title_of(row, open),
            self.state_of(row, open).name().to_owned(),
            row.sandbox.engine.name().to_owned(),
        ];
        texts.extend(project);
        texts.extend(self.reason_of(row, open));
        texts.extend(words.map(|(_, word)| word.to_owned()));
        texts
    }
}

/// What an unattached sandbox is found by.
fn sandbox_texts(sandbox: &UnattachedSandbox) -> Vec<String> {
    vec![
        sandbox.id.to_string(),
        sandbox.engine.name().to_owned(),
        sandbox.state.name().to_owned(),
        sandbox.provenance.words(),
    ]
}
