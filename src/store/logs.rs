//! The newest lines of each sandbox's log, so that they outlive the sandbox.
//!
//! Each session's log is bounded by lines and by bytes; the oldest go first. A process's line that is appended again
//! is ignored, by its identity (start, stream, offset).

use rusqlite::{Connection, params};

use super::database::{Database, LogSize};
use super::values::{count, integer};
use super::{Store, StoreError};
use crate::domain::id::SessionKey;
use crate::domain::log::{LogEnds, LogLine, LogStream};
use crate::domain::time::UnixMillis;

const MAX_LINES: i64 = 100_000;
const MAX_BYTES: i64 = 12 * 1024 * 1024;

impl LogSize {
    fn is_over(self) -> bool {
        self.lines > MAX_LINES || self.bytes > MAX_BYTES
    }
}

impl Store {
    /// Appends lines in order. Plain write.
    pub async fn append_logs(
        &self,
        key: &SessionKey,
        lines: Vec<LogLine>,
    ) -> Result<(), StoreError> {
        let key = key.clone();
        self.write("save the log", move |db| append(db, &key, &lines))
            .await
    }

    /// Returns the newest `limit` lines, `[0]` the oldest.
    pub async fn logs(&self, key: &SessionKey, limit: usize) -> Result<Vec<LogLine>, StoreError> {
        let key = key.clone();
        self.read("read the log", move |conn| newest(conn, &key, limit))
            .await
    }

    /// Returns the offsets of the last lines.
    pub async fn log_ends(&self, key: &SessionKey) -> Result<LogEnds, StoreError> {
        let key = key.clone();
        self.read("read the log", move |conn| ends(conn, &key))
            .await
    }
}

fn append(db: &mut Database, key: &SessionKey, lines: &[LogLine]) -> rusqlite::Result<()> {
    let conn = &db.conn;
    let mut size = match db.log_sizes.get(key) {
        Some(size) => *size,
        None => measure(conn, key)?,
    };
    let mut insert = conn.prepare_cached(
        "INSERT OR IGNORE INTO logs (session, at, stream, start, offset, text)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for line in lines {
        let added = insert.execute(params![
            key.as_str(),
            integer(line.at.0),
            stream_name(line.stream),
            line.start,
            integer(line.offset),
            line.text
        ])?;
        if added > 0 {
            size.lines += 1;
            size.bytes += integer(line.text.len() as u64);
        }
    }
    if size.is_over() {
        // Another process may have appended or removed lines meanwhile.
        size = measure(conn, key)?;
        if size.is_over() {
            size = trim(conn, key, size)?;
        }
    }
    db.log_sizes.insert(key.clone(), size);
    Ok(())
}

fn measure(conn: &Connection, key: &SessionKey) -> rusqlite::Result<LogSize> {
    conn.prepare_cached(
        "SELECT count(*), coalesce(sum(octet_length(text)), 0) FROM logs WHERE session = ?1",
    )?
    .query_row([key.as_str()], |row| {
        Ok(LogSize {
            lines: row.get(0)?,
            bytes: row.get(1)?,
        })
    })
}

/// Removes the oldest lines until both bounds hold with ample room, since the next measuring and trimming reads
/// everything.
fn trim(conn: &Connection, key: &SessionKey, mut size: LogSize) -> rusqlite::Result<LogSize> {
    let mut last = 0_i64;
    let mut oldest = conn
        .prepare_cached("SELECT id, octet_length(text) FROM logs WHERE session = ?1 ORDER BY id")?;
    let mut rows = oldest.query([key.as_str()])?;
    while size.lines > MAX_LINES / 8 * 7 || size.bytes > MAX_BYTES / 8 * 7 {
        let Some(row) = rows.next()? else { break };
        last = row.get(0)?;
        size.lines -= 1;
        size.bytes -= row.get::<_, i64>(1)?;
    }
    drop(rows);
    conn.prepare_cached("DELETE FROM logs WHERE session = ?1 AND id <= ?2")?
        .execute(params![key.as_str(), last])?;
    Ok(size)
}

fn newest(conn: &Connection, key: &SessionKey, limit: usize) -> rusqlite::Result<Vec<LogLine>> {
    let mut lines: Vec<LogLine> = conn
        .prepare_cached(
            "SELECT at, stream, start, offset, text FROM logs WHERE session = ?1
             ORDER BY id DESC LIMIT ?2",
        )?
        .query_map(params![key.as_str(), integer(limit as u64)], |row| {
            Ok(LogLine {
                at: UnixMillis(count(row.get(0)?)),
                stream: stream_of(&row.get::<_, String>(1)?),
                start: row.get(2)?,
                offset: count(row.get(3)?),
                text: row.get(4)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    lines.reverse();
    Ok(lines)
}

fn ends(conn: &Connection, key: &SessionKey) -> rusqlite::Result<LogEnds> {
    conn.prepare_cached(
        "SELECT start, stream, max(offset) FROM logs
         WHERE session = ?1 AND stream <> 'sandbar' GROUP BY start, stream",
    )?
    .query_map([key.as_str()], |row| {
        let stream = stream_of(&row.get::<_, String>(1)?);
        Ok(((row.get(0)?, stream), count(row.get(2)?)))
    })?
    .collect()
}

fn stream_name(stream: LogStream) -> &'static str {
    match stream {
        LogStream::Stdout => "stdout",
        LogStream::Stderr => "stderr",
        LogStream::Sandbar => "sandbar",
    }
}

fn stream_of(name: &str) -> LogStream {
    match name {
        "stdout" => LogStream::Stdout,
        "stderr" => LogStream::Stderr,
        _ => LogStream::Sandbar,
    }
}
