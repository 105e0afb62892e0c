//! What the composer holds besides the draft: stashed prompts, the files in the draft, and the files and agents
//! mentioned in it.

use rusqlite::params;

use crate::domain::id::{MessageId, PartId, SessionKey};
use crate::domain::prompt::{Attachment, PromptPart};
use crate::domain::session::{DraftFile, Prompt};
use crate::store::rows::{PromptPartRow, PromptRow};
use crate::store::values::{from_json, to_json};
use crate::store::{Store, StoreError};

/// Older names are forgotten.
const MOST_MENTIONS: i64 = 200;
/// The files in the drafts of all sessions; older ones are forgotten.
const MOST_FILES: i64 = 100;

impl Store {
    /// The stashed prompts, the oldest first.
    pub async fn stashes(&self, key: &SessionKey) -> Result<Vec<Prompt>, StoreError> {
        let key = key.clone();
        self.read("read the stash", move |conn| {
            let mut statement =
                conn.prepare_cached("SELECT json FROM stashes WHERE session = ?1 ORDER BY rowid")?;
            let rows = statement.query_map([key.as_str()], |row| row.get::<_, String>(0))?;
            let rows = rows.collect::<rusqlite::Result<Vec<String>>>()?;
            let stashed = rows.iter().filter_map(|json| from_json::<PromptRow>(json));
            Ok(stashed.map(Prompt::from).collect())
        })
        .await
    }

    /// Adds a prompt to the stash. Durable.
    pub async fn add_stash(&self, key: &SessionKey, prompt: Prompt) -> Result<(), StoreError> {
        let key = key.clone();
        self.write_durably("save the stash", move |db| {
            let id = prompt.message.clone();
            let json = to_json(&PromptRow::from(prompt))?;
            db.conn
                .prepare_cached(
                    "INSERT OR REPLACE INTO stashes (session, id, json) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![key.as_str(), id.as_str(), json])?;
            Ok(())
        })
        .await
    }

    /// Removes a prompt from the stash.
    pub async fn remove_stash(&self, key: &SessionKey, id: &MessageId) -> Result<(), StoreError> {
        let (key, id) = (key.clone(), id.clone());
        self.write_durably("save the stash", move |db| {
            db.conn
                .prepare_cached("DELETE FROM stashes WHERE session = ?1 AND id = ?2")?
                .execute([key.as_str(), id.as_str()])?;
            Ok(())
        })
        .await
    }

    /// The files in the draft, the oldest first.
    pub async fn draft_files(&self, key: &SessionKey) -> Result<Vec<DraftFile>, StoreError> {
        let key = key.clone();
        self.read("read the files of the draft", move |conn| {
            let mut statement = conn
                .prepare_cached("SELECT json FROM draft_files WHERE session = ?1 ORDER BY rowid")?;
            let rows = statement.query_map([key.as_str()], |row| row.get::<_, String>(0))?;
            let mut files = Vec::new();
            for json in rows {
                let part = from_json::<PromptPartRow>(&json?).and_then(PromptPartRow::part);
                if let Some(PromptPart {
                    id,
                    what: Attachment::Local(file),
                    ..
                }) = part
                {
                    files.push(DraftFile { id, file });
                }
            }
            Ok(files)
        })
        .await
    }

    /// Adds a file to those in the draft. Durable.
    pub async fn add_draft_file(
        &self,
        key: &SessionKey,
        file: DraftFile,
    ) -> Result<(), StoreError> {
        let key = key.clone();
        self.write_durably("save the files of the draft", move |db| {
            let id = file.id.clone();
            let part = PromptPart {
                id: file.id,
                place: None,
                what: Attachment::Local(file.file),
            };
            let json = to_json(&PromptPartRow::from(part))?;
            db.conn
                .prepare_cached(
                    "INSERT OR REPLACE INTO draft_files (session, id, json) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![key.as_str(), id.as_str(), json])?;
            db.conn
                .prepare_cached(
                    "DELETE FROM draft_files WHERE rowid <=
                         (SELECT rowid FROM draft_files ORDER BY rowid DESC LIMIT 1 OFFSET ?1)",
                )?
                .execute([MOST_FILES])?;
            Ok(())
        })
        .await
    }

    /// Removes a file from those in the draft.
    pub async fn remove_draft_file(&self, key: &SessionKey, id: &PartId) -> Result<(), StoreError> {
        let (key, id) = (key.clone(), id.clone());
        self.write("save the files of the draft", move |db| {
            db.conn
                .prepare_cached("DELETE FROM draft_files WHERE session = ?1 AND id = ?2")?
                .execute([key.as_str(), id.as_str()])?;
            Ok(())
        })
        .await
    }

    /// What was named in prompts of this session, by its text with the `@`; the oldest first.
    pub async fn mentions(
        &self,
        key: &SessionKey,
    ) -> Result<Vec<(String, Attachment)>, StoreError> {
        let key = key.clone();
        self.read("read the mentions", move |conn| {
            let mut statement = conn.prepare_cached(
                "SELECT text, json FROM mentions WHERE session = ?1 ORDER BY rowid",
            )?;
            let rows = statement.query_map([key.as_str()], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
            })?;
            let mut mentions = Vec::new();
            for row in rows {
                let (text, json) = row?;
                let part = from_json::<PromptPartRow>(&json).and_then(PromptPartRow::part);
                mentions.extend(part.map(|part| (text, part.what)));
            }
            Ok(mentions)
        })
        .await
    }

    /// Notes what a text with an `@` names.
    pub async fn add_mention(
        &self,
        key: &SessionKey,
        text: String,
        what: Attachment,
    ) -> Result<(), StoreError> {
        let key = key.clone();
        self.write("save the mentions", move |db| {
            let part = PromptPart {
                id: "".into(),
                place: None,
                what,
            };
            let json = to_json(&PromptPartRow::from(part))?;
            db.conn
                .prepare_cached(
                    "INSERT OR REPLACE INTO mentions (session, text, json) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![key.as_str(), text, json])?;
            db.conn
                .prepare_cached(
                    "DELETE FROM mentions WHERE session = ?1 AND rowid <=
                         (SELECT rowid FROM mentions WHERE session = ?1
                          ORDER BY rowid DESC LIMIT 1 OFFSET ?2)",
                )?
                .execute(params![key.as_str(), MOST_MENTIONS])?;
            Ok(())
        })
        .await
    }
}
