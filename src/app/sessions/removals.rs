//! The sessions that are being deleted for good.

use std::collections::BTreeMap;

use crate::domain::failure::Failure;
use crate::domain::id::SessionKey;

/// Deletions that have not ended; one text reports them all.
#[derive(Debug, Default)]
pub(super) struct Removals {
    waiting: BTreeMap<SessionKey, String>,
    done: Vec<String>,
    failed: Vec<(String, String)>,
}

impl Removals {
    pub(super) fn begin(&mut self, key: SessionKey, name: String) {
        self.waiting.insert(key, name);
    }

    /// Handles the end of one. Returns the text about all, once the last one has ended.
    pub(super) fn ended(
        &mut self,
        key: &SessionKey,
        result: Result<(), Failure>,
    ) -> Option<String> {
        let name = self.waiting.remove(key)?;
        match result {
            Ok(()) => self.done.push(name),
            Err(failure) => self.failed.push((name, failure.line())),
        }
        if !self.waiting.is_empty() {
            return None;
        }
        let done = std::mem::take(&mut self.done);
        let mut words = match &done[..] {
            [] => Vec::new(),
            [name] => vec![format!("removed {name}")],
            names => vec![format!("removed {} sessions", names.len())],
        };
        let failed = std::mem::take(&mut self.failed).into_iter();
        words.extend(failed.map(|(name, why)| format!("{name} was not removed: {why}")));
        Some(words.join("; "))
    }
}
