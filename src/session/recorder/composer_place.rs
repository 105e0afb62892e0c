//! Where the content of composers is stored: with a session's record, or alone by the address of a server that
//! somebody else runs.

use sha2::{Digest as _, Sha256};

use crate::domain::id::{OpencodeSessionId, SessionKey};
use crate::domain::session::{ComposerChange, SessionOrigin, SessionSpec};
use crate::net::url::split_access;
use crate::session::context::{RecordStore, SessionContext};
use crate::store::StoreError;
use crate::store::sessions::lock::SessionLock;

/// Processes that can each store a draft of one session.
const DRAFT_SLOTS: usize = 8;

/// Where the content of a session's composer is stored.
#[derive(Debug, Clone)]
pub(in crate::session) struct ComposerPlace {
    pub(super) records: RecordStore,
    pub(super) key: SessionKey,
}

impl ComposerPlace {
    pub(in crate::session) fn of(context: &SessionContext, spec: &SessionSpec) -> Option<Self> {
        if let SessionOrigin::Attach { url, session, .. } = &spec.origin {
            let records = context.attached_composers.clone()?;
            let key = attached_key(url, session.as_ref());
            return Some(Self { records, key });
        }
        Self::of_stored(context, &spec.key)
    }

    pub(in crate::session) fn of_stored(
        context: &SessionContext,
        key: &SessionKey,
    ) -> Option<Self> {
        Some(Self {
            records: context.records.clone()?,
            key: key.clone(),
        })
    }

    /// Stores a draft of a session that does not run.
    pub(in crate::session) async fn draft(&self, draft: String) -> Result<(), StoreError> {
        self.records.store.set_draft(&self.key, draft).await
    }

    /// Stores what the composer holds besides the draft.
    pub(in crate::session) async fn change(
        &self,
        change: ComposerChange,
    ) -> Result<(), StoreError> {
        let (store, key) = (&self.records.store, &self.key);
        match change {
            ComposerChange::Stash(prompt) => store.add_stash(key, *prompt).await,
            ComposerChange::Unstash(id) => store.remove_stash(key, &id).await,
            ComposerChange::Mention(text, what) => store.add_mention(key, text, what).await,
            ComposerChange::AttachFile(file) => store.add_draft_file(key, file).await,
            ComposerChange::DetachFile(id) => store.remove_draft_file(key, &id).await,
        }
    }
}

/// The same for each process that is attached to this conversation of this server. The address may name the user's
/// hosts, and is the name of a file.
fn attached_key(url: &str, conversation: Option<&OpencodeSessionId>) -> SessionKey {
    let address = split_access(url).0;
    let conversation = conversation.map_or("", |id| id.as_str());
    let digest = Sha256::digest(format!("{}\n{conversation}", address.trim_end_matches('/')));
    let (first, _) = digest.split_at(8);
    let number = first
        .iter()
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("attach-{number:016x}").into()
}

impl ComposerPlace {
    pub(super) fn draft_slots(&self) -> impl Iterator<Item = SessionKey> {
        let others =
            (1..DRAFT_SLOTS).map(|draft_slot| format!("{}-d{draft_slot}", self.key).into());
        std::iter::once(self.key.clone()).chain(others)
    }

    pub(super) fn lock_draft_slot(&self, draft_slot: &SessionKey) -> Option<SessionLock> {
        let is_first = *draft_slot == self.key;
        // The session's own lock decides who drives.
        let first = || SessionKey::from(format!("{draft_slot}-d0"));
        let name = if is_first {
            first()
        } else {
            draft_slot.clone()
        };
        SessionLock::try_take(&self.records.directory, &name)
    }
}
