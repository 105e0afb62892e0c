//! What the list shows of a session besides its state: where the user wants it, when it was used, the size of its work.

use rusqlite::params;

use crate::domain::id::SessionKey;
use crate::domain::session::{ChangedLines, ListPlace};
use crate::domain::time::UnixMillis;
use crate::store::values::integer;
use crate::store::{Store, StoreError};

impl Store {
    /// Changes what the list notes of sessions. Plain write.
    pub async fn set_place(
        &self,
        keys: Vec<SessionKey>,
        place: ListPlace,
    ) -> Result<(), StoreError> {
        self.write("save the place in the list", move |db| {
            let (column, on) = match place {
                ListPlace::Pinned(on) => ("pinned", on),
                ListPlace::Archived(on) => ("archived", on),
                ListPlace::Unread(on) => ("unread", on),
            };
            let sql = format!("UPDATE sessions SET {column} = ?2 WHERE key = ?1");
            let mut update = db.conn.prepare_cached(&sql)?;
            for key in &keys {
                update.execute(params![key.as_str(), on])?;
            }
            Ok(())
        })
        .await
    }

    /// Records the size of the work. Plain write.
    pub async fn set_changed(
        &self,
        key: &SessionKey,
        changed: ChangedLines,
    ) -> Result<(), StoreError> {
        let key = key.clone();
        self.write("save the size of the work", move |db| {
            let (added, removed) = (integer(changed.added), integer(changed.removed));
            db.conn
                .prepare_cached("UPDATE sessions SET added = ?2, removed = ?3 WHERE key = ?1")?
                .execute(params![key.as_str(), added, removed])?;
            Ok(())
        })
        .await
    }

    /// Records that the session was used at `at`; it moves up the list. Plain write.
    pub async fn touch(&self, key: &SessionKey, at: UnixMillis) -> Result<(), StoreError> {
        let key = key.clone();
        self.write("save the session's time", move |db| {
            db.conn
                .prepare_cached("UPDATE sessions SET updated = max(updated, ?2) WHERE key = ?1")?
                .execute(params![key.as_str(), integer(at.0)])?;
            Ok(())
        })
        .await
    }

    /// Records that the session was on a screen at `at`; it need not be stored yet. Plain write.
    pub async fn set_shown(&self, key: &SessionKey, at: UnixMillis) -> Result<(), StoreError> {
        let key = key.clone();
        self.write("save what is on the screen", move |db| {
            db.conn
                .prepare_cached(
                    "INSERT INTO shown (session, at) VALUES (?1, ?2)
                     ON CONFLICT (session) DO UPDATE SET at = max(at, excluded.at)",
                )?
                .execute(params![key.as_str(), integer(at.0)])?;
            Ok(())
        })
        .await
    }
}
