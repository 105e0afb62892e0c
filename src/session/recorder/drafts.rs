//! The unsent text of the composer, one draft for each process that has the session open.

use super::{DraftSlot, Recorder, told};
use crate::domain::id::SessionKey;
use crate::session::context::RecordStore;
use crate::store::lock::SessionLock;

/// Processes that can each store a draft of one session.
const DESKS: usize = 8;

impl Recorder {
    pub(crate) async fn draft(&self, draft: String) {
        if let Some(records) = &self.records {
            let desk = self.desk(records);
            told("draft", records.store.set_draft(&desk, draft).await);
        }
    }

    /// This process's draft, followed by the drafts that other, ended processes left in their slots.
    pub(super) async fn stored_draft(&self) -> Option<String> {
        let records = self.records.as_ref()?;
        let own = self.desk(records);
        let mut drafts = vec![told("draft", records.store.draft(&own).await)?];
        for desk in self.desks().filter(|desk| *desk != own) {
            let left = told("draft", records.store.draft(&desk).await)?;
            if left.is_empty() || self.lock_desk(records, &desk).is_none() {
                continue;
            }
            drafts.push(left);
            drafts.retain(|draft| !draft.is_empty());
            // First written to the new place, then removed from the old one: nothing typed is lost.
            told(
                "draft",
                records.store.set_draft(&own, drafts.join("\n\n")).await,
            )?;
            told("draft", records.store.set_draft(&desk, String::new()).await)?;
        }
        Some(drafts.join("\n\n"))
    }

    /// This process's slot, the first free one; taken on first use.
    pub(super) fn desk(&self, records: &RecordStore) -> SessionKey {
        let mut memory = self.memory();
        let desk = memory.desk.get_or_insert_with(|| {
            let free = |key: SessionKey| {
                let lock = self.lock_desk(records, &key)?;
                Some(DraftSlot {
                    key,
                    _lock: Some(lock),
                })
            };
            self.desks().find_map(free).unwrap_or_else(|| DraftSlot {
                key: self.key.clone(),
                _lock: None,
            })
        });
        desk.key.clone()
    }

    fn desks(&self) -> impl Iterator<Item = SessionKey> {
        let others = (1..DESKS).map(|desk| format!("{}-d{desk}", self.key).into());
        std::iter::once(self.key.clone()).chain(others)
    }

    fn lock_desk(&self, records: &RecordStore, desk: &SessionKey) -> Option<SessionLock> {
        let is_first = *desk == self.key;
        // The session's own lock decides who drives.
        let first = || SessionKey::from(format!("{desk}-d0"));
        let name = if is_first { first() } else { desk.clone() };
        SessionLock::try_take(&records.directory, &name)
    }
}
