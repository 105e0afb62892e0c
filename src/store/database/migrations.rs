//! The schema, as an append-only list of migrations.
//!
//! `PRAGMA user_version` counts the migrations applied to a database. A published one is never changed; a new one is
//! appended.
//!
//! A session's rows have no foreign key on `sessions`: a draft may be stored for a session that is not stored
//! itself.

use rusqlite::{Connection, TransactionBehavior};

const MIGRATIONS: &[&str] = &[
    r"
CREATE TABLE sessions (
    key TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    engine TEXT NOT NULL,
    sandbox_id TEXT,
    template TEXT,
    opencode_url TEXT,
    opencode_version TEXT,
    opencode_session TEXT,
    directory TEXT,
    isolation TEXT,
    demo INTEGER NOT NULL,
    port INTEGER,
    ends_at INTEGER,
    origin TEXT,
    phase TEXT NOT NULL,
    failure TEXT,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    cost REAL NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE conversations (
    session TEXT PRIMARY KEY,
    more INTEGER NOT NULL DEFAULT 0,
    json TEXT
) STRICT;
CREATE TABLE messages (
    session TEXT NOT NULL,
    id TEXT NOT NULL,
    created INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (session, id)
) STRICT;
CREATE INDEX messages_by_time ON messages (session, created);
CREATE TABLE parts (
    session TEXT NOT NULL,
    message TEXT NOT NULL,
    id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (session, id)
) STRICT;
CREATE INDEX parts_by_message ON parts (session, message, seq);
CREATE TABLE queue (
    session TEXT NOT NULL,
    position INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (session, position)
) STRICT;
CREATE TABLE held_queues (session TEXT PRIMARY KEY) STRICT;
CREATE TABLE drafts (session TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;
CREATE TABLE history (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL) STRICT;
CREATE TABLE logs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session TEXT NOT NULL,
    at INTEGER NOT NULL,
    stream TEXT NOT NULL,
    start INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX logs_by_session ON logs (session);
CREATE UNIQUE INDEX logs_by_identity ON logs (session, start, stream, offset)
    WHERE stream <> 'sandbar';
",
    r"
CREATE TABLE runs (
    session TEXT NOT NULL,
    sandbox_id TEXT NOT NULL,
    since INTEGER NOT NULL,
    vcpus INTEGER NOT NULL,
    memory_mib INTEGER NOT NULL,
    ends_at INTEGER,
    ended INTEGER,
    exact INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (session, sandbox_id, since)
) STRICT;
CREATE INDEX runs_by_sandbox ON runs (sandbox_id);
",
    // A session may be on the screen before it is stored. Paths are bytes.
    r"
ALTER TABLE sessions ADD COLUMN project BLOB;
CREATE TABLE shown (session TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT;
",
    // The sessions in auto mode; like `shown`, a session may not be stored yet.
    r"
CREATE TABLE auto_mode (session TEXT PRIMARY KEY) STRICT;
",
    // What the user likes; and what answers the next prompts of a session, which may not be stored yet.
    r"
CREATE TABLE preferences (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT;
CREATE TABLE prompt_choices (session TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT;
",
    // Where a prompt was sent. The project stays when the session is deleted.
    r"
ALTER TABLE history ADD COLUMN session TEXT;
ALTER TABLE history ADD COLUMN project BLOB;
",
    // What the composer holds besides the draft.
    r"
CREATE TABLE stashes (
    session TEXT NOT NULL,
    id TEXT NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (session, id)
) STRICT;
CREATE TABLE mentions (
    session TEXT NOT NULL,
    text TEXT NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (session, text)
) STRICT;
",
    // The files in unsent texts: the texts are stored at each pause of the typing, the files once.
    r"
CREATE TABLE draft_files (
    session TEXT NOT NULL,
    id TEXT NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (session, id)
) STRICT;
",
    // What the user wants first in the list, and what is out of the way.
    r"
ALTER TABLE sessions ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN archived INTEGER NOT NULL DEFAULT 0;
",
    // What was typed for prompts that the server has expanded: it does not keep it.
    r"
CREATE TABLE command_lines (
    session TEXT NOT NULL,
    message TEXT NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (session, message)
) STRICT;
",
    // Search: the words of parts by a number of their own, since VACUUM renumbers rowids. What is stored
    // already is brought in later, in small steps; the row of `unindexed` says after which part the next one begins.
    r"
ALTER TABLE parts ADD COLUMN text_id INTEGER;
CREATE UNIQUE INDEX parts_by_text ON parts (text_id) WHERE text_id IS NOT NULL;
CREATE VIRTUAL TABLE texts USING fts5(
    text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 0'
);
CREATE TRIGGER part_deleted AFTER DELETE ON parts WHEN old.text_id IS NOT NULL BEGIN
    DELETE FROM texts WHERE rowid = old.text_id;
END;
CREATE TABLE unindexed (session TEXT NOT NULL, part TEXT NOT NULL) STRICT;
INSERT INTO unindexed SELECT '', '' WHERE EXISTS (SELECT 1 FROM parts);
",
    // The size of the work at the end of the last turn.
    r"
ALTER TABLE sessions ADD COLUMN added INTEGER;
ALTER TABLE sessions ADD COLUMN removed INTEGER;
",
    // Whether something has happened in a session since it was on a screen.
    r"
ALTER TABLE sessions ADD COLUMN unread INTEGER NOT NULL DEFAULT 0;
",
];

/// The version that this program writes.
#[expect(
    clippy::cast_possible_wrap,
    clippy::cast_possible_truncation,
    reason = "the list is a few entries long, and try_from is not const"
)]
pub(in crate::store) const VERSION: i32 = MIGRATIONS.len() as i32;

/// Migrates the database to [`VERSION`] in one transaction, so that a failure leaves it unchanged.
pub(in crate::store) fn migrate(conn: &mut Connection) -> rusqlite::Result<()> {
    apply(conn, MIGRATIONS)
}

pub(in crate::store) fn version(conn: &Connection) -> rusqlite::Result<i32> {
    conn.query_row("PRAGMA user_version", [], |row| row.get(0))
}

fn apply(conn: &mut Connection, steps: &[&str]) -> rusqlite::Result<()> {
    // The lock is taken before the version is read: another process may be migrating now.
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = usize::try_from(version(&tx)?).unwrap_or(0);
    for (number, step) in (1_i32..).zip(steps).skip(done) {
        tx.execute_batch(step)?;
        tx.pragma_update(None, "user_version", number)?;
    }
    tx.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: &[&str] = &[
        "CREATE TABLE a (x TEXT); INSERT INTO a VALUES ('kept');",
        "ALTER TABLE a ADD COLUMN y TEXT DEFAULT 'added';",
        "CREATE TABLE b (z TEXT); INSERT INTO b SELECT x || y FROM a;",
    ];

    #[test]
    fn every_older_version_ends_at_the_newest_with_its_rows() {
        for older in 0..=STEPS.len() {
            let mut conn = Connection::open_in_memory().unwrap();
            apply(&mut conn, &STEPS[..older]).unwrap();

            apply(&mut conn, STEPS).unwrap();

            let row: String = conn
                .query_row("SELECT z FROM b", [], |row| row.get(0))
                .unwrap();
            assert_eq!((row.as_str(), version(&conn).unwrap()), ("keptadded", 3));
        }
    }

    #[test]
    fn a_failing_step_leaves_the_database_as_it_was() {
        let mut conn = Connection::open_in_memory().unwrap();
        apply(&mut conn, &STEPS[..1]).unwrap();

        let failed = apply(&mut conn, &[STEPS[0], STEPS[1], "nonsense"]);

        assert!(failed.is_err());
        assert_eq!(version(&conn).unwrap(), 1);
        assert!(conn.prepare("SELECT y FROM a").is_err());
    }

    #[test]
    fn each_published_step_builds_on_those_before_it() {
        let mut conn = Connection::open_in_memory().unwrap();
        for older in 0..MIGRATIONS.len() {
            apply(&mut conn, &MIGRATIONS[..older]).unwrap();
            assert_eq!(version(&conn).unwrap(), i32::try_from(older).unwrap());
        }

        migrate(&mut conn).unwrap();

        assert_eq!(version(&conn).unwrap(), VERSION);
    }

    #[test]
    fn sessions_of_the_first_version_survive_without_runs_and_project() {
        let mut conn = Connection::open_in_memory().unwrap();
        apply(&mut conn, &MIGRATIONS[..1]).unwrap();
        conn.execute_batch(
            "INSERT INTO sessions (key, name, title, engine, demo, phase, created, updated)
                 VALUES ('one', 'name', '', 'e2b', 0, 'paused', 1, 2)",
        )
        .unwrap();

        migrate(&mut conn).unwrap();

        let count = |sql: &str| -> i64 { conn.query_row(sql, [], |row| row.get(0)).unwrap() };
        assert_eq!(count("SELECT count(*) FROM sessions WHERE key = 'one'"), 1);
        assert_eq!(count("SELECT count(*) FROM runs"), 0);
        assert_eq!(
            count("SELECT count(*) FROM sessions WHERE project IS NULL"),
            1
        );
        assert_eq!(count("SELECT count(*) FROM shown"), 0);
        assert_eq!(count("SELECT count(*) FROM auto_mode"), 0);
        assert_eq!(count("SELECT count(*) FROM preferences"), 0);
        assert_eq!(count("SELECT count(*) FROM prompt_choices"), 0);
    }
}
