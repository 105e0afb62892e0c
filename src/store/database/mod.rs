//! What the thread's jobs work on: the connection, with its caches and unwritten text.

pub(super) mod migrations;
pub(super) mod opening;
pub(super) mod thread;

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::rows::PartRow;
use super::values::{from_json, to_json};
use crate::domain::id::{PartId, SessionKey};

/// The database, as its thread holds it.
pub(super) struct Database {
    pub(super) conn: Connection,
    pub(super) growing: UnwrittenText,
    /// Sizes of the logs that were appended to; a cache.
    pub(super) log_sizes: HashMap<SessionKey, LogSize>,
}

/// The stored size of a session's log.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LogSize {
    pub(super) lines: i64,
    /// Of the lines' texts.
    pub(super) bytes: i64,
}

/// Text from deltas that is not written yet.
#[derive(Debug, Default)]
pub(super) struct UnwrittenText(HashMap<SessionKey, HashMap<PartId, String>>);

impl UnwrittenText {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn forget(&mut self, key: &SessionKey) {
        self.0.remove(key);
    }

    pub(super) fn append(&mut self, key: &SessionKey, part: PartId, text: &str) {
        let parts = self.0.entry(key.clone()).or_default();
        parts.entry(part).or_default().push_str(text);
    }

    pub(super) fn take(&mut self, key: &SessionKey, part: &PartId) -> Option<String> {
        let parts = self.0.get_mut(key)?;
        let text = parts.remove(part);
        if parts.is_empty() {
            self.0.remove(key);
        }
        text
    }

    pub(super) fn take_all(
        &mut self,
        key: Option<&SessionKey>,
    ) -> Vec<(SessionKey, HashMap<PartId, String>)> {
        match key {
            Some(key) => self.0.remove_entry(key).into_iter().collect(),
            None => self.0.drain().collect(),
        }
    }
}

/// Writes the accumulated text of one session or of all. Text of an unknown part is dropped: a delta only ever
/// follows its part, so the part was removed.
pub(super) fn write_growing(db: &mut Database, key: Option<&SessionKey>) -> rusqlite::Result<()> {
    for (key, parts) in db.growing.take_all(key) {
        for (part, text) in parts {
            append_text(&db.conn, &key, &part, &text)?;
        }
    }
    Ok(())
}

fn append_text(
    conn: &Connection,
    key: &SessionKey,
    part: &PartId,
    text: &str,
) -> rusqlite::Result<()> {
    let json = part_json(conn, key, part)?;
    let Some(mut row) = json.as_deref().and_then(from_json::<PartRow>) else {
        return Ok(());
    };
    let Some(stored) = row.text_mut() else {
        return Ok(());
    };
    stored.push_str(text);
    conn.prepare_cached("UPDATE parts SET json = ?3 WHERE session = ?1 AND id = ?2")?
        .execute(params![key.as_str(), part.as_str(), to_json(&row)?])?;
    Ok(())
}

/// The stored row of a part.
pub(super) fn part_json(
    conn: &Connection,
    key: &SessionKey,
    part: &PartId,
) -> rusqlite::Result<Option<String>> {
    conn.prepare_cached("SELECT json FROM parts WHERE session = ?1 AND id = ?2")?
        .query_row(params![key.as_str(), part.as_str()], |row| row.get(0))
        .optional()
}
