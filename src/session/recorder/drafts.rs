//! The unsent text of the composer, one draft for each process that has the session open; and what answers the next
//! prompts.

use super::{DraftSlot, Recorder, logged};
use crate::domain::id::SessionKey;
use crate::domain::preferences::PromptChoice;
use crate::domain::session::StoredComposer;
use crate::session::context::RecordStore;
use crate::store::sessions::lock::SessionLock;

/// Processes that can each store a draft of one session.
const DRAFT_SLOTS: usize = 8;

impl Recorder {
    pub(crate) async fn draft(&self, draft: String) {
        if let Some(records) = &self.records {
            let draft_slot = self.draft_slot(records);
            logged("draft", records.store.set_draft(&draft_slot, draft).await);
        }
    }

    /// Stores what the next prompts are answered by.
    pub(crate) async fn choice(&self, choice: PromptChoice) {
        if let Some(records) = &self.records {
            let saved = records.store.set_prompt_choice(&self.key, &choice).await;
            logged("choice", saved);
        }
    }

    /// All that the store has of the composer.
    pub(super) async fn stored_composer(&self) -> StoredComposer {
        let Some(records) = &self.records else {
            return StoredComposer::default();
        };
        let stashes = records.store.stashes(&self.key).await;
        let mentions = records.store.mentions(&self.key).await;
        StoredComposer {
            draft: self.stored_draft().await.unwrap_or_default(),
            stashes: logged("stash", stashes).unwrap_or_default(),
            mentions: logged("mentions", mentions).unwrap_or_default(),
        }
    }

    /// This process's draft, followed by the drafts that other, ended processes left in their slots.
    pub(super) async fn stored_draft(&self) -> Option<String> {
        let records = self.records.as_ref()?;
        let own = self.draft_slot(records);
        let mut drafts = vec![logged("draft", records.store.draft(&own).await)?];
        for draft_slot in self.draft_slots().filter(|draft_slot| *draft_slot != own) {
            let left = logged("draft", records.store.draft(&draft_slot).await)?;
            if left.is_empty() || self.lock_draft_slot(records, &draft_slot).is_none() {
                continue;
            }
            drafts.push(left);
            drafts.retain(|draft| !draft.is_empty());
            // First written to the new place, then removed from the old one: nothing typed is lost.
            logged(
                "draft",
                records.store.set_draft(&own, drafts.join("\n\n")).await,
            )?;
            logged(
                "draft",
                records.store.set_draft(&draft_slot, String::new()).await,
            )?;
        }
        Some(drafts.join("\n\n"))
    }

    /// This process's slot, the first free one; taken on first use.
    pub(super) fn draft_slot(&self, records: &RecordStore) -> SessionKey {
        let mut memory = self.memory();
        let draft_slot = memory.draft_slot.get_or_insert_with(|| {
            let free = |key: SessionKey| {
                let lock = self.lock_draft_slot(records, &key)?;
                Some(DraftSlot {
                    key,
                    _lock: Some(lock),
                })
            };
            self.draft_slots()
                .find_map(free)
                .unwrap_or_else(|| DraftSlot {
                    key: self.key.clone(),
                    _lock: None,
                })
        });
        draft_slot.key.clone()
    }

    fn draft_slots(&self) -> impl Iterator<Item = SessionKey> {
        let others =
            (1..DRAFT_SLOTS).map(|draft_slot| format!("{}-d{draft_slot}", self.key).into());
        std::iter::once(self.key.clone()).chain(others)
    }

    fn lock_draft_slot(
        &self,
        records: &RecordStore,
        draft_slot: &SessionKey,
    ) -> Option<SessionLock> {
        let is_first = *draft_slot == self.key;
        // The session's own lock decides who drives.
        let first = || SessionKey::from(format!("{draft_slot}-d0"));
        let name = if is_first {
            first()
        } else {
            draft_slot.clone()
        };
        SessionLock::try_take(&records.directory, &name)
    }
}
