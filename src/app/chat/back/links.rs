//! The links of the conversation.

use std::collections::HashSet;

use crate::app::chat::Chat;
use crate::app::chat::view::pieces;

/// More links than this nobody looks through.
const MOST: usize = 500;

impl Chat {
    /// The links of all loaded messages that are harmless to open: what is shown for each, and the
    /// address. Each once, the newest first.
    pub fn links(&self) -> Vec<(String, String)> {
        let shown = self.shown_chat();
        let mut known = HashSet::new();
        let mut links = Vec::new();
        for entry in shown.transcript.newest() {
            for (text, url) in pieces::links(&entry.own_text()).into_iter().rev() {
                if links.len() < MOST && known.insert(url.clone()) {
                    links.push((text, url));
                }
            }
        }
        links
    }
}
