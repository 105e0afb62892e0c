//! Search in the texts of all stored conversations, whatever became of their sessions.
//!
//! In reading order: `content` is what can be found of a part, `index` keeps FTS5's index in step with the parts,
//! `query` reads what was typed, `snippet` is the place that is shown of a match.
//!
//! The index keeps words alone and no text: a match is the number of a part (`parts.text_id`), which is never a rowid,
//! because `VACUUM` renumbers those. A trigger removes a deleted part's words.

pub(super) mod content;
pub(super) mod index;
pub(super) mod query;
mod snippet;

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _, params};
use tokio::sync::oneshot;

use self::content::searched_text;
use self::query::TextQuery;
use self::snippet::snippet;
use super::rows::{MessageRow, PartRow};
use super::transcript::messages_from;
use super::values::{count, from_json};
use super::{Store, StoreError};
use crate::domain::chat::{Message, Part, PartKind, Role};
use crate::domain::id::{MessageId, SessionKey};
use crate::domain::session::text_search::{FoundText, FoundTexts, StoredMessages, TextAuthor};
use crate::domain::time::UnixMillis;

/// More matches are of no use in a list.
const MOST: usize = 200;
/// So that a long conversation leaves room for the others.
const MOST_IN_SESSION: usize = 40;
/// More matches than this are not looked at.
const MOST_SEEN: i64 = 4_000;

impl Store {
    /// Finds the texts with all these words; `MOST_IN_SESSION` of each session, and the newest.
    pub async fn search_texts(&self, query: String) -> Result<FoundTexts, StoreError> {
        self.read("search the conversations", move |conn| search(conn, query))
            .await
    }

    /// Adds what a version without an index has stored to the index, until all of it is there.
    pub async fn index_texts(&self) -> Result<(), StoreError> {
        loop {
            let (tell, told) = oneshot::channel();
            self.write_durably("index the conversations", move |db| {
                let more = index::step(db)?;
                // The caller may be gone.
                let _ = tell.send(more);
                Ok(())
            })
            .await?;
            if !told.await.unwrap_or(false) {
                return Ok(());
            }
        }
    }

    /// Returns the stored messages from some before this one on; none if it is not stored.
    pub async fn messages_from(
        &self,
        key: &SessionKey,
        message: &MessageId,
    ) -> Result<StoredMessages, StoreError> {
        let (key, message) = (key.clone(), message.clone());
        self.read("read the conversation", move |conn| {
            messages_from(conn, &key, &message)
        })
        .await
    }
}

/// A place that FTS5 has found.
struct PartPlace {
    session: String,
    name: String,
    message: String,
    part: String,
    created: i64,
}

fn search(conn: &Connection, query: String) -> rusqlite::Result<FoundTexts> {
    let words = TextQuery::of(&query);
    let mut found = FoundTexts {
        is_incomplete: index::is_behind(conn)?,
        ..FoundTexts::none(query)
    };
    if words.is_empty() {
        return Ok(found);
    }
    let (places, more) = places(conn, &words)?;
    found.more = more;
    for place in places {
        found.texts.extend(found_text(conn, place, &words)?);
    }
    Ok(found)
}

/// The newest places, newest first, and whether there are more.
fn places(conn: &Connection, words: &TextQuery) -> rusqlite::Result<(Vec<PartPlace>, bool)> {
    let mut statement = conn.prepare_cached(
        "SELECT parts.session, sessions.name, parts.message, parts.id, messages.created
         FROM texts
         CROSS JOIN parts ON parts.text_id = texts.rowid
         CROSS JOIN sessions ON sessions.key = parts.session
         CROSS JOIN messages ON messages.session = parts.session AND messages.id = parts.message
         WHERE texts MATCH ?1 ORDER BY texts.rowid DESC LIMIT ?2",
    )?;
    let rows = statement.query_map(params![words.fts(), MOST_SEEN], |row| {
        Ok(PartPlace {
            session: row.get(0)?,
            name: row.get(1)?,
            message: row.get(2)?,
            part: row.get(3)?,
            created: row.get(4)?,
        })
    })?;
    let mut places = Vec::new();
    let mut of_session: HashMap<String, usize> = HashMap::new();
    let mut more = false;
    for place in rows {
        let place = place?;
        let own = of_session.entry(place.session.clone()).or_default();
        *own += 1;
        more |= *own > MOST_IN_SESSION;
        if *own <= MOST_IN_SESSION {
            places.push(place);
        }
        // Numbers are given in the order of time, but for what an earlier version has stored.
        if places.len() == 2 * MOST {
            break;
        }
    }
    places.sort_by_key(|place| std::cmp::Reverse(place.created));
    more |= places.len() > MOST;
    places.truncate(MOST);
    Ok((places, more))
}

fn found_text(
    conn: &Connection,
    place: PartPlace,
    words: &TextQuery,
) -> rusqlite::Result<Option<FoundText>> {
    let row: Option<(String, String)> = conn
        .prepare_cached(
            "SELECT parts.json, messages.json FROM parts
             JOIN messages ON messages.session = parts.session AND messages.id = parts.message
             WHERE parts.session = ?1 AND parts.id = ?2",
        )?
        .query_row([&place.session, &place.part], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let row = row.and_then(|(part, message)| {
        let part: Part = from_json::<PartRow>(&part)?.into();
        let message: Message = from_json::<MessageRow>(&message)?.into();
        Some((part, message))
    });
    let Some((part, message)) = row else {
        return Ok(None);
    };
    let whose = match (&part.kind, message.role) {
        (PartKind::Tool(_), _) => TextAuthor::Tool,
        (_, Role::User) => TextAuthor::User,
        (_, Role::Assistant) => TextAuthor::Agent,
    };
    let text = searched_text(&part.kind).unwrap_or_default();
    Ok(Some(FoundText {
        session: place.session.into(),
        name: place.name,
        message: place.message.into(),
        part: part.id,
        whose,
        at: UnixMillis(count(place.created)),
        snippet: snippet(words, &text),
    }))
}
