//! What was typed for prompts whose text the server has made of its commands: it keeps only what came of it.

use rusqlite::params;

use crate::domain::id::{MessageId, SessionKey};
use crate::store::{Store, StoreError};

/// Older ones are forgotten.
const MOST_LINES: i64 = 500;

impl Store {
    /// What was typed for the commands of this session, by their prompts; the oldest first.
    pub async fn command_lines(
        &self,
        key: &SessionKey,
    ) -> Result<Vec<(MessageId, String)>, StoreError> {
        let key = key.clone();
        self.read("read the commands", move |conn| {
            let mut statement = conn.prepare_cached(
                "SELECT message, line FROM command_lines WHERE session = ?1 ORDER BY rowid",
            )?;
            let rows = statement.query_map([key.as_str()], |row| {
                let message: String = row.get(0)?;
                Ok((message.into(), row.get(1)?))
            })?;
            rows.collect()
        })
        .await
    }

    /// Notes what was typed for a prompt. Plain write.
    pub async fn add_command_line(
        &self,
        key: &SessionKey,
        prompt: MessageId,
        line: String,
    ) -> Result<(), StoreError> {
        let key = key.clone();
        self.write("save the command", move |db| {
            db.conn
                .prepare_cached(
                    "INSERT INTO command_lines (session, message, line) VALUES (?1, ?2, ?3)
                     ON CONFLICT (session, message) DO NOTHING",
                )?
                .execute(params![key.as_str(), prompt.as_str(), line])?;
            db.conn
                .prepare_cached(
                    "DELETE FROM command_lines WHERE session = ?1 AND rowid <=
                         (SELECT rowid FROM command_lines WHERE session = ?1
                          ORDER BY rowid DESC LIMIT 1 OFFSET ?2)",
                )?
                .execute(params![key.as_str(), MOST_LINES])?;
            Ok(())
        })
        .await
    }
}
