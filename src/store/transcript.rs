//! A conversation, recorded event by event.
//!
//! The rules are those of [`ChatEvent`]: all are upserts by id, and an unfinished empty text never
//! replaces one that is not empty. Deltas gather in memory
//! ([`UnwrittenText`](super::database::UnwrittenText)) and are written together:
//! when the tick comes, or before anything that depends on them. What was not recorded: states of a
//! moment, such as status, permissions and questions; the server tells them again. A part that is finished can be
//! found by its words ([`super::text_search`]).

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::domain::chat::{ChatEvent, Conversation, Message, MessageWithParts, Part, PartKind};
use crate::domain::id::{MessageId, PartId, SessionKey};
use crate::domain::session::text_search::StoredMessages;
use crate::domain::time::UnixMillis;
use crate::store::database::{Database, part_json, write_growing};
use crate::store::rows::{ConversationRow, MessageRow, PartRow};
use crate::store::text_search::content::{is_finished, searched_text};
use crate::store::text_search::index::index_part;
use crate::store::values::{from_json, integer, to_json};
use crate::store::{Store, StoreError};

/// Messages that are read before the one that is asked for.
const BEFORE: i64 = 20;

/// The recorded part of a conversation.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RecordedTranscript {
    pub conversation: Option<Conversation>,
    /// The newest messages, oldest first.
    pub messages: Vec<MessageWithParts>,
    /// Whether there are older messages, here or, when last asked, on the server.
    pub more: bool,
}

impl Store {
    /// What all stored answers since then cost, in US dollars.
    pub async fn cost_since(&self, since: UnixMillis) -> Result<f64, StoreError> {
        self.read("sum the cost", move |conn| {
            let sql =
                "SELECT total(json_extract(json, '$.cost')) FROM messages WHERE created >= ?1";
            conn.prepare_cached(sql)?
                .query_row([integer(since.0)], |row| row.get(0))
        })
        .await
    }

    /// Records an event. Plain write; a delta is written within a second.
    pub async fn record(&self, key: &SessionKey, event: &ChatEvent) -> Result<(), StoreError> {
        if !is_recorded(event) {
            return Ok(());
        }
        let (key, event) = (key.clone(), event.clone());
        self.write("record the conversation", move |db| record(db, &key, event))
            .await
    }

    /// Returns the newest `limit` messages and what is known of the conversation.
    pub async fn transcript(
        &self,
        key: &SessionKey,
        limit: usize,
    ) -> Result<RecordedTranscript, StoreError> {
        let growing = key.clone();
        self.write("record the conversation", move |db| {
            write_growing(db, Some(&growing))
        })
        .await?;
        let key = key.clone();
        self.read("read the conversation", move |conn| {
            transcript(conn, &key, limit)
        })
        .await
    }
}

fn is_recorded(event: &ChatEvent) -> bool {
    matches!(
        event,
        ChatEvent::Conversation(_)
            | ChatEvent::Message(_)
            | ChatEvent::MessageRemoved(_)
            | ChatEvent::Part(_)
            | ChatEvent::PartRemoved { .. }
            | ChatEvent::Delta { .. }
            | ChatEvent::Resync(_)
            | ChatEvent::Older { .. }
    )
}

fn record(db: &mut Database, key: &SessionKey, event: ChatEvent) -> rusqlite::Result<()> {
    match event {
        ChatEvent::Conversation(conversation) => save_conversation(&db.conn, key, conversation),
        ChatEvent::Message(message) => save_message(&db.conn, key, message),
        ChatEvent::MessageRemoved(message) => remove_message(db, key, &message),
        ChatEvent::Part(part) => save_part(db, key, part, None),
        ChatEvent::PartRemoved { part, .. } => {
            db.growing.take(key, &part);
            db.conn
                .prepare_cached("DELETE FROM parts WHERE session = ?1 AND id = ?2")?
                .execute(params![key.as_str(), part.as_str()])?;
            Ok(())
        }
        ChatEvent::Delta { part, text, .. } => {
            db.growing.append(key, part, &text);
            Ok(())
        }
        ChatEvent::Resync(resync) => {
            save_conversation(&db.conn, key, resync.conversation)?;
            save_page(db, key, resync.messages, resync.more)
        }
        ChatEvent::Older { page, more } => save_page(db, key, page, more),
        _ => Ok(()),
    }
}

fn save_conversation(
    conn: &Connection,
    key: &SessionKey,
    conversation: Conversation,
) -> rusqlite::Result<()> {
    // The server has not made an empty title yet.
    conn.prepare_cached(
        "UPDATE sessions SET cost = ?2, updated = max(updated, ?3),
             title = CASE ?4 WHEN '' THEN title ELSE ?4 END WHERE key = ?1",
    )?
    .execute(params![
        key.as_str(),
        conversation.cost,
        integer(conversation.updated.0),
        conversation.title
    ])?;
    let json = to_json(&ConversationRow::from(conversation))?;
    conn.prepare_cached(
        "INSERT INTO conversations (session, json) VALUES (?1, ?2)
         ON CONFLICT (session) DO UPDATE SET json = excluded.json",
    )?
    .execute(params![key.as_str(), json])?;
    Ok(())
}

fn save_page(
    db: &mut Database,
    key: &SessionKey,
    page: Vec<MessageWithParts>,
    more: bool,
) -> rusqlite::Result<()> {
    for MessageWithParts { message, parts } in page {
        save_message(&db.conn, key, message)?;
        for (seq, part) in (0..).zip(parts) {
            save_part(db, key, part, Some(seq))?;
        }
    }
    db.conn
        .prepare_cached(
            "INSERT INTO conversations (session, more) VALUES (?1, ?2)
             ON CONFLICT (session) DO UPDATE SET more = excluded.more",
        )?
        .execute(params![key.as_str(), more])?;
    Ok(())
}

fn save_message(conn: &Connection, key: &SessionKey, message: Message) -> rusqlite::Result<()> {
    let (id, created) = (message.id.clone(), integer(message.created.0));
    let json = to_json(&MessageRow::from(message))?;
    conn.prepare_cached(
        "INSERT INTO messages (session, id, created, json) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (session, id)
         DO UPDATE SET created = excluded.created, json = excluded.json",
    )?
    .execute(params![key.as_str(), id.as_str(), created, json])?;
    Ok(())
}

/// Saves a part; at `seq` if given, otherwise where it is, or last if it is new.
fn save_part(
    db: &mut Database,
    key: &SessionKey,
    mut part: Part,
    seq: Option<i64>,
) -> rusqlite::Result<()> {
    let grown = db.growing.take(key, &part.id);
    let stored = part_json(&db.conn, key, &part.id)?;
    let keeps_ours = is_unfinished_and_empty(&part.kind);
    if keeps_ours {
        // The server does not store a growing text: ours is the only copy.
        let ours = stored.as_deref().and_then(from_json::<PartRow>);
        keep_ours(&mut part.kind, ours, &grown.unwrap_or_default());
    }
    let is_searched = keeps_ours || is_finished(&part.kind);
    let searched = is_searched.then(|| searched_text(&part.kind));
    let (id, message) = (part.id.clone(), part.message.clone());
    let json = to_json(&PartRow::from(part))?;
    let is_known = stored.as_ref() == Some(&json);
    if is_known {
        place_part(&db.conn, key, (&id, &message), seq)?;
    } else {
        db.conn
            .prepare_cached(
                "INSERT INTO parts (session, message, id, seq, json)
                 VALUES (?1, ?2, ?3, coalesce(?4, (SELECT max(seq) + 1 FROM parts
                     WHERE session = ?1 AND message = ?2), 0), ?5)
                 ON CONFLICT (session, id) DO UPDATE SET message = excluded.message,
                     seq = coalesce(?4, seq), json = excluded.json",
            )?
            .execute(params![
                key.as_str(),
                message.as_str(),
                id.as_str(),
                seq,
                json
            ])?;
    }
    match searched {
        Some(text) if keeps_ours || !is_known => {
            index_part(&db.conn, key.as_str(), id.as_str(), text.as_deref())
        }
        _ => Ok(()),
    }
}

/// Moves a part whose content is stored already.
fn place_part(
    conn: &Connection,
    key: &SessionKey,
    (part, message): (&PartId, &MessageId),
    seq: Option<i64>,
) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "UPDATE parts SET message = ?3, seq = coalesce(?4, seq)
         WHERE session = ?1 AND id = ?2 AND (message <> ?3 OR seq <> coalesce(?4, seq))",
    )?
    .execute(params![key.as_str(), part.as_str(), message.as_str(), seq])?;
    Ok(())
}

/// Fills an empty text with the stored one and what has grown since.
fn keep_ours(kind: &mut PartKind, stored: Option<PartRow>, grown: &str) {
    if let PartKind::Text { text, .. } | PartKind::Reasoning { text, .. } = kind {
        if let Some(mut stored) = stored {
            text.push_str(stored.text_mut().map_or("", |stored| stored));
        }
        text.push_str(grown);
    }
}

fn is_unfinished_and_empty(kind: &PartKind) -> bool {
    match kind {
        PartKind::Text { text, ended, .. } => text.is_empty() && !ended,
        PartKind::Reasoning { text, ended, .. } => text.is_empty() && ended.is_none(),
        _ => false,
    }
}

fn remove_message(
    db: &mut Database,
    key: &SessionKey,
    message: &MessageId,
) -> rusqlite::Result<()> {
    // Written first, so that they are deleted with their parts.
    write_growing(db, Some(key))?;
    for sql in [
        "DELETE FROM parts WHERE session = ?1 AND message = ?2",
        "DELETE FROM messages WHERE session = ?1 AND id = ?2",
    ] {
        db.conn
            .prepare_cached(sql)?
            .execute(params![key.as_str(), message.as_str()])?;
    }
    Ok(())
}

fn transcript(
    conn: &Connection,
    key: &SessionKey,
    limit: usize,
) -> rusqlite::Result<RecordedTranscript> {
    let header: Option<(Option<String>, bool)> = conn
        .prepare_cached("SELECT json, more FROM conversations WHERE session = ?1")?
        .query_row([key.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (json, more_on_server) = header.unwrap_or_default();

    // One more than requested, to see whether there are more.
    let limit = integer(limit as u64);
    let mut rows: Vec<(String, String)> = conn
        .prepare_cached(
            "SELECT id, json FROM messages WHERE session = ?1
             ORDER BY created DESC, rowid DESC LIMIT ?2",
        )?
        .query_map(params![key.as_str(), limit.saturating_add(1)], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?
        .collect::<Result<_, _>>()?;
    let is_cut = integer(rows.len() as u64) > limit;
    if is_cut {
        rows.pop();
    }

    let messages = with_parts(conn, key, rows.iter().rev())?;
    Ok(RecordedTranscript {
        conversation: json
            .and_then(|json| from_json::<ConversationRow>(&json))
            .map(Into::into),
        messages,
        more: is_cut || more_on_server,
    })
}

fn with_parts<'a>(
    conn: &Connection,
    key: &SessionKey,
    rows: impl Iterator<Item = &'a (String, String)>,
) -> rusqlite::Result<Vec<MessageWithParts>> {
    let mut messages = Vec::new();
    for (id, json) in rows {
        let Some(message) = from_json::<MessageRow>(json) else {
            continue;
        };
        messages.push(MessageWithParts {
            message: message.into(),
            parts: parts(conn, key, id)?,
        });
    }
    Ok(messages)
}

/// The messages from some before this one on; none if it is not stored.
pub(super) fn messages_from(
    conn: &Connection,
    key: &SessionKey,
    message: &MessageId,
) -> rusqlite::Result<StoredMessages> {
    let created: Option<i64> = conn
        .prepare_cached("SELECT created FROM messages WHERE session = ?1 AND id = ?2")?
        .query_row([key.as_str(), message.as_str()], |row| row.get(0))
        .optional()?;
    let Some(created) = created else {
        return Ok(StoredMessages::default());
    };
    let read = |sql: &str, limit: i64| -> rusqlite::Result<Vec<(String, String)>> {
        conn.prepare_cached(sql)?
            .query_map(params![key.as_str(), created, limit], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?
            .collect()
    };
    let mut before = read(
        "SELECT id, json FROM messages WHERE session = ?1 AND created < ?2
         ORDER BY created DESC, rowid DESC LIMIT ?3",
        BEFORE + 1,
    )?;
    let more = integer(before.len() as u64) > BEFORE;
    before.truncate(usize::try_from(BEFORE).unwrap_or(0));
    let after = read(
        "SELECT id, json FROM messages WHERE session = ?1 AND created >= ?2
         ORDER BY created, rowid LIMIT ?3",
        i64::MAX,
    )?;
    let more_on_server: Option<bool> = conn
        .prepare_cached("SELECT more FROM conversations WHERE session = ?1")?
        .query_row([key.as_str()], |row| row.get(0))
        .optional()?;
    Ok(StoredMessages {
        messages: with_parts(conn, key, before.iter().rev().chain(&after))?,
        more: more || more_on_server.unwrap_or(false),
    })
}

fn parts(conn: &Connection, key: &SessionKey, message: &str) -> rusqlite::Result<Vec<Part>> {
    let mut statement = conn.prepare_cached(
        "SELECT json FROM parts WHERE session = ?1 AND message = ?2 ORDER BY seq, rowid",
    )?;
    let rows = statement.query_map([key.as_str(), message], |row| row.get::<_, String>(0))?;
    let mut parts = Vec::new();
    for json in rows {
        parts.extend(from_json::<PartRow>(&json?).map(Part::from));
    }
    Ok(parts)
}
