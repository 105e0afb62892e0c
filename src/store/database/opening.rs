//! Opens the database file, or a substitute. Never fails for an external reason.
//!
//! A database of a newer version is not touched, not even by a checkpoint: it is inspected through a read-only
//! connection, and another file is opened beside it. A corrupt file is moved aside, never deleted. If no file can be
//! written, the store lives in memory and a notice says so.
//!
//! All of it happens under a lock file, since two processes may start at once.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};

use super::migrations;
use crate::os::clock::unix_now;
use crate::os::regular_file;
use crate::store::error::StoreError;
use crate::store::files::{make_private_dir, open_private};

/// How long a statement waits for another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Larger files are not checked for damage at the start, since that reads them whole.
const CHECKED_BYTES: u64 = 64 * 1024 * 1024;

/// An open database, and what the user should know about it.
pub(in crate::store) struct OpenDatabase {
    pub(in crate::store) conn: Connection,
    pub(in crate::store) notices: Vec<String>,
}

/// Opens the store in `dir`, or one in memory.
pub(in crate::store) fn open(dir: &Path) -> rusqlite::Result<OpenDatabase> {
    let mut notices = Vec::new();
    match open_in(dir, &mut notices) {
        Ok(conn) => Ok(OpenDatabase { conn, notices }),
        Err(error) => {
            notices.push(format!(
                "sessions are not saved this time: {}",
                with_cause(&error)
            ));
            let mut conn = Connection::open_in_memory()?;
            migrations::migrate(&mut conn)?;
            Ok(OpenDatabase { conn, notices })
        }
    }
}

fn with_cause(error: &StoreError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

fn open_in(dir: &Path, notices: &mut Vec<String>) -> Result<Connection, StoreError> {
    make_private_dir(dir)?;
    let lock_path = dir.join("sandbar.db.lock");
    let lock = open_private(&lock_path)?;
    lock.lock()
        .map_err(|source| StoreError::file("lock", &lock_path, source))?;

    let usual = dir.join("sandbar.db");
    check_files(&usual)?;
    if !is_newer(&usual) {
        return open_or_replace(&usual, notices);
    }
    let beside = dir.join(format!("sandbar-v{}.db", migrations::VERSION));
    notices.push(format!(
        "the stored sessions belong to a newer sandbar and are left unchanged; this version uses {}",
        beside.display()
    ));
    check_files(&beside)?;
    open_or_replace(&beside, notices)
}

/// `SQLite` would wait forever for the other end of a FIFO.
fn check_files(path: &Path) -> Result<(), StoreError> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let file = with_suffix(path, suffix);
        regular_file::check(&file).map_err(|source| StoreError::file("open", &file, source))?;
    }
    Ok(())
}

/// Checks without writing. An unreadable file is not newer; opening it will report what it is.
fn is_newer(path: &Path) -> bool {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .and_then(|conn| {
            conn.busy_timeout(BUSY_TIMEOUT)?;
            migrations::version(&conn)
        })
        .is_ok_and(|version| !(0..=migrations::VERSION).contains(&version))
}

fn open_or_replace(path: &Path, notices: &mut Vec<String>) -> Result<Connection, StoreError> {
    let doing = "open the database";
    drop(open_private(path)?);
    match connect(path) {
        Ok(conn) => Ok(conn),
        Err(error) if is_corrupt(&error) => {
            let kept = set_aside(path)?;
            notices.push(format!(
                "the stored sessions were damaged: sandbar starts a new store; the old file is kept as {}",
                kept.display()
            ));
            drop(open_private(path)?);
            connect(path).map_err(|error| StoreError::database(doing, error))
        }
        Err(error) => Err(StoreError::database(doing, error)),
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let mut conn = Connection::open(path)?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_prepared_statement_cache_capacity(64);
    // The answer is the mode in effect; some network file systems do not support WAL.
    conn.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    conn.pragma_update(None, "synchronous", "NORMAL")?;
    if fs::metadata(path).is_ok_and(|file| file.len() <= CHECKED_BYTES) {
        check(&conn)?;
    }
    migrations::migrate(&mut conn)?;
    Ok(conn)
}

fn check(conn: &Connection) -> rusqlite::Result<()> {
    let found: String = conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found == "ok" {
        return Ok(());
    }
    let error = ffi::Error::new(ffi::SQLITE_CORRUPT);
    Err(rusqlite::Error::SqliteFailure(error, Some(found)))
}

fn is_corrupt(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}

/// Moves the database and its write-ahead log aside; a log left behind would be replayed into the fresh file.
fn set_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let secs = unix_now().0 / 1000;
    let mut kept = with_suffix(path, &format!(".corrupt-{secs}"));
    let mut count = 1;
    while kept.exists() {
        count += 1;
        kept = with_suffix(path, &format!(".corrupt-{secs}-{count}"));
    }
    for suffix in ["-wal", "-shm"] {
        let from = with_suffix(path, suffix);
        if from.exists() {
            fs::rename(&from, with_suffix(&kept, suffix))
                .map_err(|source| StoreError::file("move away", &from, source))?;
        }
    }
    fs::rename(path, &kept).map_err(|source| StoreError::file("move away", path, source))?;
    Ok(kept)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
