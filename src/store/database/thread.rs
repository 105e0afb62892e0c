//! The store's thread: the only one that touches `SQLite`.
//!
//! Each time it wakes it takes all waiting commands, runs them in order, and commits their writes together; so a
//! flood of small writes costs one commit, and a single write is not delayed. A failed write undoes only itself.
//! Acknowledgements are sent after the commit.
//!
//! It sleeps while nothing is requested: a timer runs only while text is unwritten, while texts of an earlier version
//! are brought into the index, or while a caller waits for changes by other processes.

use std::collections::HashMap;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::opening::{self, OpenDatabase};
use super::{Database, UnwrittenText, write_growing};
use crate::store::error::StoreError;
use crate::store::text_search::index;

/// How long accumulated text may stay unwritten.
const TICK: Duration = Duration::from_secs(1);

/// When the first step of the index is done after the start, and how long the others wait for whoever needs the store.
const INDEX_FIRST: Duration = Duration::from_secs(2);
const INDEX_NEXT: Duration = Duration::from_millis(20);

/// Commands that share a transaction.
const BATCH: usize = 256;

pub(in crate::store) type Ack = oneshot::Sender<Result<(), StoreError>>;
pub(in crate::store) type WriteJob = Box<dyn FnOnce(&mut Database) -> rusqlite::Result<()> + Send>;
pub(in crate::store) type ReadJob = Box<dyn FnOnce(&Connection) + Send>;

pub(in crate::store) enum StoreCommand {
    Write {
        /// The operation, for errors: "save the draft".
        doing: &'static str,
        job: WriteJob,
        /// Notified when the write is committed, or has failed.
        ack: Option<Ack>,
    },
    Read(ReadJob),
    /// Also writes accumulated text; receives the first error of an unacknowledged write.
    Flush(Ack),
    Watch {
        interval: Duration,
        tell: oneshot::Sender<()>,
    },
    Notices(oneshot::Sender<Vec<String>>),
}

/// A command with its permit, which is released when the thread has taken the command.
pub(in crate::store) struct Envelope {
    pub(in crate::store) command: StoreCommand,
    pub(in crate::store) room: OwnedSemaphorePermit,
}

/// Opens the store in `dir`, then serves until every handle is dropped.
pub(in crate::store) fn run(dir: &Path, rx: &Receiver<Envelope>, opened: impl FnOnce(&[String])) {
    // This fails only without memory; then every call answers that the store is closed.
    let Ok(OpenDatabase { conn, notices }) = opening::open(dir) else {
        return;
    };
    opened(&notices);
    StoreThread::new(conn, notices).serve(rx);
}

struct StoreThread {
    db: Database,
    notices: Vec<String>,
    waiters: Vec<Waiter>,
    /// `PRAGMA data_version` when a change was last reported.
    data_version: i64,
    /// When accumulated text must be written.
    due: Option<Instant>,
    /// When the next step of the index is done; `None`: it has all texts.
    index_due: Option<Instant>,
    /// The first error of a write that nobody waited for.
    unseen: Option<StoreError>,
    /// Writes of the open transaction that wait for its commit; `None` if none is open.
    open: Option<Vec<Ack>>,
}

struct Waiter {
    interval: Duration,
    next: Instant,
    tell: oneshot::Sender<()>,
}

impl StoreThread {
    fn new(conn: Connection, notices: Vec<String>) -> Self {
        let data_version = data_version(&conn);
        let is_behind = index::is_behind(&conn).unwrap_or(false);
        Self {
            index_due: is_behind.then(|| Instant::now() + INDEX_FIRST),
            db: Database {
                conn,
                growing: UnwrittenText::default(),
                log_sizes: HashMap::new(),
            },
            notices,
            waiters: Vec::new(),
            data_version,
            due: None,
            unseen: None,
            open: None,
        }
    }

    fn serve(mut self, rx: &Receiver<Envelope>) {
        loop {
            let first = match self.deadline() {
                Some(at) => rx.recv_timeout(at.saturating_duration_since(Instant::now())),
                None => rx.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match first {
                Ok(first) => {
                    self.take(first);
                    for envelope in rx.try_iter().take(BATCH) {
                        self.take(envelope);
                    }
                }
                Err(RecvTimeoutError::Timeout) => self.index(),
                Err(RecvTimeoutError::Disconnected) => {
                    self.write_growing();
                    self.commit();
                    return;
                }
            }
            self.tick();
            self.commit();
            self.poll();
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let polls = self.waiters.iter().map(|waiter| waiter.next);
        polls.chain(self.due).chain(self.index_due).min()
    }

    fn take(&mut self, Envelope { command, room }: Envelope) {
        drop(room);
        match command {
            StoreCommand::Write { doing, job, ack } => self.write(doing, job, ack),
            StoreCommand::Read(job) => job(&self.db.conn),
            StoreCommand::Flush(ack) => {
                self.write_growing();
                self.commit();
                let result = self.unseen.take().map_or(Ok(()), Err);
                // The caller may be gone.
                let _ = ack.send(result);
            }
            StoreCommand::Watch { interval, tell } => self.waiters.push(Waiter {
                interval,
                next: Instant::now(),
                tell,
            }),
            StoreCommand::Notices(tell) => {
                let _ = tell.send(self.notices.clone());
            }
        }
    }

    fn write(&mut self, doing: &'static str, job: WriteJob, ack: Option<Ack>) {
        let result = self.begin().and_then(|()| self.in_savepoint(job));
        match result {
            Ok(()) => {
                if let (Some(ack), Some(open)) = (ack, &mut self.open) {
                    open.push(ack);
                }
            }
            Err(error) => {
                let error = StoreError::database(doing, error);
                if self.db.conn.is_autocommit() {
                    // A full disk, for one, rolls back the whole transaction and not only this job.
                    self.lose_open(&error);
                }
                self.fail(error, ack);
            }
        }
    }

    fn lose_open(&mut self, error: &StoreError) {
        let Some(acks) = self.open.take() else { return };
        self.db.log_sizes.clear();
        self.fail(error.clone(), None);
        for ack in acks {
            self.fail(error.clone(), Some(ack));
        }
    }

    fn begin(&mut self) -> rusqlite::Result<()> {
        if self.open.is_none() {
            self.db.conn.execute_batch("BEGIN IMMEDIATE")?;
            self.open = Some(Vec::new());
        }
        Ok(())
    }

    fn in_savepoint(&mut self, job: WriteJob) -> rusqlite::Result<()> {
        self.db.conn.execute_batch("SAVEPOINT job")?;
        let result = job(&mut self.db);
        if result.is_err() {
            self.db.log_sizes.clear();
            // The job's error says more than one of its rollback.
            let _ = self.db.conn.execute_batch("ROLLBACK TO job; RELEASE job");
            return result;
        }
        self.db.conn.execute_batch("RELEASE job")
    }

    fn fail(&mut self, error: StoreError, ack: Option<Ack>) {
        match ack {
            Some(ack) => {
                let _ = ack.send(Err(error));
            }
            None => self.unseen = self.unseen.take().or(Some(error)),
        }
    }

    fn commit(&mut self) {
        let Some(acks) = self.open.take() else {
            return;
        };
        let result = self.db.conn.execute_batch("COMMIT").map_err(|error| {
            self.db.log_sizes.clear();
            // If the error has already rolled back, there is nothing to roll back.
            let _ = self.db.conn.execute_batch("ROLLBACK");
            StoreError::database("commit to the database", error)
        });
        if let Err(error) = &result {
            self.unseen = self.unseen.take().or(Some(error.clone()));
        }
        for ack in acks {
            let _ = ack.send(result.clone());
        }
    }

    fn tick(&mut self) {
        if self.db.growing.is_empty() {
            self.due = None;
            return;
        }
        let now = Instant::now();
        if self.due.is_some_and(|due| due <= now) {
            self.write_growing();
        } else if self.due.is_none() {
            self.due = Some(now + TICK);
        }
    }

    fn write_growing(&mut self) {
        self.due = None;
        if !self.db.growing.is_empty() {
            let job = Box::new(|db: &mut Database| write_growing(db, None));
            self.write("save the growing texts", job, None);
        }
    }

    /// Brings some texts into the index, if that is due.
    fn index(&mut self) {
        let now = Instant::now();
        if self.index_due.is_none_or(|due| due > now) {
            return;
        }
        let job = Box::new(|db: &mut Database| index::step(db).map(|_| ()));
        self.write("index the conversations", job, None);
        let is_behind = index::is_behind(&self.db.conn).unwrap_or(false);
        // After an error, the next start tries again.
        self.index_due = is_behind
            .then(|| Instant::now() + INDEX_NEXT)
            .filter(|_| self.unseen.is_none());
    }

    /// Checks whether another process has written, if a caller waits for that.
    fn poll(&mut self) {
        let now = Instant::now();
        if self.waiters.iter().all(|waiter| waiter.next > now) {
            return;
        }
        self.waiters.retain(|waiter| !waiter.tell.is_closed());
        let version = data_version(&self.db.conn);
        if version == self.data_version {
            for waiter in &mut self.waiters {
                if waiter.next <= now {
                    waiter.next = now + waiter.interval;
                }
            }
            return;
        }
        // If nobody received the change, the next caller gets it.
        let heard = std::mem::take(&mut self.waiters)
            .into_iter()
            .filter_map(|waiter| waiter.tell.send(()).ok())
            .count();
        if heard > 0 {
            self.data_version = version;
        }
    }
}

/// Changes only by commits of other connections. -1 if it cannot be read.
fn data_version(conn: &Connection) -> i64 {
    conn.query_row("PRAGMA data_version", [], |row| row.get(0))
        .unwrap_or(-1)
}
