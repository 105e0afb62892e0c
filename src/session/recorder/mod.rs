//! Writes events to the store, before they are forwarded or posted.
//!
//! Of the processes that have a session open, the one that holds its lock drives it: only that one records what the
//! sandbox and the server report, and posts the queue. Each process records what its user does.
//!
//! A session without a store (`attach`) records nothing, and keeps in memory what a repeated boot must find again. A
//! failed write goes to our own log: the session continues, and an unusable store was already reported when it was
//! opened.
//!
//! In reading order: `record` is where a session lives, `drafts` keeps what is typed and not sent in its
//! `composer_place`, `queue` the prompts
//! that wait, `runs` when its sandboxes ran, `auto_mode` what may be answered without the user, `phase` what becomes of a
//! session without a task, `sibling` a session beside it in the same sandbox; [`reservation`] holds a name for a session
//! that begins, [`removal`] removes one for good.

mod auto_mode;
pub(super) mod composer_place;
mod drafts;
pub(in crate::session) mod phase;
mod queue;
pub(super) mod record;
pub mod removal;
pub mod reservation;
mod runs;
mod sibling;

use std::fmt::Display;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use secrecy::SecretString;

use super::context::{RecordStore, SessionContext};
use crate::domain::chat::{ChatEvent, Resync, TurnStatus};
use crate::domain::failure::Failure;
use crate::domain::id::SessionKey;
use crate::domain::log::{LogEnds, LogLine};
use crate::domain::preferences::PromptChoice;
use crate::domain::sandbox::{EngineKind, Phase, SandboxInfo};
use crate::domain::session::{
    ChangedLines, NewSession, Prompt, SessionOrigin, SessionSpec, SessionSummary,
};
use crate::domain::time::UnixMillis;
use crate::e2b::wire;
use crate::engine::EngineSpec;
use crate::net::url::split_access;
use crate::store::files::secrets::Secrets;
use crate::store::files::snapshots::SnapshotFiles;
use crate::store::sessions::lock::SessionLock;
use crate::store::{Naming, StoreError, StoredSession};
use composer_place::ComposerPlace;
use record::SessionRecord;

/// Messages shown before the server has answered.
const MESSAGES: usize = 200;
/// Log lines shown when a session is opened.
const LINES: usize = 2_000;

/// Where a session's snapshots are stored, and under which key.
#[derive(Debug, Clone)]
pub(crate) struct SnapshotSlot {
    pub(crate) files: SnapshotFiles,
    pub(crate) key: SessionKey,
}

/// What the store has of a session when it is opened.
pub(crate) struct StoredState {
    pub(crate) choice: PromptChoice,
    pub(crate) sandbox: SandboxInfo,
    pub(crate) transcript: Option<Resync>,
    pub(crate) logs: Vec<LogLine>,
}

#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    key: SessionKey,
    engine: EngineKind,
    /// The directory that this program was started in.
    project: Option<PathBuf>,
    records: Option<RecordStore>,
    /// Where the composer's content is stored, also of a session that is stored nowhere else.
    composer: Option<ComposerPlace>,
    /// The server that somebody else runs.
    attached: Option<String>,
    /// Replaces the store where there is none.
    memory: Arc<Mutex<RecorderState>>,
    holds_lock: Arc<AtomicBool>,
}

#[derive(Debug, Default)]
struct RecorderState {
    place: Option<SessionRecord>,
    password: Option<SecretString>,
    lock: Option<SessionLock>,
    draft_slot: Option<DraftSlot>,
    /// Prompts that the store failed to take; they wait here.
    unstored: Vec<Prompt>,
    /// How far the listener has received the log.
    shown: LogEnds,
    auto_mode: bool,
}

/// Where this process stores its draft, so that two processes do not overwrite each other's.
#[derive(Debug)]
struct DraftSlot {
    /// The first slot's key is the session's.
    key: SessionKey,
    _lock: Option<SessionLock>,
}

impl Recorder {
    pub(crate) fn open(context: &SessionContext, spec: &SessionSpec) -> Self {
        let engine = context
            .settings
            .engine
            .as_ref()
            .map_or(EngineKind::Attached, EngineSpec::kind);
        let records = match spec.origin {
            SessionOrigin::Attach { .. } => None,
            SessionOrigin::New(_) | SessionOrigin::Stored => context.records.clone(),
        };
        let attached = match &spec.origin {
            SessionOrigin::Attach { url, .. } => Some(split_access(url).0),
            SessionOrigin::New(_) | SessionOrigin::Stored => None,
        };
        Self {
            key: spec.key.clone(),
            attached,
            engine,
            project: context.settings.project.clone(),
            records,
            composer: ComposerPlace::of(context, spec),
            memory: Arc::default(),
            holds_lock: Arc::new(AtomicBool::new(true)),
        }
    }

    pub(super) fn key(&self) -> &SessionKey {
        &self.key
    }

    /// Whether this process drives the session. True until [`Recorder::try_drive`] says otherwise.
    pub(crate) fn holds_lock(&self) -> bool {
        self.holds_lock.load(Ordering::Acquire)
    }

    /// Takes the session's lock if it is free; returns whether this process drives the session.
    pub(crate) fn try_drive(&self) -> bool {
        let Some(records) = &self.records else {
            return true;
        };
        let mut memory = self.memory();
        if memory.lock.is_none() {
            memory.lock = SessionLock::try_take(&records.directory, &self.key);
        }
        self.holds_lock
            .store(memory.lock.is_some(), Ordering::Release);
        memory.lock.is_some()
    }

    /// Releases the lock, so that another process can drive.
    pub(crate) fn release(&self) {
        let mut memory = self.memory();
        memory.lock = None;
        memory.draft_slot = None;
    }

    /// The store for records that only the driving process writes.
    fn driven(&self) -> Option<&RecordStore> {
        self.records.as_ref().filter(|_| self.holds_lock())
    }

    fn memory(&self) -> MutexGuard<'_, RecorderState> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the stored state of the session; `None` if it is not in the store.
    pub(crate) async fn stored(&self) -> Option<StoredState> {
        let records = self.records.as_ref()?;
        let store = &records.store;
        let session = logged("session", store.session(&self.key).await)??;
        let transcript = logged("transcript", store.transcript(&self.key, MESSAGES).await);
        let transcript = transcript.and_then(|transcript| {
            Some(Resync {
                conversation: transcript.conversation?,
                messages: transcript.messages,
                more: transcript.more,
                status: TurnStatus::Idle,
                permissions: None,
                questions: None,
                after_gap: false,
            })
        });
        let mut shown = logged("log", store.log_ends(&self.key).await).unwrap_or_default();
        let logs = logged("log", store.logs(&self.key, LINES).await).unwrap_or_default();
        for line in &logs {
            shown.advance(line);
        }
        self.memory().shown = shown;
        Some(StoredState {
            choice: logged("choice", store.prompt_choice(&self.key).await).unwrap_or_default(),
            sandbox: session.summary.sandbox,
            transcript,
            logs,
        })
    }

    /// The session record, as far as the boot got.
    pub(crate) async fn stored_record(&self) -> Option<SessionRecord> {
        let Some(records) = &self.records else {
            return self.memory().place.clone();
        };
        let session = logged("session", records.store.session(&self.key).await)??;
        Some(SessionRecord {
            new: session.new?,
            sandbox: session.summary.sandbox,
            port: session.port,
            conversation: session.summary.opencode_session,
        })
    }

    /// The stored phase: the part that outlives a process.
    pub(crate) async fn stored_phase(&self) -> Option<Phase> {
        let store = &self.records.as_ref()?.store;
        let session = logged("session", store.session(&self.key).await)??;
        Some(session.summary.phase)
    }

    /// Stores a planned session under a name of its own.
    pub(crate) async fn plan(&self, new: NewSession, now: UnixMillis) -> SessionRecord {
        let planned = SessionRecord::planned(new.clone(), self.engine);
        let place = self.add(new, Naming::Similar, now).await;
        let place = logged("session", place).unwrap_or(planned);
        self.memory().place = Some(place.clone());
        place
    }

    /// Like [`Self::plan`], for a name that may have to be taken exactly.
    ///
    /// # Errors
    /// Those of [`Store::add_session`](crate::store::Store::add_session).
    pub(crate) async fn add(
        &self,
        new: NewSession,
        naming: Naming,
        now: UnixMillis,
    ) -> Result<SessionRecord, StoreError> {
        let mut place = SessionRecord::planned(new, self.engine);
        let Some(records) = &self.records else {
            return Ok(place);
        };
        let session = StoredSession {
            summary: SessionSummary {
                key: self.key.clone(),
                name: place.new.name.clone(),
                title: String::new(),
                sandbox: place.sandbox.clone(),
                opencode_session: None,
                phase: Phase::Dormant,
                project: self.project.clone(),
                shown: None,
                auto: false,
                pinned: false,
                archived: false,
                unread: false,
                cost: 0.0,
                changed: None,
                created: now,
                updated: now,
            },
            port: None,
            new: Some(place.new.clone()),
        };
        place.new.name = records.store.add_session(&session, naming).await?;
        Ok(place)
    }

    /// Stores a new request for a session that has nothing yet.
    pub(crate) async fn replan(&self, place: &SessionRecord) {
        self.memory().place = Some(place.clone());
        let Some(records) = self.driven() else { return };
        let stored = logged("session", records.store.session(&self.key).await);
        let Some(mut session) = stored.flatten() else {
            return;
        };
        session.new = Some(place.new.clone());
        session.port = place.port;
        session.summary.sandbox = place.sandbox.clone();
        logged("session", records.store.save_session(&session).await);
    }

    pub(crate) async fn place(&self, place: &SessionRecord) {
        self.memory().place = Some(place.clone());
        let Some(records) = self.driven() else { return };
        logged(
            "sandbox",
            records
                .store
                .set_sandbox(&self.key, &place.sandbox, place.port)
                .await,
        );
        if let Some(id) = &place.conversation {
            logged(
                "conversation",
                records.store.set_opencode_session(&self.key, id).await,
            );
        }
    }

    /// Stores when the sandbox times out; returns what is known of the sandbox.
    pub(crate) async fn ends_at(&self, until: UnixMillis) -> Option<SandboxInfo> {
        let mut place = self.stored_record().await?;
        place.sandbox.ends_at = Some(until);
        self.place(&place).await;
        Some(place.sandbox)
    }

    /// Stores the server's password where only the user can read it.
    ///
    /// # Errors
    /// Without the password the sandbox could not be opened again: the boot must stop.
    pub(crate) fn save_password(&self, password: &SecretString) -> Result<(), Failure> {
        self.memory().password = Some(password.clone());
        let Some(records) = &self.records else {
            return Ok(());
        };
        let secrets = Secrets {
            opencode_password: Some(password.clone()),
            ..Secrets::default()
        };
        records.secrets.save(&self.key, &secrets).map_err(|error| {
            Failure::new("the session's password could not be stored")
                .detail(error.to_string())
                .hint("check that sandbar's state directory is writable; `sandbar config` names it")
                .retryable()
        })
    }

    /// Stores the tokens for the server's public address, for callers that only query it: the control plane
    /// returns them only to a connect call, which would resume a paused sandbox.
    pub(crate) fn save_access(&self, sandbox: &wire::Sandbox) {
        let Some(records) = self.driven() else { return };
        let Some(secrets) = logged("secrets", records.secrets.load(&self.key)).flatten() else {
            return;
        };
        let secrets = Secrets {
            traffic_access_token: sandbox.traffic_access_token.clone(),
            domain: sandbox.domain.clone().unwrap_or_default(),
            ..secrets
        };
        logged("secrets", records.secrets.save(&self.key, &secrets));
    }

    pub(crate) fn password(&self) -> Option<SecretString> {
        if let Some(password) = self.memory().password.clone() {
            return Some(password);
        }
        let secrets = logged("secrets", self.records.as_ref()?.secrets.load(&self.key))??;
        secrets.opencode_password
    }

    /// The sandbox is gone for good, so its password is useless.
    pub(crate) fn forget_password(&self) {
        self.memory().password = None;
        if let Some(records) = &self.records {
            logged("secrets", records.secrets.remove(&self.key));
        }
    }

    pub(crate) async fn phase(&self, phase: &Phase) {
        if let Some(records) = self.driven() {
            logged("phase", records.store.set_phase(&self.key, phase).await);
        } else if let (Phase::Live, Some(records)) = (phase, &self.records) {
            // The driving process waits for just this.
            logged("phase", records.store.resumed(&self.key).await);
        }
        if matches!(phase, Phase::Paused | Phase::Gone(_)) {
            self.runs_ended(false).await;
        }
    }

    /// The sandbox was paused or killed here, which holds whoever drives the session.
    pub(crate) async fn closed(&self, phase: &Phase) {
        if let (Phase::Paused | Phase::Gone(_), Some(records)) = (phase, &self.records) {
            logged("phase", records.store.set_phase(&self.key, phase).await);
        }
    }

    pub(crate) async fn chat(&self, event: &ChatEvent) {
        if let ChatEvent::Command { prompt, line } = event {
            self.command_line(prompt, line).await;
        }
        let Some(records) = self.driven() else { return };
        logged("conversation", records.store.record(&self.key, event).await);
        if let ChatEvent::Conversation(conversation) = event {
            logged(
                "title",
                records
                    .store
                    .set_title(&self.key, conversation.title.clone())
                    .await,
            );
        }
    }

    /// The size of the work, as the last snapshot has it.
    pub(crate) async fn changed(&self, changed: ChangedLines) {
        if let Some(records) = self.driven() {
            let stored = records.store.set_changed(&self.key, changed);
            logged("size of the work", stored.await);
        }
    }

    /// The session was used.
    pub(crate) async fn touch(&self, now: UnixMillis) {
        if let Some(records) = &self.records {
            logged("time", records.store.touch(&self.key, now).await);
        }
    }

    pub(crate) async fn history(&self, text: String) {
        if let Some(records) = &self.records {
            logged("history", records.store.add_history(&self.key, text).await);
        }
    }

    pub(crate) async fn logs(&self, lines: Vec<LogLine>) {
        if let Some(records) = self.driven() {
            logged("log", records.store.append_logs(&self.key, lines).await);
        }
    }

    /// How far both readers have the log: the store, where this process records, and the listener.
    pub(crate) async fn log_ends(&self) -> LogEnds {
        let shown = self.memory().shown.clone();
        let Some(records) = self.driven() else {
            return shown;
        };
        let stored = logged("log", records.store.log_ends(&self.key).await);
        stored.map_or_else(|| shown.clone(), |stored| stored.common(&shown))
    }

    /// Filters out the lines that the listener already has, and counts the rest as received.
    pub(crate) fn not_shown(&self, mut lines: Vec<LogLine>) -> Vec<LogLine> {
        let shown = &mut self.memory().shown;
        lines.retain(|line| shown.advance(line));
        lines
    }

    /// Where the session's snapshots are; `None` where nothing is stored.
    pub(crate) fn keep(&self) -> Option<SnapshotSlot> {
        let files = self.records.as_ref()?.snapshots.clone();
        let key = self.key.clone();
        Some(SnapshotSlot { files, key })
    }

    /// Returns when everything is on disk.
    pub(crate) async fn flush(&self) {
        if let Some(records) = &self.records {
            logged("store", records.store.flush().await);
        }
    }
}

/// The value; an error goes to our own log.
fn logged<T>(what: &str, result: Result<T, impl Display>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            tracing::warn!(what, %error, "the store failed");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::prompt::PromptKind;
    use crate::domain::session::{CredentialRef, StoredComposer};
    use crate::net::http::HttpOptions;
    use crate::store::Claim;

    /// The session as another process opens it.
    fn process(dir: &Path) -> Recorder {
        let mut context = SessionContext::new(tokio::time::Instant::now(), HttpOptions::default());
        context.records = Some(RecordStore::open(dir));
        let spec = SessionSpec {
            key: "one".into(),
            origin: SessionOrigin::Stored,
        };
        Recorder::open(&context, &spec)
    }

    fn prompt(id: &str) -> Prompt {
        Prompt {
            message: id.into(),
            part: id.into(),
            text: id.to_owned(),
            kind: PromptKind::Message,
            parts: Vec::new(),
            agent: None,
            model: None,
            variant: None,
        }
    }

    #[tokio::test]
    async fn one_process_drives_and_another_takes_over_with_what_was_not_sent() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (process(dir.path()), process(dir.path()));

        assert_eq!((one.try_drive(), two.try_drive()), (true, false));
        assert_eq!((one.holds_lock(), two.holds_lock()), (true, false));
        two.enqueue(&prompt("a")).await;
        two.enqueue(&prompt("b")).await;
        assert_eq!(one.claim(&"a".into(), false).await, Claim::Granted);
        assert!(!two.dequeue(&"a".into()).await, "it is on its way");

        one.release();
        assert!(two.try_drive());
        two.unclaim_all().await;
        let queue = two.queue().await.unwrap();
        assert_eq!(queue.waiting, ["a", "b"].map(prompt));
        assert!(!one.try_drive());
    }

    #[tokio::test]
    async fn only_the_process_that_drives_records_the_conversation_and_the_log() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (process(dir.path()), process(dir.path()));
        assert_eq!((one.try_drive(), two.try_drive()), (true, false));
        let line = || vec![LogLine::ours(UnixMillis(1), "line")];

        two.logs(line()).await;
        two.flush().await;
        one.logs(line()).await;
        one.flush().await;

        let store = &one.records.as_ref().unwrap().store;
        assert_eq!(store.logs(&"one".into(), 9).await.unwrap(), line());
    }

    #[tokio::test]
    async fn what_is_typed_for_a_server_of_somebody_else_is_found_again_by_its_address() {
        let dir = tempfile::tempdir().unwrap();
        let attached = |url: &str, session: Option<&str>| {
            let options = HttpOptions::default();
            let mut context = SessionContext::new(tokio::time::Instant::now(), options);
            context.attached_composers = Some(RecordStore::open(dir.path()));
            let spec = SessionSpec {
                key: "attached".into(),
                origin: SessionOrigin::Attach {
                    url: url.to_owned(),
                    session: session.map(Into::into),
                    credential: CredentialRef::None,
                },
            };
            Recorder::open(&context, &spec)
        };
        let one = attached("http://me:pw@host:1/", Some("ses_1"));
        one.draft("half a thought".to_owned()).await;
        one.release();

        let again = attached("http://host:1", Some("ses_1"));
        let draft = again.stored_composer().await.draft;
        assert_eq!(draft, "half a thought");
        for (url, session) in [
            ("http://host:1", None),
            ("http://host:1", Some("ses_2")),
            ("http://host:2", Some("ses_1")),
        ] {
            let other = attached(url, session).stored_composer().await;
            assert_eq!(other, StoredComposer::default());
        }
        assert!(again.stores_composer_alone());
        assert!(again.stored().await.is_none());
    }

    #[tokio::test]
    async fn drafts_of_two_processes_are_both_kept_and_what_one_left_is_found_by_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (process(dir.path()), process(dir.path()));
        one.draft("of one".to_owned()).await;
        two.draft("of two".to_owned()).await;

        assert_eq!(one.stored_draft().await.unwrap(), "of one");
        assert_eq!(two.stored_draft().await.unwrap(), "of two");

        one.release();
        two.release();
        let next = process(dir.path());
        let both = "of one\n\nof two";
        assert_eq!(next.stored_draft().await.unwrap(), both);
        assert_eq!(next.stored_draft().await.unwrap(), both, "once");
        let last = process(dir.path());
        assert_eq!(last.stored_draft().await.unwrap(), "");
    }
}
