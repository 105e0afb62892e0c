//! The history of prompts of all sessions.

use rusqlite::Connection;

use crate::domain::id::SessionKey;
use crate::domain::prompt::PastPrompt;
use crate::store::{Store, StoreError};

/// Maximum prompts in the history.
const HISTORY_LIMIT: i64 = 500;

impl Store {
    /// Adds a prompt that was sent in this session to the history of all sessions; a known one moves to the front.
    pub async fn add_history(&self, key: &SessionKey, text: String) -> Result<(), StoreError> {
        let key = key.clone();
        self.write("save the history", move |db| {
            add_history(&db.conn, &key, &text)
        })
        .await
    }

    /// Returns all prompts: those of this session first, then those of its project, then all others; of each the
    /// newest first.
    pub async fn history(&self, key: &SessionKey) -> Result<Vec<PastPrompt>, StoreError> {
        let key = key.clone();
        self.read("read the history", move |conn| {
            let mut statement = conn.prepare_cached(
                "SELECT history.text, sessions.name
                 FROM history LEFT JOIN sessions ON sessions.key = history.session
                 ORDER BY history.session IS ?1 DESC,
                     history.project IS NOT NULL AND history.project IS
                         (SELECT project FROM sessions WHERE key = ?1) DESC,
                     history.id DESC",
            )?;
            let rows = statement.query_map([key.as_str()], |row| {
                Ok(PastPrompt {
                    text: row.get(0)?,
                    session: row.get(1)?,
                })
            })?;
            rows.collect()
        })
        .await
    }
}

fn add_history(conn: &Connection, key: &SessionKey, text: &str) -> rusqlite::Result<()> {
    conn.prepare_cached("DELETE FROM history WHERE text = ?1")?
        .execute([text])?;
    conn.prepare_cached(
        "INSERT INTO history (text, session, project)
         VALUES (?1, ?2, (SELECT project FROM sessions WHERE key = ?2))",
    )?
    .execute([text, key.as_str()])?;
    conn.prepare_cached(
        "DELETE FROM history WHERE id <=
             (SELECT id FROM history ORDER BY id DESC LIMIT 1 OFFSET ?1)",
    )?
    .execute([HISTORY_LIMIT])?;
    Ok(())
}
