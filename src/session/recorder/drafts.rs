//! The unsent text of the composer, one draft for each process that has the session open; and what answers the next
//! prompts. A conversation of a server that somebody else runs has no record, but what is typed in it is kept too.

use super::composer_place::ComposerPlace;
use super::{DraftSlot, Recorder, logged};
use crate::domain::id::{MessageId, SessionKey};
use crate::domain::preferences::PromptChoice;
use crate::domain::session::StoredComposer;

impl Recorder {
    pub(crate) async fn draft(&self, draft: String) {
        if let Some(place) = &self.composer {
            let draft_slot = self.draft_slot(place);
            let saved = place.records.store.set_draft(&draft_slot, draft).await;
            logged("draft", saved);
        }
    }

    /// Stores what the next prompts are answered by.
    pub(crate) async fn choice(&self, choice: PromptChoice) {
        if let Some(records) = &self.records {
            let saved = records.store.set_prompt_choice(&self.key, &choice).await;
            logged("choice", saved);
        }
    }

    /// Nothing else of this session is stored.
    pub(crate) fn stores_composer_alone(&self) -> bool {
        self.records.is_none() && self.composer.is_some()
    }

    /// All that the store has of the composer.
    pub(crate) async fn stored_composer(&self) -> StoredComposer {
        let Some(ComposerPlace { records, key }) = &self.composer else {
            return StoredComposer::default();
        };
        let stashes = records.store.stashes(key).await;
        let mentions = records.store.mentions(key).await;
        let files = records.store.draft_files(key).await;
        let commands = records.store.command_lines(key).await;
        StoredComposer {
            draft: self.stored_draft().await.unwrap_or_default(),
            files: logged("files of the draft", files).unwrap_or_default(),
            stashes: logged("stash", stashes).unwrap_or_default(),
            mentions: logged("mentions", mentions).unwrap_or_default(),
            commands: logged("commands", commands).unwrap_or_default(),
        }
    }

    /// Stores what was typed for a prompt that the server expands.
    pub(crate) async fn command_line(&self, prompt: &MessageId, line: &str) {
        if let Some(ComposerPlace { records, key }) = &self.composer {
            let line = line.to_owned();
            let saved = records.store.add_command_line(key, prompt.clone(), line);
            logged("command", saved.await);
        }
    }

    /// This process's draft, followed by the drafts that other, ended processes left in their slots.
    pub(super) async fn stored_draft(&self) -> Option<String> {
        let place = self.composer.as_ref()?;
        let records = &place.records;
        // Even if nothing is stored yet: the first process has the first slot.
        let own = self.draft_slot(place);
        let mut drafts = vec![logged("draft", records.store.draft(&own).await)?];
        for draft_slot in place.draft_slots().filter(|draft_slot| *draft_slot != own) {
            let left = logged("draft", records.store.draft(&draft_slot).await)?;
            if left.is_empty() || place.lock_draft_slot(&draft_slot).is_none() {
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
    fn draft_slot(&self, place: &ComposerPlace) -> SessionKey {
        let mut memory = self.memory();
        let draft_slot = memory.draft_slot.get_or_insert_with(|| {
            let free = |key: SessionKey| {
                let lock = place.lock_draft_slot(&key)?;
                Some(DraftSlot {
                    key,
                    _lock: Some(lock),
                })
            };
            place
                .draft_slots()
                .find_map(free)
                .unwrap_or_else(|| DraftSlot {
                    key: place.key.clone(),
                    _lock: None,
                })
        });
        draft_slot.key.clone()
    }
}
