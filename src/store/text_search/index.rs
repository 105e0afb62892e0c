//! Keeps the index in step with the parts, and brings in what was stored before there was one.
//!
//! That is done in small steps, of which other processes may do some: where the next one begins is in the
//! database. A part behind that place which has a number already was stored since.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::content::searched_text;
use crate::domain::chat::Part;
use crate::store::database::Database;
use crate::store::rows::PartRow;
use crate::store::values::from_json;

/// Parts of one step, and bytes of JSON after which it ends.
const PARTS: i64 = 64;
const BYTES: usize = 512 * 1024;

/// Makes a stored part be found by this text; without one, by nothing.
pub(in crate::store) fn index_part(
    conn: &Connection,
    session: &str,
    part: &str,
    text: Option<&str>,
) -> rusqlite::Result<()> {
    let known: Option<i64> = conn
        .prepare_cached("SELECT text_id FROM parts WHERE session = ?1 AND id = ?2")?
        .query_row([session, part], |row| row.get(0))
        .optional()?
        .flatten();
    match (known, text) {
        (None, None) => {}
        (Some(id), None) => {
            conn.prepare_cached("DELETE FROM texts WHERE rowid = ?1")?
                .execute([id])?;
            set_id(conn, session, part, None)?;
        }
        (Some(id), Some(text)) => {
            conn.prepare_cached("INSERT OR REPLACE INTO texts (rowid, text) VALUES (?1, ?2)")?
                .execute(params![id, text])?;
        }
        (None, Some(text)) => {
            let id: i64 = conn
                .prepare_cached(
                    "SELECT coalesce(max(text_id), 0) + 1 FROM parts WHERE text_id IS NOT NULL",
                )?
                .query_row([], |row| row.get(0))?;
            conn.prepare_cached("INSERT INTO texts (rowid, text) VALUES (?1, ?2)")?
                .execute(params![id, text])?;
            set_id(conn, session, part, Some(id))?;
        }
    }
    Ok(())
}

fn set_id(conn: &Connection, session: &str, part: &str, id: Option<i64>) -> rusqlite::Result<()> {
    conn.prepare_cached("UPDATE parts SET text_id = ?3 WHERE session = ?1 AND id = ?2")?
        .execute(params![session, part, id])?;
    Ok(())
}

/// Whether parts of an earlier version are not in the index yet.
pub(in crate::store) fn is_behind(conn: &Connection) -> rusqlite::Result<bool> {
    conn.prepare_cached("SELECT 1 FROM unindexed")?.exists([])
}

/// Brings the next parts into the index. Returns whether there are more.
pub(in crate::store) fn step(db: &mut Database) -> rusqlite::Result<bool> {
    let conn = &db.conn;
    let from: Option<(String, String)> = conn
        .prepare_cached("SELECT session, part FROM unindexed")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((session, part)) = from else {
        return Ok(false);
    };
    let mut statement = conn.prepare_cached(
        "SELECT session, id, json, text_id FROM parts WHERE (session, id) > (?1, ?2)
         ORDER BY session, id LIMIT ?3",
    )?;
    let mut rows = statement.query(params![session, part, PARTS])?;
    let mut last = None;
    let mut bytes = 0;
    while bytes < BYTES
        && let Some(row) = rows.next()?
    {
        let (session, id): (String, String) = (row.get(0)?, row.get(1)?);
        let json: String = row.get(2)?;
        bytes += json.len();
        if row.get::<_, Option<i64>>(3)?.is_none()
            && let Some(part) = from_json::<PartRow>(&json).map(Part::from)
        {
            // Finished or not: if it still grows, it is brought in again at its end.
            let text = searched_text(&part.kind);
            index_part(conn, &session, &id, text.as_deref())?;
        }
        last = Some((session, id));
    }
    let Some((session, id)) = last else {
        conn.execute("DELETE FROM unindexed", [])?;
        return Ok(false);
    };
    conn.prepare_cached("UPDATE unindexed SET session = ?1, part = ?2")?
        .execute([session, id])?;
    Ok(true)
}
