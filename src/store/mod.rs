//! `SQLite`: sessions, transcripts, drafts, queues, history, log tails, runs; and secrets and snapshots in
//! files; and an index to search all texts.
//!
//! Domain values in and out. The store has its own row types and never serialises a domain type. It knows no server,
//! no screen and no clock except its own timers.
//!
//! One thread owns the connection ([`Store`] is a handle to it); all calls are queued to it in order, through a
//! bounded channel. A plain write returns when it is queued; a durable one returns when it is committed, and from
//! then on survives the death of this process. (With WAL and `synchronous = NORMAL` the last commits may be lost
//! when the machine loses power; the database stays consistent.) Several processes may use one store at once;
//! [`sessions::lock`] decides which of them drives a session.

mod database;
mod error;
pub mod files;
mod logs;
mod preferences;
mod prompts;
mod rows;
mod runs;
pub mod sessions;
#[cfg(test)]
mod tests;
mod text_search;
mod transcript;
mod values;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, SyncSender};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{Semaphore, oneshot};

pub use error::StoreError;
pub use prompts::queue::{Claim, StoredQueue};
pub use sessions::{Naming, StoredSession};
pub use transcript::RecordedTranscript;

use database::Database;
use database::thread::{Envelope, StoreCommand};

/// Commands that may be queued; beyond that, callers wait.
const ROOM: usize = 256;

/// A handle to the store. When the last clone is dropped, the thread writes what it holds and ends; a program that
/// is about to exit awaits [`Store::flush`] instead.
///
/// Cancelling a call leaves its command either queued whole or not at all.
#[derive(Debug, Clone)]
pub struct Store {
    tx: SyncSender<Envelope>,
    /// Free capacity of `tx`, which one can await without blocking.
    room: Arc<Semaphore>,
}

/// A store and what the user should know about it, one sentence each.
#[derive(Debug)]
pub struct OpenedStore {
    pub store: Store,
    pub notices: Vec<String>,
}

impl Store {
    /// Opens the store in `dir` and waits until it is open. Never fails; see [`OpenedStore::notices`].
    pub fn open(dir: &Path) -> OpenedStore {
        let (tell, told) = mpsc::sync_channel(1);
        let store = Self::start(dir.to_owned(), move |notices| {
            // The receiver waits below.
            let _ = tell.send(notices.to_vec());
        });
        OpenedStore {
            store,
            notices: told.recv().unwrap_or_default(),
        }
    }

    /// Opens the store in `dir` on its own thread; calls wait until it is open.
    pub fn open_in_background(dir: &Path) -> Self {
        Self::start(dir.to_owned(), |_| {})
    }

    fn start(dir: PathBuf, opened: impl FnOnce(&[String]) + Send + 'static) -> Self {
        let (tx, rx) = mpsc::sync_channel(ROOM);
        // Without a thread `rx` is dropped, and every call answers that the store is closed.
        let _ = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || crate::store::database::thread::run(&dir, &rx, opened));
        Self {
            tx,
            room: Arc::new(Semaphore::new(ROOM)),
        }
    }

    /// Returns what the user should know about the store, such as that it is not the expected one.
    pub async fn notices(&self) -> Vec<String> {
        let (tell, told) = oneshot::channel();
        if self.send(StoreCommand::Notices(tell)).await.is_err() {
            return vec![CLOSED.to_owned()];
        }
        told.await.unwrap_or_else(|_| vec![CLOSED.to_owned()])
    }

    /// Waits until everything written before is committed, including accumulated text.
    ///
    /// # Errors
    /// The first error of a plain write since the last flush.
    pub async fn flush(&self) -> Result<(), StoreError> {
        let (ack, acked) = oneshot::channel();
        self.send(StoreCommand::Flush(ack)).await?;
        acked.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Waits until another process has changed the database; polls every `interval`. A change made while nobody
    /// waited is reported at once. Concurrent callers are all notified.
    ///
    /// Cancel-safe: a change that was not received is reported to the next caller.
    pub async fn changed(&self, interval: Duration) -> Result<(), StoreError> {
        let (tell, told) = oneshot::channel();
        self.send(StoreCommand::Watch { interval, tell }).await?;
        told.await.map_err(|_| StoreError::Closed)
    }

    async fn send(&self, command: StoreCommand) -> Result<(), StoreError> {
        let room = Arc::clone(&self.room).acquire_owned().await;
        let room = room.map_err(|_| StoreError::Closed)?;
        // There is capacity: permits are released only after the thread has taken the command.
        self.tx
            .try_send(Envelope { command, room })
            .map_err(|_| StoreError::Closed)
    }

    async fn write(
        &self,
        doing: &'static str,
        job: impl FnOnce(&mut Database) -> rusqlite::Result<()> + Send + 'static,
    ) -> Result<(), StoreError> {
        let job = Box::new(job);
        let ack = None;
        self.send(StoreCommand::Write { doing, job, ack }).await
    }

    async fn write_durably(
        &self,
        doing: &'static str,
        job: impl FnOnce(&mut Database) -> rusqlite::Result<()> + Send + 'static,
    ) -> Result<(), StoreError> {
        let (ack, acked) = oneshot::channel();
        let job = Box::new(job);
        let ack = Some(ack);
        self.send(StoreCommand::Write { doing, job, ack }).await?;
        acked.await.unwrap_or(Err(StoreError::Closed))
    }

    async fn read<T: Send + 'static>(
        &self,
        doing: &'static str,
        job: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (tell, told) = oneshot::channel();
        let job = Box::new(move |conn: &Connection| {
            // The caller may be gone.
            let _ = tell.send(job(conn));
        });
        self.send(StoreCommand::Read(job)).await?;
        let result = told.await.map_err(|_| StoreError::Closed)?;
        result.map_err(|error| StoreError::database(doing, error))
    }
}

const CLOSED: &str = "sessions are not saved this time: the store could not be started";
