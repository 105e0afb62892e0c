//! Searches for files, one at a time: while one is under way, only the newest wish waits.

use std::time::Duration;

use crate::domain::time::Monotonic;

/// A search without an answer for this long is given up: its connection may be gone.
const LOST: Duration = Duration::from_secs(3);

/// The search under way and what the last one found.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct FileSearch {
    under_way: Option<(String, Monotonic)>,
    /// To be asked next.
    wanted: Option<String>,
    /// What was found, and for what.
    found: Option<(String, Vec<String>)>,
}

impl FileSearch {
    /// The user has typed this; returns what to ask the server now.
    pub(super) fn want(&mut self, query: &str, now: Monotonic) -> Option<String> {
        self.wanted = None;
        if self.found.as_ref().is_some_and(|(known, _)| known == query) && self.under_way.is_none()
        {
            return None;
        }
        match &self.under_way {
            Some((asked, _)) if asked == query => None,
            Some((_, since)) if now.saturating_sub(*since) < LOST => {
                self.wanted = Some(query.to_owned());
                None
            }
            _ => Some(self.ask(query.to_owned(), now)),
        }
    }

    /// An answer arrived; returns what to ask next.
    pub(super) fn found(
        &mut self,
        query: &str,
        paths: Vec<String>,
        now: Monotonic,
    ) -> Option<String> {
        let is_asked = self
            .under_way
            .as_ref()
            .is_some_and(|(asked, _)| asked == query);
        if !is_asked {
            return None;
        }
        self.under_way = None;
        self.found = Some((query.to_owned(), paths));
        let next = self.wanted.take()?;
        Some(self.ask(next, now))
    }

    /// What the last answer had. The user may have typed on since: it is ranked again.
    pub(super) fn paths(&self) -> &[String] {
        self.found.as_ref().map_or(&[], |(_, paths)| paths)
    }

    /// Whether an answer is on its way.
    pub(super) fn is_searching(&self) -> bool {
        self.under_way.is_some()
    }

    fn ask(&mut self, query: String, now: Monotonic) -> String {
        self.under_way = Some((query.clone(), now));
        query
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    const NOW: Monotonic = Duration::from_secs(1);

    fn found(paths: &[&str]) -> Vec<String> {
        paths.iter().map(|path| (*path).to_owned()).collect()
    }

    #[test]
    fn while_one_search_runs_only_the_newest_wish_waits() {
        let mut files = FileSearch::default();
        assert_eq!(files.want("a", NOW), Some("a".to_owned()));
        assert_eq!(files.want("ab", NOW), None);
        assert_eq!(files.want("abc", NOW), None);
        assert_eq!(files.found("ab", found(&["stale"]), NOW), None);
        assert_eq!(files.paths(), [""; 0]);

        assert_eq!(files.found("a", found(&["a"]), NOW), Some("abc".to_owned()));
        assert_eq!(files.paths(), ["a"]);
        assert_eq!(files.found("abc", found(&["abc"]), NOW), None);

        assert_eq!(files.want("abc", NOW), None, "it is known");
        assert_eq!(files.want("a", NOW), Some("a".to_owned()));
    }

    #[test]
    fn a_search_without_an_answer_is_given_up() {
        let mut files = FileSearch::default();
        files.want("a", NOW);
        assert_eq!(files.want("ab", NOW + LOST), Some("ab".to_owned()));
    }
}
