//! A session for another conversation in the same sandbox: its record is the same but for the conversation.

use super::Recorder;
use crate::domain::chat::Conversation;
use crate::domain::failure::Failure;
use crate::domain::id::SessionKey;
use crate::domain::sandbox::Phase;
use crate::domain::session::SessionSummary;
use crate::domain::time::UnixMillis;
use crate::store::{Naming, StoreError, StoredSession};

impl Recorder {
    /// Stores a session for a conversation beside this one; `None` where nothing is stored. One that is stored already
    /// is returned as it is.
    pub(crate) async fn add_sibling(
        &self,
        key: SessionKey,
        conversation: &Conversation,
        now: UnixMillis,
    ) -> Result<Option<SessionSummary>, Failure> {
        let Some(records) = &self.records else {
            return Ok(None);
        };
        let own = records.store.session(&self.key).await;
        let Some(own) = own.map_err(|error| unusable(&error))? else {
            return Ok(None);
        };
        let known = records.store.sessions().await;
        let known = known.map_err(|error| unusable(&error))?;
        let is_it = |row: &SessionSummary| {
            row.opencode_session.as_ref() == Some(&conversation.id)
                && row.sandbox.id == own.summary.sandbox.id
        };
        if let Some(row) = known.into_iter().find(is_it) {
            return Ok(Some(row));
        }
        let secrets = records.secrets.load(&self.key);
        if let Some(secrets) = secrets.map_err(|error| unusable(&error))? {
            let saved = records.secrets.save(&key, &secrets);
            saved.map_err(|error| unusable(&error))?;
        }
        let mut sibling = StoredSession {
            summary: SessionSummary {
                key,
                title: conversation.title.clone(),
                opencode_session: Some(conversation.id.clone()),
                phase: Phase::Dormant,
                shown: None,
                created: now,
                updated: now,
                ..own.summary
            },
            ..own
        };
        let name = records.store.add_session(&sibling, Naming::Similar).await;
        sibling.summary.name = name.map_err(|error| unusable(&error))?;
        Ok(Some(sibling.summary))
    }
}

fn unusable(error: &StoreError) -> Failure {
    Failure::new("the session for that conversation cannot be stored")
        .detail(error.to_string())
        .hint("check that sandbar's state directory is writable; `sandbar config` names it")
}
