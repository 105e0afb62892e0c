//! What the terminal asks of sessions and of the store.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{Mutex, watch};

use crate::app::event::Reply;
use crate::domain::id::{SandboxId, SessionKey};
use crate::domain::preferences::PreferenceChange;
use crate::domain::session::text_search::{FoundText, FoundTexts, StoredMessages};
use crate::domain::session::{CloseAction, ComposerChange, ListPlace, SessionCommand, SessionSpec};
use crate::domain::time::UnixMillis;
use crate::session::adopt::{AdoptRequest, adopt, unknown};
use crate::session::sandbox::closing::close_unattached;
use crate::session::sandbox::unattached;
use crate::session::supervisor::Supervisor;
use crate::store::Store;
use crate::text::hidden::session_name;
use crate::tui::{CommandRefused, ReplyTask, SessionHandle, StoredTask};

/// The terminal's access to sessions.
pub(super) struct TerminalSessions {
    supervisor: Supervisor,
    /// Why there is no log of our own, until the user was told.
    warning: Option<String>,
    /// `None` once the user has seen the store's notices.
    untold: Option<Store>,
    /// Where the user's preferences are.
    preferences: PreferenceStore,
    /// Held by the one task that waits for changes, so that no change in between is missed.
    changes: Arc<Mutex<watch::Receiver<u64>>>,
}

/// `attach` stores nothing of a conversation, and opens the store only for preferences.
struct PreferenceStore {
    directory: PathBuf,
    store: Option<Store>,
}

impl PreferenceStore {
    fn store(&mut self) -> Store {
        let store = self.store.take();
        let store = store.unwrap_or_else(|| Store::open_in_background(&self.directory));
        self.store.insert(store).clone()
    }
}

impl TerminalSessions {
    pub(super) fn new(supervisor: Supervisor, warning: Option<String>, state: PathBuf) -> Self {
        let context = supervisor.context();
        let records = context.records.as_ref();
        let records = records.or(context.attached_composers.as_ref());
        let preferences = PreferenceStore {
            directory: state,
            store: records.map(|records| records.store.clone()),
        };
        Self {
            warning,
            preferences,
            untold: records.map(|records| records.store.clone()),
            changes: Arc::new(Mutex::new(supervisor.changes())),
            supervisor,
        }
    }

    /// Ends all sessions and waits for them.
    pub(super) async fn shut_down(self, closing: CloseAction) {
        self.supervisor.shut_down(closing).await;
    }
}

impl SessionHandle for TerminalSessions {
    fn open(&mut self, spec: SessionSpec) -> Result<(), CommandRefused> {
        self.supervisor.open(spec);
        Ok(())
    }

    fn command(&mut self, key: &SessionKey, command: SessionCommand) -> Result<(), CommandRefused> {
        self.supervisor
            .command(key, command)
            .map_err(|_| CommandRefused)
    }

    fn close(&mut self, key: &SessionKey, closing: CloseAction) -> Result<(), CommandRefused> {
        self.supervisor.close(key, closing);
        Ok(())
    }

    fn list(&mut self) -> ReplyTask {
        let records = self.supervisor.context().records.clone();
        Box::pin(async move {
            let Some(records) = records else {
                return Reply::Sessions(Vec::new());
            };
            match records.store.sessions().await {
                Ok(sessions) => Reply::Sessions(sessions),
                Err(error) => {
                    Reply::Notice(format!("The stored sessions could not be read: {error}"))
                }
            }
        })
    }

    fn remove(&mut self, key: &SessionKey, closing: CloseAction) {
        self.supervisor.remove(key, closing);
    }

    fn rename(&mut self, key: SessionKey, name: String) -> ReplyTask {
        let records = self.supervisor.context().records.clone();
        let list = self.list();
        Box::pin(async move {
            let Some(records) = records else {
                return list.await;
            };
            let valid = match session_name(&name) {
                Ok(valid) => valid,
                Err(why) => return Reply::NotRenamed(key, name, why),
            };
            match records.store.set_name(&key, valid).await {
                Ok(()) => list.await,
                Err(error) => Reply::NotRenamed(key, name, error.to_string()),
            }
        })
    }

    fn place(&mut self, keys: Vec<SessionKey>, place: ListPlace) {
        self.supervisor.place(keys, place);
    }

    fn keep_composer(&mut self, key: SessionKey, change: ComposerChange) {
        self.supervisor.keep_composer(key, change);
    }

    fn past_prompts(&mut self, key: SessionKey) -> ReplyTask {
        let records = self.supervisor.context().records.clone();
        Box::pin(async move {
            let Some(records) = records else {
                return Reply::PastPrompts(key, Vec::new());
            };
            match records.store.history(&key).await {
                Ok(prompts) => Reply::PastPrompts(key, prompts),
                Err(error) => Reply::Notice(format!("cannot list earlier prompts: {error}")),
            }
        })
    }

    fn search_texts(&mut self, query: String) -> ReplyTask {
        let records = self.supervisor.context().records.clone();
        Box::pin(async move {
            let Some(records) = records else {
                return Reply::TextsFound(Ok(FoundTexts::none(query)));
            };
            let found = records.store.search_texts(query).await;
            Reply::TextsFound(found.map_err(|error| format!("cannot search: {error}")))
        })
    }

    fn messages_from(&mut self, text: Box<FoundText>) -> ReplyTask {
        let records = self.supervisor.context().records.clone();
        Box::pin(async move {
            let Some(records) = records else {
                return Reply::MessagesRead(text, Ok(StoredMessages::default()));
            };
            let read = records.store.messages_from(&text.session, &text.message);
            let read = read.await;
            let read = read.map_err(|error| format!("cannot read the conversation: {error}"));
            Reply::MessagesRead(text, read)
        })
    }

    fn unattached(&mut self) -> ReplyTask {
        let context = Arc::clone(self.supervisor.context());
        Box::pin(async move { Reply::UnattachedSandboxes(unattached::ask(&context).await) })
    }

    fn close_sandbox(&mut self, id: SandboxId, closing: CloseAction) -> ReplyTask {
        let context = Arc::clone(self.supervisor.context());
        Box::pin(async move {
            let phase = close_unattached(&context, &id, closing).await;
            Reply::Closed(id, phase)
        })
    }

    fn adopt(&mut self, id: SandboxId, key: SessionKey) -> ReplyTask {
        let context = Arc::clone(self.supervisor.context());
        let wanted = AdoptRequest { name: None, key };
        Box::pin(async move {
            let adopted = adopt(&context, &id, wanted).await;
            let adopted = adopted.and_then(|session| session.ok_or_else(|| unknown(&id)));
            Reply::Adopted(id, adopted.map(|session| Box::new(session.summary)))
        })
    }

    fn watch(&mut self, keys: Vec<SessionKey>) {
        self.supervisor.watch(keys);
    }

    fn shown(&mut self, key: SessionKey) {
        self.supervisor.note_shown(key);
    }

    fn preferences(&mut self) -> ReplyTask {
        let store = self.preferences.store();
        Box::pin(async move {
            match store.preferences().await {
                Ok(preferences) => Reply::Preferences(preferences),
                Err(error) => {
                    Reply::Notice(format!("cannot load favourites and recent models: {error}"))
                }
            }
        })
    }

    /// `attach` stores no answers: there is nothing to sum.
    fn cost_since(&mut self, since: UnixMillis) -> ReplyTask {
        let records = self.supervisor.context().records.clone();
        Box::pin(async move {
            let Some(records) = records else {
                return Reply::CostSummed(None);
            };
            let cost = records.store.cost_since(since).await;
            if let Err(error) = &cost {
                tracing::warn!(%error, "the cost of the day is not known");
            }
            Reply::CostSummed(cost.ok())
        })
    }

    fn remember(&mut self, change: PreferenceChange) {
        let store = self.preferences.store();
        self.supervisor.remember(store, change);
    }

    fn drafts_stored(&mut self) -> StoredTask {
        Box::pin(self.supervisor.commands_done())
    }

    /// First the store's notices, then the list whenever another process has changed it.
    fn news(&mut self) -> ReplyTask {
        let warning = self.warning.take();
        let untold = self.untold.take();
        let changes = Arc::clone(&self.changes);
        let list = self.list();
        Box::pin(async move {
            let mut notices = match untold {
                Some(store) => store.notices().await,
                None => Vec::new(),
            };
            notices.extend(warning);
            if !notices.is_empty() {
                return Reply::Notice(notices.join("; "));
            }
            if changes.lock().await.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
            list.await
        })
    }
}
