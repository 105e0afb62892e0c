//! When sessions' sandboxes ran.
//!
//! A row is open (`ended` is null) until the end of its run is recorded. `ends_at` is the sandbox's timeout, as last
//! known.

use rusqlite::{Connection, Row, params};

use super::values::{count, integer};
use super::{Store, StoreError};
use crate::domain::id::{SandboxId, SessionKey};
use crate::domain::sandbox::price::{RunningSandbox, SandboxSize};
use crate::domain::sandbox::usage::{ObservedRun, RunEnd};
use crate::domain::time::UnixMillis;

const COLUMNS: &str = "session, sandbox_id, since, vcpus, memory_mib, ends_at, ended, exact";

impl Store {
    /// A session's sandbox runs: inserts a new run or updates the known one, and closes earlier runs. Plain write.
    pub async fn run_seen(
        &self,
        key: &SessionKey,
        sandbox: &SandboxId,
        run: RunningSandbox,
        ends_at: Option<UnixMillis>,
    ) -> Result<(), StoreError> {
        let (key, sandbox) = (key.clone(), sandbox.clone());
        self.write("save the sandbox's run", move |db| {
            seen(&db.conn, &key, &sandbox, run, ends_at)
        })
        .await
    }

    /// None of the session's sandboxes runs any more: closes the runs, as ended now or, if not `exact`, at an
    /// unknown earlier time. Plain write.
    pub async fn runs_ended(
        &self,
        key: &SessionKey,
        now: UnixMillis,
        exact: bool,
    ) -> Result<(), StoreError> {
        let key = key.clone();
        self.write("save the end of the sandbox's run", move |db| {
            db.conn
                .prepare_cached(
                    "UPDATE runs SET exact = ?3,
                         ended = iif(?3, ?2, max(since, min(ifnull(ends_at, ?2), ?2)))
                     WHERE session = ?1 AND ended IS NULL",
                )?
                .execute(params![key.as_str(), integer(now.0), exact])?;
            Ok(())
        })
        .await
    }

    /// All observations of the sandboxes that the session has or had, including other sessions' observations.
    pub async fn runs(&self, key: &SessionKey) -> Result<Vec<ObservedRun>, StoreError> {
        let key = key.clone();
        self.read("read the sandbox's runs", move |conn| {
            let sql = format!(
                "SELECT {COLUMNS} FROM runs WHERE sandbox_id IN
                     (SELECT sandbox_id FROM runs WHERE session = ?1)
                 ORDER BY since"
            );
            conn.prepare_cached(&sql)?
                .query_map([key.as_str()], |row| Ok(run_of(row)?.1))?
                .collect()
        })
        .await
    }

    /// All runs, each with the session that observed it.
    pub async fn all_runs(&self) -> Result<Vec<(SessionKey, ObservedRun)>, StoreError> {
        self.read("read the sandboxes' runs", |conn| {
            let sql = format!("SELECT {COLUMNS} FROM runs ORDER BY since");
            conn.prepare_cached(&sql)?.query_map([], run_of)?.collect()
        })
        .await
    }
}

fn seen(
    conn: &Connection,
    key: &SessionKey,
    sandbox: &SandboxId,
    run: RunningSandbox,
    ends_at: Option<UnixMillis>,
) -> rusqlite::Result<()> {
    let (key, sandbox, since) = (key.as_str(), sandbox.as_str(), integer(run.since.0));
    conn.prepare_cached(
        "UPDATE runs SET exact = 0, ended = max(since, min(ifnull(ends_at, ?3), ?3))
         WHERE session = ?1 AND sandbox_id = ?2 AND since < ?3 AND ended IS NULL",
    )?
    .execute(params![key, sandbox, since])?;
    // A row that says all this already is not written: each change notifies other processes.
    conn.prepare_cached(
        "INSERT INTO runs (session, sandbox_id, since, vcpus, memory_mib, ends_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (session, sandbox_id, since) DO UPDATE
             SET ends_at = ifnull(excluded.ends_at, ends_at), ended = NULL, exact = 0
             WHERE ended IS NOT NULL
                 OR ends_at IS NOT ifnull(excluded.ends_at, ends_at)",
    )?
    .execute(params![
        key,
        sandbox,
        since,
        run.size.vcpus,
        integer(run.size.memory_mib),
        ends_at.map(|at| integer(at.0)),
    ])?;
    Ok(())
}

fn run_of(row: &Row<'_>) -> rusqlite::Result<(SessionKey, ObservedRun)> {
    let time = |column: &str| row.get::<_, Option<i64>>(column);
    let at = |value: Option<i64>| value.map(|value| UnixMillis(count(value)));
    let run = RunningSandbox {
        since: UnixMillis(count(row.get("since")?)),
        size: SandboxSize {
            vcpus: row.get("vcpus")?,
            memory_mib: count(row.get("memory_mib")?),
        },
    };
    let end = match (at(time("ended")?), row.get("exact")?) {
        (None, _) => RunEnd::Open {
            limit: at(time("ends_at")?),
        },
        (Some(at), true) => RunEnd::At(at),
        (Some(at), false) => RunEnd::AtMost(at),
    };
    let sandbox = row.get::<_, String>("sandbox_id")?.into();
    let key = row.get::<_, String>("session")?.into();
    Ok((key, ObservedRun { sandbox, run, end }))
}
