//! How much of a conversation is loaded: the cursor to the page before the oldest message.
//!
//! The follower records what it has fetched, the driver requests the next older page. The cursor is the server's and
//! opaque. One value per conversation, kept across reconnects.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::translate::parts;
use crate::domain::chat::ChatEvent;
use crate::opencode::client::OpencodeClient;
use crate::opencode::error::OpencodeError;

/// Messages of one page.
pub const PAGE: u32 = 100;

#[derive(Debug, Default)]
pub struct HistoryCursor {
    place: Mutex<HistoryPage>,
}

#[derive(Debug, Default)]
struct HistoryPage {
    /// Opens the page before the oldest known message.
    older: Option<String>,
    /// Ids of the newest page as last fetched.
    newest: HashSet<String>,
}

impl HistoryCursor {
    /// Records the newest page: the ids of its messages and the cursor to older ones. Returns whether there are
    /// older messages than those loaded.
    ///
    /// Where the page overlaps the previous one there is no gap, and older pages that were loaded stay valid.
    /// Otherwise loading older messages starts from this page.
    pub fn newest_page<'a>(&self, ids: impl Iterator<Item = &'a str>, older: Option<&str>) -> bool {
        let newest: HashSet<String> = ids.map(str::to_owned).collect();
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        if place.newest.is_disjoint(&newest) {
            place.older = older.map(str::to_owned);
        }
        place.newest = newest;
        place.older.is_some()
    }

    /// Fetches the page before the oldest loaded message; an empty one where there is none.
    pub async fn load_older(
        &self,
        client: &OpencodeClient,
        session: &str,
        directory: &str,
    ) -> Result<ChatEvent, OpencodeError> {
        let cursor = self
            .place
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .older
            .clone();
        let Some(cursor) = cursor else {
            return Ok(ChatEvent::Older {
                page: Vec::new(),
                more: false,
            });
        };
        let page = client.messages(session, PAGE, Some(&cursor)).await?;
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        // A reconnect may have moved the cursor meanwhile; then the new one is kept.
        if place.older.as_deref() == Some(cursor.as_str()) {
            place.older.clone_from(&page.older);
        }
        drop(place);
        Ok(parts::older(page, directory))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(history: &HistoryCursor) -> Option<String> {
        history.place.lock().unwrap().older.clone()
    }

    #[test]
    fn an_overlapping_page_keeps_the_cursor_and_a_gap_replaces_it() {
        let history = HistoryCursor::default();

        assert!(history.newest_page(["3", "4"].into_iter(), Some("before 3")));
        history.place.lock().unwrap().older = Some("before 1".into());
        assert!(history.newest_page(["4", "5"].into_iter(), Some("before 4")));
        assert_eq!(cursor(&history).as_deref(), Some("before 1"));

        assert!(history.newest_page(["8", "9"].into_iter(), Some("before 8")));
        assert_eq!(cursor(&history).as_deref(), Some("before 8"));
    }
}
