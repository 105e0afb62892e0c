//! The list of sessions, and what is needed to open one again. [`lock`] decides which process drives a session.

mod auto_mode;
mod listed;
pub mod lock;

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};
use tokio::sync::oneshot;

use super::database::Database;
use super::rows::session::{FailureRow, OriginRow};
use super::values::{count, from_json, integer, to_json};
use super::{Store, StoreError};
use crate::domain::failure::Failure;
use crate::domain::id::{OpencodeSessionId, SandboxId, SessionKey, TemplateId};
use crate::domain::sandbox::{EngineKind, Phase, SandboxInfo};
use crate::domain::session::{ChangedLines, NewSession, SessionSummary};
use crate::domain::time::UnixMillis;

/// A session as stored: its row in the list, and what its task needs to reopen it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredSession {
    pub summary: SessionSummary,
    /// The port of `opencode serve` in the sandbox.
    pub port: Option<u16>,
    /// The original request; `None` if sandbar only attached to a server.
    pub new: Option<NewSession>,
}

/// How a new session gets its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// Exactly this one: the user has chosen it.
    Exact,
    /// The first of `name`, `name-2`, `name-3`, … that no session has.
    Similar,
}

const COLUMNS: &str = "key, name, title, engine, sandbox_id, template, opencode_url, \
    opencode_version, opencode_session, directory, isolation, demo, port, ends_at, origin, phase, \
    failure, created, updated, project, cost, pinned, archived, unread, added, removed, \
    (SELECT at FROM shown WHERE session = key) AS shown, \
    EXISTS (SELECT 1 FROM auto_mode WHERE session = key) AS auto";

const NAME_TAKEN: &str = "sessions.name";

impl Store {
    /// Returns all sessions, last used first.
    ///
    /// Their phase is the part that outlives a process: paused, failed, gone; otherwise [`Phase::Dormant`], even
    /// while another process has the session open.
    pub async fn sessions(&self) -> Result<Vec<SessionSummary>, StoreError> {
        self.read("read the sessions", |conn| {
            let sql = format!("SELECT {COLUMNS} FROM sessions ORDER BY updated DESC, rowid DESC");
            conn.prepare_cached(&sql)?
                .query_map([], |row| Ok(session_of(row)?.summary))?
                .collect()
        })
        .await
    }

    pub async fn session(&self, key: &SessionKey) -> Result<Option<StoredSession>, StoreError> {
        self.find("key", key.as_str()).await
    }

    pub async fn by_name(&self, name: &str) -> Result<Option<StoredSession>, StoreError> {
        self.find("name", name).await
    }

    /// Stores a new session and returns its name, which no other session has: it is chosen and taken in one
    /// transaction, whatever other processes do. A session already stored keeps its name. Durable.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`] if another session has a name that must be taken exactly; nothing is changed then.
    pub async fn add_session(
        &self,
        session: &StoredSession,
        naming: Naming,
    ) -> Result<String, StoreError> {
        let wanted = session.summary.name.clone();
        let mut session = session.clone();
        let (tell, told) = oneshot::channel();
        let added = self.write_durably("save the session", move |db| {
            let name = name_for(&db.conn, &session.summary, naming)?;
            session.summary.name.clone_from(&name);
            if let Some(new) = &mut session.new {
                new.name.clone_from(&name);
            }
            save(&db.conn, &session)?;
            // The caller may be gone.
            let _ = tell.send(name);
            Ok(())
        });
        added.await.map_err(|error| name_taken(error, wanted))?;
        told.await.map_err(|_| StoreError::Closed)
    }

    /// Inserts or replaces the session's row; what was recorded for it stays, and so do the name of a stored
    /// session and its place in the list, which only the user changes. Durable.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`] if another session has the name of a new one; nothing is changed then.
    pub async fn save_session(&self, session: &StoredSession) -> Result<(), StoreError> {
        let name = session.summary.name.clone();
        let session = session.clone();
        let saved = self
            .write_durably("save the session", move |db| save(&db.conn, &session))
            .await;
        saved.map_err(|error| name_taken(error, name))
    }

    /// Renames a session. Durable.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`] if another session has the name; nothing is changed then.
    pub async fn set_name(&self, key: &SessionKey, name: String) -> Result<(), StoreError> {
        let (key, wanted) = (key.clone(), name.clone());
        let saved = self
            .write_durably("save the name", move |db| {
                db.conn
                    .prepare_cached("UPDATE sessions SET name = ?2 WHERE key = ?1")?
                    .execute([key.as_str(), &wanted])?;
                Ok(())
            })
            .await;
        saved.map_err(|error| name_taken(error, name))
    }

    /// Plain write.
    pub async fn set_title(&self, key: &SessionKey, title: String) -> Result<(), StoreError> {
        let key = key.clone();
        self.write("save the title", move |db| {
            db.conn
                .prepare_cached("UPDATE sessions SET title = ?2 WHERE key = ?1")?
                .execute([key.as_str(), &title])?;
            Ok(())
        })
        .await
    }

    /// Plain write.
    pub async fn set_phase(&self, key: &SessionKey, phase: &Phase) -> Result<(), StoreError> {
        let (key, phase) = (key.clone(), phase.clone());
        self.write("save the phase", move |db| {
            let (word, failure) = phase_columns(&phase)?;
            db.conn
                .prepare_cached("UPDATE sessions SET phase = ?2, failure = ?3 WHERE key = ?1")?
                .execute(params![key.as_str(), word, failure])?;
            Ok(())
        })
        .await
    }

    /// Records that a paused session runs again; other phases stay. Plain write.
    pub async fn resumed(&self, key: &SessionKey) -> Result<(), StoreError> {
        let key = key.clone();
        self.write("save the phase", move |db| {
            let ((live, _), (paused, _)) =
                (phase_columns(&Phase::Live)?, phase_columns(&Phase::Paused)?);
            db.conn
                .prepare_cached("UPDATE sessions SET phase = ?2 WHERE key = ?1 AND phase = ?3")?
                .execute([key.as_str(), live, paused])?;
            Ok(())
        })
        .await
    }

    /// Replaces what is known of the sandbox. Durable: a sandbox whose id is lost keeps running unnoticed.
    pub async fn set_sandbox(
        &self,
        key: &SessionKey,
        sandbox: &SandboxInfo,
        port: Option<u16>,
    ) -> Result<(), StoreError> {
        let (key, sandbox) = (key.clone(), sandbox.clone());
        self.write_durably("save the sandbox", move |db| {
            set_sandbox(&db.conn, &key, &sandbox, port)
        })
        .await
    }

    /// Durable.
    pub async fn set_opencode_session(
        &self,
        key: &SessionKey,
        id: &OpencodeSessionId,
    ) -> Result<(), StoreError> {
        let (key, id) = (key.clone(), id.clone());
        self.write_durably("save the conversation's id", move |db| {
            db.conn
                .prepare_cached("UPDATE sessions SET opencode_session = ?2 WHERE key = ?1")?
                .execute([key.as_str(), id.as_str()])?;
            Ok(())
        })
        .await
    }

    /// Deletes the session and everything recorded for it, except its files, which
    /// [`super::files::secrets::SecretFiles::remove`] and [`super::files::snapshots::SnapshotFiles::remove`] delete. Durable.
    pub async fn delete_session(&self, key: &SessionKey) -> Result<(), StoreError> {
        let key = key.clone();
        self.write_durably("delete the session", move |db| delete(db, &key))
            .await
    }

    async fn find(
        &self,
        column: &'static str,
        value: &str,
    ) -> Result<Option<StoredSession>, StoreError> {
        let value = value.to_owned();
        self.read("read the session", move |conn| {
            let sql = format!("SELECT {COLUMNS} FROM sessions WHERE {column} = ?1");
            conn.prepare_cached(&sql)?
                .query_row([value], session_of)
                .optional()
        })
        .await
    }
}

/// The name of a new session.
fn name_for(
    conn: &Connection,
    session: &SessionSummary,
    naming: Naming,
) -> rusqlite::Result<String> {
    let mut own = conn.prepare_cached("SELECT name FROM sessions WHERE key = ?1")?;
    let own = own.query_row([session.key.as_str()], |row| row.get(0));
    if let Some(name) = own.optional()? {
        return Ok(name);
    }
    let mut taken = conn.prepare_cached("SELECT 1 FROM sessions WHERE name = ?1")?;
    let mut name = session.name.clone();
    let mut number = 1_u32;
    while naming == Naming::Similar && taken.exists([&name])? {
        number += 1;
        name = format!("{}-{number}", session.name);
    }
    Ok(name)
}

fn name_taken(error: StoreError, name: String) -> StoreError {
    match &error {
        StoreError::Database { source, .. } if source.to_string().contains(NAME_TAKEN) => {
            StoreError::NameTaken { name }
        }
        _ => error,
    }
}

fn save(conn: &Connection, session: &StoredSession) -> rusqlite::Result<()> {
    let summary = &session.summary;
    let (phase, failure) = phase_columns(&summary.phase)?;
    let origin = session
        .new
        .clone()
        .map(|new| to_json(&OriginRow::from(new)))
        .transpose()?;
    conn.prepare_cached(
        "INSERT INTO sessions (key, name, title, engine, demo, opencode_session, origin, phase,
             failure, created, updated, project)
         VALUES (:key, :name, :title, '', 0, :session, :origin, :phase, :failure, :created,
             :updated, :project)
         ON CONFLICT (key) DO UPDATE SET title = excluded.title,
             opencode_session = excluded.opencode_session, origin = excluded.origin,
             phase = excluded.phase, failure = excluded.failure, created = excluded.created,
             updated = excluded.updated, project = excluded.project",
    )?
    .execute(named_params! {
        ":key": summary.key.as_str(),
        ":name": summary.name,
        ":title": summary.title,
        ":session": summary.opencode_session.as_ref().map(OpencodeSessionId::as_str),
        ":origin": origin,
        ":phase": phase,
        ":failure": failure,
        ":created": integer(summary.created.0),
        ":updated": integer(summary.updated.0),
        ":project": summary.project.as_ref().map(|path| path.as_os_str().as_bytes()),
    })?;
    set_sandbox(conn, &summary.key, &summary.sandbox, session.port)
}

fn set_sandbox(
    conn: &Connection,
    key: &SessionKey,
    sandbox: &SandboxInfo,
    port: Option<u16>,
) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "UPDATE sessions SET engine = :engine, sandbox_id = :id, template = :template,
             opencode_url = :url, opencode_version = :version, directory = :directory,
             isolation = :isolation, demo = :demo, port = :port, ends_at = :ends_at
         WHERE key = :key",
    )?
    .execute(named_params! {
        ":key": key.as_str(),
        ":engine": sandbox.engine.name(),
        ":id": sandbox.id.as_ref().map(SandboxId::as_str),
        ":template": sandbox.template.as_ref().map(TemplateId::as_str),
        ":url": sandbox.opencode_url,
        ":version": sandbox.opencode_version,
        ":directory": sandbox.directory,
        ":isolation": sandbox.isolation,
        ":demo": sandbox.demo,
        ":port": port,
        ":ends_at": sandbox.ends_at.map(|at| integer(at.0)),
    })?;
    Ok(())
}

fn delete(db: &mut Database, key: &SessionKey) -> rusqlite::Result<()> {
    db.growing.forget(key);
    db.log_sizes.remove(key);
    db.conn
        .prepare_cached("DELETE FROM sessions WHERE key = ?1")?
        .execute([key.as_str()])?;
    for table in [
        "conversations",
        "messages",
        "parts",
        "queue",
        "held_queues",
        "drafts",
        "stashes",
        "mentions",
        "draft_files",
        "command_lines",
        "logs",
        "runs",
        "shown",
        "auto_mode",
        "prompt_choices",
    ] {
        db.conn
            .prepare_cached(&format!("DELETE FROM {table} WHERE session = ?1"))?
            .execute([key.as_str()])?;
    }
    // One for each process that had it open.
    db.conn
        .prepare_cached("DELETE FROM drafts WHERE substr(session, 1, length(?1) + 2) = ?1 || '-d'")?
        .execute([key.as_str()])?;
    Ok(())
}

fn session_of(row: &Row<'_>) -> rusqlite::Result<StoredSession> {
    let text = |column: &str| row.get::<_, Option<String>>(column);
    let origin: Option<OriginRow> = text("origin")?.and_then(|json| from_json(&json));
    let failure: Option<FailureRow> = text("failure")?.and_then(|json| from_json(&json));
    let sandbox = SandboxInfo {
        engine: engine_of(&row.get::<_, String>("engine")?),
        id: text("sandbox_id")?.map(Into::into),
        template: text("template")?.map(Into::into),
        opencode_url: text("opencode_url")?,
        opencode_version: text("opencode_version")?,
        ends_at: row
            .get::<_, Option<i64>>("ends_at")?
            .map(|at| UnixMillis(count(at))),
        isolation: text("isolation")?,
        directory: text("directory")?,
        demo: row.get("demo")?,
    };
    Ok(StoredSession {
        summary: SessionSummary {
            key: row.get::<_, String>("key")?.into(),
            name: row.get("name")?,
            title: row.get("title")?,
            sandbox,
            opencode_session: text("opencode_session")?.map(Into::into),
            phase: phase_of(&row.get::<_, String>("phase")?, failure),
            project: row
                .get::<_, Option<Vec<u8>>>("project")?
                .map(|bytes| OsString::from_vec(bytes).into()),
            shown: row
                .get::<_, Option<i64>>("shown")?
                .map(|at| UnixMillis(count(at))),
            auto: row.get("auto")?,
            pinned: row.get("pinned")?,
            archived: row.get("archived")?,
            unread: row.get("unread")?,
            cost: row.get("cost")?,
            changed: changed_of(row)?,
            created: UnixMillis(count(row.get("created")?)),
            updated: UnixMillis(count(row.get("updated")?)),
        },
        port: row.get("port")?,
        new: origin.map(Into::into),
    })
}

fn changed_of(row: &Row<'_>) -> rusqlite::Result<Option<ChangedLines>> {
    let lines = |column: &str| row.get::<_, Option<i64>>(column);
    let known = lines("added")?.zip(lines("removed")?);
    Ok(known.map(|(added, removed)| ChangedLines {
        added: count(added),
        removed: count(removed),
    }))
}

fn engine_of(name: &str) -> EngineKind {
    [EngineKind::E2b, EngineKind::Local]
        .into_iter()
        .find(|engine| engine.name() == name)
        .unwrap_or(EngineKind::Attached)
}

/// A word for people who inspect the database, and the failure as JSON.
fn phase_columns(phase: &Phase) -> rusqlite::Result<(&'static str, Option<String>)> {
    let json = |failure: &Failure| to_json(&FailureRow::from(failure.clone())).map(Some);
    Ok(match phase {
        Phase::Dormant => ("dormant", None),
        Phase::Booting(_) => ("booting", None),
        Phase::Live => ("live", None),
        Phase::Reconnecting(_) => ("reconnecting", None),
        Phase::Paused => ("paused", None),
        Phase::Failed(failure) => ("failed", json(failure)?),
        Phase::Gone(failure) => ("gone", json(failure)?),
    })
}

fn phase_of(word: &str, failure: Option<FailureRow>) -> Phase {
    let failure = || failure.map(Failure::from).unwrap_or_default();
    match word {
        "paused" => Phase::Paused,
        "failed" => Phase::Failed(failure()),
        "gone" => Phase::Gone(failure()),
        // A stored connection is no longer a connection.
        _ => Phase::Dormant,
    }
}
