//! The running sessions: open, command, close, and shut down.
//!
//! A struct with methods, not a task: the effect runner calls it directly. Each session is one task with a bounded
//! queue of commands; all of them send into one bounded channel of events. A panic in a task becomes that session's
//! failure and affects no other.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::context::{SessionContext, wall};
use super::events::EventSender;
use super::recorder::composer_place::ComposerPlace;
use super::run::driver;
use super::run::inbox::{CommandSender, command_channel};
use super::sandbox::closing;
use super::snapshot::patch;
use super::watch::SessionWatchers;
use crate::domain::failure::Failure;
use crate::domain::failure::advice::Advice;
use crate::domain::id::SessionKey;
use crate::domain::preferences::{PreferenceChange, PromptChoice};
use crate::domain::sandbox::Phase;
use crate::domain::server::{ServerAnswer, ServerCommand};
use crate::domain::session::{
    CloseAction, ComposerChange, ListPlace, SessionCommand, SessionEvent, SessionSpec,
};
use crate::store::Store;

/// Commands that may wait for one session; more are refused, visibly.
const COMMANDS: usize = 16;

/// How long a session may take to end before it is aborted. After that only the sandbox's timeout ends the sandbox.
const GRACE: Duration = Duration::from_secs(5);

/// The session's queue is full: it is stuck in a long call. The command was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the session is busy; try again in a moment")]
pub struct CommandQueueFull;

#[derive(Debug)]
struct RunningTask {
    commands: CommandSender<SessionCommand>,
    cancel: CancellationToken,
    closing: watch::Sender<CloseAction>,
}

/// Owns all session tasks of this process.
#[derive(Debug)]
pub struct Supervisor {
    context: Arc<SessionContext>,
    changes: watch::Receiver<u64>,
    /// Polls for changes; ends with this value.
    _watcher: JoinSet<()>,
    events: mpsc::Sender<(SessionKey, SessionEvent)>,
    tasks: JoinSet<()>,
    running: HashMap<SessionKey, RunningTask>,
    /// Of the sessions that were opened.
    composers: HashMap<SessionKey, ComposerPlace>,
    watchers: SessionWatchers,
}

impl Supervisor {
    /// Must be called inside a runtime. All sessions send to `events`; a capacity of 256 is enough.
    pub fn new(context: SessionContext, events: mpsc::Sender<(SessionKey, SessionEvent)>) -> Self {
        let (tell, changes) = watch::channel(0);
        let mut watcher = JoinSet::new();
        if let Some(records) = &context.records {
            let (store, interval) = (records.store.clone(), context.timing.store_poll);
            watcher.spawn(async move {
                while store.changed(interval).await.is_ok() {
                    tell.send_modify(|count| *count += 1);
                }
            });
        }
        Self {
            context: Arc::new(context),
            changes,
            _watcher: watcher,
            events,
            tasks: JoinSet::new(),
            running: HashMap::new(),
            composers: HashMap::new(),
            watchers: SessionWatchers::new(),
        }
    }

    /// Changes when another process has written to the store; the value itself means nothing. All receivers share
    /// one poll of the store.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.clone()
    }

    /// What all sessions share.
    pub fn context(&self) -> &Arc<SessionContext> {
        &self.context
    }

    /// Starts a session's task; does nothing if it is already running.
    pub fn open(&mut self, spec: SessionSpec) {
        while self.tasks.try_join_next().is_some() {}
        if self
            .running
            .get(&spec.key)
            .is_some_and(|running| !running.commands.has_ended())
        {
            return;
        }
        self.watchers.leave(&spec.key);
        if let Some(place) = ComposerPlace::of(&self.context, &spec) {
            self.composers.insert(spec.key.clone(), place);
        }
        let (commands, inbox) = command_channel(COMMANDS);
        let (closing, policy) = watch::channel(CloseAction::Detach);
        let cancel = CancellationToken::new();
        let key = spec.key.clone();
        let events = EventSender::new(key.clone(), self.events.clone());
        let life = driver::run(
            spec,
            driver::Channels {
                context: Arc::clone(&self.context),
                events: events.clone(),
                inbox,
                changes: self.changes(),
            },
            driver::StopRequest {
                cancel: cancel.clone(),
                policy,
            },
        );
        self.tasks.spawn(async move {
            if AssertUnwindSafe(Box::pin(life))
                .catch_unwind()
                .await
                .is_err()
            {
                let failure = Failure::new("this session's task crashed")
                    .detail("an error in sandbar itself; the log file says where")
                    .advise([Advice::OpenAgain, "the sandbox is still running".into()]);
                events
                    .send(SessionEvent::Phase(Phase::Failed(failure.retryable())))
                    .await;
            }
            events.send(SessionEvent::Stopped).await;
        });
        self.running.insert(
            key,
            RunningTask {
                commands,
                cancel,
                closing,
            },
        );
    }

    /// Watches these sessions, none of which is open, and no others: each sends its [`SessionEvent::Activity`].
    pub fn watch(&mut self, keys: Vec<SessionKey>) {
        let is_open = |key: &SessionKey| {
            let running = self.running.get(key);
            running.is_some_and(|running| !running.commands.has_ended())
        };
        let keys = keys.into_iter().filter(|key| !is_open(key)).collect();
        let events = |key| EventSender::new(key, self.events.clone());
        self.watchers.set(&self.context, keys, events);
    }

    /// Sends a command to a session; never waits. The draft of one that is not running is stored.
    ///
    /// # Errors
    /// [`CommandQueueFull`] if the queue is full or the session is not running.
    pub fn command(
        &mut self,
        key: &SessionKey,
        command: SessionCommand,
    ) -> Result<(), CommandQueueFull> {
        let command = match command {
            SessionCommand::Server(command) if command.is_about_snapshot() => {
                self.ask_snapshot(key.clone(), command);
                return Ok(());
            }
            command => command,
        };
        let running = self.running.get_mut(key);
        match (
            running.filter(|running| !running.commands.is_closed()),
            command,
        ) {
            (Some(running), command) => running
                .commands
                .try_send(command)
                .map_err(|_| CommandQueueFull),
            (None, SessionCommand::SaveDraft(draft)) => {
                self.store_draft(key.clone(), draft);
                Ok(())
            }
            (None, SessionCommand::SaveChoice(choice)) => {
                self.store_choice(key.clone(), choice);
                Ok(())
            }
            (None, _) => Err(CommandQueueFull),
        }
    }

    /// Answers from the session's last snapshot, whether it runs or not.
    fn ask_snapshot(&mut self, key: SessionKey, command: ServerCommand) {
        let context = Arc::clone(&self.context);
        let events = EventSender::new(key.clone(), self.events.clone());
        self.tasks.spawn(async move {
            let answer = match command {
                ServerCommand::Changes(scope) => {
                    let changes = Box::pin(patch::changes(&context, &key)).await;
                    ServerAnswer::Changes(scope, changes)
                }
                ServerCommand::Apply(request) => {
                    let applied = Box::pin(patch::apply(&context, &key, &request)).await;
                    ServerAnswer::Applied(request, applied)
                }
                _ => return,
            };
            events.send(SessionEvent::Server(answer)).await;
        });
    }

    /// Waits until all commands sent to the sessions so far are done.
    pub fn commands_done(&self) -> impl Future<Output = ()> + Send + use<> {
        let running = self.running.values();
        let done: Vec<_> = running.map(|running| running.commands.all_done()).collect();
        async move {
            futures::future::join_all(done).await;
        }
    }

    /// Stores that a session is on the screen now.
    pub fn note_shown(&mut self, key: SessionKey) {
        let Some(records) = &self.context.records else {
            return;
        };
        let store = records.store.clone();
        self.tasks.spawn(async move {
            if let Err(error) = store.set_shown(&key, wall()).await {
                tracing::warn!(%key, %error, "what is on the screen could not be stored");
            }
        });
    }

    /// Stores what the session's composer holds besides the draft, whether the session runs or not.
    pub fn keep_composer(&mut self, key: SessionKey, change: ComposerChange) {
        let Some(place) = self.composer_place(&key) else {
            return;
        };
        self.tasks.spawn(async move {
            if let Err(error) = place.change(change).await {
                tracing::warn!(%key, %error, "the composer's content could not be stored");
            }
        });
    }

    fn composer_place(&self, key: &SessionKey) -> Option<ComposerPlace> {
        let opened = self.composers.get(key).cloned();
        opened.or_else(|| ComposerPlace::of_stored(&self.context, key))
    }

    fn store_draft(&mut self, key: SessionKey, draft: String) {
        let Some(place) = self.composer_place(&key) else {
            return;
        };
        self.tasks.spawn(async move {
            if let Err(error) = place.draft(draft).await {
                tracing::warn!(%key, %error, "a draft could not be stored");
            }
        });
    }

    fn store_choice(&mut self, key: SessionKey, choice: PromptChoice) {
        let Some(records) = &self.context.records else {
            return;
        };
        let store = records.store.clone();
        self.tasks.spawn(async move {
            if let Err(error) = store.set_prompt_choice(&key, &choice).await {
                tracing::warn!(%key, %error, "a choice could not be stored");
            }
        });
    }

    /// Stores what the user likes; the end of the program waits for it.
    pub fn remember(&mut self, store: Store, change: PreferenceChange) {
        self.tasks.spawn(async move {
            if let Err(error) = store.remember(change, wall()).await {
                tracing::warn!(%error, "a preference could not be stored");
            }
        });
    }

    /// Asks a session to end. Its last event is [`SessionEvent::Stopped`].
    ///
    /// A session that is not running is looked up in the store, so that its sandbox can be paused or killed without
    /// being opened.
    pub fn close(&mut self, key: &SessionKey, closing: CloseAction) {
        let running = self.running.remove(key);
        if let Some(running) = running.filter(|running| !running.commands.has_ended()) {
            running.closing.send_replace(closing);
            running.cancel.cancel();
        } else if closing != CloseAction::Detach {
            let events = EventSender::new(key.clone(), self.events.clone());
            let (context, key) = (Arc::clone(&self.context), key.clone());
            self.tasks.spawn(async move {
                let (phase, life) = closing::close_stored(&context, &key, closing).await;
                events.send(SessionEvent::Phase(phase)).await;
                events.send(SessionEvent::Runs(life)).await;
            });
        }
    }

    /// Deletes a session for good once its task has ended; `closing` says what becomes of its sandbox. Answered by
    /// [`SessionEvent::Removed`].
    pub fn remove(&mut self, key: &SessionKey, closing: CloseAction) {
        self.watchers.leave(key);
        let running = self.running.remove(key);
        let running = running.filter(|running| !running.commands.has_ended());
        if let Some(running) = &running {
            running.closing.send_replace(closing);
            running.cancel.cancel();
        }
        let events = EventSender::new(key.clone(), self.events.clone());
        let (context, key) = (Arc::clone(&self.context), key.clone());
        self.tasks.spawn(async move {
            if let Some(running) = running {
                // Its task ends with the other end of this channel, and writes nothing after that.
                running.closing.closed().await;
            }
            let removed = closing::close_and_remove(&context, &key, closing).await;
            events.send(SessionEvent::Removed(removed)).await;
        });
    }

    /// Stores what the list notes of sessions.
    pub fn place(&mut self, keys: Vec<SessionKey>, place: ListPlace) {
        let Some(records) = &self.context.records else {
            return;
        };
        let store = records.store.clone();
        self.tasks.spawn(async move {
            if let Err(error) = store.set_place(keys, place).await {
                tracing::warn!(%error, "the place of sessions in the list could not be stored");
            }
        });
    }

    /// Ends all sessions with the same action and waits for them, at most five seconds.
    pub async fn shut_down(mut self, closing: CloseAction) {
        for (_, running) in self.running.drain() {
            running.closing.send_replace(closing);
            running.cancel.cancel();
        }
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, all).await.is_err() {
            tracing::warn!("some sessions did not end in time and were cut off");
            self.tasks.shutdown().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use tokio::time::Instant;

    use super::*;
    use crate::domain::prompt::PromptKind;
    use crate::domain::session::{Prompt, SessionOrigin};
    use crate::net::http::HttpOptions;
    use crate::session::context::RecordStore;

    #[tokio::test]
    async fn the_draft_of_a_session_that_does_not_run_is_stored() {
        let directory = tempfile::tempdir().unwrap();
        let mut context = SessionContext::new(Instant::now(), HttpOptions::default());
        let records = RecordStore::open(directory.path());
        context.records = Some(records.clone());
        let (events, _listener) = mpsc::channel(1);
        let mut supervisor = Supervisor::new(context, events);
        let key = SessionKey::from("paused");

        let draft = SessionCommand::SaveDraft("half a thought".to_owned());
        let taken = supervisor.command(&key, draft);
        let refused = supervisor.command(&key, SessionCommand::Abort);
        supervisor.shut_down(CloseAction::Detach).await;

        assert_eq!((taken, refused), (Ok(()), Err(CommandQueueFull)));
        let stored = records.store.draft(&key).await.unwrap();
        assert_eq!(stored, "half a thought");
    }

    #[tokio::test]
    async fn what_was_sent_just_before_the_end_is_stored() {
        let directory = tempfile::tempdir().unwrap();
        let mut context = SessionContext::new(Instant::now(), HttpOptions::default());
        let records = RecordStore::open(directory.path());
        context.records = Some(records.clone());
        let (events, _listener) = mpsc::channel(16);
        let mut supervisor = Supervisor::new(context, events);
        let key = SessionKey::from("one");
        let prompt = Prompt {
            message: "msg_1".into(),
            part: "prt_1".into(),
            text: "a prompt".to_owned(),
            kind: PromptKind::Message,
            parts: Vec::new(),
            agent: None,
            model: None,
            variant: None,
        };

        supervisor.open(SessionSpec {
            key: key.clone(),
            origin: SessionOrigin::Stored,
        });
        for command in [
            SessionCommand::Prompt(prompt.clone()),
            SessionCommand::SaveDraft("half a thought".to_owned()),
        ] {
            supervisor.command(&key, command).unwrap();
        }
        supervisor.shut_down(CloseAction::Detach).await;

        let queue = records.store.queue(&key).await.unwrap();
        assert_eq!(queue.waiting, [prompt]);
        let draft = records.store.draft(&key).await.unwrap();
        assert_eq!(draft, "half a thought");
    }
}
