//! Performs the model's effects.
//!
//! Input: [`Effect`]s, in order. Output: calls of the [`SessionHandle`], short tasks whose result
//! is an [`Event::Reply`], and a [`LoopRequest`] to the loop for everything that concerns the
//! terminal. Nothing here blocks. Knows neither the inside of sessions nor the screen.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::task::{JoinError, JoinSet};

use super::desktop::Desktop;
use super::desktop::attachment;
use super::desktop::clipboard::Copied;
use super::desktop::export_file;
use super::terminal;
use crate::app::effect::Effect;
use crate::app::event::{Event, Reply};
use crate::domain::failure::Failure;
use crate::domain::failure::advice::Advice;
use crate::domain::id::{SandboxId, SessionKey};
use crate::domain::preferences::{PreferenceChange, Preferences};
use crate::domain::session::notification::Notification;
use crate::domain::session::text_search::{FoundText, FoundTexts, StoredMessages};
use crate::domain::session::{
    CloseAction, ComposerChange, ListPlace, SessionCommand, SessionEvent, SessionSpec,
};
use crate::domain::time::UnixMillis;

/// A session's mailbox is full: the command was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandRefused;

/// A short task whose result is sent to the model.
pub type ReplyTask = Pin<Box<dyn Future<Output = Reply> + Send>>;

/// Waits for pending writes to the store.
pub type StoredTask = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Opens, commands and closes sessions. Never blocks. Their events arrive on the channel that is
/// passed to [`super::run`] with it.
pub trait SessionHandle {
    fn open(&mut self, spec: SessionSpec) -> Result<(), CommandRefused>;
    fn command(&mut self, key: &SessionKey, command: SessionCommand) -> Result<(), CommandRefused>;
    fn close(&mut self, key: &SessionKey, closing: CloseAction) -> Result<(), CommandRefused>;
    /// Reads the list of stored sessions; resolves to [`Reply::Sessions`], or [`Reply::Notice`] on
    /// failure.
    fn list(&mut self) -> ReplyTask;
    /// Deletes a session for good; its last event says whether it was.
    fn remove(&mut self, _: &SessionKey, _: CloseAction) {}
    /// Renames a session; resolves to [`Reply::Sessions`] or [`Reply::NotRenamed`].
    fn rename(&mut self, _: SessionKey, _: String) -> ReplyTask {
        self.list()
    }
    /// Stores what the list notes of sessions.
    fn place(&mut self, _: Vec<SessionKey>, _: ListPlace) {}
    /// Stores what a session's composer holds besides the draft.
    fn keep_composer(&mut self, _key: SessionKey, _change: ComposerChange) {}
    /// Reads the prompts of all sessions, those of this one first; resolves to
    /// [`Reply::PastPrompts`].
    fn past_prompts(&mut self, key: SessionKey) -> ReplyTask {
        Box::pin(std::future::ready(Reply::PastPrompts(key, Vec::new())))
    }
    /// Searches the texts of all stored sessions; resolves to [`Reply::TextsFound`].
    fn search_texts(&mut self, query: String) -> ReplyTask {
        let found = Ok(FoundTexts::none(query));
        Box::pin(std::future::ready(Reply::TextsFound(found)))
    }
    /// Reads the stored messages from this match on; resolves to [`Reply::MessagesRead`].
    fn messages_from(&mut self, text: Box<FoundText>) -> ReplyTask {
        let read = Ok(StoredMessages::default());
        Box::pin(std::future::ready(Reply::MessagesRead(text, read)))
    }
    /// Lists the engine's unattached sandboxes; resolves to [`Reply::UnattachedSandboxes`].
    fn unattached(&mut self) -> ReplyTask;
    /// Pauses or kills an unattached sandbox; resolves to [`Reply::Closed`].
    fn close_sandbox(&mut self, id: SandboxId, closing: CloseAction) -> ReplyTask;
    /// Adopts an unattached sandbox as a session; resolves to [`Reply::Adopted`].
    fn adopt(&mut self, id: SandboxId, key: SessionKey) -> ReplyTask;
    /// Watches exactly these sessions, none of which is open.
    fn watch(&mut self, keys: Vec<SessionKey>);
    /// Waits until all drafts sent so far are stored.
    fn drafts_stored(&mut self) -> StoredTask {
        Box::pin(std::future::ready(()))
    }
    /// Records that a session is on the screen.
    fn shown(&mut self, key: SessionKey);
    /// Reads what the user likes; resolves to [`Reply::Preferences`].
    fn preferences(&mut self) -> ReplyTask {
        Box::pin(std::future::ready(Reply::Preferences(
            Preferences::default(),
        )))
    }
    /// Sums what the answers in all stored sessions cost; resolves to [`Reply::CostSummed`].
    fn cost_since(&mut self, _: UnixMillis) -> ReplyTask {
        Box::pin(std::future::ready(Reply::CostSummed(None)))
    }
    /// Stores what the user likes.
    fn remember(&mut self, _: PreferenceChange) {}
    /// Waits for the next unsolicited reply; called again after each one. It must not resolve
    /// immediately every time.
    fn news(&mut self) -> ReplyTask {
        Box::pin(std::future::pending())
    }
}

/// What only the loop can do, because it owns the terminal.
#[derive(Debug, PartialEq)]
pub(super) enum LoopRequest {
    /// Bytes for the terminal, apart from frames.
    Send(Vec<u8>),
    /// An event that happened at once.
    Tell(Box<Event>),
    Edit(String),
    /// A shell in the sandbox of the session with this name.
    Shell(String),
    Redraw,
    Mouse(bool),
    Suspend,
    Quit,
}

pub(super) struct Effects<D> {
    sessions: D,
    desktop: Desktop,
    tasks: JoinSet<Reply>,
    copies: JoinSet<Copied>,
    /// Programs that tell the user something; each ends with what went wrong.
    notified: JoinSet<Option<String>>,
    /// Copies run one after the other, in order, so that the last one is what the user pastes.
    copying: Arc<Mutex<()>>,
    news: ReplyTask,
}

/// The result of a short task.
#[derive(Debug)]
pub(super) struct TaskEnd {
    pub(super) reply: Reply,
    /// For the terminal, apart from frames.
    pub(super) bytes: Vec<u8>,
}

impl From<Reply> for TaskEnd {
    fn from(reply: Reply) -> Self {
        Self {
            reply,
            bytes: Vec::new(),
        }
    }
}

impl<D: SessionHandle> Effects<D> {
    pub(super) fn new(mut sessions: D, desktop: Desktop) -> Self {
        let news = sessions.news();
        Self {
            sessions,
            desktop,
            tasks: JoinSet::new(),
            copies: JoinSet::new(),
            notified: JoinSet::new(),
            copying: Arc::default(),
            news,
        }
    }

    /// Performs one effect, or returns what the loop must do.
    pub(super) fn run(&mut self, effect: Effect) -> Option<LoopRequest> {
        match effect {
            Effect::OpenSession(spec) => {
                let key = spec.key.clone();
                let result = self.sessions.open(spec);
                refused(result, key, |failure| {
                    SessionEvent::CommandFailed(failure("the session could not be opened"))
                })
            }
            Effect::Command(key, command) => {
                let result = self.sessions.command(&key, command.clone());
                refused(result, key, |failure| SessionEvent::CommandRefused {
                    command,
                    failure: failure("the session accepts no more commands"),
                })
            }
            Effect::CloseSession(key, closing) => {
                let result = self.sessions.close(&key, closing);
                refused(result, key, |failure| {
                    SessionEvent::CommandFailed(failure("the session could not be closed"))
                })
            }
            Effect::Copy(text) => self.copy(text),
            Effect::ReadFile {
                session,
                path,
                pasted,
            } => self.read_file(session, path, pasted),
            Effect::ReadClipboardImage(session) => self.read_clipboard(session),
            Effect::WriteFile { name, ending, text } => self.write_file(name, ending, text),
            Effect::EditExternally { draft } => Some(LoopRequest::Edit(draft)),
            Effect::OpenShell(name) => Some(LoopRequest::Shell(name)),
            Effect::Notify(notification) => self.notify(notification),
            Effect::CaptureMouse(on) => Some(LoopRequest::Mouse(on)),
            Effect::Redraw => Some(LoopRequest::Redraw),
            Effect::Suspend => Some(LoopRequest::Suspend),
            Effect::Quit => Some(LoopRequest::Quit),
            other => {
                let short = self.pass_on(other)?;
                let task = self.short_task(short)?;
                begin(&mut self.tasks, task)
            }
        }
    }

    /// Passes on what nothing answers at once; returns any other effect.
    fn pass_on(&mut self, effect: Effect) -> Option<Effect> {
        match effect {
            Effect::RemoveSession(key, closing) => {
                self.sessions.remove(&key, closing);
            }
            Effect::PlaceSessions(keys, place) => {
                self.sessions.place(keys, place);
            }
            Effect::WatchSessions(keys) => {
                self.sessions.watch(keys);
            }
            Effect::NoteShown(key) => {
                self.sessions.shown(key);
            }
            Effect::Remember(change) => {
                self.sessions.remember(change);
            }
            Effect::KeepComposer(key, change) => {
                self.sessions.keep_composer(key, change);
            }
            other => return Some(other),
        }
        None
    }

    /// The task of an effect that only asks for something.
    fn short_task(&mut self, effect: Effect) -> Option<ReplyTask> {
        Some(match effect {
            Effect::ListSessions => self.sessions.list(),
            Effect::RenameSession(key, name) => self.sessions.rename(key, name),
            Effect::LoadPreferences => self.sessions.preferences(),
            Effect::SumCost(since) => self.sessions.cost_since(since),
            Effect::ListPastPrompts(key) => self.sessions.past_prompts(key),
            Effect::SearchTexts(query) => self.sessions.search_texts(query),
            Effect::ReadMessages(text) => self.sessions.messages_from(text),
            Effect::ListUnattachedSandboxes => self.sessions.unattached(),
            Effect::CloseSandbox(id, closing) => self.sessions.close_sandbox(id, closing),
            Effect::Adopt(id, key) => self.sessions.adopt(id, key),
            Effect::OpenLink(url) => {
                let opener = self.desktop.opener.clone();
                Box::pin(async move { Reply::Notice(opener.open(&url).await) })
            }
            _ => return None,
        })
    }

    fn read_file(
        &mut self,
        session: SessionKey,
        path: String,
        pasted: String,
    ) -> Option<LoopRequest> {
        begin(
            &mut self.tasks,
            Box::pin(async move {
                let file = attachment::read(path).await;
                Reply::FileRead {
                    session,
                    pasted,
                    file,
                }
            }),
        )
    }

    fn notify(&mut self, notification: Notification) -> Option<LoopRequest> {
        let notifier = &self.desktop.notifier;
        if notifier.has_command() {
            let notifier = notifier.clone();
            self.notified
                .spawn(async move { notifier.run(&notification).await });
            return None;
        }
        let bytes = notifier.bytes(&notification);
        (!bytes.is_empty()).then_some(LoopRequest::Send(bytes))
    }

    fn read_clipboard(&mut self, session: SessionKey) -> Option<LoopRequest> {
        let clipboard = self.desktop.clipboard.clone();
        let task = Box::pin(async move {
            let image = clipboard.image(attachment::MOST).await;
            Reply::FileRead {
                session,
                pasted: String::new(),
                file: image.and_then(|image| attachment::image(&image)),
            }
        });
        begin(&mut self.tasks, task)
    }

    fn write_file(
        &mut self,
        name: String,
        ending: &'static str,
        text: String,
    ) -> Option<LoopRequest> {
        begin(
            &mut self.tasks,
            Box::pin(export_file::write(name, ending, text)),
        )
    }

    /// Waits for a short task to end, or for news; for ever if there is neither. Cancel-safe.
    pub(super) async fn done(&mut self) -> TaskEnd {
        tokio::select! {
            Some(ended) = self.tasks.join_next() => ended.unwrap_or_else(|error| failed(&error)).into(),
            Some(ended) = self.copies.join_next() => match ended {
                Ok(Copied { bytes, notice }) => TaskEnd { reply: Reply::Notice(notice), bytes },
                Err(error) => failed(&error).into(),
            },
            why = failed_to_notify(&mut self.notified) => Reply::Notice(why).into(),
            news = &mut self.news => {
                self.news = self.sessions.news();
                news.into()
            }
        }
    }

    pub(super) fn drafts_stored(&mut self) -> StoredTask {
        self.sessions.drafts_stored()
    }

    pub(super) fn desktop(&self) -> Desktop {
        self.desktop.clone()
    }

    pub(super) fn into_sessions(self) -> D {
        self.sessions
    }

    fn copy(&mut self, text: String) -> Option<LoopRequest> {
        let clipboard = self.desktop.clipboard.clone();
        let turn = Arc::clone(&self.copying);
        self.copies.spawn(async move {
            let _turn = turn.lock().await;
            clipboard.copy(&text).await
        });
        None
    }
}

fn begin(tasks: &mut JoinSet<Reply>, task: ReplyTask) -> Option<LoopRequest> {
    tasks.spawn(task);
    None
}

/// Waits for a program that could not tell the user; for ever if there is none. Cancel-safe.
async fn failed_to_notify(programs: &mut JoinSet<Option<String>>) -> String {
    while let Some(ended) = programs.join_next().await {
        if let Ok(Some(why)) = ended {
            return why;
        }
    }
    std::future::pending().await
}

fn failed(error: &JoinError) -> Reply {
    Reply::Notice(format!("an internal task failed: {error}"))
}

impl LoopRequest {
    /// A request that only consists of bytes.
    pub(super) fn mouse(on: bool) -> Self {
        Self::Send(terminal::mouse(on).to_vec())
    }
}

fn refused(
    result: Result<(), CommandRefused>,
    key: SessionKey,
    tell: impl FnOnce(fn(&str) -> Failure) -> SessionEvent,
) -> Option<LoopRequest> {
    let Err(CommandRefused) = result else {
        return None;
    };
    let event = tell(|summary| {
        Failure::new(summary)
            .detail("too many commands are waiting")
            .advise([Advice::TryAgainSoon])
            .retryable()
    });
    Some(LoopRequest::Tell(Box::new(Event::Session(key, event))))
}
