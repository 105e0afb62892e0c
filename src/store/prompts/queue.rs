//! The user's input: queued prompts and unsent drafts.
//!
//! A prompt is durable here before it is posted anywhere. Several processes may change one queue, so each change is
//! one transaction: a process claims a prompt before it posts it, and nobody can remove a claimed one. It stays,
//! before the waiting ones, until the server has it; so a crash in between loses nothing.

use rusqlite::{Connection, OptionalExtension as _, params};
use tokio::sync::oneshot;

use crate::domain::id::{MessageId, SessionKey};
use crate::domain::session::Prompt;
use crate::store::rows::PromptRow;
use crate::store::values::{from_json, integer, to_json};
use crate::store::{Store, StoreError};

/// A session's queue as stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredQueue {
    /// Claimed, and not known to have reached the server.
    pub claimed: Vec<Prompt>,
    /// `waiting[0]` is the next.
    pub waiting: Vec<Prompt>,
    pub held: bool,
}

/// The result of an attempt to claim a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The caller may post it.
    Granted,
    /// The queue is held.
    Held,
    /// It was removed, or another process has claimed it.
    Gone,
}

impl Store {
    pub async fn queue(&self, key: &SessionKey) -> Result<StoredQueue, StoreError> {
        let key = key.clone();
        self.read("read the queue", move |conn| queue(conn, &key))
            .await
    }

    /// Appends a prompt, unless it is already there. Durable.
    pub async fn enqueue(&self, key: &SessionKey, prompt: Prompt) -> Result<(), StoreError> {
        self.change_queue(key, move |queue| {
            let mut all = queue.claimed.iter().chain(&queue.waiting);
            if all.all(|other| other.message != prompt.message) {
                queue.waiting.push(prompt);
            }
        })
        .await
    }

    /// Removes a waiting prompt; returns whether it was there. Durable.
    pub async fn dequeue(&self, key: &SessionKey, id: &MessageId) -> Result<bool, StoreError> {
        let id = id.clone();
        self.change_queue(key, move |queue| take(&mut queue.waiting, &id).is_some())
            .await
    }

    /// Claims a waiting prompt for the caller; `even_held`: even if the queue is held. Durable.
    pub async fn claim(
        &self,
        key: &SessionKey,
        id: &MessageId,
        even_held: bool,
    ) -> Result<Claim, StoreError> {
        let id = id.clone();
        self.change_queue(key, move |queue| {
            if queue.held && !even_held {
                return Claim::Held;
            }
            let Some(prompt) = take(&mut queue.waiting, &id) else {
                return Claim::Gone;
            };
            queue.claimed.push(prompt);
            Claim::Granted
        })
        .await
    }

    /// Puts a prompt first in the queue, wherever it was; `hold` holds the queue too. Durable.
    pub async fn requeue(
        &self,
        key: &SessionKey,
        prompt: Prompt,
        hold: bool,
    ) -> Result<(), StoreError> {
        self.change_queue(key, move |queue| {
            take(&mut queue.claimed, &prompt.message);
            take(&mut queue.waiting, &prompt.message);
            queue.waiting.insert(0, prompt);
            queue.held |= hold;
        })
        .await
    }

    /// Puts all claimed prompts back before the waiting ones: no other process posts any more. One that may have run
    /// holds the queue. Durable.
    pub async fn unclaim_all(&self, key: &SessionKey) -> Result<(), StoreError> {
        self.change_queue(key, |queue| {
            let waiting = std::mem::take(&mut queue.waiting);
            let mut claimed = queue.claimed.iter();
            queue.held |= claimed.any(|prompt| !prompt.kind.may_repeat());
            queue.waiting = std::mem::take(&mut queue.claimed);
            queue.waiting.extend(waiting);
        })
        .await
    }

    /// Deletes a prompt that the server has. Durable.
    pub async fn posted(&self, key: &SessionKey, id: &MessageId) -> Result<(), StoreError> {
        let id = id.clone();
        self.change_queue(key, move |queue| {
            take(&mut queue.claimed, &id);
            take(&mut queue.waiting, &id);
        })
        .await
    }

    /// Holds the queue unless it is empty, or releases it; returns whether it is held. Durable.
    pub async fn hold_queue(&self, key: &SessionKey, hold: bool) -> Result<bool, StoreError> {
        self.change_queue(key, move |queue| {
            queue.held = hold && !queue.waiting.is_empty();
            queue.held
        })
        .await
    }

    async fn change_queue<T: Send + 'static>(
        &self,
        key: &SessionKey,
        change: impl FnOnce(&mut StoredQueue) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let key = key.clone();
        let (tell, told) = oneshot::channel();
        self.write_durably("save the queue", move |db| {
            let before = queue(&db.conn, &key)?;
            let mut after = before.clone();
            let result = change(&mut after);
            if after != before {
                set_queue(&db.conn, &key, after)?;
            }
            // The caller may be gone.
            let _ = tell.send(result);
            Ok(())
        })
        .await?;
        told.await.map_err(|_| StoreError::Closed)
    }

    /// Returns the unsent text of the composer; empty if there is none.
    pub async fn draft(&self, key: &SessionKey) -> Result<String, StoreError> {
        let key = key.clone();
        self.read("read the draft", move |conn| {
            let found = conn
                .prepare_cached("SELECT text FROM drafts WHERE session = ?1")?
                .query_row([key.as_str()], |row| row.get(0))
                .optional()?;
            Ok(found.unwrap_or_default())
        })
        .await
    }

    /// Replaces the draft; an empty one is deleted. Durable.
    pub async fn set_draft(&self, key: &SessionKey, text: String) -> Result<(), StoreError> {
        let key = key.clone();
        self.write_durably("save the draft", move |db| {
            let conn = &db.conn;
            if text.is_empty() {
                conn.prepare_cached("DELETE FROM drafts WHERE session = ?1")?
                    .execute([key.as_str()])?;
            } else {
                conn.prepare_cached(
                    "INSERT INTO drafts (session, text) VALUES (?1, ?2)
                     ON CONFLICT (session) DO UPDATE SET text = excluded.text",
                )?
                .execute([key.as_str(), &text])?;
            }
            Ok(())
        })
        .await
    }
}

fn take(prompts: &mut Vec<Prompt>, id: &MessageId) -> Option<Prompt> {
    let index = prompts.iter().position(|prompt| prompt.message == *id)?;
    Some(prompts.remove(index))
}

fn queue(conn: &Connection, key: &SessionKey) -> rusqlite::Result<StoredQueue> {
    let mut found = StoredQueue::default();
    let mut statement = conn
        .prepare_cached("SELECT position, json FROM queue WHERE session = ?1 ORDER BY position")?;
    let rows = statement.query_map([key.as_str()], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
    })?;
    for row in rows {
        let (position, json) = row?;
        let into = if position < 0 {
            &mut found.claimed
        } else {
            &mut found.waiting
        };
        into.extend(from_json::<PromptRow>(&json).map(Prompt::from));
    }
    found.held = conn
        .prepare_cached("SELECT 1 FROM held_queues WHERE session = ?1")?
        .exists([key.as_str()])?;
    Ok(found)
}

/// Claimed prompts have positions below 0.
fn set_queue(conn: &Connection, key: &SessionKey, queue: StoredQueue) -> rusqlite::Result<()> {
    conn.prepare_cached("DELETE FROM queue WHERE session = ?1")?
        .execute([key.as_str()])?;
    let mut insert =
        conn.prepare_cached("INSERT INTO queue (session, position, json) VALUES (?1, ?2, ?3)")?;
    let first = -integer(queue.claimed.len() as u64);
    for (position, prompt) in (first..).zip(queue.claimed.into_iter().chain(queue.waiting)) {
        let json = to_json(&PromptRow::from(prompt))?;
        insert.execute(params![key.as_str(), position, json])?;
    }
    let sql = if queue.held {
        "INSERT OR IGNORE INTO held_queues (session) VALUES (?1)"
    } else {
        "DELETE FROM held_queues WHERE session = ?1"
    };
    conn.prepare_cached(sql)?.execute([key.as_str()])?;
    Ok(())
}
